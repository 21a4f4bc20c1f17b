"""The lines of passwd, group, shadow and gshadow.

Spec: passwd(5), group(5), shadow(5), gshadow(5).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pkg2image.errors import MalformedPackageError

_HIGHEST = 2**32 - 2  # 2**32 - 1 means "nobody at all" to chown(2)


@dataclass(frozen=True, slots=True)
class User:
    """One line of ``/etc/passwd``.

    Args:
        name: Login name.
        uid: Number.
        gid: Number of the primary group.
        gecos: Full name and more.
        home: Absolute path.
        shell: Absolute path.
        password: ``x`` when it is in ``/etc/shadow``.
    """

    name: str
    uid: int
    gid: int
    gecos: str = ""
    home: str = "/nonexistent"
    shell: str = "/usr/sbin/nologin"
    password: str = "x"  # noqa: S105


@dataclass(frozen=True, slots=True)
class Group:
    """One line of ``/etc/group``.

    Args:
        name: Group name.
        gid: Number.
        members: Names of users whose primary group is another.
        password: ``x`` when it is in ``/etc/gshadow``.
    """

    name: str
    gid: int
    members: tuple[str, ...] = ()
    password: str = "x"  # noqa: S105


@dataclass(frozen=True, slots=True)
class ShadowUser:
    """One line of ``/etc/shadow``.

    Args:
        name: Login name.
        password: ``*`` or ``!`` for none that could ever fit.
        ageing: The other seven fields. By default all empty: passwords do not age, and no date gets into the image.
    """

    name: str
    password: str
    ageing: tuple[str, ...] = ("",) * 7


@dataclass(frozen=True, slots=True)
class ShadowGroup:
    """One line of ``/etc/gshadow``.

    Args:
        name: Group name.
        password: ``*`` or ``!`` for none that could ever fit.
        administrators: Names of users.
        members: As in ``/etc/group``.
    """

    name: str
    password: str
    administrators: tuple[str, ...] = ()
    members: tuple[str, ...] = ()


def parse_passwd(text: str) -> tuple[User, ...]:
    """Parse ``/etc/passwd`` or base-passwd's master of it.

    Raises:
        MalformedPackageError: When a line is not one.
    """
    return tuple(
        User(name, _number(uid, "passwd"), _number(gid, "passwd"), gecos, home, shell, password)
        for name, password, uid, gid, gecos, home, shell in _records(text, 7, "passwd")
    )


def render_passwd(users: Iterable[User]) -> str:
    """Return the text of ``/etc/passwd``."""
    return _lines((u.name, u.password, str(u.uid), str(u.gid), u.gecos, u.home, u.shell) for u in users)


def parse_group(text: str) -> tuple[Group, ...]:
    """Parse ``/etc/group`` or base-passwd's master of it.

    Raises:
        MalformedPackageError: When a line is not one.
    """
    return tuple(
        Group(name, _number(gid, "group"), _names(members), password)
        for name, password, gid, members in _records(text, 4, "group")
    )


def render_group(groups: Iterable[Group]) -> str:
    """Return the text of ``/etc/group``."""
    return _lines((g.name, g.password, str(g.gid), ",".join(g.members)) for g in groups)


def parse_shadow(text: str) -> tuple[ShadowUser, ...]:
    """Parse ``/etc/shadow``.

    Raises:
        MalformedPackageError: When a line is not one.
    """
    return tuple(ShadowUser(name, password, tuple(rest)) for name, password, *rest in _records(text, 9, "shadow"))


def render_shadow(users: Iterable[ShadowUser]) -> str:
    """Return the text of ``/etc/shadow``."""
    return _lines((u.name, u.password, *u.ageing) for u in users)


def parse_gshadow(text: str) -> tuple[ShadowGroup, ...]:
    """Parse ``/etc/gshadow``.

    Raises:
        MalformedPackageError: When a line is not one.
    """
    return tuple(
        ShadowGroup(name, password, _names(administrators), _names(members))
        for name, password, administrators, members in _records(text, 4, "gshadow")
    )


def render_gshadow(groups: Iterable[ShadowGroup]) -> str:
    """Return the text of ``/etc/gshadow``."""
    return _lines((g.name, g.password, ",".join(g.administrators), ",".join(g.members)) for g in groups)


def _records(text: str, width: int, what: str) -> Iterable[list[str]]:
    for line in filter(None, text.split("\n")):
        fields = line.split(":")
        if len(fields) != width or not fields[0]:
            raise MalformedPackageError(f"cannot read the {what} file: {line[:120]!r} has not {width} fields")
        yield fields


def _number(text: str, what: str) -> int:
    if not (text.isascii() and text.isdigit()) or int(text[:11]) > _HIGHEST:
        raise MalformedPackageError(f"cannot read the {what} file: {text[:40]!r} is not the number of a user or group")
    return int(text)


def _names(text: str) -> tuple[str, ...]:
    return tuple(name for name in text.split(",") if name)


def _lines(records: Iterable[tuple[str, ...]]) -> str:
    return "".join(":".join(fields) + "\n" for fields in records)
