"""Which packages are only there for some of their programs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pkg2image.deb.package import package_from_stanza
from pkg2image.making.pieces import pieces
from pkg2image.plan import AddedNeed, Plan, PlannedPackage, Reason


def _planned(name: str, kind: str) -> PlannedPackage:
    stanza = {"Package": name, "Version": "1", "Architecture": "all"}
    return PlannedPackage(package_from_stanza(stanza, origin="test"), Reason(kind))


PLAN = Plan(
    suite="bookworm",
    architecture="amd64",
    distribution="debian",
    packages=(_planned("app", "requested"), _planned("coreutils", "need"), _planned("dash", "need")),
    needs=(
        AddedNeed("dash", "/bin/sh", "usr/bin/app", "starts with /bin/sh", "app"),
        AddedNeed("coreutils", "/usr/bin/true", "usr/bin/app", "starts with /usr/bin/true", "app"),
        AddedNeed("coreutils", "/usr/bin/env", "usr/bin/other", "starts with /usr/bin/env", "app"),
    ),
    edges={"app": (), "coreutils": (), "dash": ()},
)


def test_the_programs_that_were_needed() -> None:
    assert pieces(PLAN) == {"coreutils": {"env", "true"}}


@pytest.mark.parametrize(
    "plan",
    [
        replace(PLAN, closure="full"),
        replace(PLAN, packages=(_planned("app", "requested"), _planned("coreutils", "requested"))),
        replace(PLAN, edges={"app": ("coreutils",)}),
        replace(PLAN, needs=(*PLAN.needs, AddedNeed("coreutils", "cp", "usr/bin/app", "calls cp", "app"))),
    ],
    ids=["full", "asked for", "declared", "called"],
)
def test_whole_packages(plan: Plan) -> None:
    assert not pieces(plan)
