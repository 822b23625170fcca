"""The erasures in a file outside the database, and those of a file run again after a restore of an older backup.

A line says which record was erased, when, by whom and by which paragraph: no word of what stood there, nor of the decision.
"""

import hmac
import json
import os
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from journal.platform.line_code import code_of, plain, said

Connection = psycopg.Connection[Any]
Line = dict[str, Any]
Outcome = Literal["erased", "already", "absent", "in use"]

_SAID = (
    *("id", "patient_id", "table_name", "paragraph", "municipality_id"),
    *("decided_by", "decided_by_name", "confirmed_by", "confirmed_by_name", "at"),
)
_DECIDED_BEFORE = (
    "Vedtaket ble fattet før en sikkerhetskopi ble lagt tilbake. Begrunnelsen er ikke med i listen over slettinger."
)


def export(connection: Connection, file: Path, key: bytes) -> int:
    """Writes the erasures to *file*, whole or not at all; answers with how many lines it has.

    What stands in the file and not in the database stays there: after a restore it is the file that knows. Raises ValueError
    when a line of it was not written with *key*.
    """
    lines = {line["id"]: line for line in (read(file, key) if file.exists() else [])}
    lines |= {line["id"]: line for line in _erased(connection)}
    told = (json.dumps(line | {"code": _code(key, line)}, ensure_ascii=False) + "\n" for line in lines.values())
    beside = file.with_name(f"{file.name}.new")
    beside.unlink(missing_ok=True)
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
        out.writelines(told)
        out.flush()
        os.fsync(out.fileno())
    beside.rename(file)
    return len(lines)


def read(file: Path, key: bytes) -> list[Line]:
    """The lines. Raises ValueError with the number of the first that was not written with *key*."""
    lines = []
    for number, written in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        try:
            line = json.loads(written)
            good = hmac.compare_digest(line.pop("code"), _code(key, line))
        except (ValueError, TypeError, AttributeError, KeyError):
            good = False
        if not good:
            raise ValueError(f"Linje {number} i {file.name} er ikke som den ble skrevet. Ingenting er slettet.")
        lines.append(line)
    return lines


def replay(connection: Connection, lines: list[Line], by: str, log_key: bytes) -> Counter[Outcome]:
    """Erases again what the database has and should not; each in a transaction with its line in the access log.

    *connection*: as journal_migrator, in autocommit. *by*: who runs it. What is done already is left as it is, so that
    it can be run again.
    """
    outcomes: Counter[Outcome] = Counter()
    for line in lines:
        with connection.transaction():
            outcomes[_again(connection, line, by, log_key)] += 1
    return outcomes


def _erased(connection: Connection) -> list[Line]:
    """Each with the key of its record: the row that was named may be newer than a backup that has the record's older ones."""
    found: list[Line] = []
    with connection.cursor(row_factory=dict_row) as cursor:
        for table, key, _ in connection.execute(_RECORDS).fetchall():
            query = sql.SQL(
                "SELECT {said}, t.{key} AS record_id FROM audit.erasure z"
                " JOIN {table} t ON (t.patient_id, t.id) = (z.patient_id, z.row_id) WHERE z.table_name = %s ORDER BY z.at, z.id"
            )
            fields = sql.SQL(", ").join(sql.Identifier("z", name) for name in _SAID)
            rows = cursor.execute(query.format(said=fields, key=sql.Identifier(key), table=_named(table)), (table,))
            found += [{name: plain(value) for name, value in row.items()} for row in rows]
    return found


_RECORDS = "SELECT table_name, key, kept_while FROM audit.erasable WHERE within IS NULL ORDER BY 1"


def _again(connection: Connection, line: Line, by: str, log_key: bytes) -> Outcome:
    if connection.execute("SELECT FROM audit.erasure WHERE id = %s", (line["id"],)).fetchone():
        return "already"
    records = {table: (key, kept) for table, key, kept in connection.execute(_RECORDS).fetchall()}
    if line["table_name"] not in records:
        raise ValueError(f"{line['table_name']} kan ikke slettes i denne versjonen. Oppgrader, og kjør på nytt.")
    key, kept_while = records[line["table_name"]]
    newest = sql.SQL("version DESC, id") if kept_while else sql.SQL("id")
    status = sql.SQL("status") if kept_while else sql.SQL("NULL")
    query = sql.SQL(
        "SELECT id, {}, erasure_id FROM {} WHERE patient_id = %s AND {} = %s ORDER BY {} FOR UPDATE"
    ).format(status, _named(line["table_name"]), sql.Identifier(key), newest)
    rows = connection.execute(query, (line["patient_id"], line["record_id"])).fetchall()
    if not rows:
        return "absent"
    if all(erasure_id is not None for *_, erasure_id in rows):
        return "already"
    if rows[0][1] in kept_while:
        return "in use"
    _carry_out(connection, line, rows[0][0])
    _log(connection, line, by, log_key)
    return "erased"


def _carry_out(connection: Connection, line: Line, row_id: UUID) -> None:
    """By the same words as the first time (audit.erase), with its number, time and names; who decided is not asked again."""
    told = line | {"row_id": row_id, "decision": _DECIDED_BEFORE}
    connection.execute(
        """INSERT INTO audit.erasure_proposal
               (id, patient_id, table_name, row_id, paragraph, decision, municipality_id, proposed_by, proposed_by_name)
           VALUES (%(id)s, %(patient_id)s, %(table_name)s, %(row_id)s, %(paragraph)s, %(decision)s, %(municipality_id)s,
               %(decided_by)s, %(decided_by_name)s)
           ON CONFLICT (id) DO NOTHING""",
        told,
    )
    connection.execute(
        """INSERT INTO audit.erasure (id, patient_id, table_name, row_id, paragraph, decision, municipality_id,
               decided_by, decided_by_name, confirmed_by, confirmed_by_name, at)
           SELECT p.id, p.patient_id, p.table_name, p.row_id, p.paragraph, p.decision, p.municipality_id,
               p.proposed_by, p.proposed_by_name, %(confirmed_by)s, %(confirmed_by_name)s, %(at)s
           FROM audit.erasure_proposal p WHERE p.id = %(id)s""",
        told,
    )
    connection.execute("SELECT audit.carry_out(p) FROM audit.erasure_proposal p WHERE p.id = %s", (line["id"],))


def _log(connection: Connection, line: Line, by: str, log_key: bytes) -> None:
    """Who ran it has no person in the journal: she is there by the name she gave."""
    now = connection.execute("SELECT now()").fetchone()
    assert now is not None
    written: dict[str, Any] = {
        "at": now[0],
        "municipality_id": line["municipality_id"],
        "actor_name": by,
        "actor_role": "system",
        "patient_id": line["patient_id"],
        "action": "records:erase",
        "categories": [line["table_name"].split(".")[0]],
        "object_id": line["record_id"],
        "ground": "control",
        "origin": "restore",
        "request_id": line["id"],
        "outcome": "success",
    }
    written["code"] = code_of(log_key, written)
    names, values = sql.SQL(", ").join(map(sql.Identifier, written)), sql.SQL(", ").join(map(sql.Placeholder, written))
    connection.execute(sql.SQL("INSERT INTO audit.access_log ({}) VALUES ({})").format(names, values), written)


def _named(table: str) -> sql.Identifier:
    """Of the database's own list, never of a file."""
    return sql.Identifier(*table.split("."))


def _code(key: bytes, line: Mapping[str, Any]) -> str:
    """Over the whole line, and of no use for anything else that the key signs."""
    return hmac.digest(key, b"erasure " + said(line), "sha256").hex()
