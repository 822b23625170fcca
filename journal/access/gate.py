"""The gate: has the role the permission, is there a ground, is there a restriction? It says no unless something says yes."""

from collections.abc import Collection, Mapping
from contextlib import suppress
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from journal.access import drawer_rules, justified_rules, purpose, restriction_rules, rules
from journal.access.own import own_until
from journal.permissions import Permission, Role
from journal.platform.caller import Actor
from journal.platform.errors import (
    AddressClosed,
    Denied,
    DrawerClosed,
    NoGround,
    NotFound,
    NotLet,
    SeemsNear,
    Withheld,
)
from journal.platform.language import joined
from journal.platform.statement import Statement
from journal.platform.work import Ground, Work

_ASKED_WHY = Statement(
    sa.text(
        """SELECT EXISTS (SELECT FROM access.justified_access j
               WHERE j.patient_id = ANY (:ids) AND j.unit_id = ANY ((SELECT audit.acting_units())::uuid[])) AS asked"""
    )
)
_DRAWER = Statement(
    sa.text(
        """SELECT d.reason FROM access.drawer_opening d
           WHERE d.patient_id = ANY (:ids) AND d.recorded_by = :person AND d.recorded_as = :employment AND d.valid_until > now()
           ORDER BY d.recorded_at DESC LIMIT 1"""
    )
)
# Whoever is no longer named sees nothing more by what she opened while she was.
_ADDRESS = Statement(
    sa.text(
        """SELECT EXISTS (SELECT FROM access.justified_access j
               JOIN access.address_reader a ON a.practitioner_id = j.recorded_by
               WHERE j.patient_id = ANY (:ids) AND j.reason = 'address' AND j.recorded_by = :person
                 AND j.recorded_as = :employment AND j.valid_until > now()
                 AND a.patient_id = ANY (:ids) AND a.valid_until IS NULL) AS shown"""
    )
)
_REST = Statement(
    sa.text(
        """SELECT j.reason, j.valid_until FROM access.justified_access j
           WHERE j.patient_id = ANY (:ids) AND j.recorded_by = :person AND j.recorded_as = :employment AND j.valid_until > now()
             AND j.reason = ANY (CAST(:reasons AS text[]))
           ORDER BY j.recorded_at DESC LIMIT 1"""
    )
)
# What the journal itself opens for a person and not for one record: linked records are read together.
_OF_PERSONS = frozenset({Permission.CHART_PREPARE, Permission.MEDICATION_CHECK})
_SHIELDED = Statement(sa.text("SELECT word FROM access.words_of_protected(:asked) word"))
_STANDING = Statement(sa.text("SELECT * FROM access.standing(:asked)"))


class AccessGate:
    """Decides from what access.standing says of each patient; the answer names the ground that was used."""

    def grounds(
        self, work: Work, wanted: Mapping[Permission, Collection[UUID]]
    ) -> dict[Permission, dict[UUID, Ground]]:
        """The ground for each patient. Raises NotFound for a patient that does not exist, NoGround for one without a ground.

        Registering is the one act on a chart that does not exist yet; admitting is a way in for whoever has none.
        """
        if work.actor.role == Role.SYSTEM and wanted.keys().isdisjoint(_OF_PERSONS):
            return {permission: {p: rules.planning(p) for p in asked} for permission, asked in wanted.items()}
        own = wanted.get(Permission.CHART_OWN)
        if own and not set(own) <= own_until(work).keys():
            raise NoGround()
        everybody = {p for asked in wanted.values() for p in asked}
        standings = dict(work.standings)
        if more := list(everybody - standings.keys()):
            standings.update((row.asked_id, row) for row in _STANDING.rows(work.db, asked=more))
        return {
            permission: {p: self._ground(work, permission, p, standings.get(p)) for p in asked}
            for permission, asked in wanted.items()
        }

    def shielded(self, work: Work, grounds: Collection[Ground]) -> Collection[str]:
        """None, and no question, for who gives the care; of anybody else's patients, what tells where the protected ones are."""
        outside = [record for ground in grounds if not rules.gives_care(ground.code) for record in ground.ids]
        return [row.word for row in _SHIELDED.rows(work.db, asked=outside)] if outside else []

    def _ground(self, work: Work, permission: Permission, patient_id: UUID, standing: Any | None) -> Ground:
        ground = decide(work.actor, permission, patient_id, standing)
        if permission is Permission.ACCESS_REASON and not _ASKED_WHY.one(work.db, ids=list(ground.ids)).asked:
            # Whoever looks over why a chart was opened sees whose it is, if somebody of her own units opened it.
            raise NoGround()
        if ground.instead:
            ground = _with_rest(work, ground)
        if permission is Permission.NOTES_DRAWER:
            return _by_reason(work, ground)
        if permission is Permission.PATIENTS_ADDRESS:
            return _by_name(work, ground)
        return _near(ground, standing)


def _with_rest(work: Work, ground: Ground) -> Ground:
    """The same ground, with all of the chart for whoever has opened what its purpose leaves in a drawer, and her reason in the
    place of what the ground rests on."""
    who = {"person": work.actor.person_id, "employment": work.actor.role_id}
    reasons = [reason.value for reason in justified_rules.FOR_REST]
    for found in _REST.rows(work.db, ids=list(ground.ids), reasons=reasons, **who):
        told = justified_rules.decision_ref(justified_rules.Reason(found.reason))
        return ground._replace(instead={}, in_drawer="", drawer_until=found.valid_until, decision_ref=told)
    return ground


