"""Whether the tables of character sets are of use in an image."""

from __future__ import annotations

import pytest

from pkg2image.analysis.charsets import converts
from pkg2image.deb.facts import ElfFacts
from pkg2image.digest import sha256
from pkg2image.rootfs.tree import Tree
from pkg2image.rootfs.unpack import unpack
from tests.support.debs import reg
from tests.support.trees import Shelf


@pytest.mark.parametrize(
    ("path", "imports", "answer"),
    [
        ("usr/bin/plain", ("mbrtowc", "setlocale"), False),
        ("usr/bin/caller", ("iconv", "iconv_open"), True),
        ("usr/lib/x86_64-linux-gnu/libxml2.so.2", ("iconv_open",), True),
        ("usr/lib/x86_64-linux-gnu/libstdc++.so.6.0.30", ("iconv_open",), False),
        ("usr/lib/locale/C.utf8/LC_CTYPE", (), False),
        ("usr/lib/locale/locale-archive", (), True),
        ("usr/lib/locale/de_DE/LC_CTYPE", (), True),
    ],
)
def test_who_converts(path: str, imports: tuple[str, ...], answer: bool) -> None:  # noqa: FBT001
    tree = unpack(Tree(), [Shelf().deb("sample", reg(path, b"program"))])
    elves = {sha256(b"program").hex: ElfFacts(64, True, 62, 3, imports=imports)}
    assert converts(tree, elves) is answer
