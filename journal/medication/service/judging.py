"""What a prescriber is told before she signs, and what is kept when she goes on."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from journal.medication.errors import AlertsFound
from journal.medication.models import MedicationRequest, RequestPlan, VerbalOrder
from journal.medication.rules import Dosage, planned_doses
from journal.medication.rules.safety import (
    COVERS,
    Alert,
    AllergiesUnknown,
    Hit,
    InteractionAnswer,
    Judgement,
    Known,
    KnownAllergy,
    NotAsked,
    Ordered,
    Overridden,
    Person,
    Reasoned,
    Rule,
    Tier,
    Told,
    answered_before,
    as_told,
    beyond,
    interactions_told,
    judge,
    last_given_alerts,
    may_be_signed,
    not_known,
    overridden,
    reasoned,
)
from journal.medication.rules.safety.allergy_groups import UNKNOWN_REACTION
from journal.medication.service.in_use import IN_USE, newest_versions
from journal.medication.service.interactions import Asked, Assessed, Interactions
from journal.medication.service.lately import given_lately
from journal.medication.service.medicine import Medicine, as_ordered
from journal.medication.service.orders import Orders
from journal.medication.service.settings import choices_of
from journal.medication.service.shown import dosage_of, overridden_in
from journal.observations import Observations
from journal.patients import Alerts, Allergy, AllergyState, Banner, Patients
from journal.permissions import OPENS, Permission
from journal.platform.ids import new_id
from journal.platform.language import phrase
from journal.platform.service import on_patient
from journal.platform.statement import Asked as Answered
from journal.platform.statement import Statement, together
from journal.platform.work import in_charts

_OF_MEDICINE = ("generic_name", "brand_name", "atc_code", "strength", "form", "form_code", "route_code")
_OF_ORDER = ("entry_id", "status", "catalogue_item_id", "dosage", "starts_at", "ends_at", *_OF_MEDICINE)

_BEFORE_DOSAGE = {Rule.ALLERGY, Rule.DUPLICATE_GROUP, Rule.DUPLICATE_SUBSTANCE, Rule.INTERACTION}
# What nobody could check is said of the order that is chosen, where there is room for why.
_OF_HIT = set(Rule) - {Rule.NOT_CHECKED}


@dataclass(frozen=True)
class Answers:
    """What the prescriber says to the alerts: those she has seen, by key and basis, and why she goes on past a stop.

    `same`: those whose reason of before still holds.
    """

    seen: Collection[Known] = ()
    reason: str = ""
    same: Collection[Known] = ()


NO_ANSWERS = Answers()
_NOTHING: Mapping[Known, Reasoned] = {}

_CHECKED = OPENS[Permission.MEDICATION_CHECK]
"""The parts that the rules ask about."""

_FIRST_WITHIN = timedelta(days=2)
"""How far ahead a first dose may be too near what was given: what comes later is given too late for that."""


class Judging(Assessed, Orders):
    """Asks the safety rules about an order, with what the patient has from before."""

    def _judge(
        self,
        patient_id: UUID,
        *,
        medicine: Medicine | MedicationRequest,
        dosage: Dosage,
        starts_at: datetime | None = None,
        ends_at: datetime | None = None,
        request_entry_id: UUID | None = None,
        without: Collection[UUID] = (),
    ) -> Judgement:
        """All that the rules say of this order beside those in force, the paused among them. Nothing is stored.

        `request_entry_id` is the order it would change, which the rules take to be replaced. `without`: orders that are
        stopped when this one is signed. Four statements, three of them asked at once. Where a part is closed to who asks, it
        is what she sees of a new order, with the findings of a check over all entries.
        """
        if not self.work.closed(patient_id).isdisjoint(_CHECKED):
            return self._judge_beside(patient_id, medicine, dosage, starts_at, ends_at)
        key = str(request_entry_id or new_id())
        new = as_ordered(medicine, dosage, key=key, starts_at=starts_at or self.work.now, ends_at=ends_at)
        stopped = set(map(str, without))
        before, banner, weight = self._from_before(patient_id)
        others = [(order, asked) for order, asked in before if order.key not in stopped]
        in_use = [order for order, _ in others]
        told = self.interactions([_asked(medicine), *(asked for _, asked in others)])
        return judge(
            new,
            in_use,
            allergies=_allergies(banner.alerts),
            interactions=_answer(new, in_use, told, [new, *in_use]),
            person=Person(banner.age, weight),
        )

    judge = on_patient(Permission.MEDICATION_PRESCRIBE)(_judge)

    judge_beside = on_patient(Permission.MEDICATION_PRESCRIBE_BESIDE)(_judge)

    def _judge_beside(
        self,
        patient_id: UUID,
        medicine: Medicine | MedicationRequest,
        dosage: Dosage,
        starts_at: datetime | None,
        ends_at: datetime | None,
    ) -> Judgement:
        """What she sees, and the findings of the journal itself, in a transaction of its own that she sees nothing of."""
        seen = self._judge_alone(patient_id, medicine, dosage, starts_at, ends_at)
        with self.work.beside(self.work.actor.asked_of_the_journal()) as beside:
            asked: dict[str, Any] = {"medicine": medicine, "dosage": dosage, "starts_at": starts_at, "ends_at": ends_at}
            found = type(self)(beside).findings(patient_id, seen=seen, **asked)
        return as_told(seen, found)

    def _judge_alone(
        self,
        patient_id: UUID,
        medicine: Medicine | MedicationRequest,
        dosage: Dosage,
        starts_at: datetime | None,
        ends_at: datetime | None,
    ) -> Judgement:
        """The order by itself, with the allergies: as if nothing else were in the record, so that nothing else is shown."""
        new = as_ordered(medicine, dosage, key=str(new_id()), starts_at=starts_at or self.work.now, ends_at=ends_at)
        banner = Patients(self.work).banner(patient_id)
        person = Person(banner.age, None)
        return judge(new, [], allergies=_allergies(banner.alerts), interactions=NotAsked(COVERS), person=person)

    @on_patient(Permission.MEDICATION_CHECK)
    def findings(
        self,
        patient_id: UUID,
        *,
        medicine: Medicine | MedicationRequest,
        dosage: Dosage,
        starts_at: datetime | None,
        ends_at: datetime | None,
        seen: Judgement,
    ) -> tuple[Alert, ...]:
        """What the rules say of a new order beside all entries, past what is `seen` already: how loud, of what kind, what to do."""
        everything = self._judge(patient_id, medicine=medicine, dosage=dosage, starts_at=starts_at, ends_at=ends_at)
        given = given_lately(self.work, patient_id, medicine, dosage)
        lately = last_given_alerts(dosage, self._first_at(medicine, dosage, starts_at, ends_at), given)
        about = self.work.ids(patient_id)
        return beyond(seen, everything, lately, lambda said: self.work.keys.sign(f"{sorted(map(str, about))} {said}"))

    def _first_at(
        self,
        medicine: Medicine | MedicationRequest,
        dosage: Dosage,
        starts_at: datetime | None,
        ends_at: datetime | None,
    ) -> datetime | None:
        """When the first dose is due; of a medicine as needed it may be now."""
        begins, mine = starts_at or self.work.now, self.work.actor.municipality_id
        if dosage.as_needed is not None:
            return begins
        if dosage.course and dosage.course.first_at:
            return dosage.course.first_at
        period: dict[str, Any] = {
            "start": begins,
            "end": begins + _FIRST_WITHIN,
            "order_start": begins,
            "order_end": ends_at,
        }
        critical, choices = medicine.time_critical, choices_of(self.db, [mine]).get(mine, ())
        doses = planned_doses(dosage, choices, **period, time_critical=critical, atc_code=medicine.atc_code)
        first = next(doses, None)
        return first.expected.due_at if first else None

    def _judge_change(
        self, patient_id: UUID, request_entry_id: UUID, *, dosage: Dosage, ends_at: datetime | None = None
    ) -> Judgement:
        """As judge, for another dosage of an order. Raises NotFound."""
        found = self._current_order(patient_id, request_entry_id)
        return self._judge(
            patient_id,
            medicine=found,
            dosage=dosage,
            starts_at=found.starts_at,
            ends_at=ends_at or found.ends_at,
            request_entry_id=request_entry_id,
        )

    judge_change = on_patient(Permission.MEDICATION_PRESCRIBE)(_judge_change)

    @on_patient(Permission.MEDICATION_READ)
    def answered_before(self, patient_id: UUID, request_entry_id: UUID, judgement: Judgement) -> dict[Known, Reasoned]:
        """The alerts of a changed order, by key and basis, whose reason of before may be kept with one tap. One statement."""
        rows = _answers_given().rows(self.db, ids=self.work.ids(patient_id), entry_id=request_entry_id)
        versions = [(overridden_in(row), row.said_by, row.effective_at) for row in rows]
        return answered_before(judgement.alerts, reasoned(versions))

    @on_patient(Permission.MEDICATION_READ)
    def alerts_before_choice(
        self, patient_id: UUID, hits: Sequence[tuple[Medicine, Dosage | None]]
    ) -> list[tuple[Alert, ...]]:
        """What can be said of each of these before it is chosen, in their order, worst first.

        Without a dosage: allergies, doubles and interactions. With one, what is said of the dose too. Four statements,
        whatever the number of hits. That nothing is said of one is no answer about interactions: `judge` gives that.
        """
        others, banner, weight = self._from_before(patient_id)
        told = self.interactions([*(_asked(medicine) for medicine, _ in hits), *(asked for _, asked in others)])
        in_use = [order for order, _ in others]
        new = [
            as_ordered(medicine, dosage, key=str(n), starts_at=self.work.now, ends_at=None)
            for n, (medicine, dosage) in enumerate(hits)
        ]
        known: dict[str, Any] = {"allergies": _allergies(banner.alerts), "person": Person(banner.age, weight)}
        every = [*new, *in_use]
        said = (judge(one, in_use, interactions=_answer(one, in_use, told, every), **known) for one in new)
        return [
            tuple(alert for alert in of.alerts if alert.rule in (_BEFORE_DOSAGE if one.dosage is None else _OF_HIT))
            for one, of in zip(new, said, strict=True)
        ]

    def _others(self, patient_id: UUID) -> list[tuple[Ordered, Asked]]:
        """The orders in force, as the rules and as the catalogue take them."""
        return self._ask_others(patient_id).answer()

    def _ask_others(self, patient_id: UUID) -> Answered[list[tuple[Ordered, Asked]]]:
        """As _others, for together()."""
        now = self.work.now

        def read(rows: list[Any]) -> list[tuple[Ordered, Asked]]:
            return [_before(row) for row in rows if row.ends_at is None or row.ends_at > now]

        return _in_force().ask(self.db, read, ids=self.work.ids(patient_id))

    def _from_before(self, patient_id: UUID) -> tuple[list[tuple[Ordered, Asked]], Banner, Decimal | None]:
        """The orders in force, her banner, and what she weighs. Asked at once."""
        with together(self.db):
            others = self._ask_others(patient_id)
            banner = Patients(self.work).ask_banner(patient_id)
            weight = Observations(self.work).ask_latest([patient_id], ["weight"])
        measured = weight.answer()[patient_id].get("weight")
        return others.answer(), banner.answer(), measured.value if measured else None

    def _wait_for_other_prescribers(self, patient_id: UUID) -> None:
        """Of two who prescribe for a patient at once the second waits, and is then judged beside what the first ordered."""
        first = str(min(self.work.ids(patient_id)))
        _ONE_AT_A_TIME.rows(self.db, first=first)


_ONE_AT_A_TIME = Statement(sa.text("SELECT pg_advisory_xact_lock(hashtextextended(:first, 0))"))


@cache
def _in_force() -> Statement:
    """Takes ids (every record of the patient)."""
    order = MedicationRequest
    # The dosage as text: what was read of a text is kept.
    columns = (getattr(order, name) for name in _OF_ORDER if name != "dosage")
    dosage = sa.cast(order.dosage, sa.Text).label("dosage")
    newest = newest_versions(in_charts(order), order.patient_id, *columns, dosage).subquery()
    plan = sa.and_(RequestPlan.patient_id == newest.c.patient_id, RequestPlan.request_entry_id == newest.c.entry_id)
    in_use = sa.or_(*(newest.c.status == status for status in IN_USE))
    # A course that ends by the doses given is over with the last of them.
    return Statement(sa.select(newest).outerjoin(RequestPlan, plan).where(in_use, RequestPlan.ended_at.is_(None)))


def _before(row: Any) -> tuple[Ordered, Asked]:
    ordered = as_ordered(row, dosage_of(row), key=str(row.entry_id), starts_at=row.starts_at, ends_at=row.ends_at)
    return ordered, _asked(row)


def detected_issues(
    judgement: Judgement, answers: Answers, before: Mapping[Known, Reasoned] = _NOTHING
) -> list[dict[str, Any]] | None:
    """What is kept with the order of the alerts the prescriber went on with; None when there were none.

    `before`: the reasons that were given before and may be kept. Raises AlertsFound when one that wants an answer has none:
    a card or a stop that was not seen for these doses, a stop without a reason, and always one that nothing overrides.
    """
    loud = [alert for alert in judgement.alerts if alert.tier is not Tier.MARK]
    if not may_be_signed(loud):
        raise AlertsFound(phrase("Dette kan ikke signeres. Endre ordinasjonen."), judgement)
    if not_known(loud, answers.seen):
        raise AlertsFound(phrase("Les advarslene, og signer om du vil fortsette."), judgement)
    kept = {known: before[known].overridden.reason for known in answers.same if known in before}
    why = [kept.get((one.key, one.basis)) or answers.reason if one.tier is Tier.STOP else "" for one in loud]
    if any(one.tier is Tier.STOP and not reason.strip() for one, reason in zip(loud, why, strict=True)):
        raise AlertsFound("", judgement, reason_missing=True)
    return [_stored(overridden(one, reason)) for one, reason in zip(loud, why, strict=True)] or None


@cache
def _answers_given() -> Statement:
    """The versions of an order, newest first, with what each went on with, and who said it. Takes ids and entry_id."""
    order, verbal = MedicationRequest, VerbalOrder
    by_mouth = sa.and_(
        *(verbal.patient_id == order.patient_id, verbal.id == order.verbal_order_id),
        verbal.request_version == order.version,
    )
    said_by = sa.func.coalesce(verbal.prescriber_name, order.recorded_by_name).label("said_by")
    return Statement(
        sa.select(order.detected_issues, order.effective_at, said_by)
        .outerjoin(verbal, by_mouth)
        .where(in_charts(order), order.entry_id == sa.bindparam("entry_id", type_=sa.Uuid), order.in_error_at.is_(None))
        .order_by(order.version.desc())
    )


def _stored(one: Overridden) -> dict[str, Any]:
    return {
        "rule": one.rule.value,
        "tier": one.tier.value,
        "key": one.key,
        "basis": one.basis,
        "said": str(one.said),
        "nurse": str(one.nurse),
        "reason": one.reason,
    }


def _answer(
    new: Ordered, in_use: Sequence[Ordered], told: Interactions, medicines: Sequence[Ordered]
) -> InteractionAnswer | None:
    """What the catalogue told of these medicines, in their order, as the answer about `new`; None when it holds nothing."""
    if not told.loaded:
        return None
    hits = (
        Hit(
            Told(str(one.fest_id), one.relevance, one.situation, one.consequence, one.handling),
            medicines[one.first.medicine],
            medicines[one.second.medicine],
        )
        for one in told.found
    )
    return interactions_told(new, in_use, hits, not_assessed=[medicines[n] for n in told.not_assessed])


def _asked(of: Any) -> Asked:
    return Asked(of.atc_code, of.catalogue_item_id)


def _allergies(alerts: Alerts) -> list[KnownAllergy] | AllergiesUnknown:
    """What is recorded; why nothing is, where nobody knows."""
    if alerts.allergy_state is AllergyState.UNAVAILABLE:
        return AllergiesUnknown.UNAVAILABLE
    if alerts.allergy_state is AllergyState.NOT_ASKED and not alerts.intolerances:
        return AllergiesUnknown.NOT_ASKED
    return [_allergy(entry) for entry in alerts.entries]


def _allergy(entry: Allergy) -> KnownAllergy:
    # The code's word for "unknown" is no reaction: what nobody knows counts as serious.
    unknown = entry.reaction is None and entry.reaction_code == UNKNOWN_REACTION
    return KnownAllergy(
        entry_id=str(entry.entry_id),
        substance=entry.substance,
        kind=entry.kind,
        code=entry.code,
        reaction_code=entry.reaction_code,
        reaction="" if unknown else entry.reaction_text,
        severity=entry.severity,
        criticality=entry.criticality,
        verification_status=entry.verification_status,
    )
