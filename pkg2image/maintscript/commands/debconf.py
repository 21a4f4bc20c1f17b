"""Debconf as scripts see it: the ``db_*`` functions of its shell library and its small programs.

Spec: debconf-devel(7), debconf-escape(1), debconf-set-selections(1), debconf-communicate(1).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from pkg2image.maintscript.debconf import DebconfDatabase, Template
from pkg2image.maintscript.debconf_protocol import Conversation, Reply
from pkg2image.maintscript.failure import NotUnderstoodError
from pkg2image.maintscript.session import Command, Invocation

_FUNCTIONS = (
    *("beginblock", "capb", "clear", "endblock", "fget", "fset", "get", "go", "info", "input", "metaget", "progress"),
    *("purge", "register", "reset", "set", "settitle", "subst", "title", "unregister", "version"),
)


def confmodule_commands(database: DebconfDatabase, owner: str) -> Mapping[str, Command]:
    """Return what sourcing debconf's shell library defines for one script.

    Args:
        database: The database of the image.
        owner: The package of the script.
    """
    conversation = Conversation(database, owner)
    return {
        **{f"db_{name}": _function(conversation, name) for name in _FUNCTIONS},
        "db_text": _function(conversation, "input"),
        "db_x_loadtemplatefile": _load_templates(database, owner),
        "db_stop": lambda _: 0,
    }


def _function(conversation: Conversation, name: str) -> Command:
    def run(call: Invocation) -> int:
        return _hand_back(call, conversation.say(name, call.arguments))

    return run


def _hand_back(call: Invocation, reply: Reply) -> int:
    call.shell.set_variable("RET", reply.result)
    return reply.code


def _load_templates(database: DebconfDatabase, owner: str) -> Command:
    def run(call: Invocation) -> int:
        if not 1 <= len(call.arguments) <= 2:
            return _hand_back(call, Reply(20, "Incorrect number of arguments"))
        path, *owners = call.arguments
        if not call.files.is_file(path):
            return _hand_back(call, Reply(100, f"Unable to load template file {path}"))
        database.load(call.files.text(path), owners[0] if owners else owner)
        return _hand_back(call, Reply(0))

    return run


def _escape(call: Invocation) -> int:
    data = call.stdin
    match call.arguments:
        case ("-e" | "--escape",):
            call.stdout.write(data.replace(b"\\", b"\\\\").replace(b"\n", b"\\n"))
        case ("-u" | "--unescape",):
            call.stdout.text(_unescaped(data.decode("utf-8", "surrogateescape")))
        case _:
            raise NotUnderstoodError("debconf-escape without -e or -u")
    return 0


def _unescaped(text: str) -> str:
    parts = iter(text)
    return "".join(_quoted(next(parts, "")) if part == "\\" else part for part in parts)


def _quoted(character: str) -> str:
    return "\n" if character == "n" else character


def _set_selections(call: Invocation) -> int:
    """Preseed answers: lines of package, question, type and value."""
    if call.arguments:
        raise NotUnderstoodError(f"debconf-set-selections {call.arguments[0]}")
    text = call.stdin.decode("utf-8", "surrogateescape").replace("\\\n", " ")
    for line in text.split("\n"):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        words = line.strip().split(None, 2)
        if len(words) < 3:
            return call.fail("parse error")
        kind, _, value = words[2].partition(" ")
        _preseed(call.session.debconf, words[0], words[1], kind, value.strip())
    return 0


def _preseed(database: DebconfDatabase, owner: str, name: str, kind: str, value: str) -> None:
    if kind == "seen":
        if name in database.questions:
            database.set_flag(name, "seen", value)
        return
    if name not in database.questions:
        database.templates.setdefault(name, Template(name, {"type": kind}))
        database.register(name, name, owner)
    question = database.questions[name]
    database.questions[name] = replace(question, value=value, flags={**question.flags, "seen": "true"})


def _communicate(call: Invocation) -> int:
    """Speak the protocol on standard input and output."""
    if len(call.arguments) > 1 or (call.arguments[:1] and call.arguments[0].startswith("-")):
        raise NotUnderstoodError(f"debconf-communicate {' '.join(call.arguments)}")
    owner = call.arguments[0] if call.arguments else "unknown"
    conversation = Conversation(call.session.debconf, owner)
    status = 0
    for line in call.stdin.decode("utf-8", "surrogateescape").splitlines():
        command, _, rest = line.partition(" ")
        if command.lower() == "stop":
            break
        if conversation.escape:
            raise NotUnderstoodError("debconf-communicate with escaped data")
        reply = conversation.say(command, [rest] if rest else [])
        call.stdout.text(f"{reply.code}" + ("" if reply.text is None else f" {reply.text}") + "\n")
        status = reply.code
    return status


COMMANDS: Mapping[str, Command] = {
    "debconf-communicate": _communicate,
    "debconf-escape": _escape,
    "debconf-set-selections": _set_selections,
}
"""Programs by name; the functions of the shell library are made by `confmodule_commands`."""
