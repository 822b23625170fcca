"""For every hour of the week somebody stands in, and nobody is let into a chart but who is named for the hour."""

import html
from collections.abc import Callable, Collection
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from journal.app import JournalApp
from journal.medication import Medication
from journal.medication.rules.parts import Weekday
from journal.medication.rules.rota import Row, minute_of_week, named
from journal.platform.caller import Known
from journal.platform.clock import local
from journal.platform.errors import Conflict, Invalid, NoGround
from journal.platform.work import Works
from journal.worker import SYSTEM
from tests import factories
from tests.conftest import Browser, World
from tests.factories import Staff
from tests.medication.test_door import after, back, let_pass, to_hospital
from tests.medication.test_signing_queue import name, other_doctor
from tests.medication.test_stand_in import above
from tests.medication.test_verbal import answer, make_overdue, queue, receive, waiting

__all__ = ["other_doctor"]
WorkOf = Callable[..., Any]
ClientFor = Callable[..., Browser]
NIGHT = (tuple(Weekday), time(16), time(8))
DAY = (tuple(Weekday), time(8), time(16))


@pytest.fixture
def patient_id(world: World) -> UUID:
    return world.patient(none_known=True)


@pytest.fixture
def works(app: JournalApp) -> Works:
    return app.works


@pytest.fixture
def third_doctor(world: World) -> Staff:
    made = factories.staff(world.builder, world.oslo, world.other_ward, "Vera Vikar", "doctor")
    world.store()
    return made


def row(who: Staff, days: tuple[Weekday, ...], starts: time, ends: time) -> Row:
    return Row(days, starts, ends, who.actor.person_id)


def save(
    world: World, work_of: WorkOf, rows: Collection[Row], otherwise: Staff | None = None, *, by: Staff | None = None
) -> None:
    with work_of(by or world.mona) as work:
        medication = Medication(work)
        version = medication.signing_rule().version
        person = otherwise.actor.person_id if otherwise else None
        medication.choose_signing_rule(version=version, within_hours=12, stand_in_id=person, rows=rows)


def now_and_later(now: Staff, later: Staff) -> list[Row]:
    """`now` has the hours around this one, `later` the other half of the day, every day."""
    from_hour = (local(datetime.now(UTC)) - timedelta(hours=6)).hour
    first, second = time(from_hour), time((from_hour + 12) % 24)
    return [row(now, tuple(Weekday), first, second), row(later, tuple(Weekday), second, first)]


def hand_over(works: Works) -> int:
    """What the worker does each minute."""
    with works.open(Known(SYSTEM)) as work:
        return Medication(work).hand_over()


def leaves(world: World, who: Staff) -> None:
    world.migrator.execute(
        "UPDATE municipalities.practitioner_role SET valid_until = now() WHERE practitioner_id = %s",
        (who.actor.person_id,),
    )


def test_the_database_and_the_rule_name_the_same_doctor_at_every_hour(
    world: World, work_of: WorkOf, other_doctor: Staff, third_doctor: Staff
) -> None:
    """Over the nights when the clocks change too; with one who has left, and one named by the unit above."""
    leaver = factories.staff(world.builder, world.oslo, world.ward, "Liv Sluttet", "doctor")
    world.store()
    weekend = ((Weekday.SATURDAY, Weekday.SUNDAY), time(10, 30), time(9, 15))
    save(world, work_of, [row(third_doctor, *weekend)], world.lars, by=above(world))
    save(world, work_of, [row(other_doctor, *NIGHT), row(leaver, (Weekday.TUESDAY,), time(8), time(12))])
    leaves(world, leaver)
    # The week of the autumn night, each quarter of an hour; the roles of the invented begin now.
    first = datetime(2027, 10, 29, tzinfo=UTC)
    with work_of(world.mona) as work:
        week = Medication(work).week_of_stand_ins()
        said = work.db.execute(
            sa.text(
                "SELECT t.at, s.id FROM generate_series(CAST(:first AS timestamptz), :first + interval '8 days', '15 minutes')"
                " AS t (at) LEFT JOIN LATERAL medication.stand_in_at(:unit, t.at) s ON true ORDER BY t.at"
            ),
            {"first": first, "unit": world.mona.actor.unit_id},
        ).all()

    expected = [named(week.rotas, minute_of_week(at), week.working) for at, _ in said]
    assert len(said) == 8 * 96 + 1
    assert [id for _, id in said] == [each.stand_in_id if each else None for each in expected]
    assert {id for _, id in said} == {who.actor.person_id for who in (other_doctor, third_doctor, world.lars)}
    assert week.left == ("Liv Sluttet",)


