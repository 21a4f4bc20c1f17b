"""The unpack order."""

from __future__ import annotations

import pytest

from pkg2image.resolve.order import unpack_order


def edges(text: str) -> dict[str, list[str]]:
    """Read ``a>b a>c``."""
    found: dict[str, list[str]] = {}
    for edge in text.split():
        source, target = edge.split(">")
        found.setdefault(source, []).append(target)
    return found


@pytest.mark.parametrize(
    ("names", "pre_depends", "depends", "expected"),
    [
        ("c b a", "", "", "a b c"),
        ("a b c", "", "a>b b>c", "c b a"),
        ("a b c", "", "a>c a>b", "b c a"),
        ("a b", "", "a>b b>a", "a b"),
        ("a b", "a>b", "b>a", "b a"),
        ("a b", "a>b b>a", "", "a b"),
        ("a b c d", "c>d", "a>b b>c c>a d>c", "a d c b"),
        ("a b c x", "", "a>b b>c c>a b>x", "x a c b"),
        ("a", "", "a>a", "a"),
        ("z a", "", "a>z", "z a"),
    ],
)
def test_order(names: str, pre_depends: str, depends: str, expected: str) -> None:
    order = unpack_order(names.split(), pre_depends=edges(pre_depends), depends=edges(depends))
    assert " ".join(order) == expected


def test_the_order_of_the_input_does_not_matter() -> None:
    depends = edges("a>b b>c c>a d>a e>d")
    backwards = {name: list(reversed(targets)) for name, targets in reversed(depends.items())}
    assert unpack_order("abcde", pre_depends={}, depends=depends) == unpack_order(
        "edcba", pre_depends={}, depends=backwards
    )
