"""What is kept of any image is closed, and more entry points keep more."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from pkg2image.analysis.loader import Loader
from tests.support.libraries import read_inline
from tests.support.parts import LIBRARIES, Parts, program, shared
from tests.support.slimming import slimmed

_NAMES = [f"lib{letter}.so.1" for letter in "abcdef"]
_PLACES = [LIBRARIES, "usr/lib/private", "usr/lib"]


@dataclass(frozen=True)
class _File:
    """An ELF file of an image: its needs, and where it lies."""

    needed: tuple[str, ...]
    named: tuple[str, ...]
    place: str
    is_linked: bool


_needs = st.lists(st.sampled_from([*_NAMES, "libmissing.so.1"]), max_size=3, unique=True).map(tuple)
_files = st.builds(
    _File,
    _needs,
    st.lists(st.sampled_from([*_NAMES, "%s.so", "/usr/lib/private", f"/{LIBRARIES}", "/etc/x.conf"]), max_size=2).map(
        tuple
    ),
    st.sampled_from(_PLACES),
    st.booleans(),
)
_programs = st.lists(_files, min_size=1, max_size=4)
_libraries = st.lists(_files, max_size=len(_NAMES))


def _image(programs: list[_File], libraries: list[_File]) -> Parts:
    parts = Parts().libc().add("etc/x.conf", "/usr/lib/private/data", package="conf").add("usr/lib/private/data")
    for number, file in enumerate(programs):
        facts = program(*file.needed, named_files=file.named, runpath="/usr/lib/private" if file.is_linked else "")
        parts.elf(f"usr/bin/p{number}", facts, package=f"p{number}")
    for name, file in zip(_NAMES, libraries, strict=False):
        path = f"{file.place}/{name}"
        parts.elf(
            f"{path}.2" if file.is_linked else path, shared(name, *file.needed, named_files=file.named), package=name
        )
        if file.is_linked:
            parts.link(path, f"{name}.2", package=name)
    return parts


@given(_programs, _libraries)
def test_what_a_kept_file_found_it_still_finds(programs: list[_File], libraries: list[_File]) -> None:
    parts = _image(programs, libraries)
    result = slimmed(parts, ["p0"])
    before = Loader(parts.tree, elves=parts.elves, read=read_inline, architecture="amd64")
    after = Loader(result.tree, elves=parts.elves, read=read_inline, architecture="amd64")
    assert "usr/bin/p0" in result.tree
    for path, _ in result.tree.walk():
        facts = after.facts(path)
        for name in facts.needed if facts else ():
            assert facts is not None
            assert after.find(name, path, facts) == before.find(name, path, facts)


@given(_programs, _libraries)
def test_more_entry_points_keep_more(programs: list[_File], libraries: list[_File]) -> None:
    parts = _image(programs, libraries)
    commands = [[f"p{number}"] for number in range(len(programs))]
    kept: set[str] = set()
    for count in range(len(commands) + 1):
        more = set(slimmed(parts, *commands[:count]).reasons)
        assert kept <= more
        kept = more


@given(_programs, _libraries)
def test_what_is_left_is_left_again(programs: list[_File], libraries: list[_File]) -> None:
    parts = _image(programs, libraries)
    once = slimmed(parts, ["p0"])
    parts.tree = once.tree
    twice = slimmed(parts, ["p0"])
    assert not twice.dropped
