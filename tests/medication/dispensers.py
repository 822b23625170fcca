"""A patient with a dispenser, and what the tests of it do."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from journal.care import Care
from journal.medication import DueDose, Medication
from journal.medication.rules import Supply
from journal.medication.rules.dispenser import Event, Suitability
from journal.medication.rules.prepared import PreparedKind
from journal.medication.service import DispenserSaid, PatientDispenser
from journal.platform.clock import local_date
from tests.conftest import World
from tests.medication.dosetts import PENTOXIFYLLINE, bags, begun, pentoxifyllin
from tests.medication.test_sign import doses, order

WorkOf = Callable[..., Any]
PASSED = timedelta(hours=3)
FAR_AWAY = timedelta(days=1000)


class Loaded(NamedTuple):
    """A patient whose dispenser Nina has laid two medicines in, for each hour of a week; its first compartments are past.

    `due_at`: a compartment whose window has closed, by two hours.
    """

    patient_id: UUID
    metoprolol: UUID
    pentoxifyllin: UUID
    dispenser_id: UUID
    prepared_id: UUID
    due_at: datetime


def said(today: date, **more: Any) -> DispenserSaid:
    told: dict[str, Any] = {
        "device": "Pilly 2",
        "serial": "AB-1234",
        "starts_on": today - timedelta(days=10),
        "suitability": Suitability.SUITABLE,
        "assessed_by": "Siri Strand",
        "assessed_on": today - timedelta(days=12),
        "trained_by": "Nina Nordli",
        "trained_on": today - timedelta(days=10),
        "evaluate_on": today + timedelta(days=30),
    }
    return DispenserSaid(**(told | more))


def set_dispenser(
    work_of: WorkOf, by: Any, patient_id: UUID, *, of: UUID | None = None, version: int = 0, **more: Any
) -> UUID:
    with work_of(by) as work:
        made: UUID = Medication(work).set_dispenser(
            patient_id, said(local_date(work.now), **more), entry_id=of, version=version
        )
    return made


def lay_in(world: World, work_of: WorkOf, patient_id: UUID, *, days: int = 6, first: date | None = None) -> UUID:
    with work_of(world.nina) as work:
        starts_on = first or local_date(work.now)
        wanted = Medication(work).to_lay_in(
            patient_id, starts_on, kind=PreparedKind.DISPENSER, days=timedelta(days=days)
        )
        seen = {line.request_entry_id: line.request_version for line in wanted}
        made: UUID = Medication(work).load_dispenser(patient_id, starts_on, starts_on + timedelta(days=days), seen=seen)
    return made


def let_pass(world: World, patient_id: UUID, passed: timedelta = PASSED) -> None:
    """What lies ready and what is to be given is so much nearer."""
    due = ("due_at", "next_due_at", "ready_from", "late_after", "missed_from")
    for table, names in (("dose", due), ("prepared_line", ("due_at",))):
        earlier = ", ".join(f"{name} = {name} - %(by)s" for name in names)
        # Out of the way of each other first: no two of an order are due at one time, in between either.
        for by in (passed + FAR_AWAY, -FAR_AWAY):
            told = {"by": by, "patient": patient_id}
            world.migrator.execute(f"UPDATE medication.{table} SET {earlier} WHERE patient_id = %(patient)s", told)


def loaded(world: World, work_of: WorkOf, **more: Any) -> Loaded:
    patient_id, at = world.patient(family_name="Hansen"), begun()
    ours = {"supply": Supply.DISPENSER, "starts_at": at}
    first = order(world, work_of, patient_id, **(ours | more))
    second = order(world, work_of, patient_id, medicine=PENTOXIFYLLINE, dosage=pentoxifyllin(1), **ours)
    dispenser_id = set_dispenser(work_of, world.nina, patient_id)
    prepared_id = lay_in(world, work_of, patient_id)
    let_pass(world, patient_id)
    due_at = min(bag.due_at for bag in bags(world, work_of, patient_id))
    return Loaded(patient_id, first, second, dispenser_id, prepared_id, due_at)


def due(world: World, work_of: WorkOf, patient_id: UUID) -> list[DueDose]:
    return doses(world, work_of, patient_id)


def of_time(world: World, work_of: WorkOf, at: Loaded, due_at: datetime | None = None) -> list[DueDose]:
    return [each for each in due(world, work_of, at.patient_id) if each.due_at == (due_at or at.due_at)]


def tells(
    world: World, work_of: WorkOf, at: Loaded, kind: Event, *, late: timedelta = timedelta(minutes=4), **more: Any
) -> UUID:
    told: dict[str, Any] = {"device_at": at.due_at + late, "due_at": at.due_at} | more
    with work_of(world.nina) as work:
        stored: UUID = Medication(work).device_told(at.patient_id, at.dispenser_id, kind, **told)
    return stored


def shown(world: World, work_of: WorkOf, patient_id: UUID) -> PatientDispenser:
    with work_of(world.nina) as work:
        found: PatientDispenser = Medication(work).dispensers([patient_id])[patient_id]
    return found


def tasks(world: World, work_of: WorkOf, patient_id: UUID) -> list[Any]:
    with work_of(world.nina) as work:
        found: list[Any] = Care(work).open_tasks(patient_id)
    return found


def administrations(world: World, patient_id: UUID) -> int:
    row = world.migrator.execute(
        "SELECT count(*) FROM medication.medication_administration WHERE patient_id = %s", (patient_id,)
    ).fetchone()
    assert row is not None
    return int(row[0])
