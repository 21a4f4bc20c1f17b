from __future__ import annotations

import pytest

from pkg2image.errors import MalformedPackageError
from pkg2image.rootfs.tree import Entry, Identities, Kind, Tree, inline, path_key


def _tree(**links: str) -> Tree:
    """Return a tree with the directories a, a/b and a/b/c, and symlinks."""
    tree = Tree()
    tree.make_directories("a/b/c")
    for path, target in links.items():
        tree.put(path.replace("_", "/"), Entry(Kind.SYMLINK, 0o777, target=target))
    return tree


FILE = Entry(Kind.FILE, 0o644, content=inline(b"1"))


@pytest.mark.parametrize(
    ("path", "canonical"),
    [
        ("", ""),
        ("/", ""),
        ("a/b", "a/b"),
        ("/a//b/./c/", "a/b/c"),
        ("a/b/../x", "a/x"),
        ("../../a", "a"),
        ("missing/../a", "a"),
        ("missing/file", "missing/file"),
        ("link/c", "a/b/c"),
        ("link/../x", "a/x"),  # the parent of where the link leads, as the kernel has it
        ("absolute/new", "a/b/new"),
        ("outside/etc", "etc"),
        ("a/chain", "a/b/c"),
        ("dangling/x", "nowhere/x"),
    ],
)
def test_canonical(path: str, canonical: str) -> None:
    tree = _tree(link="a/b", absolute="/a/b", outside="../../..", a_chain="../link/c", dangling="nowhere")
    assert tree.canonical(path) == canonical


def test_place_of_does_not_follow_the_last_link() -> None:
    tree = _tree(link="a/b", a_b_last="c")
    assert tree.place_of("link/last") == "a/b/last"
    assert tree.canonical("link/last") == "a/b/c"


def test_links_in_circles_lead_nowhere() -> None:
    tree = _tree(one="two", two="one", self="self")
    for path in ("one", "self/x"):
        with pytest.raises(MalformedPackageError, match="too many symbolic links"):
            tree.canonical(path)
        assert tree.reach(path) is None
        assert tree.lookup(path) is None
        assert not tree.is_directory(path)


def test_long_chains_of_links_end() -> None:
    tree = Tree()
    deep = tree.make_directories("/".join("d" * 1000))
    tree.put("one", Entry(Kind.SYMLINK, 0o777, target=deep))
    tree.put(f"{deep}/two", Entry(Kind.SYMLINK, 0o777, target=f"/{deep}"))
    assert tree.canonical("one/x") == f"{deep}/x"
    with pytest.raises(MalformedPackageError, match="too many symbolic links"):
        tree.canonical("one/two/x")


@pytest.mark.parametrize(
    ("path", "reached"), [("link", "a/b"), ("link/c", "a/b/c"), ("link/missing", None), ("dangling", None), ("", "")]
)
def test_reach(path: str, reached: str | None) -> None:
    assert _tree(link="a/b", dangling="nowhere").reach(path) == reached


@pytest.mark.parametrize("path", ["/a", "a/", "a/..", "..", "a/.", "a//x", "./a", "missing/x", "link/x", "file/x"])
def test_put_wants_a_canonical_path_in_a_directory(path: str) -> None:
    tree = _tree(link="a")
    tree.put("file", FILE)
    with pytest.raises(MalformedPackageError):
        tree.put(path, FILE)


def test_put_keeps_what_lies_in_a_directory() -> None:
    tree = _tree()
    with pytest.raises(MalformedPackageError, match="not empty"):
        tree.put("a/b", FILE)
    tree.put("a/b/c", FILE)
    assert tree["a/b/c"] == FILE


def test_make_directories_follows_links_and_keeps_what_is_there() -> None:
    tree = _tree(link="a/b")
    tree.change("a", mode=0o700)
    assert tree.make_directories("/link/new/er", origin="test") == "a/b/new/er"
    assert tree["a"].mode == 0o700
    assert tree["a/b/new"] == Entry(Kind.DIRECTORY, 0o755, origin="test")
    tree.put("file", FILE)
    with pytest.raises(MalformedPackageError, match="/file/x/y: /file is not one"):
        tree.make_directories("file/x/y")


def test_remove_takes_everything_below_with_it() -> None:
    tree = _tree()
    tree.put("a/b/file", FILE)
    tree.remove("a/b")
    tree.remove("a/b")
    tree.remove("")
    assert [path for path, _ in tree.walk()] == ["a"]
    assert tree.children("a") == ()


def test_remove_is_not_bounded_by_the_depth() -> None:
    tree = Tree()
    tree.make_directories("/".join("a" * 2000))
    tree.remove("a")
    assert len(tree) == 1


def test_walk_is_in_byte_order() -> None:
    tree = Tree()
    paths = ["a-b", "a", "a/x", "\N{GREEK SMALL LETTER ALPHA}", "\udcff", "b"]
    for path in sorted(paths):
        tree.put(path, FILE if path != "a" else Entry(Kind.DIRECTORY, 0o755))
    assert [path for path, _ in tree.walk()] == ["a", "a-b", "a/x", "b", "\N{GREEK SMALL LETTER ALPHA}", "\udcff"]
    assert [path_key(path) for path, _ in tree.walk()] == sorted(map(path_key, paths))
    assert tree.children("") == ("a", "a-b", "b", "\N{GREEK SMALL LETTER ALPHA}", "\udcff")


def test_copies_are_independent() -> None:
    tree = _tree()
    twin = tree.copy()
    twin.remove("a/b")
    twin.put("x", FILE)
    assert tree.children("a") == ("b",)
    assert "x" not in tree
    assert tree.children("") == ("a",)


def test_identities() -> None:
    identities = Identities({"root": 0, "7": 8}, {"adm": 4})
    assert identities.uid("root") == 0
    assert identities.uid("7") == 8  # a name before a number
    assert identities.uid("12") == 12
    assert identities.gid("adm") == 4
    with pytest.raises(MalformedPackageError, match="the group 'root'"):
        identities.gid("root")
    with pytest.raises(MalformedPackageError, match="the user '\N{ARABIC-INDIC DIGIT ONE}'"):
        identities.uid("\N{ARABIC-INDIC DIGIT ONE}")


@pytest.mark.parametrize("kind", [Kind.FILE, Kind.SYMLINK])
def test_the_root_stays_a_directory(kind: Kind) -> None:
    with pytest.raises(MalformedPackageError, match="it is the root"):
        Tree().put("", Entry(kind, 0o777, target="a"))
