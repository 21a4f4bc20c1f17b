"""What a Perl file loads and names, as words that can be kept: judged by its bytes alone.

Perl can be parsed by perl only, so that statements are searched for, outside of documentation and comments of a whole
line. What stands in a string and looks like a statement counts: Perl programs have others in their strings.

Spec: perlfunc ``use``, ``require``, ``do``; perlpod; parent, base, XSLoader, AutoLoader.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import StrEnum
from itertools import islice

_MOST = 4000  # findings of one kind in one file; a longer table is data

_POD = re.compile(r"^=[a-zA-Z].*?(?:^=cut\b[^\n]*$|\Z)", re.MULTILINE | re.DOTALL)
_COMMENT = re.compile(r"^[ \t]*#[^\n]*$", re.MULTILINE)
_END = re.compile(r"^__(?:END|DATA)__$", re.MULTILINE)
_NAME = r"[A-Za-z_]\w*(?:(?:::|')[A-Za-z_]\w*)*"
_LOADED = re.compile(
    rf"\b(?:use|no|require|autouse|aliased|load|load_class|load_module|use_module|require_module|use_package_optimistically"
    rf"|use_ok|loadplugin)[ \t\n]*\(?[ \t\n]*[\"']?({_NAME})(?![\w/])",
    re.ASCII,
)
_PARENT = re.compile(
    r"\b(?:use[ \t\n]+(?:parent|base|fields|if|maybe|autouse|aliased|Mojo::Base)\b"
    r"|(?:extends|with)(?=[ \t\n(]*(?:qw|[\"'])))"
    r"([^;]{1,2000});|@ISA[ \t\n]*(?:=|,)([^;]{1,2000});",
    re.ASCII,
)
_FILE = re.compile(r"\b(?:require|do)[ \t\n]*\(?[ \t\n]*[\"']([\w./+-]+\.p[lmh])[\"']", re.ASCII)
_FILE_MADE = re.compile(r"\b(?:require|do)[ \t\n]*\(?[ \t\n]*\"([\w./+-]*)[$@]", re.ASCII)
_NAME_MADE = re.compile(r"[\"'({{]((?:[A-Za-z]\w*::)+)(?:[\"'][ \t]*\.|[$@])", re.ASCII)
_ANY = re.compile(
    r"\b(?:require|load|load_class|load_module|use_module|require_module)[ \t\n]*\(?[ \t\n]*\$"
    r"|\beval[ \t\n]*\(?[ \t\n]*(?:qq?.[ \t\n]*|[\"'])?(?:require|use)[ \t\n]+[\"']?[$.]"
    r"|[\"'{](?:use|require)[ \t]+(?:[\"']|[$@])"
    r"|\bModule::(?:Pluggable|Find|Implementation)\b|\buseall\b|\bfindallmod\b",
)
_CONSTANT = re.compile(r"(?:^|[\"'( \t=,\[{])([A-Z_a-z]\w*(?:::\w+)+)(?=[\"'\s,;)\]}]|->)", re.ASCII | re.MULTILINE)
_WORD = re.compile(r"[A-Z_a-z]\w*(?:::\w+)*", re.ASCII)

# What perl itself loads for a file: names of characters, and layers of files.
_CHARACTER = re.compile(r"\\N\{[ \t]*(?!U\+)[A-Za-z]|\\p\{[ \t]*na(?:me)?[ \t]*[=:]")
_LAYER = re.compile(r":encoding\b|\buse[ \t]+open\b|\buse[ \t]+encoding\b")
_ANY_ENCODING = re.compile(
    r"charset|iso-?2022|euc-?(?:jp|kr|tw|cn)|shift.?jis|sjis|big-?5|gb-?(?:k\b|2312|18030)|Encode::Guess"
    r"|:encoding\([ \t]*[$@]|\b(?:decode|encode|find_encoding|from_to)[ \t]*\([ \t]*\$",
    re.IGNORECASE,
)


class Kind(StrEnum):
    """What a finding says of its file; the value after it is in brackets."""

    MODULE = "module"  # [name] that is loaded
    FILE = "file"  # [path] of a file that is loaded, below a place of modules or beside its own
    BEGIN = "begin"  # [path] with which the paths of files begin that are put together
    ANY = "any"  # modules that nobody can tell by reading
    PARENT = "parent"  # [name] of a class, among other words
    NAME = "name"  # [name] that may be that of a module
    ENCODINGS = "encodings"  # its data says in which encoding it is


def perl_source(data: bytes) -> tuple[str, ...]:
    """Return what a Perl file loads and names: kind, colon, value; each once, sorted.

    Args:
        data: The file.
    """
    text = data.decode("utf-8", "surrogateescape")
    end = _END.search(text)
    # What SelfLoader and AutoLoader have not yet split off stands behind the end.
    if end and "SelfLoader" not in text[: end.start()] and "AutoLoader" not in text[: end.start()]:
        text = text[: end.start()]
    text = _COMMENT.sub("", _POD.sub("", text))
    return tuple(sorted({finding for finding in _findings(text) if finding.isascii()}))


def _findings(text: str) -> Iterator[str]:
    for kind, pattern in _SEARCHED:
        for match in islice(pattern.finditer(text), _MOST):
            yield f"{kind}:{match[1]}"
    for match in islice(_PARENT.finditer(text), _MOST):
        yield from (f"{Kind.PARENT}:{name}" for name in _WORD.findall(match[1] or match[2]))
    for match in islice(_FILE_MADE.finditer(text), _MOST):
        yield f"{Kind.BEGIN}:{match[1]}" if match[1] else f"{Kind.ANY}:"
    for match in islice(_NAME_MADE.finditer(text), _MOST):
        yield f"{Kind.BEGIN}:{match[1].replace('::', '/')}"
    yield from (finding for finding, pattern in _TOLD if pattern.search(text))


_SEARCHED = ((Kind.MODULE, _LOADED), (Kind.FILE, _FILE), (Kind.NAME, _CONSTANT))
_TOLD = (
    (f"{Kind.ANY}:", _ANY),
    (f"{Kind.MODULE}:_charnames", _CHARACTER),
    (f"{Kind.MODULE}:PerlIO::encoding", _LAYER),
    (f"{Kind.ENCODINGS}:", _ANY_ENCODING),
)
