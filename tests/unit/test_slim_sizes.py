"""The floor that slim images are compared with, and the table of their sizes."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.floor import Root, compressed_size, floor
from benchmarks.slim import Sizes, show
from tests.support.elves import build_elf

LIBRARIES = "usr/lib/x86_64-linux-gnu"
LOADER = "/lib64/ld.so"


@pytest.fixture
def root(tmp_path: Path) -> Root:
    files = {
        "usr/bin/app": build_elf(interpreter=LOADER, needed=["libx.so.1"], runpath="$ORIGIN/../lib/app"),
        "usr/bin/unused": build_elf(interpreter=LOADER, needed=["libz.so.1"]),
        "usr/bin/script": b"#! /usr/bin/env app\n",
        "usr/bin/env": build_elf(interpreter=LOADER),
        "usr/lib/app/libx.so.1.2": build_elf(soname="libx.so.1", needed=["liby.so.1"]),
        f"{LIBRARIES}/liby.so.1": build_elf(soname="liby.so.1"),
        f"{LIBRARIES}/libz.so.1": build_elf(soname="libz.so.1"),
        "usr/lib64/ld.so": build_elf(soname="ld.so"),
        "etc/ld.so.conf.d/a.conf": f"# libraries\n/{LIBRARIES}\n".encode(),
        "usr/share/doc/app/copyright": b"free",
        "usr/share/doc/libz/copyright": b"free",
        "var/lib/dpkg/status": b"Package: app\nVersion: 1\n\nPackage: libz\nVersion: 2\n\n",
        "var/lib/dpkg/info/app.list": b"/.\n/usr\n/bin/app\n/usr/bin/unused\n/usr/share/doc/app/copyright\n",
        "var/lib/dpkg/info/app.md5sums": b"0  usr/bin/app\n1  usr/bin/unused\n",
        "var/lib/dpkg/info/libz:amd64.list": f"/{LIBRARIES}/libz.so.1\n".encode(),
    }
    for path, data in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(data)
    for link, target in {"bin": "usr/bin", "lib64": "/usr/lib64", "usr/lib/app/libx.so.1": "libx.so.1.2"}.items():
        (tmp_path / link).symlink_to(target)
    return Root(tmp_path)


def test_the_floor_is_what_a_program_is_linked_with(root: Root) -> None:
    files = floor(root, [("app", "/bin"), ("gone", "")])
    assert sorted(path for path in files if not path.startswith("var/")) == [
        "bin",
        "lib64",
        "usr/bin/app",
        "usr/lib/app/libx.so.1",
        "usr/lib/app/libx.so.1.2",
        f"{LIBRARIES}/liby.so.1",
        "usr/lib64/ld.so",
        "usr/share/doc/app/copyright",
    ]
    assert files["var/lib/dpkg/status"] == b"Package: app\nVersion: 1"
    assert files["var/lib/dpkg/info/app.md5sums"] == b"0  usr/bin/app\n"
    assert 0 < compressed_size(root, files) < sum(map(len, files.values()))


def test_a_script_needs_what_interprets_it(root: Root) -> None:
    files = floor(root, [("/usr/bin/script", "")])
    assert {"usr/bin/script", "usr/bin/env", "usr/bin/app"} <= files.keys()
    assert "usr/bin/unused" not in files


def test_links_lead_inside_the_root(root: Root) -> None:
    assert root.hops("/lib64/ld.so") == ["lib64", "usr/lib64/ld.so"]
    assert root.hops("bin/../bin/./app") == ["bin", "usr/bin/app"]
    assert root.hops("/usr/bin/gone") == []


def test_medians_are_of_what_was_built(capsys: pytest.CaptureFixture[str]) -> None:
    built = [Sizes(name, "bookworm", "", 100, slim, 40, 400) for name, slim in (("a", 50), ("b", 60), ("c", 101))]
    show([*built, Sizes("d", "bookworm", "no such package")])
    said = capsys.readouterr().out
    assert "bookworm, 3 recipes" in said
    assert "  runtime: 0.60" in said
    assert "  floor: 1.50" in said
    assert "  what apt installs: 0.15" in said
    assert "larger than the runtime image: c" in said
    assert "no such package" in Sizes("d", "bookworm", "no such package").line
