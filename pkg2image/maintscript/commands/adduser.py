"""Debian's adduser, addgroup, deluser and delgroup.

Only system accounts are made: a maintainer script that adds people is not understood.

Spec: adduser(8), deluser(8), adduser.conf(5).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from pkg2image.maintscript.commands.account_files import (
    accounts_for,
    change,
    first_system,
    group_of,
    read_accounts,
    with_members,
    without_group,
    without_user,
)
from pkg2image.maintscript.commands.options import Grammar, Options, number
from pkg2image.maintscript.failure import NotUnderstoodError
from pkg2image.maintscript.files import Files
from pkg2image.maintscript.session import Command, Invocation
from pkg2image.rootfs.users import SYSTEM_NUMBERS, Accounts

_PROGRAM, _BY_CHFN = "/usr/sbin/adduser", b"systemcall($chfn, '-f'"
_ADDUSER = Grammar(
    "q",
    {
        "quiet": "q",
        "verbose": "verbose",
        "stdoutmsglevel=": "messages",
        "stderrmsglevel=": "messages",
        "logmsglevel=": "messages",
        "system": "system",
        "group": "group",
        "home=": "home",
        "no-create-home": "no-create-home",
        "gecos=": "gecos",
        "comment=": "gecos",
        "ingroup=": "ingroup",
        "shell=": "shell",
        "uid=": "uid",
        "gid=": "gid",
        "force-badname": "bad",
        "allow-badname": "bad",
        "allow-bad-names": "bad",
        "allow-all-names": "all",
        "disabled-password": "disabled",
        "disabled-login": "disabled",
    },
)
_DELUSER = Grammar(
    "q", {"quiet": "q", "system": "system", "group": "group", "only-if-empty": "empty", "remove-home": "remove-home"}
)
_NAME = re.compile(r"[a-z_][a-z0-9_-]*\$?", re.ASCII)
_PORTABLE_NAME = re.compile(r"[_.A-Za-z0-9][-@_.A-Za-z0-9]*\$?", re.ASCII)
_NO_GROUP = 65534
_NOWHERE = re.compile(r"/+nonexistent(/|$)")


@dataclass(frozen=True, slots=True)
class _Request:
    """One call that makes a system user or group."""

    call: Invocation
    options: Options
    name: str

    @property
    def quiet(self) -> bool:
        return "q" in self.options

    def tell(self, text: str) -> None:
        if not self.quiet:
            self.call.stdout.text(text + "\n")

    def number(self, option: str) -> int | None:
        text = self.options.last(option)
        return None if text is None else number(text, f"--{option}")


def _adduser(call: Invocation) -> int:
    options = _ADDUSER.parse(call.arguments)
    if len(options.operands) == 2 and not {"system", "group"} & {name for name, _ in options.given}:
        return _join(call, options, *options.operands)
    if len(options.operands) != 1:
        return call.fail("Only one or two names allowed.")
    request = _Request(call, options, options.operands[0])
    if not _legal(request):
        return call.fail(f"{request.name}: not a legal name")
    if call.name.endswith("addgroup") or ("group" in options and "system" not in options):
        return _add_group(request)
    if "system" not in options:
        raise NotUnderstoodError("adduser without --system")
    return _add_user(request)


def _legal(request: _Request) -> bool:
    name = request.name
    if not name or name.isdigit() or len(name.encode()) > 32:
        return False
    if _NAME.fullmatch(name):
        return True
    if "all" in request.options:
        return name[0] not in "-+~" and not set(name) & set(":,/ \t\n")
    return "bad" in request.options and _PORTABLE_NAME.fullmatch(name) is not None


def _join(call: Invocation, options: Options, user: str, group: str) -> int:
    accounts = read_accounts(call.files)
    if accounts.user(user) is None:
        return call.fail(f"The user `{user}' does not exist.")
    known = accounts.group(group)
    if known is None:
        return call.fail(f"The group `{group}' does not exist.")
    if user not in known.members:
        change(call, lambda accounts: with_members(accounts, group, [*known.members, user]))
        if "q" not in options:
            call.stdout.text(f"Adding user `{user}' to group `{group}' ...\nDone.\n")
    return 0


def _add_group(request: _Request) -> int:
    if "system" not in request.options:
        raise NotUnderstoodError("addgroup without --system")
    call, name = request.call, request.name
    accounts = accounts_for(call)
    gid = accounts.wanted_gid(name, request.number("gid"))
    old = accounts.group(name)
    if old is not None:
        if old.gid in SYSTEM_NUMBERS:
            return 0
        return call.fail(f"The group `{name}' already exists and is not a system group. Exiting.")
    taken = accounts.taken_gids(name)
    if gid in taken:
        return call.fail(f"The GID `{gid}' is already in use.")
    gid = first_system(taken, _system_numbers(call.files, "GID")) if gid is None else gid
    request.tell(f"Adding group `{name}' (GID {gid}) ...")
    change(call, lambda accounts: accounts.with_group(name, gid))
    request.tell("Done.")
    return 0


def _add_user(request: _Request) -> int:
    call, options, name = request.call, request.options, request.name
    if len({"group", "ingroup", "gid"} & {option for option, _ in options.given}) > 1:
        return call.fail("The --group, --ingroup, and --gid options are mutually exclusive.")
    home = options.last("home") or "/nonexistent"
    if not home.startswith("/"):
        return call.fail("The home dir must be an absolute path.")
    accounts = accounts_for(call)
    uid = accounts.wanted_uid(name, request.number("uid"))
    old = accounts.user(name)
    if old is not None:
        return _existing_user(request, old.uid, uid)
    if uid in accounts.taken_uids(name):
        return call.fail(f"The UID {uid} is already in use.")
    group = _primary_group(request, accounts)
    if group is None:
        return call.fail("The group does not exist.")
    given = options.last("gecos")
    _create(request, uid, group, gecos="" if given is None else _gecos(call.files, given), home=home)
    return 0


def _existing_user(request: _Request, has: int, wanted: int | None) -> int:
    if wanted not in {None, has}:
        return request.call.fail(f"The user `{request.name}' already exists with a different UID. Exiting.")
    if has in SYSTEM_NUMBERS:
        request.tell(f"The system user `{request.name}' already exists. Exiting.")
        return 0
    return request.call.fail(f"The user `{request.name}' already exists, but is not a system user. Exiting.")


def _primary_group(request: _Request, accounts: Accounts) -> str | None:
    """Return the name of the new user's group, which may still have to be made; None when it does not exist."""
    if "group" in request.options:
        return request.name
    wanted = request.options.last("ingroup") or str(request.number("gid") or _NO_GROUP)
    group = accounts.group(wanted) if "ingroup" in request.options else group_of(accounts, wanted)
    return group.name if group else None


