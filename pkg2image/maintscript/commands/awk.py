"""``awk`` over the files of the image: what one-liners of maintainer scripts use of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from pkg2image.maintscript.commands.awk_machine import ExitError, Machine, NextError
from pkg2image.maintscript.commands.awk_parser import Rule, parse_program
from pkg2image.maintscript.commands.awk_statements import holds
from pkg2image.maintscript.commands.awk_tokens import unescaped
from pkg2image.maintscript.commands.awk_values import Input
from pkg2image.maintscript.commands.inputs import Inputs
from pkg2image.maintscript.commands.octets import lines_of, octets, text_of
from pkg2image.maintscript.commands.options import Grammar, Options
from pkg2image.maintscript.failure import NotUnderstoodError
from pkg2image.maintscript.session import Buffer, Command, Invocation

_GRAMMAR = Grammar("F:v:f:", permute=False)
_ASSIGNMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=(.*)\Z", re.DOTALL)


def awk(invocation: Invocation) -> int:
    """``awk [-F separator] [-v name=value]... program [file...]``, ``awk -f program [file...]``."""
    options = _GRAMMAR.parse(invocation.arguments)
    operands = list(options.operands)
    if "f" in options:
        program = "\n".join(text_of(invocation.files.read(path)) for path in options.all("f"))
    elif operands:
        program = operands.pop(0)
    else:
        raise NotUnderstoodError("awk without a program")
    rules = parse_program(octets(program).decode("latin-1"))
    if any(_ASSIGNMENT.match(operand) for operand in operands):
        raise NotUnderstoodError("awk: an assignment between the files")
    sources = _Sources(Inputs(invocation, operands))
    results = []
    for order in _ORDERS:
        stdout, stderr = Buffer(), Buffer()
        machine = Machine(replace(invocation, stdout=stdout, stderr=stderr))
        machine.order = order
        _prepare(machine, options)
        _run(rules, machine, sources)
        results.append((stdout.value, stderr.value, machine.status or (2 if sources.failed else 0)))
        if not machine.ordered:
            break
    if any(result != results[0] for result in results):
        raise NotUnderstoodError("awk: for (... in ...), whose order makes a difference")
    output, complaints, status = results[0]
    invocation.stdout.write(output)
    invocation.stderr.write(complaints)
    return status


def _turned(keys: Iterable[bytes]) -> list[bytes]:
    """Return keys in an order far from any sorted one."""
    found = sorted(keys)
    return found[len(found) // 2 :][::-1] + found[: len(found) // 2]


# The order of keys is not defined, so what a program does must not depend on it: it is tried with several.
_ORDERS: tuple[Callable[[Iterable[bytes]], list[bytes]], ...] = (
    sorted,
    lambda keys: sorted(keys, reverse=True),
    _turned,
)


class _Sources:
    """The inputs, which can be read again.

    Args:
        inputs: The inputs.
    """

    def __init__(self, inputs: Inputs) -> None:
        self._inputs = inputs
        self._rest = iter(inputs)
        self._read: list[tuple[str, bytes]] = []

    def __iter__(self) -> Iterator[tuple[str, bytes]]:
        """Yield name and content."""
        yield from self._read
        for source in self._rest:
            self._read.append(source)
            yield source

    @property
    def failed(self) -> bool:
        """Whether something could not be read."""
        return bool(self._inputs.status)


def _prepare(machine: Machine, options: Options) -> None:
    for name, value in options.given:
        if name == "F":
            machine.set("FS", b"\t" if value == "t" else unescaped(octets(value).decode("latin-1")))
        elif name == "v":
            _assign(machine, value)


def _assign(machine: Machine, text: str) -> None:
    match = _ASSIGNMENT.match(text)
    if match is None:
        raise NotUnderstoodError(f"awk -v {text}")
    machine.set(match[1], Input(unescaped(octets(match[2]).decode("latin-1"))))


def _run(rules: Sequence[Rule], machine: Machine, inputs: _Sources) -> None:
    try:
        for rule in rules:
            if rule.kind == "BEGIN":
                rule.action(machine)
        if any(rule.kind != "BEGIN" for rule in rules):
            _run_records([rule for rule in rules if rule.kind == "main"], machine, inputs)
    except ExitError:
        pass
    try:
        for rule in rules:
            if rule.kind == "END":
                rule.action(machine)
    except ExitError:
        pass


def _run_records(rules: Sequence[Rule], machine: Machine, inputs: _Sources) -> None:
    inside: set[int] = set()
    for name, data in inputs:
        machine.set("FILENAME", Input(octets("" if name == "-" else name)))
        machine.set("FNR", 0.0)
        for line in lines_of(data):
            machine.step()
            machine.start_record(line)
            try:
                for index, rule in enumerate(rules):
                    if _selected(rule, index, inside, machine):
                        rule.action(machine)
            except NextError:
                continue


def _selected(rule: Rule, index: int, inside: set[int], machine: Machine) -> bool:
    if rule.last is None:
        return holds(rule.first, machine)
    if index not in inside:
        if not holds(rule.first, machine):
            return False
        inside.add(index)
    if holds(rule.last, machine):
        inside.discard(index)
    return True


COMMANDS: Mapping[str, Command] = {"awk": awk, "mawk": awk, "gawk": awk}
