import re
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journal.medication.rules import (
    AmountRange,
    Course,
    Cycle,
    TimeOfDay,
    Verb,
    Weekday,
    daily,
    dose_sentence,
    every_days,
    every_hours,
    hand_sentence,
    in_cycle,
    medication_line,
    on_weekdays,
    weekly,
    when_needed,
)
from journal.platform.quantity import NBSP, UNITS, Quantity

SUNDAY = date(2026, 11, 22)


def of(number: str | int, unit: str) -> Quantity:
    return Quantity(Decimal(number), unit)


ONE, TWO = of(1, "tablett"), of(2, "tablett")
PATCH = of(1, "plaster")

SENTENCES = {
    "1 tablett kl. 08 og 20": daily(ONE, [time(20), time(8)]),
    "0,5 tablett kl. 08": daily(of("0.50", "tablett"), [time(8)]),
    "1,5 tabletter kl. 07.30, 14 og 22": daily(of("1.5", "tablett"), [time(7, 30), time(14), time(22)]),
    "1 tablett nøyaktig kl. 08, 12 og 16": daily(ONE, [time(8), time(12), time(16)], exact=True),
    "1 tablett morgen og kveld": daily(ONE, [TimeOfDay.EVENING, TimeOfDay.MORNING]),
    "2 tabletter kl. 08 og 1 tablett kl. 20": daily({time(20): ONE, time(8): TWO}),
    "2 tabletter morgen og 1 tablett natt": daily({TimeOfDay.NIGHT: ONE, TimeOfDay.MORNING: TWO}),
    "2 tabletter hver mandag kl. 08": weekly(TWO, Weekday.MONDAY, time(8)),
    "1 tablett hver mandag, onsdag og fredag kl. 08": on_weekdays(
        ONE, [Weekday.FRIDAY, Weekday.MONDAY, Weekday.WEDNESDAY], [time(8)]
    ),
    "2 tabletter kl. 08 og 1 tablett kl. 20, kun mandag": on_weekdays({time(8): TWO, time(20): ONE}, [Weekday.MONDAY]),
    "1 plaster hver 7. dag, søndag kl. 09": every_days(PATCH, 7, SUNDAY, time(9)),
    "1 plaster hver 3. dag kl. 09": every_days(PATCH, 3, SUNDAY, time(9)),
    "1 tablett annenhver dag kl. 08": every_days(ONE, 2, SUNDAY, time(8)),
    "1 tablett kl. 08, 21 dager på og 7 dager av": in_cycle(ONE, Cycle(21, 7, SUNDAY), [time(8)]),
    "1 tablett kl. 08, 1 dag på og 2 dager av": in_cycle(ONE, Cycle(1, 2, SUNDAY), [time(8)]),
    "1 tablett hver 6. time": every_hours(ONE, 6),
    "1 tablett nøyaktig hver time": every_hours(ONE, 1, exact=True),
    "5 000 enheter kl. 08": daily(of(5000, "enhet"), [time(8)]),
    "1–2 tabletter ved behov, inntil 4 ganger per døgn, minst 4 timer mellom": when_needed(
        AmountRange(ONE, TWO), max_doses=4, least_interval=timedelta(hours=4)
    ),
    "15 ml ved behov, inntil 30 ml per døgn": when_needed(of(15, "ml"), max_amount=of(30, "ml")),
    "1 tablett ved behov, inntil 1 gang per døgn, minst 1 time og 30 minutter mellom": when_needed(
        ONE, max_doses=1, least_interval=timedelta(minutes=90)
    ),
    "1 tablett kl. 08 og 20, fra 22.11.2026 til og med 26.11.2026": daily(
        ONE, [time(8), time(20)], course=Course.of_days(SUNDAY, 5)
    ),
    "1 tablett hver 6. time, til 26.11.2026 kl. 08": every_hours(
        ONE, 6, course=Course(ends_at=datetime(2026, 11, 26, 7, tzinfo=UTC))
    ),
    "2 tabletter kl. 08 og 1 tablett kl. 20, fra 22.11.2026": daily(
        {time(8): TWO, time(20): ONE}, course=Course(starts_at=datetime(2026, 11, 21, 23, tzinfo=UTC))
    ),
}


