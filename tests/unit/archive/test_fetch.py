"""From a plan to packages that were downloaded and read."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from pkg2image.archive.acquire import Acquirer, transport_for
from pkg2image.archive.fetch import SupersededError, fetch_debs
from pkg2image.archive.http_transport import HttpTransport
from pkg2image.archive.transport import Transport
from pkg2image.deb.facts import FetchedDeb
from pkg2image.deb.package import Origin, Package
from pkg2image.digest import sha256
from pkg2image.errors import MalformedPackageError, NetworkError, Pkg2ImageError, RequestError, TrustError
from pkg2image.plan import PlannedPackage, Reason
from pkg2image.store import Store
from tests.support.debs import CONTROL, build_deb, reg
from tests.support.httpd import Answer, serve
from tests.support.patience import Clock
from tests.support.repository import URI, MemoryTransport

MIRROR = Origin(0, "stable", "bookworm", "main", URI)
SECOND = replace(MIRROR, source=1, uri="http://second.example/debian/")


def contents(name: str, version: str = "1.0") -> bytes:
    control = CONTROL | {"Package": name, "Version": version}
    return build_deb(control, [reg(f"usr/share/{name}", name.encode() * 100)])


def planned(name: str, data: bytes, *, local_path: str = "", **fields: str) -> PlannedPackage:
    """Return a plan's entry for a .deb."""
    stanza = {
        "Package": name,
        "Version": "1.0",
        "Architecture": "amd64",
        "Filename": f"pool/{name}_1.0_amd64.deb",
        "Size": str(len(data)),
        "SHA256": sha256(data).hex,
        **fields,
    }
    origins = () if local_path else (MIRROR, SECOND)
    package = Package(name, stanza["Version"], stanza["Architecture"], stanza, origins, local_path)
    return PlannedPackage(package, Reason("requested", relation=name))


@dataclass
class Steps:
    """A reporter that keeps what it is told."""

    steps: list[tuple[str, int]] = field(default_factory=list)
    done: int = 0

    def step(self, title: str, total: int = 0) -> None:
        self.steps.append((title, total))

    def advance(self, amount: int) -> None:
        self.done += amount

    def note(self, text: str) -> None: ...


@dataclass
class World:
    """A store and a mirror."""

    directory: Path
    files: dict[str, bytes] = field(default_factory=dict)
    steps: Steps = field(default_factory=Steps)

    def __post_init__(self) -> None:
        self.store = Store(self.directory / "store")
        self.transport = MemoryTransport({URI: self.files})

    def fetch(
        self,
        *plan: PlannedPackage,
        offline: bool = False,
        jobs: int = 4,
        transport: Transport | None = None,
        elsewhere: Sequence[str] = (),
        whole: bool = False,
    ) -> tuple[FetchedDeb, ...]:
        acquirer = Acquirer(transport or self.transport, reporter=self.steps, patience=Clock().patience())
        return fetch_debs(
            plan,
            store=self.store,
            acquirer=acquirer,
            jobs=jobs,
            offline=offline,
            reporter=self.steps,
            elsewhere=elsewhere,
            whole=whole,
        )


NAMES = [f"package{number:02}" for number in range(12)]
DEBS = {name: contents(name) for name in NAMES}
PLAN = [planned(name, DEBS[name]) for name in NAMES]
FILES = {f"pool/{name}_1.0_amd64.deb": data for name, data in DEBS.items()}


@pytest.mark.parametrize("jobs", [1, 3, 50])
def test_packages_come_back_in_the_order_of_the_plan(tmp_path: Path, jobs: int) -> None:
    world = World(tmp_path, dict(FILES))
    plan = PLAN[::-1]
    fetched = world.fetch(*plan, jobs=jobs)
    assert [deb.package for deb in fetched] == [each.package for each in plan]
    assert [deb.facts.name for deb in fetched] == NAMES[::-1]
    for deb in fetched:
        with world.store.open(deb.facts.data) as stream:
            assert deb.facts.name.encode() * 100 in stream.read()
    size = sum(map(len, DEBS.values()))
    assert (world.steps.steps, world.steps.done) == ([("downloading packages", size)], size)


def test_second_time_nothing_is_done(tmp_path: Path) -> None:
    world = World(tmp_path, dict(FILES))
    first = world.fetch(*PLAN)
    world.transport.requests.clear()
    world.steps.steps.clear()
    for path in (world.directory / "store" / "blobs").rglob("*"):
        if path.is_file() and path.name in {each.package.sha256 for each in PLAN}:
            path.unlink()
    assert world.fetch(*PLAN, offline=True) == first
    assert (world.transport.requests, world.steps.steps) == ([], [])


def test_packages_in_the_store_are_only_read(tmp_path: Path) -> None:
    world = World(tmp_path)
    for data in DEBS.values():
        world.store.insert([data])
    assert [deb.facts.name for deb in world.fetch(*PLAN, offline=True)] == NAMES
    assert (world.transport.requests, world.steps.steps) == ([], [("reading packages", 0)])


