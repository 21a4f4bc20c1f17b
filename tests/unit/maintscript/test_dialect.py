"""Aliases, what bash has in addition, and commands that stand for programs only where these are."""

from __future__ import annotations

import pytest

from pkg2image.maintscript.failure import NotUnderstoodError
from pkg2image.maintscript.session import InPlace, Invocation, OfImage
from tests.support.scripts import run_script


def _say(invocation: Invocation) -> int:
    invocation.stdout.text(f"{invocation.name} {' '.join(invocation.arguments)}\n")
    return 0


@pytest.mark.parametrize(
    ("script", "printed"),
    [
        ("alias hello='echo hello'\nhello you", "hello you\n"),
        ("alias a='echo -n \"x y\"' b='echo b'\na; b", "x yb\n"),
        ("alias a='echo a'\nf() { a 1; }\nf", "a 1\n"),
        ("alias a='echo a'\nx=1 a $x; echo b | { read l; a $l; }", "a\na b\n"),
    ],
)
def test_an_alias_counts_on_the_lines_behind_it(script: str, printed: str) -> None:
    assert run_script(script).stdout == printed


@pytest.mark.parametrize("script", ["alias a='echo a'\n'a'", "f() { a; }\nalias a='echo a'\nf"])
def test_an_alias_does_not_count_before_or_in_quotes(script: str) -> None:
    with pytest.raises(NotUnderstoodError, match="unknown command a"):
        run_script(script)


@pytest.mark.parametrize(
    "script",
    [
        "if true; then\nalias a='echo a'\nfi",
        "true && alias a='echo a'",
        "alias a='echo a'; a",
        "f() {\nalias a='echo a'\n}\nf",
        "alias",
        "alias a",
        "alias echo='echo -n'",
        "alias say='echo'",
        "alias a='echo a '",
        "alias a='echo a; echo b'",
        "alias a='echo a > /tmp/x'",
        "alias a='if true; then echo a; fi'",
    ],
)
def test_other_aliases_are_refused(script: str) -> None:
    with pytest.raises(NotUnderstoodError, match="alias"):
        run_script(script, commands={"say": _say})


def test_bash_and_other_files_have_no_aliases() -> None:
    with pytest.raises(NotUnderstoodError, match="the builtin alias"):
        run_script("alias a='echo a'", bash=True)
    with pytest.raises(NotUnderstoodError, match="of another script"):
        run_script("alias a='echo a'\n. /etc/lib", files={"etc/lib": "\n\n\na\n"})


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ("configure == configure", True),
        ("$some == 'a b'", True),
        ("$some = a*", True),
        ("$some == 'a*'", False),
        ("$some != b*", True),
        ("${unset:-} == configure", False),
        ("! $some == b", True),
        ("$some", True),
        ("-z $unset", True),
        ("-n $unset", False),
        ("-d /tmp", True),
        ("-f /tmp", False),
        ("3 -lt 12", True),
    ],
)
def test_conditions_of_bash(condition: str, *, holds: bool) -> None:
    script = f"set -u; unset=; some='a b'; if [[ {condition} ]]; then echo yes; else echo no; fi"
    assert run_script(script, bash=True).stdout == ("yes\n" if holds else "no\n")


@pytest.mark.parametrize("condition", ["a == a && b == b", "a < b", "x =~ y", "a -nt b", "( a )", "-v x", "a -lt b"])
def test_other_conditions_are_refused(condition: str) -> None:
    with pytest.raises(NotUnderstoodError):
        run_script(f"[[ {condition} ]]", bash=True)


def test_only_bash_has_conditions_of_its_own() -> None:
    with pytest.raises(NotUnderstoodError, match=r"unknown command \[\["):
        run_script("[[ a == a ]]")


def test_pipefail() -> None:
    script = "false | true; echo $?; set -o pipefail; false | true; echo $?; (exit 3) | true | (exit 0); echo $?"
    assert run_script(f"{script}; set +o pipefail; false | true; echo $?", bash=True).stdout == "0\n1\n3\n0\n"
    assert run_script(script).status == 2


def test_local_constants() -> None:
    script = "f() { local -r x=1; g; echo $x; }; g() { local -r x=2; echo $x; }; f; x=3; echo $x"
    assert run_script(script, bash=True).stdout == "2\n1\n3\n"
    assert run_script("f() { local -r x=1; x=2; echo no; }; f", bash=True).status == 2
    with pytest.raises(NotUnderstoodError, match="read-only already"):
        run_script("readonly x=1; f() { local -r x=2; }; f", bash=True)


def test_limits_of_processes_mean_nothing() -> None:
    assert run_script("ulimit -n 8192 && echo set").stdout == "set\n"


def test_a_command_of_the_image_needs_its_program() -> None:
    script = "program x || echo $?; command -v program || echo none"
    commands = {"program": OfImage(_say)}
    assert run_script(script, commands=commands).stdout == "127\nnone\n"
    there = run_script(script, commands=commands, files={"usr/bin/program": "#!/usr/bin/perl\n"})
    assert there.stdout == "program x\n/usr/bin/program\n"


def test_a_command_in_place_hides_functions_and_files() -> None:
    script = "f() { echo function; }; f 1; . /etc/lib; echo $?"
    commands = {"f": InPlace(_say), "/etc/lib": InPlace(_say)}
    assert run_script(script, commands=commands, files={"etc/lib": "exit 1\n"}).stdout == "f 1\n. /etc/lib\n0\n"
