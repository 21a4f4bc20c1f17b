"""Services do nothing, secrets are left out, and small programs do what little they do."""

from __future__ import annotations

import pytest

from pkg2image.maintscript.commands import mime, misc, secrets, services
from pkg2image.maintscript.commands.capabilities import encode_capabilities
from pkg2image.maintscript.failure import NotUnderstoodError
from tests.support.toolbox import Toolbox

COMMANDS = {**services.COMMANDS, **secrets.COMMANDS, **misc.COMMANDS, **mime.COMMANDS}


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("systemctl --system daemon-reload", 0),
        ("systemctl is-active app.service", 3),
        ("systemctl is-enabled app.service", 1),
        ("deb-systemd-helper unmask app.service", 0),
        ("deb-systemd-helper --quiet was-enabled app.service", 0),
        ("deb-systemd-helper debian-installed app.service", 1),
        ("invoke-rc.d app start", 0),
        ("invoke-rc.d app status", 3),
        ("update-rc.d app defaults", 0),
        ("py3compile -p app", 0),
        ("ldconfig", 0),
        ("aa-enabled --quiet", 1),
        ("pidof app", 1),
        ("update-passwd --verbose", 0),
    ],
)
def test_what_has_nothing_to_do_is_counted(line: str, status: int) -> None:
    box = Toolbox(commands=COMMANDS)
    assert box.line(line) == status
    assert [noop.command for noop in box.session.noops] == [line]
    assert len(box.files.tree) == 1


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("ssh-keygen -q -f /etc/ssh/ssh_host_rsa_key -N x -t rsa", "/etc/ssh/ssh_host_rsa_key"),
        ("ssh-keygen -A", "/etc/ssh/ssh_host_*_key"),
        ("make-ssl-cert generate-default-snakeoil", "/etc/ssl/private/ssl-cert-snakeoil.key"),
        ("openssl req -new -x509 -nodes -out /etc/x.crt -keyout /etc/x.key", "/etc/x.key"),
        ("openssl dhparam -out /etc/dh.pem 2048", "/etc/dh.pem"),
        ("rndc-confgen -a", "/etc/bind/rndc.key"),
        ("dbus-uuidgen --ensure", "/var/lib/dbus/machine-id"),
        ("pg_createcluster 15 main", "pg_createcluster 15 main"),
        ("mariadb-install-db --user=mysql", "/var/lib/mysql"),
    ],
)
def test_secrets_are_left_out_and_recorded(line: str, what: str) -> None:
    box = Toolbox(commands=COMMANDS)
    assert box.line(line) == 0
    assert [skipped.what for skipped in box.session.secrets] == [what]
    assert len(box.files.tree) == 1


def test_the_machine_id_is_empty() -> None:
    box = Toolbox({"etc/x": ""}, commands=COMMANDS)
    assert box.line("systemd-machine-id-setup") == 0
    assert (box.text("/etc/machine-id"), box.stat("/etc/machine-id")) == ("", "0444 root:root")


def test_the_fingerprint_of_a_key_that_was_left_out() -> None:
    box = Toolbox(commands=COMMANDS)
    assert box.line("ssh-keygen -l -f /etc/ssh/ssh_host_rsa_key.pub") == 0
    assert box.session.secrets == []


