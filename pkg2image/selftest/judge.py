"""Whether a started image works: as its recipe says, else as can be seen without knowing it.

Without a recipe an image with ports has to listen on one of them; one that starts a service has to stay up; any other
program has to answer one of the words that ask for its version, or to end well or stay when it is started as it is.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import NoReturn

from pkg2image.errors import SelfTestError
from pkg2image.recipes.model import SmokeStep, SmokeTest
from pkg2image.selftest.asking import ask_port
from pkg2image.selftest.container import Container, Deadline, Runtime, last_lines
from pkg2image.selftest.listening import listening_ports
from pkg2image.selftest.settings import Settings

VERSION_WORDS = ("--version", "-version", "-V", "version", "-v", "--help", "-h")
"""What programs are asked, one word after the other, until one ends well."""

_PAUSE = 0.1
_STAY = 2.0  # seconds after which a program that is up is taken to stay up
_LONGEST_ANSWER = 10.0  # seconds for a program to tell its version
_MOST_SHOWN = 60
# Some tools write into the home of their user before they say anything, and the root is read-only.
_AT_HOME = {"HOME": "/tmp"}  # noqa: S108 - of the container


def judge(settings: Settings, runtime: Runtime, seconds: float) -> str:
    """Start an image and see whether it works.

    Args:
        settings: How it is started, and its own smoke test.
        runtime: Starts it.
        seconds: The most that it may take until it works.

    Returns:
        What was seen, in a few words: ``redis-cli answered 42``.

    Raises:
        SelfTestError: When it does not work, with the last lines that it has printed.
    """
    deadline = Deadline(seconds)
    if settings.smoke_test:
        return _ask(settings.smoke_test, settings, runtime, deadline)
    if settings.config.ports:
        return _listens(settings, runtime, deadline)
    if settings.is_service:
        return _stays(runtime.start((), {}))
    return _tells_version(settings, runtime, deadline)


def _ask(test: SmokeTest, settings: Settings, runtime: Runtime, deadline: Deadline) -> str:
    container = runtime.start(test.command, test.environment)
    questions = (*([SmokeStep(run=test.ready)] if test.ready else []), *test.steps)
    if not questions:
        return _ends_well(container, test.expect, settings, deadline)
    wrong = ""

    def is_ready() -> bool:
        nonlocal wrong
        wrong = _wrong(questions[0], container, deadline)
        return not wrong

    _until(is_ready, lambda: f"`{' '.join(test.ready)}` did not succeed" if test.ready else wrong, container, deadline)
    for step in questions[1:]:
        wrong = _wrong(step, container, deadline)
        if wrong:
            _fail(container, wrong)
    return _proof(questions[-1])


def _proof(step: SmokeStep) -> str:
    who = _name(step.run) if step.run else step.port
    shown = _short(step.expect) if step.expect.strip().isprintable() else "as expected"
    return f"{who} answered {shown}" if step.expect else f"{who} succeeded"


def _wrong(step: SmokeStep, container: Container, deadline: Deadline) -> str:
    """Ask one question; return what is wrong with the answer."""
    answer = container.run(step.run, deadline.left) if step.run else ask_port(container.pid(), step, deadline.left)
    asked = f"`{' '.join(step.run)}`" if step.run else step.port
    if answer.code != 0:
        said = answer.errors.strip() or answer.output.strip()
        return f"{asked} ended with exit code {answer.code}: {_short(said)}" if step.run else f"{asked}: {said}"
    if step.expect not in answer.output:
        return f"{asked} answered {_short(answer.output)!r}, not {step.expect!r}"
    return ""


def _ends_well(container: Container, expect: str, settings: Settings, deadline: Deadline) -> str:
    _wait(container, deadline)
    code = container.ended()
    if code is None:
        _fail(container, f"it did not end within {deadline.seconds:g} seconds")
    if code != 0:
        _fail(container, f"it ended with exit code {code}, not 0")
    if expect not in container.log():
        _fail(container, f"it did not print {expect!r}")
    program = _name((*settings.config.entrypoint, *settings.config.command))
    return f"{program} printed {_short(expect)}" if expect else f"{program} ended with exit code 0"


def _listens(settings: Settings, runtime: Runtime, deadline: Deadline) -> str:
    wanted = [f"{port.number}/{port.protocol}" for port in settings.config.ports]
    container = runtime.start((), {})
    found: set[str] = set()

    def is_open() -> bool:
        pid = container.pid()
        found.update(listening_ports(pid) if pid else ())
        return not found.isdisjoint(wanted)

    def reason() -> str:
        others = f" but on {', '.join(sorted(found))}" if found else ""
        return f"it did not listen on {' or '.join(wanted)}{others}"

    _until(is_open, reason, container, deadline)
    _stays(container)
    return f"listens on {next(port for port in wanted if port in found)}"


def _stays(container: Container) -> str:
    _wait(container, Deadline(_STAY))
    code = container.ended()
    if code is not None:
        _fail(container, f"it did not stay up, but ended with exit code {code}")
    return "stays up"


def _tells_version(settings: Settings, runtime: Runtime, deadline: Deadline) -> str:
    config = settings.config
    program = () if config.entrypoint else config.command[:1]
    for word in VERSION_WORDS:
        if deadline.passed:
            break
        container = runtime.start((*program, word), _AT_HOME)
        _wait(container, Deadline(min(_LONGEST_ANSWER, deadline.left)))
        if container.ended() == 0:
            return f"{_name((*config.entrypoint, *program))} answered {word}"
    container = runtime.start((), _AT_HOME)
    _wait(container, Deadline(_STAY))
    code = container.ended()
    if code:
        words = ", ".join(VERSION_WORDS)
        _fail(container, f"it answered none of {words}, and without arguments it ended with exit code {code}")
    return "stays up" if code is None else "ended with exit code 0"


def _until(
    happened: Callable[[], bool], otherwise: str | Callable[[], str], container: Container, deadline: Deadline
) -> None:
    """Ask again and again until something has happened; a container tells nobody when it is ready."""
    while not happened():
        why = otherwise if isinstance(otherwise, str) else otherwise()
        code = container.ended()
        if code is not None:
            _fail(container, f"{why}: it ended with exit code {code}")
        if deadline.passed:
            _fail(container, f"{why} within {deadline.seconds:g} seconds")
        time.sleep(_PAUSE)


def _wait(container: Container, deadline: Deadline) -> None:
    while container.ended() is None and not deadline.passed:
        time.sleep(_PAUSE)


def _fail(container: Container, reason: str) -> NoReturn:
    raise SelfTestError(reason, log=last_lines(container.log()))


def _name(command: Sequence[str]) -> str:
    return command[0].rpartition("/")[2] if command else "it"


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _MOST_SHOWN else f"{line[:_MOST_SHOWN]}..."
