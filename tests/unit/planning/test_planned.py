"""From a request to a plan: words, sources, recipe, skeleton, and the explanation of all of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pkg2image.archive.acquire import Acquirer
from pkg2image.archive.defaults import HostFacts
from pkg2image.archive.sources import Source
from pkg2image.archive.trust import TrustMemory
from pkg2image.errors import MalformedPackageError, RequestError
from pkg2image.planning.offer import architectures_of, local_deb
from pkg2image.planning.planned import Answer, Planned, make_plan, plan, why
from pkg2image.progress import Silence
from pkg2image.request import BuildRequest, make_request
from pkg2image.store import Store
from pkg2image.world import World
from tests.support.debs import CONTROL, build_deb
from tests.support.keys import signing_key
from tests.support.patience import Clock
from tests.support.repository import NOW, URI, Deb, MemoryTransport, Suite, deb, render
from tests.support.world import Archive, write_keyring

BASE = [deb(name) for name in ("base-files", "base-passwd", "libc-bin")]
PACKAGES = [
    *BASE,
    deb("hello", "2.10", Depends="libgreet1, debconf", Recommends="extras"),
    deb("libgreet1", "1.2"),
    deb("debconf"),
    deb("extras"),
    deb("world"),
]
MAIN = Suite("bookworm", suite="stable", packages={"main": PACKAGES}, architectures=("amd64", "arm64"))
UPDATES = replace(MAIN, path="bookworm-updates", suite="", packages={"main": [deb("hello", "2.11")]})
SKELETON = ["base-files", "base-passwd", "libc-bin"]


class Notes(Silence):
    """Keeps what the user is told."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.steps: list[str] = []

    def note(self, text: str) -> None:
        self.texts.append(text)

    def step(self, title: str, total: int = 0) -> None:  # noqa: ARG002
        self.steps.append(title)


@pytest.fixture
def keyring(tmp_path: Path) -> Path:
    return write_keyring(tmp_path / "key.gpg")


@pytest.fixture
def world(tmp_path: Path) -> World:
    return open_world(tmp_path, [MAIN, UPDATES])


def open_world(directory: Path, suites: Sequence[Suite], *, host: HostFacts | None = None) -> World:
    """Return a world whose network is a repository in memory."""
    transport = MemoryTransport({URI: render(suites)})
    return World(
        store=Store(directory / "store"),
        memory=TrustMemory(directory / "state"),
        acquirer=Acquirer(transport, patience=Clock().patience()),
        host=host or HostFacts("amd64"),
        now=NOW,
        jobs=2,
        offline=False,
        reporter=Notes(),
    )


def notes(world: World) -> Notes:
    assert isinstance(world.reporter, Notes)
    return world.reporter


def request(keyring: Path, *packages: str, **words: Any) -> BuildRequest:
    source = Archive(URI, keyring).source("bookworm")
    return make_request({"packages": packages, "sources": [source], **words}, None)


def names(planned: Planned) -> list[str]:
    return sorted(each.package.name for each in planned.plan.packages)


@pytest.mark.parametrize(
    ("packages", "words", "more"),
    [
        (["hello"], {}, ["hello", "libgreet1"]),
        (["hello"], {"closure": "full"}, ["debconf", "hello", "libgreet1"]),
        (["hello"], {"recommends": True}, ["extras", "hello", "libgreet1"]),
        (["hello"], {"with": ["world"]}, ["hello", "libgreet1", "world"]),
        (["hello", "extras-"], {"recommends": True}, ["hello", "libgreet1"]),
        (["hello"], {"recommends": True, "without": ["extras"]}, ["hello", "libgreet1"]),
        (["libc-bin"], {}, []),
    ],
    ids=str,
)
def test_what_is_planned(
    world: World, keyring: Path, packages: list[str], words: dict[str, Any], more: list[str]
) -> None:
    planned = make_plan(request(keyring, *packages, **words), "amd64", world)
    assert names(planned) == sorted({*SKELETON, *more})
    assert (planned.plan.suite, planned.plan.architecture, planned.plan.distribution) == ("bookworm", "amd64", "debian")
    assert planned.plan.roots[0] == packages[0]
    assert notes(world).steps[-1] == "resolving"


def test_the_skeleton_comes_first_and_only_in_part(world: World, keyring: Path) -> None:
    planned = make_plan(request(keyring, "hello", "libc-bin"), "amd64", world)
    partial = [each.package.name for each in planned.plan.packages if each.skeleton]
    assert partial == ["base-files", "base-passwd"]
    assert [each.package.name for each in planned.plan.packages][:2] == partial
    assert {each.reason.kind for each in planned.plan.packages if each.skeleton} == {"skeleton"}


