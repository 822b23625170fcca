"""Legemiddelgjennomgang: held by a doctor with those who know the patient, signed, and due again within a year."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from journal.medication.models import MedicationReview, ReviewSetting
from journal.medication.rules.review import USUAL_MONTHS, held_before
from journal.permissions import Permission
from journal.platform.clock import local_date
from journal.platform.entries import mark_in_error
from journal.platform.errors import Conflict, Invalid, NotFound
from journal.platform.ids import new_id
from journal.platform.service import Service, on_patient, without_patient
from journal.platform.statement import Statement
from journal.platform.work import in_charts

_DUE = Statement(sa.text("SELECT patient_id, last_on FROM medication.reviews_due(:before)"))


@dataclass(frozen=True)
class Review:
    """One review. `reviewed_on` is the day the national statistics ask for (IPLOS: poLegeMiddGjDato)."""

    id: UUID
    reviewed_on: date
    took_part: str
    result: str
    changes: str
    signed_by: str
    signed_at: datetime
    in_error: bool
    in_error_reason: str | None


class ReviewDue(NamedTuple):
    """A patient whose review is overdue, and the day of the last one, None for none."""

    patient_id: UUID
    last_on: date | None


@dataclass(frozen=True)
class ReviewChoice:
    """How many months the municipality lets go between two; version 0 and nobody while the usual year holds."""

    version: int
    most_months: int
    chosen_by: str | None = None
    chosen_at: datetime | None = None


class Reviewing(Service):
    """A review changes no order by itself: what it decides is ordered as everything else."""

    @on_patient(Permission.MEDICATION_PRESCRIBE)
    def record_review(self, patient_id: UUID, *, reviewed_on: date, took_part: str, result: str, changes: str) -> UUID:
        """Signs a review that was held; answers with its id. Raises Invalid for a day that has not come."""
        if reviewed_on > local_date(self.work.now):
            raise Invalid(errors={"reviewed_on": ["Datoen er ikke ennå. Skriv dagen gjennomgangen ble holdt."]})
        said = {"took_part": took_part, "result": result, "changes": changes}
        row = MedicationReview(patient_id=patient_id, id=new_id(), reviewed_on=reviewed_on, **said)
        self.db.add(row)
        return row.id

    @on_patient(Permission.MEDICATION_READ)
    def reviews(self, patient_id: UUID) -> list[Review]:
        """Every review of the patient, newest first, those that were a mistake among them. One statement."""
        row = MedicationReview
        query = sa.select(row).where(self.work.chart(patient_id, row))
        return [
            _review(each) for each in self.db.scalars(query.order_by(row.reviewed_on.desc(), row.recorded_at.desc()))
        ]

    @on_patient(Permission.MEDICATION_PRESCRIBE)
    def review_in_error(self, patient_id: UUID, review_id: UUID, *, reason: str) -> None:
        """It was not held, or not with this patient: it counts no more, and stays in the journal (hpl. § 42).

        Raises NotFound, Conflict when it is marked already, Denied when another municipality answers for it.
        """
        of_chart = self.work.chart(patient_id, MedicationReview), MedicationReview.id == review_id
        rows = self.db.scalars(sa.select(MedicationReview).where(*of_chart)).all()
        if not rows:
            raise NotFound("Gjennomgangen finnes ikke hos denne pasienten.")
        mark_in_error(
            self.work,
            rows,
            reason,
            already="Gjennomgangen er alt merket som feilført. Du trenger ikke gjøre mer.",
            foreign="En annen kommune har signert gjennomgangen. Be dem om å rette det.",
        )

    @without_patient(Permission.MEDICATION_READ)
    def reviews_due(self) -> list[ReviewDue]:
        """Who has orders in use and no review within the municipality's limit, in the unit one acts in and those below it:
        those without any first, then the longest ago. Charts stay closed."""
        before = held_before(local_date(self.work.now), self._limit().most_months)
        return [ReviewDue(row.patient_id, row.last_on) for row in _DUE.rows(self.db, before=before)]

    @without_patient(Permission.MUNICIPALITIES_READ)
    def review_limit(self) -> ReviewChoice:
        """What one's own municipality has chosen."""
        return self._limit()

    @without_patient(Permission.MUNICIPALITIES_MANAGE)
    def choose_review_limit(self, most_months: int, *, version: int) -> None:
        """A new limit, from now. `version` is the newest that was seen, 0 for none. Raises Conflict when another chose since."""
        write = insert(ReviewSetting).values(version=version + 1, most_months=most_months).on_conflict_do_nothing()
        if self.db.scalar(write.returning(ReviewSetting.version)) is None:
            raise Conflict("En annen har endret innstillingene etter at du åpnet siden. Se hva som gjelder nå.")

    def _limit(self) -> ReviewChoice:
        row = self.db.scalar(sa.select(ReviewSetting).order_by(ReviewSetting.version.desc()).limit(1))
        if row is None:
            return ReviewChoice(0, USUAL_MONTHS)
        return ReviewChoice(row.version, row.most_months, row.recorded_by_name, row.recorded_at)


def last_review() -> sa.Select[date, str]:
    """The day of the newest review of the chart that is open, and who signed it: `reviewed_on`, `reviewed_by`."""
    row = MedicationReview
    live = in_charts(row), row.in_error_at.is_(None), row.erasure_id.is_(None)
    said = sa.select(row.reviewed_on, row.recorded_by_name.label("reviewed_by")).where(*live)
    return said.order_by(row.reviewed_on.desc(), row.recorded_at.desc()).limit(1)


def most_months() -> sa.Select[int]:
    """The municipality's own limit (row-level security shows no other's); no row while the usual one holds."""
    return sa.select(ReviewSetting.most_months).order_by(ReviewSetting.version.desc()).limit(1)


def _review(row: MedicationReview) -> Review:
    said = row.took_part or "", row.result or "", row.changes or ""
    marked = row.in_error_at is not None, row.in_error_reason
    return Review(row.id, row.reviewed_on, *said, row.recorded_by_name, row.recorded_at, *marked)
