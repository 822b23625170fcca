"""By when each step is taken where nobody answers, and whom to call: chosen unit by unit."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from journal.care.ladder_rules import USUAL_MINUTES, Step
from journal.care.ladder_tables import NoAnswerSetting
from journal.permissions import Permission
from journal.platform.errors import Conflict, Invalid
from journal.platform.service import Service, without_patient
from journal.platform.statement import Statement

# Of the unit or the nearest above it that has chosen.
_IN_FORCE = Statement(
    sa.text(
        """
    WITH RECURSIVE up AS (
        SELECT u.id, u.parent_id, u.name, 0 AS far FROM municipalities.unit u WHERE u.id = :unit_id
        UNION ALL
        SELECT u.id, u.parent_id, u.name, up.far + 1 FROM municipalities.unit u JOIN up ON u.id = up.parent_id)
    SELECT up.id AS unit_id, up.name AS unit_name, s.version, s.minutes, s.nurse_phone, s.recorded_by_name, s.recorded_at
    FROM up
    CROSS JOIN LATERAL (
        SELECT s.* FROM care.no_answer_setting s WHERE s.unit_id = up.id ORDER BY s.version DESC LIMIT 1) s
    ORDER BY up.far LIMIT 1
    """
    )
)


@dataclass(frozen=True)
class LadderChoice:
    """What holds in a unit: minutes from the start for each step with a clock, and the telephone of the nurse in charge.

    `unit_name` is where it was chosen, by whom and when; None, and version 0, where nobody has. `version` is of one's own
    unit's choice.
    """

    minutes: dict[Step, int] = field(default_factory=lambda: dict(USUAL_MINUTES))
    nurse_phone: str = ""
    version: int = 0
    unit_name: str | None = None
    chosen_by: str | None = None
    chosen_at: datetime | None = None


class LadderSettings(Service):
    """The minutes that hold when it begins hold until it has ended."""

    @without_patient(Permission.CARE_READ)
    def ladder_choice(self) -> LadderChoice:
        """What holds in the unit one acts in. One statement."""
        unit_id = self.work.actor.unit_id
        found: list[Any] = _IN_FORCE.rows(self.db, unit_id=unit_id)
        if not found:
            return LadderChoice()
        (row,) = found
        minutes = dict(zip(USUAL_MINUTES, row.minutes, strict=True))
        version = row.version if row.unit_id == unit_id else 0
        chosen = row.unit_name, row.recorded_by_name, row.recorded_at
        return LadderChoice(minutes, row.nurse_phone or "", version, *chosen)

    @without_patient(Permission.CARE_APPOINT)
    def choose_ladder(self, minutes: dict[Step, int], *, nurse_phone: str, version: int) -> None:
        """For the unit one acts in and those below it that have not chosen: what holds for those that begin from now on.

        `version` is the newest of one's own unit that was seen, 0 for none. Raises Invalid when a later step would come
        before an earlier one, Conflict when another chose since.
        """
        said = [minutes[step] for step in USUAL_MINUTES]
        late = next(
            (step for step, before in zip(list(USUAL_MINUTES)[1:], said, strict=False) if minutes[step] < before), None
        )
        if late is not None:
            raise Invalid(errors={late.value: ["Steget kan ikke komme før det over."]})
        key = {"unit_id": self.work.actor.unit_id, "version": version + 1}
        write = insert(NoAnswerSetting).values(**key, minutes=said, nurse_phone=nurse_phone or None)
        if self.db.scalar(write.on_conflict_do_nothing().returning(NoAnswerSetting.version)) is None:
            raise Conflict("En annen har endret innstillingene etter at du åpnet siden. Se hva som gjelder nå.")

    def _minutes(self) -> dict[Step, int]:
        return self.ladder_choice().minutes
