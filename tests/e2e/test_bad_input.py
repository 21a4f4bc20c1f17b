"""Bad input, a bad world and bad moments: what is said, that nothing is left behind, and that the next run succeeds."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from pkg2image.image.read import read_image
from tests.support.debs import CONTROL, build_deb, reg
from tests.support.httpd import Answer, serve
from tests.support.keys import SigningKey, signing_key
from tests.support.world import DATE, Archive, User, publish, release, rendered, suites, write_keyring

Files = dict[str, bytes]
FAR_FUTURE = 4_000_000_000
INRELEASE = "dists/bookworm/InRelease"
PAGE = b"<html><body>Please log in</body></html>"


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Archive:
    return publish(tmp_path_factory.mktemp("distribution") / "archive")


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory, archive: Archive) -> User:
    """A user for whom all goes well; their store is warm."""
    user = User(tmp_path_factory.mktemp("good"), archive)
    assert user.run("build", "hello", "bulky", "-q").code == 0
    return user


@pytest.fixture
def user(tmp_path: Path, archive: Archive, good: User) -> User:
    """Somebody with an empty home and the store of the one for whom all goes well."""
    return User(tmp_path / "home", archive, {"XDG_CACHE_HOME": good.environment["XDG_CACHE_HOME"]})


@pytest.fixture
def newcomer(tmp_path: Path, archive: Archive) -> User:
    """Somebody who has nothing yet."""
    return User(tmp_path / "newcomer", archive)


# Requests that cannot be granted


@dataclass(frozen=True)
class Refusal:
    """What is asked for, and what is said to it.

    Args:
        words: The command line.
        code: The exit code.
        error: In the message.
        hint: In the hint.
        told: Somewhere between them.
    """

    words: str
    code: int
    error: str
    hint: str = ""
    told: tuple[str, ...] = ()


@pytest.mark.parametrize(
    "case",
    [
        Refusal("build", 2, "cannot build nothing: no package is named", "pkg2image postgresql"),
        Refusal("hello --bogus", 2, "no such option", "pkg2image build --help"),
        Refusal("hello --format iso", 2, "'iso' is not one of 'oci'", "pkg2image build --help"),
        Refusal("hello --layers 0", 2, "0 is not in the range", "pkg2image build --help"),
        Refusal("hello --env GREETING", 2, "'GREETING' is not NAME=VALUE", "pkg2image build --help"),
        Refusal("hello --entrypoint 'a", 2, "No closing quotation", "pkg2image build --help"),
        Refusal("why hello", 2, "packages and a name are needed", "pkg2image why postgresql"),
        Refusal("cache", 2, "missing command", "pkg2image cache --help"),
        Refusal("cache prune --keep much", 2, "cannot use the size 'much'", "--keep 2G"),
        Refusal("completion tcsh", 2, "'tcsh' is not one of", "pkg2image completion --help"),
        Refusal("helo", 3, "cannot install helo: no such package", "did you mean hello"),
        Refusal("hello --without helo", 3, "cannot leave out helo: no such package", "did you mean hello"),
        Refusal("mail-transport-agent", 3, "a virtual package provided by exim4 and nullmailer", "for example exim4"),
        Refusal("hello=9*", 3, "not available in version 9*; available: 2.10-3 (bookworm)", "hello=2.10-3"),
        Refusal("hello/sid", 3, "not available in the suite sid", "hello=2.10-3"),
        Refusal("hello:i386", 3, "the image is made for amd64", "--arch i386"),
        Refusal("HELLO", 3, "cannot read the package 'HELLO'", "in lower case"),
        Refusal("hello-", 3, "cannot make an image of nothing: hello- only leaves packages out", "name a package"),
        Refusal("hello hello-", 3, "the request also leaves it out", "drop either"),
        Refusal("hello --arch vax", 3, "cannot make an image for vax", "use one of amd64"),
        Refusal("hello --arch riscv64", 3, "it has no packages for this architecture", "it offers amd64, arm64"),
        Refusal("hello --arch riscv64 --format aci", 3, "cannot make an ACI for riscv64", "use --format oci"),
        Refusal("hello --format aci --compression zstd", 3, "zstd", ""),
        Refusal("hello --compression lzma", 3, "cannot compress with 'lzma': choose one of gzip", ""),
        Refusal("hello --port 70000", 3, "cannot use the port '70000'", "--port 8080"),
        Refusal("hello --volume data", 3, "cannot use the volume 'data'", "/srv"),
        Refusal("hello --workdir ../x", 3, "cannot use the working directory", "/srv"),
        Refusal("hello --user ghost", 3, "cannot start the image as 'ghost': it has no user 'ghost'", "or a number"),
        Refusal("hello --tag Not:A:Tag", 3, "cannot name the image", "lower-case"),
        Refusal("hello --recipe nope", 3, "cannot find recipe nope", "write a path"),
        Refusal("hello --recipe ./nope.yaml", 3, "cannot read recipe nope.yaml: No such file", ""),
        Refusal("build -f nope.yaml", 3, "cannot read the image file nope.yaml: No such file", "-f"),
        Refusal("./nope.deb", 3, "cannot read the package file nope.deb: No such file", ".deb is a file"),
        Refusal("hello --source nope.sources", 3, "cannot read the source nope.sources", "deb URL SUITE"),
        Refusal("hello --suite nope", 3, "cannot choose the sources of nope", "known are"),
        Refusal("recipes show nope", 3, "cannot show the recipe 'nope'", "nginx"),
        Refusal("inspect nope.tar", 3, "cannot read the image nope.tar", ""),
        Refusal(
            "quarrel hello",
            4,
            "cannot resolve quarrel, hello: quarrel and hello exclude each other",
            "leave out hello",
            ("quarrel 1 is requested", "hello 2.10-3 is requested", "quarrel 1 conflicts with hello"),
        ),
        Refusal(
            "ghostly",
            4,
            "haunted needs no-such-thing (>= 2), which does not exist",
            "add a source that has no-such-thing",
            ("ghostly 1 is requested", "ghostly 1 depends on haunted"),
        ),
        Refusal("hello --offline --state-dir new --cache-dir new", 5, "offline: it was never downloaded", "--offline"),
        Refusal("garbage", 7, "cannot read garbage 1: it is not a Debian package", "another version"),
        Refusal("truncated", 7, "cannot read truncated 1: data.tar.zst: it is cut off", "another version"),
        Refusal("impostor", 7, "cannot read impostor 1: the field Version is '2'", "another version"),
        Refusal("escaping", 7, "its name has the component '..'", "another version"),
        Refusal("clash hello", 8, "/usr/bin/hello is also in clash", "--without clash"),
    ],
    ids=lambda case: case.words,
)
def test_a_request_is_refused(user: User, case: Refusal) -> None:
    words = case.words.split(" ")
    if "--suite" in words:
        user.archive = None
    if words[0] == "hello" and "'a" in words:
        words = ["hello", "--entrypoint", "'a"]
    done = user.run(*words)
    assert done.code == case.code, done.err
    assert case.error in done.error
    assert case.hint in done.hint
    assert all(f"\n  {line}\n" in done.err for line in case.told)
    user.assert_tidy()


def test_nothing_is_written_when_one_of_several_images_cannot_be_made(user: User) -> None:
    formats = ("--format", "oci", "--format", "docker")
    for words in (["hello", "--arch", "amd64", "--arch", "riscv64"], ["garbage", *formats, "-o", "out"]):
        assert user.run(*words).code in {3, 7}
        user.assert_tidy()


def test_errors_do_not_mix_with_json(user: User) -> None:
    for words in (["plan", "helo", "--json"], ["helo", "--json"], ["inspect", "nope", "--json"]):
        done = user.run(*words)
        assert (done.code, done.out) == (3, "")
        assert done.error.startswith("cannot ")


def test_a_hostile_name_does_not_drive_the_terminal(user: User) -> None:
    done = user.run("inspect", "\x1b[31mred")
    assert "\x1b" not in done.err
    assert "\\x1b[31mred" in done.error


# Mirrors that lie, and keys that do not fit


def _altered(data: bytes) -> bytes:
    """Return the bytes with one changed in the middle."""
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]


def _pool(change: Callable[[bytes], bytes]) -> Callable[[Files], Files]:
    """Return a mirror on which all packages were changed."""
    return lambda files: {path: change(data) if path.startswith("pool/") else data for path, data in files.items()}


def _indexes(change: Callable[[bytes], bytes]) -> Callable[[Files], Files]:
    return lambda files: {path: change(data) if "/main/binary-" in path else data for path, data in files.items()}


def _inrelease(change: Callable[[bytes], bytes]) -> Callable[[Files], Files]:
    return lambda files: files | {INRELEASE: change(files[INRELEASE])}


def _bookworm(**changes: object) -> Callable[[Files], Files]:
    """Return a mirror whose bookworm says something else about itself."""
    return lambda files: files | release(suites()[0], **changes)


OTHER = signing_key("somebody else")


@dataclass(frozen=True)
class Lie:
    """A mirror that is not what it should be.

    Args:
        name: What is wrong.
        mirror: Makes it of a good one.
        code: The exit code.
        error: In the message.
        hint: In the hint.
        key: What the user's keyring holds.
    """

    name: str
    mirror: Callable[[Files], Files]
    code: int
    error: str
    hint: str = "mirror"
    key: SigningKey | None = None


LIES = [
    Lie("altered package", _pool(_altered), 6, "its sha256 is"),
    Lie("longer package", _pool(lambda data: data + b"more"), 6, "bytes long, expected"),
    Lie("shorter package", _pool(lambda data: data[:-10]), 6, "bytes long, expected"),
    Lie("empty package", _pool(lambda _data: b""), 6, "it is 0 bytes long"),
    Lie("page for a package", _pool(lambda _data: PAGE), 6, f"it is {len(PAGE)} bytes long"),
    Lie(
        "no packages", lambda files: {p: d for p, d in files.items() if p[:4] != "pool"}, 5, "any more", "run the build"
    ),
    Lie("altered index", _indexes(_altered), 6, "its sha256 is"),
    Lie("page for an index", _indexes(lambda _data: PAGE), 6, f"it is {len(PAGE)} bytes long"),
    Lie("page for the release", _inrelease(lambda _data: PAGE), 5, "a web page came instead", "login"),
    Lie("empty release", _inrelease(lambda _data: b""), 6, "sign", ""),
    Lie("altered release", _inrelease(lambda data: data.replace(b"amd64", b"arm64", 1)), 6, "sign", ""),
    Lie("unsigned release", _inrelease(lambda data: data.partition(b"\n\n")[2]), 6, "sign", ""),
    Lie(
        "swapped suite",
        lambda files: files | {INRELEASE: files["dists/bookworm-backports/InRelease"]},
        6,
        "bookworm-backports",
    ),
    Lie("no such suite", lambda _files: {}, 3, "there is neither InRelease nor Release", ""),
    Lie("expired release", _bookworm(valid_until=DATE + 1), 6, "expired"),
    Lie("release from the future", _bookworm(date=FAR_FUTURE), 6, "days ahead", "clock"),
    Lie("signed by somebody else", _bookworm(keys=(OTHER,)), 6, "sign", "key"),
    Lie("keyring of somebody else", lambda files: files, 6, "sign", "key", OTHER),
]


@pytest.mark.parametrize("lie", LIES, ids=lambda lie: lie.name)
def test_a_mirror_is_not_believed(tmp_path: Path, good: User, lie: Lie) -> None:
    files = lie.mirror(dict(rendered()))
    user = User(tmp_path / "home", publish(tmp_path / "mirror", files, key=lie.key))
    done = user.run("build", "hello")
    assert done.code == lie.code, done.err
    assert lie.error in done.error
    assert lie.hint in done.hint
    user.assert_tidy()
    publish(tmp_path / "mirror")
    assert user.run("build", "hello", "-q").digests == _digests(good, tmp_path, user)


def _digests(good: User, directory: Path, user: User) -> list[str]:
    """Return what somebody for whom all goes well gets from the same mirror."""
    assert user.archive is not None
    happy = User(directory / "happy", user.archive, {"XDG_CACHE_HOME": good.environment["XDG_CACHE_HOME"]})
    return happy.run("build", "hello", "-q").digests


def test_a_mirror_that_goes_back_in_time_is_not_believed(tmp_path: Path) -> None:
    newer = _bookworm(date=DATE + 1000)(dict(rendered()))
    user = User(tmp_path / "home", publish(tmp_path / "mirror", newer))
    before = user.run("build", "hello", "-q", "--sbom", "none", "-o", "before.tar").digests
    (user.work / "before.tar").unlink()
    publish(tmp_path / "mirror")
    done = user.run("build", "hello")
    assert done.code == 6
    assert "older" in done.error
    assert "mirror" in done.hint
    user.assert_tidy()
    publish(tmp_path / "mirror", newer)
    assert user.run("build", "hello", "-q").digests == before


@pytest.mark.parametrize(
    ("signed_by", "code", "error"),
    [
        ("", 6, "sign"),
        ("/nonexistent/key.gpg", 3, "/nonexistent/key.gpg"),
        ("{home}/empty.gpg", 3, "empty.gpg"),
        ("{home}/text.gpg", 3, "text.gpg"),
    ],
    ids=["keys of the distribution", "missing keyring", "empty keyring", "no keyring"],
)
def test_keys_that_do_not_fit(user: User, signed_by: str, code: int, error: str) -> None:
    assert user.archive is not None
    (user.home / "empty.gpg").write_bytes(b"")
    (user.home / "text.gpg").write_bytes(b"my favourite key")
    source = user.archive.source(Signed_By=signed_by.format(home=user.home))
    done = user.run("build", "hello", "--source", source)
    assert done.code == code, done.err
    assert error in done.error
    assert done.hint
    user.assert_tidy()


def test_a_web_server_that_sends_pages(tmp_path: Path, newcomer: User) -> None:
    page = Answer(body=PAGE, headers={"Content-Type": "text/html"})
    package = next(path for path in rendered() if path.endswith("hello_2.10-3_amd64.deb"))
    keyring = write_keyring(tmp_path / "key.gpg")
    with serve(rendered(), {package: [page, page]}) as server:
        newcomer.archive = Archive(server.url, keyring)
        done = newcomer.run("build", "hello")
        assert done.code == 6, done.err
        assert f"cannot trust {server.url}{package}: it is {len(PAGE)} bytes long" in done.error
        assert "login" in done.hint
        newcomer.assert_tidy()
        assert newcomer.run("build", "hello", "-q").code == 0


def test_a_mirror_that_cannot_be_reached(newcomer: User, tmp_path: Path) -> None:
    with serve({}) as server:
        url = server.url
    newcomer.archive = Archive(url, write_keyring(tmp_path / "key.gpg"))
    done = newcomer.run("build", "hello")
    assert done.code == 5
    assert url in done.error
    assert done.hint
    newcomer.assert_tidy()


# Package files of the user


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", "the file does not start with"),
        (b"!<arch>\n", "debian-binary"),
        (build_deb(CONTROL, [reg("etc/x", b"x")])[:-300], "cut off"),
        (build_deb({"Package": "sample", "Version": "1"}, []), "architecture"),
        (build_deb(CONTROL | {"Package": "../x"}, []), "../x"),
        (build_deb(CONTROL | {"Version": "1 or 2"}, []), "1 or 2"),
    ],
    ids=["empty", "nothing inside", "cut off", "no architecture", "no name", "no version"],
)
def test_a_package_file_is_no_good(user: User, data: bytes, error: str) -> None:
    package = user.home / "sample.deb"
    package.write_bytes(data)
    done = user.run("build", str(package))
    assert done.code == 7, done.err
    assert error.lower() in done.error.lower()
    assert done.hint
    user.assert_tidy()


def test_a_package_file_for_another_machine(user: User) -> None:
    package = user.home / "sample.deb"
    package.write_bytes(build_deb(CONTROL | {"Architecture": "arm64"}, []))
    done = user.run("build", str(package))
    assert (done.code, done.error) == (3, f"cannot use the package {package}: it is for arm64, not for amd64")


# Places that cannot be written


@dataclass(frozen=True)
class Place:
    """An output that cannot be.

    Args:
        words: Where to.
        error: In the message.
        make: Puts something in the way.
        code: The exit code.
    """

    words: str
    error: str
    make: Callable[[Path], object] = lambda _work: None
    code: int = 9


def _text(name: str) -> Callable[[Path], object]:
    return lambda work: (work / name).write_text("a letter")


def _full_directory(name: str) -> Callable[[Path], object]:
    def make(work: Path) -> None:
        (work / name).mkdir()
        (work / name / "letter").write_text("a letter")

    return make


@pytest.mark.parametrize(
    "place",
    [
        Place("-o taken", "it exists and is not an image made by pkg2image", _text("taken")),
        Place("", "cannot write hello.oci.tar: it exists and is not an image", _text("hello.oci.tar")),
        Place("-o taken --format dir", "it exists and is not a directory", _text("taken")),
        Place("-o taken --format dir", "it is not empty and was not made by pkg2image", _full_directory("taken")),
        Place("-o taken --format dir --force", "it is not empty and was not made", _full_directory("taken")),
        Place("-o taken --format oci --format aci", "taken is not a directory", _text("taken")),
        Place("-o taken/hello.tar", "taken is not a directory", _text("taken")),
        Place("-o missing/hello.tar", "missing is not a directory"),
        Place("-o missing/out --format oci --format aci", "missing is not a directory"),
        Place("-o pipe", "it is not a regular file", lambda work: os.mkfifo(work / "pipe")),
        Place("-o taken/x", "it is a directory", lambda work: (work / "taken/x/hello.oci.tar").mkdir(parents=True)),
        Place("--cache-dir taken", "taken", _text("taken")),
        Place("--state-dir taken", "taken", _text("taken")),
    ],
    ids=lambda place: f"{place.words}: {place.error}",
)
def test_something_lies_in_the_way(user: User, place: Place) -> None:
    place.make(user.work)
    before = _listing(user.work)
    done = user.run("build", "hello", *place.words.split())
    assert done.code == place.code, done.err
    assert place.error in done.error
    assert done.hint
    assert _listing(user.work) == before


def _listing(directory: Path) -> Mapping[str, bytes | None]:
    return {str(path): path.read_bytes() if path.is_file() else None for path in directory.rglob("*")}


@pytest.fixture
def open_house(archive: Archive) -> Iterator[User]:
    """A user whose directory others may enter; pytest's own are closed to them."""
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        place.chmod(0o755)
        assert archive.uri.startswith("file:")
        shutil.copytree(archive.uri.removeprefix("file:"), place / "archive")
        user = User(place / "home", Archive(f"file:{place}/archive/", write_keyring(place / "archive.gpg")))
        yield user
        user.home.chmod(0o755)


