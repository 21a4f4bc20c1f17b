"""``pkg2image test`` starts images, says what it has seen, and leaves nothing behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.e2e.conftest import Workshop
from tests.support.containers import ask, until
from tests.support.runtimes import docker
from tests.support.tools import needs

pytestmark = [pytest.mark.runtime, pytest.mark.network]


class Desk:
    """Tests images with the command line.

    Args:
        workshop: Builds them.
        directory: For them.
        temporary: What the command takes for the directory of temporary files.
    """

    def __init__(self, workshop: Workshop, directory: Path, temporary: Path) -> None:
        self._workshop = workshop
        self._directory = directory
        self.temporary = temporary

    def image(self, package: str, *options: str) -> Path:
        """Build an image with options of its own."""
        path = self._directory / f"{package}.oci.tar"
        self._workshop.run(
            *("build", package, "--suite", "bookworm", "--compression", "none", "-o", str(path), "-q", *options)
        )
        return path

    def prebuilt(self, package: str, file_format: str = "oci") -> Path:
        """Return the image of a package that other tests use too."""
        return self._workshop.image(package, "bookworm", file_format)

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        """Start ``pkg2image test``."""
        return subprocess.Popen(
            [sys.executable, "-m", "pkg2image", "test", *arguments],
            cwd=ROOT,
            env={**os.environ, "TMPDIR": str(self.temporary), **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def test(self, *arguments: str, **environment: str) -> tuple[int, str, str]:
        """Run ``pkg2image test``; return its exit code, standard output and standard error."""
        with self.start(*arguments, **environment) as process:
            output, errors = process.communicate(timeout=300)
        assert list(self.temporary.iterdir()) == []
        return process.returncode, output, errors

    def inferred(self, image: Path) -> dict[str, Any]:
        """Return what an image says about how it is started."""
        found = json.loads(self._workshop.run("inspect", str(image), "--json"))["inferred"]
        assert isinstance(found, dict)
        return found

    def build_and_test(self, package: str, *options: str) -> subprocess.CompletedProcess[str]:
        """Run ``pkg2image build --test``."""
        words = ("build", package, "--suite", "bookworm", "--compression", "none", "--test", *options)
        return subprocess.run(
            [sys.executable, "-m", "pkg2image", *words],
            cwd=ROOT,
            env={**os.environ, "TMPDIR": str(self.temporary)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )


@pytest.fixture
def desk(workshop: Workshop, tmp_path: Path) -> Iterator[Desk]:
    if os.geteuid() != 0 and os.environ.get("CI") != "true":
        pytest.skip("starting containers needs root")
    needs("runc", "podman")
    # podman wants short paths.
    with tempfile.TemporaryDirectory(prefix="desk-") as temporary:
        yield Desk(workshop, tmp_path, Path(temporary))


@pytest.mark.parametrize(
    ("runtime", "file_format"),
    [("runc", "oci"), ("runc", "docker"), ("runc", "aci"), ("podman", "oci"), ("chroot", "oci")],
)
def test_an_image_knows_the_test_of_its_recipe(desk: Desk, runtime: str, file_format: str) -> None:
    image = desk.prebuilt("redis", file_format)
    code, output, errors = desk.test(str(image), "--runtime", runtime)
    assert (code, output, errors) == (0, f"{image}: passed ({runtime}; redis-cli answered 42)\n", "")


@pytest.mark.parametrize("file_format", ["rootfs", "dir"])
def test_a_root_filesystem_is_started_as_its_documents_say(desk: Desk, tmp_path: Path, file_format: str) -> None:
    image = tmp_path / "redis.out"
    desk.image("redis", "--format", file_format, "-o", str(image))
    code, output, errors = desk.test(str(image))
    assert (code, output) == (0, f"{image}: passed (runc; redis-cli answered 42)\n"), errors


@pytest.fixture
def docker_host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The address of a docker daemon of our own, and the command line of its client."""
    needs("docker", "dockerd")
    directory = tmp_path_factory.mktemp("docker")
    with ExitStack() as stack:
        stack.enter_context(docker(directory))
        address = f"unix://{directory}/docker.sock"
        yield address, ("docker", "--host", address)


