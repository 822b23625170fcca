"""What can be measured, which values can be true, and how they are shown. No database, no clock, no web."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from journal.platform.errors import Invalid
from journal.platform.language import counted, joined, phrase
from journal.platform.quantity import NBSP

# The box in which a curve is drawn; a point has a margin so that its mark is not cut.
WIDTH, HEIGHT, MARGIN = 124, 30, 4


@dataclass(frozen=True, eq=False)
class Kind:
    """A kind of measurement. Codes: VKP and no-domain observation profiles (LOINC); units: UCUM.

    *least* and *most* are what a living person can have, to stop slips of the finger: no limits for treatment.
    """

    code: str
    text: str
    loinc: str
    ucum: str
    unit_text: str
    least: Decimal
    most: Decimal
    decimals: int = 0


class Measured(NamedTuple):
    """A value at a time; of a blood pressure the systolic."""

    effective_at: datetime
    value: Decimal


def _kind(code: str, text: str, loinc: str, units: tuple[str, str], limits: tuple[str, str], decimals: int = 0) -> Kind:
    return Kind(code, text, loinc, *units, Decimal(limits[0]), Decimal(limits[1]), decimals)


PER_MINUTE = ("/min", phrase("per\N{NO-BREAK SPACE}minutt"))
KINDS: dict[str, Kind] = {
    kind.code: kind
    for kind in (
        _kind("blood_pressure", phrase("Blodtrykk"), "85354-9", ("mm[Hg]", "mmHg"), ("40", "300")),
        _kind("pulse", phrase("Puls"), "8867-4", PER_MINUTE, ("20", "250")),
        _kind("temperature", phrase("Temperatur"), "8310-5", ("Cel", "°C"), ("25", "45"), 1),
        _kind("spo2", phrase("Oksygenmetning"), "2708-6", ("%", "%"), ("30", "100")),
        _kind("respiration", phrase("Respirasjon"), "9279-1", PER_MINUTE, ("2", "80")),
        _kind("glucose", phrase("Blodsukker"), "15074-8", ("mmol/L", "mmol/l"), ("0.5", "60"), 1),
        # How much it troubles her, in her own words from 0 to 10: LOINC "Severity of symptoms".
        _kind("symptom", phrase("Plager"), "64750-3", ("{score}", "av 10"), ("0", "10")),
        # How awake she is, from 0 (awake) to 3 (cannot be woken): LOINC "Level of responsiveness".
        _kind("sedation", phrase("Døsighet"), "67775-7", ("{score}", "av 3"), ("0", "3")),
        _kind("weight", phrase("Vekt"), "29463-7", ("kg", "kg"), ("1", "400"), 1),
    )
}
DIASTOLIC = (Decimal(20), Decimal(200))
WANTED_DIASTOLIC = "Undertrykket må være et tall mellom 20 og 200."


def check(code: str, value: Decimal, value2: Decimal | None) -> Kind:
    """The kind of a measurement that can be true. Raises Invalid with a sentence for the field to put right."""
    kind = KINDS.get(code)
    if kind is None:
        raise Invalid(errors={"code": ["Velg hva som er målt."]})
    errors: dict[str, list[str]] = {}
    if not _possible(value, kind.least, kind.most, kind.decimals):
        errors["value"] = [wanted(kind)]
    if code == "blood_pressure":
        if value2 is None or not _possible(value2, *DIASTOLIC, 0):
            errors["value2"] = [WANTED_DIASTOLIC]
        elif not errors and value2 >= value:
            errors["value2"] = ["Undertrykket må være lavere enn overtrykket."]
    elif value2 is not None:
        errors["value2"] = ["Bare blodtrykk har undertrykk. La feltet stå tomt."]
    if errors:
        raise Invalid(errors=errors)
    return kind


def check_time(effective_at: datetime, now: datetime) -> None:
    """Raises Invalid for a measurement that has not been made yet."""
    if effective_at > now:
        raise Invalid(errors={"effective_at": ["Tidspunktet er fram i tid. Skriv når målingen ble gjort."]})


def _possible(value: Decimal, least: Decimal, most: Decimal, decimals: int) -> bool:
    return least <= value <= most and value == round(value, decimals)


def wanted(kind: Kind) -> str:
    """What to type, when something else was: "Puls må være et tall mellom 20 og 250."."""
    values = {"low": _number(kind.least, 0), "high": _number(kind.most, 0)}
    values["what"] = phrase("Overtrykket") if kind.code == "blood_pressure" else kind.text
    if kind.decimals:
        return phrase("%(what)s må være et tall mellom %(low)s og %(high)s med høyst én desimal.", **values)
    return phrase("%(what)s må være et tall mellom %(low)s og %(high)s.", **values)


def _number(value: Decimal, decimals: int) -> str:
    shown = format(value, f".{decimals}f") if value == round(value, decimals) else format(value.normalize(), "f")
    return shown.replace(".", ",")


# Much the same is measured of everybody: each text is made once.
@lru_cache(maxsize=4096)
def shown(kind: Kind, value: Decimal, value2: Decimal | None = None) -> str:
    """The measurement as it is read: "138/82 mmHg", "37,2 °C", "72 per minutt"; number and unit never part."""
    number = _number(value, kind.decimals)
    if value2 is not None:
        number = f"{number}/{_number(value2, kind.decimals)}"
    return joined(NBSP, (number, kind.unit_text))


def curve(measured: Sequence[Measured], since: datetime, now: datetime) -> tuple[tuple[int, int], ...]:
    """Points of a curve from *since* (left) to *now* (right), oldest first: whole numbers in a box of WIDTH × HEIGHT.

    The curve has its own scale: lowest value at the bottom, highest at the top, a steady value in the middle.
    """
    if not measured:
        return ()
    span = max(now - since, timedelta(seconds=1))
    low, high = min(m.value for m in measured), max(m.value for m in measured)
    reach, room = high - low, HEIGHT - 2 * MARGIN
    return tuple(
        (
            min(max((m.effective_at - since) * WIDTH // span, 0), WIDTH),
            MARGIN + (round((high - m.value) * room / reach) if reach else room // 2),
        )
        for m in measured
    )


def trend(kind: Kind, values: Sequence[Decimal], last: str) -> str:
    """The curve in words, for who cannot see it: "Puls: 3 målinger, lavest 62, høyest 88, siste 72 per minutt"."""
    return counted(
        "%(what)s: %(num)s måling, lavest %(low)s, høyest %(high)s, siste %(last)s",
        "%(what)s: %(num)s målinger, lavest %(low)s, høyest %(high)s, siste %(last)s",
        len(values),
        what=kind.text,
        low=_number(min(values), kind.decimals),
        high=_number(max(values), kind.decimals),
        last=last,
    )
