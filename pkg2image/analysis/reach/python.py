"""What Python programs and modules refer to: the modules that they import, and what comes with those.

A module is looked for in every place that it could come from, so that what a program does to ``sys.path`` matters
little. Of a package that imports modules by names which nobody can tell, or that does not parse, all modules are kept
but its tests; of the standard library only those in the same directory, for it imports what others ask it for. Who
starts the interpreter itself, or another program with Python in it, may run anything: then the whole standard library
is kept but for what `developer_rule` names.

Spec: The Python Language Reference, "The import system"; Debian Python Policy; "Core metadata" of the Python Packaging
User Guide.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pkg2image.analysis.reach.python_imports import Imports
from pkg2image.analysis.reach.python_library import STARTED_WITH, WHOLE, developer_rule
from pkg2image.analysis.reach.python_machine import python_machine_code
from pkg2image.analysis.reach.python_places import METADATA, Places, is_extension, module_name, standard_name
from pkg2image.analysis.reach.python_source import Kind, python_source
from pkg2image.analysis.reach.python_texts import path_file, python_in_shell
from pkg2image.analysis.reach.references import LARGEST_TEXT, FindReferences, Material, Reference

_INTERPRETER = re.compile(r"usr/(?:local/)?bin/python3\.[0-9]+")
_EMBEDDED = re.compile(r"(?:.*/)?libpython3[^/]*\.so[^/]*", re.DOTALL)
_LANGUAGE = re.compile(r"python[0-9.]*")
_SHELLS = frozenset({"sh", "dash", "bash"})
_LARGEST_EXTENSION = 64 << 20  # bytes


def python_references(material: Material) -> FindReferences:
    """Return what finds the references of Python files."""
    places = Places(material.tree, material.environment.get("PYTHONPATH", "").split(":"))
    return _Python(material, places).find if places.roots else lambda _: ()


class _Python:
    """The Python files of an image."""

    __slots__ = ("_belonging", "_has_toolkit", "_imports", "_material", "_places")

    def __init__(self, material: Material, places: Places) -> None:
        self._material = material
        self._places = places
        self._imports = Imports(material, places)
        self._has_toolkit = any(places.has_module(root, "_tkinter") for root in places.roots)
        self._belonging: set[tuple[str, str]] = set()

    def find(self, path: str) -> Iterator[Reference]:
        """Yield what a file refers to."""
        material = self._material
        if material.entry(path) is None:
            return
        language = material.interpreter(path)
        is_program = bool(language) or not self._is_installed(path)
        if _INTERPRETER.fullmatch(path) or _EMBEDDED.fullmatch(path):
            yield from self._started(path)
        elif language in _SHELLS:
            yield from self._imports.of(path, material.extract(path, python_in_shell), is_program=True)
        elif path.endswith(".py") or _LANGUAGE.fullmatch(language):
            yield from self._source(path, is_program=is_program)
        elif path.endswith(".pth"):
            yield from self._imports.of(path, material.extract(path, path_file), is_program=False)
        elif path.endswith(".pyc") and "/__pycache__/" not in path:
            yield from self._library("is compiled, so that nobody can tell what it imports")
        elif is_extension(path) and material.facts(path) is not None:
            yield from self._machine_code(path)
        if module_name(path) is not None:
            yield from self._surroundings(path)

    def _is_installed(self, path: str) -> bool:
        return any(path.startswith(f"{root}/") for root in self._places.roots)

    def _started(self, path: str) -> Iterator[Reference]:
        for name in STARTED_WITH:
            yield from self._imports.module(self._places.roots, name, "imports it for every program")
        for name in WHOLE:
            for directory in self._places.find(self._places.roots, name).directories:
                for place in self._places.modules_below(directory):
                    yield Reference(place, f"imports of {name} what data asks for")
        if path in self._material.starts:
            yield from self._library("is started to run any program")
        elif _EMBEDDED.fullmatch(path):
            yield from self._library("runs any program")

    def _library(self, why: str) -> Iterator[Reference]:
        for root in self._places.roots:
            for place in self._places.modules_below(root) if not root.endswith("-packages") else ():
                name = standard_name(place)
                if name is not None and not developer_rule(name, has_toolkit=self._has_toolkit):
                    yield Reference(place, why)

    def _source(self, path: str, *, is_program: bool) -> Iterator[Reference]:
        found = self._material.extract(path, python_source)
        if self._material.tree[path].size > LARGEST_TEXT:
            found = (f"{Kind.UNREAD}:",)
        if f"{Kind.FOREIGN}:" in found:
            yield from self._library("is packed, so that nobody can tell what it imports")
        yield from self._imports.of(path, found, is_program=is_program)

    def _machine_code(self, path: str) -> Iterator[Reference]:
        if not self._is_installed(path) and self._places.top_of(path) is None and ".cpython-3" not in path:
            return  # a library like others
        roots = self._places.roots_of(path, is_program=False)
        for name in self._material.extract(path, python_machine_code, largest=_LARGEST_EXTENSION):
            yield from self._imports.guessed(roots, name, f"imports {name}")
        if standard_name(path) is None:
            yield from self._imports.whole(path, "is in machine code, so that its whole package is kept")

    def _surroundings(self, path: str) -> Iterator[Reference]:
        """Yield what comes with a module: the packages around it, their data, and their distribution."""
        directory, _, name = path.rpartition("/")
        if name.startswith("__init__."):
            for place in self._places.data_of(directory):
                if not self._material.rule(place):
                    yield Reference(place, "has it in its package")
        package = self._places.package_of(path)
        if package is not None:
            yield from self._imports.module((package,), "__init__", "is a module of its package")
        for child in self._material.tree.children(f"{directory}/__pycache__"):
            if child.startswith(f"{module_name(path)}."):
                yield Reference(f"{directory}/__pycache__/{child}", "is compiled there")
        if standard_name(path) is None and self._is_installed(path):
            yield from self._distribution(path)

    def _distribution(self, path: str) -> Iterator[Reference]:
        """Yield what Python reads of the package that brought a module: who it is, and what it starts with."""
        root = next(root for root in self._places.roots if path.startswith(f"{root}/"))
        owner = self._material.tree[path].package
        if (root, owner) in self._belonging:
            return
        self._belonging.add((root, owner))
        for child in self._material.tree.children(root):
            place = f"{root}/{child}"
            if child.endswith((*METADATA, ".pth")):
                inside = (place, *(f"{place}/{name}" for name in self._material.tree.children(place)))
                if any(self._material.tree[each].package == owner for each in inside):
                    yield Reference(place, "is of the same distribution", below=True)
