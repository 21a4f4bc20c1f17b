"""What the bytes of an image are for: every file with its package and the reason that it is there.

Of a slim image the reason is how the file is reached; of any other, how its package came into the plan.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from pkg2image.image.read import ImageContents
from pkg2image.image.reasons import Kept, Left, Reasons
from pkg2image.rootfs.tree import Kind
from pkg2image.sizes import size_text

NO_PACKAGE = "made for the image"
"""Stands for the package of what no package ships."""


class Sort(StrEnum):
    """The sorts of reasons, in words; those of packages first, then those of files in slim images."""

    REQUESTED = "packages asked for"
    RECIPE = "packages a recipe wants"
    NEEDED = "packages that files need"
    DEPENDENCY = "packages others depend on"
    APPLICATION = "the application itself"
    ASKED = "kept on request"
    LINKED = "libraries programs are linked with"
    LOADED = "modules and plug-ins that are loaded"
    NAMED = "named by what is kept"
    BESIDE = "licences and configuration"
    IMAGE = "in every image, or made for this one"
    UNKNOWN = "the image does not say why"


# Of packages, how the reason in a plan begins; `pkg2image.plan.Reason` writes it.
_PACKAGES = {
    "requested as ": Sort.REQUESTED,
    "wanted by the recipe ": Sort.RECIPE,
    "needed for ": Sort.NEEDED,
    "part of every image": Sort.IMAGE,
}
# Of files, how it begins; the first that fits. What is a library and only named is loaded while a program runs.
_FILES = {
    "is in every image": Sort.IMAGE,
    "is made for the image": Sort.IMAGE,
    "is to be kept by ": Sort.ASKED,
    "comes with ": Sort.BESIDE,
    "is the licence of ": Sort.BESIDE,
    "is linked with ": Sort.LINKED,
    "is started by the loader": Sort.LINKED,
    "imports ": Sort.LOADED,
    "loads ": Sort.LOADED,
    "requires ": Sort.LOADED,
    "needs the gem ": Sort.LOADED,
    "is of the ": Sort.LOADED,
    "is a module of ": Sort.LOADED,
    "is compiled": Sort.LOADED,
    "has it in its package": Sort.LOADED,
}
_LIBRARY = re.compile(r"names [^ ]*\.so(?:\.[0-9.]+)?")


@dataclass(frozen=True, slots=True)
class Part:
    """A file of an image.

    Args:
        path: Without leading slash.
        size: Bytes of content.
        package: Who ships it; empty for what was made for the image.
        reason: Why it is there, the nearest first: of a file in a slim image the references that lead to it, else how
            its package came in.
        sort: What kind of reason that is.
    """

    path: str
    size: int
    package: str
    reason: tuple[str, ...]
    sort: Sort


@dataclass(frozen=True, slots=True)
class Total:
    """Files and their bytes.

    Args:
        files: How many.
        size: Bytes of content.
    """

    files: int = 0
    size: int = 0

    def __str__(self) -> str:
        """Return it for people."""
        return f"{self.files:,} file{'' if self.files == 1 else 's'}, {size_text(self.size)}"


@dataclass(frozen=True, slots=True)
class Account:
    """What the bytes of an image are for.

    Args:
        name: What the image is called.
        slim: Whether it holds only what can be reached.
        parts: Its files and links, in byte order.
        left_out: What is not in it, in the order of `Reasons.left_out`.
    """

    name: str
    slim: bool
    parts: tuple[Part, ...]
    left_out: tuple[Left, ...] = field(default=())

    @property
    def total(self) -> Total:
        """All that is in it."""
        return total_of(self.parts)


def account_of(contents: ImageContents, origins: Mapping[str, str] | None = None) -> Account:
    """Return what the bytes of an image are for.

    Args:
        contents: Of any image; what it does not say about itself is not known.
        origins: Path -> what made the file, of those that no package ships.
    """
    reasons = contents.inside.reasons or Reasons()
    owners = contents.owners
    packages = {str(package["name"]): str(package.get("reason", "")) for package in contents.packages}
    parts = []
    for file in contents.files:
        if file.kind is Kind.DIRECTORY:
            continue
        package = owners.get(file.path, "")
        kept = reasons.kept.get(file.path)
        if kept is None:
            origin = (origins or {}).get(file.path, "")
            made = (f"/{file.path} is made for the image: {origin}",) if origin and not package else ()
            reason = made or tuple(_chain(package, packages))
            # The documents about a slim image come when everything was reached.
            sort = Sort.IMAGE if reasons.slim or not package else _sort_of_package(packages.get(package, ""))
        else:
            reason, sort = tuple(reasons.chain(file.path)), _sort_of_file(kept)
        parts.append(Part(file.path, file.size, package, reason, sort))
    return Account(contents.reference or contents.path.name, reasons.slim, tuple(parts), reasons.left_out)


def total_of(parts: Iterable[Part | Left]) -> Total:
    """Return how much parts come to."""
    sizes = [part.size for part in parts]
    return Total(len(sizes), sum(sizes))


def totals(parts: Iterable[Part], key: Callable[[Part], str]) -> Mapping[str, Total]:
    """Return how much the parts of each group come to, the largest group first.

    Args:
        parts: In any order.
        key: Returns the name of the group of a part.
    """
    groups: defaultdict[str, list[Part]] = defaultdict(list)
    for part in parts:
        groups[key(part)].append(part)
    found = {name: total_of(group) for name, group in groups.items()}
    return dict(sorted(found.items(), key=lambda item: (-item[1].size, -item[1].files, item[0])))


def _chain(name: str, packages: Mapping[str, str]) -> Iterator[str]:
    """Yield why a package is there, and why that is which brought it in, as far as the image tells."""
    seen: set[str] = set()
    while packages.get(name) and name not in seen:
        seen.add(name)
        reason = packages[name]
        yield f"{name}: {reason}"
        # Of a dependency the first word is who declares it.
        name = "" if reason.startswith(tuple(_PACKAGES)) else reason.partition(" ")[0]


def _sort_of_package(reason: str) -> Sort:
    if not reason:
        return Sort.UNKNOWN
    return next((sort for begin, sort in _PACKAGES.items() if reason.startswith(begin)), Sort.DEPENDENCY)


def _sort_of_file(kept: Kept) -> Sort:
    found = next((sort for begin, sort in _FILES.items() if kept.why.startswith(begin)), None)
    if _LIBRARY.fullmatch(kept.why):
        found = Sort.LOADED
    if not kept.referrer:
        # What is kept for itself is of the application, whatever it is.
        return found if found in {Sort.IMAGE, Sort.ASKED, Sort.BESIDE} else Sort.APPLICATION
    return found or Sort.NAMED
