"""A script may have its own drop-ins followed at once, because it needs what they make."""

from __future__ import annotations

import pytest

from pkg2image.maintscript.commands.declarative import COMMANDS
from pkg2image.maintscript.failure import NotUnderstoodError
from tests.support.toolbox import ACCOUNTS, Toolbox

FILES = {
    **ACCOUNTS,
    "usr/lib/sysusers.d/app.conf": 'u app - "App" /var/lib/app\n',
    "usr/lib/sysusers.d/other.conf": "u other -\n",
    "usr/lib/tmpfiles.d/app.conf": "d /var/lib/app 0750 www-data adm -\n",
    "usr/lib/tmpfiles.d/other.conf": "d /var/lib/other 0750 root root -\n",
}


def test_users_of_one_package() -> None:
    box = Toolbox(FILES, commands=COMMANDS)
    assert box.line("systemd-sysusers app.conf") == 0
    assert "\napp:x:" in box.text("/etc/passwd")
    assert "other" not in box.text("/etc/passwd")


@pytest.mark.parametrize("name", ["app.conf", "/usr/lib/tmpfiles.d/app.conf"])
def test_directories_of_one_package(name: str) -> None:
    box = Toolbox(FILES, commands=COMMANDS)
    assert box.call("systemd-tmpfiles", "--create", name) == 0
    assert box.stat("/var/lib/app") == "0750 www-data:adm"
    assert not box.files.exists("/var/lib/other")


def test_directories_of_all_packages_wait_for_the_stage_of_their_own() -> None:
    box = Toolbox(FILES, commands=COMMANDS)
    assert box.line("systemd-tmpfiles --create") == 0
    assert [noop.command for noop in box.session.noops] == ["systemd-tmpfiles --create"]
    assert not box.files.exists("/var/lib/app")


@pytest.mark.parametrize(
    "line",
    [
        "systemd-tmpfiles --clean",
        "systemd-tmpfiles app.conf",
        "systemd-sysusers --root=/x",
        "systemd-sysusers /opt/x.conf",
    ],
)
def test_what_is_not_understood(line: str) -> None:
    with pytest.raises(NotUnderstoodError):
        Toolbox(FILES, commands=COMMANDS).line(line)
