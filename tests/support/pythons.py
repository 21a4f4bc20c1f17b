"""Other Pythons than the one that the tests run with; `tests/install.sh` makes an environment for each there is."""

from __future__ import annotations

import sys
from pathlib import Path

OWN = f"{sys.version_info.major}.{sys.version_info.minor}"
_OTHERS = Path(sys.prefix) / "pythons"


def _programs() -> dict[str, Path]:
    """Return the release and the interpreter of each Python that can import what the program needs."""
    others = {path.parts[-3]: path for path in _OTHERS.glob("3.*/bin/python")}
    return {**dict(sorted(others.items(), key=lambda item: int(item[0][2:]))), OWN: Path(sys.executable)}


PYTHONS = _programs()
"""Release -> interpreter, the one that the tests run with at last."""


def python_instead(release: str) -> tuple[str, ...]:
    """Return a wrapper that runs a command line with another Python than the one in its first word."""
    return ("sh", "-c", 'python=$1; shift 2; exec "$python" "$@"', "sh", str(PYTHONS[release]))
