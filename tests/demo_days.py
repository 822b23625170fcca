"""The last days of an invented patient: doses signed, some late, some not given; measurements; medicines as needed."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any
from uuid import UUID

from journal.medication.rules import AmountRange, Reason
from journal.medication.rules.patches import PATCH, OldPatch, Site
from journal.platform.clock import local
from tests import factories
from tests.builder import Builder, Staff
from tests.demo_medicines import Planned
from tests.demo_places import Team
from tests.demo_texts import AFTERWARDS

DAYS_BACK, DAYS_AHEAD = 3, 7

_NOW_ON = timedelta(minutes=75)
"""A round that was due so lately is being walked now: half of the patients have had theirs."""

_REASONS = (
    (Reason.REFUSED, 8), (Reason.ASLEEP, 6), (Reason.ABSENT, 2), (Reason.NAUSEA, 2), (Reason.LAID_OUT, 2), (Reason.PARTLY, 2),
    (Reason.CLINICAL, 1), (Reason.OUT_OF_STOCK, 1),
)  # fmt: skip

_ROTATION = (Site.UPPER_BACK_RIGHT, Site.UPPER_BACK_LEFT, Site.UPPER_ARM_RIGHT, Site.UPPER_ARM_LEFT, Site.CHEST_RIGHT)


@dataclass(frozen=True)
class Walk:
    """One visit to one patient in one round: who came and how long after the doses were due; `done` if she has come."""

    done: bool
    by: Staff
    after: timedelta


@dataclass
class Days:
    """What a team has done with one patient until now."""

    b: Builder
    random: Random
    now: datetime
    team: Team
    patient_id: UUID
    away_from: datetime | None
    usual_pulse: int
    walks: dict[datetime, Walk] = field(default_factory=dict)
    patches: int = 0

    def sign(self, planned: Planned, due: list[dict[str, Any]]) -> None:
        """Signs what has been given of these doses of one order, in the order in which they were due."""
        for dose in due:
            if dose["ready_from"] > self.now:
                return
            if self.away_from is not None and dose["due_at"] >= self.away_from:
                return
            walk = self._walk(dose["due_at"])
            # What is due on the minute is given before the rest of the round.
            urgent = dose["late_after"] < self.now < dose["due_at"] + _NOW_ON and self.random.random() < 0.9
            if (walk.done or urgent) and self.random.random() > 0.008:
                self._sign(planned, dose, walk)

    def as_needed(self, planned: Planned, request: dict[str, Any]) -> list[dict[str, Any]]:
        """Up to three doses the last three days, hours apart."""
        given, at = [], self.now - timedelta(minutes=self.random.randrange(20, 900))
        for _ in range(self.random.choice((0, 0, 0, 1, 1, 2, 3))):
            if at < request["starts_at"] or (self.away_from and at >= self.away_from):
                break
            amount = planned.dosage.amount
            assert amount is not None
            if isinstance(amount, AmountRange):
                amount = self.random.choice((amount.least, amount.most))
            given.append(factories.as_needed_administration(self.b, request, self.on_duty(at), amount, at=at))
            at -= timedelta(minutes=self.random.randrange(600, 2000))
        return given

    def measure(self, code: str, value: Decimal, at: datetime, **more: Any) -> dict[str, Any]:
        """A measurement by whoever is on duty."""
        return factories.observation(self.b, self.patient_id, self.on_duty(at), code, value, at=at, **more)

    def on_duty(self, at: datetime) -> Staff:
        """The shift's nurse, or for each fourth patient the health assistant."""
        wall = local(at)
        shift = wall.toordinal() * 3 + (wall.hour >= 15) + 2 * (wall.hour >= 22 or wall.hour < 7)
        if self.patient_id.int % 4 == 0:
            return self.team.assistants[shift % len(self.team.assistants)]
        return self.team.nurses[shift % len(self.team.nurses)]

    def _walk(self, due_at: datetime) -> Walk:
        hour = due_at.replace(minute=0, second=0, microsecond=0)
        if hour not in self.walks:
            age, chance = self.now - due_at, self.random.random()
            often = 0.5 if age < _NOW_ON else 0.97 if age < timedelta(hours=12) else 0.99
            late = self.random.random() < 0.04
            minutes = self.random.randrange(65, 130) if late else self.random.randrange(-24, 28)
            self.walks[hour] = Walk(chance < often, self.on_duty(hour), timedelta(minutes=minutes))
        return self.walks[hour]

    def _sign(self, planned: Planned, dose: dict[str, Any], walk: Walk) -> None:
        at = dose["due_at"] + walk.after + timedelta(seconds=self.random.randrange(100))
        at = min(at, self.now - timedelta(seconds=self.random.randrange(20, 300)))
        at = min(max(at, dose["ready_from"]), self.now)
        more: dict[str, Any] = {}
        refused = self.random.random() < 0.024
        if planned.required_value is not None and not refused:
            value = self._required(planned)
            measured = self.measure(planned.required_value.code, value, at, dose_id=dose["id"])
            if planned.required_value.allows(value):
                more["observation_id"] = measured["id"]
            else:
                more = {
                    "reason": Reason.BELOW_LIMIT,
                    "text": f"{planned.required_value.text} {value}".replace(".", ","),
                }
        elif refused:
            more = self._reason(dose)
        elif dose["unit"] == PATCH:
            self.patches += 1
            old = OldPatch.REMOVED if self.patches > 1 else OldPatch.NONE
            more = {"site": _ROTATION[self.patches % len(_ROTATION)].value, "old_patch": old.value}
        signed = factories.administration(self.b, dose, walk.by, at=at, **more)
        if planned.two_signatures and signed["status"] == "completed" and self.random.random() < 0.95:
            by = next(staff for staff in (*self.team.assistants, *self.team.nurses) if staff is not walk.by)
            factories.witness(self.b, signed, by, at=at)

    def _reason(self, dose: dict[str, Any]) -> dict[str, Any]:
        reason = self.random.choices([r for r, _ in _REASONS], weights=[w for _, w in _REASONS])[0]
        if reason is Reason.ASLEEP and dose["slot"] not in ("06", "07", "20", "21", "22", "23"):
            reason = Reason.REFUSED
        if reason is Reason.PARTLY:
            if dose["amount"] < 2 or dose["amount"] % 2:
                reason = Reason.REFUSED
            else:
                return {"reason": reason, "amount": dose["amount"] / 2}
        return {"reason": reason, "text": self.random.choice(AFTERWARDS) or None}

    def _required(self, planned: Planned) -> Decimal:
        if planned.is_insulin:
            return Decimal(self.random.randrange(52, 148)) / 10
        if self.random.random() < 0.03:
            return Decimal(self.random.randrange(47, 55))
        return Decimal(max(55, self.usual_pulse + self.random.randrange(-6, 8)))


