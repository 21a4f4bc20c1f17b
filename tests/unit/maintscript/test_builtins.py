"""Builtins that look at the image, and what is wrong with their arguments."""

from __future__ import annotations

import pytest

from pkg2image.maintscript.arithmetic import evaluate
from pkg2image.maintscript.escapes import unescape
from pkg2image.maintscript.failure import NotUnderstoodError
from pkg2image.maintscript.interpreter import Interpreter
from pkg2image.maintscript.parser import parse
from pkg2image.maintscript.state import ShellError, State
from pkg2image.rootfs.tree import Entry, Kind
from tests.support.scripts import run_script, session_on, small_tree

FILES = {"etc/file": "x", "etc/empty": "", "etc/dir": "/", "etc/link": "-> file", "etc/broken": "-> none"}


@pytest.mark.parametrize(
    ("expression", "true_for"),
    [
        ("-e", "file empty dir link"),
        ("-f", "file empty link"),
        ("-d", "dir"),
        ("-L", "link broken"),
        ("-h", "link broken"),
        ("-s", "file dir link"),
        ("-r", "file empty dir link"),
        ("-w", "file empty dir link"),
        ("-x", "dir"),
        ("-u", ""),
        ("-g", ""),
        ("-k", ""),
        ("-S", ""),
        ("-p", ""),
        ("-b", ""),
        ("-c", ""),
        ("-O", "file empty dir link"),
        ("-G", "file empty dir link"),
        ("! -e", "broken none"),
    ],
)
def test_file_tests(expression: str, true_for: str) -> None:
    script = f"cd /etc; for f in file empty dir link broken none; do [ {expression} $f ] && printf '%s ' $f; done"
    assert run_script(script, files=FILES).stdout.split() == true_for.split()


def test_special_bits_and_nodes() -> None:
    tree = small_tree()
    tree.put("s", Entry(Kind.FILE, 0o4755))
    tree.put("d", Entry(Kind.DIRECTORY, 0o3777))
    tree.put("p", Entry(Kind.FIFO, 0o600, user="www"))
    session = session_on(tree)
    script = (
        "[ -u /s ] && [ -x /s ] && [ -g /d ] && [ -k /d ] && [ -p /p ] && [ ! -O /p ] && [ -c /dev/null ] && echo all"
    )
    interpreter = Interpreter(session)
    assert interpreter.run(parse(script, origin="x"), name="x", arguments=()) == 0
    assert interpreter.stdout.value == b"all\n"


@pytest.mark.parametrize(
    ("script", "status"),
    [
        ("[ a", 2),
        ("[ a -eq 1 ]", 2),
        ("[ a b ]", 2),
        ("cd /none", 2),
        ("read", 2),
        ("read 1x", 2),
        ("unset 1x", 2),
        ("export 1x=1", 2),
        ("shift 9", 2),
        ("set -q", 2),
        ("break x", 2),
        ("exit x", 2),
        ("local x", 2),
        ("printf", 2),
        ("getopts x", 2),
        ("readonly r=1; r=2", 2),
        (". /none", 2),
        ("trap x NOSIGNAL", 1),
        ("type none", 127),
        ("echo x >&7", 2),
        ("echo x >&-", 1),
    ],
)
def test_wrong_uses_fail_as_in_dash(script: str, status: int) -> None:
    ran = run_script(script)
    assert (ran.status, ran.stdout.replace("none: not found\n", "")) == (status, "")


@pytest.mark.parametrize(
    "script",
    [
        "set",
        "umask -S",
        "read -t 5 x",
        "printf %f 1",
        "printf %q x",
        "local_() { local -; }; local_",
        "ulimit -n",
        "jobs",
        "CDPATH=/; cd etc",
        "hash x",
        "command exec",
        "set -o",
    ],
)
def test_what_is_not_done_exactly_is_refused(script: str) -> None:
    with pytest.raises(NotUnderstoodError):
        run_script(script, files=FILES)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("1+2*3", 7),
        ("(1+2)*3", 9),
        ("-7/2", -3),
        ("-7%2", -1),
        ("0x1f+010", 39),
        ("x=y=4", 4),
        ("n+=2", 7),
        ("1||1/0", 1),
        ("0&&1/0", 0),
        ("1?2:1/0", 2),
        ("9223372036854775807+1", -(2**63)),
        ("99999999999999999999999", 2**63 - 1),
        ("1<<63>>63", -1),
        ("- - - 1", -1),
        ("!0+~0", 0),
        ("5&6|8^1", 13),
        ("unset", 0),
    ],
)
def test_arithmetic(expression: str, expected: int) -> None:
    assert evaluate(expression, State("sh", values={"n": "5"})) == expected


@pytest.mark.parametrize("expression", ["", "1+", "1 2", "(1", "1/0", "1%0", "08", "word", "1=2", "@", "1?2", "1,2"])
def test_arithmetic_that_is_none(expression: str) -> None:
    with pytest.raises(ShellError):
        evaluate(expression, State("sh", values={"word": "two words"}))


def test_arithmetic_that_nests_too_deep() -> None:
    with pytest.raises(NotUnderstoodError):
        evaluate("(" * 500 + "1" + ")" * 500, State("sh"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", (b"plain", False)),
        (r"a\tb\n", (b"a\tb\n", False)),
        (r"\0101\101\x\\", b"AA\\x\\"),
        (r"a\cb", (b"a", True)),
        ("\\", b"\\"),
        ("\udcff", b"\xff"),
    ],
)
def test_escapes(text: str, expected: tuple[bytes, bool] | bytes) -> None:
    assert unescape(text) == (expected if isinstance(expected, tuple) else (expected, False))
