"""File modes as chmod, mkdir and install take them: octal numbers and symbolic clauses.

Spec: POSIX.1-2017 chmod; the manual of GNU coreutils 9.1, "File permissions".
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from pkg2image.maintscript.failure import NotUnderstoodError

_CLAUSE = re.compile(r"([ugoa]*)((?:[-+=](?:[ugo]|[rwxXst]*))+)\Z")
_ACTION = re.compile(r"([-+=])([ugo]|[rwxXst]*)")
_OCTAL = re.compile(r"[-+=]?[0-7]+\Z")
_WHO = {"u": 0o4700, "g": 0o2070, "o": 0o1007}
_SHIFT = {"u": 6, "g": 3, "o": 0}
_PERMISSIONS = {"r": 0o444, "w": 0o222, "x": 0o111, "s": 0o6000, "t": 0o1000}
_SPECIAL = 0o6000


@dataclass(frozen=True, slots=True)
class Change:
    """A change of a mode.

    Args:
        text: As written, for example ``2755``, ``u+rwX,go=``.
    """

    text: str

    def apply(self, mode: int, *, directory: bool, umask: int) -> int:
        """Return a mode after the change.

        Args:
            mode: Permission bits before.
            directory: Whether they are a directory's, whose setuid and setgid bits a short number leaves alone.
            umask: What clauses without ``ugoa`` leave alone.

        Raises:
            NotUnderstoodError: When the text is no mode.
        """
        if _OCTAL.match(self.text):
            return self._octal(mode, directory=directory)
        for clause in self.text.split(","):
            mode = self._clause(clause, mode, directory=directory, umask=umask)
        return mode

    def _octal(self, mode: int, *, directory: bool) -> int:
        digits = self.text.lstrip("-+=")
        value = int(digits, 8)
        if value > 0o7777:
            raise NotUnderstoodError(f"mode {self.text!r}")
        if self.text[0] in "+-":
            return mode | value if self.text[0] == "+" else mode & ~value
        kept = mode & _SPECIAL if directory and len(digits) < 5 and self.text[0] != "=" else 0
        return value | kept

    def _clause(self, clause: str, mode: int, *, directory: bool, umask: int) -> int:
        match = _CLAUSE.match(clause)
        if match is None:
            raise NotUnderstoodError(f"mode {self.text!r}")
        who, actions = match.groups()
        everyone = not who or "a" in who
        affected = 0o7777 if everyone else sum(_WHO[letter] for letter in set(who))
        for operator, letters in _ACTION.findall(actions):
            value = self._value(letters, mode, directory=directory) & affected
            if not who:
                value &= ~umask
            if operator == "+":
                mode |= value
            elif operator == "-":
                mode &= ~value
            else:
                # A directory keeps setuid and setgid unless they are named.
                kept = mode & _SPECIAL if directory else 0
                mode = (mode & ~affected) | value | (kept & affected)
        return mode

    @staticmethod
    def _value(letters: str, mode: int, *, directory: bool) -> int:
        if letters in _SHIFT:
            copied = mode >> _SHIFT[letters] & 7
            return copied << 6 | copied << 3 | copied
        value = 0
        for letter in letters:
            if letter == "X":
                value |= 0o111 if directory or mode & 0o111 else 0
            else:
                value |= _PERMISSIONS[letter]
        return value
