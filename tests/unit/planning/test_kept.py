"""A plan comes out of the store as it went in, but for what belongs to the moment."""

from __future__ import annotations

from dataclasses import replace

from pkg2image.deb.package import Origin, package_from_stanza
from pkg2image.digest import sha256
from pkg2image.idmap import IdMap
from pkg2image.plan import AddedNeed, CutEdge, Plan, PlannedPackage, Reason, VerifiedSource
from pkg2image.planning.kept import dump_plan, load_plan

MAIN = Origin(0, "stable", "bookworm", "main", "http://archive.example/", date=3, label="Debian")
SECURITY = Origin(1, "stable-security", "bookworm-security", "main", "http://security.example/", trusted=False)
STANZA = {
    "Package": "greet",
    "Version": "1:1.2-1",
    "Architecture": "all",
    "Description": "l\u00f6ng\n \udcff.",
    "X": "",
}
SOURCE = VerifiedSource("http://archive.example/", "stable", "bookworm", sha256(b"Release"), 1000, ("f" * 40,))
GREET = package_from_stanza(STANZA, origin="test", origins=(SECURITY, MAIN))
LOCAL = replace(package_from_stanza(STANZA | {"Package": "own"}, origin="test"), local_path="own.deb")
PLAN = Plan(
    suite="bookworm",
    architecture="amd64",
    distribution="debian",
    packages=(
        PlannedPackage(LOCAL, Reason("requested", "", "own.deb")),
        PlannedPackage(GREET, Reason("skeleton", "", "accounts"), skeleton=True),
    ),
    cut=(CutEdge("greet", "Depends", "debconf", "asks questions"),),
    needs=(AddedNeed("dash", "/bin/sh", "usr/bin/greet", "starts with /bin/sh", "greet"),),
    notes=("an old Release", "a preference"),
    sources=(SOURCE,),
    roots=("own",),
    edges={"own": ("greet",), "greet": ()},
    closure="full",
    ids=IdMap({"www": 33}),
)


def test_what_goes_in_comes_out() -> None:
    data = dump_plan(PLAN, given_notes=1)
    again = load_plan(data, notes=PLAN.notes[:1], sources=PLAN.sources, ids=PLAN.ids)
    assert again == PLAN
    for before, after in zip(PLAN.packages, again.packages, strict=True):
        assert before.package.fields == after.package.fields
        assert before.package.origins == after.package.origins


def test_what_belongs_to_the_moment_is_given_again() -> None:
    data = dump_plan(PLAN, given_notes=1)
    sources = (replace(SOURCE, date=2000), SOURCE)
    again = load_plan(data, notes=("an older Release", "unsigned"), sources=sources, ids=IdMap())
    assert again.notes == ("an older Release", "unsigned", "a preference")
    assert (again.sources, again.ids) == (sources, IdMap())
    assert b"Release" not in data
    assert data == dump_plan(replace(PLAN, notes=("another", "a preference")), given_notes=1)
