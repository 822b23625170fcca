"""What the patients context tells others."""

from dataclasses import dataclass
from uuid import UUID

from journal.platform.outbox import Fact


@dataclass(frozen=True)
class PatientRegistered(Fact):
    """A person has a record in the journal for the first time."""


@dataclass(frozen=True)
class AllergyRecorded(Fact):
    """An allergy or intolerance was added, refuted or entered in error: what rests on the list must be checked."""

    entry_id: UUID
