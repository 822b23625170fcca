"""What a municipality lets each role do by itself, and what a unit has chosen for its shifts and for as needed."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from journal.medication.authority_tables import AuthoritySetting, UnitSetting
from journal.medication.rules.authority import (
    ACTS,
    CARRYING_ROLES,
    USUAL_CHANGES,
    Act,
    acts_nobody_carries,
    carried_by,
)
from journal.permissions import Permission
from journal.platform.errors import Conflict, Invalid, NotFound
from journal.platform.language import phrase
from journal.platform.service import Service, without_patient

_CHANGED = "En annen har endret innstillingene etter at du åpnet siden. Se hva som gjelder nå."


@dataclass(frozen=True)
class Carried:
    """Which acts each role carries by itself; version 0 and nobody while the usual holds."""

    version: int
    by_role: Mapping[str, frozenset[Act]]
    chosen_by: str | None = None
    chosen_at: datetime | None = None


@dataclass(frozen=True)
class Shifts:
    """When shifts change in the unit, by the clock, and whether as needed is cleared with a nurse; version 0 as Carried."""

    version: int
    changes: tuple[time, ...]
    cleared_with_nurse: bool
    chosen_by: str | None = None
    chosen_at: datetime | None = None


class AuthoritySettings(Service):
    """A small municipality needs to choose none of it."""

    @without_patient(Permission.MUNICIPALITIES_READ)
    def carried(self) -> Carried:
        """What holds in one's own municipality."""
        row = self._setting()
        chosen = row.carried if row else None
        by_role = {role: carried_by(role, chosen) for role in CARRYING_ROLES}
        return Carried(row.version, by_role, row.recorded_by_name, row.recorded_at) if row else Carried(0, by_role)

    @without_patient(Permission.MUNICIPALITIES_MANAGE)
    def choose_carried(self, by_role: Mapping[str, Collection[Act]], *, version: int) -> None:
        """A new choice, from the next request on. `version` is the newest that was seen, 0 for none.

        Raises Invalid when neither nurse nor doctor carries some act, and Conflict when another chose since.
        """
        chosen = {role: [act.value for act in Act if act in by_role.get(role, ())] for role in CARRYING_ROLES}
        if without := acts_nobody_carries(chosen):
            acts = ", ".join(ACTS[act].in_a_sentence() for act in without)
            raise Invalid(phrase("Sykepleier eller lege må kunne %(acts)s. Ellers kan ingen gjøre det.", acts=acts))
        write = insert(AuthoritySetting).values(version=version + 1, carried=chosen).on_conflict_do_nothing()
        if self.db.scalar(write.returning(AuthoritySetting.version)) is None:
            raise Conflict(_CHANGED)

    @without_patient(Permission.MEDICATION_DELEGATE)
    def shifts(self, unit_id: UUID) -> Shifts:
        """What holds in the unit."""
        mine = UnitSetting.municipality_id == self.work.actor.municipality_id, UnitSetting.unit_id == unit_id
        row = self.db.scalar(sa.select(UnitSetting).where(*mine).order_by(UnitSetting.version.desc()).limit(1))
        if row is None:
            return Shifts(0, USUAL_CHANGES, False)
        by = row.recorded_by_name, row.recorded_at
        return Shifts(row.version, tuple(row.shift_changes), row.cleared_with_nurse, *by)

    @without_patient(Permission.MEDICATION_APPOINT)
    def choose_shifts(
        self, unit_id: UUID, changes: Collection[time], *, cleared_with_nurse: bool, version: int
    ) -> None:
        """A new choice for the unit; authorities that are given from now on end by it.

        Raises NotFound, Invalid for a change at 00.00, and Conflict when another chose since.
        """
        if unit_id not in self.work.actor.units:
            raise NotFound("Enheten finnes ikke hos deg.")
        if time.min in changes:
            said = "En fullmakt skal ikke ende ved midnatt. Skriv når vakten er over, for eksempel 00.15."
            raise Invalid(errors={"changes": [said]})
        values = {"shift_changes": sorted(set(changes)), "cleared_with_nurse": cleared_with_nurse}
        write = insert(UnitSetting).values(unit_id=unit_id, version=version + 1, **values).on_conflict_do_nothing()
        if self.db.scalar(write.returning(UnitSetting.version)) is None:
            raise Conflict(_CHANGED)

    def _setting(self) -> Any:
        mine = AuthoritySetting.municipality_id == self.work.actor.municipality_id
        return self.db.scalar(
            sa.select(AuthoritySetting).where(mine).order_by(AuthoritySetting.version.desc()).limit(1)
        )

    def _carried(self) -> Callable[[str], frozenset[Act]]:
        row = self._setting()
        return lambda role: carried_by(role, row.carried if row else None)
