"""Whatever files say, the check whether everything is there ends, names only what is asked for, and is in order."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pkg2image.analysis.completeness import completeness
from pkg2image.analysis.needs import shown_by_files, shown_by_programs
from pkg2image.deb.facts import ElfFacts
from pkg2image.maintscript.parsed import ParsedScripts
from pkg2image.rootfs.tree import path_key
from tests.support.libraries import read_inline
from tests.support.parts import Parts, accounts

NAMES = st.sampled_from(
    ["", ".", "..", "a", "libx.so.1", "ld-linux.so.2", "a/b", "/usr/lib/libx.so.1", "caf\udce9", "\0"]
)
TEXTS = st.lists(NAMES | st.sampled_from([":", "$ORIGIN", "${LIB}", "$", "/", "//", " ", "#!", "env -S", "\n"])).map(
    "".join
)
TUPLES = st.lists(NAMES, max_size=4).map(tuple)
PAIRS = st.lists(st.tuples(NAMES, NAMES), max_size=4).map(tuple)
ELVES = st.builds(
    ElfFacts,
    bits=st.sampled_from([32, 64]),
    little_endian=st.booleans(),
    machine=st.sampled_from([3, 62]),
    type=st.integers(0, 4),
    interpreter=TEXTS,
    soname=NAMES,
    needed=TUPLES,
    rpath=TEXTS,
    runpath=TEXTS,
    imports=TUPLES,
    versions_needed=PAIRS,
    versions_defined=TUPLES,
)
PLACES = st.sampled_from(["usr/bin/a", "usr/lib/libx.so.1", "usr/lib/a/b", "etc/x.conf", "usr/lib/x86_64-linux-gnu/c"])
FILES = st.dictionaries(PLACES, ELVES | TEXTS.map("#!".__add__) | st.tuples(TEXTS), min_size=1)


def _parts(files: dict[str, object]) -> Parts:
    parts = Parts()
    for path, text in accounts({"root": 0}, {"root": 0}).items():
        parts.add(path, text)
    for path, what in files.items():
        if isinstance(what, ElfFacts):
            parts.elf(path, what)
        elif isinstance(what, str):
            parts.add(path, what.encode("utf-8", "replace").decode(), mode=0o755)
        elif isinstance(what, tuple):
            parts.link(path, what[0])
    return parts


@given(FILES)
def test_every_image_can_be_checked(files: dict[str, object]) -> None:
    parts = _parts(files)
    found = completeness(
        parts.tree, elves=parts.elves, interpreters={}, optional={}, read=read_inline, architecture="amd64"
    )
    assert list(found) == sorted(set(found), key=lambda unmet: (path_key(unmet.path), unmet.kind, unmet.what))
    assert {unmet.path for unmet in found} <= {parts.tree.place_of(path) for path in files}
    wanted = shown_by_files(parts.tree, found, elves=parts.elves, recommended={}, architecture="amd64")
    wanted += shown_by_programs(
        parts.tree,
        sorted(files),
        interpreters={},
        read=read_inline,
        parse=ParsedScripts().script,
        architecture="amd64",
    )
    assert all(item.files and not any(parts.tree.reach(path) for path in item.files) for item in wanted)