def _as_stranger(user: User, number: int = 65534) -> list[str]:
    """Return the wrapper that runs a command without root's rights, for whom this home cannot be written."""
    if os.geteuid() == 0:
        return ["setpriv", f"--reuid={number}", f"--regid={number}", "--clear-groups"]
    user.home.chmod(0o555)
    return []


@pytest.mark.parametrize("missing", [["XDG_CACHE_HOME"], ["XDG_STATE_HOME"]], ids=["store", "state"])
def test_a_home_that_cannot_be_written(
    open_house: User, tmp_path_factory: pytest.TempPathFactory, missing: list[str]
) -> None:
    with tempfile.TemporaryDirectory() as writable:
        Path(writable).chmod(0o777)
        environment: dict[str, str | None] = {
            "XDG_CACHE_HOME": f"{writable}/cache",
            "XDG_STATE_HOME": f"{writable}/state",
            **dict.fromkeys(missing),
        }
        words = ("build", "hello", "-o", f"{writable}/hello.tar")
        wrapper = _as_stranger(open_house)
        done = open_house.run(*words, environment=environment, wrapper=wrapper)
        assert done.code == 9, done.err
        assert str(open_house.home) in done.error
        assert "ermission denied" in done.error
        assert "_DIR" in done.hint or "-dir" in done.hint
        assert not Path(writable, "hello.tar").exists()
        given = {name: f"{writable}/{name}" for name in missing}
        assert open_house.run(*words, environment=environment | given, wrapper=wrapper).code == 0


