"""Is a tree that pkg2image configured the same as one that dpkg configured?

    python -m benchmarks.configured PACKAGE... [--suite bookworm]            # needs root and mmdebstrap

mmdebstrap makes a root of the Essential packages and of exactly the packages that our plan has for PACKAGE with all
dependencies. Every path of it is looked up in the tree that a build makes of the same packages after scripts,
sysusers.d, tmpfiles.d and triggers: kind, mode, owners by name, target of links, content of files, extended attributes.
Nothing may be missing, nothing be there in addition. Users and groups are compared line by line: numbers only where
packages fix them, everything else by name. Both sides must have the same packages.

Printed is every difference but those of ``configured.yaml``, which has a reason for each. The exit code is 1 when
anything is printed.
"""

from __future__ import annotations

import argparse
import base64
import json
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks import rootsnapshot
from benchmarks.configuredtree import (
    ConfiguredTree,
    Difference,
    Node,
    configured_tree,
    node,
    not_allowed,
    read_allowances,
)
from benchmarks.meanings import MEANINGS, digest
from benchmarks.scripts import world_in
from pkg2image.archive.defaults import default_sources
from pkg2image.plan import Plan
from pkg2image.rootfs.passwd import (
    ShadowGroup,
    ShadowUser,
    parse_group,
    parse_gshadow,
    parse_passwd,
    parse_shadow,
)
from pkg2image.rootfs.users import Accounts
from pkg2image.world import World

_MERGED_USR = "/usr/share/mmdebstrap/hooks/merged-usr"
_PREFERENCES = "etc/apt/preferences.d/plan"
_STATIC, _NOBODY = 100, 65534  # numbers below and above are those of base-passwd in every image
_NO_LIMITS = ("0", "99999", "7", "", "", "")  # what pwconv(8) writes for a password that never has to be changed
_ACCOUNT_FILES = frozenset({"/etc/passwd", "/etc/group", "/etc/shadow", "/etc/gshadow"})


@dataclass(frozen=True, slots=True)
class RealRoot:
    """What mmdebstrap made.

    Args:
        nodes: Absolute path -> what is there.
        accounts: Its users and groups.
        packages: Package -> version.
    """

    nodes: Mapping[str, Node]
    accounts: Accounts
    packages: Mapping[str, str]


def really_configured(plan: Plan, world: World) -> RealRoot:
    """Let mmdebstrap install the packages of a plan, in their versions and no others."""
    with tempfile.TemporaryDirectory() as temporary:
        output, preferences = Path(temporary, "root.json"), Path(temporary, "preferences")
        sources = default_sources(plan.suite, mirror=None, host=world.host).sources
        lines = "".join(_source_line(item.uri, item.suite, item.components, item.signed_by) for item in sources)
        packages = {item.package.name: item.package.version for item in plan.packages}
        pins = "".join(_pin(name, f"version {version}", 1000) for name, version in packages.items())
        preferences.write_text(pins + _pin("*", "release *", -1))
        hook = shlex.join((sys.executable, str(Path(rootsnapshot.__file__).resolve())))
        command = [
            *("mmdebstrap", "--mode=root", "--variant=essential", "--format=null", "--quiet"),
            f"--architectures={plan.architecture}",
            f"--include={','.join(packages)}",
            f'--setup-hook=cp {shlex.quote(str(preferences))} "$1/{_PREFERENCES}"',
            # Without it the Essential packages could only be had with usrmerge, which our plans never take.
            *([f"--hook-dir={_MERGED_USR}"] if "usr-is-merged" in packages else []),
            f'--customize-hook={hook} "$1" {shlex.join((str(output), *MEANINGS))}',
            *(plan.suite, "-", "-"),
        ]
        subprocess.run(command, input=lines.encode(), stdout=subprocess.DEVNULL, check=True)
        return read_snapshot(output.read_text())


def _pin(package: str, what: str, priority: int) -> str:
    return f"Package: {package}\nPin: {what}\nPin-Priority: {priority}\n\n"


def _source_line(uri: str, suite: str, components: Sequence[str], keys: Sequence[object]) -> str:
    key = next((f"[signed-by={key}] " for key in keys if isinstance(key, Path)), "")
    return f"deb {key}{uri} {suite} {' '.join(components)}\n"


def read_snapshot(text: str) -> RealRoot:
    """Read what `rootsnapshot` wrote."""
    found = json.loads(text)
    files = found["accounts"]
    accounts = Accounts(
        parse_passwd(files["passwd"]),
        parse_group(files["group"]),
        parse_shadow(files["shadow"]),
        parse_gshadow(files["gshadow"]),
    )
    nodes = {path: Node(*values) for path, values in found["paths"].items()}
    for path, data in found["kept"].items():
        nodes[path] = replace(nodes[path], content=digest(path, base64.b64decode(data)))
    return RealRoot(nodes, accounts, dict(_packages(found["status"])))


