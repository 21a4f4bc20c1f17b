"""MariaDB images make their databases at the first start, as the well-known image does, and keep them."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.conftest import Lab, Workshop
from tests.support.containers import Container, Start, until_ready

pytestmark = [pytest.mark.runtime, pytest.mark.network]

DATA = "/var/lib/mysql"
SOCKETS = "/run/mysqld"
PASSWORD = "it's a \\ $ecret"
INIT_FILES = "/docker-entrypoint-initdb.d"
Images = Callable[[str], Path]


def sql(container: Container, statement: str, *options: str, password: str = PASSWORD) -> str:
    """Return what the client prints for a statement; it must succeed."""
    words = ("mariadb", "--batch", "--skip-column-names", f"--execute={statement}", *options)
    answer = container.run(*words, environment={"MYSQL_PWD": password})
    assert answer.code == 0, answer.errors + container.logs()
    return answer.output.strip()


def until_serving(container: Container, user: str = "root") -> None:
    # Over TCP: the server of the first start listens on its socket only. It answers before anybody is let in.
    until_ready(container, "mariadb-admin", "--host=127.0.0.1", f"--user={user}", "ping")


@pytest.fixture(scope="module")
def images(workshop: Workshop, tmp_path_factory: pytest.TempPathFactory) -> Images:
    """Gives the image of a suite, built when it is first asked for."""
    directory = tmp_path_factory.mktemp("mariadb")

    def image(suite: str) -> Path:
        path = directory / f"{suite}.oci.tar"
        if not path.exists():
            words = ("--suite", suite, "--format", "oci", "--compression", "none")
            workshop.run("build", "mariadb-server", *words, "-o", str(path))
        return path

    return image


@pytest.fixture
def init_files(tmp_path: Path) -> Path:
    """An empty directory that any user of a container can read."""
    tmp_path.chmod(0o755)
    return tmp_path


@pytest.mark.parametrize(
    ("environment", "reason"),
    [
        ({}, "Database is uninitialized and password option is not specified: set MARIADB_ROOT_PASSWORD"),
        ({"MARIADB_ROOT_PASSWORD": "a", "MARIADB_ROOT_PASSWORD_FILE": "/etc/hosts"}, "only one of them may be"),
        ({"MARIADB_ROOT_PASSWORD_FILE": "/none"}, "MARIADB_ROOT_PASSWORD_FILE: cannot read /none"),
        ({"MARIADB_ROOT_PASSWORD": "a", "MARIADB_USER": "alice"}, "MARIADB_USER needs a password"),
        ({"MARIADB_ROOT_PASSWORD": "a", "MARIADB_USER": "root", "MARIADB_PASSWORD": "b"}, "root is there already"),
    ],
    ids=["no-password", "twice", "no-file", "no-user-password", "root"],
)
def test_it_does_not_start_without_what_it_needs_to_know(
    lab: Lab, images: Images, environment: dict[str, str], reason: str
) -> None:
    container = lab.start_image("runc", images("bookworm"), Start(environment=environment))
    assert container.wait() == 1
    assert reason in container.logs()


@pytest.mark.parametrize("suite", ["bookworm", "trixie"])
def test_settings_and_init_files_of_the_well_known_image_are_honoured(
    lab: Lab, images: Images, suite: str, init_files: Path
) -> None:
    (init_files / "1.sql").write_text("CREATE TABLE seen (number int); INSERT INTO seen VALUES (1);")
    (init_files / "2.sql.gz").write_bytes(gzip.compress(b"INSERT INTO seen VALUES (2);"))
    script = init_files / "3.sh"
    script.write_text('#!/bin/bash\nmariadb --user=root my_db --execute="INSERT INTO seen VALUES (3)"\n')
    script.chmod(0o755)
    (init_files / "README").write_text("not run\n")
    (init_files / "secret").write_text(f"{PASSWORD}\n")
    how = Start(
        command=("--max-connections=17",),
        environment={
            "MARIADB_ROOT_PASSWORD_FILE": f"{INIT_FILES}/secret",
            "MYSQL_DATABASE": "my_db",
            "MARIADB_USER": "alice",
            "MARIADB_PASSWORD": PASSWORD,
        },
        user="12345",
        read_only=True,
        volumes={DATA: f"init-{suite}", SOCKETS: f"sockets-{suite}"},
        binds={INIT_FILES: init_files},
        scratch=("/tmp",),
    )
    container = lab.start_image("runc", images(suite), how)
    until_serving(container, "alice")
    status = Path(f"/proc/{container.pid}/status").read_text()
    assert status.startswith("Name:\tmariadbd\n"), "the server itself is process 1, not a shell"
    assert "\nUid:\t12345\t12345\t" in status
    for user in ("root", "alice"):
        for way in ("--host=127.0.0.1", "--protocol=socket"):
            login = (f"--user={user}", way)
            assert sql(container, "SELECT GROUP_CONCAT(number) FROM my_db.seen", *login) == "1,2,3"
            wrong = container.run("mariadb", *login, "--execute=SELECT 1", environment={"MYSQL_PWD": "guess"})
            assert "Access denied for user" in wrong.errors
    assert sql(container, "SELECT @@max_connections", "--user=root") == "17"
    # The name of a database is no pattern: alice has nothing in one that is nearly called like hers.
    assert sql(container, "CREATE DATABASE myxdb", "--user=root") == ""
    assert sql(container, "SHOW DATABASES LIKE 'my%'", "--user=alice") == "my_db"
    assert sql(container, "SELECT user, host FROM mysql.user WHERE user = ''", "--user=root") == ""
    assert f"ignoring {INIT_FILES}/README" in container.logs()
    environment = Path(f"/proc/{container.pid}/environ").read_text()
    assert PASSWORD not in environment
    container.signal("TERM")
    assert container.wait() == 0

    again = lab.start_image("runc", images(suite), how)
    until_serving(again, "alice")
    assert sql(again, "SELECT COUNT(*) FROM my_db.seen", "--user=alice") == "3"
    assert "running" not in again.logs().split("ready for connections")[0]


def test_a_first_start_that_was_cut_off_does_not_pass_for_a_whole_one(
    lab: Lab, images: Images, init_files: Path
) -> None:
    (init_files / "1.sql").write_text("SELECT no_such_function();")
    how = Start(
        environment={"MARIADB_ALLOW_EMPTY_ROOT_PASSWORD": "yes"},
        volumes={DATA: "cut-off"},
        binds={INIT_FILES: init_files},
    )
    first = lab.start_image("runc", images("bookworm"), how)
    assert first.wait() != 0
    assert "the first start did not come to its end" in first.logs()
    second = lab.start_image("runc", images("bookworm"), how)
    assert second.wait() == 1
    assert f"the first start on {DATA} did not come to its end: empty the volume" in second.logs()


def test_a_password_can_be_made_up(lab: Lab, images: Images) -> None:
    how = Start(environment={"MARIADB_RANDOM_ROOT_PASSWORD": "1"}, volumes={DATA: "made-up"})
    container = lab.start_image("runc", images("bookworm"), how)
    until_serving(container)
    (line,) = (line for line in container.logs().splitlines() if "GENERATED ROOT PASSWORD: " in line)
    assert sql(container, "SELECT 6 * 7", "--user=root", password=line.rpartition(" ")[2]) == "42"
