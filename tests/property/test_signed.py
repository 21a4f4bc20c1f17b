"""Whatever lies where signatures should be, it is refused with an error of ours, and nothing is taken for good."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pkg2image.errors import Pkg2ImageError, TrustError
from pkg2image.image.outputs import write_oci_archive
from pkg2image.signing.cosign import signed_digest
from pkg2image.signing.dsse import read_envelope
from pkg2image.signing.keys import read_public_key
from pkg2image.signing.sign import read_signer, sign
from pkg2image.signing.verify import verify_signatures
from tests.support.images import Workshop, file
from tests.support.signed import KeyFiles, Members, key_files, manifest_of, members_of, put_manifest, rewrite

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
FIELDS = ("payload", "payloadType", "signatures", "critical", "image", "type", "mediaType", "layers", "digest", "size")
DOCUMENTS = st.dictionaries(st.sampled_from(FIELDS), JSON) | JSON


@given(DOCUMENTS | st.binary(max_size=40))
def test_envelopes_and_payloads(found: Any) -> None:
    data = found if isinstance(found, bytes) else json.dumps(found).encode()
    assert signed_digest(data) == ""
    try:
        envelope = read_envelope(data, origin="envelope")
    except TrustError:
        return
    assert all(isinstance(each.value, bytes) for each in envelope.signatures)


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, KeyFiles]:
    root = tmp_path_factory.mktemp("signed")
    workshop = Workshop(root)
    path, key = root / "signed.tar", key_files(root)
    write_oci_archive(workshop.image(workshop.tree({"usr/bin/hello": file("hello", b"hello")})), workshop.store, path)
    sign(path, [read_signer(key.private, None)])
    return path, key


def _replace_index(members: Members, document: Any) -> None:
    members["index.json"] = json.dumps(document).encode()


def _extend_index(members: Members, document: Any) -> None:
    index = json.loads(members["index.json"])
    index["manifests"].append(document)
    members["index.json"] = json.dumps(index).encode()


def _replace_manifest(members: Members, document: Any) -> None:
    put_manifest(members, "sigs", document)


def _replace_layers(members: Members, document: Any) -> None:
    put_manifest(members, "sigs", {**manifest_of(members, "sigs"), "layers": [document]})


def _replace_docker_manifest(members: Members, document: Any) -> None:
    members["manifest.json"] = json.dumps(document).encode()


def _replace_image(members: Members, document: Any) -> None:
    put_manifest(members, "image", document)


@pytest.mark.parametrize(
    "change",
    [_replace_index, _extend_index, _replace_manifest, _replace_layers, _replace_docker_manifest, _replace_image],
)
@given(document=DOCUMENTS)
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_documents_of_a_signed_image(
    signed: tuple[Path, KeyFiles], tmp_path: Path, change: Callable[[Members, Any], None], document: Any
) -> None:
    image, key = signed
    copy = Path(shutil.copy(image, tmp_path / "image.tar"))
    rewrite(copy, lambda members: change(members, document))
    with pytest.raises(Pkg2ImageError):
        verify_signatures(copy, key.public, now=0)


@given(st.data())
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_every_byte_of_a_signed_image_counts(signed: tuple[Path, KeyFiles], tmp_path: Path, data: Any) -> None:
    """One bit anywhere but in the index, where names and annotations are nobody's proof."""
    image, key = signed
    members = members_of(image)
    name = data.draw(st.sampled_from([name for name in members if name.startswith("blobs/")]))
    at = data.draw(st.integers(0, len(members[name]) - 1))
    bit = 1 << data.draw(st.integers(0, 7))

    def flip(found: Members) -> None:
        found[name] = found[name][:at] + bytes((found[name][at] ^ bit,)) + found[name][at + 1 :]

    copy = Path(shutil.copy(image, tmp_path / "image.tar"))
    rewrite(copy, flip)
    with pytest.raises(TrustError):
        verify_signatures(copy, key.public, now=0)


@given(st.binary(max_size=200))
def test_keys(data: bytes) -> None:
    with pytest.raises(Pkg2ImageError):
        read_public_key(data, origin="key")
