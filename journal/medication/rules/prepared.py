"""What lies ready in a dosett or a multidose bag, beside what is ordered now: what may be given of it, and what must be taken out.

Sources: FHIR MedicationDispense (what was made ready is its own record, never worked out from today's orders); ux.md 1 and 3.2
(a paused medicine in a packed bag is the everyday Norwegian risk; signing a whole bag leaves out by construction what wants
a thought of its own); Volven 9135 (2 dosett, 3 multidose, 8 other: a dispenser).
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from journal.medication.rules.caution import Caution
from journal.medication.rules.patches import PATCH
from journal.medication.rules.words import and_, say
from journal.platform.language import phrase, phrases
from journal.platform.quantity import Quantity


class PreparedKind(StrEnum):
    """What it was laid or packed in. The values are those of Supply."""

    DOSETT = "dosett"
    MULTIDOSE = "multidose"
    DISPENSER = "dispenser"


class Outcome(StrEnum):
    """What a check of it came to."""

    CONTROLLED = "controlled"
    ACCEPTED = "accepted"
    SENT_BACK = "sent-back"


BAGS = phrases(
    {
        PreparedKind.DOSETT: "Dosett",
        PreparedKind.MULTIDOSE: "Multidosepose",
        PreparedKind.DISPENSER: "Dispenser",
    }
)
KINDS = phrases(
    {
        PreparedKind.DOSETT: "Dosett",
        PreparedKind.MULTIDOSE: "Multidoserull",
        PreparedKind.DISPENSER: "Dispenser",
    }
)
LAID_IN = frozenset({PreparedKind.DOSETT, PreparedKind.DISPENSER})
"""Laid in by one of the unit, and controlled by another."""

UNCONTROLLED = "uncontrolled"
UNCONTROLLED_TEXT = phrase("Dosetten er ikke kontrollert av en annen. Sammenlign innholdet med listen før du gir den.")
UNCHECKED_TEXT = phrase("Rullen er ikke kontrollert mot legemiddellisten. Bruk originalpakning til den er det.")
FROM_DISPENSER_TEXT = phrase("Det som ligger i dispenseren, signeres dose for dose.")
GIVEN_UP_TEXT = phrase("Skal ikke brukes. Bruk originalpakning.")
_OWN_THOUGHT = {Caution.INSULIN, Caution.GROUP_A, Caution.OVERRIDDEN}


class Ordered(NamedTuple):
    """The dose that is to be given at the time of a line: None for a line whose order has none then.

    `same_medicine`: substance, form and strength are as when the line was made. `signed`: whether somebody has signed the dose.
    """

    amount: Quantity
    state: str
    same_medicine: bool
    signed: bool


class Why(StrEnum):
    """Why a line must be taken out."""

    NOT_ORDERED = "not-ordered"
    STOPPED = "stopped"
    HELD = "held"
    CHANGED = "changed"


_WHY = phrases(
    {
        Why.NOT_ORDERED: "står ikke i legemiddellisten",
        Why.STOPPED: "skal ikke gis på dette tidspunktet lenger",
        Why.HELD: "er pauset, eller venter på samstemming",
        Why.CHANGED: "er endret siden den ble lagt i",
    }
)


def wrong(amount: Quantity, ordered: Ordered | None, *, has_order: bool) -> Why | None:
    """Why a line of this amount is not what is to be given now; None for one that is, and for one that is used.

    Compared with the dose itself and not with the order's version: a new reason for the treatment takes no tablet out of a bag.
    """
    if ordered is None:
        return Why.STOPPED if has_order else Why.NOT_ORDERED
    if ordered.signed:
        return None
    if ordered.state == "cancelled":
        return Why.STOPPED
    if ordered.state != "open":
        return Why.HELD
    return None if ordered.same_medicine and ordered.amount == amount else Why.CHANGED


def take_out_sentence(amount: Quantity, medicine: str, why: Why) -> str:
    """`Ta ut 1 tablett ramipril 2,5 mg: er endret siden den ble lagt i`."""
    return phrase("Ta ut %(amount)s %(medicine)s: %(why)s", amount=say(amount), medicine=medicine, why=_WHY[why])


def wants_own_signature(*, cautions: Iterable[Caution], has_value: bool, two_signatures: bool, unit: str) -> bool:
    """Whether a dose that lies in a bag is signed by itself: what must be measured, seen or signed by two is in no whole bag."""
    return has_value or two_signatures or unit == PATCH or not _OWN_THOUGHT.isdisjoint(cautions)


def count_text(amounts: Sequence[Quantity]) -> str:
    """What is counted of a bag: `5 tabletter`, `4 tabletter og 1 kapsel`; empty for nothing."""
    if not amounts:
        return ""
    totals: dict[str, Decimal] = {}
    for amount in amounts:
        totals[amount.unit] = totals.get(amount.unit, Decimal(0)) + amount.value
    return and_(say(Quantity(value, unit)) for unit, value in totals.items())


class Packed(NamedTuple):
    """A medicine of a roll or of the list at one time of the days: which order, what, and how much."""

    order: UUID | None
    medicine: str
    at: str
    amount: Quantity


def differences(packed: Iterable[Packed], listed: Iterable[Packed]) -> tuple[str, ...]:
    """How a roll differs from the list, one sentence for each: what is packed and not listed, listed and not packed, or unlike.

    Both are by order, day and time (`at` says both, in words); lines that are alike are said nothing of.
    """
    ours = {(line.order, line.at): line for line in listed}
    said: dict[str, list[str]] = {}
    for line in packed:
        known = ours.pop((line.order, line.at), None) if line.order else None
        what = {"medicine": line.medicine, "packed": say(line.amount)}
        if known is None:
            sentence = phrase("%(medicine)s: %(packed)s er pakket, og skal etter listen ikke gis da", **what)
        elif known.amount != line.amount:
            listed_said = say(known.amount)
            sentence = phrase("%(medicine)s: %(packed)s er pakket, listen sier %(listed)s", **what, listed=listed_said)
        else:
            continue
        said.setdefault(sentence, []).append(line.at)
    for line in ours.values():
        what = {"medicine": line.medicine, "listed": say(line.amount)}
        sentence = phrase("%(medicine)s: %(listed)s står i listen, og er ikke pakket", **what)
        said.setdefault(sentence, []).append(line.at)
    return tuple(_when(sentence, times) for sentence, times in said.items())


def _when(sentence: str, times: Sequence[str]) -> str:
    if len(times) == 1:
        return phrase("%(what)s (%(when)s)", what=sentence, when=times[0])
    return phrase("%(what)s (%(count)s ganger, første gang %(when)s)", what=sentence, count=len(times), when=times[0])
