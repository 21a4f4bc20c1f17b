"""Commands that run others, those that only take time, and builtins of the shell that are programs too."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from pkg2image.maintscript.commands.octets import octets, text_of
from pkg2image.maintscript.commands.options import Grammar, Options, number
from pkg2image.maintscript.failure import NotUnderstoodError
from pkg2image.maintscript.session import Command, Invocation, Noop, OfImage
from pkg2image.rootfs.tree import Kind

_ENV = Grammar("iu:", {"ignore-environment": "i", "unset=": "u"}, permute=False)
_XARGS = Grammar(
    "r0n:I:d:P:",
    {
        "no-run-if-empty": "r",
        "null": "0",
        "max-args=": "n",
        "delimiter=": "d",
        "max-procs=": "P",
        "replace?": "I",
    },
    permute=False,
)
_NICE = Grammar("n:", {"adjustment=": "n"}, permute=False)
_IONICE = Grammar("c:n:t", permute=False)
_TIMEOUT = Grammar("k:s:v", {"kill-after=": "k", "signal=": "s", "preserve-status": "p"}, permute=False)
_RUN_PARTS = Grammar("a:", {"arg=": "a", "exit-on-error": "exit-on-error"})
_PART = re.compile(r"[a-zA-Z0-9_-]+")
_ITEM = re.compile(rb"""\\(?P<escaped>.)|'(?P<single>[^'\n]*)'|"(?P<double>[^"\n]*)"|(?P<plain>[^\s'"\\])""", re.DOTALL)
_DURATION = re.compile(r"[0-9]*\.?[0-9]+[smhd]?\Z|infinity\Z", re.ASCII)
_MAX_RUNS = 10_000


def env(invocation: Invocation) -> int:
    """``env [-i] [-u name] [name=value...] [command [argument...]]``."""
    options = _ENV.parse(invocation.arguments)
    environment = {} if "i" in options else dict(invocation.environment)
    for name in options.all("u"):
        environment.pop(name, None)
    words = list(options.operands)
    if words[:1] == ["-"]:
        environment = {}
        words.pop(0)
    while words and "=" in words[0]:
        name, _, value = words.pop(0).partition("=")
        environment[name] = value
    if words:
        return invocation.run(words, environment=environment)
    for name, value in environment.items():
        invocation.stdout.text(f"{name}={value}\n")
    return 0


def xargs(invocation: Invocation) -> int:
    """``xargs [-r] [-0] [-n count] [-I text] [-d c] [command [argument...]]``."""
    options = _XARGS.parse(invocation.arguments)
    words = list(options.operands) or ["echo"]
    replaced = options.last("I")
    items = _items(invocation.stdin, options, by_line=replaced is not None)
    if replaced is not None:
        runs = [[word.replace(replaced or "{}", item) for word in words] for item in items]
    else:
        size = number(options.last("n") or str(max(len(items), 1)), "xargs -n")
        if size == 0:
            raise NotUnderstoodError("xargs -n 0")
        runs = [[*words, *items[start : start + size]] for start in range(0, len(items), size)]
        if not items and "r" not in options:
            runs = [words]
    if len(runs) > _MAX_RUNS:
        raise NotUnderstoodError(f"xargs runs {len(runs)} commands")
    return _run_all(invocation, runs)


def _run_all(invocation: Invocation, runs: Sequence[Sequence[str]]) -> int:
    status = 0
    for words in runs:
        result = invocation.run(words, stdin=b"")
        if result in {126, 127}:
            return result
        if result == 255:
            return 124
        if result:
            status = 123
    return status


def _items(data: bytes, options: Options, *, by_line: bool) -> list[str]:
    delimiter = options.last("d")
    if "0" in options or delimiter is not None:
        separator = b"\0" if delimiter is None else _delimiter(delimiter)
        return [text_of(item) for item in data.removesuffix(separator).split(separator)] if data else []
    if by_line:
        lines = (line.lstrip() for line in data.split(b"\n"))
        return [text_of(b"".join(_unquoted(line, blanks=True))) for line in lines if line]
    return [text_of(item) for item in _unquoted(data, blanks=False)]


def _delimiter(text: str) -> bytes:
    value = {r"\n": b"\n", r"\0": b"\0", r"\t": b"\t"}.get(text, octets(text))
    if len(value) != 1:
        raise NotUnderstoodError(f"xargs -d {text}")
    return value


