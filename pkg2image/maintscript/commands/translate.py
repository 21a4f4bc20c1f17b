"""``tr``.

Spec: POSIX.1-2017 tr; the manual of GNU coreutils 9.1.
"""

from __future__ import annotations

import string
from collections.abc import Mapping

from pkg2image.maintscript.commands.octets import octets
from pkg2image.maintscript.commands.options import Grammar
from pkg2image.maintscript.failure import NotUnderstoodError
from pkg2image.maintscript.session import Command, Invocation

_GRAMMAR = Grammar(
    "dscCt",
    {"delete": "d", "squeeze-repeats": "s", "complement": "c", "truncate-set1": "t"},
    permute=False,
)
_ESCAPES = {"a": 7, "b": 8, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11, "\\": 92}
_CLASSES = {
    "alpha": string.ascii_uppercase + string.ascii_lowercase,
    "digit": string.digits,
    "alnum": string.digits + string.ascii_uppercase + string.ascii_lowercase,
    "upper": string.ascii_uppercase,
    "lower": string.ascii_lowercase,
    "space": "\t\n\v\f\r ",
    "blank": "\t ",
    "punct": "".join(sorted(string.punctuation)),
    "print": "".join(map(chr, range(32, 127))),
    "graph": "".join(map(chr, range(33, 127))),
    "cntrl": "".join(map(chr, (*range(32), 127))),
    "xdigit": "0123456789ABCDEFabcdef",
}


def tr(invocation: Invocation) -> int:
    """``tr [-c] [-d] [-s] set1 [set2]``."""
    options = _GRAMMAR.parse(invocation.arguments)
    delete, squeeze = "d" in options, "s" in options
    needed = {(False, False): (2,), (False, True): (1, 2), (True, False): (1,), (True, True): (2,)}[delete, squeeze]
    if len(options.operands) not in needed:
        raise NotUnderstoodError(f"tr with {len(options.operands)} sets")
    first, *rest = (_Set(octets(operand).decode("latin-1")) for operand in options.operands)
    second = rest[0] if rest else None
    source = first.values
    if "c" in options or "C" in options:
        source = [byte for byte in range(256) if byte not in frozenset(source)]
    data = invocation.stdin
    if delete:
        data = data.translate(None, bytes(source))
    elif second is not None:
        data = data.translate(_table(source, first, second, complement="c" in options, truncate="t" in options))
    if squeeze:
        data = _squeezed(data, frozenset(source if second is None else second.values))
    invocation.stdout.write(data)
    return 0


def _table(source: list[int], first: _Set, second: _Set, *, complement: bool, truncate: bool) -> bytes:
    target = second.values
    if not target:
        raise NotUnderstoodError("tr with an empty second set")
    cases = [name for name in second.classes if name in {"upper", "lower"}]
    if second.classes and (complement or cases != second.classes or len(first.classes) != len(second.classes)):
        raise NotUnderstoodError("tr: classes in the second set other than upper and lower")
    if complement and len(set(target)) > 1:
        raise NotUnderstoodError("tr -c to more than one character")
    if second.classes and (first.text, second.text) not in {
        (f"[:{one}:]", f"[:{other}:]") for one in ("upper", "lower") for other in ("upper", "lower")
    }:
        raise NotUnderstoodError("tr: classes between other characters")
    if not truncate:
        target = target + target[-1:] * (len(source) - len(target))
    table = bytearray(range(256))
    for old, new in zip(source, target, strict=False):
        table[old] = new
    return bytes(table)


def _squeezed(data: bytes, values: frozenset[int]) -> bytes:
    result = bytearray()
    for byte in data:
        if byte not in values or not result or result[-1] != byte:
            result.append(byte)
    return bytes(result)


class _Set:
    """A set of tr as it is written: bytes in order, and the classes that were named."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.classes: list[str] = []
        self.values: list[int] = []
        self._at = 0
        while self._at < len(text):
            self._item()

    def _item(self) -> None:
        if self.text.startswith("[:", self._at) and (end := self.text.find(":]", self._at)) > 0:
            name = self.text[self._at + 2 : end]
            if name not in _CLASSES:
                raise NotUnderstoodError(f"tr: class {name!r}")
            self.classes.append(name)
            self.values += _CLASSES[name].encode("ascii")
            self._at = end + 2
            return
        if self.text.startswith("[", self._at) and self.text[self._at + 2 : self._at + 3] in {"*", "="}:
            raise NotUnderstoodError(f"tr: set {self.text!r}")
        if self.text.startswith("[=", self._at):
            raise NotUnderstoodError(f"tr: set {self.text!r}")
        low = self._character()
        if self.text.startswith("-", self._at) and self._at + 1 < len(self.text):
            self._at += 1
            high = self._character()
            if high < low:
                raise NotUnderstoodError(f"tr: set {self.text!r}")
            self.values += range(low, high + 1)
        else:
            self.values.append(low)

    def _character(self) -> int:
        character = self.text[self._at]
        self._at += 1
        if character != "\\" or self._at == len(self.text):
            return ord(character)
        digits = ""
        while len(digits) < 3 and self.text[self._at : self._at + 1] in set("01234567") and int(digits or "0", 8) < 32:
            digits += self.text[self._at]
            self._at += 1
        if digits:
            return int(digits, 8)
        following = self.text[self._at]
        self._at += 1
        if following.isalnum() and following not in _ESCAPES:
            raise NotUnderstoodError(f"tr: \\{following}")
        return _ESCAPES.get(following, ord(following))


COMMANDS: Mapping[str, Command] = {"tr": tr}
