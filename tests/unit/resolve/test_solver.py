"""What the resolver selects: apt's semantics, one artificial repository per rule.

Each row was seen in apt 2.6 with an empty status, except where the comment says that we do better on purpose.
"""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from pkg2image.errors import UnresolvableError
from pkg2image.resolve.closure import FULL
from pkg2image.resolve.preferences import Preference, Preferences
from pkg2image.resolve.request import parse_want
from pkg2image.resolve.resolution import Resolution
from pkg2image.resolve.solver import resolve
from tests.support.universe import universe


@dataclass(frozen=True)
class Case:
    """A repository, a request and the expected selection.

    Args:
        rule: What the row is about.
        repository: Short stanzas.
        request: The words of the request.
        expected: ``name`` or ``name=version`` of what is selected, sorted; empty when there is no solution.
        recommends: Whether Recommends are wanted.
    """

    rule: str
    repository: str
    request: str
    expected: str
    recommends: bool = False


CASES = (
    Case("a package alone", "a", "a", "a"),
    Case("dependencies of dependencies", "a\n Depends: b\nb\n Pre-Depends: c\nc", "a", "a b c"),
    Case("Essential is never implied", "bash\n Essential: yes\na", "a", "a"),
    Case("the first alternative", "a\n Depends: o1 | o2\no1\no2", "a", "a o1"),
    Case(
        "depth first in field order: open choices are not postponed",
        "a\n Depends: o1 | o2, q\no1\no2\nq\n Depends: o2",
        "a",
        "a o1 o2 q",
    ),
    Case(
        "what is selected already satisfies a group",
        "a\n Depends: q, o1 | o2\no1\no2\nq\n Depends: o2",
        "a",
        "a o2 q",
    ),
    Case(
        "Pre-Depends are visited before Depends",
        "a\n Depends: o1 | o2\n Pre-Depends: o2\no1\no2",
        "a",
        "a o2",
    ),
    Case(
        "the second root satisfies a group of the first",
        "a\n Depends: o1 | o2\no1\no2",
        "a o2",
        "a o2",
    ),
    Case("a missing alternative is skipped", "a\n Depends: nope | x2\nx2", "a", "a x2"),
    Case(
        "an alternative whose own closure is impossible is skipped",
        "a\n Depends: deep1 | x2\ndeep1\n Depends: deep2\ndeep2\n Depends: nope\nx2",
        "a",
        "a x2",
    ),
    Case(
        "what a skipped alternative had brought is taken back",
        "a\n Depends: deep1 | x2, z | y\ndeep1\n Depends: y, nope\nx2\ny\nz",
        "a",
        "a x2 z",
    ),
    Case("a circle", "a\n Depends: b\nb\n Depends: a", "a", "a b"),
    Case(
        "a choice is taken back for a later conflict (apt gives up)",
        "a\n Depends: x1 | x2, y1\nx1\n Conflicts: y1\nx2\ny1",
        "a",
        "a x2 y1",
    ),
    Case(
        "the same with the groups swapped",
        "a\n Depends: y1, x1 | x2\nx1\n Conflicts: y1\nx2\ny1",
        "a",
        "a x2 y1",
    ),
    Case(
        "roots are resolved together",
        "a\n Depends: x1 | x2\nb\n Depends: y1\nx1\n Conflicts: y1\nx2\ny1",
        "a b",
        "a b x2 y1",
    ),
    Case("the real package beats a provider", "a\n Depends: v\nv\np\n Provides: v", "a", "a v"),
    Case(
        "a provider that sorts earlier does not outrank the real package",
        "a\n Depends: libavcodec61\nlibavcodec61\nlibavcodec-extra61\n Provides: libavcodec61\n Priority: required",
        "a",
        "a libavcodec61",
    ),
    Case(
        "a versioned provider when the real package is too old",
        "a\n Depends: real (>= 5)\nreal 1\nreal-plus\n Provides: real (= 9)",
        "a",
        "a real-plus",
    ),
    Case("an unversioned Provides satisfies no version", "a\n Depends: v (>= 1)\np 5\n Provides: v", "a", ""),
    Case("a versioned Provides does", "a\n Depends: v (>= 1)\np 5\n Provides: v (= 2)", "a", "a p"),
    Case("a versioned Provides that is too low does not", "a\n Depends: v (>= 3)\np 5\n Provides: v (= 2)", "a", ""),
    Case(
        "an unversioned Provides does not disqualify the package itself",
        "a\n Depends: p (>= 2)\np 5\n Provides: p",
        "a",
        "a p",
    ),
    Case("any alternative of a group may be a provider", "a\n Depends: v | x\np\n Provides: v\nx", "a", "a p"),
    Case(
        "versioned Conflicts ignore unversioned providers",
        "a\n Depends: p\n Conflicts: z (<< 2)\np\n Provides: z",
        "a",
        "a p",
    ),
    Case("unversioned Conflicts hit providers", "a\n Depends: p\n Conflicts: z\np\n Provides: z", "a", ""),
    Case(
        "versioned Breaks hit versioned providers",
        "a\n Depends: p\n Breaks: zz (<< 2)\np\n Provides: zz (= 1)",
        "a",
        "",
    ),
    Case("Breaks with another version hit nobody", "a\n Depends: p\n Breaks: p (<< 2)\np 2", "a", "a p"),
    Case("no package conflicts with itself by a virtual name", "m\n Provides: mta\n Conflicts: mta", "m", "m"),
    Case(
        "two of them conflict",
        "m\n Provides: mta\n Conflicts: mta\nn\n Provides: mta\n Conflicts: mta",
        "m n",
        "",
    ),
    Case("a conflict counts in both directions", "a\n Depends: b, c\nb\nc\n Conflicts: b", "a", ""),
    Case("Conflicts with who is not in do nothing", "a\n Conflicts: b\nb", "a", "a"),
    Case("Replaces neither satisfies nor excludes", "a\n Depends: b\nb\n Replaces: c\nc", "a c", "a b c"),
    Case("Replaces alone satisfies nothing", "a\n Depends: c\nb\n Replaces: c", "a", ""),
    Case("name:any wants Multi-Arch: allowed", "a\n Depends: p:any\np\n Multi-Arch: allowed", "a", "a p"),
    Case("name:any is not satisfied by a bare package", "a\n Depends: p:any\np", "a", ""),
    Case("nor by a foreign one", "a\n Depends: p:any\np\n Multi-Arch: foreign", "a", ""),
    Case(
        "name:any by a provider that is allowed",
        "a\n Depends: v:any\np\n Provides: v\n Multi-Arch: allowed",
        "a",
        "a p",
    ),
    Case("name:native is the bare name", "a\n Depends: p:native\np", "a", "a p"),
    Case("so is name with the architecture at hand", "a\n Depends: p:amd64\np", "a", "a p"),
    Case("a dependency on another architecture is impossible", "a\n Depends: p:i386\np", "a", ""),
    Case(
        "Conflicts with another architecture hit nobody here",
        "libc6-i386\n Conflicts: libc6-x32:i386\na\n Depends: libc6-i386, libc6-x32\nlibc6-x32",
        "a",
        "a libc6-i386 libc6-x32",
    ),
    Case("Architecture: all is native", "a\n Depends: p\np\n Architecture: all", "a", "a p"),
    Case("providers: Essential first", "a\n Depends: v\nb\n Provides: v\nc\n Provides: v\n Essential: yes", "a", "a c"),
    Case(
        "providers: then by Priority",
        "a\n Depends: v\nb\n Provides: v\n Priority: optional\nc\n Provides: v\n Priority: important",
        "a",
        "a c",
    ),
    Case(
        "providers: then of the same source",
        "a\n Depends: v\n Source: s\nb\n Provides: v\nc\n Provides: v\n Source: s (1.2)",
        "a",
        "a c",
    ),
    Case("providers: then by name", "a\n Depends: v\nc\n Provides: v\nb\n Provides: v", "a", "a b"),
    Case("one version per name", "a\n Depends: p (= 1), p (= 2)\np 1\np 2", "a", ""),
    Case("only the candidate is taken", "a\n Depends: p (= 1)\np 1\np 2", "a", ""),
    Case(
        "a suite of lower priority is not searched, even for newer versions",
        "a\n Depends: p (>= 2)\np 1\np 2 @backports:100",
        "a",
        "",
    ),
    Case("the candidate has the highest priority, then version", "p 3 @backports:100\np 1\np 2", "p", "p=2"),
    Case("a negative priority is no candidate", "a\n Depends: p | q\np @bad:-1\nq", "a", "a q"),
    Case("the version that is asked for", "p 1\np 2", "p=1", "p=1"),
    Case("a glob takes the best match", "p 7.88-1\np 7.88-2\np 8.1", "p=7.88*", "p=7.88-2"),
    Case(
        "a glob takes the match that works",
        "p 7.1\np 7.2\n Depends: nope\np 8.1",
        "p=7.*",
        "p=7.1",
    ),
    Case("name:arch", "p", "p:amd64", "p"),
    Case("a virtual root with one provider", "p\n Provides: v", "v", "p"),
    Case("a virtual root whose provider is asked for", "p\n Provides: v\nq\n Provides: v", "v q", "q"),
    Case("a virtual root with the other provider left out", "p\n Provides: v\nq\n Provides: v", "v p-", "q"),
    Case(
        "a suite for one package brings what it needs from there (apt gives up)",
        "curl 7\n Depends: libcurl4 (= 7)\nlibcurl4 7\n"
        "curl 8 @backports:100\n Depends: libcurl4 (= 8)\nlibcurl4 8 @backports:100",
        "curl/backports",
        "curl=8 libcurl4=8",
    ),
    Case(
        "but only what it needs",
        "curl 8 @backports:100\n Depends: libcurl4, libc\nlibcurl4 7\nlibcurl4 8 @backports:100\nlibc 1\n"
        "libc 2 @backports:100\ncurl 7",
        "curl/backports",
        "curl=8 libc=1 libcurl4=7",
    ),
    Case(
        "a normal alternative is better than one from there",
        "curl 8 @backports:100\n Depends: b (>= 2) | c\nb 1\nb 2 @backports:100\nc\ncurl 7",
        "curl/backports",
        "c=1 curl=8",
    ),
    Case(
        "what is reached through a provider may come from there too",
        "curl 7\ncurl 8 @backports:100\n Depends: v\np\n Provides: v\n Depends: q (>= 2)\nq 1\nq 2 @backports:100",
        "curl/backports",
        "curl=8 p=1 q=2",
    ),
    Case(
        "others have no part in it",
        "curl 7\ncurl 8 @backports:100\na\n Depends: p (>= 2)\np 1\np 2 @backports:100",
        "curl/backports a",
        "",
    ),
    Case(
        "versions agree with what others need",
        "curl 7\n Depends: libcurl4 (= 7)\nlibcurl4 7\na\n Depends: libcurl4\n"
        "curl 8 @backports:100\n Depends: libcurl4 (= 8)\nlibcurl4 8 @backports:100",
        "a curl/backports",
        "a=1 curl=8 libcurl4=8",
    ),
    Case(
        "the name beside the pinned name means the same",
        "p 1\np 2",
        "p p=1",
        "p=1",
    ),
    Case("an older version that is pinned provides too", "a\n Depends: v\np 1\n Provides: v\np 2", "a p=1", "a=1 p=1"),
    Case("left out, so the next alternative", "a\n Depends: b | c\nb\nc", "a b-", "a c"),
    Case("left out and needed", "a\n Depends: b\nb", "a b-", ""),
    Case("a virtual name left out is all its providers", "a\n Depends: v | x\np\n Provides: v\nx", "a v-", "a x"),
    Case("Recommends are not followed by themselves", "a\n Recommends: b\nb", "a", "a"),
    Case("Recommends where wanted, those of others too", "a\n Recommends: b\nb\n Recommends: c\nc", "a", "a b c", True),
    Case("a Recommends that does not exist is left out", "a\n Recommends: nope, b\nb", "a", "a b", True),
    Case("the first satisfiable of a Recommends", "a\n Recommends: nope | b\nb", "a", "a b", True),
    Case(
        "a Recommends never prevents a dependency",
        "a\n Recommends: b\n Depends: c\nb\n Conflicts: d\nc\n Recommends: b\nd\ne\n Depends: d",
        "a e",
        "a c d e",
        True,
    ),
)


