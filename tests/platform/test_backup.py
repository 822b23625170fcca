"""A backup is of one moment, is for its owner alone, and a restore that is not exactly as it was says so."""

import os
import stat
import tempfile
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest

from journal import cli
from journal.medication.rules import every_hours
from journal.platform import backup, database
from journal.platform.backup import RestoreError, back_up, manifest_of, restore
from journal.platform.clock import hhmm, local_date, norwegian_date
from journal.platform.manifest import Content, Manifest, differences, read_content
from journal.platform.postgres import EmbeddedPostgres, running
from journal.platform.postgres_programs import PostgresError, client_programs
from journal.platform.quantity import Quantity
from tests import factories
from tests.conftest import DATABASE, Browser, World

HOURLY = every_hours(Quantity(Decimal(1), "tablett"), 1)
DOSES = 400


def quiet(_text: str) -> None:
    """What the backup says is for the person at the terminal."""


@pytest.fixture
def folder() -> Iterator[Path]:
    """Not pytest's own: it is closed to the user that a server runs as when the tests are run by root."""
    with tempfile.TemporaryDirectory(prefix="akson-backup-", ignore_cleanup_errors=True) as made:
        Path(made).chmod(0o711)
        yield Path(made)


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[EmbeddedPostgres]:
    """Another machine, as it were: a cluster of its own."""
    with tempfile.TemporaryDirectory(prefix="akson-backup-", ignore_cleanup_errors=True) as made:
        Path(made).chmod(0o711)
        with running(Path(made, "home"), fast=True) as server:
            yield server


@pytest.fixture
def empty(elsewhere: EmbeddedPostgres, request: pytest.FixtureRequest) -> str:
    """The name of a new database there, made as an administrator would."""
    name = f"restored_{abs(hash(request.node.name)) % 10**9}"
    database.make_database(elsewhere.dsn(), name)
    return name


@pytest.fixture
def url(server: EmbeddedPostgres, migrator: psycopg.Connection[Any]) -> str:
    return server.dsn("journal_backup", DATABASE)


def content_of(server: EmbeddedPostgres, name: str) -> Content:
    with psycopg.connect(server.conninfo("journal_backup", name)) as connection:
        return read_content(connection)


class Nurse(threading.Thread):
    """Signs dose after dose until she is told to stop."""

    def __init__(self, browser: Browser, patient_id: UUID, doses: dict[UUID, datetime]) -> None:
        super().__init__()
        self.browser, self.patient_id, self.doses = browser, patient_id, doses
        self.signed: list[UUID] = []
        self.under_way, self.enough = threading.Event(), threading.Event()

    def run(self) -> None:
        for dose_id, due_at in self.doses.items():
            path = f"/patients/{self.patient_id}/doses/{dose_id}/given"
            form = {"request_version": "1", "given_time": hhmm(due_at), "given_day": norwegian_date(local_date(due_at))}
            assert self.browser.act(path, form).status_code == 303
            self.signed.append(dose_id)
            self.under_way.set()
            if self.enough.is_set():
                return


def an_hourly_order(world: World) -> tuple[UUID, dict[UUID, datetime]]:
    patient_id = world.patient()
    now = datetime.now(UTC)
    since = now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=DOSES)
    order = factories.medication_request(
        world.builder, patient_id, world.lars, dosage=HOURLY, starts_at=since, planned_until=now
    )
    due = factories.doses(world.builder, order, HOURLY, since, now)
    world.store()
    return patient_id, {dose["id"]: dose["due_at"] for dose in due}


