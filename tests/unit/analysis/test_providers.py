"""Which package answers a need."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from pkg2image.analysis.evidence import Evidence, Wanted, wanted_file
from pkg2image.analysis.providers import Answers, answer, is_common

EVIDENCE = Evidence("usr/bin/app", "calls it", "app")
SIZES = {"dash": 200, "bash": 7000, "big": 90, "small": 9, "tiny": 9, "coreutils": 18000, "netbase": 40, "tzdata": 3000}
FILES = {"usr/bin/tool": ("big", "small", "tiny", "gone"), "usr/sbin/tool": ("dash",), "usr/bin/sh": ("bash", "dash")}


def _answer(*wanted: Wanted, refused: Sequence[str] = ()) -> Answers:
    def packages_of(path: str) -> Sequence[str]:
        return FILES.get(path, ())

    return answer(wanted, packages_of=packages_of, size_of=SIZES.get, refused=refused)


@pytest.mark.parametrize(
    ("name", "provider"),
    [
        ("/bin/sh", "dash"),
        ("/usr/bin/env", "coreutils"),
        ("/etc/services", "netbase"),
        ("/usr/share/zoneinfo/Etc/UTC", "tzdata"),
        ("tool", "small"),
    ],
)
def test_the_preferred_or_smallest_package(name: str, provider: str) -> None:
    answers = _answer(wanted_file(name, EVIDENCE))
    assert [(need.what, need.provider, need.evidence) for need in answers.needs] == [(name, provider, EVIDENCE)]
    assert answers.unanswered == ()


def test_file_lists_are_not_asked_for_what_the_short_list_knows() -> None:
    def packages_of(path: str) -> Sequence[str]:
        raise AssertionError(path)

    assert answer([wanted_file("/bin/sh", EVIDENCE)], packages_of=packages_of, size_of=SIZES.get).needs


def test_what_is_refused_or_cannot_be_had_is_no_answer() -> None:
    assert [need.provider for need in _answer(wanted_file("/bin/sh", EVIDENCE), refused=["dash"]).needs] == ["bash"]
    wanted = wanted_file("tool", EVIDENCE)
    assert [need.provider for need in _answer(wanted, refused=["small", "tiny"]).needs] == ["big"]
    assert _answer(wanted, refused=["big", "small", "tiny", "dash"]) == Answers((), (wanted,))
    # perl-base is preferred, and no source has it.
    assert _answer(wanted_file("/usr/bin/perl", EVIDENCE)).needs == ()


def test_the_next_place_is_asked_when_nobody_has_the_first() -> None:
    wanted = Wanted("tool", ("usr/lib/gone/tool", "usr/sbin/tool"), EVIDENCE)
    assert [need.provider for need in _answer(wanted).needs] == ["dash"]


def test_one_thing_is_answered_once_under_all_its_names() -> None:
    later = Evidence("usr/bin/other", "calls it too", "other")
    wanted = [wanted_file("/bin/sh", EVIDENCE), wanted_file("sh", later), wanted_file("/usr/bin/sh", later)]
    assert [need.evidence for need in _answer(*wanted).needs] == [EVIDENCE]
    gone = [wanted_file("gone", EVIDENCE), wanted_file("gone", later)]
    assert _answer(*gone).unanswered == (gone[0],)


def test_a_need_as_a_sentence() -> None:
    (need,) = _answer(wanted_file("/bin/sh", EVIDENCE)).needs
    assert str(need) == "dash for /bin/sh: /usr/bin/app (app): calls it"


@pytest.mark.parametrize(("name", "expected"), [("sed", True), ("/usr/bin/sort", True), ("start_daemon", False)])
def test_programs_that_are_called_everywhere(name: str, *, expected: bool) -> None:
    assert is_common(name) is expected
