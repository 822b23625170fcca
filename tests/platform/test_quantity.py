"""Amounts: one strict form in, one form out, exact all the way, never across units."""

import json
import string
from decimal import Decimal, localcontext
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from marshmallow import Schema, ValidationError

from journal.platform.fields import AmountField, StrictInteger, Text
from journal.platform.quantity import (
    MINUS,
    NBSP,
    UNITS,
    NotAnAmount,
    Quantity,
    UnitMismatch,
    UnknownUnit,
    as_input,
    parse_decimal,
    show,
)
from tests.reference import REFERENCE, needs_reference

VOLVEN = REFERENCE / "volven/volven_codelists.json"

AMOUNTS = st.one_of(
    [st.integers(0, 10 ** (7 + scale) - 1).map(lambda n, scale=scale: Decimal(n).scaleb(-scale)) for scale in range(5)]
)
CODES = st.sampled_from(sorted(UNITS))


class Amount(Schema):
    amount = AmountField(required=True)


def strict(text: str) -> bool:
    """The rule anew, character by character, so that a slip in the expression does not hide in its own test."""
    whole, mark, rest = text.partition("," if "," in text else ".")
    if not (1 <= len(whole) <= 7 and set(whole) <= set(string.digits)):
        return False
    return not mark or (1 <= len(rest) <= 4 and set(rest) <= set(string.digits))


def corpus() -> list[str]:
    """Amounts as people, devices and attackers write them; the right ones among thousands that are nearly so."""
    plain = ["0", "1", "5", "10", "007", "500", "5000", "9999999", "12345678", "0,5", "0.5", "1,5", "1.25", "12,3456"]
    plain += [
        "0,00005",
        "99999999,1",
        ",5",
        ".5",
        "5,",
        "5.",
        "1,2,3",
        "1.000,5",
        "1,000.5",
        "1 000",
        f"1{NBSP}000",
        "",
    ]
    spaces = ["", " ", "\t", "\n", "\r\n", NBSP, "\u2009", "\u200b", "\ufeff", "\x00"]
    signs = ["+", "-", MINUS, "±", "<", ">", "~", "ca. ", "1/", "½", "$", "'", "=", "@", "0x", "0b", "e", "E5", "_"]
    ends = [
        " mg",
        "mg",
        "%",
        "e3",
        "E400",
        "e-3",
        "f",
        "L",
        "j",
        "_0",
        ",",
        ".",
        ",,",
        "..",
        ";",
        "½",
        "²",
        "/2",
        "x",
        "\n",
    ]
    zeros = {"arabic": 0x660, "devanagari": 0x966, "fullwidth": 0xFF10, "bold": 0x1D7CE, "thai": 0xE50, "nko": 0x7C0}
    texts = set(plain) | {
        "NaN",
        "nan",
        "Infinity",
        "-inf",
        "inf",
        "sNaN",
        "None",
        "null",
        "true",
        "on",
        "I",
        "l",
        "O",
        "én",
    }
    texts |= {a + p + b for a, p, b in product(spaces, plain, spaces)}
    texts |= {s + p for s, p in product(signs, plain)} | {p + e for p, e in product(plain, ends)}
    for zero, p in product(zeros.values(), plain):
        texts.add(p.translate({ord("0") + d: chr(zero + d) for d in range(10)}))
    texts |= {f"{'9' * whole}{mark}{'9' * rest}" for whole, mark, rest in product(range(12), ",.;:'·٫", range(8))}
    texts |= {p[:at] + c + p[at:] for p in plain for at in range(len(p) + 1) for c in "_ -e,.\u0660"}
    return sorted(texts)


def test_only_the_strict_form_passes_in_a_corpus_of_thousands():
    texts = corpus()
    assert len(texts) >= 3000
    passed = {text for text in texts if _parses(text)}
    assert passed == {text for text in texts if strict(text)}
    assert 50 < len(passed) < len(texts) / 4


