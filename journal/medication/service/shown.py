"""What the service answers with: frozen, complete, and free of the database."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from journal.medication.models import MedicationAdministration, MedicationRequest, VerbalAnswer, VerbalOrder
from journal.medication.rules import (
    Caution,
    Dosage,
    DoseStatus,
    GivenBy,
    HandAction,
    MedicationLine,
    OrderStatus,
    Room,
    SignedState,
    Strip,
    Supply,
    ValueRequirement,
    cautions,
    changed_today,
    dose_sentence,
    inr_text,
    insulin_text,
    medication_line,
    missed_at,
    strength_in_words,
    supply_flags,
)
from journal.medication.rules.authority import Act
from journal.medication.rules.next_step import NextStep
from journal.medication.rules.safety import Overridden, Rule, Tier
from journal.medication.rules.verbal import UNSIGNED
from journal.platform.clock import local_date, short_date
from journal.platform.language import joined, phrase, phrases
from journal.platform.quantity import SUBSTANCE_UNITS, Quantity

TOLD = "told"
"""The kind of an administration that the patient or her next of kin told of afterwards, and nobody here gave."""

WITNESS = "witness"
"""The kind of an administration that is the second signature of another, and no dose given anew."""

DECIDED = {"open": OrderStatus.ACTIVE, "held": OrderStatus.ON_HOLD, "cancelled": OrderStatus.STOPPED}
"""What the state of a dose says was decided of it: its order may have been resumed since, or go on with other doses."""

_TAKEN = {DoseStatus.GIVEN, DoseStatus.GIVEN_EARLY, DoseStatus.GIVEN_LATE, DoseStatus.PARTLY}

_HIGH_RISK = ("warning", phrase("høyrisiko"))
_BY_PROCEDURE = ("neutral", phrase("etter prosedyre"))
_CHANGES = phrases(
    {
        "prescribe": "Startet %(date)s av %(name)s",
        "change": "Endret %(date)s av %(name)s",
        "hold": "Pauset %(date)s av %(name)s",
        "resume": "Gjenopptatt %(date)s av %(name)s",
    }
)


class Signed(NamedTuple):
    """A live signature: what it says, whose it is, when the dose was given (`state.effective_at`) and when it was signed."""

    id: UUID
    state: SignedState
    by: UUID
    by_name: str
    municipality_id: UUID
    recorded_at: datetime


class LaidOut(NamedTuple):
    """Who laid a dose before the patient, when, and after which version of its order. Nobody knows yet whether it was taken."""

    id: UUID
    by_name: str
    at: datetime
    version: int


class DueDose(NamedTuple):
    """One dose of a round. `can_sign`: whether an ordinary signature is possible; `version` must travel with it.

    `paused_because` is set when the order is paused. `also_given`: who else says to have given it. `cautions`: what must be
    confirmed to sign it now. `witnessed_by`: who signed second, of a dose that wants two signatures. `overridden`: what the
    prescriber was told and went on with, and why. `unsigned`: the order came by word of mouth, and nobody has signed it.
    `medicine_key` tells its medicine from every other. `origin`: from where it is taken, who gives it, and that it is by
    procedure, as flags. `take_out`: what the hand does with a paused dose that lies ready.
    `made_up`: it was not given, and the course has another one for it at its end. `next_step`: what comes next where it was
    not given, `try_at` when it is tried again; `is_retry`: this dose is that other try. `needs_other`: what this dose needs,
    where whoever reads has not the authority for all of it; somebody else must give it. `prepared_by`: who laid in or packed
    what was given; None for what was given from a pack. `needs_product`: the pack is named before it is signed;
    `may_name_product`: it may be, where it is another than the ordered one; `product_used` says which it was.
    `laid_out`: it lies before the patient, and is not signed. `alone`: why its one signature
    stands alone (a rules.alone.AloneReason). `paper_by`: who wrote it in, of what was given by the paper list.
    """

    id: UUID
    patient_id: UUID
    request_entry_id: UUID
    version: int
    due_at: datetime
    slot: str
    status: DoseStatus
    status_text: str
    amount: Quantity
    line: MedicationLine
    hand: HandAction
    prescription_group: str | None
    instruction: str | None
    condition_text: str | None
    required_value: ValueRequirement | None
    two_signatures: bool
    high_risk: bool
    signed: Signed | None
    also_given: tuple[str, ...]
    witnessed_by: str | None
    paused_because: str | None
    can_sign: bool
    cautions: tuple[Caution, ...]
    overridden: tuple[str, ...]
    unsigned: bool
    medicine_key: str
    origin: tuple[tuple[str, str], ...]
    take_out: str | None
    made_up: bool
    next_step: NextStep
    try_at: datetime | None
    is_retry: bool
    needs_other: frozenset[Act] = frozenset()
    prepared_by: str | None = None
    needs_product: bool = False
    may_name_product: bool = False
    product_used: str | None = None
    laid_out: LaidOut | None = None
    alone: str | None = None
    paper_by: str | None = None
    next_from: datetime | None = None

    @property
    def awaits_witness(self) -> bool:
        """Whether the dose was given and still wants its second signature."""
        signed_by_one = self.two_signatures and self.witnessed_by is None and self.alone is None
        return signed_by_one and self.status in _TAKEN


class MedicineInUse(NamedTuple):
    """An order in force, as the list shows it.

    `flags`: colour and word, beside the name. `changed_text`: `Endret 15.11. av Lars Haugen: Lav puls`. `strip` is its
    picture of 36 hours. `so_far`: of a course that ends by the doses given, `12 av 28 doser gitt`; a part of its condition too.
    """

    request_entry_id: UUID
    line: MedicationLine
    flags: tuple[tuple[str, str], ...]
    condition_text: str | None
    changed_text: str
    strip: Strip
    so_far: str | None = None


@dataclass(frozen=True)
class MedicationList:
    """The medicines in use by 9101 (fast, kur, ved behov), and how many were stopped the last 30 days."""

    regular: tuple[MedicineInUse, ...]
    courses: tuple[MedicineInUse, ...]
    as_needed: tuple[MedicineInUse, ...]
    stopped_recently: int
    axis: Strip


@dataclass(frozen=True)
class RequestVersion:
    """One version of an order, for its history and for the forms that change it. `last_day`: of an order that itself ends."""

    request_entry_id: UUID
    version: int
    status: OrderStatus
    line: MedicationLine
    dosage: Dosage
    use: str
    change: str
    change_reason: str | None
    changed_at: datetime
    changed_by: str
    overridden: tuple[str, ...]
    follows_inr: bool
    last_day: date | None
    supply: Supply | None
    given_by: GivenBy
    procedure_list_id: UUID | None
    must_be_replaced: bool


@dataclass(frozen=True)
class AsNeededMedicine:
    """A medicine as needed: its limits, what was given of it, and whether there is room now. `needs_other` as for DueDose.

    `clear_first`: whoever reads clears it with a nurse before she gives it. `unconfirmed`: with whom doses of it were cleared who
    has yet to confirm it. `held_from`: of one that waits at the hospital door, from when it does. `needs_product` and
    `may_name_product` as for DueDose. `awaits`: the doses of it that one has signed and that want another (AwaitsSecond).
    """

    request_entry_id: UUID
    version: int
    line: MedicationLine
    hand: HandAction
    dosage: Dosage
    indication: str | None
    given: tuple[datetime, ...]
    room: Room
    cautions: tuple[Caution, ...]
    overridden: tuple[str, ...]
    flags: tuple[tuple[str, str], ...]
    required_value: ValueRequirement | None
    opioid: bool
    changed: str
    needs_other: frozenset[Act]
    clear_first: bool
    unconfirmed: tuple[str, ...]
    two_signatures: bool
    awaits: tuple[Any, ...]
    held_from: datetime | None
    needs_product: bool = False
    may_name_product: bool = False


class WorklistRow(NamedTuple):
    """A patient and what is due in a period; times and counts only, since the chart is closed.

    `away_until`: set while the patient is away (year 9999 when nobody knows until when). `hours` are those with doses, and
    beside each stands how many of its doses are ready now, how many there are, and how many are signed. `undecided`: medicines
    that wait for an INR, and have no dose. `crossing`: how she crossed the hospital door, while her list is not reconciled after
    it, and `reconcile_before` the limit for that. `no_answer_since`: nobody has answered at a visit
    since then, and it is not ended. `told`: how far up one of her tasks has been told. `prepared`: something of a dosett or a roll
    lies ready for the period. `unknown`: how many were to be given while the journal was away, and nobody knows of.
    `withheld`: the patient has closed her doses or her tasks to the reader, and nothing of that is said here. `last_here`: when the
    reader was last at work here (None: never), and `changed` how many orders are another since.
    """

    patient_id: UUID
    room: str | None
    away_until: datetime | None
    next_due_at: datetime | None
    late: int
    ready: int
    total: int
    signed: int
    hours: Sequence[datetime] = ()
    hour_ready: Sequence[int] = ()
    hour_total: Sequence[int] = ()
    hour_signed: Sequence[int] = ()
    undecided: int = 0
    crossing: str | None = None
    reconcile_before: datetime | None = None
    no_answer_since: datetime | None = None
    told: int | None = None
    prepared: bool = False
    unknown: int = 0
    withheld: bool = False
    last_here: datetime | None = None
    changed: int = 0


def medicine_key(order: Any) -> str:
    """What tells one medicine from another: the ATC code, else the name."""
    key: str = order.atc_code or order.generic_name or ""
    return key


def cautions_of(order: Any, at: datetime, dose: Any = None, *, unknown: bool = False) -> tuple[Caution, ...]:
    """What is special about giving this dose, or one as needed, at `at`. `unknown`: one of its substance is, after downtime."""
    return cautions(
        atc_code=order.atc_code,
        prescription_group=order.prescription_group,
        at=at,
        ready_from=dose.ready_from if dose else None,
        late_after=dose.late_after if dose else None,
        missed_at=missed_at(dose.due_at, dose.next_due_at) if dose else None,
        time_critical=order.time_critical,
        stop_overridden=any(issue["tier"] == Tier.STOP for issue in order.detected_issues or ()),
        in_dispenser=dose is not None and dose.supply == Supply.DISPENSER.value,
        unknown=unknown or (dose is not None and dose.downtime_id is not None),
    )


def group_flags(prescription_group: str | None, high_risk: bool, unsigned: bool) -> tuple[tuple[str, str], ...]:
    """Prescription groups A and B, whether a wrong dose is dangerous, and that nobody has signed: colour and word."""
    group = (("neutral", prescription_group),) if prescription_group in ("A", "B") else ()
    return (*group, *((_HIGH_RISK,) if high_risk else ()), *((UNSIGNED,) if unsigned else ()))


def origin_flags(order: Any) -> tuple[tuple[str, str], ...]:
    """From what supply it comes, who gives it, and that it is by the municipality's procedure list: colour and word."""
    return supply_flags(order.supply, order.given_by) + ((_BY_PROCEDURE,) if order.procedure_list_id else ())


