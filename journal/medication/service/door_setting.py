"""Within how many hours a municipality wants the list reconciled after the patient came."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from journal.medication.door_tables import DoorSetting
from journal.medication.rules.door import USUAL_HOURS
from journal.permissions import Permission
from journal.platform.errors import Conflict
from journal.platform.service import Service, without_patient


@dataclass(frozen=True)
class DoorChoice:
    """What the municipality has chosen last: hours, by whom and when; version 0 and nobody while the usual limit holds."""

    version: int
    within_hours: int
    chosen_by: str | None = None
    chosen_at: datetime | None = None


class DoorSettings(Service):
    """The limit, which runs on Sundays too."""

    @without_patient(Permission.MUNICIPALITIES_READ)
    def door_choice(self) -> DoorChoice:
        """What holds in one's own municipality."""
        return self._door_choice()

    @without_patient(Permission.MUNICIPALITIES_MANAGE)
    def choose_door_hours(self, within_hours: int, *, version: int) -> None:
        """A new limit, for who comes from now on. `version` is the newest that was seen, 0 for none. Raises Conflict when
        another chose since.
        """
        write = insert(DoorSetting).values(version=version + 1, within_hours=within_hours).on_conflict_do_nothing()
        if self.db.scalar(write.returning(DoorSetting.version)) is None:
            raise Conflict("En annen har endret innstillingene etter at du åpnet siden. Se hva som gjelder nå.")

    def _door_choice(self) -> DoorChoice:
        mine = DoorSetting.municipality_id == self.work.actor.municipality_id
        row = self.db.scalar(sa.select(DoorSetting).where(mine).order_by(DoorSetting.version.desc()).limit(1))
        if row is None:
            return DoorChoice(0, USUAL_HOURS)
        return DoorChoice(row.version, row.within_hours, row.recorded_by_name, row.recorded_at)
