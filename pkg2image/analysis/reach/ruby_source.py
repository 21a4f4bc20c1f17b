"""What a Ruby file loads, as words that can be kept: judged by its bytes alone.

Calls are searched for, outside of comments of a whole line; Ruby can be parsed by Ruby only.

Spec: ``Kernel#require``, ``Kernel#require_relative``, ``Module#autoload``; Gem::Specification.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import StrEnum
from itertools import islice

_MOST = 4000  # findings of one kind in one file; a longer table is data

_COMMENT = re.compile(r"^[ \t]*#[^\n]*$|^=begin\b.*?(?:^=end\b|\Z)", re.MULTILINE | re.DOTALL)
_END = re.compile(r"^__END__$", re.MULTILINE)
_REQUIRED = re.compile(
    r"\b(require|require_relative|load|autoload|eager_autoload|safe_require|try_require|gem)\b[ \t(]*"
    r"(?::?[\w\"':]+[ \t]*,[ \t]*)?[\"']([\w./+-]+)([\"']|#\{)"
)
_AUTOLOADED = re.compile(r"\bautoload[ \t(]+:([A-Z]\w*)[ \t)]*(?:$|#|;)", re.MULTILINE)
_MADE = re.compile(r"\b(?:require|require_relative|load)[ \t(]+(?:[a-z_@A-Z(]|[\"'](?:#\{|/))")
_BESIDE = re.compile(
    r"(?:__dir__|__FILE__)[^\n\"']{0,80}[\"']([\w./+-]+)[\"']|[\"']([\w./+-]+)[\"'][ \t]*,[ \t]*(?:__dir__|__FILE__)"
)
_DEPENDENCY = re.compile(r"\.add_(?:runtime_)?dependency[ \t(]*(?:%q<|[\"'])([\w.-]+)")
_CONSTANT = re.compile(rb"(?<=\0)[a-z_][\w/.-]{1,60}(?=\0)", re.ASCII)


class Kind(StrEnum):
    """What a finding says of its file; the value after it is in brackets."""

    FEATURE = "feature"  # [path] below a place of libraries, with or without a suffix
    BESIDE = "beside"  # [path] from the directory of the file
    BEGIN = "begin"  # [path] with which features begin whose names are put together
    BEGIN_BESIDE = "begin-beside"  # [path] with which such begin that lie beside the file
    CLASS = "class"  # [name] of a class that is looked for in the directory of the one around it
    GEM = "gem"  # [name] of a gem
    ANY = "any"  # features that nobody can tell by reading


_OF_CALL = {"require_relative": (Kind.BESIDE, Kind.BEGIN_BESIDE), "gem": (Kind.GEM, Kind.ANY)}


def ruby_source(data: bytes) -> tuple[str, ...]:
    """Return what a Ruby file loads: kind, colon, value; each once, sorted.

    Args:
        data: The file.
    """
    text = data.decode("utf-8", "surrogateescape")
    end = _END.search(text)
    text = _COMMENT.sub("", text[: end.start()] if end else text)
    return tuple(sorted({finding for finding in _findings(text) if finding.isascii()}))


def _findings(text: str) -> Iterator[str]:
    for match in islice(_REQUIRED.finditer(text), _MOST):
        whole, begin = _OF_CALL.get(match[1], (Kind.FEATURE, Kind.BEGIN))
        yield f"{begin if match[3] == '#{' else whole}:{match[2]}"
    for match in islice(_BESIDE.finditer(text), _MOST):
        yield f"{Kind.BESIDE}:{match[1] or match[2]}"
    for match in islice(_AUTOLOADED.finditer(text), _MOST):
        yield f"{Kind.CLASS}:{match[1]}"
    if _MADE.search(text):
        yield f"{Kind.ANY}:"


def gem_dependencies(data: bytes) -> tuple[str, ...]:
    """Return the gems that a specification cannot be used without, sorted.

    Args:
        data: A ``.gemspec`` file.
    """
    text = data.decode("utf-8", "surrogateescape")
    return tuple(sorted({match[1] for match in islice(_DEPENDENCY.finditer(text), _MOST) if match[1].isascii()}))


def ruby_machine_code(data: bytes) -> tuple[str, ...]:
    """Return the constants of an extension that may be names of features, sorted.

    Args:
        data: The ELF file.
    """
    return tuple(sorted({match[0].decode("ascii") for match in islice(_CONSTANT.finditer(data), _MOST)}))
