"""How a dose is said. This, with `words` and `steps_said`, is the only place in the journal that puts a dosage into words.

The rules are L1-L9 of the medication line (NHS Common User Interface MEDi-, ISMP), in Norwegian: decimal comma, no
trailing zero, units written out where they can be misread, nothing beside a number that looks like a digit, and a
no-break space so that a number is never parted from what it counts.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache, partial
from typing import NamedTuple

from journal.medication.rules.dosage import Dosage
from journal.medication.rules.once import once_at
from journal.medication.rules.parts import (
    AmountRange,
    AsNeeded,
    Course,
    Cycle,
    EveryDays,
    EveryHours,
    Kind,
    Weekday,
)
from journal.medication.rules.steps_said import CALL, inr_text, no_dose_decided, step_of_day, steps_sentence
from journal.medication.rules.words import and_, clock, exactly, held, held_or_said, moments, said_of, say
from journal.platform.clock import local, local_date, norwegian_date
from journal.platform.language import counted, phrase
from journal.platform.quantity import NBSP, Quantity

_WEEKDAYS = dict(zip(Weekday, ("mandag", "tirsdag", "onsdag", "torsdag", "fredag", "lørdag", "søndag"), strict=True))

INJECTED_UNITS = frozenset({"sprøyte", "penn"})
"""What is counted of a medicine that is injected."""


class Verb(StrEnum):
    """What the hand does."""

    GIVE = "Gi"
    CHANGE = "Bytt"
    DRIP = "Drypp"
    SPREAD = "Smør på"
    INHALE = "Inhaler"
    SET = "Sett"
    DRAW = "Trekk opp"
    MEASURE = "Mål opp"


@dataclass(frozen=True, slots=True)
class HandAction:
    """What the hand does with one dose, in parts: `Gi` · `1 tablett` · `50 mg` · `peroralt`."""

    verb: Verb
    count: str
    equals: str | None
    route: str | None

    def __str__(self) -> str:
        """`Gi 1 tablett = 50 mg – peroralt`."""
        holds = f" = {self.equals}" if self.equals else ""
        route = f" – {self.route}" if self.route else ""
        return f"{self.verb} {self.count}{holds}{route}"


class MedicationLine(NamedTuple):
    """One medicine in a list, in the order it is shown (L1): name first, indication last."""

    generic: str
    brand: str | None
    form: str | None
    dose: str
    route: str | None
    frequency: str
    indication: str | None

    def __str__(self) -> str:
        """`metoprolol SELO-ZOK depottablett – 50 mg – peroralt – kl. 08 – atrieflimmer`, for print and speech."""
        name = " ".join(filter(None, (self.generic, self.brand and self.brand.upper(), self.form)))
        return " – ".join(filter(None, (name, self.dose, self.route, self.frequency, self.indication)))


def dose_sentence(dosage: Dosage) -> str:
    """The whole dosage in words: `1 tablett kl. 08 og 20`, `2 tabletter hver mandag kl. 08`, every step of a taper."""
    after = [_course(dosage.course)] if dosage.course and not once_at(dosage) else []
    if inr := dosage.inr:
        after += [inr_text(inr), f"neste INR {norwegian_date(inr.next_on)}, så {CALL}"]
    if dosage.steps:
        return ", ".join([steps_sentence(dosage), *after])
    if dosage.amount is None:
        return ", ".join([said_of(dosage, dosage.timed_doses, say), *_days_alone(dosage), *after])
    return ", ".join([f"{say(dosage.amount)} {_when(dosage, 'hver ')}", *after])


def hand_sentence(
    amount: Quantity | AmountRange,
    *,
    strength_per_unit: Quantity | None = None,
    form: str | None = None,
    route: str | None = None,
    verb: Verb | None = None,
) -> HandAction:
    """What the hand does with one dose of `amount`: `Gi 1 tablett = 50 mg – peroralt`.

    `form` and `route` are the words shown to the user (depottablett, peroralt). They choose the verb if none is given.
    Raises NotAnAmount when amount times strength is no exact number; a valid Dosage has none such.
    """
    return _hand(amount, strength_per_unit, form or "", route, verb)


# "1 tablett = 50 mg" is what the hand does for many: each is worked out once.
@lru_cache(maxsize=4096)
def _hand(
    amount: Quantity | AmountRange, strength: Quantity | None, form: str, route: str | None, verb: Verb | None
) -> HandAction:
    verb = verb or _verb(amount.unit, form, route or "")
    return HandAction(verb, say(amount), held(amount, strength), route)


def medication_line(
    dosage: Dosage,
    *,
    generic: str,
    brand: str | None = None,
    form: str | None = None,
    route: str | None = None,
    indication: str | None = None,
    day: date | None = None,
) -> MedicationLine:
    """The line of one medicine in the list. The dose is the strength taken at one time, else what the hand gives.

    `day` (Oslo) is the one it is shown for: of a dosage in steps the line says that day's dose and the next change, and of
    one that follows INR no dose from the day it is measured. Without a day it says every step, and no dose of its own.
    """
    dose, frequency = _dose_and_frequency(dosage, day if dosage.steps or dosage.inr else None)
    return MedicationLine(_name(generic), brand, form, dose, route, frequency, indication)


# Few dosages are many orders'.
@lru_cache(maxsize=4096)
def _dose_and_frequency(dosage: Dosage, day: date | None) -> tuple[str, str]:
    inr = dosage.inr
    if inr and day and no_dose_decided(dosage, day):
        return CALL, f"ingen dose er bestemt, INR måles {norwegian_date(inr.next_on)}"
    if dosage.steps:
        dose, frequency = step_of_day(dosage, day) if day else ("i trinn", dose_sentence(dosage))
    elif dosage.amount is None:
        dose = said_of(dosage, dosage.timed_doses, partial(held_or_said, dosage))
        frequency = ", ".join(_days_alone(dosage)) or "daglig"
    else:
        dose, frequency = held_or_said(dosage, dosage.amount), _when(dosage, "kun ")
    if inr and day:
        frequency = f"{frequency}, INR måles {norwegian_date(inr.next_on)}, så {CALL}"
    return dose, frequency


def _verb(unit: str, form: str, route: str) -> Verb:
    words = f"{form} {route}".lower()
    if unit == "plaster":
        return Verb.CHANGE
    if unit in {"inhalasjon", "drag"} or "inhal" in words:
        return Verb.INHALE
    if unit == "dråpe" and any(place in words for place in ("øye", "øre", "nese", "okulær", "nasal")):
        return Verb.DRIP
    if any(word in words for word in ("krem", "salve", "liniment", "på hud")):
        return Verb.SPREAD
    if unit in {"stikkpille", "klyster", "vagitorie"} | INJECTED_UNITS or any(
        word in words for word in ("injeksjon", "subkutan", "intramuskulær", "intravenøs")
    ):
        return Verb.SET
    return Verb.GIVE


def _when(dosage: Dosage, weekday_word: str) -> str:
    """All after the amount. `weekday_word`: `hver ` in a sentence, `kun ` in a list, where days must catch the eye."""
    if dosage.as_needed is not None:
        return ", ".join(["ved behov", *_limits(dosage.as_needed)])
    if isinstance(dosage.every, EveryHours):
        return exactly(dosage) + _every(dosage.every.hours, "time")
    times = exactly(dosage) + moments(dosage.moments)
    if only := once_at(dosage):
        return f"én gang, {norwegian_date(local_date(only))} {times}"
    match dosage.kind:
        case Kind.WEEKDAYS:
            return f"{weekday_word}{_weekdays(dosage)} {times}"
        case Kind.CYCLE if dosage.cycle:
            return f"{times}, {_cycle(dosage.cycle)}"
        case Kind.EVERY_DAYS if isinstance(dosage.every, EveryDays):
            return f"{_every_days(dosage.every)} {times}"
    return times


def _days_alone(dosage: Dosage) -> list[str]:
    """The days of a dosage with one amount for each time, which stand after the amounts; none for every day."""
    match dosage.kind:
        case Kind.WEEKDAYS:
            return [f"kun {_weekdays(dosage)}"]
        case Kind.CYCLE if dosage.cycle:
            return [_cycle(dosage.cycle)]
        case Kind.EVERY_DAYS if isinstance(dosage.every, EveryDays):
            return [_every_days(dosage.every)]
    return []


def _weekdays(dosage: Dosage) -> str:
    return and_(_WEEKDAYS[day] for day in dosage.weekdays)


def _cycle(cycle: Cycle) -> str:
    return f"{_days(cycle.days_on)} på og {_days(cycle.days_off)} av"


def _days(number: int) -> str:
    return _counted(number, "dag", "dager")


def _every_days(every: EveryDays) -> str:
    """`annenhver dag`, `hver 3. dag`; whole weeks name the weekday: `hver 7. dag, søndag`."""
    weekday = f", {_WEEKDAYS[Weekday(every.anchor.isoweekday())]}" if every.days % 7 == 0 else ""
    return _every(every.days, "dag") + weekday


def _every(number: int, what: str) -> str:
    return {1: f"hver {what}", 2: f"annenhver {what}"}.get(number, f"hver {number}.{NBSP}{what}")


def _limits(limits: AsNeeded) -> list[str]:
    """`inntil 4 ganger per døgn`: the count says times, since "inntil 4" could be tablets as well as doses."""
    said = []
    if limits.max_doses is not None:
        said.append(f"inntil {_counted(limits.max_doses, 'gang', 'ganger')} per døgn")
    if limits.max_amount is not None:
        said.append(f"inntil {say(limits.max_amount)} per døgn")
    if limits.least_interval is not None:
        said.append(f"minst {duration(limits.least_interval)} mellom")
    return said


def duration(span: timedelta) -> str:
    """Whole minutes in words: `45 minutter`, `4 timer`, `1 time og 30 minutter`."""
    hours, minutes = divmod(span // timedelta(minutes=1), 60)
    parts = [counted("%(num)s\N{NO-BREAK SPACE}time", "%(num)s\N{NO-BREAK SPACE}timer", hours)] if hours else []
    if minutes or not hours:
        parts.append(counted("%(num)s\N{NO-BREAK SPACE}minutt", "%(num)s\N{NO-BREAK SPACE}minutter", minutes))
    return parts[0] if len(parts) == 1 else phrase("%(hours)s og %(minutes)s", hours=parts[0], minutes=parts[1])


def _course(course: Course) -> str:
    """`fra 21.11.2026 til og med 25.11.2026`, `til 28 doser er gitt i alt`; one that does not end at midnight names the clock."""
    start = f"fra {_date_and_clock(course.starts_at)}" if course.starts_at else ""
    end = _end(course.ends_at) if course.ends_at else ""
    if course.doses is not None:
        end = f"til {_counted(course.doses, 'dose', 'doser')} er gitt i alt"
    # The day alone: what is read back on the telephone does not change while it is read.
    first = f"første dose straks {norwegian_date(local_date(course.first_at))}" if course.first_at else ""
    return ", ".join(filter(None, [first, " ".join(filter(None, [start, end]))]))


def _end(ends_at: datetime) -> str:
    if local(ends_at).time() == time.min:
        return f"til og med {norwegian_date(local_date(ends_at) - timedelta(days=1))}"
    return f"til {_date_and_clock(ends_at)}"


def _date_and_clock(at: datetime) -> str:
    wall = local(at)
    hour = f" kl.{NBSP}{clock(wall.time())}" if wall.time() != time.min else ""
    return norwegian_date(wall.date()) + hour


def _name(generic: str) -> str:
    """Generic names in lower case (L2), but not NPH-insulin or B12-vitamin."""
    return generic[:1].lower() + generic[1:] if generic[1:2].islower() else generic


def _counted(number: int, one: str, many: str) -> str:
    return f"{number}{NBSP}{one if number == 1 else many}"
