"""Two sides become what differs: every kind of difference is found, told in few lines, and nothing else is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pkg2image.comparing.compare import Change, Difference, compare
from pkg2image.comparing.side import Side, SidePackage
from pkg2image.comparing.telling import lines_of, render
from pkg2image.image.scan import FileInfo
from pkg2image.rootfs.tree import Kind

TOOL = FileInfo("usr/bin/tool", Kind.FILE, 0o755, 0, 0, 1_000, size=10, sha256="aa")
LINK = FileInfo("usr/bin/link", Kind.SYMLINK, 0o777, 0, 0, 1_000, target="tool")
DIRECTORY = FileInfo("var/lib/tool", Kind.DIRECTORY, 0o755, 0, 0, 1_000)
COPYRIGHT = FileInfo("usr/share/doc/tool/copyright", Kind.FILE, 0o644, 0, 0, 1_000, size=5, sha256="cc")
FILES = (TOOL, LINK, DIRECTORY, COPYRIGHT)
OWNERS = {TOOL.path: "tool", LINK.path: "tool", COPYRIGHT.path: "tool"}


def image(*files: FileInfo, **changes: Any) -> Side:
    side = Side(
        Path("one.tar"),
        "oci",
        {"tool": SidePackage("1.0-1", "tool", "11"), "lib:amd64": SidePackage("2", "lib")},
        files={each.path: each for each in files or FILES},
        owners=OWNERS,
        users={"root": "uid 0, gid 0, /root, /bin/sh"},
        groups={"root": "gid 0"},
        config={"command line": "tool --serve", "port 80/tcp": "open"},
        layers=("sha256:1", "sha256:2"),
        size=2_000,
    )
    return replace(side, **changes)


def with_file(changed: FileInfo) -> Side:
    return image(*(changed if each.path == changed.path else each for each in FILES))


def licences(path: Path, paths: frozenset[str]) -> Mapping[str, str]:
    return dict.fromkeys(paths, f"licence of {path}")


def told(before: Side, after: Side) -> dict[str, list[tuple[str, str, str, str]]]:
    """Return what differs, by section; sizes only where that is all."""
    found = compare(before, after, licences)
    return {
        name: [(each.name, each.change, each.before, each.after) for each in changes]
        for name, changes in found.sections.items()
        if changes
    }


def test_equal_sides_differ_in_nothing() -> None:
    found = compare(image(), image(path=Path("two.tar")), licences)
    assert found.is_empty
    assert list(lines_of(found, every_file=True)) == [
        "one.tar -> two.tar: the same; size: 2.0 kB -> 2.0 kB; layers: 2 of 2 the same"
    ]


@pytest.mark.parametrize(
    ("packages", "change"),
    [
        ({"tool": SidePackage("1.0-1+deb12u1", "tool")}, ("tool", "upgraded", "1.0-1", "1.0-1+deb12u1")),
        ({"tool": SidePackage("1.0~rc1", "tool")}, ("tool", "downgraded", "1.0-1", "1.0~rc1")),
        ({"tool": SidePackage("1.0-1", "tool", "22")}, ("tool", "changed", "1.0-1 sha256:11", "1.0-1 sha256:22")),
        ({}, ("tool", "removed", "1.0-1", "")),
        (
            {"tool": SidePackage("1.0-1", "tool"), "more": SidePackage("3", "more")},
            ("more", "added", "", "3"),
        ),
    ],
)
def test_packages(packages: dict[str, SidePackage], change: tuple[str, str, str, str]) -> None:
    after = image(packages={"lib:amd64": SidePackage("2", "lib"), **packages})
    assert told(image(), after) == {"packages": [change]}


@pytest.mark.parametrize(
    ("changed", "sections"),
    [
        (replace(TOOL, mode=0o750), {"modes": [("/usr/bin/tool", "changed", "0755", "0750")]}),
        (replace(TOOL, uid=5), {"owners": [("/usr/bin/tool", "changed", "0:0", "5:0")]}),
        (replace(DIRECTORY, gid=5), {"owners": [("/var/lib/tool", "changed", "0:0", "0:5")]}),
        (replace(LINK, mode=0o755), {}),
        (
            replace(LINK, target="other"),
            {"files": [("/usr/bin/link", "changed", "symlink to tool", "symlink to other")]},
        ),
        (
            replace(TOOL, sha256="bb"),
            {"files": [("/usr/bin/tool", "changed", "10 bytes sha256:aa", "10 bytes sha256:bb")]},
        ),
        (
            replace(TOOL, mode=0o4755),
            {
                "privileges": [("/usr/bin/tool", "added", "", "setuid 4755 0:0")],
                "modes": [("/usr/bin/tool", "changed", "0755", "4755")],
            },
        ),
        (
            replace(TOOL, capabilities="0100"),
            {"privileges": [("/usr/bin/tool", "added", "", "capabilities 0100")]},
        ),
        (replace(TOOL, mtime=5), {}),
        (
            FileInfo(DIRECTORY.path, Kind.FIFO, 0o755, 0, 0, 1_000),
            {"files": [("/var/lib/tool", "changed", "directory", "fifo")]},
        ),
        (
            FileInfo(LINK.path, Kind.FILE, 0o755, 0, 0, 1_000, target="usr/bin/tool", hard_link=True),
            {
                "files": [("/usr/bin/link", "changed", "symlink to tool", "hard link to /usr/bin/tool")],
                "modes": [("/usr/bin/link", "added", "", "0755")],
            },
        ),
    ],
)
def test_one_file(changed: FileInfo, sections: Mapping[str, object]) -> None:
    assert told(image(), with_file(changed)) == sections


def test_files_that_come_and_go() -> None:
    more = FileInfo("usr/bin/su", Kind.FILE, 0o4755, 0, 0, 1_000, size=7, sha256="dd")
    assert told(image(), image(*FILES, more)) == {
        "files": [("/usr/bin/su", "added", "", "7 bytes sha256:dd")],
        "privileges": [("/usr/bin/su", "added", "", "setuid 4755 0:0")],
        "sizes": [("made for the image", "added", "", "7")],
    }
    assert told(image(*FILES, more), image())["privileges"] == [("/usr/bin/su", "removed", "setuid 4755 0:0", "")]
    found = told(image(), image(LINK, DIRECTORY, COPYRIGHT))
    assert found["files"] == [("/usr/bin/tool", "removed", "10 bytes sha256:aa", "")]
    assert found["sizes"] == [("tool", "changed", "15", "5")]


def test_times_are_counted_and_make_no_difference() -> None:
    found = compare(image(), with_file(replace(TOOL, mtime=5)), licences)
    assert (found.is_empty, found.times) == (True, 1)
    assert list(lines_of(found, every_file=False))[-1] == "1 files differ in their times alone"
    assert compare(image(), with_file(replace(TOOL, mtime=5, mode=0)), licences).times == 0


def test_licences_are_read_where_copyright_files_differ() -> None:
    after = replace(with_file(replace(COPYRIGHT, sha256="dd")), path=Path("two.tar"))
    assert told(image(), after)["licences"] == [("tool", "changed", "licence of one.tar", "licence of two.tar")]
    assert told(image(), replace(image(TOOL, LINK, DIRECTORY), path=Path("two.tar")))["licences"] == [
        ("tool", "removed", "licence of one.tar", "")
    ]


@pytest.mark.parametrize(
    ("changes", "section", "change"),
    [
        ({"users": {}}, "users", ("root", "removed", "uid 0, gid 0, /root, /bin/sh", "")),
        ({"groups": {"root": "gid 0", "www": "gid 33"}}, "groups", ("www", "added", "", "gid 33")),
        (
            {"config": {"command line": "tool", "port 80/tcp": "open"}},
            "configuration",
            ("command line", "changed", "tool --serve", "tool"),
        ),
        ({"config": {"command line": "tool --serve"}}, "configuration", ("port 80/tcp", "removed", "open", "")),
    ],
)
def test_what_else_is_compared(changes: Any, section: str, change: tuple[str, str, str, str]) -> None:
    assert told(image(), image(**changes)) == {section: [change]}


def test_what_a_side_does_not_know_is_not_compared() -> None:
    packages = {"tool": SidePackage("1.1", "tool"), "lib:amd64": SidePackage("2", "lib")}
    lock = Side(Path("a.lock"), "lock", packages, users={"web": "uid 5"}, groups={}, config={}, sources={"x": "1"})
    found = compare(image(), lock, licences)
    assert {name for name, changes in found.sections.items() if changes} == {"packages"}
    assert found.not_compared == (
        *("files", "modes", "owners", "privileges", "sizes", "licences"),
        *("users", "groups", "configuration", "sources"),
    )
    directory = compare(image(), image(config=None), licences)
    assert (directory.is_empty, directory.not_compared) == (True, ("configuration",))
    locks = compare(lock, replace(lock, sources={"x": "2"}), licences)
    assert locks.not_compared == ()
    assert locks.sections["sources"] == (Change("x", "changed", "1", "2"),)


def difference() -> Difference:
    more = FileInfo("usr/bin/su", Kind.FILE, 0o4755, 0, 0, 1_000, size=7_000, sha256="dd")
    after = image(
        replace(TOOL, sha256="bb", mode=0o700),
        LINK,
        more,
        path=Path("two.tar"),
        packages={"tool": SidePackage("0.9", "tool"), "new": SidePackage("1", "new")},
        config={"command line": "tool"},
        layers=("sha256:1", "sha256:3"),
        size=9_000,
    )
    return compare(image(), after, licences)


def test_people_get_a_summary_and_files_by_package() -> None:
    summary, *lines = lines_of(difference(), every_file=False)
    assert summary == (
        "one.tar -> two.tar: different; packages: 1 removed, 1 added, 1 downgraded; privileges: 1 added; "
        "files: 1 added, 1 changed, 2 removed; modes: 1 changed; licences: 1 removed; "
        "configuration: 1 changed, 1 removed; size: 2.0 kB -> 9.0 kB; layers: 1 of 2 the same"
    )
    assert lines == [
        "packages:",
        "  - lib:amd64: 2",
        "  + new: 1",
        "  ! tool: 1.0-1 -> 0.9",
        "privileges:",
        "  + /usr/bin/su: setuid 4755 0:0",
        "files:",
        "    made for the image: 1 added, 1 removed",
        "    tool: 1 changed, 1 removed",
        "modes:",
        "    tool: 1 changed",
        "sizes: +7.0 kB in all",
        "    made for the image: +7.0 kB, 7.0 kB now",
        "    tool: -5 B, 10 B now",
        "licences:",
        "  - tool (tool): licence of one.tar",
        "configuration:",
        "    command line: tool --serve -> tool",
        "  - port 80/tcp: open",
    ]
    every = list(lines_of(difference(), every_file=True))
    assert "    /usr/bin/tool (tool): 10 bytes sha256:aa -> 10 bytes sha256:bb" in every
    assert "  - /var/lib/tool: directory" in every


def test_programs_get_everything() -> None:
    document = json.loads(json.dumps(render(difference())))
    assert document["same"] is False
    assert document["before"] == {"path": "one.tar", "kind": "oci", "size": 2_000, "layers": ["sha256:1", "sha256:2"]}
    assert document["modes"] == [
        {"name": "/usr/bin/tool", "change": "changed", "before": "0755", "after": "0700", "package": "tool"}
    ]
    assert document["users"] == []
