"""What comes next when a dose was not given: nothing, another try, a nurse who is told, a doctor who is called at once.

A dose that is left out is not the same of every medicine. Of those below a gap harms within hours or days, so they never end
with nothing. A second try is a dose of its own: the first refusal stands as it was signed.

Source: NPSA Rapid Response Report RRR009 (2010), "Reducing harm from omitted and delayed medicines in hospital", which asks for a
list of critical medicines with anti-infectives, anticoagulants, insulin and Parkinson medicines among its examples; antiepileptics
and opioids are of issue 4. Legemiddelhåndteringsforskriften § 4: the procedure is the municipality's, so it may add to the list.
ATC: WHO Collaborating Centre for Drug Statistics Methodology.
"""

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from journal.medication.rules.reasons import Reason
from journal.medication.rules.status import missed_at
from journal.platform.language import phrase, phrases


class NextStep(StrEnum):
    """What is to be done about a dose that was not given."""

    NONE = "none"
    TRY_AGAIN = "try-again"
    TELL_NURSE = "tell-nurse"
    CALL_DOCTOR = "call-doctor"


class Critical(StrEnum):
    """Why a dose of a medicine must not be left out in silence."""

    INSULIN = "insulin"
    ANTICOAGULANT = "anticoagulant"
    ANTIEPILEPTIC = "antiepileptic"
    PARKINSON = "parkinson"
    OPIOID = "opioid"
    ANTIBIOTIC = "antibiotic"
    CHOSEN = "chosen"
    """Added by the municipality."""


CRITICAL = {
    Critical.INSULIN: ("A10A",),
    # B01AC, for platelets, is not among them: a day without does less.
    Critical.ANTICOAGULANT: ("B01AA", "B01AB", "B01AE", "B01AF", "B01AX"),
    Critical.ANTIEPILEPTIC: ("N03",),
    Critical.PARKINSON: ("N04",),
    # N07BC: buprenorphine and methadone against dependence.
    Critical.OPIOID: ("N02A", "N07BC"),
    # Against tuberculosis, metronidazole in tablets, and those that work in the gut, stand outside J01.
    Critical.ANTIBIOTIC: ("J01", "J04A", "P01AB", "A07AA09", "A07AA11", "A07AA12"),
}
"""ATC groups."""

_ORDINARY = {
    Reason.REFUSED: NextStep.TRY_AGAIN,
    Reason.ASLEEP: NextStep.TRY_AGAIN,
    Reason.ABSENT: NextStep.TRY_AGAIN,
    Reason.NAUSEA: NextStep.TRY_AGAIN,
    Reason.VOMITED_AFTER: NextStep.TELL_NURSE,
    Reason.OUT_OF_STOCK: NextStep.TELL_NURSE,
    Reason.OTHER: NextStep.TELL_NURSE,
    # The order itself says that the doctor is to be asked.
    Reason.BELOW_LIMIT: NextStep.CALL_DOCTOR,
    Reason.ABOVE_LIMIT: NextStep.CALL_DOCTOR,
}
"""What is not here needs nothing: taken in part, laid out, in hospital, fasting, and what somebody has judged."""

_CRITICAL = {
    Reason.REFUSED: NextStep.TRY_AGAIN,
    Reason.ASLEEP: NextStep.TRY_AGAIN,
    Reason.ABSENT: NextStep.TRY_AGAIN,
    Reason.NAUSEA: NextStep.CALL_DOCTOR,
    # Never given anew by oneself: nobody knows how much of it stayed.
    Reason.VOMITED_AFTER: NextStep.CALL_DOCTOR,
    Reason.OUT_OF_STOCK: NextStep.CALL_DOCTOR,
    Reason.FASTING: NextStep.CALL_DOCTOR,
    Reason.BELOW_LIMIT: NextStep.CALL_DOCTOR,
    Reason.ABOVE_LIMIT: NextStep.CALL_DOCTOR,
}
"""What is not here is told to a nurse."""

