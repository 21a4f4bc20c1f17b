"""Where the modules of Python lie in an image.

Spec: The Python Language Reference, "The import system"; Debian Python Policy 2.5 ("Module Path"); PEP 420, 3147, 3149.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pkg2image.rootfs.tree import Kind, Tree, parent_of

_RELEASE = re.compile(r"python3(?:\.[0-9]+)?")
_ROOT = re.compile(
    r"(?:.*/)?(?:dist-packages|site-packages|lib-dynload|(?:usr|usr/local)/lib/python3\.[0-9]+)", re.DOTALL
)
_STANDARD = re.compile(r"usr/lib/python3\.[0-9]+/(?!dist-packages/)(?:lib-dynload/)?(.+)", re.DOTALL)
# What a directory of modules has for each name: source, machine code for any interpreter, code without its source.
_MODULE = re.compile(r"([^.]+)(?:\.py|\.pyc|\.so|\.abi3\.so|\.cpython-3[^/]*\.so|\.pypy3[^/]*\.so)", re.DOTALL)
METADATA = (".dist-info", ".egg-info")
"""How directories and files end that say which distribution modules are of."""

_TESTS = frozenset({"test", "tests"})
_MAX_DEPTH = 40  # components of a name


def standard_name(path: str) -> str | None:
    """Return the place of a file in the standard library, below its directory; None for other files."""
    match = _STANDARD.fullmatch(path)
    return match[1] if match else None


def module_name(path: str) -> str | None:
    """Return the last part of the name of the module that a file is, None when it is no module."""
    match = _MODULE.fullmatch(path.rpartition("/")[2])
    return match[1] if match else None


def is_extension(path: str) -> bool:
    """Say whether the name of a file is that of a module in machine code."""
    return path.endswith(".so") and module_name(path) is not None


@dataclass(frozen=True, slots=True)
class Found:
    """What a name leads to.

    Args:
        files: The module and the packages around it, as paths of the tree with the links that lead there.
        directories: Where its submodules would lie.
    """

    files: tuple[str, ...] = ()
    directories: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Say whether there is anything of this name."""
        return bool(self.files or self.directories)


