"""Which programs a word may mean."""

from __future__ import annotations

import pytest

from pkg2image.analysis.reach.programs import Programs
from tests.support.parts import Parts
from tests.support.slimming import material_of


def _image() -> Parts:
    parts = Parts().add("usr/bin/app", package="app").add("usr/sbin/tool", package="tools")
    return parts.add("usr/bin/made", package="").add("usr/share/app/script", package="")


@pytest.mark.parametrize(
    "known",
    [
        {"depends": {"app": ["tools"]}},
        {"depends": {"app": ["more"], "more": ["app", "tools"]}},
        {"common": frozenset({"tools"})},
        {"own": frozenset({"tools"})},
        {"sources": {"app": "app", "tools": "app"}},
        {"sources": {"app": "all", "app-all": "all"}, "depends": {"app-all": ["tools"]}},
    ],
)
def test_a_program_of_who_is_depended_on(known: dict[str, object]) -> None:
    assert Programs(material_of(_image(), **known)).meant("tool", "usr/bin/app") == "usr/sbin/tool"


def test_a_program_of_anybody_else_has_the_same_name_by_chance() -> None:
    programs = Programs(material_of(_image(), depends={"tools": ["app"]}))
    assert programs.meant("tool", "usr/bin/app") is None
    assert programs.place("tool") == "usr/sbin/tool"
    assert programs.meant("gone", "usr/bin/app") is None


def test_what_was_made_for_the_image_has_no_dependencies() -> None:
    programs = Programs(material_of(_image()))
    assert programs.meant("made", "usr/bin/app") == "usr/bin/made"
    assert programs.meant("tool", "usr/share/app/script") == "usr/sbin/tool"
