"""Care: what the rest of the journal may ask about, or do to, a patient's services, stays, tasks and incidents."""

from journal.care.service.against import GivenAgainst
from journal.care.service.alone import SignedAlone
from journal.care.service.dispensers import Dispensers
from journal.care.service.incidents import Account
from journal.care.service.ladder import Ladder, Ladders
from journal.care.service.ladder_setting import LadderChoice
from journal.care.service.raising import Raising
from journal.care.service.shown import ClosedTask, GrantedService, Incident, Stay, Whereabouts
from journal.care.service.unit_tasks import UnitTasks

__all__ = [
    "Account",
    "Care",
    "ClosedTask",
    "GrantedService",
    "Incident",
    "Ladder",
    "LadderChoice",
    "Stay",
    "Whereabouts",
]


class Care(Ladders, GivenAgainst, Raising, UnitTasks, Dispensers, SignedAlone):
    """All of them in one."""
