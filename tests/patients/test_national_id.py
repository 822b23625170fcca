"""Person numbers: kinds, check digits, the rule from 2032, synthetic numbers, and what never is read from them.

Numbers written here are synthetic or invalid. Where a number of the real series is needed it is made for somebody born
before 1900.
"""

import dataclasses
from datetime import date

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from journal.patients.national_id import (
    NationalId,
    NationalIdKind,
    NotANationalId,
    classify,
    grouped,
    looks_like_number,
    make_synthetic,
    organisation_number_valid,
)

BORN_LONG_AGO = st.dates(date(1854, 1, 1), date(1899, 12, 31))
SERIES_LONG_AGO = st.integers(500, 749)
BIRTH_DATES = st.dates(date(1920, 1, 1), date(2030, 12, 31))
INDIVIDUALS = st.integers(0, 999)


def complete(nine: str, remainder: int = 0) -> str | None:
    """Add check digits as the Tax Administration writes the rule: k1 leaves the remainder asked for, k2 leaves none."""
    sum1 = sum(int(d) * w for d, w in zip(nine, [3, 7, 6, 1, 8, 9, 4, 5, 2], strict=True))
    k1 = (11 + remainder - sum1 % 11) % 11
    if k1 == 10:
        return None
    sum2 = sum(int(d) * w for d, w in zip(nine + str(k1), [5, 4, 3, 2, 7, 6, 5, 4, 3, 2], strict=True))
    k2 = (11 - sum2 % 11) % 11
    return None if k2 == 10 else f"{nine}{k1}{k2}"


def number(born: date, individual: int, *, day: int = 0, month: int = 0, remainder: int = 0) -> str:
    """A number with day and month raised; skips the example where no such number exists."""
    made = complete(f"{born.day + day:02}{born.month + month:02}{born.year % 100:02}{individual:03}", remainder)
    assume(made is not None)
    assert made is not None
    return made


def refusal(text: str, *, synthetic_allowed: bool = True) -> str:
    with pytest.raises(NotANationalId) as refused:
        classify(text, synthetic_allowed=synthetic_allowed)
    return str(refused.value)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("14833800176", NationalIdKind.FNR),  # month + 80
        ("12705825562", NationalIdKind.FNR),  # month + 65
        ("41667987421", NationalIdKind.DNR),  # day + 40, month + 65
    ],
)
def test_synthetic_numbers_in_circulation_pass_in_test_and_not_in_production(text, kind):
    assert classify(text, synthetic_allowed=True) == NationalId(kind, text, synthetic=True, is_2032_type=False)
    assert "nummer for test" in refusal(text, synthetic_allowed=False)


@pytest.mark.parametrize("text", ["13057444850", "05076600324", "16811710205", "54453455453"])
@pytest.mark.parametrize("synthetic_allowed", [True, False])
def test_invalid_numbers_in_circulation_are_refused_with_a_sentence_and_without_the_number(text, synthetic_allowed):
    message = refusal(text, synthetic_allowed=synthetic_allowed)
    assert message.endswith(".") and not any(character.isdigit() for character in message)


@given(BORN_LONG_AGO, SERIES_LONG_AGO, st.booleans())
def test_an_ordinary_number_is_a_fodselsnummer(born, individual, synthetic_allowed):
    found = classify(number(born, individual), synthetic_allowed=synthetic_allowed)
    assert (found.kind, found.synthetic, found.is_2032_type) == (NationalIdKind.FNR, False, False)


@given(BORN_LONG_AGO, SERIES_LONG_AGO, st.booleans())
def test_a_day_raised_by_40_is_a_d_number(born, individual, synthetic_allowed):
    found = classify(number(born, individual, day=40), synthetic_allowed=synthetic_allowed)
    assert (found.kind, found.synthetic) == (NationalIdKind.DNR, False)


@given(BORN_LONG_AGO, SERIES_LONG_AGO)
def test_a_month_raised_by_40_is_an_h_number_in_production_and_synthetic_in_test(born, individual):
    text = number(born, individual, month=40)
    in_production, in_test = (classify(text, synthetic_allowed=allowed) for allowed in (False, True))
    assert (in_production.kind, in_production.synthetic) == (NationalIdKind.HNR, False)
    assert (in_test.kind, in_test.synthetic) == (NationalIdKind.FNR, True)


