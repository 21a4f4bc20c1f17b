"""Which sources a suite stands for on which machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from pkg2image.archive.defaults import (
    HostFacts,
    Mirror,
    debian_architecture,
    default_sources,
    host_facts,
    host_sources,
)
from pkg2image.archive.distributions import DEBIAN, UBUNTU, distribution_of, release_of
from pkg2image.archive.sources import Source, parse_sources
from pkg2image.errors import RequestError

MIRROR = "http://archive.example/debian/"
SECURITY = "http://archive.example/debian-security/"
KEYRING = "signed-by=/usr/share/keyrings/debian-archive-keyring.gpg"
NOWHERE = HostFacts()


def host(*lines: str, **templates: Mirror) -> HostFacts:
    return HostFacts("amd64", parse_sources("\n".join(lines), origin="sources.list"), templates)


DEBIAN_HOST = host(
    f"deb [{KEYRING}] {MIRROR} bookworm main contrib",
    f"deb [{KEYRING}] {MIRROR} bookworm-updates main contrib",
    f"deb [{KEYRING}] {SECURITY} bookworm-security main contrib",
)
UBUNTU_HOST = host(
    "deb http://archive.example/ubuntu jammy main restricted universe",
    "deb http://archive.example/ubuntu jammy-updates main restricted universe",
    "deb http://security.example/ubuntu jammy-security main restricted universe",
)


def lines(suite: str, on: HostFacts, mirror: str | None = None) -> list[str]:
    """The default sources, one line each; a question mark after those that may be missing."""
    found = default_sources(suite, mirror=mirror, host=on)
    return [f"{each} {' '.join(each.components)}{' ?' if each.optional else ''}" for each in found.sources]


@pytest.mark.parametrize("suite", ["bookworm", "trixie", "stable", "testing", "oldstable"])
def test_a_debian_machine_gives_its_mirrors_for_every_debian_suite(suite: str) -> None:
    assert lines(suite, DEBIAN_HOST) == [
        f"{MIRROR} {suite} main",
        f"{MIRROR} {suite}-updates main",
        f"{SECURITY} {suite}-security main",
    ]
    assert default_sources(suite, mirror=None, host=DEBIAN_HOST).notes == ()


@pytest.mark.parametrize("suite", ["sid", "unstable", "experimental"])
def test_suites_without_updates(suite: str) -> None:
    assert lines(suite, DEBIAN_HOST) == [f"{MIRROR} {suite} main"]


def test_a_pocket_comes_on_top_of_its_release() -> None:
    assert lines("bookworm-backports", DEBIAN_HOST) == [
        f"{MIRROR} bookworm main",
        f"{MIRROR} bookworm-updates main",
        f"{SECURITY} bookworm-security main",
        f"{MIRROR} bookworm-backports main",
    ]
    assert lines("bookworm-security", DEBIAN_HOST) == lines("bookworm", DEBIAN_HOST)


def test_ubuntu_has_everything_on_one_mirror() -> None:
    assert lines("noble", UBUNTU_HOST) == [
        "http://archive.example/ubuntu/ noble main universe",
        "http://archive.example/ubuntu/ noble-updates main universe",
        "http://archive.example/ubuntu/ noble-security main universe",
    ]


@pytest.mark.parametrize(
    ("suite", "on"),
    [("bookworm", UBUNTU_HOST), ("jammy", DEBIAN_HOST), ("bookworm", NOWHERE)],
    ids=["debian on ubuntu", "ubuntu on debian", "an unknown machine"],
)
def test_another_distributions_mirror_is_not_taken(suite: str, on: HostFacts) -> None:
    with pytest.raises(RequestError, match=f"cannot choose a mirror for {suite}: ") as caught:
        default_sources(suite, mirror=None, host=on)
    assert "--mirror or PKG2IMAGE_MIRROR" in (caught.value.hint or "")


def test_templates_are_the_second_way() -> None:
    template = Mirror("http://template.example/debian/", "http://template.example/debian-security/")
    found = host("deb http://archive.example/ubuntu jammy main", debian=template)
    assert lines("trixie", found) == [
        "http://template.example/debian/ trixie main",
        "http://template.example/debian/ trixie-updates main",
        "http://template.example/debian-security/ trixie-security main",
    ]
    assert lines("noble", found)[0] == "http://archive.example/ubuntu/ noble main universe"


@pytest.mark.parametrize("mirror", ["http://other.example/debian", "http://other.example/debian/"])
def test_the_users_mirror_wins_and_its_security_archive_is_looked_for_beside_it(mirror: str) -> None:
    assert lines("bookworm", DEBIAN_HOST, mirror) == [
        "http://other.example/debian/ bookworm main",
        "http://other.example/debian/ bookworm-updates main",
        "http://other.example/debian-security/ bookworm-security main ?",
    ]


def test_what_the_host_knows_of_the_users_mirror_holds() -> None:
    assert lines("trixie", DEBIAN_HOST, MIRROR.rstrip("/"))[2] == f"{SECURITY} trixie-security main"


def test_a_missing_security_archive_is_said() -> None:
    found = default_sources("bookworm", mirror="file:/srv/mirror", host=DEBIAN_HOST)
    assert [source.suite for source in found.sources] == ["bookworm", "bookworm-updates"]
    [note] = found.notes
    assert note.startswith("no security updates: ")
    assert "--source 'deb URI bookworm-security main'" in note


@pytest.mark.parametrize(
    "line",
    [
        "deb http://browser.example/chrome/deb/ stable main",
        "deb [signed-by=/usr/share/keyrings/own.gpg] http://third.example/x/ stable main",
        "deb http://third.example/debian/ bookworm stable",
        "deb [trusted=yes] http://third.example/debian/ bookworm main",
        "deb http://third.example/debian/ bookworm-pgdg main",
        "deb http://third.example/debian/ ./",
    ],
)
def test_third_parties_are_not_taken_for_the_distribution(line: str) -> None:
    with pytest.raises(RequestError, match="cannot choose a mirror for stable"):
        default_sources("stable", mirror=None, host=host(line))
    both = HostFacts("amd64", (*host(line).sources, *DEBIAN_HOST.sources))
    assert lines("stable", both)[0] == f"{MIRROR} stable main"


def test_the_hosts_own_keys_of_its_own_mirror_are_kept() -> None:
    own = host(f"deb [signed-by=/etc/apt/keyrings/house.gpg] {MIRROR} bookworm main")
    assert {source.signed_by for source in default_sources("trixie", mirror=None, host=own).sources} == {
        (Path("/etc/apt/keyrings/house.gpg"),)
    }
    assert {source.signed_by for source in default_sources("trixie", mirror=None, host=DEBIAN_HOST).sources} == {()}


def test_a_suite_of_the_hosts_sources_needs_no_table() -> None:
    on = host("deb http://archive.example/kali kali-rolling main", "deb http://archive.example/x other main")
    assert lines("kali-rolling", on) == ["http://archive.example/kali/ kali-rolling main"]


def test_an_unknown_suite_on_a_mirror_is_read_alone() -> None:
    found = default_sources("kali-rolling", mirror="http://archive.example/kali", host=NOWHERE)
    assert found.sources == (Source("http://archive.example/kali/", "kali-rolling", ("main",)),)
    assert "nothing is known about the suite kali-rolling" in found.notes[0]


def test_an_unknown_suite_is_an_error_that_lists_the_known_ones() -> None:
    with pytest.raises(RequestError, match="cannot choose the sources of bokworm") as caught:
        default_sources("bokworm", mirror=None, host=DEBIAN_HOST)
    assert "bookworm" in (caught.value.hint or "")


@pytest.mark.parametrize("mirror", ["/srv/debian", "ftp://archive.example/debian", "http://", "http://x/ y z"])
@pytest.mark.parametrize("suite", ["bookworm", "unheard-of"])
def test_a_mirror_that_is_none(mirror: str, suite: str) -> None:
    with pytest.raises(RequestError, match="--mirror"):
        default_sources(suite, mirror=mirror, host=DEBIAN_HOST)


def test_facts_are_read_below_a_root(tmp_path: Path) -> None:
    parts = tmp_path / "etc/apt/sources.list.d"
    parts.mkdir(parents=True)
    (tmp_path / "etc/apt/sources.list").write_text(f"deb cdrom:[x]/ bookworm main\ndeb {MIRROR} bookworm main\n")
    (parts / "b.list").write_text("deb http://b.example/ bookworm main\n")
    (parts / "a.sources").write_text(
        "Types: deb\nURIs: http://a.example/\nSuites: bookworm bookworm-updates\nComponents: main\n"
    )
    (parts / "c.list.save").write_text("deb http://c.example/ bookworm main\n")
    (parts / "d.list").mkdir()
    templates = tmp_path / "usr/share/python-apt/templates"
    templates.mkdir(parents=True)
    (templates / "Ubuntu.info").write_text(
        "ChangelogURI: http://never.example/\n\n"
        "Suite: devel\nRepositoryType: deb\nBaseURI: http://ports.example/ubuntu-ports/\n"
        "BaseURI-amd64: http://archive.example/ubuntu\nDescription: later\n\n"
        "Suite: devel\nRepositoryType: deb-src\nBaseURI: http://sources.example/ubuntu/\n\n"
        "Suite: devel-security\nRepositoryType: deb\nBaseURI: http://security.example/ubuntu\n"
    )
    (templates / "List.info").write_text("Suite: x\nRepositoryType: deb\nBaseURI: mirror://archive.example/list.txt\n")
    (templates / "Empty.info").write_text("ChangelogURI: http://never.example/\n")
    (templates / "Ubuntu.mirrors").write_text("http://never.example/\n")
    facts = host_facts(tmp_path, machine="x86_64")
    assert [str(source) for source in facts.sources] == [
        f"{MIRROR} bookworm",
        "http://a.example/ bookworm",
        "http://a.example/ bookworm-updates",
        "http://b.example/ bookworm",
    ]
    assert facts.architecture == "amd64"
    assert facts.templates == {"ubuntu": Mirror("http://archive.example/ubuntu/", "http://security.example/ubuntu/")}
    assert host_facts(tmp_path, machine="aarch64").templates["ubuntu"].uri == "http://ports.example/ubuntu-ports/"


def test_a_machine_without_apt_says_nothing(tmp_path: Path) -> None:
    assert host_sources(tmp_path) == ()
    assert host_facts(tmp_path, machine="pdp11") == HostFacts()


@pytest.mark.parametrize(
    ("machine", "architecture"),
    [
        ("x86_64", "amd64"),
        ("aarch64", "arm64"),
        ("arm64", "arm64"),
        ("armv7l", "armhf"),
        ("ppc64le", "ppc64el"),
        ("vax", ""),
    ],
)
def test_architectures_of_machines(machine: str, architecture: str) -> None:
    assert debian_architecture(machine) == architecture


@pytest.mark.parametrize(
    ("suite", "release", "distribution"),
    [
        ("bookworm", "bookworm", DEBIAN),
        ("bookworm-updates", "bookworm", DEBIAN),
        ("bookworm-backports-sloppy", "bookworm", DEBIAN),
        ("bullseye/updates", "bullseye", DEBIAN),
        ("stable-security", "stable", DEBIAN),
        ("rc-buggy", "rc-buggy", DEBIAN),
        ("jammy-proposed", "jammy", UBUNTU),
        ("bookworm-pgdg", "bookworm-pgdg", None),
        ("./", "./", None),
    ],
)
def test_names_of_suites(suite: str, release: str, distribution: object) -> None:
    assert release_of(suite) == release
    assert distribution_of(suite) is distribution
