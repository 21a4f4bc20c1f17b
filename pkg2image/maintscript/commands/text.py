"""Filters that pass on parts of what they read: cat, head, tail, tac, cut, tee, wc, uniq."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import groupby

from pkg2image.maintscript.commands.inputs import Inputs
from pkg2image.maintscript.commands.octets import joined, lines_of, octets
from pkg2image.maintscript.commands.options import Grammar, Options, number
from pkg2image.maintscript.failure import NotUnderstoodError
from pkg2image.maintscript.files import FilesError
from pkg2image.maintscript.session import Command, Invocation

_CAT = Grammar("u")
_TAC = Grammar()
_PART = Grammar("n:c:qv", {"lines=": "n", "bytes=": "c", "quiet": "q", "silent": "q", "verbose": "v"})
_CUT = Grammar(
    "d:f:c:b:sn",
    {
        "delimiter=": "d",
        "fields=": "f",
        "characters=": "c",
        "bytes=": "b",
        "only-delimited": "s",
        "complement": "complement",
        "output-delimiter=": "output",
    },
)
_TEE = Grammar("ai", {"append": "a", "ignore-interrupts": "i"})
_WC = Grammar("lwcm", {"lines": "l", "words": "w", "bytes": "c", "chars": "m"})
_UNIQ = Grammar("cdui", {"count": "c", "repeated": "d", "unique": "u", "ignore-case": "i"})


def cat(invocation: Invocation) -> int:
    """``cat [file...]``."""
    inputs = Inputs(invocation, _CAT.parse(invocation.arguments).operands)
    for _, data in inputs:
        invocation.stdout.write(data)
    return inputs.status


def tac(invocation: Invocation) -> int:
    """``tac [file...]``."""
    inputs = Inputs(invocation, _TAC.parse(invocation.arguments).operands)
    for _, data in inputs:
        if data and not data.endswith(b"\n"):
            raise NotUnderstoodError("tac of a file without a newline at its end")
        invocation.stdout.write(joined(lines_of(data)[::-1]))
    return inputs.status


def head(invocation: Invocation) -> int:
    """``head [-n [-]n | -c [-]n] [file...]``."""
    options = _part_options(invocation)
    unit, count = _count(options, "head")
    sign, amount = count[:1] == "-", number(count.removeprefix("-"), "head: count")

    def part(data: bytes) -> bytes:
        pieces = _pieces(data, unit)
        return b"".join(pieces[: max(len(pieces) - amount, 0)] if sign else pieces[:amount])

    if options.operands in ((), ("-",)) and unit == "n" and not sign:
        # The rest of the input stays for whoever shares it, as it does when head can seek.
        data = b"".join(invocation.input.read_line() for _ in range(min(amount, 100_000)))
        invocation.stdout.write(data)
        return 0
    return _show_parts(invocation, options, part)


def tail(invocation: Invocation) -> int:
    """``tail [-n [+]n | -c [+]n] [file...]``."""
    options = _part_options(invocation)
    unit, count = _count(options, "tail")
    sign, amount = count[:1] == "+", number(count.lstrip("+-"), "tail: count")

    def part(data: bytes) -> bytes:
        pieces = _pieces(data, unit)
        return b"".join(pieces[max(amount - 1, 0) :] if sign else pieces[max(len(pieces) - amount, 0) :])

    return _show_parts(invocation, options, part)


def _part_options(invocation: Invocation) -> Options:
    arguments = list(invocation.arguments)
    if arguments:
        first = arguments[0]
        old_form = first[:1] == "-" or (first[:1] == "+" and invocation.name == "tail")
        if old_form and first[1:].isdigit():
            arguments[:1] = ["-n", first.lstrip("-")]
    return _PART.parse(arguments)


def _count(options: Options, name: str) -> tuple[str, str]:
    if "v" in options:
        raise NotUnderstoodError(f"{name} -v")
    unit = options.latest("n", "c") or "n"
    return unit, options.last(unit) or "10"


def _pieces(data: bytes, unit: str) -> list[bytes]:
    if unit == "c":
        return [data[index : index + 1] for index in range(len(data))]
    lines = data.split(b"\n")
    last = lines.pop()
    return [*(line + b"\n" for line in lines), *([last] if last else [])]


def _show_parts(invocation: Invocation, options: Options, part: Callable[[bytes], bytes]) -> int:
    inputs = Inputs(invocation, options.operands)
    titled = len(options.operands) > 1 and "q" not in options
    for index, (name, data) in enumerate(inputs):
        if titled:
            shown = "standard input" if name == "-" else name
            invocation.stdout.text(f"{chr(10) if index else ''}==> {shown} <==\n")
        invocation.stdout.write(part(data))
    return inputs.status


def cut(invocation: Invocation) -> int:
    """``cut -f list [-d c] [-s] [file...]``, ``cut -c list``, ``cut -b list``."""
    options = _CUT.parse(invocation.arguments)
    kinds = [name for name, _ in options.given if name in "fcb"]
    if len(kinds) != 1:
        raise NotUnderstoodError("cut without exactly one list")
    ranges = _ranges(options.last(kinds[0]) or "")
    delimiter = octets(options.last("d") if options.last("d") is not None else "\t")  # type: ignore[arg-type]
    if len(delimiter) != 1:
        raise NotUnderstoodError(f"cut: delimiter {delimiter!r}")
    by_field = kinds[0] == "f"
    output = options.last("output")
    if output is not None and not by_field:
        raise NotUnderstoodError("cut: an output delimiter between bytes")
    separator = delimiter if output is None else octets(output)
    complement = "complement" in options
    inputs = Inputs(invocation, options.operands)
    for line in inputs.lines():
        if by_field and delimiter not in line:
            if "s" not in options:
                invocation.stdout.write(line + b"\n")
            continue
        pieces = line.split(delimiter) if by_field else [bytes((byte,)) for byte in line]
        chosen = [piece for index, piece in enumerate(pieces, 1) if _within(index, ranges) != complement]
        invocation.stdout.write((separator if by_field else b"").join(chosen) + b"\n")
    return inputs.status


def _ranges(text: str) -> list[tuple[int, float]]:
    ranges: list[tuple[int, float]] = []
    for item in text.replace(" ", ",").split(","):
        low, dash, high = item.partition("-")
        if not low and not high:
            raise NotUnderstoodError(f"cut: list {text!r}")
        start = number(low, "cut: position") if low else 1
        end = (number(high, "cut: position") if high else float("inf")) if dash else start
        if not 1 <= start <= end:
            raise NotUnderstoodError(f"cut: list {text!r}")
        ranges.append((start, end))
    return ranges


def _within(index: int, ranges: list[tuple[int, float]]) -> bool:
    return any(low <= index <= high for low, high in ranges)


def tee(invocation: Invocation) -> int:
    """``tee [-a] [file...]``."""
    options = _TEE.parse(invocation.arguments)
    data = invocation.stdin
    status = 0
    for path in options.operands:
        try:
            invocation.files.write(path, data, append="a" in options)
        except FilesError as error:
            status = invocation.fail(str(error))
    invocation.stdout.write(data)
    return status


def wc(invocation: Invocation) -> int:
    """``wc [-l] [-w] [-c] [file...]``."""
    options = _WC.parse(invocation.arguments)
    wanted = [name for name in "lwcm" if name in options] or ["l", "w", "c"]
    inputs = Inputs(invocation, options.operands)
    rows = [(name, _counts(data, wanted)) for name, data in inputs]
    if len(options.operands) > 1:
        rows.append(("total", [sum(column) for column in zip(*(counts for _, counts in rows), strict=True)]))
    width = _width(invocation, options, [counts for _, counts in rows], len(wanted))
    for name, counts in rows:
        text = " ".join(f"{count:>{width}}" for count in counts)
        invocation.stdout.text(f"{text} {name}\n" if options.operands else f"{text}\n")
    return inputs.status


def _counts(data: bytes, wanted: list[str]) -> list[int]:
    values = {"l": data.count(b"\n"), "w": len(data.split()), "c": len(data), "m": len(data)}
    return [values[name] for name in wanted]


def _width(invocation: Invocation, options: Options, rows: list[list[int]], columns: int) -> int:
    """Return the width of the numbers: that of the size of all files together, and 7 for a pipe."""
    if columns == 1 and len(options.operands) <= 1:
        return 1
    if not options.operands or "-" in options.operands:
        return 7
    sizes = (entry.size for path in options.operands if (entry := invocation.files.lookup(path)))
    return max(len(str(sum(sizes))), 1 if rows else 7)


def uniq(invocation: Invocation) -> int:
    """``uniq [-c] [-d] [-u] [-i] [input [output]]``."""
    options = _UNIQ.parse(invocation.arguments)
    if len(options.operands) > 1:
        raise NotUnderstoodError("uniq with an output file")
    inputs = Inputs(invocation, options.operands)
    lines = []
    for _, group in groupby(inputs.lines(), key=bytes.lower if "i" in options else None):
        same = list(group)
        if ("d" in options and len(same) == 1) or ("u" in options and len(same) > 1):
            continue
        lines.append((b"%7d " % len(same) if "c" in options else b"") + same[0])
    invocation.stdout.write(joined(lines))
    return inputs.status


COMMANDS: Mapping[str, Command] = {
    "cat": cat,
    "tac": tac,
    "head": head,
    "tail": tail,
    "cut": cut,
    "tee": tee,
    "wc": wc,
    "uniq": uniq,
}
