"""Shell patterns over the paths of a tree.

Spec: glob(7), with the braces of glob(3)'s ``GLOB_BRACE``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase

from pkg2image.rootfs.tree import Tree

_BRACES = re.compile(r"\{([^{}]*)\}")
_SPECIAL = re.compile(r"[*?\[{]")
_MAX_ALTERNATIVES = 128


def is_pattern(path: str) -> bool:
    """Say whether a path is a pattern and not simply a name."""
    return _SPECIAL.search(path) is not None


def matches(tree: Tree, pattern: str) -> tuple[str, ...]:
    """Return what a pattern matches.

    Symlinks of parents are followed, what is matched is not: a link that leads nowhere is found.

    Args:
        tree: Where to look.
        pattern: Relative to the root, or absolute. ``*`` matches no leading dot.

    Returns:
        The canonical places, each once, in byte order for each alternative of braces.
    """
    found: dict[str, None] = {}
    for plain in _alternatives(pattern):
        places = [""]
        for part in filter(None, plain.split("/")):
            # Symlinks lead to one place in many ways.
            places = list(dict.fromkeys(below for place in places for below in _below(tree, place, part)))
        found |= dict.fromkeys(places)
    return tuple(found)


def _below(tree: Tree, place: str, part: str) -> Iterator[str]:
    directory = tree.reach(place)
    if directory is None:
        return
    prefix = f"{directory}/" if directory else ""
    if not is_pattern(part):
        if prefix + part in tree:
            yield prefix + part
        return
    part = part.replace("[^", "[!")
    for name in tree.children(directory):
        if (name[0] != "." or part[0] == ".") and fnmatchcase(name, part):
            yield prefix + name


def _alternatives(pattern: str) -> list[str]:
    """Return a pattern without braces for each way through them; past all measure the braces are taken as they are."""
    pending = [pattern]
    done: list[str] = []
    while pending:
        text = pending.pop(0)
        match = _BRACES.search(text)
        if match is None or len(pending) + len(done) > _MAX_ALTERNATIVES:
            done.append(text)
        else:
            pending += [text[: match.start()] + word + text[match.end() :] for word in match[1].split(",")]
    return done