def test_no_home_at_all(open_house: User) -> None:
    nobody = {"HOME": None, "XDG_CACHE_HOME": None, "XDG_STATE_HOME": None}
    with tempfile.TemporaryDirectory() as writable:
        Path(writable).chmod(0o777)
        output = f"{writable}/hello.tar"
        if os.geteuid() == 0:  # everybody who is in the list of users has a home there
            wrapper = _as_stranger(open_house, 54321)
            done = open_house.run("build", "hello", "-o", output, environment=nobody, wrapper=wrapper)
            assert done.code == 9, done.err
            assert "no home directory is known" in done.error
            assert "--cache-dir" in done.hint
            assert not Path(output).exists()
        done = open_house.run(
            *("build", "hello", "-o", output, "--cache-dir", f"{writable}/cache", "--state-dir", f"{writable}/state"),
            environment=nobody,
            wrapper=_as_stranger(open_house, 54321),
        )
        assert done.code == 0, done.err


@pytest.fixture
def full_disk(tmp_path: Path) -> tuple[Path, list[str], Callable[[], None] | None]:
    """A directory on a disk of one megabyte, for a command under a wrapper.

    Where this process may not make file systems, no file may be larger than that.
    """
    place = tmp_path / "disk"
    place.mkdir()
    wrapper = ["unshare", "--mount", *([] if os.geteuid() == 0 else ["--map-root-user"])]
    mount = f"mount -t tmpfs -o size=1m tmpfs {place}"
    if subprocess.run([*wrapper, "sh", "-c", mount], check=False, capture_output=True).returncode == 0:
        return (
            place,
            [*wrapper, "sh", "-c", f'{mount} && "$@"; code=$?; find {place} -name ".*" -ls; exit $code', "sh"],
            None,
        )
    return place, [], lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))


