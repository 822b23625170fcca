"""What a page says of the drawer with what the purpose of the reader's ground does not need (access/purpose.py)."""

from dataclasses import dataclass
from uuid import UUID

from journal.access.justified import Justifying
from journal.access.justified_rules import FOR_REST, Reason
from journal.permissions import Permission
from journal.platform import clock
from journal.platform.work import Work


@dataclass(frozen=True)
class Rest:
    """*holds*: something lies there. *reasons*: what opens it, none for whoever may not, and for how many *hours*. *until*: when
    it closes, where it is open; else empty."""

    part: str
    holds: bool
    in_drawer: str
    until: str
    reasons: tuple[tuple[str, str], ...]
    hours: int


def rest_of(work: Work, patient_id: UUID, part: str, *, holds: bool) -> Rest:
    """For the page of a part that is open. Asks the database nothing where nothing lies in the drawer."""
    ground = work.opened_by(patient_id, part)
    until = clock.hhmm(ground.drawer_until) if ground.drawer_until else ""
    if not holds or not work.actor.may(Permission.ACCESS_JUSTIFY):
        return Rest(part, holds, ground.in_drawer, until, (), 0)
    reasons = tuple((reason.value, text) for reason, text in FOR_REST.items())
    return Rest(part, holds, ground.in_drawer, until, reasons, Justifying(work).limits().hours(Reason.REST_CARE))
