"""Packages are installed into a tree: unpacked and configured, in the order of a first installation.

What ``dpkg --install`` makes happen on a machine happens here to a value. Package after package the preinst is
interpreted and then the files come in, so that accounts, diversions and overrides of owners are there for the package
itself and for all after it; when every package is unpacked, config and postinst follow in the same order. A package
with a preinst finds its pre-dependencies configured.

The scripts of a package count all or not at all: when one does something that is not emulated exactly, or fails,
nothing is left of them but a line in the report. A preinst counts long before the postinst is seen, and much may follow
from it; so when a postinst has to be taken back and the preinst of its package did something, everything is installed
once more without the scripts of that package.

Spec: Debian Policy 6.5 and 6.6 (calls and their arguments), 7.2 (Pre-Depends); dpkg(1), "Internal environment";
debconf-devel(7).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from pkg2image.deb.facts import FetchedDeb
from pkg2image.deb.package import Package
from pkg2image.errors import ScriptError
from pkg2image.idmap import IdMap
from pkg2image.maintscript.configuration import Configuration
from pkg2image.maintscript.debconf import DebconfDatabase
from pkg2image.maintscript.limits import Limits
from pkg2image.maintscript.overrides import Overrides, built_in
from pkg2image.maintscript.parsed import ParsedScripts, Records
from pkg2image.maintscript.report import PackageReport, Problem, ScriptReport
from pkg2image.maintscript.transaction import Journal
from pkg2image.rootfs.tree import ReadContent, Tree
from pkg2image.rootfs.unpack import Unpacker, unpack

POLICIES = ("emulate", "strict", "none")
"""Go on without the scripts of a package that are not understood; fail; do not look at scripts at all."""


def install_packages(
    tree: Tree,
    debs: Sequence[FetchedDeb],
    *,
    read: ReadContent,
    epoch: int,
    architecture: str,
    policy: str = "emulate",
    preseed: Mapping[str, str] | None = None,
    ids: IdMap | None = None,
    partial: Collection[str] = (),
    overrides: Overrides | None = None,
    limits: Limits | None = None,
    records: Records | None = None,
) -> tuple[Tree, ScriptReport]:
    """Unpack and configure packages.

    Args:
        tree: What is there already, the skeleton; not changed.
        debs: All packages of the image, dependencies first.
        read: Reads contents of the tree.
        epoch: Time of everything that is made, in seconds since the epoch.
        architecture: Debian architecture of the image.
        policy: One of `POLICIES`.
        preseed: Answers to questions of debconf by the name of the question.
        ids: Numbers that users and groups get when scripts make them.
        partial: Names of packages of which the skeleton has single files: they are not unpacked, nor are their scripts
            run.
        overrides: What is not run; by default the rules that come with the program.
        limits: How much one script may do.
        records: Where parsed scripts are kept for other images.

    Returns:
        A new tree, and what became of the scripts.

    Raises:
        FileConflictError: When two packages ship one path.
        MalformedPackageError: When packages contradict each other.
        ScriptError: When scripts are not understood or fail, with the policy ``strict``.
    """
    whole = [deb for deb in debs if deb.package.name not in partial]
    parts = {deb.package.name: deb for deb in debs if deb.package.name in partial}
    installed = [deb.package for deb in parts.values()]
    if policy == "none":
        return unpack(tree, whole, installed=installed, read=read), ScriptReport(policy)
    parsed = ParsedScripts(records)
    given_up: dict[Package, PackageReport] = {}
    while True:
        result = tree.copy()
        configuration = Configuration(
            journal=Journal(result),
            read=read,
            epoch=epoch,
            architecture=architecture,
            packages={deb.package.name for deb in debs},
            installed=dict(parts),
            debconf=DebconfDatabase(preseed),
            overrides=built_in() if overrides is None else overrides,
            limits=limits or Limits(),
            ids=ids or IdMap(),
            parsed=parsed,
        )
        unpacker = Unpacker(result, whole, installed=installed, read=read)
        installation = _Installation(unpacker, configuration, given_up, strict=policy == "strict")
        installation.run(whole)
        reports = installation.reports
        if not configuration.half_done:
            return result, ScriptReport(policy, tuple(reports.values()))
        given_up |= {package: reports[package] for package in configuration.half_done}


@dataclass(slots=True)
class _Installation:
    """One attempt.

    Args:
        unpacker: Of the tree.
        configuration: Of the same tree.
        given_up: What became of the packages whose scripts are left out this time.
        strict: Whether the first problem ends it.
        reports: The packages that are configured, in this order.
        waiting: The packages that are unpacked and not configured yet.
    """

    unpacker: Unpacker
    configuration: Configuration
    given_up: Mapping[Package, PackageReport]
    strict: bool
    reports: dict[Package, PackageReport] = field(default_factory=dict)
    waiting: dict[Package, FetchedDeb] = field(default_factory=dict)

    def run(self, debs: Sequence[FetchedDeb]) -> None:
        """Install packages."""
        self.configuration.load_templates(debs)
        for deb in debs:
            self._unpack(deb)
        for deb in tuple(self.waiting.values()):
            self._configure(deb)

    def _unpack(self, deb: FetchedDeb) -> None:
        package = deb.package
        if package not in self.given_up and deb.facts.control_file("preinst") is not None:
            for needed in self._needed(deb):
                self._configure(needed)
            self._check(deb, self.configuration.prepare(deb))
        self.unpacker.unpack(deb)
        self.configuration.installed[package.name] = self.waiting[package] = deb

    def _configure(self, deb: FetchedDeb) -> None:
        report = self.given_up.get(deb.package) or self.configuration.configure(deb)
        self._check(deb, report.problem)
        self.reports[deb.package] = report
        del self.waiting[deb.package]

    def _check(self, deb: FetchedDeb, problem: Problem | None) -> None:
        if problem and self.strict:
            raise ScriptError(deb.package.name, problem.script, problem.reason, line=problem.line)

    def _needed(self, deb: FetchedDeb) -> list[FetchedDeb]:
        """Return what has to be configured before a preinst, dependencies first: its pre-dependencies and theirs.

        Only packages that are unpacked are found, and not those that merely Provide a name.
        """
        found: set[str] = set()
        pending = self._named(deb, "Pre-Depends")
        while pending:
            each = pending.pop()
            if each.package.name not in found:
                found.add(each.package.name)
                pending += self._named(each, "Pre-Depends", "Depends")
        return [each for each in self.waiting.values() if each.package.name in found]

    def _named(self, deb: FetchedDeb, *relations: str) -> list[FetchedDeb]:
        """Return the packages in relations of a package that are unpacked and not configured."""
        groups = [group for name in relations for group in deb.package.relations(name)]
        names = {relation.name for group in groups for relation in group}
        return [each for each in self.waiting.values() if each.package.name in names]
