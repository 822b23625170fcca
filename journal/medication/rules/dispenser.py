"""An electronic dispenser: what its device has told of a dose, what somebody must see to, and by when.

What was taken out is not taken: nobody saw it be swallowed. So "tatt ut" is a state of its own beside the dose, never "gitt", and
only a person signs more than that.

Sources: issue 4 ("tatt ut" from the device is its own state, never "gitt"; suitability, training and evaluation dates); norway.md
(Helsetilsynet, Stjørdal 2024: evaluations of e-medicine dispensers that nobody made); Volven 9135 (8, annet).
"""

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from journal.medication.rules.status import DoseStatus
from journal.medication.rules.words import say
from journal.platform.clock import local_date, spoken
from journal.platform.language import joined, phrase, phrases
from journal.platform.quantity import Quantity


class Event(StrEnum):
    """What a device tells."""

    TAKEN_OUT = "taken-out"
    NOT_TAKEN = "not-taken"
    NO_CONTACT = "no-contact"
    FAULT = "fault"
    BATTERY = "battery"


OF_A_DOSE = frozenset({Event.TAKEN_OUT, Event.NOT_TAKEN})
"""Those that are about one compartment."""

EVENTS = phrases(
    {
        Event.TAKEN_OUT: "Tatt ut",
        Event.NOT_TAKEN: "Ikke tatt ut",
        Event.NO_CONTACT: "Ingen kontakt med dispenseren",
        Event.FAULT: "Feil på dispenseren",
        Event.BATTERY: "Lite strøm",
    }
)


class Suitability(StrEnum):
    """What the judgement came to."""

    SUITABLE = "suitable"
    WITH_HELP = "with-help"
    UNSUITABLE = "unsuitable"


SUITABILITIES = phrases(
    {
        Suitability.SUITABLE: "Egnet",
        Suitability.WITH_HELP: "Egnet med hjelp eller påminning",
        Suitability.UNSUITABLE: "Ikke egnet",
    }
)


class Told(NamedTuple):
    """What a dispenser has to do with a dose that lies in its load.

    `is_right`: what lies there is what is to be taken now. `kind` None: the device has told nothing of it. `outdated`: it was
    not right when the device gave it out.
    """

    is_right: bool
    kind: Event | None
    at: datetime | None
    outdated: bool


_UNSIGNED = {DoseStatus.PLANNED, DoseStatus.READY, DoseStatus.LATE, DoseStatus.MISSED}


def status_in_dispenser(status: DoseStatus, told: Told | None) -> DoseStatus:
    """The status of a dose (`status`: as it is without a dispenser) with what the device has told. `told` None: in no load.

    What somebody has signed stands, and so does a pause or a stop. What was taken out is neither late nor missed, and never
    given. What lies there rightly is expected of nobody's hands. What is not taken, or lies there wrongly, is somebody's to give.
    """
    if told is None or status not in _UNSIGNED:
        return status
    if told.kind is Event.TAKEN_OUT:
        return DoseStatus.TAKEN_OUT
    if told.kind is not None or not told.is_right or status is DoseStatus.PLANNED:
        return status
    return DoseStatus.IN_DISPENSER


def dispenser_text(said: str, status: DoseStatus, told: Told | None, now: datetime) -> str:
    """The status in words. `said`: as it is without a dispenser; `status`: as status_in_dispenser has it."""
    if told is None or (told.kind is None and told.is_right):
        return phrase("i dispenseren") if status is DoseStatus.IN_DISPENSER else said
    if told.kind is Event.TAKEN_OUT:
        assert told.at is not None
        message = _TAKEN_OUTDATED if told.outdated else _TAKEN
        taken = phrase(message, time=spoken(told.at, now))
        return taken if status is DoseStatus.TAKEN_OUT else joined(" – ", (said, taken))
    if status not in _UNSIGNED:
        return said
    return joined(" – ", (said, _NOT_TAKEN if told.is_right else _OUTDATED))


_TAKEN = phrase("tatt ut %(time)s")
_TAKEN_OUTDATED = phrase("tatt ut %(time)s av utdatert dispenser")
_NOT_TAKEN = phrase("ikke tatt ut av dispenseren")
_OUTDATED = phrase("dispenseren er utdatert")


class Alarm(StrEnum):
    """What somebody must answer. The values are the kinds of the tasks, by which what is not answered is passed on."""

    NOT_TAKEN = "dispenser-not-taken"
    NO_CONTACT = "dispenser-no-contact"
    FAULT = "dispenser-fault"


