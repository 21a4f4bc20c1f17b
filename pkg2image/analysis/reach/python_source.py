"""What a Python file loads and names, as words that can be kept: judged by its bytes alone.

Import statements are read with the parser of the running Python, held to the oldest grammar that this project runs
on. Everything else is searched for: calls that import by name, constants that look like names of modules and
libraries. A file that does not parse is searched for lines that look like imports.

Spec: The Python Language Reference, "The import statement"; importlib, pkgutil and ctypes of its library.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator, Sequence
from enum import StrEnum
from itertools import islice

from pkg2image.analysis.reach.python_strings import has_newer_strings

_LARGEST = 1 << 20  # bytes that are parsed; the largest honest module of Debian's Python has 760 KB
_MOST = 4000  # names of one kind in one file; a longer table is data
_GRAMMAR = (3, 11)

# Python takes a time for a name that grows with the square of its length.
_ENDLESS_NAME = re.compile(rb"(?<![\w.])(?:\w++[ \t\\]*+\.[ \t\\]*+){100}")
_FOREIGN = re.compile(rb"(?:#![^\n]*\n)?PK\x03\x04|..\r\n", re.DOTALL)  # zipped, or compiled
_IMPORT_LINE = re.compile(r"^[ \t]*import[ \t]+([\w., \t]+)", re.MULTILINE)
_FROM_LINE = re.compile(
    r"^[ \t]*from[ \t]+(\.*[\w.]*)[ \t]+import[ \t]+(?:\(([^)]{0,4096})|([\w., \t*]+))", re.MULTILINE
)
_BY_NAME = re.compile(
    r"(?:import_module|__import__)\b"
    r"(?:\s*\(\s*(?:[rRuU]?(?P<quote>[\"'])(?P<name>[\w.]*)(?P<whole>(?P=quote)(?=\s*[,)]))?|f[\"'](?P<begin>[\w.]*))?)?"
)
_LOADS = re.compile(
    r"(?:find_(?:spec|loader|module)|load_(?:module|source)|spec_from_file_location|SourceFileLoader|run_(?:module|path)"
    r"|iter_modules|walk_packages|resolve_name|import_(?:string|object)|execfile)[ \t]*\("
)
# Before the name of a function: it is imported, defined, or spoken of.
_SAYS_ONLY = re.compile(r"\s*(?:(?:from|import|def)\s|#)")
_POINTS = re.compile(r"entry_point|entry_map")
_DOTTED = re.compile(r"[\"']([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+)(?::[\w.]+)?[\"']", re.ASCII)
_WORD = re.compile(r"[\"']([A-Za-z_][\w.-]{0,60})[\"']", re.ASCII)
_PLACE = re.compile(r"[\"'](/[\w.+/-]{1,250})[\"']", re.ASCII)
_CHANGES_PATH = re.compile(r"\bsys\.path\b|\baddsitedir\b|\b__path__\b")
_LIBRARY = re.compile(r"[\"'](?:[\w./+-]{0,200}/)?(lib[\w.+-]{1,80}\.so(?:\.[\d.]+)?)[\"']", re.ASCII)
_FIND_LIBRARY = re.compile(r"\bfind_library\s*\(\s*[\"']([\w.+-]{1,80})[\"']", re.ASCII)

# Statements that import, and those and what is like them that have others in them.
_LOOKED_AT = (
    *(ast.Import, ast.ImportFrom, ast.If, ast.For, ast.AsyncFor, ast.While, ast.With, ast.AsyncWith, ast.Try),
    *(ast.TryStar, ast.ExceptHandler, ast.Match, ast.match_case, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef),
)

# Functions of modules that are called when the module is run, or tested.
_PROGRAM = re.compile(r"main|_main|_?demo|_?test(?:_\w+)?")
AS_PROGRAM = "main-"
"""Before the kind of what holds when a file is run, not when it is imported."""


class Kind(StrEnum):
    """What a finding says of its file; the value after it is in brackets."""

    IMPORT = "import"  # [module], with leading dots for one of the same package
    FROM = "from"  # [module:name]
    DEBUGGER = "debugger"  # [module] in a function, which somebody calls who looks for a mistake
    SOME = "some"  # [prefix] of modules whose names are put together
    ANY = "any"  # modules that nobody can tell by reading
    UNREAD = "unread"  # it does not parse
    FOREIGN = "foreign"  # its code is packed or compiled
    NAME = "name"  # [dotted name] in a constant
    WORD = "word"  # [word] in a constant, of a file that loads modules by name
    PLACE = "place"  # [absolute path], of a file that changes where modules are looked for
    LIBRARY = "library"  # [file name]
    LINKED = "linked"  # [name] as the linker's -l has it


def python_source(data: bytes) -> tuple[str, ...]:
    """Return what a Python file loads and names: kind, colon, value; each once, sorted.

    Args:
        data: The file.
    """
    if _FOREIGN.match(data):
        return (f"{Kind.FOREIGN}:",)
    text = data.decode("utf-8", "surrogateescape")
    found = set(_statements(data, text))
    found |= set(_by_name(text))
    found |= _limited(Kind.NAME, _DOTTED, text) | _limited(Kind.LIBRARY, _LIBRARY, text)
    found |= _limited(Kind.LINKED, _FIND_LIBRARY, text)
    if f"{Kind.ANY}:" in found or _POINTS.search(text):
        found |= _limited(Kind.WORD, _WORD, text)
    if _CHANGES_PATH.search(text):
        found |= _limited(Kind.PLACE, _PLACE, text)
    return tuple(sorted(finding for finding in found if finding.isascii()))


def exported_names(data: bytes) -> tuple[str, ...]:
    """Return the words in the constants of a Python file: what ``*`` means of a package is among them.

    Args:
        data: The file.
    """
    text = data.decode("utf-8", "surrogateescape")
    return tuple(sorted({match[1] for match in islice(_WORD.finditer(text), _MOST)}))


def _limited(kind: Kind, pattern: re.Pattern[str], text: str) -> set[str]:
    return {f"{kind}:{match[1]}" for match in islice(pattern.finditer(text), _MOST)}


def _statements(data: bytes, text: str) -> Iterator[str]:
    program = None if has_newer_strings(text) else _parsed(data)
    if program is None:
        yield f"{Kind.UNREAD}:"
        yield from imports_by_lines(text)
        return
    # Statements nest in statements only: expressions, which are most of a program, are not looked at.
    waiting: list[tuple[ast.AST, str, bool]] = [
        (child, "", False) for child in program.body if isinstance(child, _LOOKED_AT)
    ]
    while waiting:
        node, prefix, is_late = waiting.pop()
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield from _imported(node, prefix, is_late=is_late)
            continue
        blocks = [getattr(node, field, ()) for field in ("body", "orelse", "finalbody", "handlers", "cases")]
        inner: str = prefix
        if isinstance(node, ast.If):
            decided = _decided(node.test)
            blocks = [node.body if decided is not False else []]
            waiting += [(child, prefix, is_late) for child in node.orelse if decided is not True]
            inner = AS_PROGRAM if _asks_for_main(node.test) else prefix
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            is_late = True
            inner = AS_PROGRAM if _PROGRAM.fullmatch(node.name) and not node.col_offset else prefix
        waiting += [(child, inner, is_late) for block in blocks for child in block if isinstance(child, _LOOKED_AT)]


def _imported(node: ast.Import | ast.ImportFrom, prefix: str, *, is_late: bool) -> Iterator[str]:
    if isinstance(node, ast.ImportFrom):
        module = "." * node.level + (node.module or "")
        yield from (f"{prefix}{Kind.FROM}:{module}:{alias.name}" for alias in node.names)
        return
    for alias in node.names:
        kind = Kind.DEBUGGER if is_late and alias.name == "pdb" else Kind.IMPORT
        yield f"{prefix}{kind}:{alias.name}"


def _parsed(data: bytes) -> ast.Module | None:
    if len(data) > _LARGEST or _ENDLESS_NAME.search(data):
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about escapes in strings of others
            return ast.parse(data, feature_version=_GRAMMAR)
    except (SyntaxError, ValueError, LookupError, RecursionError, MemoryError):
        return None


def _decided(test: ast.expr) -> bool | None:
    """Return what a condition is in every program of an image, None when it can be either."""
    if isinstance(test, ast.Constant):
        return bool(test.value)
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        decided = _decided(test.operand)
        return None if decided is None else not decided
    if _dotted(test) in {"TYPE_CHECKING", "typing.TYPE_CHECKING"}:
        return False
    if isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.comparators[0], ast.Constant):
        value = {"sys.platform": "linux", "os.name": "posix"}.get(_dotted(test.left))
        if value is not None and isinstance(test.ops[0], ast.Eq | ast.NotEq):
            return (value == test.comparators[0].value) is isinstance(test.ops[0], ast.Eq)
    return None


def _asks_for_main(test: ast.expr) -> bool:
    return (
        isinstance(test, ast.Compare)
        and len(test.ops) == 1
        and isinstance(test.ops[0], ast.Eq)
        and _dotted(test.left) == "__name__"
        and isinstance(test.comparators[0], ast.Constant)
        and test.comparators[0].value == "__main__"
    )


def _dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        return f"{node.value.id}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def imports_by_lines(text: str) -> Iterator[str]:
    """Yield what the lines of a text import that look like statements of Python.

    Args:
        text: Of a program that does not parse, or that has another one in it.
    """
    for match in islice(_IMPORT_LINE.finditer(text), _MOST):
        yield from (f"{Kind.IMPORT}:{name}" for name in _names(match[1]))
    for match in islice(_FROM_LINE.finditer(text), _MOST):
        yield from (f"{Kind.FROM}:{match[1]}:{name}" for name in _names(match[2] or match[3]))


def _names(listed: str) -> Sequence[str]:
    # Comments are words too, which do no harm: there is no module of their name.
    parts = (part.split() for part in re.sub(r"#[^\n]*", "", listed).split(","))
    return [words[0] for words in parts if words]


def _by_name(text: str) -> Iterator[str]:
    """Yield what is imported by calls, or that nobody can tell what is."""
    for match in islice(_LOADS.finditer(text), _MOST):
        if not text.endswith("def ", 0, match.start()):
            yield f"{Kind.ANY}:"
            break
    for match in islice(_BY_NAME.finditer(text), _MOST):
        begin = max(text.rfind("\n", 0, match.start()), text.rfind(";", 0, match.start()))
        line = text[begin + 1 : match.start()]
        if _SAYS_ONLY.match(line) or (line and line[-1:].isidentifier()):
            continue
        if match["whole"]:
            yield f"{Kind.IMPORT}:{match['name']}"
        elif prefix := (match["name"] or match["begin"]):
            yield f"{Kind.SOME}:{prefix}"
        else:
            yield f"{Kind.ANY}:"
