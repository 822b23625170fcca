"""A student gives medicines with her supervisor beside: the supervisor proves who she is once for what stands on the screen, and
the student signs each of those doses in her own name, with the supervisor in it.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from journal.medication.errors import NoAuthority, NotWatched, OrderChanged, SupervisorSigns
from journal.medication.models import Dose, MedicationAdministration
from journal.medication.rules import Caution, Reason
from journal.medication.rules.authority import Act
from journal.medication.rules.patches import OldPatch, Site
from journal.medication.rules.supervised import ACCOUNT_TEXT, NOT_BESIDE_TEXT, TWO_TEXT, holds_until, why_not
from journal.medication.service.bags import Bags
from journal.medication.service.may_give import needed_of
from journal.medication.service.shown import DueDose
from journal.medication.service.signing import Watched
from journal.medication.supervision_tables import Supervision
from journal.permissions import Permission
from journal.platform.caller import Actor
from journal.platform.errors import Denied, NotFound
from journal.platform.ids import new_id
from journal.platform.language import phrase
from journal.platform.service import on_patient


@dataclass(frozen=True)
class WatchedDoses:
    """What a student may sign now of some doses. `until`: the supervisor stands beside so long; None while she does not.

    `seen`: the doses that stood on the screen when she said so, in the version they have. `why_not`: by dose, why it is the
    supervisor's own to sign.
    """

    until: datetime | None
    seen: frozenset[UUID]
    why_not: Mapping[UUID, str]

    def may_be(self, dose: DueDose) -> bool:
        """Whether the dose is one that a student may sign once her supervisor stands beside."""
        return dose.can_sign and dose.id not in self.why_not


class Supervised(Bags):
    """Whose authority is asked for is the supervisor's; who gave it is the student; each dose has both."""

    @on_patient(Permission.MEDICATION_ADMINISTER)
    def stand_beside(self, patient_id: UUID, student: Actor, seen: Mapping[UUID, int]) -> None:
        """The supervisor says that she stands beside her student, and answers for these doses of the patient for ten minutes.

        `student` is whose screen it is, `seen` the doses on it with the version of each order. Raises Denied for anybody but her
        named supervisor, and OrderChanged where a dose is not what the screen shows any more: nobody answers for what she did
        not see.
        """
        if student.supervised_by != self.work.actor.person_id:
            raise Denied("Bare veilederen til studenten kan stå ved siden av.")
        found = self.db.execute(
            sa.select(Dose.patient_id, Dose.id, Dose.request_version)
            .where(self.work.chart(patient_id, Dose), Dose.id.in_(seen), Dose.state == "open")
            .order_by(Dose.patient_id, Dose.id)
        ).all()
        if not found or {row.id: row.request_version for row in found} != dict(seen):
            raise OrderChanged("Dosene er endret etter at de ble vist her. Se hva som gjelder nå, og bekreft på nytt.")
        for record in {row.patient_id: None for row in found}:
            of_record = [row for row in found if row.patient_id == record]
            self.db.add(
                Supervision(
                    patient_id=record,
                    id=new_id(),
                    student_id=student.person_id,
                    student_role_id=student.role_id,
                    student_session_id=student.session_id,
                    dose_ids=[row.id for row in of_record],
                    versions=[row.request_version for row in of_record],
                    until=holds_until(self.work.now),
                )
            )

    @on_patient(Permission.MEDICATION_GIVE)
    def watched(self, patient_id: UUID, doses: Collection[DueDose]) -> WatchedDoses:
        """What whoever asks may sign of these doses with her supervisor beside. Two statements; for a student alone."""
        rows = self._beside(patient_id)
        said = {pair for row in rows for pair in zip(row.dose_ids, row.versions, strict=True)}
        lacks = self._supervisor_lacks(patient_id)
        reasons = {
            dose.id: why_not(two_signatures=dose.two_signatures, lacking=lacks(dose.needs_other)) for dose in doses
        }
        return WatchedDoses(
            max((row.until for row in rows), default=None),
            frozenset(dose.id for dose in doses if (dose.id, dose.version) in said),
            {id: why for id, why in reasons.items() if why},
        )

    @on_patient(Permission.MEDICATION_GIVE)
    def sign_given_supervised(
        self,
        patient_id: UUID,
        dose_id: UUID,
        *,
        request_version: int,
        value: Decimal | None = None,
        value2: Decimal | None = None,
        against: str = "",
        confirmed: Collection[Caution] = (),
        site: Site | None = None,
        old_patch: OldPatch | None = None,
        product: str = "",
    ) -> UUID:
        """A student signs that this dose was given, now and with her supervisor beside; answers with the administration's id.

        As sign_given, and never of another time. Raises as it does, NotWatched where the supervisor has not said just now that she
        stands beside for this dose, and SupervisorSigns for a dose that wants two persons besides.
        """
        dose, watched = self._ready_beside(patient_id, dose_id, request_version)
        return self._give(
            patient_id,
            dose,
            self._given_at(None),
            values=(value, value2),
            against=against,
            confirmed=confirmed,
            site=site,
            old_patch=old_patch,
            product=product,
            watched=watched,
        )

    @on_patient(Permission.MEDICATION_GIVE)
    def sign_not_given_supervised(
        self,
        patient_id: UUID,
        dose_id: UUID,
        *,
        request_version: int,
        reason: Reason,
        text: str | None = None,
        amount: Decimal | None = None,
    ) -> UUID:
        """A student signs that this dose was not given, or not in full, as sign_not_given. Raises as sign_given_supervised."""
        dose, watched = self._ready_beside(patient_id, dose_id, request_version)
        return self._not_give(patient_id, dose, reason, self._given_at(None), text=text, amount=amount, watched=watched)

    @on_patient(Permission.MEDICATION_GIVE)
    def undo_supervised(self, patient_id: UUID, administration_id: UUID) -> None:
        """A student takes back what she signed, while her supervisor stands beside. Raises NotFound, SupervisorSigns
        for what another signed, NotWatched, and as correct()."""
        given = MedicationAdministration
        this = sa.and_(self.work.chart(patient_id, given), given.id == administration_id)
        row = self.db.execute(sa.select(given.recorded_by, given.supervision_id).where(this)).one_or_none()
        if row is None:
            raise NotFound("Signaturen finnes ikke hos denne pasienten.")
        if row.recorded_by != self.work.actor.person_id:
            raise SupervisorSigns("En student angrer bare egne signaturer. Veilederen retter resten.")
        if row.supervision_id not in {each.id for each in self._beside(patient_id)}:
            raise NotWatched(NOT_BESIDE_TEXT)
        self._correct(patient_id, administration_id, phrase("Angret"))

    @on_patient(Permission.MEDICATION_GIVE)
    def sign_bag_supervised(
        self,
        patient_id: UUID,
        prepared_id: UUID,
        *,
        due_at: datetime,
        seen: Mapping[UUID, int],
        confirmed: Collection[str] = (),
        reason: Reason | None = None,
        but: Collection[UUID] = (),
    ) -> list[UUID]:
        """A student signs a bag, as sign_bag, now and with her supervisor beside for each dose of it. What must be taken out of it
        first is the supervisor's to take out. Raises as sign_bag and sign_given_supervised."""

        def hers(doses: Mapping[UUID, Any]) -> dict[UUID, Watched]:
            for dose in doses.values():
                self._may_be_signed(dose, seen[dose.id])
            word = self._word(patient_id)
            return {id: word(dose, seen[id]) for id, dose in doses.items()}

        return self._sign_bag(
            patient_id,
            prepared_id,
            hers,
            due_at=due_at,
            seen=seen,
            confirmed=confirmed,
            reason=reason,
            but=but,
        )

    @on_patient(Permission.MEDICATION_GIVE)
    def undo_bag_supervised(self, patient_id: UUID, prepared_id: UUID, *, due_at: datetime) -> None:
        """A student takes back what she signed from a bag. Raises as undo_bag and undo_supervised."""
        for id in self._own_of_bag(patient_id, prepared_id, due_at):
            self.undo_supervised(patient_id, id)

    def _ready_beside(self, patient_id: UUID, dose_id: UUID, request_version: int) -> tuple[Any, Watched]:
        """The dose, held, with the supervisor's word for it. The lock first, as in every signature: what is looked at after it
        is as it stands."""
        dose = self._hold_dose(patient_id, dose_id)
        self._may_be_signed(dose, request_version)
        return dose, self._word(patient_id)(dose, request_version)

    def _word(self, patient_id: UUID) -> Callable[[Any, int], Watched]:
        """What answers, for a dose that is held and the version that was seen, with the supervisor's word for it. Two statements,
        however many doses. Raises NotWatched, SupervisorSigns, and NoAuthority: it is the supervisor's that is asked for."""
        rows, lacks = self._beside(patient_id), self._supervisor_lacks(patient_id)

        def word(dose: Any, version: int) -> Watched:
            for row in rows:
                if (dose.id, version) in zip(row.dose_ids, row.versions, strict=True):
                    self._may_be_hers(dose, lacks(needed_of(dose, dose.unit)))
                    return Watched(row.id, row.recorded_by, row.recorded_by_name)
            raise NotWatched(NOT_BESIDE_TEXT)

        return word

    def _may_be_hers(self, dose: Any, lacking: frozenset[Act]) -> None:
        if dose.two_signatures:
            raise SupervisorSigns(TWO_TEXT)
        if said := why_not(two_signatures=False, lacking=lacking):
            raise NoAuthority(said, acts=sorted(lacking), may="")
        group = dose.prescription_group
        if group in ("A", "B") and self._places(dose.patient_id, dose.request_id, dose.unit, group) is not None:
            raise SupervisorSigns(ACCOUNT_TEXT)

    def _beside(self, patient_id: UUID) -> list[Supervision]:
        """What her supervisor has said that holds now, for her in this session; the newest first."""
        me, of = self.work.actor, Supervision
        hers = (
            of.student_role_id == me.role_id,
            of.student_session_id == me.session_id,
            of.recorded_by == me.supervised_by,
        )
        found = sa.select(of).where(self.work.chart(patient_id, of), *hers, of.until > self.work.now)
        return list(self.db.scalars(found.where(of.in_error_at.is_(None)).order_by(of.until.desc(), of.id)))

    def _supervisor_lacks(self, patient_id: UUID) -> Callable[[Iterable[Act]], frozenset[Act]]:
        """Which of some acts the supervisor has no authority for with this patient now. One statement, however many are asked."""
        ids, supervisor = self.work.ids(patient_id), self.work.actor.supervised_by
        hers = [each.authority for each in self._everybody(self.work.now) if each.id == supervisor]

        def lacks(needed: Iterable[Act]) -> frozenset[Act]:
            acts = frozenset(needed)
            return min((own.lacks(acts, ids) for own in hers), key=len, default=acts)

        return lacks
