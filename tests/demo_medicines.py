"""Which medicines an invented patient uses, from the small catalogue and what she suffers from."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import cache, lru_cache
from random import Random
from uuid import UUID

from journal.medication import Medicine
from journal.medication.fest.tables import CatalogueItem
from journal.medication.mini_fest import MiniMedicine, MiniProduct, rows
from journal.medication.rules import (
    AmountRange,
    Course,
    Dosage,
    InrControl,
    Step,
    ValueRequirement,
    Weekday,
    daily,
    every_days,
    glucose,
    in_steps,
    pulse,
    weekly,
    when_needed,
)
from journal.platform.clock import instant, local_date
from journal.platform.quantity import UNITS, Quantity
from tests.demo_texts import INSTRUCTIONS
from tests.people import Person

Catalogue = Mapping[UUID, CatalogueItem]
"""The imported items by their id in FEST."""

# A row is one medicine: alternatives parted by |, brand/form where a brand has several, %n where only so many get it.
BY_CONDITION: dict[str, tuple[str, ...]] = {
    "I48": ("Eliquis|Eliquis|Eliquis|Xarelto|Marevan|Pradaxa", "Selo-Zok", "Lanoxin%12"),
    "I50": (
        "Diural/tab|Diural/tab|Burinex",
        "Triatec|Entresto|Atacand",
        "Emconcor|Carvedilol HEXAL|Selo-Zok",
        "Spirix%45",
        "Forxiga%35",
        "Kaleorid%30",
    ),
    "I10": ("Norvasc|Cozaar|Atacand|Renitec|Zanidip|Centyl med kaliumklorid", "Lipitor%45"),
    "E11": ("Glucophage|Glucophage|Janumet|Jardiance|Trajenta", "Ozempic%12|Lantus%30|Insulatard%20"),
    "E10": ("Lantus|Tresiba|Toujeo", "NovoRapid|Fiasp|Humalog"),
    "J44": (
        "Spiolto Respimat|Trelegy Ellipta|Anoro Ellipta|Symbicort Turbuhaler",
        "Ventoline/inh aerosol|Ipramol",
        "Mucomyst%35",
        "Prednisolon Takeda%15",
    ),
    "J45": ("Symbicort Turbuhaler|Seretide Diskus|Relvar Ellipta", "Ventoline/inh aerosol|Bricanyl Turbuhaler"),
    "M17": ("Paracetamol Zentiva|Paracet/tab", "Norspan%25", "Voltarol%25", "OxyNorm/kaps%20"),
    "G20": ("Sinemet/tab|Madopar/kaps|Stalevo", "Sinemet Depot|Madopar Depot", "Sifrol%40|Neupro%30", "Movicol"),
    "I69": ("Albyl-E|Plavix", "Lipitor|Zocor", "Lioresal%20"),
    "G30": ("Ebixa|Aricept|Reminyl|Exelon/depotplaster", "Circadin%35", "Sobril%30", "Risperdal%10"),
    "M81": ("Fosamax|Optinate Septimum|Fosamax", "Calcigran Forte"),
    "N18": ("Etalpha%60", "Renvela%35", "Diural/tab%60"),
    "H35": ("Viscotears",),
    "F32": ("Cipralex|Zoloft|Remeron-S|Cipramil", "Imovane%30"),
    "G40": ("Keppra|Lamictal|Orfiril Long", "Stesolid"),
    "E03": ("Levaxin",),
    "G35": ("Lioresal", "Neurontin%50", "Detrusitol SR%40"),
    "Q90": ("Levaxin%40",),
}
OF_THE_OLD = (
    "Divisun%45",
    "Movicol%30|Duphalac%25",
    "Paracetamol Zentiva%35|Paracet/tab%20",
    "Somac%30|Losec MUPS%15",
    "Imovane%20|Circadin%20",
    "Behepan%25",
    "Albyl-E%25",
    "Lipitor%20",
    "Folsyre NAF%10",
    "Xalatan%10|Cosopt%8",
    "Canoderm%18",
    "Hiprex%8",
    "Norspan%8|Durogesic%4|Dolcontin%4|OxyContin%4",
    "Methotrexate Orion%4",
    "Vitamin B12 Depot%5",
    "Neo-Fer%10",
    "Fragmin%4",
)
OF_MEN, OF_WOMEN = ("Omnic%30", "Proscar%10"), ("Vagifem%8", "Femar%3")
AS_NEEDED = (
    "Panodil%65",
    "Microlax%35|Dulcolax/stikkpille%20",
    "Sobril%22",
    "Afipran/tab%12",
    "Oramorph%8|OxyNorm/kaps%8",
    "Gaviscon%10",
    "Nitroglycerin%12",
    "Postafen%5",
)
COURSES = "Selexid|Apocillin|Imacillin|Trimetoprim|Diclocil|Furadantin|Kloramfenikol/øyedråper"

_ONE_OF_EACH = (
    "B01A",
    "C07A",
    "C03CA",
    "C09",
    "C10AA",
    "A02B",
    "N06AB",
    "M05B",
    "N06D",
    "N05C",
    "N02BE",
    "A06AD",
    "N02A",
)
"""Nobody takes two of a group: two blood thinners, two beta blockers …"""

_USUAL_STRENGTH = ("J01", "L04", "C01AA", "N02")
"""Only the most used strength: the usual number of tablets fits no other."""

MOST = 12


@dataclass(frozen=True)
class Planned:
    """An order to be written. `days` is the length of a course, which has begun `begun` days ago."""

    medicine: Medicine
    dosage: Dosage
    indication: str
    instruction: str | None
    condition_text: str | None
    required_value: ValueRequirement | None
    days: int | None = None
    begun: int = 0

    @property
    def is_insulin(self) -> bool:
        return (self.medicine.atc_code or "").startswith("A10A")

    @property
    def two_signatures(self) -> bool:
        return self.medicine.prescription_group == "A" and self.dosage.as_needed is None


def medicines_of(random: Random, person: Person, years: int, catalogue: Catalogue, now: datetime) -> list[Planned]:
    """From three to twelve medicines that fit what this person suffers from and does not tolerate."""
    wanted = [row for condition in person.conditions for row in BY_CONDITION.get(condition.icd10, ())]
    if years >= 67:
        common = list(OF_THE_OLD + (OF_MEN if person.sex == "male" else OF_WOMEN))
        random.shuffle(common)
        wanted += [*common, *AS_NEEDED]
    elif years >= 18:
        wanted += AS_NEEDED[:4]
    else:
        wanted += ["Ventoline/inh aerosol%30", "Zyrtec%30"]
    if random.random() < 0.07:
        wanted.insert(0, COURSES)
    if any("Methotrexate" in row for row in wanted):
        wanted.append("Folsyre NAF%30")
    planned: dict[str, Planned] = {}
    most = random.randint(4, MOST)
    for chosen in _chosen(random, wanted):
        group = next((prefix for prefix in _ONE_OF_EACH if chosen.atc_code.startswith(prefix)), chosen.atc_code)
        as_needed = chosen.dose.most_a_day is not None and group not in ("N02BE",)
        key = f"{group} as needed" if as_needed else group
        if key in planned or len(planned) >= most or _not_tolerated(person, chosen):
            continue
        planned[key] = _planned(random, chosen, catalogue, now)
    for brand in ("Divisun", "Panodil", "Movicol"):
        if len(planned) < 3 and years >= 18 and not any(one.medicine.brand_name == brand for one in planned.values()):
            planned[brand] = _planned(random, medicine(brand), catalogue, now)
    return list(planned.values())


def medicine(brand: str) -> MiniMedicine:
    """The medicine of this brand, `brand/form` when there are several."""
    name, _, form = brand.partition("/")
    return _by_brand()[name, form] if form else next(row for (known, _), row in _by_brand().items() if known == name)


@cache
def _by_brand() -> dict[tuple[str, str], MiniMedicine]:
    return {(row.brand_name, row.form.short): row for row in rows() if row.active}


def _chosen(random: Random, wanted: list[str]) -> Iterator[MiniMedicine]:
    """One alternative of each row, and only as often as the row says."""
    for row in wanted:
        alternatives = [(brand, int(often or 100)) for brand, _, often in (a.partition("%") for a in row.split("|"))]
        if alternatives[0][1] == 100:
            yield medicine(random.choice(alternatives)[0])
            continue
        roll = random.randrange(100)
        for brand, often in alternatives:
            if roll < often:
                yield medicine(brand)
                break
            roll -= often


def _not_tolerated(person: Person, chosen: MiniMedicine) -> bool:
    return any(allergy.atc and chosen.atc_code.startswith(allergy.atc) for allergy in person.allergies)


def usual_order(brand: str, catalogue: Catalogue, today: date) -> Planned:
    """The most used strength of this brand, as the table says that it is usually taken."""
    chosen = medicine(brand)
    product = chosen.products[0]
    planned = _order(chosen, product, chosen.dose.amount, today, today)
    return replace(planned, medicine=_medicine(catalogue[product.fest_id]))


def _planned(random: Random, chosen: MiniMedicine, catalogue: Catalogue, now: datetime) -> Planned:
    strengths = chosen.products[:1] if chosen.atc_code.startswith(_USUAL_STRENGTH) else chosen.products
    product = random.choices(strengths, weights=[6, 3, 1, 1, 1][: len(strengths)])[0]
    turn = random.randrange(chosen.dose.every_days or (90 if chosen.dose.every_months else 1))
    dose = chosen.dose
    if chosen.atc_code.startswith("A10A"):
        dose = replace(dose, amount=Quantity(dose.amount.value + random.randrange(-2, 12, 2), dose.amount.unit))
    begun = random.randrange(min(dose.course_days, 5)) if dose.course_days else 0
    today = local_date(now)
    planned = _order(chosen, product, dose.amount, today - timedelta(days=turn), today - timedelta(days=begun))
    item = catalogue[product.fest_id]
    return replace(
        planned, medicine=_medicine(item), begun=begun, dosage=_from_day_to_day(planned.dosage, chosen, today)
    )


@lru_cache(maxsize=4096)
def _order(chosen: MiniMedicine, product: MiniProduct, amount: Quantity, anchor: date, first_day: date) -> Planned:
    dosage = _dosage(chosen, product, amount, anchor)
    days = chosen.dose.course_days
    if days is not None:
        end = instant(first_day + timedelta(days=days), time.min)
        dosage = replace(dosage, course=Course(ends_at=end))
    return Planned(
        medicine=Medicine(chosen.generic_name),
        dosage=dosage,
        indication=chosen.indication,
        instruction=next((said for atc, said in INSTRUCTIONS.items() if chosen.atc_code.startswith(atc)), None),
        condition_text="Skal ikke knuses eller åpnes" if chosen.may_not_be_crushed and chosen.atc_code > "B" else None,
        required_value=_required(chosen),
        days=days,
    )


def _from_day_to_day(dosage: Dosage, chosen: MiniMedicine, today: date) -> Dosage:
    """As it is, but warfarin until its next INR, and prednisolone tapered from the middle of its second step."""
    if chosen.atc_code == "B01AA03":
        last_on, next_on = today - timedelta(days=9), today + timedelta(days=5)
        return replace(dosage, inr=InrControl(Decimal(2), Decimal(3), Decimal("2.4"), last_on, next_on))
    if chosen.brand_name == "Prednisolon Takeda":
        first = today - timedelta(days=4)
        steps = (Step(first + timedelta(days=3 * n), (Quantity(Decimal(4 - n), dosage.unit),)) for n in range(4))
        return in_steps(steps, dosage.moments, strength_per_unit=dosage.strength_per_unit)
    return dosage


def _required(chosen: MiniMedicine) -> ValueRequirement | None:
    if chosen.brand_name in ("Selo-Zok", "Lanoxin"):
        return pulse(Decimal(55))
    return glucose(Decimal(4)) if chosen.atc_code.startswith("A10AB") else None


def _dosage(chosen: MiniMedicine, product: MiniProduct, amount: Quantity, anchor: date) -> Dosage:
    """The usual dose of the row as a dosage. Raises ValueError for what is given once."""
    dose, strength = chosen.dose, _strength_per_unit(product, amount.unit)
    if dose.most_a_day is not None:
        hours = {4: 4, 6: 2}.get(dose.most_a_day)
        least = timedelta(hours=hours) if hours else None
        given: Quantity | AmountRange = amount
        if chosen.brand_name == "Panodil":
            given = AmountRange(Quantity(Decimal(1), amount.unit), amount)
        return when_needed(given, max_doses=dose.most_a_day, least_interval=least, strength_per_unit=strength)
    if dose.weekday is not None:
        return weekly(amount, Weekday(dose.weekday), dose.times[0], strength_per_unit=strength)
    if dose.every_days or dose.every_months:
        days = dose.every_days or 30 * (dose.every_months or 1)
        return every_days(amount, days, anchor, dose.times[0], strength_per_unit=strength)
    if not dose.times:
        raise ValueError(f"{chosen.brand_name} is given once")
    return daily(amount, dose.times, strength_per_unit=strength)


def _strength_per_unit(product: MiniProduct, unit: str) -> Quantity | None:
    """What one of the unit of the hand holds; None for combinations, patches and units the strength is not of."""
    if len(product.strengths) != 1 or (unit == "ml" and product.strengths[0].value > 100):
        return None  # 15 ml lactulose is said in ml: nobody thinks of it as 10 005 mg
    (strength,) = product.strengths
    of = {"mikrog": "mikrogram"}.get(strength.unit, strength.unit)
    of_unit = strength.per_unit is None or (strength.per_value == 1 and strength.per_unit == unit)
    of_puff = strength.per_unit == "dose" and strength.per_value == 1 and unit in ("inhalasjon", "spray", "drag")
    if of not in UNITS or of == unit or not (of_unit or of_puff):
        return None
    return Quantity(strength.value, of)


def _medicine(item: CatalogueItem) -> Medicine:
    """What is copied into the order from the catalogue."""
    return Medicine(
        generic_name=item.generic_name,
        brand_name=item.brand_name,
        form=item.form,
        form_code=item.form_code,
        strength=item.strength,
        route=item.route,
        route_code=item.route_code,
        atc_code=item.atc_code,
        prescription_group=item.prescription_group,
        catalogue_item_id=item.id,
        high_risk=item.high_risk,
        time_critical=item.time_critical,
    )
