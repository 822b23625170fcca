"""How long an order by word of mouth may stand unsigned, and who has it when it does: chosen unit by unit."""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from journal.access import CareRelationships
from journal.medication.models import SigningSetting
from journal.medication.rota_tables import StandInWindow
from journal.medication.rules.rota import Row
from journal.medication.rules.verbal import USUAL_HOURS, is_overdue
from journal.medication.service.rota import Rotas
from journal.permissions import Permission
from journal.platform.errors import Conflict
from journal.platform.service import without_patient
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
# Whoever stands in from the limit of what waits, or from now, has a ground; the worker calls it again when the hour has come.
_ENTRUST = Statement(sa.text("SELECT medication.entrust_waiting(NULL) AS taken"))
# The grounds that were given for what waits after it began to.
_TAKEN_OVER = Statement(
    sa.text(
        """
    SELECT r.id, r.valid_from FROM access.care_relationship r
    WHERE r.patient_id = ANY (:ids) AND r.decision_ref ->> :what = :id AND r.valid_until IS NULL AND r.in_error_at IS NULL
    """
    )
)


@dataclass(frozen=True)
class SigningRule:
    """What holds for orders by word of mouth in a unit: hours, and who stands in where no window says (None: nobody is named).

    `unit_name` is where it was chosen, by whom and when; None, and version 0, where nobody has. `version` is of one's own
    unit's choice. `has_left`: the one who is named works here as a doctor no more.
    """

    within_hours: int = USUAL_HOURS
    stand_in_id: UUID | None = None
    stand_in_name: str | None = None
    has_left: bool = False
    version: int = 0
    unit_name: str | None = None
    chosen_by: str | None = None
    chosen_at: datetime | None = None


class StandIns(Rotas):
    """There is always somebody: with nobody named, whoever is a doctor in the unit."""

    @without_patient(Permission.MEDICATION_APPOINT)
    def signing_rule(self) -> SigningRule:
        """What holds in the unit one acts in."""
        return self._signing_rule()

    @without_patient(Permission.MEDICATION_APPOINT)
    def unsigned_count(self) -> tuple[int, int]:
        """How many orders await a signature in the unit one acts in and those below it, and how many of them are overdue."""
        limits = [row.sign_before for row in UNANSWERED.rows(self.db) if row.answered_at is None]
        return len(limits), sum(is_overdue(limit, self.work.now) for limit in limits)

    @without_patient(Permission.MEDICATION_APPOINT)
    def choose_signing_rule(
        self, *, version: int, within_hours: int, stand_in_id: UUID | None, rows: Collection[Row] = ()
    ) -> None:
        """For the unit one acts in and those below it that have not chosen: the limit of orders received from now on, and who
        stands in at which hours (`rows`) and at all others, for those that wait already too.

        `version` is the newest of one's own unit that was seen, 0 for none. Raises Invalid for somebody who is no doctor
        here, hours with two, and hours with nobody that no unit above covers; and Conflict when another chose since.
        """
        windows = self._windows(rows, stand_in_id)
        key = {"unit_id": self.work.actor.unit_id, "version": version + 1}
        said = {"within_hours": within_hours, "stand_in_id": stand_in_id}
        write = insert(SigningSetting).values(**key, **said).on_conflict_do_nothing()
        if self.db.scalar(write.returning(SigningSetting.version)) is None:
            raise Conflict("En annen har endret innstillingene etter at du åpnet siden. Se hva som gjelder nå.")
        if windows:
            self.db.execute(sa.insert(StandInWindow), [key | asdict(window) for window in windows])
        _ENTRUST.one(self.db)

    @without_patient(Permission.MEDICATION_READ)
    def hand_over(self) -> int:
        """What is overdue is with who stands in now, too; answers with how many were handed over. For the worker.

        By anybody else it does so for what waits in one's own unit, and those below it.
        """
        taken: int = _ENTRUST.one(self.db).taken
        return taken

    def _end_stand_ins(self, patient_id: UUID, relationship_id: UUID | None, limit: datetime, **what: UUID) -> None:
        """What waited is answered: nobody stands in for it any more. `what`: verbal_order_id or crossing_id."""
        relationships = CareRelationships(self.work)
        if relationship_id is not None:
            relationships.end(patient_id, relationship_id, max(self.work.now, limit))
        ((name, id),) = what.items()
        for row in _TAKEN_OVER.rows(self.db, ids=self.work.ids(patient_id), what=name, id=str(id)):
            relationships.end(patient_id, row.id, max(self.work.now, row.valid_from))

    def _signing_rule(self) -> SigningRule:
        unit_id = self.work.actor.unit_id
        found: list[Any] = _IN_FORCE.rows(self.db, unit_id=unit_id)
        if not found:
            return SigningRule()
        (row,) = found
        version = row.version if row.unit_id == unit_id else 0
        named = row.stand_in_id, row.stand_in_name, row.has_left
        return SigningRule(row.within_hours, *named, version, row.unit_name, row.recorded_by_name, row.recorded_at)