@pytest.mark.parametrize("line", ["openssl rand -hex 16", "openssl x509 -in x", "ssh-keygen -y -f x"])
def test_random_output_is_not_understood(line: str) -> None:
    with pytest.raises(NotUnderstoodError):
        Toolbox(commands=COMMANDS).line(line)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("cap_net_raw+ep", "01000002 00200000 00000000 00000000 00000000"),
        ("cap_net_raw,cap_net_admin=eip", "01000002 00300000 00300000 00000000 00000000"),
        ("cap_net_raw+p", "00000002 00200000 00000000 00000000 00000000"),
        ("cap_checkpoint_restore,cap_chown+ep", "01000002 01000000 00000000 00010000 00000000"),
        ("cap_setuid=ep cap_setgid=ep", "01000002 c0000000 00000000 00000000 00000000"),
    ],
)
def test_capabilities(text: str, words: str) -> None:
    # As `setcap` of libcap 2.66 writes them.
    assert encode_capabilities(text) == bytes.fromhex(words)
    box = Toolbox({"usr/bin/ping": "x"}, commands=COMMANDS)
    assert box.call("setcap", text, "/usr/bin/ping") == 0
    assert box.files.lookup("/usr/bin/ping").xattrs == (("security.capability", bytes.fromhex(words)),)  # type: ignore[union-attr]
    assert box.call("setcap", "-r", "/usr/bin/ping") == 0
    assert box.call("setcap", "-r", "/usr/bin/ping") == 1
    assert box.call("setcap", text, "/usr/bin/none") == 1


@pytest.mark.parametrize("text", ["cap_nothing+ep", "net_raw+ep", "cap_net_raw", "cap_net_raw+ep cap_chown+p"])
def test_capabilities_that_are_none(text: str) -> None:
    with pytest.raises(NotUnderstoodError):
        encode_capabilities(text)


def test_login_shells() -> None:
    box = Toolbox({"bin": "-> usr/bin", "usr/bin/zsh": "", "etc/shells": "# shells\n/bin/sh\n"}, commands=COMMANDS)
    assert box.line("add-shell /bin/zsh /bin/sh") == 0
    assert box.text("/etc/shells") == "# shells\n/bin/sh\n/bin/zsh\n/usr/bin/zsh\n/usr/bin/sh\n"
    assert box.line("remove-shell /bin/zsh") == 0
    assert box.text("/etc/shells") == "# shells\n/bin/sh\n/usr/bin/sh\n"
    assert box.line("add-shell") == 1


def test_update_shells() -> None:
    box = Toolbox(
        {
            "bin": "-> usr/bin",
            "usr/bin/zsh": "",
            "usr/share/debianutils/shells": "# packaged\n/bin/sh\n",
            "usr/share/debianutils/shells.d/zsh": "/bin/zsh # Z\n/usr/bin/zsh\n",
        },
        commands=COMMANDS,
    )
    assert box.line("update-shells") == 0
    # Trailing blanks stay: the real program cuts lines at the hash only.
    assert box.text("/var/lib/shells.state").splitlines()[:2] == ["/bin/sh", "/usr/bin/sh"]
    assert box.text("/etc/shells").splitlines()[:3] == ["# packaged", "/bin/sh", "/usr/bin/sh"]
    before = box.text("/etc/shells")
    box.line("update-shells")
    assert box.text("/etc/shells") == before


HEAD = "# ----- User Section Begins ----- #\nmine/x; cat %s\n# -----  User Section Ends  ----- #\n"


def test_mailcap() -> None:
    box = Toolbox(
        {
            "etc/x": "",
            "usr/lib/mime/mailcap": f"# top\n{HEAD}ignored\n",
            "usr/lib/mime/packages/less": "text/*; less %s; needsterminal; priority=3\n# no\n",
            "usr/lib/mime/packages/a": "*/*; any %s\ntext/plain; show %s; priority=8\nimage/*; view %s\n",
            "usr/share/applications/less.desktop": "[Desktop Entry]\nExec=less\nMimeType=text/x;\n",
            "usr/share/applications/gui.desktop": "[Desktop Entry]\nExec=gui %U\nMimeType=a/b;c/d;\n[X]\nExec=no\n",
        },
        commands=COMMANDS,
    )
    assert box.line("update-mime") == 0
    assert box.text("/etc/mailcap") == (
        f"# top\n{HEAD}\n{'#' * 79}\n\n"
        "text/plain; show %s\n"
        'a/b; gui %s; test=test -n "$DISPLAY"\nc/d; gui %s; test=test -n "$DISPLAY"\n'
        "image/*; view %s\n*/*; any %s\ntext/*; less %s; needsterminal\n"
    )
