"""Care: what the rest of the journal may ask about, or do to, a patient's services, stays and tasks."""

from journal.care.service.residence import Residence
from journal.care.service.shown import GrantedService, Incident, Stay, Task, Whereabouts
from journal.care.service.tasks import Tasks

__all__ = ["Care", "GrantedService", "Incident", "Stay", "Task", "Whereabouts"]


class Care(Residence, Tasks):
    """Residence and Tasks in one."""