def unsigned(order: Any) -> sa.ColumnElement[bool]:
    """Whether something of the order came by word of mouth and nobody has answered it: each change of it asks for its own
    signature. `order`: its columns. Costs nothing for the others."""
    said, answer = VerbalOrder, VerbalAnswer
    answered = sa.tuple_(answer.patient_id, answer.verbal_order_id) == sa.tuple_(said.patient_id, said.id)
    of_order = sa.tuple_(said.patient_id, said.request_entry_id) == sa.tuple_(order.patient_id, order.entry_id)
    unanswered = ~sa.exists().where(answered).correlate(said)
    waits = sa.exists().where(of_order, said.in_error_at.is_(None), unanswered).correlate_except(said)
    return sa.case((order.verbal_order_id.is_(None), sa.false()), else_=waits)


def dosage_before(order: Any) -> sa.ColumnElement[str | None]:
    """The dosage before the last change, as text, until a dose of the new one is given. `order`: its columns. Costs nothing
    for an order that was never changed."""
    before, given = aliased(MedicationRequest), MedicationAdministration
    of_order = sa.tuple_(given.patient_id, given.request_id) == sa.tuple_(order.patient_id, order.id)
    begun = (
        sa.exists().where(of_order, given.in_error_at.is_(None), given.status == "completed").correlate_except(given)
    )
    one_before = before.patient_id == order.patient_id, before.entry_id == order.entry_id
    old = (
        sa.select(sa.cast(before.dosage, sa.Text))
        .where(*one_before, before.version == order.version - 1, ~begun)
        .correlate_except(before, given)
        .scalar_subquery()
    )
    return sa.case((order.change == "change", old))


