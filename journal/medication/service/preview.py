"""What the nurse will see of an order that is not signed yet."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain, islice, takewhile
from uuid import UUID

from journal.medication.rules import (
    Dosage,
    HandAction,
    MedicationLine,
    PlannedDose,
    Strip,
    StripDose,
    describe,
    dose_status,
    hand_sentence,
    planned_doses,
    strip,
    window_around,
)
from journal.medication.rules.safety.opioids import is_opioid, opioids_with
from journal.medication.service.judging import Judging
from journal.medication.service.medicine import Medicine, as_ordered
from journal.medication.service.settings import choices_of
from journal.medication.service.shown import group_flags, line_with
from journal.permissions import Permission
from journal.platform.clock import hhmm, local_date, norwegian_date, relative_day
from journal.platform.language import joined, phrase
from journal.platform.service import on_patient

_LOOKS_AHEAD = timedelta(days=100)
"""How far the first dose is looked for: what is given each third month has one."""


@dataclass(frozen=True)
class Preview:
    """The line of the list as it would be, with its flags and its picture of 36 hours.

    `hand`: what the hand does with one dose, None where doses differ. `first_text`: when the first is due. `opioids`: of an
    opioid, all that is ordered together.
    """

    line: MedicationLine
    flags: tuple[tuple[str, str], ...]
    hand: HandAction | None
    strip: Strip
    first_text: str
    opioids: str


class Previewing(Judging):
    """Shows an order before it is one. Nothing is stored."""

    @on_patient(Permission.MEDICATION_PRESCRIBE)
    def preview(
        self, patient_id: UUID, *, medicine: Medicine, dosage: Dosage, indication: str, without: Collection[UUID] = ()
    ) -> Preview:
        """The order as the list would show it, were it signed now: the doses are planned as they would be.

        `without`: orders that are stopped when it is signed.
        """
        now, mine = self.work.now, self.work.actor.municipality_id
        choices = choices_of(self.db, [mine]).get(mine, ())
        course = dosage.course
        begins = course.first_at if course and course.first_at else now
        period = {"start": begins, "end": now + _LOOKS_AHEAD, "order_start": begins}
        endless = planned_doses(
            dosage, choices, **period, order_end=None, time_critical=medicine.time_critical, atc_code=medicine.atc_code
        )
        doses = islice(endless, course.doses if course else None)
        first = next(doses, None)
        planned = chain([first] if first else [], doses)
        # All of them only where they end by themselves: the last is said.
        counted = list(planned) if course and course.doses else None
        last = counted[-1] if counted and course and len(counted) == course.doses else None
        seen = takewhile(lambda dose: dose.expected.due_at < window_around(now).end, counted or planned)
        return Preview(
            line=line_with(medicine, dosage, indication, local_date(now)),
            flags=group_flags(medicine.prescription_group, medicine.high_risk, unsigned=False),
            hand=_hand(medicine, dosage),
            strip=strip([_mark(dose, now) for dose in seen], now),
            first_text=joined(" ", (_first_text(dosage, first, now), _last_text(last))),
            opioids=self._opioids(patient_id, medicine, dosage, without) if is_opioid(medicine.atc_code) else "",
        )

    def _opioids(self, patient_id: UUID, medicine: Medicine, dosage: Dosage, without: Collection[UUID]) -> str:
        new = as_ordered(medicine, dosage, key="", starts_at=self.work.now, ends_at=None)
        stopped = set(map(str, without))
        total = opioids_with(new, (order for order, _ in self._others(patient_id) if order.key not in stopped))
        return total.text if total else ""


def _hand(medicine: Medicine, dosage: Dosage) -> HandAction | None:
    if dosage.amount is None:
        return None
    form, route = medicine.form, medicine.route
    return hand_sentence(dosage.amount, strength_per_unit=dosage.strength_per_unit, form=form, route=route)


def _first_text(dosage: Dosage, first: PlannedDose | None, now: datetime) -> str:
    if dosage.as_needed is not None:
        return phrase("Gis når pasienten trenger det. Ingen faste tider.")
    if first is None:
        return phrase("Ingen dose de neste hundre dagene.")
    at = first.expected.due_at
    return phrase("Første dose %(day)s kl. %(time)s.", day=relative_day(at, now), time=hhmm(at))


def _last_text(last: PlannedDose | None) -> str:
    """Of a course that ends by the doses given: when the last one is due, if none is missed."""
    if last is None:
        return ""
    at = last.expected.due_at
    day = norwegian_date(local_date(at))
    return phrase("Blir alle gitt, er den siste %(day)s kl. %(time)s.", day=day, time=hhmm(at))


def _mark(dose: PlannedDose, now: datetime) -> StripDose:
    due_at = dose.expected.due_at
    status = dose_status(due_at, now, None, tolerance=dose.tolerance)
    return StripDose(due_at, status, describe(status, due_at, now), common=True)
