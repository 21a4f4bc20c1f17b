"""Control stanzas: ``Field: value`` paragraphs, order and spelling kept.

For single control files and the few stanzas of a plan. Package indexes have a reader of their own, made for speed.

Spec: Debian Policy 5.1; deb822(5).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pkg2image.errors import MalformedPackageError

Stanza = Mapping[str, str]
"""Field name -> value; continuation lines are kept as ``\\n`` followed by the line as written (with its blank)."""


def parse_stanzas(text: str, *, origin: str) -> Iterator[dict[str, str]]:
    r"""Yield the paragraphs of a control file.

    Args:
        text: The file; lines end in ``\n``.
        origin: What is read, for errors.

    Raises:
        MalformedPackageError: On a line that is neither a field, nor a continuation, nor blank; or a field twice.
    """
    stanza: dict[str, str] = {}
    seen: set[str] = set()
    field = ""
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            if stanza:
                yield stanza
            stanza, seen, field = {}, set(), ""
        elif line.startswith("#"):
            continue
        elif line[0] in " \t":
            if not field:
                raise MalformedPackageError(f"cannot read {origin}: line {number} continues no field")
            stanza[field] += "\n" + line
        else:
            name, colon, value = line.partition(":")
            if not colon or not name or not name.isascii() or " " in name.strip():
                raise MalformedPackageError(f"cannot read {origin}: line {number} is not 'Field: value'")
            field = name.strip()
            if field.lower() in seen:
                raise MalformedPackageError(f"cannot read {origin}: line {number} repeats the field {field}")
            seen.add(field.lower())
            stanza[field] = value.strip()
    if stanza:
        yield stanza
