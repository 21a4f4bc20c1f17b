"""What interpreted scripts make is seen by the programs themselves: they are started, without a recipe.

How they are started, and the shells and tools that a test or a wrapper script calls, are said by the tests.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.conftest import Lab, Workshop
from tests.support.containers import Container, Start, until, until_ready
from tests.support.pages import fetch

pytestmark = [pytest.mark.runtime, pytest.mark.network]

SUITES = ("bookworm", "trixie")
BuildImage = Callable[..., Path]


@pytest.fixture
def build(workshop: Workshop, tmp_path: Path) -> BuildImage:
    """Builds an image without a recipe: ``build(PACKAGE, SUITE, OPTION..., entrypoint=WORDS)``.

    It has coreutils to look at it with; unless a test says otherwise, env finds what to start in the path.
    """

    def image(package: str, suite: str, *options: str, entrypoint: str = "env") -> Path:
        path = tmp_path / "image.oci.tar"
        words = ("--suite", suite, "--recipe", "none", "--compression", "none", "--with", "coreutils")
        workshop.run("build", package, *words, "--entrypoint", entrypoint, *options, "-o", str(path))
        return path

    return image


def said(container: Container) -> str:
    """Return what a container that must succeed prints."""
    assert container.wait() == 0, container.logs()
    return container.logs()


def owners(container: Container, *paths: str) -> dict[str, str]:
    """Return owner, group and mode of paths by the names that the container knows."""
    answer = container.run("stat", "--format=%n %U:%G %a", *paths)
    assert answer.code == 0, answer.errors
    return dict(line.split(" ", 1) for line in answer.output.splitlines())


def users_of_workers(container: Container) -> set[str]:
    """Return the users of the children of a container's first process."""
    children = Path(f"/proc/{container.pid}/task/{container.pid}/children").read_text().split()
    passwd = (line.split(":") for line in Path(f"/proc/{container.pid}/root/etc/passwd").read_text().splitlines())
    names = {uid: name for name, _, uid, *_ in passwd}
    return {
        names[re.findall(r"^Uid:\s+(\d+)", Path(f"/proc/{child}/status").read_text(), re.MULTILINE)[0]]
        for child in children
    }


@pytest.mark.parametrize("suite", SUITES)
def test_php_is_in_the_path_with_its_configuration(lab: Lab, build: BuildImage, suite: str) -> None:
    code = 'echo 6 * 7, " ", readlink("/usr/bin/php"), " ", php_ini_loaded_file(), " ", extension_loaded("posix");'
    container = lab.start_image("runc", build("php-cli", suite), Start(command=("php", "-r", code)))
    assert re.fullmatch(r"42 /etc/alternatives/php /etc/php/[0-9.]+/cli/php\.ini 1", said(container))


def test_java_is_in_the_path_with_its_trust_store(lab: Lab, build: BuildImage) -> None:
    image = build("default-jre-headless", "bookworm")
    assert 'openjdk version "17.' in said(lab.start_image("runc", image, Start(command=("java", "-version"))))
    command = ("keytool", "-list", "-cacerts", "-storepass", "changeit")
    (number,) = re.findall(r"contains (\d+) entries", said(lab.start_image("runc", image, Start(command=command))))
    assert int(number) > 100


@pytest.mark.parametrize("suite", SUITES)
def test_vi_is_in_the_path_and_edits(lab: Lab, build: BuildImage, suite: str) -> None:
    command = ("vi", "-es", "+%s/^root:/toor:/", "+1print", "+quit!", "/etc/passwd")
    container = lab.start_image("runc", build("vim-tiny", suite), Start(command=command))
    assert said(container).startswith("toor:x:0:0:")


@pytest.mark.parametrize("suite", SUITES)
def test_apache_serves_a_page(lab: Lab, build: BuildImage, suite: str) -> None:
    image = build("apache2", suite, "--with", "dash", entrypoint="apache2ctl -D FOREGROUND")
    server = lab.start_image("runc", image, Start())
    until(lambda: fetch(server, "http://127.0.0.1/").code == 0, "apache2")
    assert "It works!" in fetch(server, "http://127.0.0.1/").output
    assert fetch(server, "http://127.0.0.1/server-status").code == 0, "the module is enabled with its configuration"
    modules = server.run("apache2ctl", "-M").output
    assert re.findall(r"mpm_\w+", modules) == ["mpm_event_module"]


@pytest.mark.parametrize("suite", SUITES)
def test_sshd_reads_its_configuration_and_makes_its_keys_at_the_first_start(
    lab: Lab, workshop: Workshop, build: BuildImage, suite: str
) -> None:
    image = build("openssh-server", suite, "--with", "dash")
    files = json.loads(workshop.run("inspect", "--json", str(image)))["files"]
    assert [entry for entry in files if "ssh_host_" in entry["path"]] == []

    first_start = "mkdir -p /run/sshd && ! sshd -t && ssh-keygen -A && exec /usr/sbin/sshd -D -e"
    server = lab.start_image("runc", image, Start(command=("sh", "-c", first_start)))
    until_ready(server, "ssh-keyscan", "-t", "ed25519", "127.0.0.1")
    assert "no hostkeys available" in server.logs()
    answer = server.run("sshd", "-T")
    assert answer.code == 0, answer.errors
    settings = set(answer.output.splitlines())
    assert {
        "usepam yes",
        "x11forwarding yes",
        "printmotd no",
        "subsystem sftp /usr/lib/openssh/sftp-server",
    } <= settings
    assert owners(server, "/usr/bin/ssh-agent") == {"/usr/bin/ssh-agent": "root:_ssh 2755"}


@pytest.mark.parametrize("suite", SUITES)
def test_nginx_needs_no_recipe_for_its_users(lab: Lab, build: BuildImage, suite: str) -> None:
    image = build("nginx", suite, entrypoint="nginx -g 'daemon off;'")
    server = lab.start_image("runc", image, Start())
    until(lambda: fetch(server, "http://127.0.0.1/").code == 0, "nginx")
    assert "Welcome to nginx!" in fetch(server, "http://127.0.0.1/").output
    assert users_of_workers(server) == {"www-data"}
    assert owners(server, "/var/log/nginx") == {"/var/log/nginx": "root:adm 755"}


@pytest.mark.parametrize("suite", SUITES)
def test_redis_owns_its_directories(lab: Lab, build: BuildImage, suite: str) -> None:
    command = "redis-server /etc/redis/redis.conf --daemonize no"
    image = build("redis-server", suite, "--user", "redis", entrypoint=command)
    server = lab.start_image("runc", image, Start())
    until_ready(server, "redis-cli", "ping")
    assert server.run("redis-cli", "set", "answer", "42").output == "OK\n"
    assert server.run("redis-cli", "save").output == "OK\n"
    assert owners(server, "/proc/1", "/etc/redis", "/etc/redis/redis.conf", "/var/lib/redis", "/var/log/redis") == {
        "/proc/1": "redis:redis 555",
        "/etc/redis": "redis:redis 2770",
        "/etc/redis/redis.conf": "redis:redis 640",
        "/var/lib/redis": "redis:redis 750",
        "/var/log/redis": "redis:adm 2750",
    }
    assert owners(server, "/var/lib/redis/dump.rdb")["/var/lib/redis/dump.rdb"].startswith("redis:redis ")
    assert "Ready to accept connections" in server.run("cat", "/var/log/redis/redis-server.log").output