def _create(request: _Request, uid: int | None, group: str, *, gecos: str, home: str) -> None:
    files, name = request.call.files, request.name
    if set(gecos) & set(":\n="):
        raise NotUnderstoodError(f"adduser --gecos {gecos!r}")

    def update(accounts: Accounts) -> Accounts:
        new = first_system(accounts.taken_uids(name), _system_numbers(files, "UID")) if uid is None else uid
        request.tell(f"Adding system user `{name}' (UID {new}) ...")
        if accounts.group(group) is None:
            gid = accounts.wanted_gid(group, request.number("uid"))
            if gid is None:
                gid = first_system(accounts.taken_gids(group), _system_numbers(files, "GID"))
            request.tell(f"Adding new group `{group}' (GID {gid}) ...")
            accounts = accounts.with_group(group, gid)
        request.tell(f"Adding new user `{name}' (UID {new}) with group `{group}' ...")
        shell = request.options.last("shell") or "/usr/sbin/nologin"
        return accounts.with_user(name, new, group=group, gecos=gecos, home=home, shell=shell)

    change(request.call, update)
    _make_home(request, home, group)


def _gecos(files: Files, text: str) -> str:
    """Return the field as the adduser of the image leaves it.

    That of bookworm has chfn write it: name, room, work and home in any case, and what else there is. Later ones write
    what they are given.
    """
    if not files.exists(_PROGRAM) or _BY_CHFN not in files.read(_PROGRAM):
        return text
    name, room, work, phone, other, *_ = [*text.split(","), *[""] * 5]
    return ",".join([name, room, work, phone, *filter(None, [other])])


