"""Whether anything in an image converts between character sets, which the C library brings megabytes of tables for.

ASCII and UTF-8 need none of them. Every other conversion begins with ``iconv_open``, or with a locale that is neither.

Spec: iconv_open(3); setlocale(3).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from pkg2image.deb.facts import ElfFacts
from pkg2image.rootfs.tree import Tree

# The C++ library converts for programs that name a character set to an extension of its own, which none in Debian
# does without calling iconv itself.
_ON_BEHALF = re.compile(r"usr/lib/(?:[^/]+/)?libstdc\+\+\.so\.6[0-9.]*")
_LOCALES = "usr/lib/locale"
_WITHOUT_TABLES = frozenset({"C.utf8", "C.UTF-8"})


def converts(tree: Tree, elves: Mapping[str, ElfFacts]) -> bool:
    """Say whether a program or library converts character sets, or a locale lets the C library do it.

    Args:
        tree: The root filesystem.
        elves: What is known of ELF files by the SHA-256 of their content.
    """
    if any(name.rpartition("/")[2] not in _WITHOUT_TABLES for name in tree.children(_LOCALES)):
        return True
    for path, entry in tree.walk():
        facts = elves.get(entry.content.sha256) if entry.content else None
        if facts is not None and "iconv_open" in facts.imports and _ON_BEHALF.fullmatch(path) is None:
            return True
    return False
