"""What Perl programs and modules refer to: the modules that they load, and what comes with those.

Of a module that loads others by names which nobody can tell, everything that its package has is kept; not so of Perl's
own modules, which load what others ask them for. What Debian keeps in perl-base is small and what perl itself loads, so
that it stays as a whole but for the tables of Unicode, which have readers of their own. Who starts perl itself, or
another program with Perl in it, may run anything: then all of its modules are kept.

Spec: perlfunc ``use``, ``require``; Debian Perl Policy 2.1 ("Module Path"); XSLoader, AutoLoader, File::ShareDir.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pkg2image.analysis.modules import perl_directories
from pkg2image.analysis.reach.perl_source import Kind, perl_source
from pkg2image.analysis.reach.references import FindReferences, Material, Reference
from pkg2image.rootfs.tree import Kind as EntryKind
from pkg2image.rootfs.tree import Tree, parent_of

_INTERPRETER = re.compile(r"usr/(?:local/)?bin/perl(?:5\.[0-9.]+)?")
_EMBEDDED = re.compile(r"(?:.*/)?libperl\.so[^/]*", re.DOTALL)
_LANGUAGE = re.compile(r"perl[0-9.]*")
_SOURCE = re.compile(r".*\.(?:pm|pl|al|ph|t|cgi)", re.DOTALL)
_STANDARD = re.compile(r"usr/(?:share/perl|lib/[^/]+/(?:perl|perl-base))/.*", re.DOTALL)
_UNICODE = "unicore/"
_ASIAN = re.compile(r"(?:auto/)?Encode/(?:CN|JP|KR|TW)(?:[./].*)?", re.DOTALL)
# Of Perl's own modules, what nobody runs with.
_DOCUMENTATION = re.compile(r"(?:.*/)?(?:pod/.*|[^/]+\.pod|CORE/.*)", re.DOTALL)
# What perl loads by itself, and perl-base does not have: %+ and %-, layers for strings, wildcards.
_STARTED_WITH = ("Tie::Hash::NamedCapture", "PerlIO", "PerlIO::scalar", "File::Glob", "attributes", "mro", "Errno")
_ALSO = {"diagnostics.pm": ("pod/perldiag.pod",), "Config.pm": ("Config_heavy.pl", "Config_git.pl")}


def perl_references(material: Material) -> FindReferences:
    """Return what finds the references of Perl files."""
    directories = perl_directories(material.tree, material.architecture)
    return _Perl(material, tuple(place for place in directories if material.tree.is_directory(place))).find


def files_below(tree: Tree, directory: str) -> Iterator[str]:
    """Yield the files and links in a directory at any depth."""
    waiting = [directory]
    while waiting:
        here = waiting.pop()
        for child in tree.children(here):
            path = f"{here}/{child}"
            if tree[path].kind is EntryKind.DIRECTORY:
                waiting.append(path)
            else:
                yield path


class _Perl:
    """The Perl files of an image.

    Args:
        material: What is known of it.
        places: Where perl looks for modules, in its order; as far as they are there.
    """

    __slots__ = ("_belonging", "_by_name", "_has_encodings", "_material", "_places", "_tree")

    def __init__(self, material: Material, places: tuple[str, ...]) -> None:
        self._material = material
        self._tree = material.tree
        self._places = places
        self._belonging: set[str] = set()
        self._by_name: dict[str, list[str]] | None = None
        self._has_encodings = False

    def find(self, path: str) -> Iterator[Reference]:
        """Yield what a file refers to."""
        if not self._places or self._material.entry(path) is None:
            return
        if _INTERPRETER.fullmatch(path) or _EMBEDDED.fullmatch(path):
            yield from self._started(path)
        elif _SOURCE.fullmatch(path) or _LANGUAGE.fullmatch(self._material.interpreter(path)):
            yield from self._source(path)

    def _started(self, path: str) -> Iterator[Reference]:
        for place in self._places:
            for file in (
                files_below(self._tree, self._tree.reach(place) or place) if place.endswith("/perl-base") else ()
            ):
                if not file.startswith(f"{place}/{_UNICODE}"):
                    yield Reference(file, "needs what perl-base has")
        for name in _STARTED_WITH:
            yield from self._module(name, "loads it for any program")
        if path in self._material.starts or _EMBEDDED.fullmatch(path):
            why = "is started to run any program" if path in self._material.starts else "runs any program"
            for relative in sorted(self._standard_files()):
                yield from self._first(relative, why)

    def _standard_files(self) -> set[str]:
        """Return the modules of Perl itself, below the places where they lie."""
        found = set()
        for place in self._places:
            end = self._tree.reach(place) or place
            if _STANDARD.fullmatch(f"{end}/"):
                names = (file.removeprefix(f"{end}/") for file in files_below(self._tree, end))
                found |= {name for name in names if not _DOCUMENTATION.fullmatch(name)}
        return found

    def _first(self, relative: str, why: str) -> Iterator[Reference]:
        """Yield the file that perl finds first."""
        for place in self._places:
            if (end := self._tree.reach(f"{place}/{relative}")) and self._tree[end].kind is EntryKind.FILE:
                yield Reference(f"{place}/{relative}", why)
                return

    def _source(self, path: str) -> Iterator[Reference]:
        found = self._material.extract(path, perl_source)
        # What Perl's own modules name in constants is for others to load.
        is_read = not _STANDARD.fullmatch(path) or f"{Kind.ANY}:" in found
        for kind, _, value in (finding.partition(":") for finding in found):
            if kind == Kind.MODULE:
                yield from self._module(value, f"loads {value}", path)
            elif kind == Kind.PARENT or (kind == Kind.NAME and is_read):
                yield from self._module(value, f"names {value}")
            elif kind == Kind.FILE:
                yield from self._file(value, f"loads {value}", path)
            elif kind == Kind.BEGIN:
                yield from self._begun(path, value)
            elif kind == Kind.ANY:
                yield from self._whole(path)
            elif kind == Kind.ENCODINGS and not _STANDARD.fullmatch(path):
                yield from self._encodings()
        yield from self._surroundings(path)

    def _module(self, name: str, why: str, path: str | None = None) -> Iterator[Reference]:
        relative = re.sub(r"::|'", "/", name)
        yield from self._file(f"{relative}.pm", why, path)

    def _file(self, relative: str, why: str, path: str | None) -> Iterator[Reference]:
        found = list(self._first(relative, why))
        if found or path is None:
            yield from found
            return
        # Who changes @INC finds what is elsewhere.
        if self._by_name is None:
            self._by_name = {}
            for place, entry in self._tree.walk():
                if place.endswith((".pm", ".pl", ".ph")) and entry.kind is not EntryKind.DIRECTORY:
                    self._by_name.setdefault(place.rpartition("/")[2], []).append(place)
        for place in self._by_name.get(relative.rpartition("/")[2], ()):
            if f"/{place}".endswith(f"/{relative}") and not _STANDARD.fullmatch(place):
                yield Reference(place, why)

    def _begun(self, path: str, begin: str) -> Iterator[Reference]:
        directory, _, name = begin.rpartition("/")
        if not directory:
            return
        for place in (parent_of(path), *self._places):
            end = self._tree.reach(f"{place}/{directory}")
            for file in files_below(self._tree, end) if end is not None else ():
                relative = f"{directory}/{file.removeprefix(f'{end}/')}"
                if relative.startswith(begin) and file.endswith((".pm", ".pl", ".al")) and not self._is_left(relative):
                    yield from self._first(relative, f"loads files by names that begin with {directory}/{name}")

    def _is_left(self, relative: str) -> bool:
        return _ASIAN.fullmatch(relative) is not None

    def _encodings(self) -> Iterator[Reference]:
        if not self._has_encodings:
            self._has_encodings = True
            for name in ("CN", "JP", "KR", "TW"):
                yield from self._module(f"Encode::{name}", "reads texts in encodings that they say")

    def _whole(self, path: str) -> Iterator[Reference]:
        """Yield all modules of the package that a file is of, if it is none of Perl's own."""
        if not _STANDARD.fullmatch(path):
            yield from self._of_package(self._tree[path].package, is_whole=True)

    def _of_package(self, package: str, *, is_whole: bool) -> Iterator[Reference]:
        for place in self._places if package else ():
            end = self._tree.reach(place) or place
            for file in files_below(self._tree, end) if not _STANDARD.fullmatch(f"{end}/") else ():
                if self._tree[file].package != package or file.endswith((".pod", ".so", ".bs", ".al", ".ix")):
                    continue
                if is_whole and file.endswith((".pm", ".pl")):
                    yield Reference(file, "loads modules by names that nobody can tell")
                elif not is_whole and not file.endswith(".pm"):
                    yield Reference(file, "has it in its package")

    def _surroundings(self, path: str) -> Iterator[Reference]:
        """Yield what comes with a module: its machine code, split functions, and data."""
        place = next((place for place in self._ends() if path.startswith(f"{place}/")), None)
        if place is None:
            return
        relative = path.removeprefix(f"{place}/")
        stem = relative.rpartition(".")[0]
        for other in self._places:
            end = self._tree.reach(f"{other}/auto/{stem}")
            for child in self._tree.children(end) if end is not None else ():
                yield from self._first(f"auto/{stem}/{child}", "is in parts")
        for other in _ALSO.get(relative, ()):
            yield from self._first(other, "reads it")
        package = self._tree[path].package
        if not _STANDARD.fullmatch(path) and package not in self._belonging:
            self._belonging.add(package)
            yield from self._of_package(package, is_whole=False)

    def _ends(self) -> tuple[str, ...]:
        return tuple(self._tree.reach(place) or place for place in self._places)
