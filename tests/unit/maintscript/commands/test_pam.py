"""PAM's common files are put together of profiles, byte for byte as pam-auth-update does it."""

from __future__ import annotations

import pytest

from pkg2image.maintscript.commands.pam import COMMANDS
from pkg2image.maintscript.commands.pam_profiles import TYPES
from pkg2image.maintscript.failure import NotUnderstoodError
from tests.support.toolbox import Toolbox

UNIX = """\
Name: Unix authentication
Default: yes
Priority: 256
Auth-Type: Primary
Auth:
\t[success=end default=ignore]\tpam_unix.so nullok try_first_pass
Auth-Initial:
\t[success=end default=ignore]\tpam_unix.so nullok
Session-Type: Additional
Session:
\trequired\tpam_unix.so
"""
LDAP = """\
Name: LDAP
Default: yes
Priority: 128
Conflicts: other
Auth-Type: Primary
Auth-Final:
\t[success=end default=ignore]\tpam_ldap.so use_first_pass
Session-Type: Additional
Session-Interactive-Only: yes
Session:
\toptional\tpam_ldap.so
"""
OLD = "Name: Old\nDefault: yes\nPriority: 1\nAuth-Type: Primary\nAuth:\n\trequired pam_tally.so\n"
EXTRA = "Name: Extra\nDefault: no\nPriority: 0\nSession-Type: Additional\nSession:\n\toptional\tpam_mkhomedir.so\n"
TEMPLATE = """\
# about this file
# here are the per-package modules (the "Primary" block)
$auth_primary
# here's the fallback if no module succeeds
{kind}\trequisite\t\t\tpam_deny.so
# and here are more per-package modules (the "Additional" block)
$additional
# end of pam-auth-update config
"""
FILES = {
    **{f"usr/share/pam/common-{stack}": TEMPLATE.format(kind=stack) for stack in TYPES},
    "usr/share/pam-configs/unix": UNIX,
    "usr/share/pam-configs/ldap": LDAP,
    "usr/share/pam-configs/old": OLD,
    "usr/share/pam-configs/extra": EXTRA,
    "etc/pam.d/other": "",
}


def block(box: Toolbox, stack: str) -> list[str]:
    lines = box.text(f"/etc/pam.d/common-{stack}").splitlines()
    return [line for line in lines if not line.startswith("#") and "pam_deny" not in line]


def test_all_profiles_that_are_on_by_default() -> None:
    box = Toolbox(FILES, commands=COMMANDS)
    assert box.line("pam-auth-update --package --force") == 0
    assert box.text("/etc/pam.d/common-auth") == (
        "# about this file\n"
        '# here are the per-package modules (the "Primary" block)\n'
        "auth\t[success=2 default=ignore]\tpam_unix.so nullok\n"
        "auth\t[success=1 default=ignore]\tpam_ldap.so use_first_pass\n"
        "# here's the fallback if no module succeeds\n"
        "auth\trequisite\t\t\tpam_deny.so\n"
        '# and here are more per-package modules (the "Additional" block)\n'
        "# end of pam-auth-update config\n"
    )
    assert block(box, "account") == ["account\t[default=1]\t\t\tpam_permit.so"]
    session = ["session\t[default=1]\t\t\tpam_permit.so", "session\trequired\tpam_unix.so "]
    assert block(box, "session") == [*session, "session\toptional\tpam_ldap.so "]
    assert block(box, "session-noninteractive") == session
    assert box.text("/var/lib/pam/seen") == "unix\nldap\nextra\n"
    assert box.text("/var/lib/pam/account") == "Module: null\n[default=1]\t\t\tpam_permit.so\n"
    assert box.text("/var/lib/pam/auth") == (
        "Module: unix\n[success=end default=ignore]\tpam_unix.so nullok\n"
        "Module: ldap\n[success=end default=ignore]\tpam_ldap.so use_first_pass\n"
    )


def test_a_package_adds_and_removes_its_profile() -> None:
    box = Toolbox({path: text for path, text in FILES.items() if not path.endswith("ldap")}, commands=COMMANDS)
    box.line("pam-auth-update --package --force")
    alone = box.text("/etc/pam.d/common-auth")
    box.files.write("/usr/share/pam-configs/ldap", LDAP.encode())
    assert box.line("pam-auth-update --package") == 0
    assert block(box, "auth")[1].endswith("pam_ldap.so use_first_pass")
    assert box.line("pam-auth-update --package --remove ldap") == 0
    assert box.text("/etc/pam.d/common-auth") == alone
    assert box.line("pam-auth-update --enable extra") == 0
    assert block(box, "session")[-1] == "session\toptional\tpam_mkhomedir.so "
    assert box.line("pam-auth-update --disable extra") == 0
    assert "mkhomedir" not in box.text("/etc/pam.d/common-session")


def test_a_file_that_was_changed_by_hand_stays() -> None:
    box = Toolbox(FILES, commands=COMMANDS)
    box.line("pam-auth-update --package --force")
    box.files.write("/etc/pam.d/common-auth", box.text("/etc/pam.d/common-auth").replace("nullok", "").encode())
    before = box.text("/etc/pam.d/common-auth")
    assert box.line("pam-auth-update --package") == 0
    assert "Local modifications" in box.errors
    assert box.text("/etc/pam.d/common-auth") == before
    assert box.line("pam-auth-update --force") == 0
    assert "nullok" in box.text("/etc/pam.d/common-auth")
    assert box.text("/etc/pam.d/common-auth.pam-old") == before


def test_profiles_in_conflict() -> None:
    box = Toolbox({**FILES, "usr/share/pam-configs/other": EXTRA.replace("no", "yes")}, commands=COMMANDS)
    box.line("pam-auth-update --force")
    assert "mkhomedir" not in box.text("/etc/pam.d/common-session")


@pytest.mark.parametrize("line", ["pam-auth-update --root /x", "pam-auth-update x"])
def test_what_is_not_understood(line: str) -> None:
    with pytest.raises(NotUnderstoodError):
        Toolbox(FILES, commands=COMMANDS).line(line)
