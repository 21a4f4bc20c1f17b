"""Keys for signing images, made by openssl, and archives with something else in them."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import tarfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pkg2image.image.oci import REF_NAME
from pkg2image.signing.cosign import KIND

ALGORITHMS = {
    "ecdsa": ("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"),
    "ed25519": ("-algorithm", "ED25519"),
}


@dataclass(frozen=True)
class KeyFiles:
    """A key pair.

    Args:
        private: The PEM file with the private key.
        public: That with the public one.
    """

    private: Path
    public: Path


def openssl(*words: str | Path) -> str:
    """Run openssl and return what it prints."""
    done = subprocess.run(
        ["openssl", *map(str, words)], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def key_files(directory: Path, name: str = "key", algorithm: str = "ecdsa", password: str = "") -> KeyFiles:
    """Make a key pair.

    Args:
        directory: Where to.
        name: Of its files.
        algorithm: One of `ALGORITHMS`, or more words of ``openssl genpkey``.
        password: What the private key is encrypted with.
    """
    files = KeyFiles(directory / f"{name}.pem", directory / f"{name}.pub")
    words = ALGORITHMS.get(algorithm) or tuple(algorithm.split())
    encrypted = ("-aes256", "-pass", f"pass:{password}") if password else ()
    openssl("genpkey", *words, *encrypted, "-out", files.private)
    openssl("pkey", "-in", files.private, "-passin", f"pass:{password}", "-pubout", "-out", files.public)
    return files


Members = dict[str, bytes]
"""Members of an archive, path -> content, in their order; directories are left out."""


def members_of(archive: Path) -> Members:
    """Read an archive."""
    with tarfile.open(archive) as tar:
        return {member.name: content.read() for member in tar if (content := tar.extractfile(member)) is not None}


def rewrite(archive: Path, change: Callable[[Members], None]) -> None:
    """Change the members of an archive."""
    members = members_of(archive)
    change(members)
    with tarfile.open(archive, "w") as tar:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))


def blob(data: bytes) -> str:
    """Return where a blob lies."""
    return f"blobs/sha256/{hashlib.sha256(data).hexdigest()}"


def descriptors(members: Members) -> dict[str, Any]:
    """Return the descriptors of a layout by what they are of: the ends of the kinds that cosign gives them."""
    entries = json.loads(members["index.json"])["manifests"]
    return {each["annotations"].get(KIND, "/image").rpartition("/")[2]: each for each in entries}


def place(descriptor: dict[str, Any]) -> str:
    """Return where the blob of a descriptor lies."""
    return "blobs/" + str(descriptor["digest"]).replace(":", "/")


def manifest_of(members: Members, kind: str) -> dict[str, Any]:
    """Return the manifest of an image, or of what is beside it (``sigs``, ``atts``)."""
    found: dict[str, Any] = json.loads(members[place(descriptors(members)[kind])])
    return found


def payload_of(members: Members, kind: str = "sigs", number: int = 0) -> bytes:
    """Return a payload that is beside an image."""
    return members[place(manifest_of(members, kind)["layers"][number])]


def put_manifest(members: Members, kind: str, manifest: dict[str, Any]) -> None:
    """Replace a manifest, so that all digests fit again."""
    data = json.dumps(manifest).encode()
    index = json.loads(members["index.json"])
    old = descriptors(members)[kind]
    for each in index["manifests"]:
        if each["digest"] == old["digest"]:
            each["digest"], each["size"] = f"sha256:{hashlib.sha256(data).hexdigest()}", len(data)
    members["index.json"] = json.dumps(index).encode()
    members[blob(data)] = data


def put_payload(members: Members, data: bytes, kind: str = "sigs") -> None:
    """Replace the payload that is beside an image, so that all digests fit again."""
    manifest = manifest_of(members, kind)
    manifest["layers"][0] |= {"digest": f"sha256:{hashlib.sha256(data).hexdigest()}", "size": len(data)}
    members[blob(data)] = data
    put_manifest(members, kind, manifest)


def tags(members: Members) -> list[str]:
    """Return the tags of a layout."""
    return [each["annotations"][REF_NAME] for each in json.loads(members["index.json"])["manifests"]]
