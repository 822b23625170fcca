"""Measurements in the chart: recorded, read, corrected, and only where there is a ground."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from journal.observations import Observations
from journal.platform.errors import Conflict, Denied, Invalid, NoGround


def test_the_newest_of_each_kind_is_the_latest_in_one_statement(
    world: Any, work_of: Any, count_queries: list[str]
) -> None:
    kari, ola = world.patient(), world.patient()
    with work_of(world.nina) as work:
        observations = Observations(work)
        observations.record(kari, "pulse", Decimal(70), effective_at=work.now - timedelta(hours=2))
        observations.record(kari, "pulse", Decimal(80), effective_at=work.now - timedelta(hours=1))
        observations.record(kari, "weight", Decimal("64.5"))
        observations.record(ola, "blood_pressure", Decimal(140), value2=Decimal(90))

    with work_of(world.nina) as work:
        observations = Observations(work)
        observations.latest([kari, ola])
        count_queries.clear()
        latest = observations.latest([kari, ola])
        only_pulse = observations.latest([kari, ola], ["pulse"])

    assert len(count_queries) == 2
    assert {code: m.text for code, m in latest[kari].items()} == {
        "pulse": "80\u00a0per\u00a0minutt",
        "weight": "64,5\u00a0kg",
    }
    assert latest[ola]["blood_pressure"].value2 == 90
    assert only_pulse[ola] == {} and set(only_pulse[kari]) == {"pulse"}


def test_a_series_is_oldest_first_and_leaves_out_what_is_old_or_in_error(world: Any, work_of: Any) -> None:
    kari = world.patient()
    with work_of(world.nina) as work:
        observations = Observations(work)
        for days, pulse in ((20, 50), (3, 70), (1, 90)):
            observations.record(kari, "pulse", Decimal(pulse), effective_at=work.now - timedelta(days=days))
        wrong = observations.record(kari, "pulse", Decimal(200))
        observations.mark_entered_in_error(kari, wrong, "Feil pasient")

        (pulse_series,) = observations.series(kari, days=14)

        assert (pulse_series.latest.text, len(pulse_series.points)) == ("90\u00a0per\u00a0minutt", 2)
        assert pulse_series.trend.startswith("Puls: 2 målinger, lavest 70, høyest 90, siste 90")
        assert observations.recent(kari)[0].in_error_reason == "Feil pasient"


def test_a_measurement_of_the_future_is_refused(world: Any, work_of: Any) -> None:
    kari = world.patient()
    with pytest.raises(Invalid) as refusal, work_of(world.nina) as work:
        Observations(work).record(kari, "pulse", Decimal(70), effective_at=work.now + timedelta(minutes=1))
    assert "effective_at" in refusal.value.errors


def test_a_mistake_is_marked_once(world: Any, work_of: Any) -> None:
    kari = world.patient()
    with work_of(world.nina) as work:
        wrong = Observations(work).record(kari, "pulse", Decimal(70))
        Observations(work).mark_entered_in_error(kari, wrong, "Feil tall")
    with pytest.raises(Conflict), work_of(world.siri) as work:
        Observations(work).mark_entered_in_error(kari, wrong, "En gang til")


def test_another_municipality_does_not_mark_ours(world: Any, work_of: Any) -> None:
    kari = world.patient()
    with work_of(world.nina) as work:
        ours = Observations(work).record(kari, "pulse", Decimal(70))
    _also_at(world, kari)

    with pytest.raises(Denied), work_of(world.bodil) as work:
        Observations(work).mark_entered_in_error(kari, ours, "Feil")


def test_without_a_ground_nothing_is_read(world: Any, work_of: Any) -> None:
    kari = world.patient()
    with pytest.raises(NoGround), work_of(world.unn) as work:
        Observations(work).series(kari)


def test_the_page_records_and_shows_what_was_measured(world: Any, client_for: Callable[..., Any]) -> None:
    kari, nina = world.patient(), client_for(world.nina)
    address = f"/patients/{kari}/observations"

    assert "Ingen målinger er ført" in nina.get(address).text
    assert (
        nina.act(address, {"code": "temperature", "value": "37,2", "value2": "", "effective_at": ""}).status_code == 303
    )
    assert "37,2\u00a0°C" in nina.get(address).text


def test_what_was_typed_stands_when_the_value_cannot_be_true(world: Any, client_for: Callable[..., Any]) -> None:
    kari, nina = world.patient(), client_for(world.nina)
    sent = {"code": "pulse", "value": "7o", "value2": "", "effective_at": "22.11.2025 08.15"}

    answer = nina.act(f"/patients/{kari}/observations", sent)

    assert answer.status_code == 422
    assert "Puls må være et tall mellom 20 og 250." in answer.text
    assert 'value="7o"' in answer.text and 'value="22.11.2025 08.15"' in answer.text


def test_a_page_marks_a_mistake_and_keeps_it_in_sight(world: Any, client_for: Callable[..., Any], work_of: Any) -> None:
    kari, nina = world.patient(), client_for(world.nina)
    with work_of(world.nina) as work:
        wrong = Observations(work).record(kari, "pulse", Decimal(70))

    assert nina.act(f"/patients/{kari}/observations/{wrong}/in-error", {"reason": ""}).status_code == 422
    assert nina.act(f"/patients/{kari}/observations/{wrong}/in-error", {"reason": "Feil pasient"}).status_code == 303
    page = nina.get(f"/patients/{kari}/observations").text
    assert "Feil pasient" in page and "<s>70" in page


def test_a_stranger_is_refused(world: Any, client_for: Callable[..., Any]) -> None:
    kari = world.patient()
    assert client_for(world.unn).get(f"/patients/{kari}/observations").status_code == 403


def _also_at(world: Any, patient_id: UUID) -> None:
    from tests import factories

    factories.care_relationship(world.builder, patient_id, world.bodil, world.bodo_ward, since=_long_ago())
    world.store()


def _long_ago() -> Any:
    from datetime import UTC, datetime

    return datetime.now(UTC) - timedelta(days=30)
