"""Nothing is inferred from the machine that builds: no module here can ask it anything."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

MODULES = sorted((ROOT / "pkg2image/analysis").glob("*.py"))
# What the standard library has that does not look at the machine.
HARMLESS = {
    *("__future__", "abc", "ast", "collections", "contextlib", "dataclasses", "enum", "fnmatch", "functools"),
    *("itertools", "json", "operator", "re", "shlex", "struct", "typing", "warnings"),
}


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.stem)
def test_a_module_cannot_ask_the_machine(module: Path) -> None:
    imported: set[str] = set()
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Import):
            imported.update(alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            imported.add((node.module or "").partition(".")[0])
    assert imported & sys.stdlib_module_names <= HARMLESS
