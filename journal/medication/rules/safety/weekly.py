"""Medicines with days between the doses, and what happens when somebody orders them daily.

Methotrexate taken daily kills, so a dosage of it that is not one named weekday is refused, whatever reason is given. Of
the others a dose too soon is a stop that wants a reason.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise

from journal.medication.rules.dosage import Dosage
from journal.medication.rules.parts import EveryDays, EveryHours, Kind, Weekday
from journal.medication.rules.safety.alerts import Action, Alert, Rule, Tier
from journal.medication.rules.safety.amounts import single_dose
from journal.medication.rules.safety.basis import basis_of, identity
from journal.medication.rules.safety.medicine import Ordered
from journal.medication.rules.safety.sources import ISMP, SPC
from journal.platform.language import Phrase, phrase, phrases

WEEK = 7
WEEKDAYS = phrases(
    dict(zip(Weekday, ("mandag", "tirsdag", "onsdag", "torsdag", "fredag", "lørdag", "søndag"), strict=True))
)


@dataclass(frozen=True, slots=True)
class Spaced:
    """At least `days` from one dose to the next. `hard`: nothing overrides it, and the weekday must be named.

    `routes` (7477) and `forms` (7448) where only some products are spaced so; `from_dose` mg where only large doses are.
    """

    code: str
    name: str
    codes: tuple[str, ...]
    days: int
    source: str
    hard: bool = False
    routes: tuple[str, ...] = ()
    forms: tuple[str, ...] = ()
    from_dose: Decimal | None = None

    def is_of(self, order: Ordered) -> bool:
        """Whether the order is of this kind. Where route or form decides, one that has none written is not."""
        if not order.is_of(*self.codes) or (self.routes and order.route_code not in self.routes):
            return False
        if self.forms and order.form_code not in self.forms:
            return False
        if self.from_dose is None:
            return True
        dose = single_dose(order, next(iter(order.substance_names)), "mg")
        return dose is not None and dose >= self.from_dose


SPACED = (
    Spaced("methotrexate", phrase("Metotreksat"), ("L04AX03", "L01BA01"), 7, ISMP, hard=True),
    Spaced("alendronate", phrase("Alendronsyre 70 mg"), ("M05BA04", "M05BB03"), 7, SPC, from_dose=Decimal(70)),
    Spaced("risedronate", phrase("Risedronsyre 35 mg"), ("M05BA07",), 7, SPC, from_dose=Decimal(35)),
    Spaced("dulaglutide", phrase("Dulaglutid"), ("A10BJ05",), 7, SPC),
    Spaced("semaglutide", phrase("Semaglutid til injeksjon"), ("A10BJ06",), 7, SPC, routes=("62",)),
    Spaced("buprenorphine-patch", phrase("Buprenorfinplaster"), ("N02AE01",), 3, SPC, forms=("58",)),
    Spaced("fentanyl-patch", phrase("Fentanylplaster"), ("N02AB03",), 2, SPC, forms=("58",)),
    Spaced("depot-antipsychotic", phrase("Antipsykotisk depotinjeksjon"), ("N05A",), 7, SPC, forms=("481",)),
    Spaced("denosumab", phrase("Denosumab"), ("M05BX04",), 28, SPC),
    Spaced("adalimumab", phrase("Adalimumab"), ("L04AB04",), 7, SPC),
    Spaced("darbepoetin", phrase("Darbepoetin"), ("B03XA02",), 7, SPC),
)
"""Days between doses. Buprenorphine patches are changed each 7th day or each 3rd-4th, by product."""


def weekly_alerts(new: Ordered) -> Iterator[Alert]:
    """One alert at most: doses too close, or a weekday that is not named."""
    spaced = next((one for one in SPACED if one.is_of(new)), None)
    if spaced is None:
        return
    if new.dosage is None:
        text = phrase("%(name)s: doseringen er ikke kjent. Finn ut hvilken dag det tas.", name=spaced.name)
        yield _alert(Tier.CARD, spaced, new, text)
    elif days_between(new.dosage) < spaced.days:
        text = phrase(
            "%(name)s skal ha minst %(days)s døgn mellom dosene. Slik det er skrevet, blir det for ofte.",
            name=spaced.name,
            days=spaced.days,
        )
        yield _alert(Tier.STOP, spaced, new, text, overridable=not spaced.hard)
    elif spaced.hard and named_weekday(new.dosage) is None:
        text = phrase("%(name)s må ha én fast ukedag. Velg ukedag.", name=spaced.name)
        yield _alert(Tier.STOP, spaced, new, text, overridable=False)


def weekly_text(order: Ordered) -> Phrase | None:
    """`Én gang i uken: mandag`, to be shown wherever the medicine is; None for what is not taken on one weekday."""
    day = named_weekday(order.dosage) if order.dosage is not None else None
    return None if day is None else phrase("Én gang i uken: %(day)s", day=WEEKDAYS[day])


def named_weekday(dosage: Dosage) -> Weekday | None:
    """The weekday of a dosage that is once a week and says so; counting each 7th day names none."""
    if dosage.kind is not Kind.WEEKDAYS or len(dosage.weekdays) != 1 or len(dosage.moments) != 1:
        return None
    return dosage.weekdays[0]


def days_between(dosage: Dosage) -> int:
    """The fewest whole days from one dose to the next; 0 when two may come within one day, or when it is not known."""
    if len(dosage.moments) > 1:
        return 0
    if isinstance(dosage.every, EveryHours):
        return dosage.every.hours // 24
    if isinstance(dosage.every, EveryDays):
        return dosage.every.days
    if dosage.as_needed is not None:
        return (dosage.as_needed.least_interval or timedelta(0)) // timedelta(days=1)
    if dosage.cycle is not None:
        return 1 if dosage.cycle.days_on > 1 else dosage.cycle.days_off + 1
    if dosage.weekdays:
        days = [*dosage.weekdays, dosage.weekdays[0] + WEEK]
        return min(later - earlier for earlier, later in pairwise(days))
    return 1 if dosage.kind is Kind.DAILY else 0


def _alert(tier: Tier, spaced: Spaced, new: Ordered, text: str, *, overridable: bool = True) -> Alert:
    if not overridable:
        actions: tuple[Action, ...] = (Action.MAKE_WEEKLY, Action.CHOOSE_OTHER)
    else:
        actions = (Action.MAKE_WEEKLY, Action.GIVE_REASON if tier is Tier.STOP else Action.KNOWN_CONTINUE)
    return Alert(
        tier,
        Rule.WEEKLY,
        key=f"{Rule.WEEKLY}:{spaced.code}:{identity(new)}",
        text=text,
        source=spaced.source,
        nurse=phrase("%(text)s Ring legen før du gir dosen.", text=text),
        about=(new.name,),
        actions=actions,
        basis=basis_of(new),
        overridable=overridable,
    )
