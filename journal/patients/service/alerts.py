"""Allergies, intolerances and flags: recorded, refuted or ended, marked as a mistake, or stated to be none."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from journal.patients.errors import AllergiesAreRecorded, Changed
from journal.patients.facts import AllergyRecorded
from journal.patients.models import AllergyAssessment, AllergyIntolerance, Flag
from journal.patients.rules import FLAGS
from journal.patients.service.entries import Entries
from journal.patients.service.reading import Reading
from journal.permissions import Permission
from journal.platform.errors import Invalid
from journal.platform.ids import new_id
from journal.platform.service import on_patient


@dataclass(frozen=True, kw_only=True)
class NewAllergy:
    """*kind* is allergy or intolerance; *reaction_code* is Volven 7497 and *source_code* 7498."""

    kind: str
    substance: str
    code_system: str | None = None
    code: str | None = None
    reaction: str | None = None
    reaction_code: str | None = None
    source_code: str | None = None
    severity: str | None = None
    criticality: str | None = None
    verification_status: str = "confirmed"


_KEPT = tuple(name for name in NewAllergy.__dataclass_fields__ if name != "verification_status")


@dataclass(frozen=True, kw_only=True)
class NewFlag:
    """*kind* is cpr, anticoagulant, swallowing, infection or other; *sub* is what more must be known."""

    kind: str
    text: str
    sub: str | None = None
    decided_by_name: str | None = None


@dataclass(frozen=True)
class EndedFlag:
    """A flag that held once, and why it does not any more."""

    entry_id: UUID
    kind: str
    text: str
    reason: str
    recorded_at: datetime
    recorded_by_name: str

    @property
    def kind_text(self) -> str:
        return FLAGS[self.kind]


class Alerting(Reading, Entries):
    @on_patient(Permission.PATIENTS_WRITE)
    def record_allergy(self, patient_id: UUID, new: NewAllergy) -> UUID:
        """Adds an allergy or intolerance; answers with the entry's id."""
        entry_id = new_id()
        on = self._leading(patient_id)
        self.db.add(AllergyIntolerance(patient_id=on, id=entry_id, entry_id=entry_id, **vars(new)))
        self.db.flush()
        self.work.publish(AllergyRecorded(patient_id, entry_id))
        return entry_id

    @on_patient(Permission.PATIENTS_WRITE)
    def refute(self, patient_id: UUID, entry_id: UUID, *, version: int, reason: str) -> None:
        """The patient proved not to have it: a new version, which stays to be read.

        Raises NotFound, or Changed when *version* is no longer the current one.
        """
        was = self._current(patient_id, AllergyIntolerance, entry_id, version)
        if was.verification_status == "refuted":
            raise Changed("Allergien er allerede avkreftet.")
        self.db.add(
            AllergyIntolerance(
                patient_id=was.patient_id,
                id=new_id(),
                entry_id=entry_id,
                version=version + 1,
                verification_status="refuted",
                refuted_reason=reason,
                **{name: getattr(was, name) for name in _KEPT},
            )
        )
        self.db.flush()
        self.work.publish(AllergyRecorded(patient_id, entry_id))

    @on_patient(Permission.PATIENTS_WRITE)
    def mark_entered_in_error(self, patient_id: UUID, entry_id: UUID, *, reason: str) -> None:
        """It should never have stood here: every version is marked, and none is shown.

        Raises NotFound, or Denied when another municipality answers for it.
        """
        self._mark_in_error(patient_id, AllergyIntolerance, entry_id, reason, "Du kan avkrefte allergien.")
        self.work.publish(AllergyRecorded(patient_id, entry_id))

    @on_patient(Permission.PATIENTS_WRITE)
    def state_no_known_allergies(self, patient_id: UUID, *, source_code: str | None = None) -> None:
        """Somebody asked, and the answer was none. Raises AllergiesAreRecorded while an allergy stands."""
        if self.banner(patient_id).alerts.allergies:
            raise AllergiesAreRecorded("Avkreft allergiene som ikke stemmer, før du velger «Ingen kjente allergier».")
        on = self._leading(patient_id)
        self.db.add(AllergyAssessment(patient_id=on, id=new_id(), result="none-known", source_code=source_code))
        self.db.flush()

    @on_patient(Permission.PATIENTS_READ)
    def ended_flags(self, patient_id: UUID) -> list[EndedFlag]:
        """The flags that hold no more, the last one first."""
        rows = self.db.scalars(
            select(Flag)
            .where(
                self.work.chart(patient_id, Flag),
                Flag.status == "inactive",
                Flag.in_error_at.is_(None),
                Flag.erasure_id.is_(None),
            )
            .order_by(Flag.recorded_at.desc(), Flag.id.desc())
        )
        return [
            EndedFlag(
                row.entry_id, row.kind, row.text or "", row.ended_reason or "", row.recorded_at, row.recorded_by_name
            )
            for row in rows
        ]

    @on_patient(Permission.PATIENTS_WRITE)
    def raise_flag(self, patient_id: UUID, new: NewFlag) -> UUID:
        """What everybody must see; answers with the entry's id. Raises Invalid for a resuscitation status nobody decided."""
        if new.kind == "cpr" and not new.decided_by_name:
            raise Invalid(errors={"decided_by_name": ["Skriv hvem som har bestemt det."]})
        entry_id = new_id()
        self.db.add(
            Flag(patient_id=self._leading(patient_id), id=entry_id, entry_id=entry_id, status="active", **vars(new))
        )
        self.db.flush()
        return entry_id

    @on_patient(Permission.PATIENTS_WRITE)
    def lower_flag(self, patient_id: UUID, entry_id: UUID, *, version: int, reason: str) -> None:
        """The flag no longer holds: a new version says why, and it stays in the history. Raises NotFound or Changed."""
        was = self._current(patient_id, Flag, entry_id, version)
        if was.status == "inactive":
            raise Changed("Varselet er allerede avsluttet.")
        key = {"patient_id": was.patient_id, "id": new_id(), "entry_id": entry_id, "version": version + 1}
        kept = {name: getattr(was, name) for name in NewFlag.__dataclass_fields__}
        self.db.add(Flag(**key, **kept, status="inactive", ended_reason=reason))
        self.db.flush()

    @on_patient(Permission.PATIENTS_WRITE)
    def flag_in_error(self, patient_id: UUID, entry_id: UUID, *, reason: str) -> None:
        """It should never have stood here: every version is marked, and none is shown. Raises NotFound or Denied."""
        self._mark_in_error(patient_id, Flag, entry_id, reason, "Du kan avslutte varselet.")