ALARMS = {Event.NOT_TAKEN: Alarm.NOT_TAKEN, Event.NO_CONTACT: Alarm.NO_CONTACT, Event.FAULT: Alarm.FAULT}

_ANSWER_IN = {
    Alarm.NOT_TAKEN: (timedelta(minutes=15), timedelta(minutes=60)),
    Alarm.FAULT: (timedelta(minutes=30), timedelta(hours=2)),
    Alarm.NO_CONTACT: (timedelta(hours=1), timedelta(hours=4)),
}
"""How soon somebody must have answered: with a critical medicine in it (rules/next_step.py), and without.
Our own choice: issue 4 asks for a ladder and names no times."""


def answer_by(alarm: Alarm, now: datetime, *, critical: bool) -> datetime:
    """Until when somebody must have answered, from when it came to us."""
    soon, later = _ANSWER_IN[alarm]
    return now + (soon if critical else later)


class Need(StrEnum):
    """What somebody must see to, the most urgent first."""

    FAULT = "fault"
    NOT_TAKEN = "not-taken"
    OUTDATED = "outdated"
    EMPTY = "empty"
    NO_CONTACT = "no-contact"
    UNCONTROLLED = "uncontrolled"
    RUNS_OUT = "runs-out"
    EVALUATE = "evaluate"
    UNTRAINED = "untrained"
    BATTERY = "battery"


NEEDS = phrases(
    {
        Need.FAULT: "Dispenseren melder feil",
        Need.NOT_TAKEN: "En dose er ikke tatt ut",
        Need.OUTDATED: "Innholdet er utdatert",
        Need.EMPTY: "Ingenting er lagt i for i dag",
        Need.NO_CONTACT: "Ikke hørt fra det siste døgnet",
        Need.UNCONTROLLED: "Innholdet er ikke kontrollert av en annen",
        Need.RUNS_OUT: "Snart tom",
        Need.EVALUATE: "Skal evalueres",
        Need.UNTRAINED: "Opplæring er ikke gitt",
        Need.BATTERY: "Lite strøm",
    }
)
URGENT = frozenset({Need.FAULT, Need.NOT_TAKEN, Need.OUTDATED, Need.EMPTY, Need.NO_CONTACT})
"""What the patient may lack a dose by today."""

RUNS_OUT = timedelta(days=3)
"""So long before a load is used up somebody is to lay in the next."""
_SILENT = timedelta(hours=24)


class Heard(NamedTuple):
    """One thing the device told."""

    kind: Event
    at: datetime
    due_at: datetime | None


def needs(
    now: datetime,
    *,
    loaded_until: date | None,
    outdated: bool,
    uncontrolled: bool,
    trained: bool,
    evaluate_on: date | None,
    heard: Sequence[Heard],
    settled: Collection[datetime],
) -> tuple[Need, ...]:
    """What somebody must see to about a dispenser in use, the most urgent first.

    `loaded_until`: the last day that something lies ready for, None for none. `heard`: what the device told lately. `settled`:
    the compartments of which everything is signed. A fault lasts until the device tells of something else.
    """
    today, newest = local_date(now), max(heard, key=lambda one: one.at, default=None)
    taken = {one.due_at for one in heard if one.kind is Event.TAKEN_OUT}
    left = {one.due_at for one in heard if one.kind is Event.NOT_TAKEN} - taken - set(settled)
    silent = newest is None or newest.kind is Event.NO_CONTACT or newest.at <= now - _SILENT
    loaded = loaded_until is not None and loaded_until >= today
    held = {
        Need.FAULT: newest is not None and newest.kind is Event.FAULT,
        Need.NOT_TAKEN: bool(left),
        Need.OUTDATED: outdated,
        Need.EMPTY: not loaded,
        Need.NO_CONTACT: loaded and silent,
        Need.UNCONTROLLED: uncontrolled,
        Need.RUNS_OUT: loaded_until is not None and loaded and loaded_until <= today + RUNS_OUT,
        Need.EVALUATE: evaluate_on is not None and evaluate_on <= today,
        Need.UNTRAINED: not trained,
        Need.BATTERY: any(one.kind is Event.BATTERY and one.at > now - 2 * _SILENT for one in heard),
    }
    return tuple(need for need, holds in held.items() if holds)


def add_sentence(amount: Quantity, medicine: str) -> str:
    """`Legg i 2 tabletter ramipril 2,5 mg`."""
    return phrase("Legg i %(amount)s %(medicine)s", amount=say(amount), medicine=medicine)
