"""What the findings in a Python file mean in an image: the files of modules.

Spec: The Python Language Reference, "The import system".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from pkg2image.analysis.reach.python_library import ALSO, NAMES_ONLY, UNFOLLOWED, developer_rule
from pkg2image.analysis.reach.python_places import Found, Places, standard_name
from pkg2image.analysis.reach.python_source import AS_PROGRAM, Kind, exported_names, python_source
from pkg2image.analysis.reach.python_texts import PROGRAM, entry_points
from pkg2image.analysis.reach.references import Material, Reference
from pkg2image.rootfs.architectures import TRIPLETS
from pkg2image.rootfs.tree import parent_of

_SCRIPTS = frozenset({"console_scripts", "gui_scripts"})

_WHOLE: Mapping[str, str] = {
    Kind.ANY: "imports modules by names that nobody can tell",
    Kind.UNREAD: "does not parse, so that its whole package is kept",
}


class Imports:
    """Findings become references.

    Args:
        material: What is known of the image.
        places: Where its modules lie.
    """

    __slots__ = ("_groups", "_kept_whole", "_kinds", "_libraries", "_material", "_places")

    def __init__(self, material: Material, places: Places) -> None:
        self._material = material
        self._places = places
        self._kept_whole: set[tuple[str | None, str]] = set()
        self._groups: dict[str, list[tuple[str, str]]] | None = None
        self._kinds: dict[str, Callable[[str, Sequence[str], str], Iterator[Reference]]] = {
            Kind.IMPORT: self._import,
            Kind.FROM: self._import_from,
            Kind.SOME: self._some,
            Kind.NAME: self._named,
            Kind.WORD: self._word,
            PROGRAM: self._program,
        }
        self._libraries = ("usr/lib", f"usr/lib/{TRIPLETS.get(material.architecture, '')}")

    def of(self, path: str, found: Sequence[str], *, is_program: bool) -> Iterator[Reference]:
        """Yield what findings refer to.

        Args:
            path: The file that they were found in.
            found: Of `python_source`, `path_file` or `python_in_shell`.
            is_program: Whether the file may be what the interpreter is started with.
        """
        standard = standard_name(path)
        unfollowed = UNFOLLOWED.get(standard or "", frozenset())
        if standard is not None and not standard.startswith("test/"):
            unfollowed |= {"test"}
        findings = [tuple(finding.partition(":")[::2]) for finding in found]
        further = (value.strip("/") for kind, value in findings if kind == Kind.PLACE)
        tree = self._material.tree
        roots = self._places.roots_of(path, is_program=is_program)
        roots = (*roots, *(place for place in further if tree.is_directory(place)))
        if standard is not None and standard in ALSO:
            yield from self._some(path, roots, ALSO[standard])
        for kind, value in findings:
            is_left = kind.startswith(AS_PROGRAM) and standard is not None and not is_program
            if not is_left and value.partition(":")[0].partition(".")[0] not in unfollowed:
                yield from self._one(path, roots, kind.removeprefix(AS_PROGRAM), value)

    def module(self, roots: Sequence[str], name: str, why: str) -> Iterator[Reference]:
        """Yield the files of a module, wherever it may be loaded from."""
        yield from _references(self._places.find(roots, name), why)

    def whole(self, path: str, why: str) -> Iterator[Reference]:
        """Yield all modules of the package that a file is of, without its tests: only once, however many files ask."""
        is_standard = standard_name(path) is not None
        top = self._places.package_of(path) if is_standard else self._places.top_of(path)
        owner = "" if is_standard or top is not None else self._material.tree[path].package
        if (top, owner) in self._kept_whole:
            return
        self._kept_whole.add((top, owner))
        if top is not None:
            places = self._places.modules_below(top)
        else:
            places = self._places.modules_of(owner) if owner else iter(())
        yield from (Reference(place, why) for place in places)

    def guessed(self, roots: Sequence[str], name: str, why: str) -> Iterator[Reference]:
        """Yield the files of a module of which the name stands somewhere: not those for developers of Python."""
        for file in self._places.find(roots, name).files:
            standard = standard_name(file)
            if standard is None or not developer_rule(standard, has_toolkit=True):
                yield Reference(file, why)

    def _one(self, path: str, roots: Sequence[str], kind: str, value: str) -> Iterator[Reference]:
        if kind == Kind.DEBUGGER:
            kind = Kind.IMPORT if self._material.tree[path].package in self._material.own else Kind.DEBUGGER
        standard = standard_name(path)
        if (kind == Kind.WORD and standard is not None) or (kind == Kind.NAME and standard in NAMES_ONLY):
            return
        if kind in {Kind.ANY, Kind.UNREAD}:
            yield from self.whole(path, _WHOLE[kind])
        elif kind in {Kind.LIBRARY, Kind.LINKED}:
            yield from self._library(value if kind == Kind.LIBRARY else f"lib{value}.so")
        elif kind in self._kinds:
            yield from self._kinds[kind](path, roots, value)

    def _import(self, path: str, roots: Sequence[str], name: str) -> Iterator[Reference]:
        places, plain = self._start(path, roots, name)
        found = self._places.find(places, plain) if plain else Found()
        if not found and places is roots and plain != "__main__" and standard_name(path) is None:
            # Who changes sys.path finds what its package has elsewhere.
            elsewhere = self._places.owned(self._material.tree[path].package, plain.partition(".")[0])
            found = self._places.find(elsewhere, plain)
        yield from _references(found, f"imports {name}")

    def _import_from(self, path: str, roots: Sequence[str], value: str) -> Iterator[Reference]:
        module, _, name = value.rpartition(":")
        yield from self._import(path, roots, module)
        places, plain = self._start(path, roots, module)
        names = self._exported(places, plain) if name == "*" else (name,)
        for each in names:
            yield from self._import(path, roots, f"{module}.{each}" if plain else f"{module}{each}")

    def _start(self, path: str, roots: Sequence[str], name: str) -> tuple[Sequence[str], str]:
        """Return where a name is looked for, and the name without the dots that say so."""
        plain = name.lstrip(".")
        directory = path
        for _ in range(len(name) - len(plain)):
            directory = parent_of(directory)
        return (roots, plain) if directory == path else ((directory,), plain)

    def _exported(self, roots: Sequence[str], name: str) -> Iterator[str]:
        """Yield the modules that ``*`` may mean: those that stand in the constants of a package."""
        directories = self._places.find(roots, name).directories if name else roots
        for directory in directories:
            place = self._material.tree.reach(f"{directory}/__init__.py")
            for each in self._material.extract(place, exported_names) if place is not None else ():
                if self._places.has_module(directory, each):
                    yield each

    def _program(self, path: str, roots: Sequence[str], name: str) -> Iterator[Reference]:  # noqa: ARG002
        for each in (name, f"{name}.__main__", "runpy"):
            found = self._places.find(roots, each)
            yield from _references(found, f"has Python run {name}")
            for file in found.files if each != "runpy" else ():
                place = self._material.tree.reach(file)
                if place is not None and place.endswith(".py"):
                    findings = self._material.extract(place, python_source)
                    only = [finding for finding in findings if finding.startswith(AS_PROGRAM)]
                    yield from self.of(place, only, is_program=True)

    def _some(self, path: str, roots: Sequence[str], prefix: str) -> Iterator[Reference]:
        places, plain = self._start(path, roots, prefix)
        above, _, begin = plain.rpartition(".")
        directories = self._places.find(places, above).directories if above else places
        if directories is roots:
            # The beginning of a name in the ordinary places says little; in one's own it does.
            directories = (roots[0],)
        for directory in directories:
            place = self._material.tree.reach(directory)
            for module in self._places.modules_below(place) if place is not None and (above or begin) else ():
                if module.removeprefix(f"{place}/").startswith(begin):
                    yield Reference(module, f"imports modules by names that begin with {prefix}")

    def _word(self, path: str, roots: Sequence[str], word: str) -> Iterator[Reference]:  # noqa: ARG002
        yield from self.guessed(roots, word, f"may import {word} by its name")
        yield from self._points(word)

    def _named(self, path: str, roots: Sequence[str], name: str) -> Iterator[Reference]:  # noqa: ARG002
        """Yield the module of a name in a constant; it may be that of something in the module."""
        if not self._places.find(roots, name.partition(".")[0]).directories:
            return
        while "." in name:
            found = self._places.find(roots, name)
            if found:
                yield from self.guessed(roots, name, f"names {name}")
                for directory in found.directories if not any("/__init__." in file for file in found.files) else ():
                    yield Reference(directory, f"names {name}", below=True)
                return
            name = name.rpartition(".")[0]

    def _points(self, group: str) -> Iterator[Reference]:
        """Yield what distributions offer under the name of a group of entry points."""
        if self._groups is None:
            self._groups = {}
            for root in self._places.roots:
                for file in self._places.entry_point_files(root):
                    for item in self._material.extract(file, entry_points):
                        name, _, module = item.rpartition(":")
                        self._groups.setdefault(name, []).append((file, module))
        for file, module in self._groups.get(group, ()) if group not in _SCRIPTS else ():
            yield Reference(file, f"looks for entry points of {group}")
            yield from self.module(self._places.roots, module, f"looks for entry points of {group}")

    def _library(self, name: str) -> Iterator[Reference]:
        for directory in self._libraries:
            place = self._material.tree.reach(directory)
            for child in self._material.tree.children(place) if place is not None else ():
                if child == name or child.startswith(f"{name}."):
                    yield Reference(f"{place}/{child}", f"loads {name}")


def _references(found: Found, why: str) -> Iterator[Reference]:
    return (Reference(file, why) for file in found.files)
