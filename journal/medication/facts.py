"""What medication tells others: ids and times, never clinical content."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from journal.platform.outbox import Fact


@dataclass(frozen=True)
class _AboutRequest(Fact):
    request_entry_id: UUID
    version: int


class MedicinePrescribed(_AboutRequest):
    """A new order."""


class MedicineChanged(_AboutRequest):
    """A new version of an order that goes on."""


class MedicineHeld(_AboutRequest):
    """Pauset."""


class MedicineResumed(_AboutRequest):
    """No longer paused."""


class MedicineStopped(_AboutRequest):
    """Seponert."""


@dataclass(frozen=True)
class _FollowUpPlanned(_AboutRequest):
    due_at: datetime | None


class InrPlanned(_FollowUpPlanned):
    """Warfarin was decided until its INR is measured: when that is, None when the order was stopped and wants none."""


class EvaluationPlanned(_FollowUpPlanned):
    """A course of antibiotics was ordered: when it is to be looked at again, None when it was stopped before."""


class PatchToRemove(_FollowUpPlanned):
    """A patch comes off without a new one: when that is, None when the order goes on with new ones."""


class PauseEndPlanned(_FollowUpPlanned):
    """An order was paused until a day: when it is to be looked at again, None when the pause is over."""


class ReplacementWanted(_FollowUpPlanned):
    """An order was paused, and what replaces it is to be prescribed: by when, None when the pause is over."""


@dataclass(frozen=True)
class _AboutAdministration(Fact):
    administration_id: UUID
    dose_id: UUID | None
    effective_at: datetime


class DoseGiven(_AboutAdministration):
    """Given, in full or in part."""


@dataclass(frozen=True)
class DoseLaidOut(Fact):
    """Lagt fram: somebody must see whether it was taken, by `settle_before`."""

    laying_id: UUID
    settle_before: datetime


@dataclass(frozen=True)
class LeaveStarted(Fact):
    """Medicines were handed out for a leave: by `ends_at` she is to be back."""

    leave_id: UUID
    ends_at: datetime


@dataclass(frozen=True)
class LeaveSettled(Fact):
    """She is back, and has told what was taken."""

    leave_id: UUID


@dataclass(frozen=True)
class LaidOutSettled(Fact):
    """What lay before the patient was signed as taken, in part or not, or taken away."""

    laying_id: UUID


class DoseNotGiven(_AboutAdministration):
    """Not given, with a reason."""


class PatientAbsent(_AboutAdministration):
    """Not given, because the patient was not there."""


class NurseToTell(_AboutAdministration):
    """Not given, and a nurse is to be told."""


class DoctorToCall(_AboutAdministration):
    """Not given, and a doctor is to be called now."""


class AsNeededGiven(_AboutAdministration):
    """A medicine as needed was given: its effect is to be asked for."""


class AsNeededCleared(_AboutAdministration):
    """A medicine as needed was given after it was cleared with a nurse: she is to confirm it herself."""


class DoseGivenTwice(_AboutAdministration):
    """A second person gave a dose that was signed already: an incident to follow up."""


class DoseGivenAfterStop(_AboutAdministration):
    """A dose was given though its order had been stopped, paused or changed: an incident to follow up."""


class DoseGivenWithoutAuthority(_AboutAdministration):
    """Somebody without the authority for it gave a dose, and says so: an incident to follow up."""


class DoseGivenTooNear(_AboutAdministration):
    """A dose was given too near another one, and no prescriber had said so: an incident to follow up."""


class GivenWithoutOrder(_AboutAdministration):
    """Given though nobody had ordered it: whoever prescribes for the patient must hear of it."""


class GivenToWrongPatient(_AboutAdministration):
    """What was another patient's was given to this one: an incident, and whoever prescribes must hear of it."""


class UnorderedCorrected(_AboutAdministration):
    """What was written as given without an order was a mistake."""


class WrittenFromPaper(_AboutAdministration):
    """Somebody wrote in what another gave by the paper list: she is asked whether she did."""


class PaperDenied(_AboutAdministration):
    """She who is said to have given a dose says that she did not: an incident."""