def test_package_twice_in_a_plan_is_fetched_once(tmp_path: Path) -> None:
    world = World(tmp_path, dict(FILES))
    assert [deb.facts.name for deb in world.fetch(PLAN[0], PLAN[1], PLAN[0])] == [NAMES[0], NAMES[1], NAMES[0]]
    assert len(world.transport.requests) == 2


def test_empty_plan(tmp_path: Path) -> None:
    assert World(tmp_path).fetch() == ()


def test_next_origin_is_tried(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.transport.sites[SECOND.uri] = dict(FILES)
    assert world.fetch(PLAN[0])[0].facts.name == NAMES[0]


def test_the_other_hash_is_known_ever_after(tmp_path: Path) -> None:
    world = World(tmp_path, dict(FILES))
    expected = [hashlib.sha512(DEBS[name]).hexdigest() for name in NAMES]
    assert [deb.sha512 for deb in world.fetch(*PLAN)] == expected
    # Packages that an earlier version has read are looked at once more, and not taken apart.
    for path in (tmp_path / "store/records/sha512-1").rglob("*"):
        if path.is_file():
            path.unlink()
    assert [deb.sha512 for deb in world.fetch(*PLAN, offline=True)] == expected


def test_packages_themselves_are_fetched_again_when_they_are_wanted(tmp_path: Path) -> None:
    world = World(tmp_path, dict(FILES))
    (first,) = world.fetch(PLAN[0])
    deb = world.store.path(sha256(DEBS[NAMES[0]]))
    deb.unlink()
    assert world.fetch(PLAN[0]) == (first,)
    assert not deb.exists()
    assert world.fetch(PLAN[0], whole=True) == (first,)
    assert deb.exists()


def test_a_package_has_the_fields_of_its_own_control_file(tmp_path: Path) -> None:
    world = World(tmp_path, dict(FILES))
    (fetched,) = world.fetch(planned(NAMES[0], DEBS[NAMES[0]], Depends="what only the index says", Task="x"))
    fields = fetched.package.fields
    assert {name: fields[name] for name in CONTROL} == CONTROL | {"Package": NAMES[0], "Version": "1.0"}
    assert (fields["Filename"], fields["Size"]) == ("pool/package00_1.0_amd64.deb", str(len(DEBS[NAMES[0]])))
    assert "Task" not in fields
    assert fields.get("Depends") == CONTROL.get("Depends")


def test_other_places_are_the_last_to_be_asked_but_for_the_disk(tmp_path: Path) -> None:
    world = World(tmp_path)
    dated = replace(MIRROR, date=1_700_000_000)
    plan = replace(PLAN[0], package=replace(PLAN[0].package, origins=(dated,)))
    world.transport.sites["http://snapshots.example/20231115T221320Z/"] = dict(FILES)
    places = ("http://other.example/", "http://snapshots.example/{date}/", "file:///nowhere/")
    assert world.fetch(plan, elsewhere=places)[0].facts.name == NAMES[0]
    path = "pool/package00_1.0_amd64.deb"
    assert world.transport.requests == [
        f"file:///nowhere/{path}",
        f"{URI}{path}",
        f"http://other.example/{path}",
        f"http://snapshots.example/20231114T221320Z/{path}",
        f"http://snapshots.example/20231115T221320Z/{path}",
    ]


def test_what_is_on_the_disk_needs_no_network(tmp_path: Path) -> None:
    world = World(tmp_path)
    beside = tmp_path / "a b"
    for path, data in FILES.items():
        (beside / path).parent.mkdir(parents=True, exist_ok=True)
        (beside / path).write_bytes(data)
    place = f"{beside.as_uri()}/"
    transport = transport_for({})
    with pytest.raises(NetworkError, match="--offline is set"):
        world.fetch(*PLAN, offline=True, elsewhere=("http://other.example/",))
    assert len(world.fetch(*PLAN, offline=True, elsewhere=(place,), transport=transport)) == len(PLAN)


def test_a_file_of_another_machine_is_asked_for_by_name(tmp_path: Path) -> None:
    data = contents("own")
    package = replace(planned("own", data).package, origins=())
    with pytest.raises(RequestError, match=r"cannot find own 1\.0: it was the file ") as caught:
        World(tmp_path).fetch(replace(planned("own", data), package=package))
    assert "put it beside the lock" in str(caught.value.hint)


@pytest.mark.parametrize("damage", ["deb", "data", "facts"])
def test_damaged_store_heals(tmp_path: Path, damage: str) -> None:
    world = World(tmp_path, dict(FILES))
    (first,) = world.fetch(PLAN[0])
    deb, data = (world.store.path(digest) for digest in (sha256(DEBS[NAMES[0]]), first.facts.data))
    records = [path for path in (tmp_path / "store" / "records").rglob("*") if path.is_file()]
    match damage:
        case "deb":
            deb.write_bytes(b"x" * deb.stat().st_size)
            data.unlink()
        case "data":
            data.write_bytes(b"cut")
        case _:
            records[0].write_bytes(b"x" * 100)
    assert world.fetch(PLAN[0]) == (first,)


def test_names_are_quoted_in_addresses(tmp_path: Path) -> None:
    data = contents("odd")
    world = World(tmp_path, {"pool/o%23dd%25%3F%20x+y~z.deb": data})
    assert world.fetch(planned("odd", data, Filename="pool/o#dd%? x+y~z.deb"))


def test_offline_names_what_is_missing(tmp_path: Path) -> None:
    world = World(tmp_path, dict(FILES))
    world.fetch(*PLAN[:5])
    with pytest.raises(NetworkError, match=r"package05 1\.0, .*package09 1\.0 and 2 more: --offline") as caught:
        world.fetch(*PLAN, offline=True)
    assert "--offline" in (caught.value.hint or "")


WANTED = contents("wanted")


@pytest.mark.parametrize(
    ("files", "fields", "kind", "message"),
    [
        pytest.param({}, {}, SupersededError, "the mirror does not have it any more", id="gone"),
        pytest.param({"pool/wanted_1.0_amd64.deb": b"x" * len(WANTED)}, {}, TrustError, "its sha256 is", id="other"),
        pytest.param({"pool/wanted_1.0_amd64.deb": WANTED + b"x"}, {}, TrustError, "long, expected", id="longer"),
        pytest.param({}, {"SHA256": ""}, TrustError, "names no SHA-256", id="no hash"),
        pytest.param({}, {"Filename": ""}, MalformedPackageError, "is not a path", id="no path"),
        pytest.param({}, {"Filename": "/etc/passwd"}, MalformedPackageError, "is not a path", id="absolute path"),
        pytest.param({}, {"Filename": "pool/../../x"}, MalformedPackageError, "is not a path", id="path upwards"),
        pytest.param({}, {"Filename": "pool/x\r\ny"}, MalformedPackageError, "is not a path", id="line break"),
        pytest.param({}, {"Size": "many"}, MalformedPackageError, "not a number", id="size"),
    ],
)
def test_package_that_cannot_be_had(
    tmp_path: Path, files: Mapping[str, bytes], fields: dict[str, str], kind: type[Pkg2ImageError], message: str
) -> None:
    world = World(tmp_path, dict(files))
    with pytest.raises(kind, match=message) as caught:
        world.fetch(planned("wanted", WANTED, **fields))
    assert "wanted" in caught.value.message
    assert world.store.usage().blobs.count == 0


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(contents("other"), id="name"),
        pytest.param(contents("wanted", "2.0"), id="version"),
        pytest.param(
            build_deb(CONTROL | {"Package": "wanted", "Version": "1.0", "Architecture": "arm64"}, []), id="arch"
        ),
        pytest.param(b"not a package at all", id="nothing"),
        pytest.param(contents("wanted")[:-100], id="cut off"),
    ],
)
def test_package_that_is_not_what_the_index_says(tmp_path: Path, data: bytes) -> None:
    """The index vouches for the hash, so it is the index that is wrong."""
    world = World(tmp_path, {"pool/wanted_1.0_amd64.deb": data})
    for _ in range(2):
        with pytest.raises(MalformedPackageError, match="wanted"):
            world.fetch(planned("wanted", data))
    assert world.store.usage().temporary.count == 0


