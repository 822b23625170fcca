"""A backup that can be trusted: the dump and the list of its content are of one moment, and a restore is compared with the list."""

import contextlib
import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, LiteralString

import psycopg
import sqlalchemy as sa
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from journal.platform.manifest import NOT_IN_A_BACKUP, Content, Manifest, differences, fingerprint, read_content
from journal.platform.postgres_programs import PostgresError, client_programs

Say = Callable[[str], None]

_SAY_EVERY_SECONDS = 5.0
_EMPTY: LiteralString = """
SELECT NOT EXISTS (
    SELECT FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname NOT IN ('information_schema', 'public')
    UNION ALL SELECT FROM pg_class WHERE relnamespace = 'public'::regnamespace)
"""


class RestoreError(Exception):
    """The backup was not restored, or not as it was; the text (bokmål) says what is wrong and what to do."""


def manifest_of(file: Path) -> Path:
    """Where the list of what is in this backup stands: beside it."""
    return file.with_name(f"{file.name}.json")


def back_up(url: str, file: Path, say: Say) -> Content:
    """Writes everything in one snapshot to *file* (pg_dump's custom format) and its list beside it; both for the owner alone.

    *url*: the database as journal_backup. Those who sign meanwhile do not wait. A file appears when it is whole, and never
    replaces another. Raises PostgresError, or FileExistsError when there is one.
    """
    unfinished = file.with_name(f"{file.name}.unfinished")
    for path in (file, manifest_of(file)):
        if path.exists():
            raise FileExistsError(f"{path} finnes allerede. Velg et annet navn.")
    os.close(os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    try:
        with _connection(url) as connection:
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            connection.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
            snapshot, version = _row(
                connection, "SELECT pg_export_snapshot(), current_setting('server_version_num')::int"
            )
            say("Kopierer databasen. Signering og lesing går som vanlig.")
            dump = [f"--snapshot={snapshot}", f"--exclude-table-data={NOT_IN_A_BACKUP}", f"--file={unfinished}"]
            _dump(client_programs(version // 10000), [*dump, "--format=custom", "--no-password"], url, unfinished, say)
            say("Teller det som ble kopiert.")
            content = read_content(connection)
        manifest = Manifest(datetime.now(UTC).isoformat(timespec="seconds"), fingerprint(unfinished), content)
        os.close(os.open(manifest_of(file), os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        manifest.write(manifest_of(file))
        unfinished.rename(file)
    finally:
        unfinished.unlink(missing_ok=True)
    return content


def restore(url: str, file: Path, environment: str, say: Say) -> Content:
    """Fills an empty database from *file*, all or nothing, and compares what came of it with the list beside the file.

    *url*: the database as journal_migrator. Raises RestoreError when the file is not whole or of another kind of
    installation, when the database is not empty, or when something is otherwise than it was; PostgresError when a program
    fails, and then the database is as empty as before.
    """
    say("Kontrollerer filen.")
    manifest = _trusted(file, environment)
    with _connection(url) as connection:
        (empty,) = _row(connection, _EMPTY)
        (version,) = _row(connection, "SELECT current_setting('server_version_num')::int")
    if not empty:
        raise RestoreError(
            "Databasen er ikke tom, og en sikkerhetskopi legges aldri oppå noe. Lag en ny, tom database."
        )
    programs = client_programs(version // 10000)
    say(f"Legger inn {manifest.content.rows} rader fra {manifest.made_at}.")
    _fill(programs, url, file)
    say("Kontrollerer innhold, eiere, roller og radvern mot listen.")
    with _connection(url) as connection:
        content = read_content(connection)
    if unlike := differences(manifest.content, content):
        raise RestoreError("Databasen er ikke som da kopien ble tatt. Ikke ta den i bruk:\n- " + "\n- ".join(unlike))
    with _connection(url, autocommit=True) as connection:
        connection.execute("ANALYZE")
    return content


def _trusted(file: Path, environment: str) -> Manifest:
    if not manifest_of(file).exists():
        raise RestoreError(f"Listen {manifest_of(file)} mangler. Legg den ved siden av {file}, eller bruk pg_restore.")
    manifest = Manifest.read(manifest_of(file))
    if fingerprint(file) != manifest.sha256:
        raise RestoreError(f"{file} er ikke filen som ble skrevet da kopien ble tatt. Hent den på nytt.")
    if manifest.content.environment != environment:
        raise RestoreError(
            f"Kopien er av en {manifest.content.environment}-installasjon og kan ikke brukes som {environment}."
        )
    return manifest


def _dump(programs: Path, options: list[str], url: str, file: Path, say: Say) -> None:
    address, env = _for_libpq(url)
    command = [str(programs / "pg_dump"), *options, f"--dbname={address}"]
    with subprocess.Popen(command, env=env, stderr=subprocess.PIPE, text=True) as process:
        while True:
            try:
                _, told = process.communicate(timeout=_SAY_EVERY_SECONDS)
                break
            except subprocess.TimeoutExpired:
                say(f"{file.stat().st_size / 1e6:.0f} MB er skrevet.")
    if process.returncode != 0:
        raise PostgresError(f"pg_dump stoppet, og ingen kopi er laget:\n{told.strip()[-2000:]}")


def _fill(programs: Path, url: str, file: Path) -> None:
    """In one transaction, as a script: COMMIT is sent when all the rest was, so an archive that breaks off leaves nothing.

    The schemas and who may make things in them come first, since an ordinary role may give a function only to an owner
    who may make one there; pg_restore by itself grants last.
    """
    listed = subprocess.run([str(programs / "pg_restore"), "--list", str(file)], capture_output=True, text=True)
    entries = [line for line in listed.stdout.splitlines() if line and not line.startswith(";")]
    schemas = [line for line in entries if " SCHEMA - " in line or " ACL - SCHEMA " in line]
    rest = [line for line in entries if line not in set(schemas)]
    address, env = _for_libpq(url)
    # A terse message holds no line of what was being copied.
    command = [str(programs / "psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1", "-v", "VERBOSITY=terse", "-d", address]
    with (
        tempfile.TemporaryFile("w+") as told,
        subprocess.Popen(command, env=env, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=told) as psql,
    ):
        assert psql.stdin is not None
        whole = False
        with contextlib.suppress(BrokenPipeError), psql.stdin:
            psql.stdin.write(b"BEGIN;\n")
            psql.stdin.flush()
            whole = listed.returncode == 0 and all(
                _script(programs, file, part, psql.stdin) for part in (schemas, rest)
            )
            psql.stdin.write(b"COMMIT;\n" if whole else b"ROLLBACK;\n")
        psql.wait()
        told.seek(0)
        said = told.read()
    if not whole or psql.returncode != 0:
        raise PostgresError(f"Kopien lot seg ikke legge inn. Databasen er fortsatt tom.\n{said.strip()[-2000:]}")


def _script(programs: Path, file: Path, entries: list[str], out: IO[bytes]) -> bool:
    """Writes the SQL of these entries of the archive, in this order; whether all of it was written."""
    with tempfile.NamedTemporaryFile("w") as chosen:
        chosen.write("\n".join(entries))
        chosen.flush()
        command = [str(programs / "pg_restore"), "--file=-", f"--use-list={chosen.name}", str(file)]
        return subprocess.run(command, stdout=out).returncode == 0


@contextlib.contextmanager
def _connection(url: str, *, autocommit: bool = False) -> Iterator[psycopg.Connection[Any]]:
    try:
        connection = psycopg.connect(_conninfo(url), autocommit=autocommit)
    except psycopg.OperationalError as error:
        raise PostgresError(f"Får ikke kontakt med databasen: {str(error).strip()}") from error
    with connection:
        yield connection


def _for_libpq(url: str) -> tuple[str, dict[str, str]]:
    """The address without its password, which other users of the machine could read, and the environment with it."""
    told = {name: str(value) for name, value in conninfo_to_dict(_conninfo(url)).items() if value is not None}
    password = told.pop("password", "")
    env = {name: value for name, value in os.environ.items() if not name.startswith("AKSON_")}
    return make_conninfo(**told), {**env, **({"PGPASSWORD": password} if password else {})}


def _conninfo(url: str) -> str:
    plain = sa.make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    return make_conninfo(plain)


def _row(connection: psycopg.Connection[Any], query: LiteralString) -> tuple[Any, ...]:
    row = connection.execute(query).fetchone()
    assert row is not None
    return tuple(row)