class AsNeededPastLimit(_AboutAdministration):
    """A dose as needed was given too soon, or more than the most, by the paper list: an incident."""


class DoseWitnessed(_AboutAdministration):
    """The second signature of a dose that wants two; the administration is that signature."""


@dataclass(frozen=True)
class DoseSignedAlone(Fact):
    """One person signed a dose that wants two, and says why: another is to look at `due_at`."""

    administration_id: UUID
    due_at: datetime


@dataclass(frozen=True)
class AloneChecked(Fact):
    """Another person has counted, or looked over, a dose that was signed alone."""

    administration_id: UUID


class AdministrationCorrected(_AboutAdministration):
    """A signature was marked as a mistake."""


class RefusedForDays(_AboutRequest):
    """The patient has refused this medicine three days running."""


class CriticalDosesMissed(_AboutRequest):
    """Two doses running of a medicine that must not be left out were not given."""


@dataclass(frozen=True)
class PatchNotFound(_AboutRequest):
    """The old patch was looked for and not found: it may still sit there."""


@dataclass(frozen=True)
class BagGivenUp(Fact):
    """A bag, a compartment or a whole roll is not used: somebody has to make ready anew."""

    prepared_id: UUID


@dataclass(frozen=True)
class DispenserToSee(Fact):
    """Somebody must see to a patient's dispenser, by when; `due_at` None when nobody needs to any more.

    `dose_at`: the compartment it is about, if it is about one.
    """

    dispenser_id: UUID
    due_at: datetime | None
    dose_at: datetime | None = None


class DispenserToEvaluate(DispenserToSee):
    """Its suitability is to be evaluated anew."""


class DispenserToFill(DispenserToSee):
    """It runs out."""


class DispenserToReload(DispenserToSee):
    """What lies in it is no longer what is ordered."""


class DispenserLowOnPower(DispenserToSee):
    """Its battery is low."""


class DispenserGaveOutdated(DispenserToSee):
    """It gave out what is no longer ordered."""


class DispenserNotEmptied(DispenserToSee):
    """A compartment was not taken out."""


class DispenserSilent(DispenserToSee):
    """There is no contact with it."""


class DispenserFailed(DispenserToSee):
    """It has a fault."""


@dataclass(frozen=True)
class DispenserOrderChanged(Fact):
    """An order that comes from a dispenser, or did, is new, changed, paused or stopped: what lies there may be outdated."""


@dataclass(frozen=True)
class _AboutSource(Fact):
    document_id: UUID


class SourceImported(_AboutSource):
    """A list from elsewhere was taken in. It is not in use: somebody has to reconcile it."""


@dataclass(frozen=True)
class _AboutCrossing(Fact):
    crossing_id: UUID


class ListTakenOver(_AboutCrossing):
    """Somebody else has taken on to have the list reconciled after the patient came."""


class DoorPassed(_AboutCrossing):
    """The list is reconciled after the patient came: nothing waits at the door."""


class ListReconciled(_AboutSource):
    """Our list was compared with that one, and a prescriber signed what holds."""


class EqualLineTakenIn(_AboutRequest):
    """A nurse took in a line that stands alike in another's list and in ours: this version of this order is in use."""


@dataclass(frozen=True)
class _AboutQuestion(Fact):
    question_id: UUID


class QuestionAsked(_AboutQuestion):
    """A prescriber signed a reconciliation with something to ask: somebody has to."""


class QuestionDropped(_AboutQuestion):
    """The list was reconciled anew before anybody answered: there is nothing to ask any more."""


@dataclass(frozen=True)
class WithdrawalMissing(Fact):
    """A controlled drug was given, and the account of what the unit keeps has nothing to take it from."""

    administration_id: UUID


@dataclass(frozen=True)
class LaidInUnaccounted(Fact):
    """A controlled drug was laid in a dosett or a dispenser, and nobody knows from which account."""

    prepared_id: UUID


@dataclass(frozen=True)
class _AboutHolding(Fact):
    place_id: UUID


class HoldingDiffers(_AboutHolding):
    """A count of a patient's own controlled drugs was another than the account: an incident to follow up."""


class HoldingClosed(_AboutHolding):
    """Nothing is left of a patient's own controlled drugs, and the place is closed."""
