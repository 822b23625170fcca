"""Observations: what the rest of the journal may ask about, or record of, a patient's measurements."""

from collections.abc import Collection
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on

from journal.observations import rules
from journal.observations.models import Observation
from journal.observations.rules import KINDS, Kind, Measured
from journal.permissions import Permission
from journal.platform.entries import mark_in_error
from journal.platform.errors import NotFound
from journal.platform.ids import new_id
from journal.platform.service import Service, on_patient, on_patients
from journal.platform.statement import Asked, Statement
from journal.platform.work import in_charts


class Measurement(NamedTuple):
    """A measurement as shown: *text* is the value with its unit, empty when it was erased by law."""

    id: UUID
    code: str
    display: str
    value: Decimal | None
    value2: Decimal | None
    text: str
    effective_at: datetime
    recorded_by_name: str
    recorded_role: str
    in_error_reason: str | None


class Newest(NamedTuple):
    """The newest of a series: *text* is the value with its unit."""

    text: str
    effective_at: datetime


class Series(NamedTuple):
    """One kind's measurements: *points* draw the curve in a box of 124 × 30, *trend* says it in words.

    *measured* are the same, oldest first, of a blood pressure the systolic.
    """

    code: str
    display: str
    points: tuple[tuple[int, int], ...]
    trend: str
    latest: Newest
    measured: tuple[Measured, ...]


class Observations(Service):
    """Vital signs and weight, by patient."""

    @on_patients(Permission.OBSERVATIONS_READ)
    def latest(
        self, patient_ids: Collection[UUID], codes: Collection[str] | None = None
    ) -> dict[UUID, dict[str, Measurement]]:
        """The newest measurement of each kind, by patient and code; all kinds, or *codes*. One statement."""
        return self.ask_latest(patient_ids, codes).answer()

    @on_patients(Permission.OBSERVATIONS_READ)
    def ask_latest(
        self, patient_ids: Collection[UUID], codes: Collection[str] | None = None
    ) -> Asked[dict[UUID, dict[str, Measurement]]]:
        """As latest, for together()."""
        asked = self.work.linked(patient_ids)

        def read(rows: list[Any]) -> dict[UUID, dict[str, Measurement]]:
            found: dict[UUID, dict[str, Measurement]] = {patient_id: {} for patient_id in patient_ids}
            # A person with two linked records has a newest row in each: the newer of them is meant.
            for row in sorted(rows, key=lambda row: (row.effective_at, row.id)):
                found[asked[row.patient_id]][row.code] = _measurement(row)
            return found

        return _latest().ask(self.db, read, ids=self.work.ids(*patient_ids), codes=list(codes or KINDS))

    @on_patient(Permission.OBSERVATIONS_READ)
    def series(self, patient_id: UUID, *, days: int = 14) -> list[Series]:
        """The measurements of the last *days*: a series per kind that has any, in the order of KINDS. One statement."""
        return self.ask_series(patient_id, days=days).answer()

    @on_patient(Permission.OBSERVATIONS_READ)
    def ask_series(self, patient_id: UUID, *, days: int = 14) -> Asked[list[Series]]:
        """As series, for together()."""
        now, since = self.work.now, self.work.now - timedelta(days=days)

        def read(rows: list[Any]) -> list[Series]:
            found = {row.code: row for row in rows}
            return [_series(kind, found[code], since, now) for code, kind in KINDS.items() if code in found]

        return _since().ask(self.db, read, ids=self.work.ids(patient_id), since=since)

    @on_patient(Permission.OBSERVATIONS_READ)
    def recent(self, patient_id: UUID, *, limit: int = 100) -> list[Measurement]:
        """The newest measurements of every kind, newest first, those entered in error among them. One statement."""
        rows = _recent().rows(self.db, ids=self.work.ids(patient_id), most=limit)
        return [_measurement(row) for row in rows]

    @on_patient(Permission.OBSERVATIONS_READ)
    def rest_holds(self, patient_id: UUID) -> bool:
        """Whether there are measurements that the purpose of the reader's ground leaves in a drawer. One statement; none where it
        leaves nothing."""
        held = sa.func.observations.rest_holds(self.work.ids(patient_id), type_=sa.Boolean)
        return self.work.narrowed(patient_id, "observations") and bool(self.db.scalar(sa.select(held)))

    @on_patient(Permission.OBSERVATIONS_WRITE)
    def record(
        self,
        patient_id: UUID,
        code: str,
        value: Decimal,
        *,
        value2: Decimal | None = None,
        effective_at: datetime | None = None,
        dose_id: UUID | None = None,
    ) -> UUID:
        """Records a measurement made now, or at the time that is said; answers with its id.

        *value* is in the unit of the kind (KINDS); *value2* is the diastolic pressure, for blood pressure alone. Raises
        Invalid for a value no living person has and for a time that has not been.
        """
        kind = rules.check(code, value, value2)
        at = effective_at or self.work.now
        rules.check_time(at, self.work.now)
        row = Observation(
            patient_id=patient_id,
            id=new_id(),
            code=code,
            loinc=kind.loinc,
            display=kind.text,
            value=value,
            value2=value2,
            unit=kind.ucum,
            effective_at=at,
            dose_id=dose_id,
        )
        self.db.add(row)
        self.db.flush()
        return row.id

    @on_patient(Permission.OBSERVATIONS_WRITE)
    def mark_entered_in_error(self, patient_id: UUID, observation_id: UUID, reason: str) -> None:
        """Marks a measurement as wrong; it stays in the journal, out of the curve (hpl. § 42: never by deletion).

        Raises NotFound, Conflict when it is marked already, Denied when another municipality answers for it.
        """
        lock = sa.select(Observation).where(self.work.chart(patient_id, Observation), Observation.id == observation_id)
        row = self.db.scalar(lock.with_for_update(key_share=True))
        if row is None:
            raise NotFound("Målingen finnes ikke hos denne pasienten.")
        mark_in_error(
            self.work,
            [row],
            reason,
            already="Målingen er alt merket som feilført. Du trenger ikke gjøre mer.",
            foreign="En annen kommune har ført målingen. Be dem om å rette den, eller før en ny måling.",
        )


