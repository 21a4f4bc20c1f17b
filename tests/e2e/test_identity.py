"""A slim application in Python, whose sources are read, is the same whichever Python reads them."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

from tests.conftest import ROOT
from tests.e2e.conftest import Workshop
from tests.support.pythons import PYTHONS
from tests.support.world import sha256_of

SOURCES = (
    "f'{x[\"b\"]}'",
    "f'{x['b']}'",
    "f'{x!r:{y}}'",
    "f'{'\\n'}'",
    "f'{\"\\n\"}'",
    "f'''{\n# b\nx}'''",
    "f'''{\nx}'''",
    "f'{\nx}'",
    "f'{x # b\n}'",
    "f'{\"#\"}'",
    "f'{f'{1}'}'",
    "f'{f\"{1}\"}'",
    'f"""{f"{1}"}"""',
    "f'{x:{y:{z}}}'",
    "f'{x:{y}} {{'",
    "f'{{x'",
    "'{x['",
    "rf'{x}\\d{{2}}'",
    "f'\\N{DASH}{x}\\{y}'",
    "f'{x[1:2]:>{y}}{(lambda: 1)()}'",
    "x = 'it''s'  # f'{a['b']}'",
    "type X = int",
    "def f[T]: pass",
    "\0",
    "try: pass\nexcept* c: pass",
    "try: pass\nexcept b, c: pass",
    "match a:\n case [b]: import c",
)
READER = """
import json, sys
from pkg2image.analysis.reach.python_source import python_source
print(json.dumps([python_source(f"import a\\n{text}\\n".encode()) for text in json.load(sys.stdin)]))
"""


def test_sources_say_the_same_to_every_python() -> None:
    told = json.dumps(SOURCES).encode()
    read = [
        json.loads(subprocess.check_output([each, "-c", READER], cwd=ROOT, input=told)) for each in PYTHONS.values()
    ]
    for release, found in zip(PYTHONS, read, strict=True):
        assert dict(zip(SOURCES, found, strict=True)) == dict(zip(SOURCES, read[-1], strict=True)), release


def test_another_python_makes_the_same_image(workshop: Workshop, tmp_path: Path) -> None:
    """With a store of its own, so that nothing is taken over that this one has read."""
    lock, away, image = tmp_path / "x.lock", tmp_path / "away", tmp_path / "image.tar"
    workshop.run("build", "supervisor", "--slim", "--suite", "bookworm", "--lock", str(lock), "-o", str(image))
    first = sha256_of(image)
    workshop.run("vendor", str(away), "--lock", str(lock))
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "PKG2IMAGE_CACHE_DIR": str(tmp_path / "store"),
        "PKG2IMAGE_STATE_DIR": str(tmp_path / "state"),
    }
    locked = ("build", "--lock", str(away / "x.lock"), "--frozen", "--offline", "-o", str(image))
    subprocess.run(
        [next(iter(PYTHONS.values())), "-m", "pkg2image", *locked],
        cwd=tmp_path,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=True,
    )
    assert sha256_of(image) == first
