"""The forms in which a bill is written, and what its files are called."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from enum import StrEnum

from pkg2image.sbom.bill import Bill


class Form(StrEnum):
    """What a bill can be written as; most programs read the first."""

    SPDX = "spdx"
    SPDX3 = "spdx3"
    CYCLONEDX = "cyclonedx"

    @property
    def suffix(self) -> str:
        """How names of such files end; scanners know them by it."""
        return _FORMS[self][0]

    @property
    def label(self) -> str:
        """Name and version of the form."""
        return _FORMS[self][1]


_FORMS = {
    Form.SPDX: (".spdx.json", "SPDX 2.3", "spdx2"),
    Form.SPDX3: (".spdx3.json", "SPDX 3.0.1", "spdx3"),
    Form.CYCLONEDX: (".cdx.json", "CycloneDX 1.6", "cyclonedx"),
}


def render(bill: Bill, form: Form) -> bytes:
    """Return a bill in a form."""
    name = _FORMS[form][2]
    # Most builds write one form, and do not pay for the others.
    write: Callable[[Bill], bytes] = getattr(importlib.import_module(f"pkg2image.sbom.{name}"), f"render_{name}")
    return write(bill)
