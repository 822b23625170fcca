"""Lines of the log as they stand, for an export: every column, oldest first."""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from journal.audit.seal import COLUMNS
from journal.permissions import Permission
from journal.platform.errors import Invalid
from journal.platform.service import Service, without_patient
from journal.platform.shielding import hidden
from journal.platform.statement import Statement
from journal.platform.work import Work

# A page of an auditor is never more than this; the whole log is exported by the operator, as one file that can be checked.
MOST_EXPORTED = 20_000

_LOG = sa.table("access_log", *map(sa.column, (*COLUMNS,)), schema="audit")
_RECORDS = Statement(sa.text("SELECT audit.records_of(:asked) AS ids"))
_SHIELDED = Statement(sa.text("SELECT audit.shielded(:asked) AS ids"))


class LogLines(Service):
    """For auditors: what an export holds."""

    @without_patient(Permission.AUDIT_READ)
    def between(
        self, start: datetime, end: datetime, *, actor_id: UUID | None = None, patient_id: UUID | None = None
    ) -> list[dict[str, Any]]:
        """The lines of a person, of a patient or of both, with the reason that was given where one was.

        Raises Invalid when they are too many for one file.
        """
        self.work.note(Permission.AUDIT_READ, patient_id, object_id=actor_id)
        asked = [_LOG.c.at >= start, _LOG.c.at < end]
        asked += [_LOG.c.actor_id == actor_id] if actor_id else []
        asked += [_LOG.c.patient_id.in_(records_of(self.work, patient_id))] if patient_id else []
        rows = self.db.execute(sa.select(_LOG).where(*asked).order_by(_LOG.c.at, _LOG.c.id).limit(MOST_EXPORTED + 1))
        lines = [{**row, "reason": (row["decision_ref"] or {}).get("description")} for row in rows.mappings()]
        if len(lines) > MOST_EXPORTED:
            raise Invalid(errors={"since": ["Perioden har for mange linjer. Velg en kortere periode."]})
        _shield(self.work, lines)
        return lines


def _shield(work: Work, lines: list[dict[str, Any]]) -> None:
    """Takes the unit out of the lines about whoever has a protected address: a file leaves the house. Who looked stands."""
    protected = protected_of(work, {line["patient_id"] for line in lines if line["patient_id"]})
    for line in lines:
        if line["patient_id"] in protected:
            line.update(unit_id=None, unit_name=hidden())


def records_of(work: Work, patient_id: UUID) -> list[UUID]:
    """Every record of this person, since linked records are one person's. Asked while the log is read."""
    return list(_RECORDS.one(work.db, asked=patient_id).ids)


def protected_of(work: Work, patient_ids: Collection[UUID]) -> set[UUID]:
    """Those of them whose address is protected. Asked while the log is read."""
    return set(_SHIELDED.one(work.db, asked=list(patient_ids)).ids)
