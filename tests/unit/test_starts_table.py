"""The table of applications that start says what counts, and why the others do not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks.starts import Start, show

GOOD = Start("good", is_built=True, proof="listens on 80/tcp", command="/usr/sbin/good")
LACKING = Start("lacking", is_built=True, proof="stays up", unmet=("a (x) asks for the library b",))
SILENT = Start(
    "silent",
    is_built=True,
    problem="it did not stay up",
    command="/usr/sbin/silent",
    log=("first", "no configuration", ""),
    notes=("it needs a key",),
)
ABSENT = Start("absent", absent="there is no package absent")


def test_an_application_counts_when_it_is_complete_and_starts() -> None:
    assert [each.counts for each in (GOOD, LACKING, SILENT, ABSENT)] == [True, False, False, False]
    assert GOOD.why_not == ""


def test_why_an_application_does_not_count_is_one_line() -> None:
    assert LACKING.why_not == "unmet: a (x) asks for the library b"
    assert replace(SILENT, log=(), notes=()).why_not == "it did not stay up; it prints nothing"
    assert SILENT.why_not == "it did not stay up; it says: no configuration; it needs a key"


def test_totals_leave_out_what_the_suite_does_not_have(capsys: pytest.CaptureFixture[str]) -> None:
    show([GOOD, LACKING, SILENT, ABSENT])
    said = capsys.readouterr().out
    assert "\n3 applications: 3 built, 2 complete, 2 start, 1 complete and start\n" in said
    assert "  silent: it did not stay up" in said
    assert "not in the suite: absent" in said
    assert "good:" not in said
