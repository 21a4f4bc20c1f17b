"""Real dpkg as an oracle: what it makes of packages in a root directory of a test."""

from __future__ import annotations

import os
import stat
import subprocess
from collections.abc import Sequence
from pathlib import Path

from pkg2image.deb.facts import FetchedDeb
from pkg2image.rootfs.aliases import ALIASES
from pkg2image.rootfs.tree import Kind, Tree
from tests.support.trees import Shelf

LIMIT = 60
"""Seconds for one call; dpkg has hung on strange packages."""

_FORCE = "depends,conflicts,breaks,bad-path,unsafe-io,architecture"


def dpkg(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run dpkg on a root directory, if need be under fakeroot."""
    command = ["dpkg", f"--root={root}", f"--force-{_FORCE}", "--no-triggers", "--log=/dev/null", *arguments]
    fakeroot = [] if os.geteuid() == 0 else ["fakeroot"]
    return subprocess.run(
        [*fakeroot, *command], capture_output=True, text=True, timeout=LIMIT, check=False, errors="replace"
    )


def empty_root(root: Path) -> Path:
    """Make a root directory with merged /usr and no packages."""
    for name in ("updates", "info", "triggers"):
        (root / "var/lib/dpkg" / name).mkdir(parents=True)
    (root / "var/lib/dpkg/status").touch()
    (root / "var/lib/dpkg/arch").write_text("amd64\ni386\n")
    for name in ALIASES:
        (root / "usr" / name).mkdir(parents=True)
        (root / name).symlink_to(f"usr/{name}")
    return root


def unpack_with_dpkg(root: Path, shelf: Shelf, debs: Sequence[FetchedDeb]) -> bool:
    """Unpack packages in order and say whether there was no conflict."""
    files = [root.parent / f"{number}.deb" for number in range(len(debs))]
    for file, deb in zip(files, debs, strict=True):
        file.write_bytes(shelf.files[deb.package.name, deb.package.architecture])
    done = dpkg(root, "--unpack", *map(str, files))
    assert done.returncode == 0 or "trying to overwrite" in done.stderr, done.stderr
    return done.returncode == 0


def listing(root: Path) -> dict[str, str]:
    """Return path -> kind, mode and content of everything but dpkg's database."""
    found = {}
    for top, directories, names in os.walk(root):
        for name in (*directories, *names):
            path = Path(top, name)
            relative = str(path.relative_to(root))
            if not f"{relative}/".startswith("var/"):
                # Conffiles get their names when they are configured.
                found[relative.removesuffix(".dpkg-new")] = _describe(path)
    return found


def _describe(path: Path) -> str:
    status = path.lstat()
    mode = stat.S_IMODE(status.st_mode)
    if stat.S_ISLNK(status.st_mode):
        return f"symlink {path.readlink()}"
    if stat.S_ISREG(status.st_mode):
        return f"file {mode:04o} {status.st_nlink} {int(status.st_mtime)} {path.read_bytes()!r}"
    return f"{'directory' if path.is_dir() else 'fifo'} {mode:04o}"


def tree_listing(tree: Tree, shelf: Shelf) -> dict[str, str]:
    """Return a tree in the form of `listing`."""
    entries = dict(tree.walk())
    inodes = [entry.inode for entry in entries.values()]

    def line(path: str) -> str:
        entry = entries[path]
        if entry.kind is Kind.SYMLINK:
            return f"symlink {entry.target}"
        if entry.content is not None:
            links = inodes.count(entry.inode) if entry.inode else 1
            return f"file {entry.mode:04o} {links} {entry.mtime} {shelf.read(entry.content)!r}"
        return f"{entry.kind} {entry.mode:04o}"

    return {path: line(path) for path in entries if not f"{path}/".startswith("var/")}
