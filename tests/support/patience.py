"""Time that passes only when a test says so."""

from __future__ import annotations

from dataclasses import dataclass, field

from pkg2image.archive.acquire import Patience


@dataclass
class Clock:
    """A clock and what was slept by it.

    Args:
        now: Seconds.
        step: How many seconds pass with each look at the clock.
        pauses: How long was slept, in order.
    """

    now: float = 0.0
    step: float = 0.0
    pauses: list[float] = field(default_factory=list)

    def read(self) -> float:
        self.now += self.step
        return self.now

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds

    def patience(self, *, retries: int = 4, deadline: float = 3600.0) -> Patience:
        """Return patience by this clock, without jitter."""
        return Patience(retries=retries, deadline=deadline, sleep=self.sleep, clock=self.read, jitter=lambda: 0.5)
