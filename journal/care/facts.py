"""What care tells the rest of the journal."""

from dataclasses import dataclass
from uuid import UUID

from journal.platform.outbox import Fact


@dataclass(frozen=True)
class TaskRaised(Fact):
    """Nobody has done this task in time: it is told further up. `told`: how far it has come (raising.Told)."""

    task_entry_id: UUID
    told: int
