"""Scripts on a tree: programs, sourced files, redirections, limits and reports."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from pkg2image.maintscript.commands import all_commands
from pkg2image.maintscript.failure import NotUnderstoodError
from pkg2image.maintscript.limits import Limits
from pkg2image.maintscript.session import Command, Invocation
from tests.support.scripts import EPOCH, run_script
from tests.support.toolbox import ACCOUNTS


def _cat(invocation: Invocation) -> int:
    names = invocation.arguments or ("-",)
    for name in names:
        invocation.stdout.write(invocation.stdin if name == "-" else invocation.files.read(name))
    return 0


def _show(invocation: Invocation) -> int:
    environment = ",".join(f"{name}={value}" for name, value in sorted(invocation.environment.items()))
    invocation.stdout.text(
        f"{invocation.name} {invocation.arguments} {environment} {invocation.cwd} {invocation.line}\n"
    )
    return len(invocation.arguments)


def _answer(invocation: Invocation) -> int:
    invocation.shell.set_variable("RET", f"answer to {invocation.arguments[0]}")
    return 0


def _twice(invocation: Invocation) -> int:
    return invocation.run(invocation.arguments) + invocation.run(invocation.arguments, stdin=b"given\n")


COMMANDS: Mapping[str, Command] = {"cat": _cat, "show": _show, "twice": _twice}
FILES = {
    "usr/bin/script": (
        '#!/bin/sh\nset -e\necho "script $0 $# $OUT"\nread line && echo "read $line"\nOUT=changed\nexit 3\n'
    ),
    "usr/bin/binary": "\x7fELF",
    "usr/bin/perl-script": "#!/usr/bin/perl\n",
    "usr/lib/pkg/helper": "#! /bin/dash -e\nfalse\necho not reached\n",
    "usr/lib/pkg/plain": "echo no program\n",
    "usr/share/pkg/functions": 'greet() {\n  echo "hello $1 from $0"\n}\nLIB=1\n',
    "usr/share/debconf/confmodule": "this is never interpreted (",
    "usr/share/pkg/bad": "if\n",
    "usr/share/pkg/late": "ok=1\n\nunknown-program\n",
    "etc/conf": "from conf\n",
}

SCRIPTS = [
    ("show a 'b c'; echo $?", "show ('a', 'b c')  /tmp 1\n2\n"),
    ("A=1; export B=2; C=3 show; C=4; show", "show () B=2,C=3 /tmp 1\nshow () B=2 /tmp 1\n"),
    (
        "cd /etc; show; /usr/bin/show x; ../usr/bin/show 2>/dev/null; echo $?",
        "show () OLDPWD=/tmp,PWD=/etc /etc 1\nshow ('x',) OLDPWD=/tmp,PWD=/etc /etc 1\n127\n",
    ),
    ("cat /etc/conf; cat < /etc/conf; echo piped | cat | cat -", "from conf\nfrom conf\npiped\n"),
    ("cat /none || echo failed $?", "failed 1\n"),
    ("x=$(cat <<E\n$((1+1))\nE\n); echo $x", "2\n"),
    ("export OUT=o; echo in | script a b; echo $? $OUT", "script /usr/bin/script 2 o\nread in\n3 o\n"),
    ("/usr/lib/pkg/helper; echo $?", "1\n"),
    ("sh -c 'echo $0 $1; exit 4' name arg; echo $?", "name arg\n4\n"),
    ("sh -ec 'false; echo no' || echo e $?", "e 1\n"),
    ("echo 'echo from stdin' | sh", "from stdin\n"),
    ("sh /usr/bin/script </dev/null; echo $?; sh /none; echo $?", "script /usr/bin/script 0 \n3\n2\n"),
    (". /usr/share/pkg/functions; greet you; echo $LIB", "hello you from sh\n1\n"),
    ("PATH=/usr/share/pkg; . functions; greet x", "hello x from sh\n"),
    ("db_get a 2>/dev/null || :; echo", None),
    (". /usr/share/debconf/confmodule; db_get a/b; echo $RET >&2; echo lost", ""),
    ("echo a | twice cat", "a\ngiven\n"),
    ("command -v script; command -v cat; command -v none || echo $?", "/usr/bin/script\n/usr/bin/cat\n127\n"),
    ('while read x; do echo "<$x>"; cat; done < /etc/conf', "<from conf>\n"),
    ("{ echo a; cat /tmp/o; echo b; } > /tmp/o; cat /tmp/o", "a\na\nb\n"),
    ("echo x > /dev/stdout; echo y > /dev/fd/1; echo z 2>&1 > /dev/null", "x\ny\n"),
    ("exec cat /etc/conf; echo no", "from conf\n"),
    ("trap 'echo bye' EXIT; exec cat /etc/conf", "from conf\n"),
    ("exec 3>&1 >/tmp/log; echo logged; exec 1>&3; cat /tmp/log", "logged\n"),
]


@pytest.mark.parametrize(("script", "stdout"), SCRIPTS, ids=range(len(SCRIPTS)))
def test_programs(script: str, stdout: str | None) -> None:
    def run() -> str:
        return run_script(script, files=FILES, commands=COMMANDS, debconf_commands={"db_get": _answer}).stdout

    if stdout is None:
        with pytest.raises(NotUnderstoodError):
            run()
    else:
        assert run() == stdout


def test_debconf_answers_reach_the_script_and_its_output_goes_to_stderr() -> None:
    script = "set -e\n. /usr/share/debconf/confmodule\ndb_get pkg/port\n[ \"$RET\" = 'answer to pkg/port' ]\necho said"
    ran = run_script(script, debconf_commands={"db_get": _answer})
    assert (ran.status, ran.stdout, ran.stderr) == (0, "", "said\n")


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("\nunknown-program", "pkg postinst:2: unknown command unknown-program"),
        ("binary", "pkg postinst:1: unknown command binary"),
        ("perl-script", "pkg postinst:1: perl-script is a program for perl"),
        ("/usr/sbin/none", "pkg postinst:1: unknown command /usr/sbin/none"),
        ("true\n. /usr/share/pkg/late", "pkg /usr/share/pkg/late:3: unknown command unknown-program"),
        ("f() {\n  none\n}\n\nf", "pkg postinst:2: unknown command none"),
        ("true &", "pkg postinst:1: a command in the background"),
        ("kill 1", "pkg postinst:1: the builtin kill"),
        ("wait 5", "pkg postinst:1: wait 5"),
        (". /usr/share/debconf/confmodule; echo GET x >&3", None),
        (". /usr/share/pkg/bad", None),
        ("eval 'if'", None),
        ("x=$(nothing)", "pkg postinst:1: unknown command nothing"),
        ("echo x > /dev/tty0", None),
        ("cat /dev/urandom", "pkg postinst:1: reading the character device /dev/urandom"),
        ("[ /tmp/a -nt /etc/conf ] || touch", "pkg postinst:1: unknown command touch"),
    ],
)
def test_what_is_not_understood_names_its_place(script: str, expected: str | None) -> None:
    with pytest.raises(NotUnderstoodError) as caught:
        run_script(script, files={**FILES, "dev": "/"}, commands=COMMANDS)
    assert caught.value.line is not None
    if expected is not None:
        assert str(caught.value) == expected


@pytest.mark.parametrize(
    "script",
    [
        "while :; do :; done",
        "until false; do (true); done",
        "f() { f; }; f",
        "f() { x=$(f); }; f",
        "f() { (f); }; f",
        "f() { f | f; }; f",
        "e() { eval e; }; e",
        "trap f EXIT; f() { f; }",
        "echo '. /tmp/s' > /tmp/s; . /tmp/s",
        "printf '#!/bin/sh\\n/tmp/s\\n' > /tmp/s; sh /tmp/s; sh -c 'sh -c \"sh /tmp/s\"'; f() { sh -c f; f; }; f",
        "while :; do echo 1234567890; done",
        "while :; do echo 1234567890 >> /tmp/f; done",
        "while :; do echo 1234567890; done | while read x; do :; done",
        "x=1; while :; do x=$x$x; done",
        "printf %099999999d 1",
        "i=0; while :; do i=$((i+1)); : > /tmp/$i; done",
        "while true; do for i in 1 2 3; do continue 2; done; done",
    ],
)
def test_scripts_without_end_are_given_up(script: str) -> None:
    with pytest.raises(NotUnderstoodError):
        run_script(script, limits=Limits(steps=5_000, characters=2_000_000, text=100_000, output=20_000))


def test_what_is_written_says_which_line_wrote_it() -> None:
    script = "umask 027\necho a > /etc/new\n\nif true; then\n  echo b >> /etc/conf; fi\n. /usr/share/pkg/lib\n"
    ran = run_script(script, files={"etc/conf": "x\n", "usr/share/pkg/lib": "\n: > /etc/lib\n"})
    entries = {path: ran.tree[f"etc/{path}"] for path in ("new", "conf", "lib")}
    assert {path: entry.origin for path, entry in entries.items()} == {
        "new": "pkg postinst:2",
        "conf": "pkg postinst:5",
        "lib": "pkg /usr/share/pkg/lib:2",
    }
    assert (entries["new"].mode, entries["conf"].mode, entries["new"].mtime) == (0o640, 0o644, EPOCH)
    assert ran.text("etc/conf") == "x\nb\n"


def test_what_is_changed_says_which_line_changed_it_and_what_is_made_which_line_made_it() -> None:
    script = "mkdir /srv\nchmod 700 /srv\nchmod 600 /etc/conf\nchown www-data /etc/conf\nchgrp adm /etc/other\n"
    files = {**ACCOUNTS, "etc/conf": "x\n", "etc/other": ""}
    ran = run_script(script, files=files, commands=all_commands())
    assert {path: ran.tree[path].origin for path in ("srv", "etc/conf", "etc/other", "etc")} == {
        "srv": "pkg postinst:1",
        "etc/conf": "pkg postinst:3",
        "etc/other": "pkg postinst:5",
        "etc": "",
    }
    assert ran.tree["etc/conf"].package == "pkg"


@pytest.mark.parametrize(
    ("script", "stdout"),
    [
        ("echo 'a\\tb'", "a\\tb\n"),
        ("[ a == a ] && echo same", "same\n"),
        ("echo 'x=1' > /tmp/s; source /tmp/s; echo $x", "1\n"),
        ("echo {a,b}", None),
        ("declare -a x", None),
        ("f() { local -a x; }; f", None),
        ("export -n x", None),
        ("[[ a =~ a ]]", None),
    ],
)
def test_bash(script: str, stdout: str | None) -> None:
    if stdout is None:
        with pytest.raises(NotUnderstoodError):
            run_script(script, bash=True)
    else:
        assert run_script(script, bash=True).stdout == stdout