def test_without_base_packages_there_is_no_skeleton(tmp_path: Path, keyring: Path) -> None:
    world = open_world(tmp_path, [replace(MAIN, packages={"main": [deb("hello")]})])
    with pytest.raises(RequestError, match="no source has base-files") as caught:
        make_plan(request(keyring, "hello"), "amd64", world)
    assert "--extra-source" in str(caught.value.hint)


def test_extra_sources_stand_beside_the_others(world: World, keyring: Path) -> None:
    extra = Archive(URI, keyring).source("bookworm-updates")
    planned = make_plan(request(keyring, "hello", extra_sources=[extra]), "amd64", world)
    assert [each.package.version for each in planned.plan.packages if each.package.name == "hello"] == ["2.11"]
    assert [source.suite for source in planned.plan.sources] == ["bookworm", "bookworm-updates"]


def test_default_sources_are_those_of_the_codename(tmp_path: Path, keyring: Path) -> None:
    own = Source(URI, "stable", ("main",), signed_by=(keyring,))
    files = render([replace(MAIN, path="stable", codename="bookworm"), MAIN, UPDATES])
    world = open_world(tmp_path, [MAIN], host=HostFacts("amd64", (own,)))
    world = replace(world, acquirer=Acquirer(MemoryTransport({URI: files}), patience=Clock().patience()))
    planned = make_plan(
        BuildRequest(packages=("hello",), mirror=URI, keyrings=(keyring,)), architecture="amd64", world=world
    )
    assert planned.plan.suite == "bookworm"
    assert [source.suite for source in planned.plan.sources] == ["bookworm", "bookworm-updates"]
    assert any("security" in text for text in notes(world).texts)


def test_an_unsigned_source_is_noted(tmp_path: Path, keyring: Path) -> None:
    world = open_world(tmp_path, [replace(MAIN, keys=())])
    source = Archive(URI, keyring).source("bookworm", Trusted="yes", Signed_By="")
    planned = make_plan(BuildRequest(packages=("hello",), sources=(source,)), "amd64", world)
    assert planned.plan.sources[0].signers == ()
    assert any(URI in note for note in planned.plan.notes)
    assert set(planned.plan.notes) >= {text for text in notes(world).texts if URI in text}


# Recipes


RECIPE = """
name: hello
description: greets
applies_to: [hello]
packages: [world]
cut:
  - {names: [libgreet1], only: [hello], why: the image needs no greeting}
entrypoint: [/usr/bin/hello]
"""


@pytest.mark.parametrize(
    ("closure", "out"),
    [("runtime", {"debconf", "libgreet1"}), ("full", set())],
)
def test_a_recipe_adds_and_cuts(tmp_path: Path, world: World, keyring: Path, closure: str, out: set[str]) -> None:
    path = tmp_path / "hello.yaml"
    path.write_text(RECIPE)
    planned = make_plan(request(keyring, "hello", recipe=str(path), closure=closure), "amd64", world)
    assert planned.recipe is not None
    assert names(planned) == sorted({*SKELETON, "debconf", "hello", "libgreet1", "world"} - out)
    assert {edge.relation for edge in planned.plan.cut} == out
    reasons = {each.package.name: str(each.reason) for each in planned.plan.packages}
    assert reasons["world"] == "wanted by the recipe hello: world"


def test_no_recipe_when_none_is_wanted(world: World, keyring: Path) -> None:
    assert make_plan(request(keyring, "hello", recipe="none"), "amd64", world).recipe is None


# Words


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("hello", None),
        ("hello.deb", None),
        ("./hello.deb", "hello.deb"),
        ("../a/hello.deb", "../a/hello.deb"),
        ("/a/hello.deb", "/a/hello.deb"),
        ("hello/bookworm", None),
    ],
)
def test_which_words_are_files(text: str, path: str | None) -> None:
    assert local_deb(text) == (Path(path) if path else None)


@pytest.mark.parametrize(
    ("packages", "message"),
    [
        (["hello-"], "cannot make an image of nothing: hello- only leaves packages out"),
        (["hello-", "world-"], "hello- world- only leaves packages out"),
        (["Hello"], "cannot read the package 'Hello'"),
        (["./missing.deb"], r"cannot read the package file missing\.deb: No such file"),
        (["./"], r"cannot read the package '\./'"),
    ],
    ids=str,
)
def test_words_are_checked_before_anything_is_read(
    world: World, keyring: Path, packages: list[str], message: str
) -> None:
    with pytest.raises(RequestError, match=message) as caught:
        make_plan(request(keyring, *packages), "amd64", world)
    assert caught.value.hint
    assert notes(world).steps == []


