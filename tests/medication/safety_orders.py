"""Orders for the tables of the safety rules, in as few words as a pharmacist would use: `of("Paracet tab 500 mg", "2 x 4")`.

The medicines are those of the small catalogue, found by brand, form and strength. How it is taken is one of

* `2 x 4`: two at a time, four times a day;
* `2 ved behov x 3`: as needed, at most three times in 24 hours; `… hver 4. time`: at least four hours between;
* `6 mandag`: once a week; `1 hver 3. dag`; `1 hver 8. time`; `1 én gang`: one day.
"""

import re
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

from journal.medication.fest.entries import Strength
from journal.medication.mini_fest import MiniMedicine, MiniProduct, rows
from journal.medication.rules import Course, Dosage, Weekday, daily, every_days, every_hours, weekly, when_needed
from journal.medication.rules.safety import Ingredient, Ordered
from journal.platform.quantity import UNITS, Quantity, parse_decimal

WEEKDAYS = dict(zip(("mandag", "tirsdag", "onsdag", "torsdag", "fredag", "lørdag", "søndag"), Weekday, strict=True))
FIRST_DAY = date(2026, 11, 23)
_CLOCK = [time(hour) for hour in (8, 14, 20, 2, 5, 11, 17, 23)]
_UNIT = {"mikrog": "mikrogram", "E": "enhet", "mikrog/time": "mikrogram/time", "mikrogram/time": "mikrogram/time"}


def of(product: str, taken: str | None = "1 x 1", **more: Any) -> Ordered:
    """An order of this product of the small catalogue, taken so; `taken` None: nobody knows how."""
    medicine, found = _products()[product]
    order = Ordered(
        key=more.pop("key", f"{product}, {taken}"),
        name=medicine.generic_name,
        brand=medicine.brand_name,
        atc_code=medicine.atc_code,
        ingredients=_ingredients(medicine, found),
        form=medicine.form.text.lower(),
        form_code=medicine.form.code,
        route_code=medicine.route.code,
        dosage=None if taken is None else dosage(taken, medicine.dose.amount.unit, strength_of(found, medicine)),
    )
    return replace(order, **more)


def names() -> list[str]:
    """Every product of the small catalogue that is in use."""
    return list(_products())


def usual(product: str) -> Ordered:
    """The product as it is usually taken: the dose of the small catalogue, which fits the first strength alone."""
    medicine, _ = _products()[product]
    dose = medicine.dose
    amount = f"{dose.amount.value:f}".replace(".", ",")
    if dose.most_a_day is not None:
        return of(product, f"{amount} ved behov x {dose.most_a_day}")
    if dose.weekday is not None:
        return of(product, f"{amount} {list(WEEKDAYS)[dose.weekday - 1]}")
    if dose.every_days or dose.every_months:
        return of(product, f"{amount} hver {dose.every_days or 30 * (dose.every_months or 1)}. dag")
    return of(product, f"{amount} x {len(dose.times)}" if dose.times else f"{amount} én gang")


def firsts() -> list[str]:
    """The most used strength of each medicine and form."""
    return [medicine.products[0].name_form_strength for medicine in rows() if medicine.active]


def dosage(taken: str, unit: str, strength: Quantity | None) -> Dosage:
    """The dosage that these words mean."""
    number, how = taken.split(" ", 1)
    amount = Quantity(parse_decimal(number), unit)
    if how.startswith("ved behov"):
        times, hours = re.search(r"x (\d+)", how), re.search(r"hver (\d+)\. time", how)
        return when_needed(
            amount,
            max_doses=int(times[1]) if times else None,
            least_interval=timedelta(hours=int(hours[1])) if hours else None,
            strength_per_unit=strength,
        )
    if how in WEEKDAYS:
        return weekly(amount, WEEKDAYS[how], time(8), strength_per_unit=strength)
    if every := re.fullmatch(r"hver (\d+)\. (dag|time)", how):
        if every[2] == "time":
            return every_hours(amount, int(every[1]), strength_per_unit=strength)
        return every_days(amount, int(every[1]), FIRST_DAY, time(8), strength_per_unit=strength)
    if how == "én gang":
        return daily(amount, [time(8)], strength_per_unit=strength, course=Course.of_days(FIRST_DAY, 1))
    return daily(amount, _CLOCK[: int(how.removeprefix("x "))], strength_per_unit=strength)


def strength_of(product: MiniProduct, medicine: MiniMedicine) -> Quantity | None:
    """What one of the hand's unit holds, where it is one substance and the strength is of that unit."""
    if len(product.strengths) != 1:
        return None
    (strength,) = product.strengths
    return _per_unit(strength, medicine.dose.amount.unit)


def noon(day: int) -> datetime:
    """12 o'clock UTC on this day of November 2026."""
    return datetime(2026, 11, day, 12, tzinfo=UTC)


def _per_unit(strength: Strength, unit: str) -> Quantity | None:
    per = strength.per_unit
    named = f"{strength.unit}/time" if per == "time" else strength.unit
    written = _UNIT.get(named, named)
    fits = per in (None, "time", unit) and strength.per_value in (None, Decimal(1))
    if not fits or written not in UNITS or written == unit:
        return None
    return Quantity(strength.value, written)


def _ingredients(medicine: MiniMedicine, product: MiniProduct) -> tuple[Ingredient, ...]:
    if len(product.strengths) < 2:
        return ()
    unit = medicine.dose.amount.unit
    return tuple(
        Ingredient(name, _per_unit(strength, unit))
        for name, strength in zip(medicine.substances, product.strengths, strict=True)
    )


@cache
def _products() -> dict[str, tuple[MiniMedicine, MiniProduct]]:
    return {
        product.name_form_strength: (medicine, product)
        for medicine in rows()
        if medicine.active
        for product in medicine.products
    }
