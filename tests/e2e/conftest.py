"""What end-to-end tests share: images built by the command line, once each, and the runtimes that start them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.support.bundles import bundle_of_aci, bundle_of_oci
from tests.support.containers import Container, Runtime, Start
from tests.support.runtimes import Runc, docker, podman
from tests.support.states import Yesterday, make_yesterday
from tests.support.together import directory_of_the_run
from tests.support.tools import needs
from tests.support.world import Archive, User, publish

FORMATS = {"podman": "oci", "runc": "oci", "docker": "docker", "aci": "aci"}
TOOLS = {
    "podman": ("podman", "runc"),
    "runc": ("runc", "umoci"),
    "docker": ("docker", "dockerd", "runc"),
    "aci": ("runc", "tar", "gzip"),
}
# Small applications run under every runtime, and as the other suite's build under the plainest one.
APPLICATION_CASES = [*((runtime, "bookworm") for runtime in FORMATS), ("runc", "trixie")]
SUFFIXES = {"oci": ".oci.tar", "docker": ".docker.tar", "aci": ".aci"}


class Workshop:
    """Builds images; every package of a suite is built once, in all formats, from one store.

    Args:
        directory: Where everything is put.
        store: What was downloaded and read.
    """

    def __init__(self, directory: Path, store: Path) -> None:
        self._directory = directory
        self._store = store
        self._built: set[Path] = set()

    def image(self, package: str, suite: str, file_format: str) -> Path:
        """Return the path of an image; from a suite as ``bookworm-slim`` it is a slim one."""
        place = self._directory / f"{package}-{suite}"
        if place not in self._built:
            options = [word for name in SUFFIXES for word in ("--format", name)]
            name, _, slim = suite.partition("-")
            self.run("build", package, "--suite", name, *(["--slim"] if slim else []), *options, "-o", str(place))
            self._built.add(place)
        (path,) = (path for path in place.iterdir() if path.name.endswith(SUFFIXES[file_format]))
        return path

    def run(self, *arguments: str) -> str:
        """Run the command line with the store of the workshop and return what it prints."""
        environment = {
            **os.environ,
            "PKG2IMAGE_CACHE_DIR": os.environ.get("PKG2IMAGE_CACHE_DIR", str(self._store)),
            "PKG2IMAGE_STATE_DIR": str(self._directory / "state"),
        }
        done = subprocess.run(
            [sys.executable, "-m", "pkg2image", *arguments],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=1200,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


class Lab:
    """Starts images under runtimes, which are set up when they are first needed.

    Args:
        workshop: Builds the images.
        directory: For everything the runtimes keep; a short path, since sockets lie below it.
        stack: Takes the runtimes down at the end.
    """

    def __init__(self, workshop: Workshop, directory: Path, stack: ExitStack) -> None:
        self._workshop = workshop
        self._directory = directory
        self._stack = stack
        self._runtimes: dict[str, Runtime] = {}
        self._running: list[Container] = []

    def start(self, runtime: str, package: str, suite: str, start: Start) -> Container:
        """Start the image of a package; it is removed at the end of the test."""
        needs(*TOOLS[runtime])
        return self.start_image(runtime, self._workshop.image(package, suite, FORMATS[runtime]), start)

    def start_image(self, runtime: str, image: Path, start: Start) -> Container:
        """Start an image file; the container is removed at the end of the test."""
        needs(*TOOLS[runtime])
        if runtime not in self._runtimes:
            self._runtimes[runtime] = self._set_up(runtime)
        container = self._runtimes[runtime].start(image, start)
        self._running.append(container)
        return container

    def _set_up(self, runtime: str) -> Runtime:
        place = self._directory / runtime
        place.mkdir()
        match runtime:
            case "podman":
                return self._stack.enter_context(podman(place))
            case "docker":
                return self._stack.enter_context(docker(place))
            case "aci":
                return Runc(place, bundle_of_aci)
            case _:
                return Runc(place, bundle_of_oci)

    def tidy(self) -> None:
        """Remove the containers of a test."""
        while self._running:
            self._running.pop().remove()


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Archive:
    """The small distribution; a file of tests may have one of its own."""
    return publish(tmp_path_factory.mktemp("distribution") / "archive")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("store")


@pytest.fixture
def user(tmp_path: Path, archive: Archive, store: Path) -> User:
    """A user with a home of their own; the store is shared, so that little is done twice."""
    return User(tmp_path / "home", archive, {"XDG_CACHE_HOME": str(store)})


@pytest.fixture(scope="session")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    return Workshop(tmp_path_factory.mktemp("images"), directory_of_the_run(tmp_path_factory, "store"))


@pytest.fixture(scope="session")
def yesterday(tmp_path_factory: pytest.TempPathFactory) -> Yesterday:
    return make_yesterday(tmp_path_factory.mktemp("yesterday"))


@pytest.fixture
def reader(tmp_path: Path, yesterday: Yesterday) -> User:
    """Somebody else, who never saw the distribution of yesterday, with the store of whoever made the image."""
    return yesterday.reader(tmp_path / "home")


@pytest.fixture(scope="module")
def shared_lab(workshop: Workshop) -> Iterator[Lab]:
    # Runtimes keep several copies of every image; those of one application are removed before the next comes.
    directory = Path(tempfile.mkdtemp(prefix="lab-"))
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, directory)
        yield Lab(workshop, directory, stack)


@pytest.fixture
def lab(shared_lab: Lab) -> Iterator[Lab]:
    if os.geteuid() != 0 and os.environ.get("CI") != "true":
        pytest.skip("starting containers needs root")
    yield shared_lab
    shared_lab.tidy()
