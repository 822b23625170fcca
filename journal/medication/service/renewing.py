"""Orders that end soon: listed a week ahead, and renewed together."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa

from journal.medication.errors import AlertsFound
from journal.medication.models import MedicationRequest
from journal.medication.rules import Dosage, MedicationLine, OrderStatus, dose_sentence
from journal.medication.rules.renewal import AHEAD, end_of, is_for_days, is_to_end, last_day, until
from journal.medication.rules.safety import Judgement, Tier, not_known
from journal.medication.service.follow_up import is_antibiotic
from journal.medication.service.in_use import IN_USE, newest_versions
from journal.medication.service.judging import Answers, detected_issues
from journal.medication.service.prescribing import Prescribing
from journal.medication.service.shown import dosage_of, line_of
from journal.permissions import Permission
from journal.platform.clock import local_date, norwegian_date
from journal.platform.errors import Invalid
from journal.platform.language import phrase
from journal.platform.service import on_patient, without_patient
from journal.platform.statement import Statement

_ENDING = Statement(sa.text("SELECT patient_id, orders, first_end FROM medication.orders_ending(:before)"))


class EndingSoon(NamedTuple):
    """A patient with orders that end within a week: how many, and the last day of the first."""

    patient_id: UUID
    orders: int
    first_day: date


@dataclass(frozen=True)
class Ending:
    """An order that ends soon, and the last day with doses. `renewable`: no such order ends because it is to end."""

    request_entry_id: UUID
    version: int
    line: MedicationLine
    paused: bool
    last_day: date
    renewable: bool


@dataclass(frozen=True)
class Renewal:
    """An order as it would be renewed: its dosage before and after. `hindered`: what must be answered on its own page first."""

    order: Ending
    before: str
    after: str
    hindered: tuple[str, ...]


class Renewing(Prescribing):
    """A renewal is a new version with a later end, and all else as it was."""

    @without_patient(Permission.MEDICATION_PRESCRIBE)
    def ending_soon(self) -> list[EndingSoon]:
        """The patients of the unit one acts in with orders that end within a week, the first to end first. Charts stay closed."""
        rows = _ENDING.rows(self.db, before=self.work.now + AHEAD)
        return [EndingSoon(row.patient_id, row.orders, last_day(row.first_end)) for row in rows]

    @on_patient(Permission.MEDICATION_PRESCRIBE)
    def orders_ending(self, patient_id: UUID) -> list[Ending]:
        """The orders that end within a week, the first to end first."""
        today = local_date(self.work.now)
        return [_ending(row, end, today) for row, end in self._ending_soon(patient_id)]

    @on_patient(Permission.MEDICATION_PRESCRIBE)
    def review_renewal(self, patient_id: UUID, seen: Sequence[tuple[UUID, int]], day: date) -> list[Renewal]:
        """What renew would do to each of these orders, as seen, until and with `day`. Nothing is stored. Raises Invalid.

        What the prescriber answered when she ordered it is answered; anything else is said, and hinders.
        """
        self._must_be_ahead(day)
        reviewed = []
        for row, end in self._ending_orders(patient_id):
            if (row.entry_id, row.version) in seen:
                self._must_be_later(end, day, row)
                dosage, hindered = dosage_of(row), self._hinder(patient_id, row, day)
                order = _ending(row, end, local_date(self.work.now))
                reviewed.append(Renewal(order, _said(dosage, last_day(end)), _said(dosage, day), hindered))
        return reviewed

    @on_patient(Permission.MEDICATION_PRESCRIBE)
    def renew(self, patient_id: UUID, seen: Sequence[tuple[UUID, int]], day: date) -> int:
        """Renews these orders, as seen (entry_id and version), until and with `day`: all of them or none; answers with how many.

        Raises Invalid when none is chosen or `day` is not ahead, OrderChanged, NotFound, and AlertsFound for an alert that
        was not answered when it was ordered.
        """
        if not seen:
            raise Invalid("Velg minst ett legemiddel.")
        self._must_be_ahead(day)
        current = {row.entry_id: (row, end) for row, end in self._ending_orders(patient_id)}
        # All are asked before any is changed: what two of them say of each other rests on the doses of both.
        answered = {entry_id: self._still_answered(patient_id, row) for entry_id, (row, _end) in current.items()}
        for entry_id, version in seen:
            order = self._lock(patient_id, entry_id, version, {OrderStatus.ACTIVE, OrderStatus.ON_HOLD})
            row, end = current.get(entry_id, (None, None))
            if row is None or end is None:
                raise self._overtaken(order)
            self._must_be_later(end, day, row)
            self.change(
                patient_id,
                entry_id,
                version=version,
                dosage=dosage_of(row),
                reason=phrase("Fornyet til og med %(day)s", day=norwegian_date(day)),
                content={"ends_at": until(day)},
                answers=self._answers(self._judge_renewal(patient_id, row, day), row, answered[entry_id]),
            )
        return len(seen)

    def _ending_orders(self, patient_id: UUID) -> list[tuple[Any, datetime]]:
        """Those of them that a renewal may carry on."""
        return [(row, end) for row, end in self._ending_soon(patient_id) if _is_renewable(row)]

    def _ending_soon(self, patient_id: UUID) -> list[tuple[Any, datetime]]:
        newest = newest_versions(self.work.chart(patient_id, MedicationRequest), MedicationRequest).subquery()
        rows = self.db.execute(sa.select(newest).where(newest.c.status.in_(list(IN_USE)))).all()
        ends = [(row, end_of(row.ends_at, dosage_of(row))) for row in rows]
        now = self.work.now
        soon = [(row, end) for row, end in ends if end and now < end <= now + AHEAD and is_for_days(dosage_of(row))]
        return sorted(soon, key=lambda one: (one[1], one[0].generic_name, one[0].entry_id))

    def _hinder(self, patient_id: UUID, row: Any, day: date) -> tuple[str, ...]:
        judgement = self._judge_renewal(patient_id, row, day)
        answers = self._answers(judgement, row, self._still_answered(patient_id, row))
        try:
            detected_issues(judgement, answers)
        except AlertsFound:
            loud = [alert for alert in judgement.alerts if alert.tier is not Tier.MARK]
            return tuple(alert.text for alert in not_known(loud, answers.seen))
        return ()

    def _judge_renewal(self, patient_id: UUID, row: Any, day: date) -> Judgement:
        return self.judge_change(patient_id, row.entry_id, dosage=dosage_of(row), ends_at=until(day))

    def _still_answered(self, patient_id: UUID, row: Any) -> set[str]:
        """The alerts, by key, that were answered when it was ordered and still rest on the same doses."""
        known = {(issue["key"], issue["basis"]) for issue in row.detected_issues or ()}
        if not known:
            return set()
        today = self.judge_change(patient_id, row.entry_id, dosage=dosage_of(row), ends_at=row.ends_at)
        return {alert.key for alert in today.alerts if (alert.key, alert.basis) in known}

    def _answers(self, judgement: Judgement, row: Any, answered: set[str]) -> Answers:
        """Of a renewal that changes no dose, what is answered is answered still."""
        reason = next((issue["reason"] for issue in row.detected_issues or () if issue["reason"]), "")
        return Answers([(alert.key, alert.basis) for alert in judgement.alerts if alert.key in answered], reason)

    def _must_be_ahead(self, day: date) -> None:
        if day < local_date(self.work.now):
            raise Invalid(errors={"last_day": ["Den siste dagen kan ikke være før i dag."]})

    def _must_be_later(self, end: datetime, day: date, row: Any) -> None:
        if until(day) <= end:
            said = phrase("%(medicine)s varer lenger enn det allerede.", medicine=row.generic_name.capitalize())
            raise Invalid(errors={"last_day": [said]})


def _ending(row: Any, end: datetime, day: date) -> Ending:
    paused = row.status == OrderStatus.ON_HOLD
    return Ending(
        row.entry_id, row.version, line_of(row, dosage_of(row), day), paused, last_day(end), _is_renewable(row)
    )


def _is_renewable(row: Any) -> bool:
    return not is_to_end(dosage_of(row), antibiotic=is_antibiotic(row.atc_code))


def _said(dosage: Dosage, day: date) -> str:
    """The dosage with the last day of the order."""
    return f"{dose_sentence(dosage)} – til og med {norwegian_date(day)}"
