"""chmod, chown and chgrp."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from pkg2image.maintscript.commands.account_files import read_accounts
from pkg2image.maintscript.commands.modes import Change
from pkg2image.maintscript.commands.options import Grammar, Options
from pkg2image.maintscript.failure import NotUnderstoodError
from pkg2image.maintscript.files import Files, FilesError
from pkg2image.maintscript.session import Command, Invocation
from pkg2image.rootfs.tree import Entry, Kind
from pkg2image.rootfs.users import Accounts

_LONG = {
    "recursive": "R",
    "silent": "f",
    "quiet": "f",
    "reference=": "reference",
    "preserve-root": "root",
    "no-preserve-root": "root",
}
_CHMOD = Grammar("Rf", _LONG)
_CHOWN = Grammar("RfhPHL", {**_LONG, "no-dereference": "h", "dereference": "dereference", "from=": "from"})
_SHORT_OPTIONS = frozenset("Rfv")


def chmod(invocation: Invocation) -> int:
    """``chmod [-R] [-f] mode file...``, ``chmod --reference=file file...``."""
    # A mode may begin with a minus ("-w"), so letters of modes are taken for options only when they are options.
    arguments = invocation.arguments
    first = arguments[0] if arguments else ""
    if first.startswith("-") and not first.startswith("--") and not set(first[1:]) <= _SHORT_OPTIONS:
        arguments = ("--", *arguments)
    options = _CHMOD.parse(arguments)
    operands = list(options.operands)
    reference = options.last("reference")
    if reference is not None:
        entry = invocation.files.lookup(reference)
        if entry is None:
            return invocation.fail(f"failed to get attributes of '{reference}': No such file or directory")
        change = Change(f"{entry.mode:05o}")
    elif operands:
        change = Change(operands.pop(0))
    else:
        return invocation.fail("missing operand")
    files = invocation.files

    def apply(path: str, *, follow: bool) -> None:
        target = files.lookup(path) if follow else files.lstat(path)
        if target is None:
            raise FilesError("ENOENT", path)
        directory = target.kind is Kind.DIRECTORY
        files.chmod(path, change.apply(target.mode, directory=directory, umask=files.umask), follow=follow)

    change.apply(0, directory=False, umask=0)
    return _each(invocation, options, operands, apply, follow_operands=True, follow_below=False)


def chown(invocation: Invocation) -> int:
    """``chown [-R] [-h] [-f] [owner][:[group]] file...``, ``chown --reference=file file...``."""
    return _change_owner(invocation, is_group=False)


def chgrp(invocation: Invocation) -> int:
    """``chgrp [-R] [-h] [-f] group file...``."""
    return _change_owner(invocation, is_group=True)


def _change_owner(invocation: Invocation, *, is_group: bool) -> int:
    options = _CHOWN.parse(invocation.arguments)
    if "from" in options or options.latest("P", "H", "L") in {"H", "L"}:
        raise NotUnderstoodError(f"{invocation.name} with --from, -H or -L")
    operands = list(options.operands)
    reference = options.last("reference")
    user: str | None
    group: str | None
    if reference is not None:
        entry = invocation.files.lookup(reference)
        if entry is None:
            return invocation.fail(f"failed to get attributes of '{reference}': No such file or directory")
        user, group = None if is_group else entry.user, entry.group
    elif not operands:
        return invocation.fail("missing operand")
    else:
        owner = operands.pop(0)
        try:
            accounts = read_accounts(invocation.files)
            if "." in owner and ":" not in owner and not is_group and accounts.user(owner) is None:
                invocation.fail(f"warning: '.' should be ':': '{owner}'")
            user, group = split_owner(accounts, f":{owner}" if is_group else owner)
        except LookupError:
            kind = "group" if is_group or owner.startswith(":") else "user"
            return invocation.fail(f"invalid {kind}: '{owner}'")
    follow = "h" not in options and "R" not in options

    def apply(path: str, *, follow: bool) -> None:
        invocation.files.chown(path, user, group, follow=follow)

    return _each(invocation, options, operands, apply, follow_operands=follow, follow_below=False)


def split_owner(accounts: Accounts, text: str) -> tuple[str | None, str | None]:
    """Return the names in ``user:group``, ``user:``, ``:group`` or ``user.group``; None for a missing part.

    Raises:
        LookupError: When there is no such user or group.
    """
    user, colon, group = text.partition(":")
    if not colon and "." in text and accounts.user(text) is None:
        user, colon, group = text.partition(".")
    owner = user_name(accounts, user) if user else None
    if colon and not group and user:
        account = accounts.user(owner or "")
        if account is None:
            raise LookupError(text)
        return owner, group_name(accounts, str(account.gid))
    return owner, group_name(accounts, group) if group else None


def user_name(accounts: Accounts, text: str) -> str:
    """Return the name of a user given by name or number; a number nobody has stays one.

    Raises:
        LookupError: When there is no user of this name.
    """
    if accounts.user(text) is not None:
        return text
    if not (text.isascii() and text.isdigit()):
        raise LookupError(text)
    return next((user.name for user in accounts.users if user.uid == int(text)), str(int(text)))


def group_name(accounts: Accounts, text: str) -> str:
    """Return the name of a group given by name or number; a number no group has stays one.

    Raises:
        LookupError: When there is no group of this name.
    """
    if accounts.group(text) is not None:
        return text
    if not (text.isascii() and text.isdigit()):
        raise LookupError(text)
    return next((group.name for group in accounts.groups if group.gid == int(text)), str(int(text)))


def _each(
    invocation: Invocation,
    options: Options,
    operands: Sequence[str],
    apply: Callable[..., None],
    *,
    follow_operands: bool,
    follow_below: bool,
) -> int:
    if not operands:
        return invocation.fail("missing operand")
    status = 0
    for operand in operands:
        try:
            for path in _recursive(invocation.files, operand, follow=follow_operands) if "R" in options else ():
                apply(path, follow=follow_below)
            apply(operand, follow=follow_operands)
        except FilesError as error:
            status = 1
            if "f" not in options:
                invocation.fail(f"cannot access '{operand}': {error.reason}")
    return status


def _recursive(files: Files, path: str, *, follow: bool) -> Iterator[str]:
    entry: Entry | None = files.lookup(path) if follow else files.lstat(path)
    if entry is not None and entry.kind is Kind.DIRECTORY:
        for below in files.walk(path):
            yield f"{path.rstrip('/')}/{below}"


COMMANDS: Mapping[str, Command] = {"chmod": chmod, "chown": chown, "chgrp": chgrp}
