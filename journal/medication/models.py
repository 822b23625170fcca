"""The tables of medication, and the constraints that hold whatever the program does (see the migration for the CHECKs)."""

from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, foreign, mapped_column, relationship

from journal.medication.fest.tables import CatalogueItem
from journal.platform.db import Base, Entry, Record
from journal.platform.ids import new_id

VERBAL_ORDER = ["medication.verbal_order.patient_id", "medication.verbal_order.id"]
REQUEST = ["medication.medication_request.patient_id", "medication.medication_request.id"]


class DoseSetting(Base):
    """What a municipality has chosen of its doses: a whole set for each version, from the start of a day. Minutes.

    `own`: by ATC code, how many before and after.
    """

    __tablename__ = "dose_setting"
    __table_args__ = {"schema": "medication"}

    municipality_id: Mapped[UUID] = mapped_column(primary_key=True, server_default=sa.FetchedValue())
    version: Mapped[int] = mapped_column(primary_key=True)
    since: Mapped[date]
    morning: Mapped[time]
    forenoon: Mapped[time]
    midday: Mapped[time]
    afternoon: Mapped[time]
    evening: Mapped[time]
    night: Mapped[time]
    ready_minutes: Mapped[int]
    late_minutes: Mapped[int]
    critical_ready_minutes: Mapped[int]
    critical_late_minutes: Mapped[int]
    own: Mapped[dict[str, list[int]]] = mapped_column(JSONB, server_default=sa.text("'{}'"))
    recorded_by: Mapped[UUID] = mapped_column(server_default=sa.FetchedValue())
    recorded_by_name: Mapped[str] = mapped_column(server_default=sa.FetchedValue())
    recorded_at: Mapped[datetime] = mapped_column(server_default=sa.FetchedValue())


class CatalogueSetting(Base):
    """How many days old a municipality lets the catalogue be before those who prescribe are told: the newest version holds."""

    __tablename__ = "catalogue_setting"
    __table_args__ = {"schema": "medication"}

    municipality_id: Mapped[UUID] = mapped_column(primary_key=True, server_default=sa.FetchedValue())
    version: Mapped[int] = mapped_column(primary_key=True)
    most_days: Mapped[int]
    recorded_by: Mapped[UUID] = mapped_column(server_default=sa.FetchedValue())
    recorded_by_name: Mapped[str] = mapped_column(server_default=sa.FetchedValue())
    recorded_at: Mapped[datetime] = mapped_column(server_default=sa.FetchedValue())


class Favourite(Base):
    """A complete dose that a unit's prescribers have saved; nothing of a patient. Newest version of an entry holds.

    `course_days`: a course of so many days from when it is ordered. `required_value` is a ValueRequirement.
    """

    __tablename__ = "favourite"
    __table_args__ = (sa.Index("favourite_of_unit", "unit_id"), {"schema": "medication"})

    municipality_id: Mapped[UUID] = mapped_column(primary_key=True, server_default=sa.FetchedValue())
    entry_id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    version: Mapped[int] = mapped_column(primary_key=True, default=1)
    unit_id: Mapped[UUID] = mapped_column(server_default=sa.FetchedValue())
    active: Mapped[bool] = mapped_column(default=True)
    catalogue_item_id: Mapped[UUID] = mapped_column(sa.ForeignKey(CatalogueItem.id))
    dosage: Mapped[dict[str, Any]]
    course_days: Mapped[int | None]
    indication: Mapped[str]
    instruction: Mapped[str | None]
    required_value: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    recorded_by: Mapped[UUID] = mapped_column(server_default=sa.FetchedValue())
    recorded_by_name: Mapped[str] = mapped_column(server_default=sa.FetchedValue())
    recorded_at: Mapped[datetime] = mapped_column(server_default=sa.FetchedValue())


