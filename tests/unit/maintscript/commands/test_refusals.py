"""What our grep, sed, awk, find and coreutils refuse rather than guess; hostile operands do not take for ever."""

from __future__ import annotations

import pytest

from pkg2image.maintscript.commands import all_commands
from pkg2image.maintscript.failure import NotUnderstoodError
from tests.support.scripts import run_script

REFUSED = {
    "cp -i a b": "option -i",
    "cp --backup a b": "option --backup",
    "cp -u a b": "cp -u of a file that exists",
    "cp a": "missing operand",
    "cp a b c": "not a directory",
    "cp -r d d/x": "into itself",
    "mv -b a b": "option -b",
    "rm -i a": "option -i",
    "touch -d yesterday a": "option -d",
    "chmod u+q a": "mode 'u+q'",
    "chmod 99999 a": "mode '99999'",
    "date": "not the same at every build",
    "hostname": "not the same at every build",
    "uname -v": "kernel",
    "stat a": "without a format",
    "stat -c %Y a": "%Y",
    "ls -l /etc": "ls -l of other than",
    "sort -R a": "option -R",
    "sort -k1.2 a": "sort -k 1.2",
    "tail -f a": "option -f",
    "grep -P x a": "option -P",
    "grep -A1 x a": "option -A",
    r"grep '\(a*\)*b' a": "told apart in many ways",
    r"grep -E '(a|a)*b' a": "told apart in many ways",
    "grep -E '(a*)+$' a": "told apart in many ways",
    r"grep '\(a' a": "unmatched (",
    "grep '[a' a": "unmatched [",
    "grep '[[:nope:]]' a": "unknown class",
    "grep -E '*a' a": "nothing to repeat",
    r"grep 'a\{9999\}' a": "not an interval",
    r"grep '\d' a": r"\d",
    "sed": "without a script",
    "sed 's/a/b/e' a": "flag e",
    "sed 's/a/b/w out' a": "flag w",
    "sed 's/a/b' a": "not terminated",
    "sed w a": "command 'w'",
    "sed e a": "command 'e'",
    r"sed 's/a/\W&/' a": r"\W",
    r"sed 's/a/\1/' a": "no group 1",
    "sed bx a": "no label",
    "sed '{p' a": "{ without }",
    "sed ':a;ba' a": "too much work",
    "sed ':a;s/x*$/xxxxxxxx/;G;G;h;ba' a": "too much",
    "sed -z N a": "sed -z with N",
    "awk '{print | \"sh\"}' a": "pipe",
    "awk '{print > \"out\"}' a": "print to a file",
    "awk 'BEGIN {system(\"id\")}'": "the function system",
    "awk 'BEGIN {getline}'": "getline",
    "awk 'function f(x) {return x} {print f(1)}' a": "function",
    "awk 'BEGIN {while (1) x++}'": "too much work",
    "awk 'BEGIN {print 2147483648}'": "the number 2147483648",
    "awk 'BEGIN {print 1/0}'": "division by zero",
    "awk 'BEGIN {a[1]; a[2]; for (k in a) print k}'": "order",
    "awk 'BEGIN {print \"\\x271\"}'": "in a string",
    "sort -g b a b x": "sort -g of",
    "md5sum -c --ignore-missing a b": "several lists",
    "gzip a": "gzip",
    "zcat a": "something else",
    "base64 -d b": "something else",
    "getopt -o - -- x": "letters -",
    "getopt -o a -- -b": "option -b",
    "getfacl a": "unknown command getfacl",
    "run-parts": "one directory",
    "locale -a": "locale -a",
    "paperconf -s": "option -s",
    "ulimit -n": "ulimit",
    "ulimit -n 5 x": "ulimit",
    "awk 'BEGIN {x = x \"aaaaaaaaaa\"; while (1) x = x x}'": "awk",
    "find . -newer a": "find -newer",
    "find . -mtime +1": "find -mtime",
    "find . -regex x": "find -regex",
    "find . '(' -name x": "something is missing",
    "find . -user nosuch": "unknown",
    "xargs -L1 echo": "option -L",
    "tr '[:alpha:]' x < a; tr x '[:alpha:]' < a": "classes",
    "tr '[a*3]' x < a": "set '[a*3]'",
    "seq 1 0.1 2": "whole numbers",
    "seq 1 99999999": "numbers",
    "install -s a b": "option -s",
    "install a a": "onto itself",
    "getent hosts localhost": "getent hosts",
    "mktemp -u": "mktemp -u",
    "diff a b": "shows differences",
    "cut a": "exactly one list",
    "cut -f0 a": "list '0'",
    "id root daemon": "several users",
}


@pytest.mark.parametrize(("line", "reason"), REFUSED.items())
def test_refused(line: str, reason: str) -> None:
    files = {
        "etc/passwd": "root:x:0:0:::\n",
        "etc/group": "root:x:0:\n",
        "tmp/a": "aaaaaaaa\n",
        "tmp/b": "b\n",
        "tmp/x": "0x10\n",
        "usr/bin/getfacl": "#!/bin/sh\n",
        "usr/bin/paperconf": "#!/bin/sh\n",
        "tmp/d": "/",
    }
    with pytest.raises(NotUnderstoodError) as caught:
        run_script(line, files=files, commands=all_commands())
    assert reason in caught.value.reason


def test_long_lines_of_many_repetitions_are_refused() -> None:
    with pytest.raises(NotUnderstoodError, match="on a line of 5000 bytes"):
        run_script("grep '.*.*.*x' a", files={"tmp/a": "a" * 5000}, commands=all_commands())


def test_mktemp_is_deterministic() -> None:
    names = {run_script("mktemp; mktemp -d x.XXXX", commands=all_commands()).stdout for _ in range(2)}
    assert len(names) == 1
    assert names.pop().startswith("/tmp/tmp.")


def test_kernel_release_is_noted() -> None:
    ran = run_script("uname -r", commands=all_commands())
    assert ran.stdout == "5.10.0\n"
    assert ran.session.notes == ["line 1: the kernel is taken for Linux 5.10.0"]


def test_noops_are_recorded() -> None:
    ran = run_script("logger -t x hello\nsync", commands=all_commands())
    assert [(noop.command, noop.line) for noop in ran.session.noops] == [("logger -t x hello", 1), ("sync", 2)]
