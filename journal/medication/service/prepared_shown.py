"""What lies ready for a patient, as it was laid in or packed, beside what is ordered now. One statement."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa

from journal.medication.prepared_tables import Prepared, PreparedLine
from journal.medication.rules import OrderStatus, cautions
from journal.medication.rules.prepared import (
    GIVEN_UP_TEXT,
    UNCHECKED_TEXT,
    Ordered,
    Outcome,
    PreparedKind,
    Why,
    take_out_sentence,
    wants_own_signature,
    wrong,
)
from journal.medication.rules.safety import Tier
from journal.medication.service.planning import horizon
from journal.platform.quantity import Quantity
from journal.platform.statement import Statement
from journal.platform.work import in_charts

LINES = Statement(
    sa.text(
        """
    SELECT p.patient_id, p.id AS prepared_id, p.entry_id, p.version, p.kind, p.starts_on, p.ends_on, p.prepared_by,
        p.recorded_by, p.recorded_by_name, p.recorded_at, c.outcome, c.recorded_by_name AS checked_by, c.reason,
        l.id AS line_id, l.due_at, l.medicine, l.amount, l.unit, l.request_entry_id, l.request_version,
        d.id AS dose_id, d.request_version AS dose_version, d.amount AS dose_amount, d.unit AS dose_unit, d.state,
        r.status, r.atc_code, r.prescription_group, r.required_value IS NOT NULL AS has_value, r.two_signatures,
        r.detected_issues,
        (made.atc_code, made.generic_name, made.form, made.strength)
            IS NOT DISTINCT FROM (r.atc_code, r.generic_name, r.form, r.strength)
            AND (p.kind <> 'dispenser' OR r.supply = 'dispenser') AS same_medicine,
        a.id AS signed_id, t.recorded_by_name AS taken_out_by, g.reason AS given_up_because
    FROM medication.prepared_line l
    JOIN medication.prepared p ON (p.patient_id, p.id) = (l.patient_id, l.prepared_id)
    LEFT JOIN medication.prepared_check c ON (c.patient_id, c.prepared_id) = (p.patient_id, p.id)
    LEFT JOIN medication.prepared_take_out t ON (t.patient_id, t.line_id) = (l.patient_id, l.id)
    LEFT JOIN medication.prepared_take_out g
        ON (g.patient_id, g.prepared_id, g.due_at) = (l.patient_id, l.prepared_id, l.due_at) AND g.line_id IS NULL
    LEFT JOIN medication.dose d
        ON d.patient_id = ANY (:ids) AND d.request_entry_id = l.request_entry_id AND d.due_at = l.due_at
    LEFT JOIN medication.medication_request made
        ON made.patient_id = ANY (:ids) AND made.entry_id = l.request_entry_id AND made.version = l.request_version
    LEFT JOIN LATERAL (
        SELECT n.* FROM medication.medication_request n
        WHERE n.patient_id = ANY (:ids) AND n.entry_id = l.request_entry_id AND n.in_error_at IS NULL
        ORDER BY n.version DESC LIMIT 1) r ON true
    LEFT JOIN medication.medication_administration a
        ON a.patient_id = d.patient_id AND a.dose_id = d.id AND a.in_error_at IS NULL AND a.kind = 'signature'
    WHERE l.patient_id = ANY (:ids) AND l.due_at >= :start AND l.due_at < :end
      AND l.in_error_at IS NULL AND p.in_error_at IS NULL
      AND NOT EXISTS (SELECT FROM medication.prepared later
          WHERE (later.patient_id, later.entry_id) = (p.patient_id, p.entry_id)
            AND later.version > p.version AND later.in_error_at IS NULL)
    ORDER BY p.starts_on, p.id, l.due_at, l.medicine, l.id
    """
    )
)


class BagLine(NamedTuple):
    """One medicine of a bag. `why`: it must be taken out, None for what is right, used, taken out or not known yet.

    `apart`: it lies in the bag and is signed by itself. `order_status`: of the order as it is now.
    """

    id: UUID
    medicine: str
    amount: Quantity
    request_entry_id: UUID | None
    request_version: int | None
    dose_id: UUID | None
    dose_version: int | None
    used: bool
    taken_out_by: str | None
    apart: bool
    why: Why | None

    @property
    def take_out(self) -> str:
        """What the hand must do with it, in a sentence; empty for a line that is right."""
        return take_out_sentence(self.amount, self.medicine, self.why) if self.why else ""


@dataclass(frozen=True)
class PreparedThing:
    """A dosett or a roll. `prepared_by`: who laid it in or packed it; `recorded_by` wrote it down."""

    patient_id: UUID
    id: UUID
    entry_id: UUID
    version: int
    kind: PreparedKind
    starts_on: date
    ends_on: date
    prepared_by: str
    recorded_by: UUID
    recorded_by_name: str
    recorded_at: datetime
    outcome: Outcome | None
    checked_by: str | None
    reason: str | None
    bags: tuple["Bag", ...] = ()


@dataclass(frozen=True)
class Bag:
    """A compartment or a bag: what lies in it for one time. `given_up_because`: it is not to be used at all."""

    of: PreparedThing
    due_at: datetime
    lines: tuple[BagLine, ...]
    given_up_because: str | None

    @property
    def outdated(self) -> tuple[BagLine, ...]:
        """What must be taken out before the rest is given."""
        return tuple(line for line in self.lines if line.why)

    @property
    def together(self) -> tuple[BagLine, ...]:
        """What is given and signed as one: right, not used, and nothing of its own to see first."""
        return tuple(
            line
            for line in self.lines
            if line.dose_id and not (line.why or line.used or line.taken_out_by or line.apart)
        )

    @property
    def blocked(self) -> str | None:
        """Why nothing of it may be given from the bag, whatever it holds; None for a bag in use."""
        if self.given_up_because is not None:
            return GIVEN_UP_TEXT
        return UNCHECKED_TEXT if self.of.kind is PreparedKind.MULTIDOSE and self.of.outcome is None else None

    @property
    def uncontrolled(self) -> bool:
        """Whether nobody else has looked at what was laid in."""
        return self.of.kind is PreparedKind.DOSETT and self.of.outcome is None


def prepared_by(given: Any) -> sa.ColumnElement[str | None]:
    """Who laid in or packed what was given. `given`: an administration. Costs nothing for what was given from a pack."""
    line, of = PreparedLine, Prepared
    name = (
        sa.select(of.prepared_by)
        .join(line, sa.and_(line.patient_id == of.patient_id, line.prepared_id == of.id))
        .where(in_charts(line), line.id == given.prepared_line_id)
        .correlate_except(line, of)
        .scalar_subquery()
    )
    return sa.case((given.prepared_line_id.is_not(None), name))


def things_of(rows: Sequence[Any], now: datetime) -> tuple[PreparedThing, ...]:
    """The rows of LINES as things with their bags, earliest first."""
    return tuple(_thing(list(of), now) for _, of in groupby(rows, key=lambda row: row.prepared_id))


def bags_of(rows: Sequence[Any], now: datetime) -> list[Bag]:
    """The bags that may be given from, or whose content must be known: not those of a roll that was sent back."""
    found = [bag for thing in things_of(rows, now) if thing.outcome is not Outcome.SENT_BACK for bag in thing.bags]
    return sorted(found, key=lambda bag: bag.due_at)


def _thing(rows: list[Any], now: datetime) -> PreparedThing:
    one = rows[0]
    said: dict[str, Any] = {
        "patient_id": one.patient_id,
        "id": one.prepared_id,
        "entry_id": one.entry_id,
        "version": one.version,
        "kind": PreparedKind(one.kind),
        "starts_on": one.starts_on,
        "ends_on": one.ends_on,
        "prepared_by": one.prepared_by,
        "recorded_by": one.recorded_by,
        "recorded_by_name": one.recorded_by_name,
        "recorded_at": one.recorded_at,
        "outcome": Outcome(one.outcome) if one.outcome else None,
        "checked_by": one.checked_by,
        "reason": one.reason,
    }
    bare = PreparedThing(**said)
    bags = [
        Bag(bare, due_at, tuple(_line(row, now) for row in of), of[0].given_up_because)
        for due_at, of in ((at, list(group)) for at, group in groupby(rows, key=lambda row: row.due_at))
    ]
    return PreparedThing(**said, bags=tuple(bags))


def _line(row: Any, now: datetime) -> BagLine:
    amount = Quantity(row.amount, row.unit)
    known = row.dose_id is not None or row.request_entry_id is None or row.due_at < horizon(now)
    ordered = _ordered(row, amount, known)
    why = wrong(amount, ordered, has_order=row.request_entry_id is not None)
    return BagLine(
        id=row.line_id,
        medicine=row.medicine,
        amount=amount,
        request_entry_id=row.request_entry_id,
        request_version=row.request_version,
        dose_id=row.dose_id,
        dose_version=row.dose_version,
        used=row.signed_id is not None,
        taken_out_by=row.taken_out_by,
        apart=row.dose_id is not None and _apart(row, now),
        why=None if row.taken_out_by else why,
    )


def _ordered(row: Any, amount: Quantity, known: bool) -> Ordered | None:
    """The dose of the line's time; of a time so far ahead that no dose is worked out, what the order itself says."""
    if row.dose_id is not None:
        of_dose = Quantity(row.dose_amount, row.dose_unit)
        return Ordered(of_dose, row.state, row.same_medicine, row.signed_id is not None)
    if known:
        return None
    state = {OrderStatus.ACTIVE: "open", OrderStatus.ON_HOLD: "held"}.get(OrderStatus(row.status), "cancelled")
    return Ordered(amount, state, row.same_medicine, signed=False)


def _apart(row: Any, now: datetime) -> bool:
    overridden = any(issue["tier"] == Tier.STOP for issue in row.detected_issues or ())
    group = {"atc_code": row.atc_code, "prescription_group": row.prescription_group}
    special = cautions(**group, at=now, stop_overridden=overridden)
    return wants_own_signature(
        cautions=special, has_value=row.has_value, two_signatures=row.two_signatures, unit=row.unit
    )
