"""Our shell against the real dash: what scripts print and how they end.

Scripts use builtins only (PATH leads nowhere) and run in an empty directory. What we do not understand is no
difference: it is refused, never guessed.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from pkg2image.maintscript.failure import NotUnderstoodError
from tests.support.dashfuzz import scripts
from tests.support.scripts import run_script

DASH = shutil.which("dash")
ENVIRONMENT = {"PATH": "/nonexistent"}
PICKED = (Path(__file__).parent / "dash_scripts.txt").read_text(encoding="utf-8").split("----\n")


def in_dash(text: str) -> tuple[int, str]:
    assert DASH, "dash is an essential package of Debian"
    with TemporaryDirectory() as directory:
        done = subprocess.run(
            [DASH, "-c", text, "sh"],
            cwd=directory,
            env=ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=20,
            check=False,
        )
    return done.returncode, done.stdout.decode("utf-8", "surrogateescape")


def in_ours(text: str) -> tuple[int, str]:
    ran = run_script(text, environment=ENVIRONMENT)
    return ran.status, ran.stdout


@pytest.mark.parametrize("text", PICKED, ids=range(len(PICKED)))
def test_picked_scripts_do_what_they_do_in_dash(text: str) -> None:
    assert in_ours(text) == in_dash(text)


@settings(
    max_examples=250,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate, Phase.shrink],
)
@given(scripts())
def test_random_scripts_do_what_they_do_in_dash(text: str) -> None:
    try:
        ours = in_ours(text)
    except NotUnderstoodError:
        return
    assert ours == in_dash(text)
