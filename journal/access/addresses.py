"""Who may see a protected address: a few who are named for this patient, by somebody who leads them."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from journal.access.justified_rules import Reason
from journal.access.justified_tables import AddressReader, JustifiedAccess
from journal.municipalities import Municipalities, StaffMember
from journal.permissions import Permission, permissions_of
from journal.platform.errors import Conflict, Invalid, NotFound
from journal.platform.ids import new_id
from journal.platform.language import phrase
from journal.platform.service import Service, on_patient

SEATS = range(1, 6)


@dataclass(frozen=True)
class Named:
    """Somebody who may see it, and who said so."""

    id: UUID
    practitioner_id: UUID
    named_by: str
    named_at: datetime


class AddressReaders(Service):
    """At most five for each patient (SEATS), none of them named by herself."""

    @on_patient(Permission.PATIENTS_READ)
    def all(self, patient_id: UUID) -> list[Named]:
        """Those who are named now, the first of them first. One statement."""
        row = AddressReader
        rows = self.db.scalars(
            sa.select(row).where(self.work.chart(patient_id, row), row.valid_until.is_(None)).order_by(row.seat)
        )
        return [Named(one.id, one.practitioner_id, one.recorded_by_name, one.recorded_at) for one in rows]

    @on_patient(Permission.PATIENTS_READ)
    def open_until(self, patient_id: UUID) -> datetime | None:
        """How long the reader sees it by what she opened, in this employment; None when she does not. One statement."""
        row, actor = JustifiedAccess, self.work.actor
        hers = row.recorded_by == actor.person_id, row.recorded_as == actor.role_id, row.valid_until > self.work.now
        opened = self.work.chart(patient_id, row), row.reason == Reason.ADDRESS.value
        return self.db.scalar(sa.select(sa.func.max(row.valid_until)).where(*opened, *hers))

    @on_patient(Permission.ACCESS_ENTRUST)
    def name(self, patient_id: UUID, practitioner_id: UUID) -> UUID:
        """From now on she may see it. Raises Invalid for whoever is not among choices(), Conflict for one who is named already,
        and when there are no more seats.
        """
        if all(one.practitioner_id != practitioner_id for one in self.choices(patient_id)):
            raise Invalid(
                errors={"practitioner_id": [phrase("Velg en annen enn deg selv, som gir hjelp i enhetene dine.")]}
            )
        row = AddressReader
        taken = self.db.scalars(sa.select(row.seat).where(self.work.chart(patient_id, row), row.valid_until.is_(None)))
        free = sorted(set(SEATS) - set(taken))
        if not free:
            raise Conflict("Fem kan allerede se adressen. Ta bort en av dem først.")
        named = {"patient_id": patient_id, "id": new_id(), "practitioner_id": practitioner_id, "seat": free[0]}
        written: UUID | None = self.db.scalar(insert(row).values(**named).on_conflict_do_nothing().returning(row.id))
        if written is None:
            raise Conflict("Hun er navngitt allerede, eller listen er endret etter at du åpnet siden. Se den på nytt.")
        return written

    @on_patient(Permission.ACCESS_ENTRUST)
    def end(self, patient_id: UUID, reader_id: UUID) -> None:
        """From now on she sees it no more, also where she has opened it. Raises NotFound."""
        row = AddressReader
        here = self.work.chart(patient_id, row), row.id == reader_id, row.valid_until.is_(None)
        if self.db.scalar(sa.update(row).where(*here).values(valid_until=self.work.now).returning(row.id)) is None:
            raise NotFound("Hun er ikke blant dem som kan se adressen.")

    @on_patient(Permission.ACCESS_ENTRUST)
    def choices(self, patient_id: UUID) -> list[StaffMember]:
        """Whom the one who asks may name: of her own units, in a role that gives care, and not herself."""
        me = self.work.actor
        return [
            one
            for one in Municipalities(self.work).staff()
            if one.unit_id in me.units
            and one.practitioner_id != me.person_id
            and Permission.PATIENTS_ADDRESS in permissions_of(one.role)
        ]
