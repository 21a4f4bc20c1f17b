"""The syntax trees of small scripts, the lines of their nodes, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, is_dataclass
from typing import Any

import pytest

from pkg2image.maintscript.failure import NotUnderstoodError, ShellSyntaxError
from pkg2image.maintscript.parser import parse
from pkg2image.maintscript.syntax import (
    AndOr,
    Arithmetic,
    Assignment,
    Case,
    CaseArm,
    CommandSubstitution,
    Connective,
    DoubleQuoted,
    For,
    Function,
    Group,
    If,
    IfArm,
    Literal,
    Parameter,
    ParameterOperator,
    Part,
    Pipeline,
    Redirection,
    RedirectionOperator,
    Script,
    Simple,
    SingleQuoted,
    Subshell,
    Tilde,
    While,
    Word,
)
from pkg2image.maintscript.tildes import as_assignment
from tests.support.shelltext import without_lines


def _lit(text: str) -> Literal:
    return Literal(text, 0)


def _quoted(text: str) -> SingleQuoted:
    return SingleQuoted(text, 0)


def _double(*parts: Part | str) -> DoubleQuoted:
    return DoubleQuoted(_parts(parts), 0)


def _parts(parts: tuple[Part | str, ...]) -> tuple[Part, ...]:
    return tuple(_lit(part) if isinstance(part, str) else part for part in parts)


def _word(*parts: Part | str) -> Word:
    return Word(_parts(parts), 0)


def _value(name: str, operator: ParameterOperator = "", *parts: Part | str, colon: bool = False) -> Parameter:
    word = None if operator in {"", "length"} else _word(*parts)
    return Parameter(name, operator, colon, word, 0)


def _simple(*words: Word | str, redirections: tuple[Redirection, ...] = (), **assigned: Word) -> Simple:
    assignments = tuple(Assignment(name, value, 0) for name, value in assigned.items())
    return Simple(assignments, tuple(_word(w) if isinstance(w, str) else w for w in words), redirections, 0)


def _redirect(fd: int | None, operator: RedirectionOperator, target: Word | str) -> Redirection:
    return Redirection(fd, operator, _word(target) if isinstance(target, str) else target, 0)


def _list(*commands: Any) -> Script:
    return Script(tuple(AndOr(Pipeline((command,), negated=False, line=0), (), False, 0) for command in commands), 0)


def _substitution(*commands: Any) -> CommandSubstitution:
    return CommandSubstitution(_list(*commands), 0)


A, B, C, D = (_simple(name) for name in "abcd")


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("a'b'\"c\"", ["a", _quoted("b"), _double("c")]),
        (r"a\ b\'", ["a", _quoted(" "), "b", _quoted("'")]),
        ("a\\\nb'\\\n'", ["ab", _quoted("\\\n")]),
        ("''\"\"", [_quoted(""), _double()]),
        (r'"\$\`\"\\\a\'"', [_double("$`\"\\\\a\\'")]),
        ('"a\\\nb"', [_double("ab")]),
        ("a\\", ["a", _quoted("\\")]),
        ("a#b$", ["a#b$"]),
        ("$x$1$10$#", [_value("x"), _value("1"), _value("1"), "0", _value("#")]),
        ("$\\\nx\\\ny.", [_value("xy"), "."]),
        ("${x}${10}${@}", [_value("x"), _value("10"), _value("@")]),
        (
            "${#x}${#}${##}${#-}",
            [_value("x", "length"), _value("#"), _value("#", "length"), _value("-", "length")],
        ),
        ("${#:-x}${##x}${#%x}", [_value("#", "-", "x", colon=True), _value("#", "#", "x"), _value("#", "%", "x")]),
        ("${x:-a b}${x=}", [_value("x", "-", "a b", colon=True), _value("x", "=")]),
        (
            "${x?a'}'b}${x:+\"}\"}",
            [_value("x", "?", "a", _quoted("}"), "b"), _value("x", "+", _double("}"), colon=True)],
        ),
        (
            "${x%.*}${x%%/}${x#\\#}${x##*/}",
            [_value("x", "%", ".*"), _value("x", "%%", "/"), _value("x", "#", _quoted("#")), _value("x", "##", "*/")],
        ),
        (
            "${x:-${y:-~/z}}${x:-~}",
            [
                _value("x", "-", _value("y", "-", Tilde("", 0), "/z", colon=True), colon=True),
                _value("x", "-", Tilde("", 0), colon=True),
            ],
        ),
        ('"${x:-\'a\' ~ \\} "b}"}"', [_double(_value("x", "-", "'a' ~ } ", _double("b}"), colon=True))]),
        ('"${x#\'}\'}${x%"$y"}"', [_double(_value("x", "#", _quoted("}")), _value("x", "%", _double(_value("y"))))]),
        ("$(a; b)`c`", [_substitution(A, B), _substitution(C)]),
        ("$()``", [_substitution(), _substitution()]),
        ("$(a ')' # )\n)", [_substitution(_simple("a", _word(_quoted(")"))))]),
        ("$(case a in b) c;; esac)", [_substitution(Case(_word("a"), (CaseArm((_word("b"),), _list(C), 0),), (), 0))]),
        (
            "`a \\`b \\\\\\`c\\\\\\`\\``",
            [_substitution(_simple("a", _word(_substitution(_simple("b", _word(_substitution(C)))))))],
        ),
        ('"`a \\"b\\" \\$x`"', [_double(_substitution(_simple("a", _word(_double("b")), _word(_value("x")))))]),
        ("$((1 + (x * $y)))", [Arithmetic(_parts(("1 + (x * ", _value("y"), ")")), 0)]),
        (
            "$(( $(a) - $((1)) ))",
            [Arithmetic(_parts((" ", _substitution(A), " - ", Arithmetic((_lit("1"),), 0), " ")), 0)],
        ),
        ("~", [Tilde("", 0)]),
        ("~root/a", [Tilde("root", 0), "/a"]),
        ("~'root'/a", ["~", _quoted("root"), "/a"]),
        ("~$x", ["~", _value("x")]),
        ("a~ ", ["a~"]),
        ("\u00e9\u2028\r", ["\u00e9\u2028\r"]),
    ],
)
def test_words(text: str, parts: list[Part | str]) -> None:
    assert without_lines(parse(f"echo {text}", origin="")) == _list(_simple("echo", _word(*parts)))


DOCUMENT = _redirect(None, "<<", _word(_double("$x ", _value("y"), ' "q" \\a\nb\n')))

COMMANDS: dict[str, Script] = {
    "": _list(),
    "\n # only this\n\n": _list(),
    "a;b\nc # d": _list(A, B, C),
    "a b=c if": _list(_simple("a", "b=c", "if")),
    "x= y=$z a": _list(_simple("a", x=_word(), y=_word(_value("z")))),
    "x=~:~root/b:c~": _list(_simple(x=_word(Tilde("", 0), ":", Tilde("root", 0), "/b:c~"))),
    "x=$y:~ z=~'a'": _list(_simple(x=_word(_value("y"), ":", Tilde("", 0)), z=_word("~", _quoted("a")))),
    "'x'=1 1x=2": _list(_simple(_word(_quoted("x"), "=1"), "1x=2")),
    "a>b 2>&1 <c3>d": _list(
        _simple(
            "a",
            redirections=(
                _redirect(None, ">", "b"),
                _redirect(2, ">&", "1"),
                _redirect(None, "<", "c3"),
                _redirect(None, ">", "d"),
            ),
        )
    ),
    ">|a <>b >>c 0<&-": _list(
        _simple(
            redirections=(
                _redirect(None, ">|", "a"),
                _redirect(None, "<>", "b"),
                _redirect(None, ">>", "c"),
                _redirect(0, "<&", "-"),
            )
        )
    ),
    "a '2'>b": _list(_simple("a", _word(_quoted("2")), redirections=(_redirect(None, ">", "b"),))),
    "(a; b) >c": _list(Subshell(_list(A, B), (_redirect(None, ">", "c"),), 0)),
    "{ a; } 2>c": _list(Group(_list(A), (_redirect(2, ">", "c"),), 0)),
    "a {} }": _list(_simple("a", "{}", "}")),
    "f()\n{ a\n}": _list(Function("f", Group(_list(A), (), 0), 0)),
    "f ( ) (a) >b": _list(Function("f", Subshell(_list(A), (_redirect(None, ">", "b"),), 0), 0)),
    "if a\nthen b; fi": _list(If((IfArm(_list(A), _list(B), 0),), None, (), 0)),
    "if a; then b; elif c; then d; else a; fi": _list(
        If((IfArm(_list(A), _list(B), 0), IfArm(_list(C), _list(D), 0)), _list(A), (), 0)
    ),
    "while a; do b; done": _list(While(_list(A), _list(B), until=False, redirections=(), line=0)),
    "until a\ndo\nb\ndone <c": _list(
        While(_list(A), _list(B), until=True, redirections=(_redirect(None, "<", "c"),), line=0)
    ),
    "for x in 1 $y; do a; done": _list(For("x", (_word("1"), _word(_value("y"))), _list(A), (), 0)),
    "for x in; do a; done": _list(For("x", (), _list(A), (), 0)),
    "for x do a; done": _list(For("x", None, _list(A), (), 0)),
    "for x\nin a\ndo a\ndone": _list(For("x", (_word("a"),), _list(A), (), 0)),
    "case a in esac": _list(Case(_word("a"), (), (), 0)),
    "case $x in a|'b') ;; (esac) a; b;; *) esac": _list(
        Case(
            _word(_value("x")),
            (
                CaseArm((_word("a"), _word(_quoted("b"))), _list(), 0),
                CaseArm((_word("esac"),), _list(A, B), 0),
                CaseArm((_word("*"),), _list(), 0),
            ),
            (),
            0,
        )
    ),
    'a <<E\n\\$x $y "q" \\a\\\n\nb\nE\nc': _list(_simple("a", redirections=(DOCUMENT,)), C),
    "a <<E\n${x}\\\nE\nE": _list(
        _simple("a", redirections=(_redirect(None, "<<", _word(_double(_value("x"), "E\n"))),))
    ),
    "a <<'E'\n$x\\\nE": _list(_simple("a", redirections=(_redirect(None, "<<", _word(_quoted("$x\\\n"))),))),
    "a <<-E\n\t\tb\tc\n\tE\n": _list(_simple("a", redirections=(_redirect(None, "<<", _word(_double("b\tc\n"))),))),
    "a <<E 3<<\\F | b\nE\n1\nF\n": Script(
        (
            AndOr(
                Pipeline(
                    (
                        _simple(
                            "a",
                            redirections=(
                                _redirect(None, "<<", _word(_double())),
                                _redirect(3, "<<", _word(_quoted("1\n"))),
                            ),
                        ),
                        B,
                    ),
                    negated=False,
                    line=0,
                ),
                (),
                False,
                0,
            ),
        ),
        0,
    ),
    "a $(b <<E\n)\nE\n)": _list(
        _simple("a", _word(_substitution(_simple("b", redirections=(_redirect(None, "<<", _word(_double(")\n"))),)))))
    ),
    "i\\\nf a; th\\\nen b; f\\\ni": _list(If((IfArm(_list(A), _list(B), 0),), None, (), 0)),
}


@pytest.mark.parametrize("text", COMMANDS)
def test_commands(text: str) -> None:
    assert without_lines(parse(text, origin="")) == COMMANDS[text]


def test_lists() -> None:
    script = without_lines(parse("! a | \n\n b && c ||\n# d\nd & a", origin=""))
    first = Pipeline((A, B), negated=True, line=0)
    rest: tuple[tuple[Connective, Pipeline], ...] = (
        ("&&", Pipeline((C,), negated=False, line=0)),
        ("||", Pipeline((D,), negated=False, line=0)),
    )
    assert script == Script((AndOr(first, rest, background=True, line=0), *_list(A).items), 0)


def test_operators_may_be_continued() -> None:
    assert without_lines(parse("a &\\\n& b |\\\n| c >\\\n> d", origin="")) == without_lines(
        parse("a && b || c >> d", origin="")
    )


SCRIPT = """#!/bin/sh
# comment
set -e