class Places:
    """The directories of modules in an image.

    Args:
        tree: The image.
        more: Directories that the environment of the process adds (``PYTHONPATH``).
    """

    __slots__ = ("_found", "_names", "_ordinary", "_owned", "_tree", "_vendored", "roots")

    def __init__(self, tree: Tree, more: Sequence[str] = ()) -> None:
        self._tree = tree
        self._names: dict[str, dict[str, tuple[str, ...]]] = {}
        self._found: dict[tuple[tuple[str, ...], str], Found] = {}
        self._owned: dict[tuple[str, str], set[str]] | None = None
        roots = [place.strip("/") for place in more if place.startswith("/")]
        for above in ("usr/local/lib", "usr/lib"):
            for child in tree.children(above):
                if child == "python3":
                    roots.append(f"{above}/{child}/dist-packages")
                elif _RELEASE.fullmatch(child):
                    roots += (f"{above}/{child}{below}" for below in ("", "/lib-dynload", "/dist-packages"))
        self.roots = tuple(root for root in roots if tree.is_directory(root))
        self._ordinary = tuple(f"{root}/" for root in self.roots)
        self._vendored: dict[str, list[str]] = {}
        for root in filter(lambda root: root.endswith("-packages"), self.roots):
            for child in tree.children(root):
                place = f"{root}/{child}/_vendor"
                for owner in sorted({tree[module].package for module in self.modules_below(place)}):
                    self._vendored.setdefault(owner, []).append(place)

    def find(self, roots: Sequence[str], name: str) -> Found:
        """Return where a module is, in every place that it could be loaded from.

        Args:
            roots: Directories that are looked in.
            name: With dots.
        """
        key = tuple(roots), name
        if key not in self._found:
            above, _, last = name.rpartition(".")
            if name.count(".") > _MAX_DEPTH:
                self._found[key] = Found()
            elif above:
                outer = self.find(roots, above)
                inner = self._in(outer.directories, last)
                self._found[key] = Found((*outer.files, *inner.files), inner.directories) if inner else Found()
            else:
                self._found[key] = self._in(roots, last)
        return self._found[key]

    def _in(self, directories: Sequence[str], name: str) -> Found:
        files: list[str] = []
        found: list[str] = []
        for directory in directories:
            files += (f"{directory}/{child}" for child in self._listed(directory).get(name, ()))
            place = f"{directory}/{name}"
            if name and self._tree.is_directory(place):
                found.append(place)
                init = self._listed(place).get("__init__", ())
                files += (f"{place}/{child}" for child in init)
        return Found(tuple(files), tuple(found))

    def _listed(self, directory: str) -> dict[str, tuple[str, ...]]:
        names = self._names.get(directory)
        if names is None:
            names = self._names[directory] = {}
            place = self._tree.reach(directory)
            for child in self._tree.children(place) if place is not None else ():
                module = module_name(child)
                if module is not None:
                    names[module] = (*names.get(module, ()), child)
        return names

    def has_module(self, directory: str, name: str) -> bool:
        """Say whether a module of this name lies in a directory."""
        return name in self._listed(directory)

    def package_of(self, path: str) -> str | None:
        """Return the directory of the innermost package that a file is in, None when it is in none."""
        directory = parent_of(path)
        while directory and not _ROOT.fullmatch(directory):
            if self.has_module(directory, "__init__"):
                return directory
            directory = parent_of(directory)
        return None

    def top_of(self, path: str) -> str | None:
        """Return the directory of the outermost package that a module is in, None when it is in none."""
        top = None
        directory = parent_of(path)
        while directory and not _ROOT.fullmatch(directory):
            # In the ordinary places every directory is a package.
            if not self.has_module(directory, "__init__") and not directory.startswith(self._ordinary):
                break
            top = directory
            directory = parent_of(directory)
        return top

    def roots_of(self, path: str, *, is_program: bool) -> tuple[str, ...]:
        """Return where the imports of a file are looked for: beside the outermost package, and the ordinary places.

        Modules of others that a distribution brings along are a place too: it adds them to the path at run time.

        Args:
            path: Canonical path.
            is_program: Whether it may be what the interpreter is started with.
        """
        own = [parent_of(self.top_of(path) or path)]
        if is_program:
            directory = parent_of(path)
            own.append(directory)
            # An environment of its own has its modules beside its programs.
            above = f"{parent_of(directory)}/lib"
            own += (f"{above}/{child}/site-packages" for child in self._tree.children(above) if _RELEASE.match(child))
        return tuple(dict.fromkeys((*own, *self.roots, *self._vendored.get(self._tree[path].package, ()))))

    def modules_below(self, directory: str) -> Iterator[str]:
        """Yield the modules of a package and of all packages in it, without its tests."""
        waiting = [directory]
        while waiting:
            place = self._tree.reach(waiting.pop())
            for child in self._tree.children(place) if place is not None else ():
                path = f"{place}/{child}"
                kind = self._tree[path].kind
                if kind is Kind.DIRECTORY and child not in _TESTS and child != "__pycache__":
                    waiting.append(path)
                elif kind is not Kind.DIRECTORY and module_name(child) is not None:
                    yield path

    def data_of(self, package: str) -> Iterator[str]:
        """Yield the files of a package that are no modules; those of packages in it are theirs."""
        waiting = [package]
        while waiting:
            directory = waiting.pop()
            for child in self._tree.children(directory):
                path = f"{directory}/{child}"
                is_directory = self._tree[path].kind is Kind.DIRECTORY
                if (
                    is_directory
                    and child not in _TESTS
                    and child != "__pycache__"
                    and not self.has_module(path, "__init__")
                ):
                    waiting.append(path)
                elif not is_directory and not (directory == package and _is_code(child)):
                    yield path

    def entry_point_files(self, root: str) -> Iterator[str]:
        """Yield the entry points of the distributions that lie beside modules."""
        for child in self._tree.children(root) if root.endswith("-packages") else ():
            path = f"{root}/{child}/entry_points.txt"
            if child.endswith(METADATA) and path in self._tree:
                yield path

    def owned(self, package: str, name: str) -> tuple[str, ...]:
        """Return the directories in which a package of the image keeps a module of this name.

        Args:
            package: Name of the Debian package.
            name: Without dots.
        """
        if self._owned is None:
            self._owned = {}
            for path, entry in self._tree.walk():
                parent, _, child = path.rpartition("/")
                if child == "__init__.py":
                    parent, _, child = parent.rpartition("/")
                if entry.package and path.endswith(".py") and entry.kind is not Kind.DIRECTORY:
                    self._owned.setdefault((entry.package, child.removesuffix(".py")), set()).add(parent)
        return tuple(sorted(self._owned.get((package, name), ())))

    def modules_of(self, package: str) -> Iterator[str]:
        """Yield the modules of a package of the image that lie in places of their own or in packages.

        Args:
            package: Name of the Debian package.
        """
        self.owned(package, "")
        for (owner, name), places in sorted((self._owned or {}).items()):
            if owner == package:
                for place in sorted(places):
                    if not _TESTS.intersection(place.split("/")):
                        yield from self.find((place,), name).files


def _is_code(name: str) -> bool:
    return name.endswith((".py", ".pyi", ".pyx", ".pxd", ".pxi", ".abi3.so")) or ".cpython-3" in name
