"""Programs of a few lines: Python's byte code, language and paper, the programs of a directory, lists of shells."""

from __future__ import annotations

import base64
import gzip

import pytest

from pkg2image.maintscript.commands import all_commands
from pkg2image.maintscript.failure import NotUnderstoodError
from tests.support.scripts import run_script


def _executable(text: str) -> str:
    return f"#!/bin/sh\n{text}\n"


@pytest.mark.parametrize(
    "line",
    [
        "/usr/bin/python3.11 -E -S /usr/lib/python3.11/py_compile.py /usr/lib/python3.11/x.py",
        "python3.11 -E -S -O /usr/lib/python3.11/py_compile.py /x.py",
        "python3.11 -m compileall /usr/lib/app",
    ],
)
def test_byte_code_is_made_when_python_runs(line: str) -> None:
    files = {"usr/bin/python3.11": _executable("")}
    ran = run_script(line, files=files, commands=all_commands())
    assert ran.status == 0
    assert [noop.command for noop in ran.session.noops] == [line.removeprefix("/usr/bin/")]


@pytest.mark.parametrize("line", ["python3.11 -c 'print(1)'", "python3.11 /usr/lib/app/setup.py", "python3.11 -m pip"])
def test_other_programs_of_python_are_refused(line: str) -> None:
    with pytest.raises(NotUnderstoodError, match=r"a program for python3\.11"):
        run_script(line, files={"usr/bin/python3.11": _executable("")}, commands=all_commands())


def test_python_that_is_not_there() -> None:
    ran = run_script("python3.11 -c 'print(1)' || echo $?; command -v python3.11 || echo no", commands=all_commands())
    assert ran.stdout == "127\nno\n"


def test_language_and_paper() -> None:
    files = {"etc/papersize": "# comment\na4\n", "usr/bin/paperconf": _executable("")}
    script = "export LC_ALL=C.UTF-8; locale width height charmap; LC_ALL=C locale charmap; paperconf"
    ran = run_script(script, files=files, commands=all_commands())
    assert ran.stdout == "210\n297\nUTF-8\nANSI_X3.4-1968\na4\n"
    assert run_script("paperconf", files={"usr/bin/paperconf": ""}, commands=all_commands()).status == 127
    del files["etc/papersize"]
    with pytest.raises(NotUnderstoodError, match="without a paper"):
        run_script("paperconf", files=files, commands=all_commands())
    for library, paper in (("libpaper1", "letter"), ("libpaper2", "a4")):
        ran = run_script("paperconf", files=files, commands=all_commands(), installed={library: None})
        assert ran.stdout == f"{paper}\n"
    with pytest.raises(NotUnderstoodError):
        run_script("LC_ALL=de_DE.UTF-8 locale charmap", commands=all_commands())


def test_the_programs_of_a_directory() -> None:
    files = {
        "etc/hooks/b": _executable("echo b $1; exit 3"),
        "etc/hooks/a-1": _executable("echo a $1"),
        "etc/hooks/c.sh": _executable("echo c"),
        "etc/hooks/d": "echo not executable\n",
        "etc/hooks/e/x": _executable("echo e"),
    }
    ran = run_script("run-parts -a one /etc/hooks", files=files, commands=all_commands())
    assert (ran.status, ran.stdout) == (1, "a one\nb one\n")
    assert ran.stderr == "run-parts: /etc/hooks/b exited with return code 3\n"
    stopped = run_script("run-parts --exit-on-error --arg=two /etc/hooks", files=files, commands=all_commands())
    assert (stopped.status, stopped.stdout) == (1, "a two\nb two\n")
    assert run_script("run-parts /none", commands=all_commands()).status == 1


def test_acls_that_nobody_can_have() -> None:
    script = "{ getfacl -c /etc 2>/dev/null || true; } | grep -c x; setfacl -b /etc || echo $?"
    assert run_script(script, files={"etc/x": ""}, commands=all_commands()).stdout == "0\n127\n"