def test_the_field_takes_and_refuses_what_the_parser_does_but_for_a_thousand_that_may_be_one():
    refused = set()
    for text in corpus():
        accepted = not Amount().validate({"amount": text})
        assert accepted <= strict(text), text
        if strict(text) and not accepted:
            refused.add(text)
    assert refused == {text for text in corpus() if strict(text) and _may_be_a_thousand(text)} != set()


def _may_be_a_thousand(text: str) -> bool:
    whole, _, rest = text.replace(",", ".").partition(".")
    return len(whole) <= 3 and whole[0] != "0" and len(rest) == 3 and rest[2] == "0"


@pytest.mark.parametrize("raw", [0.1, 1, True, None, ["1"], {"value": "1"}, float("nan"), 1e400, b"1", Decimal(1)])
def test_the_field_takes_strings_only(raw):
    with pytest.raises(ValidationError):
        Amount().load({"amount": raw})


def test_a_json_number_is_refused_however_it_is_written():
    with pytest.raises(ValidationError, match="sendes som tekst"):
        Amount().loads('{"amount": 0.5}')


@given(st.text(alphabet="0123456789,._ -+eE\u0661\uff11\n", max_size=14))
@settings(max_examples=1000)
def test_nothing_but_the_strict_form_passes(text):
    assert _parses(text) == strict(text)


def test_refusals_are_sentences():
    with pytest.raises(NotAnAmount, match=r"^Skriv mengden med tall .+\.$"):
        parse_decimal("1_0")


@given(AMOUNTS)
@settings(max_examples=2000)
def test_what_is_shown_in_a_form_is_read_back_exactly(value):
    assert parse_decimal(as_input(value)) == value
    assert parse_decimal(as_input(value).replace(",", ".")) == value


@given(AMOUNTS)
def test_json_out_and_in_is_exact_and_never_a_number(value):
    sent = json.loads(json.dumps(Amount().dump({"amount": value})))
    assert isinstance(sent["amount"], str)
    assert Amount().load(sent)["amount"] == value


def test_every_tenthousandth_near_zero_survives_the_round():
    for units in range(0, 200_000, 7):
        value = Decimal(units).scaleb(-4)
        assert parse_decimal(as_input(value)) == value
        assert parse_decimal(show(value).replace(NBSP, "")) == value


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("0.50", "0,5"),
        ("1.0", "1"),
        ("1.2500", "1,25"),
        ("0", "0"),
        ("0.0000", "0"),
        ("100", "100"),
        ("1E+3", f"1{NBSP}000"),
        ("5000", f"5{NBSP}000"),
        ("1234567.8901", f"1{NBSP}234{NBSP}567,8901"),
        ("0.0001", "0,0001"),
        ("-2.5", f"{MINUS}2,5"),
        ("0.50000000", "0,5"),
    ],
)
def test_numbers_are_shown_without_trailing_zero_and_with_leading_zero(written, shown):
    assert show(Decimal(written)) == shown


@given(AMOUNTS)
def test_no_amount_is_shown_in_a_way_that_can_be_misread(value):
    shown = show(value)
    assert set(shown) <= set(string.digits) | {",", NBSP}
    assert shown[0].isdigit() and shown[-1].isdigit()
    assert "," not in shown or not shown.endswith("0")
    assert all(len(group) == 3 for group in shown.partition(",")[0].split(NBSP)[1:])


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        ("0.5", "mg", "0,5 mg"),
        ("1", "tablett", "1 tablett"),
        ("2", "tablett", "2 tabletter"),
        ("0.5", "tablett", "0,5 tablett"),
        ("1.5", "tablett", "1,5 tabletter"),
        ("0", "tablett", "0 tabletter"),
        ("1", "plaster", "1 plaster"),
        ("2", "plaster", "2 plaster"),
        ("2", "kapsel", "2 kapsler"),
        ("3", "dråpe", "3 dråper"),
        ("2", "drag", "2 drag"),
        ("2", "inhalasjon", "2 inhalasjoner"),
        ("2", "pose", "2 poser"),
        ("2", "stikkpille", "2 stikkpiller"),
        ("2", "sprøyte", "2 sprøyter"),
        ("1", "enhet", "1 enhet"),
        ("5000", "enhet", f"5{NBSP}000 enheter"),
        ("5000", "IE", f"5{NBSP}000 enheter"),
        ("2", "dose", "2 doser"),
        ("2", "vagitorie", "2 vagitorier"),
        ("2", "ampulle", "2 ampuller"),
        ("500", "mikrogram", "500 mikrogram"),
        ("40", "mmol", "40 millimol"),
        ("25", "mikrogram/time", "25 mikrogram per time"),
        ("2", "l/minutt", "2 liter per minutt"),
    ],
)
def test_amounts_are_shown_with_their_unit(value, unit, shown):
    assert str(Quantity(Decimal(value), unit)) == shown


