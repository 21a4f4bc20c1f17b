"""What people see: lines and bars."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest

from pkg2image.cli import terminal
from pkg2image.cli.terminal import BarReporter, NoteReporter, PlainReporter, reporting, show, show_json, tell
from pkg2image.progress import Silence


def test_plain_lines(capsys: pytest.CaptureFixture[str]) -> None:
    with reporting("plain", quiet=False, verbose=False) as reporter:
        reporter.step("reading")
        reporter.advance(10)
        reporter.note("careful")
        reporter.step("downloading", 5_000_000)
    shown = capsys.readouterr()
    assert (shown.out, shown.err) == ("", "reading\nnote: careful\ndownloading (5.0 MB)\n")


def test_verbose_lines_end_with_a_duration(capsys: pytest.CaptureFixture[str]) -> None:
    with reporting("auto", quiet=False, verbose=True) as reporter:
        reporter.step("reading")
        reporter.step("writing")
    lines = capsys.readouterr().err.splitlines()
    assert [line.partition(":")[0] for line in lines] == ["reading", "reading", "writing", "writing"]
    assert all(line.endswith(" s") for line in lines[1::2])


class Screen(io.StringIO):
    """A stderr that is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("mode", "quiet", "verbose", "screen", "kind"),
    [
        ("auto", False, False, True, BarReporter),
        ("auto", False, False, False, PlainReporter),
        ("auto", False, True, True, PlainReporter),
        ("plain", False, False, True, PlainReporter),
        ("none", False, False, True, NoteReporter),
        ("none", False, True, True, NoteReporter),
        ("plain", True, True, True, Silence),
    ],
)
def test_which_reporter(
    mode: str, *, quiet: bool, verbose: bool, screen: bool, kind: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(terminal.sys, "stderr", Screen() if screen else io.StringIO())
    with reporting(mode, quiet=quiet, verbose=verbose) as reporter:
        assert type(reporter) is kind


def test_notes_are_no_progress(capsys: pytest.CaptureFixture[str]) -> None:
    with reporting("none", quiet=False, verbose=False) as reporter:
        reporter.step("reading", 5 << 20)
        reporter.advance(1)
        reporter.note("mind this")
    assert capsys.readouterr().err == "note: mind this\n"


def test_no_stderr_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terminal.sys, "stderr", None)
    with reporting("auto", quiet=False, verbose=False) as reporter:
        reporter.step("reading")
        reporter.note("careful")


def test_bars_come_and_go(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Screen()
    monkeypatch.setattr(terminal.sys, "stderr", screen)
    monkeypatch.setenv("TERM", "xterm")
    with reporting("auto", quiet=False, verbose=False) as reporter:
        reporter.advance(1)  # before any step
        reporter.step("reading")
        reporter.note("[bold]careful[/bold]")
        reporter.step("downloading", 10)
        reporter.advance(10)
    assert "note: [bold]careful[/bold]" in screen.getvalue()


@pytest.mark.parametrize(
    ("write", "expected"),
    [
        (lambda: show("a\tb\nc"), "a\tb\nc\n"),
        (lambda: show("\x1b[31m\x00\x85caf\udce9"), "\\x1b[31m\\x00\\x85caf\\udce9\n"),
        (lambda: show_json({"b": "\x1b", "a": "é\udce9"}), '{"a":"é\\udce9","b":"\\u001b"}\n'),
    ],
)
def test_results(write: Callable[[], None], expected: str, capsys: pytest.CaptureFixture[str]) -> None:
    write()
    assert capsys.readouterr().out == expected


def test_words_for_people_go_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    tell("careful\x1b[2J")
    shown = capsys.readouterr()
    assert (shown.out, shown.err) == ("", "careful\\x1b[2J\n")
