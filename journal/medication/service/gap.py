"""Columns that say what nobody knows after the journal was away, and who gave what was written in from paper."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from journal.medication.models import Dose, MedicationAdministration, MedicationRequest
from journal.platform.language import phrase
from journal.platform.work import Work


def unknown(dose: Any) -> sa.ColumnElement[bool]:
    """Whether the journal was away when this dose was to be given; what is signed is not asked."""
    marked: sa.ColumnElement[bool] = dose.downtime_id.is_not(None)
    return marked


def unknown_same(work: Work, patient_id: UUID, order: Any) -> sa.ColumnElement[bool]:
    """Whether a dose of the same substance as `order` (its columns) is unknown, and nobody has settled it. By an index of such
    doses alone: costs nothing for nearly all."""
    dose, version, signature = aliased(Dose), aliased(MedicationRequest), aliased(MedicationAdministration)
    of_dose = signature.patient_id == dose.patient_id, signature.dose_id == dose.id
    settled = sa.exists().where(*of_dose, signature.in_error_at.is_(None), signature.kind == "signature")
    of_order = version.patient_id == dose.patient_id, version.id == dose.request_id
    return (
        sa.exists()
        .where(work.chart(patient_id, dose), dose.downtime_id.is_not(None), *of_order)
        .where(_substance(version) == _substance(order), ~settled)
        .correlate_except(dose, version, signature)
    )


def unknown_of_entry(work: Work, patient_id: UUID, request_entry_id: UUID) -> sa.ColumnElement[bool]:
    """The same, of an order by its entry: any version of it, since none changes the substance."""
    order = aliased(MedicationRequest)
    of_entry = work.chart(patient_id, order), order.entry_id == request_entry_id
    return sa.exists(sa.select(order.id).where(*of_entry, unknown_same(work, patient_id, order)))


def _substance(order: Any) -> sa.ColumnElement[str]:
    return sa.func.coalesce(order.atc_code, order.generic_name)


def given_by_name(given: Any) -> sa.ColumnElement[str]:
    """Who gave it: who is said to have by the paper list, else who signed."""
    return sa.func.coalesce(given.performer_name, given.recorded_by_name)


def transcribed_by(given: Any) -> sa.ColumnElement[str | None]:
    """Who wrote it in, of what was given by the paper list."""
    return sa.case((given.performer_id.is_not(None), given.recorded_by_name))


def given_and_written(row: Any) -> str:
    """`Siri Strand, ført fra papir av Nina Berg`, or the name alone."""
    if row.performer_name is None:
        name: str = row.recorded_by_name
        return name
    return phrase("%(name)s, ført fra papir av %(who)s", name=row.performer_name, who=row.recorded_by_name)
