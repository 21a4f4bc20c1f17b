"""Where outputs go, and what is refused before any work is done."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pkg2image.errors import OutputError, Pkg2ImageError, RequestError
from pkg2image.image.config import ImageConfig, Port
from pkg2image.image.model import Output
from pkg2image.making.write import destinations, how_to_run, output_directory
from pkg2image.request import BuildRequest, Format, make_request
from tests.support.images import Workshop, file


@pytest.fixture(autouse=True)
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there").mkdir()
    return tmp_path


def request(*packages: str, **words: Any) -> BuildRequest:
    return make_request({"packages": packages or ("hello",), **words}, None)


@pytest.mark.parametrize(
    ("words", "several", "paths"),
    [
        ({}, False, ["hello.oci.tar"]),
        ({}, True, ["hello-amd64.oci.tar"]),
        ({"formats": ["docker"]}, False, ["hello.docker.tar"]),
        ({"formats": ["aci"]}, False, ["hello.aci"]),
        ({"formats": ["rootfs"]}, False, ["hello.rootfs.tar.gz"]),
        ({"formats": ["rootfs"], "compression": "none"}, False, ["hello.rootfs.tar"]),
        ({"formats": ["rootfs"], "compression": "zstd:3"}, False, ["hello.rootfs.tar.zst"]),
        ({"formats": ["rootfs"], "compression": "xz"}, False, ["hello.rootfs.tar.xz"]),
        ({"formats": ["dir"]}, False, ["hello.dir"]),
        ({"formats": ["oci", "aci", "oci"]}, False, ["hello.oci.tar", "hello.aci"]),
        ({"output": "image"}, False, ["image"]),
        ({"output": "there"}, False, ["there/hello.oci.tar"]),
        ({"output": "there", "formats": ["dir"]}, False, ["there"]),
        ({"output": "there"}, True, ["there/hello-amd64.oci.tar"]),
        ({"output": "new"}, True, ["new/hello-amd64.oci.tar"]),
        ({"output": "new", "formats": ["oci", "dir"]}, False, ["new/hello.oci.tar", "new/hello.dir"]),
    ],
    ids=str,
)
def test_where_outputs_go(words: dict[str, Any], several: bool, paths: list[str]) -> None:  # noqa: FBT001
    found = destinations(request(**words), "amd64", several=several)
    assert [str(to.path) for to in found] == paths
    assert not Path("new").exists()


@pytest.mark.parametrize(
    ("packages", "name"),
    [
        (["hello=2.10*"], "hello"),
        (["hello/bookworm-backports"], "hello"),
        (["hello:amd64=2"], "hello"),
        (["libstdc++6"], "libstdc++6"),
        (["world-", "hello"], "hello"),
        (["./hello_2.10-3_amd64.deb"], "hello"),
        (["/some/where/hello.deb"], "hello.deb"),
    ],
)
def test_outputs_are_named_after_the_first_package(packages: list[str], name: str) -> None:
    (to,) = destinations(request(*packages), "amd64", several=False)
    assert str(to.path) == f"{name}.oci.tar"


def _file(path: Path) -> None:
    path.write_text("mine")


@pytest.mark.parametrize(
    ("words", "make", "error"),
    [
        ({"formats": ["aci"], "compression": "zstd"}, None, RequestError),
        ({"formats": ["oci"], "compression": "xz"}, None, RequestError),
        ({"output": "missing/image"}, None, OutputError),
        ({"output": "missing/new", "formats": ["oci", "aci"]}, None, OutputError),
        ({"output": "mine"}, _file, OutputError),
        ({"output": "mine", "formats": ["oci", "aci"]}, _file, OutputError),
        ({"output": "mine", "formats": ["dir"]}, _file, OutputError),
        ({"output": "mine", "formats": ["oci", "aci"]}, lambda path: path.symlink_to("nowhere"), OutputError),
    ],
    ids=["aci-zstd", "oci-xz", "no-parent", "no-parent-several", "file", "file-several", "file-dir", "dangling"],
)
def test_what_cannot_be_written_is_known_at_once(
    words: dict[str, Any], make: Callable[[Path], object] | None, error: type[Pkg2ImageError]
) -> None:
    if make:
        make(Path("mine"))
    with pytest.raises(error):
        destinations(request(**words), "amd64", several=False)


@pytest.mark.parametrize(("file_format", "architecture"), [("oci", "vax"), ("docker", "vax"), ("aci", "riscv64")])
def test_an_architecture_without_a_name_is_known_at_once(file_format: str, architecture: str) -> None:
    with pytest.raises(RequestError, match=architecture):
        destinations(request(formats=[file_format]), architecture, several=False)
    (to,) = destinations(request(formats=["rootfs"]), architecture, several=False)
    assert to.format is Format.ROOTFS


def test_force_replaces_a_file() -> None:
    _file(Path("mine"))
    (to,) = destinations(request(output="mine", force=True), "amd64", several=False)
    assert to.path == Path("mine")


SEVERAL = {"output": "new", "formats": ["oci", "dir"]}


def test_the_directory_of_several_outputs_is_made_when_they_are() -> None:
    wanted = destinations(request(**SEVERAL), "amd64", several=False)
    with output_directory(request(**SEVERAL), [wanted]):
        assert Path("new").is_dir()
    assert Path("new").is_dir()


@pytest.mark.parametrize("written", [False, True])
def test_an_empty_directory_is_not_left_behind(written: bool) -> None:  # noqa: FBT001
    wanted = destinations(request(**SEVERAL), "amd64", several=False)

    def write() -> None:
        with output_directory(request(**SEVERAL), [wanted]):
            if written:
                _file(Path("new/hello.oci.tar"))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write()
    assert Path("new").exists() is written


@pytest.mark.parametrize("words", [{}, {"output": "there"}, {"output": "image"}], ids=str)
def test_no_directory_is_made_for_one_output(words: dict[str, Any], work: Path) -> None:
    wanted = destinations(request(**words), "amd64", several=False)
    before = sorted(work.iterdir())
    with output_directory(request(**words), [wanted]):
        assert sorted(work.iterdir()) == before


def test_how_to_run(tmp_path: Path) -> None:
    workshop = Workshop(tmp_path)
    config = ImageConfig(entrypoint=("/usr/bin/hello", "x"), ports=(Port(80, "tcp"), Port(53, "udp")))
    image = workshop.image(workshop.tree({"usr/bin/hello": file("hello")}), config)
    outputs = [Output(name, Path(f"image.{name}"), image.layers[0].digest, 1) for name in map(str, Format)]
    ports = "-p 80:80/tcp -p 53:53/udp"
    assert how_to_run(image, outputs, ["PASSWORD"]) == (
        f"podman load -i image.oci && podman run --rm -e PASSWORD=... {ports} localhost/hello:1.0",
        f"docker load -i image.docker && docker run --rm -e PASSWORD=... {ports} hello:1.0",
        "rkt run --insecure-options=image image.aci",
        "tar -xpf image.rootfs -C DIRECTORY",
        "chroot image.dir /usr/bin/hello x",
    )