def test_hours_without_anybody_are_refused_and_said_unless_the_municipality_covers_them(
    world: World, work_of: WorkOf, other_doctor: Staff
) -> None:
    with pytest.raises(Invalid) as refused:
        save(world, work_of, [row(other_doctor, *NIGHT)])

    assert "Ingen er stedfortreder mandag 08.00–16.00, tirsdag 08.00–16.00" in str(
        refused.value.fields["errors"]["stand_in_id"][0]
    )
    with work_of(world.mona) as work:
        assert Medication(work).signing_rule().version == 0

    save(world, work_of, [], world.lars, by=above(world))
    save(world, work_of, [row(other_doctor, *NIGHT)])

    with work_of(world.mona) as work:
        assert Medication(work).week_of_stand_ins().open == ()


def test_one_hour_has_one_doctor_and_only_a_doctor_of_the_municipality_has_one(
    world: World, work_of: WorkOf, other_doctor: Staff
) -> None:
    two = [row(other_doctor, *NIGHT), row(world.lars, (Weekday.FRIDAY,), time(7), time(20))]
    with pytest.raises(Invalid) as twice:
        save(world, work_of, two, world.lars)
    for nobody in (world.nina, world.bodil):
        with pytest.raises(Invalid):
            save(world, work_of, [row(nobody, *NIGHT)], world.lars)

    assert "fredag 07.00–08.00" in str(twice.value.fields["errors"]["windows"][0])


def test_an_order_goes_to_whoever_has_the_hour_when_its_limit_passes_and_to_no_other(
    world: World, work_of: WorkOf, patient_id: UUID, other_doctor: Staff, third_doctor: Staff
) -> None:
    """Received now with a limit of twelve hours: it passes in the other half of the day."""
    save(world, work_of, now_and_later(third_doctor, other_doctor))
    receive(world, work_of, patient_id)
    given = world.migrator.execute(
        "SELECT practitioner_id FROM access.care_relationship WHERE patient_id = %s AND practitioner_id IS NOT NULL",
        (patient_id,),
    )

    assert [who for (who,) in given] == [other_doctor.actor.person_id]
    assert queue(world, work_of, other_doctor) == queue(world, work_of, third_doctor) == ()


def test_when_the_hour_ends_the_next_takes_over_and_the_first_may_finish(
    world: World, work_of: WorkOf, works: Works, patient_id: UUID, other_doctor: Staff, third_doctor: Staff
) -> None:
    save(world, work_of, now_and_later(third_doctor, other_doctor))
    receive(world, work_of, patient_id)
    make_overdue(world)
    assert [one.patient_id for one in queue(world, work_of, other_doctor)] == [patient_id]
    assert queue(world, work_of, third_doctor) == ()

    hand_over(works)
    assert hand_over(works) == 0

    one = waiting(world, work_of, third_doctor)
    assert one.stand_in == "Vera Vikar"
    answer(world, work_of, waiting(world, work_of, other_doctor), by=other_doctor)
    assert queue(world, work_of, third_doctor) == queue(world, work_of, other_doctor) == ()
    assert hand_over(works) == 0


def test_whoever_was_to_have_it_and_is_named_no_more_is_never_let_in(
    world: World, work_of: WorkOf, patient_id: UUID, other_doctor: Staff, third_doctor: Staff
) -> None:
    save(world, work_of, [], other_doctor)
    receive(world, work_of, patient_id)

    save(world, work_of, [], third_doctor)
    make_overdue(world)

    assert [one.stand_in for one in queue(world, work_of, third_doctor)] == ["Vera Vikar"]
    with pytest.raises(NoGround), work_of(other_doctor) as work:
        Medication(work).list_with_strip(patient_id)


def test_whoever_has_left_leaves_the_hour_to_the_municipality_and_who_can_mend_it_is_told(
    world: World,
    work_of: WorkOf,
    works: Works,
    client_for: ClientFor,
    patient_id: UUID,
    other_doctor: Staff,
    third_doctor: Staff,
) -> None:
    save(world, work_of, [], third_doctor, by=above(world))
    save(world, work_of, [], other_doctor)
    receive(world, work_of, patient_id)
    make_overdue(world)
    leaves(world, other_doctor)

    hand_over(works)

    assert waiting(world, work_of, third_doctor).stand_in == "Vera Vikar"
    assert "Ola Annen står i vaktplanen for stedfortreder" in client_for(world.mona).get("/my-list").text
    leaves(world, third_doctor)
    told = client_for(world.mona).get("/my-list").text
    assert "Ingen er stedfortreder for Solbakken sykehjem hele uken." in told


