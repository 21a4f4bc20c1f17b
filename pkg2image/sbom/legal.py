"""What whoever passes an image on has to pass on with it: licence texts, a table, and where the sources are."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping

from pkg2image.rootfs.tree import Kind, ReadContent, Tree
from pkg2image.sbom.bill import Bill, Component

_COLUMNS = ("package", "version", "architecture", "licence", "copyright_file", "source", "source_version", "source_url")
_COMMON = "usr/share/common-licenses"
_UNREADABLE = "not stated in a form that programs can read: see the copyright file"

_README = """\
What is in the image of {roots} ({distribution} {suite}, {architecture}), and under which licences.

packages.csv      every package: its licence as an SPDX expression, its copyright file, its source package
copyright/        the copyright file of every package, as it is in the image
common-licenses/  the texts that copyright files refer to as /usr/share/common-licenses
sources.csv       every source package, also those linked into packages when they were built, and where it can be had

LicenseRef-... in a licence stands for a text in the copyright file that has no name in the SPDX list.
A source package is described by its .dsc file, which names its other files; `dget URL` downloads all of them.
"""


def legal_files(bill: Bill, tree: Tree, read: ReadContent) -> Iterator[tuple[str, bytes]]:
    """Yield the files of the directory that goes along with an image, as path and content.

    Args:
        bill: What is in the image.
        tree: Its files.
        read: Reads their contents.

    Raises:
        TrustError: When content has changed in the store.
    """
    texts = dict(_texts(bill, tree, read))
    yield "README", _README.format_map(_words(bill)).encode()
    yield "packages.csv", _table(_COLUMNS, (_row(component, texts) for component in bill.components))
    yield "sources.csv", _table(("source", "version", "url", "needed_by"), _sources(bill))
    yield from texts.items()
    for name in tree.children(_COMMON):
        entry = tree.lookup(f"{_COMMON}/{name}")
        if entry and entry.content:
            yield f"common-licenses/{name}", read(entry.content)


def _words(bill: Bill) -> Mapping[str, str]:
    return {
        "roots": ", ".join(bill.roots),
        "distribution": bill.distribution,
        "suite": bill.suite,
        "architecture": bill.architecture,
    }


def _texts(bill: Bill, tree: Tree, read: ReadContent) -> Iterator[tuple[str, bytes]]:
    for component in bill.components:
        entry = tree.lookup(f"usr/share/doc/{component.name}/copyright")
        if entry and entry.kind is Kind.FILE and entry.content:
            yield _place(component), read(entry.content)


def _place(component: Component) -> str:
    return f"copyright/{component.name}"


def _row(component: Component, texts: Mapping[str, bytes]) -> tuple[str, ...]:
    licence, place = component.licence.declared, _place(component)
    return (
        component.name,
        component.version,
        component.architecture,
        _UNREADABLE if licence == "NOASSERTION" else licence,
        place if place in texts else "",
        component.source.name,
        component.source.version,
        component.source.url,
    )


def _sources(bill: Bill) -> Iterator[tuple[str, ...]]:
    for source in bill.sources:
        needed = [
            component.name
            for component in bill.components
            if source.purl in {component.source.purl, *(built.source.purl for built in component.built_with)}
        ]
        yield source.name, source.version, source.url, " ".join(needed)


def _table(columns: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue().encode()
