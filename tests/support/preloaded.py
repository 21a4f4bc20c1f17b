"""Runs the command line many times, each time in a process of its own, without paying for the imports each time.

A server imports everything once and forks for every run. A run may be struck by a signal when it has touched the file
system a number of times, so that a test can interrupt it at every moment, and at the same moment each time.
"""

from __future__ import annotations

import atexit
import functools
import importlib
import itertools
import json
import os
import pkgutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tests.conftest import ROOT

PATIENCE = 120
_LAZY = ("requests", "pysequoia", "zstandard", "deflate", "sqlite3", "pysat.solvers", "yaml", "rich.progress")
_TOUCHES = ("open", "os.", "shutil.", "sqlite3.", "fcntl.")


@dataclass(frozen=True)
class Order:
    """One run.

    Args:
        words: The command line.
        environment: All variables.
        work: The working directory.
        out: File for stdout.
        err: File for stderr.
        signal: The signal that strikes it, or 0.
        moment: After how many touches of the file system.
    """

    words: Sequence[str]
    environment: Mapping[str, str]
    work: str
    out: str
    err: str
    signal: int = 0
    moment: int = 0


@dataclass(frozen=True)
class Ended:
    """How a run ended.

    Args:
        code: Exit code; minus the number of the signal that killed it.
        out: Its stdout.
        err: Its stderr.
        moments: How often it touched the file system; 0 when it was killed.
    """

    code: int
    out: bytes
    err: bytes
    moments: int


def run(words: Sequence[str], *, environment: Mapping[str, str], work: Path, strike: tuple[int, int] = (0, 0)) -> Ended:
    """Run the command line.

    Args:
        words: Its words.
        environment: All variables.
        work: The working directory.
        strike: A signal, and after how many touches of the file system it comes.
    """
    with tempfile.TemporaryDirectory() as directory:
        out, err = Path(directory, "out"), Path(directory, "err")
        order = Order(words, environment, str(work), str(out), str(err), *strike)
        server = _server()
        assert server.stdin is not None
        assert server.stdout is not None
        server.stdin.write(json.dumps(asdict(order)) + "\n")
        server.stdin.flush()
        answer = json.loads(server.stdout.readline())
        return Ended(answer["code"], out.read_bytes(), err.read_bytes(), answer["moments"])


@functools.cache
def _server() -> subprocess.Popen[str]:
    server = subprocess.Popen(
        [sys.executable, "-m", __name__],
        cwd=ROOT,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    atexit.register(server.communicate)
    return server


def _serve() -> None:
    commands = pkgutil.iter_modules([str(ROOT / "pkg2image/cli")], "pkg2image.cli.")
    for name in (*(module.name for module in commands), *_LAZY):
        importlib.import_module(name)
    for line in sys.stdin:
        reading, writing = os.pipe()
        child = os.fork()
        if not child:
            os.close(reading)
            _obey(Order(**json.loads(line)), writing)
        os.close(writing)
        _, status = os.waitpid(child, 0)
        with os.fdopen(reading) as pipe:
            answer = {"code": os.waitstatus_to_exitcode(status), "moments": int(pipe.read() or 0)}
        print(json.dumps(answer), flush=True)  # noqa: T201


def _obey(order: Order, report: int) -> None:
    signal.alarm(PATIENCE)  # the default action ends a run that hangs
    os.environ.clear()
    os.environ.update(order.environment)
    os.chdir(order.work)
    modes = os.O_WRONLY | os.O_CREAT
    for number, path, flags in ((0, os.devnull, os.O_RDONLY), (1, order.out, modes), (2, order.err, modes)):
        os.dup2(os.open(path, flags, 0o600), number)
    sys.argv = ["pkg2image", *order.words]
    moments = itertools.count(1)
    sys.addaudithook(functools.partial(_watch, order, moments))
    code = 1
    try:
        importlib.import_module("pkg2image.cli.main").main()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    finally:
        sys.stdout.flush()
        os.write(report, str(next(moments)).encode())
        os._exit(code)


def _watch(order: Order, moments: Any, event: str, _arguments: tuple[object, ...]) -> None:
    if event.startswith(_TOUCHES) and next(moments) == order.moment and order.signal:
        os.kill(os.getpid(), order.signal)


if __name__ == "__main__":
    _serve()
