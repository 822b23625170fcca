"""Invented people, the same every time for the same seed: for tests and for the demo.

Nobody here is meant to be anybody. National ids are synthetic (month + 80), telephone numbers are from the range the
Norwegian Communications Authority keeps for film (68 05 00 00 to 68 05 99 99), streets are put together from parts.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import count
from random import Random

from journal.patients.national_id import make_synthetic
from tests.people_words import (
    ALLERGIES,
    COHORTS,
    CONDITIONS,
    IMMIGRANT,
    KIN,
    PROFESSIONS,
    SAMI,
    STREET_ENDS,
    STREET_STARTS,
    Allergy,
    Condition,
    Names,
    Profession,
    Sex,
)


@dataclass(frozen=True)
class Address:
    """Where somebody lives."""

    street: str
    house_number: str
    postal_code: str
    city: str


@dataclass(frozen=True)
class NextOfKin:
    """`relation` is the word the page shows, seen from the patient: `datter`."""

    name: str
    relation: str
    phone: str


@dataclass(frozen=True)
class Person:
    """Somebody who could be a patient. Where `allergies_asked` is false nobody has asked, and there are none."""

    family_name: str
    given_name: str
    sex: Sex
    birth_date: date
    national_id: str = field(repr=False)
    address: Address
    phone: str
    allergies_asked: bool
    allergies: tuple[Allergy, ...]
    conditions: tuple[Condition, ...]
    next_of_kin: NextOfKin | None


@dataclass(frozen=True)
class StaffMember:
    """Somebody who works in care. `category` is a code of Volven 9060. Assistants have none, and no HPR number."""

    family_name: str
    given_name: str
    sex: Sex
    birth_date: date
    national_id: str = field(repr=False)
    profession: Profession
    title: str
    category: str
    hpr_number: str | None


def people(
    seed: int,
    n: int,
    today: date,
    *,
    postal_code: str = "9999",
    city: str = "Eksempelvik",
    taken: set[str] | None = None,
) -> Iterator[Person]:
    """`n` people who live in `city`, most of them old, as those are who get municipal care.

    The same arguments give the same people. National ids are unique within one call; pass one `taken` to several calls
    and they are unique across them (it is added to).
    """
    random, taken = Random(f"people {seed}"), set() if taken is None else taken
    for _ in range(n):
        yield _person(random, today, postal_code, city, taken)


def staff(seed: int, n: int, today: date, *, taken: set[str] | None = None) -> Iterator[StaffMember]:
    """`n` people who work in care: nurses, health assistants, social educators, doctors, assistants.

    Of any ten in a row four are nurses and one is a doctor, so that small places have both. HPR numbers are invented,
    seven digits, unique within one call. `taken` as for `people`.
    """
    random, taken = Random(f"staff {seed}"), set() if taken is None else taken
    professions = [(code, title, category) for of_ten, code, title, category in PROFESSIONS for _ in range(of_ten)]
    hpr_numbers = count(9_900_000 + random.randrange(50_000), 7)
    for number in range(n):
        profession, title, category = professions[number * 3 % len(professions)]
        sex: Sex = "female" if random.random() < 0.8 else "male"
        birth_date = _born(random, today, random.randint(22, 65))
        family_name, given_name = _name(random, sex, birth_date.year, immigrant=0.2)
        yield StaffMember(
            family_name=family_name,
            given_name=given_name,
            sex=sex,
            birth_date=birth_date,
            national_id=_national_id(random, birth_date, sex, taken),
            profession=profession,
            title=title,
            category=category,
            hpr_number=str(next(hpr_numbers)) if category else None,
        )


def _person(random: Random, today: date, postal_code: str, city: str, taken: set[str]) -> Person:
    years = _age(random)
    sex: Sex = "female" if random.random() < (0.62 if years >= 80 else 0.5) else "male"
    birth_date = _born(random, today, years)
    family_name, given_name = _name(random, sex, birth_date.year, immigrant=0.04 if years >= 67 else 0.15)
    asked = random.random() < 0.85
    alone = Person(
        family_name=family_name,
        given_name=given_name,
        sex=sex,
        birth_date=birth_date,
        national_id=_national_id(random, birth_date, sex, taken),
        address=_address(random, postal_code, city),
        phone=_phone(random),
        allergies_asked=asked,
        allergies=_allergies(random) if asked else (),
        conditions=_conditions(random, years),
        next_of_kin=None,
    )
    return replace(alone, next_of_kin=_next_of_kin(random, alone, years))


def _age(random: Random) -> int:
    """Of a hundred about 80 are 67 or older, 15 grown-ups below that, 5 children."""
    kind = random.random()
    if kind < 0.80:
        return round(random.triangular(67, 103, 86))
    return random.randint(18, 66) if kind < 0.95 else random.randint(0, 17)


def _born(random: Random, today: date, years: int) -> date:
    """A birth date that makes somebody `years` old today, or newborn."""
    birthday = date(today.year - years, today.month, min(today.day, 28))
    return birthday - timedelta(days=random.randrange(360))


def _name(random: Random, sex: Sex, birth_year: int, *, immigrant: float) -> tuple[str, str]:
    """Family name and given name that go together and with the year of birth."""
    kind = random.random()
    if kind < immigrant:
        names = random.choice(IMMIGRANT)
    elif kind < immigrant + 0.05:
        names = random.choice(SAMI)
    else:
        names = _norwegian(birth_year)
    return random.choice(names.family), random.choice(names.given(sex))


def _national_id(random: Random, birth_date: date, sex: Sex, taken: set[str]) -> str:
    """A synthetic number nobody in `taken` has, in the series of the century, even for women as they were given."""
    first = (0 if birth_date.year < 2000 else 500) + (sex == "male")
    start = random.randrange(250)
    for step in range(250):
        number = make_synthetic(birth_date, first + (start + step) % 250 * 2)
        if number is not None and number not in taken:
            taken.add(number)
            return number
    raise LookupError("no synthetic number is left for that day")


def _address(random: Random, postal_code: str, city: str) -> Address:
    letter = random.choice("ABC") if random.random() < 0.15 else ""
    return Address(
        street=random.choice(STREET_STARTS) + random.choice(STREET_ENDS),
        house_number=f"{random.randint(1, 120)}{letter}",
        postal_code=postal_code,
        city=city,
    )


def _phone(random: Random) -> str:
    digits = f"{random.randrange(10_000):04}"
    return f"68 05 {digits[:2]} {digits[2:]}"


def _allergies(random: Random) -> tuple[Allergy, ...]:
    """Most have none; nobody has the same one twice."""
    found = random.choices(ALLERGIES, k=random.choices((0, 1, 2, 3), weights=(64, 25, 8, 3))[0])
    return tuple({allergy.substance: allergy for allergy in found}.values())


def _conditions(random: Random, years: int) -> tuple[Condition, ...]:
    possible = [(weight, condition) for from_age, weight, condition in CONDITIONS if years >= from_age]
    how_many = random.randint(1, 5) if years >= 67 else random.randint(0, 2)
    found = random.choices([c for _, c in possible], weights=[w for w, _ in possible], k=how_many)
    return tuple(dict.fromkeys(found))


def _next_of_kin(random: Random, person: Person, years: int) -> NextOfKin | None:
    """One in ten grown-ups has nobody to name."""
    if years >= 18 and random.random() < 0.1:
        return None
    possible = [
        (relation, sex, younger)
        for from_age, to_age, relation, sex, younger in KIN
        if from_age <= years < to_age and (relation != "ektefelle" or sex != person.sex)
    ]
    relation, sex, younger = random.choice(possible)
    names = _names_like(person.family_name, person.birth_date.year + younger)
    given_name = random.choice([name for name in names.given(sex) if name != person.given_name])
    other_family = relation in ("niese", "nevø", "venn")
    family_name = random.choice(names.family) if other_family else person.family_name
    return NextOfKin(f"{given_name} {family_name}", relation, _phone(random))


def _names_like(family_name: str, birth_year: int) -> Names:
    """The names this family name is one of; Norwegian ones by year of birth."""
    for names in (*SAMI, *IMMIGRANT):
        if family_name in names.family:
            return names
    return _norwegian(birth_year)


def _norwegian(birth_year: int) -> Names:
    return next(names for before, names in COHORTS if birth_year < before)
