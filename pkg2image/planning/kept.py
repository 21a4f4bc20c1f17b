"""A plan as the store keeps it, so that the same request on the same packages is resolved once.

What a plan owes to the moment is not kept but given again: what was believed of the sources, and the sentences about
them, some of which depend on the day.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import astuple

from pkg2image.deb.package import Origin, Package
from pkg2image.idmap import IdMap
from pkg2image.plan import AddedNeed, CutEdge, Plan, PlannedPackage, Reason, VerifiedSource


def dump_plan(plan: Plan, *, given_notes: int) -> bytes:
    """Return the lasting part of a plan.

    Args:
        plan: What was resolved.
        given_notes: How many of its notes, from the first on, are about the sources.
    """
    origins = list(dict.fromkeys(origin for item in plan.packages for origin in item.package.origins))
    value = {
        "suite": plan.suite,
        "architecture": plan.architecture,
        "distribution": plan.distribution,
        "closure": plan.closure,
        "origins": [astuple(origin) for origin in origins],
        "packages": [
            [
                dict(item.package.fields),
                [origins.index(origin) for origin in item.package.origins],
                item.package.local_path,
                astuple(item.reason),
                item.skeleton,
            ]
            for item in plan.packages
        ],
        "cut": [astuple(edge) for edge in plan.cut],
        "needs": [astuple(need) for need in plan.needs],
        "notes": plan.notes[given_notes:],
        "roots": plan.roots,
        "edges": dict(plan.edges),
    }
    return json.dumps(value).encode("ascii")


def load_plan(data: bytes, *, notes: Sequence[str], sources: Sequence[VerifiedSource], ids: IdMap) -> Plan:
    """Return a plan from its lasting part.

    Args:
        data: What `dump_plan` returned.
        notes: About the sources, as they are now.
        sources: What was believed of them.
        ids: The numbers that the request gives.
    """
    value = json.loads(data)
    origins = [Origin(*words) for words in value["origins"]]
    return Plan(
        suite=value["suite"],
        architecture=value["architecture"],
        distribution=value["distribution"],
        packages=tuple(
            PlannedPackage(
                Package(
                    stanza["Package"],
                    stanza["Version"],
                    stanza["Architecture"],
                    stanza,
                    tuple(origins[number] for number in places),
                    local_path,
                ),
                Reason(*reason),
                skeleton,
            )
            for stanza, places, local_path, reason, skeleton in value["packages"]
        ),
        cut=tuple(CutEdge(*words) for words in value["cut"]),
        needs=tuple(AddedNeed(*words) for words in value["needs"]),
        notes=(*notes, *value["notes"]),
        sources=tuple(sources),
        roots=tuple(value["roots"]),
        edges={name: tuple(names) for name, names in value["edges"].items()},
        closure=value["closure"],
        ids=ids,
    )