def test_a_list_at_the_door_goes_to_who_has_the_hour_and_to_the_next(
    world: World, work_of: WorkOf, works: Works, patient_id: UUID, other_doctor: Staff, third_doctor: Staff
) -> None:
    save(world, work_of, now_and_later(third_doctor, other_doctor))
    with work_of(world.tora) as work:
        Medication(work).choose_door_hours(12, version=0)
    to_hospital(world, work_of, patient_id)
    back(world, work_of, patient_id)
    let_pass(world, patient_id, 13)
    with work_of(other_doctor) as work:
        assert Medication(work).list_after_crossing(patient_id).overdue
    with pytest.raises(NoGround), work_of(third_doctor) as work:
        Medication(work).list_after_crossing(patient_id)

    hand_over(works)

    with work_of(third_doctor) as work:
        medication = Medication(work)
        crossing = medication.list_after_crossing(patient_id)
        assert crossing.stand_in == "Vera Vikar"
        medication.settle_list(patient_id, crossing.id)
    assert after(world, work_of, patient_id).signed_by == "Vera Vikar"
    left = world.migrator.execute(
        "SELECT count(*) FROM access.care_relationship WHERE practitioner_id = ANY (%s) AND valid_until IS NULL",
        ([other_doctor.actor.person_id, third_doctor.actor.person_id],),
    )
    assert left.fetchone() == (0,)


def test_the_door_lets_in_whom_the_hour_names_and_no_other_hour_does(
    world: World, work_of: WorkOf, patient_id: UUID, other_doctor: Staff, third_doctor: Staff
) -> None:
    save(world, work_of, now_and_later(third_doctor, other_doctor))
    call = sa.text(
        """SELECT medication.cross_door(CAST(:c AS uuid[]), gen_random_uuid(), 'return', NULL, NULL, now(),
           now() + interval '12 hours', :who, 'En lege')"""
    )
    with pytest.raises(sa.exc.DBAPIError, match="nobody has named"), work_of(world.nina) as work:
        Medication(work).list_with_strip(patient_id)
        work.open("care:read", [patient_id])
        work.db.execute(call, {"c": [patient_id], "who": third_doctor.actor.person_id})
    with work_of(world.nina) as work:
        work.open("care:read", [patient_id])
        work.db.execute(call, {"c": [patient_id], "who": other_doctor.actor.person_id})


def test_only_ones_own_units_are_handed_over_by_anybody_but_the_journal(
    world: World, work_of: WorkOf, patient_id: UUID, other_doctor: Staff, third_doctor: Staff
) -> None:
    save(world, work_of, now_and_later(third_doctor, other_doctor))
    receive(world, work_of, patient_id)
    make_overdue(world)

    for stranger in (world.unn, world.bodil):
        with work_of(stranger) as work:
            assert Medication(work).hand_over() == 0
    assert queue(world, work_of, third_doctor) == ()


def test_the_page_shows_the_week_keeps_what_was_typed_and_says_the_hours_that_are_open(
    world: World, work_of: WorkOf, client_for: ClientFor, other_doctor: Staff
) -> None:
    mona = client_for(world.mona)
    empty = mona.get("/signing/stand-in").text
    line = {"days[]": ["weekdays", ""], "starts[]": ["16.00", ""], "ends[]": ["08.00", ""]}
    line |= {"who[]": [str(other_doctor.actor.person_id), ""]}
    form = {"version": "0", "within_hours": "24", "stand_in_id": ""} | line

    refused = mona.act("/signing/stand-in", form)
    wrong = mona.act("/signing/stand-in", form | {"ends[]": ["8", ""]})
    saved = mona.act("/signing/stand-in", form | {"stand_in_id": str(world.lars.actor.person_id)})

    assert (refused.status_code, wrong.status_code, saved.status_code) == (422, 422, 303)
    assert empty.count('class="nobody" rowspan="24"') == 7
    assert "Ingen er stedfortreder for Solbakken sykehjem hele uken." in empty
    assert "lørdag 08.00 – mandag 16.00" in refused.text
    assert 'value="16.00"' in refused.text
    assert "Linje 1: Skriv klokkeslettet" in html.unescape(wrong.text)
    page = mona.get("/signing/stand-in").text
    assert 'class="nobody"' not in page
    assert page.count('<span class="name">Ola Annen</span>') == 10
    assert 'value="16.00"' in page
    assert "Ingen er stedfortreder" not in page


def test_of_two_who_write_the_rota_at_once_the_second_is_told(
    world: World, work_of: WorkOf, other_doctor: Staff
) -> None:
    name(world, work_of, world.lars)

    with pytest.raises(Conflict), work_of(world.mona) as work:
        Medication(work).choose_signing_rule(
            version=0, within_hours=24, stand_in_id=world.lars.actor.person_id, rows=[row(other_doctor, *DAY)]
        )