def solve(case: Case) -> Resolution:
    """Resolve a case, without the project's preference table."""
    wants = [parse_want(word) for word in case.request.split()]
    return resolve(universe(case.repository), wants, policy=FULL, recommends=case.recommends, preferences=Preferences())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.rule)
def test_selection(case: Case) -> None:
    """The selection is the expected one; the independent checker ran inside `resolve`."""
    if not case.expected:
        with pytest.raises(UnresolvableError):
            solve(case)
        return
    versioned = "=" in case.expected
    packages = [planned.package for planned in solve(case).packages]
    assert sorted(f"{p.name}={p.version}" if versioned else p.name for p in packages) == case.expected.split()


def test_reasons_are_the_first_edges() -> None:
    resolution = resolve(
        universe("a\n Depends: b (>= 1) | x, c\nb\n Pre-Depends: c\nc\n Recommends: d\nd"),
        [parse_want("a")],
        recommends=True,
    )
    assert {planned.package.name: str(planned.reason) for planned in resolution.packages} == {
        "a": "requested as a",
        "b": "a Depends b (>= 1) | x",
        "c": "b Pre-Depends c",
        "d": "c Recommends d",
    }


def test_edges_name_what_satisfies_the_dependencies() -> None:
    resolution = resolve(universe("a\n Depends: v, b\nb\n Depends: a\np\n Provides: v"), [parse_want("a")])
    assert resolution.edges == {"a": ("b", "p"), "b": ("a",), "p": ()}
    assert resolution.roots == ("a",)


