"""The page: whole without its script, data that cannot break out, and nothing from elsewhere."""

from __future__ import annotations

import base64
import re
from hashlib import sha256

import pytest

from pkg2image.drawing.graph import graph_of
from pkg2image.drawing.html import html_text
from pkg2image.drawing.markup import embedded_json, escaped
from pkg2image.drawing.page import Page, render_page
from pkg2image.drawing.svg import svg_element
from pkg2image.plan import CutEdge, Reason
from tests.support.plans import PageReader, member, plan_of
from tests.unit.drawing.test_graph import PLAN

HOSTILE = "</script><script>alert(1)</script><!--<script>]]>&lt;\u2028\udce9\x00\"'"
TEXT = html_text(graph_of(PLAN))


def test_the_picture_is_in_it() -> None:
    assert svg_element(graph_of(PLAN)) in TEXT
    assert "<style>" not in svg_element(graph_of(PLAN))


def test_the_data_is_the_graph() -> None:
    data = PageReader(TEXT).data
    graph = graph_of(PLAN)
    assert [(node["name"], node["kind"], node["parent"], node["installed"]) for node in data["nodes"]] == [
        (node.name, node.kind, node.parent, node.installed) for node in graph.nodes
    ]
    assert [(edge["source"], edge["target"], edge["cut"], edge["why"]) for edge in data["edges"]] == [
        (edge.source, edge.target, edge.cut, edge.why) for edge in graph.edges
    ]


def test_the_table_has_every_package_the_largest_first() -> None:
    rows = [attributes["data-name"] for tag, attributes in PageReader(TEXT).tags if tag == "tr" and attributes]
    assert rows == ["libc", "shell", "server", "zone", "extra", "awk", "base"]


def test_the_script_finds_what_it_asks_for() -> None:
    page = PageReader(TEXT)
    script = page.texts["script"][1]
    identifiers = [attributes["id"] or "" for _, attributes in page.tags if "id" in attributes]
    assert sorted(identifiers) == sorted(set(re.findall(r'getElementById\("(\w+)"\)', script)))
    known = {key for node in page.data["nodes"] for key in node} | {key for edge in page.data["edges"] for key in edge}
    used = set(re.findall(r"\b(?:node|other|step|edge)\.(\w+)", script))
    assert used <= known


def test_only_its_own_style_and_script_may_run() -> None:
    page = PageReader(TEXT)
    (policy,) = (
        attributes["content"]
        for tag, attributes in page.tags
        if tag == "meta" and attributes.get("http-equiv") == "Content-Security-Policy"
    )
    pins = [base64.b64encode(sha256(text.encode()).digest()).decode() for text in _inline(TEXT)]
    assert policy == f"default-src 'none'; style-src 'sha256-{pins[0]}'; script-src 'sha256-{pins[1]}'"


def _inline(text: str) -> list[str]:
    return re.findall(r"<(?:style|script)>(.*?)</(?:style|script)>", text, re.DOTALL)


def test_it_asks_nobody_for_anything() -> None:
    assert TEXT.count("://") == TEXT.count('xmlns="http://www.w3.org/2000/svg"') == 1
    for tag, attributes in PageReader(TEXT).tags:
        assert tag not in {"link", "img", "iframe", "object", "embed", "base", "form"}
        assert not {"src", "href", "style", "action"} & set(attributes)
        assert not any(name.startswith("on") for name in attributes)
    assert not any(word in TEXT for word in ("@import", "url(", "innerHTML", "eval("))


def test_nothing_of_a_package_gets_out_of_its_place() -> None:
    plan = plan_of(
        member("a", Reason("requested", "", HOSTILE), Source="b"),
        cut=[CutEdge("a", "Depends", "b", HOSTILE), CutEdge("a", HOSTILE, "c", "")],
    )
    text = html_text(graph_of(plan))
    page = PageReader(text)
    assert [tag for tag, _ in page.tags if tag in ("script", "style", "body")] == ["style", "body", "script", "script"]
    assert len(page.texts["script"]) == 2
    assert HOSTILE in [edge["why"] for edge in page.data["edges"]]
    assert f"requested as {HOSTILE}" in [node["reason"] for node in page.data["nodes"]]
    text.encode()


def test_a_page_for_something_else() -> None:
    text = render_page(Page(title="<Sizes>", body="<p>all</p>", data=[HOSTILE], style="p { margin: 0; }", script="1;"))
    page = PageReader(text)
    assert page.texts["title"] == ["<Sizes>"]
    assert page.texts["p"] == ["all"]
    assert (page.data, page.texts["script"][1]) == ([HOSTILE], "1;")
    assert page.texts["style"][0].endswith("p { margin: 0; }")


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("a<b>&\"'", "a&lt;b&gt;&amp;&quot;&#39;"),
        ("tab\tline\n", "tab\tline\n"),
        ("\x00\x1f\x7f\x85\ufffe\udc80", "\ufffd" * 6),
        ("\U0001f600\u00e9", "\U0001f600\u00e9"),
    ],
)
def test_escapes(text: str, written: str) -> None:
    assert escaped(text) == written


def test_embedded_json_is_json_without_markup() -> None:
    assert embedded_json({"b": "</script>&", "a": "\u2028\u00e9"}) == (
        '{"a":"\\u2028\\u00e9","b":"\\u003c/script\\u003e\\u0026"}'
    )
