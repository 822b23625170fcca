"""Lists of medicines from elsewhere: taken in as they are, read, and matched by people. Nothing here is in use."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on, insert
from sqlalchemy.orm import aliased

from journal.medication import facts
from journal.medication.fest.tables import CatalogueItem, CatalogueReference
from journal.medication.rules import Dosage
from journal.medication.service.medicine import Medicine
from journal.medication.sources import LISTS, BrokenSource, SourceDocument, SourceEntry, SourceKind
from journal.medication.sources.tables import (
    ReconciliationRow,
    SourceAnswerRow,
    SourceDocumentRow,
    SourceEntryRow,
    SourceMatchRow,
    SourceQuestionRow,
)
from journal.patients import Patients
from journal.permissions import Permission
from journal.platform.entries import mark_in_error
from journal.platform.errors import Conflict, Invalid, NotFound
from journal.platform.ids import new_id
from journal.platform.service import Service, on_patient

_OF_ENTRY = tuple(field.name for field in fields(SourceEntry) if field.name != "dosage")
_OF_MEDICINE = tuple(field.name for field in fields(Medicine) if field.name != "catalogue_item_id")


@dataclass(frozen=True)
class Reconciled:
    """A signed comparison: by whom and when, how many questions it asked, and how many of them wait for an answer."""

    signed_by: str
    signed_at: datetime
    questions: int
    unanswered: int


@dataclass(frozen=True)
class Source:
    """A list from elsewhere: what kind, of which date, from whom, who took it in, and whether it is reconciled.

    `whole`: it says all that the patient takes. `go_live`: the list that the municipality began with.
    """

    id: UUID
    kind: SourceKind
    sent_at: datetime
    sender: str
    imported_by: str
    imported_at: datetime
    medicines: int
    whole: bool
    go_live: bool
    reconciled: Reconciled | None

    @property
    def is_settled(self) -> bool:
        """Whether somebody has signed what holds, with no question left."""
        return self.reconciled is not None and self.reconciled.questions == 0


@dataclass(frozen=True)
class SourceMedicine:
    """One medicine of a list, as it was written, and what it is understood to be.

    `medicine` is of the catalogue: by the source's own id (then `matched_by` is None), or by a person. `dosage` is the
    source's structure, or what that person read out of its words. `version` is the match's, 0 for none.
    """

    id: UUID
    said: SourceEntry
    medicine: Medicine | None
    dosage: Dosage | None
    matched_by: str | None
    version: int


class Sources(Service):
    """A source is what somebody else says. What the patient takes is our own list, until a prescriber has signed."""

    @on_patient(Permission.MEDICATION_IMPORT)
    def import_source(self, patient_id: UUID, document: SourceDocument, *, go_live: bool = False) -> UUID:
        """Takes in a list as it is; answers with its id. The same message again is the one that was taken in.

        `go_live`: it is the list from the journal before this one. Raises BrokenSource for one that is about somebody else,
        without a word of whom.
        """
        if not Patients(self.work).has_numbers(patient_id, document.national_ids):
            raise BrokenSource(
                "Filen gjelder ikke denne pasienten. Sjekk at du er i riktig journal, og at du valgte riktig fil."
            )
        return self._store(patient_id, document, go_live)

    @on_patient(Permission.MEDICATION_IMPORT)
    def record_told(self, patient_id: UUID, document: SourceDocument, *, go_live: bool = False) -> UUID:
        """Takes in what was told, or written off from paper, word by word; answers with its id. A person says what it means.

        Raises Invalid when it was told after now.
        """
        if document.sent_at > self.work.now:
            raise Invalid(errors={"told_at": ["Tidspunktet er ikke ennå. Skriv når det ble fortalt."]})
        return self._store(patient_id, document, go_live)

    @on_patient(Permission.MEDICATION_READ)
    def sources(self, patient_id: UUID) -> list[Source]:
        """The lists that were taken in, by the source's own date, newest first. One statement."""
        document, entry, signed = SourceDocumentRow, SourceEntryRow, ReconciliationRow
        number = sa.select(sa.func.count()).where(
            self.work.chart(patient_id, entry), entry.document_id == document.id, sa.not_(entry.stopped)
        )
        last = (
            sa.select(
                *(signed.document_id, signed.recorded_by_name, signed.recorded_at, signed.questions),
                unanswered_of(signed).label("unanswered"),
            )
            .where(self.work.chart(patient_id, signed), signed.in_error_at.is_(None))
            .ext(distinct_on(signed.document_id))
            .order_by(signed.document_id, signed.recorded_at.desc())
            .subquery()
        )
        query = (
            sa.select(document, number.scalar_subquery(), last)
            .outerjoin(last, last.c.document_id == document.id)
            .where(self.work.chart(patient_id, document), document.in_error_at.is_(None))
            .order_by(document.sent_at.desc(), document.id)
        )
        return [_source(*row) for row in self.db.execute(query)]

    @on_patient(Permission.MEDICATION_READ)
    def source(self, patient_id: UUID, document_id: UUID) -> Source:
        """One of them. Raises NotFound."""
        found = next((each for each in self.sources(patient_id) if each.id == document_id), None)
        if found is None:
            raise NotFound("Listen finnes ikke hos denne pasienten.")
        return found

    @on_patient(Permission.MEDICATION_READ)
    def source_medicines(self, patient_id: UUID, document_id: UUID) -> list[SourceMedicine]:
        """The medicines of a list, in its order, each with what it is understood to be. One statement."""
        entry, match, item = SourceEntryRow, SourceMatchRow, CatalogueItem
        newest = (
            sa.select(match.entry_id, match.version, match.catalogue_item_id, match.dosage, match.recorded_by_name)
            .where(self.work.chart(patient_id, match), match.in_error_at.is_(None))
            .ext(distinct_on(match.entry_id))
            .order_by(match.entry_id, match.version.desc())
            .subquery()
        )
        meant = sa.func.coalesce(newest.c.catalogue_item_id, entry.catalogue_item_id)
        query = (
            sa.select(entry, item, newest.c.version, newest.c.dosage, newest.c.recorded_by_name)
            .outerjoin(newest, newest.c.entry_id == entry.id)
            .outerjoin(item, item.id == meant)
            .where(self.work.chart(patient_id, entry), entry.document_id == document_id)
            .order_by(entry.position)
        )
        return [_medicine(*row) for row in self.db.execute(query)]

    @on_patient(Permission.MEDICATION_IMPORT)
    def match_medicine(
        self, patient_id: UUID, source_medicine_id: UUID, *, version: int, item_id: UUID, dosage: Dosage
    ) -> None:
        """Says what an entry is: a product of the catalogue, and its dosage as structure. It is still not in use.

        `version` is the match that was seen, 0 for none. Raises NotFound, Conflict when another said something since.
        """
        of_entry = self.work.chart(patient_id, SourceEntryRow), SourceEntryRow.id == source_medicine_id
        owner = self.db.scalar(sa.select(SourceEntryRow.patient_id).where(*of_entry))
        if owner is None:
            raise NotFound("Legemidlet finnes ikke i listen.")
        row = {"patient_id": owner, "id": new_id(), "entry_id": source_medicine_id, "version": version + 1}
        write = insert(SourceMatchRow).values(**row, catalogue_item_id=item_id, dosage=dosage.to_json())
        if self.db.scalar(write.on_conflict_do_nothing().returning(SourceMatchRow.id)) is None:
            raise Conflict("En annen har koblet legemidlet etter at du åpnet siden. Se hva som gjelder nå.")

    @on_patient(Permission.MEDICATION_IMPORT)
    def source_in_error(self, patient_id: UUID, document_id: UUID, *, reason: str) -> None:
        """It should not be here, or its sender withdrew it: it is shown no more, and stays in the journal (hpl. § 42).

        What was signed beside it stands. Raises NotFound, Conflict when it is marked already, Denied when another
        municipality took it in.
        """
        of_chart = self.work.chart(patient_id, SourceDocumentRow), SourceDocumentRow.id == document_id
        rows = self.db.scalars(sa.select(SourceDocumentRow).where(*of_chart)).all()
        if not rows:
            raise NotFound("Listen finnes ikke hos denne pasienten.")
        mark_in_error(
            self.work,
            rows,
            reason,
            already="Listen er alt merket som feilført. Du trenger ikke gjøre mer.",
            foreign="En annen kommune har lest inn listen. Be dem om å merke den.",
        )

    def _store(self, patient_id: UUID, document: SourceDocument, go_live: bool) -> UUID:
        told = {"kind": document.kind.value, "message_id": document.message_id, "sent_at": document.sent_at}
        says = {"sender": document.sender, "whole": document.whole, "go_live": go_live}
        write = insert(SourceDocumentRow).values(patient_id=patient_id, id=new_id(), **told, **says)
        stored: UUID | None = self.db.scalar(write.on_conflict_do_nothing().returning(SourceDocumentRow.id))
        if stored is None:
            of_message = SourceDocumentRow.message_id == document.message_id, SourceDocumentRow.in_error_at.is_(None)
            known = sa.select(SourceDocumentRow.id).where(self.work.chart(patient_id, SourceDocumentRow), *of_message)
            found: UUID = self.db.scalars(known).one()
            return found
        items = self._items_of(document.entries)
        for position, (entry, item_id) in enumerate(zip(document.entries, items, strict=True)):
            of_entry = {name: getattr(entry, name) for name in _OF_ENTRY}
            dosage = entry.dosage.to_json() if entry.dosage else None
            where = {"patient_id": patient_id, "document_id": stored, "position": position}
            self.db.add(SourceEntryRow(**where, **of_entry, dosage=dosage, catalogue_item_id=item_id))
        self.work.publish(facts.SourceImported(patient_id, stored))
        return stored

    def _owner(self, patient_id: UUID, document_id: UUID) -> UUID:
        """The record of the person that the list stands in. Raises NotFound."""
        self.source(patient_id, document_id)
        of_chart = self.work.chart(patient_id, SourceDocumentRow), SourceDocumentRow.id == document_id
        owner: UUID = self.db.scalars(sa.select(SourceDocumentRow.patient_id).where(*of_chart)).one()
        return owner

    def _items_of(self, entries: Sequence[SourceEntry]) -> list[UUID | None]:
        """What each source's own id means in the catalogue, where the ATC code says the same: a mistyped number is no id.

        A package is its brand, since brands are what is prescribed.
        """
        ids = {entry.fest_id for entry in entries if entry.fest_id and entry.atc_code}
        numbers = {entry.item_number for entry in entries if entry.item_number and entry.atc_code}
        item, brand, points = CatalogueItem, aliased(CatalogueItem), CatalogueReference
        query = (
            sa.select(item.fest_id, item.item_number, item.atc_code, sa.func.coalesce(brand.id, item.id).label("id"))
            .outerjoin(points, sa.and_(points.fest_id == item.fest_id, points.kind == "brand", ~item.prescribable))
            .outerjoin(brand, sa.and_(brand.fest_id == points.target_id, brand.active, brand.prescribable))
            .where(item.active, sa.or_(item.prescribable, brand.id.is_not(None)))
            .where(sa.or_(item.fest_id.in_(ids), item.item_number.in_(numbers)))
        )
        found = self.db.execute(query).all() if ids or numbers else []
        return [_the_only(entry, found) for entry in entries]


