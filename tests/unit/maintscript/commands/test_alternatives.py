"""Links that choose between programs; the oracle tests compare more of them with dpkg's own program."""

from __future__ import annotations

import pytest

from pkg2image.maintscript.commands.alternative_groups import parse_group, render_group
from pkg2image.maintscript.commands.alternatives import COMMANDS
from pkg2image.maintscript.failure import NotUnderstoodError
from tests.support.toolbox import Toolbox

AWK = (
    "update-alternatives --quiet --install /usr/bin/awk awk /usr/bin/mawk 5"
    " --slave /usr/share/man/man1/awk.1.gz awk.1.gz /usr/share/man/man1/mawk.1.gz"
    " --slave /usr/bin/nawk nawk /usr/bin/mawk"
)
ADMIN = (
    "auto\n/usr/bin/awk\nawk.1.gz\n/usr/share/man/man1/awk.1.gz\nnawk\n/usr/bin/nawk\n\n"
    "/usr/bin/mawk\n5\n/usr/share/man/man1/mawk.1.gz\n/usr/bin/mawk\n\n"
)


def test_a_group_with_slaves() -> None:
    box = Toolbox({"usr/bin/mawk": "x", "usr/share/man/man1/mawk.1.gz": "x"}, commands=COMMANDS)
    assert box.line(AWK) == 0
    assert box.text("/var/lib/dpkg/alternatives/awk") == ADMIN
    assert box.link("/usr/bin/awk") == "/etc/alternatives/awk"
    assert box.link("/etc/alternatives/awk") == "/usr/bin/mawk"
    assert box.link("/etc/alternatives/nawk") == "/usr/bin/mawk"
    assert box.link("/usr/share/man/man1/awk.1.gz") == "/etc/alternatives/awk.1.gz"
    assert render_group(parse_group("awk", ADMIN)).decode() == ADMIN


def test_a_page_whose_directory_nobody_ships() -> None:
    box = Toolbox({"usr/bin/mawk": "x", "opt/m.1": "x"}, commands=COMMANDS)
    slave = "--slave /usr/share/man/man1/awk.1 awk.1 /opt/m.1"
    assert box.line(f"update-alternatives --install /usr/bin/awk awk /usr/bin/mawk 5 {slave}") == 0
    assert box.link("/usr/share/man/man1/awk.1") == "/etc/alternatives/awk.1"


@pytest.mark.parametrize(
    "line",
    [
        "update-alternatives --config awk",
        "update-alternatives --altdir /x --list awk",
        "update-alternatives --list awk --slave /a b /c",
    ],
)
def test_what_is_not_understood(line: str) -> None:
    with pytest.raises(NotUnderstoodError):
        Toolbox(commands=COMMANDS).line(line)


def test_a_link_that_moves_is_not_understood() -> None:
    box = Toolbox({"usr/bin/mawk": "x"}, commands=COMMANDS)
    assert box.line("update-alternatives --install /usr/bin/awk awk /usr/bin/mawk 5") == 0
    with pytest.raises(NotUnderstoodError):
        box.line("update-alternatives --install /usr/bin/awk2 awk /usr/bin/mawk 5")


@pytest.mark.parametrize("text", ["", "auto\n", "auto\n/x\n\n/y\nmany\n\n"])
def test_a_damaged_file_is_not_understood(text: str) -> None:
    with pytest.raises(NotUnderstoodError):
        parse_group("x", text)
