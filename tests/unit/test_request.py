"""Flags and image files: what they come to, and that every mistake is named by its place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pkg2image.errors import RequestError
from pkg2image.idmap import IdMap
from pkg2image.request import LAST_EPOCH, BuildRequest, Format, make_request
from pkg2image.request_model import RequestModel


def test_defaults() -> None:
    request = make_request({"packages": ("hello",)}, None)
    assert request == BuildRequest(packages=("hello",))
    assert (request.suite, request.closure, request.recipe, request.formats) == (
        "stable",
        "runtime",
        "auto",
        (Format.OCI,),
    )
    assert (request.compression, request.layers, request.epoch, request.force) == ("gzip", 20, None, False)
    assert (request.entrypoint, request.command, request.user, request.tag) == (None, None, None, None)


@pytest.mark.parametrize("nothing", [None, (), {}])
def test_what_is_not_given_leaves_the_default(nothing: object) -> None:
    others = {"packages", "with_packages", "entrypoint", "command"}
    flags = {name: nothing for name in BuildRequest.__slots__ if name not in others}
    assert make_request({"packages": ("hello",), "with": nothing, **flags}, None) == make_request(
        {"packages": ("hello",)}, None
    )


def test_an_empty_command_line_is_one() -> None:
    request = make_request({"packages": ("hello",), "entrypoint": (), "command": ()}, None)
    assert (request.entrypoint, request.command) == ((), ())


@pytest.mark.parametrize(
    ("text", "field", "value"),
    [
        ("packages: hello", "packages", ("hello",)),
        ("packages: [hello, world]", "packages", ("hello", "world")),
        ("with: bash", "with_packages", ("bash",)),
        ("with_packages: [bash]", "with_packages", ("bash",)),
        ("ports: 80", "ports", ("80",)),
        ("ports: [80, 53/udp]", "ports", ("80", "53/udp")),
        ("user: 1000", "user", "1000"),
        ("environment: {A: b, PORT: 80}", "environment", {"A": "b", "PORT": "80"}),
        ("labels: {version: 3}", "labels", {"version": "3"}),
        ("entrypoint: /usr/bin/hello", "entrypoint", ("/usr/bin/hello",)),
        ('entrypoint: ["/bin/a b", c]', "entrypoint", ("/bin/a b", "c")),
        ("command: []", "command", ()),
        ("formats: [oci, dir]", "formats", (Format.OCI, Format.DIR)),
        ("recommends: true", "recommends", True),
        ("output: out/image.tar", "output", Path("out/image.tar")),
        ("keyrings: [a.gpg]", "keyrings", (Path("a.gpg"),)),
        ("epoch: 0", "epoch", 0),
        ("compression: zstd:19", "compression", "zstd:19"),
        ("layers: 120", "layers", 120),
        ("ids: {users: {postgres: 26}}", "ids", IdMap({"postgres": 26})),
        ("ids: {users: {a: 1, b: 2}, groups: {a: 2}}", "ids", IdMap({"a": 1, "b": 2}, {"a": 2})),
    ],
)
def test_words_of_an_image_file(tmp_path: Path, text: str, field: str, value: object) -> None:
    file = tmp_path / "image.yaml"
    file.write_text(text)
    packages = {} if field == "packages" else {"packages": ("hello",)}
    assert getattr(make_request(packages, file), field) == value


def test_flags_win_and_mappings_are_merged(tmp_path: Path) -> None:
    file = tmp_path / "image.yaml"
    file.write_text("packages: [a, b]\nsuite: bookworm\ntag: a:1\nenvironment: {A: file, B: file}\nports: [80]\n")
    flags = {"packages": ("c",), "tag": "c:1", "environment": {"B": "flag", "C": "flag"}, "ports": ("81",)}
    request = make_request(flags, file)
    assert (request.packages, request.suite, request.tag, request.ports) == (("c",), "bookworm", "c:1", ("81",))
    assert request.environment == {"A": "file", "B": "flag", "C": "flag"}


def test_numbers_of_flags_win_over_those_of_the_file(tmp_path: Path) -> None:
    file = tmp_path / "image.yaml"
    file.write_text("packages: a\nids: {users: {app: 26, web: 27}, groups: {app: 26}}\n")
    request = make_request({"uids": {"web": 28, "new": 29}, "gids": {}}, file)
    assert request.ids == IdMap({"app": 26, "web": 28, "new": 29}, {"app": 26})
    assert make_request({"packages": ("a",), "gids": {"web": 5}}, None).ids == IdMap({}, {"web": 5})


def test_a_number_goes_to_one_name_only(tmp_path: Path) -> None:
    file = tmp_path / "image.yaml"
    file.write_text("packages: a\nids: {users: {app: 26}}\n")
    with pytest.raises(RequestError, match="cannot give the user 'web' the number 26: 'app' is to have it"):
        make_request({"uids": {"web": 26}}, file)


@pytest.mark.parametrize(
    ("flags", "problems"),
    [
        ({}, ["packages: field required"]),
        ({"packages": ["hello"], "suit": "sid"}, ["suit: extra inputs are not permitted"]),
        ({"packages": ["hello"], "formats": ["iso"]}, ["formats.0: input should be 'oci', 'docker'"]),
        ({"packages": ["hello"], "closure": "half"}, ["closure: input should be 'runtime' or 'full'"]),
        ({"packages": ["hello"], "environment": {"LANG": ["C"]}}, ["environment.LANG: input should be a valid string"]),
        ({"packages": ["hello"], "environment": {"ON": True}}, ["environment.ON: input should be a valid string"]),
        ({"packages": ["hello"], "environment": {"X": 1.10}}, ["environment.X: input should be a valid string"]),
        ({"packages": ["hello", ["x"]]}, ["packages.1: input should be a valid string"]),
        ({"packages": {"hello": 1}}, ["packages: input should be a valid tuple"]),
        ({"packages": ["hello"], "ids": {"users": {"a": "26"}}}, ["ids.users.a: input should be a valid integer"]),
        ({"packages": ["hello"], "ids": {"owners": {"a": 26}}}, ["ids.owners: extra inputs are not permitted"]),
        ({"packages": ["hello"], "uids": [1]}, ["ids.users: input should be a valid dictionary"]),
        ({"packages": ["hello"], "epoch": -1}, ["epoch: input should be greater than or equal to 0"]),
        ({"packages": ["hello"], "epoch": LAST_EPOCH + 1}, ["epoch: input should be less than or equal to"]),
        (
            {"packages": ["hello"], "layers": 0, "output": 3},
            ["output: input is not a valid path", "; layers: input should be greater"],
        ),
    ],
    ids=str,
)
def test_every_mistake_is_named(flags: dict[str, Any], problems: list[str]) -> None:
    with pytest.raises(RequestError, match=r"^cannot use the request: ") as caught:
        make_request(flags, None)
    assert all(problem in caught.value.message for problem in problems)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"[hello]", "it is not a mapping of options"),
        (b"", "it is not a mapping of options"),
        (b"hello", "it is not a mapping of options"),
        (b"packages: [", "not YAML: "),
        (b"packages: a\npackages: b", "packages is given twice"),
        (b"{[a]: b}", "a key is not a plain word"),
        (b"? {a: b}\n: c", "a key is not a plain word"),
        (b"packages: a\nsuite: 2001-99-99", "a value is not what it looks like"),
        (b"packages: !!python/object/apply:os.system [ls]", "could not determine a constructor"),
        (b"\xff\xfe\xff", "not YAML: "),
        (b"packages: \x00", "not YAML: "),
        (b"[" * 100_000, "nested too deeply"),
        (b"- " * 60 + b"a", "nested too deeply"),
        (b"#" * ((1 << 20) + 1), "it is larger than 1 MiB"),
        (b"packages: a\nnonsense: b", "nonsense: extra inputs are not permitted"),
    ],
    ids=lambda value: value[:30].decode("latin-1") if isinstance(value, bytes) else None,
)
def test_image_files_that_are_no_good(tmp_path: Path, data: bytes, reason: str) -> None:
    file = tmp_path / "image.yaml"
    file.write_bytes(data)
    with pytest.raises(RequestError) as caught:
        make_request({}, file)
    assert caught.value.message.startswith(f"cannot use the image file {file}: ") or str(file) in caught.value.message
    assert reason in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize(("name", "reason"), [("missing.yaml", "No such file"), (".", "Is a directory")])
def test_image_files_that_cannot_be_read(tmp_path: Path, name: str, reason: str) -> None:
    with pytest.raises(RequestError, match=f"cannot read the image file .*: {reason}") as caught:
        make_request({}, tmp_path / name)
    assert caught.value.hint


def test_the_model_has_the_fields_of_the_request() -> None:
    assert tuple(RequestModel.model_fields) == BuildRequest.__slots__
    defaults = RequestModel(packages=("hello",))
    assert make_request({"packages": ["hello"]}, None) == BuildRequest(packages=("hello",))
    assert {name: getattr(defaults, name) for name in BuildRequest.__slots__} == {
        name: getattr(BuildRequest(packages=("hello",)), name) for name in BuildRequest.__slots__
    }


@pytest.mark.parametrize("words", [{"locales": ("de_DE",)}, {"keep": ("/usr/share/*",)}])
def test_what_only_slim_images_have(words: dict[str, Any]) -> None:
    with pytest.raises(RequestError, match="are for slim images") as caught:
        make_request({"packages": ["hello"], **words}, None)
    assert caught.value.hint == "add --slim"
    assert make_request({"packages": ["hello"], "slim": True, **words}, None).slim
