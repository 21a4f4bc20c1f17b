"""What differs, for people: first in one line, then what matters, and every file only on request."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from pkg2image.comparing.compare import Change, Difference, by_package
from pkg2image.sizes import size_text

_SIGNS = {"added": "+", "removed": "-"}
_BEFORE_FILES = ("packages", "privileges")
_AFTER_FILES = ("licences", "users", "groups", "configuration", "sources")
_OF_FILES = ("files", "modes", "owners")
_SHOWN_SIZES = 10


def lines_of(difference: Difference, *, every_file: bool) -> Iterator[str]:
    """Yield what is to be told to people.

    Args:
        difference: What differs.
        every_file: Whether every path is listed, or only how many of each package.
    """
    yield _summary(difference)
    for name in _BEFORE_FILES:
        yield from _section(name, difference.sections.get(name, ()))
    for name in _OF_FILES:
        changes = difference.sections.get(name, ())
        yield from _section(name, changes) if every_file else _counts(name, changes)
    yield from _sizes(difference.sections.get("sizes", ()))
    for name in _AFTER_FILES:
        yield from _section(name, difference.sections.get(name, ()))
    if difference.times:
        yield f"{difference.times} files differ in their times alone"
    if difference.not_compared:
        yield f"not compared, for one side does not know: {', '.join(difference.not_compared)}"


def _summary(difference: Difference) -> str:
    before, after = difference.before, difference.after
    words = [
        f"{name}: {', '.join(f'{number} {change}' for change, number in counts.items())}"
        for name, changes in difference.sections.items()
        if name != "sizes" and (counts := Counter(change.change for change in changes))
    ]
    if before.size and after.size:
        words.append(f"size: {size_text(before.size)} -> {size_text(after.size)}")
    if before.layers and after.layers:
        same = len(set(before.layers) & set(after.layers))
        words.append(f"layers: {same} of {len(after.layers)} the same")
    verdict = "the same" if difference.is_empty else "different"
    return f"{before.path} -> {after.path}: {verdict}" + (f"; {'; '.join(words)}" if words else "")


def _section(name: str, changes: tuple[Change, ...]) -> Iterator[str]:
    if changes:
        yield f"{name}:"
    for change in changes:
        sign = _SIGNS.get(change.change, "!" if change.change == "downgraded" else " ")
        owner = f" ({change.package})" if change.package else ""
        yield f"  {sign} {change.name}{owner}: {_words(change)}"


def _words(change: Change) -> str:
    match change.change:
        case "added":
            return change.after
        case "removed":
            return change.before
        case _:
            return f"{change.before or 'nothing'} -> {change.after or 'nothing'}"


def _counts(name: str, changes: tuple[Change, ...]) -> Iterator[str]:
    if changes:
        yield f"{name}:"
    for package, counts in by_package(changes).items():
        yield f"    {package}: {', '.join(f'{number} {change}' for change, number in sorted(counts.items()))}"


def _sizes(changes: tuple[Change, ...]) -> Iterator[str]:
    """Yield the packages whose size has changed most."""
    if not changes:
        return
    deltas = {change.name: int(change.after or 0) - int(change.before or 0) for change in changes}
    yield f"sizes: {_signed(sum(deltas.values()))} in all"
    largest = sorted(changes, key=lambda change: (-abs(deltas[change.name]), change.name))
    for change in largest[:_SHOWN_SIZES]:
        yield f"    {change.name}: {_signed(deltas[change.name])}, {size_text(int(change.after or 0))} now"
    if len(largest) > _SHOWN_SIZES:
        yield f"    and {len(largest) - _SHOWN_SIZES} more"


def _signed(size: int) -> str:
    return f"{'-' if size < 0 else '+'}{size_text(abs(size))}"


def render(difference: Difference) -> dict[str, object]:
    """Return all of it as plain data, for ``--json``."""
    return {
        "same": difference.is_empty,
        "before": _side(difference, first=True),
        "after": _side(difference, first=False),
        "not_compared": list(difference.not_compared),
        "times": difference.times,
        **{name: [change.render() for change in changes] for name, changes in difference.sections.items()},
    }


def _side(difference: Difference, *, first: bool) -> dict[str, object]:
    side = difference.before if first else difference.after
    return {"path": str(side.path), "kind": side.kind, "size": side.size, "layers": list(side.layers)}