def test_a_shell_is_added_to_the_list_that_there_is() -> None:
    ran = run_script("add-shell /usr/bin/tmux", commands=all_commands())
    assert [noop.command for noop in ran.session.noops] == ["add-shell /usr/bin/tmux"]
    assert ran.tree.get("etc/shells") is None
    ran = run_script("add-shell /usr/bin/tmux", files={"etc/shells": "/bin/sh\n"}, commands=all_commands())
    assert ran.text("etc/shells") == "/bin/sh\n/usr/bin/tmux\n"


def test_alternatives_by_force() -> None:
    line = "update-alternatives --force --install /usr/share/x x /usr/share/one 5"
    ran = run_script(line, files={"usr/share/one": "1", "etc/alternatives": "/"}, commands=all_commands())
    assert ran.tree["usr/share/x"].target == "/etc/alternatives/x"
    with pytest.raises(NotUnderstoodError, match="--force over /usr/share/x"):
        run_script(line, files={"usr/share/one": "1", "usr/share/x": "a file"}, commands=all_commands())


def test_ucf_takes_long_options_with_one_dash() -> None:
    ran = run_script("ucf -three-way /new /etc/conf", files={"new": "1", "etc/x": ""}, commands=all_commands())
    assert (ran.status, ran.text("etc/conf")) == (0, "1")


def test_all_modules_of_apache() -> None:
    files = {
        "etc/apache2/mods-enabled/php8.2.load": "",
        "etc/apache2/mods-enabled/alias.load": "",
        "var/lib/apache2/module/enabled_by_maint/alias": "",
    }
    ran = run_script("a2query -m", files=files, commands=all_commands())
    assert ran.stdout == "alias (enabled by maintainer script)\nphp8.2 (enabled by unknown)\n"


def test_all_declared_users_at_once() -> None:
    files = {
        "etc/passwd": "root:x:0:0:root:/root:/bin/bash\n",
        "etc/group": "root:x:0:\n",
        "usr/lib/sysusers.d/app.conf": 'u tomcat - "Apache Tomcat" /var/lib/tomcat\n',
    }
    ran = run_script("systemd-sysusers && chgrp tomcat /etc/passwd", files=files, commands=all_commands())
    assert ran.status == 0
    assert "tomcat:" in ran.text("etc/passwd")


def _packed(data: bytes) -> str:
    return f"base64 -d <<END\n{base64.encodebytes(gzip.compress(data)).decode()}END\n"


def test_what_was_compressed_is_read() -> None:
    pack = _packed(b"text\n").replace("<<END", "<<END | zcat", 1)
    assert run_script(pack, commands=all_commands()).stdout == "text\n"
    pack = _packed(b"text\n").replace("<<END", "> a.gz <<END", 1)
    ran = run_script(f"{pack}zcat a.gz a.gz; gzip -dc a.gz; gunzip < a.gz", commands=all_commands())
    assert ran.stdout == "text\n" * 4
    for line in ("gunzip a.gz", "gzip -d a.gz", "head -c 20 a.gz | zcat"):
        with pytest.raises(NotUnderstoodError):
            run_script(pack + line, commands=all_commands())


def test_what_becomes_too_large_is_refused() -> None:
    pack = _packed(bytes(17 * 1024 * 1024)).replace("<<END", "<<END | zcat > /dev/null", 1)
    with pytest.raises(NotUnderstoodError, match="too large"):
        run_script(pack, commands=all_commands())


def test_users_are_made_whatever_is_said_about_it() -> None:
    files = {"etc/passwd": "root:x:0:0:root:/root:/bin/bash\n", "etc/group": "root:x:0:\nnogroup:x:65534:\n"}
    line = "adduser --system --stdoutmsglevel=error --stderrmsglevel=error --logmsglevel error --no-create-home svc"
    ran = run_script(line, files=files, commands=all_commands())
    assert ran.status == 0
    assert "svc:" in ran.text("etc/passwd")
