"""Questions to the ports of a container, asked by a process that goes into its network."""

from __future__ import annotations

import sys

from pkg2image.recipes.model import SmokeStep
from pkg2image.selftest import ask
from pkg2image.selftest.container import Answer, call

# Isolated from the user's modules: the script imports the standard library only.
_SCRIPT = (sys.executable, "-I", "-S", ask.__file__)
_SILENCE = 2.0  # seconds after which an answer is taken to be over
_TO_START = 10.0


def ask_port(pid: int, step: SmokeStep, seconds: float) -> Answer:
    """Send the message of a step to its port and return the answer, whose bytes are characters up to U+00FF.

    Args:
        pid: Process id of the container's first process; 0 when there is none.
        step: Has a port.
        seconds: The most that it may take.
    """
    if not pid:
        return Answer(1, "", "it is not running")
    port, _, protocol = step.port.partition("/")
    silence = min(_SILENCE, seconds)
    message, expect = (text.encode("latin-1").hex() for text in (step.send, step.expect))
    return call((*_SCRIPT, str(pid), port, protocol, message, expect, str(silence)), seconds + _TO_START)
