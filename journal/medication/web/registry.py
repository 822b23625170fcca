"""Mangler til Legemiddelregisteret: the doses of the last days that lack something the report needs."""

from journal.medication.rules.registry import TEXTS
from journal.medication.service import Medication
from journal.medication.web.section import bp
from journal.patients import Patients
from journal.permissions import Permission
from journal.web import current_work, render

MOST_SHOWN = 40
"""Only the patients that are shown are opened and logged."""


@bp.page("/medication/registry", Permission.MEDICATION_READ)
def registry() -> str:
    work = current_work()
    medication = Medication(work)
    patients = medication.patients_lacking_for_registry()
    shown = patients[:MOST_SHOWN]
    found = medication.lacking_for_registry(shown) if shown else {}
    names = Patients(work).listed(shown) if shown else {}
    rows = [(names[id], id, found[id]) for id in shown if found[id]]
    return render("medication/registry.html", rows=rows, more=len(patients) - len(shown), texts=TEXTS)
