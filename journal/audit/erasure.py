"""Erasure after a decision (hpl. §§ 43-44): one leader proposes, another confirms.

What was written is gone; that it was, by whom and by what decision, stands.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on

from journal.permissions import Permission
from journal.platform.errors import Conflict, Denied, Invalid, NotFound
from journal.platform.ids import new_id
from journal.platform.language import phrases
from journal.platform.service import Service, on_patient

PARAGRAPHS = ("hpl. § 43", "hpl. § 44")
LONGEST_DECISION = 4000

RECORDS = phrases(
    {
        "notes.note": "Notat",
        "observations.observation": "Måling",
        "patients.allergy_intolerance": "Allergi eller overfølsomhet",
        "patients.flag": "Varsel",
        "patients.related_person": "Pårørende",
        "care.task": "Oppgave",
        "care.incident": "Avvik",
        "care.no_answer": "Ingen åpnet",
        "medication.medication_request": "Legemiddel som er seponert",
        "medication.medication_administration": "Dose som er signert",
        "medication.given_without_order": "Gitt uten ordinasjon",
        "medication.medication_review": "Legemiddelgjennomgang",
        "medication.source_document": "Legemiddelliste som er mottatt",
        "medication.prepared": "Dosett eller multidose",
        "medication.dispenser": "Dispenser",
        "medication.dose_handover": "Dose som er gitt videre",
        "medication.crossing": "Til eller fra sykehus",
        "medication.leave": "Permisjon",
        "medication.sent_along": "Legemiddel sendt med på permisjon",
        "medication.alone_words": "Hvorfor en dose er signert alene",
        "access.justified_words": "Begrunnelse for å åpne journalen",
    }
)
"""What can be erased by itself, by its table."""
MOST_LISTED = 200

_COLUMNS = (
    *("id", "patient_id", "table_name", "row_id", "paragraph", "decision"),
    *("proposed_by", "proposed_by_name", "proposed_at", "settled_at"),
)
_PROPOSAL = sa.table("erasure_proposal", *(sa.column(name) for name in _COLUMNS), schema="audit")
# Written by the migration of each table (migrations/helpers.py: erasable): what is one record, and what of it is emptied.
_OF_LIST: Any = map(sa.column, ("table_name", "key", "within", "kept_while"))
_ERASABLE = sa.table("erasable", *_OF_LIST, schema="audit")


@dataclass(frozen=True)
class Erasable:
    """A record that may be erased: when it was written last and by whom, and nothing of what it says."""

    row_id: UUID
    at: datetime
    by: str


@dataclass(frozen=True)
class Proposal:
    """What one leader has proposed to erase. *of*: the record, None when it is not to be seen. *settled_at*: when it was erased."""

    id: UUID
    table: str
    of: Erasable | None
    paragraph: str
    decision: str
    by: UUID
    by_name: str
    at: datetime
    settled_at: datetime | None


class Erasures(Service):
    """The one door through what is otherwise only added to. The access log is not behind it."""

    @on_patient(Permission.RECORDS_ERASE)
    def erasable(self, patient_id: UUID, table: str) -> list[Erasable]:
        """The records of this table that may be proposed, newest first. Raises Invalid for what is not erased by itself."""
        record = self._record(table)
        if record is None:
            raise Invalid(errors={"table": ["Denne typen opplysning kan ikke slettes her."]})
        rows = self._rows(record)
        written = rows.c.recorded_at, rows.c.recorded_by_name
        newest = (
            sa.select(rows.c.id, *written, *(rows.c[name] for name in ("status",) if record.kept_while))
            .where(self.work.chart(patient_id, rows.c), rows.c.erasure_id.is_(None))
            .where(rows.c.municipality_id == self.work.actor.municipality_id)
            .order_by(rows.c[record.key], rows.c.recorded_at.desc(), rows.c.id.desc())
            .ext(distinct_on(rows.c[record.key]))
        )
        found = [row for row in self.db.execute(newest) if not (record.kept_while and row.status in record.kept_while)]
        listed = [Erasable(row.id, row.recorded_at, row.recorded_by_name) for row in found]
        return sorted(listed, key=lambda each: each.at, reverse=True)[:MOST_LISTED]

    @on_patient(Permission.RECORDS_ERASE)
    def proposals(self, patient_id: UUID) -> list[Proposal]:
        """All that was proposed for this patient in one's own municipality, newest first."""
        rows = self.db.execute(
            sa.select(_PROPOSAL)
            .where(self.work.chart(patient_id, _PROPOSAL.c))
            .order_by(_PROPOSAL.c.proposed_at.desc())
        ).all()
        return [
            Proposal(
                row.id,
                row.table_name,
                self._written(patient_id, row.table_name, row.row_id),
                row.paragraph,
                row.decision,
                row.proposed_by,
                row.proposed_by_name,
                row.proposed_at,
                row.settled_at,
            )
            for row in rows
        ]

    def _written(self, patient_id: UUID, table: str, row_id: UUID) -> Erasable | None:
        if (record := self._record(table)) is None:
            return None
        rows = self._rows(record)
        this = sa.select(rows.c.recorded_at, rows.c.recorded_by_name).where(self.work.chart(patient_id, rows.c))
        found = self.db.execute(this.where(rows.c.id == row_id)).first()
        return Erasable(row_id, *found) if found else None

    @on_patient(Permission.RECORDS_ERASE)
    def propose(self, patient_id: UUID, *, table: str, row_id: UUID, paragraph: str, decision: str) -> UUID:
        """Writes down the decision to erase a row (with all its versions); answers with the proposal's id. Erases nothing.

        *table* is one that the database says can be erased by itself, *paragraph* one of PARAGRAPHS, *decision* who decided
        what and why. What belongs to the row goes with it. Raises Invalid, NotFound, Conflict when it is erased already or is
        in use, Denied when another municipality answers for it.
        """
        errors: dict[str, list[str]] = {}
        record = self._record(table)
        if record is None:
            errors["table"] = ["Denne typen opplysning kan ikke slettes her."]
        if paragraph not in PARAGRAPHS:
            errors["paragraph"] = ["Velg om vedtaket er etter § 43 eller § 44 i helsepersonelloven."]
        if not 0 < len(decision.strip()) <= LONGEST_DECISION:
            errors["decision"] = ["Skriv hvem som har vedtatt slettingen og hvorfor, med høyst 4000 tegn."]
        if errors or record is None:
            raise Invalid(errors=errors)
        proposal_id = new_id()
        what = {"patient_id": self._answered_for(patient_id, record, row_id), "table_name": table, "row_id": row_id}
        why = {"paragraph": paragraph, "decision": decision.strip()}
        self.db.execute(sa.insert(_PROPOSAL).values(id=proposal_id, **what, **why))
        return proposal_id

    @on_patient(Permission.RECORDS_ERASE)
    def confirm(self, patient_id: UUID, proposal_id: UUID) -> UUID:
        """Erases what another has proposed to erase; answers with the id of the erasure, which the rows carry from now on.

        It cannot be undone. Raises NotFound, Conflict when it is done already or in use, Denied for whoever proposed it.
        """
        mine = sa.select(_PROPOSAL).where(self.work.chart(patient_id, _PROPOSAL.c), _PROPOSAL.c.id == proposal_id)
        proposal = self.db.execute(mine).first()
        if proposal is None:
            raise NotFound("Forslaget om sletting finnes ikke hos denne pasienten.")
        if proposal.proposed_by == self.work.actor.person_id:
            raise Denied("Du har selv foreslått slettingen. En annen leder må bekrefte den.")
        self._answered_for(patient_id, self._record(proposal.table_name), proposal.row_id)
        call = json.dumps({"at": self.work.now.isoformat(), "proposal_id": str(proposal_id)})
        self.db.flush()
        erase = sa.text("SELECT audit.erase(:call, :mac)")
        erased: UUID = self.db.execute(erase, {"call": call, "mac": self.work.keys.sign(call)}).scalar_one()
        self.db.expire_all()
        return erased

    def _record(self, table: str) -> Any | None:
        """What makes rows of this table one record, and when it may not be erased; None when it is not erased by itself."""
        alone = _ERASABLE.c.table_name == table, _ERASABLE.c.within.is_(None)
        return self.db.execute(sa.select(_ERASABLE).where(*alone)).one_or_none()

    def _rows(self, record: Any) -> sa.TableClause:
        """The table of these records, with what all of them have."""
        schema, name = record.table_name.split(".")
        used = {"status", "version"} if record.kept_while else set()
        all_have = {"patient_id", "id", "municipality_id", "erasure_id", "recorded_at", "recorded_by_name"}
        columns: Any = map(sa.column, {record.key, *all_have, *used})
        return sa.table(name, *columns, schema=schema)

    def _answered_for(self, patient_id: UUID, record: Any, row_id: UUID) -> UUID:
        """The record that the row stands in, if this municipality answers for all of it, and it is at an end and not gone."""
        used, rows = bool(record.kept_while), self._rows(record)
        chart, key = self.work.chart(patient_id, rows.c), rows.c[record.key]
        of_row = sa.select(key).where(chart, rows.c.id == row_id)
        found = self.db.execute(sa.select(rows).where(chart, key.in_(of_row))).all()
        if not found:
            raise NotFound("Opplysningen finnes ikke hos denne pasienten.")
        if any(row.municipality_id != self.work.actor.municipality_id for row in found):
            raise Denied("En annen kommune har skrevet dette. Be dem om å behandle slettingen.")
        if all(row.erasure_id is not None for row in found):
            raise Conflict("Opplysningen er alt slettet. Du trenger ikke gjøre mer.")
        if used and max(found, key=lambda row: row.version).status in record.kept_while:
            raise Conflict("Dette er i bruk. Avslutt det først, og foreslå slettingen på nytt.")
        asked: UUID = found[0].patient_id
        return asked
