"""What every path of a root directory is, as JSON; standard library only, because mmdebstrap runs it as a hook.

    python benchmarks/rootsnapshot.py ROOT OUTPUT.json [PATH...]

Of each PATH the bytes are kept too.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

MOUNTED = ("/dev", "/proc", "/sys")
"""What is below these is not of the root directory."""

_LETTERS = {stat.S_IFDIR: "d", stat.S_IFREG: "f", stat.S_IFLNK: "l"}
_ACCOUNTS = ("passwd", "group", "shadow", "gshadow")
_STATUS = "var/lib/dpkg/status"


def names(root: Path, file: str) -> dict[str, str]:
    """Return number -> name of ``passwd`` or ``group``; of two names the first counts."""
    found: dict[str, str] = {}
    for line in _text(root, f"etc/{file}").splitlines():
        name, _, number = line.split(":")[:3]
        found.setdefault(number, name)
    return found


def entries(root: Path) -> Iterator[tuple[str, list[str]]]:
    """Yield absolute path -> letter, mode, uid, gid, target, SHA-256, attributes; of a link only the target counts."""
    for parent, directories, files in os.walk(root):
        here = f"/{Path(parent).relative_to(root)}".rstrip(".")
        if here in MOUNTED:
            directories.clear()
            continue
        for name in sorted(directories + files):
            place = Path(parent, name)
            path = f"{here.rstrip('/')}/{name}"
            status = place.lstat()
            letter = _LETTERS.get(stat.S_IFMT(status.st_mode), "?")
            if letter == "l":
                yield path, [letter, "", "", "", str(place.readlink()), "", ""]
                continue
            mode = f"{stat.S_IMODE(status.st_mode):o}"
            content = hashlib.sha256(place.read_bytes()).hexdigest() if letter == "f" else ""
            attributes = {key: os.getxattr(place, key).hex() for key in sorted(os.listxattr(place))}
            xattrs = " ".join(f"{key}={value}" for key, value in attributes.items())
            yield path, [letter, mode, str(status.st_uid), str(status.st_gid), "", content, xattrs]


def _text(root: Path, path: str) -> str:
    place = root / path
    return place.read_text(errors="surrogateescape") if place.exists() else ""


def main() -> None:
    root, output = Path(sys.argv[1]), Path(sys.argv[2])
    users, groups = names(root, "passwd"), names(root, "group")
    found = {}
    for path, (letter, mode, uid, gid, *others) in entries(root):
        found[path] = [letter, mode, users.get(uid, uid), groups.get(gid, gid), *others]
    accounts = {file: _text(root, f"etc/{file}") for file in _ACCOUNTS}
    kept = {path: base64.b64encode((root / path[1:]).read_bytes()).decode() for path in sys.argv[3:] if path in found}
    snapshot = {"paths": found, "accounts": accounts, "status": _text(root, _STATUS), "kept": kept}
    output.write_text(json.dumps(snapshot))


if __name__ == "__main__":
    main()
