"""Trees as a build configures them, in words that a root directory of a machine has too.

The closure is the full one, with the Essential packages that every such root directory has, and with a recipe that adds
nothing: what is left is what packages say themselves.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

import yaml

from pkg2image.deb.facts import FetchedDeb
from pkg2image.image.content import ContentReader
from pkg2image.maintscript.report import ScriptReport
from pkg2image.making.configure import configure
from pkg2image.pipeline import fetched
from pkg2image.plan import Plan
from pkg2image.recipes.model import Recipe
from pkg2image.request import make_request
from pkg2image.rootfs.tree import Entry, Kind, ReadContent, Tree
from pkg2image.rootfs.users import Accounts, read_accounts
from pkg2image.world import World

ESSENTIAL = (
    *("base-files", "base-passwd", "bash", "bsdutils", "coreutils", "dash", "debianutils", "diffutils", "dpkg"),
    *("findutils", "grep", "gzip", "hostname", "init-system-helpers", "libc-bin", "login", "ncurses-base"),
    *("ncurses-bin", "perl-base", "sed", "sysvinit-utils", "tar", "util-linux"),
)
"""The Essential packages of bookworm; in trixie login is not one any more, and is in both roots all the same."""

# A recipe that says how the image is started, so that nothing is inferred, with what that adds to the tree.
_NOTHING = Recipe(name="nothing", description="adds nothing", entrypoint=("/bin/true",))
ALLOWED = Path(__file__).with_name("configured.yaml")
_LETTERS = {Kind.DIRECTORY: "d", Kind.FILE: "f", Kind.SYMLINK: "l"}


@dataclass(frozen=True, slots=True)
class Node:
    """One path in the words both sides have in common.

    Args:
        letter: ``d``, ``f``, ``l`` or ``?``.
        mode: Octal; empty for links.
        user: Owner by name or number.
        group: Group by name or number.
        target: Of links.
        content: SHA-256 of files.
        attributes: Extended attributes, ``name=hex`` and so on.
    """

    letter: str
    mode: str = ""
    user: str = ""
    group: str = ""
    target: str = ""
    content: str = ""
    attributes: str = ""

    def __str__(self) -> str:
        """Return what a reader needs of it."""
        what = f"l -> {self.target}" if self.letter == "l" else f"{self.letter} {self.mode} {self.user}:{self.group}"
        return " ".join(filter(None, (what, self.content[:8], self.attributes)))


@dataclass(frozen=True, slots=True)
class ConfiguredTree:
    """What a build makes of packages.

    Args:
        plan: What is in it.
        debs: The packages.
        tree: After scripts, declarative files and triggers.
        accounts: Its users and groups.
        scripts: What became of the scripts.
        read: Reads contents of the tree.
    """

    plan: Plan
    debs: tuple[FetchedDeb, ...]
    tree: Tree
    accounts: Accounts
    scripts: ScriptReport
    read: ReadContent

    @property
    def problems(self) -> tuple[str, ...]:
        """Scripts that were not understood, one line each."""
        return tuple(f"{item.package}: {item.problem}" for item in self.scripts.not_understood)

    def content(self, path: str) -> bytes | None:
        """Return the bytes of a file, or None when there is none.

        Args:
            path: Absolute.
        """
        entry = self.tree.get(path[1:])
        return self.read(entry.content) if entry and entry.content else None

    def made_by(self, path: str) -> str:
        """Say where a path comes from.

        Args:
            path: Absolute.
        """
        for item in self.scripts.packages:
            for change in item.changes:
                if change.path == path[1:]:
                    return f"{change.action} by {item.package} {change.by}"
        entry = self.tree.get(path[1:])
        return (entry.package or entry.origin) if entry else ""


@contextmanager
def configured_tree(
    packages: Sequence[str], *, suite: str, architecture: str, world: World
) -> Iterator[ConfiguredTree]:
    """Plan, fetch, unpack and configure packages with all dependencies and the Essential packages.

    Raises:
        Pkg2ImageError: Of every kind.
    """
    wanted = {"suite": suite, "architectures": (architecture,), "closure": "full", "recipe": "none"}
    request = make_request({"packages": tuple(packages) or ESSENTIAL, "with_packages": ESSENTIAL, **wanted}, None)
    planned, debs = fetched(request, architecture, world)
    with ContentReader(world.store) as reader:
        made = configure(planned.plan, debs, _NOTHING, request=request, read=reader.read, epoch=planned.plan.epoch)
        accounts = read_accounts(made.tree, reader.read)
        yield ConfiguredTree(planned.plan, debs, made.tree, accounts, made.scripts, reader.read)


def node(entry: Entry) -> Node:
    """Return an entry of a tree as a node."""
    if entry.kind is Kind.SYMLINK:
        return Node("l", target=entry.target)
    content = entry.content.sha256 if entry.content else ""
    attributes = " ".join(f"{key}={value.hex()}" for key, value in entry.xattrs)
    return Node(_LETTERS.get(entry.kind, "?"), f"{entry.mode:o}", entry.user, entry.group, "", content, attributes)


@dataclass(frozen=True, slots=True)
class Difference:
    """One path that is not as it should be.

    Args:
        path: Absolute.
        how: ``missing``, ``extra`` or ``different``.
        text: What is expected and what was found.
    """

    path: str
    how: str
    text: str

    def __str__(self) -> str:
        """Return one line."""
        return f"{self.path}: {self.how}: {self.text}"


@dataclass(frozen=True, slots=True)
class Allowance:
    """Paths that may differ.

    Args:
        paths: Shell patterns.
        why: The reason.
        how: ``missing``, ``extra`` or ``different``; empty for all.
        text: A shell pattern of what is expected and found.
        packages: When it is for single applications only, their names.
    """

    paths: tuple[str, ...]
    why: str
    how: frozenset[str] = frozenset()
    text: str = "*"
    packages: frozenset[str] = frozenset()

    def covers(self, difference: Difference) -> bool:
        """Say whether it allows a difference."""
        return (
            (not self.how or difference.how in self.how)
            and any(fnmatchcase(difference.path, pattern) for pattern in self.paths)
            and fnmatchcase(difference.text, self.text)
        )


def read_allowances(packages: Sequence[str], path: Path = ALLOWED) -> tuple[Allowance, ...]:
    """Read the list of what may differ.

    Args:
        packages: The packages that were asked for; rules for others are left out.
        path: The list.
    """
    rules = [
        Allowance(
            tuple(rule["paths"]),
            rule["why"],
            frozenset(rule.get("how", ())),
            rule.get("text", "*"),
            frozenset(rule.get("in", ())),
        )
        for rule in yaml.safe_load(path.read_text())
    ]
    return tuple(rule for rule in rules if not rule.packages or rule.packages & set(packages))


def not_allowed(differences: Sequence[Difference], allowances: Sequence[Allowance]) -> tuple[Difference, ...]:
    """Return the differences that no rule allows."""
    return tuple(item for item in differences if not any(rule.covers(item) for rule in allowances))