def plain(text: str) -> str:
    return text.replace(NBSP, " ")


@pytest.mark.parametrize(("sentence", "dosage"), SENTENCES.items(), ids=SENTENCES.keys())
def test_a_dosage_is_said_in_one_sentence(sentence, dosage):
    assert plain(dose_sentence(dosage)) == sentence


@pytest.mark.parametrize("dosage", SENTENCES.values(), ids=SENTENCES.keys())
def test_a_number_is_never_parted_from_what_it_counts(dosage):
    assert re.search(r"\d (tablett|plaster|enhet|ml|time|dag|gang|minutt|\d)|kl\. ", dose_sentence(dosage)) is None


HAND = [
    (ONE, of(50, "mg"), "depottablett", "peroralt", "Gi 1 tablett = 50 mg – peroralt"),
    (TWO, of(500, "mg"), "tablett", "peroralt", "Gi 2 tabletter = 1 000 mg – peroralt"),
    (PATCH, of(10, "mikrogram/time"), "depotplaster", "på hud", "Bytt 1 plaster = 10 mikrogram per time – på hud"),
    (of(10, "ml"), of(25, "mg"), "mikstur", "peroralt", "Gi 10 ml = 250 mg – peroralt"),
    (of(14, "enhet"), None, "injeksjonsvæske", "subkutant", "Sett 14 enheter – subkutant"),
    (of(2, "dråpe"), None, "øyedråper", "i øyet", "Drypp 2 dråper – i øyet"),
    (of(10, "dråpe"), None, "dråper", "peroralt", "Gi 10 dråper – peroralt"),
    (of(1, "inhalasjon"), of(18, "mikrogram"), "inhalasjonspulver", None, "Inhaler 1 inhalasjon = 18 mikrogram"),
    (of(1, "kapsel"), None, "inhalasjonspulver, kapsel", None, "Inhaler 1 kapsel"),
    (of(2, "g"), None, "krem", "på hud", "Smør på 2 g – på hud"),
    (of(1, "stikkpille"), of(10, "mg"), "stikkpille", "rektalt", "Sett 1 stikkpille = 10 mg – rektalt"),
    (AmountRange(ONE, TWO), of(500, "mg"), "tablett", None, "Gi 1–2 tabletter = 500–1 000 mg"),
]


@pytest.mark.parametrize(("amount", "strength", "form", "route", "said"), HAND, ids=[row[-1] for row in HAND])
def test_the_card_says_what_the_hand_does(amount, strength, form, route, said):
    assert plain(str(hand_sentence(amount, strength_per_unit=strength, form=form, route=route))) == said


def test_the_parts_of_what_the_hand_does_are_for_the_page_to_set():
    action = hand_sentence(ONE, strength_per_unit=of(50, "mg"), form="depottablett", route="peroralt")
    assert (action.verb, action.count, action.equals, action.route) == (
        Verb.GIVE,
        f"1{NBSP}tablett",
        f"50{NBSP}mg",
        "peroralt",
    )


def test_a_verb_that_is_given_stands():
    assert str(hand_sentence(PATCH, verb=Verb.SET)).startswith("Sett ")


def test_the_line_has_the_name_first_and_the_indication_last():
    line = medication_line(
        daily(ONE, [time(8), time(20)], strength_per_unit=of(50, "mg")),
        generic="Metoprolol",
        brand="Selo-Zok",
        form="depottablett",
        route="peroralt",
        indication="atrieflimmer",
    )
    assert plain(str(line)) == "metoprolol SELO-ZOK depottablett – 50 mg – peroralt – kl. 08 og 20 – atrieflimmer"


@pytest.mark.parametrize("name", ["NPH-insulin", "B12-vitamin", "A-vitamin"])
def test_names_that_begin_with_an_abbreviation_keep_it(name):
    assert medication_line(daily(ONE, [time(8)]), generic=name).generic == name


