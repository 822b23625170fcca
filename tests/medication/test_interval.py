"""How near another dose a dose may be given without a prescriber, and what is stored when it is given all the same."""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from journal.medication import DueDose, Medication
from journal.medication.errors import ConfirmationMissing
from journal.medication.rules import Caution, Dosage, DoseStatus, daily, every_hours, on_weekdays, weekly
from journal.medication.rules.interval import next_from, only_on_its_day, too_near, too_near_text
from journal.medication.rules.parts import Weekday
from journal.medication.service.near import Agreed
from journal.platform.clock import hhmm
from journal.platform.errors import Invalid
from journal.platform.quantity import Quantity
from tests.conftest import Browser, World
from tests.medication.test_sign import doses, order

WorkOf = Callable[..., Any]
ClientFor = Callable[..., Browser]
ONE = Quantity(Decimal(1), "tablett")
DAY = datetime(2026, 11, 23, tzinfo=UTC)  # a Monday; Oslo is an hour ahead


def at(hours: float) -> datetime:
    return DAY + timedelta(hours=hours)


TWICE = daily(ONE, [time(9), time(21)])
THRICE = daily(ONE, [time(9), time(15), time(21)])
METHOTREXATE = weekly(ONE, Weekday.MONDAY, time(9))


@pytest.mark.parametrize(
    ("dosage", "due", "before", "after", "given", "when", "earliest"),
    [
        # Twelve hours between them: six are enough, and a minute less is not.
        (TWICE, 20, 8, 32, [14], 20, None),
        (TWICE, 20, 8, 32, [14.5], 20, 20.5),
        # Counted from when it was given: the morning's at half past six in the evening puts the evening's off till past midnight.
        (TWICE, 20, 8, 32, [18.5], 20, 24.5),
        # One that is signed afterwards is held against those that came later.
        (TWICE, 8, -4, 20, [20], 15, 26),
        (TWICE, 8, -4, 20, [20], 14, None),
        # Unequal times: half of the time to the one before this.
        (THRICE, 14, 8, 20, [11], 14, None),
        (THRICE, 14, 8, 20, [11.5], 14, 14.5),
        # The first of a new version: half of what is usual in a day, or of the time to the next where that is less.
        (TWICE, 8, None, 20, [3], 8, 9),
        (TWICE, 8, None, None, [3], 8, 9),
        (TWICE, 8, None, 14, [4], 8, None),
        (every_hours(ONE, 72), 80, None, None, [50], 80, 86),
        # Nothing was given: nothing stands in the way.
        (TWICE, 20, 8, 32, [], 20, None),
    ],
)
def test_a_dose_is_not_given_nearer_another_than_half_the_interval(
    dosage: Dosage,
    due: float,
    before: float | None,
    after: float | None,
    given: list[float],
    when: float,
    earliest: Any,
) -> None:
    found = too_near(
        dosage,
        at(due),
        at(when),
        previous_due_at=None if before is None else at(before),
        next_due_at=None if after is None else at(after),
        given=[at(each) for each in given],
    )

    assert (found and found.earliest) == (None if earliest is None else at(earliest))


@pytest.mark.parametrize(
    ("when", "refused", "earliest"), [(8, False, 0), (22.9, False, 0), (23, True, 176), (-2, True, -1)]
)
def test_a_weekly_medicine_is_given_on_its_day_in_oslo_alone(when: float, refused: bool, earliest: float) -> None:
    found = too_near(METHOTREXATE, at(8), at(when), previous_due_at=at(-160), next_due_at=at(176), given=[])

    assert (found is not None) is refused
    assert found is None or (found.given_at, found.earliest) == (None, at(earliest))


def test_one_day_a_week_is_rare_and_two_are_not() -> None:
    twice = on_weekdays(ONE, [Weekday.MONDAY, Weekday.THURSDAY], [time(9)])
    assert [only_on_its_day(each) for each in (METHOTREXATE, twice, TWICE)] == [True, False, False]
    assert [only_on_its_day(every_hours(ONE, hours)) for hours in (167, 168)] == [False, True]


def test_the_next_of_a_late_dose_is_half_the_interval_away_and_never_before_it_is_ready() -> None:
    hour = timedelta(hours=1)
    assert next_from(at(18.5), at(8), at(20), hour) == at(24.5)
    assert next_from(at(10), at(8), at(20), hour) == at(19)
    assert next_from(at(10), at(8), None, hour) is None


def test_the_sentence_says_when_and_what_the_way_out_is() -> None:
    near = too_near(TWICE, at(20), at(20), previous_due_at=at(8), next_due_at=at(32), given=[at(18.5)])
    rare = too_near(METHOTREXATE, at(8), at(30), previous_due_at=None, next_due_at=None, given=[])
    assert near and rare
    assert too_near_text(near, at(20)) == (
        "Forrige dose ble gitt kl. 19.30. Denne kan tidligst gis i morgen kl. 01.30. Skal den gis nå, må en lege ha bestemt det."
    )
    assert too_near_text(rare, at(30)).startswith("Dosen skal bare gis på dagen sin. Skal")


