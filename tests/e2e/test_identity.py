"""A slim application in Python, whose sources are read, is the same whichever Python reads them."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.e2e.conftest import Workshop
from tests.support.pythons import python_of
from tests.support.world import sha256_of

SOURCES = """
from pkg2image.analysis.reach.python_source import python_source
for text in (
    "import a\\nf'{x[\\"b\\"]}'", "import a\\nf'{x['b']}'", "import a\\nf'{x!r:{y}}'", "import a\\nf'{'\\\\n'}'",
    "import a\\nf'''{\\n# b\\nx}'''", "import a\\nf'{x # b\\n}'", "import a\\ntype X = int", "import a\\ndef f[T]: pass",
    "import a\\nf'{f'{f'{1}'}'}'", "import a\\nf'{{x'", "import a\\n'{x['", "import a\\nrf'{x}\\\\'", "import a\\n\\0",
    "import a\\ntry: b\\nexcept* c: d", "import a\\nexcept b, c: d", "import a\\nmatch a:\\n case [b]: import c",
    "import a\\nf'{x:{y:{z}}}'", "import a\\nx = 'it''s' # f'{a['b']}'", 'import a\\nf"{a[\\'b\\']}" f"{c}"',
):
    print(python_source(text.encode()))
"""


@pytest.mark.parametrize("release", ["3.12", "3.13"])
def test_sources_say_the_same_to_every_python(release: str) -> None:
    read = [
        subprocess.run(
            [python, "-c", SOURCES], cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True
        ).stdout.splitlines()
        for python in (python_of("3.11"), python_of(release))
    ]
    assert read[0] == read[1]
    assert len(read[0]) == 19


def test_another_python_makes_the_same_image(workshop: Workshop, tmp_path: Path) -> None:
    """With a store of its own, so that nothing is taken over that this one has read."""
    lock, away, image = tmp_path / "x.lock", tmp_path / "away", tmp_path / "other.tar"
    words = ("build", "supervisor", "--slim", "--suite", "bookworm", "--lock", str(lock), "-o", str(tmp_path / "a.tar"))
    workshop.run(*words)
    workshop.run("vendor", str(away), "--lock", str(lock))
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "PKG2IMAGE_CACHE_DIR": str(tmp_path / "store"),
        "PKG2IMAGE_STATE_DIR": str(tmp_path / "state"),
    }
    words = ("build", "--lock", str(away / "x.lock"), "--frozen", "--offline", "-o", str(image))
    subprocess.run(
        [python_of("3.13"), "-m", "pkg2image", *words],
        cwd=tmp_path,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=True,
    )
    assert sha256_of(image) == sha256_of(tmp_path / "a.tar")
