"""3 000 dose strings through every field of the forms that takes an amount: only the strict form passes, and as the same number.

The strings are amounts as people, scanners and other programs write them: each a right one, changed a little. What is right is
said anew here, digit by digit.
"""

import random
import re
from collections.abc import Callable
from datetime import time
from decimal import Decimal
from functools import cache
from typing import Any

import pytest
from marshmallow import ValidationError

from journal.medication import schemas
from journal.medication.dosage_form import DosageForm
from journal.medication.rules import InvalidDosage, daily
from journal.platform.quantity import UNITS, NotAnAmount, Quantity, parse_decimal
from tests.conftest import Browser, World
from tests.medication.test_judging import _catalogue, ordered  # noqa: F401  the page prescribes from the small catalogue

NUMBER = 3_000
_SPACES = " \u00a0\u2009\u202f\u2007\u200b\t\n"
_OTHER_DIGITS = ["٠١٢٣٤٥٦٧٨٩", "०१२३४५६७८९", "０１２３４５６７８９", "𝟎𝟏𝟐𝟑𝟒𝟓𝟔𝟕𝟖𝟗", "⁰¹²³⁴⁵⁶⁷⁸⁹"]
_SIGNS = ["-", "+", "−", "±", "~", "<", ">", "≥", "ca ", "=", "*", "'", '"', "\\", "%", "$", "#", "\x00", "\u202e"]
_UNITS = [*UNITS, "mcg", "µg", "μg", "IU", "U", "E", "MG", "tbl", "stk", "%", ",-", " x 2", "x2", "/2", ":2", "h"]
_FRACTIONS = ["½", "¼", "¾", "⅓", "1/2", "1 1/2", "1½", "en halv", "half"]
_WORDS = [
    "nan",
    "inf",
    "-inf",
    "Infinity",
    "sNaN",
    "None",
    "true",
    "en",
    "to",
    "én",
    "O",
    "l",
    "0x10",
    "1_0",
    "1e3",
    "",
    " ",
]


def value_of(text: str) -> Decimal | None:
    """The number that a right string means: 1 to 7 of the ten digits, and maybe a comma or point and 1 to 4 more. Else None."""
    whole, rest, mark = "", "", ""
    for character in text:
        if character in "0123456789":
            whole, rest = (whole, rest + character) if mark else (whole + character, rest)
        elif character in ",." and not mark:
            mark = character
        else:
            return None
    if not 1 <= len(whole) <= 7 or (mark and not 1 <= len(rest) <= 4) or len(rest) > 4:
        return None
    return Decimal(int(whole + rest)) / 10 ** len(rest)


def meant_by(text: str) -> Decimal | None:
    """As value_of, for what a person wrote: one to three digits, a mark and three more, the last a nought, may be a thousand."""
    whole, _, rest = text.replace(",", ".").partition(".")
    may_be_a_thousand = len(whole) <= 3 and whole[:1] != "0" and len(rest) == 3 and rest.endswith("0")
    return None if may_be_a_thousand else value_of(text)


def _amount(chance: random.Random) -> str:
    whole = str(chance.choice([0, 1, 2, 5, 10, 25, 50, 125, 500, 1000, 5000, 10_000, chance.randrange(10**7)]))
    rest = chance.choice(["", "", "5", "25", "50", "0", "000", "125", "0625", str(chance.randrange(10**4))])
    return whole + (chance.choice(",.") + rest if rest else "")


