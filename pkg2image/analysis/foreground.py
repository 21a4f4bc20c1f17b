"""From the command line of a unit to one that an image can start: in the foreground, without a service manager."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pkg2image.analysis.programs import ProgramFacts, facts_of
from pkg2image.rootfs.tree import Tree

_SHELLS = frozenset(("sh", "bash", "dash"))
_SEARCHED = ("usr/local/sbin", "usr/local/bin", "usr/sbin", "usr/bin")
_BECOMES = re.compile(r"(?:^|;)\s*exec\s(/[^\s;|&]+)[^;]*$")
_PLAIN = re.compile(r"[A-Za-z0-9_@%+=:,./-]+")
_VARIABLE = re.compile(r"\$([A-Za-z_][A-Za-z0-9_]*)")


@dataclass(frozen=True, slots=True)
class Started:
    """A command line for an image.

    Args:
        words: Program and arguments.
        facts: What is known of the program, or None.
        changes: What was changed, in sentences.
    """

    words: tuple[str, ...]
    facts: ProgramFacts | None
    changes: tuple[str, ...] = ()


def for_image(words: Sequence[str], environment: Mapping[str, str], tree: Tree) -> Started:
    """Return the command line that an image starts in place of a unit's.

    Args:
        words: Of the unit, with its variables replaced.
        environment: Its variables, for a shell that is left out.
        tree: The finished root filesystem.
    """
    words = located(words, tree)
    changes = []
    bare = _without_shell(words, environment)
    if bare is not None:
        words = bare
        changes.append(f"the shell that prepares and then becomes {words[0]} is left out")
    facts = facts_of(words)
    if facts is None:
        # Options are not changed in the words of a shell, but a whole command line may take their place.
        facts = facts_of(_behind_shell(words))
        if facts is None or not facts.becomes:
            return Started(tuple(words), facts, tuple(changes))
    known = _by_facts(words, facts, tree)
    if known != tuple(words):
        changes.append(f"for the foreground ({facts.source})")
    return Started(known, facts, tuple(changes))


def located(words: Sequence[str], tree: Tree) -> tuple[str, ...]:
    """Return a command line with the path of its program, which systemd looks for when there is only a name.

    Args:
        words: Program and arguments.
        tree: The finished root filesystem.
    """
    if "/" in words[0]:
        return tuple(words)
    places = (f"{directory}/{words[0]}" for directory in _SEARCHED)
    return (next((f"/{place}" for place in places if tree.lookup(place)), words[0]), *words[1:])


def program_of(words: Sequence[str], tree: Tree) -> str:
    """Return the program that a command line comes down to, which a shell before it may hide.

    Args:
        words: Of a unit; variables may be left in it.
        tree: The finished root filesystem.
    """
    return located(_without_shell(words, {}) or words, tree)[0]


def _by_facts(words: Sequence[str], facts: ProgramFacts, tree: Tree) -> tuple[str, ...]:
    if facts.becomes and tree.lookup(facts.becomes[0]) is not None:
        return facts.becomes
    missing = tuple(run for run in facts.drop_if_missing if tree.lookup(run[-1]) is None)
    kept = list(words)
    for run in (*facts.drop, *missing):
        kept = _without(kept, run)
    program, *arguments = kept
    for old, new in facts.replace.items():
        arguments = [new if word == old else word.replace(old, new) if " " in word else word for word in arguments]
    if facts.add and not _contains(arguments, facts.add):
        arguments += facts.add if len(facts.add) > 1 and facts.add[1][:1] != "-" else _missing(facts.add, arguments)
    return (program, *arguments)


def _missing(wanted: Sequence[str], arguments: Sequence[str]) -> tuple[str, ...]:
    return tuple(word for word in wanted if word not in arguments)


def _contains(words: Sequence[str], run: Sequence[str]) -> bool:
    return any(tuple(words[at : at + len(run)]) == tuple(run) for at in range(len(words)))


def _without(words: list[str], run: Sequence[str]) -> list[str]:
    for at in range(1, len(words)):
        if tuple(words[at : at + len(run)]) == tuple(run):
            return [*words[:at], *words[at + len(run) :]]
    return words


def _behind_shell(words: Sequence[str]) -> tuple[str, ...]:
    """Return what a shell runs as far as that is a name: a script, or the program that it becomes in the end."""
    if len(words) < 2 or not is_shell(words[0]):
        return ("",)
    match = _BECOMES.search(words[2]) if words[1] == "-c" and len(words) == 3 else None
    return (match[1],) if match else tuple(words[1:])


def is_shell(program: str) -> bool:
    """Say whether a program is a shell, by its name."""
    return program.rpartition("/")[2] in _SHELLS


def _without_shell(words: Sequence[str], environment: Mapping[str, str]) -> tuple[str, ...] | None:
    """Return what ``sh -c '...; exec PROGRAM ...'`` becomes when that is plain, else None."""
    if len(words) != 3 or not is_shell(words[0]) or words[1] != "-c":
        return None
    last = words[2].rpartition(";")[2].split()
    if len(last) < 2 or last[0] != "exec" or not last[1].startswith("/"):
        return None
    found: list[str] = []
    for word in last[1:]:
        match = _VARIABLE.fullmatch(word)
        if match:  # not quoted, so a shell splits it at white space too
            found += environment.get(match[1], "").split()
        elif _PLAIN.fullmatch(word):
            found.append(word)
        else:
            return None
    return tuple(found)
