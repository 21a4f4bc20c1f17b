"""The files of the image as scripts see them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pkg2image.maintscript.failure import NotUnderstoodError
from pkg2image.maintscript.files import Files, FilesError
from tests.support.scripts import EPOCH, read_inline, small_tree
from tests.support.trees import dump_tree

TREE = {
    "usr/bin/tool": "#!/bin/sh\n",
    "bin": "-> usr/bin",
    "etc/a.conf": "one\n",
    "etc/b.conf": "two\n",
    "etc/.hidden": "",
    "etc/link": "-> a.conf",
    "etc/absolute": "-> /etc/b.conf",
    "etc/broken": "-> nowhere",
    "loop": "-> loop",
    "var/lib/empty": "/",
}


def files_of(extra: dict[str, str] | None = None) -> Files:
    files = Files(small_tree({**TREE, **(extra or {})}), read=read_inline, epoch=EPOCH, package="pkg")
    files.origin = "postinst:3"
    return files


def dump(files: Files, path: str) -> str | None:
    return dump_tree(files.tree).get(path)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/etc/a.conf", b"one\n"),
        ("etc/link", b"one\n"),
        ("/etc/absolute", b"two\n"),
        ("/bin/tool", b"#!/bin/sh\n"),
        ("/etc/../bin/../../../etc/a.conf", b"one\n"),
        ("/etc/../bin/../bin/tool", b"#!/bin/sh\n"),
        ("/../../etc/a.conf", b"one\n"),
        ("/dev/null", b""),
        ("/etc", "EISDIR"),
        ("/etc/broken", "ENOENT"),
        ("/etc/a.conf/x", "ENOTDIR"),
        ("/etc/a.conf/", "ENOTDIR"),
        ("/nowhere/../etc/a.conf", "ENOENT"),
        ("/loop", "ELOOP"),
        ("", "ENOENT"),
        ("x" * 5000, "ENAMETOOLONG"),
    ],
)
def test_reading(path: str, expected: bytes | str) -> None:
    files = files_of()
    if isinstance(expected, bytes):
        assert files.read(path) == expected
        return
    with pytest.raises(FilesError) as caught:
        files.read(path)
    assert caught.value.code == expected


@pytest.mark.parametrize(
    ("pattern", "cwd", "expected"),
    [
        ("/etc/*", "/", ("/etc/a.conf", "/etc/absolute", "/etc/b.conf", "/etc/broken", "/etc/link")),
        ("*.conf", "/etc", ("a.conf", "b.conf")),
        ("./[ab].*", "/etc", ("./a.conf", "./b.conf")),
        (".h*", "/etc", (".hidden",)),
        ("/*/*/tool", "/", ("/usr/bin/tool",)),
        ("/b*/tool", "/", ("/bin/tool",)),
        ("/*/", "/", ("/bin/", "/etc/", "/tmp/", "/usr/", "/var/")),
        ("//etc/b*f", "/", ("//etc/b.conf",)),
        ("\\*", "/etc", ()),
        ("*.none", "/etc", ()),
        ("a.conf/*", "/etc", ()),
        ("nowhere/*", "/etc", ()),
    ],
)
def test_globbing(pattern: str, cwd: str, expected: tuple[str, ...]) -> None:
    files = files_of()
    files.cwd = cwd
    assert files.glob(pattern) == expected


CHANGES: list[tuple[Callable[[Files], object], dict[str, str | None]]] = [
    (lambda f: f.write("/etc/new", b"xy"), {"etc/new": "file 0644 root:root [pkg postinst:3] 2"}),
    (lambda f: f.write("/etc/link", b"xyz", append=True), {"etc/a.conf": "file 0644 root:root [pkg postinst:3] 7"}),
    (lambda f: f.write("/etc/a.conf", b"one\n"), {"etc/a.conf": "file 0644 root:root pkg 4"}),
    (lambda f: f.write("/etc/broken", b"x"), {"etc/nowhere": "file 0644 root:root [pkg postinst:3] 1"}),
    (lambda f: f.write("/etc/secret", b"", mode=0o600), {"etc/secret": "file 0600 root:root [pkg postinst:3] 0"}),
    (lambda f: f.write("/dev/null", b"x"), {"dev/null": None}),
    (
        lambda f: f.make_directory("/var/x/y", 0o700, parents=True),
        {
            "var/x": "directory 0755 root:root [pkg postinst:3]",
            "var/x/y": "directory 0700 root:root [pkg postinst:3]",
        },
    ),
    (lambda f: f.make_directory("/bin/sub/"), {"usr/bin/sub": "directory 0755 root:root [pkg postinst:3]"}),
    (lambda f: f.symlink("../x", "/etc/new"), {"etc/new": "symlink 0777 root:root [pkg postinst:3] -> ../x"}),
    (lambda f: f.remove("/etc/link"), {"etc/link": None, "etc/a.conf": "file 0644 root:root pkg 4"}),
    (lambda f: f.remove("/etc", recursive=True), {"etc": None, "etc/a.conf": None}),
    (lambda f: f.remove_directory("/var/lib/empty"), {"var/lib/empty": None, "var/lib": "directory 0755 root:root []"}),
    (
        lambda f: f.rename("/etc/a.conf", "/etc/b.conf"),
        {"etc/a.conf": None, "etc/b.conf": "file 0644 root:root [pkg postinst:3] 4"},
    ),
    (
        lambda f: f.rename("/etc/a.conf", "/etc/a.distrib", owned=True),
        {"etc/a.distrib": "file 0644 root:root pkg 4"},
    ),
    (
        lambda f: f.rename("/etc", "/conf"),
        {"etc/a.conf": None, "conf/a.conf": "file 0644 root:root [pkg postinst:3] 4"},
    ),
    (lambda f: f.copy("/etc/link", "/etc/c"), {"etc/c": "file 0644 root:root [pkg postinst:3] 4"}),
    (
        lambda f: f.copy("/etc/link", "/etc/c", follow=False),
        {"etc/c": "symlink 0777 root:root [pkg postinst:3] -> a.conf"},
    ),
    (lambda f: f.copy("/bin/tool", "/etc/a.conf"), {"etc/a.conf": "file 0644 root:root [pkg postinst:3] 10"}),
    (
        lambda f: f.copy("/bin/tool", "/etc/a.conf", preserve=True),
        {"etc/a.conf": "file 0755 root:root [pkg postinst:3] 10"},
    ),
    (lambda f: f.copy("/dev/null", "/etc/a.conf"), {"etc/a.conf": "file 0644 root:root [pkg postinst:3] 0"}),
    (lambda f: f.chmod("/etc/link", 0o2755), {"etc/a.conf": "file 2755 root:root pkg 4"}),
    (lambda f: f.chown("/etc/link", "www", None), {"etc/a.conf": "file 0644 www:root pkg 4"}),
    (lambda f: f.chown("/etc/link", None, "adm", follow=False), {"etc/link": "symlink 0777 root:adm pkg -> a.conf"}),
    (
        lambda f: (f.chmod("/bin/tool", 0o6755), f.chown("/bin/tool", "a", "b")),
        {"usr/bin/tool": "file 0755 a:b pkg 10"},
    ),
    (
        lambda f: (
            f.chmod("/var", 0o2775),
            f.chown("/var", "a", "b"),
            f.make_directory("/var/n"),
            f.write("/var/f", b""),
        ),
        {
            "var": "directory 2775 a:b [pkg postinst:3]",
            "var/n": "directory 2755 root:b [pkg postinst:3]",
            "var/f": "file 0644 root:b [pkg postinst:3] 0",
        },
    ),
    (
        lambda f: (f.link("/etc/a.conf", "/etc/z"), f.write("/etc/z", b"both"), f.chmod("/etc/a.conf", 0o600)),
        {
            "etc/a.conf": "file 0600 root:root [pkg postinst:3] 4",
            "etc/z": "file 0600 root:root [pkg postinst:3] 4 =etc/a.conf",
        },
    ),
    (lambda f: f.temporary("/tmp/x.XXXXXX"), {"tmp/x.000001": "file 0600 root:root [pkg postinst:3] 0"}),
    (lambda f: f.temporary("dXXX", directory=True), {"d001": "directory 0700 root:root [pkg postinst:3]"}),
]


@pytest.mark.parametrize(("change", "expected"), CHANGES, ids=range(len(CHANGES)))
def test_changes(change: Callable[[Files], object], expected: dict[str, str | None]) -> None:
    files = files_of()
    change(files)
    dumped = dump_tree(files.tree)
    assert {path: dumped.get(path) for path in expected} == expected


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda f: f.write("/nowhere/x", b""), "ENOENT"),
        (lambda f: f.write("/etc/a.conf/x", b""), "ENOTDIR"),
        (lambda f: f.write("/etc", b""), "EISDIR"),
        (lambda f: f.write("/new/", b""), "EISDIR"),
        (lambda f: f.write("/etc/" + "n" * 256, b""), "ENAMETOOLONG"),
        (lambda f: f.write("/proc/x", b""), "ENOENT"),
        (lambda f: f.make_directory("/proc/x", parents=True), "EROFS"),
        (lambda f: f.make_directory("/etc"), "EEXIST"),
        (lambda f: f.make_directory("/etc/a.conf/b", parents=True), "EEXIST"),
        (lambda f: f.make_directory("/no/where"), "ENOENT"),
        (lambda f: f.symlink("x", "/etc/broken"), "EEXIST"),
        (lambda f: f.symlink("", "/etc/new"), "ENOENT"),
        (lambda f: f.link("/etc", "/etc2"), "EPERM"),
        (lambda f: f.link("/nowhere", "/etc2"), "ENOENT"),
        (lambda f: f.remove("/etc"), "EISDIR"),
        (lambda f: f.remove("/nowhere"), "ENOENT"),
        (lambda f: f.remove_directory("/etc"), "ENOTEMPTY"),
        (lambda f: f.remove_directory("/etc/a.conf"), "ENOTDIR"),
        (lambda f: f.rename("/etc", "/etc/sub"), "EINVAL"),
        (lambda f: f.rename("/etc/a.conf", "/var"), "EISDIR"),
        (lambda f: f.rename("/var/lib/empty", "/etc/a.conf"), "ENOTDIR"),
        (lambda f: f.rename("/var/lib/empty", "/etc"), "ENOTEMPTY"),
        (lambda f: f.copy("/etc", "/x"), "EISDIR"),
        (lambda f: f.chmod("/nowhere", 0), "ENOENT"),
        (lambda f: f.chown("/etc/broken", "a", "b"), "ENOENT"),
        (lambda f: f.readlink("/etc"), "EINVAL"),
        (lambda f: f.list("/etc/a.conf"), "ENOTDIR"),
        (lambda f: f.open("/etc/a.conf", exclusive=True), "EEXIST"),
    ],
)
def test_what_the_kernel_refuses(change: Callable[[Files], object], code: str) -> None:
    files = files_of({"proc": "/"} if code == "EROFS" else None)
    before = dump_tree(files.tree)
    with pytest.raises(FilesError) as caught:
        change(files)
    assert caught.value.code == code
    assert str(caught.value).endswith(caught.value.reason)
    assert dump_tree(files.tree) == before


@pytest.mark.parametrize(
    "change",
    [
        lambda f: f.read("/dev/urandom"),
        lambda f: f.write("/dev/tty", b""),
        lambda f: (f.make_directory("/dev"), f.write("/dev/shm", b"")),
        lambda f: f.remove("/", recursive=True),
        lambda f: f.remove("/dev/null"),
        lambda f: f.write("/etc/huge", bytes(65 * 1024 * 1024)),
        lambda f: [f.read("/etc/big") for _ in range(200)],
        lambda f: [f.write(f"/tmp/{n}", b"") for n in range(20_001)],
    ],
)
def test_what_an_image_cannot_answer_for(change: Callable[[Files], object]) -> None:
    tree = small_tree({**TREE, "etc/big": "x" * 6_000_000})
    files = Files(tree, read=read_inline, epoch=EPOCH, package="pkg")
    with pytest.raises(NotUnderstoodError):
        change(files)


def test_a_handle_writes_at_its_own_place_and_follows_its_file() -> None:
    files = files_of()
    first = files.open("/tmp/f", truncate=True)
    first.write(b"abc")
    late = files.open("/tmp/f", append=True)
    late.write(b"DEF")
    first.write(b"x")
    assert files.read("/tmp/f") == b"abcxEF"
    files.rename("/tmp/f", "/tmp/g")
    late.write(b"!")
    assert files.read("/tmp/g") == b"abcxEF!"
    files.rename("/tmp", "/var/t")
    late.write(b"?")
    assert files.read("/var/t/g") == b"abcxEF!?"
    files.remove("/var/t/g")
    late.write(b"lost")
    assert not files.exists("/var/t/g")


def test_walk_does_not_follow_symlinks() -> None:
    files = files_of()
    assert files.walk("/usr") == ("bin", "bin/tool")
    assert files.walk("/bin/") == ("tool",)
    assert files.walk("/var") == ("lib", "lib/empty")
