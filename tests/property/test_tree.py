"""Whatever is done to a Tree: it stays a tree, and paths lead where the kernel would go."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pkg2image.errors import FileConflictError, MalformedPackageError
from pkg2image.rootfs.tree import Entry, Kind, Tree, inline, parent_of, path_key
from pkg2image.rootfs.unpack import unpack
from tests.support.debs import FileSpec, directory, reg, symlink
from tests.support.trees import Shelf

NAMES = st.sampled_from(("a", "b", "c", "\udcff", "\N{GREEK SMALL LETTER ALPHA}"))
PATHS = st.lists(NAMES, min_size=1, max_size=4).map("/".join)
# Also what no path of a tree may look like.
WALKS = st.lists(st.one_of(NAMES, st.sampled_from(("..", ".", ""))), min_size=1, max_size=6).map("/".join)

FILE = Entry(Kind.FILE, 0o644, content=inline(b""))


def _put(tree: Tree, kind: str, path: str, target: str) -> None:
    match kind:
        case "directory":
            tree.make_directories(path)
        case "file":
            tree.put(path, FILE)
        case "symlink":
            tree.put(path, Entry(Kind.SYMLINK, 0o777, target=target))
        case _:
            tree.remove(path)


STEPS = st.lists(st.tuples(st.sampled_from(("directory", "file", "symlink", "remove")), st.one_of(PATHS, WALKS), WALKS))


def _built(steps: list[tuple[str, str, str]]) -> Tree:
    tree = Tree()
    for kind, path, target in steps:
        with suppress(MalformedPackageError):
            _put(tree, kind, path, target)
    return tree


def _check(tree: Tree) -> None:
    paths = [path for path, _ in tree.walk()]
    assert paths == sorted(set(paths), key=path_key)
    assert len(tree) == len(paths) + 1
    for path in paths:
        assert not {"", ".", ".."} & set(path.split("/"))
        assert tree[parent_of(path)].kind is Kind.DIRECTORY
        assert path.rpartition("/")[2] in tree.children(parent_of(path))
    assert sum(len(tree.children(path)) for path in ("", *paths)) == len(paths)


@given(STEPS)
def test_every_path_lies_in_a_directory(steps: list[tuple[str, str, str]]) -> None:
    _check(_built(steps))


@given(STEPS, STEPS)
def test_a_copy_is_independent(steps: list[tuple[str, str, str]], more: list[tuple[str, str, str]]) -> None:
    tree = _built(steps)
    before = list(tree.walk())
    twin = tree.copy()
    for kind, path, target in more:
        with suppress(MalformedPackageError):
            _put(twin, kind, path, target)
    assert list(tree.walk()) == before
    _check(tree)
    _check(twin)


@given(STEPS, WALKS)
def test_a_canonical_path_is_its_own(steps: list[tuple[str, str, str]], path: str) -> None:
    tree = _built(steps)
    try:
        canonical = tree.canonical(path)
    except MalformedPackageError:
        assert tree.reach(path) is None
        return
    assert tree.canonical(canonical) == canonical
    assert tree.reach(path) in {canonical, None}
    entry = tree.get(canonical)
    assert entry is None or entry.kind is not Kind.SYMLINK


@settings(max_examples=50)
@given(STEPS, WALKS)
def test_paths_lead_where_the_kernel_goes(steps: list[tuple[str, str, str]], path: str) -> None:
    tree = _built(steps)
    # Inside a directory of the host, absolute links and those that leave it lead elsewhere.
    assume(not any(entry.target.startswith("/") for _, entry in tree.walk()))
    with TemporaryDirectory() as name:
        root = Path(os.path.realpath(name), *"x" * 40)
        root.mkdir(parents=True)
        for place, entry in tree.walk():
            if entry.kind is Kind.DIRECTORY:
                (root / place).mkdir()
            elif entry.kind is Kind.FILE:
                (root / place).touch()
            else:
                (root / place).symlink_to(entry.target or ".")
        if tree.reach(path) is None:
            return
        try:
            status = (root / path.lstrip("/")).stat()
        except (NotADirectoryError, FileNotFoundError):
            # `file/..` is an error of the kernel's; we only ever ask for paths that may come to be.
            assume(False)
        reached = root / (tree.reach(path) or "")
        assume(os.path.realpath(root / path.lstrip("/")).startswith(str(root)))
        assert os.path.samestat(status, reached.stat())


ENTRIES = st.lists(
    st.one_of(st.builds(reg, PATHS), st.builds(directory, PATHS), st.builds(symlink, PATHS, WALKS)),
    max_size=5,
    unique_by=lambda entry: entry.path,
)


@given(st.lists(ENTRIES, min_size=1, max_size=3))
def test_unpacking_keeps_the_tree_a_tree(packages: list[list[FileSpec]]) -> None:
    shelf = Shelf()
    tree = Tree()
    for number, entries in enumerate(packages):
        with suppress(MalformedPackageError, FileConflictError):
            tree = unpack(tree, [shelf.deb(f"package{number}", *entries)])
    _check(tree)
    for path, entry in tree.walk():
        assert entry.package or entry.origin == "unpack", path


@given(ENTRIES, ENTRIES)
def test_unpacking_without_a_common_file_does_not_depend_on_the_order(
    one: list[FileSpec], other: list[FileSpec]
) -> None:
    # Only files: the metadata of a directory comes from its first owner, a link may hide a directory.
    first = [reg(f"usr/{entry.path}", b"1") for entry in one if entry.kind == "file"]
    second = [reg(f"opt/{entry.path}", b"2") for entry in other if entry.kind == "file"]
    shelf = Shelf()
    try:
        debs = [shelf.deb("first", *first), shelf.deb("second", *second)]
    except MalformedPackageError:
        assume(False)
    forth, back = unpack(Tree(), debs), unpack(Tree(), debs[::-1])
    assert list(forth.walk()) == list(back.walk())