def _by_reason(work: Work, ground: Ground) -> Ground:
    """The same ground, with the reason by which she opened the drawer in the place of what the ground rests on, which the
    relationship tells. Raises DrawerClosed when she has not."""
    actor = work.actor
    found = _DRAWER.rows(work.db, ids=list(ground.ids), person=actor.person_id, employment=actor.role_id)
    if not found:
        raise DrawerClosed()
    return ground._replace(decision_ref=drawer_rules.decision_ref(drawer_rules.Why(found[0].reason)))


def _by_name(work: Work, ground: Ground) -> Ground:
    """The same ground, chosen by her to see the address. Raises AddressClosed when she gives no care, is not named, or has not
    opened it."""
    who = {"person": work.actor.person_id, "employment": work.actor.role_id}
    if not rules.gives_care(ground.code) or not _ADDRESS.one(work.db, ids=list(ground.ids), **who).shown:
        raise AddressClosed()
    return ground._replace(decision_ref=justified_rules.decision_ref(justified_rules.Reason.ADDRESS))


def _as_needed(actor: Actor, permission: Permission, ground: Ground, service_code: str | None) -> Ground:
    """The same ground, with no more than its purpose needs. A reason that somebody gives herself says how far it goes."""
    how_far = purpose.reach(actor.role, ground.code, service_code)
    found = purpose.narrowed(permission, how_far)
    if not found:
        return ground
    instead = {part: narrow.opened for part, narrow in found.items()}
    return ground._replace(instead=instead, in_drawer=joined(" ", [narrow.in_drawer for narrow in found.values()]))


def _near(ground: Ground, standing: Any | None) -> Ground:
    """The same ground, with what she said when she was warned that the patient seems to be near to her: each line of the log
    has it. What she opened by a reason of her own keeps that one, since it says how far she may go."""
    said = getattr(standing, "near_reason", None)
    by_reason = ground.code in justified_rules.SELF_TAKEN or ground.drawer_until is not None
    if not said or ground.relationship_id is None or by_reason:
        return ground
    return ground._replace(decision_ref=justified_rules.decision_ref(justified_rules.Reason(said)))


def warn(work: Work, permission: Permission, patient_id: UUID) -> None:
    """Stops at the way into the chart of somebody who seems to be near to whoever asks, until she has said why she goes on.

    Only who has a ground is warned: the warning tells something of the patient. By what was asked with the session, and no more.
    Raises SeemsNear.
    """
    standing = work.standings.get(patient_id)
    near = getattr(standing, "near", None)
    if not near or getattr(standing, "near_reason", None):
        return
    with suppress(Denied, NotFound):
        decide(work.actor, permission, patient_id, standing)
        raise SeemsNear(near=near)


def decide(actor: Actor, permission: Permission, patient_id: UUID, standing: Any | None) -> Ground:
    """What this person in this role may open by it, when she stands so to the patient (None: there is no such patient).

    Asks nothing but what it is handed: the gate asks it of who acts now, the auditor of anybody at any time. Raises NoGround,
    NotFound, NotLet or Withheld.
    """
    if standing is not None and permission is Permission.ACCESS_RESCUE:
        return rules.rescuing(patient_id, tuple(standing.ids))
    if permission is Permission.MEDICATION_CHECK and actor.role == Role.SYSTEM and standing is not None:
        # Over what is closed too: it hands out findings and never rows (0054).
        return rules.checking(patient_id, tuple(standing.ids), actor)
    if standing is None or restriction_rules.hides(standing.blocked):
        # What is hidden from this reader looks like what is not there.
        if standing is None and permission is Permission.PATIENTS_REGISTER:
            return rules.registration(patient_id)
        if actor.may(Permission.PATIENTS_FIND):
            raise NoGround()
        raise NotFound()
    if permission is Permission.PATIENTS_REGISTER:
        raise NotFound()
    withheld = restriction_rules.withheld(permission, standing.blocked)
    if withheld and not restriction_rules.stands_without(permission):
        # Of a part she is told, who sees the rest: to anybody else there is nothing to tell.
        raise Withheld() if standing.ground is not None else NoGround()
    if permission is Permission.CHART_OWN:
        return rules.own(patient_id, tuple(standing.ids), withheld)
    if permission is Permission.CHART_PREPARE:
        return rules.downtime(patient_id, tuple(standing.ids))
    if permission is Permission.ACCESS_REASON:
        return rules.control(patient_id, tuple(standing.ids))
    if standing.ground is not None:
        own = standing.ground in justified_rules.SELF_TAKEN
        if own and not justified_rules.lets(standing.decision_ref, permission):
            raise NotLet()
        ground = rules.ground_of(patient_id, standing, actor)
        if withheld:
            ground = ground._replace(withheld=withheld)
        return ground if own else _as_needed(actor, permission, ground, standing.service_code)
    if permission is Permission.ACCESS_JUSTIFY:
        return rules.justifying(patient_id, tuple(standing.ids))
    if permission is Permission.PATIENTS_ADMIT:
        return rules.admission(patient_id, tuple(standing.ids))
    raise NoGround()
