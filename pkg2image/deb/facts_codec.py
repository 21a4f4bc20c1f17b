"""Facts of a .deb as bytes, for the store: compact JSON, the same for the same facts, and quick to load.

Rows are arrays in the order of the fields of their classes; a change of `pkg2image.deb.facts` therefore needs a new
`pkg2image.deb.reader.READER_VERSION`. Bytes are kept as Latin-1 text.
"""

from __future__ import annotations

import json
from dataclasses import fields
from operator import attrgetter
from typing import Any

from pkg2image.deb.facts import DebEntry, DebFacts, ElfFacts
from pkg2image.digest import Digest
from pkg2image.errors import MalformedPackageError

_entry_row = attrgetter(*(field.name for field in fields(DebEntry)))
_elf_row = attrgetter(*(field.name for field in fields(ElfFacts)))


def dump_facts(facts: DebFacts) -> bytes:
    """Return facts as bytes; equal facts give equal bytes."""
    document = {
        "control": facts.control,
        "control_files": facts.control_files,
        "data": str(facts.data),
        "data_size": facts.data_size,
        "entries": [_entry_row(entry) for entry in facts.entries],
        "elves": [(path, _elf_row(elf)) for path, elf in facts.elves],
    }
    return json.dumps(document, separators=(",", ":"), sort_keys=True, default=_text).encode("ascii")


def load_facts(data: bytes) -> DebFacts:
    """Return the facts that `dump_facts` wrote.

    Raises:
        MalformedPackageError: When the bytes are something else.
    """
    try:
        document = json.loads(data)
        return DebFacts(
            tuple((name, value) for name, value in document["control"]),
            tuple((name, value.encode("latin-1")) for name, value in document["control_files"]),
            Digest.parse(document["data"]),
            document["data_size"],
            tuple(_entry(*row) for row in document["entries"]),
            tuple((path, _elf(*row)) for path, row in document["elves"]),
        )
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise MalformedPackageError(f"cannot read stored facts of a package: {error}") from error


def _text(data: bytes) -> str:
    return data.decode("latin-1")


def _entry(*row: Any) -> DebEntry:
    before, (device, xattrs), after = row[:10], row[10:12], row[12:]
    pairs = tuple((name, value.encode("latin-1")) for name, value in xattrs) if xattrs else ()
    values = (*before, tuple(device), pairs, *after)
    return DebEntry(*values)


def _elf(*row: Any) -> ElfFacts:
    before, (needed, rpath, runpath, imports, versions_needed, versions_defined, named_files) = row[:6], row[6:]
    pairs = tuple((library, version) for library, version in versions_needed)
    after = (tuple(imports), pairs, tuple(versions_defined), tuple(named_files))
    values = (*before, tuple(needed), rpath, runpath, *after)
    return ElfFacts(*values)
