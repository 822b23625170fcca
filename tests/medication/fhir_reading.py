"""Reads what the journal wrote as FHIR, as another system would: by the elements alone, never by the words."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from journal.medication.fhir.dosage import CYCLE, DAYS, EXACT, FIRST_DAY, LEAST_INTERVAL, WHEN
from journal.medication.rules import AmountRange, AsNeeded, Course, Cycle, Dosage, EveryDays, EveryHours, Kind
from journal.platform.quantity import UNITS, Quantity

UNIT_OF = {unit.ucum: code for code, unit in UNITS.items()}
WEEKDAY_OF, TIME_OF_DAY_OF = ({said: ours for ours, said in table.items()} for table in (DAYS, WHEN))
Resource = dict[str, Any]


def dosage_of(dosages: list[Resource], contained: Resource | None = None) -> Dosage:
    """The dosage of a request, with the strength of the medicine it contains; the course is the bounds."""
    read = [_one(dosage, _strength(contained)) for dosage in dosages]
    if len(read) == 1:
        return Dosage(**read[0])
    moments = {name: tuple(m for each in read for m in each[name]) for name in ("times", "times_of_day")}
    amounts = tuple(each["amount"] for each in read)
    return Dosage(**read[0] | moments | {"amount": None, "amounts": amounts})


def _one(dosage: Resource, strength: Quantity | None) -> dict[str, Any]:
    timing = dosage["timing"]
    repeat = timing.get("repeat", {})
    told = {one["url"]: one for one in [*timing.get("extension", ()), *repeat.get("extension", ())]}
    return {
        "amount": _amount(dosage["doseAndRate"][0]),
        "strength_per_unit": strength,
        "course": _course(repeat["boundsPeriod"]),
        "exact": EXACT in told,
        "times": tuple(map(time.fromisoformat, repeat.get("timeOfDay", ()))),
        "times_of_day": tuple(TIME_OF_DAY_OF[code] for code in repeat.get("when", ())),
        **_pattern(dosage, repeat, told),
    }


def _pattern(dosage: Resource, repeat: Resource, told: dict[str, Resource]) -> dict[str, Any]:
    if CYCLE in told:
        return _cycle(told[CYCLE]["extension"])
    if "asNeededBoolean" in dosage or "asNeededCodeableConcept" in dosage:
        return {"kind": Kind.AS_NEEDED, "as_needed": _as_needed(dosage, repeat, told)}
    if repeat["periodUnit"] == "h":
        return {"kind": Kind.EVERY_HOURS, "every": EveryHours(repeat["period"])}
    if repeat["periodUnit"] == "wk":
        return {"kind": Kind.WEEKDAYS, "weekdays": tuple(WEEKDAY_OF[day] for day in repeat["dayOfWeek"])}
    if FIRST_DAY in told:
        every = EveryDays(repeat["period"], date.fromisoformat(told[FIRST_DAY]["valueDate"]))
        return {"kind": Kind.EVERY_DAYS, "every": every}
    return {"kind": Kind.DAILY}


def _cycle(parts: list[Resource]) -> dict[str, Any]:
    by_name = {part["url"]: part for part in parts}
    days = [by_name[name]["valuePositiveInt"] for name in ("daysOn", "daysOff")]
    times = tuple(time.fromisoformat(part["valueTime"]) for part in parts if part["url"] == "timeOfDay")
    of_day = tuple(TIME_OF_DAY_OF[part["valueCode"]] for part in parts if part["url"] == "when")
    cycle = Cycle(*days, date.fromisoformat(by_name["firstDay"]["valueDate"]))
    return {"kind": Kind.CYCLE, "cycle": cycle, "times": times, "times_of_day": of_day}


def _as_needed(dosage: Resource, repeat: Resource, told: dict[str, Resource]) -> AsNeeded:
    least = told[LEAST_INTERVAL]["valueDuration"]["value"] if LEAST_INTERVAL in told else None
    most = dosage.get("maxDosePerPeriod")
    return AsNeeded(
        max_doses=repeat.get("frequencyMax"),
        max_amount=_quantity(most["numerator"]) if most else None,
        least_interval=timedelta(minutes=least) if least else None,
    )


def _amount(dose: Resource) -> Quantity | AmountRange:
    if "doseRange" in dose:
        return AmountRange(_quantity(dose["doseRange"]["low"]), _quantity(dose["doseRange"]["high"]))
    return _quantity(dose["doseQuantity"])


def _strength(contained: Resource | None) -> Quantity | None:
    ingredients = (contained or {}).get("ingredient")
    return _quantity(ingredients[0]["strength"]["numerator"]) if ingredients else None


def _quantity(said: Resource) -> Quantity:
    return Quantity(Decimal(said["value"]), UNIT_OF[said["code"]])


def _course(bounds: Resource) -> Course:
    """FHIR's end is the last second that belongs."""
    end = datetime.fromisoformat(bounds["end"]) + timedelta(seconds=1) if "end" in bounds else None
    return Course(datetime.fromisoformat(bounds["start"]), end)
