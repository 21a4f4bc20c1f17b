"""What to start in an image when nobody says so, and everything around it: user, environment, ports, volumes.

The answer comes out of what packages ship for a service manager (systemd units, else init scripts), or is the program
that a package without a service is about. It is explained value by value, and what could not be inferred is said,
with the option that says it instead. Nothing of it is asked of the machine that builds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pkg2image.analysis.initscripts import find_init_service
from pkg2image.analysis.serviceconfig import Links, ServiceConfig, service_config
from pkg2image.analysis.services import (
    BY_NAME,
    Candidate,
    Packages,
    candidates,
    choose,
    family,
    providers_of,
    start_command,
)
from pkg2image.analysis.state import MadeDirectory
from pkg2image.analysis.tools import find_tool
from pkg2image.analysis.units import UnitError, UnitFiles, find_units
from pkg2image.analysis.uses import Uses
from pkg2image.deb.facts import FetchedDeb
from pkg2image.image.config import ImageConfig
from pkg2image.rootfs.provision import add_directory, add_file, add_symlink
from pkg2image.rootfs.tree import ReadContent, Tree
from pkg2image.rootfs.users import read_accounts

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_BASE = (("PATH", PATH), ("LANG", "C.UTF-8"))
_EXPLAINED = ("entrypoint", "command", "environment", "user", "workdir", "ports", "volumes", "stop_signal")
_MOST_NAMES = 12
_AKIN = 4  # the fit of a service that has at least a part of the package's name


@dataclass(frozen=True, slots=True)
class Inferred:
    """How an image is started, and why so.

    Args:
        config: The runtime configuration.
        sources: Field of the configuration -> what it was inferred from.
        candidates: Services that came into question.
        chosen: Name of the service that was chosen; empty when it is a program, or nothing.
        directories: What has to be there when the service starts.
        links: Log files that are links to a standard stream: path -> target.
        copies: Files that are there when the service starts: path -> path of the original.
        uses: What it is started with.
        notes: What could not be inferred, and what to know about the choice.
    """

    config: ImageConfig
    sources: Mapping[str, str] = field(default_factory=dict)
    candidates: tuple[Candidate, ...] = ()
    chosen: str = ""
    directories: tuple[MadeDirectory, ...] = ()
    links: Links = field(default_factory=dict)
    copies: Links = field(default_factory=dict)
    uses: Uses = field(default_factory=Uses)
    notes: tuple[str, ...] = ()

    def render(self) -> dict[str, object]:
        """Return what an image carries about this as plain data."""
        return {
            "candidates": [
                {"service": each.unit.name, "package": each.unit.package, "why_not": each.why_not}
                for each in self.candidates
            ],
            "chosen": self.chosen,
            "directories": [each.path for each in self.directories],
            "notes": list(self.notes),
        }


def explained(config: ImageConfig, base: ImageConfig, sources: Mapping[str, str], otherwise: str) -> dict[str, object]:
    """Return what is set in a configuration as plain data: field -> value and source.

    Args:
        config: What the image has.
        base: What it has before the user's words.
        sources: Field -> where the value of the base comes from.
        otherwise: The source of all other fields of the base.
    """
    found: dict[str, object] = {}
    for name in _EXPLAINED:
        value = getattr(config, name)
        if value:
            source = sources.get(name, otherwise) if value == getattr(base, name) else "the request"
            found[name] = {"value": _plain(name, value), "source": source}
    return found


def _plain(name: str, value: Any) -> object:
    if name == "environment":
        return dict(value)
    if name == "ports":
        return [f"{port.number}/{port.protocol}" for port in value]
    return list(value) if isinstance(value, tuple) else value


def provide(inferred: Inferred, tree: Tree, mtime: int) -> None:
    """Make the directories and links of a service.

    Args:
        inferred: What is started.
        tree: Changed in place.
        mtime: Of what is made, in seconds since the epoch.

    Raises:
        RequestError: When something on the way is no directory.
    """
    for each in inferred.directories:
        add_directory(
            tree,
            each.path,
            origin=f"inferred from {each.source}",
            mtime=mtime,
            mode=each.mode,
            user=each.user,
            group=each.group,
        )
    for path, source in inferred.copies.items():
        original, above = tree.lookup(source), tree.lookup(path.rpartition("/")[0])
        if original is not None and original.content is not None and above is not None:
            origin = f"inferred from {inferred.chosen}"
            add_file(tree, path, original.content, origin=origin, mtime=mtime, user=above.user, group=above.group)
    for path, target in inferred.links.items():
        add_symlink(tree, path, target, origin=f"inferred from {inferred.chosen}", mtime=mtime)


@dataclass(frozen=True, slots=True)
class _Root:
    """A requested package, what belongs to it, and its services, the best first."""

    name: str
    members: tuple[str, ...]
    services: tuple[Candidate, ...]


def infer(
    tree: Tree,
    debs: Sequence[FetchedDeb],
    *,
    roots: Sequence[str],
    edges: Mapping[str, Sequence[str]],
    read: ReadContent,
) -> Inferred:
    """Infer how an image is started.

    Args:
        tree: The finished root filesystem; not changed.
        debs: The packages that are in it.
        roots: Names of the requested packages, in order.
        edges: Package -> packages that satisfy its dependencies.
        read: Reads contents.
    """
    files = find_units(tree, read)
    packages = Packages({deb.package.name: deb.package.source_name for deb in debs}, edges)
    providers = providers_of(tree, files)
    requested = []
    for name in roots:
        members = family(name, packages, providers)
        requested.append(_Root(name, members, candidates(name, members, files, tree)))
    found = _service(requested, files, tree, read) or _tool(requested, tree)
    known = tuple(each for root in requested for each in root.services)
    scripts = _interpreters(debs, found.config.entrypoint, tree)
    return replace(found, candidates=known, notes=(*found.notes, *scripts))


def _service(requested: Sequence[_Root], files: UnitFiles, tree: Tree, read: ReadContent) -> Inferred | None:
    chosen = [(root, choose(root.services)) for root in requested if not _is_tool(root, tree)]
    able = [(root, one) for root, one in chosen if one is not None]
    accounts = read_accounts(tree, read)
    if able:
        root, one = able[0]
        made = service_config(one.unit, files, accounts, root.members)
        others = [other.unit.name for _, other in able[1:] if other.unit.name != one.unit.name]
        others += [each.unit.name for each in root.services if not each.why_not and each is not one]
        return _inferred(made, one.unit.name, _others(one.unit.name, others))
    if any(root.services and root.services[0].why_not == "" for root in requested):
        return None  # several services, and nothing tells which one is meant: no init script knows more
    for root in requested:
        init = find_init_service(root.name, root.members, files, accounts)
        if init is not None:
            return _inferred(init, "", ())
    return None


def _is_tool(root: _Root, tree: Tree) -> bool:
    """Say whether a package is about the program of its name: its services have other names and other programs."""
    path = find_tool(root.name, root.members, tree, only_by_name=True).path
    return bool(path) and not any(each.fit[0] <= BY_NAME or _starts(each, path) for each in root.services)


def _starts(candidate: Candidate, path: str) -> bool:
    try:
        return path in start_command(candidate.unit).words
    except UnitError:
        return False


def _inferred(made: ServiceConfig, name: str, notes: Sequence[str]) -> Inferred:
    config = replace(made.config, environment=tuple({**dict(_BASE), **dict(made.config.environment)}.items()))
    return Inferred(
        config,
        made.sources,
        chosen=name,
        directories=made.directories,
        links=made.links,
        copies=made.copies,
        uses=made.uses,
        notes=(f"starts {made.title}: {' '.join(map(_shown, config.entrypoint))}", *made.notes, *notes),
    )


def _shown(word: str) -> str:
    return word if word and not set(word) & set(" \t\n'\"") else repr(word)


def _others(name: str, others: Sequence[str]) -> tuple[str, ...]:
    if not others:
        return ()
    names = ", ".join(dict.fromkeys(others))
    return (f"a container runs one service: {name} was chosen, not {names}; say --entrypoint for another",)


def _tool(requested: Sequence[_Root], tree: Tree) -> Inferred:
    notes = [*_why_no_service(requested)]
    for root in requested:
        about_service = any(_is_real(each) for each in root.services)
        tool = find_tool(root.name, root.members, tree, only_by_name=about_service)
        if tool.path:
            config = ImageConfig(entrypoint=(tool.path,), environment=_BASE)
            notes.append(f"starts {tool.path}: {tool.source}")
            return Inferred(config, {"entrypoint": tool.source}, notes=tuple(notes))
        if tool.programs:
            names = ", ".join(tool.programs[:_MOST_NAMES]) + (", ..." if len(tool.programs) > _MOST_NAMES else "")
            notes.append(f"nothing says which program of {root.name} is meant: {names}")
        else:
            notes.append(f"{root.name} has no program to start")
    notes.append("the image has no entrypoint; say which program with --entrypoint, or when it is run")
    return Inferred(ImageConfig(environment=_BASE), notes=tuple(notes))


def _why_no_service(requested: Sequence[_Root]) -> list[str]:
    notes = []
    for root in requested:
        able = [each.unit.name for each in root.services if not each.why_not]
        if able:
            notes.append(f"{root.name} has several services, and nothing tells which one is meant: {', '.join(able)}")
            continue
        akin = sorted((each for each in root.services if each.fit[0] <= _AKIN), key=lambda each: each.fit)
        notes += [f"{each.unit.name} of {root.name} is not started: {each.why_not}" for each in akin[:1]]
    return notes


def _is_real(candidate: Candidate) -> bool:
    """Say whether a service is one that stays, and not one of many or a helper."""
    unit = candidate.unit
    return candidate.fit[0] <= _AKIN and not unit.is_template and unit.value("Type") != "oneshot"


def _interpreters(debs: Sequence[FetchedDeb], entrypoint: Sequence[str], tree: Tree) -> tuple[str, ...]:
    """Return a note when what is started is a script for an interpreter that is not there."""
    place = tree.reach(entrypoint[0]) if entrypoint else None
    if entrypoint and place is None:
        return (f"{entrypoint[0]} is what starts it, and the image lacks it; add it with --with",)
    package = tree[place].package if place else ""
    for deb in debs:
        if deb.package.name != package:
            continue
        name = (place or "").rpartition("/")[2]
        for entry in deb.facts.entries:
            if entry.interpreter and entry.path.endswith(f"/{name}") and tree.reach(entry.path) == place:
                program = entry.interpreter.split()[:1]
                if program and tree.lookup(program[0]) is None:
                    return (f"{entrypoint[0]} is a script for {program[0]}, which the image lacks; add it with --with",)
    return ()
