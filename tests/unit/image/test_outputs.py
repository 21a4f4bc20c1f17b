from __future__ import annotations

import hashlib
import os
import resource
import stat
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from pkg2image.errors import OutputError, RequestError
from pkg2image.image.config import ImageConfig
from pkg2image.image.directory import write_directory
from pkg2image.image.lint import lint
from pkg2image.image.model import Image, Output
from pkg2image.image.outputs import write_aci, write_docker_archive, write_oci_archive, write_rootfs_tar
from pkg2image.image.read import read_image
from pkg2image.image.target import check_target, new_directory, new_file
from pkg2image.rootfs.tree import StoredContent, Tree
from pkg2image.store import CorruptBlobError, Store
from tests.support.images import EPOCH, IDENTITIES, Workshop, compression_named, sample_entries

Writer = Callable[[Image, Tree, Store, Path], Output]


def aci(compression: str) -> Writer:
    return lambda image, tree, store, path: write_aci(
        image, tree, identities=IDENTITIES, store=store, path=path, compression=compression_named(compression), jobs=2
    )


def rootfs(compression: str) -> Writer:
    return lambda _, tree, store, path: write_rootfs_tar(
        tree,
        identities=IDENTITIES,
        store=store,
        path=path,
        epoch=EPOCH,
        compression=compression_named(compression),
        jobs=2,
    )


WRITERS: dict[str, Writer] = {
    "oci": lambda image, _, store, path: write_oci_archive(image, store, path),
    "docker": lambda image, _, store, path: write_docker_archive(image, store, path),
    "aci-gzip": aci("gzip"),
    "aci-xz": aci("xz"),
    "aci-none": aci("none"),
    "rootfs-gzip": rootfs("gzip"),
    "rootfs-xz": rootfs("xz"),
    "rootfs-zstd": rootfs("zstd"),
    "rootfs-none": rootfs("none"),
}


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    return Workshop(tmp_path / "workshop")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    made = tmp_path / "place"
    made.mkdir()
    return made / "out"


def beside(path: Path) -> list[str]:
    """Return what lies in the directory of a file: an output must leave nothing else there."""
    return sorted(found.name for found in path.parent.iterdir())


@contextmanager
def umask(mask: int) -> Iterator[None]:
    old = os.umask(mask)
    try:
        yield
    finally:
        os.umask(old)


@contextmanager
def full_disk(size: int) -> Iterator[None]:
    """Let no file of this process grow beyond a size."""
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, old[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)


@pytest.mark.parametrize("name", WRITERS)
def test_what_is_written_is_sound_and_can_be_read(workshop: Workshop, place: Path, name: str) -> None:
    tree = workshop.tree(sample_entries())
    output = WRITERS[name](workshop.image(tree), tree, workshop.store, place)
    contents = read_image(place)
    assert (contents.format, contents.digest, contents.size) == (output.format, output.digest, output.size)
    assert contents.size == place.stat().st_size
    assert lint(contents) == ()
    assert [info.path for info in contents.files] == [path for path, _ in tree.walk()]
    assert [package["name"] for package in contents.packages] == ["hello", "libstdc++6"]


def test_all_formats_hold_the_same_files(workshop: Workshop, tmp_path: Path) -> None:
    tree = workshop.tree(sample_entries())
    image = workshop.image(tree)
    found = set()
    for name, write in WRITERS.items():
        write(image, tree, workshop.store, tmp_path / name)
        found.add(read_image(tmp_path / name).files)
    assert len(found) == 1


@pytest.mark.parametrize("name", WRITERS)
def test_bytes_do_not_depend_on_store_umask_and_place(tmp_path: Path, name: str) -> None:
    digests = set()
    for number, mask in enumerate((0o000, 0o077)):
        workshop = Workshop(tmp_path / f"workshop{number}")
        with umask(mask):
            tree = workshop.tree(sample_entries())
            path = tmp_path / f"out{number}"
            WRITERS[name](workshop.image(tree), tree, workshop.store, path)
        digests.add(hashlib.sha256(path.read_bytes()).hexdigest())
        assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert len(digests) == 1


def test_the_image_id_of_an_aci_does_not_depend_on_its_compression(workshop: Workshop, tmp_path: Path) -> None:
    tree = workshop.tree(sample_entries())
    image = workshop.image(tree)
    outputs = [aci(name)(image, tree, workshop.store, tmp_path / name) for name in ("gzip", "xz", "none")]
    assert {str(output.digest) for output in outputs} == {
        f"sha512:{hashlib.sha512((tmp_path / 'none').read_bytes()).hexdigest()}"
    }


