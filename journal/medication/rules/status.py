"""What a dose is right now: ready, late, given. Worked out each time from the time, never stored.

A dose is

* planned until its window opens, `tolerance.before` ahead of its time;
* ready from then on, and until `tolerance.after` past its time;
* late after that;
* missed when the next dose of the same order is due, or when half the time to it has passed, though not before 12
  hours. A dose given at 08 and 20 is missed at 20. One given daily at 08 is missed at 20, so that nobody gives two the
  same night. A weekly one stays late for three and a half days: it must still be dealt with.

Once signed it is what was signed, whatever has happened to the order since.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from journal.medication.rules.reasons import Reason, Result
from journal.platform.clock import lately_on, local_date, minute
from journal.platform.language import joined, phrase, phrases

MISSED_AFTER = timedelta(hours=12)
_MINUTE = timedelta(minutes=1)


class DoseStatus(StrEnum):
    """What the nurse sees of a dose."""

    PLANNED = "planned"
    READY = "ready"
    LATE = "late"
    MISSED = "missed"
    GIVEN = "given"
    GIVEN_EARLY = "given_early"
    GIVEN_LATE = "given_late"
    NOT_GIVEN = "not_given"
    PARTLY = "partly"
    HELD = "held"
    STOPPED = "stopped"
    UNRECONCILED = "unreconciled"
    IN_DISPENSER = "in_dispenser"
    TAKEN_OUT = "taken_out"
    LAID_OUT = "laid_out"
    ON_LEAVE = "on_leave"
    BY_OTHERS = "by_others"
    UNKNOWN = "unknown"


class OrderStatus(StrEnum):
    """FHIR's MedicationRequest.status, as far as it decides what is given."""

    ACTIVE = "active"
    ON_HOLD = "on-hold"
    STOPPED = "stopped"
    COMPLETED = "completed"
    ENTERED_IN_ERROR = "entered-in-error"


class Tolerance(NamedTuple):
    """How long before and after its time a dose still is on time."""

    before: timedelta
    after: timedelta


ORDINARY = Tolerance(timedelta(minutes=60), timedelta(minutes=60))
TIME_CRITICAL = Tolerance(timedelta(minutes=30), timedelta(minutes=30))
"""For medicines against Parkinson and epilepsy, insulin, anticoagulants, antibiotics, and doses ordered exactly on time (A3)."""


class OwnTolerance(NamedTuple):
    """What a municipality has chosen for one medicine or group, by the beginning of its ATC code."""

    atc: str
    tolerance: Tolerance


def tolerance_for(
    *,
    exact: bool,
    time_critical: bool,
    atc_code: str | None = None,
    ordinary: Tolerance = ORDINARY,
    narrow: Tolerance = TIME_CRITICAL,
    own: Sequence[OwnTolerance] = (),
) -> Tolerance:
    """Which of the municipality's tolerances a medicine has: its own, by the longest ATC code that fits, else one of the two.

    A dose that was ordered exactly on time has never the wider one, whatever is chosen for the medicine.
    """
    fitting = [each for each in own if (atc_code or "").startswith(each.atc)]
    if not fitting:
        return narrow if exact or time_critical else ordinary
    chosen = max(fitting, key=lambda each: len(each.atc)).tolerance
    return Tolerance(*map(min, chosen, narrow)) if exact else chosen


class SignedState(NamedTuple):
    """What the live signature of a dose says."""

    result: Result
    effective_at: datetime
    reason: Reason | None = None
    text: str = ""


class TimeInFuture(ValueError):
    """Nothing can have been given later than now (A4). The message is for the nurse."""


def effective_time(said: datetime | None, now: datetime) -> datetime:
    """When the dose was given: what the nurse said, else now. Raises TimeInFuture."""
    if said is not None and said > now:
        raise TimeInFuture("Tidspunktet er ikke kommet ennå. Skriv når dosen ble gitt.")
    return said or now


def dose_status(
    due_at: datetime,
    now: datetime,
    signed: SignedState | None,
    *,
    order_status: OrderStatus = OrderStatus.ACTIVE,
    order_status_since: datetime | None = None,
    tolerance: Tolerance = ORDINARY,
    next_due_at: datetime | None = None,
    unreconciled: bool = False,
    laid_out: bool = False,
    on_leave: bool = False,
    by_others: bool = False,
    unknown: bool = False,
) -> DoseStatus:
    """The status of a dose at `now`. All times are aware instants.

    `order_status_since`: when the order was paused or stopped; a dose missed before that stays missed.
    `next_due_at`: the next dose of the same order, if there is one. `unreconciled`: its order waits at the hospital door
    (door.waits), so that nobody was to give it. `laid_out`: it lies before the patient, and is neither late nor missed: somebody
    must see whether it was taken. `on_leave`: she has it with her, and whoever is with her sees to it. `by_others`: she takes
    it herself, or next of kin or others give it, so that it is neither late nor missed to us. `unknown`: the journal was
    away when it was to be given (rules/downtime.py), so that it is neither late nor missed, unless its order had ended before it
    was due.
    """
    if signed is not None:
        return _signed_status(due_at, signed, tolerance)
    if unreconciled:
        return DoseStatus.UNRECONCILED
    if unknown and (order_status is OrderStatus.ACTIVE or order_status_since is None or due_at <= order_status_since):
        return DoseStatus.UNKNOWN
    missed = missed_at(due_at, next_due_at)
    if order_status is not OrderStatus.ACTIVE and not (order_status_since and missed <= order_status_since):
        return DoseStatus.HELD if order_status is OrderStatus.ON_HOLD else DoseStatus.STOPPED
    if on_leave:
        return DoseStatus.ON_LEAVE
    if laid_out:
        return DoseStatus.LAID_OUT
    if by_others:
        return DoseStatus.BY_OTHERS
    if now >= missed:
        return DoseStatus.MISSED
    if now > due_at + tolerance.after:
        return DoseStatus.LATE
    return DoseStatus.READY if now >= due_at - tolerance.before else DoseStatus.PLANNED


