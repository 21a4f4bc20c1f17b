from __future__ import annotations

import tarfile
from dataclasses import replace
from pathlib import Path

import pytest

from pkg2image.image.compress import Compression
from pkg2image.image.layer import layer_key, write_layers
from pkg2image.image.partition import LayerPlan, partition
from pkg2image.image.scan import scan_tar
from pkg2image.image.tarwriter import TarEntry, tar_entries
from pkg2image.progress import Reporter
from pkg2image.rootfs.tree import Kind, StoredContent
from pkg2image.store import CorruptBlobError
from tests.support.images import CAPABILITY, EPOCH, IDENTITIES, Workshop, file, inline, sample_entries


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    return Workshop(tmp_path)


@pytest.mark.parametrize("compression", ["gzip", "zstd", "none"])
def test_a_layer_says_the_truth_about_its_blob(workshop: Workshop, compression: str) -> None:
    for layer in workshop.layers(workshop.tree(sample_entries()), compression=compression):
        with workshop.store.open(layer.digest) as blob:
            scan = scan_tar(blob)
        assert (scan.digest, scan.size) == (layer.digest, layer.size)
        assert (scan.diff_id, scan.content_size) == (layer.diff_id, layer.uncompressed_size)
        assert scan.compression == layer.compression == compression


def test_contents_and_attributes_arrive(workshop: Workshop) -> None:
    tree = workshop.tree(sample_entries())
    found = {}
    for layer in workshop.layers(tree):
        with workshop.store.open(layer.digest) as blob, tarfile.open(fileobj=blob) as tar:
            for member in tar.getmembers():
                extracted = tar.extractfile(member) if member.isreg() else None
                found[member.name] = (member, extracted.read() if extracted else b"")
    assert found["usr/share/big"][1] == bytes(range(256)) * 256
    assert found["usr/bin/hello-again"][0].linkname == "usr/bin/hello"
    capability = found["usr/bin/capable"][0].pax_headers["SCHILY.xattr.security.capability"]
    assert capability.encode("utf-8", "surrogateescape") == CAPABILITY
    assert found["usr/bin/set-user-id"][0].mode == 0o4755
    assert found["usr/share/doc/young"][0].mtime == EPOCH


def test_the_number_of_jobs_never_shows(tmp_path: Path) -> None:
    found = set()
    for jobs in (1, 2, 16):
        workshop = Workshop(tmp_path / str(jobs))
        found.add(workshop.layers(workshop.tree(sample_entries(9 << 20)), jobs=jobs))
    assert len(found) == 1


def test_a_known_layer_is_not_written_again(workshop: Workshop) -> None:
    tree = workshop.tree(sample_entries())
    first = workshop.layers(tree)
    stored = [workshop.store.path(layer.digest).stat().st_ino for layer in first]
    # without its content no layer could be written
    for _, entry in tree.walk():
        if isinstance(entry.content, StoredContent):
            workshop.store.quarantine(entry.content.blob)
    assert workshop.layers(tree) == first
    assert [workshop.store.path(layer.digest).stat().st_ino for layer in first] == stored


def test_a_known_layer_without_its_blob_is_written_again(workshop: Workshop) -> None:
    tree = workshop.tree(sample_entries())
    first = workshop.layers(tree)
    for layer in first:
        workshop.store.quarantine(layer.digest)
    assert workshop.layers(tree) == first
    assert all(workshop.store.has(layer.digest) for layer in first)


def test_two_names_of_one_layer_share_a_blob(workshop: Workshop) -> None:
    tree = workshop.tree({"a": file("p", b"a")})
    layers = workshop.layers(tree, (LayerPlan("one", ("", "a"), ("p",)), LayerPlan("two", ("", "a"))))
    assert [layer.name for layer in layers] == ["one", "two"]
    assert layers[0].digest == layers[1].digest


def test_changed_content_is_noticed_and_no_layer_is_left(workshop: Workshop) -> None:
    tree = workshop.tree({"a": file("p", b"precious" * 100)})
    content = tree["a"].content
    assert isinstance(content, StoredContent)
    workshop.store.path(content.blob).write_bytes(b"Precious" * 100)
    with pytest.raises(CorruptBlobError):
        workshop.layers(tree)
    usage = workshop.store.usage()
    assert (usage.blobs.count, usage.temporary.count, usage.quarantined.count) == (0, 0, 1)


