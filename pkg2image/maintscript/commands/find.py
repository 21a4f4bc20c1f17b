"""``find`` over the files of the image; directories are read in byte order."""

from __future__ import annotations

from collections.abc import Mapping

from pkg2image.maintscript.commands.find_expression import Reader, Test, Walk
from pkg2image.maintscript.commands.find_found import Found
from pkg2image.maintscript.failure import NotUnderstoodError
from pkg2image.maintscript.session import Command, Invocation
from pkg2image.rootfs.tree import Entry, Kind

_MAX_DEPTH = 200


def find(invocation: Invocation) -> int:
    """``find [-P | -H | -L] [path...] [expression]``."""
    words = list(invocation.arguments)
    links = "-P"
    while words and words[0] in {"-P", "-H", "-L"}:
        links = words.pop(0)
    starts = []
    while words and not words[0].startswith("-") and words[0] not in {"(", "!", ")", ","}:
        starts.append(words.pop(0))
    walk = Walk(invocation)
    test = Reader(tuple(words), walk).read()
    links = "-L" if walk.follows else links
    search = _Search(walk, test, follow=links == "-L")
    for start in starts or ["."]:
        entry = invocation.files.lstat(start)
        if entry is not None and links != "-P":
            entry = invocation.files.lookup(start) or entry
        if entry is None:
            walk.fail(f"'{start}': No such file or directory")
        elif not walk.quits:
            search.visit(Found(start, entry, start), 0)
    for command, paths in walk.batches:
        if paths and invocation.run([*command, *paths]):
            walk.status = 1
    return walk.status


class _Search:
    """A walk down directories with a test for each file."""

    def __init__(self, walk: Walk, test: Test, *, follow: bool) -> None:
        self._walk = walk
        self._test = test
        self._follow = follow

    def visit(self, found: Found, depth: int) -> None:
        """Apply the test to a file and to everything below it."""
        walk = self._walk
        if depth > _MAX_DEPTH:
            raise NotUnderstoodError("find: directories nested too deeply")
        tested = depth >= walk.shallowest
        if tested and not walk.bottom_up:
            self._test(found)
        deeper = walk.deepest is None or depth < walk.deepest
        if found.entry.kind is Kind.DIRECTORY and deeper and not (found.prune and not walk.bottom_up):
            self._descend(found, depth)
        if tested and walk.bottom_up and not walk.quits:
            self._test(found)

    def _descend(self, found: Found, depth: int) -> None:
        files = self._walk.invocation.files
        if not files.is_directory(found.path):
            # The test removed it, as in find -exec rm -rf {} \;
            self._walk.fail(f"'{found.path}': No such file or directory")
            return
        for name in files.list(found.path):
            if self._walk.quits:
                return
            path = f"{found.path.rstrip('/') if found.path.strip('/') else ''}/{name}"
            entry: Entry | None = files.lstat(path)
            if self._follow:
                entry = files.lookup(path) or entry
            if entry is not None:
                self.visit(Found(path, entry, found.start), depth + 1)


COMMANDS: Mapping[str, Command] = {"find": find}