Disk = tuple[Path, list[str], Callable[[], None] | None]


@pytest.mark.parametrize("file_format", ["oci", "docker", "aci", "rootfs", "dir"])
def test_a_full_disk_below_the_output(user: User, good: User, full_disk: Disk, file_format: str) -> None:
    place, wrapper, before = full_disk
    words = ("build", "hello", "bulky", "--format", file_format, "-q")
    done = user.run(*words, "-o", str(place / "image"), wrapper=wrapper, before=before)
    assert done.code == 9, done.err
    assert f"cannot write {place / 'image'}" in done.error
    assert done.hint
    assert done.out == ""
    assert list(place.iterdir()) == []
    user.assert_tidy()
    assert user.run(*words, "-o", "image").code == 0


def test_a_full_disk_below_the_store(newcomer: User, good: User, full_disk: Disk) -> None:
    place, wrapper, before = full_disk
    words = ("build", "hello", "bulky", "-q")
    done = newcomer.run(*words, "--cache-dir", str(place), wrapper=wrapper, before=before)
    assert done.code == 9, done.err
    assert "cannot write" in done.error
    assert str(place) in done.error
    assert done.hint
    newcomer.assert_tidy()
    assert newcomer.run(*words, "--cache-dir", str(place)).digests == good.run(*words).digests