def _packages(status: str) -> Iterator[tuple[str, str]]:
    for paragraph in status.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in paragraph.splitlines() if line[:1] != " " and ": " in line)
        if fields:
            yield fields["Package"], fields["Version"]


def differences(real: RealRoot, made: ConfiguredTree) -> Iterator[Difference]:
    """Yield everything that is not as it is in a real root."""
    ours = {f"/{path}": _meant(made, f"/{path}", node(entry)) for path, entry in made.tree.walk()}
    packages = {item.package.name: str(item.package.version) for item in made.plan.packages}
    yield from _compared("package ", real.packages, packages)
    for path in sorted(path for path in real.nodes.keys() | ours.keys() if not _is_mounted(path)):
        wanted, found = (_without_lines(path, side.get(path)) for side in (real.nodes, ours))
        if wanted is None:
            yield Difference(path, "extra", f"{found} ({made.made_by(path)})")
        elif found is None:
            yield Difference(path, "missing", str(wanted))
        elif wanted != found:
            yield Difference(path, "different", f"{wanted} expected, {found} found ({made.made_by(path)})")
    theirs, own = dict(account_lines(real.accounts)), dict(account_lines(made.accounts))
    yield from _compared("", theirs, own)


def _meant(made: ConfiguredTree, path: str, found: Node) -> Node:
    data = made.content(path) if path in MEANINGS else None
    return found if data is None else replace(found, content=digest(path, data))


def _is_mounted(path: str) -> bool:
    return f"{path}/".startswith(tuple(f"{top}/" for top in rootsnapshot.MOUNTED))


def _without_lines(path: str, found: Node | None) -> Node | None:
    # The lines of these are compared one by one.
    return replace(found, content="") if found and path in _ACCOUNT_FILES else found


def _compared(prefix: str, theirs: Mapping[str, str], ours: Mapping[str, str]) -> Iterator[Difference]:
    for name in sorted(theirs.keys() | ours.keys()):
        if name not in ours:
            yield Difference(f"{prefix}{name}", "missing", theirs[name])
        elif name not in theirs:
            yield Difference(f"{prefix}{name}", "extra", ours[name])
        elif theirs[name] != ours[name]:
            yield Difference(f"{prefix}{name}", "different", f"{theirs[name]} expected, {ours[name]} found")


def account_lines(accounts: Accounts) -> Iterator[tuple[str, str]]:
    """Yield ``(/etc/passwd:NAME, line)`` and so on, with names for numbers that no package fixes.

    The password is the one that counts: that of the shadow file, or where the account has no line there (in a root
    without the package passwd) that of the public file. The date of its last change is left out: it is the day of the
    installation. So are limits of its age that never come true, which is what no limits mean too.
    """
    groups = {group.gid: group.name for group in reversed(accounts.groups)}
    secrets = {line.name: line for line in accounts.shadow}
    group_secrets = {line.name: line for line in accounts.gshadow}
    for user in accounts.users:
        secret = secrets.get(user.name, ShadowUser(user.name, user.password))
        primary = groups.get(user.gid, str(user.gid))
        fields = (secret.password, *_limits(secret), _number(user.uid), primary, user.gecos, user.home, user.shell)
        yield f"/etc/passwd:{user.name}", ":".join(fields)
    for group in accounts.groups:
        line = group_secrets.get(group.name, ShadowGroup(group.name, group.password, (), group.members))
        members = (",".join(sorted(names)) for names in (group.members, line.members, line.administrators))
        yield f"/etc/group:{group.name}", ":".join((line.password, _number(group.gid), *members))


def _limits(secret: ShadowUser) -> tuple[str, ...]:
    limits = secret.ageing[1:]
    return ("",) * len(limits) if limits == _NO_LIMITS else limits


def _number(number: int) -> str:
    return "any" if _STATIC <= number < _NOBODY else str(number)


def compare(packages: Sequence[str], *, suite: str, architecture: str, world: World) -> tuple[tuple[str, ...], int]:
    """Compare packages with what they really look like.

    Args:
        packages: They and all they depend on are compared, in one root.
        suite: Codename.
        architecture: Debian architecture.
        world: Store and network.

    Returns:
        What is not as it should be, one line each, and the number of paths that were compared.
    """
    with configured_tree(packages, suite=suite, architecture=architecture, world=world) as made:
        real = really_configured(made.plan, world)
        found = not_allowed(tuple(differences(real, made)), read_allowances(packages))
        return (*(str(item) for item in found), *made.problems), len(real.nodes)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("packages", nargs="+", metavar="PACKAGE")
    parser.add_argument("--suite", default="bookworm")
    parser.add_argument("--arch", default="amd64")
    parser.add_argument("--cache-dir", type=Path, help="keep what is downloaded here")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        world = world_in(options.cache_dir or Path(temporary))
        lines, count = compare(options.packages, suite=options.suite, architecture=options.arch, world=world)
    print("\n".join(lines))
    print(f"{' '.join(options.packages)}: {count} paths, {len(lines)} lines of difference")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