@pytest.mark.parametrize(
    ("dosage", "dose", "frequency"),
    [
        (daily(of(14, "enhet"), [time(22)]), "14 enheter", "kl. 22"),
        (weekly(TWO, Weekday.MONDAY, time(8), strength_per_unit=of("2.5", "mg")), "5 mg", "kun mandag kl. 08"),
        (every_days(PATCH, 7, SUNDAY, time(9)), "1 plaster", "hver 7. dag, søndag kl. 09"),
        (when_needed(ONE, max_doses=3, strength_per_unit=of(5, "mg")), "5 mg", "ved behov, inntil 3 ganger per døgn"),
        (
            daily({time(8): TWO, time(20): ONE}, strength_per_unit=of(50, "mg")),
            "100 mg kl. 08 og 50 mg kl. 20",
            "daglig",
        ),
        (
            on_weekdays({time(8): TWO, time(20): ONE}, [Weekday.MONDAY]),
            "2 tabletter kl. 08 og 1 tablett kl. 20",
            "kun mandag",
        ),
    ],
)
def test_the_line_shows_dose_and_frequency(dosage, dose, frequency):
    line = medication_line(dosage, generic="x")
    assert (plain(line.dose), plain(line.frequency)) == (dose, frequency)


@pytest.mark.parametrize("day", Weekday)
def test_a_weekly_medicine_always_shows_its_weekday(day):
    word = ("mandag", "tirsdag", "onsdag", "torsdag", "fredag", "lørdag", "søndag")[day - 1]
    dosage, patch = weekly(TWO, day, time(8)), every_days(PATCH, 7, SUNDAY + timedelta(days=day), time(9))
    assert word in dose_sentence(dosage)
    assert f"kun {word}" in medication_line(dosage, generic="metotreksat").frequency
    assert word in dose_sentence(patch)
    assert word in medication_line(patch, generic="buprenorfin").frequency


NUMBERS = st.decimals("0.0001", "9999999.9999", places=4)
NUMBER = re.compile(rf"\d{{1,3}}({NBSP}\d{{3}})*(,\d*[1-9])?")
FORBIDDEN = re.compile(r"[()\[\]/<>@|.]|µ|\bmcg\b|\bIU\b|\bIE\b|\bU\b|\bug\b")


@given(NUMBERS, st.sampled_from(sorted(UNITS)))
def test_any_amount_in_any_unit_is_said_safely(number, unit):
    amount = Quantity(number, unit)
    for said in (hand_sentence(amount).count, medication_line(daily(amount, [time(8)]), generic="x").dose):
        shown, unit_shown = re.fullmatch(rf"([\d,{NBSP}]+){NBSP}(\D+)", said).groups()
        assert NUMBER.fullmatch(shown), said
        assert Decimal(shown.replace(NBSP, "").replace(",", ".")) == number
        assert FORBIDDEN.search(said) is None
        assert plain(unit_shown) in (UNITS[unit].singular, UNITS[unit].plural)
    assert dose_sentence(daily(amount, [time(8)])).startswith(f"{said} ")


@given(st.decimals("0.01", "9999", places=2), st.sampled_from(sorted(UNITS)), st.decimals("0.01", "9999", places=2))
def test_the_strength_said_is_the_amount_times_the_strength_to_the_last_digit(number, unit, strength):
    action = hand_sentence(Quantity(number, unit), strength_per_unit=Quantity(strength, "mikrogram"))
    said, word = action.equals.rsplit(NBSP, 1)
    assert Decimal(said.replace(NBSP, "").replace(",", ".")) == number * strength
    assert word == "mikrogram"
    assert NUMBER.fullmatch(said)


@given(NUMBERS, NUMBERS, st.sampled_from(sorted(UNITS)))
def test_a_range_says_both_ends_and_its_unit_once(one, other, unit):
    if one == other:
        return
    said = hand_sentence(AmountRange(Quantity(min(one, other), unit), Quantity(max(one, other), unit))).count
    low, rest = said.split("–")
    high = re.fullmatch(rf"([\d,{NBSP}]+){NBSP}\D+", rest)[1]
    assert NUMBER.fullmatch(low) and NUMBER.fullmatch(high)
    assert FORBIDDEN.search(said) is None
