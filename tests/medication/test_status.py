from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journal.medication.rules import (
    OFFERED,
    ORDINARY,
    TIME_CRITICAL,
    AmountRange,
    DoseStatus,
    ImplausibleValue,
    OrderStatus,
    Reason,
    Result,
    SignedState,
    StripDose,
    TimeInFuture,
    ValueRequirement,
    as_needed_room,
    daily,
    describe,
    dose_status,
    effective_time,
    glucose,
    picture,
    pulse,
    slot_of,
    strip,
    suggested_reason,
    systolic,
    tolerance_for,
    when_needed,
    window_around,
)
from journal.medication.service.in_use import _mark
from journal.platform.clock import instant
from journal.platform.quantity import NBSP, Quantity

TODAY = date(2026, 11, 22)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def at(clock: str, day: date = TODAY) -> datetime:
    return instant(day, time.fromisoformat(clock))


def tablets(number: int) -> Quantity:
    return Quantity(Decimal(number), "tablett")


def mg(number: int) -> Quantity:
    return Quantity(Decimal(number), "mg")


def plain(text: str) -> str:
    return text.replace(NBSP, " ")


DUE = at("08:00")


# Late and missed


@pytest.mark.parametrize(
    ("now", "status", "said"),
    [
        ("06:59", DoseStatus.PLANNED, "planlagt 08.00"),
        ("07:00", DoseStatus.READY, "om 1 t"),
        ("07:52", DoseStatus.READY, "om 8 min"),
        ("08:00", DoseStatus.READY, "klar nå"),
        ("09:00", DoseStatus.READY, "klar nå"),
        ("09:01", DoseStatus.LATE, "1 t 1 min forsinket"),
        ("19:59", DoseStatus.LATE, "11 t 59 min forsinket"),
        ("20:00", DoseStatus.MISSED, "ikke signert"),
    ],
)
def test_an_unsigned_dose_is_planned_ready_late_and_missed(now, status, said):
    assert dose_status(DUE, at(now), None) is status
    assert describe(status, DUE, at(now)) == said


def test_a_time_critical_dose_is_late_after_half_an_hour():
    status = dose_status(DUE, at("08:52"), None, tolerance=TIME_CRITICAL)
    assert (status, describe(status, DUE, at("08:52"))) == (DoseStatus.LATE, "52 min forsinket")
    assert dose_status(DUE, at("07:29"), None, tolerance=TIME_CRITICAL) is DoseStatus.PLANNED


@pytest.mark.parametrize(("exact", "critical"), [(True, False), (False, True), (True, True)])
def test_exact_and_time_critical_doses_have_the_narrow_tolerance(exact, critical):
    assert tolerance_for(exact=exact, time_critical=critical) is TIME_CRITICAL


def test_other_doses_have_the_ordinary_tolerance():
    assert tolerance_for(exact=False, time_critical=False) is ORDINARY


@pytest.mark.parametrize(
    ("gap", "missed_after"),
    [
        (4 * HOUR, 4 * HOUR),
        (12 * HOUR, 12 * HOUR),
        (24 * HOUR, 12 * HOUR),
        (48 * HOUR, 24 * HOUR),
        (168 * HOUR, 84 * HOUR),
        (None, 12 * HOUR),
    ],
)
def test_a_dose_is_missed_at_the_next_one_or_half_way_to_it_but_not_before_twelve_hours(gap, missed_after):
    next_due_at = DUE + gap if gap else None
    just_before, just_then = DUE + missed_after - MINUTE, DUE + missed_after
    assert dose_status(DUE, just_before, None, next_due_at=next_due_at) is DoseStatus.LATE
    assert dose_status(DUE, just_then, None, next_due_at=next_due_at) is DoseStatus.MISSED


def test_a_dose_that_is_long_late_is_counted_in_days():
    assert describe(DoseStatus.LATE, DUE, DUE + 50 * HOUR) == "2 døgn forsinket"


def test_a_dose_tomorrow_names_the_day():
    assert describe(DoseStatus.PLANNED, DUE + 24 * HOUR, DUE) == "planlagt i morgen 08.00"


