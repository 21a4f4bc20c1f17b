"""Random trees of the shell's syntax, with every line 0."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from random import Random
from typing import TypeVar

from pkg2image.maintscript.syntax import (
    AndOr,
    Arithmetic,
    Assignment,
    Case,
    CaseArm,
    Command,
    CommandSubstitution,
    Compound,
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

_T = TypeVar("_T")

_WORD = "abc1/*?.,:%@^-+[]"  # no reserved word, no assignment
_OPERAND = "ab c/*;&|(<"  # anything but quotes and what starts another part
_QUOTED = "ab '$`\"\\\n*#~é;)}"
_ARITHMETIC = "1+ *-x"
_NAMES = ("x", "_y1", "PATH")
_SPECIAL = ("1", "10", "@", "#", "?", "*", "!", "$", "-")
_DEFAULTS: tuple[ParameterOperator, ...] = ("-", "=", "?", "+")
_TRIMS: tuple[ParameterOperator, ...] = ("%", "%%", "##", "#")
_FILES: tuple[RedirectionOperator, ...] = ("<", ">", ">>", ">|", "<>", "<&", ">&")


def random_script(seed: int) -> Script:
    """Return a tree.

    Args:
        seed: Makes the same tree again.
    """
    return _Maker(Random(seed)).script()


class _Maker:
    """Makes nodes that nest at most a few levels."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._levels = random.randint(1, 3)

    def _some(self, make: Callable[[], _T], least: int, most: int) -> tuple[_T, ...]:
        return tuple(make() for _ in range(self._random.randint(least, most)))

    def _chance(self, one_in: int) -> bool:
        return self._random.randrange(one_in) == 0

    def _nested(self, make: Callable[[], _T]) -> _T:
        self._levels -= 1
        made = make()
        self._levels += 1
        return made

    def script(self) -> Script:
        return Script(self._some(self._and_or, 1, 2), 0)

    def _and_or(self) -> AndOr:
        rest = self._some(self._connected, 0, 1)
        return AndOr(self._pipeline(), rest, self._chance(5), 0)

    def _connected(self) -> tuple[Connective, Pipeline]:
        return "&&" if self._chance(2) else "||", self._pipeline()

    def _pipeline(self) -> Pipeline:
        return Pipeline(self._some(self._command, 1, 2), self._chance(4), 0)

    def _command(self) -> Command:
        if self._levels > 0 and self._chance(3):
            return self._nested(self._compound)
        if self._levels > 0 and self._chance(8):
            return Function(self._random.choice(_NAMES), self._nested(self._compound), 0)
        assignments = self._some(self._assignment, 0, 1)
        return Simple(assignments, self._some(self._word, 0 if assignments else 1, 3), self._redirections(), 0)

    def _compound(self) -> Compound:
        makers = (self._subshell, self._group, self._if, self._while, self._for, self._case)
        return self._random.choice(makers)()

    def _subshell(self) -> Compound:
        return Subshell(self.script(), self._redirections(), 0)

    def _group(self) -> Compound:
        return Group(self.script(), self._redirections(), 0)

    def _if(self) -> Compound:
        arms = self._some(lambda: IfArm(self.script(), self.script(), 0), 1, 2)
        return If(arms, self.script() if self._chance(2) else None, self._redirections(), 0)

    def _while(self) -> Compound:
        return While(self.script(), self.script(), self._chance(2), self._redirections(), 0)

    def _for(self) -> Compound:
        words = None if self._chance(3) else self._some(self._word, 0, 2)
        return For(self._random.choice(_NAMES), words, self.script(), self._redirections(), 0)

    def _case(self) -> Compound:
        return Case(self._word(), self._some(self._case_arm, 0, 2), self._redirections(), 0)

    def _case_arm(self) -> CaseArm:
        return CaseArm(self._some(self._word, 1, 2), Script((), 0) if self._chance(3) else self.script(), 0)

    def _assignment(self) -> Assignment:
        return Assignment(self._random.choice(_NAMES), Word((), 0) if self._chance(5) else self._word(), 0)

    def _redirections(self) -> tuple[Redirection, ...]:
        return self._some(self._redirection, 1, 2) if self._chance(4) else ()

    def _redirection(self) -> Redirection:
        fd = None if self._chance(2) else self._random.randint(0, 9)
        if self._levels > 0 and self._chance(3):
            return Redirection(fd, "<<", Word((self._nested(self._document),), 0), 0)
        return Redirection(fd, self._random.choice(_FILES), self._word(), 0)

    def _document(self) -> Part:
        if self._chance(2):
            return SingleQuoted(self._text("ab $`\"\\'\t\n", 0, 9) + "\n", 0)
        return DoubleQuoted(self._merged((*self._in_quotes(), Literal("\n", 0))), 0)

    def _word(self) -> Word:
        if self._chance(9):
            return Word((Tilde(self._random.choice(("", "root")), 0), Literal("/b", 0)), 0)
        return Word(self._mixed(1, self._plain, self._plain, self._single_quoted, self._other), 0)

    def _plain(self) -> Part:
        return self._literal(_WORD)

    def _other(self) -> Part:
        if self._levels <= 0:
            return self._single_quoted()
        if self._chance(2):
            return self._nested(lambda: DoubleQuoted(self._in_quotes(), 0))
        return self._nested(lambda: self._expansion(quoted=False))

    def _in_quotes(self) -> tuple[Part, ...]:
        return self._mixed(0, self._part_in_quotes)

    def _part_in_quotes(self) -> Part:
        if self._levels <= 0 or self._chance(2):
            return self._literal(_QUOTED)
        return self._nested(lambda: self._expansion(quoted=True))

    def _expansion(self, *, quoted: bool) -> Part:
        if self._chance(4):
            return CommandSubstitution(self.script(), 0)
        if self._chance(4):
            return Arithmetic(
                self._mixed(1, partial(self._literal, _ARITHMETIC), partial(self._parameter, quoted=True)), 0
            )
        return self._parameter(quoted=quoted)

    def _parameter(self, *, quoted: bool) -> Parameter:
        name = self._random.choice(_NAMES)
        if self._chance(2):
            return Parameter(self._random.choice((*_NAMES, *_SPECIAL)), "", colon=False, word=None, line=0)
        if self._chance(5):
            return Parameter(name, "length", colon=False, word=None, line=0)
        if self._chance(2):
            trim = self._random.choice(_TRIMS)
            return Parameter(name, trim, colon=False, word=self._operand(quoted=False), line=0)
        default = self._random.choice(_DEFAULTS)
        return Parameter(name, default, colon=self._chance(2), word=self._operand(quoted=quoted), line=0)

    def _operand(self, *, quoted: bool) -> Word:
        if self._levels <= 0:
            return Word((), 0)
        if quoted:
            return Word(self._nested(self._in_quotes), 0)
        makers = (partial(self._literal, _OPERAND), self._single_quoted, self._other)
        return Word(self._nested(lambda: self._mixed(0, *makers)), 0)

    def _literal(self, alphabet: str) -> Literal:
        return Literal(self._text(alphabet, 1, 4), 0)

    def _single_quoted(self) -> SingleQuoted:
        return SingleQuoted(self._text('ab $`"\\\n*#~}é', 0, 4), 0)

    def _text(self, alphabet: str, least: int, most: int) -> str:
        return "".join(self._some(lambda: self._random.choice(alphabet), least, most))

    def _mixed(self, least: int, *makers: Callable[[], Part]) -> tuple[Part, ...]:
        return self._merged(tuple(self._random.choice(makers)() for _ in range(self._random.randint(least, 3))))

    @staticmethod
    def _merged(parts: tuple[Part, ...]) -> tuple[Part, ...]:
        """Make one literal of those that follow each other, which no parser can tell apart."""
        merged: list[Part] = []
        for part in parts:
            last = merged[-1] if merged else None
            if isinstance(part, Literal) and isinstance(last, Literal):
                merged[-1] = Literal(last.text + part.text, 0)
            else:
                merged.append(part)
        return tuple(merged)
