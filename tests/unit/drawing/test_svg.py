"""The picture: well-formed, every package with a bar of its size, every edge once, nothing from elsewhere."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from pkg2image.drawing.graph import Graph, graph_of
from pkg2image.drawing.svg import svg_text
from pkg2image.plan import CutEdge, Reason
from tests.support.plans import SVG, member, plan_of, read_svg
from tests.unit.drawing.test_graph import PLAN


def boxes_of(root: ET.Element) -> dict[str, ET.Element]:
    found = [group for group in root.iter(f"{SVG}g") if "data-name" in group.attrib]
    assert len({group.attrib["data-name"] for group in found}) == len(found)
    return {group.attrib["data-name"]: group for group in found}


def part(group: ET.Element, role: str) -> ET.Element | None:
    return next((element for element in group if element.get("class") == role), None)


def drawn(graph: Graph) -> ET.Element:
    return read_svg(svg_text(graph))


def test_every_node_is_a_box_with_its_name_and_size() -> None:
    boxes = boxes_of(drawn(graph_of(PLAN)))
    assert set(boxes) == {node.name for node in graph_of(PLAN).nodes}
    shown = {name: [text.text for text in group.iter(f"{SVG}text")] for name, group in boxes.items()}
    assert shown["libc"] == ["libc", "10.2 kB"]
    assert shown["base"] == ["base", "a few files"]
    assert shown["every image"] == ["every image"]
    assert boxes["libc"].findtext(f"{SVG}title") == (
        "libc 1.0-1\n10.2 kB, 3.0 kB to download\nserver Pre-Depends libc (>= 2)"
    )
    assert "\n27.6 kB installed with what it brought\n" in (boxes["server"].findtext(f"{SVG}title") or "")


def test_bars_are_as_long_as_packages_are_large() -> None:
    boxes = boxes_of(drawn(graph_of(PLAN)))
    lengths = {}
    for name, group in boxes.items():
        bar, frame = part(group, "bar"), part(group, "frame")
        assert frame is not None
        lengths[name] = int(bar.attrib["width"]) / int(frame.attrib["width"]) if bar is not None else None
    assert lengths["libc"] == 1
    assert lengths["server"] == pytest.approx(0.5, abs=0.01)
    assert lengths["extra"] == pytest.approx(0.3, abs=0.01)
    assert {name for name, length in lengths.items() if length is None} == {
        *("debconf | debconf-2.0", "every image", "base", "files of the image", "recipe server")
    }


def test_every_edge_is_a_line_that_tells_what_it_is() -> None:
    lines = list(drawn(graph_of(PLAN)).iter(f"{SVG}path"))
    titles = sorted(line.findtext(f"{SVG}title") or "" for line in lines)
    assert titles == sorted(str(edge) for edge in graph_of(PLAN).edges)
    cut = [line for line in lines if "cut" in line.attrib["class"].split()]
    assert [(line.attrib["data-from"], line.attrib["data-to"]) for line in cut] == [
        ("zone", "debconf | debconf-2.0"),
        ("zone", "libc"),
        ("server", "debconf | debconf-2.0"),
    ]


def test_only_what_brought_a_package_in_is_drawn_strongly() -> None:
    lines = drawn(graph_of(PLAN)).iter(f"{SVG}path")
    strong = {(line.attrib["data-from"], line.attrib["data-to"]) for line in lines if "branch" in line.attrib["class"]}
    assert strong == {(node.parent, node.name) for node in graph_of(PLAN).nodes if node.parent}


def test_the_legend_explains_the_colours_that_are_there() -> None:
    def legend(graph: Graph) -> list[str | None]:
        groups = drawn(graph).iter(f"{SVG}g")
        return [
            text.text for group in groups if "data-name" not in group.attrib for text in group.findall(f"{SVG}text")
        ]

    assert legend(graph_of(plan_of(member("a", Reason("requested", "", "a"))))) == ["requested"]
    assert legend(graph_of(PLAN)) == [
        *("requested", "Depends", "Pre-Depends", "Recommends", "recipe", "needed by a file", "in every image"),
        "left out",
    ]


def test_an_empty_package_has_no_bar() -> None:
    boxes = boxes_of(drawn(graph_of(plan_of(member("a", Reason("requested", "", "a"), kib=0)))))
    assert part(boxes["a"], "bar") is None


HOSTILE = "\"/><script>alert(1)</script>&amp;&#0;\x00\x1b\udce9]]>'<!--"


def test_text_stays_text() -> None:
    plan = plan_of(member("a", Reason("requested", "", HOSTILE)), cut=[CutEdge("a", HOSTILE, "b", HOSTILE)])
    root = drawn(graph_of(plan))
    assert {element.tag.removeprefix(SVG) for element in root.iter()} <= {
        *("svg", "title", "style", "rect", "text", "tspan", "g", "path")
    }
    shown = HOSTILE.replace("\x00", "\ufffd").replace("\x1b", "\ufffd").replace("\udce9", "\ufffd")
    assert (boxes_of(root)["a"].findtext(f"{SVG}title") or "").endswith(f"requested as {shown}")


def test_it_asks_nobody_for_anything() -> None:
    text = svg_text(graph_of(PLAN))
    assert text.count("://") == text.count('xmlns="http://www.w3.org/2000/svg"') == 1
    assert not any(word in text for word in ("href", "@import", "url("))
