"""Allergies, intolerances and flags: recorded, refuted, marked as a mistake, or stated to be none."""

from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import select

from journal.patients.errors import AllergiesAreRecorded, Changed
from journal.patients.facts import AllergyRecorded
from journal.patients.models import AllergyAssessment, AllergyIntolerance, Flag
from journal.patients.service.reading import Reading
from journal.permissions import Permission
from journal.platform.errors import Denied, NotFound
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


_KEPT = (
    "kind",
    "substance",
    "code_system",
    "code",
    "reaction",
    "reaction_code",
    "source_code",
    "severity",
    "criticality",
)


class Alerting(Reading):
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
        was = self._lock(patient_id, entry_id)[-1]
        if was.version != version or was.verification_status == "refuted":
            raise Changed("Se over allergiene på nytt, og prøv igjen.")
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
        rows = self._lock(patient_id, entry_id)
        if any(row.municipality_id != self.work.actor.municipality_id for row in rows):
            raise Denied("En annen kommune har skrevet dette og må rette det. Du kan avkrefte allergien.")
        mark = sa.update(AllergyIntolerance).where(
            self.work.chart(patient_id, AllergyIntolerance), AllergyIntolerance.id.in_([row.id for row in rows])
        )
        self.db.execute(mark.values(in_error_reason=reason), execution_options={"synchronize_session": False})
        self.work.publish(AllergyRecorded(patient_id, entry_id))

    @on_patient(Permission.PATIENTS_WRITE)
    def state_no_known_allergies(self, patient_id: UUID, *, source_code: str | None = None) -> None:
        """Somebody asked, and the answer was none. Raises AllergiesAreRecorded while an allergy stands."""
        if self._banners([patient_id])[patient_id].alerts.allergies:
            raise AllergiesAreRecorded("Avkreft allergiene som ikke stemmer, før du velger «Ingen kjente allergier».")
        on = self._leading(patient_id)
        self.db.add(AllergyAssessment(patient_id=on, id=new_id(), result="none-known", source_code=source_code))
        self.db.flush()

    @on_patient(Permission.PATIENTS_WRITE)
    def raise_flag(
        self, patient_id: UUID, *, kind: str, text: str, sub: str | None = None, decided_by_name: str | None = None
    ) -> UUID:
        """What everybody must see; answers with the entry's id.

        *kind* is cpr, anticoagulant, swallowing, infection or other.
        """
        entry_id = new_id()
        flag = Flag(patient_id=self._leading(patient_id), id=entry_id, entry_id=entry_id, status="active")
        flag.kind, flag.text, flag.sub, flag.decided_by_name = kind, text, sub, decided_by_name
        self.db.add(flag)
        self.db.flush()
        return entry_id

    @on_patient(Permission.PATIENTS_WRITE)
    def lower_flag(self, patient_id: UUID, entry_id: UUID, *, version: int) -> None:
        """The flag no longer holds; it stays in the history. Raises NotFound or Changed."""
        rows = self.db.scalars(
            select(Flag)
            .where(self.work.chart(patient_id, Flag), Flag.entry_id == entry_id, Flag.in_error_at.is_(None))
            .order_by(Flag.version)
            .with_for_update(key_share=True)
        ).all()
        if not rows:
            raise NotFound()
        was = rows[-1]
        if was.version != version:
            raise Changed("Se over merkene på nytt, og prøv igjen.")
        lowered = Flag(patient_id=was.patient_id, id=new_id(), entry_id=entry_id, version=version + 1)
        lowered.status = "inactive"
        lowered.kind, lowered.text = was.kind, was.text
        lowered.sub, lowered.decided_by_name = was.sub, was.decided_by_name
        self.db.add(lowered)
        self.db.flush()

    def _lock(self, patient_id: UUID, entry_id: UUID) -> list[AllergyIntolerance]:
        """The versions that stand, oldest first.

        Lock first, look after: what was waited for is seen only by a new statement.
        """
        versions = (
            select(AllergyIntolerance)
            .where(
                self.work.chart(patient_id, AllergyIntolerance),
                AllergyIntolerance.entry_id == entry_id,
                AllergyIntolerance.in_error_at.is_(None),
            )
            .order_by(AllergyIntolerance.version)
            .execution_options(populate_existing=True)
        )
        self.db.scalars(versions.with_for_update(key_share=True)).all()
        rows = list(self.db.scalars(versions))
        if not rows:
            raise NotFound()
        return rows
