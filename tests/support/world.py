"""A small distribution on disk, and users who run the real command line on it.

The distribution has what a Debian suite has, in miniature: base packages, an application with a library, documentation,
maintainer-script dependencies and updates, a service with scripts, virtual packages, packages that quarrel, that clash,
that are broken::

    archive = publish(tmp_path / "archive")
    user = User(tmp_path / "home", archive)
    done = user.run("build", "hello", "--format", "oci")
    assert done.code == 0, done.err
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tests.conftest import ROOT
from tests.support import preloaded, repository
from tests.support.debs import CONTROL, FileSpec, build_deb, reg, symlink
from tests.support.images import program
from tests.support.keys import SigningKey, signing_key
from tests.support.repository import DATE, Deb, Suite
from tests.support.trees import Shelf, base_debs

ARCHITECTURES = ("amd64", "arm64")
# Commands that take no source, or know theirs from a lock.
_WITHOUT_SOURCES = {
    "inspect",
    "sbom",
    "diff",
    "outdated",
    "update",
    "cache",
    "recipes",
    "completion",
    "sign",
    "verify",
    "vendor",
}
_MIB = 1 << 20
NOISE = random.Random(0).randbytes(3 * _MIB)  # does not compress
NUMBERS = b"".join(b"%d\n" % number for number in range(800_000))  # compresses well, in several pieces


SERVICE = """#!/bin/sh
set -e
if [ "$1" = configure ]; then
    adduser --quiet --system --group --home /var/lib/service service
    chown service:service /etc/service.conf
    chmod 0640 /etc/service.conf
    echo made > /etc/service.made
    rm /usr/share/service/sample
    ssh-keygen -q -f /etc/service.key
    invoke-rc.d service start
