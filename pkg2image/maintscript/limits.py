"""How much a script may do before it is given up."""

from __future__ import annotations

from dataclasses import dataclass

from pkg2image.maintscript.failure import NotUnderstoodError


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one script run.

    Args:
        steps: Commands and turns of loops.
        characters: What expansions produce and patterns look at, together.
        text: Characters of one value.
        depth: Functions, subshells, substitutions and sourced files inside of each other.
        output: Bytes that the script prints, and of one pipe or substitution.
        work: What commands do with files and text, in bytes that are moved about in the same time.
    """

    steps: int = 300_000
    characters: int = 128 * 1024 * 1024
    text: int = 4 * 1024 * 1024
    depth: int = 40
    output: int = 4 * 1024 * 1024
    work: int = 1024 * 1024 * 1024


class Meter:
    """Counts what one script run does."""

    __slots__ = ("characters", "depth", "limits", "steps")

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.steps = 0
        self.characters = 0
        self.depth = 0

    def step(self) -> None:
        """Count a command.

        Raises:
            NotUnderstoodError: When there were too many.
        """
        self.steps += 1
        if self.steps > self.limits.steps:
            raise NotUnderstoodError(f"more than {self.limits.steps} steps")

    def spend(self, characters: int) -> None:
        """Count characters that are moved or looked at.

        Raises:
            NotUnderstoodError: When there were too many.
        """
        self.characters += characters
        if self.characters > self.limits.characters:
            raise NotUnderstoodError(f"more than {self.limits.characters} characters are expanded")

    def hold(self, text: str) -> str:
        """Return a text that is to be kept as one value.

        Raises:
            NotUnderstoodError: When it is too long.
        """
        if len(text) > self.limits.text:
            raise NotUnderstoodError(f"a value of more than {self.limits.text} characters")
        return text

    def enter(self) -> None:
        """Go one level deeper; `leave` goes back.

        Raises:
            NotUnderstoodError: When it is too deep.
        """
        if self.depth >= self.limits.depth:
            raise NotUnderstoodError(f"more than {self.limits.depth} functions and subshells inside of each other")
        self.depth += 1

    def leave(self) -> None:
        """Come back from one level."""
        self.depth -= 1
