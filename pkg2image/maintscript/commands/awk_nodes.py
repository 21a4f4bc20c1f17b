"""The parts of awk programs, each able to do its work on a machine."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

from pkg2image.maintscript.commands.awk_machine import Machine, regex_of, split
from pkg2image.maintscript.commands.awk_values import Value, compare, formatted, is_true, to_number, to_text
from pkg2image.maintscript.commands.regex import Regex
from pkg2image.maintscript.failure import NotUnderstoodError

Statement = Callable[[Machine], None]
"""A statement, ready to run."""


class Expression(ABC):
    """Something with a value."""

    __slots__ = ()

    @abstractmethod
    def value(self, machine: Machine) -> Value:
        """Return the value."""

    def number(self, machine: Machine) -> float:
        """Return the value as a number."""
        return to_number(self.value(machine))

    def text(self, machine: Machine) -> bytes:
        """Return the value as text."""
        return to_text(self.value(machine))

    def holds(self, machine: Machine) -> bool:
        """Return the value as a condition."""
        return is_true(self.value(machine))


class Target(Expression):
    """Something that can be assigned to."""

    __slots__ = ()

    @abstractmethod
    def assign(self, machine: Machine, value: Value) -> None:
        """Set the value."""


@dataclass(frozen=True, slots=True)
class Constant(Expression):
    """A number or text of the program."""

    constant: Value

    def value(self, machine: Machine) -> Value:  # noqa: ARG002
        """Return the value."""
        return self.constant


@dataclass(frozen=True, slots=True)
class Pattern(Expression):
    """A regular expression: as a condition it is about ``$0``."""

    regex: Regex

    def value(self, machine: Machine) -> Value:
        """Return 1 or 0."""
        text = to_text(machine.field(0))
        return float(machine.searching(self.regex, text).matches(text))


@dataclass(frozen=True, slots=True)
class Computed(Expression):
    """A value that is computed from others."""

    compute: Callable[[Machine], Value]

    def value(self, machine: Machine) -> Value:
        """Return the value."""
        value = self.compute(machine)
        machine.step(value)
        return value


@dataclass(frozen=True, slots=True)
class Variable(Target):
    """A variable, or the array of this name."""

    name: str

    def value(self, machine: Machine) -> Value:
        """Return the value."""
        return machine.get(self.name)

    def assign(self, machine: Machine, value: Value) -> None:
        """Set the value."""
        machine.set(self.name, value)


@dataclass(frozen=True, slots=True)
class Field(Target):
    """``$index``."""

    index: Expression

    def value(self, machine: Machine) -> Value:
        """Return the value."""
        return machine.field(int(self.index.number(machine)))

    def assign(self, machine: Machine, value: Value) -> None:
        """Set the value."""
        machine.set_field(int(self.index.number(machine)), value)


@dataclass(frozen=True, slots=True)
class Element(Target):
    """``array[subscript]``; looking at one makes it."""

    array: str
    subscripts: tuple[Expression, ...]

    def key(self, machine: Machine) -> bytes:
        """Return the subscript."""
        return machine.text("SUBSEP").join(part.text(machine) for part in self.subscripts)

    def value(self, machine: Machine) -> Value:
        """Return the value."""
        return machine.array(self.array).setdefault(self.key(machine), None)

    def assign(self, machine: Machine, value: Value) -> None:
        """Set the value."""
        machine.step()
        machine.array(self.array)[self.key(machine)] = value


def regex_for(expression: Expression, machine: Machine) -> Regex:
    """Return what stands at the right of ``~``: a regular expression, or text that is one."""
    return expression.regex if isinstance(expression, Pattern) else regex_of(expression.text(machine))


def _found(text: bytes, expression: Expression, machine: Machine) -> bool:
    return machine.searching(regex_for(expression, machine), text).matches(text)


_COMPARISONS: dict[str, Callable[[int], bool]] = {
    "<": lambda sign: sign < 0,
    "<=": lambda sign: sign <= 0,
    "==": lambda sign: sign == 0,
    "!=": lambda sign: sign != 0,
    ">=": lambda sign: sign >= 0,
    ">": lambda sign: sign > 0,
}


def binary(operator: str, one: Expression, other: Expression) -> Expression:
    """Return the expression of an operator between two others."""
    if operator == "&&":
        return Computed(lambda machine: float(one.holds(machine) and other.holds(machine)))
    if operator == "||":
        return Computed(lambda machine: float(one.holds(machine) or other.holds(machine)))
    if operator in {"~", "!~"}:
        wanted = operator == "~"
        return Computed(lambda machine: float(_found(one.text(machine), other, machine) == wanted))
    if operator in _COMPARISONS:
        test = _COMPARISONS[operator]
        return Computed(lambda machine: float(test(compare(one.value(machine), other.value(machine)))))
    if operator == "":
        return Computed(lambda machine: one.text(machine) + other.text(machine))
    return Computed(lambda machine: calculate(operator, one.number(machine), other.number(machine)))


def calculate(operator: str, one: float, other: float) -> float:
    """Return the result of an operator on numbers.

    Raises:
        NotUnderstoodError: On a division by zero, or a number too large.
    """
    if operator in {"/", "%"} and other == 0:
        raise NotUnderstoodError("awk: division by zero")
    match operator:
        case "+":
            result = one + other
        case "-":
            result = one - other
        case "*":
            result = one * other
        case "/":
            result = one / other
        case "%":
            result = one - other * int(one / other)
        case _:
            raise NotUnderstoodError(f"awk: operator {operator}")
    if abs(result) > 1e300:
        raise NotUnderstoodError("awk: a number too large")
    return result


def call(name: str, arguments: list[Expression]) -> Expression:
    """Return the call of a function of awk.

    Raises:
        NotUnderstoodError: When the function or the number of arguments is not supported.
    """
    if name not in _FUNCTIONS:
        raise NotUnderstoodError(f"awk: the function {name}")
    counts, function = _FUNCTIONS[name]
    if len(arguments) not in counts:
        raise NotUnderstoodError(f"awk: {name} with {len(arguments)} arguments")
    return Computed(lambda machine: function(machine, arguments))


def _length(machine: Machine, arguments: list[Expression]) -> Value:
    if not arguments:
        return float(len(to_text(machine.field(0))))
    (argument,) = arguments
    if isinstance(argument, Variable) and argument.name in machine.arrays:
        return float(len(machine.arrays[argument.name]))
    return float(len(argument.text(machine)))


def _substr(machine: Machine, arguments: list[Expression]) -> Value:
    text = arguments[0].text(machine)
    start = arguments[1].number(machine)
    length = arguments[2].number(machine) if len(arguments) > 2 else float(len(text)) + abs(start) + 1
    if start != int(start) or length != int(length):
        raise NotUnderstoodError("awk: substr with fractions")
    first, last = max(int(start), 1), int(start) + int(length)
    return text[first - 1 : max(last - 1, 0)]


def _index(machine: Machine, arguments: list[Expression]) -> Value:
    return float(arguments[0].text(machine).find(arguments[1].text(machine)) + 1)


def _split(machine: Machine, arguments: list[Expression]) -> Value:
    target = arguments[1]
    if not isinstance(target, Variable):
        raise NotUnderstoodError("awk: split into something else than an array")
    text = arguments[0].text(machine)
    if len(arguments) > 2 and isinstance(arguments[2], Pattern):
        raise NotUnderstoodError("awk: split at a regular expression")
    separator = arguments[2].text(machine) if len(arguments) > 2 else machine.text("FS")
    parts = list(split(text, separator))
    array = machine.array(target.name)
    array.clear()
    array.update({b"%d" % number: part for number, part in enumerate(parts, 1)})
    return float(len(parts))


def _match(machine: Machine, arguments: list[Expression]) -> Value:
    text = arguments[0].text(machine)
    found = machine.searching(regex_for(arguments[1], machine), text).search(text)
    start, length = (found.start + 1, found.end - found.start) if found else (0, -1)
    machine.set("RSTART", float(start))
    machine.set("RLENGTH", float(length))
    return float(start)


def _substitute(machine: Machine, arguments: list[Expression], *, every: bool) -> Value:
    target = arguments[2] if len(arguments) > 2 else Field(Constant(0.0))
    if not isinstance(target, Target):
        raise NotUnderstoodError("awk: sub in something that cannot be changed")
    regex = regex_for(arguments[0], machine)
    replacement = arguments[1].text(machine)
    text = target.text(machine)
    pieces, at, count = [], 0, 0
    for match in machine.searching(regex, text).all(text):
        pieces += [text[at : match.start], _replaced(replacement, text[match.start : match.end])]
        at = match.end
        count += 1
        machine.step(replacement)
        if not every:
            break
    if count:
        changed = b"".join([*pieces, text[at:]])
        machine.step(changed)
        target.assign(machine, changed)
    return float(count)


def _replaced(replacement: bytes, matched: bytes) -> bytes:
    if b"\\" not in replacement:
        return replacement.replace(b"&", matched)
    if b"\\\\" in replacement:
        raise NotUnderstoodError("awk: two backslashes in a replacement")
    return b"&".join(part.replace(b"&", matched) for part in replacement.split(b"\\&"))


_FUNCTIONS: dict[str, tuple[tuple[int, ...], Callable[[Machine, list[Expression]], Value]]] = {
    "length": ((0, 1), _length),
    "substr": ((2, 3), _substr),
    "index": ((2,), _index),
    "split": ((2, 3), _split),
    "match": ((2,), _match),
    "sub": ((2, 3), lambda machine, arguments: _substitute(machine, arguments, every=False)),
    "gsub": ((2, 3), lambda machine, arguments: _substitute(machine, arguments, every=True)),
    "tolower": ((1,), lambda machine, arguments: arguments[0].text(machine).lower()),
    "toupper": ((1,), lambda machine, arguments: arguments[0].text(machine).upper()),
    "int": ((1,), lambda machine, arguments: float(int(arguments[0].number(machine)))),
    "sprintf": (
        tuple(range(1, 20)),
        lambda machine, arguments: formatted(arguments[0].text(machine), [a.value(machine) for a in arguments[1:]]),
    ),
}

FUNCTIONS = frozenset(_FUNCTIONS)
"""The functions that are supported."""
