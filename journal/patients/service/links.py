"""Two records of one person are linked, never merged: one proposes, another confirms, and it can be undone."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from journal.patients import rules
from journal.patients.models import Link, Patient
from journal.patients.rules import Sought
from journal.patients.service.searching import Searching
from journal.permissions import Permission
from journal.platform.errors import Conflict, Denied, Invalid, NotFound
from journal.platform.ids import new_id
from journal.platform.language import phrase
from journal.platform.service import on_patient

_TAKEN = "En av journalene er allerede koblet, eller noen har foreslått det. Løs den koblingen først."


@dataclass(frozen=True)
class LinkedRecord:
    """One of the two; who it is of stands here only where that record is open to the reader."""

    patient_id: UUID
    text: str


@dataclass(frozen=True)
class LinkView:
    """A link that is proposed, counts or has counted. *mine*: the reader proposed it, so another must confirm."""

    id: UUID
    leading: LinkedRecord
    other: LinkedRecord
    reason: str
    proposed_at: datetime
    proposed_by: str
    mine: bool
    confirmed_at: datetime | None
    confirmed_by: str | None
    ended_at: datetime | None
    ended_by: str | None
    ended_reason: str | None


class Linking(Searching):
    @on_patient(Permission.PATIENTS_READ)
    def links(self, patient_id: UUID) -> list[LinkView]:
        """The links of this record, those that live first. A proposal is told in the record that is to lead."""
        rows = select(Link).where(self.work.chart(patient_id, Link), Link.erasure_id.is_(None))
        people = self.db.scalars(select(Patient).where(self.work.chart(patient_id, Patient)))
        known = {person.patient_id: LinkedRecord(person.patient_id, _text(person)) for person in people}
        newest_first = rows.order_by(Link.valid_until.desc().nulls_first(), Link.valid_from.desc())
        return [self._view(row, known) for row in self.db.scalars(newest_first)]

    @on_patient(Permission.PATIENTS_WRITE)
    def propose_link(self, patient_id: UUID, other: UUID | str, *, reason: str) -> UUID:
        """Says that both records are of one person, and that *patient_id* leads; nothing is linked until another confirms.

        *other* is the record's id, or a number of the person. Both charts must be open to whoever says so (else
        NoGround). Raises Invalid for a number that finds no other record, Conflict when either is part of a link already.
        """
        linked_id = other if isinstance(other, UUID) else self._record_with(other)
        if patient_id == linked_id:
            raise Invalid(errors={"number": ["Dette er den samme journalen. Velg en annen."]})
        self.work.open(Permission.PATIENTS_WRITE, [linked_id])
        self._refuse_other_links(patient_id, linked_id)
        row = {"patient_id": patient_id, "id": new_id(), "linked_patient_id": linked_id, "reason": reason}
        new = insert(Link).values(**row).on_conflict_do_nothing().returning(Link.id)
        stored: UUID | None = self.db.scalar(new)
        if stored is None:
            raise Conflict(_TAKEN)
        return stored

    @on_patient(Permission.PATIENTS_WRITE)
    def confirm_link(self, patient_id: UUID, link_id: UUID) -> None:
        """A second person has compared the records: from now on they are read together, and protected as the strictest of them.

        Raises NotFound, Denied for whoever proposed it, Conflict when it is confirmed already or either is linked elsewhere.
        """
        link = self._lock_link(patient_id, link_id)
        self.work.open(Permission.PATIENTS_WRITE, [link.linked_patient_id])
        if link.recorded_by == self.work.actor.person_id:
            raise Denied("En annen enn den som foreslo koblingen, må bekrefte den.")
        if link.confirmed_at is not None:
            raise Conflict("Koblingen er allerede bekreftet.")
        self._refuse_other_links(link.patient_id, link.linked_patient_id, but=link.id)
        self._set(link, confirmed_at=self.work.now)
        both = Patient.patient_id.in_([link.patient_id, link.linked_patient_id])
        strictest = rules.strictest(self.db.scalars(select(Patient.confidentiality).where(both)))
        self.db.execute(
            sa.update(Patient).where(both, Patient.confidentiality != strictest).values(confidentiality=strictest)
        )

    @on_patient(Permission.PATIENTS_WRITE)
    def unlink(self, patient_id: UUID, link_id: UUID, *, reason: str) -> None:
        """The records are of two persons after all: each is read alone again, with its own entries. Raises NotFound."""
        self._set(self._lock_link(patient_id, link_id), valid_until=self.work.now, ended_reason=reason)

    def _record_with(self, number: str) -> UUID:
        found = self._search(Sought("number", number=self._classified(number, "number").value))
        if found.ambiguous:
            raise Invalid(errors={"number": ["Flere journaler har dette nummeret. Bruk et annet nummer for personen."]})
        if not found.hits:
            raise Invalid(errors={"number": ["Vi fant ingen journal med dette nummeret. Sjekk sifrene."]})
        return found.hits[0].patient_id

    def _refuse_other_links(self, leading_id: UUID, linked_id: UUID, *, but: UUID | None = None) -> None:
        """A record leads or is led, never both: read through a chain, the allergies at its end would be lost."""
        part = sa.or_(Link.patient_id.in_([linked_id]), Link.linked_patient_id.in_([leading_id, linked_id]))
        live = select(Link.id).where(part, Link.valid_until.is_(None), Link.id.is_distinct_from(but))
        if self.db.scalars(live).first() is not None:
            raise Conflict(_TAKEN)

    def _lock_link(self, patient_id: UUID, link_id: UUID) -> Link:
        found = select(Link).where(self.work.chart(patient_id, Link), Link.id == link_id, Link.valid_until.is_(None))
        link = self.db.scalar(found.with_for_update(key_share=True))
        if link is None:
            raise NotFound()
        return link

    def _set(self, link: Link, **values: object) -> None:
        change = sa.update(Link).where(Link.patient_id.in_([link.patient_id]), Link.id == link.id)
        self.db.execute(change.values(**values), execution_options={"synchronize_session": False})

    def _view(self, row: Link, known: dict[UUID, LinkedRecord]) -> LinkView:
        leading, other = (
            known.get(one) or LinkedRecord(one, phrase("En annen journal"))
            for one in (row.patient_id, row.linked_patient_id)
        )
        return LinkView(
            id=row.id,
            leading=leading,
            other=other,
            reason=row.reason or "",
            proposed_at=row.valid_from,
            proposed_by=row.recorded_by_name,
            mine=row.recorded_by == self.work.actor.person_id,
            confirmed_at=row.confirmed_at,
            confirmed_by=row.confirmed_by_name,
            ended_at=row.valid_until,
            ended_by=row.ended_by_name,
            ended_reason=row.ended_reason,
        )


def _text(person: Patient) -> str:
    born = rules.birth_date_text(person.birth_date, person.birth_date_precision)
    return phrase("%(family)s, %(given)s, født %(born)s", family=person.family_name, given=person.given_name, born=born)
