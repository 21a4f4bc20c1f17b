"""Plans in a few words, and readers of what is drawn of them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree as ET

from pkg2image.deb.package import Package
from pkg2image.plan import AddedNeed, CutEdge, Plan, PlannedPackage, Reason

SVG = "{http://www.w3.org/2000/svg}"
_DOT = re.compile(
    r'\s*(?:(?P<comment>//[^\n]*)|(?P<sign>->|[{}\[\];,=])|(?P<word>\w+)|"(?P<text>(?:[^"\\]|\\.)*)")', re.DOTALL
)


def member(name: str, reason: Reason, *, kib: int = 1, skeleton: bool = False, **fields: str) -> PlannedPackage:
    """Return a package of a plan; underscores in field names stand for hyphens."""
    named = {key.replace("_", "-"): value for key, value in fields.items()}
    sizes = {"Installed-Size": str(kib), "Size": str(kib * 300)}
    return PlannedPackage(Package(name, "1.0-1", "amd64", sizes | named), reason, skeleton=skeleton)


def plan_of(
    *packages: PlannedPackage,
    edges: Mapping[str, tuple[str, ...]] | None = None,
    cut: Sequence[CutEdge] = (),
    needs: Sequence[AddedNeed] = (),
) -> Plan:
    """Return a plan of some packages; what was requested are its roots."""
    return Plan(
        suite="bookworm",
        architecture="amd64",
        distribution="debian",
        packages=packages,
        cut=tuple(cut),
        needs=tuple(needs),
        roots=tuple(one.package.name for one in packages if one.reason.kind in ("requested", "recipe")),
        edges=edges or {},
    )


@dataclass
class DotGraph:
    """What stands in a DOT document.

    Args:
        nodes: Attributes by identifier.
        edges: Both ends and the attributes, in order.
    """

    nodes: dict[str, dict[str, str]] = field(default_factory=dict)
    edges: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)


def read_dot(text: str) -> DotGraph:
    """Read a DOT document of one statement a line; quoted strings are as Graphviz's scanner leaves them.

    Spec: the DOT language. In a quoted string only ``\\"`` is an escape; a backslash before another character stays.
    """
    graph = DotGraph()
    tokens = _tokens(text)
    assert [next(tokens) for _ in range(3)] == ["digraph", "closure", "{"]
    for token in tokens:
        if token == "}":
            break
        ends = [token]
        sign = next(tokens)
        if sign == "->":
            ends.append(next(tokens))
            sign = next(tokens)
        assert sign == "["
        attributes: dict[str, str] = {}
        while sign != "]":
            name, equals, value = next(tokens), next(tokens), next(tokens)
            assert equals == "="
            assert name not in attributes
            attributes[name] = value
            sign = next(tokens)
            assert sign in (",", "]")
        assert next(tokens) == ";"
        if len(ends) == 2:
            graph.edges.append((*ends, attributes))
        elif token not in ("graph", "node", "edge"):
            assert token not in graph.nodes
            graph.nodes[token] = attributes
    assert list(tokens) == []
    return graph


def _tokens(text: str) -> Any:
    place = 0
    while text[place:].strip():
        match = _DOT.match(text, place)
        assert match, text[place : place + 80]
        place = match.end()
        if match["text"] is not None:
            yield match["text"].replace('\\"', '"')
        elif match["comment"] is None:
            yield match["sign"] or match["word"]


def read_svg(text: str) -> ET.Element:
    """Read an SVG document; whatever is not well-formed is an error."""
    root = ET.fromstring(text.encode())
    assert root.tag == f"{SVG}svg"
    return root


class PageReader(HTMLParser):
    """What a browser makes of a page.

    Args:
        text: The document.
    """

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {}
        self._open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if self._open:
            self.texts.setdefault(self._open[-1], []).append(data)

    @property
    def data(self) -> Any:
        """The data that the script of the page reads."""
        return json.loads(self.texts["script"][0])
