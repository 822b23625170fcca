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


class DoseNotGiven(_AboutAdministration):
    """Not given, with a reason."""


class AsNeededGiven(_AboutAdministration):
    """A medicine as needed was given: its effect is to be asked for."""


class DoseGivenTwice(_AboutAdministration):
    """A second person gave a dose that was signed already: an incident to follow up."""


class DoseGivenAfterStop(_AboutAdministration):
    """A dose was given though its order had been stopped, paused or changed: an incident to follow up."""


class DoseWitnessed(_AboutAdministration):
    """The second signature of a dose that wants two; the administration is that signature."""


class AdministrationCorrected(_AboutAdministration):
    """A signature was marked as a mistake."""


@dataclass(frozen=True)
class _AboutSource(Fact):
    document_id: UUID


class SourceImported(_AboutSource):
    """A list from elsewhere was taken in. It is not in use: somebody has to reconcile it."""


class ListReconciled(_AboutSource):
    """Our list was compared with that one, and a prescriber signed what holds."""
