"""What is made of a tree in the end, and what is said about the rest."""

from __future__ import annotations

import pytest

from pkg2image.rootfs.ldconfig import CACHE
from pkg2image.rootfs.tree import Tree
from pkg2image.rootfs.triggers import left_out, run_triggers
from tests.support.debs import FileSpec, reg
from tests.support.libraries import library_tree, read_inline


def _run(*entries: FileSpec) -> tuple[Tree, Tree, tuple[str, ...]]:
    tree, elves = library_tree("amd64", *entries)
    made, notes = run_triggers(tree, elves=elves, read=read_inline, epoch=5, architecture="amd64")
    return tree, made, (*notes, *left_out(made))


def test_the_cache_is_made_and_nothing_is_left_out() -> None:
    before, made, notes = _run()
    assert CACHE in made
    assert CACHE not in before
    assert made[CACHE].mtime == 5
    assert notes == ()


LEFT_OUT = {
    "usr/share/mime/packages/freedesktop.org.xml": "the database of MIME types",
    "usr/share/applications/org.gnome.gedit.desktop": "the cache of desktop files",
    "usr/share/icons/hicolor/index.theme": "the caches of icon themes",
    "usr/share/fonts/truetype/DejaVuSans.ttf": "the caches of fonts",
    "usr/share/info/sed.info.gz": "the directory of info documents",
    "usr/lib/x86_64-linux-gnu/gio/modules/libgiognutls.so": "the cache of GIO modules",
    "usr/lib/x86_64-linux-gnu/gtk-3.0/3.0.0/immodules/im-xim.so": "the list of input methods of GTK",
    "usr/lib/x86_64-linux-gnu/gdk-pixbuf-2.0/2.10.0/loaders/libpixbufloader-svg.so": "the list of image loaders",
}


@pytest.mark.parametrize(("path", "what"), LEFT_OUT.items(), ids=LEFT_OUT.values())
def test_what_is_left_out_is_said(path: str, what: str) -> None:
    _, _, notes = _run(reg(path), reg("usr/share/icons/none/other"))
    (note,) = notes
    assert note.startswith(f"left out {what}: ")


@pytest.mark.parametrize(
    ("module", "made"),
    [
        ("gio/modules/libgiognutls.so", "gio/modules/giomodule.cache"),
        ("gtk-3.0/3.0.0/immodules/im-xim.so", "gtk-3.0/3.0.0/immodules.cache"),
        ("gdk-pixbuf-2.0/2.10.0/loaders/libpixbufloader-svg.so", "gdk-pixbuf-2.0/2.10.0/loaders.cache"),
    ],
)
def test_what_scripts_made_is_not_left_out(module: str, made: str) -> None:
    library = "usr/lib/x86_64-linux-gnu"
    assert _run(reg(f"{library}/{module}"), reg(f"{library}/{made}"))[2] == ()


def test_everything_that_is_left_out_is_said() -> None:
    _, _, notes = _run(*map(reg, LEFT_OUT), reg("usr/share/fonts/X11/misc/6x13-ISO8859-1.pcf.gz"))
    assert sorted(note.partition(":")[0] for note in notes) == sorted(
        f"left out {what}" for what in (*LEFT_OUT.values(), "the indexes of fonts of X11")
    )
