"""From signed repositories in memory to a universe."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from pkg2image.archive.acquire import Acquirer, transport_for
from pkg2image.archive.local import read_local
from pkg2image.archive.release import ExpiredReleaseError, RolledBackReleaseError
from pkg2image.archive.repository import LoadedUniverse, load_universe
from pkg2image.archive.sources import Source
from pkg2image.archive.trust import TrustMemory
from pkg2image.archive.verdict import BadSignatureError, NoSignatureError
from pkg2image.digest import sha256
from pkg2image.errors import MalformedPackageError, NetworkError, Pkg2ImageError, RequestError, TrustError
from pkg2image.progress import Silence
from pkg2image.store import Store
from tests.support.debs import CONTROL, build_deb
from tests.support.keys import signing_key
from tests.support.patience import Clock
from tests.support.repository import DATE, NOW, URI, MemoryTransport, Suite, deb, render, write_repository

KEYS = (signing_key().binary,)
SOURCE = Source(URI, "bookworm", ("main",), signed_by=KEYS)
UPDATES = replace(SOURCE, suite="bookworm-updates")
HELLO = deb("hello", "1.0")
SUITE = Suite("bookworm", suite="stable", packages={"main": [HELLO]})


@dataclass
class World:
    """A store, a memory and a mirror that a test may change between two loads."""

    directory: Path
    suites: Sequence[Suite] = (SUITE,)
    now: int = NOW
    transport: MemoryTransport = field(init=False)

    def __post_init__(self) -> None:
        self.store = Store(self.directory / "store")
        self.memory = TrustMemory(self.directory / "state")
        self.transport = MemoryTransport({URI: render(self.suites)})

    @property
    def files(self) -> dict[str, bytes]:
        return self.transport.sites[URI]

    def publish(self, *suites: Suite) -> None:
        self.transport.sites[URI] = render(suites)

    def load(self, *sources: Source, **options: Any) -> LoadedUniverse:
        transport = options.pop("transport", self.transport)
        return load_universe(
            sources or (SOURCE,),
            **{
                "architecture": "amd64",
                "suite": "bookworm",
                "acquirer": Acquirer(transport, patience=Clock().patience()),
                "store": self.store,
                "memory": self.memory,
                "now": self.now,
                "offline": False,
                "reporter": Silence(),
                **options,
            },
        )

    def asked_for(self) -> list[str]:
        """Return what was asked for since the last call, without the hashes of by-hash paths."""
        asked = [url.removeprefix(f"{URI}dists/") for url in self.transport.requests]
        self.transport.requests.clear()
        return [path.partition("/by-hash/")[0] + ("/by-hash" if "/by-hash/" in path else "") for path in asked]


def versions(universe: LoadedUniverse, name: str) -> list[str]:
    return [package.version for package in universe.versions(name)]


INDEX = "bookworm/main/binary-amd64"


def test_one_suite(tmp_path: Path) -> None:
    world = World(tmp_path)
    universe = world.load()
    (package,) = universe.versions("hello")
    (origin,) = package.origins
    assert (package.version, package.architecture, package.sha256) == ("1.0", "amd64", sha256(HELLO.contents).hex)
    assert (origin.source, origin.suite, origin.codename, origin.component) == (0, "stable", "bookworm", "main")
    assert (origin.uri, origin.priority, origin.trusted, origin.date) == (URI, 500, True, DATE)
    (source,) = universe.sources
    assert (source.uri, source.suite, source.codename, source.date) == (URI, "bookworm", "bookworm", DATE)
    assert source.release == sha256(world.files["dists/bookworm/InRelease"])
    assert source.signers == (signing_key().fingerprint,)
    assert (universe.distribution, universe.codename, universe.architecture) == ("debian", "bookworm", "amd64")
    assert list(universe.names()) == ["hello"]
    assert universe.notes == ()


def test_alias_becomes_a_codename(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.transport.sites[URI] |= {
        path.replace("dists/bookworm/", "dists/stable/"): data for path, data in world.files.items()
    }
    universe = world.load(replace(SOURCE, suite="stable"), suite="stable")
    assert (universe.codename, universe.sources[0].suite) == ("bookworm", "stable")


def test_target_suite_need_not_be_the_first_source(tmp_path: Path) -> None:
    world = World(tmp_path, [SUITE, Suite("extra", origin="Third Party")])
    universe = world.load(replace(SOURCE, suite="extra"), SOURCE)
    assert (universe.codename, universe.distribution) == ("bookworm", "debian")


# Every version of every suite, and versions that are held


GREETINGS = Suite("bookworm-updates", packages={"main": [deb("hello", "2.0", Source="greetings (2.0)")]})


def test_versions_as_each_suite_offers_them(tmp_path: Path) -> None:
    forged = Suite("extra", packages={"main": [deb("hello", "1.0", data=b"forged"), deb("other", Source="greetings")]})
    universe = World(tmp_path, [SUITE, GREETINGS, forged]).load(SOURCE, UPDATES, replace(SOURCE, suite="extra"))
    offered = [(each.version, each.origins[0].codename, each.sha256) for each in universe.offered("hello")]
    assert offered == [
        ("1.0", "bookworm", sha256(HELLO.contents).hex),
        ("2.0", "bookworm-updates", sha256(b"hello_2.0_amd64").hex),
        ("1.0", "extra", sha256(b"forged").hex),
    ]
    built = universe.built_from("greetings", lambda origin: origin.codename != "bookworm")
    assert [str(each) for each in built] == ["hello 2.0", "other 1.0"]
    assert universe.built_from("greetings", lambda origin: origin.codename == "bookworm") == ()


def test_held_versions_are_the_candidates(tmp_path: Path) -> None:
    universe = World(tmp_path, [SUITE, GREETINGS]).load(SOURCE, UPDATES)
    assert versions(universe, "hello") == ["2.0", "1.0"]
    gone = replace(universe.versions("hello")[0], name="gone", fields={"Provides": "ghost"})
    held = universe.holding([universe.versions("hello")[1], gone])
    assert versions(held, "hello") == ["1.0", "2.0"]
    assert versions(held, "gone") == ["2.0"]
    assert held.providers("ghost") == (gone,)
    assert held.held == {"hello", "gone"}
    assert held.identity != universe.identity
    assert (held.sources, held.notes, held.codename) == (universe.sources, universe.notes, universe.codename)
    assert (versions(universe, "hello"), versions(universe, "gone"), universe.held) == (["2.0", "1.0"], [], frozenset())


# Forms of repositories


@pytest.mark.parametrize(
    "suite",
    [
        pytest.param(replace(SUITE, compressions=("xz",)), id="xz"),
        pytest.param(replace(SUITE, compressions=("gz",)), id="gz"),
        pytest.param(replace(SUITE, compressions=("zst",)), id="zst"),
        pytest.param(replace(SUITE, compressions=("",)), id="plain"),
        pytest.param(replace(SUITE, compressions=("xz",), plain_listed=False), id="plain not even listed"),
        pytest.param(replace(SUITE, by_hash=False), id="without by-hash"),
        pytest.param(replace(SUITE, inline=False, detached=True), id="Release and Release.gpg"),
        pytest.param(replace(SUITE, hashes=("SHA512",)), id="SHA-512 only"),
        pytest.param(replace(SUITE, all_index="debian"), id="all: also alone, to be ignored"),
        pytest.param(replace(SUITE, all_index="separate"), id="all: only alone"),
    ],
)
def test_form(tmp_path: Path, suite: Suite) -> None:
    packages = {"main": [HELLO, deb("common", "2", "all"), deb("alien", "3", "arm64")]}
    world = World(tmp_path, [replace(suite, packages=packages, architectures=("amd64", "arm64"))])
    universe = world.load()
    assert list(universe.names()) == ["common", "hello"]
    assert versions(universe, "hello") == ["1.0"]
    assert versions(universe, "common") == ["2"]
    if suite.all_index == "debian":
        assert "bookworm/main/binary-all/by-hash" not in world.asked_for()
    assert list(world.load(offline=True).names()) == ["common", "hello"]


@pytest.mark.parametrize("path", ["./", "./stable/"])
def test_flat_repository(tmp_path: Path, path: str) -> None:
    world = World(tmp_path, [Suite(path, packages={"": [HELLO, deb("alien", "3", "arm64")]})])
    universe = world.load(Source(URI, path, signed_by=KEYS))
    (package,) = universe.versions("hello")
    assert world.files[package.filename] == HELLO.contents
    assert package.origins[0].uri == URI
    assert universe.versions("alien") == ()


@pytest.mark.parametrize("compression", ["xz", "gz", ""])
def test_directory_of_packages_without_a_release(tmp_path: Path, compression: str) -> None:
    """What dpkg-scanpackages makes; nobody vouches for it, so the user has to say that it is trusted."""
    files = render([Suite("./", packages={"": [HELLO]}, compressions=(compression,), by_hash=False)])
    world = World(tmp_path)
    world.transport.sites[URI] = {path: data for path, data in files.items() if "Release" not in path}
    source = Source(URI, "./", trusted=True)
    universe = world.load(source)
    assert versions(universe, "hello") == ["1.0"]
    assert (universe.sources[0].date, universe.sources[0].signers) == (0, ())
    assert [note for note in universe.notes if "not verified" not in note] == []
    assert versions(world.load(source, offline=True), "hello") == ["1.0"]
    with pytest.raises(RequestError, match="neither InRelease nor Release"):
        world.load(replace(source, trusted=False, signed_by=KEYS))


def test_directory_of_this_machine(tmp_path: Path) -> None:
    write_repository(render([SUITE]), tmp_path / "a b")
    source = replace(SOURCE, uri=f"file://{tmp_path}/a%20b/")
    assert versions(World(tmp_path).load(source, transport=transport_for({})), "hello") == ["1.0"]


def test_partial_mirror_has_another_compression(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.transport.sites[URI] = {path: data for path, data in world.files.items() if "/Packages.xz" not in path}
    xz = sha256(render([SUITE])["dists/bookworm/main/binary-amd64/Packages.xz"]).hex
    del world.files[f"dists/{INDEX}/by-hash/SHA256/{xz}"]
    assert versions(world.load(), "hello") == ["1.0"]


def test_by_hash_is_asked_for_before_the_name(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.load()
    assert world.asked_for() == ["bookworm/InRelease", f"{INDEX}/by-hash"]
    for name, by_hash in (("no", f"{INDEX}/Packages.xz"), ("force", f"{INDEX}/by-hash")):
        other = World(tmp_path / name)
        other.load(replace(SOURCE, by_hash=name))
        assert other.asked_for() == ["bookworm/InRelease", by_hash]


# What is kept


def test_size_of_what_is_missing_is_told(tmp_path: Path) -> None:
    @dataclass
    class Steps(Silence):
        told: list[tuple[str, int]] = field(default_factory=list)

        def step(self, title: str, total: int = 0) -> None:
            self.told.append((title, total))

    world, steps = World(tmp_path), Steps()
    size = len(world.files[f"dists/{INDEX}/Packages.xz"])
    for _ in range(2):
        world.load(reporter=steps)
    reading = ("reading the repositories", 0)
    assert steps.told == [reading, ("downloading the package indexes", size), reading]


def test_second_load_reads_only_the_release(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.load()
    world.asked_for()
    assert versions(world.load(), "hello") == ["1.0"]
    assert world.asked_for() == ["bookworm/InRelease"]


def test_offline_asks_nobody_and_judges_again(tmp_path: Path) -> None:
    world = World(tmp_path, [replace(SUITE, valid_until=NOW + 1000)])
    online = world.load()
    world.asked_for()
    offline = world.load(offline=True)
    assert (offline.sources, versions(offline, "hello"), world.asked_for()) == (online.sources, ["1.0"], [])
    world.now += 2000
    with pytest.raises(ExpiredReleaseError):
        world.load(offline=True)


def test_offline_without_anything(tmp_path: Path) -> None:
    with pytest.raises(NetworkError, match="never downloaded") as caught:
        World(tmp_path).load(offline=True)
    assert "--offline" in (caught.value.hint or "")


def test_index_at_hand_is_used_whatever_its_compression(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.store.insert([world.files[f"dists/{INDEX}/Packages.gz"]])
    assert versions(world.load(), "hello") == ["1.0"]
    assert world.asked_for() == ["bookworm/InRelease"]


def test_damaged_store_heals(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.load()
    for path in (tmp_path / "store" / "blobs").rglob("*"):
        if path.is_file():
            path.write_bytes(b"damaged")
    assert versions(world.load(), "hello") == ["1.0"]
    assert world.store.usage().quarantined.count == 2


# Trust


def test_wrong_signature(tmp_path: Path) -> None:
    world = World(tmp_path)
    path = "dists/bookworm/InRelease"
    world.files[path] = world.files[path].replace(b"Origin: Debian", b"Origin: debian")
    with pytest.raises(BadSignatureError):
        world.load()


def test_unsigned_repository_needs_a_switch_of_its_own(tmp_path: Path) -> None:
    world = World(tmp_path, [replace(SUITE, keys=())])
    with pytest.raises(NoSignatureError):
        world.load()
    universe = world.load(replace(SOURCE, trusted=True, signed_by=()))
    assert versions(universe, "hello") == ["1.0"]
    assert universe.sources[0].signers == ()
    assert not universe.versions("hello")[0].origins[0].trusted
    assert any("not verified" in note for note in universe.notes)


def test_trusted_source_is_not_verified_even_if_signed(tmp_path: Path) -> None:
    world = World(tmp_path, [replace(SUITE, keys=(signing_key("stranger"),), fields={"Description": "- dashes"})])
    universe = world.load(replace(SOURCE, trusted=True))
    assert (versions(universe, "hello"), universe.sources[0].signers) == (["1.0"], ())


def test_mirror_that_goes_back_is_noticed(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.publish(replace(SUITE, date=DATE + 500))
    world.load()
    world.publish(SUITE)
    with pytest.raises(RolledBackReleaseError):
        world.load()


def test_mirror_of_which_one_server_is_behind_is_asked_again(tmp_path: Path) -> None:
    world = World(tmp_path)
    old = world.files["dists/bookworm/InRelease"]
    world.publish(replace(SUITE, date=DATE + 500))
    world.load()

    class Flapping(MemoryTransport):
        def open(self, url: str, *, offset: int = 0, fresh: bool = False) -> Any:
            behind = {**world.files, "dists/bookworm/InRelease": old}
            self.sites[URI] = behind if len(self.requests) < 2 else world.files
            return super().open(url, offset=offset, fresh=fresh)

    clock = Clock()
    flapping = Flapping({URI: world.files})
    universe = world.load(acquirer=Acquirer(flapping, patience=clock.patience()))
    assert universe.sources[0].date == DATE + 500
    assert len(clock.pauses) == 2


@pytest.mark.parametrize("lie", [b"x", b""])
def test_index_that_is_not_the_listed_one(tmp_path: Path, lie: bytes) -> None:
    world = World(tmp_path)
    for path in world.files:
        if "/binary-amd64/" in path:
            world.files[path] = lie
    with pytest.raises(TrustError, match="expected"):
        world.load()
    assert world.store.usage().blobs.count == 0


def test_uncompressed_index_must_be_the_listed_one_too(tmp_path: Path) -> None:
    world = World(tmp_path)
    listed = sha256(b"".join(HELLO.stanza().encode() for _ in range(1))).hex
    other = replace(SUITE, keys=())
    release = render([other])["dists/bookworm/Release"].replace(listed.encode(), b"0" * 64)
    world.files["dists/bookworm/InRelease"] = release
    with pytest.raises(TrustError, match="not what its Release lists"):
        world.load(replace(SOURCE, trusted=True))


def test_index_that_changes_meanwhile(tmp_path: Path) -> None:
    """Without by-hash, the old Release can be followed by the new index: then the Release is read again."""
    before = replace(SUITE, by_hash=False)
    after = replace(before, date=DATE + 60, packages={"main": [deb("hello", "2.0")]})
    world = World(tmp_path, [after])
    old = render([before])["dists/bookworm/InRelease"]

    class Moving(MemoryTransport):
        def open(self, url: str, *, offset: int = 0, fresh: bool = False) -> Any:
            first = url.endswith("InRelease") and not self.requests
            files = self.sites[URI]
            self.sites[URI] = {**files, "dists/bookworm/InRelease": old} if first else files
            answer = super().open(url, offset=offset, fresh=fresh)
            self.sites[URI] = files
            return answer

    assert versions(world.load(transport=Moving({URI: world.files})), "hello") == ["2.0"]


# Requests that make no sense


@pytest.mark.parametrize(
    ("source", "options", "message", "hint"),
    [
        pytest.param({"suite": "bookwrom"}, {}, "neither InRelease nor Release", "bookworm", id="suite"),
        pytest.param({"components": ("main", "mian")}, {}, "component mian", "it offers main, contrib", id="component"),
        pytest.param({}, {"architecture": "mips"}, "for mips", "it offers amd64", id="architecture"),
        pytest.param({"architectures": ("arm64",)}, {}, "no source offers them", "--arch", id="source is for another"),
    ],
)
def test_impossible_request(
    tmp_path: Path, source: dict[str, Any], options: dict[str, Any], message: str, hint: str
) -> None:
    world = World(tmp_path, [replace(SUITE, packages={"main": [HELLO], "contrib": []})])
    with pytest.raises(RequestError, match=message) as caught:
        world.load(replace(SOURCE, **source), **options)
    assert hint in (caught.value.hint or "")


def test_security_archive_lists_its_components_otherwise(tmp_path: Path) -> None:
    suite = replace(
        SUITE, packages={"main": [HELLO], "contrib": []}, fields={"Components": "updates/main updates/contrib"}
    )
    assert versions(World(tmp_path, [suite]).load(), "hello") == ["1.0"]


def test_component_without_packages_for_the_architecture(tmp_path: Path) -> None:
    suite = replace(SUITE, fields={"Components": "main contrib"})
    universe = World(tmp_path, [suite]).load(replace(SOURCE, components=("main", "contrib")))
    assert versions(universe, "hello") == ["1.0"]


def test_release_without_any_index(tmp_path: Path) -> None:
    world = World(tmp_path, [replace(SUITE, keys=())])
    release = world.files["dists/bookworm/Release"].partition(b"MD5Sum:")[0]
    world.files["dists/bookworm/Release"] = release
    with pytest.raises(RequestError, match="lists no index of packages"):
        world.load(replace(SOURCE, trusted=True))


def test_optional_suite_may_be_absent_but_not_vanish(tmp_path: Path) -> None:
    world = World(tmp_path)
    optional = replace(UPDATES, optional=True)
    universe = world.load(SOURCE, optional)
    assert [source.suite for source in universe.sources] == ["bookworm"]
    assert any("bookworm-updates" in note for note in universe.notes)
    updates = Suite("bookworm-updates")
    world.publish(SUITE, updates)
    assert len(world.load(SOURCE, optional).sources) == 2
    world.publish(SUITE)
    with pytest.raises(RequestError):
        world.load(SOURCE, optional)


def test_source_for_another_architecture_is_left_out(tmp_path: Path) -> None:
    other = replace(UPDATES, architectures=("arm64",))
    universe = World(tmp_path).load(SOURCE, other)
    assert universe.notes == (f"{other} is left out: it is only for arm64",)


def test_unreachable_mirror_is_an_error_even_when_something_is_kept(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.load()
    with pytest.raises(NetworkError):
        world.load(replace(SOURCE, uri="ftp://archive.example/"), transport=transport_for({}))


# Several suites


def merged(tmp_path: Path, *suites: Suite, pins: dict[str, int] | None = None, **options: Any) -> LoadedUniverse:
    sources = [replace(SOURCE, suite=suite.path, priority=(pins or {}).get(suite.path)) for suite in suites]
    return World(tmp_path, suites).load(*sources, **options)


NEWER = Suite("bookworm-updates", packages={"main": [deb("hello", "2.0")]})
BACKPORTS = Suite(
    "bookworm-backports", packages={"main": [deb("hello", "3.0")]}, not_automatic=True, but_automatic_upgrades=True
)
EXPERIMENTAL = Suite("experimental", packages={"main": [deb("hello", "4.0")]}, not_automatic=True)


@pytest.mark.parametrize(
    ("pins", "expected"),
    [
        pytest.param({}, ["2.0", "1.0", "3.0", "4.0"], id="apt's defaults"),
        pytest.param({"bookworm-backports": 500}, ["3.0", "2.0", "1.0", "4.0"], id="pin of a source"),
        pytest.param({"bookworm-updates": -1}, ["1.0", "3.0", "4.0", "2.0"], id="negative pin"),
    ],
)
def test_priorities(tmp_path: Path, pins: dict[str, int], expected: list[str]) -> None:
    assert versions(merged(tmp_path, SUITE, NEWER, BACKPORTS, EXPERIMENTAL, pins=pins), "hello") == expected


def test_version_in_two_suites_is_one_package(tmp_path: Path) -> None:
    (package,) = merged(tmp_path, replace(BACKPORTS, packages={"main": [HELLO]}), SUITE).versions("hello")
    assert [(origin.codename, origin.priority) for origin in package.origins] == [
        ("bookworm", 500),
        ("bookworm-backports", 100),
    ]


def test_version_with_two_contents_is_nobodys(tmp_path: Path) -> None:
    universe = merged(
        tmp_path, SUITE, replace(NEWER, packages={"main": [deb("hello", "1.0", data=b"other"), deb("good")]})
    )
    assert versions(universe, "good") == ["1.0"]
    with pytest.raises(TrustError, match=r"hello 1\.0.*bookworm and .*bookworm-updates offer different files"):
        universe.versions("hello")


def test_another_layout_is_not_another_place(tmp_path: Path) -> None:
    moved = replace(HELLO, index={"Filename": "elsewhere/hello.deb"})
    (package,) = merged(tmp_path, SUITE, replace(NEWER, packages={"main": [moved]})).versions("hello")
    assert [origin.codename for origin in package.origins] == ["bookworm"]


def test_providers_are_candidates_in_the_order_of_names(tmp_path: Path) -> None:
    suite = replace(
        SUITE,
        packages={
            "main": [
                deb("postfix", "1", Provides="mta, mta-ssl"),
                deb("exim", "1", Provides="mta (= 4)"),
                deb("old", "1", Provides="mta"),
                deb("mta", "1", Provides="mta"),
                deb("reader", "1", Depends="mta", Provides="mail-reader"),
            ]
        },
    )
    newer = replace(NEWER, packages={"main": [deb("old", "2")]})
    universe = merged(tmp_path, suite, newer)
    assert [package.name for package in universe.providers("mta")] == ["exim", "postfix"]
    assert universe.providers("nothing") == ()


def test_similar_names(tmp_path: Path) -> None:
    names = ["postgresql", "postgresql-15", "nginx", "nginx-full", "python3-django"]
    universe = merged(tmp_path, replace(SUITE, packages={"main": [deb(name) for name in names]}))
    assert universe.similar("postgresq")[0] == "postgresql"
    assert universe.similar("ngnix")[0] == "nginx"
    assert universe.similar("python3-djnago")[0] == "python3-django"
    assert universe.similar("zzz") == ()


def test_malformed_stanza_is_told_when_it_is_touched(tmp_path: Path) -> None:
    suite = replace(SUITE, packages={"main": [HELLO, deb("broken", "not a version")]})
    universe = merged(tmp_path, suite)
    assert versions(universe, "hello") == ["1.0"]
    with pytest.raises(MalformedPackageError, match=r"Packages.*broken"):
        universe.versions("broken")


# Local packages


def test_local_package_outranks_all(tmp_path: Path) -> None:
    path = tmp_path / "hello.deb"
    path.write_bytes(build_deb(CONTROL | {"Package": "hello", "Version": "0.1", "Provides": "greeter"}, []))
    universe = World(tmp_path).load(local=[read_local(path, "amd64")])
    best, other = universe.versions("hello")
    assert (best.version, best.local_path, best.size) == ("0.1", str(path), path.stat().st_size)
    assert (best.sha256, other.version) == (sha256(path.read_bytes()).hex, "1.0")
    assert universe.providers("greeter") == (best,)
    assert "hello" in universe.similar("hallo")


@pytest.mark.parametrize(
    ("data", "kind", "message"),
    [
        pytest.param(None, RequestError, "No such file", id="absent"),
        pytest.param(b"text", MalformedPackageError, "cannot read", id="no package"),
        pytest.param(
            build_deb(CONTROL | {"Architecture": "arm64"}, []), RequestError, "for arm64, not for amd64", id="arch"
        ),
    ],
)
def test_local_file_that_is_of_no_use(
    tmp_path: Path, data: bytes | None, kind: type[Pkg2ImageError], message: str
) -> None:
    path = tmp_path / "local.deb"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(kind, match=message) as caught:
        World(tmp_path).load(local=[read_local(path, "amd64")])
    assert str(path) in caught.value.message
