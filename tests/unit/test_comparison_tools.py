"""The tools that compare our trees with real ones find what differs, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.configured import RealRoot, account_lines
from benchmarks.configured import differences as live_differences
from benchmarks.configuredtree import ConfiguredTree, Difference, Node, not_allowed, read_allowances
from benchmarks.meanings import trust_store
from benchmarks.recorded import differences as recorded_differences
from benchmarks.recorded import read_recording
from pkg2image.maintscript.report import ScriptReport
from pkg2image.plan import Plan
from pkg2image.rootfs.javatrust import render_store
from pkg2image.rootfs.passwd import Group, ShadowUser, User
from pkg2image.rootfs.provision import add_directory, add_file, add_symlink
from pkg2image.rootfs.tree import Tree
from pkg2image.rootfs.users import Accounts
from tests.support.trees import Shelf

HELLO = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"  # the SHA-256 of "hello"
ACCOUNTS = Accounts(
    (User("root", 0, 0), User("svc", 101, 102, "Service", "/srv")),
    (Group("root", 0), Group("adm", 4), Group("svc", 102)),
)


def made(*, size: int = 5) -> ConfiguredTree:
    """Return a tree with one entry of each kind."""
    tree = Tree()
    add_directory(tree, "etc", mode=0o755, origin="test", mtime=0)
    add_file(tree, "etc/file", b"hello"[:size], origin="test", mtime=0, mode=0o640, user="svc", group="adm")
    add_symlink(tree, "etc/link", "file", origin="test", mtime=0)
    plan = Plan("bookworm", "amd64", "debian", ())
    return ConfiguredTree(plan, (), tree, ACCOUNTS, ScriptReport("emulate"), Shelf().read)


def real(**changes: Node | None) -> RealRoot:
    """Return a root that is the same, but for the entries of /etc that are given."""
    nodes = {"file": Node("f", "640", "svc", "adm", "", HELLO), "link": Node("l", target="file"), **changes}
    below = {f"/etc/{name}": node for name, node in nodes.items() if node}
    return RealRoot({"/etc": Node("d", "755", "root", "root"), **below}, ACCOUNTS, {})


@pytest.mark.parametrize(
    ("root", "found"),
    [
        (real(), []),
        (real(file=None), [("/etc/file", "extra")]),
        (real(other=Node("l", target="file")), [("/etc/other", "missing")]),
        (real(link=Node("l", target="files")), [("/etc/link", "different")]),
        (real(file=Node("f", "644", "svc", "adm", "", HELLO)), [("/etc/file", "different")]),
        (real(file=Node("f", "640", "root", "adm", "", HELLO)), [("/etc/file", "different")]),
        (real(file=Node("f", "640", "svc", "adm", "", HELLO[::-1])), [("/etc/file", "different")]),
        (real(file=Node("f", "640", "svc", "adm", "", HELLO, "security.capability=00")), [("/etc/file", "different")]),
        (RealRoot(real().nodes, ACCOUNTS, {"dash": "1"}), [("package dash", "missing")]),
        (RealRoot(real().nodes, Accounts(), {}), [(f"/etc/{name}", "extra") for name in ("group:adm", "group:root")]),
    ],
)
def test_every_path_of_a_real_root_is_compared(root: RealRoot, found: list[tuple[str, str]]) -> None:
    assert [(item.path, item.how) for item in live_differences(root, made())][: len(found) or None] == found


def test_accounts_are_compared_by_what_counts() -> None:
    shadowed = Accounts(
        (User("svc", 998, 998), User("bin", 2, 998)),
        (Group("svc", 998, ("bin",)),),
        (ShadowUser("svc", "!", ("20000", "0", "99999", "7", "", "", "")), ShadowUser("bin", "*")),
    )
    public = Accounts(
        (User("svc", 101, 105, password="!"), User("bin", 2, 105, password="*")),
        (Group("svc", 105, ("bin",)),),
    )
    assert dict(account_lines(shadowed)) == dict(account_lines(public))
    other = Accounts(public.users[:1], (Group("svc", 105),))
    assert dict(account_lines(other))["/etc/group:svc"] != dict(account_lines(public))["/etc/group:svc"]


RECORDED = "M /etc d 0o700 0 0 => d 0o755 0 0\nA /etc/file f 0o640 105 4\nA /etc/link l -> file\nM /etc/file content\n"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (RECORDED, []),
        (RECORDED.replace("0o755", "0o711"), [("/etc", "different")]),
        (RECORDED.replace(" 105 ", " 33 "), [("/etc/file", "different")]),
        (RECORDED.replace("105 4", "105 105"), [("/etc/file", "different")]),
        (RECORDED + "A /etc/again f 0o640 105 4\n", [("/etc/again", "missing")]),
        (RECORDED + "A /etc/...   (x1)\n", [("/etc/...", "missing")]),
    ],
)
def test_every_line_of_a_recording_is_looked_up(text: str, found: list[tuple[str, str]]) -> None:
    assert [(item.path, item.how) for item in recorded_differences(read_recording(text), made(), made(size=4))] == found


def test_content_that_did_not_change_is_found() -> None:
    (found,) = recorded_differences(read_recording("M /etc/file content\n"), made(), made())
    assert str(found) == "/etc/file: different: its content is as it was"


def test_trust_stores_are_compared_without_their_times() -> None:
    certificates = [("debian:b.pem", b"DER"), ("debian:a.pem", b"\0")]
    assert trust_store(render_store(certificates, mtime=3)) == {"debian:a.pem": "00", "debian:b.pem": "444552"}
    assert trust_store(b"0123456789ab") == b"0123456789ab".hex()


def test_a_line_that_is_not_understood_is_no_recording() -> None:
    with pytest.raises(ValueError, match="not a line of changes: A file"):
        read_recording("A file\n")


def test_a_rule_allows_what_it_says_and_no_more(tmp_path: Path) -> None:
    rules = tmp_path / "rules.yaml"
    rules.write_text('- {why: w, how: [extra], text: "d *", paths: ["/run/*"], in: [nginx]}\n')
    found = [
        Difference("/run/a", "extra", "d 755"),
        Difference("/run/a", "missing", "d 755"),
        Difference("/run/a", "extra", "f 644"),
        Difference("/var/a", "extra", "d 755"),
    ]
    assert not_allowed(found, read_allowances(["nginx"], rules)) == tuple(found[1:])
    assert not_allowed(found, read_allowances(["curl"], rules)) == tuple(found)