def test_a_backup_taken_while_doses_are_signed_is_restored_to_one_consistent_moment(
    world: World,
    client_for: Callable[..., Browser],
    url: str,
    elsewhere: EmbeddedPostgres,
    empty: str,
    folder: Path,
) -> None:
    patient_id, doses = an_hourly_order(world)
    nurse = Nurse(client_for(world.nina), patient_id, doses)
    nurse.start()
    assert nurse.under_way.wait(30)
    try:
        before = list(nurse.signed)
        kept = back_up(url, folder / "journal.dump", quiet)
    finally:
        nurse.enough.set()
        nurse.join()

    restored = restore(elsewhere.dsn("journal_migrator", empty), folder / "journal.dump", "test", quiet)

    assert restored == kept == content_of(elsewhere, empty)
    with psycopg.connect(elsewhere.conninfo("journal_backup", empty)) as connection:
        found = connection.execute(
            """SELECT a.dose_id,
                   (SELECT count(*) FROM audit.access_log l WHERE l.at = a.recorded_at AND l.patient_id = a.patient_id
                        AND l.action = 'medication:administer' AND l.outcome = 'success'),
                   (SELECT count(*) FROM platform.outbox o WHERE o.body ->> 'administration_id' = a.id::text),
                   (SELECT count(*) FROM platform.command c WHERE c.at = a.recorded_at AND c.answer IS NOT NULL)
               FROM medication.medication_administration a WHERE a.patient_id = %s""",
            (patient_id,),
        ).fetchall()
        # The key by which PostgreSQL knows the program is not in a backup.
        assert connection.execute("SELECT count(*) FROM audit.mac_key").fetchone() == (0,)
    signed = {dose_id for dose_id, *_ in found}
    assert set(before) <= signed <= set(nurse.signed)
    assert len(signed) < len(nurse.signed), "she went on signing after the moment of the backup"
    assert {tuple(rows) for _, *rows in found} == {(1, 1, 1)}


def test_a_backup_is_for_its_owner_alone_and_never_replaces_another(url: str, folder: Path) -> None:
    file = folder / "journal.dump"
    usual = os.umask(0)
    try:
        back_up(url, file, quiet)
    finally:
        os.umask(usual)

    assert {stat.S_IMODE(path.stat().st_mode) for path in (file, manifest_of(file))} == {0o600}
    assert {path.name for path in folder.iterdir()} == {"journal.dump", "journal.dump.json"}
    written = file.read_bytes()
    with pytest.raises(FileExistsError, match="finnes allerede"):
        back_up(url, file, quiet)
    assert file.read_bytes() == written


def test_nothing_is_restored_over_a_database_that_is_not_empty(
    url: str, elsewhere: EmbeddedPostgres, empty: str, folder: Path
) -> None:
    back_up(url, folder / "journal.dump", quiet)
    with psycopg.connect(elsewhere.conninfo("journal_migrator", empty), autocommit=True) as connection:
        connection.execute("CREATE TABLE public.kept AS SELECT 42 AS it")

        with pytest.raises(RestoreError, match="ikke tom"):
            restore(elsewhere.dsn("journal_migrator", empty), folder / "journal.dump", "test", quiet)

        schemas = connection.execute("SELECT count(*) FROM pg_namespace WHERE nspname = 'medication'").fetchone()
        assert schemas == (0,)


def test_a_file_that_is_not_the_one_that_was_written_is_refused(
    url: str, elsewhere: EmbeddedPostgres, empty: str, folder: Path
) -> None:
    file, target = folder / "journal.dump", elsewhere.dsn("journal_migrator", empty)
    back_up(url, file, quiet)
    whole = file.read_bytes()

    file.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(RestoreError, match="ikke filen som ble skrevet"):
        restore(target, file, "test", quiet)

    file.write_bytes(whole)
    with pytest.raises(RestoreError, match="kan ikke brukes som production"):
        restore(target, file, "production", quiet)
    manifest_of(file).write_text('{"made_at": "i går"}')
    with pytest.raises(ValueError, match="ikke innholdslisten"):
        restore(target, file, "test", quiet)
    manifest_of(file).unlink()
    with pytest.raises(RestoreError, match="mangler"):
        restore(target, file, "test", quiet)


