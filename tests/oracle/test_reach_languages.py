"""Real interpreters load nothing that their programs were not found to reach."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from pkg2image.analysis.reach.perl import perl_references
from pkg2image.analysis.reach.python import python_references
from pkg2image.analysis.reach.references import MakeFinder, Reference
from pkg2image.analysis.reach.walk import Walk
from pkg2image.digest import sha256
from pkg2image.rootfs.tree import Entry, Kind, inline, parent_of
from tests.support.parts import Parts, shared
from tests.support.slimming import material_of

_PYTHON = """#!/usr/bin/python3
import argparse, json, sqlite3, logging.handlers, concurrent.futures, xml.etree.ElementTree, email.policy
from importlib import import_module
import_module("csv"), __import__("zoneinfo").ZoneInfo
import sys, time, decimal, ctypes.util
time.strptime("2020", "%Y"), "x".encode("idna"), "x".encode("euc-jp")
concurrent.futures.ProcessPoolExecutor, concurrent.futures.ThreadPoolExecutor
print("\\n".join(sorted(m.__file__ for m in list(sys.modules.values()) if getattr(m, "__file__", None))))
"""
_PERL = """#!/usr/bin/perl
use strict; use warnings; use utf8;
use POSIX qw(floor); use Data::Dumper; use File::Temp; use Encode; use IO::Socket; use Getopt::Long; use Storable;
open(my $file, "<:encoding(iso-8859-2)", "/dev/null"); open(my $text, "<", \\ "text"); my @all = glob("/*");
my $name = "\\N{GREEK SMALL LETTER ALPHA}"; "x" =~ /(?<y>x)/ and keys %+; eval { die $! };
require Digest::SHA; Digest::SHA->new; encode("cp1250", "x");
print join("\\n", grep { !ref } values %INC), "\\n";
"""


def _image(places: list[Path], program: Path, text: str) -> Parts:
    parts = Parts()
    for path in (file for place in places for file in sorted(place.rglob("*"))):
        if path.is_file() and not path.is_symlink() and path.suffix != ".pyc":
            _put(parts, str(path).lstrip("/"), path.read_bytes(), 0o644)
            if path.suffix == ".so":
                parts.elves[sha256(path.read_bytes()).hex] = shared(path.name)
    _put(parts, str(program).lstrip("/"), b"", 0o755)
    _put(parts, "usr/bin/app", text.encode(), 0o755)
    return parts


def _put(parts: Parts, path: str, data: bytes, mode: int) -> None:
    parts.tree.make_directories(parent_of(path))
    parts.tree.put(path, Entry(Kind.FILE, mode, content=inline(data), package="language"))


def _reached(parts: Parts, make: MakeFinder, program: Path) -> set[str]:
    walk = Walk(parts.tree, [make(material_of(parts))], lambda _: "")
    walk.start(Reference(path, "is started") for path in ("usr/bin/app", str(program)))
    return {f"/{path}" for path in walk.reasons}


@pytest.mark.parametrize(
    ("command", "places", "text", "make"),
    [
        (["/usr/bin/python3", "-I", "-S"], ["/usr/lib/python3.*"], _PYTHON, python_references),
        (
            ["/usr/bin/perl"],
            ["/usr/share/perl/5*", "/usr/lib/*/perl/5*", "/usr/lib/*/perl-base"],
            _PERL,
            perl_references,
        ),
    ],
    ids=["python", "perl"],
)
def test_what_an_interpreter_loads_is_reached(
    tmp_path: Path, command: list[str], places: list[str], text: str, make: MakeFinder
) -> None:
    script = tmp_path / "app"
    script.write_text(text)
    done = subprocess.run([*command, str(script)], capture_output=True, text=True, check=True)
    loaded = {str(Path(line).resolve()) for line in done.stdout.splitlines() if line.startswith("/usr/")}
    assert len(loaded) > 20
    found = [path for place in places for path in Path("/").glob(place.lstrip("/")) if not path.is_symlink()]
    program = next(iter(Path("/usr/bin").glob("perl5.*[0-9]"))) if "perl" in command[0] else Path(command[0]).resolve()
    parts = _image(found, program, text)
    for place in places:
        for link in Path("/").glob(place.lstrip("/")):
            if link.is_symlink():
                parts.link(str(link).lstrip("/"), str(link.readlink()))
    reached = _reached(parts, make, program)
    assert sorted(loaded - reached) == []
    # And it is no more than a part of what there is.
    assert len(reached) < len(parts.tree) / 2
