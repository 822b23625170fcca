"""Samstemming: our list in use beside one from elsewhere, what is chosen for each row, and the signature that makes it so."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import cache
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import aggregate_order_by, insert

from journal.medication import facts
from journal.medication.models import MedicationRequest
from journal.medication.rules import Course, Dosage, Supply
from journal.medication.rules.reconciling import Choice, Line, Row, compare, same_strength
from journal.medication.service.catalogue import Catalogue
from journal.medication.service.in_use import IN_USE, newest_versions
from journal.medication.service.judging import NO_ANSWERS, Answers
from journal.medication.service.prescribing import Prescribing
from journal.medication.service.shown import dosage_of
from journal.medication.service.sources import Source, SourceMedicine, Sources
from journal.medication.sources import LISTS, SOURCE_NAMES, SourceKind
from journal.medication.sources.tables import ReconciliationDraft, ReconciliationRow, SourceDocumentRow
from journal.permissions import Permission
from journal.platform.clock import instant, local_date, norwegian_date
from journal.platform.errors import Conflict, Invalid
from journal.platform.ids import new_id
from journal.platform.quantity import Quantity
from journal.platform.service import on_patient
from journal.platform.statement import Asked, Statement
from journal.platform.work import in_charts


@dataclass(frozen=True)
class Comparison:
    """Our list beside another. `ours` and `theirs` are what each line's key stands for."""

    source: Source
    rows: tuple[Row, ...]
    ours: Mapping[str, Any]
    theirs: Mapping[str, SourceMedicine]

    @property
    def to_choose(self) -> tuple[Row, ...]:
        """The rows that somebody must decide; the rest are alike."""
        return tuple(row for row in self.rows if row.choices)


@dataclass(frozen=True)
class LastReconciled:
    """When our list was last held up against another, and how many newer lists nobody has signed for.

    `signed_by` None: never. `newest_id` is the newest of those that wait.
    """

    signed_by: str | None
    signed_at: datetime | None
    kind: SourceKind | None
    sent_at: datetime | None
    questions: int
    waiting: int
    newest_id: UUID | None


