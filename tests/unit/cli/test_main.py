"""The command tree, the exit codes and the words of errors."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import click
import pytest

from pkg2image import __version__, errors
from pkg2image.cli import main
from pkg2image.cli.main import Commands, LazyCommand, run
from tests.conftest import ROOT

COMMANDS = [
    *("build", "plan", "why", "lock", "vendor", "outdated", "update", "inspect"),
    *("verify", "diff", "sbom", "legal", "test", "sign", "cache", "recipes", "completion"),
]
SUBCOMMANDS = ["cache info", "cache prune", "cache clear", "recipes list", "recipes show"]


EXIT_CODES = {
    "Pkg2ImageError": 1,
    "UsageError": 2,
    "RequestError": 3,
    "UnresolvableError": 4,
    "NetworkError": 5,
    "TrustError": 6,
    "MalformedPackageError": 7,
    "FileConflictError": 8,
    "OutputError": 9,
    "RegistryError": 10,
    "SelfTestError": 11,
    "DifferenceError": 12,
}
"""Scripts rely on these."""


def all_exit_codes() -> set[int]:
    """Return the exit codes of all classes of the exception tree."""
    found = [errors.Pkg2ImageError]
    for each in found:
        found += each.__subclasses__()
    return {each.exit_code for each in found}


# Help


@pytest.mark.parametrize("words", ["", *COMMANDS, *SUBCOMMANDS])
@pytest.mark.parametrize("option", ["--help", "-h"])
def test_help(words: str, option: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*words.split(), option]) == 0
    shown = capsys.readouterr()
    assert shown.out.startswith(f"Usage: pkg2image {words}".rstrip())
    assert "\\b" not in shown.out
    assert "\b" not in shown.out
    assert shown.err == ""


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"]) == 0
    assert capsys.readouterr().out == f"pkg2image, version {__version__}\n"


def test_commands_are_listed_in_order_with_what_they_say_of_themselves(capsys: pytest.CaptureFixture[str]) -> None:
    run(["--help"])
    listed = re.findall(r"^  ([a-z]+)  +[A-Z]", capsys.readouterr().out, re.MULTILINE)
    assert listed == COMMANDS
    tree = main.command
    assert isinstance(tree, Commands)
    context = click.Context(tree)
    for name in COMMANDS:
        lazy = tree.get_command(context, name)
        assert isinstance(lazy, LazyCommand)
        with lazy.make_context(name, ["--help"], resilient_parsing=True) as real:
            assert (real.command.help or "").split()[:3] == lazy.get_short_help_str(200).split()[:3]


def test_help_loads_nothing_that_it_does_not_need() -> None:
    script = "import sys; from pkg2image.cli.main import run; run(['--help']); print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = set(done.stdout.splitlines()[-1].split())
    assert not loaded & {"pydantic", "requests", "yaml", "rich", "sqlite3", "pkg2image.pipeline", "pkg2image.store"}


# Exit codes


def test_exit_codes_are_stable() -> None:
    assert {name: getattr(errors, name).exit_code for name in EXIT_CODES} == EXIT_CODES
    assert all_exit_codes() == set(EXIT_CODES.values())


def test_the_readme_lists_the_exit_codes() -> None:
    table = re.findall(r"^\| (\d+) \| ", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert [int(code) for code in table] == [0, *EXIT_CODES.values(), 130]


def _raiser(error: BaseException) -> Callable[..., Any]:
    def raise_it(**_: object) -> None:
        raise error

    return raise_it


def fail_with(error: BaseException, monkeypatch: pytest.MonkeyPatch) -> int:
    """Run the command line when what it does raises an error."""
    monkeypatch.setattr(main.command, "main", _raiser(error))
    return run([])


@pytest.mark.parametrize("name", EXIT_CODES)
def test_every_error_is_told_in_the_same_form(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ("usr/x", ("a", "b")) if name == "FileConflictError" else ("cannot do it: it is not to be",)
    error = getattr(errors, name)(*arguments)
    assert fail_with(error, monkeypatch) == EXIT_CODES[name]
    shown = capsys.readouterr()
    assert shown.out == ""
    lines = shown.err.splitlines()
    assert lines[0] == f"error: {error.message}"
    assert lines[1].startswith("hint: ")
    assert len(lines) == 2


def test_a_hint_of_its_own_and_reasons(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    error = errors.UnresolvableError("cannot resolve a", reasons=("a needs b", "b is not there"), hint="add b")
    assert fail_with(error, monkeypatch) == 4
    assert capsys.readouterr().err == "error: cannot resolve a\n  a needs b\n  b is not there\nhint: add b\n"


def test_control_characters_are_shown_not_sent(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fail_with(errors.RequestError("cannot use \x1b[2J\x9b\x7f", hint="none\r"), monkeypatch)
    assert capsys.readouterr().err == "error: cannot use \\x1b[2J\\x9b\\x7f\nhint: none\\x0d\n"


@pytest.mark.parametrize("error", [KeyboardInterrupt(), click.Abort()], ids=repr)
def test_interrupted(error: BaseException, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert fail_with(error, monkeypatch) == 130
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "error: cannot finish: interrupted"
    assert lines[1].startswith("hint: run it again")


@pytest.mark.parametrize("error", [KeyError("x"), RecursionError(), AssertionError("broken"), MemoryError()], ids=repr)
def test_a_bug_shows_where_it_is(
    error: BaseException, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert fail_with(error, monkeypatch) == 1
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "Traceback (most recent call last):"
    assert lines[-2] == f"error: a bug in pkg2image {__version__}"
    assert lines[-1].startswith("hint: ")


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        ([], "cannot build nothing: no package is named", "pkg2image postgresql --format oci"),
        (["build"], "cannot build nothing: no package is named", "pkg2image postgresql --format oci"),
        (["--bogus"], "cannot understand the command line: no such option", "pkg2image build --help"),
        (["plan", "x", "--tag", "y"], "cannot understand the command line: no such option", "pkg2image plan --help"),
        (["cache"], "cannot understand the command line: missing command", "pkg2image cache --help"),
        (["cache", "x"], "cannot understand the command line: no such command 'x'", "pkg2image cache --help"),
        (["inspect"], "cannot understand the command line: missing argument 'IMAGE'", "pkg2image inspect --help"),
        (["x", "--jobs", "0"], "cannot understand the command line: invalid value for '--jobs'", "pkg2image build"),
    ],
    ids=str,
)
def test_usage_errors(words: list[str], message: str, hint: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(words) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    error, last = shown.err.splitlines()
    assert error.startswith(f"error: {message}")
    assert last.startswith(f"hint: {hint}")


# Signals


def test_only_the_first_signal_interrupts_the_tidying_up() -> None:
    script = """
import os, signal, sys
from pkg2image.cli import main

def work(**_):
    try:
        os.kill(os.getpid(), signal.SIGTERM)
    finally:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            os.kill(os.getpid(), number)
        print("tidy", flush=True)

main.command.main = work
main.main()
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (130, "tidy\n")
    assert done.stderr.startswith("error: cannot finish: interrupted\n")


def test_signals_that_are_ignored_stay_so() -> None:
    script = """
import os, signal
from pkg2image.cli import main

main.command.main = lambda **_: os.kill(os.getpid(), signal.SIGHUP)
main.main()
"""
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        capture_output=True,
        check=False,
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN),
    )
    assert (done.returncode, done.stderr) == (0, b"")
