"""What Graphviz reads: nodes with sizes, edges with fields, and no name that is more than a name."""

from __future__ import annotations

import pytest

from pkg2image.drawing.dot import dot_text
from pkg2image.drawing.graph import graph_of
from pkg2image.plan import CutEdge, Reason
from tests.support.plans import member, plan_of, read_dot
from tests.unit.drawing.test_graph import PLAN


def test_nodes_and_edges() -> None:
    graph = read_dot(dot_text(graph_of(PLAN)))
    assert list(graph.nodes) == [node.name for node in graph_of(PLAN).nodes]
    assert [(start, end) for start, end, _ in graph.edges] == [
        (edge.source, edge.target) for edge in graph_of(PLAN).edges
    ]


def test_a_node_shows_its_sizes_and_its_reason() -> None:
    nodes = read_dot(dot_text(graph_of(PLAN))).nodes
    assert nodes["libc"]["label"] == r"libc\n10.2 kB, 3.0 kB to download"
    assert nodes["libc"]["tooltip"] == "server Pre-Depends libc (>= 2)"
    assert nodes["base"]["label"] == r"base\na few files, 30.0 kB to download"
    assert nodes["recipe server"]["label"] == "recipe server"
    assert [name for name, attributes in nodes.items() if attributes.get("style") == "dashed"] == [
        "debconf | debconf-2.0"
    ]


def test_an_edge_tells_its_field() -> None:
    edges = {(start, end): attributes for start, end, attributes in read_dot(dot_text(graph_of(PLAN))).edges}
    assert edges["server", "libc"] == {
        "label": "Pre-Depends",
        "class": "Pre-Depends",
        "tooltip": "server Pre-Depends libc (>= 2)",
    }
    assert edges["server", "awk"] == {"class": "Depends", "tooltip": "server Depends awk-command | awk"}
    assert edges["recipe server", "zone"]["label"] == "recipe"
    assert edges["server", "shell"]["label"] == "need"
    assert edges["server", "extra"]["label"] == "Recommends"


def test_cut_edges_are_dashed_and_tell_why() -> None:
    edges = read_dot(dot_text(graph_of(PLAN))).edges
    dashed = [(start, end, attributes["tooltip"]) for start, end, attributes in edges if "style" in attributes]
    asked = "Depends debconf (>= 0.5) | debconf-2.0: asks questions"
    assert dashed == [
        ("server", "debconf | debconf-2.0", f"cut: server {asked}"),
        ("zone", "debconf | debconf-2.0", f"cut: zone {asked}"),
        ("zone", "libc", "cut: zone Depends libc:any | other: for scripts"),
    ]


@pytest.mark.parametrize(
    ("why", "shown"),
    [
        ('"]; evil [label="', '"]; evil [label="'),
        ("back\\", "back\\\\"),  # of its own escapes Graphviz undoes one more when it shows a label
        ("\\N \\G", "\\\\N \\\\G"),
        ("a &lt; b & c", "a &amp;lt; b &amp; c"),
        ("one\ntwo\r\n\tthree", "one two three"),
        ("bell\x07 \udce9", "bell\ufffd \ufffd"),
        ("<b>bold</b>", "<b>bold</b>"),
    ],
)
def test_text_stays_text(why: str, shown: str) -> None:
    plan = plan_of(member("a", Reason("requested", "", "a")), cut=[CutEdge("a", "Depends", "b", why)])
    graph = read_dot(dot_text(graph_of(plan)))
    assert list(graph.nodes) == ["a", "b"]
    assert graph.edges == [
        ("a", "b", {"class": "Depends", "tooltip": f"cut: a Depends b: {shown}", "style": "dashed"}),
    ]
    assert graph.nodes["b"]["tooltip"] == shown
