"""A prescription (M1, and each of M25.1): the medicine, and the dosage as structure where it says exactly one thing.

Forskrivning 2013-10-08 and 2014-12-01; norway.md 3.4.
"""

from datetime import date, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any
from xml.etree.ElementTree import Element

from journal.medication.fest.elements import BrokenCatalogue
from journal.medication.fest.reader import read_product
from journal.medication.rules import (
    Cycle,
    Dosage,
    InvalidDosage,
    Moment,
    TimeOfDay,
    Weekday,
    daily,
    in_cycle,
    on_weekdays,
    when_needed,
)
from journal.medication.sources.entries import BrokenSource
from journal.medication.sources.parts import day, text, value
from journal.platform.quantity import UNITS, NotAnAmount, Quantity

_PRODUCTS = ("LegemiddelMerkevare", "Legemiddelpakning", "LegemiddelVirkestoff", "Legemiddeldose")
_AS_NEEDED = "3"
_UNITS = {unit.volven_7480: name for name, unit in UNITS.items() if unit.volven_7480} | {"mikrog": "mikrogram"}
_HOURS = {"Time": timedelta(hours=1), "Minutt": timedelta(minutes=1), "Døgn": timedelta(days=1)}


class _Unclear(ValueError):
    """The structure does not say exactly one thing."""


def prescribed(listing: Element) -> dict[str, Any]:
    """What a ReseptDokLegemiddel says of the medicine and how it is taken: fields of a SourceEntry. Raises BrokenSource."""
    prescription = listing.find("Forskrivning")
    if prescription is None:
        raise BrokenSource("En resept i filen mangler forskrivningen. Be avsenderen om en ny fil.")
    starts = [day(value(each, "Starttidspunkt")) for each in prescription.findall("Dosering")]
    ends = [day(value(each, "Sluttidspunkt")) for each in prescription.findall("Dosering")]
    return {
        **_medicine(prescription),
        "dosage_text": text(prescription, "DosVeiledEnkel"),
        "dosage": dosage(prescription),
        "use": value(prescription, "Bruk"),
        "starts_on": min((on for on in starts if on), default=None),
        "ends_on": max((on for on in ends if on), default=None) if all(ends) else None,
        "indication": text(prescription, "Bruksomrade"),
        "note": text(listing, "Merknad"),
    }


def dosage(prescription: Element) -> Dosage | None:
    """The structured dosage of a Forskrivning, None where there is none, or where it could be read in more than one way.

    What the source's own words (Bruk) and its structure disagree on is not structure: a medicine as needed with fixed
    times is a text for a person to read.
    """
    periods = prescription.findall("Dosering")
    if len(periods) != 1 or periods[0].find("Doseringsregel") is not None:
        return None
    fixed, needed = periods[0].findall("DoseFastTidspunkt"), periods[0].findall("DoseEtterBehov")
    if bool(fixed) == bool(needed) or bool(needed) != (value(prescription, "Bruk") == _AS_NEEDED):
        return None
    try:
        return _fixed(fixed, day(value(periods[0], "Starttidspunkt"))) if fixed else _as_needed(needed)
    except (_Unclear, InvalidDosage, NotAnAmount):
        return None


def _medicine(prescription: Element) -> dict[str, Any]:
    product = next((found for tag in _PRODUCTS if (found := prescription.find(tag)) is not None), None)
    if product is None:
        mixture = prescription.find("Legemiddelblanding")
        name = text(mixture, "Navn")
        if mixture is None or name is None:
            raise BrokenSource(
                "En resept i filen sier ikke hvilket legemiddel den gjelder. Be avsenderen om en ny fil."
            )
        return {"name": name, "form": value(mixture, "Legemiddelform", "DN")}
    try:
        read = read_product(product)
    except BrokenCatalogue as error:
        raise BrokenSource("En resept i filen har et legemiddel journalen ikke forstår.") from error
    return {
        "name": read.name_form_strength,
        "substance": read.atc_name and read.generic_name,
        "atc_code": read.atc_code,
        "form": read.form_text,
        "form_code": read.form_code,
        "strength": read.strength,
        "fest_id": read.fest_id,
        "item_number": read.item_number,
    }


def _fixed(doses: list[Element], start: date | None) -> Dosage:
    """Every dose of a day, all of them on the same days."""
    if any(dose.find("Infusjonshastighet") is not None for dose in doses):
        raise _Unclear
    if any((value(dose, "Intervall"), value(dose, "Intervall", "U")) != ("1", "Døgn") for dose in doses):
        raise _Unclear
    at = [_moment(dose) for dose in doses]
    exact = {text(dose, "GisEksakt") in ("true", "1") for dose in doses}
    patterns = {_days(dose) for dose in doses}
    if len(set(at)) < len(at) or len({type(moment) for moment in at}) > 1 or len(exact) > 1 or len(patterns) > 1:
        raise _Unclear
    amounts: Any = dict(zip(at, map(_amount, doses), strict=True))
    weekdays, on, off = patterns.pop()
    more: Any = {"exact": True} if exact.pop() and isinstance(at[0], time) else {}
    if weekdays and (on or off):
        raise _Unclear
    if weekdays:
        return on_weekdays(amounts, weekdays, **more)
    if on or off:
        if not (on and off and start):
            raise _Unclear
        return in_cycle(amounts, Cycle(on, off, start), **more)
    return daily(amounts, **more)


def _as_needed(doses: list[Element]) -> Dosage:
    if len(doses) != 1:
        raise _Unclear
    dose = doses[0]
    if dose.find("DoseTidsromMaks") is not None:
        raise _Unclear
    interval = dose.find("DoseIntervallMin")
    least = None
    if interval is not None:
        least = int(_number(interval.get("V"))) * _HOURS.get(interval.get("U", ""), timedelta(0)) or None
    most = _amount(dose, "DoseDognMaks") if dose.find("DoseDognMaks") is not None else None
    return when_needed(_amount(dose), max_amount=most, least_interval=least)


def _moment(dose: Element) -> Moment:
    clock, period = text(dose, "Klokkeslett"), value(dose, "Tidsomrade")
    if (clock is None) == (period is None):
        raise _Unclear
    try:
        return TimeOfDay(period) if period else time.fromisoformat((clock or "")[:5])
    except ValueError as error:
        raise _Unclear from error


def _days(dose: Element) -> tuple[tuple[Weekday, ...], int, int]:
    """The weekdays, days on and days off; nothing for every day."""
    fixed = dose.find("FastDose")
    if fixed is None:
        return (), 0, 0
    try:
        weekdays = tuple(sorted(Weekday(int(each.get("V", ""))) for each in fixed.findall("FasteUkedager")))
        return weekdays, int(text(fixed, "DagerPa") or 0), int(text(fixed, "DagerAv") or 0)
    except ValueError as error:
        raise _Unclear from error


def _amount(dose: Element, path: str = "Mengde") -> Quantity:
    unit = value(dose, path, "U") or ""
    unit = _UNITS.get(unit, unit)
    if unit not in UNITS:
        raise _Unclear
    return Quantity(_number(value(dose, path)), unit)


def _number(written: str | None) -> Decimal:
    try:
        number = Decimal(written or "")
    except InvalidOperation as error:
        raise _Unclear from error
    if not number.is_finite():
        raise _Unclear
    return number
