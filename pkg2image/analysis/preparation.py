"""What is done before a service starts, every time: by a shell that then becomes the service.

A unit's ``ExecStartPre=`` commands are run so, and what a program's manual says about its first start: host keys and
databases, which no two copies of an image may share. Commands that speak to a service manager are left out.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pkg2image.analysis.foreground import located
from pkg2image.analysis.programs import ProgramFacts
from pkg2image.analysis.state import LeftCommand
from pkg2image.rootfs.tree import Kind, Tree

SHELL = "/bin/sh"

_CHECKS = frozenset(
    ("-t", "-tt", "-T", "--test", "--configtest", "conf-check", "checkconfig", "-Cx", "--verify-config", "-c")
)
_OF_A_MANAGER = re.compile(r"\b(?:systemctl|systemd-[a-z]+|loginctl|journalctl|udevadm|modprobe|insmod|sysctl)\b")
_PATH = re.compile(r"(?<![^\s'\"=;|&(`])/[^\s;|&'\"()`<>]+")


@dataclass(frozen=True, slots=True)
class Preparation:
    """What is run before a service starts.

    Args:
        script: Commands of a shell, in the order in which they are run; empty when there is nothing to do.
        programs: What they start: absolute paths.
        left: Commands that are not run, in words.
    """

    script: tuple[str, ...] = ()
    programs: tuple[str, ...] = ()
    left: tuple[str, ...] = ()


def preparation(before: Sequence[LeftCommand], facts: ProgramFacts | None, tree: Tree, *, is_root: bool) -> Preparation:
    """Return what is run before a service starts.

    Args:
        before: What its unit runs and is not followed.
        facts: What is known of its program.
        tree: The finished root filesystem.
        is_root: Whether root runs the service.
    """
    script, programs, left = [], dict[str, None](), []
    for path, command in (facts.prepare if facts else {}).items():
        if tree.lookup(command[0]) is not None:
            programs.update(dict.fromkeys(programs_in(command, tree)))
            script.append(f"{f'[ -e {shlex.quote(path)} ] || ' if path else ''}{shlex.join(command)}")
    for each in before:
        if is_check(each) or (facts and each.words[:1] and each.words[0] in facts.instead_of):
            continue
        words = _runnable(each, tree, is_root=is_root)
        if not words:
            left.append(each.text)
            continue
        programs.update(dict.fromkeys(programs_in(words, tree)))
        script.append(shlex.join(words))
    return Preparation(tuple(script), tuple(programs), tuple(left))


def prepared_start(words: Sequence[str], done: Preparation) -> tuple[str, ...]:
    """Return a command line that does what is to be done first, and then becomes the one that is given."""
    lines = " && ".join(f"{{ {line}; }}" if "||" in line else line for line in done.script)
    return (SHELL, "-c", f'{lines} && exec "$0" "$@"', *words)


def programs_in(words: Sequence[str], tree: Tree) -> Iterator[str]:
    """Yield the programs of a command line that are in the image, with those that a shell in it is told.

    Args:
        words: Program and arguments.
        tree: The finished root filesystem.
    """
    for path in (words[0], *(path for word in words[1:] for path in _PATH.findall(word))):
        entry = tree.lookup(path)
        if path.startswith("/") and entry is not None and entry.kind is Kind.FILE and entry.mode & 0o111:
            yield path


def is_check(command: LeftCommand) -> bool:
    """Say whether a command only looks whether the configuration is right."""
    words = command.text.split()
    return (bool(_CHECKS & set(words[1:])) and not _is_shell(words)) or "check" in words[0]


def _is_shell(words: Sequence[str]) -> bool:
    return words[0].rpartition("/")[2] in {"sh", "bash", "dash"}


def _runnable(command: LeftCommand, tree: Tree, *, is_root: bool) -> tuple[str, ...]:
    """Return the words of a command that an image can and has to run, else none."""
    if (
        not command.words
        or command.may_fail
        or _OF_A_MANAGER.search(command.text)
        or (command.is_privileged and not is_root)
    ):
        return ()
    words = located(command.words, tree)
    return words if tree.lookup(words[0]) is not None or _is_shell(words) else ()
