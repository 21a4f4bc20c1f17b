"""Whatever packages write into sysusers.d, tmpfiles.d and ld.so.conf, only notes come of it and nothing gets out."""

from __future__ import annotations

import string

from hypothesis import given, settings
from hypothesis import strategies as st

from pkg2image.rootfs.ldconfig import install_cache
from pkg2image.rootfs.sysusers import apply_sysusers
from pkg2image.rootfs.tmpfiles import apply_tmpfiles
from pkg2image.rootfs.tree import Entry, Identities, Kind, Tree, inline
from pkg2image.rootfs.users import identities
from tests.support.libraries import library_tree, read_inline

_PATHS = (
    "/a",
    "/a/b",
    "/d",
    "/d/f",
    "/d/l",
    "/l/x",
    "/loop",
    "/loop/y",
    "/",
    "//",
    "/../x",
    "/*",
    "/d/*",
    "/{a,d}",
    "/%b",
)
_TYPES = [letter + modifier for letter in "fFdDvqQpLcbCwexXrRzZtTaAhHy" for modifier in ("", "+", "!", "=", "~")]
_WORDS = st.one_of(
    st.sampled_from(("-", "root", "daemon", "0755", "~0700", ":0700", "1:3", "user.x=1", '"', "\\x2", "%m", "AA==")),
    st.text(alphabet=string.printable + "é\udcff\0", max_size=8),
)
_TMPFILES = st.lists(
    st.builds(
        lambda kind, path, words: " ".join((kind, path, *words)),
        st.sampled_from(_TYPES),
        st.sampled_from(_PATHS),
        st.lists(_WORDS, max_size=6),
    ),
    max_size=8,
)
_SYSUSERS = st.lists(
    st.builds(
        lambda kind, words: " ".join((kind, *words)),
        st.sampled_from("ugmrx"),
        st.lists(st.one_of(_WORDS, st.sampled_from(("a", "b", "1", "-:a", "1:2", "/d/f", "5-9"))), max_size=7),
    ),
    max_size=8,
)


def _tree(path: str, text: str) -> Tree:
    tree = Tree()
    files = {
        path: text.encode("utf-8", "surrogateescape"),
        "etc/passwd": b"root:x:0:0::/:/bin/sh\ndaemon:x:1:1::/:/bin/sh\n",
        "etc/group": b"root:x:0:\ndaemon:x:1:\n",
        "d/f": b"content",
    }
    for name, data in files.items():
        tree.make_directories(name.rpartition("/")[0])
        tree.put(name, Entry(Kind.FILE, 0o644, content=inline(data)))
    for name, target in {"l": "d", "d/l": "../d", "loop": "loop"}.items():
        tree.put(name, Entry(Kind.SYMLINK, 0o777, target=target))
    return tree


def _check(tree: Tree, known: Identities) -> None:
    for path, entry in tree.walk():
        parent = tree[path.rpartition("/")[0]]
        assert parent.kind is Kind.DIRECTORY
        assert 0 <= entry.mode <= 0o7777
        assert known.uid(entry.user) >= 0
        assert known.gid(entry.group) >= 0


@settings(max_examples=150, deadline=None)
@given(_TMPFILES)
def test_tmpfiles(lines: list[str]) -> None:
    tree = _tree("usr/lib/tmpfiles.d/x.conf", "\n".join(lines))
    for remove in (False, True):
        made, notes = apply_tmpfiles(tree, read=read_inline, architecture="amd64", mtime=0, remove=remove)
        _check(made, identities(tree, read_inline))
        assert all(note.startswith("tmpfiles.d/x.conf:") for note in notes)


@settings(max_examples=150, deadline=None)
@given(_SYSUSERS)
def test_sysusers(lines: list[str]) -> None:
    tree = _tree("usr/lib/sysusers.d/x.conf", "\n".join(lines))
    made, notes = apply_sysusers(tree, read=read_inline, architecture="amd64", mtime=0)
    known = identities(made, read_inline)
    assert len(set(known.users.values())) == len(known.users)
    assert len(set(known.groups.values())) == len(known.groups)
    _check(made, known)
    assert all(note.startswith("sysusers.d/x.conf:") for note in notes)
    again, _ = apply_sysusers(made, read=read_inline, architecture="amd64", mtime=0)
    assert again is made


@settings(max_examples=50, deadline=None)
@given(
    st.lists(
        st.one_of(st.sampled_from(("include *", "include /etc/*.conf*", "/l", "loop/x", "/etc")), st.text(max_size=9))
    )
)
def test_ldconfig(lines: list[str]) -> None:
    tree, elves = library_tree()
    text = "\n".join(lines).encode("utf-8", "surrogatepass")
    tree.put("etc/ld.so.conf", Entry(Kind.FILE, 0o644, content=inline(text)))
    made = install_cache(tree, elves=elves, read=read_inline, architecture="amd64", mtime=0)
    _check(made, Identities({"root": 0}, {"root": 0}))