_OF_ITS_OWN = {
    # Sleep may be the harm: too much opioid, or too little sugar.
    (Critical.OPIOID, Reason.ASLEEP): NextStep.TELL_NURSE,
    (Critical.INSULIN, Reason.ASLEEP): NextStep.TELL_NURSE,
}

_FOR_SLEEP = "N05C"
"""ATC: hypnotics and sedatives. Nobody is woken to be given one."""

SOON, LATER = timedelta(minutes=30), timedelta(minutes=60)
"""How long until another try: of a critical medicine and after "Ville ikke", and of the others."""

DAYS_REFUSED = 3
"""Refused so many days running, a medicine is the prescriber's to think about again."""


class Next(NamedTuple):
    """What comes next, and for another try when that is."""

    step: NextStep
    try_at: datetime | None = None


class Before(NamedTuple):
    """What is known before a dose is signed as not given.

    `again`: it is itself another try. `refused_on`: the days (Oslo) of the last week that a dose of this medicine was refused.
    `missed_before`: the dose before this one was not given either. `added`: ATC groups that the municipality counts as critical.
    """

    again: bool
    refused_on: frozenset[date]
    missed_before: bool
    added: tuple[str, ...]


def critical_group(atc_code: str | None, added: Sequence[str] = ()) -> Critical | None:
    """Why a dose of this medicine must not be left out in silence; None where it may. `added`: the municipality's ATC groups."""
    code = atc_code or ""
    if not code:
        return None
    known = (group for group, codes in CRITICAL.items() if code.startswith(codes))
    return next(known, Critical.CHOSEN if code.startswith(tuple(added)) else None)


def next_step(
    reason: Reason,
    group: Critical | None,
    *,
    now: datetime,
    due_at: datetime,
    next_due_at: datetime | None,
    again: bool = False,
    may_retry: bool = True,
) -> Next:
    """What comes next when the dose due at `due_at` was not given, or not in full, for this reason.

    There is one more try, of a dose that does not count as missed yet, and only where at least half the time between it and the
    next (`next_due_at`) is left after it; else, and when the try failed (`again`), a critical medicine goes to the doctor.
    `may_retry`: not for a course that counts its doses, which makes up for this one by itself, and not where it is not worth_a_try.
    """
    step = (
        _ORDINARY.get(reason, NextStep.NONE)
        if group is None
        else _OF_ITS_OWN.get((group, reason)) or _CRITICAL.get(reason, NextStep.TELL_NURSE)
    )
    if step is not NextStep.TRY_AGAIN:
        return Next(step)
    at = now + (SOON if group or reason is Reason.REFUSED else LATER)
    in_time = next_due_at is None or next_due_at - at >= (next_due_at - due_at) / 2
    if may_retry and in_time and not again and now < missed_at(due_at, next_due_at):
        return Next(step, at)
    return Next(NextStep.NONE if group is None else NextStep.CALL_DOCTOR)


def worth_a_try(reason: Reason, atc_code: str | None) -> bool:
    """Whether another try makes sense: not of a sleeping tablet, for who sleeps."""
    return reason is not Reason.ASLEEP or not (atc_code or "").startswith(_FOR_SLEEP)


def refused_for_days(refused_on: Collection[date], today: date) -> bool:
    """Whether this medicine has been refused three days running, today the last of them. `refused_on`: days in Oslo."""
    return all(today - timedelta(days=back) in refused_on for back in range(DAYS_REFUSED))


TEXTS = phrases(
    {
        NextStep.TRY_AGAIN: "Prøves igjen kl. %(time)s.",
        NextStep.TELL_NURSE: "Si fra til sykepleier nå.",
        NextStep.CALL_DOCTOR: "Ring lege nå.",
    }
)
"""What the card says."""


def step_text(step: NextStep, time: str = "") -> str | None:
    """What the card of a dose that was not given says is next, with the time of another try; None when nothing is."""
    return phrase(TEXTS[step], time=time) if step in TEXTS else None