def test_docker_has_afterwards_what_it_had_before(desk: Desk, docker_host: tuple[str, tuple[str, ...]]) -> None:
    address, client = docker_host
    image = desk.prebuilt("redis", "docker")
    listed = ("images", "--all", "--quiet", "--no-trunc"), ("ps", "--all", "--quiet"), ("volume", "ls", "--quiet")
    code, output, errors = desk.test(str(image), "--runtime", "docker", DOCKER_HOST=address)
    assert (code, output) == (0, f"{image}: passed (docker; redis-cli answered 42)\n"), errors
    assert [ask(*client, *what).output for what in listed] == ["", "", ""]
    # Another image of the same name is there: it keeps it.
    other = desk.image("redis", "--format", "docker", "--label", "is=another")
    assert ask(*client, "load", "--input", other).code == 0
    before = [ask(*client, *what).output for what in listed]
    code, _, errors = desk.test(str(image), "--runtime", "docker", DOCKER_HOST=address)
    assert code == 0, errors
    assert [ask(*client, *what).output for what in listed] == before
    assert ask(*client, "image", "inspect", "--format", "{{.Config.Labels.is}}", "redis:latest").output == "another\n"


@pytest.mark.parametrize("runtime", ["runc", "podman", "chroot"])
def test_a_server_without_a_recipe_has_to_listen(desk: Desk, runtime: str) -> None:
    image = desk.image("memcached", "--recipe", "none")
    code, output, errors = desk.test(str(image), "--runtime", runtime, "--json")
    assert code == 0, errors
    assert json.loads(output) == {
        "image": str(image),
        "passed": True,
        "runtime": runtime,
        "proof": "listens on 11211/tcp",
        "log": [],
    }


def test_a_tool_has_to_tell_its_version(desk: Desk) -> None:
    image = desk.image("curl", "--recipe", "none")
    code, output, errors = desk.test(str(image))
    assert (code, output) == (0, f"{image}: passed (runc; curl answered --version)\n"), errors


@pytest.mark.parametrize("runtime", ["runc", "podman", "chroot"])
def test_what_does_not_work_is_shown_with_its_log(desk: Desk, runtime: str) -> None:
    image = desk.image("redis", "--cmd", "--no-such-directive yes")
    code, output, errors = desk.test(str(image), "--runtime", runtime)
    assert (code, output) == (11, "")
    assert f"error: cannot pass the test of {image} under {runtime}: `redis-cli ping` did not succeed: " in errors
    assert "it ended with exit code 1\n" in errors
    assert "\n  | *** FATAL CONFIG FILE ERROR" in errors
    assert "hint: " in errors


def test_a_wrong_port_is_no_success(desk: Desk) -> None:
    image = desk.image("redis-server", "--recipe", "none", "--cmd", "--port 6380")
    code, output, errors = desk.test(str(image), "--timeout", "3", "--json")
    assert code == 11
    said = json.loads(output)
    assert not said["passed"]
    assert said["problem"].endswith("it did not listen on 6379/tcp but on 6380/tcp within 3 seconds")
    assert said["problem"] in errors


def test_a_wrong_answer_is_no_success(desk: Desk, tmp_path: Path) -> None:
    # How it is started is not said by this recipe, but by its package.
    steps = [{"port": "6379/tcp", "send": "PING\r\n", "expect": "+PANG"}]
    words = {"name": "ours", "description": "redis", "applies_to": ["redis-*"], "smoke_test": {"steps": steps}}
    (tmp_path / "recipes").mkdir()
    (tmp_path / "recipes/ours.yaml").write_text(json.dumps({**words, "ports": {"more": "7/tcp"}}))
    image = desk.image("redis-server", "--recipe", str(tmp_path / "recipes"))
    code, _, errors = desk.test(str(image), "--timeout", "3")
    assert code == 11
    assert "under runc: 6379/tcp answered '+PONG', not '+PANG' within 3 seconds\n" in errors
    said = desk.inferred(image)
    assert said["recipe"] == "ours"
    assert said["values"]["entrypoint"]["source"].startswith("/usr/lib/systemd/system/redis-server.service:")
    assert said["values"]["ports"] == {"value": ["7/tcp", "6379/tcp"], "source": "recipe ours"}


def test_building_and_testing_are_one_command(desk: Desk, tmp_path: Path) -> None:
    image = tmp_path / "curl.tar"
    done = desk.build_and_test("curl", "-o", str(image))
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"{image} sha256:")
    assert done.stderr.endswith(f"{image}: passed (runc; curl printed https)\n")


def test_the_verdict_is_in_the_answer(desk: Desk, tmp_path: Path) -> None:
    image = tmp_path / "curl.tar"
    done = desk.build_and_test("curl", "-o", str(image), "--json")
    assert done.returncode == 0, done.stderr
    ((output,),) = (result["outputs"] for result in json.loads(done.stdout))
    proof = "curl printed https"
    assert output["test"] == {"image": str(image), "passed": True, "runtime": "runc", "proof": proof, "log": []}