# What is shown of a measurement; its value is written as text besides.
_SHOWN = (
    *(Observation.id, Observation.code, Observation.display, Observation.value, Observation.value2),
    *(Observation.effective_at, Observation.recorded_by_name, Observation.recorded_role, Observation.in_error_reason),
)
_NEWEST_FIRST = Observation.effective_at.desc(), Observation.id.desc()


@cache
def _latest() -> Statement:
    """The newest of each kind in each record. Takes ids and codes."""
    return Statement(
        sa.select(Observation.patient_id, *_SHOWN)
        .ext(distinct_on(Observation.patient_id, Observation.code))
        .where(_live(), Observation.code == sa.any_(sa.bindparam("codes", type_=sa.ARRAY(sa.Text))))
        .order_by(Observation.patient_id, Observation.code, *_NEWEST_FIRST)
    )


@cache
def _recent() -> Statement:
    """Every measurement, newest first. Takes ids and most."""
    query = sa.select(*_SHOWN).where(in_charts(Observation)).order_by(*_NEWEST_FIRST)
    return Statement(query.limit(sa.bindparam("most", type_=sa.Integer)))


@cache
def _since() -> Statement:
    """A row per kind: when it was measured since a time, and the values, oldest first. Takes ids and since."""

    def each(column: Any) -> Any:
        return sa.func.array_agg(column).aggregate_order_by(Observation.effective_at, Observation.id)

    values, values2 = each(Observation.value).label("amounts"), each(Observation.value2).label("amounts2")
    query = sa.select(Observation.code, each(Observation.effective_at).label("times"), values, values2)
    return Statement(query.where(_live(), Observation.effective_at >= sa.bindparam("since")).group_by(Observation.code))


def _live() -> sa.ColumnElement[bool]:
    return sa.and_(in_charts(Observation), Observation.in_error_at.is_(None), Observation.value.is_not(None))


def _measurement(row: Any) -> Measurement:
    return Measurement(
        id=row.id,
        code=row.code,
        display=row.display,
        value=row.value,
        value2=row.value2,
        text="" if row.value is None else rules.shown(KINDS[row.code], row.value, row.value2),
        effective_at=row.effective_at,
        recorded_by_name=row.recorded_by_name,
        recorded_role=row.recorded_role,
        in_error_reason=row.in_error_reason,
    )


def _series(kind: Kind, row: Any, since: datetime, now: datetime) -> Series:
    measured = (*map(Measured, row.times, row.amounts),)
    latest = rules.shown(kind, row.amounts[-1], row.amounts2[-1])
    return Series(
        kind.code,
        kind.text,
        rules.curve(measured, since, now),
        rules.trend(kind, row.amounts, latest),
        Newest(latest, row.times[-1]),
        measured,
    )