if [ "$1" = configure ] &&
   [ -z "$2" ]; then
    x="a
b" y=$(
        c \\
          d
    ) e
    cat <<E >f
text $(g)
E
    h `
       i`
fi
j() { k; }
case $x in
    l)
        m ;;
esac
"""

LINES = {"set": 3, "[": 5, "c": 9, "x": 7, "cat": 12, "g": 13, "h": 15, "i": 16, "k": 18, "m": 21}


def test_lines() -> None:
    found: dict[str, int] = {}

    def visit(node: Any) -> None:
        if isinstance(node, Simple):
            first = node.words[0].parts[0]
            name = node.assignments[0].name if node.assignments else first.text if isinstance(first, Literal) else ""
            found.setdefault(name, node.line)
        if isinstance(node, tuple):
            for child in node:
                visit(child)
        elif is_dataclass(node):
            for field in fields(node):
                visit(getattr(node, field.name))

    script = parse(SCRIPT, origin="")
    visit(script)
    assert found == LINES
    assert [item.line for item in script.items] == [3, 5, 18, 19]


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("a\n;", 2, "unexpected ;"),
        ("a;;", 1, "unexpected ;;"),
        ("a & ; b", 1, "unexpected ;"),
        ("a &&", 1, "unexpected end of the script"),
        ("a |\n| b", 2, "unexpected |"),
        ("! ! a", 1, "unexpected word !"),
        ("()", 1, "unexpected )"),
        ("(a", 1, "unexpected end of the script"),
        ("a)", 1, "unexpected )"),
        ("(a) b", 1, "unexpected word b"),
        ("{ a }", 1, "unexpected end of the script"),
        ("if ; then a; fi", 1, "unexpected ;"),
        ("if a; then fi", 1, "unexpected word fi"),
        ("if a; then b; elif c; then d; if", 1, "unexpected end of the script"),
        ("if a\nthen b; else c; else d; fi", 2, "unexpected word else"),
        ("fi", 1, "unexpected word fi"),
        ("while a; done", 1, "unexpected word done"),
        ("for 1 in a; do b; done", 1, "unexpected word 1"),
        ("for x in a do b; done", 1, "unexpected word done"),
        ("for x in a >b; do c; done", 1, "unexpected >"),
        ("case a in b) c; d", 1, "unexpected end of the script"),
        ("case a in |b) c;; esac", 1, "unexpected |"),
        ("case a b in c) ;; esac", 1, "unexpected word b"),
        ("function f { a; }", 1, "unexpected word }"),
        ("f() a", 1, "unexpected word a"),
        ("f-g() { a; }", 1, "f-g cannot name a function"),
        ("exit() { a; }", 1, "exit cannot name a function"),
        ("a >", 1, "unexpected end of the script"),
        ("a >\nb", 1, "unexpected end of line"),
        ("a <<<b", 1, "unexpected <"),
        ("a=(b)", 1, "unexpected ("),
        ("a <(b)", 1, "unexpected ("),
        ("a 10>b", 1, "file descriptors above 9 mean different things to different shells"),
        ("a\n'b\n\n", 2, "unterminated single quotes"),
        ('"a', 1, 'missing " at the end of the script'),
        ("$(a", 1, "unexpected end of the script"),
        ("`a", 1, "unterminated backquotes"),
        ("`a\n(`", 2, "unexpected end of the script"),
        ("${a", 1, "expansion that is not of the POSIX shell"),
        ("${a-", 1, "missing } at the end of the script"),
        ("${a/b/c}", 1, "expansion that is not of the POSIX shell"),
        ("${a:1}", 1, "expansion that is not of the POSIX shell"),
        ("${!a}", 1, "expansion that is not of the POSIX shell"),
        ("${a[1]}", 1, "expansion that is not of the POSIX shell"),
        ("${}", 1, "expansion that is not of the POSIX shell"),
        ("$((1)", 1, "missing )) of an arithmetic expansion"),
        ("$((1", 1, "missing ( or ) at the end of the script"),
        ("$[1]", 1, "arithmetic in brackets is not of the POSIX shell"),
        ("$'a'", 1, "quotes after a dollar sign mean different things to different shells"),
        ("a <<E", 1, "here-document without a body"),
        ("a\nb <<E\nc\n", 3, "here-document without its end E"),
        ("$(a <<E)\nE\n", 1, "here-document without a body"),
        ("a <<$(b)\n", 1, "expansion in the delimiter of a here-document"),
        ("a\n\0", 2, "NUL character"),
    ],
)
def test_refusals(text: str, line: int, reason: str) -> None:
    with pytest.raises(ShellSyntaxError) as caught:
        parse(text, origin="x postinst")
    assert (caught.value.line, caught.value.reason) == (line, reason)
    assert isinstance(caught.value, NotUnderstoodError)
    assert str(caught.value) == f"x postinst:{line}: {reason}"


NESTED: dict[str, Callable[[int], str]] = {
    "subshells": lambda n: "(" * n + "a" + ")" * n,
    "conditions": lambda n: "if a; then " * n + "a" + "; fi" * n,
    "cases": lambda n: "case a in b) " * n + ";; esac" * n,
    "functions": lambda n: "f() { " * n + "a" + "; }" * n,
    "substitutions": lambda n: "$(" * n + "a" + ")" * n,
    "operands": lambda n: "${x:-" * n + "}" * n,
    "arithmetic": lambda n: "$((" * n + "1" + "))" * n,
    "quoted substitutions": lambda n: '"$(' * n + "a" + ')"' * n,
}


@pytest.mark.parametrize("name", NESTED)
def test_nesting_is_bounded(name: str) -> None:
    parse(NESTED[name](14), origin="")
    with pytest.raises(ShellSyntaxError, match="nested more than 30 levels deep"):
        parse(NESTED[name](10_000), origin="")


def test_length_is_bounded() -> None:
    with pytest.raises(ShellSyntaxError, match="longer than"):
        parse("#" * 4_194_305, origin="")


LONG = {
    "list": "a;" * 5000,
    "pipeline": "a|" * 5000 + "a",
    "and-or list": "a&&" * 5000 + "a",
    "arguments": "a " * 5000,
    "parts": "$x" * 5000,
    "assignments": "x=1 " * 5000,
    "redirections": ">a " * 5000,
    "elif": "if a; then b; " + "elif a; then b; " * 5000 + "fi",
    "case": "case a in " + "b) c;; " * 5000 + "esac",
    "here-document": "a <<E\n" + "$x\n" * 5000 + "E\n",
    "here-documents": "a " + "<<E " * 5000 + "\n" + "E\n" * 5000,
    "quotes": "'" + "\n" * 5000 + "'",
    "continuations": "\\\n" * 5000,
    "continuations in a word": "a" + "\\\n" * 5000 + "b",
    "backquotes": "``" * 5000,
}


@pytest.mark.parametrize("name", LONG)
def test_length_is_no_depth(name: str) -> None:
    parse(LONG[name], origin="")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("x=~/a", Assignment("x", _word(Tilde("", 0), "/a"), 0)),
        ("x=", Assignment("x", _word(), 0)),
        ("x", None),
        ("1x=a", None),
        ("x'='a", None),
        ("$x=a", None),
    ],
)
def test_arguments_as_assignments(text: str, value: Assignment | None) -> None:
    command = parse(f"export {text}", origin="").items[0].first.commands[0]
    assert isinstance(command, Simple)
    assert without_lines(as_assignment(command.words[1])) == value