_CHANGES: list[Callable[[random.Random, str], str]] = [
    *[lambda chance, text: text] * 3,
    lambda chance, text: text + chance.choice(["0", "00", ",0", ".50", ",", ".", ",,5", ".5.", ",0.5", ".0,5"]),
    lambda chance, text: chance.choice(["0", "00", ",", ".", "0,", "00000"]) + text,
    lambda chance, text: _put(chance, text, chance.choice(_SPACES)),
    lambda chance, text: chance.choice(_SPACES) + text,
    lambda chance, text: text + chance.choice(_SPACES),
    lambda chance, text: chance.choice(_SIGNS) + text,
    lambda chance, text: _put(chance, text, chance.choice(_SIGNS)),
    lambda chance, text: text + chance.choice(["", " ", "\u00a0"]) + chance.choice(_UNITS),
    lambda chance, text: chance.choice(_UNITS) + text,
    lambda chance, text: text.translate(str.maketrans("0123456789", chance.choice(_OTHER_DIGITS))),
    lambda chance, text: _one_digit_of(chance, text),
    lambda chance, text: text.replace(",", chance.choice("٫‚;'·_/-"), 1),
    lambda chance, text: text + chance.choice(["e", "E", "e+", "e-", "E0", "*10^", "^"]) + str(chance.randrange(30)),
    lambda chance, text: text + str(chance.randrange(10**12)),
    lambda chance, text: text * chance.randrange(2, 400),
    lambda chance, text: f"{text}{chance.choice('-–/ ')}{_amount(chance)}",
    lambda chance, text: chance.choice(_FRACTIONS),
    lambda chance, text: chance.choice(_WORDS),
    lambda chance, text: f"{int(re.sub('[^0-9]', '', text)[:9]):,}".replace(",", chance.choice(",. \u00a0\u2009'_")),
    lambda chance, text: text.replace("0", chance.choice("OoQ")).replace("1", chance.choice("lI|1")),
]


def _put(chance: random.Random, text: str, what: str) -> str:
    at = chance.randrange(1, len(text) + 1)
    return text[:at] + what + text[at:]


def _one_digit_of(chance: random.Random, text: str) -> str:
    at = chance.randrange(len(text))
    return text[:at] + chance.choice(chance.choice(_OTHER_DIGITS)) + text[at + 1 :]


@cache
def strings() -> list[str]:
    """The same ones at each run, each of them once."""
    chance, made = random.Random(20261122), dict[str, None]()
    while len(made) < NUMBER:
        made[chance.choice(_CHANGES)(chance, _amount(chance))] = None
    return list(made)


_NOTHING = {"amount": "1", "unit": "tablett", "pattern": "daily"}
_NOT_GIVEN = {"request_version": "1", "reason": "partly"}
_PRESCRIPTION = {**_NOTHING, "item": "00000000-0000-4000-8000-000000000000", "indication": "smerter"}

# Each field, and what it does with an empty string.
FIELDS: dict[str, tuple[Callable[[str], Any], bool]] = {
    "amount": (lambda text: DosageForm().load(_NOTHING | {"amount": text})["amount"], False),
    "amount_to": (lambda text: DosageForm().load(_NOTHING | {"amount_to": text})["amount_to"], True),
    "max_amount": (lambda text: DosageForm().load(_NOTHING | {"max_amount": text})["max_amount"], True),
    "least_hours": (lambda text: DosageForm().load(_NOTHING | {"least_hours": text})["least_hours"], True),
    "minimum": (lambda text: schemas.Prescribe().load(_PRESCRIPTION | {"minimum": text})["minimum"], True),
    "taken": (lambda text: schemas.SignNotGiven().load(_NOT_GIVEN | {"amount": text})["amount"], True),
    "as needed": (lambda text: schemas.GiveAsNeeded().load({"request_version": "1", "amount": text})["amount"], True),
}


def test_there_are_3000_of_them_right_and_wrong() -> None:
    right = sum(value_of(text) is not None for text in strings())
    assert len(strings()) == NUMBER
    assert NUMBER / 10 < right < NUMBER / 3


def test_the_reader_of_amounts_takes_the_strict_form_alone() -> None:
    for text in strings():
        try:
            read: Decimal | None = parse_decimal(text)
        except NotAnAmount as refused:
            read = None
            assert str(refused).startswith("Skriv mengden med tall")
        assert read == value_of(text), repr(text)


