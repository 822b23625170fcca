"""What an employee would see of a patient at a moment, and what other rules would have done to last month's reads."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from journal.access import Part, explain, stands_without, ways_in
from journal.oversight.unusual import MONTH, WEEK, parts
from journal.permissions import Permission, Role
from journal.platform.caller import Actor
from journal.platform.language import phrase
from journal.platform.service import Service, without_patient

MOST_SHOWN = 10

_ROLES = sa.text(
    """
    SELECT r.id AS role_id, p.name, r.role, r.unit_id, u.name AS unit_name, r.valid_from, r.valid_until,
        municipalities.in_force(r.id) AS in_force
    FROM municipalities.practitioner_role r
    JOIN municipalities.practitioner p ON p.id = r.practitioner_id
    JOIN municipalities.unit u ON (u.municipality_id, u.id) = (r.municipality_id, r.unit_id)
    WHERE r.municipality_id = :mine AND r.practitioner_id = :person
      AND r.valid_from <= :moment AND (r.valid_until IS NULL OR r.valid_until > :moment)
    ORDER BY r.valid_from DESC, r.id LIMIT 20
    """
)
_STANDING = sa.text("SELECT * FROM oversight.standing_then(ARRAY[CAST(:patient AS uuid)], :employment, :moment)")
_NOTES_CLOSED = sa.text("SELECT closed FROM oversight.notes_closed_then(:charts, :employment, :moment)")
_GROUNDS = sa.text("SELECT * FROM oversight.grounds_then(:charts, :employment, :moment)")
_BY_GRACE = sa.text("SELECT * FROM oversight.by_grace(:since, :until, :hours)")


_WITHOUT = sa.text("SELECT * FROM oversight.without(:since, :until, :role, :part, :ground, :standing)")
_STANDING_WITHOUT = [permission.value for permission in Permission if stands_without(permission)]


@dataclass(frozen=True)
class Without:
    """A rule that is tried: a role that may not read a part of the record, or a ground that opens nothing."""

    role: Role | None = None
    part: str | None = None
    ground: str | None = None


@dataclass(frozen=True)
class KnownGround:
    """A ground of the employee or her unit, whether it held at the moment or not. *state*: what it was then, in words."""

    ground: str
    unit_name: str | None
    valid_from: datetime
    valid_until: datetime | None
    state: str


@dataclass(frozen=True)
class RoleAnswer:
    """What she would see in one of her roles.

    *in_force*: whether the authorisation and supervisor it rests on are there now; *some_notes_closed*: whether the patient has
    closed some of the notes to her.
    """

    name: str
    role: str
    unit_name: str
    valid_from: datetime
    valid_until: datetime | None
    in_force: bool
    parts: list[Part]
    ways_in: list[str]
    grounds: list[KnownGround]
    some_notes_closed: bool


@dataclass(frozen=True)
class ReplayRow:
    """The reads of one role in one unit, and how many of them the rule that is tried would have refused."""

    unit_name: str
    role: str
    lines: int
    refused: int


@dataclass(frozen=True)
class RefusedRead:
    at: datetime
    actor_name: str
    actor_role: str
    unit_name: str
    patient_id: UUID
    action: str
    ground: str
    ended_at: datetime | None


@dataclass(frozen=True)
class Replay:
    """Of hours of grace: *in_grace*, the reads after the ground had ended; *untold*, those that cannot be tried, since the log
    names no ground with an end for them. Of a role without a part: *partly*, those that had shown the rest.
    """

    lines: int
    refused: int
    rows: list[ReplayRow]
    newest: list[RefusedRead]
    in_grace: int = 0
    untold: int = 0
    partly: int = 0


class Simulator(Service):
    """For auditors. That one asked about a patient stands in her log, like all reading of it."""

    @without_patient(Permission.AUDIT_READ)
    def ask(self, patient_id: UUID, person_id: UUID, moment: datetime) -> list[RoleAnswer]:
        """An answer for each role the employee had then; none for one without. The same for a patient who does not exist."""
        self.work.note(Permission.AUDIT_READ, patient_id)
        asked = {"mine": self.work.actor.municipality_id, "person": person_id, "moment": moment}
        return [self._in_role(patient_id, person_id, row, moment) for row in self.db.execute(_ROLES, asked)]

    @without_patient(Permission.AUDIT_READ)
    def replay(self, hours: int) -> Replay:
        """The reads of the last 31 days with this many hours of grace after a ground has ended, a week at a time."""
        rows = self._a_month(_BY_GRACE, {"hours": hours})
        in_grace, untold = sum(row.in_grace for row in rows), sum(row.untold for row in rows)
        return _replay(rows, in_grace=in_grace, untold=untold)

    @without_patient(Permission.AUDIT_READ)
    def without(self, rule: Without) -> Replay:
        """The same reads by a rule that takes something away. Of a ground: those that no other kind of ground had let in."""
        rows = self._a_month(_WITHOUT, {**vars(rule), "standing": _STANDING_WITHOUT})
        return _replay(rows, partly=sum(row.partly for row in rows))

    def _a_month(self, question: sa.TextClause, asked: Mapping[str, Any]) -> list[Any]:
        self.work.note(Permission.AUDIT_READ)
        weeks = parts(self.work.now - MONTH, self.work.now, WEEK)
        return [
            row
            for since, until in weeks
            for row in self.db.execute(question, {**asked, "since": since, "until": until})
        ]

    def _in_role(self, patient_id: UUID, person_id: UUID, row: Any, moment: datetime) -> RoleAnswer:
        here = self.work.actor
        actor = Actor(
            person_id=person_id,
            name=row.name,
            role=row.role,
            role_id=row.role_id,
            municipality_id=here.municipality_id,
            municipality_name=here.municipality_name,
            unit_id=row.unit_id,
            unit_name=row.unit_name,
            units=(),
        )
        asked = {"employment": row.role_id, "moment": moment}
        standing = self.db.execute(_STANDING, asked | {"patient": patient_id}).one_or_none()
        asked["charts"] = list(standing.ids) if standing else []
        grounds = self.db.execute(_GROUNDS, asked).all()
        told = explain(actor, patient_id, standing)
        return RoleAnswer(
            row.name,
            row.role,
            row.unit_name,
            row.valid_from,
            row.valid_until,
            row.in_force,
            told,
            ways_in(actor, told),
            [KnownGround(g.ground, g.unit_name, g.valid_from, g.valid_until, _state(g, moment)) for g in grounds],
            bool(self.db.scalar(_NOTES_CLOSED, asked)),
        )


def _state(ground: Any, moment: datetime) -> str:
    if ground.valid_from > moment:
        return phrase("hadde ikke begynt")
    if ground.valid_until is None or ground.valid_until > moment:
        return phrase("gjaldt")
    if ground.grace_until is not None and ground.grace_until > moment:
        return phrase("var avsluttet, men fortsatt åpen for etterskriving")
    return phrase("var avsluttet")


def _replay(rows: Iterable[Any], **more: int) -> Replay:
    rows = list(rows)
    found: dict[tuple[str, str], tuple[int, int]] = {}
    for row in rows:
        lines, refused = found.get((row.unit_name, row.actor_role), (0, 0))
        found[row.unit_name, row.actor_role] = lines + row.lines, refused + row.refused
    struck = [ReplayRow(unit, role, *counts) for (unit, role), counts in found.items() if counts[1]]
    newest = sorted((_read(row, said) for row in rows for said in row.examples), key=lambda r: r.at, reverse=True)
    return Replay(
        sum(row.lines for row in rows),
        sum(row.refused for row in rows),
        sorted(struck, key=lambda each: (-each.refused, each.unit_name, each.role)),
        newest[:MOST_SHOWN],
        **more,
    )


def _read(row: Any, said: dict[str, Any]) -> RefusedRead:
    return RefusedRead(
        at=datetime.fromisoformat(said["at"]),
        actor_name=said["actor_name"],
        actor_role=row.actor_role,
        unit_name=row.unit_name,
        patient_id=UUID(said["patient_id"]),
        action=said["action"],
        ground=said["ground"],
        ended_at=datetime.fromisoformat(said["ended_at"]) if "ended_at" in said else None,
    )
