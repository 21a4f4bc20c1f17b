"""The user's words over a recipe's configuration, and what an image says about itself."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pkg2image.deb.facts import DebFacts, FetchedDeb
from pkg2image.deb.package import package_from_stanza
from pkg2image.digest import sha256
from pkg2image.errors import RequestError
from pkg2image.image.config import ImageConfig, Port
from pkg2image.lock.making import inner_lock
from pkg2image.making.assemble import assemble, check_user, check_words, configured
from pkg2image.plan import Plan, PlannedPackage, Reason, VerifiedSource
from pkg2image.request import BuildRequest, make_request
from tests.support.locks import LOCK

RECIPE = ImageConfig(
    entrypoint=("/entry", "point"),
    command=("serve",),
    environment=(("PATH", "/usr/bin"), ("LANG", "C.UTF-8")),
    user="web",
    workdir="/srv",
    ports=(Port(80, "tcp"),),
    volumes=("/data",),
    stop_signal="SIGTERM",
    labels=(("b", "recipe"), ("c", "recipe")),
    first_start=("/entry", "init"),
)


def request(**words: Any) -> BuildRequest:
    return make_request({"packages": ("hello",), **words}, None)


@pytest.mark.parametrize(
    ("words", "changes"),
    [
        ({}, {}),
        ({"entrypoint": ["/other"]}, {"entrypoint": ("/other",), "command": (), "first_start": ()}),
        ({"entrypoint": []}, {"entrypoint": (), "command": (), "first_start": ()}),
        ({"command": ["check"]}, {"command": ("check",)}),
        ({"command": []}, {"command": ()}),
        (
            {"entrypoint": ["/other"], "command": ["check"]},
            {"entrypoint": ("/other",), "command": ("check",), "first_start": ()},
        ),
        (
            {"environment": {"LANG": "de", "NEW": "1"}},
            {"environment": (("PATH", "/usr/bin"), ("LANG", "de"), ("NEW", "1"))},
        ),
        ({"user": "1000:1000"}, {"user": "1000:1000"}),
        ({"workdir": "/"}, {"workdir": "/"}),
        (
            {"ports": ["80", "80/tcp", "53/udp", "65535"]},
            {"ports": (Port(80, "tcp"), Port(53, "udp"), Port(65535, "tcp"))},
        ),
        ({"volumes": ["/data", "/more"]}, {"volumes": ("/data", "/more")}),
        ({"stop_signal": "SIGINT"}, {"stop_signal": "SIGINT"}),
        ({"labels": {"b": "user", "a": "user"}}, {"labels": (("a", "user"), ("b", "user"), ("c", "recipe"))}),
    ],
    ids=str,
)
def test_words_of_the_user_win(words: dict[str, Any], changes: dict[str, Any]) -> None:
    assert configured(RECIPE, request(**words)) == replace(RECIPE, **changes)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        *(
            ({"ports": [port]}, "cannot use the port")
            for port in ("0", "65536", "-1", "", "http", "80/sctp", "80/", "\uff18\uff10")
        ),
        ({"ports": ["9" * 5000]}, "cannot use the port"),
        *(({"volumes": [path]}, "cannot use the volume") for path in ("", "data", "/a/../b", "..")),
        ({"workdir": "srv"}, "cannot use the working directory 'srv'"),
        ({"tag": "No Name"}, "cannot name the image"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_words_that_make_no_sense(words: dict[str, Any], message: str) -> None:
    with pytest.raises(RequestError, match=message) as caught:
        check_words(request(**words))
    assert len(caught.value.message) < 200
    assert caught.value.hint


USERS, GROUPS = ("root", "web"), ("root", "www")


@pytest.mark.parametrize("user", ["", "web", "web:www", "root:root", "1000", "1000:1000", "web:7", "7:www"])
def test_users_of_the_image_and_numbers_can_start_it(user: str) -> None:
    check_user(replace(RECIPE, user=user), users=USERS, groups=GROUPS)


@pytest.mark.parametrize(
    ("user", "missing"),
    [
        ("ghost", "user 'ghost'"),
        ("www", "user 'www'"),
        ("web:web", "group 'web'"),
        ("7:ghost", "group 'ghost'"),
        ("\u0663", "user '\u0663'"),
        ("x" * 5000, "user 'xxx"),
    ],
    ids=["nobody", "only-a-group", "only-a-user", "beside-a-number", "another-digit", "long"],
)
def test_who_starts_the_image_must_be_in_it(user: str, missing: str) -> None:
    with pytest.raises(RequestError, match=f"cannot start the image as .*: it has no {missing}") as caught:
        check_user(replace(RECIPE, user=user), users=USERS, groups=GROUPS)
    assert len(caught.value.message) < 250
    assert caught.value.hint
    assert "--scripts none" in caught.value.hint


def _planned(name: str, version: str) -> PlannedPackage:
    fields = {"Package": name, "Version": version, "Architecture": "arm64", "Description": f"the {name}\n more"}
    return PlannedPackage(package_from_stanza(fields, origin="test"), Reason("requested"))


SIGNED = VerifiedSource("http://archive.example/", "bookworm", "bookworm", sha256(b""), 1000, ("f" * 40,))
PLAN = Plan(
    suite="bookworm",
    architecture="arm64",
    distribution="debian",
    packages=(_planned("libgreet1", "1"), _planned("hello", "1:2.10-3")),
    sources=(SIGNED,),
    roots=("hello", "libgreet1"),
)
DEBS = tuple(FetchedDeb(planned.package, DebFacts((), (), sha256(b""), 0, ())) for planned in PLAN.packages)


def test_an_image_is_named_after_the_first_package() -> None:
    image = assemble(PLAN, DEBS, (), RECIPE, request=request(), lock=LOCK, epoch=1234, compressor="gzip 1")
    assert image.compressor == "gzip 1"
    assert (str(image.reference), image.version, image.architecture, image.epoch) == (
        "hello:latest",
        "1:2.10-3",
        "arm64",
        1234,
    )
    assert image.packages == (("hello", "1:2.10-3"), ("libgreet1", "1"))
    assert image.config is RECIPE
    annotations = dict(image.annotations)
    assert list(annotations) == sorted(annotations)
    assert annotations["org.opencontainers.image.title"] == "hello"
    assert annotations["org.opencontainers.image.version"] == "1:2.10-3"
    assert annotations["org.opencontainers.image.description"] == "the hello"
    assert {name.rpartition(".")[2]: value for name, value in annotations.items() if ".pkg2image." in name} == {
        "lock": str(sha256(inner_lock(LOCK))),
        "suite": "bookworm",
        "closure": "runtime",
    }


def test_a_tag_of_the_user() -> None:
    wanted = request(tag="example.org/a/b:c")
    image = assemble(PLAN, DEBS, (), RECIPE, request=wanted, lock=LOCK, epoch=0, compressor="")
    assert (image.reference.repository, image.reference.tag) == ("example.org/a/b", "c")


def test_an_unsigned_source_is_told() -> None:
    unsigned = replace(SIGNED, uri="http://other.example/", signers=())
    plan = replace(PLAN, sources=(SIGNED, unsigned))
    image = assemble(plan, DEBS, (), RECIPE, request=request(), lock=LOCK, epoch=0, compressor="")
    told = {name: value for name, value in image.annotations if name.endswith(".unsigned")}
    assert list(told.values()) == ["http://other.example/"]