class MedicationRequest(Entry, Base):
    """Forskrivning, ordinasjon: one version of an order. What the catalogue said that day is copied into it.

    `use` is 9101 (1 fast, 2 kur, 3 ved behov). `required_value` is a ValueRequirement. `detected_issues`: the alerts the
    prescriber went on with, each an Overridden; FHIR's DetectedIssue. `supply` is a Supply, None where nobody has said;
    `given_by` a GivenBy. `replaced_by` is the entry_id of the order that is given while this one is paused.
    """

    __tablename__ = "medication_request"
    __table_args__ = (
        sa.UniqueConstraint("patient_id", "entry_id", "version"),
        sa.ForeignKeyConstraint(["patient_id", "verbal_order_id"], VERBAL_ORDER),
        {"schema": "medication"},
    )

    status: Mapped[str]
    intent: Mapped[str] = mapped_column(server_default="order")
    catalogue_item_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey(CatalogueItem.id))
    atc_code: Mapped[str | None]
    generic_name: Mapped[str | None]
    brand_name: Mapped[str | None]
    form: Mapped[str | None]
    form_code: Mapped[str | None]
    strength: Mapped[str | None]
    route: Mapped[str | None]
    route_code: Mapped[str | None]
    prescription_group: Mapped[str | None]
    dosage: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    indication: Mapped[str | None]
    instruction: Mapped[str | None]
    use: Mapped[str]
    as_needed: Mapped[bool]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime | None]
    given_by: Mapped[str] = mapped_column(server_default="municipality_unit")
    required_value: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    condition_text: Mapped[str | None]
    time_critical: Mapped[bool] = mapped_column(server_default=sa.false())
    high_risk: Mapped[bool] = mapped_column(server_default=sa.false())
    two_signatures: Mapped[bool] = mapped_column(server_default=sa.false())
    prescriber_name: Mapped[str | None]
    effective_at: Mapped[datetime]
    change: Mapped[str]
    change_code: Mapped[str | None]
    change_reason: Mapped[str | None]
    detected_issues: Mapped[list[dict[str, Any]] | None] = mapped_column(JSONB(none_as_null=True))
    verbal_order_id: Mapped[UUID | None]
    supply: Mapped[str | None]
    procedure_list_id: Mapped[UUID | None]
    paused_until: Mapped[datetime | None]
    replaced_by: Mapped[UUID | None]


class Dose(Base):
    """One dose that is due: a projection of its order. Late and missed are worked out from the time, never stored.

    `course_number` of `course_of`: which it is in a course that ends by the doses given, if those before it are given.
    `retry_of`: the dose that this is another try of, which was not given.
    `downtime_id`: the journal was away when it was to be given.
    """

    __tablename__ = "dose"
    __table_args__ = (
        sa.UniqueConstraint("patient_id", "request_entry_id", "due_at"),
        sa.ForeignKeyConstraint(["patient_id", "request_id"], REQUEST),
        sa.Index("dose_due", "patient_id", "due_at"),
        sa.Index("dose_request", "patient_id", "request_id"),
        {"schema": "medication"},
    )

    patient_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    municipality_id: Mapped[UUID] = mapped_column(server_default=sa.FetchedValue())
    request_entry_id: Mapped[UUID]
    request_id: Mapped[UUID]
    request_version: Mapped[int]
    due_at: Mapped[datetime]
    next_due_at: Mapped[datetime | None]
    ready_from: Mapped[datetime]
    late_after: Mapped[datetime]
    missed_from: Mapped[datetime]
    amount: Mapped[Decimal] = mapped_column(sa.Numeric)
    unit: Mapped[str]
    slot: Mapped[str]
    given_by: Mapped[str]
    state: Mapped[str] = mapped_column(server_default="open")
    course_number: Mapped[int | None]
    course_of: Mapped[int | None]
    retry_of: Mapped[UUID | None]
    downtime_id: Mapped[UUID | None]

    signature: Mapped["MedicationAdministration | None"] = relationship(
        primaryjoin=lambda: _live_signature(), viewonly=True, lazy="raise", uselist=False
    )


