"""Which modules Python's extensions import: the names are constants in their machine code.

Spec: Python/C API, "Importing Modules".
"""

from __future__ import annotations

import re
from itertools import islice

_MOST = 20_000  # names in one file
_CONSTANT = re.compile(rb"(?<=\0)[A-Za-z_]\w{1,40}(?:\.\w{1,40}){0,6}(?=\0)", re.ASCII)
# Rust writes its constants one after the other, without an end: of these names only those can be looked for that
# extensions are known to import.
_RUST = re.compile(rb"\bpyo3\b|PyO3")
_IMPORTED_BY_RUST = (
    *("asyncio", "collections.abc", "contextvars", "copy", "copyreg", "dataclasses", "datetime", "decimal", "enum"),
    *("fractions", "functools", "inspect", "io", "ipaddress", "json", "logging", "math", "os", "pathlib", "pickle"),
    *("random", "re", "secrets", "ssl", "threading", "traceback", "types", "typing", "uuid", "warnings", "zoneinfo"),
)


def python_machine_code(data: bytes) -> tuple[str, ...]:
    """Return the constants of an extension that may be names of modules, sorted.

    Args:
        data: The ELF file.
    """
    found = {match[0].decode("ascii") for match in islice(_CONSTANT.finditer(data), _MOST)}
    if _RUST.search(data):
        found |= {name for name in _IMPORTED_BY_RUST if name.encode() in data}
    return tuple(sorted(found))