def test_a_restore_that_breaks_off_leaves_the_database_empty(
    url: str, elsewhere: EmbeddedPostgres, empty: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The archive ends in the middle of a table, or between two things: what came before must not be committed."""
    file, target = folder / "journal.dump", elsewhere.dsn("journal_migrator", empty)
    back_up(url, file, quiet)
    whole, manifest = file.read_bytes(), Manifest.read(manifest_of(file))
    file.write_bytes(whole[: len(whole) * 9 // 10])

    monkeypatch.setattr(backup, "fingerprint", lambda _file: manifest.sha256)
    with pytest.raises(PostgresError, match="fortsatt tom"):
        restore(target, file, "test", quiet)

    file.write_bytes(whole)
    script = backup._script
    with monkeypatch.context() as broken:
        broken.setattr(backup, "_script", lambda *all_of_it: script(*all_of_it) and " TABLE " not in str(all_of_it[2]))
        with pytest.raises(PostgresError, match="fortsatt tom"):
            restore(target, file, "test", quiet)
    assert restore(target, file, "test", quiet) == manifest.content


TAMPERED = {
    "a row": ("UPDATE platform.installation SET made_at = now() + interval '1 day'", "platform.installation har 1 rader"),
    "a log row": (
        "INSERT INTO audit.access_log (at, action, outcome) VALUES (now(), 'chart:read', 'refused')",
        "Siste linje i innsynsloggen",
    ),
    "forced security": ("ALTER TABLE notes.note NO FORCE ROW LEVEL SECURITY", "Mangler: tabell notes.note (r), radvern t"),
    "a policy": ("DROP POLICY chart ON notes.note", "Mangler: regel chart på notes.note"),
    "a policy too many": ("CREATE POLICY loose ON notes.note USING (true)", "For mye: regel loose på notes.note"),
    "an owner": ("ALTER TABLE notes.note OWNER TO journal_migrator", "For mye: tabell notes.note"),
    "a right": ("GRANT DELETE ON notes.note TO journal_app", "journal_app:delete"),
    "a right to a column": ("GRANT UPDATE (body) ON notes.note TO journal_app", "kolonne notes.note.body"),
    "a function": ("ALTER FUNCTION audit.who() SECURITY INVOKER", "Mangler: funksjon audit.who()"),
    "a trigger": ("ALTER TABLE notes.note DISABLE TRIGGER entered_in_error", "utløser entered_in_error på notes.note: D"),
}  # fmt: skip


@pytest.mark.parametrize(("change", "sentence"), TAMPERED.values(), ids=TAMPERED.keys())
def test_whatever_is_otherwise_after_a_restore_is_said(
    world: World, server: EmbeddedPostgres, change: str, sentence: str
) -> None:
    kept = content_of(server, DATABASE)
    with psycopg.connect(server.conninfo("journal_migrator", DATABASE)) as connection:
        connection.execute(change.encode())
        found = read_content(connection)
        connection.rollback()

    assert differences(kept, kept) == []
    unlike = differences(kept, found)
    assert any(sentence in line for line in unlike), unlike


def test_a_role_that_got_more_than_it_had_is_said(
    world: World, server: EmbeddedPostgres, elsewhere: EmbeddedPostgres, empty: str, url: str, folder: Path
) -> None:
    back_up(url, folder / "journal.dump", quiet)
    with psycopg.connect(elsewhere.conninfo(), autocommit=True) as superuser:
        superuser.execute("ALTER ROLE journal_app BYPASSRLS")
        try:
            with pytest.raises(RestoreError, match=r"journal_app.*utenom radvernet t"):
                restore(elsewhere.dsn("journal_migrator", empty), folder / "journal.dump", "test", quiet)
        finally:
            superuser.execute("ALTER ROLE journal_app NOBYPASSRLS")


def test_a_database_that_does_not_answer_is_said_in_a_sentence(folder: Path) -> None:
    with pytest.raises(PostgresError, match="Får ikke kontakt med databasen"):
        back_up("postgresql+psycopg://journal_backup@127.0.0.1:1/akson", folder / "journal.dump", quiet)
    assert list(folder.iterdir()) == []


def test_programs_that_are_older_than_the_server_are_not_used() -> None:
    assert (client_programs(18) / "pg_dump").exists()
    with pytest.raises(PostgresError, match="postgresql-client-99"):
        client_programs(99)


def test_the_commands_take_a_home_to_another_home(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("AKSON_DATABASE_URL", raising=False)
    home, other, file = folder / "home", folder / "other", str(folder / "journal.dump")
    with running(home):
        assert cli.main(["restore", file, "--home", str(home)]) == 2
        assert "mangler" in capsys.readouterr().err
        # An installation as `akson demo` makes it, with nobody in it.
        assert cli.main(["db", "upgrade", "--home", str(home)]) == 0
        assert cli.main(["backup", file, "--home", str(home)]) == 0
    with running(other):
        assert cli.main(["restore", file, "--home", str(other)]) == 0
        assert "Databasen er som da kopien ble tatt" in capsys.readouterr().out
        assert cli.main(["restore", file, "--home", str(other)]) == 2
        assert "ikke tom" in capsys.readouterr().err
        assert cli.main(["db", "upgrade", "--home", str(other)]) == 0