def test_impossible_recommends_are_reported() -> None:
    repository = universe("a\n Recommends: nope, b\nb\n Conflicts: a")
    resolution = resolve(repository, [parse_want("a")], recommends=True)
    assert [(edge.relation, edge.why) for edge in resolution.cut] == [
        ("b", "cannot be installed with the rest"),
        ("nope", "no such package"),
    ]


def test_without_is_like_an_exclusion() -> None:
    resolution = resolve(universe("a\n Depends: b | c\nb\nc"), [parse_want("a")], without=["b"])
    assert [planned.package.name for planned in resolution.packages] == ["c", "a"]


def test_a_version_that_is_no_candidate_is_noted() -> None:
    repository = universe("curl 7\ncurl 8 @backports:100\n Depends: lib (= 8)\nlib 7\nlib 8 @backports:100")
    notes = resolve(repository, [parse_want("curl/backports")]).notes
    assert notes == ("lib 8 is taken although it is not the candidate: curl Depends lib (= 8)",)


def test_a_virtual_root_is_noted() -> None:
    assert resolve(universe("p\n Provides: v"), [parse_want("v")]).notes == (
        "v is a virtual package: p is taken, the only one that provides it",
    )


MERGE = "a\n Depends: usrmerge | usr-is-merged\nusrmerge\nusr-is-merged\nb\n Depends: usrmerge"


