"""Which files nobody needs who runs a program."""

from __future__ import annotations

import pytest

from pkg2image.analysis.reach.data import data_rule, is_optional, normal_locale
from tests.support.parts import Parts


@pytest.mark.parametrize(
    ("path", "rule"),
    [
        ("usr/bin/app", ""),
        ("usr/share/app/data", ""),
        ("etc/app.conf", ""),
        ("etc/default/app", ""),
        ("usr/share/doc/app/copyright", ""),
        ("usr/share/doc/app/README", "documentation"),
        ("usr/share/man/man1/app.1.gz", "manual pages"),
        ("usr/share/info/app.info.gz", "info pages"),
        ("usr/share/locale/de/LC_MESSAGES/app.mo", "translations"),
        ("usr/include/app.h", "development files"),
        ("usr/lib/x86_64-linux-gnu/pkgconfig/app.pc", "development files"),
        ("usr/lib/postgresql/17/lib/pgxs/src/Makefile", "development files"),
        ("usr/lib/x86_64-linux-gnu/libapp.a", "static libraries"),
        ("usr/lib/x86_64-linux-gnu/libapp.la", "static libraries"),
        ("usr/share/bash-completion/completions/app", "completion of command lines"),
        ("usr/lib/systemd/system/app.service", "units of an init system"),
        ("usr/lib/tmpfiles.d/app.conf", "units of an init system"),
        ("etc/init.d/app", "init scripts"),
        ("etc/cron.d/app", "cron and logrotate"),
        ("etc/logrotate.d/app", "cron and logrotate"),
        ("etc/apparmor.d/usr.bin.app", "configuration of a machine"),
        ("usr/lib/udev/rules.d/60-app.rules", "configuration of a machine"),
        ("usr/lib/debug/.build-id/aa.debug", "debugging"),
        ("usr/share/applications/app.desktop", "desktop files"),
        ("etc/skel/.bashrc", "configuration of a machine"),
        ("usr/share/javascript/app/app.min.js.map", "debugging"),
        ("usr/share/javascript/app/app.map.gz", "debugging"),
        ("usr/share/nodejs/app/dist/app.css.map", "debugging"),
        ("usr/share/app/world.map", ""),
        ("usr/share/zoneinfo/Europe/Rome", ""),
        ("usr/share/zoneinfo/right/Europe/Rome", "time zones with leap seconds"),
        ("usr/share/go-1.19/src/os/file.go", ""),
        ("usr/share/go-1.19/src/os/file_test.go", "test suites"),
        ("usr/share/go-1.19/src/os/testdata/x", "test suites"),
        ("usr/share/go-1.19/api/go1.txt", "test suites"),
        ("usr/lib/locale/C.utf8/LC_CTYPE", ""),
        ("usr/lib/locale/locale-archive", "locales"),
        ("usr/lib/locale/de_DE.utf8/LC_CTYPE", "locales"),
        ("usr/share/i18n/charmaps/UTF-8.gz", "locales"),
    ],
)
def test_a_rule_for_every_path(path: str, rule: str) -> None:
    assert data_rule(Parts().tree)(path) == rule


@pytest.mark.parametrize(
    ("spelling", "normal"),
    [("de_DE", "de_de"), ("de_DE.UTF-8", "de_de"), ("sr_RS.utf8@latin", "sr_rs@latin"), ("de_DE@euro", "de_de@euro")],
)
def test_a_locale_is_spelled_in_many_ways(spelling: str, normal: str) -> None:
    assert normal_locale(spelling) == normal


@pytest.mark.parametrize("spelling", ["de_DE", "de_DE.UTF-8", "de_de.utf8"])
def test_more_locales_are_kept(spelling: str) -> None:
    rule = data_rule(Parts().tree, locales=[spelling])
    assert not rule("usr/lib/locale/de_DE.utf8/LC_CTYPE")
    assert not rule("usr/lib/locale/locale-archive")
    assert rule("usr/lib/locale/fr_FR.utf8/LC_CTYPE") == "locales"


def test_optional_parts_have_names() -> None:
    parts = Parts().add("usr/lib/app/15/bitcode/a.bc").add("usr/lib/app/15/jit.so").add("usr/lib/app/15/app.so")
    rule = data_rule(parts.tree, optional={"feature jit": ["/usr/lib/app/*/bitcode", "usr/lib/app/*/jit*.so"]})
    assert rule("usr/lib/app/15/bitcode/a.bc") == rule("usr/lib/app/15/jit.so") == "feature jit"
    assert is_optional(rule("usr/lib/app/15/jit.so"))
    assert not is_optional(rule("usr/share/doc/app/README"))
    assert not rule("usr/lib/app/15/app.so")
    assert not rule("usr/lib/app/15")
