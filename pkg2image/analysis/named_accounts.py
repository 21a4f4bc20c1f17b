"""Which users and groups the files of an image name: units, tmpfiles.d, sysusers.d, D-Bus and well-known configuration.

Spec: systemd.exec(5), systemd.socket(5), tmpfiles.d(5), sysusers.d(5).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from pkg2image.rootfs.dropins import DROP_IN_DIRECTORIES, DropInError, read_lines, specifiers_of, split_line
from pkg2image.rootfs.globbing import matches
from pkg2image.rootfs.tmpfiles_line import parse_item
from pkg2image.rootfs.tree import Kind, ReadContent, Tree

USER, GROUP = "user", "group"

_UNITS = tuple(
    f"{directory}/systemd/system/{name}"
    for directory in ("etc", "usr/lib")
    for name in ("*.service", "*.socket", "*.service.d/*.conf", "*.socket.d/*.conf")
)
_SETTING = re.compile(
    r"^[ \t]*(User|Group|SupplementaryGroups|SocketUser|SocketGroup|DynamicUser)[ \t]*=(.*)$", re.MULTILINE
)
_TRUE = frozenset({"1", "yes", "true", "on"})
_LEGAL = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*\$?")
_LARGEST = 1 << 20  # bytes of a configuration file; more is data

# Files -> what in them names a user or a group, and which of the two.
_CONFIGURATION: tuple[tuple[str, str, str], ...] = (
    ("etc/apache2/envvars", r"^export APACHE_RUN_USER=(\S+)", USER),
    ("etc/apache2/envvars", r"^export APACHE_RUN_GROUP=(\S+)", GROUP),
    ("etc/haproxy/haproxy.cfg", r"^[ \t]+user[ \t]+(\S+)", USER),
    ("etc/haproxy/haproxy.cfg", r"^[ \t]+group[ \t]+(\S+)", GROUP),
    ("etc/memcached.conf", r"^-u[ \t]+(\S+)", USER),
    ("etc/mysql/mariadb.conf.d/*.cnf", r"^user[ \t]*=[ \t]*(\S+)", USER),
    ("etc/nginx/nginx.conf", r"^user[ \t]+([^\s;]+)", USER),
    ("etc/php/*/fpm/pool.d/*.conf", r"^(?:user|listen\.owner)[ \t]*=[ \t]*(\S+)", USER),
    ("etc/php/*/fpm/pool.d/*.conf", r"^(?:group|listen\.group)[ \t]*=[ \t]*(\S+)", GROUP),
    ("etc/dbus-1/system.d/*.conf", r"<policy\s+user=\"([^\"]+)\"", USER),
    ("etc/dbus-1/system.d/*.conf", r"<policy\s+group=\"([^\"]+)\"", GROUP),
    ("usr/share/dbus-1/system.d/*.conf", r"<policy\s+user=\"([^\"]+)\"", USER),
    ("usr/share/dbus-1/system.d/*.conf", r"<policy\s+group=\"([^\"]+)\"", GROUP),
    ("usr/share/dbus-1/system-services/*.service", r"^User=(\S+)", USER),
)


@dataclass(frozen=True, slots=True)
class NamedAccount:
    """A place that names a user or a group.

    Args:
        path: The file.
        kind: ``user`` or ``group``.
        name: Not a number.
        package: Who ships the file, empty when it is not known.
    """

    path: str
    kind: str
    name: str
    package: str = ""


def named_accounts(tree: Tree, *, read: ReadContent, architecture: str) -> Iterator[NamedAccount]:
    """Yield the users and groups that files name, each place once.

    Args:
        tree: The finished root filesystem.
        read: Reads files.
        architecture: Debian architecture.
    """
    for pattern in _UNITS:
        for path, package, text in _texts(tree, read, pattern):
            for kind, name in _of_unit(text):
                yield NamedAccount(path, kind, name, package)
    yield from _of_tmpfiles(tree, read, architecture)
    yield from _of_sysusers(tree, read, architecture)
    for pattern, expression, kind in _CONFIGURATION:
        for path, package, text in _texts(tree, read, pattern):
            for name in re.findall(expression, text, re.MULTILINE):
                if _LEGAL.fullmatch(name):
                    yield NamedAccount(path, kind, name, package)


def _texts(tree: Tree, read: ReadContent, pattern: str) -> Iterator[tuple[str, str, str]]:
    """Yield path, package and text of the files that a pattern matches; links are other names, or masks."""
    for path in matches(tree, pattern):
        entry = tree[path]
        if entry.kind is Kind.FILE and entry.content is not None and entry.size <= _LARGEST:
            yield path, entry.package, read(entry.content).decode("utf-8", "surrogateescape")


def _of_unit(text: str) -> Iterator[tuple[str, str]]:
    settings = [(name, value.strip()) for name, value in _SETTING.findall(text)]
    is_dynamic = any(name == "DynamicUser" and value.lower() in _TRUE for name, value in settings)
    for name, value in settings:
        kind = USER if name in {"User", "SocketUser"} else GROUP
        # Users that the service manager invents for the time of a service are in no file.
        if name == "DynamicUser" or (is_dynamic and name in {"User", "Group"}):
            continue
        for word in value.split() if name == "SupplementaryGroups" else (value,):
            if _LEGAL.fullmatch(word):
                yield kind, word


def _of_tmpfiles(tree: Tree, read: ReadContent, architecture: str) -> Iterator[NamedAccount]:
    specifiers = specifiers_of(tree, read, "tmpfiles.d", architecture)
    for line in read_lines(tree, read, "tmpfiles.d"):
        try:
            item = parse_item(line.text, line.origin, specifiers)
        except DropInError:
            continue
        if item is not None:
            for kind, name in ((USER, item.ownership.user), (GROUP, item.ownership.group)):
                if _LEGAL.fullmatch(name):
                    yield _in_drop_in(tree, line.origin, kind, name)


def _of_sysusers(tree: Tree, read: ReadContent, architecture: str) -> Iterator[NamedAccount]:
    specifiers = specifiers_of(tree, read, "sysusers.d", architecture)
    for line in read_lines(tree, read, "sysusers.d"):
        try:
            (letter, name, *_), _ = split_line(line.text, 6)
            name = specifiers.expand(name)
        except DropInError:
            continue
        if letter[:1] in {"u", "g"} and _LEGAL.fullmatch(name):
            yield _in_drop_in(tree, line.origin, USER if letter[0] == "u" else GROUP, name)


def _in_drop_in(tree: Tree, origin: str, kind: str, name: str) -> NamedAccount:
    """Return an account that a line names, with the file instead of what the line says of its origin."""
    path = origin.rpartition(":")[0]
    places = (tree.reach(f"{directory}/{path}") for directory in DROP_IN_DIRECTORIES)
    place = next((place for place in places if place is not None), path)
    entry = tree.get(place)
    return NamedAccount(place, kind, name, entry.package if entry else "")
