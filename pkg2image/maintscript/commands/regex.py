"""POSIX regular expressions, matched with Python's engine.

Python takes the first alternative that works, POSIX the longest match; so where the two could differ, a match is
extended until there is no longer one. Which part goes to which group is not looked at again: like most programs, and
unlike POSIX, groups are what a backtracking engine makes of them for that longest match.

Backtracking can take for ever. Expressions for which it could do so are refused: repetitions of repetitions whose
rounds can be told apart in more than one way, and lines too long for the number of repetitions.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache

from pkg2image.maintscript.commands.regex_syntax import (
    ANY,
    Assertion,
    BackReference,
    Bytes,
    Dialect,
    Group,
    Node,
    Place,
    Repeat,
    parse,
)
from pkg2image.maintscript.failure import NotUnderstoodError

_MAX_WAYS = 200_000_000  # ways to place the ends of the repetitions of an expression in one line
_MAX_PATTERN = 20_000  # bytes
_WAYS_AT_ONCE = 16  # ways that are tried while a byte is moved; few expressions try all of them


@dataclass(frozen=True, slots=True)
class Match:
    """A match.

    Args:
        start: First byte.
        end: After the last byte.
        groups: What the groups matched, from group 1 on; None for those that took no part.
    """

    start: int
    end: int
    groups: tuple[bytes | None, ...]

    def group(self, number: int) -> bytes:
        """Return what a group matched, empty when it took no part."""
        return self.groups[number - 1] or b""


class Regex:
    """A compiled expression."""

    __slots__ = ("_ambiguous", "_ends", "_longest_line", "_pattern", "_source", "_text", "_works")

    def __init__(self, tree: Group, text: bytes) -> None:
        _refuse_explosive(tree, text)
        self._text = text
        self._source = b"|".join(_sequence(nodes) for nodes in tree.alternatives)
        self._ambiguous = len(tree.alternatives) > 1 or any(_is_ambiguous(node) for node in _nodes(tree))
        loose = _loose_repeats(tree)
        self._longest_line = _longest_line(loose)
        endless = sum(isinstance(node, Repeat) and node.most is None for node in _nodes(tree))
        # Where a match starts, where loose repetitions end, and how far the first that is not loose is followed.
        self._ends = min(loose + 1, endless) + 1 if endless else 0
        self._pattern = re.compile(self._source)
        self._works: dict[int, int] = {}  # by the length of what is searched

    @property
    def groups(self) -> int:
        """How many groups it has."""
        return self._pattern.groups

    def work(self, data: bytes) -> int:
        """Return how much work a search is at most, as `FilesView.toil` counts it."""
        size = len(data)
        work = self._works.get(size)
        if work is None:
            self._check(data)
            work = self._works[size] = size + math.comb(size + self._ends, self._ends) // _WAYS_AT_ONCE
        return work

    def matches(self, data: bytes) -> bool:
        """Say whether there is a match anywhere."""
        self._check(data)
        return self._pattern.search(data) is not None

    def search(self, data: bytes, start: int = 0) -> Match | None:
        """Return the leftmost, then longest match that starts at `start` or later; ``^`` is the start of `data`."""
        self._check(data)
        return self._longest(data, self._pattern.search(data, start))

    def search_at_start(self, data: bytes) -> Match | None:
        """Return the longest match at the start, as expr wants it, also without ``^``."""
        self._check(data)
        return self._longest(data, self._pattern.match(data))

    def _longest(self, data: bytes, found: re.Match[bytes] | None) -> Match | None:
        if found is None:
            return None
        longer: re.Match[bytes] | None = found
        while longer is not None and self._ambiguous and found.end() < len(data):
            rest = len(data) - found.end() - 1
            longer = re.compile(b"(?:%b)(?=(?s:.{0,%d})\\Z)" % (self._source, rest)).match(data, found.start())
            found = longer or found
        return Match(found.start(), found.end(), found.groups())

    def all(self, data: bytes) -> Iterator[Match]:
        """Yield matches from left to right as sed and awk see them: no empty one directly behind another."""
        at = 0
        behind = -1
        while at <= len(data) and (match := self.search(data, at)) is not None:
            if match.end > match.start or match.start != behind:
                yield match
            behind = match.end
            at = match.end if match.end > match.start else match.end + 1

    def _check(self, data: bytes) -> None:
        if len(data) > self._longest_line:
            raise NotUnderstoodError(f"regular expression {self._text!r} on a line of {len(data)} bytes")


@lru_cache(maxsize=256)
def compile_regex(
    pattern: bytes,
    dialect: Dialect | None,
    *,
    ignore_case: bool = False,
    bracket_escapes: bool = False,
    within: tuple[Place, Place] | None = None,
) -> Regex:
    """Compile an expression.

    Args:
        pattern: The expression.
        dialect: Whose rules hold; None when it is no expression but text.
        ignore_case: Whether letters stand for both cases.
        bracket_escapes: See `regex_syntax.parse`.
        within: What has to hold before and after a match.

    Raises:
        NotUnderstoodError: When it is wrong, or one that is not supported.
    """
    if len(pattern) > _MAX_PATTERN:
        raise NotUnderstoodError(f"a regular expression of {len(pattern)} bytes")
    if dialect is None:
        tree = _literal(pattern, ignore_case=ignore_case)
    else:
        tree = parse(pattern, dialect, ignore_case=ignore_case, bracket_escapes=bracket_escapes)
    if within is not None:
        before, after = within
        tree = Group(0, ((Assertion(before), tree, Assertion(after)),))
    return Regex(tree, pattern)


def _literal(text: bytes, *, ignore_case: bool) -> Group:
    characters = (bytes((byte,)) for byte in text)
    sets = (frozenset(one.lower() + one.upper() if ignore_case else one) for one in characters)
    return Group(0, (tuple(Bytes(values) for values in sets),))


def _nodes(node: Node) -> Iterator[Node]:
    yield node
    if isinstance(node, Repeat):
        yield from _nodes(node.body)
    elif isinstance(node, Group):
        for alternative in node.alternatives:
            for child in alternative:
                yield from _nodes(child)


def _sequence(nodes: tuple[Node, ...]) -> bytes:
    return b"".join(_python(node) for node in nodes)


def _python(node: Node) -> bytes:
    match node:
        case Bytes(values):
            return _python_set(values)
        case Assertion(place):
            return place.value.encode("ascii")
        case BackReference(number):
            return b"(?:\\%d)" % number
        case Repeat(body, least, most):
            bounds = {(0, None): b"*", (1, None): b"+", (0, 1): b"?"}.get((least, most))
            if bounds is None:
                bounds = b"{%d,%b}" % (least, b"" if most is None else b"%d" % most)
            return b"(?:%b)%b" % (_python(body), bounds)
        case Group(number, alternatives):
            inner = b"|".join(_sequence(nodes) for nodes in alternatives)
            return b"(%b)" % inner if number else b"(?:%b)" % inner


def _python_set(values: frozenset[int]) -> bytes:
    if values == ANY:
        return b"(?s:.)"
    if len(values) == 1:
        return re.escape(bytes(values))
    if not values:
        return b"(?!)"
    pieces = []
    ordered = sorted(values)
    low = ordered[0]
    for value, following in zip(ordered, [*ordered[1:], 999], strict=True):
        if following != value + 1:
            pieces.append(b"\\x%02x" % low if low == value else b"\\x%02x-\\x%02x" % (low, value))
            low = following
    return b"[%b]" % b"".join(pieces)


def _is_ambiguous(node: Node) -> bool:
    """Say whether the longest match may not be the first: there are alternatives, or groups that may be left out."""
    if isinstance(node, Group):
        return len(node.alternatives) > 1
    return isinstance(node, Repeat) and not isinstance(node.body, Bytes)


def _alphabet(node: Node) -> frozenset[int]:
    return frozenset().union(*(_values(part) for part in _nodes(node)))


def _values(node: Node) -> frozenset[int]:
    if isinstance(node, Bytes):
        return node.values
    return ANY if isinstance(node, BackReference) else frozenset()


def _refuse_explosive(tree: Group, text: bytes) -> None:
    for node in _nodes(tree):
        repeated = node.body if isinstance(node, Repeat) and node.most != 1 else None
        if isinstance(repeated, Group) and not _has_separator(repeated):
            raise NotUnderstoodError(f"regular expression {text!r}: repetitions that could be told apart in many ways")


def _has_separator(group: Group) -> bool:
    """Say whether the rounds of a repeated group can be told apart in one way only.

    They can when the group is plain bytes (all alternatives of one length), or one sequence in which a mandatory byte
    can stand nowhere else.
    """
    if all(isinstance(node, Bytes) for nodes in group.alternatives for node in nodes):
        firsts = [_values(nodes[0]) if nodes else ANY for nodes in group.alternatives]
        return sum(map(len, firsts)) == len(frozenset().union(*firsts))
    if len(group.alternatives) != 1:
        return False
    (nodes,) = group.alternatives
    return any(
        isinstance(node, Bytes)
        and not node.values & frozenset().union(*(_alphabet(other) for other in nodes if other is not node))
        for node in nodes
    )


def _loose_repeats(tree: Group) -> int:
    """Return how many repetitions have more than one place to end, whatever follows them."""
    count = 0
    for node in _nodes(tree):
        if isinstance(node, Group):
            for nodes in node.alternatives:
                followers = (*nodes[1:], None)
                count += sum(_is_loose(one, after) for one, after in zip(nodes, followers, strict=False))
    return count


@cache
def _longest_line(repeats: int) -> float:
    """Return how many bytes a line may have for an expression with so many loose repetitions."""
    if repeats < 2:
        return math.inf
    longest = 1
    while math.comb(longest + repeats, repeats) <= _MAX_WAYS:
        longest *= 2
    shortest = longest // 2
    while longest - shortest > 1:
        middle = (shortest + longest) // 2
        if math.comb(middle + repeats, repeats) <= _MAX_WAYS:
            shortest = middle
        else:
            longest = middle
    return shortest


def _is_loose(node: Node, after: Node | None) -> bool:
    if not isinstance(node, Repeat) or node.most is not None:
        return False
    return not (isinstance(after, Bytes) and not after.values & _alphabet(node))
