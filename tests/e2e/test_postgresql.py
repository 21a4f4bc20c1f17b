"""PostgreSQL images do their job under every runtime, from the first start on."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from pkg2image.image.read import read_image
from tests.e2e.conftest import Lab, Workshop
from tests.support.containers import Container, Start, until_ready
from tests.support.postgres import (
    ALL,
    CERTIFICATES,
    COLLATIONS,
    DUMPS,
    EXTENSIONS,
    MODULES,
    PASSWORD,
    PROGRAMS,
    make_certificate,
    sql,
    until_serving,
)

pytestmark = [pytest.mark.runtime, pytest.mark.network]

SUITES = ("bookworm", "trixie", "bookworm-slim", "trixie-slim")
RUNTIMES = ("podman", "runc", "docker", "aci")
SLIM = SUITES[2:]
PGDATA = "/var/lib/postgresql/data"
INIT_FILES = "/docker-entrypoint-initdb.d"
UNFINISHED = f"the first start on {PGDATA} did not come to its end"

# What must work on the very first day, and what it must answer.
STATEMENTS = [
    ("SELECT current_user", "postgres"),
    ("SELECT auth_method FROM pg_hba_file_rules WHERE address = 'all'", "scram-sha-256"),
    ("CREATE TABLE box (label text, things hstore)", "CREATE TABLE"),
    ("INSERT INTO box VALUES ('red', 'apples=>3'), ('Blue', 'pears=>4')", "INSERT 0 2"),
    ("SELECT sum((things -> skeys)::int) FROM box, skeys(things)", "7"),
    ("SELECT count(*) > 400 FROM pg_timezone_names", "t"),
    ("SELECT string_agg(label, ' ' ORDER BY label COLLATE \"en-x-icu\") FROM box", "Blue red"),
    ("SELECT string_agg(label, ' ' ORDER BY label COLLATE \"C\" DESC) FROM box", "red Blue"),
    ("SELECT 'b' < 'C' COLLATE \"de-x-icu\", 'b' < 'C' COLLATE \"C\"", "t|f"),
]


# What functions in other languages do with modules that nothing else in the image uses.
FUNCTIONS = [
    ("plperl", "return sprintf('%.1f', 2.5) . ucfirst('x');", "2.5X"),
    ("plperlu", "use JSON::PP; use Time::HiRes; use Encode; return JSON::PP->new->encode([1, 2]);", "[1,2]"),
    ("plpython3u", "import json, sqlite3, ctypes, zoneinfo; return json.dumps([1, 2])", "[1, 2]"),
    ("pltcl", "return [string toupper [clock format 0 -gmt 1 -format %b]]", "JAN"),
]


def refusal(container: Container) -> str:
    """Return what a container says that must refuse to start."""
    assert container.wait() != 0
    return container.logs()


@pytest.fixture
def init_files(tmp_path: Path) -> Path:
    """An empty directory that any user of a container can read."""
    tmp_path.chmod(0o755)
    return tmp_path


@pytest.mark.parametrize(
    ("suite", "runtime"),
    [
        *((suite, runtime) for suite in ("bookworm", "trixie") for runtime in RUNTIMES),
        ("bookworm-slim", "runc"),
        ("trixie-slim", "aci"),
    ],
)
def test_a_database_lives_on_in_its_volume(lab: Lab, suite: str, runtime: str) -> None:
    volumes = {PGDATA: f"life-{suite}"}
    first = lab.start(runtime, "postgresql", suite, Start(environment={"POSTGRES_PASSWORD": PASSWORD}, volumes=volumes))
    until_serving(first)
    status = Path(f"/proc/{first.pid}/status").read_text()
    assert "\nUid:\t999\t999\t999\t999\n" in status
    assert status.startswith("Name:\tpostgres\n"), "the server itself is process 1, not a shell"
    sql(first, "CREATE EXTENSION hstore")
    for statement, answer in STATEMENTS:
        assert sql(first, statement) == answer, statement
    first.signal("TERM")
    assert first.wait() == 0
    assert "database system is shut down" in first.logs()

    second = lab.start(runtime, "postgresql", suite, Start(volumes=volumes))
    until_serving(second)
    assert sql(second, "SELECT count(*) FROM box") == "2"
    assert "not properly shut down" not in second.logs()
    second.signal("INT")
    assert second.wait() == 0


@pytest.mark.parametrize("suite", SUITES)
def test_init_files_and_settings_of_the_well_known_image_are_honoured(lab: Lab, suite: str, init_files: Path) -> None:
    (init_files / "1.sql").write_text("CREATE TABLE seen (number int); INSERT INTO seen VALUES (1);")
    (init_files / "2.sql.gz").write_bytes(gzip.compress(b"INSERT INTO seen VALUES (2);"))
    (init_files / "3.sh").write_text(
        'psql -U "$POSTGRES_USER" "$POSTGRES_DB" <<-EOSQL\nINSERT INTO seen VALUES (3);\nEOSQL\n'
    )
    script = init_files / "4.sh"
    script.write_text(
        '#!/usr/bin/env bash\nset -e\npsql -U "$POSTGRES_USER" -c "INSERT INTO seen VALUES (4)" "$POSTGRES_DB"\n'
    )
    script.chmod(0o755)
    (init_files / "README").write_text("not run\n")
    secret = init_files / "secret"
    secret.write_text(f"{PASSWORD}\n")
    container = lab.start(
        "runc",
        "postgresql",
        suite,
        Start(
            command=("-c", "work_mem=5MB", "-c", 'application_name=it\'s "quoted"'),
            environment={
                "POSTGRES_PASSWORD_FILE": f"{INIT_FILES}/secret",
                "POSTGRES_USER": "alice",
                "POSTGRES_DB": 'wonder "land"',
                "POSTGRES_INITDB_ARGS": "--data-checksums --auth='scram-sha-256'",
                "POSTGRES_INITDB_WALDIR": "/var/lib/postgresql/wal",
            },
            volumes={PGDATA: f"init-{suite}"},
            binds={INIT_FILES: init_files},
        ),
    )
    until_serving(container)
    login = ("--username=alice", '--dbname=wonder "land"')
    assert sql(container, "SELECT array_agg(number) FROM seen", *login, password=PASSWORD) == "{1,2,3,4}"
    assert sql(container, "SHOW work_mem", *login, password=PASSWORD) == "5MB"
    assert sql(container, "SHOW data_checksums", *login, password=PASSWORD) == "on"
    for way in (("--host=127.0.0.1",), ()):
        wrong = container.run("psql", *login, *way, "-c", "SELECT 1", environment={"PGPASSWORD": "guess"})
        assert "password authentication failed" in wrong.errors
    assert f"ignoring {INIT_FILES}/README" in container.logs()
    environment = Path(f"/proc/{container.pid}/environ").read_text()
    assert PASSWORD not in environment


@pytest.mark.parametrize(
    ("suite", "runtime"),
    [
        *((suite, runtime) for suite in ("bookworm", "trixie") for runtime in ("podman", "runc")),
        ("bookworm-slim", "runc"),
        ("trixie-slim", "runc"),
    ],
)
def test_any_numeric_user_can_run_it_on_a_read_only_root(lab: Lab, suite: str, runtime: str) -> None:
    volumes = {PGDATA: f"number-{suite}"}
    if runtime == "runc":  # engines give it the volume that the image declares
        volumes["/run/postgresql"] = f"sockets-{suite}"
    how = Start(environment={"POSTGRES_PASSWORD": PASSWORD}, user="12345", read_only=True, volumes=volumes)
    container = lab.start(runtime, "postgresql", suite, how)
    until_serving(container, "--username=postgres")
    assert "\nUid:\t12345\t" in Path(f"/proc/{container.pid}/status").read_text()
    assert sql(container, "SELECT 6 * 7", "--username=postgres") == "42"
    container.signal("TERM")
    assert container.wait() == 0

    again = lab.start(runtime, "postgresql", suite, how)
    until_serving(again, "--username=postgres")
    assert "Skipping initialization" in again.logs()


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        (Start(), "superuser password is not specified"),
        (Start(environment={"POSTGRES_PASSWORD": PASSWORD}, user="0"), "does not run as root"),
        (Start(environment={"POSTGRES_PASSWORD": "a", "POSTGRES_PASSWORD_FILE": "/b"}), "only one of them may be"),
        (Start(environment={"POSTGRES_PASSWORD_FILE": "/no/such"}), "cannot read /no/such"),
        (Start(environment={"POSTGRES_PASSWORD": "a"}, read_only=True), "can be written"),
        (Start(environment={"POSTGRES_PASSWORD": "a", "POSTGRES_INITDB_ARGS": "--nonsense"}), "unrecognized option"),
    ],
    ids=["no-password", "root", "two-passwords", "unreadable-file", "nowhere-to-write", "initdb-fails"],
)
def test_it_refuses_to_start(lab: Lab, how: Start, reason: str) -> None:
    assert reason in refusal(lab.start("runc", "postgresql", "bookworm", how))


def test_an_aci_does_not_start_when_its_pre_start_event_fails(lab: Lab) -> None:
    said = refusal(lab.start("aci", "postgresql", "bookworm", Start()))
    assert "superuser password is not specified" in said


def test_everybody_is_let_in_only_on_request(lab: Lab) -> None:
    container = lab.start(
        "runc",
        "postgresql",
        "bookworm",
        Start(environment={"POSTGRES_HOST_AUTH_METHOD": "trust"}, volumes={PGDATA: "trust"}),
    )
    until_serving(container)
    assert sql(container, "SELECT 1", "--host=127.0.0.1") == "1"
    assert "warning: POSTGRES_HOST_AUTH_METHOD=trust" in container.logs()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.sql", b"CREATE TABLE half (a int); SELECT 1 / 0;"),
        ("a.sql.gz", gzip.compress(b"SELECT 1;")[:-6]),
        ("a.sh", b"false\n"),
        ("a.sql.zst", b""),
    ],
    ids=["sql", "truncated-gzip", "script", "no-unpacker"],
)
def test_a_first_start_that_failed_is_never_taken_for_a_database(
    lab: Lab, name: str, content: bytes, init_files: Path
) -> None:
    (init_files / name).write_bytes(content)
    volumes = {PGDATA: f"failed-{name}"}
    environment = {"POSTGRES_PASSWORD": PASSWORD}
    broken = Start(environment=environment, volumes=volumes, binds={INIT_FILES: init_files})
    assert "the first start did not come to its end" in refusal(lab.start("runc", "postgresql", "bookworm", broken))
    again = lab.start("runc", "postgresql", "bookworm", Start(environment=environment, volumes=volumes))
    assert UNFINISHED in refusal(again)


def test_an_interrupted_initdb_leaves_an_empty_volume(lab: Lab) -> None:
    how = Start(environment={"POSTGRES_PASSWORD": PASSWORD}, volumes={PGDATA: "interrupted"})
    container = lab.start("runc", "postgresql", "bookworm", how)
    until_ready(container, "sh", "-c", f"[ -e {PGDATA}/PG_VERSION ]")
    container.signal("TERM")
    assert container.wait() == 143
    again = lab.start("runc", "postgresql", "bookworm", how)
    until_serving(again)
    assert sql(again, "SELECT 1") == "1"


@pytest.mark.parametrize(
    ("command", "answer"),
    [(("postgres", "--version"), "postgres (PostgreSQL)"), (("psql", "--version"), "psql (PostgreSQL)")],
    ids=["help-of-the-server", "another-program"],
)
def test_other_commands_run_as_they_are(lab: Lab, command: tuple[str, ...], answer: str) -> None:
    container = lab.start("runc", "postgresql", "bookworm", Start(command=command, user="0"))
    assert container.wait() == 0
    assert container.logs().startswith(answer)


@pytest.mark.parametrize("suite", SUITES)
def test_the_entrypoint_needs_no_coreutils(lab: Lab, suite: str) -> None:
    look = ("sh", "-c", "command -v cat chmod chown env id ls mkdir mktemp mv rm sed tail gosu bash; echo none of them")
    container = lab.start("runc", "postgresql", suite, Start(command=look))
    assert container.wait() == 0
    assert container.logs() == "none of them\n"


@pytest.fixture
def slim(lab: Lab, suite: str, tmp_path: Path) -> Container:
    """A slim server that takes TLS connections."""
    tmp_path.chmod(0o755)
    certificates = make_certificate(tmp_path / "certificates", user=999)
    settings = {
        "ssl": "on",
        "ssl_cert_file": f"{CERTIFICATES}/server.crt",
        "ssl_key_file": f"{CERTIFICATES}/server.key",
    }
    container = lab.start(
        "runc",
        "postgresql",
        suite,
        Start(
            command=tuple(word for name, value in settings.items() for word in ("-c", f"{name}={value}")),
            environment={"POSTGRES_PASSWORD": PASSWORD},
            binds={CERTIFICATES: certificates},
        ),
    )
    until_serving(container)
    return container


@pytest.mark.parametrize("suite", SLIM)
def test_a_slim_server_can_do_everything(slim: Container) -> None:
    sql(slim, MODULES)
    sql(slim, EXTENSIONS)
    available = "SELECT count(*) FILTER (WHERE installed_version IS NOT NULL), count(*) FROM pg_available_extensions"
    installed, there = map(int, sql(slim, available).split("|"))
    assert installed > 40
    # The others translate for procedural languages, which are packages of their own.
    assert there - installed < 12
    for table, count, use in ALL:
        assert int(sql(slim, f"SELECT count({use}) FROM {table}")) >= count, table
    sql(slim, COLLATIONS)
    answer = slim.run("sh", "-c", PROGRAMS)
    assert (answer.code, answer.output, answer.errors) == (0, "", "")
    assert sql(slim, "SELECT pg_jit_available()") == "f"


@pytest.mark.parametrize("suite", SLIM)
def test_a_slim_server_takes_tls_connections_and_its_dumps_come_back(slim: Container) -> None:
    login = (
        f"dbname=postgres user=postgres hostaddr=127.0.0.1 sslmode=verify-full sslrootcert={CERTIFICATES}/server.crt"
    )
    question = "SELECT ssl, version FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
    assert sql(slim, question, f"{login} host=localhost", password=PASSWORD) == "t|TLSv1.3"
    wrong = slim.run("psql", f"{login} host=elsewhere", environment={"PGPASSWORD": PASSWORD})
    assert 'does not match host name "elsewhere"' in wrong.errors
    sql(slim, "CREATE TABLE box AS SELECT 'red' AS label UNION ALL SELECT 'blue'")
    answer = slim.run("sh", "-c", DUMPS)
    assert answer.code == 0, answer.errors
    assert answer.output == "blue\nred\n" * 4 + "2\n"


@pytest.mark.parametrize(("suite", "megabytes"), [("bookworm-slim", 36), ("trixie-slim", 34)])
def test_a_slim_server_is_whole_and_small(workshop: Workshop, suite: str, megabytes: int) -> None:
    slim = workshop.image("postgresql", suite, "oci")
    assert slim.stat().st_size <= megabytes * 1_000_000
    whole = workshop.image("postgresql", suite.removesuffix("-slim"), "oci")
    paths = [{info.path for info in read_image(image).files} for image in (whole, slim)]
    optional = {path for path in paths[0] if any(part in path for part in ("/bitcode", "/llvmjit", "/pgxs", "/right/"))}
    assert optional
    for part in ("usr/lib/postgresql/", "usr/share/postgresql/", "usr/share/zoneinfo/"):
        missing = {path for path in paths[0] - paths[1] - optional if path.startswith(part)}
        assert not missing, part


def test_features_and_locales_of_a_slim_server(lab: Lab, workshop: Workshop, tmp_path: Path) -> None:
    image = tmp_path / "image.tar"
    features = [word for name in ("jit", "perl", "python", "tcl") for word in ("--feature", name)]
    words = ("build", "postgresql", "--suite", "bookworm", "--slim", *features, "--locale", "de_DE")
    workshop.run(*words, "--compression", "none", "-o", str(image))
    container = lab.start_image(
        "runc", image, Start(environment={"POSTGRES_PASSWORD": PASSWORD, "LANG": "de_DE.UTF-8"})
    )
    image.unlink()
    until_serving(container)
    for language, code, answer in FUNCTIONS:
        sql(container, f"CREATE EXTENSION {language}")
        sql(container, f"CREATE FUNCTION {language}_answer() RETURNS text LANGUAGE {language} AS $$ {code} $$")
        assert sql(container, f"SELECT {language}_answer()") == answer
    assert sql(container, "SELECT datcollate FROM pg_database WHERE datname = 'postgres'") == "de_DE.UTF-8"
    assert sql(container, "SELECT to_char(date '2024-03-01', 'TMMonth'), 'b' < 'C'") == "M\u00e4rz|t"
    costs = "SET jit_above_cost = 0; SET jit_inline_above_cost = 0; SET jit_optimize_above_cost = 0;"
    assert "Inlining true" in sql(container, f"{costs} EXPLAIN ANALYZE SELECT sum(x * x) FROM generate_series(1, 9) x")
