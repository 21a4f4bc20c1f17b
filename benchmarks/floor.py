"""What of an image stays whatever an analysis finds, for `benchmarks.slim`: facts of a directory tree only."""

from __future__ import annotations

import io
import re
import tarfile
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from elftools.common.exceptions import ELFError
from elftools.elf.dynamic import DynamicSegment
from elftools.elf.elffile import ELFFile
from elftools.elf.segments import InterpSegment

from pkg2image.image.compress import Compression, compress, fixed_blocks

_INFO = "var/lib/dpkg/info"
_ALWAYS = ("etc/group", "etc/passwd", "usr/lib/os-release")
_ALWAYS_BELOW = ("usr/lib/locale/C.utf8", "usr/share/common-licenses")
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin"
_MOST_LINKS = 40


class Root:
    """A root filesystem in a directory; its links lead inside it.

    Args:
        directory: Where it is.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.owners = dict(self._owners())

    def _owners(self) -> Iterator[tuple[str, str]]:
        for file in sorted((self.directory / _INFO).glob("*.list")):
            package = file.stem
            for line in file.read_text(errors="surrogateescape").splitlines():
                for place in self.hops(line):
                    yield place, package

    def hops(self, path: str) -> list[str]:
        """Return the places of the links on a path, and last where it ends; nothing when that is not there."""
        links: list[str] = []
        pending = [part for part in path.split("/") if part not in {"", "."}][::-1]
        here: list[str] = []
        while pending:
            part = pending.pop()
            if part == "..":
                here = here[:-1]
                continue
            place = self.directory.joinpath(*here, part)
            if place.is_symlink() and len(links) < _MOST_LINKS:
                target = str(place.readlink())
                links.append("/".join((*here, part)))
                here = [] if target.startswith("/") else here
                pending += [word for word in target.split("/") if word not in {"", "."}][::-1]
            elif place.exists():
                here.append(part)
            else:
                return []
        return [*links, "/".join(here)]

    def read(self, place: str) -> bytes:
        """Return the content of a file."""
        return (self.directory / place).read_bytes()


def floor(root: Root, commands: Iterable[tuple[str, str]]) -> dict[str, bytes]:
    """Return place -> content of the files that cannot go; of links the content is empty.

    Args:
        root: The image.
        commands: Names of programs that are started, and the PATH that they are looked for on.
    """
    kept: set[str] = set()
    for word, path in commands:
        places = [word] if "/" in word else [f"{each}/{word}" for each in f"{path}:{_PATH}".split(":")]
        hops = next((found for place in places if (found := root.hops(place))), [])
        _follow(root, hops, kept)
    for path in _ALWAYS:
        kept.update(root.hops(path))
    for above in _ALWAYS_BELOW:
        kept.update(str(file.relative_to(root.directory)) for file in (root.directory / above).rglob("*"))
    packages = {root.owners[place] for place in kept if place in root.owners}
    for package in packages:
        kept.update(root.hops(f"usr/share/doc/{package.partition(':')[0]}/copyright"))
    packages |= {root.owners[place] for place in kept if place in root.owners}
    files = {place: (root.directory / place) for place in kept}
    contents = {
        place: b"" if file.is_symlink() else file.read_bytes()
        for place, file in files.items()
        if file.is_symlink() or file.is_file()
    }
    return contents | dict(_database(root, packages, kept))


def _follow(root: Root, hops: list[str], kept: set[str]) -> None:
    """Add a program or a library, and what it needs to be loaded."""
    if not hops or hops[-1] in kept:
        return
    kept.update(hops)
    data = root.read(hops[-1])
    if data.startswith(b"#!"):
        for word in data[2:].partition(b"\n")[0].split()[:2]:
            name = word.decode(errors="surrogateescape")
            places = (name, *(f"{each}/{name}" for each in _PATH.split(":")))
            _follow(root, next((found for place in places if (found := root.hops(place))), []), kept)
        return
    interpreter, needed, paths = _linked_with(data)
    _follow(root, root.hops(interpreter) if interpreter else [], kept)
    directory = f"/{hops[-1].rpartition('/')[0]}"
    directories = [path.replace("$ORIGIN", directory).replace("${ORIGIN}", directory) for path in paths]
    for name in needed:
        libraries = (root.hops(f"{place}/{name}") for place in (*directories, *_library_directories(root)))
        _follow(root, next(filter(None, libraries), []), kept)


def _linked_with(data: bytes) -> tuple[str, list[str], list[str]]:
    try:
        elf = ELFFile(io.BytesIO(data))
    except ELFError:
        return "", [], []
    segments = list(elf.iter_segments())
    interpreter = next((each.get_interp_name() for each in segments if isinstance(each, InterpSegment)), "")
    tags = [tag for each in segments if isinstance(each, DynamicSegment) for tag in each.iter_tags()]
    needed = [str(getattr(tag, "needed", "")) for tag in tags if tag.entry.d_tag == "DT_NEEDED"]
    paths = [getattr(tag, tag.entry.d_tag[3:].lower()) for tag in tags if tag.entry.d_tag in {"DT_RPATH", "DT_RUNPATH"}]
    return interpreter, needed, [part for path in paths for part in path.split(":")]


def _library_directories(root: Root) -> Iterator[str]:
    for file in sorted((root.directory / "etc/ld.so.conf.d").glob("*.conf")):
        yield from (line for line in file.read_text().splitlines() if line.startswith("/"))
    yield from ("/lib", "/usr/lib")


def _database(root: Root, packages: set[str], kept: set[str]) -> Iterator[tuple[str, bytes]]:
    """Yield dpkg's database of some packages, with nothing but what is kept of them."""
    names = {package.partition(":")[0] for package in packages}
    paragraphs = root.read("var/lib/dpkg/status").split(b"\n\n")
    status = [
        text for text in paragraphs if (found := re.match(rb"Package: (\S+)", text)) and found[1].decode() in names
    ]
    yield "var/lib/dpkg/status", b"\n\n".join(status)
    above = {str(parent) for place in kept for parent in Path(place).parents} | kept
    for package in sorted(packages):
        for suffix, column in {"list": 0, "md5sums": 1}.items():
            file = root.directory / _INFO / f"{package}.{suffix}"
            lines = file.read_text(errors="surrogateescape").splitlines(keepends=True) if file.exists() else []
            some = (line for line in lines if line.split(None, 1)[column].strip().removeprefix("/") in above)
            yield f"{_INFO}/{package}.{suffix}", "".join(some).encode(errors="surrogateescape")


def compressed_size(root: Root, files: Mapping[str, bytes]) -> int:
    """Return the bytes of a layer with some files of an image, compressed as layers are."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for place, data in sorted(files.items()):
            member = tarfile.TarInfo(place)
            file = root.directory / place
            if file.is_symlink():
                member.type, member.linkname = tarfile.SYMTYPE, str(file.readlink())
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    with ThreadPoolExecutor(1) as pool:
        return sum(map(len, compress(fixed_blocks([buffer.getvalue()]), Compression("gzip", 6), pool=pool, ahead=1)))
