"""dpkg's database in the image, so that scanners and dpkg itself see the truth.

The packages are said to be installed, and the lists name what is really in the tree: a path that was left out, that
another package replaced, or that was never taken of a package of the skeleton is in no list.

Spec: dpkg's lib/dpkg/parse.c and dump.c (order and form of fields); deb-conffiles(5), deb-md5sums(5); deb-triggers(5)
and dpkg's doc/triggers.txt.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from pkg2image.deb.facts import DebEntry, FetchedDeb
from pkg2image.deb.package import Package
from pkg2image.deb.relation import parse_relations, render_alternatives
from pkg2image.rootfs.diversions import Diversion, DivertedPaths, render_diversions
from pkg2image.rootfs.provision import add_directory, add_file
from pkg2image.rootfs.tree import Kind, Tree
from pkg2image.rootfs.unpack import in_unpack_order

ADMINISTRATION = "var/lib/dpkg"
ORIGIN = "dpkg database"

# A name that is that of a file; dpkg's own files in the same directory begin with a capital letter.
_TRIGGER = re.compile(r"[a-z0-9][A-Za-z0-9+._-]*")

# dpkg writes the fields it knows in this order and spelling, and all others after them as they came.
_FIELDS = (
    "Package",
    "Essential",
    "Protected",
    "Status",
    "Priority",
    "Section",
    "Installed-Size",
    "Origin",
    "Bugs",
    "Maintainer",
    "Architecture",
    "Multi-Arch",
    "Source",
    "Version",
    "Replaces",
    "Provides",
    "Depends",
    "Pre-Depends",
    "Recommends",
    "Suggests",
    "Breaks",
    "Conflicts",
    "Enhances",
    "Conffiles",
    "Description",
)
_RELATIONS = frozenset(
    {
        "Replaces",
        "Provides",
        "Depends",
        "Pre-Depends",
        "Recommends",
        "Suggests",
        "Breaks",
        "Conflicts",
        "Enhances",
    }
)
_UNSAID = frozenset({("Essential", "no"), ("Protected", "no"), ("Multi-Arch", "no")})  # defaults dpkg does not write
_EXECUTABLE = frozenset({"preinst", "postinst", "prerm", "postrm", "config"})
_OWN_FORM = frozenset({"md5sums", "conffiles"})  # control files that must agree with the list


@dataclass(frozen=True, slots=True)
class Installed:
    """What of a package is in a tree.

    Args:
        deb: The package.
        members: Its members that are in the tree, in the order in which dpkg lists them.
    """

    deb: FetchedDeb
    members: tuple[DebEntry, ...]


def installed(tree: Tree, deb: FetchedDeb, diversions: Sequence[Diversion] = ()) -> Installed:
    """Find out what of a package is really in a tree.

    Args:
        tree: After unpacking and leaving out.
        deb: The package.
        diversions: Those the tree was unpacked with.
    """
    diverted = DivertedPaths(tree, diversions)
    members = in_unpack_order(deb.facts)
    return Installed(deb, tuple(member for member in members if _is_there(tree, deb, member, diverted)))


def _is_there(tree: Tree, deb: FetchedDeb, member: DebEntry, diverted: DivertedPaths) -> bool:
    if member.kind == "directory":
        return tree.is_directory(member.path)
    place = diverted.place(tree.place_of(member.path), deb.package.name)
    entry = tree.get(place)
    if entry is None:
        return False
    if member.kind == "symlink" and entry.target in {"", member.target} and tree.is_directory(place):
        return True  # a directory that stayed, or a link to one: both are shared
    # Without package: changed for this image (by a recipe), as an administrator may change a file.
    return entry.kind is not Kind.DIRECTORY and entry.package in {"", deb.package.name}


def write_database(
    tree: Tree,
    debs: Iterable[FetchedDeb],
    *,
    architecture: str,
    closure: str,
    mtime: int,
    diversions: Sequence[Diversion] = (),
) -> Tree:
    """Add dpkg's database to a tree.

    Args:
        tree: After everything else was done to it; not changed.
        debs: All packages, with those of which only the skeleton took something.
        architecture: The native architecture.
        closure: With ``full`` all control files are kept, so that packages can be upgraded and removed in the image.
            With ``runtime`` those that say what is in the image.
        mtime: Seconds since the epoch.
        diversions: Those the tree was unpacked with.

    Returns:
        A new tree.

    Raises:
        MalformedPackageError: When a relation of a package cannot be read.
        RequestError: When something lies in the way.
    """
    result = tree.copy()
    packages = [installed(tree, deb, diversions) for deb in sorted(debs, key=_order)]
    foreign = {item.deb.package.architecture for item in packages} - {"all", architecture}
    files = {
        "arch": "".join(f"{name}\n" for name in (architecture, *sorted(foreign))).encode(),
        "available": b"",
        "info/format": b"1\n",
        "status": b"".join(map(render_status, packages)),
    }
    if diversions:
        files["diversions"] = render_diversions(diversions)
    for item in packages:
        stem = f"info/{_info_name(item.deb.package)}"
        files |= {f"{stem}.{kind}": data for kind, data in _info_files(item, closure)}
    if closure == "full":
        files |= {f"triggers/{name}": data for name, data in _interests(packages)}
    for name in ("alternatives", "info", "parts", "triggers", "updates"):
        add_directory(result, f"{ADMINISTRATION}/{name}", origin=ORIGIN, mtime=mtime)
    for name, data in files.items():
        mode = 0o755 if name.startswith("info/") and name.rpartition(".")[2] in _EXECUTABLE else 0o644
        add_file(result, f"{ADMINISTRATION}/{name}", data, mode=mode, origin=ORIGIN, mtime=mtime)
    return result


def _order(deb: FetchedDeb) -> tuple[str, str]:
    return deb.package.name, deb.package.architecture


def _info_name(package: Package) -> str:
    # Only of Multi-Arch: same packages two architectures can be installed at once.
    return f"{package.name}:{package.architecture}" if package.multi_arch == "same" else package.name


def render_status(item: Installed) -> bytes:
    """Return the paragraph of a package in ``var/lib/dpkg/status`` and the blank line after it, as dpkg writes them."""
    given = {name.lower(): (name, value) for name, value in item.deb.facts.control}
    given["status"] = ("Status", "install ok installed")
    conffiles = "".join(f"\n {path} {md5}" for path, md5 in _conffiles(item))
    if conffiles:
        given["conffiles"] = ("Conffiles", conffiles)
    lines = []
    for name in _FIELDS:
        value = given.pop(name.lower(), ("", ""))[1]
        if value and (name, value) not in _UNSAID:
            lines.append(_field(name, _relations(value) if name in _RELATIONS else value))
    lines += [_field(name, value) for name, value in given.values()]
    lines.append("\n")
    return "".join(lines).encode("utf-8", "surrogateescape")


def _field(name: str, value: str) -> str:
    return f"{name}:{value}\n" if value.startswith("\n") else f"{name}: {value}\n"


def _relations(value: str) -> str:
    return ", ".join(map(render_alternatives, parse_relations(value)))


def _conffiles(item: Installed) -> Iterator[tuple[str, str]]:
    sums = {member.path: member.md5 for member in item.members}
    for path in _lines(item.deb, "conffiles"):
        md5 = sums.get(path.removeprefix("/"))
        if md5:
            yield path, md5


def _lines(deb: FetchedDeb, control_file: str) -> list[str]:
    text = (deb.facts.control_file(control_file) or b"").decode("utf-8", "surrogateescape")
    return [line for line in text.split("\n") if line.strip()]


def _info_files(item: Installed, closure: str) -> Iterator[tuple[str, bytes]]:
    """Yield the files of ``info/`` as pairs of a suffix and bytes."""
    paths = dict.fromkeys(f"/{member.path}" for member in item.members if member.path)
    texts = {
        "list": ["/.", *paths],
        # A line may also say that a conffile is to be removed (deb-conffiles(5)), then it has two words.
        "conffiles": [line for line in _lines(item.deb, "conffiles") if line in paths or " " in line],
        "md5sums": list(_md5sums(item)),
    }
    for kind, lines in texts.items():
        if lines:
            yield kind, "".join(f"{line}\n" for line in lines).encode("utf-8", "surrogateescape")
    if closure == "full":
        for kind, data in item.deb.facts.control_files:
            if kind not in _OWN_FORM:
                yield kind, data


def _interests(packages: Sequence[Installed]) -> Iterator[tuple[str, bytes]]:
    """Yield the files of ``triggers/``: which packages want to hear of which paths and names."""
    lines: dict[str, list[str]] = {}
    for item in packages:
        for line in _lines(item.deb, "triggers"):
            directive, _, name = " ".join(line.partition("#")[0].split()).partition(" ")
            if directive.partition("-")[0] != "interest":
                continue
            who = _info_name(item.deb.package) + ("/noawait" if directive == "interest-noawait" else "")
            if name.startswith("/"):
                lines.setdefault("File", []).append(f"{name} {who}")
            elif _TRIGGER.fullmatch(name):
                lines.setdefault(name, []).append(who)
    for name, interested in sorted(lines.items()):
        yield name, "".join(f"{line}\n" for line in interested).encode("utf-8", "surrogateescape")


def _md5sums(item: Installed) -> Iterator[str]:
    present = {member.path for member in item.members}
    given = _lines(item.deb, "md5sums")
    for line in given:
        if line[34:].removeprefix("./") in present:
            yield line
    if not given:
        # A package built without debhelper: dpkg makes the list while it unpacks.
        sums = {member.path: member.md5 for member in item.deb.facts.entries}
        for member in item.members:
            md5 = member.md5 or (member.kind == "hardlink" and sums.get(member.target))
            if md5:
                yield f"{md5}  {member.path}"
