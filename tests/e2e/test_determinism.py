"""Equal requests give equal bytes, whoever builds where, how, with how many threads and beside whom."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.support.pythons import PYTHONS, python_instead
from tests.support.world import Archive, User, publish, sha256_of, write_keyring

FORMATS = ("oci", "docker", "aci", "rootfs")
SBOMS = ("spdx", "spdx3", "cyclonedx")
WORDS = (
    *("build", "hello", "oddly-named", "-q"),
    *(word for name in FORMATS for word in ("--format", name)),
    *(word for name in SBOMS for word in ("--sbom", name)),
    *("--env", "B=1", "--env", "A=2", "--label", "b=1", "--label", "a=2", "--port", "80", "--volume", "/data"),
)


@pytest.fixture(scope="module")
def house() -> Iterator[Path]:
    """A directory that everybody may enter."""
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        place.chmod(0o777)
        yield place


@pytest.fixture(scope="module")
def archive(house: Path) -> Archive:
    return publish(house / "archive")


def hashes(directory: Path) -> Mapping[str, str]:
    """Return the name and hash of every file in a directory."""
    return {path.name: sha256_of(path) for path in sorted(directory.iterdir())}


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory, archive: Archive) -> Mapping[str, str]:
    """What a user without any peculiarity gets."""
    user = User(tmp_path_factory.mktemp("plain"), archive)
    assert user.run(*WORDS, "--lock", "lock", "-o", "out").code == 0
    found = hashes(user.work / "out")
    assert len(found) == len(FORMATS) + len(SBOMS)
    return {**found, "lock": sha256_of(user.work / "lock")}


@dataclass(frozen=True)
class Circumstance:
    """What must not matter.

    Args:
        name: In one word or two.
        words: More words for the command line.
        environment: More variables; None takes one away, ``{home}`` is the home of the user.
        umask: Of the process.
        wrapper: A command that runs the program.
        elsewhere: Whether the working directory is another one.
        python: Release of another Python; empty for the one that the tests run with.
    """

    name: str
    words: tuple[str, ...] = ()
    environment: Mapping[str, str | None] = field(default_factory=dict)
    umask: int = 0o022
    wrapper: tuple[str, ...] = ()
    elsewhere: bool = False
    python: str = ""


CIRCUMSTANCES = [
    Circumstance("narrow umask", umask=0o077),
    Circumstance("no umask", umask=0),
    Circumstance("time zone", environment={"TZ": "Asia/Kathmandu"}),
    Circumstance("C locale", environment={"LC_ALL": "C", "LANG": "C"}),
    Circumstance("Turkish locale", environment={"LC_ALL": "tr_TR.UTF-8", "PYTHONUTF8": "0"}),
    Circumstance("Latin-1", environment={"LC_ALL": "de_DE.ISO-8859-1", "PYTHONIOENCODING": "latin-1"}),
    Circumstance("hash seed 0", environment={"PYTHONHASHSEED": "0"}),
    Circumstance("hash seed 1", environment={"PYTHONHASHSEED": "1"}),
    Circumstance("optimized", environment={"PYTHONOPTIMIZE": "1"}),
    Circumstance("optimized twice", environment={"PYTHONOPTIMIZE": "2"}),
    *(Circumstance(f"Python {release}", python=release) for release in PYTHONS),
    Circumstance("no stdin", wrapper=("sh", "-c", 'exec "$@" <&-', "sh")),
    Circumstance("one job", words=("--jobs", "1")),
    Circumstance("two jobs", words=("--jobs", "2")),
    Circumstance("sixteen jobs", words=("--jobs", "16")),
    Circumstance("other TMPDIR", environment={"TMPDIR": "{home}"}),
    Circumstance("no HOME", environment={"HOME": None}),
    Circumstance("other directory", elsewhere=True),
    Circumstance("verbose", words=("--progress", "plain", "-v")),
    Circumstance(
        "everything at once",
        words=("--jobs", "3"),
        environment={"TZ": "America/St_Johns", "LC_ALL": "C", "PYTHONHASHSEED": "42", "TMPDIR": "{home}"},
        umask=0o027,
        elsewhere=True,
    ),
]


def build(user: User, circumstance: Circumstance) -> Mapping[str, str]:
    """Build under a circumstance with what is in the user's store."""
    environment = {
        name: value.format(home=user.home) if value is not None else None
        for name, value in circumstance.environment.items()
    }
    output, lock = user.home / "out", user.home / "lock"
    shutil.rmtree(output, ignore_errors=True)
    lock.unlink(missing_ok=True)
    done = user.run(
        *(*WORDS, *circumstance.words, "-o", str(output), "--lock", str(lock)),
        environment=environment,
        work=Path("/") if circumstance.elsewhere else None,
        wrapper=(*circumstance.wrapper, *(python_instead(circumstance.python) if circumstance.python else ())),
        before=lambda: os.umask(circumstance.umask),
    )
    assert done.code == 0, done.err
    assert {path.stat().st_mode & 0o777 for path in output.iterdir()} == {0o644}
    return {**hashes(output), "lock": sha256_of(lock)}


@pytest.mark.parametrize("circumstance", CIRCUMSTANCES, ids=lambda each: each.name)
def test_circumstances_do_not_matter(
    tmp_path: Path, archive: Archive, expected: Mapping[str, str], circumstance: Circumstance
) -> None:
    assert build(User(tmp_path / "home", archive), circumstance) == expected


