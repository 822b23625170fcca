"""Medicines that somebody expects and nobody has decided the dose of: warfarin from the day its INR is measured."""

from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa

from journal.medication.models import MedicationRequest
from journal.medication.rules import MedicationLine, OrderStatus, no_dose_decided
from journal.medication.service.in_use import newest_versions
from journal.medication.service.shown import dosage_of, line_of
from journal.permissions import Permission
from journal.platform.clock import local_date, norwegian_date
from journal.platform.language import phrase
from journal.platform.service import Service, on_patient
from journal.platform.statement import Statement
from journal.platform.work import in_charts

_OF_ORDER = ("entry_id", "status", "generic_name", "brand_name", "form", "strength", "route", "indication")


class UndecidedDose(NamedTuple):
    """A medicine without a dose; `text` says what is to be done, and never an amount."""

    request_entry_id: UUID
    line: MedicationLine
    text: str


class Undecided(Service):
    """Reads what has no dose."""

    @on_patient(Permission.MEDICATION_READ)
    def undecided(self, patient_id: UUID) -> list[UndecidedDose]:
        """The medicines in use whose dose waits for an INR. One statement."""
        today = local_date(self.work.now)
        rows = _by_inr().rows(self.db, ids=self.work.ids(patient_id))
        read = ((row, dosage_of(row)) for row in rows if row.status == OrderStatus.ACTIVE)
        return [
            UndecidedDose(
                row.entry_id,
                line_of(row, dosage, today),
                phrase(
                    "Ring lege: ingen dose før ny INR. Den skulle måles %(day)s.",
                    day=norwegian_date(dosage.inr.next_on),
                ),
            )
            for row, dosage in read
            if dosage.inr and no_dose_decided(dosage, today)
        ]


@cache
def _by_inr() -> Statement:
    """The newest version of each order that is dosed by INR. Takes ids."""
    order = MedicationRequest
    columns: list[Any] = [getattr(order, name) for name in _OF_ORDER]
    dosage = sa.cast(order.dosage, sa.Text).label("dosage")
    mine = sa.and_(in_charts(order), order.dosage.has_key("inr"))
    return Statement(newest_versions(mine, *columns, dosage))
