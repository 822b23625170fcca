"""The auditor's pages."""

from uuid import UUID

from journal.audit import rules
from journal.audit.service import AccessLog
from journal.permissions import Permission
from journal.web import Section, current_work, render
from journal.web.shell import MenuEntry

bp = Section("audit", __name__)
MENU = MenuEntry("audit.people", "log", "Innsynslogg", Permission.AUDIT_READ)


@bp.page("/audit", Permission.AUDIT_READ)
def people() -> str:
    return render("audit/people.html", actors=AccessLog(current_work()).actors())


@bp.page("/audit/patients/<uuid:patient_id>", Permission.AUDIT_READ)
def of_patient(patient_id: UUID) -> str:
    return _lines("audit/of_patient.html", AccessLog(current_work()).of_patient(patient_id))


@bp.page("/audit/people/<uuid:actor_id>", Permission.AUDIT_READ)
def of_person(actor_id: UUID) -> str:
    return _lines("audit/of_person.html", AccessLog(current_work()).of_person(actor_id))


def _lines(template: str, lines: object) -> str:
    return render(template, lines=lines, actions=rules.ACTIONS, grounds=rules.GROUNDS, outcomes=rules.OUTCOMES)
