"""One package is installed: its scripts are run in their order, and what they do counts all or not at all.

Spec: Debian Policy 6.5 and 6.6 (calls and their arguments); dpkg(1), "Internal environment"; debconf-devel(7).
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from pkg2image.deb.facts import FetchedDeb
from pkg2image.deb.package import Package
from pkg2image.errors import Pkg2ImageError
from pkg2image.idmap import IdMap
from pkg2image.maintscript.commands import all_commands, secrets
from pkg2image.maintscript.commands.debconf import confmodule_commands
from pkg2image.maintscript.debconf import DebconfDatabase
from pkg2image.maintscript.failure import NotUnderstoodError
from pkg2image.maintscript.files import Files
from pkg2image.maintscript.interpreter import Interpreter
from pkg2image.maintscript.limits import Limits
from pkg2image.maintscript.overrides import SCRIPTS, Because, Override, Overrides
from pkg2image.maintscript.parsed import ParsedScripts, shell_of
from pkg2image.maintscript.report import (
    Change,
    Disposition,
    NoOp,
    Overridden,
    PackageReport,
    Problem,
    Withheld,
    merge_changes,
)
from pkg2image.maintscript.session import Command, InPlace, Invocation, Session, Skipped
from pkg2image.maintscript.transaction import Journal
from pkg2image.rootfs.tree import ReadContent, Tree

_ADMINISTRATION = "/var/lib/dpkg"
_ENVIRONMENT = {
    "DEBIAN_FRONTEND": "noninteractive",
    "DPKG_ADMINDIR": _ADMINISTRATION,
    "DPKG_MAINTSCRIPT_DEBUG": "0",
    "DPKG_MAINTSCRIPT_PACKAGE_REFCOUNT": "1",
    "DPKG_ROOT": "",
    "DPKG_RUNNING_VERSION": "1.22.0",
    "HOME": "/root",
    "LC_ALL": "C.UTF-8",
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "SHELL": "/bin/sh",
}
_ARGUMENTS = {"preinst": ("install",), "config": ("configure", ""), "postinst": ("configure", "")}
_MISTAKES = (ArithmeticError, LookupError, MemoryError, RecursionError, ValueError)
_SECRET = 0o600  # mode of a placeholder, as programs give it to keys
_MOST_SAID = 120  # characters of what a script said last


@dataclass(slots=True)
class _Outcome:
    """What the scripts of a package left behind so far.

    Args:
        noops: For the report.
        withheld: For the report.
        overrides: For the report.
        notes: For the report.
        placeholders: Empty files in place of what is withheld: the rest of a script may give it an owner.
        changes: What became different in the tree.
        counts: Whether anything they did counts already.
        problem: Why they did not come to their end.
    """

    noops: list[NoOp] = field(default_factory=list)
    withheld: list[Withheld] = field(default_factory=list)
    overrides: list[Overridden] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    placeholders: set[str] = field(default_factory=set)
    changes: tuple[Change, ...] = ()
    counts: bool = False
    problem: Problem | None = None


@dataclass(slots=True)
class Configuration:
    """One image while its packages are installed.

    Args:
        journal: The tree.
        read: Reads its contents.
        epoch: Time of everything that is made.
        architecture: Of the image.
        packages: Names of all packages that will be in the image.
        installed: Those that are there already, by name; whoever unpacks packages adds them.
        debconf: Questions and answers so far.
        overrides: What is not run.
        limits: How much one script may do.
        ids: Numbers that users and groups get when they are made.
        parsed: Scripts that were parsed before.
        unreadable: Why the templates of packages cannot be read.
        begun: What became of the preinst of packages that are not configured yet.
        half_done: The packages whose preinst counts although the rest does not.
    """

    journal: Journal
    read: ReadContent
    epoch: int
    architecture: str
    packages: Container[str]
    installed: dict[str, FetchedDeb]
    debconf: DebconfDatabase
    overrides: Overrides
    limits: Limits
    ids: IdMap = field(default_factory=IdMap)
    parsed: ParsedScripts = field(default_factory=ParsedScripts)
    unreadable: dict[str, NotUnderstoodError] = field(default_factory=dict)
    begun: dict[Package, _Outcome] = field(default_factory=dict)
    half_done: set[Package] = field(default_factory=set)

    def load_templates(self, debs: Iterable[FetchedDeb]) -> None:
        """Make the questions of all packages known, as apt does before it unpacks the first."""
        for deb in debs:
            templates = deb.facts.control_file("templates")
            if templates is not None:
                try:
                    self.debconf.load(_text(templates), deb.package.name)
                except NotUnderstoodError as error:
                    self.unreadable[deb.package.name] = error

    def prepare(self, deb: FetchedDeb) -> Problem | None:
        """Run the preinst of a package that is about to be unpacked; return why it does not count."""
        outcome = self.begun[deb.package] = _Outcome()
        self._try(deb, ("preinst",), outcome)
        return outcome.problem

    def configure(self, deb: FetchedDeb) -> PackageReport:
        """Run the other scripts of a package that was unpacked, unless its preinst has failed."""
        outcome = self.begun.pop(deb.package, None) or _Outcome()
        # What a preinst made and the package brought itself is the package's.
        kept = (item for item in outcome.changes if item.action != "made" or not self._is_shipped(item.path))
        outcome.changes = tuple(kept)
        if not outcome.problem:
            self._try(deb, ("config", "postinst"), outcome)
            if outcome.problem and outcome.counts:
                self.half_done.add(deb.package)
        return _report(deb, outcome)

    def _is_shipped(self, path: str) -> bool:
        entry = self.journal.get(path)
        return entry is not None and entry.package != ""

    def _try(self, deb: FetchedDeb, names: Sequence[str], outcome: _Outcome) -> None:
        """Run scripts; what they do counts when all of them come to their end."""
        scripts = _scripts_of(deb, names)
        if not scripts:
            return
        debconf = self.debconf.copy()
        outcome.problem = self._run_all(deb, scripts, outcome)
        if outcome.problem:
            self.journal.rollback()
            self.debconf = debconf
            return
        changes = self.journal.commit(outcome.placeholders)
        outcome.changes = merge_changes(outcome.changes, changes)
        outcome.counts |= bool(changes) or not self.debconf.same_as(debconf)

    def _run_all(self, deb: FetchedDeb, scripts: Mapping[str, bytes], outcome: _Outcome) -> Problem | None:
        """Run scripts until one fails; return why, or None when all did their work."""
        rules = self.overrides.of(deb.package.name, self.packages)
        for name, text in scripts.items():
            skipped = next((rule for rule in rules if rule.skips(name)), None)
            if skipped:
                _note(skipped, name, name, outcome)
                continue
            try:
                status = self._run(deb, name, text, rules, outcome)
            except NotUnderstoodError as error:
                return _problem(deb, name, error)
            except Pkg2ImageError as error:  # the tree refuses what no file system would do
                return Problem(name, None, error.message)
            except _MISTAKES as error:  # ours, but no script of a package may end a build with one
                return Problem(name, None, f"a mistake of pkg2image: {type(error).__name__}: {error}")
            if status:
                return Problem(name, None, status)
        return None

    def _run(self, deb: FetchedDeb, name: str, data: bytes, rules: Sequence[Override], outcome: _Outcome) -> str:
        """Run one script; return how it failed, empty when it did not."""
        if deb.package.name in self.unreadable:
            raise self.unreadable[deb.package.name]
        script = self.parsed.script(data, f"{deb.package.name} {name}")
        session = self._session(deb, name, rules, outcome)
        interpreter = Interpreter(session, self.limits, bash=shell_of(data) == "bash")
        status = interpreter.run(
            script,
            name=f"{_ADMINISTRATION}/info/{deb.package.name}.{name}",
            arguments=_ARGUMENTS[name],
        )
        _settle(session)
        outcome.notes.extend(session.notes)
        outcome.noops.extend(NoOp(item.command, f"{name}:{item.line}") for item in session.noops)
        outcome.withheld.extend(Withheld(item.what, item.why, f"{name}:{item.line}") for item in session.secrets)
        return _failure(status, interpreter.stderr.value)

    def _session(self, deb: FetchedDeb, script: str, rules: Sequence[Override], outcome: _Outcome) -> Session:
        package = deb.package
        # Some scripts ask after they looked for the library of debconf, which the runtime closure does not have.
        questions = confmodule_commands(self.debconf, package.name)
        return Session(
            files=Files(self.journal, read=self.read, epoch=self.epoch, package=package.name),
            package=package,
            script=script,
            architecture=self.architecture,
            installed=self.installed,
            commands={**questions, **_commands(rules, outcome)},
            debconf=self.debconf,
            debconf_commands=questions,
            ids=self.ids,
            environment={
                **_ENVIRONMENT,
                "DPKG_MAINTSCRIPT_ARCH": package.architecture,
                "DPKG_MAINTSCRIPT_NAME": script,
                "DPKG_MAINTSCRIPT_PACKAGE": package.name,
            },
        )


def _scripts_of(deb: FetchedDeb, names: Sequence[str] = SCRIPTS) -> dict[str, bytes]:
    """Return the scripts of a package that run on a first installation, in their order."""
    files = dict(deb.facts.control_files)
    return {name: files[name] for name in names if name in files}


def _report(deb: FetchedDeb, outcome: _Outcome) -> PackageReport:
    package, scripts = deb.package, tuple(_scripts_of(deb))
    if outcome.problem:
        disposition = Disposition.NOT_UNDERSTOOD
        return PackageReport(package.name, package.version, disposition, scripts=scripts, problem=outcome.problem)
    disposition = (
        Disposition.NO_SCRIPT
        if not scripts
        else Disposition.OVERRIDDEN
        if outcome.overrides
        else Disposition.INTERPRETED
        if outcome.changes or outcome.withheld
        else Disposition.NO_EFFECT
    )
    prefix = f"{package.name} "
    return PackageReport(
        package.name,
        package.version,
        disposition,
        scripts=scripts,
        changes=tuple(Change(item.path, item.action, item.by.removeprefix(prefix)) for item in outcome.changes),
        noops=tuple(outcome.noops),
        withheld=tuple(outcome.withheld),
        overrides=tuple(dict.fromkeys(outcome.overrides)),
        notes=tuple(dict.fromkeys(outcome.notes)),
    )


def _settle(session: Session) -> Tree:
    """Return the tree after the files of a session wrote everything they still held back."""
    return session.files.tree


def _problem(deb: FetchedDeb, script: str, error: NotUnderstoodError) -> Problem:
    origin = error.origin.removeprefix(f"{deb.package.name} ")
    return Problem(script, error.line, error.reason, origin="" if origin == script else origin)


def _failure(status: int, complaints: bytes) -> str:
    """Return a sentence about a script that failed, with the last thing it said."""
    if not status:
        return ""
    last = _text(complaints).strip().rpartition("\n")[2]
    return f"exited with {status}" + (f" after saying {last[:_MOST_SAID]!r}" if last else "")


def _commands(rules: Sequence[Override], outcome: _Outcome) -> dict[str, Command]:
    """Return all commands, with those that count as done and those that withhold something in their special form."""
    withholding = {name: _leaving_a_placeholder(command, outcome) for name, command in secrets.COMMANDS.items()}
    done = {name: _counting_as_done(rule, outcome) for rule in reversed(rules) for name in rule.commands}
    return {**all_commands(), **withholding, **done}


def _leaving_a_placeholder(command: Command, outcome: _Outcome) -> Command:
    def run(invocation: Invocation) -> int:
        known = len(invocation.session.secrets)
        status = command(invocation)
        for item in invocation.session.secrets[known:]:
            if item.what.startswith("/") and "*" not in item.what:
                _leave_placeholder(invocation.files, item.what, outcome)
        return status

    return run


def _counting_as_done(rule: Override, outcome: _Outcome) -> Command:
    def run(invocation: Invocation) -> int:
        by = f"{invocation.session.script}:{invocation.line}"
        _note(rule, " ".join((invocation.name, *invocation.arguments)), by, outcome)
        for path in rule.makes:
            invocation.session.secrets.append(Skipped(path, rule.why, invocation.line))
            _leave_placeholder(invocation.files, path, outcome)
            outcome.placeholders.add(invocation.files.place_of(path))
        for path in rule.withholds:
            place = invocation.files.place_of(path)
            if place not in outcome.placeholders:
                invocation.session.secrets.append(Skipped(path, rule.why, invocation.line))
                outcome.placeholders.add(place)
        invocation.stdout.text(rule.prints)
        return rule.status

    return InPlace(run)


def _leave_placeholder(files: Files, path: str, outcome: _Outcome) -> None:
    if not files.exists(path) and files.is_directory(path.rpartition("/")[0] or "/"):
        files.write(path, b"", mode=_SECRET)
        outcome.placeholders.add(files.place_of(path))


def _note(rule: Override, what: str, by: str, outcome: _Outcome) -> None:
    if rule.because is Because.NO_EFFECT:
        outcome.noops.append(NoOp(what, by))
    else:
        outcome.overrides.append(Overridden(what.partition(" ")[0], str(rule.because), rule.why))


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")
