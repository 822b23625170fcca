"""Access rules that take two persons: one proposes a change, and an administrator, who is another, answers.

Source: Normen 5.2 (access is given and changed by somebody answerable, and is documented).
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from journal.access.rule_tables import RuleProposal
from journal.municipalities import Asked, Municipalities, partner
from journal.permissions import Permission, Role
from journal.platform.errors import Conflict, Invalid
from journal.platform.ids import new_id
from journal.platform.service import Service, without_patient

_ANSWER = sa.text("SELECT access.answer_rule(:proposal, :outcome, :note)")
# Of one's own municipality, and what one is named to answer for another: row-level security leaves out the rest.
_NEWEST = sa.text(
    """SELECT p.id, p.municipality_id, p.kind, p.value, p.before, m.name AS municipality_name, p.reason,
           p.recorded_by, p.recorded_by_name AS proposed_by, p.recorded_at AS proposed_at, p.expires_at,
           p.approver_id, p.approver_name,
           a.outcome, a.note, a.recorded_by_name AS answered_by, a.recorded_at AS answered_at
       FROM access.rule_proposal p
       JOIN municipalities.municipality m ON m.id = p.municipality_id
       LEFT JOIN access.rule_answer a ON (a.municipality_id, a.proposal_id) = (p.municipality_id, p.id)
       ORDER BY p.recorded_at DESC, p.id LIMIT :most"""
)
_MOST = 50


class RuleKind(StrEnum):
    """What is to be changed: hours of grace, limits of the door, a rule of unusual access, or whether a unit is sensitive."""

    GRACE = "grace"
    LIMITS = "limits"
    UNUSUAL = "unusual"
    UNIT = "unit"


@dataclass(frozen=True)
class RuleChange:
    """The change alone, why, and who asks. *value*: what is to hold, *before*: what held then. *mine*: one may answer it."""

    id: UUID
    kind: RuleKind
    value: dict[str, Any]
    before: dict[str, Any]
    municipality_name: str
    reason: str
    proposed_by: str
    proposed_at: datetime
    expires_at: datetime
    approver_name: str | None
    outcome: str | None
    answered_by: str | None
    answered_at: datetime | None
    note: str | None
    mine: bool
    expired: bool

    @property
    def waits(self) -> bool:
        return self.outcome is None and not self.expired


class RuleProposals(Service):
    """For administrators, of one's own municipality or named by a small one that has no second."""

    @without_patient(Permission.ACCESS_MANAGE)
    def changes(self) -> list[RuleChange]:
        """The newest fifty, answered or not; the newest first."""
        return rule_changes(self)

    @without_patient(Permission.ACCESS_MANAGE)
    def propose_unit(self, unit_id: UUID, *, sensitive: bool, asked: Asked) -> None:
        """Asks for a unit to be marked as one that tells by its name what is the matter with whom it knows, or no longer.

        Raises Invalid as propose_rule(), and for a unit that is not one's own municipality's.
        """
        unit = next((unit for unit in Municipalities(self.work).units() if unit.id == unit_id), None)
        if unit is None:
            raise Invalid(errors={"unit_id": ["Velg en enhet i kommunen."]})
        value, before = (
            {"unit_id": str(unit_id), "unit_name": unit.name, "sensitive": how} for how in (sensitive, unit.sensitive)
        )
        propose_rule(self, RuleKind.UNIT, value, before, asked)
        self.work.note(Permission.ACCESS_MANAGE)

    @without_patient(Permission.ACCESS_MANAGE)
    def answer(self, proposal_id: UUID, *, outcome: str, note: str = "") -> None:
        """Approves or refuses another's proposal; approved, the rule holds at once. Raises Conflict when it is not one's own to
        answer: one's own proposal, answered already, too old, or of a rule that another change has reached since."""
        if not self.db.scalar(_ANSWER, {"proposal": proposal_id, "outcome": outcome, "note": note or None}):
            raise Conflict(
                "Forslaget kan ikke besvares av deg, er alt besvart eller gått ut, eller regelen er endret. Se hva som gjelder nå."
            )
        self.work.note(Permission.ACCESS_MANAGE)


def propose_rule(
    service: Service,
    kind: RuleKind,
    value: dict[str, Any],
    before: dict[str, Any],
    asked: Asked,
    *,
    version: int = 0,
) -> None:
    """Asks for a change on behalf of a service that has asked for the right to it; it waits for another for seven days.

    *before* is what holds now, and *version* its version, where it has any: of two changes of it one alone can come to hold.
    Raises Invalid for what holds already, for a partner where there is a second of one's own, and without one where there is none.
    """
    if value == before:
        raise Invalid("Det du foreslår, gjelder allerede. Endre noe, og send forslaget på nytt.")
    approver = partner(service, asked)
    named = {"approver_id": approver, "approver_name": asked.partner_name if approver else None}
    service.db.add(
        RuleProposal(id=new_id(), kind=kind, value=value, before=before, version=version, reason=asked.reason, **named)
    )
    service.db.flush()


def rule_changes(service: Service, *kinds: RuleKind) -> list[RuleChange]:
    """What is proposed of these kinds, or of every kind, for a service that has asked for the right to see it."""
    rows = service.db.execute(_NEWEST, {"most": _MOST})
    return [_shown(service, row) for row in rows if not kinds or row.kind in kinds]


def _shown(service: Service, row: Any) -> RuleChange:
    me = service.work.actor
    told = {
        name: value
        for name, value in row._mapping.items()
        if name not in ("municipality_id", "recorded_by", "approver_id")
    }
    named = me.person_id == row.approver_id if row.approver_id else me.municipality_id == row.municipality_id
    expired = row.outcome is None and row.expires_at <= service.work.now
    hers = me.role == Role.TENANT_ADMINISTRATOR and named and me.person_id != row.recorded_by
    mine = hers and row.outcome is None and not expired
    return RuleChange(**{**told, "kind": RuleKind(row.kind)}, mine=mine, expired=expired)