def changed_from(was: str | None, dosage: Dosage) -> str:
    """What whoever gives the first dose after a change must see: `Ny dosering. Før: 1 tablett kl. 08`. `was`: dosage_before."""
    old = Dosage.from_text(was) if was else dosage
    return "" if old == dosage else phrase("Ny dosering. Før: %(dosage)s", dosage=dose_sentence(old))


def changed_text(order: Any) -> str:
    """`Endret 15.11. av Lars Haugen: Lav puls`: the last change of an order."""
    message = _CHANGES.get(order.change, _CHANGES["change"])
    said = phrase(message, date=short_date(local_date(order.effective_at)), name=order.recorded_by_name)
    return joined(": ", (said, order.change_reason or ""))


def dosage_of(order: Any) -> Dosage:
    """The dosage of an order that has not been erased. A statement gives it as text: a known one is then not read anew."""
    assert order.dosage is not None
    return Dosage.from_text(order.dosage) if isinstance(order.dosage, str) else Dosage.from_json(order.dosage)


def overridden_of(order: Any) -> tuple[str, ...]:
    """What the prescriber was told of the order and went on with, and why; nothing for nearly all."""
    return tuple(issue.card_text for issue in overridden_in(order))


def overridden_in(order: Any) -> tuple[Overridden, ...]:
    """The same, as the rules have it."""
    return tuple(
        Overridden(**(issue | {"rule": Rule(issue["rule"]), "tier": Tier(issue["tier"])}))
        for issue in order.detected_issues or ()
    )