def test_no_unit_is_shown_in_a_form_that_is_misread():
    for code, unit in UNITS.items():
        for shown in (unit.symbol, unit.singular, unit.plural):
            assert not set(shown) & set("µ./()[]<>@|0123456789"), code
            assert not {"mcg", "ug", "IE", "IU", "E", "U", "mmol", "ng"} & set(shown.split()), code


def test_units_have_ascii_ucum_codes():
    assert all(unit.ucum.isascii() and " " not in unit.ucum for unit in UNITS.values())


@needs_reference
def test_unit_codes_are_those_of_volven_7480():
    national = dict(json.loads(VOLVEN.read_text(encoding="utf-8"))["7480"])
    other_words = {"mikrogram": "mikrog", "enhet": "E"}
    for code, unit in UNITS.items():
        if unit.volven_7480 is not None:
            assert national[unit.volven_7480] == other_words.get(code, code)
        else:
            assert code not in national.values()
    left_out = {"(Ingen)", "hgl", "KIU", "orale morfinekvivalenter", "IU"}
    known = {unit.volven_7480 for unit in UNITS.values()}
    assert {text for number, text in national.items() if number not in known} == left_out


@given(AMOUNTS, AMOUNTS, CODES)
def test_same_units_add_subtract_and_compare_as_their_numbers(a, b, unit):
    left, right = Quantity(a, unit), Quantity(b, unit)
    assert (left + right).value == a + b
    assert (left - right).value == a - b
    assert ((left < right), (left <= right), (left > right), (left >= right)) == (a < b, a <= b, a > b, a >= b)
    assert (left == right) == (a == b)
    assert (left + right) - right == left


@given(AMOUNTS, AMOUNTS, CODES, CODES)
def test_different_units_never_meet(a, b, unit, other):
    if unit == other:
        return
    left, right = Quantity(a, unit), Quantity(b, other)
    assert left != right
    for act in ("__add__", "__sub__", "__lt__", "__le__", "__gt__", "__ge__"):
        with pytest.raises(UnitMismatch, match="kan ikke regnes sammen"):
            getattr(left, act)(right)


def test_equal_amounts_are_equal_and_hash_alike_however_they_were_written():
    written = {Quantity(Decimal(text), "mg") for text in ("1000", "1E+3", "1000.0000")}
    assert len(written) == 1
    assert Quantity(Decimal(1), "g") != Quantity(Decimal(1000), "mg")


@given(AMOUNTS, st.integers(0, 1000), CODES)
def test_multiplying_is_exact(value, times, unit):
    assert (Quantity(value, unit) * times).value == value * times == (times * Quantity(value, unit)).value


def test_a_product_that_needs_a_fifth_decimal_is_refused_and_not_rounded():
    with pytest.raises(NotAnAmount, match="fire sifre"):
        Quantity(Decimal("0.0001"), "mg") * Decimal("0.5")
    with pytest.raises(NotAnAmount, match="nøyaktig"):
        Quantity(Decimal(1), "mg") * Decimal("1." + "0" * 39 + "1")