def _make_home(request: _Request, home: str, group: str) -> None:
    files = request.call.files
    if _NOWHERE.match(home):
        request.tell(f"Not creating `{home}'.")
    elif "no-create-home" in request.options:
        request.tell(f"Not creating home directory `{home}'.")
    elif not files.exists(home):
        request.tell(f"Creating home directory `{home}' ...")
        files.make_directory(home, 0o755, parents=True)
        files.chown(home, request.name, group)
        files.chmod(home, int(_configured(files, "SYS_DIR_MODE", "0755"), 8))


def _system_numbers(files: Files, kind: str) -> range:
    first = _configured(files, f"FIRST_SYSTEM_{kind}", str(SYSTEM_NUMBERS.start))
    last = _configured(files, f"LAST_SYSTEM_{kind}", str(SYSTEM_NUMBERS.stop - 1))
    return range(number(first, "FIRST_SYSTEM_UID"), number(last, "LAST_SYSTEM_UID") + 1)


def _configured(files: Files, name: str, default: str) -> str:
    """Return a value of adduser.conf."""
    if files.is_file("/etc/adduser.conf"):
        for line in files.text("/etc/adduser.conf").splitlines():
            key, equals, value = line.partition("=")
            if equals and key.strip().upper() == name:
                default = value.strip().strip("\"'")
    return default


def _deluser(call: Invocation) -> int:
    options = _DELUSER.parse(call.arguments)
    if "remove-home" in options:
        raise NotUnderstoodError("deluser --remove-home")
    of_group = call.name.endswith("delgroup") or "group" in options
    match options.operands:
        case (user, group) if not of_group:
            return _leave(call, user, group)
        case (name,) if of_group:
            return _remove_group(call, options, name)
        case (name,):
            return _remove_user(call, options, name)
    return call.fail("Only one or two names allowed.")


def _leave(call: Invocation, user: str, group: str) -> int:
    accounts = read_accounts(call.files)
    known = accounts.group(group)
    if accounts.user(user) is None:
        return call.fail(f"The user `{user}' does not exist.", 2)
    if known is None:
        return call.fail(f"The group `{group}' does not exist.", 3)
    if user not in known.members:
        return call.fail(f"The user `{user}' is not a member of group `{group}'.", 6)
    left = [member for member in known.members if member != user]
    change(call, lambda accounts: with_members(accounts, group, left))
    return 0


def _remove_user(call: Invocation, options: Options, name: str) -> int:
    user = read_accounts(call.files).user(name)
    if user is None:
        return 0 if "system" in options else call.fail(f"The user `{name}' does not exist.", 2)
    if "system" in options and user.uid not in SYSTEM_NUMBERS:
        return call.fail(f"The user `{name}' is not a system user. Exiting.", 1)
    change(call, lambda accounts: without_user(accounts, name))
    return 0


def _remove_group(call: Invocation, options: Options, name: str) -> int:
    accounts = read_accounts(call.files)
    group = accounts.group(name)
    if group is None:
        return 0 if "system" in options else call.fail(f"The group `{name}' does not exist.", 3)
    if "empty" in options and group.members:
        return call.fail(f"The group `{name}' is not empty!", 5)
    if any(user.gid == group.gid for user in accounts.users):
        return call.fail(f"`{name}' still is the primary group of a user!", 7)
    change(call, lambda accounts: without_group(accounts, name))
    return 0


COMMANDS: Mapping[str, Command] = {
    "addgroup": _adduser,
    "adduser": _adduser,
    "delgroup": _deluser,
    "deluser": _deluser,
}
"""Programs by name."""
