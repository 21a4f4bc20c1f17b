"""Users and groups of the image: the four files in /etc and what may be added to them.

Owners in a tree are names; `identities` gives them their numbers when layers are written. Numbers of system users and
groups are taken the way Debian's adduser takes them, in the order in which they are added, so that one request always
gives the same numbers.

Spec: adduser.conf(5); Debian Policy 9.2.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from pkg2image.errors import RequestError
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

_SYSTEM = range(100, 1000)  # FIRST_SYSTEM_UID to LAST_SYSTEM_UID of adduser.conf
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
    """

    users: tuple[User, ...] = ()
    groups: tuple[Group, ...] = ()
    shadow: tuple[ShadowUser, ...] = ()
    gshadow: tuple[ShadowGroup, ...] = ()

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

    def with_group(self, name: str, gid: int | None = None, *, members: tuple[str, ...] = ()) -> Accounts:
        """Return the accounts with a group; one of this name that is there already only gains the members.

        Args:
            name: Group name.
            gid: Number; by default the first free one from 100 upwards.
            members: Names of users.

        Raises:
            RequestError: When the name is not one or the number is taken by another group.
        """
        old = self.group(name)
        if old is not None:
            _insist(gid in {None, old.gid}, f"cannot add the group {name}: it has the number {old.gid} already")
            return self._with_members(old, members)
        _check_name(name, "group")
        taken = {group.gid for group in self.groups}
        number = _first_free(taken, f"the group {name}") if gid is None else gid
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
            uid: Number; by default the first free one from 100 upwards.
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
        for field in (gecos, home, shell):
            _insist(not set(field) & set(":\n\0"), f"cannot add the user {name}: {field!r} has a colon or line break")
        taken = {user.uid for user in accounts.users}
        number = _first_free(taken, f"the user {name}") if uid is None else uid
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


def read_accounts(tree: Tree, read: ReadContent) -> Accounts:
    """Return the accounts of a tree; a missing file has no lines.

    Raises:
        MalformedPackageError: When a file cannot be read.
    """
    return Accounts(
        parse_passwd(_text(tree, read, "etc/passwd")),
        parse_group(_text(tree, read, "etc/group")),
        parse_shadow(_text(tree, read, "etc/shadow")),
        parse_gshadow(_text(tree, read, "etc/gshadow")),
    )


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
    public = {"etc/passwd": render_passwd(accounts.users), "etc/group": render_group(accounts.groups)}
    secret = {"etc/shadow": render_shadow(accounts.shadow), "etc/gshadow": render_gshadow(accounts.gshadow)}
    group = "shadow" if accounts.group("shadow") else "root"
    for path, text in public.items():
        add_file(tree, path, _bytes(text), origin=origin, mtime=mtime)
    for path, text in secret.items():
        add_file(tree, path, _bytes(text), origin=origin, mtime=mtime, mode=0o640, group=group)


def add_group(
    tree: Tree, name: str, gid: int | None = None, *, members: tuple[str, ...] = (), read: ReadContent, mtime: int
) -> None:
    """Add a group to a tree, which is changed in place; see `Accounts.with_group`."""
    accounts = read_accounts(tree, read).with_group(name, gid, members=members)
    write_accounts(tree, accounts, mtime=mtime)


def add_user(
    tree: Tree,
    name: str,
    uid: int | None = None,
    *,
    group: str = "",
    groups: tuple[str, ...] = (),
    gecos: str = "",
    home: str = "/nonexistent",
    shell: str = "/usr/sbin/nologin",
    read: ReadContent,
    mtime: int,
) -> None:
    """Add a system user to a tree, which is changed in place; see `Accounts.with_user`."""
    accounts = read_accounts(tree, read).with_user(
        name, uid, group=group, groups=groups, gecos=gecos, home=home, shell=shell
    )
    write_accounts(tree, accounts, mtime=mtime)


def identities(tree: Tree, read: ReadContent) -> Identities:
    """Return the numbers of the users and groups of a tree.

    Raises:
        MalformedPackageError: When ``etc/passwd`` or ``etc/group`` cannot be read.
    """
    return read_accounts(tree, read).identities


def _text(tree: Tree, read: ReadContent, path: str) -> str:
    entry = tree.lookup(path)
    return read(entry.content).decode("utf-8", "surrogateescape") if entry and entry.content else ""


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _first_free(taken: Collection[int], what: str) -> int:
    number = next((number for number in _SYSTEM if number not in taken), None)
    if number is None:
        raise RequestError(f"cannot add {what}: all numbers from {_SYSTEM.start} to {_SYSTEM.stop - 1} are taken")
    return number


def _check_name(name: str, what: str) -> None:
    # Stricter than useradd about nothing: a dash first would be an option, digits only would be a number.
    legal = name.isascii() and name.replace("_", "a").replace("-", "a").replace(".", "a").rstrip("$").isalnum()
    _insist(
        legal and len(name) <= 32 and name[0] not in "-." and not name.isdigit(),
        f"cannot add the {what} {name!r}: not a legal name",
    )


def _insist(holds: bool, otherwise: str) -> None:  # noqa: FBT001 - reads as a sentence
    if not holds:
        raise RequestError(otherwise)
