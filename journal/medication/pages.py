"""The round as its page shows it: which hours, which patients, and the cards of the one that is chosen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from flask import url_for
from flask_babel import gettext as _

from journal.medication.rules import OFFERED, DoseStatus, MedicationLine, slot_of
from journal.medication.service import DueDose, WorklistRow
from journal.medication.service.shown import group_flags
from journal.observations import Measurement
from journal.patients import Banner
from journal.platform.clock import hhmm, local
from journal.platform.ids import new_id

HALF = timedelta(hours=12)
LATE = "late"

_OPEN = {DoseStatus.LATE, DoseStatus.READY}
_ORDER = (DoseStatus.LATE, DoseStatus.MISSED, DoseStatus.READY, DoseStatus.PLANNED, DoseStatus.HELD)
_JUST_NOW = timedelta(hours=1)
_LOOKS_BACK = timedelta(hours=2)
_MOST_CHIPS = 5


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


@dataclass(frozen=True)
class PatientRow:
    """A patient of the round. `away_text` is set for one who is away."""

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
    url: str
    current: bool

    @property
    def done(self) -> bool:
        return not self.late and not self.ready and self.signed == self.total


@dataclass(frozen=True)
class Hand:
    """What the hand does with one dose, and what else it must know."""

    verb: str
    count: str
    equals: str | None
    route: str | None
    note: str | None


class Value(NamedTuple):
    """The field for a value that must be known before the dose."""

    name: str
    label: str
    hint: str
    unit: str
    error: str | None


class Trouble(NamedTuple):
    """What went wrong with one dose: the sentence, its field, and whether "Jeg har også gitt den" is a way on."""

    dose_id: UUID
    said: str
    field: str | None = None
    also_given: bool = False
    suggested: tuple[str, str] | None = None


@dataclass(frozen=True)
class Card:
    """One dose, in the words of the dose macro."""

    id: UUID
    anchor: str
    due_text: str
    status: str
    status_text: str
    line: MedicationLine
    flags: tuple[tuple[str, str], ...]
    hand: Hand
    why: str | None
    condition_text: str | None
    value: Value | None
    signed_text: str | None
    undo_url: str | None
    correct_url: str | None
    given_url: str
    not_given_url: str
    also_given_url: str | None
    reasons: tuple[tuple[str, str, bool], ...]
    command_id_given: UUID
    command_id_not_given: UUID
    command_id_undo: UUID
    request_version: int
    can_sign: bool
    error: str | None


@dataclass(frozen=True)
class Last:
    """The user's last signature on this patient, with its way back."""

    text: str
    undo_url: str
    kind: str


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
    hours = sorted({row.slot_at for row in rows if row.slot_at})
    keys = [slot_of(hour) for hour in hours]
    if asked == LATE or asked in keys:
        return asked
    ready = sorted(row.slot_at for row in rows if row.slot_at and row.ready)
    begun = [hour for hour in hours if hour <= now]
    return next((slot_of(hour) for hour in [*ready[:1], *begun[-1:], *hours[:1]]), None)


def slots(rows: Sequence[WorklistRow], current: str | None, now: datetime) -> list[Slot]:
    """The chips: late first where there is any, then the chosen hour and the next ones with something left."""
    late = sum(row.late for row in rows)
    chips = [Slot(LATE, _("Forsinket"), late, url_for("medication.round", slot=LATE), current == LATE)] if late else []
    left: dict[datetime, int] = {}
    for row in rows:
        if row.slot_at:
            left[row.slot_at] = left.get(row.slot_at, 0) + row.total - row.signed
    near = [hour for hour in sorted(left) if left[hour] and hour > now - _LOOKS_BACK][:_MOST_CHIPS]
    for hour in sorted(left):
        if (key := slot_of(hour)) == current or hour in near:
            text = _("Kl. %(hour)s", hour=key)
            chips.append(Slot(key, text, left[hour], url_for("medication.round", slot=key), key == current))
    return chips


def patient_rows(rows: Sequence[WorklistRow], slot: str | None, chosen: UUID | None) -> dict[UUID, WorklistRow]:
    """One row for each patient of this hour: what is signed of it, and what is late or ready at any hour.

    Who has something late belongs to every hour, and so does who is chosen; who is away is shown so that nobody is missed.
    """
    of_day: dict[UUID, WorklistRow] = {}
    of_hour: dict[UUID, WorklistRow] = {}
    hours = {hour for hour in {row.slot_at for row in rows} if slot == LATE or (hour and slot_of(hour) == slot)}
    for row in rows:
        of_day[row.patient_id] = row.added_to(of_day.get(row.patient_id))
        if row.slot_at in hours:
            of_hour[row.patient_id] = row.added_to(of_hour.get(row.patient_id))
    found = {}
    for patient_id, day in of_day.items():
        hour = of_hour.get(patient_id)
        if day.late or day.away_until or patient_id == chosen or (hour and slot != LATE):
            total, signed = (hour.total, hour.signed) if hour else (0, 0)
            found[patient_id] = day._replace(total=total, signed=signed)
    return found


def shown_row(row: WorklistRow, banner: Banner, slot: str | None, current: UUID | None) -> PatientRow:
    """A row with the name, which comes with the opened chart."""
    return PatientRow(
        patient_id=row.patient_id,
        room=row.room,
        family_name=banner.family_name,
        given_name=banner.given_name,
        has_allergy=bool(banner.allergies),
        late=row.late,
        ready=row.ready,
        signed=row.signed,
        total=row.total,
        away_text=_away(row.away_until),
        url=url_for("medication.round", patient=row.patient_id, slot=slot),
        current=row.patient_id == current,
    )