class MedicationAdministration(Record, Base):
    """A dose given, or not given and why. Never edited: a mistake is marked entered-in-error and signed anew.

    `next_step` is of a dose that was not given, or not in full (rules/next_step.py), `try_at` when another try is to be made.

    Of a patch `site` is where it was put, and `old_patch` what became of the one before it. `prepared_line_id`: of a dose that
    was given from a dosett or a bag, the line of it (prepared_tables.py). `performer_id`, `performer_name`: who gave what was
    written in from the paper list by another or by herself (FHIR's performer; who wrote it in is who recorded it).
    `supervision_id`: of what a student gave, what her supervisor had said she stands beside for (supervision_tables.py), with
    `supervised_by`, `supervised_by_name`: who answers for it. A student has no row without.

    `result` is Volven 9083. `kind`: a signature, or a fact beside it ("jeg har også gitt den", given after the stop, and the
    second signature of a dose that wants two: a `witness` of `witness_of_id`, which is no dose given anew).
    """

    __tablename__ = "medication_administration"
    __table_args__ = (
        sa.ForeignKeyConstraint(["patient_id", "dose_id"], ["medication.dose.patient_id", "medication.dose.id"]),
        sa.ForeignKeyConstraint(["patient_id", "request_id"], REQUEST),
        sa.ForeignKeyConstraint(
            ["patient_id", "replaces_id"],
            ["medication.medication_administration.patient_id", "medication.medication_administration.id"],
        ),
        sa.Index(
            "one_live_signature_per_dose",
            "patient_id",
            "dose_id",
            unique=True,
            postgresql_where=sa.text("in_error_at IS NULL AND kind = 'signature'"),
        ),
        sa.Index("administration_of_dose", "patient_id", "dose_id"),
        sa.ForeignKeyConstraint(
            ["patient_id", "witness_of_id"],
            ["medication.medication_administration.patient_id", "medication.medication_administration.id"],
        ),
        sa.Index(
            "one_live_witness_per_signature",
            "patient_id",
            "witness_of_id",
            unique=True,
            postgresql_where=sa.text("in_error_at IS NULL AND kind = 'witness'"),
        ),
        sa.Index("administration_of_request", "patient_id", "request_id", "effective_at"),
        {"schema": "medication"},
    )

    dose_id: Mapped[UUID | None]
    request_id: Mapped[UUID]
    request_version: Mapped[int]
    kind: Mapped[str] = mapped_column(server_default="signature")
    status: Mapped[str]
    result: Mapped[str]
    reason_code: Mapped[str | None]
    reason_text: Mapped[str | None]
    effective_at: Mapped[datetime]
    amount: Mapped[Decimal | None] = mapped_column(sa.Numeric)
    unit: Mapped[str | None]
    observation_id: Mapped[UUID | None]
    replaces_id: Mapped[UUID | None]
    witness_of_id: Mapped[UUID | None]
    site: Mapped[str | None]
    old_patch: Mapped[str | None]
    next_step: Mapped[str | None]
    try_at: Mapped[datetime | None]
    prepared_line_id: Mapped[UUID | None]
    performer_id: Mapped[UUID | None]
    performer_name: Mapped[str | None]
    supervision_id: Mapped[UUID | None]
    supervised_by: Mapped[UUID | None]
    supervised_by_name: Mapped[str | None]


def _live_signature() -> sa.ColumnElement[bool]:
    a = MedicationAdministration
    of_dose = sa.and_(Dose.patient_id == foreign(a.patient_id), Dose.id == foreign(a.dose_id))
    # A literal: the index of live signatures is no use to a plan that does not know the kind.
    return sa.and_(of_dose, a.in_error_at.is_(None), a.kind == sa.literal_column("'signature'"))


class PatchRemoval(Record, Base):
    """A patch taken off, or looked for in vain, where no new one was put on."""

    __tablename__ = "patch_removal"
    __table_args__ = (sa.ForeignKeyConstraint(["patient_id", "request_id"], REQUEST), {"schema": "medication"})

    request_id: Mapped[UUID]
    effective_at: Mapped[datetime]
    old_patch: Mapped[str]


class RequestPlan(Base):
    """How far the doses of an order are worked out (None: none to work out). Locked first by all who move the order.

    `unconfirmed_since`: she has crossed the hospital door, and from then on none of its doses is to be given before somebody
    has confirmed the order (rules/door.py).
    Of a course that ends by the doses given: `count_again_at`, when the next of them will be missed, and `ended_at`, when the
    last of them was given.
    """

    __tablename__ = "request_plan"
    __table_args__ = (
        sa.Index(
            "request_plan_runs_out",
            "planned_until",
            "municipality_id",
            postgresql_where=sa.text("planned_until IS NOT NULL"),
        ),
        sa.Index(
            "request_plan_counted_again",
            "count_again_at",
            postgresql_where=sa.text("count_again_at IS NOT NULL"),
        ),
        {"schema": "medication"},
    )

    patient_id: Mapped[UUID] = mapped_column(primary_key=True)
    request_entry_id: Mapped[UUID] = mapped_column(primary_key=True)
    municipality_id: Mapped[UUID] = mapped_column(server_default=sa.FetchedValue())
    planned_until: Mapped[datetime | None]
    unconfirmed_since: Mapped[datetime | None]
    count_again_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]


