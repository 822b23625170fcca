"""Roles that take two persons: one administrator proposes, and another, who is not the one it is about, answers."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from journal.municipalities.authorising import Authorising
from journal.municipalities.models import Municipality, Practitioner, PractitionerRole, Unit
from journal.municipalities.role_rules import Way, way_to
from journal.municipalities.role_tables import RoleAnswer, RoleProposal
from journal.municipalities.second import Asked, is_alone, partner
from journal.permissions import Permission, Role
from journal.platform.errors import Conflict, Invalid
from journal.platform.ids import new_id
from journal.platform.service import without_patient

_ANSWER = sa.text("SELECT municipalities.answer_proposal(:proposal, :employment, :outcome, :note)")
_EXCLUDING = {Role.AUDITOR: Role.TENANT_ADMINISTRATOR, Role.TENANT_ADMINISTRATOR: Role.AUDITOR}


@dataclass(frozen=True)
class Proposal:
    """The act alone: who is to have which role where, why, and who asks. *mine*: one may answer it."""

    id: UUID
    name: str
    role: str
    unit_name: str
    municipality_name: str
    reason: str
    proposed_by: str
    proposed_at: datetime
    expires_at: datetime
    approver_name: str | None
    outcome: str | None
    answered_by: str | None
    answered_at: datetime | None
    mine: bool
    expired: bool


class Proposals(Authorising):
    """For administrators, of one's own municipality or named by a small one that has no second."""

    @without_patient(Permission.ACCESS_MANAGE)
    def proposals(self, limit: int = 50) -> list[Proposal]:
        """One's own municipality's, and those where one is named to answer for another; the newest first."""
        rows = self.db.execute(
            sa.select(RoleProposal, RoleAnswer, Municipality.name)
            .join(Municipality, Municipality.id == RoleProposal.municipality_id)
            .join(RoleAnswer, RoleAnswer.proposal_id == RoleProposal.id, isouter=True)
            .order_by(RoleProposal.recorded_at.desc(), RoleProposal.id)
            .limit(limit)
        )
        return [self._shown(proposal, answer, name) for proposal, answer, name in rows]

    @without_patient(Permission.ACCESS_MANAGE)
    def is_alone(self) -> bool:
        """Whether nobody else administers the municipality: then a partner's administrator must be named."""
        return is_alone(self)

    @without_patient(Permission.ACCESS_MANAGE)
    def propose(
        self,
        *,
        role: str,
        unit_id: UUID,
        asked: Asked,
        practitioner_id: UUID | None = None,
        name: str = "",
    ) -> UUID:
        """Proposes a role for somebody who works here, or somebody new by name; it waits for another for seven days.

        Raises Invalid: also for oneself, for a role that needs no second, for an auditor who administers, and for a partner where
        there is a second of one's own.
        """
        if way_to(self.work.actor.role, role) is not Way.WITH_ANOTHER:
            raise Invalid(errors={"role": ["Denne rollen gis uten forslag."]})
        own = sa.select(Unit.name).where(Unit.id == unit_id, Unit.municipality_id == self.work.actor.municipality_id)
        if (unit_name := self.db.scalar(own)) is None:
            raise Invalid(errors={"unit_id": ["Velg en enhet i kommunen."]})
        person, named = self._about(practitioner_id, name, role)
        approver = partner(self, asked, but=person)
        proposal = RoleProposal(
            id=new_id(), practitioner_id=person, practitioner_name=named, role=role, unit_id=unit_id,
            unit_name=unit_name, reason=asked.reason, approver_id=approver, approver_name=asked.partner_name if approver else None,
        )  # fmt: skip
        self.db.add(proposal)
        self.db.flush()
        self.work.note(Permission.ACCESS_MANAGE)
        return proposal.id

    @without_patient(Permission.ACCESS_MANAGE)
    def answer(self, proposal_id: UUID, *, outcome: str, note: str = "") -> None:
        """Approves or refuses another's proposal; approved, the role holds from the next request. Raises Conflict when it is not
        one's own to answer: one's own proposal, about oneself, answered already or too old."""
        said = {"proposal": proposal_id, "employment": new_id(), "outcome": outcome, "note": note or None}
        if not self.db.scalar(_ANSWER, said):
            raise Conflict(
                "Forslaget kan ikke besvares av deg, er alt besvart, eller har gått ut. Se hva som gjelder nå."
            )
        self.work.note(Permission.ACCESS_MANAGE)

    def _about(self, practitioner_id: UUID | None, name: str, role: str) -> tuple[UUID, str]:
        if practitioner_id is None:
            if not name:
                raise Invalid(errors={"name": ["Velg en ansatt, eller skriv navnet på en ny."]})
            return self._person(name, None, role), name
        if practitioner_id == self.work.actor.person_id:
            raise Invalid(errors={"practitioner_id": ["Ingen gir seg selv en rolle. Be en annen om det."]})
        found = self.db.scalar(sa.select(Practitioner.name).where(Practitioner.id == practitioner_id))
        if found is None:
            raise Invalid(errors={"practitioner_id": ["Velg en ansatt i kommunen."]})
        held = sa.select(PractitionerRole.role).where(
            PractitionerRole.practitioner_id == practitioner_id,
            PractitionerRole.municipality_id == self.work.actor.municipality_id,
            PractitionerRole.valid_until.is_(None) | (PractitionerRole.valid_until > self.work.now),
        )
        if (other := _EXCLUDING.get(Role(role))) and other in set(self.db.scalars(held)):
            raise Invalid(errors={"role": ["Den som administrerer, kan ikke være revisor i samme kommune."]})
        return practitioner_id, found

    def _shown(self, proposal: RoleProposal, answer: RoleAnswer | None, municipality_name: str) -> Proposal:
        me = self.work.actor
        expired = proposal.expires_at <= self.work.now
        named = proposal.approver_id == me.person_id
        ours = proposal.approver_id is None and proposal.municipality_id == me.municipality_id
        another = me.person_id not in (proposal.recorded_by, proposal.practitioner_id)
        return Proposal(
            id=proposal.id,
            name=proposal.practitioner_name,
            role=proposal.role,
            unit_name=proposal.unit_name,
            municipality_name=municipality_name,
            reason=proposal.reason,
            proposed_by=proposal.recorded_by_name,
            proposed_at=proposal.recorded_at,
            expires_at=proposal.expires_at,
            approver_name=proposal.approver_name,
            outcome=answer.outcome if answer else None,
            answered_by=answer.recorded_by_name if answer else None,
            answered_at=answer.recorded_at if answer else None,
            mine=answer is None and not expired and another and (named or ours),
            expired=answer is None and expired,
        )
