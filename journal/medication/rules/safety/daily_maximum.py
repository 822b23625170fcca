"""The most in 24 hours, counted on the substance: over regular, as needed, combination and once-only orders alike.

Paracetamol from three products is one amount. A verdict is one of five, and "no figure known" and "cannot be counted" are
not "within": an order of which nothing is known is never called fine.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from enum import Enum

from journal.medication.rules.safety.alerts import Action, Alert, Rule, Tier
from journal.medication.rules.safety.amounts import substance_in_24_hours
from journal.medication.rules.safety.basis import basis_of
from journal.medication.rules.safety.medicine import Ordered, meet
from journal.medication.rules.safety.substances import Person, Substance, substances
from journal.medication.rules.words import say
from journal.platform.language import phrase
from journal.platform.quantity import Quantity


class Verdict(Enum):
    """What can be said of a total."""

    WITHIN = "within"
    OVER_FOR_THIS_PATIENT = "over-for-this-patient"
    OVER = "over"
    NOT_COUNTED = "not-counted"
    NO_FIGURE = "no-figure"


@dataclass(frozen=True, slots=True)
class DailyTotal:
    """What the patient may be given of one substance in 24 hours, if all that is ordered is given.

    `amount` is what could be counted, and `not_counted` names the orders it leaves out. `limit` is the patient's own:
    the lower one where age or weight gives one; None when no figure is known.
    """

    substance: str
    amount: Decimal
    unit: str
    limit: Decimal | None
    verdict: Verdict
    orders: tuple[Ordered, ...]
    not_counted: tuple[str, ...] = ()
    source: str = ""

    @property
    def text(self) -> str:
        """One line for the page; never a reassurance where nothing is known."""
        if self.verdict is Verdict.NO_FIGURE:
            return phrase("Største døgndose av %(substance)s er ikke kjent her.", substance=self.substance)
        values = {"substance": self.substance, "amount": self._said(self.amount), "limit": self._said(self.limit)}
        if self.verdict is Verdict.NOT_COUNTED:
            return phrase(
                "Døgndosen av %(substance)s kan ikke regnes ut. Det meste er %(limit)s. Regn selv.",
                substance=self.substance,
                limit=values["limit"],
            )
        return phrase("Inntil %(amount)s %(substance)s per døgn. Det meste er %(limit)s.", **values)

    def _said(self, amount: Decimal | None) -> str:
        return "" if amount is None else say(Quantity(amount.quantize(Decimal("0.0001"), ROUND_CEILING), self.unit))


def daily_totals(new: Ordered, in_use: Sequence[Ordered], person: Person) -> Iterator[DailyTotal]:
    """The total of each substance the new medicine holds, together with the orders in use at the same time.

    What was given on an order that has ended is not in it: the room for a medicine as needed counts that.
    """
    if new.local:
        return
    beside = [other for other in in_use if other.key != new.key and not other.local and meet(new, other)]
    for name in sorted(new.substance_names):
        orders = (new, *sorted((one for one in beside if name in one.substance_names), key=lambda one: one.key))
        yield _total(name, substances().get(name), orders, person)


def maximum_alerts(totals: Sequence[DailyTotal]) -> Iterator[Alert]:
    """A stop above the highest dose there is, a card above the patient's own, a mark where nobody can count."""
    for total in totals:
        match total.verdict:
            case Verdict.OVER:
                yield _alert(Tier.STOP, total, (Action.REDUCE_DOSE, Action.STOP_OTHER, Action.GIVE_REASON))
            case Verdict.OVER_FOR_THIS_PATIENT:
                yield _alert(Tier.CARD, total, (Action.REDUCE_DOSE, Action.STOP_OTHER, Action.KNOWN_CONTINUE))
            case Verdict.NOT_COUNTED:
                yield _alert(Tier.MARK, total, (Action.CHECK_DOSE,))


def _total(name: str, known: Substance | None, orders: tuple[Ordered, ...], person: Person) -> DailyTotal:
    if known is None or known.maximum is None:
        unit = known.unit if known is not None else ""
        return DailyTotal(name, Decimal(0), unit, None, Verdict.NO_FIGURE, orders)
    counted = [(order, substance_in_24_hours(order, name, known.unit)) for order in orders]
    amount = sum((one for _, one in counted if one is not None), start=Decimal(0))
    not_counted = tuple(order.name for order, one in counted if one is None)
    own = known.lower.amount if known.lower is not None and known.lower.holds_for(person) else known.maximum
    if amount > known.maximum:
        verdict = Verdict.OVER
    elif amount > own:
        verdict = Verdict.OVER_FOR_THIS_PATIENT
    else:
        verdict = Verdict.NOT_COUNTED if not_counted else Verdict.WITHIN
    return DailyTotal(name, amount, known.unit, own, verdict, orders, not_counted, known.source)


def _alert(tier: Tier, total: DailyTotal, actions: tuple[Action, ...]) -> Alert:
    nurse = phrase("%(text)s Legen vet om det. Regn sammen det som er gitt siste 24 timer.", text=total.text)
    return Alert(
        tier,
        Rule.DAILY_MAXIMUM,
        key=f"{Rule.DAILY_MAXIMUM}:{total.substance}",
        text=total.text,
        source=total.source,
        nurse=nurse,
        about=tuple(dict.fromkeys(order.name for order in total.orders)),
        actions=actions,
        basis=basis_of(*total.orders),
    )
