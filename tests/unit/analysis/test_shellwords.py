"""The programs that shell scripts call."""

from __future__ import annotations

import pytest

from pkg2image.analysis.shellwords import ShellCalls, shell_calls
from pkg2image.maintscript.parser import parse


def _calls(text: str) -> ShellCalls:
    return shell_calls(parse(text, origin="test"))


@pytest.mark.parametrize(
    ("text", "programs"),
    [
        ("sed s/a/b/ file", ["sed"]),
        ("/usr/bin/sed x", ["/usr/bin/sed"]),
        ("'sed' x; \"grep\" y", ["grep", "sed"]),
        ("A=1 sort | uniq", ["sort", "uniq"]),
        ("x=$(date +%s)", ["date"]),
        ('echo "`hostname`"', ["hostname"]),
        ("echo ${x:-$(id -u)} $(( $(nproc) + 1 ))", ["id", "nproc"]),
        ("if cmp a b; then rm a; elif diff a b; then mv a b; else cp a b; fi", ["cmp", "cp", "diff", "mv", "rm"]),
        ("while sleep 1; do ps; done", ["ps", "sleep"]),
        ("for x in $(ls); do touch $x; done", ["ls", "touch"]),
        ("case $1 in a) awk 1;; esac", ["awk"]),
        ("( cut -c1 ) > $(mktemp)", ["cut", "mktemp"]),
        ("f() { tar x; }", ["tar"]),
        ("cat <<E\n$(uname)\nE\n", ["cat", "uname"]),
        ("exec postgres -D /x", ["postgres"]),
        ("exec -a name postgres", ["postgres"]),
        ("exec > log", []),
        ("nohup nice -n 5 mariadbd", ["mariadbd", "nice", "nohup"]),
        ("env -i A=b HOME=/ perl -e 1", ["env", "perl"]),
        ("find . | xargs -n 1 -I {} gzip {}", ["find", "gzip", "xargs"]),
        ("command grep x", ["grep"]),
        ('exec "$@"; $cmd x; "${dir}/prog"; nohup $cmd', ["nohup"]),
        ("cd /; echo x; test -f y; [ -d z ]; . lib; set -e; true; :", []),
    ],
)
def test_command_words(text: str, programs: list[str]) -> None:
    assert [name for name, _ in _calls(text).programs] == programs


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ("start() { app; }", {"start"}),
        ("command -v gzip >/dev/null && gzip x", {"gzip"}),
        ("which ps > /dev/null", {"ps"}),
        ("type -t sed", {"sed"}),
        ("if [ -x /usr/bin/ucf ]; then /usr/bin/ucf; fi", {"/usr/bin/ucf", "ucf"}),
        ("test -e /sbin/x", {"/sbin/x", "x"}),
        ("[ -n x ]; command grep y", set()),
    ],
)
def test_what_a_script_knows_or_asks_for(text: str, known: set[str]) -> None:
    assert _calls(text).known == known


def test_the_line_is_that_of_the_first_call() -> None:
    assert _calls("\nsed a\n\ngrep b\nsed c\n").programs == (("grep", 4), ("sed", 2))


def test_files_that_are_parts_of_the_script() -> None:
    assert _calls('. /usr/lib/lib.sh\n. ./rel\n. "$dir/x"\n').sources == (None, "./rel", "/usr/lib/lib.sh")