fi
"""


def _deb(
    name: str,
    version: str,
    *entries: FileSpec,
    architecture: str = "amd64",
    scripts: Mapping[str, str] | None = None,
    **fields: str,
) -> Deb:
    """Return a package whose .deb is real; underscores in field names stand for hyphens."""
    named = {key.replace("_", "-"): value for key, value in fields.items()}
    control = CONTROL | {"Package": name, "Version": version, "Architecture": architecture} | named
    files = (*entries, reg(f"usr/share/doc/{name}/copyright", b"free\n"))
    texts = {script: text.encode() for script, text in (scripts or {}).items()}
    return Deb(control, build_deb(control, files, control_files=texts, compression="zst"))


@functools.cache
def base_packages(architecture: str) -> tuple[Deb, ...]:
    """Return base-files, base-passwd and libc-bin."""
    shelf = Shelf()
    fetched = base_debs(shelf, architecture)
    return tuple(Deb(dict(deb.facts.control), shelf.files[deb.package.name, architecture]) for deb in fetched)


@functools.cache
def applications(architecture: str) -> tuple[Deb, ...]:
    """Return the packages of the suite for an architecture."""
    make = functools.partial(_deb, architecture=architecture)
    return (
        make(
            "hello",
            "2.10-3",
            reg("usr/bin/hello", program(0), mode=0o755),
            reg("usr/share/man/man1/hello.1.gz", b"manual"),
            reg("usr/share/locale/de/LC_MESSAGES/hello.mo", b"hallo"),
            reg("etc/hello.conf", b"greeting = hello\n"),
            Depends="libgreet1 (>= 1.2), debconf (>= 0.5) | debconf-2.0",
            Recommends="hello-extras",
            Installed_Size="40",
        ),
        make(
            "libgreet1",
            "1.2-1",
            reg("usr/lib/libgreet.so.1.2", b"library"),
            symlink("usr/lib/libgreet.so.1", "libgreet.so.1.2"),
            Source="greet (1.2)",
            Depends="greet-data",
        ),
        make("hello-extras", "1.0", reg("usr/share/hello/extras", b"extras")),
        make("debconf", "1.5.82", reg("usr/bin/debconf", b"#!/bin/sh\n", mode=0o755)),
        make("nullmailer", "3.7", reg("usr/sbin/nullmailer", program(0), mode=0o755), Provides="mail-transport-agent"),
        make("exim4", "4.96", reg("usr/sbin/exim4", program(0), mode=0o755), Provides="mail-transport-agent"),
        make(
            "locales-all",
            "1",
            *(reg(f"usr/lib/locale/{name}/LC_TIME", b"days") for name in ("de_DE", "de_DE.utf8", "fr_FR.utf8")),
        ),
        make("only-provider", "1", Provides="lonely"),
        make(
            "service",
            "1",
            reg("usr/sbin/service", program(0), mode=0o755),
            reg("etc/service.conf", b"port = 1\n"),
            reg("usr/share/service/sample", b"an example\n"),
            scripts={"postinst": SERVICE},
        ),
        make(
            "diverting",
            "1",
            scripts={
                "preinst": "#!/bin/sh\nset -e\ndpkg-divert --package diverting --rename --add "
                "--divert /usr/share/greet/words.plain /usr/share/greet/words\n"
            },
        ),
        make("puzzling", "1", scripts={"postinst": "#!/bin/sh\nset -e\nfrobnicate --all\n"}),
        make("quarrel", "1", Conflicts="hello"),
        make("ghostly", "1", Depends="haunted"),
        make("haunted", "1", Depends="no-such-thing (>= 2)"),
        make("clash", "1", reg("usr/bin/hello", program(1), mode=0o755)),
        make(
            "bulky", "1", *(reg(f"usr/share/bulky/{part}", NOISE[part * _MIB : (part + 1) * _MIB]) for part in range(3))
        ),
        make("huge", "1", reg("usr/share/huge/numbers", NUMBERS)),
        make("oddly-named", "1", reg("usr/share/odd/caf\udce9")),  # names of files are bytes: this is Latin-1
    )


@functools.cache
def broken_packages() -> tuple[Deb, ...]:
    """Return packages whose hashes are right but whose .debs are not."""
    cut_off = _deb("truncated", "1", reg("usr/bin/truncated", NOISE[:10000]))
    other = _deb("impostor", "2", reg("usr/bin/impostor"))
    return (
        Deb(CONTROL | {"Package": "garbage", "Version": "1"}, b"this is not a package"),
        Deb(cut_off.control, cut_off.contents[:-2000]),
        Deb(CONTROL | {"Package": "impostor", "Version": "1"}, other.contents),
        _deb("escaping", "1", FileSpec(raw_name=b"./../../../../tmp/escaped", content=b"out")),
    )


COMMON = (_deb("greet-data", "1.2-1", reg("usr/share/greet/words", b"hello\n" * 100), architecture="all"),)


def update(architecture: str, version: str = "2.10-3+deb12u1") -> Deb:
    """Return a newer version of the application."""
    entries = (reg("usr/bin/hello", program(2), mode=0o755), reg("usr/share/doc/hello/NEWS", b"new\n"))
    return _deb("hello", version, *entries, architecture=architecture, Depends="libgreet1 (>= 1.2)")


def suites() -> tuple[Suite, ...]:
    """Return bookworm, its updates and its backports."""
    packages = [each for name in ARCHITECTURES for each in (*base_packages(name), *applications(name))]
    bookworm = Suite(
        "bookworm",
        suite="stable",
        packages={"main": [*packages, *broken_packages(), *COMMON]},
        architectures=ARCHITECTURES,
        compressions=("xz",),
    )
    updates = [update(name) for name in ARCHITECTURES]
    backports = [update(name, "3.0-1~bpo12+1") for name in ARCHITECTURES]
    return (
        bookworm,
        replace(bookworm, path="bookworm-updates", suite="stable-updates", packages={"main": updates}),
        replace(
            bookworm,
            path="bookworm-backports",
            suite="stable-backports",
            packages={"main": backports},
            not_automatic=True,
            but_automatic_upgrades=True,
        ),
    )


def release(suite: Suite, **changes: Any) -> dict[str, bytes]:
    """Return the rendered files of a suite that says something else about itself."""
    return repository.render([replace(suite, **changes)])


@functools.cache
def rendered() -> Mapping[str, bytes]:
    """Return all files of the distribution; signed once, so that the same all through the tests."""
    return repository.render(suites())


@dataclass(frozen=True)
class Archive:
    """A published distribution.

    Args:
        uri: Its base with a trailing slash.
        keyring: A file with its key.
    """

    uri: str
    keyring: Path

    def source(self, *names: str, **options: str) -> str:
        """Return a deb822 source for some suites of it; options replace fields, empty ones leave them out."""
        fields = {
            "Types": "deb",
            "URIs": self.uri,
            "Suites": " ".join(names or ("bookworm",)),
            "Components": "main",
            "Signed-By": str(self.keyring),
            **{name.replace("_", "-"): value for name, value in options.items()},
        }
        return "".join(f"{name}: {value}\n" for name, value in fields.items() if value)


def publish(directory: Path, files: Mapping[str, bytes] | None = None, *, key: SigningKey | None = None) -> Archive:
    """Write the distribution (or other files) to a directory for ``file:`` sources.

    Args:
        directory: Where to.
        files: Rendered files; by default those of the whole distribution.
        key: What the keyring holds; by default the key that signed it.
    """
    repository.write_repository(rendered() if files is None else files, directory)
    return Archive(f"file:{directory}/", write_keyring(directory.with_suffix(".gpg"), key))


def write_keyring(path: Path, key: SigningKey | None = None) -> Path:
    """Write a keyring with one key, by default that of the distribution."""
    path.write_bytes((key or signing_key()).binary)
    return path


@dataclass(frozen=True)
class Done:
    """What a run of the command line came to.

    Args:
        code: Exit code; minus the number of the signal that killed it.
        out: Its stdout.
        err: Its stderr.
        moments: How often it touched the file system, where that was counted.
    """

    code: int
    out: str
    err: str
    moments: int = 0

    @property
    def json(self) -> Any:
        """The one JSON document that is all of stdout."""
        assert self.code == 0, self.err
        assert self.out.endswith("\n")
        return json.loads(self.out)

    @property
    def digests(self) -> list[str]:
        """The digests of the outputs of a build."""
        assert self.code == 0, self.err
        return [line.split()[1] for line in self.out.splitlines()]

    @property
    def error(self) -> str:
        """The message of the error; whatever happens, it is told in the same form."""
        lines = self.err.splitlines()
        errors = [line for line in lines if line.startswith("error: ")]
        assert len(errors) == 1, self.err
        assert errors[0].startswith("error: cannot "), self.err
        assert "Traceback" not in self.err
        assert self.out == ""
        return errors[0].removeprefix("error: ")

    @property
    def hint(self) -> str:
        """What the user is told to do about the error: the last line."""
        last = self.err.splitlines()[-1]
        assert last.startswith("hint: "), self.err
        return last.removeprefix("hint: ")


@dataclass
class User:
    """Somebody with a home, a working directory and a source.

    Args:
        home: A directory for all of it.
        archive: Where packages come from; None means that every run names its sources itself.
        environment: Variables of every run.
    """

    home: Path
    archive: Archive | None = None
    environment: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.work.mkdir(parents=True, exist_ok=True)
        self.environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "PYTHONDONTWRITEBYTECODE": "1",
            "HOME": str(self.home),
            "XDG_CACHE_HOME": str(self.home / "cache"),
            "XDG_STATE_HOME": str(self.home / "state"),
            **self.environment,
        }

    @property
    def work(self) -> Path:
        """The working directory."""
        return self.home / "work"

    @property
    def store(self) -> Path:
        """The store of this user."""
        return self.home / "cache/pkg2image"

    def words(self, *words: str) -> list[str]:
        """Return the words of a command line, with the source where a command takes one."""
        takes_sources = words and words[0] not in _WITHOUT_SOURCES
        if self.archive is None or not takes_sources or "--source" in words:
            return [*words]
        end = words.index("--") if "--" in words else len(words)
        return [*words[:end], "--source", self.archive.source(), *words[end:]]

    def command(self, *words: str) -> list[str]:
        """Return the command line in full."""
        return [sys.executable, "-m", "pkg2image", *self.words(*words)]

    def run(
        self,
        *words: str,
        environment: Mapping[str, str | None] | None = None,
        work: Path | None = None,
        wrapper: Sequence[str] = (),
        before: Callable[[], object] | None = None,
    ) -> Done:
        """Run the command line; in a new interpreter where anything but its words is of interest.

        Args:
            words: Its words, without the source.
            environment: More variables; None takes one away.
            work: Another working directory.
            wrapper: A command that runs it, for example ``setpriv``.
            before: Called in the new process before the program is.
        """
        if environment is None and work is None and not wrapper and before is None:
            return self.struck(0, 0, *words)
        variables = self.variables(environment)
        if wrapper:
            variables["PYTHONPATH"] = str(self._copied_program())
        done = subprocess.run(
            [*wrapper, *self.command(*words)],
            cwd=work or self.work,
            env=variables,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=preloaded.PATIENCE,
            preexec_fn=before,
        )
        return _done(done.returncode, done.stdout, done.stderr)

    def _copied_program(self) -> Path:
        """Return where a copy of the program lies that others can read: a checkout may be closed to them."""
        place = self.home / "program"
        if not place.exists():
            shutil.copytree(ROOT / "pkg2image", place / "pkg2image", ignore=shutil.ignore_patterns("__pycache__"))
        return place

    def struck(self, number: int, moment: int, *words: str) -> Done:
        """Run the command line and send it a signal.

        Args:
            number: The signal; 0 for none.
            moment: After how many touches of the file system it comes.
            words: Its words, without the source.
        """
        ended = preloaded.run(self.words(*words), environment=self.environment, work=self.work, strike=(number, moment))
        return _done(ended.code, ended.out, ended.err, ended.moments)

    def variables(self, changes: Mapping[str, str | None] | None = None) -> dict[str, str]:
        """Return the environment of a run."""
        return {name: value for name, value in {**self.environment, **(changes or {})}.items() if value is not None}

    def made(self) -> list[str]:
        """Return what lies in the working directory, hidden files too."""
        return sorted(str(path.relative_to(self.work)) for path in self.work.rglob("*"))

    def assert_tidy(self) -> None:
        """Make sure that neither outputs nor anything unfinished lies about."""
        assert self.made() == []


def _done(code: int, out: bytes, err: bytes, moments: int = 0) -> Done:
    return Done(code, out.decode("utf-8", "surrogateescape"), err.decode("utf-8", "surrogateescape"), moments)


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file in hex."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


__all__ = ["DATE", "Archive", "Done", "User", "publish", "release", "rendered", "suites", "write_keyring"]
