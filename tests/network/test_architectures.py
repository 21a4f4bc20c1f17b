"""What scripts do to a tree is the same on every architecture, but for paths that are named after it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pytest

from pkg2image.image.content import ContentReader
from pkg2image.maintscript.report import PackageReport
from pkg2image.making.configure import install
from pkg2image.pipeline import fetched
from pkg2image.request import make_request
from pkg2image.rootfs.architectures import TRIPLETS
from pkg2image.rootfs.tree import Entry
from pkg2image.world import World

pytestmark = pytest.mark.network

APPLICATIONS = [
    ("bookworm", "redis-server"),
    ("bookworm", "nginx"),
    ("trixie", "openssh-server"),
    ("trixie", "bind9"),
    ("trixie", "default-jre-headless"),
]


@dataclass(frozen=True, slots=True)
class Configured:
    """What scripts did on one architecture.

    Args:
        packages: Name -> what became of its scripts.
        entries: Path -> what it is now, for all paths that a script made or changed; None where it removed one.
    """

    packages: Mapping[str, PackageReport]
    entries: Mapping[str, tuple[object, ...] | None]


def neutral(text: str, architecture: str) -> str:
    """Return a text without the names of an architecture."""
    return text.replace(TRIPLETS[architecture], "TRIPLET").replace(f"-{architecture}", "-ARCHITECTURE")


def said(path: str, content: str) -> object:
    """Return what a file says; of diversions in any order, for theirs is that of hashes of their names.

    The dynamic loader is left out: its name and directory are those of the architecture.
    """
    if path != "var/lib/dpkg/diversions":
        return content
    lines = content.split("\n")
    triples = set(zip(lines[::3], lines[1::3], lines[2::3], strict=False))
    return {triple for triple in triples if triple[2] != "libc6" and triple[0] != "/lib64"}


def configured(package: str, suite: str, architecture: str, world: World) -> Configured:
    # Without what recipes add: base-files, which bash wants, has lines of its own for /lib64.
    words = {"packages": (package,), "suite": suite, "architectures": (architecture,), "recipe": "none"}
    request = make_request(words, None)
    planned, debs = fetched(request, architecture, world)
    with ContentReader(world.store) as reader:
        tree, report = install(planned.plan, debs, request=request, read=reader.read, epoch=planned.plan.epoch)

        def shown(path: str, entry: Entry) -> tuple[object, ...]:
            made = entry.content is not None and not entry.package
            content = neutral(reader.read(entry.content).decode("latin-1"), architecture) if made else ""
            owner = (entry.user, entry.group, entry.package, entry.origin)
            return (
                entry.kind,
                entry.mode,
                *owner,
                neutral(entry.target, architecture),
                said(path, content),
                entry.xattrs,
            )

        paths = {change.path for item in report.packages for change in item.changes}
        entries = {neutral(path, architecture): shown(path, tree[path]) if path in tree else None for path in paths}
    return Configured({item.package: item for item in report.packages}, entries)


def effects(report: PackageReport, architecture: str) -> tuple[object, ...]:
    """Return what a report says, but for the version, which has a suffix where one architecture was rebuilt."""
    if report.package == "libc6":  # whose preinst has lines of its own for /lib64
        return (report.disposition, report.problem)
    changes = {(neutral(change.path, architecture), change.action, change.by) for change in report.changes}
    noops = [(neutral(noop.command, architecture), noop.by) for noop in report.noops]
    return (report.disposition, report.scripts, report.problem, changes, noops, report.withheld, report.overrides)


@pytest.mark.parametrize(("suite", "package"), APPLICATIONS)
def test_scripts_do_the_same_on_arm64_as_on_amd64(suite: str, package: str, world: World) -> None:
    amd64, arm64 = (configured(package, suite, architecture, world) for architecture in ("amd64", "arm64"))
    assert len(amd64.entries) > 5
    assert arm64.entries == amd64.entries
    common = amd64.packages.keys() & arm64.packages.keys()
    # Few packages are for one processor only: a library of vector instructions, a name with the architecture in it.
    alone = amd64.packages.keys() ^ arm64.packages.keys()
    assert len(alone) <= len(common) // 10
    for name in common:
        assert effects(arm64.packages[name], "arm64") == effects(amd64.packages[name], "amd64"), name
