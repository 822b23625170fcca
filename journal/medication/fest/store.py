"""Takes a file of FEST into use as a new version of the catalogue: read beside the one in use, then made current at once.

The file is read into temporary tables in batches (see `staging`), while everybody works with the version in use. When it is
whole, and looks like the whole catalogue, one transaction makes the difference between the two: what is new or changed is
written, what is gone is marked withdrawn, and ids stay. Those who read see either version, and wait for neither.
"""

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, BinaryIO, Literal, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from journal.medication.fest.elements import KEPT, BrokenCatalogue
from journal.medication.fest.reader import read_all
from journal.medication.fest.rows import rows_of
from journal.medication.fest.staging import ENTRIES, PARTS, WAITING, Waiting, columns_of
from journal.medication.fest.stream import fetched_at
from journal.medication.fest.tables import CatalogueImport, CatalogueInteraction, CatalogueItem
from journal.platform.clock import local_date, norwegian_date
from journal.platform.db import Base
from journal.platform.errors import Conflict
from journal.platform.ids import new_id

READER = 2
"""How much is taken from a file. A larger number lets the same file be read again."""

LOCK = 30_2014_1201
_PART = 1 << 20


@dataclass(frozen=True)
class Imported:
    """What an import led to: products and substances in use now, how many are new or changed, and how many were withdrawn.

    `interactions` are those in use. `again`: the file was the one in use, so only the day it was checked is new.
    """

    active: int
    withdrawn: int
    changed: int
    interactions: int
    source_date: datetime
    again: bool = False


class Progress(NamedTuple):
    """How far an import has come: percent of the file, and active entries found."""

    stage: Literal["reading", "switching"]
    percent: int
    entries: int


def import_catalogue(
    migrator_url: str,
    stream: BinaryIO,
    *,
    replace: bool = False,
    progress: Callable[[Progress], None] = lambda _: None,
) -> Imported:
    """Makes a FEST file (M30, seekable) the catalogue in use, as the migrator.

    Without `replace` a file is refused that is older than the one in use, or lacks more than half of what is in use: so
    does an update in parts, or somebody else's extract. Raises BrokenCatalogue for that and for a file that is not whole or
    cannot be understood, Conflict while another import is under way. Whatever is raised, the catalogue is as it was.
    """
    if stream.read(2) == b"PK":
        raise BrokenCatalogue(f"Filen er pakket (zip). Pakk den ut, og hent inn XML-filen. {KEPT}")
    digest, size = _digest(stream)
    engine = sa.create_engine(migrator_url, poolclass=sa.NullPool)
    with closing(engine.connect()) as connection, _alone(connection):
        newest = current(connection)
        if newest is not None and (newest.source_hash, newest.reader) == (digest, READER):
            return _checked_again(connection, newest)
        source_date = fetched_at(stream)
        if not replace and newest is not None and newest.source_date is not None and source_date < newest.source_date:
            raise BrokenCatalogue(
                f"Filen er fra {_day(source_date)}, og katalogen i bruk er fra {_day(newest.source_date)}."
                f" Hent en nyere fil. {KEPT}"
            )
        waiting = Waiting(connection)
        meter = _Meter(stream, size, progress)
        for entry in read_all(meter):
            if entry.active and (rows := list(rows_of(entry))):
                meter.entries += 1
                waiting.add(rows, entry.changed_at)
        waiting.finish()
        if not replace:
            _look_at_the_size(connection, waiting)
        progress(Progress("switching", 100, meter.entries))
        return _switch(connection, digest, source_date)


@contextmanager
def _alone(connection: sa.Connection) -> Iterator[None]:
    """Raises Conflict while another import is under way. The lock, and what waits, go at the end or with the connection."""
    if not connection.execute(sa.select(sa.func.pg_try_advisory_lock(LOCK))).scalar_one():
        raise Conflict("Noen andre henter inn legemiddelkatalogen nå. Vent til de er ferdige, og prøv igjen.")
    try:
        yield
    finally:
        # A connection that is lost has let go already; what went wrong is said, and not this.
        with suppress(sa.exc.SQLAlchemyError):
            connection.rollback()
            connection.execute(sa.text("DISCARD TEMP"))
            connection.execute(sa.select(sa.func.pg_advisory_unlock(LOCK)))
            connection.commit()


def current(connection: sa.Connection) -> Any:
    """The version in use: its row, or None."""
    made = CatalogueImport.__table__
    return connection.execute(sa.select(made).order_by(made.c.imported_at.desc(), made.c.id.desc()).limit(1)).first()


