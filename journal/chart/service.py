"""The chart overview and my list, put together from what the contexts answer. No table of its own, no clinical rule."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from journal.care import Care, is_told
from journal.medication import Medication
from journal.notes import Notes
from journal.observations import Observations
from journal.patients import Banner, Listed, Patients
from journal.permissions import OPENS, Permission
from journal.platform import clock
from journal.platform.service import Service, on_patient, without_patient
from journal.platform.statement import Asked
from journal.platform.work import Ground

# Only the patients that are shown are opened and logged.
SHOWN = 40
_NOTHING: Asked[Any] = Asked(lambda: None)


@dataclass(frozen=True)
class FrontPage:
    """What matters now for one patient, and why this reader may see it. Answered with None: a part that the patient has
    closed to her.

    The page reads each answer where it shows it, once: PostgreSQL answers the rest while the page is written so far.
    """

    ground: Ground
    banner: Asked[Banner]
    tasks: Asked[Any]
    medicines: Asked[Any]
    measurements: Asked[Any]
    notes: Asked[Any]


@dataclass(frozen=True)
class ListRow:
    """A patient on my list. *due* is what the worklist knows of her doses: counts and times. *overdue*: her list should
    have been reconciled by now. *told*: a task of hers that nobody has done in time is told to whoever asks."""

    patient: Listed
    due: Any
    overdue: bool
    told: bool


@dataclass(frozen=True)
class MyList:
    rows: tuple[ListRow, ...]
    hidden: int


class Chart(Service):
    """Asks the contexts with collections; at most eight statements whatever the length of the lists."""

    @on_patient(Permission.CHART_READ)
    def front_page(self, patient_id: UUID) -> FrontPage:
        """Everything of the overview, for a chart that this opens in all its parts at once."""
        ground = self.work.ground(patient_id)

        def asked(permission: Permission, ask: Callable[[UUID], Asked[Any]]) -> Asked[Any]:
            return ask(patient_id) if set(OPENS[permission]).isdisjoint(ground.withheld) else _NOTHING

        # In the order of the page.
        return FrontPage(
            ground=ground,
            banner=Patients(self.work).ask_banner(patient_id),
            tasks=asked(Permission.CARE_READ, Care(self.work).ask_open_tasks),
            medicines=asked(Permission.MEDICATION_READ, Medication(self.work).ask_list_with_strip),
            measurements=asked(Permission.OBSERVATIONS_READ, Observations(self.work).ask_series),
            notes=asked(Permission.NOTES_READ, Notes(self.work).ask_recent),
        )

    @without_patient(Permission.CHART_LIST)
    def my_list(self) -> MyList:
        """The patients with a ground for the unit one acts in: first what is told to her, and those who do not
        answer, then whose list should have been reconciled, then late doses."""
        start, end = clock.day_bounds(clock.local_date(self.work.now))
        worklist = Medication(self.work).worklist(start=start - timedelta(hours=12), end=end)
        now = self.work.now
        overdue = {row.patient_id for row in worklist if row.reconcile_before and row.reconcile_before <= now}
        told = {row.patient_id for row in worklist if is_told(self.work.actor.role, row.told)}
        due = sorted(
            worklist,
            key=lambda row: (
                row.patient_id not in told,
                row.no_answer_since is None,
                row.patient_id not in overdue,
                -row.late,
            ),
        )
        shown = due[:SHOWN]
        patients = Patients(self.work).listed([row.patient_id for row in shown]) if shown else {}
        rows = (
            ListRow(patients[row.patient_id], row, row.patient_id in overdue, row.patient_id in told) for row in shown
        )
        return MyList(tuple(rows), len(due) - len(shown))
