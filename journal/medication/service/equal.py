"""What is alike in our list and in another's, taken in by a nurse in one act; what differs is a prescriber's to decide."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from journal.medication import facts
from journal.medication.rules import OrderStatus
from journal.medication.rules.reconciling import Kind, Row
from journal.medication.service.comparing import Comparing, Comparison
from journal.medication.sources.tables import ConfirmedLineRow
from journal.permissions import Permission
from journal.platform.errors import Conflict, Invalid
from journal.platform.ids import new_id
from journal.platform.service import on_patient


@dataclass(frozen=True)
class EqualLine:
    """An order of ours that stands alike in the other list. `key` names both lines as they were seen.

    `confirmed_by` is None while no nurse has taken it in, as it is now. `paused`: it is not in use, so it is no line to take in.
    """

    key: str
    request_entry_id: UUID
    version: int
    paused: bool
    confirmed_by: str | None
    confirmed_at: datetime | None


class EqualLines(Comparing):
    """A line is equal when everything that matters is (rules/reconciling.py), so that nothing is decided by taking it in."""

    @on_patient(Permission.MEDICATION_READ)
    def equal_lines(self, patient_id: UUID, compared: Comparison) -> list[EqualLine]:
        """Our orders in use that stand alike in that list, and which of them a nurse has taken in. One statement."""
        row = ConfirmedLineRow
        of_list = self.work.chart(patient_id, row), row.document_id == compared.source.id, row.in_error_at.is_(None)
        said = sa.select(row.request_entry_id, row.request_version, row.recorded_by_name, row.recorded_at)
        taken = {tuple(each[:2]): each for each in self.db.execute(said.where(*of_list))}
        lines = []
        for both in equal_rows(compared):
            assert both.ours is not None
            order = compared.ours[both.ours.key]
            by = taken.get((order.entry_id, order.version))
            when = (by.recorded_by_name, by.recorded_at) if by else (None, None)
            paused = order.status != OrderStatus.ACTIVE
            lines.append(EqualLine(both.key, order.entry_id, order.version, paused, *when))
        return lines

    @on_patient(Permission.MEDICATION_CONFIRM)
    def take_in_equal(self, patient_id: UUID, document_id: UUID, *, keys: Collection[str]) -> tuple[UUID, ...]:
        """Signs that these lines, as they were seen, are alike in both and in use; answers with the entry_ids of their orders.

        All of them or none. What is taken in already stays as it is. Raises NotFound, Invalid when no line is named, and
        Conflict when one of them differs now, or is paused: that is a prescriber's to decide.
        """
        if not keys:
            raise Invalid("Det er ingen like linjer å ta inn.")
        compared = self.comparison(patient_id, document_id)
        found = {line.key: line for line in self.equal_lines(patient_id, compared)}
        lines = [line for key in dict.fromkeys(keys) if (line := found.get(key)) is not None and not line.paused]
        if len(lines) != len(set(keys)):
            raise Conflict(
                "En av linjene er ikke lenger lik i begge listene. Se over på nytt. Ulike linjer avgjør en lege."
            )
        owner = self._owner(patient_id, document_id)
        for line in lines:
            of_source = compared.theirs[line.key.partition("~")[2]].id
            row = {"patient_id": owner, "id": new_id(), "document_id": document_id, "source_entry_id": of_source}
            order = {"request_entry_id": line.request_entry_id, "request_version": line.version}
            self.db.execute(insert(ConfirmedLineRow).values(**row, **order).on_conflict_do_nothing())
            self.work.publish(facts.EqualLineTakenIn(patient_id, line.request_entry_id, line.version))
        return tuple(line.request_entry_id for line in lines)


def equal_rows(compared: Comparison) -> list[Row]:
    """The rows that both lists have alike; what is over in both is none of them."""
    return [row for row in compared.rows if row.kind is Kind.EQUAL and row.ours is not None and row.theirs is not None]
