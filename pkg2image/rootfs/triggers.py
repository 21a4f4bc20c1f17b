"""What dpkg's triggers make after all packages are configured, made from the tree alone.

Nothing of the image is run, so everything comes out alike on every host and for every architecture. Caches that only
save a program time, and that cannot be made without running it, are left out; the notes say which.

Spec: deb-triggers(5), and the trigger sections of the scripts of libc-bin, ca-certificates,
ca-certificates-java and libglib2.0-0.
"""

from __future__ import annotations

from collections.abc import Mapping

from pkg2image.deb.facts import ElfFacts
from pkg2image.rootfs.certificates import install_certificates
from pkg2image.rootfs.globbing import matches
from pkg2image.rootfs.javatrust import install_java_trust
from pkg2image.rootfs.ldconfig import install_cache
from pkg2image.rootfs.schemas import install_schemas
from pkg2image.rootfs.tree import ReadContent, Tree

# A pattern of what interests a trigger -> what is left out, and what that means.
_LEFT_OUT: Mapping[str, str] = {
    "usr/share/mime/packages/*.xml": "the database of MIME types: programs do not recognise files by content",
    "usr/share/applications/*.desktop": "the cache of desktop files: programs are not found by MIME type",
    "usr/share/icons/*/index.theme": "the caches of icon themes: icons are found slowly",
    "usr/share/fonts/*": "the caches of fonts: they are made when a program first asks for a font",
    "usr/share/info/*.info*": "the directory of info documents: documents are found by name only",
    "usr/lib/*/gio/modules/*.so": "the cache of GIO modules: all modules are loaded to find out what they do",
    "usr/lib/*/gtk-*/*/immodules/*.so": "the list of input methods of GTK: programs have the plain keyboard only",
    "usr/share/fonts/X11/*/*": "the indexes of fonts of X11: an X server does not find them, other programs do",
    "usr/lib/*/gdk-pixbuf-2.0/*/loaders/*.so": "the list of image loaders: only formats built into gdk-pixbuf load",
}
# Of these, what scripts make when they know all modules.
_LISTS: Mapping[str, str] = {
    "usr/lib/*/gio/modules/*.so": "usr/lib/*/gio/modules/giomodule.cache",
    "usr/lib/*/gtk-*/*/immodules/*.so": "usr/lib/*/gtk-*/*/immodules.cache",
    "usr/lib/*/gdk-pixbuf-2.0/*/loaders/*.so": "usr/lib/*/gdk-pixbuf-2.0/*/loaders.cache",
}


def run_triggers(
    tree: Tree, *, elves: Mapping[str, ElfFacts], read: ReadContent, epoch: int, architecture: str
) -> tuple[Tree, tuple[str, ...]]:
    """Make what triggers make: the cache of the dynamic loader with its links, trust stores, compiled schemas.

    Args:
        tree: Not changed.
        elves: What is known of ELF files, by the SHA-256 of their content in hex (`ldconfig.known_elves`).
        read: Reads files.
        epoch: Modification time of what is made, in seconds since the epoch.
        architecture: Debian architecture of the target.

    Returns:
        The tree, and notes about what is wrong with their sources.

    Raises:
        MalformedPackageError: When a certificate file holds no certificate.
    """
    result = install_cache(tree, elves=elves, read=read, architecture=architecture, mtime=epoch)
    result = install_certificates(result, read=read, mtime=epoch)
    result = install_java_trust(result, read=read, mtime=epoch)
    return install_schemas(result, read=read, mtime=epoch)


def left_out(tree: Tree) -> tuple[str, ...]:
    """Return a note for each cache that is not made although something in the finished tree asks for it."""
    return tuple(
        f"left out {what}"
        for pattern, what in _LEFT_OUT.items()
        if matches(tree, pattern) and not (pattern in _LISTS and matches(tree, _LISTS[pattern]))
    )
