"""The plan as data: what it shows, what its digest depends on, and what it does not depend on."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from pkg2image.deb.package import package_from_stanza
from pkg2image.digest import sha256
from pkg2image.idmap import IdMap
from pkg2image.plan import (
    CutEdge,
    Plan,
    PlannedPackage,
    Reason,
    VerifiedSource,
    canonical_json,
    render_package,
    render_plan,
)

STANZA = {
    "Package": "libgreet1",
    "Source": "greet (1.2)",
    "Version": "1.2-1+b1",
    "Architecture": "amd64",
    "Installed-Size": "10",
    "Size": "4321",
    "SHA256": "ab" * 32,
}
PLANNED = PlannedPackage(package_from_stanza(STANZA, origin="test"), Reason("Depends", "hello", "libgreet1 (>= 1)"))
SOURCE = VerifiedSource("http://archive.example/", "stable", "bookworm", sha256(b"Release"), 1000, ("f" * 40,))
PLAN = Plan(
    suite="bookworm",
    architecture="amd64",
    distribution="debian",
    packages=(PLANNED,),
    cut=(CutEdge("hello", "Depends", "debconf", "asks questions"),),
    notes=("something to know",),
    sources=(SOURCE, replace(SOURCE, suite="updates", date=3000), replace(SOURCE, suite="security", date=2000)),
    roots=("hello",),
    edges={"hello": ("libgreet1",)},
)


@pytest.mark.parametrize(
    ("reason", "text"),
    [
        (Reason("requested", "", "hello=2*"), "requested as hello=2*"),
        (Reason("recipe", "postgresql", "tzdata"), "wanted by the recipe postgresql: tzdata"),
        (Reason("skeleton", "", "accounts"), "part of every image: accounts"),
        (Reason("Depends", "hello", "a | b"), "hello Depends a | b"),
        (Reason("Pre-Depends", "hello", "a (>= 1)"), "hello Pre-Depends a (>= 1)"),
    ],
)
def test_reasons_read_as_sentences(reason: Reason, text: str) -> None:
    assert str(reason) == text


def test_a_package_as_data() -> None:
    assert render_package(PLANNED) == {
        "name": "libgreet1",
        "version": "1.2-1+b1",
        "architecture": "amd64",
        "source": "greet",
        "source_version": "1.2",
        "size": 4321,
        "installed_size": 10240,
        "sha256": "ab" * 32,
        "reason": "hello Depends libgreet1 (>= 1)",
    }


def test_a_plan_as_data() -> None:
    rendered = render_plan(PLAN)
    assert list(rendered) == [
        *("suite", "architecture", "distribution", "closure", "ids", "roots", "packages", "cut", "needs", "notes"),
        "sources",
    ]
    assert rendered["cut"] == [{"package": "hello", "field": "Depends", "relation": "debconf", "why": "asks questions"}]
    assert json.loads(canonical_json(rendered)) == rendered
    (first, *_) = json.loads(canonical_json(rendered))["sources"]
    assert first == {
        "uri": "http://archive.example/",
        "suite": "stable",
        "codename": "bookworm",
        "release": str(SOURCE.release),
        "date": 1000,
        "signers": ["f" * 40],
    }


def test_the_epoch_is_the_newest_release() -> None:
    assert PLAN.epoch == 3000
    assert replace(PLAN, sources=()).epoch == 0


def test_a_map_is_shown_whatever_its_order() -> None:
    plan = replace(PLAN, ids=IdMap({"web": 27, "app": 26}, {"app": 26}))
    assert list(render_plan(plan)["ids"]["users"].items()) == [("app", 26), ("web", 27)]  # type: ignore[index, call-overload]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"b": 1, "a": [1, 2]}, b'{"a":[1,2],"b":1}\n'),
        ({"ü": "é"}, '{"ü":"é"}\n'.encode()),
        ('a\nb"', b'"a\\nb\\""\n'),
        (None, b"null\n"),
    ],
)
def test_canonical_json(value: object, expected: bytes) -> None:
    assert canonical_json(value) == expected


def test_canonical_json_of_foreign_bytes() -> None:
    with pytest.raises(UnicodeEncodeError):
        canonical_json("caf\udce9")
    assert canonical_json("caf\udce9", errors="backslashreplace") == b'"caf\\udce9"\n'