class Reconciling(Prescribing, Sources, Catalogue):
    """Nothing of another's list holds before a prescriber has signed; what she signs goes the way of every other order."""

    @on_patient(Permission.MEDICATION_READ)
    def comparison(self, patient_id: UUID, document_id: UUID) -> Comparison:
        """Our list in use beside that list, now. Raises NotFound."""
        source = self.source(patient_id, document_id)
        today = local_date(self.work.now)
        ours = {f"{row.entry_id}.{row.version}": row for row in self._in_use(patient_id)}
        found = self.source_medicines(patient_id, document_id)
        theirs = {f"{medicine.id}.{medicine.version}": medicine for medicine in found}
        rows = compare(
            [_ours(key, row) for key, row in ours.items()],
            [_theirs(key, medicine, today) for key, medicine in theirs.items()],
            complete=source.kind in LISTS,
        )
        return Comparison(source, rows, ours, theirs)

    @on_patient(Permission.MEDICATION_PRESCRIBE)
    def draft_choices(self, patient_id: UUID, document_id: UUID) -> dict[str, str]:
        """What the reader has chosen so far, by the key of the row."""
        draft = ReconciliationDraft
        mine = draft.document_id == document_id, draft.recorded_by == self.work.actor.person_id
        return self.db.scalar(sa.select(draft.choices).where(self.work.chart(patient_id, draft), *mine)) or {}

    @on_patient(Permission.MEDICATION_PRESCRIBE)
    def save_choices(self, patient_id: UUID, document_id: UUID, choices: Mapping[str, Choice]) -> None:
        """Keeps what is chosen so far, for the one who chooses. Nothing is changed by it. Raises NotFound."""
        owner = self._owner(patient_id, document_id)
        kept = {key: choice.value for key, choice in choices.items()}
        write = insert(ReconciliationDraft).values(patient_id=owner, document_id=document_id, choices=kept)
        key = [ReconciliationDraft.patient_id, ReconciliationDraft.document_id, ReconciliationDraft.recorded_by]
        self.db.execute(
            write.on_conflict_do_update(index_elements=key, set_={"choices": kept, "saved_at": sa.func.now()})
        )

    @on_patient(Permission.MEDICATION_PRESCRIBE)
    def reconcile(
        self, patient_id: UUID, document_id: UUID, *, choices: Mapping[str, Choice], answers: Answers = NO_ANSWERS
    ) -> None:
        """Signs what is to hold, for every row that differs: orders are stopped, changed and made here, or none of them.

        What is stopped is stopped first, so that what comes in its place is judged beside what is left. Raises NotFound,
        Invalid when a row has no choice, Conflict when either list has changed since it was seen, and AlertsFound.
        """
        self._wait_for_other_prescribers(patient_id)
        compared = self.comparison(patient_id, document_id)
        rows = {row.key: row for row in compared.to_choose}
        if choices.keys() - rows.keys():
            raise Conflict("Listen er endret etter at du åpnet siden. Se over valgene, og signer på nytt.")
        if rows.keys() - choices.keys():
            raise Invalid("Velg hva som skal gjelde for hver rad, og signer på nytt.")
        if any(choice not in rows[key].choices for key, choice in choices.items()):
            raise Invalid("Et av valgene kan ikke brukes på raden. Se over valgene.")
        why = _why(compared.source)
        taken_in = [row for key, row in rows.items() if choices[key] is Choice.TAKE_IN]
        replaced = [row for row in taken_in if row.ours and not _is_change(compared, row)]
        for row in (*(rows[key] for key, choice in choices.items() if choice is Choice.STOP), *replaced):
            self._stop_row(patient_id, compared, row, why)
        for row in taken_in:
            self._take_in(patient_id, compared, row, why, answers)
        self._keep_signature(patient_id, compared, rows, choices)

    @on_patient(Permission.MEDICATION_READ)
    def ask_last_reconciled(self, patient_id: UUID) -> Asked[LastReconciled]:
        """When and by whom the list was last reconciled, for together(). One statement."""
        return _last_reconciled().ask(self.db, lambda rows: _last(rows[0]), ids=self.work.ids(patient_id))

    def _in_use(self, patient_id: UUID) -> list[Any]:
        newest = newest_versions(self.work.chart(patient_id, MedicationRequest), MedicationRequest.__table__).subquery()
        rows = self.db.execute(sa.select(newest).where(newest.c.status.in_(list(IN_USE)))).all()
        return [row for row in rows if row.ends_at is None or row.ends_at > self.work.now]

    def _stop_row(self, patient_id: UUID, compared: Comparison, row: Row, why: str) -> None:
        assert row.ours is not None
        order = compared.ours[row.ours.key]
        self.stop(patient_id, order.entry_id, version=order.version, reason=why)

    def _take_in(self, patient_id: UUID, compared: Comparison, row: Row, why: str, answers: Answers) -> None:
        """A change of the order where it is the same product in the hand; else an order of its own."""
        assert row.theirs is not None
        medicine = compared.theirs[row.theirs.key]
        assert medicine.medicine is not None and medicine.medicine.catalogue_item_id is not None
        hit = self.catalogue_item(medicine.medicine.catalogue_item_id)
        assert medicine.dosage is not None
        dosage = _whole(medicine, hit.dose_unit, hit.strength_value, hit.strength_unit)
        if row.ours and _is_change(compared, row):
            order = compared.ours[row.ours.key]
            of_order = {"version": order.version, "dosage": dosage, "reason": why}
            content = {"ends_at": None} | ({"supply": Supply.MULTIDOSE.value} if medicine.said.multidose else {})
            self.change(patient_id, order.entry_id, **of_order, content=content, answers=answers)
            return
        said, start = medicine.said, medicine.said.starts_on
        self.prescribe(
            patient_id,
            medicine=hit.medicine,
            dosage=dosage,
            use="3" if dosage.as_needed else "2" if dosage.course else "1",
            indication=said.indication or (compared.ours[row.ours.key].indication if row.ours else None),
            starts_at=instant(start, time.min) if start and start > local_date(self.work.now) else None,
            answers=answers,
            source_id=medicine.id,
            supply=Supply.MULTIDOSE if said.multidose else None,
        )

    def _keep_signature(
        self, patient_id: UUID, compared: Comparison, rows: Mapping[str, Row], choices: Mapping[str, Choice]
    ) -> None:
        """The signature itself, with what was seen and chosen in words."""
        owner = self._owner(patient_id, compared.source.id)
        chosen = [_chosen(rows[key], choice) for key, choice in choices.items()]
        questions = sum(choice is Choice.ASK for choice in choices.values())
        row = {"patient_id": owner, "id": new_id(), "document_id": compared.source.id}
        self.db.add(ReconciliationRow(**row, choices=chosen, questions=questions))
        self.work.publish(facts.ListReconciled(patient_id, compared.source.id))

    def _owner(self, patient_id: UUID, document_id: UUID) -> UUID:
        """The record of the person that the list stands in. Raises NotFound."""
        self.source(patient_id, document_id)
        of_chart = self.work.chart(patient_id, SourceDocumentRow), SourceDocumentRow.id == document_id
        owner: UUID = self.db.scalars(sa.select(SourceDocumentRow.patient_id).where(*of_chart)).one()
        return owner


def _ours(key: str, row: Any) -> Line:
    dosage = dosage_of(row)
    return Line(
        key=key,
        name=row.generic_name or "",
        atc_code=row.atc_code,
        strength=row.strength,
        form=row.form,
        route=row.route,
        dosage=dosage,
        ends_on=_last_day(dosage, row.ends_at),
        ready=True,
        multidose=row.supply == Supply.MULTIDOSE,
    )


