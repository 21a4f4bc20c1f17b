"""Everything that a PostgreSQL server and its clients can do, asked of one that runs in a container.

Every question is one statement or one command line for many things at once: what fails is named by the answer.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from tests.support.containers import Container, until_ready

PASSWORD = "it's a $ecret"
CERTIFICATES = "/certificates"

# Every extension that is there with all that it requires; those of procedural languages are packages of their own.
EXTENSIONS = """
DO $$ DECLARE name text; BEGIN
  FOR name IN
    SELECT e.name FROM pg_available_extensions e JOIN pg_available_extension_versions v
      ON v.name = e.name AND v.version = e.default_version
    WHERE NOT EXISTS (SELECT FROM unnest(v.requires) r WHERE r NOT IN (SELECT a.name FROM pg_available_extensions a))
    ORDER BY e.name
  LOOP EXECUTE format('CREATE EXTENSION IF NOT EXISTS %I CASCADE', name); END LOOP;
END $$
"""

# Every module of the server; some want to be loaded when it starts, and say so when their libraries are all there.
MODULES = """
DO $$ DECLARE name text; BEGIN
  FOR name IN SELECT substring(file FROM '(.*)[.]so')
    FROM pg_config c, pg_ls_dir(c.setting) file WHERE c.name = 'PKGLIBDIR' AND file LIKE '%.so' ORDER BY file
  LOOP
    BEGIN EXECUTE format('LOAD %L', name); EXCEPTION WHEN object_not_in_prerequisite_state OR internal_error THEN
      IF SQLERRM NOT LIKE '%shared_preload_libraries%' THEN RAISE; END IF;
    END;
  END LOOP;
END $$
"""

# Whatever a table has: how many of it there are when all is well, and what is done with every one.
ALL = [
    ("pg_conversion", 120, "convert('A', pg_encoding_to_char(conforencoding), pg_encoding_to_char(contoencoding))"),
    ("pg_timezone_names", 400, "timestamptz 'epoch' AT TIME ZONE name"),
    ("pg_timezone_abbrevs", 140, "abbrev"),
    ("pg_ts_config", 28, "to_tsvector(oid, 'the words of a text')"),
]

# Every collation of ICU.
COLLATIONS = """
DO $$ DECLARE name text; is_ordered bool; BEGIN
  FOR name IN SELECT collname FROM pg_collation WHERE collprovider = 'i' ORDER BY 1
  LOOP
    EXECUTE format('SELECT ''1'' < ''2'' COLLATE %I', name) INTO STRICT is_ordered;
    ASSERT is_ordered, name;
  END LOOP;
END $$
"""

# Every program tells its version; the names of those that do not are printed.
PROGRAMS = 'for program in /usr/lib/postgresql/*/bin/*; do "$program" --version >/dev/null || echo "$program"; done'

# A dump in every format, by several processes where that is possible, comes back as another database.
DUMPS = """
set -e
cd /tmp
for format in custom directory tar plain; do
    case $format in directory) jobs=--jobs=2 ;; *) jobs= ;; esac
    pg_dump --format=$format $jobs --file=dump.$format postgres
    createdb from_$format
    case $format in
        plain) psql -Xq --set=ON_ERROR_STOP=1 --file=dump.plain --output=/dev/null from_plain ;;
        *) pg_restore --exit-on-error $jobs --dbname=from_$format dump.$format ;;
    esac
    psql -XAt --command='SELECT label FROM box ORDER BY label' from_$format
done
pg_dumpall --file=everything
psql -XAt --command='DROP DATABASE from_custom' --output=/dev/null postgres
pg_dump --create from_plain >again
psql -Xq --command='DROP DATABASE from_plain' --file=again --output=/dev/null postgres
psql -XAt --command='SELECT count(*) FROM box' from_plain
"""


def sql(container: Container, statement: str, *options: str, password: str = "") -> str:
    """Return what psql prints for a statement; it must succeed."""
    environment = {"PGPASSWORD": password}
    answer = container.run("psql", "-XAt", "-c", statement, *options, environment=environment)
    assert answer.code == 0, answer.errors + container.logs()
    return answer.output.strip()


def until_serving(container: Container, *options: str) -> None:
    """Wait for a server; over TCP, since that of the first start listens on its socket only."""
    until_ready(container, "pg_isready", "--quiet", "--host=127.0.0.1", *options)


def make_certificate(directory: Path, *, user: int) -> Path:
    """Make a key and a certificate of localhost in a new directory that a user can read."""
    directory.mkdir(mode=0o755)
    key, certificate = directory / "server.key", directory / "server.crt"
    words = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -noenc -days 2 -subj /CN=localhost"
    names = ("-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(certificate))
    subprocess.run([*words.split(), *names], check=True, capture_output=True, timeout=60)
    key.chmod(0o600)
    os.chown(key, user, user)
    return directory
