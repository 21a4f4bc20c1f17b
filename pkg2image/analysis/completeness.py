"""Is everything there that the files of an image ask for?

What is checked is what can be told from the files alone: libraries with the versions of their symbols, interpreters,
absolute links, users and groups. Of a program the loader's search is followed to the letter. A library that is not
found so is also taken to be there when the image has one of its name in a private directory: who loads a plugin has
loaded such libraries before, by a path of its own, and the loader does not search again for what is loaded.

Spec: ld.so(8); execve(2); systemd.exec(5).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pkg2image.analysis.loader import Abi, Loader, abi_of, sonames
from pkg2image.analysis.named_accounts import USER, named_accounts
from pkg2image.analysis.optional import packages_of_interpreter, packages_of_library
from pkg2image.analysis.purpose import is_module, other_purpose
from pkg2image.analysis.shebangs import find_program, programs_of, shebang, started_modules
from pkg2image.deb.facts import ElfFacts
from pkg2image.rootfs.tree import Entry, Kind, ReadContent, Tree, path_key
from pkg2image.rootfs.users import identities

# Where absolute links may lead although nothing is there -> why.
_MAY_DANGLE = {
    r"(?:dev|proc|sys)(?:/.*)?": "made by the kernel",
    r"(?:run|var/run|var/lock|tmp|var/tmp)(?:/.*)?": "made at run time",
    r"etc/(?:mtab|localtime|machine-id|hostname|resolv\.conf)": "made by whoever runs the image",
    r"etc/ssl/certs/ca-certificates\.crt": "the package ca-certificates, which no package has to depend on",
    r"etc/ssl/(?:certs|private)/ssl-cert-snakeoil\.(?:pem|key)": "a secret, made at the first start",
}
_DANGLING = re.compile("|".join(f"(?:{pattern})" for pattern in _MAY_DANGLE), re.DOTALL)
# Accounts of the service manager, made by its own package: units that name them work under it only.
_OF_SERVICE_MANAGER = "systemd-"
_SHOWN = 5  # of what is missing in a summary
_LOADER_NAME = re.compile(r"ld(?:64|-[^/]*)?\.so\.[0-9]+")


@dataclass(frozen=True, slots=True)
class Unmet:
    """Something that a file asks for and the image does not have.

    Args:
        path: The file, without leading slash.
        kind: ``library``, ``version``, ``loader``, ``interpreter``, ``link``, ``user`` or ``group``.
        what: The name that leads nowhere.
        package: Who ships the file, empty when it was made for the image.
    """

    path: str
    kind: str
    what: str
    package: str = ""

    def __str__(self) -> str:
        """Return it as a sentence for a terminal."""
        owner = f" ({self.package})" if self.package else ""
        return f"/{self.path}{owner} asks for the {self.kind} {self.what}"

    def render(self) -> dict[str, object]:
        """Return it the way ``inspect --json`` shows it."""
        return {"path": f"/{self.path}", "kind": self.kind, "what": self.what, "package": self.package}


def summary(unmet: Sequence[Unmet]) -> tuple[str, ...]:
    """Return what a user should know about what is missing, in a few lines.

    Args:
        unmet: As `completeness` returns it.
    """
    asking: dict[tuple[str, str], list[Unmet]] = {}
    for item in unmet:
        asking.setdefault((item.kind, item.what), []).append(item)
    # What most files ask for comes first.
    ordered = sorted(asking.items(), key=lambda pair: (-len(pair[1]), pair[0]))
    lines = [_sentence(kind, what, items) for (kind, what), items in ordered[:_SHOWN]]
    rest = len(ordered) - len(lines)
    return (*lines, f"{rest} more things are not in the image; inspect lists all of them") if rest else tuple(lines)


def _sentence(kind: str, what: str, items: Sequence[Unmet]) -> str:
    first = items[0]
    owner = f" of {first.package}" if first.package else ""
    others = "" if len(items) == 1 else f" and {len(items) - 1} other files"
    ask = "asks" if len(items) == 1 else "ask"
    noun = "target" if kind == "link" else kind
    return f"the {noun} {what} is not in the image: /{first.path}{owner}{others} {ask} for it"


def completeness(
    tree: Tree,
    *,
    elves: Mapping[str, ElfFacts],
    interpreters: Mapping[str, str],
    optional: Mapping[str, frozenset[str]],
    read: ReadContent,
    architecture: str,
    linked: frozenset[str] = frozenset(),
) -> tuple[Unmet, ...]:
    """Return what the files of an image that matter at run time ask for and do not find.

    Args:
        tree: The finished root filesystem.
        elves: What is known of ELF files by the SHA-256 of their content (`known_elves`).
        interpreters: Shebang lines of packaged scripts by the same (`known_interpreters`).
        optional: What packages recommend or suggest without depending on it (`optional_names`): what a file wants of
            these is not counted.
        read: Reads files.
        architecture: Debian architecture.
        linked: Packages that have all libraries that they depend on (`linked_packages`): if a plugin of theirs lacks
            another one, its packager has left that out.

    Returns:
        In byte order of the paths, each once.
    """
    loader = Loader(tree, elves=elves, read=read, architecture=architecture)
    libraries = _Libraries(tree, elves, loader)
    scripts = _Scripts(tree, interpreters, optional)
    found: set[Unmet] = set()
    for path, entry in tree.walk():
        if entry.kind is Kind.SYMLINK:
            found.update(_of_link(tree, path, entry))
        elif entry.content is not None and entry.content.sha256 in elves:
            found.update(libraries.unmet(path, entry))
        elif entry.mode & 0o111 and entry.kind is Kind.FILE:
            found.update(scripts.unmet(path, entry))
    found.update(_of_accounts(tree, read, architecture))
    counted = (
        unmet
        for unmet in found
        if not _is_optional(unmet, optional.get(unmet.package, frozenset()))
        and not (unmet.kind == "library" and unmet.package in linked and libraries.is_plugin(unmet.path))
    )
    return tuple(sorted(counted, key=lambda unmet: (path_key(unmet.path), unmet.kind, unmet.what)))


def _is_optional(unmet: Unmet, names: frozenset[str]) -> bool:
    match unmet.kind:
        case "library":
            return not names.isdisjoint(packages_of_library(unmet.what))
        case "interpreter":
            return not names.isdisjoint(packages_of_interpreter(unmet.what))
        case _:
            return False


class _Libraries:
    """What ELF files ask the loader for."""

    __slots__ = ("_abis", "_defined", "_loader", "_names", "_needed", "_tree")

    def __init__(self, tree: Tree, elves: Mapping[str, ElfFacts], loader: Loader) -> None:
        self._needed: set[str] = set()
        self._tree = tree
        self._defined: dict[str, frozenset[str]] = {}
        self._loader = loader
        self._names = sonames(tree, elves)
        # Files for a machine that the image has no loader of are never started in it: firmware, other word sizes.
        self._abis = {abi for name, abi in self._names if _LOADER_NAME.fullmatch(name)}

    def unmet(self, path: str, entry: Entry) -> Iterator[Unmet]:
        """Yield what a file asks for and does not get."""
        facts = self._loader.facts(path)
        if facts is None or other_purpose(path):
            return
        self._needed.update(facts.needed)
        if facts.interpreter and self._is_ours(abi_of(facts)) and self._tree.reach(facts.interpreter) is None:
            yield Unmet(path, "loader", facts.interpreter, entry.package)
        if abi_of(facts) not in self._abis:
            return
        places = {}
        for name in facts.needed:
            places[name] = self._loader.find(name, path, facts)
            if places[name] is None and (facts.interpreter or (name, abi_of(facts)) not in self._names):
                yield Unmet(path, "library", name, entry.package)
        for library, version in facts.versions_needed:
            place = places.get(library)
            defined = self._versions(place) if place is not None else None
            # A library without versions is taken with a warning.
            if defined and version not in defined:
                yield Unmet(path, "version", f"{version} of {library}", entry.package)

    def is_plugin(self, path: str) -> bool:
        """Say whether a file is a library that no other of those seen is linked with: who loads it does it by name."""
        facts = self._loader.facts(path)
        return (
            facts is not None and not facts.interpreter and not {facts.soname, path.rpartition("/")[2]} & self._needed
        )

    def _versions(self, place: str) -> frozenset[str]:
        if place not in self._defined:
            facts = self._loader.facts(place)
            self._defined[place] = frozenset(facts.versions_defined if facts else ())
        return self._defined[place]

    def _is_ours(self, abi: Abi) -> bool:
        return abi in self._abis or not self._abis


class _Scripts:
    """What scripts ask the kernel for."""

    __slots__ = ("_interpreters", "_is_there", "_optional", "_started", "_tree")

    def __init__(self, tree: Tree, interpreters: Mapping[str, str], optional: Mapping[str, frozenset[str]]) -> None:
        self._tree = tree
        self._optional = optional
        self._interpreters = interpreters
        self._started = started_modules(tree)
        self._is_there: dict[str, bool] = {}

    def unmet(self, path: str, entry: Entry) -> Iterator[Unmet]:
        """Yield the programs that a script starts with and that are not there."""
        line = shebang(entry, self._interpreters)
        if not line or other_purpose(path) or (is_module(path) and path not in self._started):
            return
        found = [
            Unmet(path, "interpreter", program, entry.package)
            for program in programs_of(line)
            if not self._has(program)
        ]
        # Where the interpreter is optional the script is, and so is the `env` that looks for it.
        if not any(_is_optional(unmet, self._optional.get(entry.package, frozenset())) for unmet in found):
            yield from found

    def _has(self, program: str) -> bool:
        if program not in self._is_there:
            self._is_there[program] = find_program(self._tree, program) is not None
        return self._is_there[program]


def _of_link(tree: Tree, path: str, entry: Entry) -> Iterator[Unmet]:
    if not entry.target.startswith("/") or tree.reach(entry.target) is not None or other_purpose(path):
        return
    target = entry.target.strip("/")
    if not _DANGLING.fullmatch(target) and not other_purpose(target):
        yield Unmet(path, "link", entry.target, entry.package)


def _of_accounts(tree: Tree, read: ReadContent, architecture: str) -> Iterator[Unmet]:
    known = identities(tree, read)
    for named in named_accounts(tree, read=read, architecture=architecture):
        names = known.users if named.kind == USER else known.groups
        if named.name not in names and not named.name.startswith(_OF_SERVICE_MANAGER):
            yield Unmet(named.path, named.kind, named.name, named.package)
