"""Shell scripts to read: real ones of installed and of downloaded packages, and soups of shell tokens."""

from __future__ import annotations

import os
import platform
import tarfile
import time
from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path
from random import Random
from urllib.parse import quote

from pkg2image.archive.acquire import Acquirer, transport_for
from pkg2image.archive.defaults import default_sources, host_facts
from pkg2image.archive.parallel import parallel_map
from pkg2image.archive.repository import load_universe
from pkg2image.archive.transport import Transport
from pkg2image.archive.trust import TrustMemory
from pkg2image.deb.package import Package
from pkg2image.progress import Silence
from pkg2image.store import Store

MEMBERS = ("preinst", "postinst", "prerm", "postrm", "config")
"""The members of a control archive that are programs."""

_INFO = Path("/var/lib/dpkg/info")


def is_shell(text: bytes) -> bool:
    """Say whether a script starts with the name of a shell."""
    first = text.split(b"\n", 1)[0].split()
    return bool(first) and first[0].startswith(b"#!") and b" ".join(first).rstrip(b" -euxf").endswith(b"sh")


def _distinct(scripts: Mapping[str, bytes]) -> dict[str, bytes]:
    """Leave out other languages, and all but one of equal scripts."""
    names = {text: name for name, text in sorted(scripts.items(), reverse=True) if is_shell(text)}
    return {name: text for text, name in sorted(names.items(), key=lambda item: item[1])}


def installed_scripts() -> dict[str, bytes]:
    """Return the scripts of the packages of this machine by file name."""
    files = [file for member in MEMBERS for file in _INFO.glob(f"*.{member}")]
    return _distinct({file.name: file.read_bytes() for file in files})


def archive_scripts(names: Sequence[str], directory: Path, *, suite: str) -> tuple[dict[str, bytes], list[str]]:
    """Read the scripts of packages of the distribution; of each only the start is downloaded, and nothing is verified.

    Args:
        names: Packages, without their dependencies.
        directory: Where the store and the state go.
        suite: For example ``bookworm``.

    Returns:
        Scripts by ``<package>.<member>``, and the names that the suite does not have.
    """
    transport = transport_for(os.environ)
    universe = load_universe(
        default_sources(suite, mirror=None, host=host_facts(machine=platform.machine())).sources,
        architecture="amd64",
        suite=suite,
        acquirer=Acquirer(transport),
        store=Store(directory / "store"),
        memory=TrustMemory(directory / "state"),
        now=int(time.time()),
        offline=False,
        reporter=Silence(),
    )
    versions = {name: universe.versions(name) for name in names}
    packages = [found[0] for found in versions.values() if found]
    controls = parallel_map(lambda package: _control_files(package, transport), packages, jobs=4)
    scripts = {
        f"{package.name}.{member}": files[member]
        for package, files in zip(packages, controls, strict=True)
        for member in MEMBERS
        if member in files
    }
    return _distinct(scripts), [name for name, found in versions.items() if not found]


def _control_files(package: Package, transport: Transport) -> dict[str, bytes]:
    data = b""
    with transport.open(package.origins[0].uri + quote(package.filename, safe="/+~:=@,")) as download:
        for chunk in download.chunks():
            data += chunk
            control = _control_member(data)
            if control is not None:
                break
        else:
            raise ValueError(f"{package} ends before its control member does")
    with tarfile.open(fileobj=BytesIO(control)) as tar:
        files = {member.name.removeprefix("./"): tar.extractfile(member) for member in tar if member.isfile()}
        return {name: file.read() for name, file in files.items() if file is not None}


def _control_member(data: bytes) -> bytes | None:
    """Return the second member of an ar archive when all of it is there already."""
    start = 8
    for _ in range(2):
        header = data[start : start + 60]
        size = int(header[48:58]) if len(header) == 60 else 0
        if not size or len(data) < start + 60 + size:
            return None
        member = data[start + 60 : start + 60 + size]
        start += 60 + size + size % 2
    return member


_SOUP = (
    *(
        "a",
        "b1",
        "x=",
        "x=1",
        "_y=a:~",
        "~",
        "~root/b",
        "2",
        "if",
        "then",
        "elif",
        "else",
        "fi",
        "for",
        "in",
        "do",
        "done",
    ),
    *("while", "until", "case", "esac", "{", "}", "!", "(", ")", "()", ";", ";;", "&", "&&", "||", "|", "<", ">", ">>"),
    *(
        "2>",
        "<&",
        ">&",
        "<>",
        ">|",
        "<<E",
        "<<-E",
        "<<'E'",
        "\nE\n",
        "\n\tE\n",
        "$(",
        "`",
        "${",
        "${x",
        "${x:-",
        "${x%",
    ),
    *(
        "${#x}",
        "${x##",
        "$x",
        "$1",
        "$#",
        "$((",
        "))",
        "'",
        '"',
        "\\",
        "\\\n",
        "\\$",
        "\\`",
        "# c",
        "#",
        "\n",
        "\t",
        "*",
    ),
    *(
        "f()",
        "{ a; }",
        "(b)",
        "if a; then b; fi",
        "case a in b) c;; esac",
        "for i in a; do b; done",
        "$",
        "a\\ b",
        "[ -f",
    ),
)
_FREQUENT = (" ", " ", " ", ";", "\n")


def soup(seed: int, *, ingredients: int) -> str:
    """Return a text of random shell tokens.

    Args:
        seed: Makes the same text again.
        ingredients: How many tokens it has at most.
    """
    random = Random(seed)
    chosen = []
    for _ in range(random.randint(1, ingredients)):
        chosen.append(random.choice(_SOUP))
        if random.random() < 0.7:
            chosen.append(random.choice(_FREQUENT))
    return "".join(chosen)
