"""The preference table."""

from __future__ import annotations

import pytest

from pkg2image.errors import RequestError
from pkg2image.resolve.preferences import Preference, Preferences, default_preferences, parse_preferences
from tests.support.universe import parse_packages


@pytest.mark.parametrize(
    ("rows", "names", "expected"),
    [
        ("b>a", "a b c", "b a c"),
        ("a>b", "a b c", "a b c"),
        ("c>b", "a b c", "a c b"),
        ("x>a", "a b c", "a b c"),
        ("c>x", "a b c", "a b c"),
        ("b>a a>b", "a b", "a b"),
    ],
)
def test_order(rows: str, names: str, expected: str) -> None:
    """Only the two names of a row move; a later row has the last word."""
    table = Preferences().adding(Preference(*row.split(">")) for row in rows.split())
    packages = parse_packages(names.replace(" ", "\n"))
    assert [package.name for package in table.order(packages)] == expected.split()


def test_what_is_kept_goes_before_all_others() -> None:
    packages = parse_packages("a\nb\nc\nd")
    table = Preferences((Preference("d", "a"),)).keeping(["c", "d", "x"]).keeping(["b"])
    assert [package.name for package in table.order(packages)] == ["d", "b", "c", "a"]


def test_default_table() -> None:
    assert [(row.prefer, row.over) for row in default_preferences().rows] == [("usr-is-merged", "usrmerge")]
    assert all(row.why for row in default_preferences().rows)


@pytest.mark.parametrize(
    "text", ["{", "1", "a: b", "[1]", "[{prefer: a}]", "[{prefer: a, over: 1}]", "[{prefer: a, over: b, x: y}]"]
)
def test_tables_that_are_refused(text: str) -> None:
    with pytest.raises(RequestError, match="cannot read table"):
        parse_preferences(text, origin="table")
