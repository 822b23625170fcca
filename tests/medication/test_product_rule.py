"""The product at hand, as a rule: which doses want one, what a code says, and what the hand does with the pack."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from journal.medication.rules.parts import AmountRange
from journal.medication.rules.product import (
    Code,
    Exchange,
    Ordered,
    Pack,
    chosen,
    needs_product,
    offered,
    read_code,
)
from journal.platform.ids import new_id
from journal.platform.quantity import NBSP, Quantity

TODAY = date(2026, 11, 22)
GTIN = "07046261234566"
MORPHINE = Ordered(
    "Morfin inj 10 mg/ml", "morfin", "N02AA01", "injeksjonsvæske", "subkutan bruk", Quantity(Decimal(10), "mg")
)


def of(value: str, unit: str) -> Quantity:
    return Quantity(Decimal(value), unit)


def pack(number: str = "123456", strength: str | None = "10", **more: Any) -> Pack:
    holds = of(strength, "mg") if strength else None
    said: dict[str, Any] = {"id": new_id(), "number": number, "barcodes": (GTIN[1:],), "name": f"Morfin {strength}"}
    said |= {"size": "10 x 1 ml", "strength": holds, "per": "ml", "ordered": True, "in_group": False, "alike": True}
    return Pack(**(said | more))


def hand(amount: Quantity | AmountRange, *packs: Pack, ordered: Ordered = MORPHINE, code: str = "123456") -> Any:
    return chosen(ordered, packs, amount, code, TODAY)


def text(found: Any) -> str:
    return str(found.text).replace(NBSP, " ")


@pytest.mark.parametrize(
    ("form", "route", "unit", "group", "supply", "wanted"),
    [
        ("injeksjonsvæske", "subkutan bruk", "ml", "C", None, True),
        (None, "intramuskulær bruk", "dose", "C", None, True),
        (None, None, "sprøyte", "C", None, True),
        ("mikstur", "oral bruk", "ml", "F", "own_packs", True),
        ("øyedråper", "okulær bruk", "dråpe", "C", None, True),
        ("tablett", "oral bruk", "tablett", "A", "ward_stock", True),
        ("tablett", "oral bruk", "tablett", "A", "dosett", False),
        ("tablett", "oral bruk", "tablett", "B", None, False),
        ("depotplaster", "transdermal bruk", "plaster", "C", None, True),
        ("inhalasjonspulver", "bruk til inhalasjon", "dose", "C", None, False),
    ],
)
def test_what_is_injected_measured_dripped_or_stuck_on_and_group_a_wants_its_pack(
    form: str | None, route: str | None, unit: str, group: str, supply: str | None, wanted: bool
) -> None:
    found = needs_product(form=form, route=route, unit=unit, prescription_group=group, supply=supply)
    assert found is wanted


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("123456", Code("123456")),
        (" 123 456 ", Code("123456")),
        ("7046261234566", Code(GTIN)),
        (f"01{GTIN}17270630" + "10AB12", Code(GTIN, "AB12", date(2027, 6, 30))),
        (f"]d201{GTIN}10AB12\x1d17270200", Code(GTIN, "AB12", date(2027, 2, 28))),
        (f"\x1d01{GTIN}21SERIAL\x1d17280131\x1d10B-1", Code(GTIN, "B-1", date(2028, 1, 31))),
        (f"(01){GTIN}(17)270630(10)AB12(21)99", Code(GTIN, "AB12", date(2027, 6, 30))),
    ],
)
def test_a_code_is_read_as_a_scanner_sends_it_and_as_people_write_it(written: str, said: Code) -> None:
    assert read_code(written) == said


@pytest.mark.parametrize(
    "written",
    [
        "",
        "12345",
        "1234567",
        "7046261234567",
        f"01{GTIN}10AB12",
        f"01{GTIN}21SERIAL17270630",
        f"01{GTIN}17271330",
        f"01{GTIN}17270631",
        f"01{GTIN[:-1]}717270630",
        f"01{GTIN}99XX",
        f"01{GTIN}17270630" + "10" + "A" * 21,
        "morfin",
    ],
)
def test_a_code_that_lost_its_end_or_is_none_is_refused_and_never_guessed(written: str) -> None:
    with pytest.raises(ValueError, match="Koden kunne ikke leses"):
        read_code(written)


@pytest.mark.parametrize(
    ("amount", "strength", "said"),
    [
        (of("0.25", "ml"), "10", "Trekk opp 0,25 ml av 10 mg i 1 ml = 2,5 mg"),
        (of("2.5", "mg"), "10", "Trekk opp 0,25 ml av 10 mg i 1 ml = 2,5 mg"),
        (of("0.5", "ml"), "20", "Trekk opp 0,25 ml av 20 mg i 1 ml = 5 mg"),
        (of("2500", "mikrogram"), "10", "Trekk opp 0,25 ml av 10 mg i 1 ml = 2 500 mikrogram"),
        (AmountRange(of("0.25", "ml"), of("0.5", "ml")), "20", "Trekk opp 0,125–0,25 ml av 20 mg i 1 ml = 2,5–5 mg"),
        (of("0.25", "ml"), None, "Trekk opp 0,25 ml"),
    ],
)
def test_the_hand_is_told_the_volume_of_the_pack_it_holds(amount: Any, strength: str | None, said: str) -> None:
    assert text(hand(amount, pack(strength=strength))) == said


def test_another_concentration_changes_the_volume_in_sight_and_is_said() -> None:
    found = hand(of("0.5", "ml"), pack(strength="20", ordered=False))

    assert (found.exchange, found.second) == (Exchange.OTHER_STRENGTH, False)
    assert found.warnings[0].startswith("Pakningen har en annen styrke enn den ordinerte.")
    assert found.ordered == "Morfin inj 10 mg/ml"


@pytest.mark.parametrize(
    ("more", "ordered"),
    [
        ({"alike": False}, MORPHINE),
        ({"strength": None}, MORPHINE),
        ({}, MORPHINE._replace(strength=None)),
        ({}, MORPHINE._replace(atc_code="A10AE04")),
    ],
)
def test_outside_the_exchange_group_only_the_prescriber_exchanges(more: dict[str, Any], ordered: Ordered) -> None:
    wanted = pack(strength=more.pop("strength", "20"), ordered=False, **more)

    with pytest.raises(ValueError, match="ikke i samme byttegruppe"):
        hand(of("0.5", "ml"), wanted, ordered=ordered)
    assert offered(ordered, [wanted], of("0.5", "ml")) == ()


def test_a_pack_of_the_exchange_group_is_given_as_it_is() -> None:
    found = hand(of("0.5", "ml"), pack(ordered=False, in_group=True, alike=False, strength=None))

    assert (found.exchange, found.warnings) == (Exchange.GROUP, ())


def test_what_does_not_come_out_even_in_another_strength_is_refused() -> None:
    with pytest.raises(ValueError, match="Mengden går ikke opp"):
        hand(of("1", "ml"), pack(strength="30", ordered=False))
    tablet = MORPHINE._replace(form="depottablett", route="oral bruk")
    with pytest.raises(ValueError, match="Mengden går ikke opp"):
        hand(of("1", "tablett"), pack(strength="20", per="tablett", ordered=False), ordered=tablet)


@pytest.mark.parametrize(
    ("amount", "route", "unusual"),
    [
        (of("2", "ml"), "subkutan bruk", None),
        (of("2.1", "ml"), "subkutan bruk", "2,1 ml er mye på én gang."),
        (of("2.1", "ml"), "intramuskulær bruk", "2,1 ml er mye på én gang."),
        (of("60", "ml"), "intravenøs bruk", None),
        (of("50", "ml"), "oral bruk", None),
        (of("50.1", "ml"), "oral bruk", "50,1 ml er mye på én gang."),
        (of("0.13", "ml"), "subkutan bruk", None),
        (of("1", "ml"), "subkutan bruk", None),
        (of("0.125", "ml"), "subkutan bruk", "0,125 ml kan ikke måles nøyaktig med sprøyte."),
        (of("1.25", "ml"), "subkutan bruk", "1,25 ml kan ikke måles nøyaktig med sprøyte."),
        (of("3", "tablett"), "oral bruk", None),
        (of("3.25", "tablett"), "oral bruk", "3,25 tabletter er uvanlig mange."),
        (of("0.75", "tablett"), "oral bruk", None),
        (of("0.3", "tablett"), "oral bruk", "0,3 tablett kan ikke deles nøyaktig."),
        (of("40", "enhet"), "subkutan bruk", None),
        (of("20", "dråpe"), "oral bruk", None),
    ],
)
def test_an_unusual_amount_asks_for_a_second_person(amount: Quantity, route: str, unusual: str | None) -> None:
    form = "injeksjonsvæske" if "bruk" in route and route != "oral bruk" else "mikstur"
    ordered = MORPHINE._replace(form=form, route=route, strength=None)

    found = hand(amount, pack(strength=None), ordered=ordered)

    said = [str(warning).replace(NBSP, " ") for warning in found.warnings]
    assert said == ([unusual, "En annen skal kontrollere dosen før den gis."] if unusual else [])
    assert found.second is (unusual is not None)


def test_an_expired_pack_is_refused_and_its_last_day_is_good() -> None:
    code = f"01{GTIN}17%s10AB12"
    assert hand(of("0.5", "ml"), pack(), code=code % "261122").code.batch == "AB12"
    with pytest.raises(ValueError, match=r"gikk ut på dato 21\.11\.2026"):
        hand(of("0.5", "ml"), pack(), code=code % "261121")


def test_an_unknown_pack_is_refused_with_what_to_do() -> None:
    with pytest.raises(ValueError, match=r"ikke blant katalogens pakninger av morfin\. Legg den til side"):
        hand(of("0.5", "ml"), pack(), code="654321")
    with pytest.raises(ValueError, match="ring lege eller apotek"):
        hand(of("0.5", "ml"), pack(barcodes=()), code=GTIN)


def test_packs_of_what_is_ordered_are_offered_first() -> None:
    other, group, own = (
        pack("111111", "20", ordered=False),
        pack("222222", ordered=False, in_group=True, name="Annen"),
        pack("333333"),
    )
    without_number = pack(number=None)  # type: ignore[arg-type]

    assert offered(MORPHINE, [other, without_number, group, own], of("0.5", "ml")) == (own, group, other)
