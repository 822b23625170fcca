"""A chart with a row in every table of the database that has a patient, each with a mark that can be searched for.

Stored by the migrator, past the services: what the tests here ask is who gets to see it.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any
from uuid import UUID

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from journal.medication.rules import every_hours
from journal.patients import name_words
from journal.patients.national_id import make_synthetic
from journal.platform.ids import new_id
from journal.platform.quantity import Quantity
from tests.factories import Staff

CHART_SCHEMAS = ("access", "care", "chart", "medication", "notes", "observations", "patients")
CATEGORIES = ("patients", "medication", "observations", "notes", "care", "chart", "access")
_numbers = (
    made
    for year in range(1921, 1936)
    for day in (15, 16, 17, 18)
    for n in range(500)
    if (made := make_synthetic(date(year, 5, day), n))
)
_marks = count(1)

Connection = psycopg.Connection[Any]


@dataclass(frozen=True)
class Marked:
    """A patient whose every row says *token*; *ids*: a row or entry of hers, by the name that routes give it."""

    patient_id: UUID
    token: str
    national_id: str
    ids: dict[str, UUID]


def national_id() -> str:
    """A synthetic number that nobody else has in this run."""
    return next(_numbers)


def mark() -> str:
    """A word that stands nowhere else."""
    return f"Xanax{next(_marks):04}qz"


def store(connection: Connection, table: str, **values: Any) -> UUID:
    """One row; answers with its id."""
    given = {name: Jsonb(value) if isinstance(value, dict) else value for name, value in values.items()}
    columns, places = (
        sql.SQL(", ").join(map(sql.Identifier, given)),
        sql.SQL(", ").join([sql.Placeholder()] * len(given)),
    )
    into = sql.Identifier(*table.split("."))
    connection.execute(sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(into, columns, places), list(given.values()))
    return UUID(str(values.get("id") or values["patient_id"]))


def marked_chart(
    connection: Connection, by: Staff, *, ward_id: UUID | None, blocked: Staff | None = None, **person: Any
) -> Marked:
    """Somebody with a row everywhere, written by *by*; *ward_id* is the unit that has a ground now, None for nobody.

    *blocked*: somebody whom a restriction keeps out of everything.
    """
    token, number, patient_id = mark(), national_id(), new_id()
    told = {"family_name": token, "given_name": "Kari", "birth_date": date(1931, 5, 17), "sex": "female"}
    chart = _Chart(connection, by, patient_id, token)
    with connection.pipeline(), connection.transaction():  # forty rows, and no answer of any that is waited for
        store(connection, "patients.patient", patient_id=patient_id, **by.stamp, **(told | person))
        identity = chart.identity(number)
        relationship_id = chart.access(ward_id, blocked)
        ids = {
            **identity,
            **chart.justified(relationship_id),
            **chart.medication(),
            **chart.lists(),
            **chart.notes(),
            **chart.care(relationship_id),
        }
    return Marked(patient_id, token, number, ids)


@dataclass(frozen=True)
class _Chart:
    connection: Connection
    by: Staff
    patient_id: UUID
    token: str

    def row(self, table: str, **values: Any) -> UUID:
        stamped = {**self.by.stamp, **values}
        return store(self.connection, table, patient_id=self.patient_id, **({"id": new_id()} | stamped))

    def entry(self, table: str, **values: Any) -> UUID:
        entry_id = new_id()
        self.row(table, entry_id=entry_id, version=1, **values)
        return entry_id

    def identity(self, number: str) -> dict[str, UUID]:
        self.row("patients.patient_history", was={"city": self.token})
        for word in name_words(self.token, "Kari"):
            store(self.connection, "patients.name_word", patient_id=self.patient_id, word=word)
        self.row("patients.allergy_assessment", result="none-known")
        return {
            "identifier_id": self.row("patients.identifier", kind="FNR", value=number),
            "related_person_entry_id": self.entry(
                "patients.related_person", name=f"Datter {self.token}", relation="datter"
            ),
            "flag_entry_id": self.entry("patients.flag", kind="other", text=f"Varsel {self.token}"),
        }

    def access(self, ward_id: UUID | None, blocked: Staff | None) -> UUID:
        since = datetime.now(UTC) - timedelta(days=30)
        over = {} if ward_id else {"valid_until": since, "grace_until": since}
        against = blocked.actor.person_id if blocked else new_id()
        told = {"category": "*", "against_person_id": against, "decided_by": "pasienten", "valid_from": since}
        self.row("access.restriction", **told)
        some = {"against_person_id": new_id(), "note_id": new_id(), "decided_by": "pasienten", "asked_by": "pasienten"}
        self.row("access.note_restriction", **some, asked_on=since.date(), valid_from=since)
        unit_id = ward_id or self.by.actor.unit_id
        self.downtime()
        return self.row(
            "access.care_relationship", ground="stay", room="204", valid_from=since, **{**over, "unit_id": unit_id}
        )

    def justified(self, relationship_id: UUID) -> dict[str, UUID]:
        """Her chart was opened with a reason, in words of its own, and she is not told yet."""
        now = datetime.now(UTC)
        times = {"valid_until": now + timedelta(hours=4), "review_before": now + timedelta(hours=72)}
        counted = {"in_an_hour": 1, "too_many": False, "reason": "other"}
        self.row("access.address_reader", practitioner_id=new_id(), seat=1)
        access_id = self.row("access.justified_access", relationship_id=relationship_id, **times, **counted)
        self.row("access.justified_words", access_id=access_id, text=f"Fordi {self.token}")
        self.row("access.notice", access_id=access_id)
        return {"access_id": access_id}

    def downtime(self) -> None:
        """Her part of the list of a device that holds it no more; sealed, it would say nothing, so here it is not."""
        actor, device_id = self.by.actor, new_id()
        owner = {
            "municipality_id": actor.municipality_id,
            "recorded_by": actor.person_id,
            "recorded_by_name": actor.name,
        }
        key, secret = bytes(300), device_id.bytes * 2
        told = {
            "unit_id": actor.unit_id,
            "ended_at": datetime.now(UTC),
            "name": "PC",
            "public_key": key,
            "token_hash": secret,
        }
        store(self.connection, "chart.downtime_device", id=device_id, **owner, **told)
        part = {"device_id": device_id, "built_at": datetime.now(UTC), "seen": "1:1:", "sealed": self.token}
        store(self.connection, "chart.downtime_part", patient_id=self.patient_id, id=new_id(), **part)

    def medication(self) -> dict[str, UUID]:
        now = datetime.now(UTC)
        request_id, request_entry_id, dose_id = new_id(), new_id(), new_id()
        dosage = every_hours(Quantity(Decimal(1), "tablett"), 8, strength_per_unit=Quantity(Decimal(50), "mg"))
        started = {"starts_at": now - timedelta(days=2), "effective_at": now - timedelta(days=2), "status": "active"}
        said = {
            "dosage": dosage.to_json(),
            "use": "1",
            "as_needed": False,
            "prescriber_name": "Lege",
            "change": "prescribe",
        }
        name = {"generic_name": f"middel{self.token}", "form": "tablett", "strength": "50 mg", "route": "peroralt"}
        verbal_order_id = self.row(
            "medication.verbal_order",
            request_entry_id=request_entry_id,
            prescriber_name="Lise Vakt",
            prescriber_hpr="7654321",
            prescriber_service="Legevakten",
            read_back=True,
            sign_before=now + timedelta(hours=24),
        )
        self.row(
            "medication.medication_request",
            **{"id": request_id, "entry_id": request_entry_id, "version": 1, **started, **said, **name},
            verbal_order_id=verbal_order_id,
        )
        another = {"recorded_by": new_id(), "recorded_by_name": "Lege", "recorded_role": "doctor"}
        self.row("medication.verbal_answer", verbal_order_id=verbal_order_id, outcome="signed", **another)
        of_dose = {"request_entry_id": request_entry_id, "request_id": request_id, "request_version": 1}
        times = {"due_at": now, "ready_from": now - timedelta(hours=1), "late_after": now + timedelta(hours=1)}
        amount = {"amount": Decimal(1), "unit": "tablett", "slot": f"{now:%H}", "given_by": "municipality_unit"}
        owner = {"patient_id": self.patient_id, "municipality_id": self.by.actor.municipality_id}
        later = {"missed_from": now + timedelta(hours=12)}
        store(self.connection, "medication.dose", **owner, id=dose_id, **of_dose, **times, **amount, **later)
        store(
            self.connection, "medication.request_plan", **owner, request_entry_id=request_entry_id, planned_until=None
        )
        given = {"status": "completed", "result": "1", "effective_at": now - timedelta(hours=8), "unit": "tablett"}
        given |= {"performer_id": self.by.actor.person_id, "performer_name": self.by.actor.name}
        administration_id = self.row(
            "medication.medication_administration", request_id=request_id, request_version=1, amount=Decimal(1), **given
        )
        self.account(administration_id)
        self.product_used(administration_id)
        off = {"effective_at": now - timedelta(hours=8), "old_patch": "removed"}
        self.row("medication.patch_removal", request_id=request_id, **off)
        nurse = {"nurse_id": new_id(), "nurse_name": "Nina", "cleared_at": now}
        self.row("medication.clearing", administration_id=administration_id, **nurse)
        self.row("medication.dose_laid_out", dose_id=dose_id, request_id=request_id, request_version=1)
        away = {"starts_at": now - timedelta(hours=2), "ends_at": now + timedelta(hours=2)}
        leave_id = self.row("medication.leave", handed_to=self.token, note=self.token, **away)
        of_order = {"request_entry_id": request_entry_id, "request_id": request_id, "request_version": 1}
        many = {"sent": True, "as_needed": False, "doses": 1, "amount": Decimal(1), "unit": "tablett"}
        sent_along_id = self.row("medication.sent_along", leave_id=leave_id, **of_order, **many)
        self.row("medication.leave_told", sent_along_id=sent_along_id, outcome="unknown", came_back=Decimal(0))
        self.row("medication.paper_answer", administration_id=administration_id, outcome="confirmed")
        self.row("medication.dose_handover", dose_id=dose_id, to_person_id=new_id(), to_name="Siri", note=self.token)
        without = {"cause": "other", "medicine": f"middel{self.token}", "amount": Decimal(1), "unit": "tablett"}
        unordered_id = self.row(
            "medication.given_without_order", **without, reason=self.token, effective_at=now - timedelta(hours=8)
        )
        return (
            {
                "unordered_id": unordered_id,
                "request_id": request_id,
                "verbal_order_id": verbal_order_id,
                "request_entry_id": request_entry_id,
                "dose_id": dose_id,
                "administration_id": administration_id,
            }
            | self.prepared()
            | self.dispenser()
        )

    def product_used(self, administration_id: UUID) -> None:
        """The pack it was given from."""
        names = {"ordered_name": f"Middel {self.token}", "given_name": f"Middel {self.token}", "said": "Gi 1 tablett"}
        amount = {"amount": Decimal(1), "unit": "tablett", "batch": "AB12", "exchange": 0, "second": False}
        item_id = _withdrawn_item(self.connection)
        self.row(
            "medication.product_used",
            administration_id=administration_id,
            catalogue_item_id=item_id,
            **names,
            **amount,
        )

    def prepared(self) -> dict[str, UUID]:
        """A roll with one bag that was taken out of, not compared with the list; and another that was sent back."""
        now = datetime.now(UTC)
        week = {"starts_on": now.date(), "ends_on": now.date() + timedelta(days=6)}
        prepared_id = self.entry_row("medication.prepared", kind="multidose", prepared_by="Apoteket", **week)
        lies = {"due_at": now, "medicine": f"middel{self.token}", "amount": Decimal(1), "unit": "tablett"}
        line_id = self.row("medication.prepared_line", prepared_id=prepared_id, **lies)
        of_bag = {"prepared_id": prepared_id, "due_at": now}
        self.row("medication.prepared_take_out", line_id=line_id, **of_bag)
        self.row("medication.prepared_take_out", reason=f"Uleselig {self.token}", **of_bag)
        old = self.entry_row("medication.prepared", kind="multidose", prepared_by="Apoteket", **week)
        told = {"outcome": "sent-back", "reason": f"Feil {self.token}"}
        self.row("medication.prepared_check", prepared_id=old, **told)
        return {"prepared_id": prepared_id}

    def dispenser(self) -> dict[str, UUID]:
        """An electronic dispenser, of which its device told that something is wrong."""
        now = datetime.now(UTC)
        judged = {"suitability": "suitable", "assessed_by": "Siri", "assessed_on": now.date()}
        held = {"device": f"Pilly {self.token}", "serial": self.token, "change_reason": self.token}
        days = {"starts_on": now.date(), "evaluate_on": now.date()}
        dispenser_id = self.entry_row("medication.dispenser", **judged, **held, **days)
        told = {
            "event_id": f"e{dispenser_id}",
            "kind": "fault",
            "device_at": now - timedelta(minutes=5),
            "note": self.token,
        }
        self.row("medication.dispenser_event", dispenser_entry_id=dispenser_id, **told)
        return {"dispenser_id": dispenser_id}

    def entry_row(self, table: str, **values: Any) -> UUID:
        """The first version of an entry; answers with the id of the row."""
        id = new_id()
        return self.row(table, id=id, entry_id=id, version=1, **values)

    def account(self, administration_id: UUID) -> None:
        """Her own controlled drugs in the unit's keeping, and a dose that was to be taken from some."""
        actor = self.by.actor
        owner = {"municipality_id": actor.municipality_id, "unit_id": actor.unit_id, "recorded_by": actor.person_id}
        kept = {**owner, "recorded_by_name": actor.name, "kind": "patient"}
        place_id = store(self.connection, "medication.keeping_place", id=new_id(), **kept)
        told = {"patient_id": self.patient_id, **self.by.stamp}
        store(self.connection, "medication.patient_holding", **told, place_id=place_id)
        store(self.connection, "medication.controlled_dose", **told, administration_id=administration_id)
        alone = {"administration_id": administration_id}
        store(self.connection, "medication.signed_alone", **told, **alone, reason="other")
        self.row("medication.alone_words", **alone, text=self.token)
        student = {"student_id": new_id(), "student_role_id": new_id(), "student_session_id": new_id()}
        until = datetime.now(UTC) + timedelta(minutes=10)
        self.row("medication.supervision", **student, dose_ids=[new_id()], versions=[1], until=until)
        another = {"recorded_by": new_id(), "signed_by": actor.person_id}
        store(self.connection, "medication.alone_check", **told | another, **alone)

    def lists(self) -> dict[str, UUID]:
        """A list from elsewhere, what somebody understood of it, and how it was reconciled."""
        sent = {"kind": "medicines", "sent_at": datetime.now(UTC), "sender": f"Sykehus {self.token}"}
        document_id = self.row("medication.source_document", message_id=self.token, **sent)
        said = {
            "name": f"middel{self.token}",
            "source_entry_id": "1",
            "position": 0,
            "stopped": False,
            "multidose": False,
        }
        entry_id = self.row("medication.source_entry", document_id=document_id, **said)
        dosage = every_hours(Quantity(Decimal(1), "tablett"), 8).to_json()
        meant = {"catalogue_item_id": _withdrawn_item(self.connection), "dosage": dosage}
        self.row("medication.source_match", entry_id=entry_id, version=1, **meant)
        signed = self.row(
            "medication.reconciliation", document_id=document_id, choices=Jsonb([self.token]), questions=1
        )
        asked = {"medicine": f"middel{self.token}", "asked_of": "gp", "text": f"Hva er {self.token}?"}
        question_id = self.row("medication.source_question", reconciliation_id=signed, **asked)
        self.row("medication.source_answer", question_id=question_id, text=f"Svar {self.token}")
        seen = {"outcome": "wrong", "note": f"Merk {self.token}", "match_version": 1}
        self.row("medication.source_check", entry_id=entry_id, version=1, **seen)
        alike = {"source_entry_id": entry_id, "request_entry_id": new_id(), "request_version": 1}
        self.row("medication.confirmed_line", document_id=document_id, **alike)
        held = {"took_part": f"Lege {self.token}", "result": f"Utfall {self.token}", "changes": f"Endret {self.token}"}
        review_id = self.row("medication.medication_review", reviewed_on=datetime.now(UTC).date(), **held)
        owner = {"municipality_id": self.by.actor.municipality_id, "recorded_by": self.by.actor.person_id}
        draft = {"document_id": document_id, "choices": {self.token: "keep"}}
        store(self.connection, "medication.reconciliation_draft", patient_id=self.patient_id, **owner, **draft)
        return {"document_id": document_id, "source_medicine_id": entry_id, "review_id": review_id} | self.crossing()

    def crossing(self) -> dict[str, UUID]:
        came = {"kind": "return", "place": f"Sykehus {self.token}", "since": datetime.now(UTC)}
        limit = {"reconcile_before": datetime.now(UTC) + timedelta(hours=24)}
        crossing_id = self.row("medication.crossing", **came, **limit)
        said = {"act": "confirmed", "said_by": self.token, "lines": Jsonb([])}
        self.row("medication.crossing_act", crossing_id=crossing_id, **said)
        return {"crossing_id": crossing_id}

    def notes(self) -> dict[str, UUID]:
        now = datetime.now(UTC) - timedelta(hours=1)
        words = {
            "kind": "general",
            "title": f"Notat {self.token}",
            "body": f"Hun heter {self.token}.",
            "effective_at": now,
        }
        allergy = self.entry("patients.allergy_intolerance", kind="allergy", substance=f"stoff{self.token}")
        note = self.entry("notes.note", **words)
        closes = datetime.now(UTC) + timedelta(hours=8)
        self.row("access.drawer_opening", reason="care-now", valid_until=closes)
        owner = {"municipality_id": self.by.actor.municipality_id, "recorded_by": self.by.actor.person_id}
        store(
            self.connection,
            "notes.draft",
            patient_id=self.patient_id,
            id=new_id(),
            **owner,
            body=f"Utkast {self.token}",
        )
        pulse = {"code": "pulse", "loinc": "8867-4", "display": "Puls", "value": Decimal(72), "unit": "/min"}
        return {
            "allergy_entry_id": allergy,
            "note_entry_id": note,
            "observation_id": self.row("observations.observation", effective_at=now, **pulse),
        }

    def care(self, relationship_id: UUID) -> dict[str, UUID]:
        since, actor = datetime.now(UTC) - timedelta(days=30), self.by.actor
        basis = {"relationship_id": relationship_id, "valid_from": since}
        service = {
            "service_system": "9151",
            "service_code": "21",
            "service_text": "Langtidsopphold",
            "decision_on": since,
        }
        provider = {"provider_unit_id": actor.unit_id, "provider_name": actor.unit_name}
        granted = self.entry("care.granted_service", **service, **provider, **basis)
        stay = self.row("care.stay", kind="long_term", ward_id=actor.unit_id, ward_name=actor.unit_name, **basis)
        incident = {"kind": "other", "severity": "mild", "text": f"Hendelse {self.token}", "effective_at": since}
        reported = self.entry("care.incident", **incident)
        task = self.entry("care.task", kind="general", for_unit_id=actor.unit_id, what=f"Oppgave {self.token}")
        return {
            "task_entry_id": task,
            "service_entry_id": granted,
            "incident_entry_id": reported,
            "stay_id": stay,
            "ladder_id": self.no_answer(task),
        }

    def no_answer(self, task_entry_id: UUID) -> UUID:
        """Nobody answers, one step is taken, and a task of hers has been raised."""
        ladder_id = self.row("care.no_answer", place=self.token, why=self.token, minutes=[0, 10, 15, 30, 45])
        step = {"step": "call-patient", "outcome": "no-answer", "note": self.token}
        self.row("care.no_answer_step", no_answer_id=ladder_id, number=1, **step)
        self.connection.execute(
            "INSERT INTO care.task_raise (patient_id, task_id, told) SELECT patient_id, id, 1 FROM care.task WHERE entry_id = %s",
            (task_entry_id,),
        )
        return ladder_id


