"""A graph in the language of Graphviz.

Spec: the DOT language; escString of its attributes.
"""

from __future__ import annotations

from collections.abc import Iterator

from pkg2image.drawing.graph import LEFT_OUT, ORIGIN, Edge, Graph, Node
from pkg2image.drawing.markup import legal
from pkg2image.sizes import size_text

MARK = "// drawn by pkg2image"
_COLOURS = {
    "requested": "#a9c1f5",
    "Pre-Depends": "#9fd8a8",
    "Recommends": "#f7d98b",
    "recipe": "#d3b6f9",
    "need": "#ffb9ad",
    "skeleton": "#d5d8dd",
    ORIGIN: "#ffffff",
    LEFT_OUT: "#ffffff",
}
_COLOUR = "#b5e3da"


def dot_text(graph: Graph) -> str:
    """Return a graph for ``dot``: an edge without a label is one of Depends."""
    return "\n".join(
        (
            f"{MARK}, for Graphviz: dot -Tsvg",
            "digraph closure {",
            f'  graph [rankdir="LR", labelloc="t", label={_shown(f"{graph.title}: {graph.caption}")}];',
            '  node [shape="box", style="filled", fontname="sans-serif", fontsize="10"];',
            '  edge [fontname="sans-serif", fontsize="8", color="#888888"];',
            *(f"  {_quoted(node.name)} [{_node_attributes(node)}];" for node in graph.nodes),
            *(
                f"  {_quoted(edge.source)} -> {_quoted(edge.target)} [{', '.join(_edge_attributes(edge))}];"
                for edge in graph.edges
            ),
            "}",
            "",
        )
    )


def _node_attributes(node: Node) -> str:
    lines = [node.name]
    if node.version:
        lines += [f"{node.size}, {size_text(node.download)} to download"]
    style = ', style="dashed"' if node.kind == LEFT_OUT else ""
    # A line break of a label is the escape \n; what comes from outside has its own escaped first.
    label = "\\n".join(map(_escaped, lines))
    return (
        f'label="{label}", tooltip={_shown(node.reason)}, class={_quoted(node.kind)}, '
        f'fillcolor="{_COLOURS.get(node.kind, _COLOUR)}"{style}'
    )


def _edge_attributes(edge: Edge) -> Iterator[str]:
    if edge.field != "Depends":
        yield f"label={_shown(edge.field)}"
    yield f"class={_quoted(edge.field)}"
    yield f"tooltip={_shown(str(edge))}"
    if edge.cut:
        yield 'style="dashed"'


def _shown(text: str) -> str:
    """Return a quoted string that is shown to people."""
    return f'"{_escaped(text)}"'


def _escaped(text: str) -> str:
    # Graphviz reads entities of HTML in what it shows.
    return _plain(text).replace("&", "&amp;")


def _quoted(text: str) -> str:
    """Return a quoted string that is an identifier."""
    return f'"{_plain(text)}"'


def _plain(text: str) -> str:
    return " ".join(legal(text).split()).replace("\\", "\\\\").replace('"', '\\"')
