"""What was left out of an image, and what the rest takes: in lines for people, and as JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import TypeVar

from pkg2image.image.account import NO_PACKAGE, Account, Total, total_of, totals
from pkg2image.image.read import ImageContents
from pkg2image.image.reasons import BY_SLIM, Left
from pkg2image.sizes import size_text

_Key = TypeVar("_Key")
_Groups = list[tuple[_Key, list[Left], Total]]


def left_out_line(left_out: Sequence[Left]) -> str:
    """Return in one line how much was left out."""
    return f"left out: {total_of(left_out)}"


def dropped_json(account: Account, _contents: ImageContents) -> list[dict[str, object]]:
    """Return the same for ``--json``."""
    return [item.render() for item in account.left_out]


def dropped_lines(account: Account, _contents: ImageContents) -> Iterator[str]:
    """Yield what was left out: rules, below them packages, below these paths."""
    if not account.left_out:
        yield "the image does not say that anything was left out of it"
        return
    for (by, rule), items, total in _groups(account.left_out, _rule):
        yield f"{_rule_words(by, rule)}: {total}"
        for package, some, part in _groups(items, lambda item: item.package):
            yield f"  {package or NO_PACKAGE}: {part}"
            for item in some:
                yield f"    {size_text(item.size):>9}  /{item.path}"
    yield left_out_line(account.left_out)


def sizes_lines(account: Account, contents: ImageContents) -> Iterator[str]:
    """Yield what takes how much space: by package, by reason, by layer, and what was saved by which rule."""
    yield "by package:"
    yield from _rows(totals(account.parts, lambda part: part.package or NO_PACKAGE))
    yield "by reason:"
    yield from _rows(totals(account.parts, lambda part: part.sort))
    if account.left_out:
        yield "left out:"
        yield from _rows({_rule_words(*key): total for key, _, total in _groups(account.left_out, _rule)})
    yield "by layer, compressed and not:"
    for layer in sorted(contents.layers, key=lambda layer: -layer.scan.size):
        yield f"  {size_text(layer.scan.size):>9}  {size_text(layer.scan.content_size):>9}  {layer.name}"
    yield str(account.total)


def sizes_json(account: Account, contents: ImageContents) -> dict[str, object]:
    """Return the same for ``--json``, in bytes."""
    saved = {package: total for package, _, total in _groups(account.left_out, lambda item: item.package)}
    packages = totals(account.parts, lambda part: part.package)
    return {
        "total": _json(account.total),
        "packages": [
            {"package": name, **_json(packages.get(name, Total())), "left_out": _json(saved.get(name, Total()))}
            for name in dict.fromkeys((*packages, *saved))
        ],
        "reasons": [
            {"reason": name, **_json(total)} for name, total in totals(account.parts, lambda part: part.sort).items()
        ],
        "left_out": [
            {"by": by, "rule": rule, **_json(total)} for (by, rule), _, total in _groups(account.left_out, _rule)
        ],
        "layers": [
            {"layer": layer.name, "size": layer.scan.size, "uncompressed_size": layer.scan.content_size}
            for layer in contents.layers
        ],
    }


def left_out_sentence(item: Left) -> str:
    """Return why a file is not in an image."""
    source = f"in the package {item.package}, " if item.package else ""
    return f"/{item.path} is not in the image: {source}{size_text(item.size)}, left out: {_rule_words(*_rule(item))}"


def _groups(items: Sequence[Left], key: Callable[[Left], _Key]) -> _Groups[_Key]:
    """Return items by a key, the largest group first; the order within groups stays."""
    ordered = sorted(items, key=lambda item: str(key(item)))
    found = [(name, list(group)) for name, group in groupby(ordered, key)]
    summed = [(name, group, total_of(group)) for name, group in found]
    return sorted(summed, key=lambda each: (-each[2].size, -each[2].files))


def _rule(item: Left) -> tuple[str, str]:
    return item.by, item.rule


def _rule_words(by: str, rule: str) -> str:
    return f"{rule} (by {'--slim' if by == BY_SLIM else 'the closure'})"


def _rows(found: Mapping[str, Total]) -> Iterator[str]:
    for name, total in found.items():
        yield f"  {size_text(total.size):>9}  {total.files:>7,} {'file ' if total.files == 1 else 'files'}  {name}"


def _json(total: Total) -> dict[str, int]:
    return {"files": total.files, "size": total.size}
