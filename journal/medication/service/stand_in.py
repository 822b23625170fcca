"""How long an order by word of mouth may stand unsigned, and who stands in when it does: chosen unit by unit."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from journal.medication.models import SigningSetting
from journal.medication.rules.verbal import USUAL_HOURS, is_overdue
from journal.permissions import Permission
from journal.platform.errors import Conflict, Invalid
from journal.platform.service import Service, without_patient
from journal.platform.statement import Statement

UNANSWERED = Statement(
    sa.text("SELECT patient_id, id, sign_before, received_by, answered_at FROM medication.verbal_orders()")
)
# Of the unit or the nearest above it that has chosen. A stand-in who no longer works here as a doctor stands in for nobody.
_IN_FORCE = Statement(
    sa.text(
        """
    WITH RECURSIVE up AS (
        SELECT u.id, u.parent_id, u.name, 0 AS far FROM municipalities.unit u WHERE u.id = :unit_id
        UNION ALL
        SELECT u.id, u.parent_id, u.name, up.far + 1 FROM municipalities.unit u JOIN up ON u.id = up.parent_id)
    SELECT up.id AS unit_id, up.name AS unit_name, s.version, s.within_hours, d.id AS stand_in_id, d.name AS stand_in_name,
        s.stand_in_id IS NOT NULL AND d.id IS NULL AS has_left, s.recorded_by_name, s.recorded_at
    FROM up
    CROSS JOIN LATERAL (
        SELECT s.* FROM medication.signing_setting s WHERE s.unit_id = up.id ORDER BY s.version DESC LIMIT 1) s
    LEFT JOIN LATERAL (
        SELECT p.id, p.name FROM municipalities.practitioner p
        JOIN municipalities.practitioner_role r ON r.practitioner_id = p.id
        WHERE p.id = s.stand_in_id AND r.role = 'doctor' AND r.valid_until IS NULL LIMIT 1) d ON true
    ORDER BY up.far LIMIT 1
    """
    )
)
_DOCTORS = Statement(
    sa.text(
        """
    SELECT DISTINCT p.name, p.id FROM municipalities.practitioner p
    JOIN municipalities.practitioner_role r ON r.practitioner_id = p.id
    WHERE r.role = 'doctor' AND r.valid_until IS NULL ORDER BY p.name, p.id
    """
    )
)
_TAKE_OVER = Statement(sa.text("SELECT medication.entrust_waiting(:stand_in) AS taken"))
# From the unit down: each that has chosen for itself, and what follows it. Named is the topmost of those without a stand-in.
_WITHOUT = Statement(
    sa.text(
        """
    WITH RECURSIVE down AS (
        SELECT u.id, u.name, :covered AS covered, true AS chosen
        FROM municipalities.unit u WHERE u.id = :unit_id
        UNION ALL
        SELECT u.id, u.name, coalesce(s.covered, down.covered), s.covered IS NOT NULL
        FROM municipalities.unit u
        JOIN down ON u.parent_id = down.id
        LEFT JOIN LATERAL (
            SELECT EXISTS (
                SELECT FROM municipalities.practitioner_role r
                WHERE r.practitioner_id = s.stand_in_id AND r.role = 'doctor' AND r.valid_until IS NULL) AS covered
            FROM medication.signing_setting s WHERE s.unit_id = u.id ORDER BY s.version DESC LIMIT 1) s ON true
        WHERE u.valid_until IS NULL OR u.valid_until > now())
    SELECT name FROM down WHERE NOT covered AND chosen ORDER BY name
    """
    )
)


@dataclass(frozen=True)
class SigningRule:
    """What holds for orders by word of mouth in a unit: hours, and who stands in (None: nobody is named).

    `unit_name` is where it was chosen, by whom and when; None, and version 0, where nobody has. `version` is of one's own
    unit's choice. `has_left`: somebody is named who works here as a doctor no more.
    """

    within_hours: int = USUAL_HOURS
    stand_in_id: UUID | None = None
    stand_in_name: str | None = None
    has_left: bool = False
    version: int = 0
    unit_name: str | None = None
    chosen_by: str | None = None
    chosen_at: datetime | None = None


class StandIns(Service):
    """There is always somebody: with nobody named, whoever is a doctor in the unit."""

    @without_patient(Permission.MEDICATION_APPOINT)
    def signing_rule(self) -> SigningRule:
        """What holds in the unit one acts in."""
        return self._signing_rule()

    @without_patient(Permission.MEDICATION_APPOINT)
    def doctors(self) -> list[tuple[UUID, str]]:
        """Those who may be named: who works in the municipality as a doctor, by name."""
        return [(row.id, row.name) for row in _DOCTORS.rows(self.db)]

    @without_patient(Permission.MEDICATION_APPOINT)
    def unsigned_count(self) -> tuple[int, int]:
        """How many orders await a signature in the unit one acts in and those below it, and how many of them are overdue."""
        limits = [row.sign_before for row in UNANSWERED.rows(self.db) if row.answered_at is None]
        return len(limits), sum(is_overdue(limit, self.work.now) for limit in limits)

    @without_patient(Permission.MEDICATION_APPOINT)
    def choose_signing_rule(self, *, version: int, within_hours: int, stand_in_id: UUID | None) -> None:
        """For the unit one acts in and those below it that have not chosen: the limit of orders received from now on, and who
        stands in for those that wait already too.

        `version` is the newest of one's own unit that was seen, 0 for none. Raises Invalid for somebody who is no doctor
        here, and Conflict when another chose since.
        """
        if stand_in_id is not None and stand_in_id not in {id for id, _ in self.doctors()}:
            raise Invalid(errors={"stand_in_id": ["Velg en lege som arbeider i kommunen."]})
        chosen = {"within_hours": within_hours, "stand_in_id": stand_in_id, "version": version + 1}
        write = insert(SigningSetting).values(unit_id=self.work.actor.unit_id, **chosen).on_conflict_do_nothing()
        if self.db.scalar(write.returning(SigningSetting.version)) is None:
            raise Conflict("En annen har endret innstillingene etter at du åpnet siden. Se hva som gjelder nå.")
        if stand_in_id is not None:
            _TAKE_OVER.one(self.db, stand_in=stand_in_id)

    @without_patient(Permission.MEDICATION_APPOINT)
    def units_without_stand_in(self) -> list[str]:
        """The names of the units, from the one one acts in and down, where nobody stands in at any hour. Of a unit and those that
        follow its choice, the unit alone."""
        covered = self._signing_rule().stand_in_id is not None
        return [row.name for row in _WITHOUT.rows(self.db, unit_id=self.work.actor.unit_id, covered=covered)]

    def _signing_rule(self) -> SigningRule:
        unit_id = self.work.actor.unit_id
        found: list[Any] = _IN_FORCE.rows(self.db, unit_id=unit_id)
        if not found:
            return SigningRule()
        (row,) = found
        version = row.version if row.unit_id == unit_id else 0
        named = row.stand_in_id, row.stand_in_name, row.has_left
        return SigningRule(row.within_hours, *named, version, row.unit_name, row.recorded_by_name, row.recorded_at)
