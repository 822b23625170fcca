"""Which medicines a municipality counts as critical besides those of the rule (rules/next_step.py)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from journal.medication.critical_tables import CriticalSetting
from journal.permissions import Permission
from journal.platform.errors import Conflict
from journal.platform.service import Service, without_patient


@dataclass(frozen=True)
class CriticalChoice:
    """What the municipality has chosen last: ATC groups, by whom and when; version 0 and nobody while it has added none."""

    version: int
    atc_codes: tuple[str, ...]
    chosen_by: str | None = None
    chosen_at: datetime | None = None


class CriticalSettings(Service):
    """The municipality's own list."""

    @without_patient(Permission.MUNICIPALITIES_READ)
    def critical_choice(self) -> CriticalChoice:
        """What holds in one's own municipality."""
        mine = CriticalSetting.municipality_id == self.work.actor.municipality_id
        row = self.db.scalar(sa.select(CriticalSetting).where(mine).order_by(CriticalSetting.version.desc()).limit(1))
        if row is None:
            return CriticalChoice(0, ())
        return CriticalChoice(row.version, tuple(row.atc_codes), row.recorded_by_name, row.recorded_at)

    @without_patient(Permission.MUNICIPALITIES_MANAGE)
    def choose_critical(self, atc_codes: Sequence[str], *, version: int) -> None:
        """These groups besides those of the rule, from now on. `version` is the newest that was seen, 0 for none. Raises Conflict
        when another chose since.
        """
        write = insert(CriticalSetting).values(version=version + 1, atc_codes=list(atc_codes)).on_conflict_do_nothing()
        if self.db.scalar(write.returning(CriticalSetting.version)) is None:
            raise Conflict("En annen har endret innstillingene etter at du åpnet siden. Se hva som gjelder nå.")
