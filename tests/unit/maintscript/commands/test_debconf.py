"""Debconf answers scripts as its noninteractive front end does."""

from __future__ import annotations

import pytest

from pkg2image.maintscript.commands.debconf import COMMANDS
from pkg2image.maintscript.debconf import DebconfDatabase, parse_templates
from pkg2image.maintscript.failure import NotUnderstoodError
from tests.support.toolbox import Toolbox

TEMPLATES = """\
Template: app/name
Type: string
Default: world
Description: Name?
 The name of ${what}, or
 of \\${nothing}.
 .
 Another paragraph.

Template: app/kind
Type: select
Choices: One, Two\\, or so, ${more}
Choices-de.UTF-8: Eins, Zwei, ${more}
Default: Nine
Description: Kind?
Description-de.UTF-8: Art?

Template: app/go
Type: boolean
Default: true
Description: Go?

Template: app/secret
Type: password
Description: Secret?
"""


def toolbox(**preseed: str) -> Toolbox:
    box = Toolbox({"tmp/more.templates": "Template: more/x\nType: string\nDefault: y\n"}, commands=COMMANDS)
    box.session.debconf = DebconfDatabase({name.replace("__", "/"): value for name, value in preseed.items()})
    box.session.debconf.load(TEMPLATES, "app")
    return box


def ask(box: Toolbox, line: str) -> tuple[int, str]:
    name, *words = line.split(" ")
    return box.ask(f"db_{name}", *words)


@pytest.mark.parametrize(
    ("lines", "answer"),
    [
        (["get app/name"], (0, "world")),
        (["get app/secret"], (0, "")),
        (["get app/missing"], (10, "10 app/missing doesn't exist")),
        (["get"], (20, "20 Incorrect number of arguments")),
        (["input high app/name"], (30, "30 question skipped")),
        (["input high app/missing"], (10, '10 "app/missing" doesn\'t exist')),
        (["input urgent app/name"], (20, '20 "urgent" is not a valid priority')),
        (["go"], (0, "ok")),
        (["version 2.0"], (0, "2.0")),
        (["version 3.0"], (30, "30 Version too high (3.0)")),
        (["set app/name a b"], (0, "value set")),
        (["set app/name a b", "get app/name"], (0, "a b")),
        (["set app/name x", "reset app/name", "get app/name"], (0, "world")),
        (["fget app/name seen"], (0, "false")),
        (["input high app/name", "go", "fget app/name seen"], (0, "false")),
        (["fset app/name seen true", "fget app/name seen"], (0, "true")),
        (
            ["subst app/name what all things", "metaget app/name extended_description"],
            (0, "The name of all things, or of ${nothing}."),
        ),
        (["metaget app/kind type"], (0, "select")),
        (["metaget app/kind nonsense"], (0, "")),
        (["metaget app/kind choices-c"], (0, "One, Two\\, or so, ")),
        (["get app/kind"], (0, "Nine")),
        (["input low app/kind", "go", "get app/kind"], (0, "One")),
        (["set app/kind Two, or so", "input low app/kind", "go", "get app/kind"], (0, "Two, or so")),
        (["register app/name app/other", "get app/other"], (0, "world")),
        (["register app/none app/other"], (10, '10 No such template, "app/none"')),
        (["unregister app/name", "get app/name"], (10, "10 app/name doesn't exist")),
        (["purge", "get app/go"], (10, "10 app/go doesn't exist")),
        (["title Some title"], (0, "0")),
        (["settitle app/name"], (0, "0")),
        (["capb backup"], (0, "multiselect escape")),
        (["capb escape", "set app/name a\\\\b\\nc", "get app/name"], (0, "a\\b\nc")),
        (["x_loadtemplatefile /tmp/more.templates", "get more/x"], (0, "y")),
        (["stop", "get app/go"], (0, "true")),
    ],
    ids=str,
)
def test_the_shell_library(lines: list[str], answer: tuple[int, str]) -> None:
    box = toolbox()
    *before, last = lines
    for line in before:
        ask(box, line)
    assert ask(box, last) == answer


def test_a_preseeded_question_is_answered_and_seen() -> None:
    box = toolbox(app__name="someone")
    assert ask(box, "get app/name") == (0, "someone")
    assert ask(box, "fget app/name seen") == (0, "true")
    box.session.debconf.load(TEMPLATES, "app")
    assert ask(box, "get app/name") == (0, "someone")


def test_a_copy_is_independent() -> None:
    first = DebconfDatabase()
    first.load(TEMPLATES, "app")
    second = first.copy()
    second.set_value("app/name", "x")
    second.disown("app/go", "app")
    assert (first.value("app/name"), first.value("app/go")) == ("world", "true")


@pytest.mark.parametrize(
    "text", ["Type: string\n", "Template: x\n", "Template: x\nType: a\nType: b\n", "nothing\n", " x\n"]
)
def test_templates_that_are_none(text: str) -> None:
    with pytest.raises(NotUnderstoodError):
        parse_templates(text)


def test_long_descriptions_flow_but_for_indented_lines() -> None:
    (template,) = parse_templates(
        "Template: a/b\nType: note\nDescription: x\n one\n two\n   verbatim\n three\n .\n four\n"
    )
    assert template.get("extended_description") == "one two\n  verbatim\nthree\n\nfour"


def test_programs() -> None:
    box = toolbox()
    assert box.call("debconf-escape", "-e", stdin=b"a\\b\nc") == 0
    assert box.output == "a\\\\b\\nc"
    assert box.call("debconf-escape", "-u", stdin=box.output.encode()) == 0
    assert box.output == "a\\b\nc"
    assert (
        box.call("debconf-set-selections", stdin=b"# x\napp app/name string set before\nnew new/q boolean false\n") == 0
    )
    assert box.call("debconf-communicate", "app", stdin=b"GET app/name\nGET new/q\nFGET new/q seen\nGET x\n") == 10
    assert box.output == "0 set before\n0 false\n0 true\n10 x doesn't exist\n"


@pytest.mark.parametrize("words", [("db_get", "a\nb"), ("db_set", "app/name", "a\nb")])
def test_a_line_break_would_be_another_command(words: tuple[str, ...]) -> None:
    with pytest.raises(NotUnderstoodError):
        toolbox().ask(*words)