def test_a_package_file_is_wanted_in_its_version(tmp_path: Path, world: World, keyring: Path) -> None:
    path = tmp_path / "mine.deb"
    path.write_bytes(build_deb(CONTROL | {"Package": "hello", "Version": "1.0", "Depends": "world"}, []))
    planned = make_plan(request(keyring, str(path), "extras"), "amd64", world)
    (hello,) = (each for each in planned.plan.packages if each.package.name == "hello")
    assert (hello.package.version, hello.package.local_path) == ("1.0", str(path))
    assert str(hello.reason) == "requested as mine.deb"
    assert names(planned) == sorted([*SKELETON, "extras", "hello", "world"])


@pytest.mark.parametrize("package", [{}, {"Package": "-x"}, {"Version": "one"}], ids=str)
def test_a_package_file_without_identity(tmp_path: Path, world: World, keyring: Path, package: dict[str, str]) -> None:
    path = tmp_path / "mine.deb"
    path.write_bytes(build_deb({**CONTROL, **package} if package else {"Maintainer": "x"}, []))
    with pytest.raises(MalformedPackageError, match=r"mine\.deb"):
        make_plan(request(keyring, str(path)), "amd64", world)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("missing.sources", "cannot read the source missing.sources: No such file"),
        (".", r"cannot read the source \.: Is a directory"),
        ("deb", "cannot read the source deb"),
        ("deb http://archive.example/", "--source"),
    ],
)
def test_sources_that_make_no_sense(world: World, keyring: Path, text: str, message: str) -> None:
    with pytest.raises(RequestError, match=message):
        make_plan(request(keyring, "hello", sources=[text]), "amd64", world)


def test_a_source_file_that_is_no_text(tmp_path: Path, world: World, keyring: Path) -> None:
    path = tmp_path / "binary.sources"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(RequestError, match=r"cannot read the source .*binary\.sources: not text"):
        make_plan(request(keyring, "hello", sources=[str(path)]), "amd64", world)


# Architectures


@pytest.mark.parametrize(
    ("wanted", "host", "found"),
    [
        ((), "amd64", ("amd64",)),
        (("arm64",), "amd64", ("arm64",)),
        (("arm64", "amd64", "arm64"), "amd64", ("arm64", "amd64")),
        (("arm64",), "", ("arm64",)),
    ],
)
def test_which_architectures(tmp_path: Path, wanted: tuple[str, ...], host: str, found: tuple[str, ...]) -> None:
    world = open_world(tmp_path, [], host=HostFacts(host))
    assert architectures_of(BuildRequest(packages=("x",), architectures=wanted), world) == found


def test_a_machine_that_has_no_name(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="cannot tell this machine's Debian architecture") as caught:
        architectures_of(BuildRequest(packages=("x",)), open_world(tmp_path, [], host=HostFacts("")))
    assert "--arch" in str(caught.value.hint)


def test_one_plan_for_each_architecture(tmp_path: Path, keyring: Path) -> None:
    both: list[Deb] = [
        *PACKAGES,
        *(replace(each, control={**each.control, "Architecture": "arm64"}) for each in PACKAGES),
    ]
    world = open_world(tmp_path, [replace(MAIN, packages={"main": both})])
    plans = plan(request(keyring, "hello", architectures=["arm64", "amd64"]), world)
    assert [one.plan.architecture for one in plans] == ["arm64", "amd64"]
    assert [{item.package.architecture for item in one.plan.packages} - {"all"} for one in plans] == [
        {"arm64"},
        {"amd64"},
    ]


# why


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("hello", Answer(included=True, sentences=("hello: requested as hello",))),
        (
            "libgreet1",
            Answer(included=True, sentences=("hello: requested as hello", "libgreet1: hello Depends libgreet1")),
        ),
        (
            "libc-bin",
            Answer(
                included=True,
                sentences=("libc-bin: part of every image: accounts, directories, os-release, C.UTF-8",),
            ),
        ),
        (
            "debconf",
            Answer(
                included=False,
                sentences=("hello Depends debconf, left out: asks questions while packages are configured",),
            ),
        ),
        ("world", Answer(included=False, sentences=("no package of the image refers to world",))),
    ],
)
def test_why(world: World, keyring: Path, name: str, answer: Answer) -> None:
    assert why(make_plan(request(keyring, "hello"), "amd64", world), name) == answer


def test_the_key_must_be_the_right_one(tmp_path: Path, world: World) -> None:
    other = write_keyring(tmp_path / "other.gpg", signing_key("somebody else"))
    with pytest.raises(Exception, match="cannot trust"):
        make_plan(request(other, "hello"), "amd64", world)
