"""How long work tells where it is; silence unless somebody listens."""

from __future__ import annotations

from typing import Protocol


class Reporter(Protocol):
    """Receives the progress of one run; the command line shows it on stderr.

    Methods may be called from several threads.
    """

    def step(self, title: str, total: int = 0) -> None:
        """Begin a step, for example ``downloading``.

        Args:
            title: What is being done, in a few words.
            total: How much there is to do (bytes or items); 0 when that is not known.
        """
        ...

    def advance(self, amount: int) -> None:
        """Say that some of the current step's total is done."""
        ...

    def note(self, text: str) -> None:
        """Say something that the user should know although all goes on."""
        ...


class Silence:
    """The reporter nobody listens to."""

    def step(self, title: str, total: int = 0) -> None:
        """Ignore a step."""

    def advance(self, amount: int) -> None:
        """Ignore progress."""

    def note(self, text: str) -> None:
        """Ignore a note."""