# Paused and stopped orders


@pytest.mark.parametrize(
    ("order", "status", "said"),
    [
        (OrderStatus.ON_HOLD, DoseStatus.HELD, "pauset"),
        (OrderStatus.STOPPED, DoseStatus.STOPPED, "skal ikke gis"),
        (OrderStatus.COMPLETED, DoseStatus.STOPPED, "skal ikke gis"),
        (OrderStatus.ENTERED_IN_ERROR, DoseStatus.STOPPED, "skal ikke gis"),
    ],
)
@pytest.mark.parametrize("now", ["06:00", "08:00", "10:00", "23:00"])
def test_a_dose_of_an_order_that_is_not_active_is_never_ready_nor_late(order, status, said, now):
    assert dose_status(DUE, at(now), None, order_status=order) is status
    assert describe(status, DUE, at(now)) == said


def test_a_dose_missed_before_the_pause_stays_missed():
    paused = {"order_status": OrderStatus.ON_HOLD, "order_status_since": at("08:31")}
    yesterday = DUE - 24 * HOUR
    assert dose_status(yesterday, at("09:00"), None, **paused) is DoseStatus.MISSED
    assert dose_status(DUE, at("09:00"), None, **paused) is DoseStatus.HELD


# Signed


@pytest.mark.parametrize(
    ("given_at", "status", "said"),
    [
        ("06:59", DoseStatus.GIVEN_EARLY, "gitt for tidlig 06.59"),
        ("07:00", DoseStatus.GIVEN, "gitt 07.00"),
        ("08:20", DoseStatus.GIVEN, "gitt 08.20"),
        ("09:00", DoseStatus.GIVEN, "gitt 09.00"),
        ("09:01", DoseStatus.GIVEN_LATE, "gitt for sent 09.01"),
    ],
)
@pytest.mark.parametrize("order", OrderStatus)
def test_a_given_dose_is_given_whatever_became_of_the_order(given_at, status, said, order):
    signed = SignedState(Result.TAKEN, at(given_at))
    assert dose_status(DUE, at("22:00"), signed, order_status=order) is status
    assert describe(status, DUE, at("22:00"), signed) == said


def test_a_dose_given_yesterday_names_the_day():
    signed = SignedState(Result.TAKEN, DUE - 24 * HOUR)
    assert describe(DoseStatus.GIVEN, DUE - 24 * HOUR, DUE, signed) == "gitt i går 08.00"


def test_a_dose_given_in_the_hour_that_comes_twice_says_which():
    night = datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    said = describe(DoseStatus.GIVEN, night, night + HOUR, SignedState(Result.TAKEN, night))
    assert said == "gitt 02.30 (vintertid)"


@pytest.mark.parametrize(
    ("signed", "status", "said"),
    [
        (SignedState(Result.REFUSED, DUE, Reason.REFUSED), DoseStatus.NOT_GIVEN, "ikke gitt – ville ikke"),
        (SignedState(Result.NOT_GIVEN, DUE, Reason.OTHER, "På tur"), DoseStatus.NOT_GIVEN, "ikke gitt – på tur"),
        (SignedState(Result.NOT_GIVEN, DUE), DoseStatus.NOT_GIVEN, "ikke gitt"),
        (SignedState(Result.PARTLY_TAKEN, DUE, Reason.PARTLY), DoseStatus.PARTLY, "delvis gitt 08.00"),
        (
            SignedState(Result.PARTLY_TAKEN, DUE, Reason.VOMITED_AFTER),
            DoseStatus.PARTLY,
            "delvis gitt 08.00 – kaster opp etter inntak",
        ),
    ],
)
def test_a_dose_not_taken_in_full_says_why(signed, status, said):
    assert dose_status(DUE, at("08:10"), signed) is status
    assert describe(status, DUE, at("08:10"), signed) == said


def test_every_status_has_words():
    signed = SignedState(Result.TAKEN, DUE)
    for status in DoseStatus:
        unsigned = status in set(DoseStatus) - {DoseStatus.GIVEN, DoseStatus.GIVEN_EARLY, DoseStatus.GIVEN_LATE}
        assert describe(status, DUE, DUE, None if unsigned else signed)


