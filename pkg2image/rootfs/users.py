"""Users and groups of the image: the four files in /etc and what may be added to them.

Owners in a tree are names; `identities` gives them their numbers when layers are written. Who gets which number:

1. The accounts of base-passwd have the numbers that they have in every Debian system.
2. An account that the user's map names (`IdMap`) gets the number of the map, whatever asks for the account; nobody else
   gets that number. A group that the map does not name gets the number of the user of its name, when that is free.
3. Every other account gets the number that whatever makes it asks for, or the first free one as Debian's adduser takes
   it, from 100 upwards, in the order in which accounts are made: scripts in the order of the plan, then sysusers.d,
   then the recipe. (useradd and sysusers.d go downwards from 999, as the real ones do.)

So one request always gives the same numbers; docs/identities.md says more about each step.

Spec: adduser.conf(5); Debian Policy 9.2.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace

from pkg2image.errors import RequestError
from pkg2image.idmap import IdMap
from pkg2image.rootfs.passwd import (
    Group,
    ShadowGroup,
    ShadowUser,
    User,
    parse_group,
    parse_gshadow,
    parse_passwd,
    parse_shadow,
    render_group,
    render_gshadow,
    render_passwd,
    render_shadow,
)
from pkg2image.rootfs.provision import add_file
from pkg2image.rootfs.tree import Identities, ReadContent, Tree

SYSTEM_NUMBERS = range(100, 1000)
"""FIRST_SYSTEM_UID to LAST_SYSTEM_UID of adduser.conf."""

FILES = ("etc/passwd", "etc/group", "etc/shadow", "etc/gshadow")
"""Where the accounts are kept."""

SECRET_FILES = frozenset(FILES[2:])
"""Those that only root and the group shadow may read."""

_LOCKED = "!"
_NO_PASSWORD = "*"  # noqa: S105 - the mark that no password fits


@dataclass(frozen=True, slots=True)
class Accounts:
    """All users and groups of an image, in the order of their files.

    Args:
        users: ``/etc/passwd``.
        groups: ``/etc/group``.
        shadow: ``/etc/shadow``; a line for every user.
        gshadow: ``/etc/gshadow``; a line for every group.
        given: Numbers that accounts get when they are added.
    """

    users: tuple[User, ...] = ()
    groups: tuple[Group, ...] = ()
    shadow: tuple[ShadowUser, ...] = ()
    gshadow: tuple[ShadowGroup, ...] = ()
    given: IdMap = field(default_factory=IdMap)

    @property
    def identities(self) -> Identities:
        """Names and numbers; of two lines with one name the first counts, as in the C library."""
        users = {user.name: user.uid for user in reversed(self.users)}
        groups = {group.name: group.gid for group in reversed(self.groups)}
        return Identities(users, groups)

    def user(self, name: str) -> User | None:
        """Return the user of a name, or None."""
        return next((user for user in self.users if user.name == name), None)

    def group(self, name: str) -> Group | None:
        """Return the group of a name, or None."""
        return next((group for group in self.groups if group.name == name), None)

    def taken_uids(self, name: str) -> frozenset[int]:
        """Return the numbers that a new user of a name cannot have: in use, or kept for others."""
        kept = {uid for other, uid in self.given.users.items() if other != name}
        return frozenset(kept | {user.uid for user in self.users})

    def taken_gids(self, name: str) -> frozenset[int]:
        """Return the numbers that a new group of a name cannot have: in use, or kept for others."""
        kept = {gid for other, gid in self.given.groups.items() if other != name}
        return frozenset(kept | {group.gid for group in self.groups})

    def wanted_uid(self, name: str, otherwise: int | None = None) -> int | None:
        """Return the number that a new user is to get: of the map, else what whoever makes the user asks for."""
        return self.given.users.get(name, otherwise)

    def wanted_gid(self, name: str, otherwise: int | None = None) -> int | None:
        """Return the number that a new group is to get: of the map, else what whoever makes the group asks for."""
        if name in self.given.groups:
            return self.given.groups[name]
        alike = self.given.users.get(name)
        return otherwise if alike is None or alike in self.taken_gids(name) else alike

    def with_group(self, name: str, gid: int | None = None, *, members: tuple[str, ...] = ()) -> Accounts:
        """Return the accounts with a group; one of this name that is there already only gains the members.

        Args:
            name: Group name.
            gid: Number, unless the map has another; by default the first free one from 100 upwards.
            members: Names of users.

        Raises:
            RequestError: When the name is not one or the number is taken by another group.
        """
        old = self.group(name)
        if old is not None:
            _insist(gid in {None, old.gid}, f"cannot add the group {name}: it has the number {old.gid} already")
            return self._with_members(old, members)
        _check_name(name, "group")
        taken, wanted = self.taken_gids(name), self.wanted_gid(name, gid)
        number = first_free(taken, what=f"add the group {name}") if wanted is None else wanted
        _insist(number not in taken, f"cannot add the group {name}: the number {number} is taken")
        return replace(
            self,
            groups=(*self.groups, Group(name, number, members)),
            gshadow=(*self.gshadow, ShadowGroup(name, _LOCKED, (), members)),
        )

    def _with_members(self, old: Group, members: tuple[str, ...]) -> Accounts:
        new = tuple(dict.fromkeys((*old.members, *members)))
        return replace(
            self,
            groups=tuple(replace(group, members=new) if group.name == old.name else group for group in self.groups),
            gshadow=tuple(replace(line, members=new) if line.name == old.name else line for line in self.gshadow),
        )

    def with_user(
        self,
        name: str,
        uid: int | None = None,
        *,
        group: str = "",
        groups: tuple[str, ...] = (),
        gecos: str = "",
        home: str = "/nonexistent",
        shell: str = "/usr/sbin/nologin",
    ) -> Accounts:
        """Return the accounts with a system user; one of this name that is there already stays, as with adduser.

        Args:
            name: Login name.
            uid: Number, unless the map has another; by default the first free one from 100 upwards.
            group: Primary group, made when there is none; by default one of the user's name.
            groups: Further groups, made when there are none.
            gecos: Full name and more.
            home: Absolute path; not made here.
            shell: Absolute path.

        Raises:
            RequestError: When a name is not one, a field cannot be written, or the number is taken by another user.
        """
        accounts = self.with_group(group or name) if self.user(name) is None else self
        for further in groups:
            accounts = accounts.with_group(further, members=(name,))
        old = accounts.user(name)
        if old is not None:
            _insist(uid in {None, old.uid}, f"cannot add the user {name}: it has the number {old.uid} already")
            return accounts
        _check_name(name, "user")
        for text in (gecos, home, shell):
            _insist(not set(text) & set(":\n\0"), f"cannot add the user {name}: {text!r} has a colon or line break")
        taken, wanted = accounts.taken_uids(name), accounts.wanted_uid(name, uid)
        number = first_free(taken, what=f"add the user {name}") if wanted is None else wanted
        _insist(number not in taken, f"cannot add the user {name}: the number {number} is taken")
        primary = accounts.identities.groups[group or name]
        return replace(
            accounts,
            users=(*accounts.users, User(name, number, primary, gecos, home, shell)),
            shadow=(*accounts.shadow, ShadowUser(name, _LOCKED)),
        )


def accounts_from_masters(passwd: str, group: str) -> Accounts:
    """Make the accounts of a new system from base-passwd's masters.

    ``*`` in the masters moves to the shadow files, as ``shadowconfig on`` moves it when passwd is configured.

    Raises:
        MalformedPackageError: When a master cannot be read.
    """
    users, groups = parse_passwd(passwd), parse_group(group)
    return Accounts(
        tuple(replace(user, password="x") for user in users),  # noqa: S106
        tuple(replace(group, password="x") for group in groups),  # noqa: S106
        tuple(ShadowUser(user.name, _NO_PASSWORD) for user in users),
        tuple(ShadowGroup(group.name, _NO_PASSWORD, (), group.members) for group in groups),
    )


def accounts_of(text_of: Callable[[str], str], given: IdMap | None = None) -> Accounts:
    """Return the accounts that four texts hold.

    Args:
        text_of: Returns the text of a file of `FILES`, empty when there is none.
        given: Numbers that accounts get when they are added.

    Raises:
        MalformedPackageError: When one is not such a file.
    """
    passwd, group, shadow, gshadow = map(text_of, FILES)
    return Accounts(
        parse_passwd(passwd), parse_group(group), parse_shadow(shadow), parse_gshadow(gshadow), given or IdMap()
    )


def texts_of(accounts: Accounts) -> Mapping[str, str]:
    """Return the text of each of `FILES`."""
    texts = (
        render_passwd(accounts.users),
        render_group(accounts.groups),
        render_shadow(accounts.shadow),
        render_gshadow(accounts.gshadow),
    )
    return dict(zip(FILES, texts, strict=True))


def read_accounts(tree: Tree, read: ReadContent, given: IdMap | None = None) -> Accounts:
    """Return the accounts of a tree; a missing file has no lines.

    Args:
        tree: Where the files are.
        read: Reads them.
        given: Numbers that accounts get when they are added.

    Raises:
        MalformedPackageError: When a file cannot be read.
    """
    return accounts_of(lambda path: _text(tree, read, path), given)


def write_accounts(tree: Tree, accounts: Accounts, *, mtime: int, origin: str = "skeleton") -> None:
    """Write the four files into a tree, which is changed in place.

    Args:
        tree: Changed in place.
        accounts: What is in the files.
        mtime: Seconds since the epoch.
        origin: `Entry.origin` of the files.

    Raises:
        RequestError: When ``etc`` is no directory.
    """
    shadow = "shadow" if accounts.group("shadow") else "root"
    for path, text in texts_of(accounts).items():
        data = text.encode("utf-8", "surrogateescape")
        mode, group = (0o640, shadow) if path in SECRET_FILES else (0o644, "root")
        add_file(tree, path, data, origin=origin, mtime=mtime, mode=mode, group=group)


def identities(tree: Tree, read: ReadContent) -> Identities:
    """Return the numbers of the users and groups of a tree.

    Raises:
        MalformedPackageError: When ``etc/passwd`` or ``etc/group`` cannot be read.
    """
    return read_accounts(tree, read).identities


def _text(tree: Tree, read: ReadContent, path: str) -> str:
    entry = tree.lookup(path)
    return read(entry.content).decode("utf-8", "surrogateescape") if entry and entry.content else ""


def first_free(taken: Collection[int], numbers: range = SYSTEM_NUMBERS, *, what: str) -> int:
    """Return the first number that is free, in the order of a range.

    Args:
        taken: Numbers that are not.
        numbers: Where to look.
        what: What cannot be done without one, for the error.

    Raises:
        RequestError: When there is none.
    """
    number = next((number for number in numbers if number not in taken), None)
    if number is None:
        low, high = sorted((numbers.start, numbers.stop - numbers.step))
        raise RequestError(f"cannot {what}: all numbers from {low} to {high} are taken")
    return number


def check_possible(given: IdMap, base: Accounts) -> None:
    """Make sure that a map leaves the accounts alone that every system of the distribution has.

    Args:
        given: The map.
        base: The accounts of base-passwd.

    Raises:
        RequestError: When it gives one of them another number, or one of their numbers to somebody else.
    """
    for kind, wishes, fixed in _kinds(given, base):
        names = {number: name for name, number in fixed.items()}
        for name, number in wishes.items():
            wish = f"cannot give the {kind} {name} the number {number}"
            hint = f"take it out of the map: numbers of {kind}s that base-passwd makes are the same everywhere"
            _insist(fixed.get(name, number) == number, f"{wish}: it is {fixed.get(name)} in every such system", hint)
            owner = names.get(number, name)
            hint = "take a number that base-passwd gives nobody, such as one from 100 to 999"
            _insist(owner == name, f"{wish}: {owner} has it in every such system", hint)


def check_granted(given: IdMap, accounts: Accounts) -> None:
    """Make sure that whatever a map names is there in the end, with its number.

    Args:
        given: The map.
        accounts: Those of the finished image.

    Raises:
        RequestError: When an account is missing or has another number.
    """
    for kind, wishes, numbers in _kinds(given, accounts):
        for name, number in wishes.items():
            wish = f"cannot give the {kind} {name} the number {number}"
            hint = f"the {kind}s of the image are: {', '.join(sorted(numbers))}"
            _insist(name in numbers, f"{wish}: the image has no such {kind}", hint)
            hint = "take it out of the map, or build with --scripts none"
            _insist(numbers[name] == number, f"{wish}: something in the image gave it {numbers[name]}", hint)


def _kinds(given: IdMap, accounts: Accounts) -> tuple[tuple[str, Mapping[str, int], Mapping[str, int]], ...]:
    known = accounts.identities
    return ("user", given.users, known.users), ("group", given.groups, known.groups)


def _check_name(name: str, what: str) -> None:
    # Stricter than useradd about nothing: a dash first would be an option, digits only would be a number.
    legal = name.isascii() and name.replace("_", "a").replace("-", "a").replace(".", "a").rstrip("$").isalnum()
    _insist(
        legal and len(name) <= 32 and name[0] not in "-." and not name.isdigit(),
        f"cannot add the {what} {name!r}: not a legal name",
    )


def _insist(holds: bool, otherwise: str, hint: str | None = None) -> None:  # noqa: FBT001 - reads as a sentence
    if not holds:
        raise RequestError(otherwise, hint=hint)
