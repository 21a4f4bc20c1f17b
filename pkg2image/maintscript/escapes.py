r"""Backslash escapes and formats of ``echo`` and ``printf``.

Spec: POSIX.1-2017 XCU echo (XSI), printf; ``\e`` and octal numbers without leading zero as in dash.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from pkg2image.maintscript.failure import NotUnderstoodError

_SIMPLE = {
    "\\": b"\\",
    "a": b"\a",
    "b": b"\b",
    "e": b"\x1b",
    "f": b"\f",
    "n": b"\n",
    "r": b"\r",
    "t": b"\t",
    "v": b"\v",
}
_ESCAPE = re.compile(r"\\(?:(?P<zero>0[0-7]{0,3})|(?P<octal>[0-7]{1,3})|(?P<char>.)|$)", re.DOTALL)
_FORMAT_ESCAPE = re.compile(r"\\(?:(?P<octal>[0-7]{1,3})|(?P<char>.)|$)", re.DOTALL)
_CONVERSION = re.compile(r"%(?P<flags>[-+ #0]*)(?P<width>\d+|\*)?(?:\.(?P<precision>\d+|\*)?)?(?P<type>.)?", re.DOTALL)
_MAX_WIDTH = 65536
_HIGH = 1 << 63


def encoded(text: str) -> bytes:
    """Return text as the bytes it came from."""
    return text.encode("utf-8", "surrogateescape")


def unescape(text: str) -> tuple[bytes, bool]:
    r"""Resolve the escapes of ``echo`` and ``%b``.

    Returns:
        The bytes, and whether ``\c`` says that nothing more is to be printed.
    """
    if "\\" not in text:
        return encoded(text), False
    found = []
    at = 0
    for match in _ESCAPE.finditer(text):
        found.append(encoded(text[at : match.start()]))
        if match["char"] == "c":
            return b"".join(found), True
        found.append(_resolved(match, match["zero"] or match["octal"]))
        at = match.end()
    return b"".join((*found, encoded(text[at:]))), False


def _resolved(match: re.Match[str], octal: str | None) -> bytes:
    if octal is not None:
        return bytes([int(octal, 8) & 0xFF])
    char = match["char"]
    return _SIMPLE.get(char, encoded(match[0])) if char is not None else b"\\"


class Format:
    """One use of ``printf``.

    Args:
        template: Its first argument.
        arguments: The others.
        complain: Takes what is wrong with an argument.
    """

    def __init__(self, template: str, arguments: tuple[str, ...], complain: Callable[[str], None]) -> None:
        self._template = template
        self._arguments = list(reversed(arguments))
        self._complain = complain
        self._taken = False
        self.failed = False
        """Whether an argument was no number."""

    def render(self) -> Iterator[bytes]:
        """Yield what is printed; the template is used again as long as it takes arguments and there are any."""
        while True:
            self._taken = False
            at = 0
            while at < len(self._template):
                piece, at, stop = self._piece(at)
                yield piece
                if stop:
                    return
            if not self._arguments or not self._taken:
                return

    def _piece(self, at: int) -> tuple[bytes, int, bool]:
        template = self._template
        if template[at] == "\\" and (escape := _FORMAT_ESCAPE.match(template, at)):
            return _resolved(escape, escape["octal"]), escape.end(), False
        if template[at] == "%" and (conversion := _CONVERSION.match(template, at)):
            data, stop = self._converted(conversion)
            return data, conversion.end(), stop
        end = re.compile(r"[^%\\]+").match(template, at)
        return encoded(end[0] if end else template[at]), end.end() if end else at + 1, False

    def _next(self) -> str | None:
        self._taken = True
        return self._arguments.pop() if self._arguments else None

    def _number(self, text: str | None) -> int:
        """Return an argument as a number, as strtoimax reads it."""
        if text is None:
            return 0
        if text[:1] in {"'", '"'}:
            return encoded(text[1:2] or "\0")[0]
        match = re.match(r"\s*([-+]?)(0[xX][0-9a-fA-F]+|[0-9]+)", text, re.ASCII)
        if match is None or match.end() != len(text):
            self.failed = True
            self._complain(f"{text}: {'not completely converted' if match else 'expected numeric value'}")
        if match is None:
            return 0
        digits = match[2][:40]
        if digits[:2] in {"0x", "0X"}:
            value = int(digits, 16)
        elif digits.startswith("0"):
            octal = re.match(r"[0-7]+", digits)
            value = int(octal[0], 8) if octal else 0
            if octal and octal.end() != len(digits) and not self.failed:
                self.failed = True
                self._complain(f"{text}: not completely converted")
        else:
            value = int(digits)
        value = -value if match[1] == "-" else value
        if not -_HIGH <= value < _HIGH:
            self.failed = True
            self._complain(f"{text}: Numerical result out of range")
        return max(-_HIGH, min(value, _HIGH - 1))

    def _size(self, text: str | None) -> int | None:
        if text is None:
            return None
        number = self._number(self._next()) if text == "*" else int(text[:10])
        if abs(number) > _MAX_WIDTH:
            raise NotUnderstoodError(f"printf with a width of {number}")
        return number

    def _converted(self, conversion: re.Match[str]) -> tuple[bytes, bool]:
        kind = conversion["type"] or ""
        if kind == "%" and conversion[0] == "%%":
            return b"%", False
        flags = conversion["flags"]
        width = self._size(conversion["width"]) or 0
        if width < 0:
            flags, width = f"{flags}-", -width
        precision = self._size(conversion["precision"])
        if precision is None and "." in conversion[0]:
            precision = 0
        if precision is not None and precision < 0:
            precision = None
        if kind in {"s", "b", "c"}:
            return self._string(kind, flags, width, precision)
        if kind in {"d", "i", "o", "u", "x", "X"}:
            return self._integer(kind, flags, width, precision), False
        raise NotUnderstoodError(f"printf {conversion[0]}")

    def _string(self, kind: str, flags: str, width: int, precision: int | None) -> tuple[bytes, bool]:
        text = self._next() or ""
        data, stop = unescape(text) if kind == "b" else (encoded(text), False)
        if kind == "c":
            data = data[:1] or b"\0"
        elif precision is not None:
            data = data[:precision]
        return (data.ljust(width) if "-" in flags else data.rjust(width)), stop

    def _integer(self, kind: str, flags: str, width: int, precision: int | None) -> bytes:
        value = self._number(self._next())
        if kind not in {"d", "i"} and value < 0:
            value += 1 << 64
        sign = "-" if value < 0 else ""
        if kind in {"d", "i"} and not sign:
            sign = "+" if "+" in flags else " " if " " in flags else ""
        digits = format(abs(value), {"i": "d", "u": "d"}.get(kind, kind))
        if precision is not None:
            digits = "" if precision == 0 and value == 0 else digits.rjust(precision, "0")
        if "#" in flags and value and kind in {"x", "X"}:
            sign += f"0{kind}"
        if "#" in flags and kind == "o" and not digits.startswith("0"):
            digits = f"0{digits}"
        if "0" in flags and "-" not in flags and precision is None:
            digits = digits.rjust(width - len(sign), "0")
        text = sign + digits
        return encoded(text.ljust(width) if "-" in flags else text.rjust(width))
