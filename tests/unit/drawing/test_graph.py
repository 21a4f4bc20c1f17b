"""The closure as a graph: every package once, edges with their fields, what was cut, and who brought what."""

from __future__ import annotations

from pkg2image.drawing.graph import LEFT_OUT, ORIGIN, Edge, Graph, Node, graph_of
from pkg2image.plan import AddedNeed, CutEdge, Plan, Reason
from tests.support.plans import member, plan_of

PLAN = plan_of(
    member("libc", Reason("Pre-Depends", "server", "libc (>= 2)"), kib=10),
    member("awk", Reason("Depends", "server", "awk-command | awk"), kib=2, Provides="awk-command"),
    member("extra", Reason("Recommends", "server", "extra"), kib=3, Depends="libc"),
    member("server", Reason("requested", "", "server"), kib=5, Pre_Depends="libc (>= 2)", Depends="awk-command | awk"),
    member("shell", Reason("need", "/usr/bin/server (system)", "/bin/sh"), kib=7, Pre_Depends="libc"),
    member("zone", Reason("recipe", "server", "zone"), kib=4),
    member("base", Reason("skeleton", "", "accounts"), kib=100, skeleton=True),
    edges={"server": ("awk", "libc"), "extra": ("libc",), "shell": ("libc",)},
    cut=[
        CutEdge("server", "Depends", "debconf (>= 0.5) | debconf-2.0", "asks questions"),
        CutEdge("zone", "Depends", "debconf (>= 0.5) | debconf-2.0", "asks questions"),
        CutEdge("zone", "Depends", "libc:any | other", "for scripts"),
    ],
    needs=[
        AddedNeed("shell", "/bin/sh", "usr/bin/server", "calls system()", "server"),
        AddedNeed("shell", "/bin/sh", "opt/made", "#!"),
    ],
)


def nodes_of(plan: Plan) -> dict[str, Node]:
    graph = graph_of(plan)
    assert len({node.name for node in graph.nodes}) == len(graph.nodes)
    return {node.name: node for node in graph.nodes}


def kept(graph: Graph) -> list[tuple[str, str, str, str]]:
    return [(edge.source, edge.target, edge.field, edge.relation) for edge in graph.edges if not edge.cut]


def test_every_package_is_in_it_once_and_so_is_what_brought_it_and_what_was_left_out() -> None:
    assert [(node.name, node.kind) for node in graph_of(PLAN).nodes] == [
        ("awk", "Depends"),
        ("base", "skeleton"),
        ("extra", "Recommends"),
        ("libc", "Pre-Depends"),
        ("server", "requested"),
        ("shell", "need"),
        ("zone", "recipe"),
        ("every image", ORIGIN),
        ("files of the image", ORIGIN),
        ("recipe server", ORIGIN),
        ("debconf | debconf-2.0", LEFT_OUT),
    ]


def test_edges_tell_their_field_and_relation() -> None:
    assert kept(graph_of(PLAN)) == [
        ("every image", "base", "skeleton", "accounts"),
        ("extra", "libc", "Depends", "libc"),
        ("files of the image", "shell", "need", "/bin/sh"),
        ("recipe server", "zone", "recipe", "zone"),
        ("server", "awk", "Depends", "awk-command | awk"),
        ("server", "extra", "Recommends", "extra"),
        ("server", "libc", "Pre-Depends", "libc (>= 2)"),
        ("server", "shell", "need", "/bin/sh"),
        ("shell", "libc", "Pre-Depends", "libc"),
    ]


def test_a_virtual_name_belongs_to_who_provides_it() -> None:
    provider = member("mawk", Reason("Depends", "server", "awk"), Provides="awk (= 1), other")
    server = member("server", Reason("requested", "", "server"), Depends="libc, awk")
    graph = graph_of(plan_of(provider, server, edges={"server": ("mawk",)}))
    assert kept(graph) == [("server", "mawk", "Depends", "awk")]


def test_a_need_names_the_file_that_shows_it() -> None:
    needs = [edge for edge in graph_of(PLAN).edges if edge.field == "need"]
    assert [str(edge) for edge in needs] == [
        "files of the image need /bin/sh: /opt/made: #!",
        "server need /bin/sh: /usr/bin/server: calls system()",
    ]


def test_cut_edges_have_their_reason_and_lead_to_the_package_where_it_is_in_anyway() -> None:
    assert [edge for edge in graph_of(PLAN).edges if edge.cut] == [
        Edge(
            "server", "debconf | debconf-2.0", "Depends", "debconf (>= 0.5) | debconf-2.0", "asks questions", cut=True
        ),
        Edge("zone", "debconf | debconf-2.0", "Depends", "debconf (>= 0.5) | debconf-2.0", "asks questions", cut=True),
        Edge("zone", "libc", "Depends", "libc:any | other", "for scripts", cut=True),
    ]


def test_parents_are_what_brought_a_package_in() -> None:
    assert {name: node.parent for name, node in nodes_of(PLAN).items() if node.parent} == {
        "awk": "server",
        "base": "every image",
        "extra": "server",
        "libc": "server",
        "shell": "server",
        "zone": "recipe server",
        "debconf | debconf-2.0": "server",
    }


def test_sizes_are_those_of_packages_that_are_taken_whole() -> None:
    nodes = nodes_of(PLAN)
    assert (nodes["libc"].installed, nodes["libc"].download, nodes["libc"].size) == (10240, 3000, "10.2 kB")
    assert (nodes["base"].installed, nodes["base"].download, nodes["base"].size) == (0, 30000, "a few files")
    assert (nodes["every image"].size, nodes["debconf | debconf-2.0"].size) == ("", "")
    assert nodes["server"].brought == (5 + 10 + 2 + 3 + 7) * 1024
    assert nodes["recipe server"].brought == 4 * 1024
    assert graph_of(PLAN).caption == (
        "7 packages from bookworm (amd64), closure runtime: 39.3 kB to download, 31.7 kB installed"
    )


def test_the_title_is_what_was_asked_for() -> None:
    assert graph_of(PLAN).title == "server"


def test_a_circle_of_reasons_begins_somewhere() -> None:
    circle = plan_of(
        member("a", Reason("Depends", "b", "a"), Depends="b"),
        member("b", Reason("Depends", "c", "b"), Depends="a"),
        member("c", Reason("Depends", "a", "c"), Depends="b"),
        member("self", Reason("Depends", "self", "self"), Depends="self"),
        edges={"a": ("b",), "b": ("a",), "c": ("b",), "self": ("self",)},
    )
    nodes = nodes_of(circle)
    assert {name: node.parent for name, node in nodes.items()} == {"a": "", "b": "c", "c": "a", "self": ""}
    assert nodes["a"].brought == 3 * 1024


def test_the_order_of_a_plan_does_not_matter() -> None:
    turned = plan_of(
        *reversed(PLAN.packages),
        edges=dict(reversed(list(PLAN.edges.items()))),
        cut=PLAN.cut,
        needs=PLAN.needs,
    )
    assert graph_of(turned).nodes == graph_of(PLAN).nodes
    assert graph_of(turned).edges == graph_of(PLAN).edges
