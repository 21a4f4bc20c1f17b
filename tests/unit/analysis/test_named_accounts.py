"""Which users and groups files name."""

from __future__ import annotations

import pytest

from pkg2image.analysis.named_accounts import named_accounts
from tests.support.libraries import read_inline
from tests.support.parts import Parts

UNIT = "usr/lib/systemd/system/app.service"


def _named(parts: Parts) -> list[tuple[str, str]]:
    return [(item.kind, item.name) for item in named_accounts(parts.tree, read=read_inline, architecture="amd64")]


@pytest.mark.parametrize(
    ("path", "text", "named"),
    [
        (UNIT, "[Service]\nUser=web\n", [("user", "web")]),
        (UNIT, "[Service]\n User = web\nGroup=www\n", [("user", "web"), ("group", "www")]),
        (UNIT, "[Service]\nSupplementaryGroups=a b\n", [("group", "a"), ("group", "b")]),
        (UNIT, "[Service]\nUser=33\n", []),
        (UNIT, "[Service]\nUser=%i\n", []),
        (UNIT, "[Service]\n#User=web\n", []),
        (UNIT, "[Service]\nUser=\n", []),
        (UNIT, "[Service]\nDynamicUser=yes\nUser=web\nSupplementaryGroups=a\n", [("group", "a")]),
        (UNIT, "[Service]\nDynamicUser=no\nUser=web\n", [("user", "web")]),
        ("etc/systemd/system/x@.socket", "[Socket]\nSocketUser=a\nSocketGroup=b\n", [("user", "a"), ("group", "b")]),
        ("usr/lib/systemd/system/app.service.d/x.conf", "[Service]\nUser=web\n", [("user", "web")]),
        ("usr/lib/systemd/user/app.service", "[Service]\nUser=web\n", []),
        ("usr/lib/tmpfiles.d/x.conf", "d /run/x 0755 web www -\n", [("user", "web"), ("group", "www")]),
        ("usr/lib/tmpfiles.d/x.conf", "d /run/x 0755 33 - -\nnonsense\n", []),
        ("usr/lib/sysusers.d/x.conf", 'u web - "Web" /\ng www -\nm web www\n', [("user", "web"), ("group", "www")]),
        ("usr/lib/sysusers.d/x.conf", 'u %b - "Boot"\n', []),
        ("etc/nginx/nginx.conf", "worker_processes auto;\nuser www-data;\n", [("user", "www-data")]),
        ("etc/php/8.2/fpm/pool.d/www.conf", "; user = x\nuser = a\ngroup = b\n", [("user", "a"), ("group", "b")]),
        ("etc/haproxy/haproxy.cfg", "global\n\tuser haproxy\n\tgroup hap\n", [("user", "haproxy"), ("group", "hap")]),
        ("etc/dbus-1/system.d/x.conf", '<policy user="bus">', [("user", "bus")]),
        ("etc/apache2/envvars", "export APACHE_RUN_USER=www-data\n", [("user", "www-data")]),
        ("etc/apache2/envvars", "export APACHE_RUN_USER=${WHO}\n", []),
        ("etc/other.conf", "user = web\n", []),
    ],
)
def test_what_files_name(path: str, text: str, named: list[tuple[str, str]]) -> None:
    assert _named(Parts().add(path, text)) == named


def test_where_and_by_whom() -> None:
    parts = (
        Parts()
        .add(UNIT, "User=web\n", package="app")
        .add("usr/lib/tmpfiles.d/x.conf", "\nd /run/x 0755 www\n", package="systemd")
    )
    found = {(item.path, item.package) for item in named_accounts(parts.tree, read=read_inline, architecture="amd64")}
    assert found == {(UNIT, "app"), ("usr/lib/tmpfiles.d/x.conf", "systemd")}


def test_masks_and_links_to_other_units_name_nobody() -> None:
    parts = Parts().link("etc/systemd/system/masked.service", "/dev/null").add(UNIT, "User=web\n")
    assert _named(parts.link("usr/lib/systemd/system/alias.service", "app.service")) == [("user", "web")]