def _away(until: datetime | None) -> str:
    if until is None:
        return ""
    return str(_("Permisjon") if until.year > 9000 else _("Permisjon til %(time)s", time=hhmm(until)))


def counts(rows: Mapping[UUID, WorklistRow]) -> Counts:
    """What is done of the hour."""
    with_doses = [row for row in rows.values() if row.total or row.late]
    done = sum(1 for row in with_doses if not row.late and not row.ready and row.signed == row.total)
    away = sum(1 for row in rows.values() if row.away_until)
    return Counts(
        sum(r.signed for r in rows.values()), sum(r.total for r in rows.values()), done, len(with_doses), away
    )


def in_pane(doses: Sequence[DueDose], slot: str | None, now: datetime) -> list[DueDose]:
    """The doses on the pane: what is late or ready, the hour's own, and what was signed just now; what is to be done first."""
    shown = [
        dose
        for dose in doses
        if dose.status in _OPEN or dose.slot == slot or (dose.signed and dose.signed.recorded_at > now - _JUST_NOW)
    ]
    return sorted(
        shown, key=lambda dose: (_ORDER.index(dose.status) if dose.status in _ORDER else len(_ORDER), dose.due_at)
    )


def last_of(doses: Sequence[DueDose], person_id: UUID, slot: str | None, now: datetime) -> Last | None:
    """What this person signed last on this patient, the last hour."""
    own = [
        dose
        for dose in doses
        if dose.signed and dose.signed.by == person_id and dose.signed.recorded_at > now - _JUST_NOW
    ]
    if not own:
        return None
    dose = max(own, key=lambda each: (each.signed.recorded_at, each.due_at) if each.signed else (now, now))
    assert dose.signed is not None
    where: dict[str, Any] = {"patient_id": dose.patient_id, "administration_id": dose.signed.id, "slot": slot}
    name = dose.line.generic[:1].upper() + dose.line.generic[1:]
    kind = "success" if dose.status is not DoseStatus.NOT_GIVEN else "warning"
    return Last(f"{name} {dose.status_text}", url_for("medication.undo", **where), kind)


def card(
    dose: DueDose,
    *,
    slot: str | None,
    person_id: UUID,
    may_sign: bool,
    latest: Mapping[str, Measurement],
    trouble: Trouble | None,
) -> Card:
    """A dose as its card. `latest` are the newest measurements by code; `trouble` is what went wrong with this dose."""
    where: dict[str, Any] = {"patient_id": dose.patient_id, "dose_id": dose.id, "slot": slot}
    signed = dose.signed
    note = " – ".join(filter(None, (dose.instruction, _("to signerer") if dose.two_signatures else None)))
    also = trouble is not None and trouble.also_given
    return Card(
        id=dose.id,
        anchor=f"dose-{dose.id}",
        due_text=hhmm(dose.due_at),
        status=dose.status.value,
        status_text=dose.status_text,
        line=dose.line,
        flags=group_flags(dose.prescription_group, dose.high_risk),
        hand=Hand(dose.hand.verb, dose.hand.count, dose.hand.equals, dose.hand.route, note or None),
        why=dose.line.indication,
        condition_text=dose.paused_because if dose.status is DoseStatus.HELD else dose.condition_text,
        value=_value(dose, latest, trouble),
        signed_text=_signed_text(dose, person_id),
        undo_url=None,
        correct_url=url_for(
            "medication.correct_form", patient_id=dose.patient_id, administration_id=signed.id, slot=slot
        )
        if signed and may_sign
        else None,
        given_url=url_for("medication.given", **where),
        not_given_url=url_for("medication.not_given", **where),
        also_given_url=url_for("medication.also_given", **where) if also else None,
        reasons=_reasons(trouble),
        command_id_given=new_id(),
        command_id_not_given=new_id(),
        command_id_undo=new_id(),
        request_version=dose.version,
        can_sign=dose.can_sign and may_sign,
        error=trouble.said if trouble and trouble.field != "value" else None,
    )


def _signed_text(dose: DueDose, person_id: UUID) -> str | None:
    if dose.signed is None:
        return None
    who = _("deg") if dose.signed.by == person_id else dose.signed.by_name
    also = _(", også av %(names)s", names=", ".join(dose.also_given)) if dose.also_given else ""
    return str(_("%(what)s av %(who)s", what=dose.status_text, who=who)) + also


def _value(dose: DueDose, latest: Mapping[str, Measurement], trouble: Trouble | None) -> Value | None:
    wanted = dose.required_value
    if wanted is None or not dose.can_sign:
        return None
    last = latest.get(wanted.code)
    hint = _("Kl. %(time)s var den %(value)s.", time=hhmm(last.effective_at), value=last.text) if last else ""
    if last and local(last.effective_at).date() != local(dose.due_at).date():
        hint = ""
    error = trouble.said if trouble and trouble.field == "value" else None
    label = _("%(what)s nå", what=wanted.text)
    return Value("value", label, hint, wanted.unit, error)


def _reasons(trouble: Trouble | None) -> tuple[tuple[str, str, bool], ...]:
    """The reasons on the card; one that a value supports comes first, and is marked, never chosen (A6)."""
    offered = tuple((reason.value, reason.text, False) for reason in OFFERED)
    if trouble and trouble.suggested:
        return ((trouble.suggested[0], trouble.suggested[1], True), *offered)
    return offered
