"""A graph as a page: the picture, who wants whom at a click, a search, and a table that needs no script."""

from __future__ import annotations

from dataclasses import asdict

from pkg2image.drawing.graph import Edge, Graph, Node
from pkg2image.drawing.markup import escaped
from pkg2image.drawing.page import Page, asset, render_page
from pkg2image.drawing.svg import svg_element, svg_style
from pkg2image.sizes import size_text

_COLUMNS = (
    '<tr><th>Package</th><th>Version</th><th class="number">Installed</th><th class="number">With what it brought</th>'
    '<th class="number">Download</th><th>Why</th></tr>'
)


def html_text(graph: Graph) -> str:
    """Return a graph as a self-contained page."""
    return render_page(
        Page(
            title=f"{graph.title}: what is in the image and why",
            body=_body(graph),
            data={"nodes": [_node(node) for node in graph.nodes], "edges": [_edge(edge) for edge in graph.edges]},
            style=f"{svg_style()}{asset('explore.css')}",
            script=asset("explore.js"),
        )
    )


def _body(graph: Graph) -> str:
    packages = sorted((node for node in graph.nodes if node.version), key=lambda node: (-node.installed, node.name))
    return "\n".join(
        (
            f"<header><h1>{escaped(graph.title)}</h1><span>{escaped(graph.caption)}</span>",
            '<label hidden>Find <input id="find" type="search" autocomplete="off"></label>',
            '<span id="found" class="quiet" role="status"></span></header>',
            f'<main><div class="scroll">{svg_element(graph)}</div>',
            '<aside id="details" aria-live="polite" hidden></aside></main>',
            "<table><caption>Packages by size</caption>",
            f"<thead>{_COLUMNS}</thead>",
            "<tbody>",
            *(_row(node) for node in packages),
            "</tbody></table>",
        )
    )


def _row(node: Node) -> str:
    return (
        f'<tr data-name="{escaped(node.name)}"><td>{escaped(node.name)}</td><td>{escaped(node.version)}</td>'
        f'<td class="number">{escaped(node.size)}</td><td class="number">{size_text(node.brought)}</td>'
        f'<td class="number">{size_text(node.download)}</td><td>{escaped(node.reason)}</td></tr>'
    )


def _node(node: Node) -> dict[str, object]:
    return {
        **asdict(node),
        "size": node.size,
        "brought_size": size_text(node.brought),
        "download_size": size_text(node.download),
    }


def _edge(edge: Edge) -> dict[str, object]:
    return {**asdict(edge), "sentence": str(edge)}
