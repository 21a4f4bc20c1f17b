"""Is a tree that our scripts configured the same as one that dpkg configured?

    python -m benchmarks.configured PACKAGE... [--suite bookworm]            # live; needs root and mmdebstrap
    python -m benchmarks.configured PACKAGE... --changes FILE [--base FILE]

Live, mmdebstrap makes a root of the Essential packages and then of exactly the packages that our plan has for PACKAGE
with all dependencies; whatever its scripts made, changed or removed is looked up in the tree that `run_scripts` made of
the same packages: kind, mode, owners by name, target of links, content of files, users and groups. With a file of
changes (lines ``A path kind mode uid gid``, ``A path l -> target``, ``M path old => new``, ``M path content``) the same
is done with what the file says; numbers of owners above 99 are matched with names as they come. A second file of the
same form says what the Essential packages changed before, which is extra in the first only.

Printed is what is missing, different and extra, but for the paths of ``configured.yaml``, which has a reason for each.
The exit code is 1 when anything is printed.
"""

from __future__ import annotations

import argparse
import json
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

import yaml

from benchmarks import rootsnapshot
from benchmarks.scripts import Closure, closure_of, world_in
from pkg2image.archive.defaults import default_sources
from pkg2image.maintscript.report import ScriptReport
from pkg2image.rootfs.tree import Entry, Kind, Tree
from pkg2image.rootfs.users import Accounts, read_accounts
from pkg2image.world import World

ALLOWED = Path(__file__).with_name("configured.yaml")
_STATIC = 100  # numbers below are those of base-passwd in every image
_LETTERS = {Kind.DIRECTORY: "d", Kind.FILE: "f", Kind.SYMLINK: "l"}
_NODE = re.compile(r"([dfl]) (?:0o([0-7]+) (\d+) (\d+)|(?:-> )?(.*))")
_LINE = re.compile(
    r"([AM]) (/\S.*?) (?:content|(?:[dfl] (?:0o[0-7]+ \d+ \d+|-> \S+) => )?([dfl] (?:0o[0-7]+ \d+ \d+|-> .*|/.*)))"
)


@dataclass(frozen=True, slots=True)
class Node:
    """One path in the words both sides have in common.

    Args:
        letter: ``d``, ``f``, ``l`` or ``?``.
        mode: Octal; empty for links.
        user: Owner by name or number.
        group: Group by name or number.
        target: Of links.
        content: SHA-256 of files; empty when it is not compared.
    """

    letter: str
    mode: str = ""
    user: str = ""
    group: str = ""
    target: str = ""
    content: str = ""

    def __str__(self) -> str:
        """Return what a reader needs of it."""
        what = f"l -> {self.target}" if self.letter == "l" else f"{self.letter} {self.mode} {self.user}:{self.group}"
        return f"{what} {self.content[:8]}".rstrip()


