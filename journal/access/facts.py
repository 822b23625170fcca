"""What access tells the rest of the journal."""

from dataclasses import dataclass
from uuid import UUID

from journal.platform.outbox import Fact


@dataclass(frozen=True)
class GiverShutOut(Fact):
    """The patient has closed what medicines are given by to one who works in the unit that gives them."""

    restriction_id: UUID
    unit_id: UUID


@dataclass(frozen=True)
class RestrictionLifted(Fact):
    """A restriction was ended by a person; one that runs out by its own time tells nobody."""

    restriction_id: UUID
