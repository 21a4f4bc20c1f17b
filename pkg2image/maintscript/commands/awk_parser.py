"""The language of awk, read into statements that are ready to run.

Spec: POSIX.1-2017 awk, "Grammar". Functions of the program, ``getline``, pipes and files to print to are refused.
"""

from __future__ import annotations

from dataclasses import dataclass

from pkg2image.maintscript.commands.awk_machine import (
    BreakError,
    ContinueError,
    Machine,
    NextError,
    regex_of,
)
from pkg2image.maintscript.commands.awk_nodes import (
    FUNCTIONS,
    Computed,
    Constant,
    Element,
    Expression,
    Field,
    Pattern,
    Statement,
    Target,
    Variable,
    binary,
    call,
)
from pkg2image.maintscript.commands.awk_statements import (
    assignment,
    count,
    delete_element,
    exit_with,
    loop,
    loop_over,
    membership,
    print_statement,
    printf_statement,
    raising,
    sequence,
)
from pkg2image.maintscript.commands.awk_tokens import KEYWORDS, Token, tokens_of, unescaped
from pkg2image.maintscript.failure import NotUnderstoodError

_COMPARISONS = frozenset({"<", "<=", "==", "!=", ">=", ">"})
_ASSIGNMENTS = frozenset({"=", "+=", "-=", "*=", "/=", "%="})
_MAX_DEPTH = 60


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of a program.

    Args:
        kind: ``BEGIN``, ``END`` or ``main``.
        first: Its pattern, or the start of a range; None for every record.
        last: The end of a range.
        action: What it does.
    """

    kind: str
    first: Expression | None
    last: Expression | None
    action: Statement


def parse_program(text: str) -> tuple[Rule, ...]:
    """Read a program; one character of it is one byte.

    Raises:
        NotUnderstoodError: When it is wrong or uses what is not supported.
    """
    return _Parser(tokens_of(text)).program()


class _Parser:
    """A position in the tokens of a program."""

    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._at = 0
        self._depth = 0
        self._in_print = False

    # tokens

    def _peek(self, ahead: int = 0) -> Token:
        index = self._at + ahead
        return self._tokens[index] if index < len(self._tokens) else Token("end", "")

    def _next(self) -> Token:
        token = self._peek()
        self._at += 1
        return token

    def _takes(self, *texts: str) -> str:
        token = self._peek()
        if token.kind in {"operator", "name", "newline"} and token.text in texts:
            self._at += 1
            return token.text
        return ""

    def _expect(self, text: str) -> None:
        if not self._takes(text):
            raise NotUnderstoodError(f"awk: {self._peek().text!r} instead of {text!r}")

    def _newlines(self) -> None:
        while self._takes("\n"):
            pass

    # program and statements

    def program(self) -> tuple[Rule, ...]:
        """Read all rules."""
        rules: list[Rule] = []
        while True:
            while self._takes("\n", ";"):
                pass
            if self._peek().kind == "end":
                return tuple(rules)
            rules.append(self._rule())

    def _rule(self) -> Rule:
        kind = self._takes("BEGIN", "END") or "main"
        first = last = None
        if kind == "main" and self._peek().text != "{":
            first = self._expression()
            if self._takes(","):
                self._newlines()
                last = self._expression()
        if self._peek().text == "{":
            return Rule(kind, first, last, self._block())
        if kind != "main":
            raise NotUnderstoodError(f"awk: {kind} without an action")
        return Rule(kind, first, last, print_statement([]))

    def _block(self) -> Statement:
        self._expect("{")
        statements: list[Statement] = []
        while True:
            while self._takes("\n", ";"):
                pass
            if self._takes("}"):
                return sequence(statements)
            statements.append(self._statement())

    def _statement(self) -> Statement:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise NotUnderstoodError("awk: nested too deeply")
        statement = self._compound() or self._simple_statement()
        self._depth -= 1
        return statement

    def _compound(self) -> Statement | None:
        if self._peek().text == "{" and self._peek().kind == "operator":
            return self._block()
        match self._takes("if", "while", "for", "do"):
            case "if":
                return self._if()
            case "while":
                condition = self._condition()
                return loop(None, condition, None, self._body())
            case "for":
                return self._for()
            case "do":
                raise NotUnderstoodError("awk: do")
        return None

    def _condition(self) -> Expression:
        self._expect("(")
        condition = self._expression()
        self._expect(")")
        return condition

    def _body(self) -> Statement:
        self._newlines()
        if self._takes(";"):
            return sequence([])
        return self._statement()

    def _if(self) -> Statement:
        condition = self._condition()
        yes = self._body()
        mark = self._at
        while self._takes("\n", ";"):
            pass
        no = sequence([])
        if self._takes("else"):
            no = self._body()
        else:
            self._at = mark

        def run(machine: Machine) -> None:
            (yes if condition.holds(machine) else no)(machine)

        return run

    def _for(self) -> Statement:
        self._expect("(")
        if self._peek(1).text == "in" and self._peek(3).text == ")":
            variable = Variable(self._next().text)
            self._next()
            array = self._next().text
            self._expect(")")
            return loop_over(variable, array, self._body())
        start = None if self._peek().text == ";" else self._simple_statement(ends=False)
        self._expect(";")
        condition = None if self._peek().text == ";" else self._expression()
        self._expect(";")
        step = None if self._peek().text == ")" else self._simple_statement(ends=False)
        self._expect(")")
        return loop(start, condition, step, self._body())

    def _simple_statement(self, *, ends: bool = True) -> Statement:
        statement = self._simple()
        if ends and not self._takes(";", "\n") and self._peek().text not in {"}", ""}:
            raise NotUnderstoodError(f"awk: {self._peek().text!r} here")
        return statement

    def _simple(self) -> Statement:
        word = self._takes("next", "exit", "break", "continue", "delete", "print", "printf")
        if word in {"next", "break", "continue"}:
            return raising({"next": NextError, "break": BreakError, "continue": ContinueError}[word])
        if word == "exit":
            status = None if self._peek().text in {";", "}", "\n", ""} else self._expression()
            return exit_with(status)
        if word == "delete":
            return self._delete()
        if word:
            return self._print(word)
        expression = self._expression()

        def run(machine: Machine) -> None:
            expression.value(machine)

        return run

    def _delete(self) -> Statement:
        target = self._primary()
        if isinstance(target, Element):
            return delete_element(target)
        if isinstance(target, Variable):
            return lambda machine: machine.array(target.name).clear()
        raise NotUnderstoodError("awk: delete")

    def _print(self, word: str) -> Statement:
        self._in_print = True
        expressions: list[Expression] = []
        if self._peek().text not in {";", "}", "\n", "", ">", "|"}:
            expressions = self._print_list()
        self._in_print = False
        to_stderr = False
        if self._takes(">"):
            target = self._next()
            if (target.kind, target.text) != ("string", '"/dev/stderr"'):
                raise NotUnderstoodError("awk: print to a file")
            to_stderr = True
        if self._peek().text in {"|", ">>"}:
            raise NotUnderstoodError("awk: print to a pipe")
        if word == "print":
            return print_statement(expressions, to_stderr=to_stderr)
        if not expressions:
            raise NotUnderstoodError("awk: printf without a format")
        return printf_statement(expressions, to_stderr=to_stderr)

    def _print_list(self) -> list[Expression]:
        """Return what is printed; a list in parentheses is one only when nothing but the end follows it."""
        mark = self._at
        if self._takes("("):
            self._in_print = False
            expressions = self._expressions(")")
            self._in_print = True
            if self._peek().text in {";", "}", "\n", "", ">", "|"}:
                return expressions
            if len(expressions) != 1:
                raise NotUnderstoodError("awk: a list in parentheses")
            self._at = mark
        expressions = [self._expression()]
        while self._takes(","):
            self._newlines()
            expressions.append(self._expression())
        return expressions

    def _expressions(self, end: str) -> list[Expression]:
        expressions: list[Expression] = []
        while not self._takes(end):
            if expressions:
                self._expect(",")
                self._newlines()
            expressions.append(self._expression())
        return expressions

    # expressions, the loosest first

    def _expression(self) -> Expression:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise NotUnderstoodError("awk: nested too deeply")
        expression = self._assignment()
        self._depth -= 1
        return expression

    def _assignment(self) -> Expression:
        left = self._ternary()
        operator = self._takes(*_ASSIGNMENTS)
        if not operator:
            return left
        if not isinstance(left, Target):
            raise NotUnderstoodError("awk: an assignment to something that cannot be changed")
        return assignment(left, operator[:-1], self._expression())

    def _ternary(self) -> Expression:
        condition = self._or()
        if not self._takes("?"):
            return condition
        yes = self._expression()
        self._expect(":")
        no = self._expression()
        return Computed(lambda machine: (yes if condition.holds(machine) else no).value(machine))

    def _or(self) -> Expression:
        left = self._and()
        while self._takes("||"):
            self._newlines()
            left = binary("||", left, self._and())
        return left

    def _and(self) -> Expression:
        left = self._membership()
        while self._takes("&&"):
            self._newlines()
            left = binary("&&", left, self._membership())
        return left

    def _membership(self) -> Expression:
        left = self._matching()
        while self._takes("in"):
            left = membership(left, self._next().text)
        return left

    def _matching(self) -> Expression:
        left = self._comparison()
        while operator := self._takes("~", "!~"):
            left = binary(operator, left, self._comparison())
        return left

    def _comparison(self) -> Expression:
        left = self._concatenation()
        allowed = _COMPARISONS - {">"} if self._in_print else _COMPARISONS
        operator = self._takes(*allowed)
        return binary(operator, left, self._concatenation()) if operator else left

    def _concatenation(self) -> Expression:
        left = self._sum()
        while self._starts_operand():
            left = binary("", left, self._sum())
        return left

    def _starts_operand(self) -> bool:
        token = self._peek()
        if token.kind in {"number", "string"}:
            return True
        if token.kind == "name":
            return token.text not in KEYWORDS
        return token.kind == "operator" and token.text in {"$", "(", "!", "++", "--"} and token.text != "!"

    def _sum(self) -> Expression:
        left = self._product()
        while operator := self._takes("+", "-"):
            left = binary(operator, left, self._product())
        return left

    def _product(self) -> Expression:
        left = self._unary()
        while operator := self._takes("*", "/", "%"):
            left = binary(operator, left, self._unary())
        return left

    def _unary(self) -> Expression:
        operator = self._takes("!", "-", "+")
        if not operator:
            return self._postfix()
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise NotUnderstoodError("awk: nested too deeply")
        operand = self._unary()
        self._depth -= 1
        if operator == "!":
            return Computed(lambda machine: float(not operand.holds(machine)))
        sign = -1 if operator == "-" else 1
        return Computed(lambda machine: sign * operand.number(machine) + 0.0)

    def _postfix(self) -> Expression:
        operator = self._takes("++", "--")
        operand = self._primary()
        if self._peek().text == "^" and self._peek().kind == "operator":
            raise NotUnderstoodError("awk: ^")
        if operator:
            if not isinstance(operand, Target):
                raise NotUnderstoodError(f"awk: {operator}")
            return assignment(operand, operator[0], Constant(1.0))
        if isinstance(operand, Target) and (operator := self._takes("++", "--")):
            return count(operand, operator[0])
        return operand

    def _primary(self) -> Expression:
        token = self._next()
        match token.kind:
            case "number":
                return Constant(float(token.text))
            case "string":
                return Constant(unescaped(token.text[1:-1]))
            case "regex":
                return Pattern(regex_of(token.text.encode("latin-1")))
            case "name" if token.text not in KEYWORDS:
                return self._named(token.text)
        if token.kind == "operator" and token.text == "$":
            sign = self._takes("-")
            if sign:
                raise NotUnderstoodError("awk: $-")
            return Field(self._primary())
        if token.kind == "operator" and token.text == "(":
            in_print, self._in_print = self._in_print, False
            inner = self._expression()
            self._expect(")")
            self._in_print = in_print
            return Computed(inner.value)
        raise NotUnderstoodError(f"awk: {token.text!r} here")

    def _named(self, name: str) -> Expression:
        if name in FUNCTIONS:
            in_print, self._in_print = self._in_print, False
            arguments = self._expressions(")") if self._takes("(") else []
            self._in_print = in_print
            return call(name, arguments)
        if self._peek().text == "(" and self._peek().kind == "operator":
            raise NotUnderstoodError(f"awk: the function {name}")
        if self._takes("["):
            return Element(name, tuple(self._expressions("]")))
        return Variable(name)
