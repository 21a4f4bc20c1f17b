"""A slim image says what it keeps because nobody can tell whether it is used."""

from __future__ import annotations

from pkg2image.analysis.reach.result import Reason, Slimmed
from pkg2image.making.slimming import kept_whole
from tests.support.parts import Parts


def _slimmed(**reasons: str) -> Slimmed:
    parts = Parts()
    for package in reasons:
        parts.add(f"usr/lib/{package}/file", package=package)
    return Slimmed(parts.tree, {f"usr/lib/{name}/file": Reason("usr/bin/x", why) for name, why in reasons.items()}, ())


def test_packages_that_are_kept_whole_are_named() -> None:
    found = _slimmed(
        b="imports modules by names that nobody can tell",
        a="is in machine code, so that its whole package is kept",
        c="is a module of a language whose imports are not followed",
        d="imports json",
    )
    assert kept_whole(found) == ("kept whole, since nobody can tell which of the modules in them are used: a, b, c",)
    assert kept_whole(_slimmed(d="imports json")) == ()


def test_a_few_are_enough() -> None:
    (said,) = kept_whole(_slimmed(**dict.fromkeys("gfedcba", "does not parse, so that its whole package is kept")))
    assert said.endswith(": a, b, c, d, e and 2 more")