def test_nothing_can_be_given_later_than_now():
    now = at("08:00")
    assert effective_time(None, now) == now
    assert effective_time(now, now) == now
    assert effective_time(now - HOUR, now) == now - HOUR
    with pytest.raises(TimeInFuture, match="ikke kommet ennå"):
        effective_time(now + timedelta(seconds=1), now)


# Rounds


def test_a_dose_belongs_to_the_slot_of_its_hour_in_oslo():
    assert [slot_of(at(clock)) for clock in ("08:00", "08:59", "09:00", "00:30")] == ["08", "08", "09", "00"]


def test_both_the_hours_called_02_are_the_same_slot():
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert slot_of(first) == slot_of(first + HOUR) == "02"


# As needed

FOUR_A_DAY = when_needed(AmountRange(tablets(1), tablets(2)), max_doses=4, least_interval=4 * HOUR)


def room(dosage, *given: str | datetime, now="12:00", number=1, wanted=None):
    doses = [(at(when) if isinstance(when, str) else when, tablets(number)) for when in given]
    return as_needed_room(dosage, doses, at(now), wanted=wanted)


def test_there_is_room_when_nothing_was_given():
    assert room(FOUR_A_DAY).allowed
    assert (room(FOUR_A_DAY).reason, room(FOUR_A_DAY).next_at, room(FOUR_A_DAY).given_last_24h) == (None, None, 0)


def test_too_soon_after_the_last_dose_there_is_no_room_until_the_interval_has_passed():
    closed = room(FOUR_A_DAY, "08:20", now="12:19")
    assert plain(closed.reason) == "Det skal gå minst 4 timer mellom dosene. Neste tidligst kl. 12.20."
    assert (closed.allowed, closed.next_at) == (False, at("12:20"))
    assert room(FOUR_A_DAY, "08:20", now="12:20").allowed


def test_the_fifth_dose_of_four_waits_until_the_first_is_24_hours_old():
    doses = [at("16:10") - 24 * HOUR, at("21:00") - 24 * HOUR, "03:00", "07:30"]
    closed = room(FOUR_A_DAY, *doses)
    assert closed.reason == "Gitt 4 ganger siste 24 timer, og det er det meste. Neste tidligst kl. 16.10."
    assert (closed.next_at, closed.given_last_24h, closed.amount_last_24h) == (at("16:10"), 4, tablets(4))
    assert room(FOUR_A_DAY, *doses, now="16:10").allowed


def test_the_day_is_the_last_24_hours_and_does_not_begin_anew_at_midnight():
    one_a_day = when_needed(tablets(1), max_doses=1)
    closed = room(one_a_day, at("23:00") - 24 * HOUR, now="01:00")
    assert (closed.allowed, closed.next_at) == (False, at("23:00"))


def test_24_hours_are_24_hours_when_the_clock_is_changed():
    one_a_day = when_needed(tablets(1), max_doses=1)
    given = instant(date(2026, 10, 24), time(12))
    closed = as_needed_room(one_a_day, [(given, tablets(1))], given + 23 * HOUR)
    assert closed.next_at == given + 24 * HOUR
    assert closed.reason.endswith("Neste tidligst kl. 11.00.")


def test_the_daily_amount_is_reckoned_by_the_strength_of_the_product():
    four_grams = when_needed(tablets(2), max_amount=mg(4000), strength_per_unit=mg(500))
    doses = [at("14:00") - 24 * HOUR, "00:00", "05:00", "09:00"]
    closed = room(four_grams, *doses, number=2)
    assert plain(closed.reason) == "Gitt 4 000 mg siste 24 timer, og 4 000 mg er det meste. Neste tidligst kl. 14.00."
    assert closed.amount_last_24h == mg(4000)
    assert room(four_grams, *doses[1:], number=2).allowed


