"""Scripts made at random that only use builtins of dash, for the comparison with the real one."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import strategies as st

_PLAIN = ("x", "foo", "a b", "*", "-n", "0", "7", "a:b", " lead", "trail ", "", "b*", "é", "1 2 3", ".", "a\\tb", "\\*")
_LITERALS = ("x", "foo", "f1", "*", "f?", "[ef]1", "-n", "0", "7", "a:b", "é", ".", "..", "=", "a/b", "\\$", "\\*")
_PATTERNS = ("*", "?", "a*", "*b", "[a-f]*", "[!a]*", "*o*", "''", '"$a"', "$b", "f*o", "\\*", "x", "*:", "$a*")
_NUMBERS = ("0", "1", "2", "7", "-3", "0x10", "010", "b", "$b", "c", "(1+2)", "(c=4)", "!1", "~2")
_OPERATORS = ("+", "-", "*", "/", "%", "<", ">", "==", "&&", "||", "&", "|", "^", "<<", ",", "?1:")
_SPECIAL = ("$@", "$*", "$#", "$1", "$2", "$?", "$-", "${#a}", "${#b}", "$nosuch", "${2-none}", "${1:+set}")
_CONTROL = (
    *("true", "false", "false", "return 3", "break", "continue", "exit 4", "shift", "set +e", "set -e", "set -u"),
    *("set -f", "exit", ":", "return", "cd .", "pwd >/dev/null", "umask 027", "exec 3>&1", "trap - EXIT"),
)
_IFS = ("':'", "' :'", "''", "' '", "o", "' o'")
_EVALUATED = ("false", "'echo $a'", "'a=$b; false'", "'return 2'", "'f x'", "'break'", "'set -- $a $b'")
_REDIRECTED = ("", "", "", "", " > f1", " >> f1", " >&2", " > no/f", " 3>&1 >&3", " < f2", " < nofile", " 2>/dev/null")
# A subshell whose redirection fails has status 0 in dash 0.5.12 when the group around it is redirected too.
_SAFELY_REDIRECTED = tuple(each for each in _REDIRECTED if "no" not in each)
_SETUP = """a='a b'; b=7; : > f1; echo 'text  of f2
second' > f2; f() { n=x$n; [ ${#n} -lt 6 ] || exit 9; echo in f "$@"; }
"""


class _Maker:
    """Makes the parts of a script out of decisions of hypothesis."""

    def __init__(self, draw: Callable[[st.SearchStrategy[int]], int]) -> None:
        self._draw = draw

    def pick(self, choices: tuple[str, ...]) -> str:
        return choices[self.number(len(choices))]

    def number(self, below: int) -> int:
        return self._draw(st.integers(0, below - 1))

    def several(self, part: Callable[[], str], least: int, most: int, separator: str = " ") -> str:
        return separator.join(part() for _ in range(least + self.number(most - least + 1)))

    def name(self) -> str:
        return self.pick(("a", "b", "c", "v"))

    def word(self, depth: int = 2) -> str:
        kind = self.number(6 if depth else 2)
        if kind == 0:
            return self.pick(_LITERALS)
        if kind == 1:
            return f"'{self.pick(_PLAIN)}'"
        if kind == 2:
            inside = self.several(lambda: self.pick(("x y", "*", "\\$", "'", "")) + self.expansion(depth - 1), 0, 2, "")
            return f'"{inside}"'
        if kind == 3:
            return self.several(lambda: self.word(depth - 1), 2, 3, "")
        return self.expansion(depth - 1)

    def expansion(self, depth: int) -> str:
        kind = self.number(6 if depth else 2)
        if kind == 0:
            return f"${self.name()}" if self.number(2) else f"${{{self.name()}}}"
        if kind == 1:
            return self.pick(_SPECIAL)
        if kind == 2:
            operator = self.pick(("-", ":-", "+", ":+", "=", ":="))
            return f"${{{self.name()}{operator}{self.word(depth - 1)}}}"
        if kind == 3:
            return f"${{{self.name()}{self.pick(('%', '%%', '#', '##'))}{self.pick(_PATTERNS)}}}"
        if kind == 4:
            return f"$( {self.simple(0)}; {self.simple(0)}\n)"
        return f"$(( {self.pick(_NUMBERS)} {self.pick(_OPERATORS)} {self.pick(_NUMBERS)} ))"

    def test(self, depth: int) -> str:
        def word() -> str:
            return self.word(depth)

        unary = ("-n", "-z", "-f", "-e", "-d", "-s", "!", "-o", "\\(")
        binary = ("=", "!=", "-eq", "-lt", "-a", "-o", "\\)")
        forms: tuple[Callable[[], str], ...] = (
            lambda: f"{self.pick(unary)} {word()}",
            lambda: f"{word()} {self.pick(binary)} {word()}",
            lambda: f"{self.pick(unary)} {word()} {self.pick(binary)} {word()}",
            lambda: f"{word()} {self.pick(binary)} {word()} {self.pick(binary)} {word()}",
        )
        return f"[ {forms[self.number(len(forms))]()} ]"

    def simple(self, depth: int = 2) -> str:
        def word() -> str:
            return self.word(depth)

        def words() -> str:
            return self.several(word, 0, 3)

        prints = ("echo", "printf '[%s]\\n'", "printf '%s,%5s;'", "echo -n")
        forms: tuple[Callable[[], str], ...] = (
            lambda: f"{self.pick(prints)} {words()}",
            lambda: f"{self.pick(prints)} {words()}",
            lambda: f"{self.name()}={word()}",
            lambda: self.pick(_CONTROL),
            lambda: self.pick(_CONTROL),
            lambda: self.test(depth),
            lambda: f"{self.name()}={word()} {self.pick(('f', 'echo', ':', 'eval', 'true'))} {words()}",
            lambda: f"set -- {words()}",
            lambda: f"f {words()}",
            lambda: f"IFS={self.pick(_IFS)}",
            lambda: f"trap 'echo T$?{self.pick(('', '; false', '; exit 6', '; exit'))}' EXIT",
            lambda: f"{self.pick(('export', 'local', 'local', 'readonly'))} {self.name()}={word()}",
            lambda: f"eval {self.pick(_EVALUATED)}",
            lambda: f"read {self.several(self.name, 1, 2)} <<E\n{word()} {word()}\nE\n",
            lambda: f"unset {self.name()}",
        )
        return forms[self.number(len(forms))]()

    def block(self, depth: int) -> str:
        return self.several(lambda: self.command(depth), 1, 2, "\n")

    def command(self, depth: int) -> str:
        if not depth or not self.number(3):
            return self.simple()

        def block() -> str:
            return self.block(depth - 1)

        forms: tuple[Callable[[], str], ...] = (
            lambda: f"{{ {block()}\n}} && {{ {block()}\n}}",
            lambda: f"{{ {block()}\n}} || {{ {block()}\n}}",
            lambda: f"{self.simple()} || {self.command(depth - 1)}",
            lambda: f"! {{ {block()}\n}}",
            lambda: f"( {block()}\n){self.pick(_SAFELY_REDIRECTED)}",
            lambda: f"{{ {block()}\n}}{self.pick(_REDIRECTED)}",
            lambda: f"if {block()}\nthen {block()}\nelse {block()}\nfi{self.pick(_REDIRECTED)}",
            lambda: f"for v in {self.word()} {self.word()}\ndo {block()}\ndone{self.pick(_REDIRECTED)}",
            lambda: (
                f"case {self.word()} in {self.pick(_PATTERNS)}) {block()}\n;; "
                f"{self.pick(_PATTERNS)}) {block()}\n;; esac"
            ),
            lambda: f"{{ {block()}\n}} | {{ {block()}\n}}",
            lambda: f"{{ {block()}\n}} | while read a b; do {block()}\ndone",
            lambda: f"f() {{ n=x$n; [ ${{#n}} -lt 6 ] || exit 9\n{block()}\n}}{self.pick(_REDIRECTED)}",
            lambda: f"while i=x$i; [ ${{#i}} -lt 4 ]; do {block()}\ndone",
            lambda: f"a=$( {block()}\n)",
            lambda: f'echo "$( {block()}\n)" $( {block()}\n)',
            lambda: 'while read -r a b; do echo "<$a|$b>"; done < f2',
        )
        return forms[self.number(len(forms))]()


@st.composite
def scripts(draw: Callable[[st.SearchStrategy[int]], int]) -> str:
    """Return scripts that come to an end."""
    maker = _Maker(draw)
    options = maker.pick(("", "set -e\n", "set -e\n", "set -u\n"))
    return f"{_SETUP}{options}{maker.several(lambda: maker.command(3), 1, 4, chr(10))}\necho end $?"
