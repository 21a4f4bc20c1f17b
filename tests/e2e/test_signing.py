"""Where images are from, and who signed them, through the command line."""

from __future__ import annotations

import gzip
import json
import lzma
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pkg2image.digest import sha256
from pkg2image.image.read import read_image
from tests.conftest import ROOT
from tests.support.debs import CONTROL, build_deb, reg
from tests.support.keys import signing_key
from tests.support.repository import Deb, Suite, render
from tests.support.signed import KeyFiles, key_files
from tests.support.world import Archive, User, applications, base_packages, publish

SLSA = "https://slsa.dev/provenance/v1"
CONTENTS = b"usr/bin/frob  misc/frob\n"


def _deb(name: str, path: str, text: str) -> Deb:
    control = CONTROL | {"Package": name, "Version": "1", "Architecture": "amd64"}
    return Deb(control, build_deb(control, (reg(path, text.encode(), mode=0o755),), compression="zst"))


FROB = _deb("frob", "usr/bin/frob", "binary")
LOCAL = _deb("own", "usr/bin/own", "binary")
SUITE = Suite(
    "bookworm",
    suite="stable",
    packages={
        "main": (
            *base_packages("amd64"),
            *(
                each
                for each in applications("amd64")
                if each.control["Package"] in {"hello", "libgreet1", "only-provider"}
            ),
            _deb("greet-data", "usr/share/greet", "words"),
            _deb("frobbed", "usr/bin/frobbed", "#!/usr/bin/frob\n"),
            FROB,
        )
    },
    more={"main/Contents-amd64.gz": gzip.compress(CONTENTS, mtime=0)},
)
RECIPE = "name: frobbed\napplies_to: [frobbed]\ndescription: frobs\nentrypoint: [/usr/bin/frobbed]\n"

# Prints which files the program opens to read them, and what it says.
TRACER = """
import json, os, sys
opened = set()
def hook(event, arguments):
    if event == "open":
        path, mode, flags = arguments
        if isinstance(path, (str, bytes)) and flags & os.O_ACCMODE != os.O_WRONLY:
            opened.add(os.path.abspath(os.fsdecode(path)))
sys.addaudithook(hook)
from pkg2image.cli.main import run
code = run(sys.argv[2:])
with open(sys.argv[1], "w") as file:
    json.dump(sorted(opened), file)
sys.exit(code)
"""


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Archive:
    return publish(tmp_path_factory.mktemp("distribution") / "archive", render([SUITE]))


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> KeyFiles:
    return key_files(tmp_path_factory.mktemp("key"), algorithm="ed25519")


@pytest.fixture
def user(tmp_path: Path, archive: Archive) -> User:
    return User(tmp_path / "home", archive)


def said(user: User, name: str = "image.tar") -> dict[str, Any]:
    """Return the provenance of an image."""
    found: dict[str, Any] = json.loads((user.work / f"{name}.provenance.json").read_bytes())
    return found


