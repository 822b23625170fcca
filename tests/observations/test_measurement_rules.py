"""What can be measured, and how it is shown and drawn."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from journal.observations import KINDS, rules, shown
from journal.observations.rules import Measured
from journal.platform.errors import Invalid

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)


def refused(code: str, value: str, value2: str | None = None) -> dict[str, list[str]]:
    with pytest.raises(Invalid) as refusal:
        rules.check(code, Decimal(value), Decimal(value2) if value2 else None)
    return refusal.value.errors


@pytest.mark.parametrize("value", ["19", "251", "72.5", "720"])
def test_a_pulse_no_person_has_is_refused_with_what_to_type(value: str) -> None:
    assert refused("pulse", value) == {"value": ["Puls må være et tall mellom 20 og 250."]}


def test_a_temperature_may_have_one_decimal_and_not_two() -> None:
    assert rules.check("temperature", Decimal("37.2"), None).code == "temperature"
    assert refused("temperature", "37.25") == {
        "value": ["Temperatur må være et tall mellom 25 og 45 med høyst én desimal."]
    }


def test_the_lowest_blood_glucose_is_said_with_a_comma() -> None:
    assert refused("glucose", "0.4")["value"] == ["Blodsukker må være et tall mellom 0,5 og 60 med høyst én desimal."]


def test_blood_pressure_has_two_values_and_the_lower_is_lower() -> None:
    assert "value2" in refused("blood_pressure", "120")
    assert refused("blood_pressure", "80", "120") == {"value2": ["Undertrykket må være lavere enn overtrykket."]}
    assert refused("blood_pressure", "80", "80") == {"value2": ["Undertrykket må være lavere enn overtrykket."]}
    assert rules.check("blood_pressure", Decimal(120), Decimal(80)).loinc == "85354-9"


def test_only_blood_pressure_has_a_second_value() -> None:
    assert refused("pulse", "70", "60") == {"value2": ["Bare blodtrykk har undertrykk. La feltet stå tomt."]}


def test_a_kind_nobody_knows_is_refused() -> None:
    assert refused("mood", "5") == {"code": ["Velg hva som er målt."]}


def test_a_measurement_is_shown_with_comma_and_unit_that_do_not_part() -> None:
    assert shown(KINDS["temperature"], Decimal("37.2000")) == "37,2\u00a0°C"
    assert shown(KINDS["blood_pressure"], Decimal("138.0000"), Decimal("82.0000")) == "138/82\u00a0mmHg"
    assert shown(KINDS["pulse"], Decimal("72.0000")) == "72\u00a0per\u00a0minutt"


def test_a_value_from_elsewhere_with_more_decimals_is_not_rounded() -> None:
    assert shown(KINDS["pulse"], Decimal("72.5000")).startswith("72,5")


def test_a_curve_goes_from_left_to_right_and_up_when_the_value_goes_up() -> None:
    since = NOW - timedelta(days=14)
    low, high = Measured(since, Decimal(60)), Measured(NOW, Decimal(90))

    assert rules.curve([low, high], since, NOW) == ((0, rules.HEIGHT - rules.MARGIN), (rules.WIDTH, rules.MARGIN))


def test_a_steady_value_is_a_line_in_the_middle() -> None:
    points = rules.curve([Measured(NOW, Decimal(70)), Measured(NOW, Decimal(70))], NOW - timedelta(days=1), NOW)
    assert {y for _x, y in points} == {rules.HEIGHT // 2}


def test_a_curve_in_words_says_lowest_highest_and_last() -> None:
    said = rules.trend(KINDS["pulse"], [Decimal(n) for n in (88, 62, 72)], "72\u00a0per\u00a0minutt")
    assert said == "Puls: 3 målinger, lavest 62, høyest 88, siste 72\u00a0per\u00a0minutt"
