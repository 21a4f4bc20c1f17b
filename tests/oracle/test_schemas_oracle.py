"""Compiled schemas have, entry by entry, the bytes that glib-compile-schemas writes, and GSettings reads them."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from pkg2image.rootfs.schemas import compile_schemas
from tests.support.schemas import FILES, read_gvdb
from tests.support.tools import needs

LIMIT = 60


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    needs("glib-compile-schemas", "gsettings")
    for name, data in FILES.items():
        (tmp_path / name).write_bytes(data)
    return tmp_path


def test_entries_are_those_of_the_real_tool(directory: Path) -> None:
    subprocess.run(["glib-compile-schemas", "--strict", directory], check=True, timeout=LIMIT, capture_output=True)
    compiled, notes = compile_schemas(FILES)
    assert notes == ()
    assert read_gvdb(compiled) == read_gvdb((directory / "gschemas.compiled").read_bytes())


def test_gsettings_reads_them(directory: Path) -> None:
    (directory / "gschemas.compiled").write_bytes(compile_schemas(FILES)[0])
    environment = {**os.environ, "GSETTINGS_BACKEND": "memory", "LC_ALL": "C"}
    command = ["gsettings", "--schemadir", str(directory), "list-recursively", "t.base"]
    done = subprocess.run(command, check=True, timeout=LIMIT, capture_output=True, text=True, env=environment)
    values = dict(line.removeprefix("t.base ").split(" ", 1) for line in done.stdout.splitlines() if " " in line)
    assert values["ov"] == "5"
    assert values["e"] == "'one'"
    assert values["dict"] == "{'a': 'b', 'cc': 'dd'}"