class VerbalOrder(Record, Base):
    """Muntlig forordning: who said it, and until when it is to be signed. Who received it is who recorded it.

    `act`: a new order, or a change, pause, its end or stop of one in use; `request_version`: the version of the order it made.
    `stand_in_name`: whose business it is too once the limit has passed, by the ground `relationship_id`.
    """

    __tablename__ = "verbal_order"
    __table_args__ = {"schema": "medication"}

    request_entry_id: Mapped[UUID]
    act: Mapped[str] = mapped_column(server_default="prescribe")
    request_version: Mapped[int] = mapped_column(server_default="1")
    prescriber_name: Mapped[str]
    prescriber_hpr: Mapped[str]
    prescriber_service: Mapped[str]
    read_back: Mapped[bool]
    sign_before: Mapped[datetime]
    stand_in_name: Mapped[str | None]
    relationship_id: Mapped[UUID | None]


class VerbalAnswer(Record, Base):
    """Signed or refused, once, by another than who received it."""

    __tablename__ = "verbal_answer"
    __table_args__ = (
        sa.UniqueConstraint("patient_id", "verbal_order_id"),
        sa.ForeignKeyConstraint(["patient_id", "verbal_order_id"], VERBAL_ORDER),
        {"schema": "medication"},
    )

    verbal_order_id: Mapped[UUID]
    outcome: Mapped[str]
    reason: Mapped[str | None]


class ProcedureListVersion(Base):
    """A version of the municipality's procedure list: a draft, signed by a doctor, or withdrawn. `lines` are ProcedureLines.

    The newest that is no draft holds, if it is signed, up to and with the day `valid_until`.
    """

    __tablename__ = "procedure_list"
    __table_args__ = {"schema": "medication"}

    municipality_id: Mapped[UUID] = mapped_column(primary_key=True, server_default=sa.FetchedValue())
    version: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(default=new_id)
    status: Mapped[str]
    lines: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    valid_until: Mapped[date | None]
    recorded_by: Mapped[UUID] = mapped_column(server_default=sa.FetchedValue())
    recorded_by_name: Mapped[str] = mapped_column(server_default=sa.FetchedValue())
    recorded_role: Mapped[str] = mapped_column(server_default=sa.FetchedValue())
    recorded_at: Mapped[datetime] = mapped_column(server_default=sa.FetchedValue())


class SigningSetting(Base):
    """A unit's limit for orders by word of mouth, and who stands in; for the units below it too. The newest version holds."""

    __tablename__ = "signing_setting"
    __table_args__ = {"schema": "medication"}

    municipality_id: Mapped[UUID] = mapped_column(primary_key=True, server_default=sa.FetchedValue())
    unit_id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    within_hours: Mapped[int]
    stand_in_id: Mapped[UUID | None]
    recorded_by: Mapped[UUID] = mapped_column(server_default=sa.FetchedValue())
    recorded_by_name: Mapped[str] = mapped_column(server_default=sa.FetchedValue())
    recorded_at: Mapped[datetime] = mapped_column(server_default=sa.FetchedValue())


class MedicationReview(Record, Base):
    """Legemiddelgjennomgang: on which day, who took part, what came of it and what was changed. Who signs is in its stamp."""

    __tablename__ = "medication_review"
    __table_args__ = (sa.Index("review_of_patient", "patient_id", "reviewed_on"), {"schema": "medication"})

    reviewed_on: Mapped[date]
    took_part: Mapped[str | None]
    result: Mapped[str | None]
    changes: Mapped[str | None]


class ReviewSetting(Base):
    """How many months a municipality lets go between two reviews: the newest version holds."""

    __tablename__ = "review_setting"
    __table_args__ = {"schema": "medication"}

    municipality_id: Mapped[UUID] = mapped_column(primary_key=True, server_default=sa.FetchedValue())
    version: Mapped[int] = mapped_column(primary_key=True)
    most_months: Mapped[int]
    recorded_by: Mapped[UUID] = mapped_column(server_default=sa.FetchedValue())
    recorded_by_name: Mapped[str] = mapped_column(server_default=sa.FetchedValue())
    recorded_at: Mapped[datetime] = mapped_column(server_default=sa.FetchedValue())
