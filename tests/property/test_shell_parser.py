"""Any tree of the shell's syntax is what the parser makes of its text, and any text is parsed or refused."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pkg2image.maintscript.failure import ShellSyntaxError
from pkg2image.maintscript.parser import parse
from tests.support.shellscripts import soup
from tests.support.shelltext import render, without_lines
from tests.support.shelltrees import random_script


@given(st.integers(0, 2**32))
@settings(max_examples=200, deadline=None)
def test_a_tree_survives_its_text(seed: int) -> None:
    script = random_script(seed)
    assert without_lines(parse(render(script), origin="x postinst")) == script


def _check(text: str) -> None:
    try:
        parse(text, origin="x postinst")
    except ShellSyntaxError as error:
        place = (error.origin, 1 <= (error.line or 0) <= text.count("\n") + 1)
        if place != ("x postinst", True) or not error.reason:
            pytest.fail(f"{error!r} does not name its place")


@given(st.integers(0, 2**32), st.integers(1, 40))
@settings(max_examples=300, deadline=None)
def test_any_soup_of_tokens_is_parsed_or_refused(seed: int, ingredients: int) -> None:
    _check(soup(seed, ingredients=ingredients))


@given(st.text())
@settings(deadline=None)
def test_any_text_is_parsed_or_refused(text: str) -> None:
    _check(text)