def unanswered_of(signed: type[ReconciliationRow]) -> sa.ColumnElement[int]:
    """How many questions of a reconciliation have no answer."""
    question, answer = SourceQuestionRow, SourceAnswerRow
    answered = (
        sa.select(sa.func.count())
        .select_from(question)
        .join(answer, sa.and_(answer.patient_id == question.patient_id, answer.question_id == question.id))
        .where(question.patient_id == signed.patient_id, question.reconciliation_id == signed.id)
        .correlate(signed)
    )
    return signed.questions - answered.scalar_subquery()


def _the_only(entry: SourceEntry, found: Sequence[Any]) -> UUID | None:
    if entry.atc_code is None:
        return None
    same = (each for each in found if each.atc_code == entry.atc_code)
    meant = {
        each.id
        for each in same
        if each.fest_id == entry.fest_id or (each.item_number is not None and each.item_number == entry.item_number)
    }
    return meant.pop() if len(meant) == 1 else None


def _source(
    row: SourceDocumentRow, medicines: int, document_id: UUID | None, by: str, at: datetime, *questions: int
) -> Source:
    reconciled = Reconciled(by, at, *questions) if document_id else None
    kind = SourceKind(row.kind)
    whole = row.whole if row.whole is not None else kind in LISTS
    told = row.sent_at, row.sender or "", row.recorded_by_name, row.recorded_at
    return Source(row.id, kind, *told, medicines, whole, row.go_live, reconciled)


def _medicine(
    row: SourceEntryRow, item: CatalogueItem | None, version: int | None, dosage: Any, by: str | None
) -> SourceMedicine:
    of_entry = {name: getattr(row, name) for name in _OF_ENTRY}
    own = Dosage.from_json(row.dosage) if row.dosage else None
    medicine = None
    if item is not None:
        medicine = Medicine(**{name: getattr(item, name) for name in _OF_MEDICINE}, catalogue_item_id=item.id)
    read = Dosage.from_json(dosage) if dosage else own
    return SourceMedicine(row.id, SourceEntry(**of_entry, dosage=own), medicine, read, by, version or 0)
