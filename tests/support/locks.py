"""A lock with a bit of everything."""

from __future__ import annotations

from pkg2image.deb.package import Package, package_from_stanza
from pkg2image.digest import sha256
from pkg2image.idmap import IdMap
from pkg2image.lock.model import Lock, LockedPackage, LockedRecipe, LockedSource
from pkg2image.lock.places import origin_in
from pkg2image.plan import AddedNeed, CutEdge, Reason
from pkg2image.request import BuildRequest

SOURCES = (
    LockedSource(
        "http://archive.example/debian/",
        "bookworm",
        "bookworm",
        sha256(b"Release"),
        1_700_000_000,
        ("e" * 40, "f" * 40),
        ("main", "contrib"),
        "Debian",
    ),
    LockedSource("https://own.example/", "./", "own", sha256(b"own"), 0, pin=-5),
)


def stanza(name: str, filename: str, **fields: str) -> dict[str, str]:
    """Return what a lock keeps of a package."""
    return {
        "Package": name,
        **{field.replace("_", "-"): value for field, value in fields.items()},
        "Version": "1:2.0~rc1-1",
        "Architecture": "amd64",
        "Installed-Size": "40",
        "Filename": filename,
        "Size": "4321",
        "SHA256": sha256(name.encode()).hex,
    }


def package(name: str, filename: str, places: tuple[tuple[int, str], ...], **fields: str) -> Package:
    """Return a package of the repositories of the lock."""
    origins = tuple(origin_in(SOURCES, number, component) for number, component in places)
    return package_from_stanza(stanza(name, filename, **fields), origin="test", origins=origins)


PACKAGES = (
    LockedPackage(
        package("base-files", "pool/b/base-files.deb", ((0, "main"),)),
        "http://archive.example/debian/pool/b/base-files.deb",
        "1" * 128,
        Reason("skeleton", "", "accounts, directories"),
        skeleton=True,
    ),
    LockedPackage(
        package("libgreet1", "pool/a b/libgreet1_1%3a2.deb", ((0, "main"), (1, "")), Source="greet (1.2)"),
        "http://archive.example/debian/pool/a%20b/libgreet1_1%253a2.deb",
        "2" * 128,
        Reason("Depends", "hello", "libgreet1 (>= 1) | libgreet0"),
    ),
    LockedPackage(
        package("hello", "hello.deb", ((1, ""),)),
        "https://own.example/hello.deb",
        "3" * 128,
        Reason("need", "/usr/bin/x: starts; with", "caf\udce9"),
        depends=("base-files", "libgreet1"),
    ),
    LockedPackage(
        package("own", "own_1.deb", ()),
        "file:own_1.deb",
        "4" * 128,
        Reason("requested", "", "own_1.deb"),
    ),
)

LOCK = Lock(
    request=BuildRequest(
        packages=("hello", "./my own.deb"),
        suite="bookworm",
        closure="full",
        with_packages=("tzdata",),
        recommends=True,
        preseed={"a/b": "line\nbreak", "c": ""},
        ids=IdMap({"www": 33}, {"www": 34}),
        recipe="greeting",
        entrypoint=(),
        command=("-c", "two words"),
        environment={"B": "1", "A": "ü"},
        user='"quoted"',
        labels={"x": "[1]"},
        layers=3,
        epoch=1_800_000_000,
        slim=True,
        keep=("/a*",),
    ),
    tool="0.1.0",
    suite="bookworm",
    architecture="amd64",
    distribution="debian",
    sources=SOURCES,
    packages=PACKAGES,
    cut=(CutEdge("hello", "Depends", "debconf (>= 0.5) | debconf-2.0", "asks questions"),),
    needs=(AddedNeed("dash", "/bin/sh", "usr/bin/greet", "starts with /bin/sh", ""),),
    roots=("hello", "own"),
    ids=IdMap({"www": 33, "hello": 100}, {"www": 34}),
    unmet=("/usr/bin/frob", " x"),
    recipe=LockedRecipe("greeting", sha256(b"recipe"), {"name": "greeting", "files": {"/x": {"mode": 5}}}),
    compressor="gzip:6:deflate/0.8.0:abcd",
)
