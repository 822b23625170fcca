"""Which hours and patients the round shows, and which doses of the one that is chosen."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from flask import url_for

from journal.medication.rules import Caution, DoseStatus, slot_of
from journal.medication.rules.door import Crossing
from journal.medication.service import DueDose, WorklistRow
from journal.patients import Listed
from journal.platform.clock import hhmm
from journal.platform.language import gettext as _

HALF = timedelta(hours=12)
LATE = "late"
_NOBODY = str(UUID(int=0))

_OPEN = {DoseStatus.LATE, DoseStatus.READY, DoseStatus.LAID_OUT, DoseStatus.UNKNOWN}
_LEFT_TO_IT = {DoseStatus.IN_DISPENSER, DoseStatus.TAKEN_OUT}
_ORDER = (
    *(DoseStatus.LATE, DoseStatus.MISSED, DoseStatus.UNKNOWN, DoseStatus.LAID_OUT, DoseStatus.READY),
    *(DoseStatus.PLANNED, DoseStatus.IN_DISPENSER, DoseStatus.TAKEN_OUT, DoseStatus.UNRECONCILED, DoseStatus.HELD),
)
JUST_NOW = timedelta(hours=1)
_LOOKS_BACK = timedelta(hours=2)
_MOST_CHIPS = 5
_FROM_DISPENSER = timedelta(hours=4)
"""No hour of the round waits for what a dispenser gives out: it is shown as long beside the rest."""


class Period(NamedTuple):
    """The 24 hours around now that a round reaches over, so that each hour of the clock stands in it once."""

    start: datetime
    end: datetime

    @classmethod
    def around(cls, now: datetime) -> "Period":
        start = now.replace(minute=0, second=0, microsecond=0) - HALF
        return cls(start, start + 2 * HALF)


class Slot(NamedTuple):
    """A choice among the hours: `late`, or an hour with doses. `left` is what is not signed."""

    key: str
    text: str
    left: int
    url: str
    current: bool


class PatientRow(NamedTuple):
    """A patient of the round. `away_text` is set for one who is away, `waits` for one whose list is not reconciled. `undecided`:
    medicines that wait for a doctor's answer. `changed`: orders that are another since the reader was last here."""

    patient_id: UUID
    room: str | None
    family_name: str
    given_name: str
    has_allergy: bool
    late: int
    ready: int
    signed: int
    total: int
    away_text: str
    waits: bool
    url: str
    current: bool
    status_id: str
    undecided: int
    changed: int

    @property
    def done(self) -> bool:
        waits = self.late or self.ready or self.waits or self.undecided
        return not waits and self.signed == self.total


class Counts(NamedTuple):
    """What the head of the round says."""

    signed: int
    total: int
    patients_done: int
    patients: int
    away: int


def chosen_slot(rows: Sequence[WorklistRow], asked: str | None, now: datetime) -> str | None:
    """The hour that is asked for, else the first with a dose that is ready now, else the last that has begun, or the first.

    So the 08 round stays the 08 round until its doses are given or late, though the 09 doses can be given already.
    """
    hours = sorted({hour for row in rows for hour in row.hours})
    keys = [slot_of(hour) for hour in hours]
    if asked == LATE or asked in keys:
        return asked
    ready = sorted({hour for row in rows if row.ready for hour, n in zip(row.hours, row.hour_ready, strict=True) if n})
    begun = [hour for hour in hours if hour <= now]
    return next((slot_of(hour) for hour in [*ready[:1], *begun[-1:], *hours[:1]]), None)


def slots(rows: Sequence[WorklistRow], current: str | None, now: datetime) -> list[Slot]:
    """The chips: late first where there is any, then the chosen hour and the next ones with something left."""
    late = sum(row.late for row in rows)
    chips = [Slot(LATE, _("Forsinket"), late, url_for("medication.round", slot=LATE), current == LATE)] if late else []
    left: dict[datetime, int] = {}
    for row in rows:
        for hour, total, signed in zip(row.hours, row.hour_total, row.hour_signed, strict=True):
            left[hour] = left.get(hour, 0) + total - signed
    near = [hour for hour in sorted(left) if left[hour] and hour > now - _LOOKS_BACK][:_MOST_CHIPS]
    for hour in sorted(left):
        if (key := slot_of(hour)) == current or hour in near:
            text = _("Kl. %(hour)s", hour=key)
            chips.append(Slot(key, text, left[hour], url_for("medication.round", slot=key), key == current))
    return chips