@dataclass(frozen=True, slots=True)
class Expected:
    """What really configured packages look like.

    Args:
        nodes: Path -> what is there after configuration, of all paths that scripts concern; None for content that is
            known to be different only.
        removed: Paths that are not there any more.
        accounts: Names of users and groups, or None when they are not known.
        before: What other packages had made before; who makes the same again makes nothing extra.
    """

    nodes: Mapping[str, Node | None]
    removed: frozenset[str] = frozenset()
    accounts: tuple[frozenset[str], frozenset[str]] | None = None
    before: Mapping[str, Node | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Allowance:
    """Paths that may differ.

    Args:
        paths: Shell patterns.
        why: The reason.
        packages: When it is for single applications only, their names.
    """

    paths: tuple[str, ...]
    why: str
    packages: frozenset[str] = frozenset()


@dataclass(slots=True)
class Owners:
    """Numbers of owners that stand for names, as they come: a number that once stood for a name stands for no other."""

    bound: dict[str, str] = field(default_factory=dict)

    def same(self, kind: str, expected: str, actual: str, static: Mapping[str, int]) -> bool:
        """Say whether an owner is the expected one."""
        if not expected.isdigit() or expected == actual:
            return expected == actual
        if int(expected) < _STATIC or static.get(actual, _STATIC) < _STATIC:
            return static.get(actual) == int(expected)
        return self.bound.setdefault(f"{kind} {expected}", actual) == actual


def node(entry: Entry) -> Node:
    """Return an entry of a tree as a node."""
    if entry.kind is Kind.SYMLINK:
        return Node("l", target=entry.target)
    content = entry.content.sha256 if entry.content else ""
    return Node(_LETTERS.get(entry.kind, "?"), f"{entry.mode:o}", entry.user, entry.group, content=content)


def read_changes(text: str, base: str = "") -> Expected:
    """Read a file of changes; lines that name no path (``231 more of these``) are passed over.

    Args:
        text: What scripts changed.
        base: What those of the Essential packages changed before.
    """
    nodes: dict[str, Node | None] = {}
    for line in text.splitlines():
        found = _LINE.fullmatch(line)
        if found and "<" not in found[2]:
            nodes[found[2]] = _parse_node(found[3]) if found[3] else None
    before = read_changes(base).nodes if base else {}
    parents = dict.fromkeys(path.rpartition("/")[0] for path in before)
    return Expected(nodes, before={**parents, **before})


def _parse_node(text: str) -> Node:
    found = _NODE.fullmatch(text)
    if not found:
        sys.exit(f"not a line of changes: {text}")
    letter, mode, uid, gid, target = found.groups()
    return Node("l", target=target) if letter == "l" else Node(letter, f"{int(mode, 8):o}", uid, gid)


def really_configured(closure: Closure, suite: str, world: World) -> Expected:
    """Let mmdebstrap configure the packages of a closure, and find what its scripts concerned."""
    with tempfile.TemporaryDirectory() as temporary:
        directory = Path(temporary)
        sources = default_sources(suite, mirror=None, host=world.host).sources
        lines = "".join(_source_line(item.uri, item.suite, item.components, item.signed_by) for item in sources)
        base, whole = directory / "base.json", directory / "whole.json"
        packages = [deb.package for deb in closure.debs if deb.package.name not in closure.partial]
        command = [
            *("mmdebstrap", "--mode=root", "--variant=essential", "--format=null", "--quiet"),
            f"--architectures={closure.plan.architecture}",
            f"--include={','.join(f'{package.name}={package.version}' for package in packages)}",
            f"--essential-hook={_snapshot(base)}",
            f"--customize-hook={_snapshot(whole)}",
            *(suite, "-", "-"),
        ]
        subprocess.run(command, input=lines.encode(), stdout=subprocess.DEVNULL, check=True)
        return _what_scripts_did(closure.tree, json.loads(base.read_text()), json.loads(whole.read_text()))


def _source_line(uri: str, suite: str, components: Sequence[str], keys: Sequence[object]) -> str:
    key = next((f"[signed-by={key}] " for key in keys if isinstance(key, Path)), "")
    return f"deb {key}{uri} {suite} {' '.join(components)}\n"


def _snapshot(output: Path) -> str:
    script = Path(rootsnapshot.__file__).resolve()
    return f'{shlex.quote(sys.executable)} {shlex.quote(str(script))} "$1" {shlex.quote(str(output))}'


def _what_scripts_did(unpacked: Tree, base: Mapping[str, dict], whole: Mapping[str, dict]) -> Expected:  # type: ignore[type-arg]
    """Leave out what the Essential packages had before, and what is as our packages ship it."""
    nodes: dict[str, Node | None] = {}
    for path, values in whole["paths"].items():
        entry = unpacked.get(path[1:])
        as_shipped = entry is not None and node(entry) == Node(*values)
        if not as_shipped and base["paths"].get(path) != values:
            nodes[path] = Node(*values)
    removed = frozenset(f"/{path}" for path, entry in unpacked.walk() if entry.package) - set(whole["paths"])
    names = (frozenset(line.partition(":")[0] for line in text.splitlines()) for text in whole["accounts"].values())
    users, groups = names
    before = {path: Node(*values) for path, values in base["paths"].items() if whole["paths"].get(path) == values}
    return Expected(nodes, removed, (users, groups), before)


def differences(
    expected: Expected, closure: Closure, tree: Tree, report: ScriptReport, accounts: Accounts
) -> Iterator[tuple[str, str]]:
    """Yield ``(path, text)`` for everything that is not as it is expected."""
    changed = {f"/{change.path}": change for item in report.packages for change in item.changes}
    owners = Owners()
    for path, wanted in sorted(expected.nodes.items()):
        text = _difference(wanted, tree.get(tree.place_of(path)), owners, accounts, changed=path in changed)
        if text:
            yield path, text
    yield from ((path, "extra: it should have been removed") for path in sorted(expected.removed) if path[1:] in tree)
    for path in sorted(set(changed) - set(expected.nodes) - expected.removed):
        entry = tree.get(path[1:])
        known = path in expected.before and entry is not None
        if known and _difference(expected.before[path], entry, owners, accounts, changed=True) is None:
            continue
        if not (entry and expected.accounts and node(entry) == _before(closure, path)):
            yield path, f"extra: {changed[path].action} by {changed[path].by}: {node(entry) if entry else 'removed'}"
    yield from _account_differences(expected, accounts)


def _difference(
    wanted: Node | None, entry: Entry | None, owners: Owners, accounts: Accounts, *, changed: bool
) -> str | None:
    if entry is None:
        return f"missing: {wanted or 'changed content'}"
    if wanted is None:
        return None if changed else "different: its content is as it was"
    if _same(wanted, node(entry), owners, accounts):
        return None
    return f"different: {wanted} expected, {node(entry)} found"


def _account_differences(expected: Expected, accounts: Accounts) -> Iterator[tuple[str, str]]:
    if not expected.accounts:
        return
    ours = ({user.name for user in accounts.users}, {group.name for group in accounts.groups})
    for file, theirs, names in zip(("passwd", "group"), expected.accounts, ours, strict=True):
        yield from ((f"/etc/{file}:{name}", "missing account") for name in sorted(theirs - names))
        yield from ((f"/etc/{file}:{name}", "extra account") for name in sorted(names - theirs))


def _before(closure: Closure, path: str) -> Node | None:
    entry = closure.tree.get(path[1:])
    return node(entry) if entry else None


def _same(wanted: Node, found: Node, owners: Owners, accounts: Accounts) -> bool:
    numbers = accounts.identities
    return (
        (wanted.letter, wanted.mode, wanted.target) == (found.letter, found.mode, found.target)
        and (not wanted.content or wanted.content == found.content)
        and (wanted.letter == "l" or owners.same("user", wanted.user, found.user, numbers.users))
        and (wanted.letter == "l" or owners.same("group", wanted.group, found.group, numbers.groups))
    )


def read_allowances(path: Path = ALLOWED) -> tuple[Allowance, ...]:
    """Read the list of what may differ."""
    rules = yaml.safe_load(path.read_text())
    return tuple(Allowance(tuple(rule["paths"]), rule["why"], frozenset(rule.get("in", []))) for rule in rules)


def compare(
    packages: Sequence[str], *, suite: str, architecture: str, world: World, changes: Expected | None = None
) -> tuple[tuple[str, ...], int]:
    """Compare one closure with what it really looks like.

    Args:
        packages: Their closure is compared.
        suite: Codename.
        architecture: Debian architecture.
        world: Store and network.
        changes: What the closure should look like; by default it is really configured.

    Returns:
        What is not as it should be, one line each, and the number of paths that were compared.
    """
    allowances = [rule for rule in read_allowances() if not rule.packages or rule.packages & set(packages)]
    with closure_of(packages, suite=suite, architecture=architecture, world=world, closure="full") as closure:
        tree, report = closure.configure()
        expected = changes or really_configured(closure, suite, world)
        accounts = read_accounts(tree, closure.read)
        found = differences(expected, closure, tree, report, accounts)
        lines = [f"{path}: {text}" for path, text in found if not _allowed(path, allowances)]
    lines += [f"{item.package}: {item.problem}" for item in report.not_understood]
    return tuple(lines), len(expected.nodes)


def _allowed(path: str, allowances: Sequence[Allowance]) -> bool:
    return any(fnmatchcase(path, pattern) for rule in allowances for pattern in rule.paths)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("packages", nargs="+", metavar="PACKAGE")
    parser.add_argument("--suite", default="bookworm")
    parser.add_argument("--arch", default="amd64")
    parser.add_argument("--changes", type=Path, help="a file of changes instead of a live root")
    parser.add_argument("--base", type=Path, help="a file of what the Essential packages changed before")
    parser.add_argument("--cache-dir", type=Path, help="keep what is downloaded here")
    options = parser.parse_args()
    changes = None
    if options.changes:
        changes = read_changes(options.changes.read_text(), options.base.read_text() if options.base else "")
    with tempfile.TemporaryDirectory() as temporary:
        world = world_in(options.cache_dir or Path(temporary))
        lines, count = compare(
            options.packages, suite=options.suite, architecture=options.arch, world=world, changes=changes
        )
    print("\n".join(lines))
    print(f"{' '.join(options.packages)}: {count} paths that scripts concern, {len(lines)} lines of difference")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