def observations(days: Days, codes: set[str], years: int) -> None:
    """Fourteen days of measurements that show something: pressure that falls, weight that rises with a failing heart."""
    random, now = days.random, days.now
    first = now - timedelta(days=14)
    systolic, slope = random.randrange(118, 164), random.choice((-2, -1, 0, 0, 1))
    for day in range(random.randrange(3), 14, 3 if {"I10", "I50"} & codes else 7):
        at = _in_the_morning(random, first + timedelta(days=day))
        upper = systolic + slope * day + random.randrange(-7, 8)
        lower = Decimal(min(upper - 25, upper * 55 // 100 + random.randrange(-5, 6)))
        days.measure("blood_pressure", Decimal(upper), at, value2=lower)
        days.measure("pulse", Decimal(days.usual_pulse + random.randrange(-7, 8)), at + timedelta(minutes=2))
    weight, rise = Decimal(random.randrange(480, 930)) / 10, Decimal(random.choice((0, 0, 1, 2))) / 10
    if years < 15:
        weight = Decimal(35 + 30 * years) / 10
    for day in range(random.randrange(4), 14, 2 if "I50" in codes else 7):
        shown = weight + (rise * day if "I50" in codes else 0) + Decimal(random.randrange(-3, 4)) / 10
        days.measure("weight", shown, _in_the_morning(random, first + timedelta(days=day)))
    if {"E10", "E11"} & codes:
        for half_day in range(0, 28, 1 if "E10" in codes else 2):
            at = _in_the_morning(random, first + timedelta(days=half_day // 2)) + timedelta(hours=9 * (half_day % 2))
            if at < now:
                days.measure("glucose", Decimal(random.randrange(58, 132)) / 10, at)
    if "J44" in codes:
        for day in range(1, 14, 4):
            at = _in_the_morning(random, first + timedelta(days=day))
            days.measure("spo2", Decimal(random.randrange(88, 95)), at)
            days.measure("respiration", Decimal(random.randrange(16, 25)), at)


def fever(days: Days) -> None:
    """A temperature that falls while the antibiotic works."""
    temperature = Decimal(days.random.randrange(383, 393)) / 10
    for step in range(8):
        at = days.now - timedelta(hours=12 * (8 - step) - days.random.randrange(1, 4))
        days.measure("temperature", temperature, at)
        temperature = max(temperature - Decimal(days.random.randrange(1, 5)) / 10, Decimal("36.8"))


def _in_the_morning(random: Random, at: datetime) -> datetime:
    wall = local(at).replace(hour=7, minute=random.randrange(15, 59), second=0, microsecond=0)
    return wall.astimezone(at.tzinfo)
