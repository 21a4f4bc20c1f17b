"""Environments of units, and the files they come from."""

from __future__ import annotations

import pytest

from pkg2image.analysis.unitenvironment import environment_of, parse_environment_file, read_shell_assignments
from tests.support.services import read, service_tree, unit_of


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("A=1\nB=2\n", {"A": "1", "B": "2"}),
        ("# A=1\n;B=2\n\n C = 3 \n", {"C": "3"}),
        ("A='x y' # z\n", {"A": "x y# z"}),
        ("A=x y  \n", {"A": "x y"}),
        ('A="a\nb"\nC=d', {"A": "a\nb", "C": "d"}),
        ('A="a\\\nb"', {"A": "ab"}),
        ("A=a\\\nb", {"A": "ab"}),
        ('A="\\"\\$\\n"', {"A": '"$\\n'}),
        ("A='\\n'", {"A": "\\n"}),
        ("A=a\\ \n", {"A": "a "}),
        ("A=it's", {"A": "it's"}),
        ("A=", {"A": ""}),
        ("export A=1\n1B=2\nC", {}),
        ("A=$B", {"A": "$B"}),
        ("A='open", {"A": "open"}),
        ("A=1\nA=2", {"A": "2"}),
    ],
    ids=repr,
)
def test_environment_files(text: str, found: dict[str, str]) -> None:
    assert parse_environment_file(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("A=1\nexport B=2 # why\n", {"A": "1", "B": "2"}),
        ("A=/run\nB=$A/x\nC=\"${A}/y z\"\nD='$A'", {"A": "/run", "B": "/run/x", "C": "/run/y z", "D": "$A"}),
        ("A=$NOBODY/x", {"A": "/x"}),
        ("  A=1\nif B=2; then\nC=$(date)\nD=`date`\nE=a;F=b\nG=${H:-x}\n", {}),
        ('A="x" y\nB=x y', {}),
    ],
    ids=repr,
)
def test_shell_assignments(text: str, found: dict[str, str]) -> None:
    assert read_shell_assignments(text) == found


def test_files_win_over_the_unit_and_what_is_unset_is_gone() -> None:
    unit = unit_of(
        'Environment=A=1 "B=two words" C=%n nonsense\nEnvironment=D=4\n'
        "EnvironmentFile=-/etc/default/hello\nEnvironmentFile=-/etc/default/missing\nUnsetEnvironment=D"
    )
    made = environment_of(unit, service_tree({"etc/default/hello": "A=5\nE=6"}), read)
    assert made.values == {"A": "5", "B": "two words", "C": "hello.service", "E": "6"}
    assert made.variables["A"].origin == "/etc/default/hello"
    assert made.variables["B"].origin == "/usr/lib/systemd/system/hello.service:2"
    assert made.notes == ()


def test_what_cannot_be_followed_is_said() -> None:
    unit = unit_of("Environment=HOST=%H A=1\nEnvironment='open\nEnvironmentFile=/etc/missing\nEnvironmentFile=/%H")
    made = environment_of(unit, service_tree({}), read)
    assert made.values == {"A": "1"}
    said = "\n".join(made.notes)
    for words in ("--env HOST=VALUE", "a quote is not closed", "the file /etc/missing", "EnvironmentFile= cannot"):
        assert words in said
