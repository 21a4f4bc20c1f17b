"""The programs of the shadow suite that add and change accounts.

No date gets into the shadow files: the day of the last change stays empty.

Spec: useradd(8), groupadd(8), usermod(8), userdel(8), groupdel(8), gpasswd(1), login.defs(5).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from pkg2image.maintscript.commands.account_files import (
    accounts_for,
    change,
    group_of,
    next_free,
    read_accounts,
    with_changed_user,
    with_members,
    with_shadow,
    without_group,
    without_user,
)
from pkg2image.maintscript.commands.options import Grammar, Options, number
from pkg2image.maintscript.failure import NotUnderstoodError
from pkg2image.maintscript.files import Files
from pkg2image.maintscript.session import Command, Invocation
from pkg2image.rootfs.passwd import ShadowUser, User
from pkg2image.rootfs.tree import Kind
from pkg2image.rootfs.users import Accounts

_USERADD = Grammar(
    "rg:G:d:b:s:c:mMUNu:o",
    {
        "system": "r",
        "gid=": "g",
        "groups=": "G",
        "home-dir=": "d",
        "home=": "d",
        "base-dir=": "b",
        "shell=": "s",
        "comment=": "c",
        "create-home": "m",
        "no-create-home": "M",
        "user-group": "U",
        "no-user-group": "N",
        "uid=": "u",
        "non-unique": "o",
    },
)
_GROUPADD = Grammar("rfg:o", {"system": "r", "force": "f", "gid=": "g", "non-unique": "o"})
_USERMOD = Grammar(
    "aG:g:d:s:c:L",
    {"append": "a", "groups=": "G", "gid=": "g", "home=": "d", "shell=": "s", "comment=": "c", "lock": "L"},
)
_GPASSWD = Grammar("a:d:M:", {"add=": "a", "delete=": "d", "members=": "M"})
_NORMAL_AGEING = ("", "0", "99999", "7", "", "", "")  # PASS_MIN_DAYS, PASS_MAX_DAYS and PASS_WARN_AGE of login.defs
_USERS = 100  # GROUP of useradd's defaults
_SUBORDINATE = (100000, 65536)  # SUB_UID_MIN and SUB_UID_COUNT of login.defs


def _useradd(call: Invocation) -> int:
    options = _USERADD.parse(call.arguments)
    if len(options.operands) != 1:
        return call.fail("usage", 2)
    name = options.operands[0]
    accounts = accounts_for(call)
    if accounts.user(name):
        return call.fail(f"user '{name}' already exists", 9)
    makes_group = "g" not in options and "N" not in options
    if makes_group and accounts.group(name):
        return call.fail(f"group {name} exists - if you want to add this user to that group, use -g.", 9)
    for wanted in _listed(options):
        if group_of(accounts, wanted) is None:
            return call.fail(f"group '{wanted}' does not exist", 6)
    text = options.last("u")
    uid = accounts.wanted_uid(name, None if text is None else number(text, "-u"))
    taken = accounts.taken_uids(name)
    if uid in taken:
        if "o" in options:
            raise NotUnderstoodError("useradd -o with a number that is taken")
        return call.fail(f"UID {uid} is not unique", 4)
    new = next_free(taken, system="r" in options) if uid is None else uid
    changed = change(call, lambda accounts: _with_user(call.files, accounts, options, name, new))
    user = changed.user(name)
    if user and "m" in options and "M" not in options:
        _make_home(call.files, changed, user)
    if "r" not in options and new >= 1000:
        _add_subordinates(call.files, name)
    return 0


def _listed(options: Options) -> tuple[str, ...]:
    """Return the groups that ``-g`` and ``-G`` name."""
    primary = options.last("g")
    further = tuple(filter(None, (options.last("G") or "").split(",")))
    return further if primary is None else (primary, *further)


def _with_user(files: Files, accounts: Accounts, options: Options, name: str, uid: int) -> Accounts:
    primary = group_of(accounts, options.last("g") or str(_USERS))
    if "g" not in options and "N" not in options:
        gid = accounts.wanted_gid(name)
        if gid is None:
            gid = next_free(accounts.taken_gids(name), system="r" in options, preferred=uid)
        accounts = accounts.with_group(name, gid)
        primary = accounts.group(name)
    if primary is None:
        raise NotUnderstoodError("useradd -N without the group users")
    base = options.last("b") or "/home"
    shell = options.last("s")
    result = accounts.with_user(
        name,
        uid,
        group=primary.name,
        gecos=options.last("c") or "",
        home=options.last("d") or f"{base}/{name}",
        shell=_default_shell(files) if shell is None else shell,
    )
    for wanted in filter(None, (options.last("G") or "").split(",")):
        group = group_of(result, wanted)
        if group is not None:
            result = with_members(result, group.name, [*group.members, name])
    return result if "r" in options else with_shadow(result, ShadowUser(name, "!", _NORMAL_AGEING))


def _default_shell(files: Files) -> str:
    shell = "/bin/sh"
    if files.is_file("/etc/default/useradd"):
        for line in files.text("/etc/default/useradd").splitlines():
            if line.startswith("SHELL="):
                shell = line.removeprefix("SHELL=").strip()
    return shell


def _make_home(files: Files, accounts: Accounts, user: User) -> None:
    """Make the home directory and copy the skeleton; both belong to the user."""
    if files.exists(user.home):
        return
    group = next(item.name for item in accounts.groups if item.gid == user.gid)
    files.make_directory(user.home, 0o755, parents=True)
    files.chown(user.home, user.name, group)
    for name in files.walk("/etc/skel") if files.is_directory("/etc/skel") else ():
        source, target = f"/etc/skel/{name}", f"{user.home}/{name}"
        entry = files.lstat(source)
        if entry is not None and entry.kind is Kind.DIRECTORY:
            files.make_directory(target, entry.mode)
        else:
            files.copy(source, target, preserve=True, follow=False)
        files.chown(target, user.name, group, follow=False)


def _add_subordinates(files: Files, name: str) -> None:
    """Give a normal user its range of subordinate numbers, where there is a file of them."""
    first, count = _SUBORDINATE
    for path in ("/etc/subuid", "/etc/subgid"):
        if not files.is_file(path):
            continue
        lines = [line.split(":") for line in files.text(path).splitlines() if line.count(":") == 2]
        start = max((int(begin) + int(size) for _, begin, size in lines), default=first)
        files.write(path, f"{name}:{max(start, first)}:{count}\n".encode(), append=True)


def _groupadd(call: Invocation) -> int:
    options = _GROUPADD.parse(call.arguments)
    if len(options.operands) != 1:
        return call.fail("usage", 2)
    name = options.operands[0]
    accounts = accounts_for(call)
    if accounts.group(name):
        return 0 if "f" in options else call.fail(f"group '{name}' already exists", 9)
    taken = accounts.taken_gids(name)
    text = options.last("g")
    gid = accounts.wanted_gid(name, None if text is None else number(text, "-g"))
    if gid in taken:
        if "o" in options:
            raise NotUnderstoodError("groupadd -o with a number that is taken")
        if "f" not in options:
            return call.fail(f"GID '{gid}' already exists", 4)
        gid = None
    new = next_free(taken, system="r" in options) if gid is None else gid
    change(call, lambda accounts: accounts.with_group(name, new))
    return 0


def _usermod(call: Invocation) -> int:
    options = _USERMOD.parse(call.arguments)
    if len(options.operands) != 1:
        return call.fail("usage", 2)
    accounts = read_accounts(call.files)
    user = accounts.user(options.operands[0])
    if user is None:
        return call.fail(f"user '{options.operands[0]}' does not exist", 6)
    for wanted in _listed(options):
        if group_of(accounts, wanted) is None:
            return call.fail(f"group '{wanted}' does not exist", 6)
    change(call, lambda accounts: _modified(accounts, options, user))
    return 0


def _modified(accounts: Accounts, options: Options, user: User) -> Accounts:
    primary = group_of(accounts, options.last("g") or str(user.gid))
    values = {"home": options.last("d"), "shell": options.last("s"), "gecos": options.last("c")}
    for value in values.values():
        if value is not None and set(value) & set(":\n"):
            raise NotUnderstoodError(f"usermod with {value!r}")
    new = replace(
        user,
        gid=primary.gid if primary else user.gid,
        home=user.home if values["home"] is None else values["home"],
        shell=user.shell if values["shell"] is None else values["shell"],
        gecos=user.gecos if values["gecos"] is None else values["gecos"],
    )
    accounts = with_changed_user(accounts, new)
    if "G" in options:
        wanted = {group.name for name in _listed(options) if (group := group_of(accounts, name))}
        if "g" in options and primary:
            wanted -= {primary.name} - set((options.last("G") or "").split(","))
        for group in accounts.groups:
            if group.name in wanted and user.name not in group.members:
                accounts = with_members(accounts, group.name, [*group.members, user.name])
            elif group.name not in wanted and "a" not in options and user.name in group.members:
                accounts = with_members(accounts, group.name, [m for m in group.members if m != user.name])
    return _locked(accounts, user.name) if "L" in options else accounts


def _locked(accounts: Accounts, name: str) -> Accounts:
    line = next((line for line in accounts.shadow if line.name == name), None)
    if line is None:
        raise NotUnderstoodError(f"locking {name}, who has no shadow line")
    return (
        accounts
        if line.password.startswith("!")
        else with_shadow(accounts, replace(line, password=f"!{line.password}"))
    )


def _userdel(call: Invocation) -> int:
    options = Grammar().parse(call.arguments)
    if len(options.operands) != 1:
        return call.fail("usage", 2)
    if read_accounts(call.files).user(options.operands[0]) is None:
        return call.fail(f"user '{options.operands[0]}' does not exist", 6)
    change(call, lambda accounts: without_user(accounts, options.operands[0]))
    return 0


def _groupdel(call: Invocation) -> int:
    options = Grammar().parse(call.arguments)
    if len(options.operands) != 1:
        return call.fail("usage", 2)
    accounts = read_accounts(call.files)
    group = accounts.group(options.operands[0])
    if group is None:
        return call.fail(f"group '{options.operands[0]}' does not exist", 6)
    if any(user.gid == group.gid for user in accounts.users):
        return call.fail("cannot remove the primary group of a user", 8)
    change(call, lambda accounts: without_group(accounts, group.name))
    return 0


def _gpasswd(call: Invocation) -> int:
    options = _GPASSWD.parse(call.arguments)
    if len(options.operands) != 1 or len(options.given) != 1:
        raise NotUnderstoodError(f"gpasswd {' '.join(call.arguments)}")
    accounts = read_accounts(call.files)
    group = accounts.group(options.operands[0])
    if group is None:
        return call.fail(f"group '{options.operands[0]}' does not exist in /etc/group", 3)
    option, value = options.given[0]
    names = tuple(filter(None, value.split(","))) if option == "M" else (value,)
    for name in names:
        if accounts.user(name) is None:
            return call.fail(f"user '{name}' does not exist", 3)
    if option == "d":
        if value not in group.members:
            return call.fail(f"user '{value}' is not a member of '{group.name}'", 3)
        names = tuple(member for member in group.members if member != value)
    elif option == "a":
        names = (*group.members, value)
    change(call, lambda accounts: with_members(accounts, group.name, names))
    return 0


def _chsh(call: Invocation) -> int:
    options = Grammar("s:", {"shell=": "s"}).parse(call.arguments)
    shell = options.last("s")
    if len(options.operands) != 1 or not shell:
        raise NotUnderstoodError(f"chsh {' '.join(call.arguments)}")
    return _usermod(replace(call, name="usermod", arguments=("-s", shell, options.operands[0])))


def _passwd(call: Invocation) -> int:
    """Lock a password; nothing else of passwd makes sense in a script."""
    options = Grammar("lq", {"lock": "l", "quiet": "q"}).parse(call.arguments)
    if "l" not in options or len(options.operands) != 1:
        raise NotUnderstoodError(f"passwd {' '.join(call.arguments)}")
    name = options.operands[0]
    if read_accounts(call.files).user(name) is None:
        return call.fail(f"user '{name}' does not exist", 1)
    change(call, lambda accounts: _locked(accounts, name))
    return 0


def _shadowconfig(call: Invocation) -> int:
    """Switch shadow passwords on: they are from the start, so there is only something to check."""
    accounts = read_accounts(call.files)
    if call.arguments not in {("on",), ()} or (call.name == "shadowconfig" and not call.arguments):
        raise NotUnderstoodError(f"shadowconfig {' '.join(call.arguments)}")
    shadowed = {line.name for line in accounts.shadow}
    if any(user.password != "x" or user.name not in shadowed for user in accounts.users):  # noqa: S105
        raise NotUnderstoodError("shadowconfig on while accounts without shadow line exist")
    return 0


COMMANDS: Mapping[str, Command] = {
    "chsh": _chsh,
    "gpasswd": _gpasswd,
    "groupadd": _groupadd,
    "groupdel": _groupdel,
    "grpconv": _shadowconfig,
    "passwd": _passwd,
    "pwconv": _shadowconfig,
    "shadowconfig": _shadowconfig,
    "useradd": _useradd,
    "userdel": _userdel,
    "usermod": _usermod,
}
"""Programs by name."""
