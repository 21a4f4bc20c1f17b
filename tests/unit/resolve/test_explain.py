"""Sentences: why there is no solution, and why a package is in."""

from __future__ import annotations

import pytest

from pkg2image.errors import UnresolvableError
from pkg2image.plan import Reason
from pkg2image.resolve.closure import closure_policy
from pkg2image.resolve.explain import explain_package
from pkg2image.resolve.request import Want, parse_want
from pkg2image.resolve.solver import resolve
from tests.support.universe import universe

PARL = """
parl-desktop 1.9
  Depends: thunderbird, webext-dav4tbsync
thunderbird 140
  Breaks: webext-dav4tbsync (<< 5)
webext-dav4tbsync 4.7
other
  Depends: thunderbird
"""
MAIL = """
exim4
  Provides: mta
  Conflicts: mta
postfix
  Provides: mta
  Conflicts: mta
list
  Depends: postfix
"""
CHAIN = "\n".join(f"p{number}\n Depends: p{number + 1}" for number in range(12))


@pytest.mark.parametrize(
    ("repository", "request_words", "message", "reasons", "hint"),
    [
        pytest.param(
            PARL,
            "parl-desktop",
            "cannot resolve parl-desktop: thunderbird and webext-dav4tbsync exclude each other",
            [
                "parl-desktop 1.9 is requested",
                "parl-desktop 1.9 depends on thunderbird",
                "parl-desktop 1.9 depends on webext-dav4tbsync",
                "thunderbird 140 breaks webext-dav4tbsync (<< 5), and webext-dav4tbsync is 4.7",
            ],
            "leave out one of the packages of the chain, or ask for other versions of them",
            id="both sides of a conflict are introduced",
        ),
        pytest.param(
            MAIL,
            "exim4 list",
            "cannot resolve exim4, list: exim4 and postfix exclude each other",
            [
                "exim4 1 is requested",
                "list 1 is requested",
                "list 1 depends on postfix",
                "exim4 1 conflicts with mta, which postfix provides",
            ],
            "leave out list, or put it into an image of its own",
            id="two roots that exclude each other",
        ),
        pytest.param(
            "a\n Depends: b (>= 2)\nb 1",
            "a",
            "cannot resolve a: a needs b (>= 2), which is available as 1 only",
            ["a 1 is requested", "a 1 depends on b (>= 2), which is available as 1 only"],
            "add a source that has b, or ask for another version of a",
            id="a version that nobody has",
        ),
        pytest.param(
            "a\n Pre-Depends: b (>= 2)\nb 1\nb 2 @backports:100",
            "a",
            "cannot resolve a: a needs b (>= 2), which is 1 unless 2 from backports is asked for",
            ["a 1 is requested", "a 1 pre-depends on b (>= 2), which is 1 unless 2 from backports is asked for"],
            "ask for b/backports as well",
            id="a version that another suite has",
        ),
        pytest.param(
            "a\n Depends: b | c | v (>= 3)\nb\n Depends: nope\nc\n Depends: a (>= 5)\np\n Provides: v",
            "a",
            "cannot resolve a: c needs a (>= 5), which is available as 1 only",
            [
                "a 1 is requested",
                "a 1 depends on b | c | v (>= 3)",
                "b 1 depends on nope, which does not exist",
                "c 1 depends on a (>= 5), which is available as 1 only",
            ],
            "add a source that has a, or ask for another version of c",
            id="every alternative is accounted for",
        ),
        pytest.param(
            "a\n Depends: v (>= 3)\np\n Provides: v",
            "a",
            "cannot resolve a: a needs v (>= 3), which is only provided by p, and not in such a version",
            ["a 1 is requested", "a 1 depends on v (>= 3), which is only provided by p, and not in such a version"],
            "add a source that has v, or ask for another version of a",
            id="an unversioned Provides",
        ),
        pytest.param(
            "a\n Depends: n1 | n2 | n3 | n4",
            "a",
            "cannot resolve a: a needs n1 | n2 | n3 | n4, "
            "but n1 does not exist, n2 does not exist, n3 does not exist, ...",
            None,
            "add a source that has n1, or ask for another version of a",
            id="many alternatives that do not exist",
        ),
        pytest.param(
            "a\n Depends: b:any\nb",
            "a",
            "cannot resolve a: a needs b:any, which is not Multi-Arch: allowed",
            None,
            "add a source that has b, or ask for another version of a",
            id="an architecture qualifier",
        ),
        pytest.param(
            "a\n Depends: b:i386\nb",
            "a",
            "cannot resolve a: a needs b:i386, which is of another architecture than amd64",
            None,
            "add a source that has b, or ask for another version of a",
            id="another architecture",
        ),
        pytest.param(
            "a\n Depends: v\np\n Provides: v",
            "a p-",
            "cannot resolve a: p is needed and left out (p-)",
            ["a 1 is requested", "a 1 depends on v, which only p provides", "p is left out by the request (p-)"],
            "allow p",
            id="what the request leaves out",
        ),
        pytest.param(
            "a 1\n Depends: nope\na 2",
            "a=1",
            "cannot resolve a=1: a needs nope, which does not exist",
            None,
            "ask for a without a version or suite",
            id="a version that is no good",
        ),
        pytest.param(
            "a\n Depends: b (= 1)\nb 1\nb 2",
            "a b=2",
            "cannot resolve a: a needs b (= 1), which is asked for as b=2",
            ["a 1 is requested", "a 1 depends on b (= 1), which is asked for as b=2"],
            "ask for b=1 instead of b=2",
            id="a version that another one needs",
        ),
        pytest.param(
            "b 1\nb 2",
            "b=1 b=2",
            "cannot resolve b=1, b=2: two versions of b are needed",
            ["b=1 is requested: b 1", "b=2 is requested: b 2", "b cannot be in twice, as 1 and as 2"],
            "ask for b without a version or suite",
            id="two versions",
        ),
        pytest.param(
            CHAIN,
            "p0",
            "cannot resolve p0: p11 needs p12, which does not exist",
            [
                "p0 1 is requested",
                "p0 1 depends on p1",
                "p1 needs p11 through p2, p3, p4 and 6 more",
                "p11 1 depends on p12, which does not exist",
            ],
            "add a source that has p12, or ask for another version of p11",
            id="a linear chain is collapsed",
        ),
    ],
)
def test_contradictions(
    repository: str, request_words: str, message: str, reasons: list[str] | None, hint: str | None
) -> None:
    with pytest.raises(UnresolvableError) as caught:
        resolve(universe(repository), [parse_want(word) for word in request_words.split()])
    assert caught.value.message == message
    if reasons is not None:
        assert list(caught.value.reasons) == reasons
    if hint is not None:
        assert caught.value.hint == hint