@given(BIRTH_DATES, INDIVIDUALS, st.sampled_from([65, 80]), st.sampled_from([0, 40]))
def test_months_raised_by_65_or_80_are_synthetic_and_refused_in_production(born, individual, month, day):
    text = number(born, individual, day=day, month=month)
    found = classify(text, synthetic_allowed=True)
    assert (found.kind, found.synthetic) == (NationalIdKind.DNR if day else NationalIdKind.FNR, True)
    assert "nummer for test" in refusal(text, synthetic_allowed=False)


@given(BIRTH_DATES, INDIVIDUALS)
def test_a_d_number_with_a_month_raised_by_40_is_synthetic_and_never_an_h_number(born, individual):
    text = number(born, individual, day=40, month=40)
    assert classify(text, synthetic_allowed=True).kind is NationalIdKind.DNR
    assert "nummer for test" in refusal(text, synthetic_allowed=False)


@given(st.integers(800_000_000, 999_999_999), st.booleans())
def test_eleven_digits_from_8_are_a_felles_hjelpenummer_whatever_date_they_seem_to_hold(nine, synthetic_allowed):
    text = complete(str(nine))
    assume(text is not None)
    found = classify(text, synthetic_allowed=synthetic_allowed)
    assert (found.kind, found.synthetic, found.is_2032_type) == (NationalIdKind.FHN, False, False)


@given(st.from_regex(r"[0-9]{12}", fullmatch=True))
def test_twelve_digits_are_a_duf_number(text):
    assert classify(text, synthetic_allowed=False).kind is NationalIdKind.DUF


@given(BIRTH_DATES, INDIVIDUALS, st.integers(1, 3), st.sampled_from([0, 40]))
def test_the_first_check_digit_may_leave_1_2_or_3_from_2032(born, individual, remainder, day):
    found = classify(number(born, individual, day=day, month=80, remainder=remainder), synthetic_allowed=True)
    assert found.is_2032_type


@given(BIRTH_DATES, INDIVIDUALS, st.integers(4, 10))
def test_no_other_remainder_is_allowed(born, individual, remainder):
    assert "Kontrollsifrene" in refusal(number(born, individual, month=80, remainder=remainder))


@given(BORN_LONG_AGO, SERIES_LONG_AGO, st.integers(1, 3))
def test_h_numbers_keep_the_old_rule(born, individual, remainder):
    text = number(born, individual, month=40, remainder=remainder)
    assert "Kontrollsifrene" in refusal(text, synthetic_allowed=False)


@given(st.integers(800_000_000, 999_999_999), st.integers(1, 3))
def test_felles_hjelpenummer_keep_the_old_rule(nine, remainder):
    text = complete(str(nine), remainder)
    assume(text is not None)
    assert "Kontrollsifrene" in refusal(text)


@given(BIRTH_DATES, INDIVIDUALS, st.integers(0, 3), st.integers(0, 10), st.integers(1, 9))
def test_one_wrong_digit_never_passes_also_by_the_2032_rule(born, individual, remainder, place, change):
    text = number(born, individual, month=80, remainder=remainder)
    wrong = text[:place] + str((int(text[place]) + change) % 10) + text[place + 1 :]
    refusal(wrong)


@given(BIRTH_DATES, INDIVIDUALS, st.integers(0, 3), st.integers(0, 9))
def test_two_digits_changed_round_never_pass_also_by_the_2032_rule(born, individual, remainder, place):
    text = number(born, individual, month=80, remainder=remainder)
    assume(text[place] != text[place + 1])
    refusal(text[:place] + text[place + 1] + text[place] + text[place + 2 :])


@pytest.mark.parametrize(
    "start", ["008138", "328138", "318438", "308238", "298239", "408138", "728138", "148038", "149338"]
)
def test_a_date_that_does_not_exist_is_refused(start):
    made = [text for n in range(1000) if (text := complete(f"{start}{n:03}"))]
    assert len(made) > 500
    for text in made:
        assert "dato som finnes" in refusal(text)


