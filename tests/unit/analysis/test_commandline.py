"""Command lines of units: words, prefixes, specifiers, variables, as systemd.service(5) has them."""

from __future__ import annotations

import pytest

from pkg2image.analysis.commandline import (
    Command,
    expand_command,
    expand_specifiers,
    split_commands,
    split_words,
    variables_of,
)
from pkg2image.analysis.units import UnitError
from tests.support.services import unit_of

ENVIRONMENT = {"ONE": "one", "TWO": "two words", "EMPTY": "", "QUOTED": "a 'b c' d"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a b  c", ("a", "b", "c")),
        ("a 'b c' \"d e\"", ("a", "b c", "d e")),
        ("a'b c'd", ("ab cd",)),
        ("'' \"\"", ("", "")),
        (r"a\tb \x41 \101 \u00e4 \s", ("a\tb", "A", "A", "ä", " ")),
        (r"'it\'s' \"q\"", ("it's", '"q"')),
        (r"a\qb", (r"a\qb",)),
        ("a\\", ("a\\",)),
        (r"\xc3\xa4 \xc3", ("ä", "\N{REPLACEMENT CHARACTER}")),
        ("", ()),
    ],
    ids=repr,
)
def test_words(text: str, words: tuple[str, ...]) -> None:
    assert split_words(text) == words


@pytest.mark.parametrize("text", ["'a", 'a "b', r"a\x00b", "x " * 5000])
def test_no_words(text: str) -> None:
    with pytest.raises(UnitError):
        split_words(text)


@pytest.mark.parametrize(
    ("text", "words", "marks"),
    [
        ("/bin/a b", ("/bin/a", "b"), ""),
        ("-/bin/a", ("/bin/a",), "-"),
        ("@/bin/a name b", ("/bin/a", "b"), ""),
        (":/bin/a $X", ("/bin/a", "$X"), ":"),
        ("+/bin/a", ("/bin/a",), "+"),
        ("!/bin/a", ("/bin/a",), "+"),
        ("!!/bin/a", ("/bin/a",), "+"),
        ("-@:/bin/a name", ("/bin/a",), "-:"),
    ],
)
def test_prefixes(text: str, words: tuple[str, ...], marks: str) -> None:
    (command,) = split_commands(text, "x:1")
    assert command == Command(words, "-" in marks, ":" in marks, "+" in marks, "x:1")


def test_a_semicolon_of_its_own_is_between_commands() -> None:
    found = [command.words for command in split_commands(r"a b ; c \; ';' d;e ;", "x")]
    assert found == [("a", "b"), ("c", ";", ";", "d;e")]


def test_a_prefix_alone_is_no_command() -> None:
    with pytest.raises(UnitError):
        split_commands("- a", "x")


@pytest.mark.parametrize(
    ("word", "expanded"),
    [
        ("$ONE", ("one",)),
        ("$TWO", ("two", "words")),
        ("$QUOTED", ("a", "b c", "d")),
        ("$EMPTY", ()),
        ("$MISSING", ()),
        ("${TWO}", ("two words",)),
        ("${EMPTY}", ("",)),
        ("a${ONE}b${ONE}", ("aonebone",)),
        ("a$ONE", ("a$ONE",)),
        ("$$ONE", ("$ONE",)),
        ("--x=$$", ("--x=$",)),
        ("${ONE:-x}", ("${ONE:-x}",)),
        ("$", ("$",)),
        ("plain", ("plain",)),
    ],
)
def test_variables(word: str, expanded: tuple[str, ...]) -> None:
    command = Command(("/bin/a", word), may_fail=False, is_literal=False, is_privileged=False, origin="x")
    assert expand_command(command, unit_of(""), ENVIRONMENT) == ("/bin/a", *expanded)


def test_a_colon_leaves_variables_alone() -> None:
    (command,) = split_commands(":/bin/a $ONE %n", "x")
    assert expand_command(command, unit_of(""), ENVIRONMENT) == ("/bin/a", "$ONE", "hello.service")
    assert variables_of(command) == frozenset()


def test_variables_that_a_command_is_made_with() -> None:
    (command,) = split_commands("/bin/a $A x${B}y$C $$D $1", "x")
    assert variables_of(command) == {"A", "B"}


@pytest.mark.parametrize(
    ("text", "expanded"),
    [
        ("%n %N %p", "web-app@x-y.service web-app@x-y web-app"),
        ("%i %I %j %J", "x-y x/y app app"),
        ("%P %f", "web/app /x/y"),
        ("%t %S %C %L %E %T %V", "/run /var/lib /var/cache /var/log /etc /tmp /var/tmp"),
        ("100%%", "100%"),
        ("%h %u %U", "/root root 0"),
    ],
)
def test_specifiers(text: str, expanded: str) -> None:
    assert expand_specifiers(text, unit_of("", "web-app@x-y.service")) == expanded


@pytest.mark.parametrize("text", ["%H", "a %m", "%v", "%z", "%"])
def test_specifiers_that_only_a_machine_knows(text: str) -> None:
    with pytest.raises(UnitError, match="before a machine runs"):
        expand_specifiers(text, unit_of(""))
