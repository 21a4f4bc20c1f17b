"""What every image gets whatever its packages declare: Essential packages are never implied, their files are needed.

The content comes from the suite's own base-files, base-passwd and libc-bin: directories with their modes, accounts,
os-release, the C.UTF-8 locale, licence texts. What the postinst scripts of these packages would make is made here as
they make it. Entries taken from a package say so; all others have the origin ``skeleton``.

When such a package is in the closure, it is unpacked over the skeleton and only adds to it.

Spec: ``postinst`` of base-files, base-passwd and libc-bin; FHS 3.0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fnmatch import fnmatchcase

from pkg2image.deb.facts import FetchedDeb
from pkg2image.errors import MalformedPackageError, RequestError
from pkg2image.rootfs.aliases import ALIASES, link_aliases, loader_alias
from pkg2image.rootfs.base import SKELETON_PACKAGES
from pkg2image.rootfs.provision import add_directory, add_file, add_symlink
from pkg2image.rootfs.tree import Content, ReadContent, Tree
from pkg2image.rootfs.unpack import stored_content, unpack
from pkg2image.rootfs.users import Accounts, accounts_from_masters, write_accounts

ORIGIN = "skeleton"

# Patterns of `fnmatch`: what is taken of each package (and the directories above it).
_TAKEN = {
    "base-files": (
        # Scanners and programs ask these what distribution they are on (lsb-release is Ubuntu's).
        "etc/debian_version",
        "etc/lsb-release",
        "etc/os-release",
        "usr/lib/os-release",
        "etc/host.conf",
        # Copyright files of all packages refer to these texts.
        "usr/share/common-licenses/*",
        "usr/share/doc/base-files/copyright",
    ),
    "base-passwd": ("usr/share/doc/base-passwd/copyright",),
    "libc-bin": (
        "usr/lib/locale/C.*",
        "etc/ld.so.conf",
        "etc/ld.so.conf.d/*",
        "usr/share/doc/libc-bin/copyright",
    ),
}

# Of base-files also the directories: a mount point or a place for logs is needed although nothing lies in it. Not those
# for things an image has no use of.
_DIRECTORIES_LEFT_OUT = ("boot", "etc/dpkg*", "etc/skel", "etc/update-motd.d", "usr/games", "usr/include", "usr/src")
_SHARE = "usr/share/*"

# What the postinst of base-files makes: path, mode, group.
_MADE_DIRECTORIES = (
    ("etc/opt", 0o755, "root"),
    ("media", 0o755, "root"),
    ("mnt", 0o755, "root"),
    ("opt", 0o755, "root"),
    ("run/lock", 0o1777, "root"),
    ("srv", 0o755, "root"),
    ("usr/local", 0o755, "root"),
    *((f"usr/local/{name}", 0o755, "root") for name in ("bin", "etc", "games", "include", "lib", "sbin", "src")),
    ("usr/local/share/man", 0o755, "root"),
    ("var/mail", 0o2775, "mail"),
    ("var/opt", 0o755, "root"),
)
# Not usr/local/man -> share/man: where base-files is in the closure its postinst makes that, and would follow one that
# is there already.
_MADE_LINKS = (
    ("var/lock", "/run/lock"),
    ("var/run", "/run"),
    ("var/spool/mail", "../mail"),
)

_PASSWD_MASTER = ("base-passwd", "usr/share/base-passwd/passwd.master")
_GROUP_MASTER = ("base-passwd", "usr/share/base-passwd/group.master")
_NSSWITCH = ("libc-bin", "usr/share/libc-bin/nsswitch.conf")


def skeleton(debs: Sequence[FetchedDeb], *, read: ReadContent, epoch: int) -> Tree:
    """Make the tree that packages are unpacked over.

    Args:
        debs: Contains the `SKELETON_PACKAGES` of the suite; others are ignored.
        read: Reads files of these packages.
        epoch: Modification time of what is made here, in seconds since the epoch.

    Raises:
        RequestError: When one of the packages is missing.
        MalformedPackageError: When one of them lacks a file that every Debian system is made from, or contradicts
            itself.
    """
    known = {deb.package.name: deb for deb in debs if deb.package.name in SKELETON_PACKAGES}
    parts = [_part(_required(known, name)) for name in SKELETON_PACKAGES]
    tree = Tree()
    architecture = parts[0].package.architecture  # base-files is built for every architecture
    link_aliases(tree, (*ALIASES, *loader_alias(architecture)), mtime=epoch)
    _make_links(tree, epoch)
    tree = unpack(tree, parts)
    for path, mode, group in _MADE_DIRECTORIES:
        add_directory(tree, path, mode=mode, group=group, origin=ORIGIN, mtime=epoch)
    write_accounts(tree, base_accounts(debs, read=read), mtime=epoch, origin=ORIGIN)
    add_file(tree, "etc/nsswitch.conf", _content(known, *_NSSWITCH), origin=ORIGIN, mtime=epoch)
    return tree


def base_accounts(debs: Sequence[FetchedDeb], *, read: ReadContent) -> Accounts:
    """Return the users and groups that every system of the distribution has.

    Args:
        debs: Contains base-passwd.
        read: Reads files of it.

    Raises:
        RequestError: When it is missing.
        MalformedPackageError: When it lacks its lists.
    """
    name = _PASSWD_MASTER[0]
    known = {name: _required({deb.package.name: deb for deb in debs}, name)}
    masters = (read(_content(known, *source)) for source in (_PASSWD_MASTER, _GROUP_MASTER))
    return accounts_from_masters(*(master.decode("utf-8", "surrogateescape") for master in masters))


def _make_links(tree: Tree, epoch: int) -> None:
    # Before base-files is unpacked, so that its directories var/run and var/lock are found to be there already: they
    # are links in the end, and a directory entry never replaces a link to a directory.
    for path, target in _MADE_LINKS:
        place = add_symlink(tree, path, target, origin=ORIGIN, mtime=epoch)
        tree.make_directories(place, origin=ORIGIN, mtime=epoch)


def _required(known: dict[str, FetchedDeb], name: str) -> FetchedDeb:
    if name not in known:
        raise RequestError(
            f"cannot make the skeleton of the image: {name} is not among the packages",
            hint="add the distribution's main repository to the sources",
        )
    return known[name]


def _part(deb: FetchedDeb) -> FetchedDeb:
    """Return a package as if it had only the files that every image gets, and the directories above them."""
    wanted = {entry.path for entry in deb.facts.entries if is_taken(deb.package.name, entry.path, entry.kind)}
    wanted |= {parent for path in wanted for parent in _parents(path)}
    entries = tuple(entry for entry in deb.facts.entries if entry.path in wanted)
    return replace(deb, facts=replace(deb.facts, entries=entries, elves=()))


def is_taken(package: str, path: str, kind: str) -> bool:
    """Say whether an entry of a package is in every image.

    Args:
        package: One of the `SKELETON_PACKAGES`; nothing is taken of others.
        path: The path.
        kind: What it is, as in `pkg2image.deb.facts.DebEntry`.
    """
    if package == "base-files" and kind == "directory":
        return not fnmatchcase(path, _SHARE) and not any(fnmatchcase(path, left) for left in _DIRECTORIES_LEFT_OUT)
    # trixie's base-files ships the links of merged /usr itself.
    is_alias = kind == "symlink" and "/" not in path
    return (is_alias and package in _TAKEN) or any(fnmatchcase(path, pattern) for pattern in _TAKEN.get(package, ()))


def _parents(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:depth]) for depth in range(1, len(parts))]


def _content(known: dict[str, FetchedDeb], package: str, path: str) -> Content:
    facts = known[package].facts
    for member in facts.entries:
        if member.path == path and member.kind == "file":
            return stored_content(facts, member)
    raise MalformedPackageError(
        f"cannot make the skeleton of the image: {known[package].package} has no file /{path}",
        hint="use a suite whose base packages are complete",
    )