def read_by(user: User, *words: str) -> set[Path]:
    """Run the program and return the files that it has read and not made itself, without those of Python."""
    trace = user.home / "trace.json"
    done = subprocess.run(
        [sys.executable, "-c", TRACER, str(trace), *user.words(*words)],
        cwd=user.work,
        env=user.variables(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    opened = {Path(path) for path in json.loads(trace.read_text())}
    own = (ROOT, Path(sys.prefix), Path(sys.base_prefix), user.home / "cache", user.home / "state", Path("/etc"))
    return {path for path in opened if path.is_file() and not any(path.is_relative_to(each) for each in own)}


def uncompressed(path: Path) -> bytes:
    """Return the content of a file that was read; an index in whatever form as it is."""
    data = path.read_bytes()
    if data.startswith(b"\xfd7zXZ"):
        return lzma.decompress(data)
    return gzip.decompress(data) if data.startswith(b"\x1f\x8b") else data


def test_provenance_names_the_files_that_were_read_and_no_others(user: User, archive: Archive) -> None:
    """Traced from outside: every file that the program opens but its own."""
    (user.work / "own.deb").write_bytes(LOCAL.contents)
    (user.work / "recipe.yaml").write_text(RECIPE)
    words = ("build", "frobbed", "./own.deb", "--recipe", "./recipe.yaml", "--arch", "amd64", "-o", "image.tar")
    opened = read_by(user, *words, "--provenance")
    statement = said(user)
    named = {
        each["digest"].get("sha256"): each for each in statement["predicate"]["buildDefinition"]["resolvedDependencies"]
    }
    recipe = next(digest for digest, each in named.items() if each["uri"] == "pkg2image:recipe/frobbed")
    # Who may sign is told by the fingerprints of those who did; what is written is looked at before it is signed.
    written = {user.work / "image.tar", user.work / "image.tar.spdx.json"}
    beside = {archive.keyring, user.work / "image.tar", user.work / "recipe.yaml"}
    assert beside <= opened
    found = {
        path: {sha256(path.read_bytes()).hex, sha256(uncompressed(path)).hex} for path in opened - beside - written
    }
    assert [path for path, digests in found.items() if not digests & set(named)] == []
    assert set(named) - {recipe} <= {digest for digests in found.values() for digest in digests}
    names = {each["uri"].rpartition("/")[2].partition("_")[0] for each in named.values()}
    assert {"InRelease", "Packages", "Contents-amd64.gz", "frob", "frobbed", "base-files"} <= names
    assert named[sha256(LOCAL.contents).hex]["uri"] == "file:own.deb"


def test_the_release_that_told_the_codename_is_named(tmp_path: Path) -> None:
    files = render([SUITE, Suite("bookworm-updates", suite="stable-updates")])
    files |= {path.replace("/bookworm/", "/stable/"): data for path, data in files.items() if "InRelease" in path}
    archive = publish(tmp_path / "archive", files)
    user = User(tmp_path / "home")
    words = ("build", "only-provider", "--arch", "amd64", "--mirror", archive.uri, "--keyring", str(archive.keyring))
    opened = read_by(user, *words, "--suite", "stable", "-o", "image.tar", "--provenance")
    found = said(user)["predicate"]["buildDefinition"]
    releases = {each["uri"]: each for each in found["resolvedDependencies"] if each["name"] == "InRelease"}
    assert sorted(releases) == sorted(f"file://{path}" for path in opened if path.name == "InRelease")
    stable, bookworm = (
        releases[f"file://{tmp_path}/archive/dists/{name}/InRelease"] for name in ("stable", "bookworm")
    )
    assert stable["annotations"] == bookworm["annotations"]
    assert found["externalParameters"]["suite"] == "bookworm"


def test_provenance_is_the_same_from_a_warm_store_and_for_everybody(user: User, tmp_path: Path, key: KeyFiles) -> None:
    words = ("build", "frobbed", "--arch", "amd64", "-o", "image.tar", "--provenance", "--sign-key", str(key.private))
    stranger = User(tmp_path / "stranger" / "with a longer home", user.archive)
    made = []
    for who, more in ((user, ()), (user, ("--jobs", "1", "--offline")), (stranger, ())):
        done = who.run(*words, *more)
        assert done.code == 0, done.err
        made.append([(who.work / name).read_bytes() for name in ("image.tar", "image.tar.provenance.json")])
    assert made[0] == made[1] == made[2]
    assert str(tmp_path).encode() not in made[0][1].replace(str(user.archive and user.archive.uri).encode(), b"")


def test_a_build_from_a_lock_names_the_lock_instead_of_indexes(user: User, tmp_path: Path) -> None:
    assert user.run("lock", "frobbed", "--arch", "amd64").code == 0
    stranger = User(tmp_path / "stranger")
    lock = stranger.work / "frobbed.lock"
    lock.write_bytes((user.work / "frobbed.lock").read_bytes())
    opened = read_by(stranger, "build", "--lock", "frobbed.lock", "--frozen", "-o", "image.tar", "--provenance")
    found = said(stranger)["predicate"]["buildDefinition"]["resolvedDependencies"]
    written = {stranger.work / "image.tar", stranger.work / "image.tar.spdx.json"}
    assert {sha256(path.read_bytes()).hex for path in opened - written} == {each["digest"]["sha256"] for each in found}
    assert next(each for each in found if each["uri"] == "file:frobbed.lock")["digest"]
    assert not [each for each in found if each["name"] in {"InRelease", "Packages"}]


def test_what_is_built_is_signed_and_verified(user: User, key: KeyFiles) -> None:
    formats = ("--format", "oci", "--format", "docker", "--format", "aci", "-o", "out")
    assert user.run("build", "hello", "--arch", "amd64", *formats, "--sign-key", str(key.private)).code == 0
    images = ["out/hello.oci.tar", "out/hello.docker.tar", "out/hello.aci"]
    beside = ["out/hello.docker.tar.intoto.jsonl", "out/hello.aci.intoto.jsonl", "out/hello.spdx.json"]
    assert user.made() == sorted(["out", *images, *beside])
    for image in images:
        done = user.run("verify", image, "--key", str(key.public), "--json")
        assert done.json["statements"] == [SLSA]
    assert done.json["path"] == "out/hello.aci"
    digest = read_image(user.work / images[0]).digest
    done = user.run("verify", images[0], "--key", str(key.public))
    assert done.out.splitlines()[0].startswith(f"{images[0]}: {digest} signed by ")
    assert done.out.splitlines()[1:] == [f"{images[0]}: with a signed statement of the kind {SLSA}"]


def test_signing_later_takes_the_provenance_along(user: User, key: KeyFiles) -> None:
    secret = user.home / "maker.secret"
    secret.write_bytes(bytes(signing_key("maker").secret))
    public = user.home / "maker.asc"
    public.write_bytes(signing_key("maker").armoured)
    assert user.run("build", "hello", "--arch", "amd64", "--format", "aci", "-o", "hello.aci", "--provenance").code == 0
    done = user.run("sign", "hello.aci", "--key", str(key.private), "--key", str(secret))
    assert done.out == "hello.aci.intoto.jsonl\nhello.aci.asc\n"
    assert user.run("verify", "hello.aci", "--key", str(public)).code == 0
    assert user.run("verify", "hello.aci", "--key", str(key.public), "--json").json["statements"]
    (user.work / "hello.aci").write_bytes((user.work / "hello.aci").read_bytes() + b"\0")
    for each in (public, key.public):
        assert user.run("verify", "hello.aci", "--key", str(each)).code == 6
    assert "it is about something else" in user.run("sign", "hello.aci", "--key", str(key.private)).error


@pytest.fixture
def passwords(tmp_path: Path) -> KeyFiles:
    return key_files(tmp_path, "encrypted", password="secret")


def test_the_password_of_a_key_comes_from_the_environment(user: User, passwords: KeyFiles) -> None:
    assert user.run("build", "only-provider", "--arch", "amd64", "-o", "image.tar").code == 0
    words = ("sign", "image.tar", "--key", str(passwords.private))
    failed = user.run(*words)
    assert (failed.code, failed.hint) == (3, "set PKG2IMAGE_KEY_PASSWORD to its password")
    assert "it is encrypted" in failed.error
    wrong = user.run(*words, environment={"PKG2IMAGE_KEY_PASSWORD": "guess"})
    assert "its password is another one" in wrong.error
    done = user.run(*words, environment={"PKG2IMAGE_KEY_PASSWORD": "secret"})
    assert done.out == "image.tar\n"
    assert "secret" not in done.err + wrong.err + failed.err


def test_keys_are_looked_at_before_anything_is_built(user: User, key: KeyFiles) -> None:
    done = user.run("build", "hello", "--sign-key", str(key.public))
    assert (done.code, done.error) == (3, f"cannot sign with {key.public}: it is a public key")
    done = user.run("build", "hello", "--format", "dir", "--provenance")
    assert (done.code, "only a file has a digest" in done.error) == (2, True)
    user.assert_tidy()
    assert not user.store.exists()


def test_a_file_that_is_no_provenance_stays(user: User) -> None:
    notes = user.work / "image.tar.provenance.json"
    notes.write_text("mine")
    done = user.run("build", "only-provider", "--arch", "amd64", "-o", "image.tar", "--provenance")
    assert done.code == 9
    assert notes.read_text() == "mine"
    notes.unlink()
    for _ in range(2):
        assert user.run("build", "only-provider", "--arch", "amd64", "-o", "image.tar", "--provenance").code == 0


def test_a_signed_image_is_an_image_to_all_commands(user: User, key: KeyFiles) -> None:
    words = ("build", "hello", "--arch", "amd64", "-o", "image.tar")
    assert user.run(*words, "--sign-key", str(key.private)).code == 0
    assert user.run("inspect", "image.tar", "--json").json["findings"] == []
    assert user.run("verify", "image.tar").out.startswith("image.tar: equal to what its lock gives")
    assert replace(user, archive=None).run("sbom", "image.tar").code == 0
    assert user.run("diff", "image.tar", "image.tar").code == 0
    assert user.run(*words).code == 0
    assert "it is not signed" in user.run("verify", "image.tar", "--key", str(key.public)).error
