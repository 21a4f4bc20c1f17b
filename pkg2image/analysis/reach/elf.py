"""What an ELF file refers to: libraries, its loader, and what its constants name.

A library that the loader would not find is looked for in private directories too: who loads a plugin has loaded such
libraries before, by a path of its own. A constant may be a path, or the name of a shared object; one that makes such
names (``lib%s.so``) means the plugins of the same source package; so does who loads something and names no plugin of
them at all: nobody can tell which it will be.

Spec: ld.so(8); dlopen(3).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from pkg2image.analysis.evidence import shown_by_imports
from pkg2image.analysis.loader import LOADABLE, Abi, Loader, abi_of
from pkg2image.analysis.reach.names import (
    constant_words,
    is_followed,
    is_interpreter,
    is_shared,
    names_of_versions,
    references_of_path,
)
from pkg2image.analysis.reach.programs import Programs
from pkg2image.analysis.reach.references import FindReferences, Material, Reference
from pkg2image.analysis.shebangs import PROGRAM_DIRECTORIES
from pkg2image.deb.facts import ElfFacts
from pkg2image.rootfs.tree import parent_of

# What the C library names is for its callers; `pkg2image.analysis.reach.system` knows which of it they use.
_C_LIBRARY = re.compile(r"libc\.so\.[0-9.]+|ld(?:64|-[^/]*)?\.so\.[0-9.]+")
_STARTING = frozenset(
    (
        *("execl", "execle", "execlp", "execv", "execve", "execvp", "execvpe", "popen", "posix_spawn", "posix_spawnp"),
        *("system", "g_spawn_async", "g_spawn_sync", "g_spawn_command_line_sync"),
    )
)
_LOADING = frozenset(
    (
        *("apr_dso_load", "dlmopen", "dlopen", "g_module_open", "g_module_open_full"),
        *("lt_dlopen", "lt_dlopenadvise", "lt_dlopenext"),
    )
)
_CONVERSION = re.compile(r"%[-#0 +]*[0-9]*(?:\.[0-9]+)?[hljztL]*[a-zA-Z]")  # printf(3)
_LARGEST_LOADER = 64 << 20  # bytes of a program that loads libraries and is searched for how it makes their names
_LARGEST_PROGRAM = 256 << 20  # bytes of a program that is searched for names of others


def elf_references(material: Material) -> FindReferences:
    """Return what finds the references of ELF files."""
    return _Elves(material).find


class _Elves:
    """The ELF files of an image."""

    __slots__ = ("_by_name", "_libraries", "_loader", "_material", "_plugins", "_programs")

    def __init__(self, material: Material) -> None:
        self._material = material
        self._loader = Loader(
            material.tree, elves=material.elves, read=material.read, architecture=material.architecture
        )
        self._by_name: dict[tuple[str, Abi], list[str]] = {}
        self._libraries: dict[str, list[str]] = {}
        self._plugins: dict[str, list[str]] = {}
        self._programs = Programs(material)
        for path, entry in material.tree.walk():
            facts = self._loader.facts(material.tree.reach(path) or "") if ".so" in path else None
            if facts is None:
                continue
            for name in {path.rpartition("/")[2], facts.soname} - {""}:
                self._by_name.setdefault((name, abi_of(facts)), []).append(path)
            # What lies in a shared directory is chosen by a configuration, or by the loader.
            if not facts.interpreter and not is_followed(path):
                known = self._libraries if is_shared(parent_of(path)) else self._plugins
                known.setdefault(material.sources.get(entry.package, entry.package), []).append(path)

    def find(self, path: str) -> Iterator[Reference]:
        """Yield what a file refers to."""
        facts = self._loader.facts(path)
        if facts is None or facts.type not in LOADABLE:
            return
        if facts.interpreter:
            yield Reference(facts.interpreter, "is started by the loader")
        for name in facts.needed:
            yield from self._library(name, path, facts, f"is linked with {name}")
        if not _C_LIBRARY.fullmatch(facts.soname):
            yield from self._named(path, facts)
            yield from self._versioned(path, facts)
            for wanted in shown_by_imports(path, facts, ""):
                yield from (Reference(file, f"needs it: {wanted.evidence.reason}") for file in wanted.files)
            yield from self._started(path, facts)

    def _library(self, name: str, path: str, facts: ElfFacts, why: str) -> Iterator[Reference]:
        found = self._loader.named(name, path, facts)
        if found is not None:
            yield Reference(found, why)
        else:
            yield from (Reference(place, why) for place in self._by_name.get((name, abi_of(facts)), ()))

    def _named(self, path: str, facts: ElfFacts) -> Iterator[Reference]:
        found = tuple(self._by_constants(path, facts))
        yield from found
        if not _LOADING.isdisjoint(facts.imports) and not self._leads_to_plugins(path, found):
            yield from self._own_plugins(path, "loads plugins by names that nobody can tell")

    def _by_constants(self, path: str, facts: ElfFacts) -> Iterator[Reference]:
        rule = self._material.rule
        for text in facts.named_files:
            if text.startswith("/"):
                yield from references_of_path(self._material.tree, text, rule)
            elif "%" in text or text.startswith("."):
                yield from self._own_plugins(path, f"loads plugins by names like {text}")
                yield from self._own_libraries(path, text)
            else:
                yield from self._library(text.rpartition("/")[2], path, facts, f"names {text}")

    def _versioned(self, path: str, facts: ElfFacts) -> Iterator[Reference]:
        if not _LOADING.isdisjoint(facts.imports):
            for text in self._material.extract(path, names_of_versions, largest=_LARGEST_LOADER):
                yield from self._own_libraries(path, text)

    def _own_plugins(self, path: str, why: str) -> Iterator[Reference]:
        """Yield the plugins of the same source."""
        for plugin in self._plugins_of(path):
            if not self._material.rule(plugin):
                yield Reference(plugin, why)

    def _own_libraries(self, path: str, text: str) -> Iterator[Reference]:
        """Yield the libraries of the same source, where the loader finds them, that are called like a pattern."""
        parts = _CONVERSION.split(text.rpartition("/")[2])
        if len(parts) > 1:
            form = re.compile(".+".join(map(re.escape, parts)))
            for library in self._libraries.get(self._source_of(path), ()):
                if form.fullmatch(library.rpartition("/")[2]):
                    yield Reference(library, f"loads libraries by names like {text}")

    def _source_of(self, path: str) -> str:
        package = self._material.tree[path].package
        return self._material.sources.get(package, package)

    def _plugins_of(self, path: str) -> Sequence[str]:
        return self._plugins.get(self._source_of(path), ())

    def _leads_to_plugins(self, path: str, references: Sequence[Reference]) -> bool:
        """Say whether a reference is to a plugin of the same source, or a directory of such."""
        reach = self._material.tree.reach
        places = {place for reference in references if (place := reach(reference.path)) is not None}
        plugins = {place for plugin in self._plugins_of(path) if (place := reach(plugin)) is not None}
        return any(place in places or any(place.startswith(f"{above}/") for above in places) for place in plugins)

    def _started(self, path: str, facts: ElfFacts) -> Iterator[Reference]:
        """Yield the programs that an application starts by their names."""
        is_program = facts.interpreter and parent_of(path) in PROGRAM_DIRECTORIES
        is_known = is_program or self._material.tree[path].package in self._material.own
        if not is_known or is_interpreter(path) or _STARTING.isdisjoint(facts.imports):
            return
        for word in self._material.extract(path, constant_words, largest=_LARGEST_PROGRAM):
            program = self._programs.meant(word, path)
            if program is not None:
                yield Reference(program, f"starts {word}")
