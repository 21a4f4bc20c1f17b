"""Digests of files and comparisons of files: md5sum and its family, cmp, diff."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping

from pkg2image.maintscript.commands.inputs import Inputs
from pkg2image.maintscript.commands.octets import text_of
from pkg2image.maintscript.commands.options import Grammar, Options
from pkg2image.maintscript.failure import NotUnderstoodError
from pkg2image.maintscript.files import FilesError
from pkg2image.maintscript.session import Command, Invocation, Output

_SUM = Grammar(
    "bctw",
    {
        "binary": "b",
        "check": "c",
        "text": "t",
        "status": "status",
        "quiet": "quiet",
        "warn": "w",
        "strict": "strict",
        "ignore-missing": "ignore-missing",
    },
)
_CMP = Grammar("s", {"quiet": "s", "silent": "s"})
_DIFF = Grammar("qusNabBwiEZr", {"brief": "q", "unified?": "u", "report-identical-files": "s"})
_CHECK_LINE = re.compile(rb"([0-9a-fA-F]{32,128}) [ *](.+)\Z", re.DOTALL)


def digest(invocation: Invocation) -> int:
    """``md5sum [-b] [file...]``, ``md5sum -c [--status] [--quiet] [file...]`` and the same for SHA."""
    options = _SUM.parse(invocation.arguments)
    if "c" in options:
        return _check(invocation, options)
    inputs = Inputs(invocation, options.operands)
    mark = "*" if options.latest("b", "t") == "b" else " "
    for name, data in inputs:
        if "\\" in name or "\n" in name or "\r" in name:
            raise NotUnderstoodError(f"{invocation.name} of a name with a backslash or newline")
        invocation.stdout.text(f"{_hex(invocation.name, data)} {mark}{name}\n")
    return inputs.status


def _hex(name: str, data: bytes) -> str:
    return hashlib.new(name.removesuffix("sum"), data, usedforsecurity=False).hexdigest()


def _check(invocation: Invocation, options: Options) -> int:
    if "ignore-missing" in options and len(options.operands) > 1:
        raise NotUnderstoodError(f"{invocation.name} --ignore-missing with several lists")
    failures = verified = 0
    lists = Inputs(invocation, options.operands)
    for line in lists.lines():
        match = _CHECK_LINE.match(line)
        if match is None:
            raise NotUnderstoodError(f"{invocation.name} -c: a line that is no digest")
        name = text_of(match[2])
        try:
            good = _hex(invocation.name, invocation.files.read(name)) == match[1].decode("ascii").lower()
            verdict = "OK" if good else "FAILED"
            verified += good
        except FilesError as error:
            if error.code == "ENOENT" and "ignore-missing" in options:
                continue
            invocation.fail(str(error))
            good, verdict = False, "FAILED open or read"
        failures += not good
        if "status" not in options and not (good and "quiet" in options):
            invocation.stdout.text(f"{name}: {verdict}\n")
    if failures and "status" not in options:
        invocation.fail(f"WARNING: {failures} computed checksum{'s' if failures > 1 else ''} did NOT match")
    nothing = "ignore-missing" in options and not verified
    if nothing and "status" not in options:
        name = (options.operands or ("-",))[0]
        shown = "'standard input'" if name == "-" else name
        invocation.fail(f"{shown}: no file was verified")
    return 1 if failures or nothing or lists.status else 0


def cmp(invocation: Invocation) -> int:
    """``cmp [-s] one other``."""
    options = _CMP.parse(invocation.arguments)
    if len(options.operands) not in {1, 2}:
        raise NotUnderstoodError("cmp without two files")
    names = (*options.operands, "-")[:2]
    inputs = []
    for name in names:
        try:
            inputs.append(invocation.stdin if name == "-" else invocation.files.read(name))
        except FilesError as error:
            if "s" not in options:
                invocation.fail(str(error))
            return 2
    one, other = inputs
    if one == other:
        return 0
    if "s" not in options:
        _report_difference(invocation, names, one, other)
    return 1


def _report_difference(invocation: Invocation, names: tuple[str, ...], one: bytes, other: bytes) -> None:
    common = min(len(one), len(other))
    at = next((index for index in range(common) if one[index] != other[index]), common)
    if at < common:
        line = one.count(b"\n", 0, at) + 1
        invocation.stdout.text(f"{names[0]} {names[1]} differ: char {at + 1}, line {line}\n")
    else:
        invocation.fail(f"EOF on {names[0] if len(one) < len(other) else names[1]}")


def diff(invocation: Invocation) -> int:
    """``diff [-q] one other`` of files; what differs is only shown when nobody reads it."""
    options = _DIFF.parse(invocation.arguments)
    files = invocation.files
    plain = {name for name, _ in options.given} <= {"q", "u", "a", "N"}
    if len(options.operands) != 2 or not plain or any(files.is_directory(name) for name in options.operands):
        raise NotUnderstoodError("diff of directories, or one that ignores differences")
    contents = []
    status = 0
    for name in options.operands:
        try:
            missing = "N" in options and not files.exists(name)
            contents.append(b"" if missing else invocation.stdin if name == "-" else files.read(name))
        except FilesError as error:
            status = invocation.fail(str(error), 2)
    if status or contents[0] == contents[1]:
        return status
    if "q" in options:
        invocation.stdout.text(f"Files {options.operands[0]} and {options.operands[1]} differ\n")
    elif type(invocation.stdout) is not Output:
        raise NotUnderstoodError("diff that shows differences")
    return 1


COMMANDS: Mapping[str, Command] = {
    **dict.fromkeys(("md5sum", "sha1sum", "sha224sum", "sha256sum", "sha384sum", "sha512sum"), digest),
    "cmp": cmp,
    "diff": diff,
}
