"""Redirections: from the words of a script to streams over the files of the image.

Spec: POSIX.1-2017 XCU 2.7.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from pkg2image.maintscript.expansion import Expander
from pkg2image.maintscript.files import Files, FilesError
from pkg2image.maintscript.session import Input
from pkg2image.maintscript.state import ShellError, State
from pkg2image.maintscript.streams import FileOutput, Refused, Stream
from pkg2image.maintscript.syntax import Redirection

_DESCRIPTOR = re.compile(r"/dev/(?:fd/(?P<number>[0-9])|std(?P<name>in|out|err))|/proc/self/fd/(?P<own>[0-9])")
_NAMES = {"in": 0, "out": 1, "err": 2}

Replaced = dict[int, Stream | None]
"""What descriptors were before; None for those that were closed."""


class RedirectionError(Exception):
    """A redirection cannot be made; the command does not run."""


def redirect(redirections: Sequence[Redirection], state: State, files: Files, expander: Expander) -> Replaced:
    """Make redirections in order; when one fails, those before it are undone.

    Args:
        redirections: What is written in the script.
        state: Its streams are changed.
        files: Where files are opened.
        expander: Expands the targets.

    Returns:
        What `restore` needs.

    Raises:
        RedirectionError: When a file cannot be opened or a descriptor is closed.
        ShellError: When a target cannot be expanded.
    """
    replaced: Replaced = {}
    try:
        for each in redirections:
            _redirect(each, state, files, expander, replaced)
    except FilesError as error:
        restore(state, replaced)
        raise RedirectionError(str(error)) from error
    except BaseException:
        restore(state, replaced)
        raise
    return replaced


def restore(state: State, replaced: Replaced) -> None:
    """Undo what `redirect` did."""
    for number, stream in replaced.items():
        if stream is None:
            state.streams.pop(number, None)
        else:
            state.streams[number] = stream


def _redirect(each: Redirection, state: State, files: Files, expander: Expander, replaced: Replaced) -> None:
    number = each.fd if each.fd is not None else int(each.operator.startswith(">"))
    target = _here_document(each, expander) if each.operator == "<<" else expander.text(each.target)
    stream = _duplicate(target, state) if each.operator in {"<&", ">&"} else _open(each.operator, target, state, files)
    replaced.setdefault(number, state.streams.get(number))
    if stream is None:
        state.streams.pop(number, None)
    else:
        state.streams[number] = stream


def _here_document(each: Redirection, expander: Expander) -> str:
    try:
        return expander.text(each.target)
    except ShellError as error:
        # dash expands it while it redirects, where errors do not end the shell.
        raise RedirectionError(error.message) from error


def _duplicate(target: str, state: State) -> Stream | None:
    if target == "-":
        return None
    if not re.fullmatch(r"[0-9]", target) or int(target) not in state.streams:
        raise FilesError("EBADF", target)
    return state.streams[int(target)]


def _open(operator: str, target: str, state: State, files: Files) -> Stream:
    if operator == "<<":
        return Stream.reading(target.encode("utf-8", "surrogateescape"))
    if target == "/dev/null":
        return Stream.null()
    if target == "/dev/tty":
        raise FilesError("ENXIO", target)
    if special := _DESCRIPTOR.fullmatch(target):
        number = _NAMES[special["name"]] if special["name"] else int(special["number"] or special["own"])
        if number not in state.streams:
            raise FilesError("ENOENT", target)
        return state.streams[number]
    if operator == "<":
        return Stream(Input(files.read(target)), Refused())
    if operator == ">" and "noclobber" in state.options and files.is_file(target):
        raise FilesError("EEXIST", target)
    handle = files.open(target, append=operator == ">>", truncate=operator in {">", ">|"})
    data = files.read(target) if operator == "<>" else b""
    return Stream(Input(data), FileOutput(handle))
