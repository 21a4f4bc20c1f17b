"""The accounts of the image as the commands that change them see them: read, numbered, written back.

Numbers are found as Debian's two families of programs find them: adduser takes the first free one upwards, useradd
goes down from the lowest system number in use.

Spec: adduser.conf(5), login.defs(5), passwd(5), shadow(5).
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace

from pkg2image.errors import Pkg2ImageError, RequestError
from pkg2image.idmap import IdMap
from pkg2image.maintscript.failure import NotUnderstoodError
from pkg2image.maintscript.files import Files
from pkg2image.maintscript.session import Invocation
from pkg2image.rootfs.passwd import Group, ShadowUser, User
from pkg2image.rootfs.users import SECRET_FILES, SYSTEM_NUMBERS, Accounts, accounts_of, first_free, texts_of

_USERADD_SYSTEM = range(101, 1000)  # SYS_UID_MIN to SYS_UID_MAX of login.defs
_USERADD_NORMAL = range(1000, 60001)  # UID_MIN to UID_MAX


def read_accounts(files: Files, given: IdMap | None = None) -> Accounts:
    """Return the accounts of the image.

    Args:
        files: Where their files are.
        given: Numbers that accounts get when they are added.

    Raises:
        NotUnderstoodError: When a file of them cannot be read.
    """
    try:
        return accounts_of(lambda name: _text(files, name), given)
    except Pkg2ImageError as error:
        raise NotUnderstoodError(error.message) from error


def accounts_for(call: Invocation) -> Accounts:
    """Return the accounts of the image for a command that adds to them, with the numbers that the user has given.

    Raises:
        NotUnderstoodError: When a file of them cannot be read.
    """
    return read_accounts(call.files, call.session.ids)


def change(call: Invocation, update: Callable[[Accounts], Accounts]) -> Accounts:
    """Change the accounts of the image.

    Args:
        call: The command that does it.
        update: Returns the new accounts.

    Returns:
        The new accounts.

    Raises:
        NotUnderstoodError: When a name is not legal, or a number is taken.
    """
    try:
        accounts = update(accounts_for(call))
    except Pkg2ImageError as error:
        raise NotUnderstoodError(error.message) from error
    _write_accounts(call.files, accounts)
    return accounts


def _write_accounts(files: Files, accounts: Accounts) -> None:
    """Write those of the four files that changed; new shadow files are 0640 root:shadow."""
    for name, text in texts_of(accounts).items():
        path = f"/{name}"
        new = not files.exists(path)
        if text == _text(files, name) or (not text and new):
            continue
        secret = name in SECRET_FILES
        files.write(path, text.encode("utf-8", "surrogateescape"), mode=0o640 if secret else 0o644)
        if new and secret:
            files.chown(path, "root", "shadow" if accounts.group("shadow") else "root")


def first_system(taken: Collection[int], numbers: range = SYSTEM_NUMBERS) -> int:
    """Return the first free number as adduser finds it.

    Raises:
        NotUnderstoodError: When there is none.
    """
    try:
        return first_free(taken, numbers, what="add an account")
    except RequestError as error:
        raise NotUnderstoodError(error.message) from error


def next_free(taken: Collection[int], *, system: bool, preferred: int | None = None) -> int:
    """Return a free number as useradd and groupadd find it.

    Args:
        taken: Numbers in use.
        system: For ``-r``.
        preferred: Taken when it is free: the number of the user, for its group.

    Raises:
        NotUnderstoodError: When there is none.
    """
    if preferred is not None and preferred not in taken:
        return preferred
    numbers = _USERADD_SYSTEM if system else _USERADD_NORMAL
    used = [number for number in taken if number in numbers]
    if not used:
        return numbers[-1] if system else numbers[0]
    guess = min(used) - 1 if system else max(used) + 1
    return guess if guess in numbers else first_system(taken, numbers[::-1] if system else numbers)


def group_of(accounts: Accounts, name_or_number: str) -> Group | None:
    """Return a group by its name, or by its number when no group has such a name."""
    group = accounts.group(name_or_number)
    if group is None and name_or_number.isascii() and name_or_number.isdigit():
        number = int(name_or_number)
        return next((item for item in accounts.groups if item.gid == number), None)
    return group


def with_members(accounts: Accounts, name: str, members: Collection[str]) -> Accounts:
    """Return the accounts with exactly these members in a group."""
    new = tuple(dict.fromkeys(members))
    return replace(
        accounts,
        groups=tuple(replace(group, members=new) if group.name == name else group for group in accounts.groups),
        gshadow=tuple(replace(line, members=new) if line.name == name else line for line in accounts.gshadow),
    )


def with_changed_user(accounts: Accounts, user: User) -> Accounts:
    """Return the accounts with another line for a user of the same name."""
    return replace(accounts, users=tuple(user if old.name == user.name else old for old in accounts.users))


def with_shadow(accounts: Accounts, line: ShadowUser) -> Accounts:
    """Return the accounts with another shadow line for a user of the same name."""
    return replace(accounts, shadow=tuple(line if old.name == line.name else old for old in accounts.shadow))


def without_user(accounts: Accounts, name: str) -> Accounts:
    """Return the accounts without a user, its memberships, and the group of its name when that has no other use."""
    gone = accounts.user(name)
    left = replace(
        accounts,
        users=tuple(user for user in accounts.users if user.name != name),
        shadow=tuple(line for line in accounts.shadow if line.name != name),
    )
    for group in accounts.groups:
        if name in group.members:
            left = with_members(left, group.name, [member for member in group.members if member != name])
    own = left.group(name)
    if own is None or gone is None or own.gid != gone.gid or own.members:
        return left
    return left if any(user.gid == own.gid for user in left.users) else without_group(left, name)


def without_group(accounts: Accounts, name: str) -> Accounts:
    """Return the accounts without a group."""
    return replace(
        accounts,
        groups=tuple(group for group in accounts.groups if group.name != name),
        gshadow=tuple(line for line in accounts.gshadow if line.name != name),
    )


def _text(files: Files, name: str) -> str:
    return files.text(f"/{name}") if files.exists(f"/{name}") else ""
