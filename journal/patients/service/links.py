"""Two records of one person are linked, never merged: one proposes, another confirms, and it can be undone."""

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import select

from journal.patients.models import Link
from journal.permissions import Permission
from journal.platform.errors import Conflict, Denied, Invalid, NotFound
from journal.platform.ids import new_id
from journal.platform.service import Service, on_patient


class Linking(Service):
    @on_patient(Permission.PATIENTS_WRITE)
    def propose_link(self, patient_id: UUID, linked_patient_id: UUID, *, reason: str) -> UUID:
        """Says that both records are of one person, and that *patient_id* leads; nothing is linked until another confirms.

        Both charts must be open to whoever says so. Raises Conflict when either is part of a link already.
        """
        if patient_id == linked_patient_id:
            raise Invalid(errors={"linked_patient_id": ["Velg to forskjellige journaler."]})
        self.work.open(Permission.PATIENTS_WRITE, [linked_patient_id])
        both = [patient_id, linked_patient_id]
        part = sa.or_(Link.patient_id.in_([linked_patient_id]), Link.linked_patient_id.in_(both))
        live = select(Link.id).where(part, Link.valid_until.is_(None))
        if self.db.scalars(live).first() is not None:
            raise Conflict("En av journalene er allerede koblet. Løs den koblingen først.")
        link = Link(patient_id=patient_id, id=new_id(), linked_patient_id=linked_patient_id, reason=reason)
        self.db.add(link)
        self.db.flush()
        return link.id

    @on_patient(Permission.PATIENTS_WRITE)
    def confirm_link(self, patient_id: UUID, link_id: UUID) -> None:
        """A second person has compared the records: from now on they are read together.

        Raises NotFound, Denied for whoever proposed it, Conflict when it is confirmed already.
        """
        link = self._lock_link(patient_id, link_id)
        self.work.open(Permission.PATIENTS_WRITE, [link.linked_patient_id])
        if link.recorded_by == self.work.actor.person_id:
            raise Denied("En annen enn den som foreslo koblingen, må bekrefte den.")
        if link.confirmed_at is not None:
            raise Conflict("Koblingen er allerede bekreftet.")
        self._set(link, confirmed_at=self.work.now)

    @on_patient(Permission.PATIENTS_WRITE)
    def unlink(self, patient_id: UUID, link_id: UUID) -> None:
        """The records are of two persons after all: each is read alone again, with its own entries. Raises NotFound."""
        self._set(self._lock_link(patient_id, link_id), valid_until=self.work.now)

    def _lock_link(self, patient_id: UUID, link_id: UUID) -> Link:
        found = select(Link).where(self.work.chart(patient_id, Link), Link.id == link_id, Link.valid_until.is_(None))
        link = self.db.scalar(found.with_for_update(key_share=True))
        if link is None:
            raise NotFound()
        return link

    def _set(self, link: Link, **values: object) -> None:
        change = sa.update(Link).where(Link.patient_id.in_([link.patient_id]), Link.id == link.id)
        self.db.execute(change.values(**values), execution_options={"synchronize_session": False})
