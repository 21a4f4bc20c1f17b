"""Native commands leave the same files behind, and say the same, as the programs they stand for."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from pkg2image.maintscript.commands import accounts, alternatives, divert, dpkg, statoverride
from pkg2image.rootfs.tree import Kind
from tests.support.toolbox import ACCOUNTS, Toolbox

STATE = "var/lib/dpkg"
CONTENT = {
    "bin": "-> usr/bin",
    "usr/bin/a": "a",
    "usr/bin/b": "b",
    "usr/bin/c": "c",
    "usr/bin/taken": "t",
    "usr/share/man/man1/a.1": "a",
    "usr/share/man/man1/b.1": "b",
    "usr/lib/x/one": "1",
    "usr/lib/x/two": "2",
    "etc/alternatives/README": "r",
    f"{STATE}/status": "",
}
A = "--install /usr/bin/tool tool /usr/bin/a 10 --slave /usr/share/man/man1/tool.1 tool.1 /usr/share/man/man1/a.1"
B = "--install /usr/bin/tool tool /usr/bin/b 20 --slave /usr/share/man/man1/tool.1 tool.1 /usr/share/man/man1/b.1"
SAME = "--install /usr/bin/tool tool /usr/bin/b 10"
NO_PAGE = "--install /usr/bin/tool tool /usr/bin/c 30 --slave /usr/share/man/man1/tool.1 tool.1 /usr/share/man/man1/c.1"
TWO = "--install /usr/bin/tool tool /usr/bin/a 5 --slave /usr/bin/z z /usr/bin/b --slave /usr/bin/y y /usr/bin/c"


def make_root(root: Path, content: Mapping[str, str]) -> Path:
    for path, text in content.items():
        place = root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        if text.startswith("->"):
            place.symlink_to(text.removeprefix("->").strip())
        else:
            place.write_text(text)
    for name in ("alternatives", "info", "updates"):
        (root / STATE / name).mkdir(parents=True, exist_ok=True)
    return root


def list_real(root: Path) -> dict[str, str]:
    found = {}
    for top, _, names in os.walk(root):
        for place in (Path(top, name) for name in names):
            path = str(place.relative_to(root))
            found[path] = f"-> {place.readlink()}" if place.is_symlink() else place.read_text()
    for top, directories, _ in os.walk(root):
        links = (Path(top, name) for name in directories if Path(top, name).is_symlink())
        found |= {str(place.relative_to(root)): f"-> {place.readlink()}" for place in links}
    return without_backups(found)


def list_ours(box: Toolbox) -> dict[str, str]:
    found = {}
    for path, entry in box.files.tree.walk():
        if entry.kind is Kind.SYMLINK:
            found[path] = f"-> {entry.target}"
        elif entry.kind is Kind.FILE:
            found[path] = box.text(f"/{path}")
    return without_backups(found)


def without_backups(found: dict[str, str]) -> dict[str, str]:
    """Leave out what real programs keep of the state before, locks and logs."""
    noise = ("-old", "-", "lock", ".log", "dev/null")
    return {path: text for path, text in found.items() if not path.endswith(noise)}


def real(*words: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"}
    return subprocess.run(words, capture_output=True, text=True, check=False, timeout=20, env=environment)


def compare(root: Path, box: Toolbox, lines: list[str], options: list[str]) -> None:
    for line in lines:
        name, *arguments = line.split()
        theirs = real(name, *options, *arguments)
        ours = box.call(name, *arguments)
        assert (ours, box.output) == (theirs.returncode, theirs.stdout), (line, theirs.stderr, box.errors)
        assert list_ours(box) == list_real(root), line


@pytest.mark.parametrize(
    "actions",
    [
        [A],
        [A, B],
        [B, A],
        [A, SAME],
        [SAME, A],
        [A, NO_PAGE],
        [NO_PAGE, A],
        [TWO],
        [TWO, A],
        [A, TWO],
        [A, B, "--set tool /usr/bin/a", NO_PAGE, "--auto tool"],
        [A, B, "--remove tool /usr/bin/b"],
        [A, B, "--remove tool /usr/bin/a"],
        [A, B, "--set tool /usr/bin/a", "--remove tool /usr/bin/a"],
        [A, B, "--remove tool /usr/bin/c", "--remove nothing /usr/bin/a"],
        [A, "--remove tool /usr/bin/a", A],
        [A, B, "--remove-all tool", "--remove-all tool", "--list tool", "--query tool"],
        [A, NO_PAGE, TWO, "--query tool", "--list tool", "--get-selections", "--display tool"],
        [A, "--set tool /usr/bin/c", "--auto other", "--display other"],
        ["--install /usr/bin/taken taken /usr/bin/a 5"],
        ["--install /bin/tool tool /bin/a -100", "--query tool"],
        ["--install /usr/bin/tool tool /usr/bin/missing 5"],
        [A, "--install /usr/bin/tool other /usr/bin/a 5"],
        [A, "--install /usr/bin/other tool.1 /usr/bin/a 5"],
        [A, "--install /usr/bin/tool2 tool2 /usr/bin/a 5 --slave /usr/bin/tool tool3 /usr/bin/b"],
    ],
    ids="; ".join,
)
def test_update_alternatives(tmp_path: Path, actions: list[str]) -> None:
    root = make_root(tmp_path / "root", CONTENT)
    options = ["--root", str(root), "--quiet", "--log", "/dev/null"]
    box = Toolbox(CONTENT, commands=alternatives.COMMANDS)
    compare(root, box, [f"update-alternatives {action}" for action in actions], options)


def test_dpkg_statoverride(tmp_path: Path) -> None:
    content = {**ACCOUNTS, **CONTENT}
    root = make_root(tmp_path / "root", content)
    box = Toolbox(content, commands=statoverride.COMMANDS)
    many = [f"dpkg-statoverride --add root adm {mode:o} /usr/lib/x/{mode}" for mode in range(0o700, 0o777, 7)]
    lines = [
        "dpkg-statoverride --list",
        "dpkg-statoverride --list /usr/lib/x/one",
        *many,
        "dpkg-statoverride --list",
        "dpkg-statoverride --list /usr/lib/*/77?",
        "dpkg-statoverride --add root adm 0755 /usr/lib/x/448",
        "dpkg-statoverride --remove /usr/lib/x/448",
        "dpkg-statoverride --remove /usr/lib/x/448",
        "dpkg-statoverride --add root nothere 755 /usr/lib/x/two",
        "dpkg-statoverride --force --add root root 4755 /usr/lib/x/455",
    ]
    compare(root, box, lines, ["--root", str(root)])


def test_dpkg_divert(tmp_path: Path) -> None:
    root = make_root(tmp_path / "root", CONTENT)
    box = Toolbox(CONTENT, commands=divert.COMMANDS)
    lines = [
        "dpkg-divert --truename /usr/lib/x/one",
        "dpkg-divert --package p --divert /usr/lib/x/one.orig --rename --add /usr/lib/x/one",
        "dpkg-divert --package p --divert /usr/lib/x/one.orig --rename --add /usr/lib/x/one",
        "dpkg-divert --package q --divert /usr/lib/x/one.other --rename --add /usr/lib/x/one",
        "dpkg-divert --truename /usr/lib/x/one",
        "dpkg-divert --listpackage /usr/lib/x/one",
        "dpkg-divert --listpackage /usr/lib/x/two",
        "dpkg-divert --local --no-rename --add /usr/lib/x/two",
        "dpkg-divert --listpackage /usr/lib/x/two",
        "dpkg-divert --package p --no-rename --quiet --divert /usr/lib/z.diverted /usr/lib/z",
        "dpkg-divert --list",
        "dpkg-divert --list *one*",
        "dpkg-divert --package p --divert /usr/lib/x/wrong --rename --remove /usr/lib/x/one",
        "dpkg-divert --package p --rename --remove /usr/lib/x/one",
        "dpkg-divert --package p --rename --remove /usr/lib/x/one",
        "dpkg-divert --package p --rename --add /usr/lib/x",
        "dpkg-divert --truename relative",
    ]
    compare(root, box, lines, ["--root", str(root)])


VERSIONS = ["", "1", "1.0", "1.0-1", "1:0.9", "1.0~rc1", "1.0+b1", "2", "0"]
WORDS = ["lt", "le", "eq", "ne", "ge", "gt"]
RELATIONS = [*WORDS, *(f"{word}-nl" for word in ("lt", "le", "ge", "gt")), "<<", "<=", "<", "=", ">", ">=", ">>"]


@pytest.mark.parametrize("relation", RELATIONS)
def test_versions(relation: str) -> None:
    box = Toolbox(commands=dpkg.COMMANDS)
    for left in VERSIONS:
        right = VERSIONS[(VERSIONS.index(left) * 5 + len(relation)) % len(VERSIONS)]
        for pair in ((left, right), (right, left)):
            words = ("--compare-versions", pair[0], relation, pair[1])
            assert box.call("dpkg", *words) == real("dpkg", *words).returncode, words


@pytest.mark.parametrize(
    "lines",
    [
        ["useradd -r app", "useradd -r other", "groupadd -r third"],
        ["groupadd -g 500 old", "useradd -r -g adm app", "groupadd -r new"],
        ["useradd -r -u 101 first", "useradd -r second", "useradd -r third"],
        ["useradd person", "groupadd team", "useradd -N -G team,adm other", "usermod -a -G team person"],
        [
            "useradd -r -d /x -s /bin/sh -c One,Two -M app",
            "usermod -d /y -s /bin/z -c Three -g adm app",
            "usermod -L app",
        ],
        [
            "useradd -r app",
            "groupadd -f app",
            "groupadd -g 4 new",
            "groupadd app",
            "useradd -g none new",
            "usermod -d / nobody",
        ],
        [
            "useradd -r app",
            "usermod -G adm,users app",
            "usermod -G users app",
            "userdel app",
            "userdel app",
            "groupdel users",
        ],
        ["useradd -r app", "groupdel app", "groupdel nothing", "userdel app"],
    ],
    ids="; ".join,
)
def test_accounts(tmp_path: Path, lines: list[str]) -> None:
    content = {
        **ACCOUNTS,
        "etc/default/useradd": "SHELL=/bin/sh\n",
        "etc/login.defs": Path("/etc/login.defs").read_text(),
    }
    root = make_root(tmp_path / "root", content)
    box = Toolbox(content, commands=accounts.COMMANDS)
    for line in lines:
        name, *arguments = line.split()
        theirs = real(name, "--prefix", str(root), *arguments)
        assert box.call(name, *arguments) == theirs.returncode, (line, theirs.stderr)
        found = list_real(root)
        dated = [text.split(":") for text in found["etc/shadow"].splitlines()]
        found["etc/shadow"] = "".join(":".join((*fields[:2], "", *fields[3:])) + "\n" for fields in dated)
        assert list_ours(box) == found, line
