"""One command line, run by dash with the real tools and by our shell with our commands, on the same files."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pkg2image.maintscript.commands import all_commands
from pkg2image.rootfs.tree import Entry, Kind, Tree
from tests.support.scripts import read_inline, run_script

FILES = {
    "a.txt": "one\ntwo\nthree\nfour\nfive\nsix\n",
    "words": "alpha beta  gamma\n  delta:epsilon\tzeta\n\nalpha again\nbeta\nbeta\n",
    "noeol": "first\nlast",
    "empty": "",
    "conf": "# comment\nkey = value\n  # key2 = x\n\nssl = on\nKey=Other\n[section]\nPath=/usr/lib:/lib\n",
    "users": "root:x:0:0:root:/root:/bin/bash\nwww-data:x:33:33::/var/www:/usr/sbin/nologin\nman:x:6:12:m:/v:/bin/sh\n",
    "numbers": "10\n9\n-3\n2.5\n10\n 7\n1e3\n",
    "versions": "1.10\n1.9\n1.9~rc1\n2.0-1\n2.0-10\n2.0-9\nlib-1.2.so\nlib-1.10.so\n",
    "d/x": "in x\n",
    "d/y.so": "#!/bin/sh\n",
    "d/.hidden": "h\n",
    "d/sub/z.txt": "in z\nalpha\n",
    "d/sub/deep/w.txt": "",
    "e": "/",
    "link": "-> a.txt",
    "dlink": "-> d",
    "dangling": "-> nowhere",
}
"""Files by path: text, ``-> target`` for a symlink, ``/`` for a directory; what starts with ``#!`` is executable."""


@dataclass(frozen=True)
class Outcome:
    """What a command line printed, its status, and the files afterwards."""

    stdout: bytes
    stderr: bytes
    status: int
    files: Mapping[str, str]


def real(line: str, directory: Path, files: Mapping[str, str] = FILES) -> Outcome:
    """Run a line with dash in a directory that is filled first; its path is shown as ``/tmp``."""
    os.umask(0o022)
    for name, text in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if text == "/":
            path.mkdir()
        elif text.startswith("-> "):
            path.symlink_to(text[3:])
        else:
            path.write_bytes(text.encode())
            path.chmod(0o755 if text.startswith("#!") else 0o644)
    ran = subprocess.run(
        ["dash", "-c", line],
        cwd=directory,
        env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    own = os.fsencode(directory)
    return Outcome(
        ran.stdout.replace(own, b"/tmp"), ran.stderr.replace(own, b"/tmp"), ran.returncode, _dump_directory(directory)
    )


def _dump_directory(directory: Path) -> dict[str, str]:
    dump = {}
    for path in sorted(directory.rglob("*")):
        state = path.lstat()
        name = str(path.relative_to(directory))
        if path.is_symlink():
            dump[name] = f"-> {path.readlink()}"
        elif path.is_dir():
            dump[name] = f"{state.st_mode & 0o7777:o} {state.st_uid}:{state.st_gid} /"
        else:
            dump[name] = f"{state.st_mode & 0o7777:o} {state.st_uid}:{state.st_gid} {path.read_bytes()!r}"
    return dump


def ours(line: str, files: Mapping[str, str] = FILES) -> Outcome:
    """Run a line with our shell and commands in ``/tmp``.

    Raises:
        NotUnderstoodError: When it is refused.
    """
    tree = {f"tmp/{name}": text for name, text in files.items()}
    for name in ("passwd", "group"):
        tree[f"etc/{name}"] = Path("/etc", name).read_text()
    ran = run_script(line, files=tree, commands=all_commands(), cwd="/tmp", environment={"PATH": "/usr/bin:/bin"})
    return Outcome(ran.stdout.encode("utf-8", "surrogateescape"), ran.stderr.encode(), ran.status, _dump_tree(ran.tree))


def _dump_tree(tree: Tree) -> dict[str, str]:
    own = {path.removeprefix("tmp/"): entry for path, entry in tree.walk() if path.startswith("tmp/")}
    numbers = {line.split(":")[0]: line.split(":")[2] for line in Path("/etc/passwd").read_text().splitlines()}
    groups = {line.split(":")[0]: line.split(":")[2] for line in Path("/etc/group").read_text().splitlines()}
    return {path: _line(entry, numbers, groups) for path, entry in own.items()}


def _line(entry: Entry, users: Mapping[str, str], groups: Mapping[str, str]) -> str:
    owner = f"{users.get(entry.user, entry.user)}:{groups.get(entry.group, entry.group)}"
    if entry.kind is Kind.SYMLINK:
        return f"-> {entry.target}"
    if entry.kind is Kind.DIRECTORY:
        return f"{entry.mode:o} {owner} /"
    assert entry.content is not None
    return f"{entry.mode:o} {owner} {read_inline(entry.content)!r}"