def test_an_image_that_does_not_work_is_there_and_in_the_answer(desk: Desk, tmp_path: Path) -> None:
    image = tmp_path / "redis.tar"
    done = desk.build_and_test("redis", "-o", str(image), "--json", "--cmd", "--no-such-directive yes")
    assert done.returncode == 11
    ((output,),) = (result["outputs"] for result in json.loads(done.stdout))
    assert image.is_file()
    assert not output["test"]["passed"]
    assert output["test"]["problem"] in done.stderr
    assert "*** FATAL CONFIG FILE ERROR" in " ".join(output["test"]["log"])


@pytest.mark.parametrize("file_format", ["oci", "rootfs"])
def test_an_image_for_another_machine_is_not_started(desk: Desk, tmp_path: Path, file_format: str) -> None:
    image = tmp_path / "image.tar"
    foreign = "amd64" if os.uname().machine == "aarch64" else "arm64"
    desk.image("dash", "--arch", foreign, "--format", file_format, "-o", str(image))
    code, output, errors = desk.test(str(image))
    assert (code, output) == (9, "")
    assert f"error: cannot test {image}: its programs are for {foreign}" in errors
    assert "hint: test it on such a machine" in errors


def test_without_a_runtime_there_is_no_test(desk: Desk, tmp_path: Path) -> None:
    image = desk.prebuilt("redis")
    empty = tmp_path / "empty"
    empty.mkdir()
    code, output, errors = desk.test(str(image), PATH=str(empty))
    assert (code, output) == (9, "")
    assert f"error: cannot test {image}: this machine has no container runtime that can start it\n" in errors
    assert "hint: install podman, docker.io, or (for root) runc" in errors
    code, _, errors = desk.test(str(image), "--runtime", "podman", PATH=str(empty))
    assert code == 9
    assert f"cannot test {image}: podman is not installed" in errors


def test_an_image_without_a_program_is_not_tested(desk: Desk) -> None:
    image = desk.image("tzdata")
    code, output, errors = desk.test(str(image))
    assert (code, output) == (3, "")
    assert f"error: cannot test {image}: it does not say which program it starts\n" in errors


@pytest.mark.parametrize("runtime", ["runc", "chroot"])
def test_a_container_reaches_nothing_of_the_machine(desk: Desk, tmp_path: Path, runtime: str) -> None:
    script = (
        "touch /usr/x 2>/dev/null && echo a writable root; "
        "echo 1 2>/dev/null >/proc/sys/kernel/printk && echo a writable kernel; "
        "test $(ls /sys/class/net /proc/sys/net/ipv4/conf 2>/dev/null | grep -c eth) = 0 || echo a network; "
        "test $(grep -c : /proc/net/dev) = 1 || echo another interface; "
        "mount -t tmpfs none /mnt 2>/dev/null && echo a mount; "
        "touch /tmp/x /run/x /var/cache/x && echo places to write"
    )
    recipe = tmp_path / "shut.yaml"
    words = {"name": "shut", "description": "Looks around", "packages": ["coreutils", "grep", "mount"]}
    # It fails on purpose: then everything that it has printed is shown.
    smoke = {"command": ["-c", f"{script}; exit 9"]}
    recipe.write_text(json.dumps({**words, "entrypoint": ["/bin/sh"], "volumes": ["/var/cache"], "smoke_test": smoke}))
    image = desk.image("dash", "--recipe", str(recipe))
    code, _, errors = desk.test(str(image), "--runtime", runtime)
    assert code == 11
    assert [line for line in errors.splitlines() if line.startswith("  | ")] == ["  | places to write"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_an_interrupted_test_leaves_nothing(desk: Desk, number: signal.Signals) -> None:
    image = desk.image("redis-server", "--recipe", "none", "--cmd", "--port 6380")
    with desk.start(str(image), "--timeout", "300", "--runtime", "runc") as process:
        try:
            until(lambda: bool(_running(desk.temporary)), "the container")
            (pid,) = _running(desk.temporary)
            process.send_signal(number)
            _, errors = process.communicate(timeout=60)
        finally:
            process.kill()
    assert process.returncode == 130, errors
    assert not Path(f"/proc/{pid}").exists()
    assert list(desk.temporary.iterdir()) == []


def _running(directory: Path) -> list[int]:
    """Return the process ids of the containers that runc keeps below a directory."""
    states = directory.glob("pkg2image-test-*/state/*/state.json")
    return [json.loads(path.read_text())["init_process_pid"] for path in states]