def test_reckoning_does_not_depend_on_the_precision_of_the_thread():
    with localcontext() as context:
        context.prec = 3
        assert (Quantity(Decimal("1234.5678"), "mg") + Quantity(Decimal("0.0001"), "mg")).value == Decimal("1234.5679")
        assert (Quantity(Decimal("1234.5678"), "mg") * 3).value == Decimal("3703.7034")
        assert show(Decimal("1234.5678")) == f"1{NBSP}234,5678"


@pytest.mark.parametrize("value", [0.5, 1, "1", None, True, float("nan")])
def test_only_a_decimal_is_an_amount(value):
    with pytest.raises(TypeError):
        Quantity(value, "mg")
    with pytest.raises(TypeError):
        show(value)


@pytest.mark.parametrize("times", [0.5, "2", True, None, Quantity(Decimal(1), "mg")])
def test_multiplying_by_anything_but_whole_numbers_and_decimals_is_refused(times):
    with pytest.raises(TypeError):
        Quantity(Decimal(1), "mg") * times


@pytest.mark.parametrize("act", ["__add__", "__sub__", "__lt__", "__le__", "__gt__", "__ge__"])
@pytest.mark.parametrize("other", [1, 0.5, Decimal(1), "1 mg", None])
def test_an_amount_does_not_mix_with_bare_numbers(act, other):
    assert getattr(Quantity(Decimal(1), "mg"), act)(other) is NotImplemented


def test_sum_of_floats_is_refused():
    with pytest.raises(TypeError):
        Quantity(Decimal(1), "mg") + 0.5


@pytest.mark.parametrize("value", ["NaN", "sNaN", "Infinity", "-Infinity", "0.00001", "1E+12", "1E+400", "1E-400"])
def test_what_cannot_be_held_exactly_is_refused(value):
    with pytest.raises(NotAnAmount):
        Quantity(Decimal(value), "mg")


@pytest.mark.parametrize("unit", ["", "µg", "ug", "mcg", "IU", "MG", "tabletter", "E"])
def test_unknown_units_are_refused(unit):
    with pytest.raises(UnknownUnit):
        Quantity(Decimal(1), unit)


class Number(Schema):
    number = StrictInteger(required=True, least=0, most=300)


@pytest.mark.parametrize(("raw", "number"), [(0, 0), (300, 300), ("0", 0), ("072", 72)])
def test_whole_numbers_are_read(raw, number):
    assert Number().load({"number": raw}) == {"number": number}


@pytest.mark.parametrize(
    "raw", [1.9, 1.0, True, None, "", " 1", "1 ", "1_0", "١", "1.0", "+1", "1e2", "9" * 5000, -1, 301]
)
def test_what_is_not_a_whole_number_within_bounds_is_refused(raw):
    with pytest.raises(ValidationError):
        Number().load({"number": raw})


class Written(Schema):
    name = Text(10, required=True)
    note = Text(20, multiline=True)


def test_text_is_stripped_and_composed():
    assert Written().load({"name": "  A\u030ase ", "note": "a\r\nb\tc\n"}) == {"name": "Åse", "note": "a\nb\tc"}


def test_text_that_is_not_required_may_be_empty():
    assert Written().load({"name": "Kari", "note": ""})["note"] == ""


@pytest.mark.parametrize(
    "name", ["", "   ", "Kari\nNordmann", "K\x00ari", "\x1b[31mK", "\u202eiraK", "K\u2028", "\ud800", "Kari Nordma", 1]
)
def test_text_that_cannot_be_shown_is_refused(name):
    with pytest.raises(ValidationError):
        Written().load({"name": name})


def test_names_of_all_peoples_pass():
    for name in ("Áhkká", "Đorđe", "Ŋilla", "Nguyễn", "O'Brien", "محمد"):
        assert Written().load({"name": name}) == {"name": name}


def _parses(text: str) -> bool:
    try:
        parse_decimal(text)
    except NotAnAmount:
        return False
    return True
