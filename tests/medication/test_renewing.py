"""What ends before the doctor comes again: listed a week ahead, and renewed together or not at all."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

import pytest

from journal.medication import Medication, Medicine
from journal.medication.errors import AlertsFound, OrderChanged
from journal.medication.rules import Course, Dosage, daily
from journal.medication.rules.renewal import AHEAD, end_of, is_to_end, last_day, until
from journal.platform.clock import local_date
from journal.platform.errors import Denied, Invalid
from tests import factories
from tests.conftest import Browser, World
from tests.medication.test_prescribe import PARACETAMOL
from tests.medication.test_sign import METOPROLOL, ONE, change, prescribe

WorkOf = Callable[..., Any]
ClientFor = Callable[..., Browser]
OMEPRAZOLE = Medicine("omeprazol", form="enterokapsel", strength="20 mg", route="peroralt", atc_code="A02BC01")
PENICILLIN = Medicine("fenoksymetylpenicillin", form="tablett", strength="660 mg", route="peroralt", atc_code="J01CE02")
PREDNISOLONE = Medicine("prednisolon", form="tablett", strength="5 mg", route="peroralt", atc_code="H02AB06")
END = datetime.fromisoformat("2026-11-30T23:00:00+00:00")
"""Midnight in Oslo, after 30 November."""


# The rules


def course(end: datetime | None) -> Dosage:
    return daily(ONE, [time(8)], course=Course(ends_at=end) if end else None)


@pytest.mark.parametrize(
    ("own", "of_course", "end"),
    [
        (None, None, None),
        (END, None, END),
        (None, END, END),
        (END, END - timedelta(days=1), END - timedelta(days=1)),
        (END - timedelta(days=2), END, END - timedelta(days=2)),
    ],
)
def test_an_order_ends_by_itself_or_by_its_course_whichever_is_first(
    own: datetime | None, of_course: datetime | None, end: datetime | None
) -> None:
    assert end_of(own, course(of_course)) == end


@pytest.mark.parametrize("day", [date(2026, 11, 30), date(2026, 3, 29), date(2026, 10, 25), date(2028, 2, 29)])
def test_the_last_day_is_a_whole_day_in_oslo(day: date) -> None:
    assert last_day(until(day)) == day
    assert last_day(until(day) + timedelta(minutes=1)) == day + timedelta(days=1)


@pytest.mark.parametrize(
    ("dosage", "antibiotic", "to_end"),
    [
        (daily(ONE, [time(8)]), False, False),
        (daily(ONE, [time(8)], course=Course(END - timedelta(days=5))), False, False),
        (daily(ONE, [time(8)], course=Course(ends_at=END)), False, True),
        (daily(ONE, [time(8)], course=Course(doses=10)), False, True),
        (daily(ONE, [time(8)]), True, True),
    ],
)
def test_a_course_ends_because_it_is_to_end(dosage: Dosage, antibiotic: bool, to_end: bool) -> None:
    assert is_to_end(dosage, antibiotic=antibiotic) is to_end


# The service


@pytest.fixture
def patient_id(world: World) -> UUID:
    return world.patient(none_known=True)


def ending(world: World, work_of: WorkOf, patient_id: UUID, medicine: Medicine, days: int, **more: Any) -> UUID:
    """An order that has its last day in so many days."""
    with work_of(world.lars) as work:
        end = until(local_date(work.now) + timedelta(days=days))
        return prescribe(work, patient_id, medicine=medicine, dosage=daily(ONE, [time(8)]), ends_at=end, **more)


def ending_course(world: World, work_of: WorkOf, patient_id: UUID, medicine: Medicine, days: int) -> UUID:
    """An order whose course has its last day in so many days."""
    with work_of(world.lars) as work:
        dosage = daily(ONE, [time(8)], course=Course(ends_at=until(local_date(work.now) + timedelta(days=days))))
        return prescribe(work, patient_id, medicine=medicine, dosage=dosage, use="2")


def renew(world: World, work_of: WorkOf, patient_id: UUID, *seen: tuple[UUID, int], days: int = 30) -> int:
    with work_of(world.lars) as work:
        return Medication(work).renew(patient_id, seen, local_date(work.now) + timedelta(days=days))


def last_dose(world: World, entry_id: UUID) -> tuple[int, date]:
    """How many doses are planned, and the day of the last."""
    found = world.migrator.execute(
        "SELECT count(*), max(due_at) FROM medication.dose WHERE request_entry_id = %s AND state = 'open'", (entry_id,)
    ).fetchone()
    assert found is not None
    return found[0], local_date(found[1])


def test_what_ends_within_a_week_is_listed_and_what_ends_later_is_not(
    world: World, work_of: WorkOf, patient_id: UUID
) -> None:
    soon = ending(world, work_of, patient_id, METOPROLOL, 3)
    ending(world, work_of, patient_id, PARACETAMOL, 20)
    ending(world, work_of, world.patient(), OMEPRAZOLE, 30)
    with work_of(world.lars) as work:
        prescribe(work, patient_id, medicine=OMEPRAZOLE, dosage=daily(ONE, [time(8)]))
        listed, orders = Medication(work).ending_soon(), Medication(work).orders_ending(patient_id)
        today = local_date(work.now)

    assert [(one.patient_id, one.orders, one.first_day) for one in listed] == [
        (patient_id, 1, today + timedelta(days=3))
    ]
    assert [(one.request_entry_id, one.last_day) for one in orders] == [(soon, today + timedelta(days=3))]
    assert timedelta(days=7) == AHEAD


def test_what_ends_because_it_is_to_end_is_listed_and_never_renewed_in_a_heap(
    world: World, work_of: WorkOf, client_for: ClientFor, patient_id: UUID
) -> None:
    """Seven days of penicillin, or of prednisolone, would be 30 with one tap."""
    goes_on = ending(world, work_of, patient_id, METOPROLOL, 3)
    courses = [ending_course(world, work_of, patient_id, medicine, 2) for medicine in (PENICILLIN, PREDNISOLONE)]
    with work_of(world.lars) as work:
        orders = {one.request_entry_id: one.renewable for one in Medication(work).orders_ending(patient_id)}
    page = client_for(world.lars).get(f"/patients/{patient_id}/medication/renew").text

    for course_of_days in courses:
        with pytest.raises(OrderChanged):
            renew(world, work_of, patient_id, (course_of_days, 1))
        assert f'value="{course_of_days}.1"' not in page

    assert orders == {goes_on: True, courses[0]: False, courses[1]: False}
    assert f'value="{goes_on}.1"' in page
    assert "Slutter som planlagt" in page and "fenoksymetylpenicillin" in page and "prednisolon" in page


def test_an_order_that_was_stopped_ends_no_more(world: World, work_of: WorkOf, patient_id: UUID) -> None:
    entry_id = ending(world, work_of, patient_id, METOPROLOL, 3)
    with work_of(world.lars) as work:
        Medication(work).stop(patient_id, entry_id, version=1, reason="Ferdig", code="A")

    with work_of(world.lars) as work:
        assert (Medication(work).ending_soon(), Medication(work).orders_ending(patient_id)) == ([], [])


def test_a_doctor_of_another_ward_is_told_of_nobody_here(world: World, work_of: WorkOf, patient_id: UUID) -> None:
    ending(world, work_of, patient_id, METOPROLOL, 3)
    other = factories.staff(world.builder, world.oslo, world.other_ward, "Ola Annen", "doctor")
    world.store()

    with work_of(other) as work:
        assert Medication(work).ending_soon() == []


def test_several_are_renewed_together_and_their_doses_go_on(world: World, work_of: WorkOf, patient_id: UUID) -> None:
    entries = [ending(world, work_of, patient_id, medicine, 2) for medicine in (METOPROLOL, OMEPRAZOLE)]
    before = [last_dose(world, entry_id) for entry_id in entries]

    assert renew(world, work_of, patient_id, *((entry_id, 1) for entry_id in entries)) == 2

    with work_of(world.lars) as work:
        history = Medication(work).history(patient_id, entries[0])
        assert Medication(work).orders_ending(patient_id) == []
    assert [version.version for version in history] == [2, 1]
    assert str(history[0].change_reason).startswith("Fornyet til og med ")
    for entry_id, (count, day) in zip(entries, before, strict=True):
        assert last_dose(world, entry_id)[0] > count
        assert last_dose(world, entry_id)[1] > day


def test_one_that_was_changed_since_stops_them_all(world: World, work_of: WorkOf, patient_id: UUID) -> None:
    first, second = (ending(world, work_of, patient_id, medicine, 2) for medicine in (METOPROLOL, OMEPRAZOLE))
    with work_of(world.lars) as work:
        change(work, patient_id, second, version=1, dosage=daily(ONE, [time(20)]), reason="Kveld")

    with pytest.raises(OrderChanged):
        renew(world, work_of, patient_id, (first, 1), (second, 1))

    with work_of(world.lars) as work:
        assert len(Medication(work).history(patient_id, first)) == 1


def test_an_alert_she_has_not_answered_hinders_and_is_said_beforehand(
    world: World, work_of: WorkOf, patient_id: UUID
) -> None:
    """She became allergic after it was ordered: the course that ends is not carried on in a heap."""
    one, two = ending(world, work_of, patient_id, METOPROLOL, 2), ending(world, work_of, patient_id, OMEPRAZOLE, 2)
    more = {"code_system": "ATC", "code": "C07AB02", "reaction": "anafylaksi", "severity": "severe"}
    factories.allergy(world.builder, patient_id, world.nina, "Metoprolol", **more)
    world.store()

    with work_of(world.lars) as work:
        day = local_date(work.now) + timedelta(days=30)
        reviewed = Medication(work).review_renewal(patient_id, [(one, 1), (two, 1)], day)

    hindered = {renewal.order.request_entry_id: renewal.hindered for renewal in reviewed}
    assert hindered[two] == ()
    assert any("Allergi mot Metoprolol" in text for text in hindered[one])
    with pytest.raises(AlertsFound):
        renew(world, work_of, patient_id, (two, 1), (one, 1))
    with work_of(world.lars) as work:
        assert len(Medication(work).history(patient_id, two)) == 1, "all or none"


def test_what_she_answered_when_she_ordered_it_is_not_asked_anew(
    world: World, work_of: WorkOf, patient_id: UUID
) -> None:
    ending(world, work_of, patient_id, METOPROLOL, 20)
    again = ending(world, work_of, patient_id, METOPROLOL, 2)
    with work_of(world.lars) as work:
        told = Medication(work).history(patient_id, again)[0].overridden

    assert told
    assert renew(world, work_of, patient_id, (again, 1)) == 1
    with work_of(world.lars) as work:
        assert Medication(work).history(patient_id, again)[0].overridden == told


@pytest.mark.parametrize("days", [-1, 1])
def test_an_end_that_is_past_or_no_later_is_refused(world: World, work_of: WorkOf, patient_id: UUID, days: int) -> None:
    entry_id = ending(world, work_of, patient_id, METOPROLOL, 2)

    with pytest.raises(Invalid) as refused:
        renew(world, work_of, patient_id, (entry_id, 1), days=days)

    assert list(refused.value.errors) == ["last_day"]


def test_a_nurse_renews_nothing(world: World, work_of: WorkOf, patient_id: UUID) -> None:
    entry_id = ending(world, work_of, patient_id, METOPROLOL, 2)

    with pytest.raises(Denied), work_of(world.nina) as work:
        Medication(work).renew(patient_id, [(entry_id, 1)], local_date(work.now) + timedelta(days=9))


# The pages


def test_all_are_looked_over_and_then_signed(
    world: World, work_of: WorkOf, client_for: ClientFor, patient_id: UUID
) -> None:
    entries = [ending(world, work_of, patient_id, medicine, 2) for medicine in (METOPROLOL, OMEPRAZOLE)]
    lars, url = client_for(world.lars), f"/patients/{patient_id}/medication/renew"
    assert str(patient_id) in lars.get("/signing").text
    listed = [f"{entry_id}.1" for entry_id in entries]

    none = lars.act(f"{url}/review", {"listed[]": listed, "last_day": "31.12.2099"})
    shown = lars.act(f"{url}/review", {"listed[]": listed, "last_day": "31.12.2099", "all": "true"})
    wrong = lars.act(f"{url}/review", {"listed[]": listed, "orders[]": listed[:1], "last_day": "i morgen"})
    signed = lars.act(url, {"orders[]": listed, "last_day": "31.12.2099"})

    assert (none.status_code, shown.status_code, wrong.status_code, signed.status_code) == (422, 200, 422, 303)
    assert "Velg minst ett legemiddel." in none.text
    assert "Signer 2 fornyelser" in shown.text
    assert shown.text.count("til og med 31.12.2099") == 2
    assert 'value="i morgen"' in wrong.text
    assert wrong.text.count(" checked") == 1
    assert "Ingen ordinasjoner slutter" in lars.get(url).text