ENTRY = TarEntry("a", Kind.FILE, 0o644, mtime=5, content=inline(b"a"))


@pytest.mark.parametrize(
    "changed",
    [
        replace(ENTRY, path="b"),
        replace(ENTRY, kind=Kind.FIFO),
        replace(ENTRY, mode=0o600),
        replace(ENTRY, uid=1),
        replace(ENTRY, gid=1),
        replace(ENTRY, mtime=6),
        replace(ENTRY, content=inline(b"b")),
        replace(ENTRY, content=None),
        replace(ENTRY, target="t"),
        replace(ENTRY, hard_link=True),
        replace(ENTRY, device=(1, 2)),
        replace(ENTRY, xattrs=(("user.a", b"1"),)),
        replace(ENTRY, xattrs=(("user.a", b"2"),)),
        replace(ENTRY, path="\udcff"),
    ],
)
def test_whatever_determines_the_bytes_is_in_the_key(changed: TarEntry) -> None:
    identity = Compression("none", 0).identity()
    assert layer_key([changed], identity) != layer_key([ENTRY], identity)
    assert layer_key([ENTRY, ENTRY], identity) != layer_key([ENTRY], identity)


def test_the_compressor_is_in_the_key() -> None:
    assert layer_key([ENTRY], Compression("gzip", 1).identity()) != layer_key(
        [ENTRY], Compression("gzip", 2).identity()
    )


def test_a_later_epoch_changes_no_layer_whose_files_are_older(workshop: Workshop) -> None:
    tree = workshop.tree({"a": file("p", b"a", mtime=1000)})
    keys = {
        layer_key(tar_entries(tree, ["", "a"], identities=IDENTITIES, epoch=epoch), Compression("none", 0).identity())
        for epoch in (1000, 2000)
    }
    assert len(keys) == 1


def test_an_update_changes_no_layer_through_the_time_of_a_directory(workshop: Workshop) -> None:
    old = {"usr/share": replace(sample_entries()["tmp"], package="a"), "usr/share/x": file("b", b"x")}
    new = {**old, "usr/share": replace(old["usr/share"], mtime=EPOCH - 1)}
    plan = LayerPlan("b", ("", "usr", "usr/share", "usr/share/x"))
    assert workshop.layers(workshop.tree(old), [plan]) == workshop.layers(workshop.tree(new), [plan])


def test_an_empty_tree_is_a_layer_that_can_be_read(workshop: Workshop) -> None:
    (layer,) = workshop.layers(workshop.tree({}), compression="none")
    with workshop.store.open(layer.digest) as blob, tarfile.open(fileobj=blob) as tar:
        assert tar.getnames() == ["."]


class Counter(Reporter):
    def __init__(self) -> None:
        self.steps: list[tuple[str, int]] = []
        self.done = 0

    def step(self, title: str, total: int = 0) -> None:
        self.steps.append((title, total))

    def advance(self, amount: int) -> None:
        self.done += amount

    def note(self, text: str) -> None:
        raise AssertionError(text)


def test_progress_counts_layers(workshop: Workshop) -> None:
    tree, counter = workshop.tree(sample_entries()), Counter()
    plans = partition(tree, {})
    write_layers(
        tree,
        plans,
        identities=IDENTITIES,
        store=workshop.store,
        compression=Compression("none", 0),
        epoch=EPOCH,
        reporter=counter,
    )
    assert (counter.steps, counter.done) == ([("writing layers", len(plans))], len(plans))


def test_the_bytes_of_a_layer_are_these(workshop: Workshop) -> None:
    """What was once written must be written again by every later version, or `LAYER_VERSION` must be raised."""
    tree = workshop.tree(sample_entries())
    (layer,) = write_layers(
        tree,
        (LayerPlan("all", ("", *(path for path, _ in tree.walk()))),),
        identities=IDENTITIES,
        store=workshop.store,
        compression=Compression("none", 0),
        epoch=EPOCH,
    )
    assert layer.diff_id == layer.digest
    assert layer.diff_id.hex == "85d8f5d074827a2435d33125f7ba0b79ab6330c0c6ed37784dd85e0bb31631e5"