def _theirs(key: str, medicine: SourceMedicine, today: date) -> Line:
    """As the catalogue has it where it is matched, else as it was written."""
    said, of, last = medicine.said, medicine.medicine, _ends_on(medicine)
    return Line(
        key=key,
        name=of.generic_name if of else said.substance or said.name,
        atc_code=of.atc_code if of else said.atc_code,
        strength=of.strength if of else said.strength,
        form=of.form if of else said.form,
        route=of.route if of else None,
        dosage=medicine.dosage,
        dosage_text=said.dosage_text,
        ends_on=last,
        stopped=said.stopped or (last is not None and last < today),
        ready=of is not None and medicine.dosage is not None,
        multidose=said.multidose,
    )


def _last_day(dosage: Dosage, ends_at: datetime | None) -> date | None:
    """The last whole day, in Oslo, of what ends before an instant."""
    ends = [at for at in (ends_at, dosage.course.ends_at if dosage.course else None) if at is not None]
    return local_date(min(ends) - timedelta(minutes=1)) if ends else None


def _is_change(compared: Comparison, row: Row) -> bool:
    """Whether the same product goes on in another dose: then it is one order still."""
    assert row.ours is not None and row.theirs is not None
    old, new = compared.ours[row.ours.key], compared.theirs[row.theirs.key].medicine
    same = new is not None and (old.form, old.route) == (new.form, new.route)
    return same and same_strength(row.ours.strength, row.theirs.strength) and row.ours.as_needed == row.theirs.as_needed


def _ends_on(medicine: SourceMedicine) -> date | None:
    """The last day with it: what a person read out of the words goes before the source's own."""
    read = _last_day(medicine.dosage, None) if medicine.dosage else None
    return read or medicine.said.ends_on


def _whole(medicine: SourceMedicine, unit: str | None, strength: Any, strength_unit: str | None) -> Dosage:
    """The dosage with what one unit holds, and with its last day."""
    assert medicine.dosage is not None
    dosage, last = medicine.dosage, _ends_on(medicine)
    if strength is not None and strength_unit is not None and dosage.unit == unit and strength_unit != unit:
        dosage = replace(dosage, strength_per_unit=Quantity(strength, strength_unit))
    if dosage.course is not None or last is None:
        return dosage
    return replace(dosage, course=Course(None, instant(last + timedelta(days=1), time.min)))


def _why(source: Source) -> str:
    """`Samstemt med utskrivningsrapport av 02.02.2018, ST OLAVS HOSPITAL HF`: kept with each order that it changed."""
    name = SOURCE_NAMES[source.kind]
    return f"Samstemt med {name[:1].lower()}{name[1:]} av {norwegian_date(local_date(source.sent_at))}, {source.sender}"


def _chosen(row: Row, choice: Choice) -> dict[str, Any]:
    return {
        "row": row.key,
        "kind": row.kind.value,
        "choice": choice.value,
        "ours": f"{row.ours.name} {row.ours.said}" if row.ours else None,
        "theirs": f"{row.theirs.name} {row.theirs.said}" if row.theirs else None,
        "differences": [str(said) for said in row.differences],
    }


@cache
def _last_reconciled() -> Statement:
    signed, document = ReconciliationRow, SourceDocumentRow
    of_document = sa.and_(document.patient_id == signed.patient_id, document.id == signed.document_id)
    live = in_charts(signed), signed.in_error_at.is_(None)
    last = (
        sa.select(signed.recorded_by_name, signed.recorded_at, signed.questions, document.kind, document.sent_at)
        .join(document, of_document)
        .where(*live)
        .order_by(signed.recorded_at.desc())
        .limit(1)
        .subquery()
    )
    newest = sa.select(sa.func.max(document.sent_at)).join(signed, of_document).where(*live).scalar_subquery()
    newer = sa.or_(newest.is_(None), document.sent_at > newest)
    by_date = sa.func.array_agg(aggregate_order_by(document.id, document.sent_at.desc()))
    waiting = (
        sa.select(sa.func.count().label("waiting"), by_date.label("ids"))
        .where(in_charts(document), document.in_error_at.is_(None), newer)
        .subquery()
    )
    return Statement(
        sa.select(*last.c, waiting.c.waiting, waiting.c.ids).select_from(waiting.outerjoin(last, sa.true()))
    )


def _last(row: Any) -> LastReconciled:
    kind = SourceKind(row.kind) if row.kind else None
    signed = row.recorded_by_name, row.recorded_at, kind, row.sent_at, row.questions or 0
    return LastReconciled(*signed, row.waiting, row.ids[0] if row.ids else None)
