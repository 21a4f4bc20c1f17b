"""The values of awk and what they mean as number, text, truth and in comparisons.

Spec: POSIX.1-2017 awk, "Expressions in awk".
"""

from __future__ import annotations

import re

from pkg2image.maintscript.failure import NotUnderstoodError

_PREFIX = re.compile(rb"[ \t\n\r\f\v]*([-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?)")
_WHOLE = re.compile(_PREFIX.pattern + rb"[ \t\n\r\f\v]*\Z")
_EXACT = 2**31  # awks differ in how they print larger whole numbers
_DIRECTIVE = re.compile(rb"%([-+ #0]*)([0-9]{0,4})(\.[0-9]{0,4})?(.?)", re.DOTALL)


class Input(bytes):
    """Text that came from outside: it is a number when it looks like one."""

    __slots__ = ()


Value = float | bytes | None
"""None is a variable that was never set: both 0 and the empty text."""


def to_number(value: Value) -> float:
    """Return a value as a number: of text what it starts with."""
    if value is None:
        return 0.0
    if isinstance(value, float):
        return value
    match = _PREFIX.match(value)
    return _float(match[1]) if match else 0.0


def _float(text: bytes) -> float:
    number = float(text)
    if abs(number) > 1e300:
        raise NotUnderstoodError("awk: a number too large")
    return number


def to_text(value: Value) -> bytes:
    """Return a value as text.

    Raises:
        NotUnderstoodError: For whole numbers that awks print differently.
    """
    if value is None:
        return b""
    if isinstance(value, bytes):
        return bytes(value)
    if value == int(value):
        if abs(value) >= _EXACT:
            raise NotUnderstoodError(f"awk: the number {value:.0f}")
        return b"%d" % int(value)
    return b"%.6g" % value


def is_true(value: Value) -> bool:
    """Say whether a value holds as a condition."""
    if isinstance(value, Input) and _WHOLE.match(value):
        return to_number(value) != 0
    if isinstance(value, bytes):
        return value != b""
    return bool(value)


def compare(one: Value, other: Value) -> int:
    """Return the sign of a comparison: by number when both are numbers, else by bytes."""
    if _is_numeric(one) and _is_numeric(other):
        left, right = to_number(one), to_number(other)
        return (left > right) - (left < right)
    text, against = to_text(one), to_text(other)
    return (text > against) - (text < against)


def _is_numeric(value: Value) -> bool:
    if isinstance(value, Input):
        return _WHOLE.match(value) is not None
    return not isinstance(value, bytes)


def formatted(template: bytes, values: list[Value]) -> bytes:
    """Return what ``sprintf`` makes of a template and values.

    Raises:
        NotUnderstoodError: On directives that are not supported, or values that are missing.
    """
    pending = list(reversed(values))

    def expand(match: re.Match[bytes]) -> bytes:
        flags, width, precision, letter = match.groups()
        if letter == b"%":
            return b"%"
        if not pending or letter not in b"sdicxXoufgeEG" or not letter:
            raise NotUnderstoodError(f"awk: the format {template!r}")
        value = pending.pop()
        start = b"%" + flags + width + (precision or b"")
        if letter == b"s":
            return (start + b"s") % to_text(value)
        if letter == b"c":
            text = bytes((int(to_number(value)) % 256,)) if isinstance(value, float) else to_text(value)[:1]
            return (start + b"s") % text
        if letter in b"fgeEG":
            return (start + letter) % to_number(value)
        whole = int(to_number(value))
        if letter in b"xXou" and whole < 0:
            raise NotUnderstoodError("awk: a negative number as unsigned")
        return (start + (b"d" if letter in b"diu" else letter)) % whole

    return _DIRECTIVE.sub(expand, template)
