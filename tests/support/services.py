"""Trees with services, written as paths and texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pkg2image.analysis.runtime import Inferred, infer
from pkg2image.analysis.units import Unit, find_units
from pkg2image.rootfs.tree import Content, Entry, InlineContent, Kind, Tree, inline, parent_of
from tests.support.trees import Shelf

PASSWD = (
    "root:x:0:0::/root:/bin/sh\nnobody:x:65534:65534::/nonexistent:/bin/false\nhello:x:101:102::/var/lib/hello:/x\n"
)
GROUP = "root:x:0:\nnogroup:x:65534:\nhello:x:102:\nfriends:x:103:\n"
UNITS = "usr/lib/systemd/system"


def read(content: Content) -> bytes:
    """Return the bytes of a content made for a test."""
    assert isinstance(content, InlineContent)
    return content.data


def text(data: str, package: str = "hello", **fields: object) -> Entry:
    """Return a text file of a package."""
    return Entry(Kind.FILE, 0o644, content=inline(data.encode()), package=package, **fields)  # type: ignore[arg-type]


def program(package: str = "hello") -> Entry:
    """Return a program of a package."""
    return Entry(Kind.FILE, 0o755, content=inline(b"\x7fELF"), package=package)


def link(target: str, package: str = "hello") -> Entry:
    """Return a symlink of a package."""
    return Entry(Kind.SYMLINK, 0o777, target=target, package=package)


def folder(user: str = "root", group: str = "root", mode: int = 0o755, package: str = "hello") -> Entry:
    """Return a directory of a package."""
    return Entry(Kind.DIRECTORY, mode, user=user, group=group, package=package)


def service_tree(entries: Mapping[str, Entry | str]) -> Tree:
    """Return a tree with accounts and these files; a text is a file of the package ``hello``."""
    tree = Tree()
    for path, what in {"etc/passwd": PASSWD, "etc/group": GROUP, **entries}.items():
        tree.make_directories(parent_of(path))
        tree.put(path, text(what) if isinstance(what, str) else what)
    return tree


def unit_of(body: str, name: str = "hello.service") -> Unit:
    """Return a unit that has only a ``[Service]`` section."""
    found = find_units(service_tree({f"{UNITS}/{name}": f"[Service]\n{body}\n"}), read).named(name)
    assert found is not None
    return found


def inferred(
    entries: Mapping[str, Entry | str],
    roots: Sequence[str] = ("hello",),
    edges: Mapping[str, Sequence[str]] | None = None,
    sources: Mapping[str, str] | None = None,
) -> Inferred:
    """Infer how a tree is started.

    Args:
        entries: As of `service_tree`.
        roots: The requested packages.
        edges: Package -> packages it depends on.
        sources: Package -> its source, where that has another name.
    """
    shelf = Shelf()
    known = dict.fromkeys((*roots, *(name for names in (edges or {}).values() for name in names)))
    debs = [shelf.deb(name, fields={"Source": (sources or {}).get(name, name)}) for name in known]
    return infer(service_tree(entries), debs, roots=roots, edges=edges or {}, read=read)
