"""Orders, the doses they lead to, and what was signed: as the medication service stores them."""

from collections.abc import Iterable
from datetime import datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from itertools import zip_longest
from typing import Any, NamedTuple
from uuid import UUID

from journal.medication import Medicine
from journal.medication.models import Dose, MedicationAdministration, MedicationRequest, RequestPlan
from journal.medication.rules import (
    Dosage,
    OrderStatus,
    Reason,
    Result,
    Tolerance,
    ValueRequirement,
    daily,
    expected_times,
    missed_at,
    slot_of,
    tolerance_for,
)
from journal.platform.quantity import Quantity
from tests.builder import Builder, Staff

METOPROLOL = Medicine(
    "metoprolol",
    "Selo-Zok",
    form="depottablett",
    strength="50 mg",
    route="peroralt",
    atc_code="C07AB02",
    prescription_group="C",
)

_SEEN_AHEAD = timedelta(days=35)
"""As in the service: the dose after the last one decides when that one is missed."""


def once_a_day(at: time, unit: str = "tablett", strength: str = "50") -> Dosage:
    """One a day at this clock time in Oslo."""
    return daily(Quantity(Decimal(1), unit), [at], strength_per_unit=Quantity(Decimal(strength), "mg"))


def medication_request(
    b: Builder,
    patient_id: UUID,
    by: Staff,
    medicine: Medicine = METOPROLOL,
    *,
    dosage: Dosage,
    starts_at: datetime,
    planned_until: datetime | None,
    ends_at: datetime | None = None,
    use: str | None = None,
    recorded_at: datetime | None = None,
    status: OrderStatus = OrderStatus.ACTIVE,
    given_by: str = "municipality_unit",
    supply: str | None = None,
    indication: str | None = None,
    instruction: str | None = None,
    required_value: ValueRequirement | None = None,
    condition_text: str | None = None,
    two_signatures: bool = False,
) -> dict[str, Any]:
    """The first version of an order, written at `recorded_at` (else at `starts_at`), and its plan; doses are made apart.

    `use` is 9101 and follows from the dosage unless it is said. `planned_until`: how far `doses` will be worked out.
    """
    as_needed = dosage.as_needed is not None
    request_id, recorded_at = b.new_id(), recorded_at or starts_at
    request = b.add(
        MedicationRequest,
        **by.at(recorded_at),
        **vars(medicine),
        patient_id=patient_id,
        id=request_id,
        entry_id=request_id,
        version=1,
        status=status.value,
        intent="order",
        dosage=dosage.to_json(),
        indication=indication,
        instruction=instruction,
        use=use or ("3" if as_needed else "2" if ends_at or dosage.course else "1"),
        as_needed=as_needed,
        starts_at=starts_at,
        ends_at=ends_at,
        given_by=given_by,
        supply=supply,
        required_value=required_value.to_json() if required_value else None,
        condition_text=condition_text,
        two_signatures=two_signatures,
        prescriber_name=by.actor.name,
        effective_at=recorded_at,
        change="prescribe",
    )
    b.add(
        RequestPlan,
        patient_id=patient_id,
        request_entry_id=request_id,
        municipality_id=by.actor.municipality_id,
        planned_until=None if as_needed or status is OrderStatus.STOPPED else planned_until,
    )
    return request


def next_version(
    b: Builder, request: dict[str, Any], by: Staff, change: str, reason: str, *, at: datetime, **content: Any
) -> dict[str, Any]:
    """The order as it is after `change` (change, hold, resume or stop), decided at this time; doses are made apart."""
    status = {"hold": OrderStatus.ON_HOLD, "stop": OrderStatus.STOPPED}.get(change, OrderStatus.ACTIVE)
    new = {**request, **by.at(at), **content, "id": b.new_id(), "version": request["version"] + 1}
    new |= {"status": status.value, "effective_at": at, "change": change, "change_reason": reason}
    return b.add(MedicationRequest, **new)


