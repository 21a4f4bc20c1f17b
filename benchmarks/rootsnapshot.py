"""What every path of a root directory is, as JSON; standard library only, because mmdebstrap runs it as a hook.

python benchmarks/rootsnapshot.py ROOT OUTPUT.json
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

_NOT_OURS = ("/proc/", "/sys/", "/dev/", "/var/cache/apt/", "/var/lib/apt/")
_LETTERS = {stat.S_IFDIR: "d", stat.S_IFREG: "f", stat.S_IFLNK: "l"}


def names(root: Path, file: str) -> dict[int, str]:
    """Return number -> name of ``passwd`` or ``group``; of two names the first counts."""
    found: dict[int, str] = {}
    for line in (root / "etc" / file).read_text().splitlines():
        name, _, number = line.split(":")[:3]
        found.setdefault(int(number), name)
    return found


def entries(root: Path) -> Iterator[tuple[str, list[str]]]:
    """Yield absolute path -> letter, mode, uid, gid, target, SHA-256; of a link only the target counts."""
    for parent, directories, files in os.walk(root):
        for name in sorted(directories + files):
            place = Path(parent, name)
            path = f"/{place.relative_to(root)}"
            if path.startswith(_NOT_OURS):
                continue
            status = place.lstat()
            letter = _LETTERS.get(stat.S_IFMT(status.st_mode), "?")
            if letter == "l":
                yield path, [letter, "", "", "", str(place.readlink()), ""]
                continue
            mode = f"{stat.S_IMODE(status.st_mode):o}"
            content = hashlib.sha256(place.read_bytes()).hexdigest() if letter == "f" else ""
            yield path, [letter, mode, str(status.st_uid), str(status.st_gid), "", content]


def main() -> None:
    root, output = Path(sys.argv[1]), Path(sys.argv[2])
    users, groups = (names(root, file) if (root / "etc" / file).exists() else {} for file in ("passwd", "group"))
    found = {}
    for path, (letter, mode, uid, gid, target, content) in entries(root):
        user, group = (
            table.get(int(number), number) if number else "" for table, number in ((users, uid), (groups, gid))
        )
        found[path] = [letter, mode, user, group, target, content]
    accounts = {
        file: (root / "etc" / file).read_text() for file in ("passwd", "group") if (root / "etc" / file).exists()
    }
    output.write_text(json.dumps({"paths": found, "accounts": accounts}))


if __name__ == "__main__":
    main()