@pytest.mark.parametrize("start", ["298240", "298200", "698240", "318138", "308438"])
def test_a_date_that_exists_in_some_century_passes(start):
    made = [text for n in range(1000) if (text := complete(f"{start}{n:03}"))]
    assert len(made) > 500
    for text in made:
        classify(text, synthetic_allowed=True)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "1483380017",
        "1483380017x",
        "148338-00176",
        "١٤٨٣٣٨٠٠١٧٤",
        "14833800176\n",
        "+14833800176",
        "1" * 13,
        "²" * 11,
    ],
)
def test_what_is_not_eleven_or_twelve_digits_is_refused(text):
    refusal(text)


def test_spaces_between_the_digits_are_allowed():
    for text in ("148338 00176", "148338\N{NO-BREAK SPACE}00176", " 14 83 38 001 76 "):
        assert classify(text, synthetic_allowed=True).value == "14833800176"


@given(st.text(max_size=14) | st.from_regex(r"[0-9]{8,13}", fullmatch=True), st.booleans())
def test_no_text_makes_it_crash_and_no_refusal_repeats_the_text(text, synthetic_allowed):
    try:
        found = classify(text, synthetic_allowed=synthetic_allowed)
    except NotANationalId as refused:
        assert len(text) < 6 or text not in str(refused)
    else:
        assert found.value.isdigit()


def test_the_number_does_not_show_in_a_log_or_traceback():
    assert "14833800176" not in repr(classify("14833800176", synthetic_allowed=True))


def test_neither_sex_nor_birth_date_can_be_asked_of_a_number():
    assert [field.name for field in dataclasses.fields(NationalId)] == ["kind", "value", "synthetic", "is_2032_type"]
    assert not {name for name in dir(NationalId) if "birth" in name or "sex" in name or "gender" in name}


def test_numbers_are_grouped_six_and_five():
    assert grouped("14833800176") == "148338 00176"
    assert grouped("201234567890") == "201234567890"


@given(BIRTH_DATES, INDIVIDUALS)
def test_a_synthetic_number_is_valid_synthetic_and_begins_with_day_and_month_plus_80(born, individual):
    text = make_synthetic(born, individual)
    assume(text is not None)
    found = classify(text, synthetic_allowed=True)
    assert (found.kind, found.synthetic, found.is_2032_type) == (NationalIdKind.FNR, True, False)
    assert text.startswith(f"{born:%d}{born.month + 80}{born:%y}{individual:03}")


@given(BIRTH_DATES, INDIVIDUALS)
def test_no_synthetic_number_is_made_where_a_check_digit_would_be_ten(born, individual):
    assert make_synthetic(born, individual) == complete(f"{born:%d}{born.month + 80}{born:%y}{individual:03}")


def test_most_individual_numbers_can_be_used():
    made = [make_synthetic(date(1938, 3, 14), n) for n in range(1000)]
    assert "14833800176" in made
    assert 780 < sum(text is not None for text in made) < 880


@pytest.mark.parametrize("individual", [-1, 1000])
def test_an_individual_number_has_three_digits(individual):
    with pytest.raises(ValueError, match="three digits"):
        make_synthetic(date(1938, 3, 14), individual)


@pytest.mark.parametrize(
    "text",
    ["14833800176", "148338 00176", " 148338 00176 ", "148338-00176", "1483380017", "201234567890", "148338.00176"],
)
def test_a_search_for_a_number_is_known_right_or_wrong(text):
    assert looks_like_number(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Kari",
        "14.03.1938",
        "14 03 1938",
        "14-03-1938",
        "14031938",
        "Hansen 1938",
        "12345678",
        "1" * 14,
        "--------------",
    ],
)
def test_names_and_birth_dates_are_not_taken_for_numbers(text):
    assert not looks_like_number(text)


@pytest.mark.parametrize("text", ["974760673", "971032081", "889640782"])
def test_organisation_numbers_of_public_bodies_are_valid(text):
    assert organisation_number_valid(text)
    assert not organisation_number_valid(text[:8] + str((int(text[8]) + 1) % 10))


@pytest.mark.parametrize("text", ["", "123456785", "97476067", "9747606733", "974 760 673", "٩٧٤٧٦٠٦٧٣", "974760673\n"])
def test_other_texts_are_not_organisation_numbers(text):
    assert not organisation_number_valid(text)


def test_an_organisation_number_whose_check_digit_would_be_ten_does_not_exist():
    tens = [
        n for n in range(90_000_000, 90_000_200) if not any(organisation_number_valid(f"{n}{k}") for k in range(10))
    ]
    assert 10 < len(tens) < 30