@pytest.mark.parametrize("field", FIELDS)
def test_each_field_takes_the_strict_form_alone(field: str) -> None:
    load, may_be_empty = FIELDS[field]
    for text in strings():
        if text == "" and may_be_empty:
            assert load(text) is None
            continue
        wanted = meant_by(text)
        if field == "amount" and wanted is None:
            several = [meant_by(part) for part in text.split(" ") if part]
            wanted = tuple(several) if several and None not in several else None  # type: ignore[assignment]
        elif field == "amount":
            wanted = (wanted,)  # type: ignore[assignment]
        try:
            read = load(text)
        except ValidationError as refused:
            assert wanted is None, repr(text)
            (said,) = (one for said in refused.normalized_messages().values() for one in said)
            assert said.startswith(("Skriv mengden med tall", "Skriv tusen uten skilletegn")), repr(text)
            continue
        assert read == wanted, repr(text)


def test_a_measured_value_that_is_not_strict_is_no_value() -> None:
    for text in strings():
        read = schemas.GiveAsNeeded().load({"request_version": "1", "value": text})["value"]
        assert read == meant_by(text.strip()), repr(text)


@pytest.mark.parametrize("text", ["1.000", "1,000", "2.500", "500.000", "12,340"])
def test_a_thousand_that_may_be_one_is_neither(text: str) -> None:
    with pytest.raises(ValidationError, match="Skriv tusen uten skilletegn"):
        DosageForm().load({"unit": "mg", "pattern": "daily", "times": "8", "amount": text})
    assert DosageForm().load({"unit": "mg", "pattern": "daily", "times": "8", "amount": "1.125"})["amount"] == (
        Decimal("1.125"),
    )


@pytest.mark.parametrize("space", ["\u00a0", "\u2009", "\u202f", "\u2007", "\t"])
def test_a_space_that_parts_thousands_never_makes_two_amounts_of_one(space: str) -> None:
    """1 500 with two times of day would be 1 in the morning and 500 in the evening."""
    form = {"unit": "enhet", "pattern": "daily", "times": "8 20"}
    with pytest.raises(ValidationError, match="Skriv mengden med tall"):
        DosageForm().load(form | {"amount": f"1{space}500"})
    assert DosageForm().load(form | {"amount": "1  500"})["amount"] == (Decimal(1), Decimal(500))


def test_a_unit_is_one_of_the_list_spelled_as_it_stands_there() -> None:
    for unit in dict.fromkeys([*_UNITS, *(f"{u}." for u in UNITS), *(u.upper() for u in UNITS), *_WORDS]):
        try:
            DosageForm().load(_NOTHING | {"unit": unit})
        except ValidationError:
            assert unit not in UNITS, unit
        else:
            assert unit in UNITS, unit


def test_nothing_and_too_much_are_amounts_but_no_dose() -> None:
    for text in ("0", "0,0", "0000000", "0,0000"):
        assert parse_decimal(text) == 0
        with pytest.raises(InvalidDosage, match="mer enn 0"):
            daily(Quantity(parse_decimal(text), "tablett"), [time(8)])
    with pytest.raises(InvalidDosage, match="for stor"):
        daily(Quantity(Decimal(10_000_000), "tablett"), [time(8)])


def test_on_the_page_a_wrong_string_is_answered_with_a_sentence_and_nothing_is_stored(
    world: World, client_for: Callable[..., Browser]
) -> None:
    patient_id, lars = world.patient(), client_for(world.lars)
    item = world.migrator.execute(
        "SELECT id FROM medication.catalogue_item WHERE prescribable AND name_form_strength LIKE 'Paracet tab%'"
    )
    form = {
        "item": str(item.fetchone()[0]),
        "indication": "smerter",
        "unit": "tablett",
        "pattern": "daily",
        "times": "8",
    }  # type: ignore[index]
    wrong = [text for text in strings() if value_of(text) is None and 0 < len(text) < 40 and "\x00" not in text]

    for text in random.Random(1).sample(wrong, 40):
        answer = lars.act(f"/patients/{patient_id}/medication/prescribe", form | {"amount": text})
        assert answer.status_code == 422, repr(text)
        assert "Skriv mengden med tall" in answer.text or "én mengde for hvert tidspunkt" in answer.text, repr(text)

    stored = world.migrator.execute(
        "SELECT count(*) FROM medication.medication_request WHERE patient_id = %s", (patient_id,)
    )
    assert stored.fetchone() == (0,)