@pytest.fixture
def second(world: World, work_of: WorkOf) -> DueDose:
    """The second of an hourly order; the first is given just now."""
    patient_id = world.patient()
    order(world, work_of, patient_id)
    first, second = doses(world, work_of, patient_id)[:2]
    give(world, work_of, first)
    return second


def give(world: World, work_of: WorkOf, dose: DueDose, **more: Any) -> UUID:
    with work_of(world.nina) as work:
        said = {"request_version": dose.version, "confirmed": list(dose.cautions)} | more
        signed: UUID = Medication(work).sign_given(dose.patient_id, dose.id, **said)
    return signed


def stored(db: Any, query: str, dose: DueDose) -> list[Any]:
    rows: list[Any] = db.execute(query, (dose.patient_id,)).fetchall()
    return rows


def test_a_dose_too_near_is_refused_with_when_it_may_be_given(world: World, work_of: WorkOf, second: DueDose) -> None:
    for confirmed in ([], [Caution.TOO_NEAR]):
        with pytest.raises(ConfirmationMissing) as refused:
            give(world, work_of, second, confirmed=[*second.cautions, *confirmed])
        assert "Denne kan tidligst gis kl. " in str(refused.value.detail)
        assert Caution.TOO_NEAR in dict(refused.value.fields["cautions"])
    assert doses(world, work_of, second.patient_id)[1].signed is None


def test_with_the_prescriber_named_it_is_signed_and_he_is_asked_to_confirm(
    world: World, work_of: WorkOf, second: DueDose, migrator: Any
) -> None:
    with work_of(world.nina) as work:
        agreed = Agreed(world.lars.actor.person_id, work.now)
    give(world, work_of, second, confirmed=[*second.cautions, Caution.TOO_NEAR], agreed=agreed)

    assert doses(world, work_of, second.patient_id)[1].status in (DoseStatus.GIVEN, DoseStatus.GIVEN_EARLY)
    asked = stored(migrator, "SELECT what FROM care.task WHERE patient_id = %s AND kind = 'clearing'", second)
    assert len(asked) == 1
    assert str(asked[0][0]).startswith("Lars Haugen: bekreft at du kl. ")


def test_nobody_but_a_prescriber_is_named(world: World, work_of: WorkOf, second: DueDose) -> None:
    with work_of(world.nina) as work:
        agreed = Agreed(world.nina.actor.person_id, work.now)
    with pytest.raises(Invalid):
        give(world, work_of, second, confirmed=[*second.cautions, Caution.TOO_NEAR], agreed=agreed)


def test_what_was_given_too_near_is_never_lost_and_is_an_incident(
    world: World, work_of: WorkOf, second: DueDose, migrator: Any
) -> None:
    give(world, work_of, second, confirmed=[*second.cautions, Caution.TOO_NEAR], agreed=Agreed(fact=True))

    assert doses(world, work_of, second.patient_id)[1].signed is not None
    assert len(stored(migrator, "SELECT 1 FROM care.incident WHERE patient_id = %s", second)) == 1
    told = stored(migrator, "SELECT 1 FROM care.task WHERE patient_id = %s AND kind = 'prescriber'", second)
    assert len(told) == 1


def test_a_signature_that_was_a_mistake_stands_in_nobodys_way(world: World, work_of: WorkOf) -> None:
    patient_id = world.patient()
    order(world, work_of, patient_id)
    first, second = doses(world, work_of, patient_id)[:2]
    signed = give(world, work_of, first)
    with work_of(world.nina) as work:
        Medication(work).correct(patient_id, signed, reason="Feil")

    give(world, work_of, second)


def test_the_card_asks_who_decided_it_and_signs_in_the_second_step(
    world: World, second: DueDose, client_for: ClientFor
) -> None:
    nina = client_for(world.nina)
    url = f"/patients/{second.patient_id}/doses/{second.id}/given?slot={second.slot}"
    form = {"request_version": str(second.version), "confirmed[]": [each.value for each in second.cautions]}

    refused = nina.act(url, form)

    page = refused.get_data(as_text=True)
    assert refused.status_code == 422
    assert "Hvem har bestemt det?" in page
    assert "Lars Haugen" in page
    said = {"prescriber_id": str(world.lars.actor.person_id), "said_time": hhmm(datetime.now(UTC))}
    answer = nina.act(url, form | said | {"confirmed[]": [*form["confirmed[]"], "too-near"]})
    assert answer.status_code == 303


def test_a_late_dose_says_when_the_next_may_be_given(world: World, work_of: WorkOf, client_for: ClientFor) -> None:
    patient_id = world.patient()
    with work_of(world.nina) as work:
        began = work.now - timedelta(hours=3)
    order(world, work_of, patient_id, dosage=every_hours(ONE, 8), starts_at=began)
    late = doses(world, work_of, patient_id)[0]
    assert late.status is DoseStatus.LATE

    page = client_for(world.nina).get(f"/round?patient={patient_id}&slot={late.slot}").get_data(as_text=True)

    # Half of eight hours from now, and an hour before its time, whichever is later: both are four hours away.
    assert "Neste dose tidligst " in page
