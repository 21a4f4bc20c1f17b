"""ucf copies what is missing, remembers it, and asks nobody."""

from __future__ import annotations

import hashlib

import pytest

from pkg2image.maintscript.commands.ucf import COMMANDS
from pkg2image.maintscript.failure import NotUnderstoodError
from tests.support.toolbox import Toolbox


def md5(text: str) -> str:
    return hashlib.md5(text.encode()).hexdigest()


def toolbox(**more: str) -> Toolbox:
    files = {"usr/share/app/app.conf": "new\n", "etc/keep": "", **{k.replace("__", "/"): v for k, v in more.items()}}
    return Toolbox(files, commands=COMMANDS)


def test_a_first_installation() -> None:
    box = toolbox()
    box.files.chmod("/usr/share/app/app.conf", 0o640)
    assert box.line("ucf --three-way --debconf-ok /usr/share/app/app.conf /etc/app.conf") == 0
    assert (box.text("/etc/app.conf"), box.stat("/etc/app.conf")) == ("new\n", "0640 root:root")
    assert box.errors == "\nCreating config file /etc/app.conf with new version\n"
    assert box.text("/var/lib/ucf/hashfile").split() == [md5("new\n"), "/etc/app.conf"]
    assert box.text("/var/lib/ucf/cache/:etc:app.conf") == "new\n"


def test_the_hash_file_has_one_line_for_each() -> None:
    box = toolbox(usr__share__app__b="b\n")
    for line in ("ucf /usr/share/app/app.conf /etc/app.conf", "ucf /usr/share/app/b /etc/b"):
        assert box.line(line) == 0
        assert box.line(line) == 0
    assert box.text("/var/lib/ucf/hashfile") == f"{md5('new' + chr(10))}  /etc/app.conf\n{md5('b' + chr(10))}  /etc/b\n"
    assert box.line("ucf --purge /etc/app.conf") == 0
    assert box.text("/var/lib/ucf/hashfile") == f"{md5('b' + chr(10))}  /etc/b\n"
    assert not box.files.exists("/var/lib/ucf/cache/:etc:app.conf")


def test_a_large_file_is_cached_only_for_merging() -> None:
    box = toolbox(usr__share__app__large="x" * 30000)
    box.line("ucf /usr/share/app/large /etc/large")
    assert not box.files.exists("/var/lib/ucf/cache/:etc:large")
    box.line("ucf --three-way /usr/share/app/large /etc/other")
    assert box.files.exists("/var/lib/ucf/cache/:etc:other")


@pytest.mark.parametrize(
    ("old", "sums", "result"),
    [("new\n", "", "new\n"), ("old\n", md5("old\n") + "  1.0\n", "new\n")],
)
def test_a_file_that_is_there(old: str, sums: str, result: str) -> None:
    box = toolbox(etc__app="", usr__share__app__sums=sums)
    box.files.write("/etc/app.conf", old.encode())
    assert box.line("ucf --sum-file /usr/share/app/sums /usr/share/app/app.conf /etc/app.conf") == 0
    assert box.text("/etc/app.conf") == result


def test_a_question_is_not_understood() -> None:
    box = toolbox()
    box.files.write("/etc/app.conf", b"changed\n")
    with pytest.raises(NotUnderstoodError):
        box.line("ucf /usr/share/app/app.conf /etc/app.conf")


def test_a_diverted_file() -> None:
    box = toolbox(var__lib__dpkg__diversions="/etc/app.conf\n/etc/app.conf.orig\nother\n")
    assert box.line("ucf /usr/share/app/app.conf /etc/app.conf") == 0
    assert not box.files.exists("/etc/app.conf")
    assert box.text("/etc/app.conf.orig") == "new\n"
    assert box.line("ucf --package other /usr/share/app/app.conf /etc/app.conf") == 0
    assert box.text("/etc/app.conf") == "new\n"


def test_failures() -> None:
    assert toolbox().line("ucf /usr/share/app/none /etc/app.conf") == 1
    assert toolbox().line("ucf /usr/share/app/app.conf") == 2


def test_the_registry() -> None:
    box = toolbox()
    assert box.line("ucfr app /etc/app.conf") == 0
    assert box.line("ucfr app /etc/app.conf") == 0
    assert box.text("/var/lib/ucf/registry") == "app \t /etc/app.conf\n"
    assert box.line("ucfr other /etc/app.conf") == 4
    assert box.line("ucfr --force other /etc/app.conf") == 0
    assert box.line("ucfr --purge app /etc/app.conf") == 5
    assert box.line("ucfr --purge other /etc/app.conf") == 0
    assert box.text("/var/lib/ucf/registry") == ""
