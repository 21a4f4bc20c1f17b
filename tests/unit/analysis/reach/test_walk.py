"""The walk from entry points: links, directories, shortest reasons."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pytest

from pkg2image.analysis.reach.references import Reference
from pkg2image.analysis.reach.walk import Walk, hops
from tests.support.parts import Parts


def _walk(parts: Parts, names: Mapping[str, Iterable[Reference]], *start: Reference, rule: str = "") -> dict[str, str]:
    def find(path: str) -> Iterable[Reference]:
        return names.get(path, ())

    walk = Walk(parts.tree, [find], lambda path: "rule" if rule and rule in path else "")
    walk.start(start)
    return {path: str(reason) for path, reason in walk.reasons.items()}


def test_what_is_named_is_followed_with_the_reason() -> None:
    parts = Parts().add("a").add("b").add("c").add("d")
    names = {"a": [Reference("b", "calls b")], "b": [Reference("/c", "reads /c"), Reference("nowhere", "calls it")]}
    assert _walk(parts, names, Reference("a", "is started")) == {
        "a": "is started",
        "b": "/a calls b",
        "c": "/b reads /c",
    }


def test_files_that_name_each_other_end_the_walk() -> None:
    parts = Parts().add("a").add("b")
    names = {"a": [Reference("b", "x"), Reference("a", "x")], "b": [Reference("a", "x")]}
    assert set(_walk(parts, names, Reference("a", "x"))) == {"a", "b"}


def test_the_reason_is_the_shortest_and_then_the_first_in_order() -> None:
    parts = Parts().add("a").add("b").add("c").add("d")
    names = {
        "a": [Reference("c", "y"), Reference("c", "x"), Reference("b", "x")],
        "b": [Reference("c", "far"), Reference("d", "far")],
        "c": [Reference("d", "first")],
    }
    reasons = _walk(parts, names, Reference("a", "x"))
    assert reasons["c"] == "/a x"
    assert reasons["d"] == "/b far"


def test_links_on_the_way_are_kept() -> None:
    parts = Parts().add("usr/lib/real/tool-2").link("usr/lib/tool", "/usr/lib/real").link("usr/bin/tool", "../lib/t")
    parts.link("usr/lib/t", "tool/tool-2")
    kept = _walk(parts, {}, Reference("/bin/tool", "x"))
    assert sorted(kept) == ["bin", "usr/bin/tool", "usr/lib/real/tool-2", "usr/lib/t", "usr/lib/tool"]


def test_a_link_that_leads_nowhere_is_kept_for_being_named() -> None:
    parts = Parts().link("etc/mtab", "/proc/mounts")
    assert sorted(_walk(parts, {}, Reference("/etc/mtab", "x"))) == ["etc/mtab"]


def test_a_directory_is_kept_alone_or_with_all_in_it() -> None:
    parts = Parts().add("d/x").add("d/e/y").add("d/e/left").link("d/l", "/other").add("other")
    assert sorted(_walk(parts, {}, Reference("d", "x"))) == ["d"]
    whole = _walk(parts, {}, Reference("d", "x", below=True), rule="left")
    assert sorted(whole) == ["d", "d/e", "d/e/y", "d/l", "d/x", "other"]


def test_a_rule_does_not_count_for_what_is_named_itself() -> None:
    parts = Parts().add("d/left")
    assert sorted(_walk(parts, {}, Reference("d/left", "x"), rule="left")) == ["d/left"]


def test_files_of_a_directory_are_followed() -> None:
    parts = Parts().add("d/x").add("y")
    assert "y" in _walk(parts, {"d/x": [Reference("y", "x")]}, Reference("d", "x", below=True))


@pytest.mark.parametrize(
    ("path", "links", "end"),
    [
        ("usr/bin/a", (), "usr/bin/a"),
        ("/bin/a", ("bin",), "usr/bin/a"),
        ("bin/../bin/./a", ("bin",), "usr/bin/a"),
        ("usr/bin/round", ("usr/bin/round",) * 41, None),
        ("/usr/bin/up", ("usr/bin/up",), "usr/bin/a"),
        ("/nowhere/x", (), None),
        ("/", (), ""),
    ],
)
def test_the_way_of_a_path(path: str, links: tuple[str, ...], end: str | None) -> None:
    parts = Parts().add("usr/bin/a").link("usr/bin/round", "round").link("usr/bin/up", "../../../../usr/bin/a")
    assert hops(parts.tree, path) == (links, end)


def test_who_refers_to_a_feature_that_is_off_does_so_in_vain() -> None:
    parts = Parts().add("a").add("part/b").add("part/c").link("d", "part/b")
    names = {"a": [Reference("part/b", "loads it"), Reference("d", "loads it"), Reference("part", "reads", below=True)]}

    def find(path: str) -> Iterable[Reference]:
        return names.get(path, ())

    walk = Walk(parts.tree, [find], lambda path: "feature part" if path.startswith("part") else "")
    walk.start([Reference("a", "is started")])
    assert sorted(walk.reasons) == ["a"]
    walk.start([Reference("part/c", "is to be kept")])
    assert sorted(walk.reasons) == ["a", "part/c"]
