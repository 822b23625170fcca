"""What a database holds and who may do what in it, as text that can be kept beside a backup and compared after a restore."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, LiteralString

import psycopg
from psycopg import sql

# The key by which PostgreSQL knows the program: it is not in the backup, and after a restore it is this installation's own.
NOT_IN_A_BACKUP = "audit.mac_key"

_PART = 1 << 20
_RIGHTS: LiteralString = files("journal.platform").joinpath("rights.sql").read_text()
_TABLES = """
SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' ORDER BY 1, 2
"""
# By which settings a row always makes the same text, however long it takes.
_AS_TEXT = {"TimeZone": "UTC", "DateStyle": "ISO", "bytea_output": "hex", "search_path": "", "statement_timeout": "0"}
# The sum does not depend on the order of the rows; a row that differs in anything gives another sum.
_ROWS = sql.SQL("SELECT count(*), coalesce(sum(('x' || left(md5(t::text), 16))::bit(64)::bigint), 0)::text FROM {} t")


@dataclass(frozen=True)
class Content:
    """What stands in a database at one moment."""

    environment: str
    revision: str
    last_log_row: str | None
    """When, and the id."""
    tables: Mapping[str, list[Any]]
    """Each table's number of rows, and a sum of their content."""
    rights: list[str]

    @property
    def rows(self) -> int:
        return sum(count for count, _ in self.tables.values())


@dataclass(frozen=True)
class Manifest:
    """What a backup file holds, and by which the file is known again."""

    made_at: str
    sha256: str
    content: Content

    def write(self, path: Path) -> None:
        """As JSON."""
        path.write_text(json.dumps(asdict(self), ensure_ascii=False, indent=1) + "\n")

    @classmethod
    def read(cls, path: Path) -> "Manifest":
        """Raises ValueError when it is no manifest."""
        try:
            told = json.loads(path.read_text())
            return cls(**{**told, "content": Content(**told["content"])})
        except (json.JSONDecodeError, TypeError, KeyError) as error:
            raise ValueError(f"{path} er ikke innholdslisten til en sikkerhetskopi.") from error


def read_content(connection: psycopg.Connection[Any]) -> Content:
    """All that stands in this transaction's snapshot, as a role that may read everything."""
    for name, value in _AS_TEXT.items():
        connection.execute("SELECT set_config(%s, %s, true)", (name, value))
    last = _one(connection, "SELECT format('%s %s', at, id) FROM audit.access_log ORDER BY at DESC, id DESC LIMIT 1")
    return Content(
        environment=_one(connection, "SELECT environment FROM platform.installation"),
        revision=_one(connection, "SELECT version_num FROM public.alembic_version"),
        last_log_row=last,
        tables=dict(_tables(connection)),
        rights=[line for (line,) in connection.execute(_RIGHTS)],
    )


def differences(kept: Content, found: Content) -> list[str]:
    """What is otherwise than it was, a sentence each (bokmål); empty when all is as it was."""
    unlike = [
        f"{table} har {found.tables.get(table, ['ingen'])[0]} rader, og skal ha {kept.tables.get(table, ['ingen'])[0]}"
        + (" med et annet innhold" if table in kept.tables and table in found.tables else "")
        for table in sorted(kept.tables.keys() | found.tables.keys())
        if kept.tables.get(table) != found.tables.get(table)
    ]
    if kept.last_log_row != found.last_log_row:
        unlike.append(f"Siste linje i innsynsloggen er {found.last_log_row}, og skal være {kept.last_log_row}")
    unlike += [f"Mangler: {line}" for line in kept.rights if line not in set(found.rights)]
    return unlike + [f"For mye: {line}" for line in found.rights if line not in set(kept.rights)]


def fingerprint(path: Path) -> str:
    """SHA-256 of a file, in hex."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        for part in iter(lambda: stream.read(_PART), b""):
            digest.update(part)
    return digest.hexdigest()


def _tables(connection: psycopg.Connection[Any]) -> Iterator[tuple[str, list[Any]]]:
    names = connection.execute(_TABLES).fetchall()
    for schema, table in names:
        if f"{schema}.{table}" != NOT_IN_A_BACKUP:
            row = connection.execute(_ROWS.format(sql.Identifier(schema, table))).fetchone()
            yield f"{schema}.{table}", list(row or ())


def _one(connection: psycopg.Connection[Any], query: LiteralString) -> Any:
    row = connection.execute(query).fetchone()
    return row[0] if row else None
