"""What scripts and configurations refer to."""

from __future__ import annotations

import re

import pytest

from pkg2image.analysis.reach.references import Reference
from pkg2image.analysis.reach.scripts import script_references
from tests.support.parts import Parts
from tests.support.slimming import found, material_of


def _parts(text: str, path: str = "usr/bin/app", *, package: str = "app") -> Parts:
    parts = Parts().add(path, text, mode=0o755, package=package)
    for name in ("sh", "gzip", "tar", "perl"):
        parts.add(f"usr/bin/{name}", "ELF", mode=0o755, package=name)
    return parts.add("usr/share/lib/functions", "tar xf x\n", package="lib").add("etc/app.conf").add("var/lib/app/x")


@pytest.mark.parametrize(
    ("text", "references"),
    [
        ("#!/bin/sh\n", []),
        (
            "#!/bin/sh\ngzip -d x | /usr/bin/tar xf -\n",
            ["/usr/bin/tar: calls /usr/bin/tar", "usr/bin/gzip: calls gzip"],
        ),
        ("#!/bin/sh\nif command -v gzip; then :; fi\n", ["usr/bin/gzip: calls gzip"]),
        ("#!/bin/sh\n. /usr/share/lib/functions\n", ["/usr/share/lib/functions: reads it as a part of itself"]),
        ("#!/bin/sh\nx=/etc/app.conf\n", ["/etc/app.conf: names /etc/app.conf"]),
        ("#!/bin/sh\n# gzip\necho tar\n", []),
        ("#!/bin/sh\nfi; gzip (\n", ["usr/bin/gzip: calls gzip"]),
    ],
)
def test_shell_scripts(text: str, references: list[str]) -> None:
    lines = [line for line in found(_parts(text), script_references, "usr/bin/app") if "starts with" not in line]
    assert [line for line in lines if not re.search("names /(usr|bin)/", line)] == references


def test_a_script_needs_its_interpreter() -> None:
    assert found(_parts("#!/usr/bin/env perl\n"), script_references, "usr/bin/app") == [
        "/usr/bin/env: starts with /usr/bin/env",
        "usr/bin/perl: starts with perl",
    ]


def test_parts_of_a_script_are_shell_too() -> None:
    find = script_references(material_of(_parts("#!/bin/sh\n. /usr/share/lib/functions\n")))
    assert list(find("usr/share/lib/functions")) == []
    assert Reference("/usr/share/lib/functions", "reads it as a part of itself") in list(find("usr/bin/app"))
    assert list(find("usr/share/lib/functions")) == [Reference("usr/bin/tar", "calls tar")]


def test_quoted_words_of_other_programs() -> None:
    parts = _parts("#!/usr/bin/perl\nsystem('gzip', 'x'); # tar\n")
    common = frozenset({"gzip", "tar"})
    lines = found(parts, script_references, "usr/bin/app", common=common)
    assert "usr/bin/gzip: names the program gzip" in lines
    assert not any("bin/tar" in line for line in lines)
    assert not any("gzip" in line for line in found(parts, script_references, "usr/bin/app"))


@pytest.mark.parametrize(
    ("path", "is_asked"), [("usr/lib/python3/dist-packages/app.py", True), ("usr/lib/python3.11/app.py", False)]
)
def test_a_standard_library_has_words_for_everything(path: str, *, is_asked: bool) -> None:
    parts, app, gzip = _parts("run(['gzip'], '/etc/app.conf')\n", path), frozenset({"app"}), frozenset({"gzip"})
    lines = found(parts, script_references, path, own=app, common=gzip)
    asked = ["/etc/app.conf: names /etc/app.conf", "usr/bin/gzip: names the program gzip"]
    assert lines == (asked if is_asked else [])


@pytest.mark.parametrize(
    ("path", "package", "is_read"),
    [
        ("etc/other.conf", "lib", True),
        ("usr/share/app/data", "app", True),
        ("usr/share/lib/data", "lib", False),
        ("etc/passwd", "", False),
        ("etc/motd", "", False),
        ("etc/app/magic", "app", False),
    ],
)
def test_paths_in_texts(path: str, package: str, *, is_read: bool) -> None:
    parts = _parts("see /var/lib/app\n", path, package=package)
    lines = found(parts, script_references, path, own=frozenset({"app"}))
    assert lines == (["/var/lib/app/*: names the directory /var/lib/app"] if is_read else [])