def test_there_may_be_room_for_the_least_dose_and_not_for_the_larger():
    dosage = when_needed(AmountRange(tablets(1), tablets(2)), max_amount=tablets(4))
    assert room(dosage, "08:00", "09:00", "10:00").allowed
    larger = room(dosage, "08:00", "09:00", "10:00", wanted=tablets(2))
    assert (larger.allowed, larger.next_at) == (False, at("08:00") + 24 * HOUR)
    assert plain(larger.reason).endswith("Neste tidligst i morgen kl. 08.00.")


def test_when_several_limits_close_the_last_to_open_decides():
    doses = [at("12:30") - 24 * HOUR, at("18:00") - 24 * HOUR, "00:00", "11:00"]
    assert room(FOUR_A_DAY, *doses).next_at == at("15:00")


def test_a_dose_in_another_unit_closes_the_room_until_somebody_has_reckoned():
    dosage = when_needed(tablets(1), max_amount=tablets(4))
    closed = as_needed_room(dosage, [(at("02:00"), Quantity(Decimal(10), "ml"))], at("12:00"))
    assert (closed.allowed, closed.next_at, closed.amount_last_24h) == (False, None, None)
    assert "annen enhet" in closed.reason


def test_more_than_the_daily_amount_never_gets_room():
    closed = room(when_needed(tablets(1), max_amount=tablets(4)), wanted=tablets(5))
    assert (closed.allowed, closed.next_at) == (False, None)


def test_a_fixed_dosage_has_no_room():
    with pytest.raises(ValueError, match="not as needed"):
        room(daily(tablets(1), [time(8)]))


@given(st.lists(st.integers(0, 48 * 60), max_size=12), st.integers(1, 6), st.integers(1, 8), st.integers(1, 10))
def test_when_the_room_says_next_it_is_open_then_and_not_a_minute_before(minutes, doses, hours, most):
    now = at("12:00")
    dosage = when_needed(tablets(1), max_doses=doses, least_interval=hours * HOUR, max_amount=tablets(most))
    given = [(now - ago * MINUTE, tablets(1)) for ago in minutes]
    first = as_needed_room(dosage, given, now)
    assert first.allowed == (first.next_at is None)
    if first.next_at is not None:
        assert as_needed_room(dosage, given, first.next_at).allowed
        assert not as_needed_room(dosage, given, first.next_at - MINUTE).allowed


# The picture


def test_the_picture_is_36_hours_and_eight_o_clock_stands_where_it_is_drawn():
    drawn = strip([StripDose(DUE, DoseStatus.READY, "klar nå")], at("08:52"))
    assert (drawn.now_x, drawn.midnight_x) == (580, 333)
    assert drawn.marks == ((556, DoseStatus.READY, "i dag kl. 08.00 klar nå"),)
    assert [tick.text for tick in drawn.ticks] == ["14", "18", "22", "08", "14", "18", "22"]


def test_the_picture_leaves_out_what_is_outside_it():
    edges = [at("12:00") - 24 * HOUR, at("12:00") - 24 * HOUR - MINUTE, at("23:59"), at("00:00") + 24 * HOUR]
    drawn = strip([StripDose(edge, DoseStatus.PLANNED, "planlagt") for edge in edges], at("08:52"))
    assert [(mark.x, mark.label) for mark in drawn.marks] == [
        (0, "i går kl. 12.00 planlagt"),
        (1000, "i dag kl. 23.59 planlagt"),
    ]


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 29), 35), (date(2026, 10, 25), 37), (TODAY, 36)])
def test_the_picture_holds_all_hours_in_order_on_the_days_the_clock_is_changed(day, hours):
    window = window_around(at("12:00", day))
    places = [window.x(window.start + step * HOUR) for step in range(hours + 1)]
    assert window.end - window.start == hours * HOUR
    assert (places[0], places[-1]) == (0, 1000)
    assert places == sorted(set(places))
    ticks = strip([], at("12:00", day)).ticks
    assert list(ticks) == sorted(ticks)


@given(st.datetimes(datetime(2020, 1, 1), datetime(2040, 12, 31), timezones=st.just(UTC)))
def test_now_is_always_in_the_picture_between_midnight_and_the_edge(now):
    drawn = strip([], now)
    assert now in drawn.window
    assert 0 < drawn.midnight_x <= drawn.now_x <= 1000


