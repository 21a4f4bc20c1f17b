"""Drawings by name, always the same, and known again."""

from __future__ import annotations

from pathlib import Path

import pytest

from pkg2image.drawing.draw import draw, is_drawing
from pkg2image.plan import Reason
from tests.support.plans import SVG, PageReader, member, plan_of, read_dot, read_svg
from tests.unit.drawing.test_graph import PLAN

BEGINNINGS = {"dot": b"// drawn by pkg2image", "svg": b"<?xml ", "html": b"<!DOCTYPE html>\n"}


@pytest.mark.parametrize("form", BEGINNINGS)
def test_a_drawing_is_known_again(form: str, tmp_path: Path) -> None:
    path = tmp_path / "drawing"
    path.write_bytes(draw(PLAN, form))
    assert path.read_bytes().startswith(BEGINNINGS[form])
    assert path.read_bytes().endswith(b"\n")
    assert is_drawing(path)
    assert draw(PLAN, form) == path.read_bytes()


@pytest.mark.parametrize("content", [b"", b"digraph closure {}", b"<svg/>", b"x" * 500 + b"// drawn by pkg2image"])
def test_other_files_are_not(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "drawing"
    path.write_bytes(content)
    assert not is_drawing(path)


def test_a_name_is_nothing_but_a_name() -> None:
    names = ["</script><b>", '"];evil["', "\\", "a'b", "]]>&lt;"]
    asked = [member(name, Reason("requested", "", name)) for name in names]
    plan = plan_of(*asked, edges=dict.fromkeys(names, (names[0],)))
    graph = read_dot(draw(plan, "dot").decode())
    assert sorted(name.replace("\\\\", "\\") for name in graph.nodes) == sorted(names)
    assert {end for _, end, _ in graph.edges} == {names[0]}
    root = read_svg(draw(plan, "svg").decode())
    assert sorted(group.get("data-name", "") for group in root.iter(f"{SVG}g") if group.get("data-name")) == sorted(
        names
    )
    page = PageReader(draw(plan, "html").decode())
    assert sorted(node["name"] for node in page.data["nodes"]) == sorted(names)
    assert sorted(attributes["data-name"] or "" for tag, attributes in page.tags if tag == "tr" and attributes) == (
        sorted(names)
    )
    assert not {tag for tag, _ in page.tags} & {"b", "evil"}