# A store that is not what it was


def test_a_damaged_store_heals(newcomer: User) -> None:
    words = ("build", "hello", "-q")
    whole = newcomer.run(*words).digests
    blobs = [path for path in newcomer.store.glob("blobs/sha256/*/*") if path.is_file()]
    for path in blobs:
        path.write_bytes(_altered(path.read_bytes()))
    codes = []
    while not codes or codes[-1] != 0:
        # One damaged blob may be found in each run; each is put aside, so that there is an end to it.
        (newcomer.work / "hello.oci.tar").unlink(missing_ok=True)
        done = newcomer.run(*words)
        codes.append(done.code)
        assert done.code == 0 or (done.code == 6 and "run the build again" in done.hint), done.err
        assert len(codes) <= len(blobs) + 1
    assert done.digests == whole


def test_damaged_records_are_made_again(newcomer: User) -> None:
    words = ("build", "hello", "-q")
    whole = newcomer.run(*words).digests
    for path in newcomer.store.glob("records/**/*"):
        if path.is_file():
            path.write_bytes(path.read_bytes()[:-1])
    assert newcomer.run(*words).digests == whole


def test_what_is_remembered_of_a_source_is_never_replaced_silently(user: User) -> None:
    assert user.run("build", "hello", "-q", "-o", "one.tar").code == 0
    (mark,) = (user.home / "state/pkg2image/releases").glob("*.json")
    mark.write_text("{}")
    done = user.run("build", "hello")
    assert done.code == 6
    assert str(mark) in done.error
    assert "remove the file" in done.hint
    mark.unlink()
    assert user.run("build", "hello", "-q").code == 0