@pytest.mark.parametrize(
    ("request_words", "expected", "noted"),
    [("a", "a usr-is-merged", True), ("b", "b usrmerge", False), ("b a", "a b usrmerge", False)],
)
def test_preferences_reorder_and_are_noted(request_words: str, expected: str, noted: bool) -> None:  # noqa: FBT001
    resolution = resolve(universe(MERGE), [parse_want(word) for word in request_words.split()])
    assert sorted(planned.package.name for planned in resolution.packages) == expected.split()
    assert any("usr-is-merged is preferred over usrmerge for a" in note for note in resolution.notes) == noted


def test_preferences_of_the_user_choose_providers() -> None:
    table = Preferences((Preference("mawk", "gawk"),))
    repository = universe("a\n Depends: awk\ngawk\n Provides: awk\nmawk\n Provides: awk")
    resolution = resolve(repository, [parse_want("a")], preferences=table)
    assert [planned.package.name for planned in resolution.packages] == ["mawk", "a"]


def test_very_deep_dependencies() -> None:
    """No recursion limit: a chain far deeper than Python's stack."""
    depth = 3000
    chain = "\n".join(f"p{number}\n Depends: p{number + 1}" for number in range(depth)) + f"\np{depth}"
    resolution = resolve(universe(chain), [parse_want("p0")])
    assert resolution.packages[0].package.name == f"p{depth}"
    assert len(resolution.packages) == depth + 1
