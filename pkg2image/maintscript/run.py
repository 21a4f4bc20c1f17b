"""Trees are configured: the scripts of a first installation, package after package.

What ``dpkg --configure`` makes happen on a machine happens here to a value. The scripts of a package are interpreted
in the order of a first installation - preinst, config, postinst - and count all or not at all: a script that does
something which is not emulated exactly, or that fails, leaves nothing behind but a line in the report.

Deliberate deviation: dpkg runs a preinst before the package is unpacked. Here everything is unpacked before, so that a
preinst sees the package's own files; diversions, which have to be known earlier, are found by `find_diversions`.

Spec: Debian Policy 6.5 and 6.6 (calls and their arguments); dpkg(1), "Internal environment"; debconf-devel(7).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from pkg2image.deb.facts import FetchedDeb
from pkg2image.errors import ScriptError
from pkg2image.maintscript.configuration import Configuration
from pkg2image.maintscript.debconf import DebconfDatabase
from pkg2image.maintscript.limits import Limits
from pkg2image.maintscript.overrides import Overrides, built_in
from pkg2image.maintscript.report import ScriptReport
from pkg2image.maintscript.transaction import Journal
from pkg2image.rootfs.diversions import Diversion, render_diversions
from pkg2image.rootfs.provision import add_file
from pkg2image.rootfs.tree import ReadContent, Tree

POLICIES = ("emulate", "strict", "none")
"""Go on without the scripts of a package that are not understood; fail; do not look at scripts at all."""

_DIVERSIONS = "var/lib/dpkg/diversions"


def run_scripts(
    tree: Tree,
    debs: Sequence[FetchedDeb],
    *,
    read: ReadContent,
    epoch: int,
    architecture: str,
    policy: str = "emulate",
    preseed: Mapping[str, str] | None = None,
    partial: Collection[str] = (),
    diversions: Sequence[Diversion] = (),
    overrides: Overrides | None = None,
    limits: Limits | None = None,
) -> tuple[Tree, ScriptReport]:
    """Configure the packages of a tree.

    Args:
        tree: With all packages unpacked; not changed.
        debs: All packages of the image, dependencies first.
        read: Reads contents of the tree.
        epoch: Time of everything that is made, in seconds since the epoch.
        architecture: Debian architecture of the image.
        policy: One of `POLICIES`.
        preseed: Answers to questions of debconf by the name of the question.
        partial: Names of packages of which only single files are in the tree: their scripts are not run.
        diversions: Those the tree was unpacked with.
        overrides: What is not run; by default the rules that come with the program.
        limits: How much one script may do.

    Returns:
        A new tree, and what became of the scripts.

    Raises:
        ScriptError: When scripts are not understood or fail, with the policy ``strict``.
    """
    if policy == "none":
        return tree, ScriptReport(policy)
    journal = Journal(tree)
    if diversions:
        add_file(journal, _DIVERSIONS, render_diversions(diversions), origin="dpkg database", mtime=epoch)
        journal.commit()
    configuration = Configuration(
        journal=journal,
        read=read,
        epoch=epoch,
        architecture=architecture,
        installed={deb.package.name: deb for deb in debs},
        debconf=DebconfDatabase(preseed),
        overrides=built_in() if overrides is None else overrides,
        limits=limits or Limits(),
    )
    whole = [deb for deb in debs if deb.package.name not in partial]
    configuration.load_templates(whole)
    reports = []
    for deb in whole:
        report = configuration.configure(deb)
        if report.problem and policy == "strict":
            problem = report.problem
            raise ScriptError(deb.package.name, problem.script, problem.reason, line=problem.line)
        reports.append(report)
    return journal.copy(), ScriptReport(policy, tuple(reports))


def find_diversions(
    tree: Tree,
    debs: Sequence[FetchedDeb],
    *,
    read: ReadContent,
    epoch: int,
    architecture: str,
    partial: Collection[str] = (),
) -> tuple[Diversion, ...]:
    """Find the diversions that scripts make, before the packages are unpacked that they concern.

    Only the preinst of packages that speak of diversions is looked at, and nothing else of what it does is kept.

    Args:
        tree: The skeleton; not changed.
        debs: All packages of the image, dependencies first.
        read: Reads contents of the tree.
        epoch: Time of everything that is made, in seconds since the epoch.
        architecture: Debian architecture of the image.
        partial: Names of packages whose scripts are not run.

    Returns:
        In the order in which they are made; a package whose script is not understood makes none.
    """
    diverting = [deb for deb in debs if deb.package.name not in partial and _diverts(deb)]
    if not diverting:
        return ()
    configuration = Configuration(
        journal=Journal(tree),
        read=read,
        epoch=epoch,
        architecture=architecture,
        installed={deb.package.name: deb for deb in debs},
        debconf=DebconfDatabase(),
        overrides=built_in(),
        limits=Limits(),
    )
    for deb in diverting:
        configuration.configure(deb, ("preinst",))
    return read_diversions(configuration.journal, read)


def read_diversions(tree: Tree, read: ReadContent) -> tuple[Diversion, ...]:
    """Return the diversions of a tree, as dpkg-divert keeps them."""
    entry = tree.lookup(_DIVERSIONS)
    if entry is None or entry.content is None:
        return ()
    lines = read(entry.content).decode("utf-8", "surrogateescape").split("\n")
    triples = zip(lines[::3], lines[1::3], lines[2::3], strict=False)
    return tuple(
        Diversion("" if package == ":" else package, path.lstrip("/"), to.lstrip("/")) for path, to, package in triples
    )


def _diverts(deb: FetchedDeb) -> bool:
    return b"dpkg-divert" in (deb.facts.control_file("preinst") or b"")
