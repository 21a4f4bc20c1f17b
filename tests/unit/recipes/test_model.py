"""A recipe is checked when it is read, and every mistake is named by its place."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from pydantic import ValidationError

from pkg2image.image.config import ImageConfig, Port
from pkg2image.recipes.load import describe
from pkg2image.recipes.model import DEFAULT_PATH, Recipe

SMALLEST: dict[str, Any] = {"name": "hello", "description": "says hello"}


@pytest.mark.parametrize(
    ("fields", "mistake"),
    [
        ({"nmae": "x"}, "nmae: extra inputs are not permitted"),
        ({"name": "Hello World"}, "name: string should match pattern"),
        ({"description": ""}, "description: string should have at least 1 character"),
        ({"packages": ["Dash"]}, "packages.0: string should match pattern"),
        ({"features": {"perl": {"why": "x"}}}, "features.perl: needs packages or paths"),
        ({"features": {"perl": {"why": "x", "packages": ["{glob:/a}"]}}}, "features.perl.packages.0: must be the name"),
        (
            {"features": {"perl": {"why": "x", "packages": ["a{number:b-}-{number:c-}"]}}},
            "features.perl.packages.0: must be the name of a package, in which one {number:NAME-} may stand",
        ),
        ({"users": {"hello": {"uid": "999"}}}, "users.hello.uid: input should be a valid integer"),
        ({"users": {"hello": {"uid": 0}}}, "users.hello.uid: input should be greater than or equal to 1"),
        ({"users": {"hello": {"uid": True}}}, "users.hello.uid: input should be a valid integer"),
        ({"users": {"hello": None}}, "users.hello: must be a mapping"),
        ({"users": {"0day": {}}}, "users.0day: string should match pattern"),
        ({"users": {"hello": {"home": "srv"}}}, "users.hello.home: must be an absolute path"),
        ({"groups": {"hello": {"gid": 60000}}}, "groups.hello.gid: input should be less than 60000"),
        ({"directories": {"var": {}}}, "directories.var: must be an absolute path"),
        ({"directories": {"/a/../b": {}}}, "directories./a/../b: must not have empty components, . or .."),
        ({"directories": {"/a//b": {}}}, "directories./a//b: must not have empty components, . or .."),
        ({"directories": {"/a/": {}}}, "directories./a/: must not have empty components, . or .."),
        (
            {"directories": {"/a": {"mode": 755}}},
            "directories./a.mode: must be octal digits in quotes that start with 0",
        ),
        ({"directories": {"/a": {"mode": "755"}}}, "directories./a.mode: must be octal digits in quotes"),
        ({"directories": {"/a": {"mode": "0789"}}}, "directories./a.mode: must be octal digits in quotes"),
        ({"directories": {"/a": {"user": "a b"}}}, "directories./a.user: string should match pattern"),
        ({"files": {"/a": {}}}, "files./a: needs either content or script"),
        ({"files": {"/a": {"content": "x", "script": "b"}}}, "files./a: needs either content or script"),
        ({"files": {"/a": {"script": "../b"}}}, "files./a.script: string should match pattern"),
        ({"symlinks": {"/a": ""}}, "symlinks./a: string should have at least 1 character"),
        ({"entrypoint": "hello"}, "entrypoint: input should be a valid tuple"),
        ({"environment": {"A B": "c"}}, "environment.A B: must be letters, digits and underscores"),
        ({"environment": {"DEBUG": 1}}, "environment.DEBUG: input should be a valid string"),
        ({"user": "a b"}, "user: string should match pattern"),
        ({"workdir": "srv"}, "workdir: must be an absolute path"),
        ({"ports": {"http": 80}}, "ports.http: input should be a valid string"),
        ({"ports": {"http": "80"}}, "ports.http: must be NUMBER/tcp or NUMBER/udp"),
        ({"ports": {"http": "70000/tcp"}}, "ports.http: must be NUMBER/tcp or NUMBER/udp"),
        ({"ports": {"Web_1": "80/tcp"}}, "ports.Web_1: string should match pattern"),
        ({"volumes": ["data"]}, "volumes.0: must be an absolute path"),
        ({"stop_signal": "TERM"}, "stop_signal: string should match pattern"),
        ({"smoke_test": {"steps": [{"run": []}]}}, "smoke_test.steps.0: needs either run or port"),
        (
            {"smoke_test": {"steps": [{"run": ["x"], "port": "7/tcp"}]}},
            "smoke_test.steps.0: needs either run or port",
        ),
        ({"smoke_test": {"steps": [{"port": "7/tcp"}]}}, "smoke_test.steps.0: a port needs an answer to expect"),
        (
            {"smoke_test": {"steps": [{"port": "7/tcp", "send": "\u20ac", "expect": "x"}]}},
            "smoke_test.steps.0.send: string should match pattern",
        ),
        (
            {"smoke_test": {"steps": [{"port": "7/tcp", "expect": "\u20ac"}]}},
            "smoke_test.steps.0: a port answers bytes",
        ),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else None,
)
def test_a_mistake_is_named_by_its_place(fields: dict[str, Any], mistake: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Recipe.model_validate({**SMALLEST, **fields})
    assert describe(caught.value).startswith(mistake)


def test_all_mistakes_are_named_at_once() -> None:
    with pytest.raises(ValidationError) as caught:
        Recipe.model_validate({"name": "hello", "workdir": "x"})
    assert describe(caught.value) == "description: field required; workdir: must be an absolute path"


@pytest.mark.parametrize(
    ("text", "mode"), [("0755", 0o755), ("0007", 0o007), ("03777", 0o3777), ("01777", 0o1777), ("0000", 0)]
)
def test_modes_are_octal_and_written_back_as_they_were(text: str, mode: int) -> None:
    recipe = Recipe.model_validate({**SMALLEST, "directories": {"/a": {"mode": text, "user": "root"}}})
    assert recipe.directories["/a"].mode == mode
    assert recipe.dump()["directories"] == ({"/a": {"mode": text}} if mode != 0o755 else {"/a": {}})


def test_an_image_is_started_as_its_recipe_says() -> None:
    recipe = Recipe.model_validate(
        {
            **SMALLEST,
            "entrypoint": ["/bin/hello", ""],
            "command": ["world"],
            "environment": {"LANG": "C.UTF-8", "PATH": "/opt/bin"},
            "user": "hello:staff",
            "workdir": "/srv",
            "ports": {"hello": "7/udp", "web": "8080/tcp"},
            "volumes": ["/srv/data"],
            "stop_signal": "SIGRTMIN+3",
            "first_start": ["/bin/hello", "init"],
        }
    )
    assert recipe.image_config() == ImageConfig(
        entrypoint=("/bin/hello", ""),
        command=("world",),
        environment=(("PATH", "/opt/bin"), ("LANG", "C.UTF-8")),
        user="hello:staff",
        workdir="/srv",
        ports=(Port(7, "udp", "hello"), Port(8080, "tcp", "web")),
        volumes=("/srv/data",),
        stop_signal="SIGRTMIN+3",
        first_start=("/bin/hello", "init"),
    )


def test_an_image_always_has_a_path() -> None:
    assert Recipe.model_validate(SMALLEST).image_config() == ImageConfig(environment=(("PATH", DEFAULT_PATH),))


def test_what_a_recipe_does_not_say_its_packages_say() -> None:
    packages = ImageConfig(
        entrypoint=("/usr/sbin/hello", "--serve"),
        command=("world",),
        environment=(("LANG", "C.UTF-8"), ("WHO", "packages")),
        user="hello",
        workdir="/srv",
        ports=(Port(7), Port(8080)),
        volumes=("/srv/data",),
        stop_signal="SIGQUIT",
    )
    nothing = Recipe.model_validate(SMALLEST).image_config(packages)
    assert nothing == replace(packages, environment=(("PATH", DEFAULT_PATH), ("LANG", "C.UTF-8"), ("WHO", "packages")))
    fields = {
        "command": ["you"],
        "environment": {"WHO": "recipe"},
        "user": "root",
        "workdir": "/tmp",
        "ports": {"hello": "7/tcp", "more": "9/udp"},
        "volumes": ["/srv/more", "/srv/data"],
        "stop_signal": "SIGTERM",
    }
    assert Recipe.model_validate({**SMALLEST, **fields}).image_config(packages) == ImageConfig(
        entrypoint=("/usr/sbin/hello", "--serve"),
        command=("you",),
        environment=(("PATH", DEFAULT_PATH), ("LANG", "C.UTF-8"), ("WHO", "recipe")),
        user="root",
        workdir="/tmp",
        ports=(Port(7, "tcp", "hello"), Port(9, "udp", "more"), Port(8080)),
        volumes=("/srv/data", "/srv/more"),
        stop_signal="SIGTERM",
    )


def test_what_a_recipe_dumps_is_the_same_recipe() -> None:
    fields = {
        **SMALLEST,
        "users": {"hello": {"uid": 123}},
        "files": {"/a": {"content": "x", "mode": "0600"}, "/b": {"content": "y"}},
        "ports": {"web": "80/tcp"},
        "smoke_test": {"ready": ["hello"], "steps": [{"run": ["hello"], "expect": "world"}]},
    }
    recipe = Recipe.model_validate(fields)
    assert recipe.dump() == fields
    assert Recipe.model_validate(recipe.dump()) == recipe
