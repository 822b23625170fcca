"""What contexts do alike with the rows of a chart: show them, put versions together, lock an entry, mark a mistake."""

from collections.abc import Iterable, Sequence
from dataclasses import MISSING, dataclass, fields, replace
from datetime import datetime
from functools import cache
from typing import Any, Self, TypeVar
from uuid import UUID

import sqlalchemy as sa

from journal.platform.db import Entry, Record
from journal.platform.errors import Conflict, Denied
from journal.platform.work import Work


@dataclass(frozen=True, kw_only=True)
class Shown:
    """What every record says of itself: who wrote it down and when, whether it was a mistake, whether it was erased by law."""

    patient_id: UUID
    id: UUID
    recorded_by_name: str
    recorded_role: str
    recorded_at: datetime
    in_error_at: datetime | None
    in_error_reason: str | None
    erasure_id: UUID | None

    @property
    def in_error(self) -> bool:
        return self.in_error_at is not None

    @property
    def erased(self) -> bool:
        return self.erasure_id is not None


@dataclass(frozen=True, kw_only=True)
class ShownEntry(Shown):
    """A version of an entry; *older* are its other versions, newest first, once they are folded."""

    entry_id: UUID
    version: int
    change_reason: str | None
    older: tuple[Self, ...] = ()

    @property
    def status(self) -> str:
        """FHIR's composition-status: final, amended or entered-in-error."""
        if self.in_error:
            return "entered-in-error"
        return "amended" if self.version > 1 else "final"


S = TypeVar("S", bound=Shown)
V = TypeVar("V", bound=ShownEntry)
E = TypeVar("E", bound=Entry)


def shown(kind: type[S], row: Any, **said: Any) -> S:
    """The row, by ORM or Core, as *kind*: each field is the column of its name, but for those that are *said*."""
    return kind(**{name: getattr(row, name) for name in _columns(kind) if name not in said}, **said)  # type: ignore[arg-type]


@cache
def _columns(kind: type[Shown]) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind) if field.default is MISSING)


def folded(versions: Iterable[V]) -> list[V]:
    """The version of each entry that holds, the others as *older*: the highest not in error, or of an erroneous entry the highest.

    The entries stand in the order in which their first version came.
    """
    entries: dict[UUID, list[V]] = {}
    for version in versions:
        entries.setdefault(version.entry_id, []).append(version)
    sorted_entries = (sorted(found, key=lambda v: (v.in_error, -v.version)) for found in entries.values())
    return [replace(holds, older=tuple(others)) for holds, *others in sorted_entries]


def lock_entry(work: Work, patient_id: UUID, model: type[E], entry_id: UUID) -> Sequence[E]:
    """The versions of an entry, highest first; none when the chart has no such entry.

    Lock first, look after: a look in the same statement would not see what we waited for.
    """
    of_entry = sa.select(model).where(work.chart(patient_id, model), model.entry_id == entry_id)
    first = of_entry.with_only_columns(model.id).where(model.version == 1)
    if work.db.scalar(first.with_for_update(key_share=True)) is None:
        return []
    newest_first = of_entry.order_by(model.version.desc()).execution_options(populate_existing=True)
    return work.db.scalars(newest_first).all()


def mark_in_error(work: Work, rows: Iterable[Record], reason: str, *, already: str, foreign: str) -> None:
    """Marks what stands of these rows as wrong, with the reason; it stays in the journal (hpl. § 42: never by deletion).

    Raises Conflict, saying *already*, when nothing of it stands, and Denied, saying *foreign*, when another municipality
    answers for part of it.
    """
    live = [row for row in rows if row.in_error_at is None]
    if not live:
        raise Conflict(already)
    if any(row.municipality_id != work.actor.municipality_id for row in live):
        raise Denied(foreign)
    for row in live:
        row.in_error_reason = reason
    work.db.flush()
