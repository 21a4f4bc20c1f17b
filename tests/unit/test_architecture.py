"""Who may import whom: the layering of the design, held by reading the imports of every module."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2] / "pkg2image"

OPEN_TO_ALL = {"errors", "digest", "idmap", "progress", "sizes", "yamltext", ""}
ALLOWED: dict[str, set[str]] = {
    "errors": set(),
    "digest": set(),
    "progress": set(),
    "idmap": set(),
    "sizes": set(),
    "yamltext": set(),
    "store": set(),
    "deb": set(),
    "plan": {"deb"},
    "archive": {"deb", "plan", "store"},
    "resolve": {"deb", "plan"},
    "drawing": {"deb", "plan", "image.account"},
    "lock": {"deb", "plan", "request"},
    "rootfs": {"deb"},
    "analysis": {"deb", "rootfs", "maintscript", "image.config"},
    "maintscript": {"deb", "rootfs"},
    "recipes": {"deb", "rootfs", "image.config"},
    "image": {"rootfs.tree", "rootfs.users", "plan", "lock", "store", "deb"},
    "request": {"request_model"},
    "request_model": {"request"},
    "world": {"archive", "store"},
    "planning": {"deb", "plan", "lock", "archive", "resolve", "recipes", "request", "rootfs.base", "world"},
    "making": {
        *("deb", "plan", "planning", "store", "rootfs", "maintscript", "analysis", "recipes", "image", "request"),
        *("lock", "sbom"),
    },
    "pipeline": {
        *("deb", "plan", "archive", "analysis", "recipes", "image", "request", "store", "world", "planning", "making"),
        "lock",
    },
    "preview": {"making.shown", "pipeline", "planning", "request", "world"},
    "explain": {
        *("deb", "making.configure", "maintscript.report", "pipeline", "plan", "planning", "request", "rootfs"),
        "world",
    },
    "freshness": {
        *("archive", "deb", "plan", "planning", "request", "world", "lock", "image.glance", "image.scan"),
        *("image.target", "sbom.bill", "pipeline"),
    },
    "comparing": {
        *("deb.version", "image.glance", "image.read", "image.scan", "lock", "rootfs.tree", "sbom.licences"),
    },
    "cli": {
        *("comparing", "freshness"),
        *("pipeline", "planning", "preview", "explain", "making.shown", "world", "request", "store", "plan"),
        *(
            "image.captured",
            "image.companions",
            "image.read",
            "image.scan",
            "image.lint",
            "image.target",
            "image.account",
            "image.reasons",
            "drawing",
            "recipes",
            "selftest",
        ),
        *("provenance", "signing", "lock", "verifying"),
        *("legal", "sbom.bill", "sbom.carried", "sbom.forms", "sbom.licences", "sbom.origins"),
    },
    "verifying": {"image", "lock", "pipeline", "planning", "request", "rootfs.tree", "world"},
    "selftest": {"image", "recipes", "rootfs.tree"},
    "signing": {"archive.signature", "archive.verdict", "image", "plan", "rootfs.tree"},
    "legal": {"image", "making.bills", "pipeline", "planning", "request", "rootfs", "sbom", "world"},
    "sbom": {"deb", "plan", "lock", "image", "maintscript.parsed", "rootfs"},
    "provenance": {"lock.model", "plan", "request", "signing.statements"},
    "__main__": {"cli"},
}
# Programs: what the command line is run by, and what goes into a container in a process of its own.
PROGRAMS = {ROOT / "__main__.py", ROOT / "selftest/ask.py", ROOT / "selftest/enter.py"}
MODULES = sorted(ROOT.rglob("*.py"))


def room_of(module: str) -> str:
    return module.partition(".")[0]


def imports_of(path: Path) -> set[str]:
    """Return the project modules that a file imports, without the leading ``pkg2image.``."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            module = node.module or ""
            names = [f"{module}.{alias.name}" for alias in node.names] if module == "pkg2image" else [module]
        found |= {name.removeprefix("pkg2image.") for name in names if name.startswith("pkg2image.")}
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_room_imports_only_what_the_design_allows(path: Path) -> None:
    room = room_of(".".join(path.relative_to(ROOT).with_suffix("").parts))
    if room == "__init__":
        return
    for name in imports_of(path) - {"__version__"}:
        if room_of(name) in (room, *OPEN_TO_ALL):
            continue
        allowed = any(name == entry or name.startswith(f"{entry}.") for entry in ALLOWED[room])
        assert allowed, f"{path.relative_to(ROOT)} imports {name}"


def test_only_the_command_line_prints_reads_the_environment_or_exits() -> None:
    offenders = []
    for path in MODULES:
        if path.is_relative_to(ROOT / "cli") or path in PROGRAMS:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("print", "exit"):
                offenders.append(f"{path.name}:{node.lineno}")
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                if (node.value.id, node.attr) in {
                    ("os", "environ"),
                    ("os", "getenv"),
                    ("sys", "exit"),
                    ("sys", "argv"),
                }:
                    offenders.append(f"{path.name}:{node.lineno}")
                if (node.value.id, node.attr) in {("time", "time"), ("datetime", "now")}:
                    offenders.append(f"{path.name}:{node.lineno}")
    assert offenders == []
