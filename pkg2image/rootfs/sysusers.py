"""Users and groups that packages declare in sysusers.d.

Numbers are given as systemd-sysusers gives them: downward from 999, user and group of one name alike, and never one
that anybody else has. So one set of packages always gives the same numbers.

Spec: sysusers.d(5).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from pkg2image.idmap import IdMap
from pkg2image.rootfs.dropins import DropInError, Specifiers, read_lines, specifiers_of, split_line
from pkg2image.rootfs.passwd import Group, ShadowGroup, ShadowUser, User
from pkg2image.rootfs.tree import ReadContent, Tree
from pkg2image.rootfs.users import Accounts, read_accounts, write_accounts

ORIGIN = "sysusers.d"

_SYSTEM = ((1, 999),)  # SYSTEM_ALLOC_UID_MIN to SYSTEM_UID_MAX of Debian's systemd
_RESERVED = frozenset({65535, 2**32 - 1})
_NAME = re.compile("[A-Za-z_][A-Za-z0-9_-]{0,30}")
_LOCKED = "!*"
_AGELESS = ("",) * 7
_EXPIRED = ("", "", "", "", "", "1", "")  # since the second day of the epoch
_NOLOGIN = "/usr/sbin/nologin"


@dataclass(frozen=True, slots=True)
class _Wish:
    """A line of type ``u`` or ``g``, with what it says of numbers."""

    name: str
    number: int | None = None  # that the user wants
    own_group: int | None = None  # that the group of the same name wants
    group: str = ""  # after the colon: number or name of another primary group
    gecos: str = ""
    home: str = "/"
    shell: str = ""
    origin: str = ""
    expired: bool = False


@dataclass(slots=True)
class _Wishes:
    """All lines; of several for one name the first counts."""

    users: dict[str, _Wish] = field(default_factory=dict)
    groups: dict[str, _Wish] = field(default_factory=dict)
    members: dict[str, dict[str, str]] = field(default_factory=dict)  # group -> user -> origin
    ranges: list[tuple[int, int]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def apply_sysusers(
    tree: Tree, *, read: ReadContent, architecture: str, mtime: int, only: Sequence[str] = (), ids: IdMap | None = None
) -> tuple[Tree, tuple[str, ...]]:
    """Add the users and groups that sysusers.d declares; those that are there already stay as they are.

    Args:
        tree: Not changed.
        read: Reads files.
        architecture: Debian architecture.
        mtime: Modification time of the account files when they change, in seconds since the epoch.
        only: Names of files in sysusers.d; by default all.
        ids: Numbers that win over those that are declared.

    Returns:
        The tree, the same one when there was nothing to do; and a note for each line that could not be followed.

    Raises:
        MalformedPackageError: When the account files cannot be read.
    """
    wishes = _Wishes()
    specifiers = specifiers_of(tree, read, "sysusers.d", architecture)
    for line in read_lines(tree, read, "sysusers.d", only):
        try:
            _take(wishes, line.text, line.origin, specifiers, tree)
        except DropInError as error:
            wishes.notes.append(f"{line.origin}: left out: {error}")
    before = read_accounts(tree, read, ids)
    after = _granted(before, wishes)
    if after == before:
        return tree, tuple(wishes.notes)
    result = tree.copy()
    write_accounts(result, after, mtime=mtime, origin=ORIGIN)
    return result, tuple(wishes.notes)


def _take(wishes: _Wishes, text: str, origin: str, specifiers: Specifiers, tree: Tree) -> None:
    """Add what a line says to the wishes."""
    words, rest = split_line(text, 6)
    if rest:
        raise DropInError("it has more than six fields")
    kind, *fields = words
    name, number, gecos, home, shell = ("" if word in {"-", ""} else specifiers.expand(word) for word in fields)
    match kind:
        case "u" | "u!":
            own, _, group = number.partition(":")
            numbers = _numbers(own, tree)
            wish = _Wish(_legal(name), *numbers, group, gecos, home or "/", shell, origin, expired=kind == "u!")
            _first(wishes, wishes.users, wish)
        case "g":
            _first(wishes, wishes.groups, _Wish(_legal(name), *_numbers(number, tree), origin=origin))
        case "m":
            group, member = _legal(number), _legal(name)
            wishes.members.setdefault(group, {}).setdefault(member, origin)
        case "r":
            first, _, last = number.partition("-")
            wishes.ranges.append((_decimal(first), _decimal(last or first)))
        case _:
            raise DropInError(f"unknown type {kind!r}")


def _first(wishes: _Wishes, known: dict[str, _Wish], wish: _Wish) -> None:
    old = known.setdefault(wish.name, wish)
    if replace(old, origin="") != replace(wish, origin=""):
        wishes.notes.append(f"{wish.origin}: left out: {old.origin} declares {wish.name} otherwise")


def _legal(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise DropInError(f"{name!r} is not a legal name")
    return name


def _decimal(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 10) or int(text) in _RESERVED or int(text) >= 2**32:
        raise DropInError(f"{text!r} is not the number of a user or group")
    return int(text)


def _numbers(text: str, tree: Tree) -> tuple[int | None, int | None]:
    """Return the numbers that a field wants for a user and a group: given, or those of a file; None for any."""
    if text.startswith("/"):
        # Owners that have a name have their number already. Only a file of a number without a name says something.
        entry = tree.lookup(text)
        user, group = (entry.user, entry.group) if entry else ("", "")
        return _digits(user), _digits(group)
    number = _decimal(text) if text not in {"", "-"} else None
    return number, number


def _digits(owner: str) -> int | None:
    return int(owner) if owner.isascii() and owner.isdigit() else None


def _granted(accounts: Accounts, wishes: _Wishes) -> Accounts:
    """Return the accounts with all wishes granted that can be."""
    users, groups = dict(wishes.users), dict(wishes.groups)
    for group, members in wishes.members.items():
        groups.setdefault(group, _Wish(group, origin=next(iter(members.values()))))
        users |= {name: _Wish(name, origin=origin) for name, origin in members.items() if name not in users}
    registry = _Registry(accounts, wishes.ranges or _SYSTEM)
    for add, wanted in ((registry.add_wanted_group, groups), (registry.add_user, users)):
        for wish in wanted.values():
            try:
                add(wish)
            except DropInError as error:
                wishes.notes.append(f"{wish.origin}: left out: {error}")
    return _with_members(registry.accounts, wishes.members)


class _Registry:
    """Gives out numbers as accounts are added."""

    __slots__ = ("_free", "_gids", "_groups", "_uids", "_users", "accounts")

    def __init__(self, accounts: Accounts, ranges: Iterable[tuple[int, int]]) -> None:
        self.accounts = accounts
        self._users = {user.name: user.uid for user in reversed(accounts.users)}
        self._groups = {group.name: group.gid for group in reversed(accounts.groups)}
        # A number that is kept for somebody counts as that one's.
        kept_uids = {uid: name for name, uid in accounts.given.users.items()}
        kept_gids = {gid: name for name, gid in accounts.given.groups.items()}
        self._uids = kept_uids | {user.uid: user.name for user in reversed(accounts.users)}
        self._gids = kept_gids | {group.gid: group.name for group in reversed(accounts.groups)}
        self._free = _downward(ranges)

    def add_wanted_group(self, wish: _Wish) -> None:
        """Add the group that a line declares."""
        self.add_group(wish.name, wish.own_group)

    def add_group(self, name: str, wanted: int | None = None) -> int:
        """Add a group unless there is one; a wanted number that is taken is not insisted on."""
        if name in self._groups:
            return self._groups[name]
        number = self.accounts.wanted_gid(name)
        if number is None and wanted is not None and self._is_free_gid(wanted, name):
            number = wanted
        if number is None:
            number = self._next(name, is_user=False)
        self._groups[name], self._gids[number] = number, name
        self.accounts = replace(
            self.accounts,
            groups=(*self.accounts.groups, Group(name, number)),
            gshadow=(*self.accounts.gshadow, ShadowGroup(name, _LOCKED)),
        )
        return number

    def add_user(self, wish: _Wish) -> None:
        """Add a user unless there is one, and the group of the user's name in any case."""
        gid = self._primary_group(wish)
        if wish.name in self._users:
            return
        has_own_group = not wish.group
        number = self.accounts.wanted_uid(wish.name)
        if number is None:
            number = next(self._candidates(wish, gid, has_own_group=has_own_group), None)
        if number is None:
            number = self._next(wish.name, is_user=True)
        self._users[wish.name], self._uids[number] = number, wish.name
        shell = wish.shell or ("/bin/sh" if number == 0 else _NOLOGIN)
        self.accounts = replace(
            self.accounts,
            users=(*self.accounts.users, User(wish.name, number, gid, wish.gecos, wish.home, shell)),
            shadow=(*self.accounts.shadow, ShadowUser(wish.name, _LOCKED, _EXPIRED if wish.expired else _AGELESS)),
        )

    def _primary_group(self, wish: _Wish) -> int:
        if not wish.group:
            return self.add_group(wish.name, wish.own_group)
        if not wish.group.isdigit():
            if wish.group not in self._groups:
                raise DropInError(f"there is no group {wish.group}")
            return self._groups[wish.group]
        if _decimal(wish.group) not in self._gids:
            raise DropInError(f"there is no group with the number {wish.group}")
        return int(wish.group)

    def _candidates(self, wish: _Wish, gid: int, *, has_own_group: bool) -> Iterator[int]:
        """Yield the numbers that suit a user: the wanted one, else that of the group."""
        if wish.number is not None and self._is_free_uid(wish.number, wish.name, beside_groups=has_own_group):
            yield wish.number
        if self._is_free_uid(gid, wish.name, beside_groups=True):
            yield gid

    def _next(self, name: str, *, is_user: bool) -> int:
        for number in self._free:
            if self._is_free_uid(number, name, beside_groups=True) if is_user else self._is_free_gid(number, name):
                return number
        raise DropInError(f"there is no number left for {name}")

    def _is_free_uid(self, number: int, name: str, *, beside_groups: bool) -> bool:
        return number not in self._uids and (not beside_groups or self._gids.get(number, name) == name)

    def _is_free_gid(self, number: int, name: str) -> bool:
        return number not in self._gids and self._uids.get(number, name) == name


def _downward(ranges: Iterable[tuple[int, int]]) -> Iterator[int]:
    """Yield all numbers of ranges from the highest to the lowest."""
    last = 2**32
    for low, high in sorted(ranges, key=lambda pair: (pair[1], pair[0]), reverse=True):
        yield from range(min(high, last - 1), low - 1, -1)
        last = min(last, low)


def _with_members(accounts: Accounts, members: Mapping[str, Iterable[str]]) -> Accounts:
    known = {user.name for user in accounts.users}

    def merged(name: str, old: tuple[str, ...]) -> tuple[str, ...]:
        new = known.intersection(members.get(name, ()))
        return old if new <= set(old) else tuple(sorted({*old, *new}))

    return replace(
        accounts,
        groups=tuple(replace(group, members=merged(group.name, group.members)) for group in accounts.groups),
        gshadow=tuple(replace(line, members=merged(line.name, line.members)) for line in accounts.gshadow),
    )
