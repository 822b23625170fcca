"""Where a file waits until it is whole: temporary tables of one connection, which are gone with it however it ends."""

from collections import defaultdict
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from psycopg import sql

from journal.medication.fest.rows import Row
from journal.medication.fest.tables import (
    CatalogueIngredient,
    CatalogueInteraction,
    CatalogueInteractionSubstance,
    CatalogueItem,
    CatalogueNotAssessed,
    CatalogueReference,
    CatalogueSubstitutionGroup,
    CatalogueWarning,
    CatalogueWarningAbout,
    CatalogueWord,
)
from journal.platform.db import Base

# Each table of entries with the column that is the same in every version, and the tables of their parts with the columns
# that lead from a part to its entry.
ENTRIES: dict[type[Base], str] = {
    CatalogueItem: "fest_id",
    CatalogueInteraction: "fest_id",
    CatalogueNotAssessed: "atc_code",
    CatalogueWarning: "fest_id",
    CatalogueSubstitutionGroup: "fest_id",
}
PARTS: dict[type[Base], tuple[type[Base], str, str]] = {
    CatalogueIngredient: (CatalogueItem, "fest_id", "fest_id"),
    CatalogueReference: (CatalogueItem, "fest_id", "fest_id"),
    CatalogueWord: (CatalogueItem, "item_id", "id"),
    CatalogueInteractionSubstance: (CatalogueInteraction, "fest_id", "fest_id"),
    CatalogueWarningAbout: (CatalogueWarning, "fest_id", "fest_id"),
}
_NOT_FROM_THE_FILE = {"active", "withdrawn_at"}
_ROWS = 1000


def columns_of(model: type[Base]) -> list[str]:
    """The columns that are filled from the file."""
    return [column.name for column in model.__table__.columns if column.name not in _NOT_FROM_THE_FILE]


def _waiting(model: type[Base]) -> sa.Table:
    own = [sa.Column(name, model.__table__.columns[name].type) for name in columns_of(model)]
    order = sa.Column("number", sa.Integer, index=True), sa.Column("changed_at", sa.DateTime(timezone=True))
    table = sa.Table(f"waiting_{model.__tablename__}", sa.MetaData(), *own, *order, prefixes=["TEMPORARY"])
    if model in ENTRIES:
        sa.Index(f"{table.name}_key", table.c[ENTRIES[model]])
    return table


WAITING = {model: _waiting(model) for model in (*ENTRIES, *PARTS)}
"""The temporary table of each table. `number` counts the entries of the file: the parts of an entry have the same."""


class Waiting:
    """Takes the rows of one entry after the other, and writes them in batches, a short transaction each."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection, self._number = connection, 0
        self._rows: dict[type[Base], list[dict[str, Any]]] = defaultdict(list)
        for table in WAITING.values():
            table.create(connection)
        connection.commit()

    def add(self, rows: list[Row], changed_at: datetime | None) -> None:
        """One active entry."""
        self._number += 1
        for model, row in rows:
            self._rows[model].append(row | {"number": self._number, "changed_at": changed_at})
        if sum(map(len, self._rows.values())) >= _ROWS:
            self._write()

    def finish(self) -> None:
        """Everything is here: of entries about the same thing the newest is kept, and everything is made ready to be found."""
        self._write()
        for model, key in ENTRIES.items():
            self._keep_the_newest(model, key)
        for model, (entry, *_) in PARTS.items():
            orphaned = ~sa.exists().where(WAITING[entry].c.number == WAITING[model].c.number)
            self._connection.execute(sa.delete(WAITING[model]).where(orphaned))
        self._let_packages_give_way()
        self._keep_own_ids()
        for table in WAITING.values():
            self._connection.execute(sa.DDL("ANALYZE %(fullname)s").against(table))  # type: ignore[no-untyped-call]
        self._connection.commit()

    def count(self, model: type[Base]) -> int:
        """How many entries of this table wait."""
        return self._connection.execute(sa.select(sa.func.count()).select_from(WAITING[model])).scalar_one()

    def _write(self) -> None:
        with self._connection.begin():
            driver: Any = self._connection.connection.driver_connection
            for model, rows in self._rows.items():
                names = list(WAITING[model].columns.keys())
                columns = sql.SQL(", ").join(map(sql.Identifier, names))
                into = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(WAITING[model].name), columns)
                with driver.cursor().copy(into) as copy:
                    for row in rows:
                        copy.write_row([row[name] for name in names])
        self._rows.clear()

    def _keep_the_newest(self, model: type[Base], key: str) -> None:
        """FEST has one active entry of a thing. Should a file have two, the last change is right."""
        table = WAITING[model]
        newer = table.alias()
        later = sa.tuple_(newer.c.changed_at, newer.c.number) > sa.tuple_(table.c.changed_at, table.c.number)
        self._connection.execute(sa.delete(table).where(sa.exists().where(newer.c[key] == table.c[key], later)))

    def _let_packages_give_way(self) -> None:
        """A package or a smallest unit is prescribed only when what it belongs to is not in the file."""
        item, ref, whole = WAITING[CatalogueItem], WAITING[CatalogueReference], WAITING[CatalogueItem].alias()
        belongs = sa.exists().where(
            ref.c.number == item.c.number, ref.c.kind.in_(("brand", "package")), whole.c.fest_id == ref.c.target_id
        )
        parts = sa.update(item).where(item.c.kind.in_(("package", "dose")), belongs)
        self._connection.execute(parts.values(prescribable=False))
        word = WAITING[CatalogueWord]
        sought = sa.exists().where(item.c.number == word.c.number, item.c.prescribable)
        self._connection.execute(sa.delete(word).where(~sought))

    def _keep_own_ids(self) -> None:
        """What is in the catalogue already keeps its id, so that orders go on pointing to it."""
        item, word, stored = WAITING[CatalogueItem], WAITING[CatalogueWord], CatalogueItem
        known = sa.update(item).where(item.c.fest_id == stored.fest_id).values(id=stored.id)
        self._connection.execute(known)
        self._connection.execute(sa.update(word).where(word.c.number == item.c.number).values(item_id=item.c.id))