def test_facts_of_another_package_with_the_same_file(tmp_path: Path) -> None:
    world = World(tmp_path, dict(FILES))
    world.fetch(PLAN[0])
    with pytest.raises(MalformedPackageError, match="renamed"):
        world.fetch(planned("renamed", DEBS[NAMES[0]]))


def test_local_package(tmp_path: Path) -> None:
    path = tmp_path / "wanted.deb"
    path.write_bytes(WANTED)
    world = World(tmp_path)
    plan = planned("wanted", WANTED, local_path=str(path))
    (fetched,) = world.fetch(plan, offline=True)
    assert (fetched.facts.name, world.steps.done) == ("wanted", 0)


@pytest.mark.parametrize(
    ("data", "kind"), [pytest.param(None, RequestError, id="gone"), pytest.param(b"x", TrustError, id="changed")]
)
def test_local_package_that_changed_since_it_was_planned(
    tmp_path: Path, data: bytes | None, kind: type[Pkg2ImageError]
) -> None:
    path = tmp_path / "wanted.deb"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(kind):
        World(tmp_path).fetch(planned("wanted", WANTED, local_path=str(path)))


@pytest.mark.parametrize(
    "answers",
    [
        pytest.param([Answer(cut_at=50)], id="cut off"),
        pytest.param([Answer(status=503), Answer(cut_at=1)], id="busy"),
        pytest.param([Answer(body=b"<html>")], id="page"),
    ],
)
def test_faults_on_the_way(tmp_path: Path, answers: Sequence[Answer]) -> None:
    with serve(FILES, dict.fromkeys(FILES, answers)) as server:
        plan = [
            replace(each, package=replace(each.package, origins=(replace(MIRROR, uri=server.url),))) for each in PLAN
        ]
        transport = HttpTransport()
        assert [deb.facts.name for deb in World(tmp_path).fetch(*plan, transport=transport)] == NAMES
        transport.close()
