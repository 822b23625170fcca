"""The timeline: every order, dose and measurement of a span on one scale, and nothing that went wrong out of sight."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html

from journal.medication import Medicine
from journal.medication.rules import (
    EACH_DOSE,
    SPANS,
    DoseStatus,
    Reason,
    daily,
    date_ticks,
    drawn_first,
    when_needed,
    window_of,
    worst,
)
from journal.platform.clock import instant, local, local_date
from journal.platform.quantity import NBSP, Quantity
from tests import factories
from tests.conftest import Browser, World

ClientFor = Callable[..., Browser]
ONE = Quantity(Decimal(1), "tablett")
MG50, MG100 = (Quantity(Decimal(mg), "mg") for mg in (50, 100))
PARACETAMOL = Medicine("paracetamol", "Paracet", "tablett", strength="500 mg", route="peroralt", atc_code="N02BE01")
AT_8 = daily(ONE, [time(8)], strength_per_unit=MG50)
NOW = datetime.now(UTC)
TODAY = local_date(NOW)
ANY_TIME = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))


def day(ago: int, at: time = time(8)) -> datetime:
    return instant(TODAY - timedelta(days=ago), at)


@given(ANY_TIME, st.sampled_from(SPANS))
def test_a_span_is_whole_days_with_today_last(now: datetime, days: int) -> None:
    window = window_of(days, now)

    assert local(window.start).time() == local(window.end).time() == time.min
    assert (local_date(window.end) - local_date(window.start)).days == days
    assert now in window


@given(ANY_TIME, st.sampled_from(SPANS))
def test_the_dates_have_room_beside_each_other_on_a_telephone(now: datetime, days: int) -> None:
    ticks = date_ticks(days, now)
    assert len(ticks) <= 7
    assert ticks[0].x == 0
    assert all(right.x - left.x >= 1000 // 8 for left, right in pairwise(ticks))


@pytest.mark.parametrize(
    ("of_day", "shown"),
    [
        ("given given given_late", "given_late"),
        ("given not_given given", "not_given"),
        ("given missed not_given", "missed"),
        ("planned given", "given"),
        ("given partly", "partly"),
        ("held held", "held"),
        ("late missed", "missed"),
    ],
)
def test_the_mark_of_a_day_is_the_worst_of_it(of_day: str, shown: str) -> None:
    assert worst([DoseStatus(status) for status in of_day.split()]) == shown


def test_every_status_has_a_place_and_the_worst_lies_on_top() -> None:
    assert len({drawn_first(status) for status in DoseStatus}) == len(DoseStatus)
    assert max(DoseStatus, key=drawn_first) is DoseStatus.MISSED
    assert drawn_first(DoseStatus.NOT_GIVEN) > drawn_first(DoseStatus.GIVEN) > drawn_first(DoseStatus.PLANNED)


@pytest.fixture
def patient_id(world: World) -> UUID:
    return world.patient()


def ordered(world: World, patient_id: UUID, ago: int, **more: Any) -> dict[str, Any]:
    wanted = {"dosage": AT_8, "starts_at": day(ago), "planned_until": day(-7)} | more
    return factories.medication_request(world.builder, patient_id, world.lars, **wanted)


def seen(client_for: ClientFor, world: World, patient_id: UUID, days: int = 30) -> Any:
    answer = client_for(world.nina).get(f"/patients/{patient_id}/medication/timeline?days={days}")
    assert answer.status_code == 200
    return html.fromstring(answer.text)


def in_the_table(page: Any, name: str) -> str:
    (row,) = [row for row in page.xpath("//details//tbody/tr") if name in row.text_content()]
    return re.sub(r"\s+", " ", row.text_content().replace(NBSP, " ")).strip()


def test_a_bar_runs_from_start_to_stop_with_its_pause_and_its_changes(
    world: World, patient_id: UUID, client_for: ClientFor
) -> None:
    b, order = world.builder, ordered(world, patient_id, 15)
    held = factories.next_version(b, order, world.lars, "hold", "Lav puls", at=day(10))
    again = factories.next_version(b, held, world.lars, "resume", "Pulsen er fin", at=day(8))
    factories.next_version(b, again, world.lars, "stop", "Hjalp ikke", at=day(4))
    world.store()

    page = seen(client_for, world, patient_id)

    bars = [
        (bar.get("class"), float(bar.get("x")[:-1]), float(bar.get("x")[:-1]) + float(bar.get("width")[:-1]))
        for bar in page.xpath("//rect")
        if "bar" in bar.get("class", "")
    ]
    assert [kind for kind, *_ in bars] == ["bar", "bar held", "bar"]
    assert [round(end, 1) for _, _, end in bars[:2]] == [round(start, 1) for _, start, _ in bars[1:]]
    assert 45 < bars[0][1] < 55
    assert 82 < bars[2][2] < 90
    assert len(page.xpath("//line[@class='chg']")) == 4
    said = in_the_table(page, "metoprolol")
    for words in ("Pauset", "Lav puls", "Gjenopptatt", "Pulsen er fin", "Seponert", "Hjalp ikke"):
        assert words in said


def test_doses_are_counted_in_words_and_what_went_wrong_has_its_mark(
    world: World, patient_id: UUID, client_for: ClientFor
) -> None:
    b, order = world.builder, ordered(world, patient_id, 10)
    planned = factories.doses(b, order, AT_8, day(9, time.min), day(4, time.min))
    for number, dose in enumerate(planned[:4]):
        reason = Reason.REFUSED if number == 2 else None
        factories.administration(b, dose, world.nina, at=dose["due_at"], reason=reason)
    world.store()

    page = seen(client_for, world, patient_id)

    assert "Gitt 3, ikke gitt 1, ikke signert 1" in in_the_table(page, "metoprolol")
    marks = page.xpath("//div[@class='of']//g/@class")
    assert sorted(marks) == ["mark m-given"] * 3 + ["mark m-missed", "mark m-not-given"]


def test_as_needed_and_how_she_felt_stand_on_the_same_scale(
    world: World, patient_id: UUID, client_for: ClientFor
) -> None:
    b, needed = world.builder, when_needed(ONE, max_doses=4)
    order = ordered(world, patient_id, 20, medicine=PARACETAMOL, dosage=needed, planned_until=None)
    factories.as_needed_administration(b, order, world.nina, ONE, at=day(3))
    wrong = factories.as_needed_administration(b, order, world.nina, ONE, at=day(2))
    wrong |= {"in_error_at": day(1), "in_error_by": world.nina.actor.person_id, "in_error_reason": "Feil pasient"}
    factories.observation(b, patient_id, world.nina, "symptom", Decimal(7), at=day(3))
    factories.observation(b, patient_id, world.nina, "symptom", Decimal(2), at=day(3, time(9)))
    world.store()

    page = seen(client_for, world, patient_id)

    assert page.xpath("//div[@class='of']//g/@class") == ["mark m-prn"]
    assert "Gitt 1" in in_the_table(page, "paracetamol")
    assert "Plager: 2 målinger, lavest 2, høyest 7" in in_the_table(page, "Plager")
    (dose,) = page.xpath("//div[@class='of']//g/parent::svg/@x")
    first, _ = page.xpath("//circle/@cx")
    assert dose == first


@pytest.mark.parametrize("days", SPANS)
def test_a_dose_has_its_own_mark_in_a_week_and_a_day_has_one_beyond(
    world: World, patient_id: UUID, client_for: ClientFor, days: int
) -> None:
    thrice = daily(ONE, [time(8), time(14), time(20)])
    order = ordered(world, patient_id, 30, dosage=thrice)
    factories.doses(world.builder, order, thrice, day(3, time.min), day(1, time.min))
    world.store()

    marks = seen(client_for, world, patient_id, days).xpath("//div[@class='of']//g")

    assert len(marks) == (6 if days <= EACH_DOSE else 2)


@pytest.mark.parametrize("days", ["0", "31", "-7", "en uke", "7.0"])
def test_other_spans_are_refused(world: World, patient_id: UUID, client_for: ClientFor, days: str) -> None:
    answer = client_for(world.nina).get(f"/patients/{patient_id}/medication/timeline?days={days}")
    assert answer.status_code == 422


def test_a_quarter_of_a_year_of_twelve_medicines_costs_what_one_does_and_is_one_look(
    world: World, client_for: ClientFor, count_queries: list[str], access_log: Callable[..., list[Any]]
) -> None:
    nina, counts = client_for(world.nina), []
    for number in (1, 12):
        patient_id = world.patient()
        for _ in range(number):
            order = ordered(world, patient_id, 80)
            factories.doses(world.builder, order, AT_8, day(80), day(0))
        world.store()
        count_queries.clear()
        assert nina.get(f"/patients/{patient_id}/medication/timeline?days=90").status_code == 200
        counts.append(len(count_queries))
        assert [(row.action, row.outcome) for row in access_log(patient_id)] == [("medication:read", "success")]

    assert counts[0] == counts[1] <= 8


def test_a_chart_with_nothing_says_so(world: World, patient_id: UUID, client_for: ClientFor) -> None:
    page = seen(client_for, world, patient_id)
    assert "Ingen legemidler eller målinger i perioden." in page.text_content()
