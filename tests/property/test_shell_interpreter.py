"""Whatever a script says, it ends with a status or is not understood, and nothing else is touched."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pkg2image.maintscript.failure import NotUnderstoodError
from pkg2image.maintscript.limits import Limits
from pkg2image.maintscript.patterns import matches, quote_pattern, without_prefix, without_suffix
from pkg2image.rootfs.tree import Kind, parent_of
from tests.support.dashfuzz import scripts
from tests.support.scripts import Ran, run_script
from tests.support.trees import dump_tree

LIMITS = Limits(steps=3_000, characters=1_000_000, text=50_000, output=50_000)
_LAX = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck), database=None)
_JUNK = st.sampled_from(
    list("\"'`$(){}|&;<>*?[]\\~#! \n=") + ["$((", "<<E", ">/", "while ", " done", "fi\n", "exec ", "../"]
)


def outcome(text: str) -> Ran | str:
    try:
        return run_script(text, limits=LIMITS, files={"etc/conf": "x\n", "tmp/l": "-> /etc/conf"})
    except NotUnderstoodError as error:
        return f"{error.line} {error.reason}"


def check(text: str) -> None:
    first, second = outcome(text), outcome(text)
    if isinstance(first, str) or isinstance(second, str):
        assert first == second
        assert not str(first).startswith("None")
        return
    assert 0 <= first.status <= 255
    assert (first.status, first.stdout, first.stderr) == (second.status, second.stdout, second.stderr)
    assert dump_tree(first.tree) == dump_tree(second.tree)
    for path, _ in first.tree.walk():
        assert first.tree[parent_of(path)].kind is Kind.DIRECTORY


@_LAX
@given(scripts())
def test_random_scripts_end(text: str) -> None:
    check(text)


@_LAX
@given(scripts(), st.lists(st.tuples(st.floats(0, 1), st.one_of(_JUNK, st.just(""))), min_size=1, max_size=4))
def test_damaged_scripts_end(text: str, damages: list[tuple[float, str]]) -> None:
    for where, junk in damages:
        at = int(where * len(text))
        text = text[:at] + junk + text[at + (not junk) * 3 :]
    check(text)


@_LAX
@given(st.text(alphabet="ab*?[]!\\-é.", max_size=12), st.text(alphabet="ab*?[]!\\-é.", max_size=12))
def test_patterns_agree_with_each_other(pattern: str, text: str) -> None:
    assert matches(quote_pattern(text), text)
    assert matches(quote_pattern(pattern), text) == (pattern == text)
    whole = matches(pattern, text)
    longest = without_prefix(pattern, text, longest=True), without_suffix(pattern, text, longest=True)
    if whole:
        assert longest == ("", "")
    assert len(without_prefix(pattern, text, longest=False)) >= len(longest[0])
    assert len(without_suffix(pattern, text, longest=False)) >= len(longest[1])
    assert matches("*" + pattern, "xx" + text) or not whole