def _unquoted(data: bytes, *, blanks: bool) -> list[bytes]:
    """Return the items of an input with quotes and backslashes; blanks separate them unless they belong to one."""
    items: list[bytes] = []
    at, inside = 0, False
    while at < len(data):
        if data[at : at + 1].isspace():
            if blanks and inside:
                items[-1] += data[at : at + 1]
            inside = inside and blanks
            at += 1
            continue
        match = _ITEM.match(data, at)
        if match is None:
            raise NotUnderstoodError("xargs: an unmatched quote")
        if not inside:
            items.append(b"")
            inside = True
        items[-1] += next(value for value in match.groupdict().values() if value is not None)
        at = match.end()
    return items


def nice(invocation: Invocation) -> int:
    """``nice``, ``ionice``, ``nohup``, ``setsid``: the command is run as it is."""
    grammar = {"nice": _NICE, "ionice": _IONICE}.get(invocation.name, Grammar(permute=False))
    words = grammar.parse(invocation.arguments).operands
    if not words:
        raise NotUnderstoodError(f"{invocation.name} without a command")
    return invocation.run(words)


def timeout(invocation: Invocation) -> int:
    """``timeout duration command [argument...]``: the command is run as it is."""
    words = _TIMEOUT.parse(invocation.arguments).operands
    if len(words) < 2 or not _DURATION.match(words[0]):
        raise NotUnderstoodError("timeout without a duration and a command")
    return invocation.run(words[1:])


def sleep(invocation: Invocation) -> int:
    """``sleep duration...``: nobody waits."""
    if not invocation.arguments or not all(_DURATION.match(argument) for argument in invocation.arguments):
        return invocation.fail("invalid time interval")
    return 0


def nothing(invocation: Invocation) -> int:
    """``sync``, ``logger``: nothing that would be seen in an image."""
    words = " ".join((invocation.name, *invocation.arguments))
    invocation.session.noops.append(Noop(words, invocation.line))
    return 0


def run_parts(invocation: Invocation) -> int:
    """``run-parts [-a argument]... directory``: all programs in it, in the order of their names."""
    options = _RUN_PARTS.parse(invocation.arguments)
    if len(options.operands) != 1:
        raise NotUnderstoodError("run-parts without one directory")
    (directory,) = options.operands
    files = invocation.files
    if not files.is_directory(directory):
        return invocation.fail(f"failed to open directory {directory}: No such file or directory")
    status = 0
    for name in sorted(files.list(directory)):
        path = f"{directory}/{name}"
        entry = files.lookup(path)
        if not _PART.fullmatch(name) or entry is None or entry.kind is not Kind.FILE or not entry.mode & 0o111:
            continue
        result = invocation.run([path, *options.all("a")])
        if result:
            status = invocation.fail(f"{path} exited with return code {result}")
            if "exit-on-error" in options:
                break
    return status


def absent(invocation: Invocation) -> int:
    """Refuse a program of the image: only its absence is understood."""
    raise NotUnderstoodError(f"unknown command {invocation.name}")


def echo(invocation: Invocation) -> int:
    """``echo [-n] [text...]``: the program, which leaves backslashes alone, unlike the builtin of dash."""
    words = list(invocation.arguments)
    end = "\n"
    while words and re.fullmatch(r"-[neE]+", words[0]):
        option = words.pop(0)
        if "e" in option:
            raise NotUnderstoodError(f"the program echo with {option}")
        end = "" if "n" in option else end
    invocation.stdout.text(" ".join(words) + end)
    return 0


def true(_invocation: Invocation) -> int:
    """``true``."""
    return 0


def false(_invocation: Invocation) -> int:
    """``false``."""
    return 1


def builtin(invocation: Invocation) -> int:
    """``printf``, ``test``, ``[``: the programs do what the builtins of the shell do."""
    return invocation.run(("sh", "-c", f'{invocation.name} "$@"', "sh", *invocation.arguments))


COMMANDS: Mapping[str, Command] = {
    "env": env,
    "xargs": xargs,
    "run-parts": run_parts,
    **dict.fromkeys(("getfacl", "setfacl"), OfImage(absent)),
    "nice": nice,
    "ionice": nice,
    "nohup": nice,
    "setsid": nice,
    "timeout": timeout,
    "sleep": sleep,
    "sync": nothing,
    "logger": nothing,
    "echo": echo,
    "true": true,
    "false": false,
    "printf": builtin,
    "test": builtin,
    "[": builtin,
}
