"""Images of a few files with what they say about reasons, as they are read; and accounts without any image."""

from __future__ import annotations

from pathlib import Path

from pkg2image.digest import sha256
from pkg2image.image.account import Account, Part, Sort
from pkg2image.image.inside import Inside
from pkg2image.image.read import ImageContents, LayerContents
from pkg2image.image.reasons import Kept, Left, Reasons
from pkg2image.image.scan import FileInfo, Scan
from pkg2image.rootfs.tree import Kind

_NONE = sha256(b"")


def info(path: str, size: int = 0, kind: Kind = Kind.FILE, target: str = "") -> FileInfo:
    """Return a member of a layer."""
    return FileInfo(path, kind, 0o644, 0, 0, 0, size, target)


def contents(
    *files: FileInfo,
    lists: dict[str, str] | None = None,
    packages: dict[str, str] | None = None,
    reasons: Reasons | None = None,
) -> ImageContents:
    """Return an image of one layer.

    Args:
        files: What is in it.
        lists: Package -> its list in dpkg's database.
        packages: Package -> why it is in the plan.
        reasons: What the image says about files.
    """
    captured = {f"var/lib/dpkg/info/{name}.list": text.encode() for name, text in (lists or {}).items()}
    scan = Scan("gzip", _NONE, 1000, _NONE, None, 3000, files, captured)
    inside = Inside(
        packages=tuple({"name": name, "reason": reason} for name, reason in (packages or {}).items()), reasons=reasons
    )
    return ImageContents(
        format="oci",
        path=Path("image.tar"),
        digest=_NONE,
        size=1000,
        reference="app:latest",
        config={},
        manifest={},
        layers=(LayerContents("", "app", scan),),
        files=files,
        inside=inside,
    )


SLIM = contents(
    info("bin", kind=Kind.SYMLINK, target="usr/bin"),
    info("usr/bin", kind=Kind.DIRECTORY),
    info("usr/bin/app", 5000),
    info("usr/lib/libx.so.1", kind=Kind.SYMLINK, target="libx.so.1.2"),
    info("usr/lib/libx.so.1.2", 90_000),
    info("usr/share/pkg2image/reasons.json", 70),
    lists={"app": "/.\n/bin\n/bin/app\n", "libx1:amd64": "/usr/lib/libx.so.1\n/usr/lib/libx.so.1.2\n/usr/lib/gone\n"},
    packages={"app": "requested as app", "libx1": "app Depends libx1"},
    reasons=Reasons(
        slim=True,
        kept={
            "bin": Kept("", "is in every image"),
            "usr/bin/app": Kept("", "is started as app"),
            "usr/lib/libx.so.1": Kept("usr/bin/app", "is linked with libx.so.1"),
            "usr/lib/libx.so.1.2": Kept("usr/bin/app", "is linked with libx.so.1"),
        },
        left_out=(
            Left("usr/share/man/man1/app.1.gz", 300, "app", "manual pages", "closure"),
            Left("usr/include/app.h", 20, "app", "development files", "slim"),
            Left("usr/include/x.h", 4000, "libx1", "development files", "slim"),
            Left("usr/lib/gone", 1, "libx1", "not reached", "slim"),
        ),
    ),
)
"""A slim image of a program and a library."""


def account(*parts: tuple[str, int, str], left_out: tuple[Left, ...] = ()) -> Account:
    """Return an account of paths with sizes and packages, all of which belong to the application."""
    found = [Part(path, size, package, (f"{package} is wanted",), Sort.APPLICATION) for path, size, package in parts]
    return Account("app:latest", slim=True, parts=tuple(found), left_out=left_out)