class _Meter:
    """The file, telling how far it is read: it is read twice."""

    def __init__(self, stream: BinaryIO, size: int, progress: Callable[[Progress], None]) -> None:
        self._stream, self._all, self._tell = stream, 2 * size, progress
        self._read = self._percent = self.entries = 0

    def read(self, size: int = -1) -> bytes:
        part = self._stream.read(size)
        self._read += len(part)
        percent = 100 * self._read // max(self._all, 1)
        if percent > self._percent:
            self._percent = percent
            self._tell(Progress("reading", percent, self.entries))
        return part

    def seek(self, offset: int) -> int:
        return self._stream.seek(offset)

    def tell(self) -> int:
        return self._stream.tell()


def _digest(stream: BinaryIO) -> tuple[str, int]:
    """SHA-256 of the whole file, and its size in bytes. The stream is left at its start."""
    stream.seek(0)
    found = hashlib.sha256()
    for part in iter(lambda: stream.read(_PART), b""):
        found.update(part)
    size = stream.seek(0, os.SEEK_END)
    stream.seek(0)
    return found.hexdigest(), size


def _day(at: datetime) -> str:
    return norwegian_date(local_date(at))


def _checked_again(connection: sa.Connection, newest: Any) -> Imported:
    made = CatalogueImport
    connection.execute(sa.update(made).where(made.id == newest.id).values(checked_at=sa.func.now()))
    connection.commit()
    return Imported(newest.active_count, 0, 0, newest.interaction_count, newest.source_date, again=True)


def _look_at_the_size(connection: sa.Connection, waiting: Waiting) -> None:
    for model, what in ((CatalogueItem, "oppføringer"), (CatalogueInteraction, "interaksjoner")):
        in_use, in_file = _active(connection, model), waiting.count(model)
        if in_file < in_use / 2:
            raise BrokenCatalogue(
                f"Filen har {in_file} {what}, og katalogen i bruk har {in_use}. Det er neppe hele katalogen. {KEPT}"
            )


def _switch(connection: sa.Connection, digest: str, source_date: datetime) -> Imported:
    """The one transaction that makes what waits current."""
    changed = withdrawn = 0
    for model, key in ENTRIES.items():
        written, gone = _write(connection, model, key), _withdraw(connection, model, key)
        if model is CatalogueItem:
            changed, withdrawn = written, gone
    for model in PARTS:
        _renew_parts(connection, model)
    active, interactions = _active(connection, CatalogueItem), _active(connection, CatalogueInteraction)
    version = {
        "id": new_id(),
        "source_hash": digest,
        "source_date": source_date,
        "checked_at": sa.func.now(),
        "reader": READER,
        "active_count": active,
        "withdrawn_count": withdrawn,
        "interaction_count": interactions,
        "changed_count": changed,
    }
    connection.execute(sa.insert(CatalogueImport).values(version))
    connection.commit()
    return Imported(active, withdrawn, changed, interactions, source_date)


def _write(connection: sa.Connection, model: type[Base], key: str) -> int:
    """New and changed entries; those that are as they were are not touched. Answers with how many."""
    table, names = model.__table__, columns_of(model)
    new = insert(table).from_select(names, sa.select(*[WAITING[model].c[name] for name in names]))  # type: ignore[arg-type]
    changes = {name: new.excluded[name] for name in names if name not in ("id", key)}
    differs = [table.c[name].is_distinct_from(new.excluded[name]) for name in changes]
    write = new.on_conflict_do_update(
        index_elements=[key],
        set_={**changes, "active": True, "withdrawn_at": None},
        where=sa.or_(~table.c.active, *differs),
    )
    return connection.execute(write, execution_options={"preserve_rowcount": True}).rowcount


def _withdraw(connection: sa.Connection, model: type[Base], key: str) -> int:
    """What is not among the active entries of the file. Its content stays as it last was. Answers with how many."""
    table = model.__table__
    there = sa.exists().where(WAITING[model].c[key] == table.c[key])
    gone = sa.update(model).where(table.c.active, ~there).values(active=False, withdrawn_at=sa.func.now())
    return connection.execute(gone.execution_options(synchronize_session=False)).rowcount


def _renew_parts(connection: sa.Connection, model: type[Base]) -> None:
    """The parts of the entries of the file, as the file has them; those of withdrawn entries stay as they were."""
    table, waiting, names = model.__table__, WAITING[model], columns_of(model)
    entry, own, of_entry = PARTS[model]
    alike = [table.c[name].is_not_distinct_from(waiting.c[name]) for name in names if name != own]
    same = sa.exists().where(waiting.c[own] == table.c[own], *alike)
    in_use = sa.exists().where(WAITING[entry].c[of_entry] == table.c[own])
    connection.execute(sa.delete(model).where(in_use, ~same))
    new = insert(table).from_select(names, sa.select(*[waiting.c[name] for name in names]))  # type: ignore[arg-type]
    connection.execute(new.on_conflict_do_nothing())


def _active(connection: sa.Connection, model: type[Base]) -> int:
    table = model.__table__
    return connection.execute(sa.select(sa.func.count()).where(table.c.active)).scalar_one()
