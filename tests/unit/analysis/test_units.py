"""Unit files are read as systemd reads them: continuation, comments, resets, drop-ins, aliases, masks."""

from __future__ import annotations

import pytest

from pkg2image.analysis.units import find_units, parse_unit
from tests.support.services import UNITS, folder, link, read, service_tree, unit_of


def values(text: str) -> list[tuple[str, str, str]]:
    return [(each.section, each.key, each.value) for each in parse_unit(text, "x")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[Service]\nType=simple\n", [("Service", "Type", "simple")]),
        ("[Service]\n  Type = simple \n", [("Service", "Type", "simple")]),
        ("[A]\nx=1\n[B]\nx=2", [("A", "x", "1"), ("B", "x", "2")]),
        ("# c\n; d\n[A]\n  # e\nx=1", [("A", "x", "1")]),
        ("[A]\nx=a=b", [("A", "x", "a=b")]),
        ("[A]\nx=", [("A", "x", "")]),
        ("[A]\nx=one \\\n  two\ny=3", [("A", "x", "one  two"), ("A", "y", "3")]),
        ("[A]\nx=one\\\n# not this\ntwo", [("A", "x", "one two")]),
        ("[A]\nx=one\\\\\ny=2", [("A", "x", "one\\\\"), ("A", "y", "2")]),
        ("[A]\nx=one \\", [("A", "x", "one")]),
        ("[A]\nx=one \\\n\ny=2", [("A", "x", "one"), ("A", "y", "2")]),
        ("x=before any section\n[A]\nnonsense\n=nothing\n", []),
        ("", []),
    ],
    ids=repr,
)
def test_assignments(text: str, expected: list[tuple[str, str, str]]) -> None:
    assert values(text) == expected


def test_origins_name_the_line_where_an_assignment_begins() -> None:
    assert [each.origin for each in parse_unit("[A]\n\nx=1 \\\n 2\ny=3", "/x")] == ["/x:3", "/x:5"]


def test_the_last_assignment_has_the_say_and_an_empty_one_forgets() -> None:
    unit = unit_of("User=a\nUser=b\nExecStart=one\nExecStart=\nExecStart=two\nGroup=g\nGroup=\nPrivate=yes")
    assert unit.value("User") == "b"
    assert [each.value for each in unit.every("ExecStart")] == ["two"]
    assert unit.last("Group") is None
    assert unit.value("Group") == ""
    assert (unit.is_set("Private"), unit.is_set("User")) == (True, False)


@pytest.mark.parametrize(
    ("name", "stem", "prefix", "instance", "is_template"),
    [
        ("a.service", "a", "a", "", False),
        ("a@.service", "a@", "a", "", True),
        ("a@b.c.service", "a@b.c", "a", "b.c", False),
    ],
)
def test_names(name: str, stem: str, prefix: str, instance: str, is_template: bool) -> None:  # noqa: FBT001
    unit = unit_of("", name)
    assert (unit.stem, unit.prefix, unit.instance, unit.is_template) == (stem, prefix, instance, is_template)


def test_the_administrators_file_wins_and_masks() -> None:
    files = find_units(
        service_tree(
            {
                f"{UNITS}/a.service": "[Service]\nUser=package",
                "etc/systemd/system/a.service": "[Service]\nUser=administrator",
                f"{UNITS}/b.service": "[Service]\nUser=package",
                "etc/systemd/system/b.service": link("/dev/null"),
                f"{UNITS}/c.service": "",
            }
        ),
        read,
    )
    found = files.named("a.service")
    assert found is not None
    assert found.value("User") == "administrator"
    assert files.named("b.service") is None
    assert files.named("c.service") is None
    assert files.named("d.service") is None


def test_drop_ins_come_after_the_file_in_order_of_their_names() -> None:
    files = find_units(
        service_tree(
            {
                f"{UNITS}/a@.service": "[Service]\nUser=0\nGroup=g",
                f"{UNITS}/a@.service.d/20.conf": "[Service]\nUser=20",
                f"{UNITS}/a@.service.d/10.conf": "[Service]\nUser=10\nType=simple",
                f"{UNITS}/a@x.service.d/30.conf": "[Service]\nUser=30",
                "etc/systemd/system/a@.service.d/10.conf": "[Service]\nType=forking",
                f"{UNITS}/a@.service.d/40.txt": "[Service]\nUser=40",
            }
        ),
        read,
    )
    template, instance = files.named("a@.service"), files.named("a@x.service")
    assert template is not None
    assert instance is not None
    assert [template.value(key) for key in ("User", "Group", "Type")] == ["20", "g", "forking"]
    assert [instance.value(key) for key in ("User", "Group", "Type")] == ["30", "g", "forking"]
    assert instance.instance == "x"


def test_aliases_are_links_and_words_of_the_install_section() -> None:
    files = find_units(
        service_tree(
            {
                f"{UNITS}/named.service": "[Service]\nUser=x\n[Install]\nAlias=bind9.service dns.service",
                f"{UNITS}/bind.service": link("named.service"),
                f"{UNITS}/other.service": "[Service]\nUser=x",
                f"{UNITS}/named.service.wants": folder(),
            }
        ),
        read,
    )
    unit = files.named("named.service")
    assert unit is not None
    assert unit.aliases == ("bind.service", "bind9.service", "dns.service")


def test_a_file_that_is_no_unit_by_its_size_is_not_read() -> None:
    files = find_units(service_tree({f"{UNITS}/a.service": "[Service]\n" + "#" * (1 << 20)}), read)
    assert files.named("a.service") is None