@pytest.mark.parametrize("name", WRITERS)
def test_an_earlier_output_is_replaced(workshop: Workshop, place: Path, name: str) -> None:
    tree = workshop.tree(sample_entries())
    image = workshop.image(tree)
    first = WRITERS[name](image, tree, workshop.store, place)
    assert WRITERS[name](image, tree, workshop.store, place) == first
    assert beside(place) == ["out"]


@pytest.mark.parametrize("content", [b"", b"my thesis", b"\x1f\x8b\x08 no gzip", b"{}", bytes(10240)])
def test_a_foreign_file_is_never_replaced(workshop: Workshop, place: Path, content: bytes) -> None:
    place.write_bytes(content)
    tree = workshop.tree(sample_entries())
    image = workshop.image(tree)
    for write in WRITERS.values():
        with pytest.raises(OutputError, match="exists and is not an image made by pkg2image") as caught:
            write(image, tree, workshop.store, place)
        assert "--force" in str(caught.value.hint)
    assert place.read_bytes() == content
    assert beside(place) == ["out"]


def test_a_foreign_tar_is_foreign(place: Path, tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text('[{"Config": "a.json"}]')
    (tmp_path / "manifest").write_text('{"acKind": "ImageManifest"}')
    with tarfile.open(place, "w:gz") as tar:
        for name in ("manifest.json", "manifest"):
            tar.add(tmp_path / name, name)
    with pytest.raises(OutputError, match="not an image made by pkg2image"):
        check_target(place)


def test_force_replaces_a_foreign_file(workshop: Workshop, place: Path) -> None:
    place.write_bytes(b"my thesis")
    write_oci_archive(workshop.image(workshop.tree({})), workshop.store, place, force=True)
    assert read_image(place).format == "oci"


@pytest.mark.parametrize("force", [False, True])
def test_directories_and_devices_are_in_the_way_whatever_is_forced(tmp_path: Path, *, force: bool) -> None:
    with pytest.raises(OutputError, match="it is a directory"):
        check_target(tmp_path, force=force)
    with pytest.raises(OutputError, match="not a regular file"):
        check_target(Path("/dev/null"), force=force)
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OutputError, match="exists and is not a directory"):
        check_target(tmp_path / "file", directory=True, force=force)
    with pytest.raises(OutputError, match="it is not empty"):
        check_target(tmp_path, directory=True, force=force)


def test_a_missing_directory_is_named(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="missing is not a directory") as caught:
        check_target(tmp_path / "missing" / "out")
    assert "mkdir -p" in str(caught.value.hint)