def line_of(order: Any, dosage: Dosage, day: date) -> MedicationLine:
    """The medication line of an order on a day in Oslo."""
    return line_with(order, dosage, order.indication, day)


def line_with(order: Any, dosage: Dosage, indication: str | None, day: date) -> MedicationLine:
    """The medication line of an order, or of a Medicine. Its form has the strength where the dose does not say it: 5 ml of
    1 mg per ml."""
    said = dosage.strength_per_unit is not None or dosage.unit in SUBSTANCE_UNITS
    return medication_line(
        dosage,
        generic=order.generic_name or "",
        brand=order.brand_name,
        form=order.form
        if said
        else " ".join(filter(None, (order.form, order.strength and strength_in_words(order.strength)))) or None,
        route=order.route,
        indication=indication or None,
        day=day,
    )


def condition_of(
    order: Any, dosage: Dosage, day: date, in_course: str | None = None, *, was: str | None = None
) -> str | None:
    """What must be seen with the dose of a day: which insulin, the order's condition, a new amount or dosage, the INR it is set
    by, and `in_course`, where it stands in a course that ends by the doses given. `was`: dosage_before.
    """
    inr = inr_text(dosage.inr) if dosage.inr else None
    new = changed_from(was, dosage)
    said = (insulin_text(order.atc_code), order.condition_text, changed_today(dosage, day), new, inr, in_course)
    return joined(" · ", (text for text in said if text)) if any(said) else None


def by_name(medicines: Sequence[MedicineInUse]) -> tuple[MedicineInUse, ...]:
    """In the order of the list: by name, then as they came."""
    return tuple(sorted(medicines, key=lambda medicine: medicine.line.generic.lower()))
