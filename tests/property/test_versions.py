"""Laws of versions and relations."""

from __future__ import annotations

from functools import cmp_to_key

from hypothesis import given
from hypothesis import strategies as st

from pkg2image.deb.relation import Relation, parse_relations, render_alternatives
from pkg2image.deb.version import compare, is_valid, satisfies

PART = st.text("0123456789abzAZ.+~", max_size=6)
VERSIONS = st.builds(
    lambda epoch, digit, upstream, revision: f"{epoch}{digit}{upstream}{revision}",
    st.sampled_from(["", "0:", "1:", "12:"]),
    st.sampled_from("019"),
    PART,
    st.one_of(st.just(""), PART.filter(bool).map(lambda part: f"-{part}")),
)
NAMES = st.from_regex(r"[a-z0-9][a-z0-9+.\-]{1,8}", fullmatch=True)
RELATIONS = st.builds(
    lambda name, architecture, restriction: Relation(name, architecture, *restriction),
    NAMES,
    st.sampled_from([None, "any", "native", "amd64"]),
    st.one_of(st.just((None, "")), st.tuples(st.sampled_from(["<<", "<=", "=", ">=", ">>"]), VERSIONS)),
)


@given(VERSIONS)
def test_every_generated_version_is_valid_and_equals_itself(version: str) -> None:
    assert is_valid(version)
    assert compare(version, version) == 0


@given(VERSIONS, VERSIONS, VERSIONS)
def test_the_order_is_total_and_transitive(a: str, b: str, c: str) -> None:
    assert compare(a, b) == -compare(b, a)
    low, middle, high = sorted([a, b, c], key=cmp_to_key(compare))
    assert compare(low, middle) <= 0
    assert compare(middle, high) <= 0
    assert compare(low, high) <= 0


@given(VERSIONS)
def test_a_tilde_sorts_before_everything_even_the_end(version: str) -> None:
    assert compare(f"{version}~", version) < 0
    assert compare(f"{version}~~", f"{version}~") < 0
    assert compare(f"{version}+", version) > 0


@given(VERSIONS, VERSIONS)
def test_operators_agree_with_the_order(a: str, b: str) -> None:
    order = compare(a, b)
    verdicts = {operator: satisfies(a, operator, b) for operator in ("<<", "<=", "=", ">=", ">>")}
    assert verdicts == {"<<": order < 0, "<=": order <= 0, "=": order == 0, ">=": order >= 0, ">>": order > 0}


@given(st.lists(st.lists(RELATIONS, min_size=1, max_size=3), max_size=4))
def test_relations_survive_rendering(groups: list[list[Relation]]) -> None:
    field = ", ".join(render_alternatives(tuple(group)) for group in groups)
    assert parse_relations(field) == tuple(map(tuple, groups))