def _withdrawn_item(connection: Connection) -> UUID:
    """Something of the catalogue to point to, which nobody finds."""
    fest_id, word = UUID(int=1), "utgått"
    connection.execute(
        """INSERT INTO medication.catalogue_item
               (id, fest_id, kind, active, withdrawn_at, prescribable, generic_name, name_form_strength)
           VALUES (%s, %s, 'brand', false, now(), true, %s, %s) ON CONFLICT DO NOTHING""",
        (new_id(), fest_id, word, word),
    )
    found = connection.execute("SELECT id FROM medication.catalogue_item WHERE fest_id = %s", (fest_id,)).fetchone()
    assert found is not None
    return UUID(str(found[0]))


def link(connection: Connection, by: Staff, confirmed_by: Staff | None, leading: UUID, other: UUID) -> UUID:
    """Two records of one person, linked by one and confirmed by another (or by nobody yet)."""
    actor = confirmed_by.actor if confirmed_by else None
    confirmed = (
        {"confirmed_at": datetime.now(UTC), "confirmed_by": actor.person_id, "confirmed_by_name": actor.name}
        if actor
        else {}
    )
    told = {"patient_id": leading, "linked_patient_id": other, "reason": "samme person"}
    return store(connection, "patients.link", id=new_id(), **told, **by.stamp, **confirmed)
