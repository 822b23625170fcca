"""What is erased is erased also after a restore: a file outside the database knows it, and says nothing of what stood there."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from psycopg import sql

from journal.audit.erasure_file import export, read, replay
from journal.cli import main
from journal.platform.line_code import code_of
from journal.platform.postgres import EmbeddedPostgres
from tests.architecture.charts import Connection, Marked
from tests.audit.test_erasure import (
    DECISION,
    WITH_IT,
    WorkOf,
    chart,
    confirm,
    correct_note,
    propose,
    row_of,
    second,
)
from tests.conftest import DATABASE, Browser, World
from tests.factories import Staff

__all__ = ["chart", "second"]
KEY = b"f" * 32


def erased(work_of: WorkOf, world: World, second: Staff, chart: Marked, table: str, row_id: UUID) -> UUID:
    return confirm(work_of, second, chart, propose(work_of, world.mona, chart, table, row_id))


def restored(migrator: Connection, table: str, was: dict[str, Any], erasure_id: UUID) -> None:
    """As a backup from before the erasure has it: this row, and nothing of the erasure."""
    own = (name for name in was if name not in ("search", "all_of_it") and not name.startswith("in_error"))
    columns = sql.SQL(", ").join(map(sql.Identifier, own))
    named, of = sql.Identifier(*table.split(".")), (was["patient_id"], was["id"])
    migrator.execute(sql.SQL("DELETE FROM {} WHERE patient_id = %s AND id <> %s").format(named), of)
    back = sql.SQL("UPDATE {t} SET ({c}) = (SELECT {c} FROM jsonb_populate_record(NULL::{t}, %s)) WHERE id = %s")
    migrator.execute(back.format(t=named, c=columns), (was["all_of_it"], was["id"]))
    for kept in ("erasure", "erasure_proposal"):
        migrator.execute(f"DELETE FROM audit.{kept} WHERE id = %s", (erasure_id,))  # type: ignore[arg-type]


def of_chart(lines: list[dict[str, Any]], chart: Marked) -> list[dict[str, Any]]:
    """Other tests have erased too."""
    return [line for line in lines if line["patient_id"] == str(chart.patient_id)]


def test_a_record_that_came_back_with_a_backup_is_erased_again_once_and_logged(
    world: World,
    migrator: Connection,
    work_of: WorkOf,
    client_for: Callable[[Staff], Browser],
    access_log: Callable[[UUID], list[Any]],
    chart: Marked,
    second: Staff,
    tmp_path: Path,
) -> None:
    """The erasure names a version that is newer than the backup: the older one goes all the same."""
    first, file = row_of(migrator, chart, "notes.note"), tmp_path / "erasures.jsonl"
    correct_note(work_of, world.nina, chart)
    newest = migrator.execute(
        "SELECT id FROM notes.note WHERE patient_id = %s AND version = 2", (chart.patient_id,)
    ).fetchone()
    assert newest is not None
    erasure_id = erased(work_of, world, second, chart, "notes.note", newest[0])
    export(migrator, file, KEY)
    restored(migrator, "notes.note", first, erasure_id)
    assert chart.token in row_of(migrator, chart, "notes.note")["body"]
    assert export(migrator, file, KEY) == len(read(file, KEY)), "the file forgets nothing that the database forgot"
    lines = of_chart(read(file, KEY), chart)

    done = [replay(migrator, lines, "Drift Driftsen", KEY) for _ in range(2)]

    assert done == [{"erased": 1}, {"already": 1}]
    after = row_of(migrator, chart, "notes.note")
    assert (after["body"], after["title"], after["erasure_id"]) == (None, None, erasure_id)
    said = migrator.execute(
        "SELECT paragraph, decided_by_name, confirmed_by_name, at::text FROM audit.erasure WHERE id = %s", (erasure_id,)
    ).fetchone()
    assert said and said[:3] == (DECISION["paragraph"], "Mona Moe", "Berit Bakke")
    (line,) = [row for row in access_log(chart.patient_id) if row.actor_name == "Drift Driftsen"]
    assert (line.action, line.ground, line.object_id) == ("records:erase", "control", first["entry_id"])
    assert line.code == code_of(KEY, line._asdict())
    shown = client_for(world.rolf).get(f"/audit/patients/{chart.patient_id}").text
    assert "Drift Driftsen" in shown and "None" not in shown
    assert "Slettet etter vedtak" in client_for(world.nina).get(f"/patients/{chart.patient_id}/notes").text


def test_an_order_that_came_back_in_use_stands_until_it_is_stopped_and_what_is_not_there_is_told(
    world: World, migrator: Connection, work_of: WorkOf, chart: Marked, second: Staff, tmp_path: Path
) -> None:
    table, file = "medication.medication_request", tmp_path / "erasures.jsonl"
    order = row_of(migrator, chart, table)
    migrator.execute(f"UPDATE {table} SET status = 'stopped' WHERE id = %s", (order["id"],))  # type: ignore[arg-type]
    erasure_id = erased(work_of, world, second, chart, table, order["id"])
    export(migrator, file, KEY)
    (line,) = of_chart(read(file, KEY), chart)
    for below in WITH_IT[table]:
        migrator.execute(f"UPDATE {below} SET erasure_id = NULL WHERE erasure_id = %s", (erasure_id,))  # type: ignore[arg-type]
    restored(migrator, table, order, erasure_id)
    elsewhere = line | {"id": str(chart.patient_id), "record_id": str(chart.patient_id)}

    assert replay(migrator, [line, elsewhere], "Drift Driftsen", KEY) == {"in use": 1, "absent": 1}
    assert row_of(migrator, chart, table)["erasure_id"] is None
    migrator.execute(f"UPDATE {table} SET status = 'stopped' WHERE id = %s", (order["id"],))  # type: ignore[arg-type]
    assert replay(migrator, [line], "Drift Driftsen", KEY) == {"erased": 1}


def test_the_file_says_nothing_of_what_stood_there_and_a_line_that_was_altered_erases_nothing(
    world: World,
    migrator: Connection,
    work_of: WorkOf,
    server: EmbeddedPostgres,
    chart: Marked,
    second: Staff,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = tmp_path / "erasures.jsonl"
    erased(work_of, world, second, chart, "notes.note", row_of(migrator, chart, "notes.note")["id"])
    for name, role in (("DATABASE", "app"), ("BACKUP", "backup"), ("MIGRATOR", "migrator")):
        monkeypatch.setenv(f"AKSON_{name}_URL", server.dsn(f"journal_{role}", DATABASE))
    monkeypatch.setenv("AKSON_LOG_KEY", KEY.hex())

    assert main(["erasures", "export", str(file)]) == 0
    written = file.read_text()
    assert str(chart.patient_id) in written and file.stat().st_mode & 0o777 == 0o600
    assert chart.token not in written and DECISION["decision"] not in written
    assert main(["erasures", "replay", str(file), "--by", "Drift Driftsen"]) == 0
    assert "0 slettet på nytt" in capsys.readouterr().out
    file.write_text(written.replace(str(chart.patient_id), str(world.nina.actor.person_id)))
    assert main(["erasures", "replay", str(file), "--by", "Drift Driftsen"]) == 2
    assert "ikke som den ble skrevet" in capsys.readouterr().err
