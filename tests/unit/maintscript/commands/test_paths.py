"""What scripts hear about single paths, where no real tool can be asked: times are those of the image."""

from __future__ import annotations

import pytest

from pkg2image.maintscript.commands import paths, statoverride
from tests.support.toolbox import ACCOUNTS, Toolbox

COMMANDS = {**paths.COMMANDS, **statoverride.COMMANDS}


@pytest.mark.parametrize(
    ("line", "output"),
    [
        ("ls -ln /etc/conf", "-rw-r--r-- 1 0 0 4 Nov 14 22:13 /etc/conf\n"),
        ("ls -l -d /etc/conf", "-rw-r--r-- 1 root root 4 Nov 14 22:13 /etc/conf\n"),
        ("dpkg-realpath /etc/conf", "/etc/conf\n"),
        ("dpkg-realpath /etc/../etc/none", "/etc/none\n"),
    ],
)
def test_answers(line: str, output: str) -> None:
    toolbox = Toolbox({**ACCOUNTS, "etc/conf": "text"}, commands=COMMANDS)
    assert (toolbox.line(line), toolbox.output) == (0, output)


def test_names_are_listed_in_the_order_of_versions() -> None:
    toolbox = Toolbox({**ACCOUNTS, "srv/9": "", "srv/10": "", "srv/9.6": ""}, commands=COMMANDS)
    assert (toolbox.line("ls -v /srv"), toolbox.output) == (0, "9\n9.6\n10\n")
    toolbox = Toolbox({**ACCOUNTS, "srv/9": "", "srv/10": ""}, commands=COMMANDS)
    assert (toolbox.line("ls -vdr /srv/10 /srv/9"), toolbox.output) == (0, "/srv/10\n/srv/9\n")


def test_several_overrides_are_listed() -> None:
    toolbox = Toolbox({**ACCOUNTS, "etc/a": "", "etc/b": "", "etc/c": ""}, commands=COMMANDS)
    for name in "abc":
        assert toolbox.line(f"dpkg-statoverride --update --add root root 0600 /etc/{name}") == 0
    assert toolbox.line("dpkg-statoverride --list /etc/a /etc/c") == 0
    assert sorted(toolbox.output.splitlines()[-2:]) == ["root root 600 /etc/a", "root root 600 /etc/c"]
    assert toolbox.line("dpkg-statoverride --list /etc/x /etc/y") == 1
