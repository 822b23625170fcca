"""A patient with a dosett, and what the tests of it do."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from journal.medication import Medication, Medicine
from journal.medication.rules import Dosage, Supply, every_hours
from journal.medication.service import Bag
from journal.platform.clock import local_date
from journal.platform.quantity import Quantity
from tests.conftest import World
from tests.medication.test_sign import order

WorkOf = Callable[..., Any]
PENTOXIFYLLINE = Medicine("pentoxifyllin", "Trental", "tablett", strength="2,5 mg", route="peroralt")


class Laid(NamedTuple):
    """A patient whose dosett is laid in for a week by Nina: two medicines, each hour, the first compartment in half an hour."""

    patient_id: UUID
    metoprolol: UUID
    pentoxifyllin: UUID
    prepared_id: UUID


def pentoxifyllin(tablets: int) -> Dosage:
    return every_hours(Quantity(Decimal(tablets), "tablett"), 1, strength_per_unit=Quantity(Decimal("2.5"), "mg"))


def begun() -> datetime:
    return datetime.now(UTC) - timedelta(minutes=30)


def lay_in(world: World, work_of: WorkOf, patient_id: UUID, day: date | None = None, **more: Any) -> UUID:
    with work_of(world.nina) as work:
        starts_on = day or local_date(work.now)
        wanted = Medication(work).to_lay_in(patient_id, starts_on)
        told = {"seen": {line.request_entry_id: line.request_version for line in wanted}} | more
        made: UUID = Medication(work).lay_in(patient_id, starts_on, **told)
    return made


def laid_in(world: World, work_of: WorkOf) -> Laid:
    """Two medicines, each hour, laid in by Nina."""
    patient_id, at = world.patient(family_name="Hansen"), begun()
    ours = {"supply": Supply.DOSETT, "starts_at": at}
    first = order(world, work_of, patient_id, **ours)
    second = order(world, work_of, patient_id, medicine=PENTOXIFYLLINE, dosage=pentoxifyllin(1), **ours)
    return Laid(patient_id, first, second, lay_in(world, work_of, patient_id))


def bags(world: World, work_of: WorkOf, patient_id: UUID) -> list[Bag]:
    with work_of(world.nina) as work:
        start, end = work.now - timedelta(hours=24), work.now + timedelta(hours=24)
        found: list[Bag] = Medication(work).bags(patient_id, start=start, end=end)
    return found


def seen(bag: Bag) -> dict[UUID, int]:
    return {line.dose_id: line.dose_version or 0 for line in bag.together if line.dose_id}


def sign_bag(world: World, work_of: WorkOf, patient_id: UUID, bag: Bag, by: Any = None, **more: Any) -> list[UUID]:
    told: dict[str, Any] = {"due_at": bag.due_at, "seen": seen(bag), "confirmed": {"uncontrolled"}} | more
    with work_of(by or world.nina) as work:
        signed: list[UUID] = Medication(work).sign_bag(patient_id, bag.of.id, **told)
    return signed


def stored(world: World, patient_id: UUID) -> list[Any]:
    return world.migrator.execute(
        """SELECT r.generic_name, a.result, a.reason_code, a.recorded_by_name, p.prepared_by
           FROM medication.medication_administration a
           JOIN medication.medication_request r ON (r.patient_id, r.id) = (a.patient_id, a.request_id)
           LEFT JOIN medication.prepared_line l ON (l.patient_id, l.id) = (a.patient_id, a.prepared_line_id)
           LEFT JOIN medication.prepared p ON (p.patient_id, p.id) = (l.patient_id, l.prepared_id)
           WHERE a.patient_id = %s AND a.in_error_at IS NULL ORDER BY r.generic_name""",
        (patient_id,),
    ).fetchall()


def act(name: str) -> Callable[[World, WorkOf, Laid], None]:
    def does(world: World, work_of: WorkOf, laid: Laid) -> None:
        with work_of(world.lars) as work:
            getattr(Medication(work), name)(laid.patient_id, laid.pentoxifyllin, version=1, reason="Hoste")

    return does
