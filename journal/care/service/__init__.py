"""Care: what the rest of the journal may ask about, or do to, a patient's services, stays, tasks and incidents."""

from journal.care.service.against import GivenAgainst
from journal.care.service.alone import SignedAlone
from journal.care.service.granting import Granting
from journal.care.service.incidents import Account
from journal.care.service.residence import Residence
from journal.care.service.shown import ClosedTask, GrantedService, Incident, Stay, Whereabouts
from journal.care.service.unit_tasks import UnitTasks

__all__ = ["Account", "Care", "ClosedTask", "GrantedService", "Incident", "Stay", "Whereabouts"]


class Care(Granting, Residence, GivenAgainst, UnitTasks, SignedAlone):
    """All of them in one."""
