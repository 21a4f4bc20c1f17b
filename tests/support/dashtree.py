"""dash's own parser (the libdash package) as an oracle: its trees, and ours in the same form.

The common form consists of lists and strings that compare with ``==``. It keeps what libdash can say: which characters
are quoted but not how, the program of a group but not its braces. Tildes are left as characters, because libdash's
wrapper calls every unquoted tilde a home directory, wherever it stands.

Run as a program it prints one line of JSON for each file named: the common form, or null where dash sees an error.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from pkg2image.maintscript import syntax

_SECONDS = 20
"""For one file; a parser that waits is killed."""

_OPERATORS = {
    "Normal": "",
    "Minus": "-",
    "Plus": "+",
    "Question": "?",
    "Assign": "=",
    "TrimR": "%",
    "TrimRMax": "%%",
    "TrimL": "#",
    "TrimLMax": "##",
    "Length": "length",
}
_FILE_OPERATORS = {
    "To": ">",
    "Clobber": ">|",
    "From": "<",
    "FromTo": "<>",
    "Append": ">>",
    "ToFD": ">&",
    "FromFD": "<&",
}
_DEFAULT_FD = {">": 1, ">|": 1, ">>": 1, ">&": 1, "<": 0, "<>": 0, "<&": 0, "<<": 0}
_PATTERNS = {"%", "%%", "#", "##"}
# dash keeps marks of its own in words as these bytes, and libdash takes them for marks wherever they stand.
_MARKS = bytes(range(0x81, 0x89))
_NOTHING: list[Any] = ["simple", [], [], []]


def without_marks(text: bytes) -> bytes:
    """Return a script in which the bytes that libdash cannot tell from marks are others."""
    return text.translate(bytes.maketrans(_MARKS, b"\xe9" * len(_MARKS)))


def dash_trees(texts: Sequence[bytes], directory: Path) -> list[Any]:
    """Return what dash makes of scripts: common form, or None for a syntax error.

    Args:
        texts: The scripts, `without_marks`.
        directory: An empty directory for them.
    """
    files = []
    for number, text in enumerate(texts):
        file = directory / f"{number}.sh"
        file.write_bytes(text)
        files.append(str(file))
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.dashtree"],
        input="\n".join(files),
        cwd=root,
        env={"LC_ALL": "C", "PATH": os.environ["PATH"], "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        check=True,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


# libdash's tree in the common form


def _dash_sequence(nodes: Iterable[Any]) -> list[Any]:
    found: list[Any] = []
    for node in nodes:
        if node[0] == "Semi":
            found += _dash_sequence(node[1])
        else:
            found.append(_dash_node(node))
    return found


def _dash_body(node: Any) -> list[Any]:
    """Return the commands of a body; an empty one is a command that has nothing at all."""
    found = _dash_sequence([node])
    return [] if found == [_NOTHING] else found


def _dash_node(node: Any) -> Any:
    kind, content = node
    if kind == "Command":
        line, assignments, arguments, redirections = content
        assigned = [[name, _dash_word(value)] for name, value in assignments]
        words = list(map(_dash_word, arguments))
        return ["simple", *_line(line, assigned, words), assigned, words, list(map(_dash_redirection, redirections))]
    if kind == "Defun":
        return [kind, content[1], _dash_body(content[2])]
    if kind in {"Subshell", "Redir", "Background"}:
        return [kind, _dash_body(content[1]), list(map(_dash_redirection, content[2]))]
    return [kind, *_dash_clauses(kind, content)]


def _dash_clauses(kind: str, content: Any) -> list[Any]:
    if kind == "Not":
        return [_dash_body(content)]
    if kind == "Pipe":
        return [content[0], list(map(_dash_body, content[1]))]
    if kind == "For":
        return [content[3], list(map(_dash_word, content[1])), _dash_body(content[2])]
    if kind == "Case":
        arms = [[list(map(_dash_word, arm["cpattern"])), _dash_body(arm["cbody"])] for arm in content[2]]
        return [_dash_word(content[1]), arms]
    assert kind in {"And", "Or", "If", "While"}, kind
    return list(map(_dash_body, content))


def _dash_redirection(redirection: Any) -> list[Any]:
    kind, (operator, fd, target) = redirection
    if kind == "Heredoc":
        return ["<<", fd, _dash_pieces(target, quoted=True)]
    return [_FILE_OPERATORS[operator], fd, _dash_word(target)]


def _dash_word(pieces: Any) -> list[Any]:
    return _dash_pieces(pieces, quoted=False)


def _dash_pieces(pieces: Any, *, quoted: bool) -> list[Any]:
    found: list[Any] = []
    for kind, content in pieces:
        if kind in {"C", "E"}:
            found.append(_character(chr(content), quoted=quoted or kind == "E"))
        elif kind == "T":
            found += [
                _character(character, quoted=quoted) for character in "~" + ("" if content == "None" else content[1])
            ]
        elif kind == "Q":
            found += _dash_pieces(content, quoted=True) or ([] if quoted else ["empty"])
        elif kind == "V":
            operator, colon, name, operand = content
            operator = _OPERATORS[operator]
            found.append(
                [
                    "parameter",
                    quoted,
                    name,
                    operator,
                    colon,
                    _dash_pieces(operand, quoted=quoted and operator not in _PATTERNS),
                ]
            )
        elif kind == "B":
            found.append(["command", quoted, without_lines(_dash_body(content))])
        else:
            found.append(["arithmetic", quoted, _dash_pieces(content, quoted=True)])
    return found


def _line(line: int, assigned: list[Any], words: list[Any]) -> list[int]:
    """Return the line of a command where both say the same.

    dash counts from the end of the first token, and within backquotes from 1 again. So only commands say their line
    that start with plain characters on one line, and `without_lines` takes it back in substitutions.
    """
    first = assigned[0][1] if assigned else words[0] if words else ["redirection first"]
    return [line] if all(str(piece).startswith("plain ") for piece in first) else []


def without_lines(commands: Any) -> Any:
    """Return a part of the common form without the lines, the only numbers behind the kind of a command."""
    if not isinstance(commands, list):
        return commands
    if len(commands) == 5 and commands[0] == "simple":
        return ["simple", *map(without_lines, commands[2:])]
    return list(map(without_lines, commands))


def _character(character: str, *, quoted: bool) -> str:
    return f"{'quoted' if quoted else 'plain'} {character}"


# our tree in the common form


def common_form(script: syntax.Script) -> list[Any]:
    """Return our tree in the common form."""
    found: list[Any] = []
    for item in script.items:
        node = _and_or(item)
        # A group is what it holds.
        found += node if isinstance(node[0], list) else [node]
    return found


def _and_or(item: syntax.AndOr) -> Any:
    node = _pipeline(item.first)
    for connective, pipeline in item.rest:
        node = ["And" if connective == "&&" else "Or", _body(node), _body(_pipeline(pipeline))]
    if not item.background:
        return node
    if len(_body(node)) == 1:
        (node,) = _body(node)
    if node[0] == "Pipe":
        return ["Pipe", True, node[2]]
    return ["Background", node[1], node[2]] if node[0] == "Redir" else ["Background", _body(node), []]


def _body(node: Any) -> list[Any]:
    """Return a node as a list of commands, which a group is already."""
    return node if isinstance(node[0], list) else [node]


def _pipeline(pipeline: syntax.Pipeline) -> Any:
    nodes = list(map(_command, pipeline.commands))
    node = nodes[0] if len(nodes) == 1 else ["Pipe", False, list(map(_body, nodes))]
    return ["Not", _body(node)] if pipeline.negated else node


def _command(command: syntax.Command) -> Any:
    if isinstance(command, syntax.Simple):
        assigned = [[assignment.name, _word(assignment.value)] for assignment in command.assignments]
        words = list(map(_word, command.words))
        return [
            "simple",
            *_line(command.line, assigned, words),
            assigned,
            words,
            list(map(_redirection, command.redirections)),
        ]
    if isinstance(command, syntax.Function):
        return ["Defun", command.name, _body(_command(command.body))]
    redirections = list(map(_redirection, command.redirections))
    if isinstance(command, syntax.Subshell):
        return ["Subshell", common_form(command.body), redirections]
    node = _compound(command)
    return ["Redir", _body(node), redirections] if redirections else node


def _compound(command: syntax.Compound) -> Any:
    if isinstance(command, syntax.If):
        orelse = common_form(command.orelse) if command.orelse else []
        for arm in reversed(command.arms):
            node = ["If", common_form(arm.condition), common_form(arm.body), orelse]
            orelse = [node]
        return orelse[0]
    if isinstance(command, syntax.While):
        condition = common_form(command.condition)
        return ["While", [["Not", condition]] if command.until else condition, common_form(command.body)]
    if isinstance(command, syntax.For):
        words = (
            [[["parameter", True, "@", "", False, []]]] if command.words is None else list(map(_word, command.words))
        )
        return ["For", command.name, words, common_form(command.body)]
    if isinstance(command, syntax.Case):
        arms = [[list(map(_word, arm.patterns)), common_form(arm.body)] for arm in command.arms]
        return ["Case", _word(command.subject), arms]
    return common_form(command.body)


def _redirection(redirection: syntax.Redirection) -> list[Any]:
    fd = _DEFAULT_FD[redirection.operator] if redirection.fd is None else redirection.fd
    pieces = _pieces(redirection.target.parts, quoted=redirection.operator == "<<")
    return [redirection.operator, fd, pieces]


def _word(word: syntax.Word) -> list[Any]:
    return _pieces(word.parts, quoted=False)


def _pieces(parts: Iterable[syntax.Part], *, quoted: bool) -> list[Any]:
    found: list[Any] = []
    for part in parts:
        if isinstance(part, syntax.Literal):
            found += [_character(character, quoted=quoted) for character in part.text]
        elif isinstance(part, syntax.Tilde):
            found += [_character(character, quoted=quoted) for character in f"~{part.user}"]
        elif isinstance(part, syntax.SingleQuoted):
            found += [_character(character, quoted=True) for character in part.text] or ([] if quoted else ["empty"])
        elif isinstance(part, syntax.DoubleQuoted):
            found += _pieces(part.parts, quoted=True) or ([] if quoted else ["empty"])
        elif isinstance(part, syntax.Parameter):
            operand = part.word.parts if part.word else ()
            inner = _pieces(operand, quoted=quoted and part.operator not in _PATTERNS)
            found.append(["parameter", quoted, part.name, part.operator, part.colon, inner])
        elif isinstance(part, syntax.CommandSubstitution):
            found.append(["command", quoted, without_lines(common_form(part.body))])
        else:
            found.append(["arithmetic", quoted, _pieces(part.parts, quoted=True)])
    return found


# the program


class _Substitutions:
    """The substitutions of a word, for libdash's reader of words.

    That walks a list in every nested reader for itself and so loses count; here all of them share one walk.
    """

    def __init__(self, pointer: Any) -> None:
        self._pointer = pointer

    def __bool__(self) -> bool:
        return bool(self._pointer)

    @property
    def contents(self) -> _Substitutions:
        return self

    @property
    def n(self) -> Any:
        return self._pointer.contents.n

    @property
    def next(self) -> _Substitutions:
        self._pointer = self._pointer.contents.next
        return self


def main() -> None:
    """Parse every file that standard input names, each in a process of its own: a second one in the same would hang."""
    from libdash import ast, parser  # noqa: PLC0415  # only this program has to load the C library

    parser.open = partial(open, encoding="latin-1")
    ast.to_arg = lambda word: ast.parse_arg(ast.explode_rev(word.text), _Substitutions(word.backquote), [])
    for file in sys.stdin.read().splitlines():
        if os.fork() == 0:
            os.close(2)
            signal.alarm(_SECONDS)
            try:
                nodes = [node for node, *_ in parser.parse(file) if node != ast.SKIP_COMMAND]
                shown = json.dumps(_dash_sequence(nodes))
            except parser.ParsingException:
                shown = "null"
            sys.stdout.write(f"{shown}\n")
            sys.stdout.flush()
            os._exit(0)
        assert os.wait()[1] == 0, f"{file}: dash's parser failed"


if __name__ == "__main__":
    main()
