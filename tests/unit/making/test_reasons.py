"""What a build says in the image about why its files are there, or not."""

from __future__ import annotations

from pkg2image.analysis.reach.result import Reason, Slimmed
from pkg2image.image.reasons import Kept, Left, Reasons, SlimSizes
from pkg2image.making.reasons import reasons_of, slim_sizes
from pkg2image.rootfs.minimize import Dropped
from pkg2image.rootfs.tree import Entry, Kind, Tree, inline
from tests.support.images import directory, file, symlink

DROPPED = (
    Dropped("usr/share/man", "manual pages", "app", 0, Kind.DIRECTORY),
    Dropped("usr/share/man/app.1", "manual pages", "app", 3),
)
UNREACHED = (
    Dropped("usr/lib/more", "nothing is left in it", "app", 0, Kind.DIRECTORY),
    Dropped("usr/lib/more/x", "not reached", "libx", 70),
    Dropped("usr/lib/link", "links to what is left out", "", 0, Kind.SYMLINK),
)


def _tree() -> Tree:
    tree = Tree()
    for path in ("usr/bin", "usr/lib"):
        tree.make_directories(path)
    again = Entry(Kind.FILE, 0o755, content=inline(b"12345"), package="app", inode="1")
    entries = {
        "usr/bin/app": again,
        "usr/bin/app-again": again,
        "usr/bin/link": symlink("app", "app"),
        "usr/lib/empty": directory("base-files"),
        "usr/lib/made": file("", b"12"),
    }
    for path, entry in entries.items():
        tree.put(path, entry)
    return tree


def _slimmed(tree: Tree) -> Slimmed:
    reasons = {path: Reason("usr/bin/app", "is named") for path, _ in tree.walk() if path != "usr/lib/made"}
    return Slimmed(tree, reasons, UNREACHED)


def test_of_a_slim_image_files_have_their_reasons_and_directories_none() -> None:
    tree = _tree()
    kept = Kept("usr/bin/app", "is named")
    assert reasons_of(tree, DROPPED, _slimmed(tree)) == Reasons(
        slim=True,
        kept=dict.fromkeys(("usr/bin/app", "usr/bin/app-again", "usr/bin/link"), kept),
        left_out=(
            Left("usr/share/man/app.1", 3, "app", "manual pages", "closure"),
            Left("usr/lib/more/x", 70, "libx", "not reached", "slim"),
            Left("usr/lib/link", 0, "", "links to what is left out", "slim"),
        ),
    )


def test_of_another_image_only_what_is_left_out_has_one() -> None:
    assert reasons_of(_tree(), DROPPED, None) == Reasons(
        left_out=(Left("usr/share/man/app.1", 3, "app", "manual pages", "closure"),)
    )


def test_how_much_is_left() -> None:
    tree = _tree()
    assert slim_sizes(tree, _slimmed(tree)) == SlimSizes(packages=1, files=4, of_files=6, size=7, of_size=77)
