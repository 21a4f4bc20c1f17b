"""What scripts hear from dpkg about packages, and what its helpers do on a first installation."""

from __future__ import annotations

import pytest

from pkg2image.maintscript.commands import divert, dpkg, maintscript_helper, statoverride
from pkg2image.maintscript.failure import NotUnderstoodError
from tests.support.debs import reg
from tests.support.toolbox import ACCOUNTS, Toolbox
from tests.support.trees import Shelf

COMMANDS = {**dpkg.COMMANDS, **maintscript_helper.COMMANDS, **statoverride.COMMANDS, **divert.COMMANDS}
STATUS = "${Package} ${Status} ${db:Status-Abbrev}|\\n"


def toolbox(**content: str) -> Toolbox:
    shelf = Shelf()
    debs = [
        shelf.deb(
            "app 1.0-1 amd64",
            reg("etc/app.conf", b"x"),
            reg("usr/bin/app", b"x"),
            control_files={"conffiles": b"/etc/app.conf\n"},
        ),
        shelf.deb(
            "libapp 2 amd64",
            reg("usr/lib/libapp.so", b"x"),
            fields={"Multi-Arch": "same", "Source": "src (1.9)"},
            control_files={"postinst": b"#!/bin/sh\n"},
        ),
        shelf.deb("other", reg("usr/bin/other", b"x")),
    ]
    files = {**ACCOUNTS, **{path.replace("__", "/"): text for path, text in content.items()}}
    return Toolbox(files, commands=COMMANDS, debs=debs, shelf=shelf)


@pytest.mark.parametrize(
    ("words", "status", "output"),
    [
        (("dpkg", "--print-architecture"), 0, "amd64\n"),
        (("dpkg", "--print-foreign-architectures"), 0, ""),
        (("dpkg", "--assert-multi-arch"), 0, ""),
        (("dpkg", "--validate-version", "x"), 1, ""),
        (("dpkg-query", "-W"), 0, "app\t1.0-1\nlibapp:amd64\t2\nother\t1\n"),
        (("dpkg-query", "-W", "*app"), 0, "app\t1.0-1\nlibapp:amd64\t2\n"),
        (("dpkg-query", "-W", "-f=${Version}", "libapp:amd64"), 0, "2"),
        (("dpkg-query", "-W", "libapp:i386"), 1, ""),
        (("dpkg-query", "--show", "--showformat=${source:Package} ${source:Version}", "libapp"), 0, "src 1.9"),
        (("dpkg-query", "-f", "${Package;6}|${Package;-6}|${Nothing}", "-W", "app"), 0, "   app|app   |"),
        (
            ("dpkg-query", "-Wf", STATUS, "app", "other"),
            0,
            "app install ok half-configured iF |\nother install ok installed ii |\n",
        ),
        (("dpkg-query", "-W", "none"), 1, ""),
        (("dpkg-query", "-W", "-f", "${Conffiles}", "app"), 0, "\n /etc/app.conf 9dd4e461268c8034f5c8564e155c67a6"),
        (("dpkg", "-L", "other"), 0, "/.\n/usr\n/usr/bin\n/usr/bin/other\n"),
        (("dpkg-query", "-L", "none"), 1, ""),
        (("dpkg", "-S", "/usr/bin/app"), 0, "app: /usr/bin/app\n"),
        (("dpkg", "-S", "/usr/bin"), 0, "app, other: /usr/bin\n"),
        (("dpkg-query", "-S", "libapp.so"), 0, "libapp:amd64: /usr/lib/libapp.so\n"),
        (("dpkg-query", "-S", "/none"), 1, ""),
        (("dpkg-query", "--control-path", "libapp"), 0, "/var/lib/dpkg/info/libapp:amd64.postinst\n"),
        (("dpkg-query", "--control-path", "app", "conffiles"), 0, "/var/lib/dpkg/info/app.conffiles\n"),
        (("dpkg-query", "--control-path", "app", "templates"), 0, ""),
        (("dpkg-trigger", "--no-await", "ldconfig"), 0, ""),
        (("dpkg-trigger", "--check-supported"), 0, ""),
    ],
    ids=str,
)
def test_answers(words: tuple[str, ...], status: int, output: str) -> None:
    box = toolbox()
    assert (box.call(*words), box.output) == (status, output)


def test_the_status_of_a_package() -> None:
    box = toolbox()
    assert box.line("dpkg -s other") == 0
    assert box.output.startswith("Package: other\nStatus: install ok installed\nVersion: 1\n")
    assert box.line("dpkg-query -s none") == 1


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("supports rm_conffile", 0),
        ("supports nothing", 1),
        ("rm_conffile /etc/old 1.0~ -- configure", 0),
        ("dir_to_symlink /usr/share/doc/x y 1.0 app -- install", 0),
        ("symlink_to_dir /usr/share/doc/x y -- install", 0),
        ("mv_conffile /etc/a /etc/b 1 -- configure", 0),
    ],
)
def test_maintscript_helper(line: str, status: int) -> None:
    box = toolbox()
    before = dict(box.files.tree.walk())
    assert box.line(f"dpkg-maintscript-helper {line}") == status
    assert dict(box.files.tree.walk()) == before


def test_an_override_is_applied() -> None:
    box = toolbox(usr__bin__tool="x")
    assert box.line("dpkg-statoverride --list /usr/bin/tool") == 1
    assert box.line("dpkg-statoverride --update --add root adm 4750 /usr/bin/tool") == 0
    assert box.stat("/usr/bin/tool") == "4750 root:adm"
    assert box.text("/var/lib/dpkg/statoverride") == "root adm 4750 /usr/bin/tool\n"
    assert box.line("dpkg-statoverride --list /usr/bin/tool") == 0
    assert box.line("dpkg-statoverride --update --add root adm 750 /usr/bin/none") == 0
    assert "does not exist" in box.errors


def test_a_package_keeps_its_own_file_when_it_diverts() -> None:
    box = toolbox(usr__bin__tool="mine")
    line = "dpkg-divert --package app --rename --divert /usr/bin/tool.orig --add /usr/bin/tool"
    place = box.files.canonical("/usr/bin/tool")
    box.files.tree.change(place, package="app")
    assert box.line(line) == 0
    assert box.text("/usr/bin/tool") == "mine"
    assert box.line("dpkg-divert --truename /usr/bin/tool") == 0
    assert box.output == "/usr/bin/tool.orig\n"


@pytest.mark.parametrize(
    "line",
    [
        "dpkg -i x.deb",
        "dpkg-query -l",
        "dpkg-query -W -f ${db:Nothing} app",
        "dpkg --compare-versions a? lt 1",
        "dpkg-maintscript-helper rm_conffile /etc/old 1.0~ -- configure 0.9",
        "dpkg-maintscript-helper rm_conffile /etc/old",
        "dpkg-statoverride --add root adm 9 /x",
        "dpkg-divert --instdir /x --list",
    ],
)
def test_what_is_not_understood(line: str) -> None:
    with pytest.raises(NotUnderstoodError):
        toolbox().line(line)