def test_what_a_recipe_wants_is_told_as_such() -> None:
    wants = [Want("a", reason=Reason("recipe", "web", "a"))]
    with pytest.raises(UnresolvableError) as caught:
        resolve(universe("a\n Depends: nope"), wants)
    assert caught.value.reasons[0] == "a 1 is wanted by the recipe web: a"


WHY = """
app
  Depends: mid, debconf
mid
  Depends: leaf (>= 1) | x, adduser | tool
leaf 2
debconf
"""


@pytest.mark.parametrize(
    ("name", "chain", "cut"),
    [
        ("app", ["requested as app"], []),
        ("leaf", ["requested as app", "app Depends mid", "mid Depends leaf (>= 1) | x"], []),
        ("debconf", [], [("app", "debconf")]),
        ("tool", [], [("mid", "adduser | tool")]),
        ("nothing", [], []),
    ],
)
def test_why(name: str, chain: list[str], cut: list[tuple[str, str]]) -> None:
    resolution = resolve(universe(WHY), [parse_want("app")], policy=closure_policy("runtime"))
    explanation = explain_package(resolution, name)
    assert [str(reason) for _, reason in explanation.chain] == chain
    assert [(edge.package, edge.relation) for edge in explanation.cut] == cut
    assert not chain or explanation.chain[-1][0] == name
