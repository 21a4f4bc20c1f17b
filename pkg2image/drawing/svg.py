"""A graph as a picture: boxes with a bar for the size, trees of reasons, all other edges faintly behind.

Spec: SVG 1.1; no fonts, images or styles from elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from importlib.resources import files

from pkg2image.drawing.graph import LEFT_OUT, ORIGIN, Edge, Graph, Node
from pkg2image.drawing.layout import GAP, HEIGHT, MARGIN, Box, lay_out
from pkg2image.drawing.markup import escaped
from pkg2image.sizes import size_text

MARK = "<!-- drawn by pkg2image -->"
_TITLE = 26  # pixels for it
_LEGEND = 24
_NARROWEST = 760  # pixels that the title may need
_KINDS = {
    "requested": "requested",
    "Depends": "Depends",
    "Pre-Depends": "Pre-Depends",
    "Recommends": "Recommends",
    "recipe": "recipe",
    "need": "needed by a file",
    "skeleton": "in every image",
    LEFT_OUT: "left out",
}


def svg_text(graph: Graph) -> str:
    """Return a graph as an SVG document."""
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{MARK}\n{svg_element(graph, alone=True)}\n'


def svg_style() -> str:
    """Return the style sheet of the pictures."""
    return files(__package__).joinpath("graph.css").read_text(encoding="utf-8")


def svg_element(graph: Graph, *, alone: bool = False) -> str:
    """Return a graph as one element.

    Args:
        graph: What to draw.
        alone: Whether it is a document of its own; a page around it has the style sheet and the title already.
    """
    head = _TITLE if alone else 0
    layout = lay_out(graph.nodes, top=head + _LEGEND)
    boxes = {box.node.name: box for box in layout.boxes}
    largest = max((node.installed for node in graph.nodes), default=0)
    parents = {(node.parent, node.name) for node in graph.nodes if node.parent}
    width = max(layout.width, _NARROWEST)
    size = f'width="{width}" height="{layout.height}"'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="closure" {size} viewBox="0 0 {width} {layout.height}">',
        f"<title>{escaped(f'{graph.title}: {graph.caption}')}</title>",
        *([f"<style>{svg_style()}</style>"] if alone else []),
        f'<rect class="paper" {size}/>',
        *([_title(graph)] if alone else []),
        *_legend(graph, top=head + 8),
        "<g>",
        *(_curve(edge, boxes) for edge in graph.edges if (edge.source, edge.target) not in parents),
        "</g>",
        "<g>",
        *_branches(graph.edges, parents, boxes),
        "</g>",
        "<g>",
        *(line for box in layout.boxes for line in _box(box, largest)),
        "</g>",
        "</svg>",
    ]
    return "\n".join(lines)


def _title(graph: Graph) -> str:
    return (
        f'<text class="title" x="{MARGIN}" y="20">{escaped(graph.title)} '
        f'<tspan class="caption">{escaped(graph.caption)}</tspan></text>'
    )


def _legend(graph: Graph, *, top: int) -> Iterator[str]:
    present = {node.kind for node in graph.nodes}
    x = MARGIN
    for kind, words in _KINDS.items():
        if kind in present:
            square = f'x="{x}" y="{top}" width="14" height="14"'
            yield f'<g class="node {_class(kind)}"><rect class="frame" {square}/><rect class="bar" {square}/>'
            yield f'<text x="{x + 20}" y="{top + 11}">{words}</text></g>'
            x += 44 + 7 * len(words)


def _box(box: Box, largest: int) -> Iterator[str]:
    node = box.node
    yield f'<g class="node {_class(node.kind)}" data-name="{escaped(node.name)}">'
    yield f"<title>{escaped(_tooltip(node))}</title>"
    yield f'<rect class="frame" x="{box.x}" y="{box.y}" width="{box.width}" height="{HEIGHT}" rx="3"/>'
    if node.installed:
        length = max(1, box.width * node.installed // largest)
        yield f'<rect class="bar" x="{box.x}" y="{box.y}" width="{length}" height="{HEIGHT}" rx="3"/>'
    if node.version:
        yield f'<rect class="kind" x="{box.x}" y="{box.y}" width="4" height="{HEIGHT}" rx="2"/>'
    yield f'<text x="{box.x + 10}" y="{box.y + 14}">{escaped(node.name)}</text>'
    if node.size:
        yield f'<text class="size" x="{box.x + box.width - 6}" y="{box.y + 14}">{escaped(node.size)}</text>'
    yield "</g>"


def _tooltip(node: Node) -> str:
    lines = [f"{node.name} {node.version}".rstrip()]
    if node.version:
        lines.append(f"{node.size}, {size_text(node.download)} to download")
    if node.brought != node.installed:
        lines.append(f"{size_text(node.brought)} installed with what it brought")
    return "\n".join((*lines, node.reason))


def _branches(edges: Iterable[Edge], parents: Iterable[tuple[str, str]], boxes: Mapping[str, Box]) -> Iterator[str]:
    """Draw the lines from each node to what it brought: right, down, right."""
    wanted = set(parents)
    for edge in edges:
        if (edge.source, edge.target) not in wanted:
            continue
        start, end = boxes[edge.source], boxes[edge.target]
        x, y = start.x + start.width, start.y + HEIGHT // 2
        way = f"M{x} {y}H{x + GAP // 2}V{end.y + HEIGHT // 2}H{end.x}"
        yield _path(edge, way, "branch")


def _curve(edge: Edge, boxes: Mapping[str, Box]) -> str:
    start, end = boxes[edge.source], boxes[edge.target]
    x, y = start.x + start.width, start.y + HEIGHT // 2
    to_x, to_y = end.x, end.y + HEIGHT // 2
    bend = max(GAP, abs(to_x - x) // 2)
    return _path(edge, f"M{x} {y}C{x + bend} {y} {to_x - bend} {to_y} {to_x} {to_y}", "other")


def _path(edge: Edge, way: str, role: str) -> str:
    return (
        f'<path class="edge {role}{" cut" if edge.cut else ""}" data-from="{escaped(edge.source)}" '
        f'data-to="{escaped(edge.target)}" d="{way}"><title>{escaped(str(edge))}</title></path>'
    )


def _class(kind: str) -> str:
    return kind.lower().replace(" ", "-") if kind in {*_KINDS, ORIGIN} else "other"