def doses(b: Builder, request: dict[str, Any], dosage: Dosage, start: datetime, end: datetime) -> list[dict[str, Any]]:
    """The doses of this order from `start` up to but not including `end`, by the journal's own rules."""
    order_start = request["starts_at"] if request["starts_at"] > start or dosage.every else None
    window = _Window(start, end, order_start, request["ends_at"], request["time_critical"])
    state = "held" if request["status"] == OrderStatus.ON_HOLD else "open"
    fixed = {
        "patient_id": request["patient_id"],
        "municipality_id": request["municipality_id"],
        "request_entry_id": request["entry_id"],
        "request_id": request["id"],
        "request_version": request["version"],
        "given_by": request["given_by"],
        "state": state,
    }
    return [b.add(Dose, **fixed, id=b.new_id(), **times) for times in _times(dosage, window)]


class _Window(NamedTuple):
    start: datetime
    end: datetime
    order_start: datetime | None
    order_end: datetime | None
    time_critical: bool


@lru_cache(maxsize=4096)
def _times(dosage: Dosage, window: _Window) -> tuple[dict[str, Any], ...]:
    """What the doses of a dosage have in common for everybody who takes it so: worked out once."""
    start, end = window.start, window.end
    expected = expected_times(
        dosage, start=start, end=end + _SEEN_AHEAD, order_start=window.order_start or start, order_end=window.order_end
    )
    return tuple(
        _rows(list(expected), window.end, tolerance_for(exact=dosage.exact, time_critical=window.time_critical))
    )


def _rows(expected: list[Any], end: datetime, tolerance: Tolerance) -> Iterable[dict[str, Any]]:
    for dose, following in zip_longest(expected, expected[1:]):
        if dose.due_at >= end:
            return
        next_due_at = following.due_at if following else None
        yield {
            "due_at": dose.due_at,
            "next_due_at": next_due_at,
            "ready_from": dose.due_at - tolerance.before,
            "late_after": dose.due_at + tolerance.after,
            "missed_from": missed_at(dose.due_at, next_due_at),
            "amount": dose.amount.value,
            "unit": dose.amount.unit,
            "slot": slot_of(dose.due_at),
        }


def administration(
    b: Builder,
    dose: dict[str, Any],
    by: Staff,
    *,
    at: datetime,
    recorded_at: datetime | None = None,
    reason: Reason | None = None,
    text: str | None = None,
    amount: Decimal | None = None,
    observation_id: UUID | None = None,
    **patch: str,
) -> dict[str, Any]:
    """A signature of this dose: given, or with a `reason` not given (or not in full). Written down at once unless said.

    `patch`: site and old_patch, of a patch.
    """
    result = reason.result if reason else Result.TAKEN
    completed = result in (Result.TAKEN, Result.PARTLY_TAKEN)
    return b.add(
        MedicationAdministration,
        **by.at(recorded_at or at),
        patient_id=dose["patient_id"],
        id=b.new_id(),
        dose_id=dose["id"],
        request_id=dose["request_id"],
        request_version=dose["request_version"],
        kind="signature",
        status="completed" if completed else "not-done",
        result=result.value,
        reason_code=reason.value if reason else None,
        reason_text=text,
        effective_at=at,
        amount=(amount or dose["amount"]) if completed else None,
        unit=dose["unit"] if completed else None,
        observation_id=observation_id,
        **{"site": None, "old_patch": None, **patch},
    )


def witness(b: Builder, signature: dict[str, Any], by: Staff, *, at: datetime) -> dict[str, Any]:
    """The second signature of a dose that wants two, by another person than the first."""
    own = {"id": b.new_id(), "kind": "witness", "witness_of_id": signature["id"]}
    return b.add(MedicationAdministration, **signature | by.at(at) | own)


def as_needed_administration(
    b: Builder,
    request: dict[str, Any],
    by: Staff,
    amount: Quantity,
    *,
    at: datetime,
    observation_id: UUID | None = None,
) -> dict[str, Any]:
    """A dose of a medicine as needed, given and signed."""
    return b.add(
        MedicationAdministration,
        **by.at(at),
        patient_id=request["patient_id"],
        id=b.new_id(),
        request_id=request["id"],
        request_version=request["version"],
        kind="signature",
        status="completed",
        result=Result.TAKEN.value,
        effective_at=at,
        amount=amount.value,
        unit=amount.unit,
        observation_id=observation_id,
        site=None,
        old_patch=None,
    )
