"""grep, egrep and fgrep over the files of the image."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from pkg2image.maintscript.commands.octets import lines_of, octets
from pkg2image.maintscript.commands.options import Grammar, Options, number
from pkg2image.maintscript.commands.regex import Match, Regex, compile_regex
from pkg2image.maintscript.commands.regex_syntax import Dialect, Place
from pkg2image.maintscript.failure import NotUnderstoodError
from pkg2image.maintscript.files import Files, FilesError
from pkg2image.maintscript.session import Command, Invocation
from pkg2image.rootfs.tree import Kind

_GRAMMAR = Grammar(
    "qsivxwFEGclLoe:f:nhHrm:ay",
    {
        "quiet": "q",
        "silent": "q",
        "no-messages": "s",
        "ignore-case": "i",
        "invert-match": "v",
        "line-regexp": "x",
        "word-regexp": "w",
        "fixed-strings": "F",
        "extended-regexp": "E",
        "basic-regexp": "G",
        "count": "c",
        "files-with-matches": "l",
        "files-without-match": "L",
        "only-matching": "o",
        "regexp=": "e",
        "file=": "f",
        "line-number": "n",
        "no-filename": "h",
        "with-filename": "H",
        "recursive": "r",
        "max-count=": "m",
        "text": "a",
        "color?": "color",
        "colour?": "color",
    },
)
_WITHIN = {"x": (Place.START, Place.END), "w": (Place.NOT_AFTER_WORD, Place.NOT_BEFORE_WORD)}


@dataclass(frozen=True, slots=True)
class _Search:
    """What is looked for, and how it is reported."""

    files: Files
    regexes: tuple[Regex, ...]
    options: Options
    named: bool
    limit: int | None

    def selected(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        """Yield the lines that are asked for with their numbers."""
        inverted = "v" in self.options
        for count, line in enumerate(lines_of(data), 1):
            if self._matches(line) != inverted:
                yield count, line

    def _matches(self, line: bytes) -> bool:
        # Scripts ask for each line of a file whether it is in another: this is called a hundred thousand times.
        for regex in self.regexes:
            self.files.toil(regex.work(line))
            if regex.matches(line):
                return True
        return False

    def parts(self, line: bytes) -> list[bytes]:
        """Return the parts of a line that match, for ``-o``."""
        parts, at = [], 0
        while at < len(line):
            found = [match for regex in self.regexes if (match := self._nonempty(regex, line, at))]
            if not found:
                break
            best = min(found, key=lambda match: (match.start, -match.end))
            parts.append(line[best.start : best.end])
            at = best.end
        return parts

    def _nonempty(self, regex: Regex, line: bytes, at: int) -> Match | None:
        while (match := regex.search(line, at)) is not None and match.end == match.start:
            at = match.end + 1
            if at > len(line):
                return None
        return match


def grep(invocation: Invocation) -> int:
    """``grep [options] pattern [file...]``, ``grep [options] -e pattern... [file...]``."""
    options = _GRAMMAR.parse(invocation.arguments)
    operands = list(options.operands)
    if options.last("color") == "always":
        raise NotUnderstoodError("grep --color=always")
    patterns = _patterns(invocation, options, operands)
    recursive = "r" in options
    if recursive and not operands:
        raise NotUnderstoodError("grep -r without a file")
    targets, status = _targets(invocation, operands or ["-"], options)
    naming = options.latest("h", "H")
    search = _Search(
        invocation.files,
        _compiled(invocation.name, patterns, options),
        options,
        named=naming == "H" or (naming is None and (len(operands) > 1 or recursive)),
        limit=number(options.last("m") or "", "grep: count") if "m" in options else None,
    )
    found = False
    for target in targets:
        try:
            data = invocation.stdin if target == "-" else invocation.files.read(target)
        except FilesError as error:
            status = _complain(invocation, options, str(error))
            continue
        found |= _search_file(invocation, search, "(standard input)" if target == "-" else target, data)
        if found and "q" in options:
            return 0
    return status or (0 if found else 1)


def _complain(invocation: Invocation, options: Options, message: str) -> int:
    if "s" not in options:
        invocation.stderr.text(f"grep: {message}\n")
    return 2


def _patterns(invocation: Invocation, options: Options, operands: list[str]) -> list[bytes]:
    patterns: list[bytes] = []
    given = [(name, value) for name, value in options.given if name in "ef"]
    if not given:
        if not operands:
            raise NotUnderstoodError("grep without a pattern")
        given = [("e", operands.pop(0))]
    for name, value in given:
        if name == "e":
            patterns += octets(value).split(b"\n")
        else:
            patterns += lines_of(invocation.stdin if value == "-" else invocation.files.read(value))
    return patterns


def _compiled(name: str, patterns: Sequence[bytes], options: Options) -> tuple[Regex, ...]:
    default = {"egrep": "E", "fgrep": "F"}.get(name, "G")
    syntax = options.latest("E", "F", "G") or default
    dialect = {"E": Dialect.EXTENDED, "F": None, "G": Dialect.BASIC}[syntax]
    within = _WITHIN["x"] if "x" in options else _WITHIN["w"] if "w" in options else None
    fold = "i" in options or "y" in options
    return tuple(compile_regex(pattern, dialect, ignore_case=fold, within=within) for pattern in patterns)


def _targets(invocation: Invocation, operands: Sequence[str], options: Options) -> tuple[list[str], int]:
    targets: list[str] = []
    status = 0
    for operand in operands:
        if operand == "-" or not invocation.files.is_directory(operand):
            targets.append(operand)
        elif "r" in options:
            inside = invocation.files.walk(operand)
            paths = [f"{operand.rstrip('/')}/{path}" for path in inside]
            regular = [path for path in paths if (e := invocation.files.lstat(path)) and e.kind is Kind.FILE]
            targets += regular
        else:
            status = _complain(invocation, options, f"{operand}: Is a directory")
    return targets, status


def _search_file(invocation: Invocation, search: _Search, name: str, data: bytes) -> bool:
    options = search.options
    lines = islice(search.selected(data), search.limit)
    if "q" in options:
        return any(True for _ in lines)
    selected = list(lines)
    out = invocation.stdout
    prefix = f"{name}:" if search.named else ""
    if "L" in options:
        out.text("" if selected else f"{name}\n")
        return not selected
    if "l" in options:
        out.text(f"{name}\n" if selected else "")
    elif "c" in options:
        out.text(f"{prefix}{len(selected)}\n")
    elif selected and b"\0" in data and "a" not in options:
        raise NotUnderstoodError("grep prints lines of a binary file")
    elif not ("o" in options and "v" in options):
        for index, line in selected:
            start = octets(prefix + (f"{index}:" if "n" in options else ""))
            for part in search.parts(line) if "o" in options else [line]:
                out.write(start + part + b"\n")
    return bool(selected)


COMMANDS: Mapping[str, Command] = {"grep": grep, "egrep": grep, "fgrep": grep}
