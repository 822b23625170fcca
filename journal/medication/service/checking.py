"""The list the municipality begins with: each line checked by a nurse, and how far every ward has come."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on, insert

from journal.medication.rules.go_live import Checked, Stage, stage, unchecked
from journal.medication.service.comparing import Comparison
from journal.medication.service.sources import Source, SourceMedicine, Sources
from journal.medication.sources.tables import SourceCheckRow
from journal.permissions import Permission
from journal.platform.errors import Conflict, Invalid, NotFound
from journal.platform.ids import new_id
from journal.platform.language import counted
from journal.platform.service import on_patient, without_patient
from journal.platform.statement import Statement

_GO_LIVE = Statement(
    sa.text(
        """SELECT l.patient_id, l.lines, l.checked, l.signed, u.name AS unit_name
           FROM medication.go_live_lists() l LEFT JOIN municipalities.unit u ON u.id = l.unit_id
           ORDER BY u.name, l.patient_id"""
    )
)


class Check(NamedTuple):
    """What was said of a line, and of which understanding of it (`match_version`, 0 for the source's own)."""

    version: int
    match_version: int
    outcome: Checked
    note: str
    by: str
    by_id: UUID
    at: datetime


class Said(NamedTuple):
    """What a nurse says of a line as she saw it: `match_version` of what it was understood to be; `note` where it is wrong."""

    match_version: int
    outcome: Checked
    note: str = ""


@dataclass(frozen=True)
class GoLive:
    """How far one patient's list has come: `lines` and how many are `checked`, in which ward."""

    patient_id: UUID
    unit_name: str | None
    lines: int
    checked: int
    stage: Stage


class Checking(Sources):
    """Such a list gives no dose before every line is checked and a doctor has signed."""

    @on_patient(Permission.MEDICATION_READ)
    def checks(self, patient_id: UUID, document_id: UUID) -> dict[UUID, Check]:
        """What was said last of each line of a list, by line. One statement."""
        row = SourceCheckRow
        entries = [each.id for each in self.source_medicines(patient_id, document_id)]
        newest = (
            sa.select(row)
            .ext(distinct_on(row.entry_id))
            .where(self.work.chart(patient_id, row), row.entry_id.in_(entries), row.in_error_at.is_(None))
            .order_by(row.entry_id, row.version.desc())
        )
        return {each.entry_id: _check(each) for each in self.db.scalars(newest)}

    @on_patient(Permission.MEDICATION_CONFIRM)
    def check_lines(self, patient_id: UUID, document_id: UUID, said: Mapping[UUID, Said]) -> None:
        """Signs what a nurse found of these lines; the others wait. Raises NotFound, Invalid when none is named or a wrong one
        does not say what is wrong, and Conflict when a line was matched anew since she saw it, or the list is signed.
        """
        source = self.source(patient_id, document_id)
        if not source.go_live:
            raise NotFound("Listen skal ikke kontrolleres linje for linje. En lege samstemmer den.")
        if source.reconciled is not None:
            raise Conflict("En lege har alt signert listen. Er noe galt, så si fra til legen.")
        if not said:
            raise Invalid("Kontroller minst én linje.")
        if silent := [line for line, each in said.items() if each.outcome is Checked.WRONG and not each.note.strip()]:
            raise Invalid(errors={f"note-{line}": ["Skriv hva som ikke stemmer."] for line in silent})
        lines = {each.id: each.version for each in self.source_medicines(patient_id, document_id)}
        if any(lines.get(line) != each.match_version for line, each in said.items()):
            raise Conflict("En linje er endret etter at du åpnet siden. Se over den på nytt.")
        before, owner = self.checks(patient_id, document_id), self._owner(patient_id, document_id)
        for line, each in said.items():
            version = before[line].version + 1 if line in before else 1
            row = {"patient_id": owner, "id": new_id(), "entry_id": line, "version": version}
            found = {
                "outcome": each.outcome.value,
                "note": each.note.strip() or None,
                "match_version": each.match_version,
            }
            write = insert(SourceCheckRow).values(**row, **found).on_conflict_do_nothing()
            if self.db.scalar(write.returning(SourceCheckRow.id)) is None:
                raise Conflict("En annen har kontrollert en av linjene. Se hva som gjelder nå.")

    @without_patient(Permission.MEDICATION_READ)
    def go_live_progress(self) -> list[GoLive]:
        """How far the lists of the go-live have come in the unit one acts in and those below it. Charts stay closed.

        Those with neither such a list nor an order are among them: nobody has begun with them.
        """
        rows = _GO_LIVE.rows(self.db)
        return [
            GoLive(
                row.patient_id,
                row.unit_name,
                row.lines or 0,
                row.checked,
                stage(row.lines, row.checked, signed=row.signed),
            )
            for row in rows
        ]

    def _must_be_checked(self, patient_id: UUID, compared: Comparison) -> None:
        """Of a list of the go-live. Her own checks are none: what she signs another has seen. Raises Conflict."""
        if not compared.source.go_live:
            return
        me = self.work.actor.person_id
        by_others = {
            line: check for line, check in self.checks(patient_id, compared.source.id).items() if check.by_id != me
        }
        left = lines_to_check(compared.source, list(compared.theirs.values()), by_others)
        if left:
            raise Conflict(
                counted(
                    "%(num)s linje er ikke kontrollert av en sykepleier. Listen kan signeres når alle er det.",
                    "%(num)s linjer er ikke kontrollert av en sykepleier. Listen kan signeres når alle er det.",
                    len(left),
                )
            )


def lines_to_check(source: Source, medicines: list[SourceMedicine], checks: Mapping[UUID, Check]) -> tuple[UUID, ...]:
    """The lines of a list of the go-live that nobody has checked as they stand; none of any other list."""
    if not source.go_live or source.reconciled is not None:
        return ()
    lines = {each.id: each.version for each in medicines if not each.said.stopped}
    return unchecked(lines, {line: check.match_version for line, check in checks.items()})


def _check(row: SourceCheckRow) -> Check:
    by = row.recorded_by_name, row.recorded_by, row.recorded_at
    return Check(row.version, row.match_version, Checked(row.outcome), row.note or "", *by)
