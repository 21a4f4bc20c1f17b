"""What scripts find is what a first installation by apt would have, not what we have commands for."""

from __future__ import annotations

import pytest

from pkg2image.deb.facts import FetchedDeb
from pkg2image.maintscript.commands import all_commands
from pkg2image.maintscript.presence import ESSENTIAL, LEFT_OUT
from tests.support.scripts import run_script
from tests.support.trees import Shelf

PING = """
if command -v setcap > /dev/null; then
    setcap cap_net_raw+ep /bin/ping && chmod u-s /bin/ping
else
    chmod u+s /bin/ping
fi
"""
FILES = {"bin/ping": "#!x", "etc/x": "x"}
PROGRAM = {"usr/sbin/setcap": "#!/bin/elf"}


def installed(**depends: str) -> dict[str, FetchedDeb]:
    shelf = Shelf()
    return {name: shelf.deb(name, fields={"Depends": text}) for name, text in depends.items()}


def found(text: str, files: dict[str, str] | None = None, **depends: str) -> str:
    ran = run_script(text, files={**FILES, **(files or {})}, commands=all_commands(), installed=installed(**depends))
    return ran.stdout


def test_a_capability_is_set_where_the_image_has_setcap() -> None:
    ran = run_script(PING, files={**FILES, **PROGRAM}, commands=all_commands())
    assert [name for name, _ in ran.tree["bin/ping"].xattrs] == ["security.capability"]
    assert ran.tree["bin/ping"].mode == 0o755


def test_the_bit_is_set_where_it_has_not() -> None:
    ran = run_script(PING, files=FILES, commands=all_commands())
    assert ran.tree["bin/ping"].xattrs == ()
    assert ran.tree["bin/ping"].mode == 0o4755


ASKED = [
    ("command -v cat", "/usr/bin/cat\n"),
    ("command -v /bin/cat", "/bin/cat\n"),
    ("which sed awk dpkg", "/usr/bin/sed\n/usr/bin/awk\n/usr/bin/dpkg\n"),
    ("[ -x /usr/bin/deb-systemd-helper ] && echo yes", "yes\n"),
    ("[ -e /usr/sbin/update-rc.d ] && [ -f /bin/cat ] && [ -r /bin/cat ] && [ -s /bin/cat ] && echo yes", "yes\n"),
    ("[ -L /bin/cat ] || [ -d /bin/cat ] || [ -u /bin/cat ] || [ -x /opt/cat ] || echo no", "no\n"),
    ("command -v systemctl || which update-mime a2enmod || [ -x /sbin/restorecon ] || echo none", "none\n"),
    ("command -v /usr/sbin/setcap || type setcap", "setcap: not found\n"),
    ("which ucf || [ -x /usr/bin/ucf ] || echo none", "none\n"),
    ("[ -e /bin/sh ] || command -v sh", "/usr/bin/sh\n"),
]


@pytest.mark.parametrize(("text", "printed"), ASKED)
def test_only_essential_programs_need_no_file(text: str, printed: str) -> None:
    assert found(text) == printed


@pytest.mark.parametrize(
    "depends", ["ucf", "x, ucf (>= 1)", "y | ucf", "a,ucf:any,b"], ids=["alone", "version", "alternative", "any"]
)
def test_what_was_left_out_is_found_where_it_is_depended_on(depends: str) -> None:
    assert found("which ucf; [ -x /usr/bin/ucfr ] && echo yes", app=depends) == "/usr/bin/ucf\nyes\n"


def test_who_depends_on_another_does_not_depend_on_it() -> None:
    assert found("which ucf useradd || echo none", app="ucf-tools, libucf, adduser-ng") == "none\n"
    assert found("which useradd", app="adduser") == "/usr/bin/useradd\n"


def test_there_is_a_command_for_each() -> None:
    assert {*ESSENTIAL, *LEFT_OUT} <= {*all_commands(), "sh", "dash", "bash"}
