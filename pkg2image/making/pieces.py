"""Collections of programs of which an image has only those that its scripts begin with.

One script that begins with ``#!/usr/bin/env`` brings in a hundred other programs. Who asks for such a package, depends
on it, or calls its programs gets all of it: a script that calls one may call others by names that nobody sees. Where
only first lines name its programs, these are what the image gets.
"""

from __future__ import annotations

from collections.abc import Mapping

from pkg2image.plan import Plan

_COLLECTIONS = frozenset({"coreutils"})
_BEGINS = "starts with /"


def pieces(plan: Plan) -> Mapping[str, frozenset[str]]:
    """Return each collection that is only there for some of its programs, with the names of these.

    Args:
        plan: What goes into the image; the full closure has nothing but whole packages.
    """
    if plan.closure == "full":
        return {}
    declared = {name for names in plan.edges.values() for name in names}
    needed = {item.package.name for item in plan.packages if item.reason.kind == "need"}
    called = {need.provider for need in plan.needs if not need.reason.startswith(_BEGINS)}
    return {
        name: frozenset(need.what.rpartition("/")[2] for need in plan.needs if need.provider == name)
        for name in sorted(_COLLECTIONS & needed - declared - called)
    }
