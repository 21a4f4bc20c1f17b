"""What options and the environment come to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from pkg2image.cli.options import (
    configuration_options,
    image_options,
    layer_options,
    request_of,
    resolution_options,
    shared_options,
    starting_options,
    store_of,
)
from pkg2image.errors import OutputError, Pkg2ImageError, RequestError, UsageError
from pkg2image.idmap import IdMap
from pkg2image.request import BuildRequest, Format


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SOURCE_DATE_EPOCH", "PKG2IMAGE_MIRROR", "PKG2IMAGE_CACHE_DIR", "PKG2IMAGE_STATE_DIR"):
        monkeypatch.delenv(name, raising=False)


def parse(*words: str, environment: dict[str, str] | None = None) -> dict[str, Any]:
    """Return the parameters that words come to."""
    seen: dict[str, Any] = {}

    @click.command
    @click.argument("packages", nargs=-1)
    @resolution_options
    @configuration_options
    @starting_options
    @image_options
    @layer_options
    @shared_options
    def command(**parameters: Any) -> None:
        seen.update(parameters)

    result = CliRunner().invoke(command, words, env=environment)
    assert result.exit_code == 0, result.output
    return seen


@pytest.mark.parametrize(
    ("words", "field", "value"),
    [
        ("a b", "packages", ("a", "b")),
        ("a --suite sid", "suite", "sid"),
        ("a --arch arm64 --arch amd64", "architectures", ("arm64", "amd64")),
        ("a --mirror http://archive.example/", "mirror", "http://archive.example/"),
        ("a --source x --source y", "sources", ("x", "y")),
        ("a --extra-source x", "extra_sources", ("x",)),
        ("a --keyring k.gpg", "keyrings", (Path("k.gpg"),)),
        ("a --closure full", "closure", "full"),
        ("a --with b --with c", "with_packages", ("b", "c")),
        ("a --without b", "without", ("b",)),
        ("a --recommends", "recommends", True),
        ("a --recipe none", "recipe", "none"),
        ("a --uid b=26 --uid c=27 --gid b=28", "ids", IdMap({"b": 26, "c": 27}, {"b": 28})),
        ("a --format oci --format dir", "formats", (Format.OCI, Format.DIR)),
        ("a -o x", "output", Path("x")),
        ("a --tag b:1", "tag", "b:1"),
        ("a --entrypoint '/bin/b'", "entrypoint", ("/bin/b",)),
        ("a --env B=1 --env C=x=y --env D=", "environment", {"B": "1", "C": "x=y", "D": ""}),
        ("a --label b=1", "labels", {"b": "1"}),
        ("a --user 1:1", "user", "1:1"),
        ("a --workdir /b", "workdir", "/b"),
        ("a --port 80 --port 53/udp", "ports", ("80", "53/udp")),
        ("a --volume /b", "volumes", ("/b",)),
        ("a --stop-signal SIGINT", "stop_signal", "SIGINT"),
        ("a --compression zstd", "compression", "zstd"),
        ("a --layers 3", "layers", 3),
        ("a --force", "force", True),
    ],
)
def test_an_option_and_the_request(words: str, field: str, value: object) -> None:
    request = request_of(parse(*words.replace("'", "").split()))
    assert getattr(request, field) == value
    others = {name: getattr(request, name) for name in BuildRequest.__slots__ if name not in {field, "packages"}}
    assert others == {name: getattr(BuildRequest(packages=("a",)), name) for name in others}


def test_command_lines_are_split_as_a_shell_does() -> None:
    request = request_of(parse("a", "--entrypoint", '/bin/b \'c d\' "e\\"f" g\\ h', "--cmd", ""))
    assert request.entrypoint == ("/bin/b", "c d", 'e"f', "g h")
    assert request.command in {None, ()}


def test_further_mirrors(tmp_path: Path) -> None:
    request = request_of(parse("a", "--mirror", "x", "--mirror", "y", "--mirror", "z"))
    assert (request.mirror, request.elsewhere) == ("x", ("y", "z"))
    file = tmp_path / "image.yaml"
    file.write_text("packages: [a]\nmirror: [x, y]\n")
    request = request_of(parse("-f", str(file)))
    assert (request.mirror, request.elsewhere) == ("x", ("y",))
    file.write_text("packages: [a]\nmirror: x\n")
    request = request_of(parse("-f", str(file)))
    assert (request.mirror, request.elsewhere) == ("x", ())


def test_an_image_file_needs_no_packages_on_the_command_line(tmp_path: Path) -> None:
    file = tmp_path / "image.yaml"
    file.write_text("packages: [a]\nsuite: sid\n")
    request = request_of(parse("-f", str(file), "--with", "b"))
    assert (request.packages, request.suite, request.with_packages) == (("a",), "sid", ("b",))


@pytest.mark.parametrize(
    ("words", "error", "message"),
    [
        ((), UsageError, "cannot build nothing"),
        (("-f", "missing.yaml"), RequestError, "cannot read the image file missing.yaml"),
    ],
)
def test_requests_that_make_no_sense(words: tuple[str, ...], error: type[Pkg2ImageError], message: str) -> None:
    with pytest.raises(error, match=message) as caught:
        request_of(parse(*words))
    assert caught.value.hint


@pytest.mark.parametrize(("text", "epoch"), [("", None), ("0", 0), ("1700000000", 1_700_000_000)])
def test_source_date_epoch(text: str, epoch: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", text)
    assert request_of(parse("a")).epoch == epoch


@pytest.mark.parametrize("text", ["now", "-1", "1.5", " 1", "\u0661", "9" * 30, "9" * 5000])
def test_a_source_date_epoch_that_is_none(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", text)
    with pytest.raises(UsageError, match="cannot use SOURCE_DATE_EPOCH"):
        request_of(parse("a"))


@pytest.mark.parametrize(
    ("words", "variables", "root"),
    [
        ((), {"HOME": "/home/a"}, "/home/a/.cache/pkg2image"),
        ((), {"HOME": "/home/a", "XDG_CACHE_HOME": "/cache"}, "/cache/pkg2image"),
        ((), {"HOME": "/home/a", "XDG_CACHE_HOME": "relative"}, "/home/a/.cache/pkg2image"),
        ((), {"HOME": "/home/a", "XDG_CACHE_HOME": ""}, "/home/a/.cache/pkg2image"),
        ((), {"HOME": "/home/a", "XDG_CACHE_HOME": "/cache", "PKG2IMAGE_CACHE_DIR": "/mine"}, "/mine"),
        (("--cache-dir", "/said"), {"HOME": "/home/a", "PKG2IMAGE_CACHE_DIR": "/mine"}, "/said"),
    ],
)
def test_where_the_store_is(
    words: tuple[str, ...], variables: dict[str, str], root: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert store_of(parse("a", *words)).root == Path(root)


def test_without_any_home(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody() -> Path:
        raise RuntimeError

    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(Path, "home", nobody)
    with pytest.raises(OutputError, match="no home directory is known") as caught:
        store_of(parse("a"))
    assert "--cache-dir" in str(caught.value.hint)


@pytest.mark.parametrize(
    ("value", "expected"),
    [("http://archive.example/", ("http://archive.example/",)), ("http://a/ http://b/", ("http://a/", "http://b/"))],
)
def test_the_mirrors_of_the_environment(value: str, expected: tuple[str, ...]) -> None:
    assert parse("a", environment={"PKG2IMAGE_MIRROR": value})["mirror"] == expected
    assert parse("a", environment={"PKG2IMAGE_MIRROR": ""})["mirror"] == ()
