"""Why a dose was not given in full, and the values that must be known before one is given.

The reasons are coded so that they can be counted (A6 in the display rules). Each says which national result it is:
Volven 9083, resultat av administrering. Which reasons are offered is local governance; the codes stay.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any, NamedTuple

from journal.platform.language import Phrase, as_phrase, phrase
from journal.platform.quantity import as_input, parse_decimal, show


class Result(StrEnum):
    """Volven 9083, resultat av administrering."""

    TAKEN = "1"
    PARTLY_TAKEN = "2"
    REFUSED = "3"
    NOT_GIVEN = "4"


class Reason(StrEnum):
    """Why a dose was not given, or not in full."""

    REFUSED = "refused"
    ASLEEP = "asleep"
    ABSENT = "absent"
    PARTLY = "partly"
    LAID_OUT = "laid-out"
    ADMITTED = "admitted"
    NAUSEA = "nausea"
    VOMITED_AFTER = "vomited-after"
    OUT_OF_STOCK = "out-of-stock"
    FASTING = "fasting"
    CLINICAL = "clinical"
    BELOW_LIMIT = "below-limit"
    ABOVE_LIMIT = "above-limit"
    OTHER = "other"

    @property
    def text(self) -> Phrase:
        """The reason on its button."""
        return _KNOWN[self].text

    @property
    def result(self) -> Result:
        """The national result this reason is reported as."""
        return _KNOWN[self].result

    @property
    def needs_text(self) -> bool:
        """Whether the reason says nothing without a text beside it."""
        return self is Reason.OTHER

    @property
    def needs_amount(self) -> bool:
        """Whether the amount taken must be given."""
        return self is Reason.PARTLY


class _Known(NamedTuple):
    text: Phrase
    result: Result


_KNOWN = {
    Reason.REFUSED: _Known(phrase("Ville ikke"), Result.REFUSED),
    Reason.ASLEEP: _Known(phrase("Sover"), Result.NOT_GIVEN),
    Reason.ABSENT: _Known(phrase("Ikke til stede"), Result.NOT_GIVEN),
    Reason.PARTLY: _Known(phrase("Delvis"), Result.PARTLY_TAKEN),
    # Laid out for the patient to take alone: nobody saw it taken, so it may not be reported as taken.
    Reason.LAID_OUT: _Known(phrase("Lagt fram"), Result.NOT_GIVEN),
    Reason.ADMITTED: _Known(phrase("Innlagt"), Result.NOT_GIVEN),
    Reason.NAUSEA: _Known(phrase("Kvalme eller oppkast"), Result.NOT_GIVEN),
    # It was swallowed, and nobody knows how much stayed: neither taken in full nor not given, which invites a new dose.
    Reason.VOMITED_AFTER: _Known(phrase("Kaster opp etter inntak"), Result.PARTLY_TAKEN),
    Reason.OUT_OF_STOCK: _Known(phrase("Legemiddel mangler"), Result.NOT_GIVEN),
    Reason.FASTING: _Known(phrase("Faster"), Result.NOT_GIVEN),
    Reason.CLINICAL: _Known(phrase("Klinisk vurdering"), Result.NOT_GIVEN),
    Reason.BELOW_LIMIT: _Known(phrase("Verdien er under grensen"), Result.NOT_GIVEN),
    Reason.ABOVE_LIMIT: _Known(phrase("Verdien er over grensen"), Result.NOT_GIVEN),
    Reason.OTHER: _Known(phrase("Annet"), Result.NOT_GIVEN),
}

OFFERED = tuple(reason for reason in Reason if reason not in (Reason.BELOW_LIMIT, Reason.ABOVE_LIMIT))
"""The reasons always on the card, in order. The missing ones are offered when a value supports them."""


class ImplausibleValue(ValueError):
    """The value is outside what a living person has, most likely a slip of the finger. The message is for the nurse."""


@dataclass(frozen=True, slots=True)
class ValueRequirement:
    """A value that must be known before the dose is given, such as the pulse before metoprolol.

    `minimum` and `maximum`: the least and the highest value, in `unit`, at which the dose is to be given, both allowed;
    None for no such limit, and for both when the value shall only be known.
    `plausible_low` and `plausible_high` catch slips and say nothing about health.
    """

    code: str
    text: str
    unit: str
    minimum: Decimal | None
    plausible_low: Decimal
    plausible_high: Decimal
    maximum: Decimal | None = None

    def __post_init__(self) -> None:
        if not self.plausible_low < self.plausible_high:
            raise ValueError("Laveste rimelige verdi må være lavere enn høyeste.")
        limits = [limit for limit in (self.minimum, self.maximum) if limit is not None]
        if any(not self.plausible_low <= limit <= self.plausible_high for limit in limits):
            raise ValueError(
                phrase(
                    "Grensen for %(what)s må være mellom %(low)s og %(high)s.",
                    what=as_phrase(self.text).in_a_sentence(),
                    low=show(self.plausible_low),
                    high=show(self.plausible_high),
                )
            )
        if limits != sorted(limits):
            raise ValueError("Den nederste grensen må være lavere enn den øverste.")

    def check(self, value: Decimal) -> Decimal:
        """The value itself. Raises ImplausibleValue with what to write instead."""
        if not value.is_finite() or not self.plausible_low <= value <= self.plausible_high:
            raise ImplausibleValue(self.wanted())
        return value

    def allows(self, value: Decimal) -> bool:
        """Whether the dose is to be given at this value. A limit itself is allowed: "under 55" means 54 and less."""
        self.check(value)
        enough = self.minimum is None or value >= self.minimum
        return enough and (self.maximum is None or value <= self.maximum)

    @property
    def measured_as(self) -> str:
        """The kind of measurement that it is a part of: the systolic pressure is measured as a blood pressure, of two figures."""
        return _MEASURED_AS.get(self.code, self.code)

    @property
    def means(self) -> Phrase | None:
        """What the value means for the dose: `Gi bare når puls er 55 eller mer.`; None when it shall only be known."""
        what = as_phrase(self.text).in_a_sentence()
        low, high = (show(limit) if limit is not None else "" for limit in (self.minimum, self.maximum))
        if low and high:
            return phrase("Gi bare når %(what)s er fra %(low)s til %(high)s.", what=what, low=low, high=high)
        if low:
            return phrase("Gi bare når %(what)s er %(low)s eller mer.", what=what, low=low)
        return phrase("Gi bare når %(what)s er %(high)s eller mindre.", what=what, high=high) if high else None

    def to_json(self) -> dict[str, str]:
        """JSON for the order, decimals as strings."""
        limits = {"minimum": self.minimum, "maximum": self.maximum}
        limit = {name: _plain(value) for name, value in limits.items() if value is not None}
        plausible = {"plausible_low": _plain(self.plausible_low), "plausible_high": _plain(self.plausible_high)}
        return {"code": self.code, "text": self.text, "unit": self.unit, **limit, **plausible}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "ValueRequirement":
        """What `to_json` wrote. Raises KeyError or ValueError for anything else."""
        minimum, maximum = document.get("minimum"), document.get("maximum")
        return cls(
            document["code"],
            as_phrase(document["text"]),
            as_phrase(document["unit"]),
            None if minimum is None else parse_decimal(minimum),
            parse_decimal(document["plausible_low"]),
            parse_decimal(document["plausible_high"]),
            None if maximum is None else parse_decimal(maximum),
        )

    def wanted(self) -> Phrase:
        """What to write, when something else was: `Puls må være et tall mellom 20 og 250.`"""
        low, high = show(self.plausible_low), show(self.plausible_high)
        return phrase("%(what)s må være et tall mellom %(low)s og %(high)s.", what=self.text, low=low, high=high)


def pulse(minimum: Decimal | None = None, maximum: Decimal | None = None) -> ValueRequirement:
    """The pulse must be known, and the dose is given from `minimum` to `maximum` beats per minute."""
    return ValueRequirement(
        "pulse", phrase("Puls"), phrase("slag per minutt"), minimum, Decimal(20), Decimal(250), maximum
    )


def glucose(minimum: Decimal | None = None, maximum: Decimal | None = None) -> ValueRequirement:
    """Blood glucose must be known, and the dose is given from `minimum` to `maximum` mmol/l."""
    return ValueRequirement("glucose", phrase("Blodsukker"), "mmol/l", minimum, Decimal("0.5"), Decimal(60), maximum)


def temperature(minimum: Decimal | None = None, maximum: Decimal | None = None) -> ValueRequirement:
    """The temperature must be known, and the dose is given from `minimum` to `maximum` degrees: what is given for fever."""
    return ValueRequirement("temperature", phrase("Temperatur"), "°C", minimum, Decimal(25), Decimal(45), maximum)


def respiration(minimum: Decimal | None = None, maximum: Decimal | None = None) -> ValueRequirement:
    """The breaths must be counted, and the dose is given from `minimum` to `maximum` a minute: opioids."""
    return ValueRequirement(
        "respiration", phrase("Respirasjon"), phrase("per minutt"), minimum, Decimal(2), Decimal(80), maximum
    )


def systolic(minimum: Decimal | None = None, maximum: Decimal | None = None) -> ValueRequirement:
    """The blood pressure must be measured, and the dose is given when the systolic is from `minimum` to `maximum` mmHg."""
    return ValueRequirement("systolic", phrase("Overtrykk"), "mmHg", minimum, Decimal(40), Decimal(300), maximum)


_MEASURED_AS = {"systolic": "blood_pressure"}


class Suggestion(NamedTuple):
    """A reason the value supports. It is offered first among the others; it is never selected for anybody."""

    reason: Reason
    text: str


def suggested_reason(condition: ValueRequirement, value: Decimal | None) -> Suggestion | None:
    """`Puls under 55` when the value is outside the order's limits; None when it is not, or not known.

    Raises ImplausibleValue.
    """
    if value is None or condition.allows(value):
        return None
    what = as_phrase(condition.text)
    if condition.minimum is not None and value < condition.minimum:
        return Suggestion(
            Reason.BELOW_LIMIT, phrase("%(what)s under %(limit)s", what=what, limit=show(condition.minimum))
        )
    assert condition.maximum is not None
    return Suggestion(Reason.ABOVE_LIMIT, phrase("%(what)s over %(limit)s", what=what, limit=show(condition.maximum)))


def outside_limit_text(condition: ValueRequirement, value: Decimal) -> str:
    """What stops a dose, with the value and the limit: for a value that the condition does not allow."""
    if condition.maximum is not None and value > condition.maximum:
        return phrase(
            "%(what)s %(value)s er over %(limit)s, som er grensen i ordinasjonen. Ikke gi dosen."
            " Velg «Ikke gitt», og kontakt legen.",
            what=as_phrase(condition.text),
            value=show(value),
            limit=show(condition.maximum),
        )
    assert condition.minimum is not None
    return phrase(
        "%(what)s %(value)s er under %(limit)s, som er grensen i ordinasjonen. Ikke gi dosen."
        " Velg «Ikke gitt», og kontakt legen.",
        what=as_phrase(condition.text),
        value=show(value),
        limit=show(condition.minimum),
    )


def _plain(value: Decimal) -> str:
    return as_input(value).replace(",", ".")
