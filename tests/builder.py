"""Collects rows table by table and stores them by COPY, as the migrator: the one role that may write past the charts."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
import sqlalchemy as sa
from psycopg import sql
from psycopg.types.json import Jsonb
from sqlalchemy.dialects.postgresql import JSONB

from journal.platform.caller import Actor
from journal.platform.ids import new_id


@dataclass
class Builder:
    """Collects rows per table, in the order in which the tables were first used. `new_id` makes the ids of the rows."""

    rows: dict[sa.Table, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    new_id: Callable[[], UUID] = new_id

    def add(self, model: Any, **values: Any) -> dict[str, Any]:
        """A row; columns that are not named take the table's default."""
        self.rows[model.__table__].append(values)
        return values

    def store(self, connection: psycopg.Connection[Any]) -> int:
        """COPY of everything collected; answers with the number of rows."""
        stored = 0
        for table, rows in self.rows.items():
            for columns, alike in _by_columns(rows):
                copy = sql.SQL("COPY {}.{} ({}) FROM STDIN").format(
                    sql.Identifier(table.schema or "public"),
                    sql.Identifier(table.name),
                    sql.SQL(", ").join(map(sql.Identifier, columns)),
                )
                plain = [isinstance(table.columns[column].type, JSONB) for column in columns]
                with connection.cursor() as cursor, cursor.copy(copy) as out:
                    for row in alike:
                        out.write_row(_plain(row, plain) if True in plain else tuple(row.values()))
                stored += len(alike)
        self.rows.clear()
        return stored


def _by_columns(rows: Iterable[dict[str, Any]]) -> Iterable[tuple[tuple[str, ...], list[dict[str, Any]]]]:
    groups: dict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        groups[tuple(row)].append(row)
    return groups.items()


def _plain(row: dict[str, Any], is_json: list[bool]) -> list[Any]:
    """The values, documents wrapped for psycopg; None stays NULL."""
    return [
        Jsonb(value) if wrap and value is not None else value for value, wrap in zip(row.values(), is_json, strict=True)
    ]


@dataclass(frozen=True)
class Staff:
    """Somebody who can sign in: the employment and what PostgreSQL will know of it."""

    actor: Actor

    @property
    def stamp(self) -> dict[str, Any]:
        """The columns of a record that PostgreSQL would have filled, had this person written it."""
        a = self.actor
        return {
            "municipality_id": a.municipality_id,
            "unit_id": a.unit_id,
            "recorded_by": a.person_id,
            "recorded_by_name": a.name,
            "recorded_as": a.role_id,
            "recorded_role": a.role,
        }

    def at(self, recorded_at: datetime | None) -> dict[str, Any]:
        """The stamp of something written down at that time; at the time it is stored when None."""
        return self.stamp if recorded_at is None else {**self.stamp, "recorded_at": recorded_at}