def missed_at(due_at: datetime, next_due_at: datetime | None) -> datetime:
    """From when an unsigned dose is missed and no longer late."""
    if next_due_at is None:
        return due_at + MISSED_AFTER
    return min(next_due_at, due_at + max(MISSED_AFTER, (next_due_at - due_at) // 2))


def describe(status: DoseStatus, due_at: datetime, now: datetime, signed: SignedState | None = None) -> str:
    """The status in words: `om 8 min`, `klar nå`, `52 min forsinket`, `gitt 08.20`, `ikke gitt – ville ikke`."""
    if signed is not None:
        return _describe_signed(status, signed, now)
    match status:
        case DoseStatus.PLANNED:
            return _planned(minute(due_at), local_date(now))
        case DoseStatus.READY:
            return _ready((due_at - now) // _MINUTE)
        case DoseStatus.LATE:
            return _late((now - due_at) // _MINUTE)
    return _WORDS[status]


_WORDS = phrases(
    {
        DoseStatus.MISSED: "ikke signert",
        DoseStatus.GIVEN: "gitt",
        DoseStatus.GIVEN_EARLY: "gitt for tidlig",
        DoseStatus.GIVEN_LATE: "gitt for sent",
        DoseStatus.NOT_GIVEN: "ikke gitt",
        DoseStatus.PARTLY: "delvis gitt",
        DoseStatus.HELD: "pauset",
        DoseStatus.STOPPED: "skal ikke gis",
        DoseStatus.UNRECONCILED: "ikke samstemt",
        DoseStatus.IN_DISPENSER: "i dispenseren",
        DoseStatus.TAKEN_OUT: "tatt ut",
        DoseStatus.LAID_OUT: "lagt fram",
        DoseStatus.ON_LEAVE: "på permisjon",
        DoseStatus.BY_OTHERS: "gis ikke av oss",
        DoseStatus.UNKNOWN: "ukjent – journalen var nede",
    }
)


def _signed_status(due_at: datetime, signed: SignedState, tolerance: Tolerance) -> DoseStatus:
    if signed.result is Result.PARTLY_TAKEN:
        return DoseStatus.PARTLY
    if signed.result is not Result.TAKEN:
        return DoseStatus.NOT_GIVEN
    if signed.effective_at < due_at - tolerance.before:
        return DoseStatus.GIVEN_EARLY
    return DoseStatus.GIVEN_LATE if signed.effective_at > due_at + tolerance.after else DoseStatus.GIVEN


def _describe_signed(status: DoseStatus, signed: SignedState, now: datetime) -> str:
    at, today = minute(signed.effective_at), local_date(now)
    if not signed.text:
        return _signed_words(status, at, today, signed.reason)
    small = signed.text[:1].lower() + signed.text[1:]
    return joined(" – ", (_signed_words(status, at, today, None), small))


# Many are due and given at the same minute, and as late: each is said once. What somebody wrote herself is never kept.
@lru_cache(maxsize=4096)
def _ready(minutes: int) -> str:
    return phrase("om %(span)s", span=span(minutes * _MINUTE)) if minutes > 0 else phrase("klar nå")


@lru_cache(maxsize=4096)
def _late(minutes: int) -> str:
    return phrase("%(span)s forsinket", span=span(minutes * _MINUTE))


@lru_cache(maxsize=4096)
def _planned(due_at: int, today: date) -> str:
    return phrase("planlagt %(time)s", time=lately_on(due_at, today))


@lru_cache(maxsize=4096)
def _signed_words(status: DoseStatus, at: int, today: date, reason: Reason | None) -> str:
    said = _WORDS[status]
    if status is not DoseStatus.NOT_GIVEN:
        said = joined(" ", (said, lately_on(at, today)))
    why = reason.text.in_a_sentence() if reason and reason is not Reason.PARTLY else ""
    return joined(" – ", (said, why))


def span(passed: timedelta) -> str:
    """`52 min`, `3 t 5 min`, `2 døgn`: whole minutes, rounded down."""
    hours, minutes = divmod(passed // _MINUTE, 60)
    if hours >= 48:
        return phrase("%(days)s døgn", days=hours // 24)
    parts = [phrase("%(hours)s t", hours=hours)] if hours else []
    if minutes or not hours:
        parts.append(phrase("%(minutes)s min", minutes=minutes))
    return joined(" ", parts)
