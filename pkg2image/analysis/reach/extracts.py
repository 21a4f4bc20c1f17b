"""What was found in the contents of files, kept for the next image.

Results are kept together for all files of a .deb, by the digest of its data: an image of a thousand scripts is no
thousand records.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from functools import cache
from importlib.abc import InspectLoader
from types import ModuleType

from pkg2image.digest import sha256
from pkg2image.maintscript.parsed import Records
from pkg2image.rootfs.tree import Content, ReadContent, StoredContent

FindText = Callable[[bytes], Sequence[str]]
"""Finds something in a content."""


class Extracts:
    """What functions found in contents.

    Args:
        records: Where results are kept for other builds; None keeps them for this one only.
    """

    __slots__ = ("_changed", "_known", "_records")

    def __init__(self, records: Records | None = None) -> None:
        self._records = records
        self._known: dict[tuple[str, str], dict[str, tuple[str, ...]]] = {}
        self._changed: set[tuple[str, str]] = set()

    def of(self, content: Content, find: FindText, read: ReadContent) -> tuple[str, ...]:
        """Return what a function finds in a content.

        Args:
            content: The content.
            find: A function of a module.
            read: Reads the content when nothing is known of it.
        """
        kind = _kind(find.__module__, find.__qualname__)
        # What was made for one image has no package to be kept with.
        key = kind, content.blob.hex if isinstance(content, StoredContent) else ""
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = self._kept(key)
        found = known.get(content.sha256)
        if found is None:
            found = known[content.sha256] = tuple(find(read(content)))
            self._changed.add(key)
        return found

    def keep(self) -> None:
        """Write down what is new."""
        if self._records is None:
            return
        for kind, blob in sorted(self._changed):
            if blob:
                known = self._known[kind, blob]
                document = json.dumps(known, separators=(",", ":"), sort_keys=True)
                self._records.put_record(kind, blob, document.encode("ascii"))
        self._changed.clear()

    def _kept(self, key: tuple[str, str]) -> dict[str, tuple[str, ...]]:
        record = self._records.record(*key) if self._records and key[1] else None
        return {content: tuple(found) for content, found in json.loads(record).items()} if record else {}


@cache
def _kind(module: str, name: str) -> str:
    """Return the kind of records that a function as it is now makes and reads.

    It changes with the source of the module that defines it and of all modules of ours that this one works with.
    """
    seen = {module}
    waiting = [module]
    while waiting:
        for value in vars(sys.modules[waiting.pop()]).values():
            origin = value.__name__ if isinstance(value, ModuleType) else getattr(value, "__module__", None)
            if isinstance(origin, str) and origin.startswith("pkg2image.") and origin not in seen:
                seen.add(origin)
                waiting.append(origin)
    text = "\0".join(_source(sys.modules[origin]) for origin in sorted(seen))
    return f"extract-{name.strip('_').lower().replace('_', '-')}-{sha256(text.encode()).hex[:16]}"


def _source(module: ModuleType) -> str:
    specification = module.__spec__
    loader = specification.loader if specification else None
    # Not `inspect`, which takes longer to import than all sources to read.
    return (loader.get_source(module.__name__) if isinstance(loader, InspectLoader) else None) or ""
