"""Who and where: id, whoami, groups, uname, arch; what cannot be known when an image is made is refused.

The script runs as root of the image.
"""

from __future__ import annotations

from collections.abc import Mapping

from pkg2image.maintscript.commands.account_files import read_accounts
from pkg2image.maintscript.commands.options import Grammar
from pkg2image.maintscript.failure import NotUnderstoodError
from pkg2image.maintscript.session import Command, Invocation
from pkg2image.rootfs.passwd import Group, User
from pkg2image.rootfs.users import Accounts

_ID = Grammar("ugGnr", {"user": "u", "group": "g", "groups": "G", "name": "n", "real": "r"})
_UNAME = Grammar(
    "smorvnaip",
    {
        "kernel-name": "s",
        "machine": "m",
        "operating-system": "o",
        "kernel-release": "r",
        "kernel-version": "v",
        "nodename": "n",
        "all": "a",
    },
)
_MACHINES = {
    "amd64": "x86_64",
    "i386": "i686",
    "arm64": "aarch64",
    "armhf": "armv7l",
    "armel": "armv5tel",
    "ppc64el": "ppc64le",
    "s390x": "s390x",
    "riscv64": "riscv64",
    "mips64el": "mips64",
    "mipsel": "mips",
    "loong64": "loongarch64",
}
_ROOT = User("root", 0, 0)
_RELEASE = "5.10.0"


def id_(invocation: Invocation) -> int:
    """``id [-u | -g | -G] [-n] [-r] [user]``."""
    options = _ID.parse(invocation.arguments)
    if len(options.operands) > 1:
        raise NotUnderstoodError("id of several users")
    accounts = read_accounts(invocation.files)
    user: User | None = accounts.user("root") or _ROOT
    for name in options.operands:
        user = accounts.user(name) or next((u for u in accounts.users if name.isdigit() and str(u.uid) == name), None)
        if user is None:
            return invocation.fail(f"'{name}': no such user")
    if user is None:  # pragma: no cover - root is always there
        return 1
    groups = [(gid, _group_name(accounts, gid)) for gid in _gids(accounts, user)]
    which = options.latest("u", "g", "G")
    rows = {"u": [(user.uid, user.name)], "g": groups[:1], "G": groups}
    if which is None:
        if options.given:
            raise NotUnderstoodError("id -n without -u, -g or -G")
        listed = ",".join(f"{gid}({name})" for gid, name in groups)
        text = f"uid={user.uid}({user.name}) gid={groups[0][0]}({groups[0][1]}) groups={listed}"
    else:
        text = " ".join(name if "n" in options else str(number) for number, name in rows[which])
    invocation.stdout.text(f"{text}\n")
    return 0


def groups(invocation: Invocation) -> int:
    """``groups [user...]``."""
    accounts = read_accounts(invocation.files)
    names = Grammar().parse(invocation.arguments).operands
    status = 0
    for name in names or ("root",):
        user = accounts.user(name)
        if user is None:
            status = invocation.fail(f"'{name}': no such user")
            continue
        text = " ".join(_group_name(accounts, gid) for gid in _gids(accounts, user))
        invocation.stdout.text(f"{name} : {text}\n" if names else f"{text}\n")
    return status


def _gids(accounts: Accounts, user: User) -> list[int]:
    """Return the primary group, then the others in the order of /etc/group."""
    others: list[Group] = [group for group in accounts.groups if user.name in group.members and group.gid != user.gid]
    return [user.gid, *(group.gid for group in others)]


def _group_name(accounts: Accounts, gid: int) -> str:
    return next((group.name for group in accounts.groups if group.gid == gid), str(gid))


def whoami(invocation: Invocation) -> int:
    """``whoami``."""
    if invocation.arguments:
        raise NotUnderstoodError("whoami with arguments")
    invocation.stdout.text("root\n")
    return 0


def uname(invocation: Invocation) -> int:
    """``uname [-s] [-r] [-m] [-o]``.

    The kernel an image will run on is not known; its release is only asked for to find out whether it is too old, so
    it is that of the oldest distribution of today, and this is noted.
    """
    options = _UNAME.parse(invocation.arguments)
    wanted = {name for name, _ in options.given} or {"s"}
    if options.operands or not wanted <= set("srmo"):
        raise NotUnderstoodError("uname of the kernel the image will run on")
    if "r" in wanted:
        invocation.session.notes.append(f"line {invocation.line}: the kernel is taken for Linux {_RELEASE}")
    values = {"s": "Linux", "r": _RELEASE, "m": _machine(invocation), "o": "GNU/Linux"}
    invocation.stdout.text(" ".join(value for name, value in values.items() if name in wanted) + "\n")
    return 0


def arch(invocation: Invocation) -> int:
    """``arch``."""
    if invocation.arguments:
        raise NotUnderstoodError("arch with arguments")
    invocation.stdout.text(f"{_machine(invocation)}\n")
    return 0


def _machine(invocation: Invocation) -> str:
    architecture = invocation.session.architecture
    if architecture not in _MACHINES:
        raise NotUnderstoodError(f"the machine of {architecture}")
    return _MACHINES[architecture]


def unknowable(invocation: Invocation) -> int:
    """Refuse what is different at every build: the time, the host's name."""
    raise NotUnderstoodError(f"{invocation.name}: not the same at every build")


COMMANDS: Mapping[str, Command] = {
    "id": id_,
    "groups": groups,
    "whoami": whoami,
    "uname": uname,
    "arch": arch,
    "date": unknowable,
    "hostname": unknowable,
}