# Interruptions

WORDS = ("build", "hello", "--format", "oci", "--format", "aci", "--format", "rootfs", "--format", "dir", "-o", "out")
MADE = ("hello.aci", "hello.dir", "hello.oci.tar", "hello.rootfs.tar.gz", "hello.spdx.json")
POINTS = 12


@pytest.fixture(scope="module")
def moments(tmp_path_factory: pytest.TempPathFactory, archive: Archive) -> tuple[int, list[str]]:
    """How often a cold build touches the file system, and what it makes."""
    user = User(tmp_path_factory.mktemp("counted"), archive)
    done = user.run(*WORDS)
    assert sorted(os.listdir(user.work / "out")) == list(MADE)  # noqa: PTH208 -- hidden ones too
    return done.moments, done.digests


@pytest.mark.parametrize("point", range(POINTS))
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=lambda number: number.name)
def test_interrupted_at_any_moment(
    newcomer: User, moments: tuple[int, list[str]], number: signal.Signals, point: int
) -> None:
    count, digests = moments
    # Every signal has moments of its own.
    offset = list(signal.Signals).index(number) % 7
    done = newcomer.struck(number, 1 + (count * (point * 7 + offset)) // (POINTS * 7), *WORDS)
    if number is signal.SIGKILL:
        assert (done.code, done.out) == (-signal.SIGKILL, "")
    else:
        assert done.code == 130, done.err
        assert done.error == "cannot finish: interrupted"
        assert "run it again" in done.hint
    _assert_whole(newcomer.work / "out", killed=number is signal.SIGKILL)
    assert newcomer.run(*WORDS).digests == digests


def _assert_whole(directory: Path, *, killed: bool) -> None:
    """Make sure that whatever is there is a whole output."""
    if not directory.exists():
        return
    for path in directory.iterdir():
        if killed and path.name.startswith("."):
            continue  # nobody can tidy up after being killed; but it is hidden, and never under the name of an output
        assert path.name in MADE
        assert json.loads(path.read_bytes()) if path.suffix == ".json" else read_image(path).packages


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
@pytest.mark.parametrize("path", [INRELEASE, "hello_2.10-3_amd64.deb"])
def test_interrupted_while_a_server_is_silent(
    newcomer: User, tmp_path: Path, path: str, number: signal.Signals
) -> None:
    silent = next(each for each in rendered() if each.endswith(path))
    with serve(rendered(), {silent: [Answer(silent=True)]}) as server:
        newcomer.archive = Archive(server.url, write_keyring(tmp_path / "key.gpg"))
        with subprocess.Popen(
            newcomer.command("build", "hello", "--jobs", "1"),
            cwd=newcomer.work,
            env=newcomer.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            while not server.asked(silent):
                assert server.arrived.acquire(timeout=60)
            process.send_signal(number)
            out, err = process.communicate(timeout=60)
        assert (process.returncode, out) == (130, ""), err
        assert "error: cannot finish: interrupted\nhint: run it again" in err
        assert "Traceback" not in err
        newcomer.assert_tidy()
        assert newcomer.run("build", "hello", "-q").code == 0