@pytest.mark.parametrize("compression", ["gzip", "none"])
def test_the_number_of_jobs_does_not_matter(tmp_path: Path, archive: Archive, compression: str) -> None:
    found = []
    for jobs in ("1", "2", "8"):
        user = User(tmp_path / jobs, archive)
        formats = ("--format", "oci", "--format", "rootfs")
        done = user.run("build", "huge", "bulky", *formats, "--compression", compression, "--jobs", jobs, "-o", "out")
        assert done.code == 0, done.err
        found.append(hashes(user.work / "out"))
    assert found[0] == found[1] == found[2]


def test_a_warm_store_does_not_matter(tmp_path: Path, archive: Archive, expected: Mapping[str, str]) -> None:
    user = User(tmp_path / "home", archive)
    assert user.run("build", "libgreet1", "-q", "-o", "partly.tar").code == 0
    assert build(user, Circumstance("partly warm")) == expected
    assert build(user, Circumstance("warm")) == expected
    assert build(user, Circumstance("offline", words=("--offline",))) == expected


def test_the_user_does_not_matter(house: Path, archive: Archive, expected: Mapping[str, str]) -> None:
    keyring = write_keyring(house / "key.gpg")
    keyring.chmod(0o644)
    user = User(house / "stranger", Archive(archive.uri, keyring))
    wrapper: tuple[str, ...] = ()
    if os.geteuid() == 0:
        for path in (user.home, user.work):
            os.chown(path, 65534, 65534)
        wrapper = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
    assert build(user, Circumstance("nobody", wrapper=wrapper)) == expected
    assert {path.stat().st_uid for path in (user.home / "out").iterdir()} == {65534 if wrapper else os.geteuid()}


def test_odd_names_of_directories_do_not_matter(tmp_path: Path, archive: Archive, expected: Mapping[str, str]) -> None:
    user = User(tmp_path / "a b \udce9 $(c) 'd'", archive)
    assert build(user, Circumstance("odd names")) == expected


@pytest.mark.parametrize(("now", "without"), [(631152000, 6), (2114380800, 0)], ids=["1990", "2037"])
def test_the_clock_does_not_matter_to_a_lock(
    tmp_path: Path, archive: Archive, expected: Mapping[str, str], now: int, without: int
) -> None:
    """Without a lock it does: a Release from the future is refused."""
    user = User(tmp_path / "home", archive)
    lock = user.home / "kept"
    assert user.run(*WORDS, "--lock", str(lock), "-o", "first").code == 0
    shutil.rmtree(user.store)
    clock = f"import time; time.time = lambda: {now}.0; import runpy, sys; del sys.argv[1:3]; "
    program = f"{clock}runpy.run_module('pkg2image', run_name='__main__', alter_sys=True)"
    script = 'python=$1; program=$2; shift 5; exec "$python" -c "$program" - - "$@"'
    wrapper = ("sh", "-c", script, "sh", sys.executable, program)
    done = user.run(*WORDS, "--lock", str(lock), "--frozen", "-o", "out", wrapper=wrapper)
    assert done.code == 0, done.err
    assert {**hashes(user.work / "out"), "lock": sha256_of(lock)} == expected
    assert user.run(*WORDS, "-o", "unlocked", wrapper=wrapper).code == without


def test_the_path_of_a_package_file_does_not_matter(tmp_path: Path, archive: Archive) -> None:
    source = next((Path(archive.uri.removeprefix("file:")) / "pool/main/h/hello").glob("*_2.10-3_amd64.deb"))
    found = []
    for place in ("here", "there/and/further"):
        user = User(tmp_path / place, archive)
        package = user.home / source.name
        shutil.copyfile(source, package)
        done = user.run("build", str(package), *WORDS[2:], "-o", "out")
        assert done.code == 0, done.err
        found.append(hashes(user.work / "out"))
    assert found[0] == found[1]


def test_another_mirror_of_the_same_packages_changes_only_what_says_so(tmp_path: Path, archive: Archive) -> None:
    layers = []
    for name in ("one", "two"):
        user = User(tmp_path / name, publish(tmp_path / f"mirror-{name}"))
        document = user.run("build", "hello", "-o", "image.tar", "--json").json
        assert document[0]["packages"] == 6
        layers.append([layer["diff_id"] for layer in user.run("inspect", "image.tar", "--json").json["layers"]])
    assert layers[0][:-1] == layers[1][:-1]
    assert layers[0][-1] != layers[1][-1]


def test_four_builds_at_once_on_one_store(tmp_path: Path, archive: Archive, expected: Mapping[str, str]) -> None:
    user = User(tmp_path / "home", archive)
    outputs = [user.work / str(number) for number in range(4)]
    processes = [
        subprocess.Popen(
            user.command(*WORDS, "-o", str(output)),
            env=user.environment,
            cwd=user.work,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        for output in outputs
    ]
    errors = [process.communicate(timeout=120)[1] for process in processes]
    assert [(process.returncode, error) for process, error in zip(processes, errors, strict=True)] == [(0, "")] * 4
    files = {name: digest for name, digest in expected.items() if name != "lock"}
    assert [hashes(output) for output in outputs] == [files] * 4
    assert user.run("cache", "info", "--json").json["temporary"]["count"] == 0