def patient_rows(rows: Sequence[WorklistRow], slot: str | None, chosen: UUID | None) -> dict[UUID, WorklistRow]:
    """One row for each patient of this hour: what is signed of it, and what is late or ready at any hour.

    Who has something late belongs to every hour, and so does who is chosen and whose warfarin waits for an INR; who is away, or
    has a list that is not reconciled, is shown so that nobody is missed.
    """
    hours = {hour for hour in {hour for row in rows for hour in row.hours} if slot == LATE or slot_of(hour) == slot}
    found = {}
    for row in rows:
        of_hour = [n for n, hour in enumerate(row.hours) if hour in hours]
        always = row.late or row.undecided or row.away_until or row.crossing or row.patient_id == chosen
        if always or (of_hour and slot != LATE):
            total, signed = sum(row.hour_total[n] for n in of_hour), sum(row.hour_signed[n] for n in of_hour)
            found[row.patient_id] = row._replace(total=total, signed=signed)
    return found


def shown_rows(
    rows: Sequence[WorklistRow], patients: Mapping[UUID, Listed], slot: str | None, current: UUID | None
) -> list[PatientRow]:
    """The rows with the names, which come with the opened charts."""
    # Made once, for nobody; each patient's own id takes the place.
    address = url_for("medication.round", patient=_NOBODY, slot=slot)
    return [_shown_row(row, patients[row.patient_id], address, current) for row in rows]


def _shown_row(row: WorklistRow, patient: Listed, address: str, current: UUID | None) -> PatientRow:
    text = str(row.patient_id)
    return PatientRow(
        patient_id=row.patient_id,
        room=row.room,
        family_name=patient.family_name,
        given_name=patient.given_name,
        has_allergy=patient.allergy_state == "allergies",
        late=row.late,
        ready=row.ready,
        signed=row.signed,
        total=row.total,
        away_text=_("På sykehus") if row.crossing == Crossing.HOSPITAL else _away(row.away_until),
        waits=row.crossing not in (None, Crossing.HOSPITAL),
        url=address.replace(_NOBODY, text),
        current=row.patient_id == current,
        status_id=f"st-{text}",
        undecided=row.undecided,
        changed=row.changed,
    )


def _away(until: datetime | None) -> str:
    if until is None:
        return ""
    return str(_("Permisjon") if until.year > 9000 else _("Permisjon til %(time)s", time=hhmm(until)))


def counts(rows: Mapping[UUID, WorklistRow]) -> Counts:
    """What is done of the hour, and who is on leave: in hospital is no leave."""
    with_doses = [row for row in rows.values() if row.total or row.late]
    done = sum(1 for row in with_doses if not row.late and not row.ready and row.signed == row.total)
    away = sum(1 for row in rows.values() if row.away_until and row.crossing != Crossing.HOSPITAL)
    return Counts(
        sum(r.signed for r in rows.values()), sum(r.total for r in rows.values()), done, len(with_doses), away
    )


_EARLY = timedelta(hours=1)
_OF_TIME = {Caution.EARLY, Caution.LATE, Caution.MISSED}


def given_before(doses: Sequence[DueDose], held_from: Mapping[UUID, datetime]) -> list[DueDose]:
    """The doses, those open to be signed that were due when their order began to wait, with what must be seen whenever it was."""

    def opened(dose: DueDose) -> DueDose:
        since = held_from.get(dose.id)
        if since is None or dose.status is not DoseStatus.UNRECONCILED or dose.due_at >= since + _EARLY:
            return dose
        return dose._replace(can_sign=True, cautions=tuple(each for each in dose.cautions if each not in _OF_TIME))

    return [opened(dose) for dose in doses]


def in_pane(doses: Sequence[DueDose], slot: str | None, now: datetime) -> list[DueDose]:
    """The doses on the pane: what is late or ready, the hour's own, what waits for a second signature, what was due when she
    went and is not signed, what a dispenser has given out lately, and what was signed just now; what is to be done first."""
    shown = [
        dose
        for dose in doses
        if dose.status in _OPEN
        or (dose.status is DoseStatus.UNRECONCILED and dose.can_sign)
        or dose.slot == slot
        or (dose.status in _LEFT_TO_IT and dose.due_at > now - _FROM_DISPENSER)
        or dose.awaits_witness
        or dose.laid_out
        or (dose.signed and dose.signed.recorded_at > now - JUST_NOW)
    ]
    return sorted(shown, key=dose_order)


def dose_order(dose: DueDose) -> tuple[int, datetime]:
    """What is to be done first comes first."""
    return _ORDER.index(dose.status) if dose.status in _ORDER else len(_ORDER), dose.due_at
