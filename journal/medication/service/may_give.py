"""Asks at every signature whether whoever signs may give that dose, and says who may when she may not. So of what is made
ready: laid in, controlled, taken out.
"""

import json
from collections.abc import Collection, Iterable
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa

from journal.access import AtWork
from journal.medication.errors import NoAuthority
from journal.medication.rules.authority import (
    Act,
    Authority,
    Delegated,
    acts_needed,
    carried_by,
    lacking_text,
    may_be_done_by,
)
from journal.permissions import Permission, permissions_of
from journal.platform.language import joined
from journal.platform.service import Service, on_patient, without_patient
from journal.platform.statement import Statement

OWN = sa.select(sa.literal_column("medication.own_authority()")).scalar_subquery()
"""What the tables say of whoever asks, for a statement that reads something else; `authority_of` reads it."""

_OWN = Statement(sa.select(OWN.label("told")))
_ORDER = ("nurse", "health_assistant", "doctor", "assistant")
# Who works in the unit or above it, with what is delegated to her there; each as often as something is.
_COLLEAGUES = Statement(
    sa.text(
        """
    WITH RECURSIVE up AS (
        SELECT u.id, u.parent_id FROM municipalities.unit u WHERE u.id = :unit_id
        UNION ALL
        SELECT u.id, u.parent_id FROM municipalities.unit u JOIN up ON u.id = up.parent_id)
    SELECT p.id, p.name, r.role, a.acts, a.patient_ids,
        (SELECT s.carried::text FROM medication.authority_setting s ORDER BY s.version DESC LIMIT 1) AS chosen
    FROM up
    JOIN municipalities.practitioner_role r ON r.unit_id = up.id
        AND r.valid_from <= now() AND (r.valid_until IS NULL OR r.valid_until > now())
    JOIN municipalities.practitioner p ON p.id = r.practitioner_id
    LEFT JOIN medication.authority a ON a.practitioner_id = p.id AND a.unit_id = up.id AND a.status = 'active'
        AND a.valid_from <= :at AND a.valid_until > :at
        AND NOT EXISTS (SELECT FROM medication.authority newer WHERE newer.entry_id = a.entry_id AND newer.version > a.version)
    WHERE p.id IS DISTINCT FROM CAST(:me AS uuid)
    ORDER BY p.name, p.id
    """
    )
)


class Colleague(NamedTuple):
    """Somebody who works in the unit or above it, and gives medicines."""

    id: UUID
    name: str
    role: str
    authority: Authority


class MayGive(Service):
    """For those that sign. The answer is read with the dose itself: it costs no statement until somebody may not."""

    @without_patient(Permission.MEDICATION_ADMINISTER)
    def who_may(self, needed: Iterable[tuple[frozenset[Act], tuple[UUID, ...]]]) -> list[str]:
        """For each set of acts, and the ids of its patient, who in the unit may do them all, in a sentence: those who are at
        work first, and who they are. Two statements."""
        colleagues = self._colleagues()
        here = {each.person_id for each in AtWork(self.work).at_work()}
        said = []
        for acts, patient_ids in needed:
            may = [each for each in colleagues if not each.authority.lacks(acts, patient_ids)]
            in_order = sorted(may, key=lambda each: (each.id not in here, _ORDER.index(each.role)))
            names = {each.id: each.name for each in in_order}
            said.append(may_be_done_by(acts, list(names.values()), len(here.intersection(names))))
        return said

    @on_patient(Permission.MEDICATION_READ)
    def lacked(self, patient_id: UUID, acts: Collection[Act]) -> frozenset[Act]:
        """Those of the acts that whoever asks has no authority for, with this patient, now. One statement."""
        own = authority_of(self.work.actor.role, _OWN.one(self.db).told)
        return own.lacks(acts, self.work.ids(patient_id))

    @on_patient(Permission.MEDICATION_READ)
    def lacked_text(self, patient_id: UUID, acts: Collection[Act]) -> str | None:
        """In a sentence, with who has it; None where she has it all."""
        if not (lacking := self.lacked(patient_id, acts)):
            return None
        (names,) = self.who_may([(lacking, tuple(self.work.ids(patient_id)))])
        return joined(" ", (lacking_text(lacking), names))

    def _require_now(self, patient_id: UUID, act: Act) -> None:
        """As _require, for an act that reads nothing of who asks by itself."""
        self._require(patient_id, _OWN.one(self.db).told, frozenset({act}))

    def _require(self, patient_id: UUID, told: str | None, needed: frozenset[Act]) -> Authority:
        """`told`: what OWN says. Raises NoAuthority, with who may."""
        own, ids = authority_of(self.work.actor.role, told), tuple(self.work.ids(patient_id))
        if lacking := own.lacks(needed, ids):
            (names,) = self.who_may([(needed, ids)])
            raise NoAuthority(joined(" ", (lacking_text(lacking), names)), acts=sorted(lacking), may=names)
        return own

    def _lacked_authority(self, patient_id: UUID, person_id: UUID, needed: frozenset[Act], at: datetime) -> bool:
        """Whether she, of the unit or above it, had not the authority then: one that ended with her shift held while she gave."""
        ids = tuple(self.work.ids(patient_id))
        hers = [each.authority for each in self._everybody(at) if each.id == person_id]
        return all(authority.lacks(needed, ids) for authority in hers)

    def _colleagues(self) -> list[Colleague]:
        return self._everybody(self.work.now, but=self.work.actor.person_id)

    def _everybody(self, at: datetime, but: UUID | None = None) -> list[Colleague]:
        found: dict[tuple[UUID, str], tuple[str, str | None, list[Any]]] = {}
        for row in _COLLEAGUES.rows(self.db, unit_id=self.work.actor.unit_id, me=but, at=at):
            if Permission.MEDICATION_ADMINISTER in permissions_of(row.role):
                held = found.setdefault((row.id, row.role), (row.name, row.chosen, []))[2]
                if row.acts:
                    held.append(_delegated(row.acts, row.patient_ids))
        return [
            Colleague(id, name, role, Authority(_carried(role, chosen), tuple(held)))
            for (id, role), (name, chosen, held) in found.items()
        ]


def needed_of(order: Any, unit: str, *, as_needed: bool = False) -> frozenset[Act]:
    """The acts that a dose of this order needs, in this unit of amount. `order`: it, or what is read of it."""
    return acts_needed(
        supply=order.supply,
        form=order.form,
        route=order.route,
        unit=unit,
        atc_code=order.atc_code,
        prescription_group=order.prescription_group,
        as_needed=as_needed,
    )


@lru_cache(maxsize=1024)
def authority_of(role: str, told: str | None) -> Authority:
    """What she may who acts in this role, of whom the tables say so (`told`, None: nothing)."""
    if told is None:
        return Authority(carried_by(role, None))
    said = json.loads(told)
    held = tuple(_delegated(each["acts"], each.get("patients")) for each in said.get("delegated", ()))
    return Authority(carried_by(role, said.get("carried")), held, said.get("clear", False))


@lru_cache(maxsize=256)
def _carried(role: str, chosen: str | None) -> frozenset[Act]:
    return carried_by(role, json.loads(chosen) if chosen else None)


def _delegated(acts: Collection[str], patients: Collection[Any] | None) -> Delegated:
    ids = frozenset(UUID(str(id)) for id in patients) if patients is not None else None
    return Delegated(frozenset(Act(act) for act in acts), ids)
