"""The licence of a package, as its copyright file states it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass

from pkg2image.sbom.copyrights import MOST_BYTES, Copyright, Licensed, decoded, notices_of, read_copyright
from pkg2image.sbom.expressions import Expression, joined, reference_name, spdx_of

LICENCES_VERSION = 1
"""Part of the key of what is kept: another number for other results."""

NOASSERTION = "NOASSERTION"
NOTHING_KNOWN = "the package has no copyright file in the image"
_MOST_NOTICES = 16 << 10
_MORE = "... and more in the copyright file"


@dataclass(frozen=True, slots=True)
class Licence:
    """What is known of the licence of a package.

    Args:
        declared: SPDX expression of what its machine-readable copyright file states, else ``NOASSERTION``.
        concluded: The same; of free text a reference to that text, since that is its licence, whatever it says.
        texts: Reference -> text, sorted, of all references in the expressions.
        notices: Who holds copyrights, as the file says it.
        sha256: Of the copyright file, in hex; empty without one.
    """

    declared: str
    concluded: str
    texts: tuple[tuple[str, str], ...]
    notices: str
    sha256: str

    def dump(self) -> bytes:
        """Return it as bytes, for the store."""
        return json.dumps([self.declared, self.concluded, self.texts, self.notices, self.sha256]).encode()


UNKNOWN = Licence(NOASSERTION, NOASSERTION, (), NOTHING_KNOWN, "")
"""Of a package without a copyright file."""


def load_licence(data: bytes) -> Licence | None:
    """Return what `Licence.dump` wrote, or None when it is something else."""
    try:
        declared, concluded, texts, notices, sha256 = json.loads(data)
        return Licence(declared, concluded, tuple((name, text) for name, text in texts), notices, sha256)
    except (ValueError, TypeError):
        return None


def licence_of(data: bytes) -> Licence:
    """Return the licence that a copyright file states.

    Args:
        data: The file; whatever is in it, there is an answer.
    """
    sha256 = hashlib.sha256(data).hexdigest()
    if len(data) > MOST_BYTES:
        return too_long(sha256)
    found = read_copyright(data)
    if found is None:
        return _free(decoded(data), sha256)
    texts: dict[str, str] = {}
    parts = (_expression(item, found, texts) for item in found.files)
    expression = str(joined("AND", parts))
    used = tuple(sorted((name, text) for name, text in texts.items() if name in expression))
    return Licence(expression, expression, used, _limited(found.notices), sha256)


def too_long(sha256: str) -> Licence:
    """Return what is known of a copyright file that is too long to be looked at.

    Args:
        sha256: Of the file, in hex.
    """
    notices = f"the copyright file is longer than {MOST_BYTES >> 20} MiB (SHA-256 {sha256})"
    return Licence(NOASSERTION, NOASSERTION, (), notices, sha256)


def _expression(item: Licensed, found: Copyright, texts: dict[str, str]) -> Expression:
    """Return what a paragraph says; the texts of what SPDX does not know are added to those of the package."""

    def reference(name: str) -> str:
        alone = found.texts.get(name.lower(), "")
        text = (item.text or alone if name == item.synopsis else alone or item.text) or _without_text(name)
        known = reference_name(name, text)
        texts[known] = text
        return known

    return spdx_of(item.synopsis, reference)


def _without_text(name: str) -> str:
    return f"The copyright file names the licence {name!r} and does not give its text."


def _free(text: str, sha256: str) -> Licence:
    if not text.strip():
        return Licence(NOASSERTION, NOASSERTION, (), "the copyright file is empty", sha256)
    name = reference_name("copyright", text)
    return Licence(NOASSERTION, name, ((name, text),), _limited(notices_of(text)), sha256)


def _limited(notices: Iterable[str]) -> str:
    """Return notices as one text that is not too long."""
    lines: list[str] = []
    size = 0
    for line in notices:
        size += len(line) + 1
        if size > _MOST_NOTICES:
            lines.append(_MORE)
            break
        lines.append(line)
    return "\n".join(lines) or "the copyright file names no holder"
