"""The words of awk programs.

Spec: POSIX.1-2017 awk, "Lexical Conventions".
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from pkg2image.maintscript.failure import NotUnderstoodError

_TOKEN = re.compile(
    r"""(?P<skip>[ \t]+|\\\n|\#[^\n]*)
    |(?P<newline>\n)
    |(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?)
    |(?P<string>"(?:[^"\\\n]|\\.)*")
    |(?P<name>[A-Za-z_][A-Za-z0-9_]*)
    |(?P<operator>\+\+|--|&&|\|\||[-+*/%^=!<>]=|!~|[-{}()\[\];,+*/%^!><|?:~$=])""",
    re.VERBOSE | re.DOTALL,
)
_REGEX = re.compile(r"/((?:[^/\\\n\[]|\\.|\[\^?\]?(?:\[:[a-z]+:\]|\\.|[^\]\n])*\])+)/", re.DOTALL)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", '"': '"', "/": "/", "a": "\a", "f": "\f", "v": "\v", "b": "\b"}
_RULES = ("BEGIN", "END", "function", "func")
_STATEMENTS = ("if", "else", "while", "for", "do", "next", "exit", "break", "continue", "delete", "return")
KEYWORDS = frozenset((*_RULES, *_STATEMENTS, "in", "print", "printf", "getline"))


@dataclass(frozen=True, slots=True)
class Token:
    """A token.

    Args:
        kind: ``newline``, ``number``, ``string``, ``name``, ``operator``, ``regex`` or ``end``.
        text: As written; of a regular expression what is between the slashes.
    """

    kind: str
    text: str


def unescaped(text: str) -> bytes:
    """Return the value of text with the escapes of strings."""

    def plain(match: re.Match[str]) -> str:
        hexadecimal, letter = match.groups()
        if hexadecimal:
            return chr(int(hexadecimal[1:], 16))
        if letter not in _ESCAPES and letter not in {"&", "."}:
            raise NotUnderstoodError(f"awk: {match[0]} in a string")
        return _ESCAPES.get(letter, match[0])

    # How many digits a hexadecimal escape has is not the same everywhere, unless nothing like one follows.
    return re.sub(r"\\(?:(x[0-9A-Fa-f]{2}(?![0-9A-Fa-f]))|(.))", plain, text, flags=re.DOTALL).encode("latin-1")


def tokens_of(text: str) -> list[Token]:
    """Return the tokens of a program; whether a slash starts a regular expression depends on what is before it."""
    tokens: list[Token] = []
    at = 0
    while at < len(text):
        operand = bool(tokens) and (
            tokens[-1].kind in {"number", "string"}
            or tokens[-1].text in {")", "]", "$", "++", "--"}
            or (tokens[-1].kind == "name" and tokens[-1].text not in KEYWORDS)
        )
        match = None if operand else _REGEX.match(text, at)
        if match is not None:
            tokens.append(Token("regex", match[1]))
        else:
            match = _TOKEN.match(text, at)
            if match is None or match.lastgroup is None:
                raise NotUnderstoodError(f"awk: {text[at : at + 20]!r}")
            if match.lastgroup != "skip":
                tokens.append(Token(match.lastgroup, match[0]))
        at = match.end()
    return tokens
