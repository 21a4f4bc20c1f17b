"""The statements of awk, made of expressions and ready to run."""

from __future__ import annotations

from pkg2image.maintscript.commands.awk_machine import BreakError, ContinueError, ExitError, Machine
from pkg2image.maintscript.commands.awk_nodes import (
    Computed,
    Constant,
    Element,
    Expression,
    Field,
    Statement,
    Target,
    calculate,
)
from pkg2image.maintscript.commands.awk_values import Value, formatted, is_true, to_number


def sequence(statements: list[Statement]) -> Statement:
    """Return statements one after the other."""

    def run(machine: Machine) -> None:
        for statement in statements:
            machine.step()
            statement(machine)

    return run


def loop(start: Statement | None, condition: Expression | None, step: Statement | None, body: Statement) -> Statement:
    """Return a loop; without a condition it goes on until something ends it."""

    def run(machine: Machine) -> None:
        if start is not None:
            start(machine)
        while condition is None or condition.holds(machine):
            machine.step()
            try:
                body(machine)
            except BreakError:
                return
            except ContinueError:
                pass
            if step is not None:
                step(machine)

    return run


def loop_over(variable: Target, array: str, body: Statement) -> Statement:
    """Return a loop over the keys that an array has when the loop starts."""

    def run(machine: Machine) -> None:
        keys = machine.order(machine.array(array))
        machine.ordered = machine.ordered or len(keys) > 1
        for key in keys:
            machine.step()
            variable.assign(machine, key)
            try:
                body(machine)
            except BreakError:
                return
            except ContinueError:
                pass

    return run


def raising(error: type[Exception]) -> Statement:
    """Return a statement that leaves what it stands in."""

    def run(_machine: Machine) -> None:
        raise error

    return run


def delete_element(element: Element) -> Statement:
    """Return the removal of an element of an array."""

    def run(machine: Machine) -> None:
        machine.array(element.array).pop(element.key(machine), None)

    return run


def exit_with(status: Expression | None) -> Statement:
    """Return ``exit``."""

    def run(machine: Machine) -> None:
        if status is not None:
            machine.status = int(status.number(machine)) & 255
        raise ExitError

    return run


def print_statement(expressions: list[Expression], *, to_stderr: bool = False) -> Statement:
    """Return ``print``; of nothing it is that of ``$0``."""

    def run(machine: Machine) -> None:
        shown = [expression.text(machine) for expression in expressions or [Field(Constant(0.0))]]
        output = machine.stderr if to_stderr else machine.stdout
        output.write(machine.text("OFS").join(shown) + machine.text("ORS"))

    return run


def printf_statement(expressions: list[Expression], *, to_stderr: bool) -> Statement:
    """Return ``printf``: the first expression is the format."""

    def run(machine: Machine) -> None:
        values = [expression.value(machine) for expression in expressions[1:]]
        output = machine.stderr if to_stderr else machine.stdout
        output.write(formatted(expressions[0].text(machine), values))

    return run


def membership(left: Expression, array: str) -> Expression:
    """Return whether a text is a subscript of an array."""
    return Computed(lambda machine: float(left.text(machine) in machine.array(array)))


def assignment(target: Target, operator: str, right: Expression) -> Expression:
    """Return an assignment, with an operator one like ``+=``."""

    def compute(machine: Machine) -> Value:
        value = right.value(machine)
        if operator:
            value = calculate(operator, target.number(machine), to_number(value))
        target.assign(machine, value)
        return value

    return Computed(compute)


def count(target: Target, operator: str) -> Expression:
    """Return ``target++`` or ``target--``: the value is the one before."""

    def compute(machine: Machine) -> Value:
        before = target.number(machine)
        target.assign(machine, calculate(operator, before, 1.0))
        return before

    return Computed(compute)


def holds(expression: Expression | None, machine: Machine) -> bool:
    """Say whether a pattern selects the record."""
    return expression is None or is_true(expression.value(machine))