@pytest.mark.parametrize("name", ["oci", "docker"])
def test_a_damaged_layer_is_noticed_and_nothing_is_left(workshop: Workshop, place: Path, name: str) -> None:
    tree = workshop.tree(sample_entries())
    image = workshop.image(tree)
    blob = workshop.store.path(image.layers[0].digest)
    data = bytearray(blob.read_bytes())
    data[len(data) // 2] ^= 1
    blob.write_bytes(data)
    with pytest.raises(CorruptBlobError):
        WRITERS[name](image, tree, workshop.store, place)
    assert beside(place) == []
    # the next build makes the layer again
    assert WRITERS[name](workshop.image(tree), tree, workshop.store, place).path == place


@pytest.mark.parametrize("name", ["aci-gzip", "rootfs-none"])
def test_damaged_content_is_noticed_and_nothing_is_left(workshop: Workshop, place: Path, name: str) -> None:
    tree = workshop.tree(sample_entries())
    content = tree["usr/share/big"].content
    assert isinstance(content, StoredContent)
    image = workshop.image(tree)
    workshop.store.path(content.blob).write_bytes(bytes(content.size))
    with pytest.raises(CorruptBlobError):
        WRITERS[name](image, tree, workshop.store, place)
    assert beside(place) == []


@pytest.mark.parametrize("name", WRITERS)
def test_a_full_disk_leaves_the_earlier_output(workshop: Workshop, place: Path, name: str) -> None:
    tree = workshop.tree(sample_entries())
    image = workshop.image(tree)
    WRITERS[name](image, tree, workshop.store, place)
    before = place.read_bytes()
    with full_disk(1000), pytest.raises(OutputError, match=r"File too large, \d+ bytes available") as caught:
        WRITERS[name](image, tree, workshop.store, place)
    assert "make room" in str(caught.value.hint)
    assert place.read_bytes() == before
    assert beside(place) == ["out"]


def test_a_request_that_cannot_be_written_leaves_nothing(workshop: Workshop, place: Path) -> None:
    tree = workshop.tree(sample_entries())
    image = workshop.image(tree, ImageConfig(entrypoint=("/x",), user="stranger"))
    with pytest.raises(RequestError, match="stranger"):
        aci("gzip")(image, tree, workshop.store, place)
    assert beside(place) == []


def test_an_interrupted_file_leaves_nothing(place: Path) -> None:
    with suppress(KeyboardInterrupt), new_file(place) as file:
        file.write(b"half")
        raise KeyboardInterrupt
    assert beside(place) == []


def test_an_interrupted_directory_leaves_the_old_one(place: Path) -> None:
    place.mkdir()
    with suppress(KeyboardInterrupt), new_directory(place) as made:
        (made / "sealed").mkdir(mode=0)
        (made / "away").symlink_to(place.parent)
        raise KeyboardInterrupt
    assert beside(place) == ["out"]


def test_zstd_comes_with_a_note(workshop: Workshop, place: Path) -> None:
    output = write_oci_archive(workshop.image(workshop.tree({}), compression="zstd"), workshop.store, place)
    assert output.notes == ("layers compressed with zstd cannot be read by docker before 23 and by umoci 0.4",)


def unpack(workshop: Workshop, tree: Tree, path: Path, *, as_root: bool) -> Output:
    return write_directory(tree, identities=IDENTITIES, store=workshop.store, path=path, epoch=EPOCH, as_root=as_root)


@pytest.mark.parametrize("mask", [0o000, 0o077])
def test_a_directory_holds_what_the_tree_holds(workshop: Workshop, place: Path, mask: int) -> None:
    tree = workshop.tree(sample_entries())
    tree.change("usr/share", mode=0o555)
    with umask(mask):
        output = unpack(workshop, tree, place, as_root=False)
    files = {info.path: info for info in read_image(place).files}
    assert list(files) == [path for path, _ in tree.walk()]
    for path, entry in tree.walk():
        info = files[path]
        assert (info.kind, info.mtime) == (entry.kind, 0 if entry.kind == "directory" else min(entry.mtime, EPOCH))
        if entry.kind != "symlink":
            assert info.mode == (entry.mode & 0o1777)
    assert (place / "usr/share/big").read_bytes() == bytes(range(256)) * 256
    assert (place / "usr/bin/hello").samefile(place / "usr/bin/hello-again")
    assert (place / "bin").readlink() == Path("usr/bin")
    assert output.notes[0].startswith("all files belong to the current user")
    assert output.notes[1].startswith("1 files lost their set-user-ID")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files to others")
def test_as_root_a_directory_has_the_owners_of_the_tree(workshop: Workshop, place: Path) -> None:
    tree = workshop.tree(sample_entries())
    output = unpack(workshop, tree, place, as_root=True)
    work, special = (place / "opt/work").stat(), (place / "usr/bin/set-user-id").stat()
    assert (work.st_uid, work.st_gid, stat.S_IMODE(work.st_mode)) == (101, 102, 0o750)
    assert stat.S_IMODE(special.st_mode) == 0o4755
    assert output.notes == ()


def test_an_unchanged_directory_is_replaced_and_a_changed_one_is_not(workshop: Workshop, place: Path) -> None:
    tree = workshop.tree(sample_entries())
    first = unpack(workshop, tree, place, as_root=False)
    assert unpack(workshop, tree, place, as_root=False) == first
    (place / "mine").write_text("precious")
    with pytest.raises(OutputError, match="was changed since"):
        unpack(workshop, tree, place, as_root=False)
    assert (place / "mine").read_text() == "precious"
    assert beside(place) == ["out"]


def test_no_entry_is_written_through_a_symlink(workshop: Workshop, place: Path, tmp_path: Path) -> None:
    """Not even a tree that breaks its promises gets out: its inside is changed by force here."""
    canary = tmp_path / "canary"
    canary.mkdir()
    tree = workshop.tree(sample_entries())
    tree.make_directories("out")
    tree.put("out/file", tree["usr/bin/hello"])
    tree._entries["out"] = tree["bin"].__class__(tree["bin"].kind, 0o777, target=str(canary))
    with pytest.raises(OutputError):
        unpack(workshop, tree, place, as_root=False)
    assert list(canary.iterdir()) == []
    assert beside(place) == []
