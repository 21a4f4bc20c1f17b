"""What Ruby programs and libraries refer to: the features that they require, and what comes with those.

Of a library that requires features by names which nobody can tell, everything that its package has is kept; not so of
Ruby's own. The encodings stay, since data says which are needed, and so do the specifications of gems, without which
RubyGems finds nothing. Who starts ruby itself, or another program with Ruby in it, may run anything: then its whole
library is kept but for what only developers need.

Spec: ``Kernel#require``; Debian Ruby Policy; RubyGems.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pkg2image.analysis.reach.references import FindReferences, Material, Reference
from pkg2image.analysis.reach.ruby_places import RubyPlaces, gem_of, is_standard
from pkg2image.analysis.reach.ruby_source import Kind, gem_dependencies, ruby_machine_code, ruby_source
from pkg2image.rootfs.tree import parent_of

_INTERPRETER = re.compile(r"usr/(?:local/)?bin/ruby[0-9.]*")
_LANGUAGE = re.compile(r"j?ruby[0-9.]*")
_LIBRARY = re.compile(r"libruby[^/]*\.so[^/]*")
_SOURCE = re.compile(r".*\.(?:rb|ru|rake|gemspec)|(?:.*/)?(?:Rakefile|Gemfile)", re.DOTALL)
# What RubyGems requires only for who asks it to by a variable of the environment.
_UNFOLLOWED = {"rubygems.rb": frozenset({"bundler"})}
_LARGEST_EXTENSION = 64 << 20  # bytes
# What Ruby loads by itself: RubyGems and what it comes with, and what methods of its core require.
_STARTED_WITH = (
    *("rubygems", "bundled_gems", "did_you_mean", "error_highlight", "syntax_suggest", "syntax_suggest/core_ext"),
    *("monitor", "rbconfig", "pp", "set", "thread", "socket", "io/console", "io/console/size", "unicode_normalize"),
    *("unicode_normalize/normalize", "unicode_normalize/tables", "ractor", "continuation", "coverage", "prism"),
)
# Rule -> what it leaves out even for who may run anything.
_RULES = {
    "documentation tools": r"(?:.*/)?(?:rdoc|ri)(?:/.*|\.rb)",
    "type checkers and debuggers": r".*/gems/(?:rbs|typeprof|debug)-[^/]+/.*|.*/extensions/.*/(?:rbs|debug)-[^/]+/.*",
    "test suites": r".*/gems/(?:test-unit|minitest|power_assert)-[^/]+/.*",
    "building of extensions": r"(?:.*/)?mkmf\.rb",
    "manual pages": r".*/bundler/man/.*",
}
_ANY_RULE = re.compile("|".join(f"(?:{pattern})" for pattern in _RULES.values()), re.DOTALL)


def ruby_references(material: Material) -> FindReferences:
    """Return what finds the references of Ruby files."""
    places = RubyPlaces(material.tree, material.architecture)
    return _Ruby(material, places).find if places.roots else lambda _: ()


class _Ruby:
    """The Ruby files of an image."""

    __slots__ = ("_belonging", "_material", "_places")

    def __init__(self, material: Material, places: RubyPlaces) -> None:
        self._material = material
        self._places = places
        self._belonging: set[str] = set()

    def find(self, path: str) -> Iterator[Reference]:
        """Yield what a file refers to."""
        material = self._material
        if material.entry(path) is None:
            return
        facts = material.facts(path)
        if facts is not None:
            if any(_LIBRARY.fullmatch(name) for name in facts.needed) or _INTERPRETER.fullmatch(path):
                yield from self._machine_code(path)
        elif path.endswith(".gemspec"):
            yield from self._specification(path)
        elif _SOURCE.fullmatch(path) or _LANGUAGE.fullmatch(material.interpreter(path)):
            yield from self._source(path)
        if facts is None or self._places.place_of(path) is not None:
            yield from self._surroundings(path)

    def _machine_code(self, path: str) -> Iterator[Reference]:
        """Yield what programs with Ruby in them and Ruby's extensions refer to."""
        if self._places.place_of(path) is not None:
            for name in self._material.extract(path, ruby_machine_code, largest=_LARGEST_EXTENSION):
                found = self._feature(name, f"requires {name}")
                yield from (reference for reference in found if not _ANY_RULE.fullmatch(reference.path))
            return
        for name in _STARTED_WITH:
            yield from self._feature(name, "loads it for every program")
        for root in self._places.roots:
            for file in self._places.below(f"{root}/enc"):
                yield Reference(file, "loads the encodings that data asks for")
        for directory in self._places.specifications:
            for file in self._places.below(f"{directory}/default"):
                yield Reference(file, "reads the specifications of its own gems")
        if path in self._material.starts or not _INTERPRETER.fullmatch(path):
            why = "is started to run any program" if path in self._material.starts else "runs any program"
            yield from (Reference(file, why) for file in self._library())

    def _library(self) -> Iterator[str]:
        seen: set[str] = set()
        for root in self._places.roots:
            for file in self._places.below(root):
                relative = file.removeprefix(f"{root}/")
                # Of several the first is loaded, and it needs no other.
                if relative not in seen and not _ANY_RULE.fullmatch(file):
                    seen.add(relative)
                    yield file
        for root in self._places.gems:
            if root.startswith("usr/lib/"):
                yield from (file for file in self._places.below(root) if not _ANY_RULE.fullmatch(file))

    def _feature(self, name: str, why: str, path: str | None = None) -> Iterator[Reference]:
        found = list(self._places.find(name))
        if not found and path is not None and not is_standard(path):
            found = list(self._places.elsewhere(name))
        yield from (Reference(file, why) for file in found)

    def _source(self, path: str) -> Iterator[Reference]:
        directory, _, base = path.rpartition("/")
        unfollowed = _UNFOLLOWED.get(base, frozenset()) if is_standard(path) else frozenset()
        for kind, _, value in (finding.partition(":") for finding in self._material.extract(path, ruby_source)):
            if kind == Kind.FEATURE and value not in unfollowed:
                yield from self._feature(value, f"requires {value}", path)
            elif kind == Kind.BESIDE:
                for suffix in ("", ".rb", ".so"):
                    yield Reference(f"{directory}/{value}{suffix}", f"requires {value}")
                    yield Reference(f"{path}/{value}{suffix}".replace("/../", "/", 1), f"requires {value}")
            elif kind in {Kind.BEGIN, Kind.BEGIN_BESIDE}:
                yield from self._begun(path, value, is_beside=kind == Kind.BEGIN_BESIDE)
            elif kind == Kind.CLASS:
                yield from self._class(path, value)
            elif kind == Kind.GEM:
                yield from self._gem(value)
            elif kind == Kind.ANY and not is_standard(path):
                yield from self._whole(path)

    def _begun(self, path: str, begin: str, *, is_beside: bool) -> Iterator[Reference]:
        above = begin.rpartition("/")[0]
        roots = (
            (parent_of(path),) if is_beside or not above else (parent_of(path), *self._places.roots, *self._places.gems)
        )
        for root in roots:
            place = self._material.tree.reach(f"{root}/{above}")
            for file in self._places.below(place) if place is not None else ():
                if f"{root}/{begin}" == f"{place}/" or file.startswith(f"{place}/{begin.rpartition('/')[2]}"):
                    yield Reference(file, f"requires features that begin with {begin}")

    def _class(self, path: str, name: str) -> Iterator[Reference]:
        """Yield the file of a class by the convention of names: of what is around it, or beside it."""
        feature = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()
        for directory in (parent_of(path), path.removesuffix(".rb")):
            yield Reference(f"{directory}/{feature}.rb", f"loads {name} when it is used")

    def _gem(self, name: str) -> Iterator[Reference]:
        for directory in self._places.specifications:
            for place in (directory, f"{directory}/default"):
                for child in self._material.tree.children(place):
                    if re.fullmatch(rf"{re.escape(name)}-[0-9][^/]*\.gemspec", child):
                        yield Reference(f"{place}/{child}", f"needs the gem {name}")

    def _specification(self, path: str) -> Iterator[Reference]:
        for name in self._material.extract(path, gem_dependencies):
            yield from self._gem(name)

    def _whole(self, path: str) -> Iterator[Reference]:
        """Yield all libraries of the gem that a file is of, or of its package."""
        package = self._material.tree[path].package
        gem = gem_of(path)
        roots = tuple(root for root in self._places.gems if gem_of(f"{root}/") == gem)
        for root in roots if gem is not None else self._places.roots:
            for file in self._places.below(root) if package else ():
                if self._material.tree[file].package == package and file.endswith((".rb", ".so")):
                    yield Reference(file, "requires features that nobody can tell")

    def _surroundings(self, path: str) -> Iterator[Reference]:
        """Yield what comes with a library: the specification of its gem, and the data of its package."""
        gem = gem_of(path)
        if gem is not None:
            above, name = gem
            yield Reference(f"{above}/specifications/{name}.gemspec", "is of the gem")
            yield Reference(f"{above.rpartition('/extensions/')[0]}/specifications/{name}.gemspec", "is of the gem")
        package = self._material.tree[path].package
        if not package or package in self._belonging or is_standard(path) or self._places.place_of(path) is None:
            return
        self._belonging.add(package)
        for root in (*self._places.roots, *self._places.gems, *self._places.specifications):
            for file in self._places.below(root) if not is_standard(f"{root}/") else ():
                if self._material.tree[file].package == package and not file.endswith((".rb", ".so")):
                    yield Reference(file, "has it in its package")
