"""How control leaves the commands of a script: exceptions that the shell catches itself."""

from __future__ import annotations


class Exit(Exception):  # noqa: N818 - no error
    """The shell, or the subshell, ends."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Return(Exception):  # noqa: N818 - no error
    """The function or sourced file ends."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class LoopControl(Exception):  # noqa: N818 - no error
    """A loop ends or takes its next turn.

    Args:
        levels: How many loops it is about, from 1.
        again: Whether the outermost of them goes on (``continue``).
    """

    def __init__(self, levels: int, *, again: bool) -> None:
        super().__init__(levels)
        self.levels = levels
        self.again = again