def test_a_symbol_is_drawn_once_for_all_but_what_a_nurse_wrote_is_never_kept():
    kept = picture._common_mark.cache_info
    now = at("08:52")
    common = StripDose(DUE, DoseStatus.NOT_GIVEN, describe(DoseStatus.NOT_GIVEN, DUE, now, REFUSED), common=True)
    assert strip([common], now).marks[0] is strip([common], now + MINUTE).marks[0]

    before, written = kept(), SignedState(Result.REFUSED, DUE, Reason.OTHER, "Ville ikke")
    own = _mark(_stored(written), now)
    assert (
        strip([own], now).marks[0].label
        == strip([common], now).marks[0].label
        == "i dag kl. 08.00 ikke gitt – ville ikke"
    )
    assert (own.common, kept().currsize) == (False, before.currsize)
    assert _mark(_stored(REFUSED), now) == common


REFUSED = SignedState(Result.REFUSED, DUE, Reason.REFUSED)


def _stored(signed: SignedState) -> list[str | bool | None]:
    """A dose at DUE, as the statement of the list gives it."""
    times = DUE, None, DUE - HOUR, DUE + HOUR
    said = (signed.result, signed.effective_at.isoformat(), signed.reason, signed.text or None)
    return [
        *(time and time.isoformat() for time in times),
        "open",
        None,
        *said,
        False,
        None,
        False,
        "municipality_unit",
    ]


# Reasons


def test_every_reason_has_a_text_of_its_own_and_a_national_result():
    assert len({reason.text for reason in Reason}) == len(Reason)
    assert Result.TAKEN not in {reason.result for reason in Reason}


def test_the_reasons_offered_are_those_of_the_display_rules_in_order():
    assert [reason.text for reason in OFFERED] == [
        "Ville ikke",
        "Sover",
        "Ikke til stede",
        "Delvis",
        "Lagt fram",
        "Innlagt",
        "Kvalme eller oppkast",
        "Kaster opp etter inntak",
        "Legemiddel mangler",
        "Faster",
        "Klinisk vurdering",
        "Annet",
    ]


def test_only_a_refusal_is_reported_as_refused():
    assert [reason for reason in Reason if reason.result is Result.REFUSED] == [Reason.REFUSED]


def test_only_other_needs_a_text_and_only_partly_an_amount():
    assert [reason for reason in Reason if reason.needs_text] == [Reason.OTHER]
    assert [reason for reason in Reason if reason.needs_amount] == [Reason.PARTLY]


def test_a_pulse_below_the_limit_suggests_that_reason():
    assert suggested_reason(pulse(Decimal(55)), Decimal(54)) == (Reason.BELOW_LIMIT, "Puls under 55")


@pytest.mark.parametrize("value", [None, Decimal(55), Decimal(80)])
def test_nothing_is_suggested_at_the_limit_above_it_or_without_a_value(value):
    assert suggested_reason(pulse(Decimal(55)), value) is None


def test_nothing_is_suggested_when_the_order_has_no_limit():
    assert suggested_reason(pulse(), Decimal(30)) is None


@pytest.mark.parametrize("value", ["19", "251", "7", "NaN", "Infinity"])
def test_a_value_no_living_person_has_is_refused_with_what_to_write(value):
    with pytest.raises(ImplausibleValue, match=r"^Puls må være et tall mellom 20 og 250\.$"):
        pulse(Decimal(55)).check(Decimal(value))


def test_a_limit_outside_the_plausible_is_refused():
    with pytest.raises(ValueError, match="Grensen for puls må være mellom 20 og 250"):
        pulse(Decimal(550))


@pytest.mark.parametrize("requirement", [pulse(Decimal(55)), pulse(), glucose(Decimal("4.5")), systolic(Decimal(100))])
def test_a_requirement_comes_back_from_json_as_it_was(requirement):
    assert ValueRequirement.from_json(requirement.to_json()) == requirement
