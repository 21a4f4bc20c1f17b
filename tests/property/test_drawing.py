"""Whatever a plan says, it can be drawn: every package once, no box on another, and no text that is more than text."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from pkg2image.drawing.draw import draw
from pkg2image.drawing.graph import graph_of
from pkg2image.drawing.layout import HEIGHT, lay_out
from pkg2image.drawing.markup import legal
from pkg2image.plan import AddedNeed, CutEdge, Plan, Reason
from tests.support.plans import SVG, PageReader, member, plan_of, read_dot, read_svg

NAMES = [f"p{number}" for number in range(30)]
NAME = st.sampled_from(NAMES)
KINDS = st.sampled_from(["requested", "Depends", "Pre-Depends", "Recommends", "recipe", "need", "skeleton"])
TEXT = st.text(st.characters(exclude_categories=()), max_size=12) | st.lists(
    st.sampled_from(
        ["</script>", "<!--", "]]>", '"', "'", "\\", "&lt;", "|", "(", "\n", "\0", "\udce9", "->", ";", "p1"]
    ),
    max_size=6,
).map("".join)
RELATION = st.lists(st.sampled_from([*NAMES, "other", "third (>= 1)", "p1:any"]), min_size=1, max_size=3).map(
    " | ".join
)


@st.composite
def plans(draw_from: st.DrawFn) -> Plan:
    """Plans whose reasons and edges go anywhere: trees, circles, nowhere."""
    names = draw_from(st.lists(NAME, unique=True, max_size=25))
    packages = [
        member(
            name,
            Reason(draw_from(KINDS), draw_from(NAME | TEXT), draw_from(TEXT)),
            kib=draw_from(st.integers(0, 10**6)),
            skeleton=draw_from(st.booleans()),
        )
        for name in names
    ]
    edges = draw_from(st.dictionaries(NAME, st.lists(NAME, unique=True, max_size=6).map(tuple)))
    cuts = st.builds(CutEdge, NAME, st.sampled_from(["Depends", "Recommends"]) | TEXT, RELATION, TEXT)
    needs = st.builds(AddedNeed, NAME, TEXT, TEXT, TEXT, NAME | st.just(""))
    return plan_of(
        *packages, edges=edges, cut=draw_from(st.lists(cuts, max_size=6)), needs=draw_from(st.lists(needs, max_size=6))
    )


@given(plans())
def test_no_box_lies_on_another_and_none_is_missing(plan: Plan) -> None:
    graph = graph_of(plan)
    layout = lay_out(graph.nodes, top=50)
    assert sorted(box.node.name for box in layout.boxes) == sorted(node.name for node in graph.nodes)
    assert {one.package.name for one in plan.packages} <= {box.node.name for box in layout.boxes}
    places = {box.node.name: box for box in layout.boxes}
    rows: dict[int, list[tuple[int, int]]] = {}
    for box in layout.boxes:
        assert 0 <= box.x < box.x + box.width <= layout.width
        assert 50 <= box.y < box.y + HEIGHT <= layout.height
        rows.setdefault(box.y, []).append((box.x, box.x + box.width))
        if box.node.parent:
            assert places[box.node.parent].x + places[box.node.parent].width < box.x
    assert all(lower - upper >= HEIGHT for upper, lower in pairwise(sorted(rows)))
    for spans in rows.values():
        assert all(end < start for (_, end), (start, _) in pairwise(sorted(spans)))


@given(plans())
def test_every_drawing_can_be_read_and_holds_every_node_and_edge(plan: Plan) -> None:
    graph = graph_of(plan)
    names = sorted(legal(node.name) for node in graph.nodes)
    dot = read_dot(draw(plan, "dot").decode())
    assert len(dot.edges) == len(graph.edges)
    root = read_svg(draw(plan, "svg").decode())
    boxes = [group for group in root.iter(f"{SVG}g") if "data-name" in group.attrib]
    assert len(boxes) == len(names)
    assert len(list(root.iter(f"{SVG}path"))) == len(graph.edges)
    page = PageReader(draw(plan, "html").decode())
    assert [tag for tag, _ in page.tags if tag == "script"] == ["script", "script"]
    assert len([tag for tag, attributes in page.tags if tag == "g" and "data-name" in attributes]) == len(names)
    assert [node["name"] for node in page.data["nodes"]] == [node.name for node in graph.nodes]
    assert [(edge["source"], edge["target"], edge["sentence"]) for edge in page.data["edges"]] == [
        (edge.source, edge.target, str(edge)) for edge in graph.edges
    ]
