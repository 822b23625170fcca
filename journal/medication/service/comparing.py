"""Our list in use beside one from elsewhere, row by row, as both are now."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from journal.medication.models import MedicationRequest
from journal.medication.rules import Dosage, Supply
from journal.medication.rules.reconciling import Line, Row, compare
from journal.medication.rules.supply import may_come_from
from journal.medication.service.in_use import IN_USE, newest_versions
from journal.medication.service.shown import dosage_of
from journal.medication.service.sources import Source, SourceMedicine, Sources
from journal.permissions import Permission
from journal.platform.clock import local_date
from journal.platform.service import on_patient


@dataclass(frozen=True)
class Comparison:
    """Our list beside another. `ours` and `theirs` are what each line's key stands for."""

    source: Source
    rows: tuple[Row, ...]
    ours: Mapping[str, Any]
    theirs: Mapping[str, SourceMedicine]

    @property
    def to_choose(self) -> tuple[Row, ...]:
        """The rows that somebody must decide; the rest are alike."""
        return tuple(row for row in self.rows if row.choices)


class Comparing(Sources):
    """Two lists side by side. Nothing is decided by looking."""

    @on_patient(Permission.MEDICATION_READ)
    def comparison(self, patient_id: UUID, document_id: UUID) -> Comparison:
        """Our list in use beside that list, now. Raises NotFound."""
        source = self.source(patient_id, document_id)
        today = local_date(self.work.now)
        ours = {f"{row.entry_id}.{row.version}": row for row in self._in_use(patient_id)}
        found = self.source_medicines(patient_id, document_id)
        theirs = {f"{medicine.id}.{medicine.version}": medicine for medicine in found}
        rows = compare(
            [_ours(key, row) for key, row in ours.items()],
            [_theirs(key, medicine, today) for key, medicine in theirs.items()],
            complete=source.whole,
        )
        return Comparison(source, rows, ours, theirs)

    def _in_use(self, patient_id: UUID) -> list[Any]:
        newest = newest_versions(self.work.chart(patient_id, MedicationRequest), MedicationRequest.__table__).subquery()
        rows = self.db.execute(sa.select(newest).where(newest.c.status.in_(list(IN_USE)))).all()
        return [row for row in rows if row.ends_at is None or row.ends_at > self.work.now]


def _ours(key: str, row: Any) -> Line:
    dosage = dosage_of(row)
    return Line(
        key=key,
        name=row.generic_name or "",
        atc_code=row.atc_code,
        strength=row.strength,
        form=row.form,
        route=row.route,
        dosage=dosage,
        ends_on=_last_day(dosage, row.ends_at),
        ready=True,
        multidose=row.supply == Supply.MULTIDOSE,
    )


def _theirs(key: str, medicine: SourceMedicine, today: date) -> Line:
    """As the catalogue has it where it is matched, else as it was written."""
    said, of, last = medicine.said, medicine.medicine, ends_on(medicine)
    form, unit = of.form if of else said.form, medicine.dosage.unit if medicine.dosage else None
    return Line(
        key=key,
        name=of.generic_name if of else said.substance or said.name,
        atc_code=of.atc_code if of else said.atc_code,
        strength=of.strength if of else said.strength,
        form=form,
        route=of.route if of else None,
        dosage=medicine.dosage,
        dosage_text=said.dosage_text,
        ends_on=last,
        stopped=said.stopped or (last is not None and last < today),
        ready=of is not None and medicine.dosage is not None,
        # A list may say it of drops or an injection: there is no bag that those could lie in, so that is no difference.
        multidose=said.multidose and (unit is None or may_come_from(Supply.MULTIDOSE, unit, form)),
    )


def _last_day(dosage: Dosage, ends_at: datetime | None) -> date | None:
    """The last whole day, in Oslo, of what ends before an instant."""
    ends = [at for at in (ends_at, dosage.course.ends_at if dosage.course else None) if at is not None]
    return local_date(min(ends) - timedelta(minutes=1)) if ends else None


def ends_on(medicine: SourceMedicine) -> date | None:
    """The last day with it: what a person read out of the words goes before the source's own."""
    read = _last_day(medicine.dosage, None) if medicine.dosage else None
    return read or medicine.said.ends_on
