"""Shell scripts to read: real ones of installed and of downloaded packages, and soups of shell tokens."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random

from pkg2image.archive.acquire import Acquirer, transport_for
from pkg2image.archive.defaults import default_sources, host_facts
from pkg2image.archive.fetch import fetch_debs
from pkg2image.archive.repository import load_universe
from pkg2image.archive.trust import TrustMemory
from pkg2image.deb.facts import DebFacts
from pkg2image.lock import PlannedPackage, Reason
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


def scripts_of(debs: Mapping[str, DebFacts]) -> dict[str, bytes]:
    """Return the scripts of packages by ``<package>.<member>``."""
    files = {f"{name}.{member}": facts.control_file(member) for name, facts in debs.items() for member in MEMBERS}
    return _distinct({name: text for name, text in files.items() if text is not None})


def archive_scripts(names: Sequence[str], directory: Path, *, suite: str) -> dict[str, bytes]:
    """Download packages of the distribution and return their scripts by ``<package>.<member>``.

    Args:
        names: Packages, without their dependencies.
        directory: Where the store and the state go.
        suite: For example ``bookworm``.
    """
    store = Store(directory / "store")
    acquirer = Acquirer(transport_for(os.environ))
    sources = default_sources(suite, mirror=None, host=host_facts(machine=platform.machine())).sources
    universe = load_universe(
        sources,
        architecture="amd64",
        suite=suite,
        acquirer=acquirer,
        store=store,
        memory=TrustMemory(directory / "state"),
        now=int(time.time()),
        offline=False,
        reporter=Silence(),
    )
    plan = [PlannedPackage(universe.versions(name)[0], Reason("requested", relation=name)) for name in names]
    debs = fetch_debs(plan, store=store, acquirer=acquirer, jobs=4, offline=False, reporter=Silence())
    return scripts_of({deb.package.name: deb.facts for deb in debs})


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
