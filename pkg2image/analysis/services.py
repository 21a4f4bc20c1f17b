"""Which service a request means: the units of its packages, in the order in which they come into question.

A metapackage ships nothing, and a package may leave its unit to another one of the same source; both are looked
through. Of several services the one that is called what the user asked for is the one that is meant.

Spec: systemd.unit(5) ``[Install]``, ``Condition...=``; systemd.service(5) ``Type=``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pkg2image.analysis.commandline import Command, expand_specifiers, split_commands
from pkg2image.analysis.foreground import is_shell, program_of
from pkg2image.analysis.programs import INSTANCES, SERVICES
from pkg2image.analysis.units import Unit, UnitError, UnitFiles, services_of
from pkg2image.rootfs.tree import Kind, Tree

BY_NAME = 2
"""What is called like the package fits this well or better."""
PROGRAM_DIRECTORIES = ("usr/sbin", "usr/bin", "usr/games")


@dataclass(frozen=True, slots=True)
class Packages:
    """The packages of an image, as far as they matter here.

    Args:
        sources: Package -> source package.
        edges: Package -> packages that satisfy its dependencies.
    """

    sources: Mapping[str, str]
    edges: Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A service that may be meant.

    Args:
        unit: Its unit.
        root: The requested package that brings it.
        why_not: Why it is not started; empty when it may be.
        fit: How well it fits, smaller is better; the same for services that cannot be told apart.
    """

    unit: Unit
    root: str
    why_not: str = ""
    fit: tuple[int, ...] = ()


def family(root: str, packages: Packages, providers: frozenset[str]) -> tuple[str, ...]:
    """Return a package and those that its programs and units are in.

    Args:
        root: The requested package.
        packages: All packages of the image.
        providers: Packages that ship something that can be started.
    """
    found, pending = {root: None}, [root]
    while pending:
        name = pending.pop(0)
        looks_through = name not in providers
        for other in packages.edges.get(name, ()):
            same = packages.sources.get(other) in {packages.sources.get(name), packages.sources.get(root)}
            if other not in found and (same or (looks_through and name == root)):
                found[other] = None
                pending.append(other)
    return tuple(found)


def choose(found: Sequence[Candidate]) -> Candidate | None:
    """Return the service that is meant, or None when there is none, or nothing tells several apart.

    Args:
        found: Of one requested package, the best first.
    """
    able = [each for each in found if not each.why_not]
    best = min((each.fit for each in found), default=())
    if not able or (best[0] <= BY_NAME < able[0].fit[0]):
        return None  # the service of that name is not for an image; others of the package only help it
    return able[0] if sum(each.fit == able[0].fit for each in able) == 1 else None


def providers_of(tree: Tree, files: UnitFiles) -> frozenset[str]:
    """Return the packages that ship a program or a service."""
    paths = [
        f"{directory}/{name}"
        for directory in PROGRAM_DIRECTORIES
        if directory in tree
        for name in tree.children(directory)
    ]
    paths += [place for name, place in files.places.items() if name.endswith(".service")]
    # Links count for what they lead to: a package of nothing but links is as good as empty.
    return frozenset(entry.package for path in paths if (entry := tree.lookup(path)) is not None)


def candidates(root: str, members: Sequence[str], files: UnitFiles, tree: Tree) -> tuple[Candidate, ...]:
    """Return the services of a requested package, the best first.

    Args:
        root: Its name.
        members: Its family.
        files: The units of the image.
        tree: The finished root filesystem.
    """
    found = []
    for name in _with_instances(services_of(files, members), files):
        unit = files.named(name)
        if unit is not None:
            found.append(Candidate(unit, root, _why_not(unit, files, tree), _fit(unit, root)))
    return tuple(sorted(found, key=lambda each: (bool(each.why_not), each.fit, each.unit.name)))


def _with_instances(names: Iterator[str], files: UnitFiles) -> Iterator[str]:
    for name in names:
        template = files.named(name) if name.endswith("@.service") else None
        instance = INSTANCES.get(name) or (template.value("DefaultInstance", "Install") if template else "")
        yield name.replace("@.", f"@{instance}.") if instance else name


def _why_not(unit: Unit, files: UnitFiles, tree: Tree) -> str:
    timer = f"{unit.stem}.timer"
    reasons = {
        "it is a template, and nothing says for which instance": unit.is_template,
        "it does one thing and ends (Type=oneshot)": unit.value("Type") == "oneshot",
        f"it is run now and then ({timer})": _is_timed(timer, unit, files) and not unit.every("WantedBy", "Install"),
    }
    why = next((reason for reason, holds in reasons.items() if holds), "")
    return why or _without_program(unit, tree) or _unmet_condition(unit, tree)


def _is_timed(timer: str, unit: Unit, files: UnitFiles) -> bool:
    found = files.named(timer)
    return found is not None and found.value("Unit", "Timer") in {"", unit.name}


def _without_program(unit: Unit, tree: Tree) -> str:
    try:
        program = program_of([expand_specifiers(word, unit) for word in start_command(unit).words], tree)
    except UnitError as error:
        return f"its ExecStart= cannot be followed: {error}"
    # A shell is easily added, and whoever starts the service says that it is missing.
    return "" if tree.lookup(program) or is_shell(program) else f"its program {program} is not in the image"


def start_command(unit: Unit) -> Command:
    """Return the command that a unit starts.

    Raises:
        UnitError: When there is none, or it cannot be split.
    """
    commands = [command for each in unit.every("ExecStart") for command in split_commands(each.value, each.origin)]
    if not commands:
        raise UnitError("there is no command")
    return commands[-1]


def _unmet_condition(unit: Unit, tree: Tree) -> str:
    for key in ("PathExists", "PathIsDirectory", "FileNotEmpty", "FileIsExecutable", "PathExistsGlob"):
        for kind in ("Condition", "Assert"):
            for each in unit.every(f"{kind}{key}", "Unit"):
                text = each.value.lstrip("|")
                wanted = not text.startswith("!")
                try:
                    path = expand_specifiers(text.lstrip("!|").strip(), unit)
                except UnitError:
                    continue
                if path.startswith(("/proc", "/sys", "/dev", "/run")) or "*" in path or each.value.startswith("|"):
                    continue  # a matter of the machine, or of one condition of several
                if _holds(key, path, tree) != wanted:
                    return f"its condition {kind}{key}={each.value} does not hold in the image"
    return ""


def _holds(key: str, path: str, tree: Tree) -> bool:
    entry = tree.lookup(path)
    if entry is None:
        return False
    match key:
        case "PathIsDirectory":
            return entry.kind is Kind.DIRECTORY
        case "FileNotEmpty":
            return entry.size > 0
        case "FileIsExecutable":
            return bool(entry.mode & 0o111)
        case _:
            return True


def _fit(unit: Unit, root: str) -> tuple[int, ...]:
    """Return a tuple that is small when a unit is what its package is about."""
    names = {unit.stem, unit.prefix, *(alias.rpartition(".")[0] for alias in unit.aliases)}
    if SERVICES.get(root) == unit.name:
        kinship = 0
    elif root in {unit.stem, unit.prefix}:
        kinship = 1
    elif root in names:
        kinship = 2
    elif any(root.startswith(name) or name.startswith(root) for name in names):
        kinship = 3
    elif any(part in names for part in root.split("-")):
        kinship = 4
    else:
        kinship = 5
    is_helper = not unit.every("WantedBy", "Install") and not unit.every("Alias", "Install")
    return (kinship, int(is_helper))
