"""Generated expressions and texts: our filters print what the real ones print, or refuse."""

from __future__ import annotations

import shlex
import shutil
import subprocess

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pkg2image.maintscript.commands import all_commands
from pkg2image.maintscript.failure import NotUnderstoodError
from tests.support.scripts import run_script

pytestmark = pytest.mark.skipif(
    not all(map(shutil.which, ("sed", "grep", "tr", "sort", "cut", "mawk"))),
    reason="needs the tools of a Debian machine",
)

TEXT = st.text(alphabet="ab c:\n1.", max_size=30)
BASIC = st.text(alphabet=r"ab.*[^]$\(|)c1-", min_size=1, max_size=8)
ATOM = st.sampled_from(["a", "b", ".", "[ab]", "[^a]", "(a|ab)", "(b)", "(ab|c)", "c", " ", ":", "^", "$", "(a|b|)"])
EXTENDED = st.lists(
    st.tuples(ATOM, st.sampled_from(["", "", "*", "+", "?", "{2}", "{1,2}"])), min_size=1, max_size=5
).map(lambda parts: "".join(atom + ("" if atom in "^$" else repeat) for atom, repeat in parts))


def check(arguments: list[str], text: str) -> None:
    """Compare one filter, when we do not refuse it and the real one does not complain."""
    try:
        ours = run_script(shlex.join(arguments), commands=all_commands(), stdin=text.encode())
    except NotUnderstoodError:
        return
    real = subprocess.run(arguments, input=text.encode(), env={"LC_ALL": "C"}, capture_output=True, check=False)
    assert (ours.stdout, ours.status) == (real.stdout.decode(), real.returncode), arguments


quick = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@quick
@given(EXTENDED, TEXT, st.sampled_from(["", "g", "2", "2g", "gi"]))
def test_substitutions(pattern: str, text: str, flags: str) -> None:
    check(["sed", "-E", f"s/{pattern}/<&>/{flags}"], text)


@quick
@given(BASIC, TEXT)
def test_basic_expressions(pattern: str, text: str) -> None:
    check(["grep", "-e", pattern], text)


@quick
@given(EXTENDED, TEXT, st.sampled_from(["-E", "-Ev", "-Ec", "-Ex", "-Ei", "-Eo", "-En"]))
def test_extended_expressions(pattern: str, text: str, option: str) -> None:
    check(["grep", option, "-e", pattern], text)


@quick
@given(
    st.lists(
        st.sampled_from(["p", "d", "n", "N", "P", "D", "h", "H", "g", "G", "x", "q", "=", "c\\\nz", "i\\\ny"]),
        max_size=4,
    ),
    st.sampled_from(["", "1", "$", "2,3", "/a/", "/a/,/b/", "2,/b/", "1~2", "2!", "/a/,+1", "0,/a/"]),
    TEXT,
)
def test_programs(commands: list[str], address: str, text: str) -> None:
    check(
        ["sed", *(part for command in commands for part in ("-e", address + command))] if commands else ["sed", ""],
        text,
    )


@quick
@given(
    TEXT,
    st.sampled_from(
        ["-n", "-r", "-u", "-k2", "-t: -k2", "-k2,2n", "-f", "-V", "-rn", "-t: -k2,2 -u", "-b", "-s -k2,2"]
    ),
)
def test_sort(text: str, options: str) -> None:
    check(["sort", *options.split()], text)


@quick
@given(TEXT, st.sampled_from(["-d: -f1", "-d: -f2-", "-c2-3", "-f1", "-d. -f1,3 -s", "-b-2"]))
def test_cut(text: str, options: str) -> None:
    check(["cut", *options.split()], text)


@quick
@given(
    TEXT,
    st.sampled_from(
        [
            "{print $2}",
            '{$2="x"; print}',
            "{print NF, $NF}",
            "$1 < $2",
            "{n+=$1} END {print n}",
            '{gsub(/a*/, "-"); print}',
            "/a/,/b/",
            "{print length($0) substr($0, 2, 2)}",
        ]
    ),
)
def test_awk(text: str, program: str) -> None:
    check(["mawk", program], text)
    check(["mawk", "-F:", program], text)
