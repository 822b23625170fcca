"""The pages of care as they are drawn: anew after an error too, with what was typed and what others have done."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import request, url_for

from journal.care import rules
from journal.care.raising import RAISED, TOLD
from journal.care.service import Care, GrantedService, Incident, Stay
from journal.care.unit_tasks import answer_url
from journal.medication import Medication
from journal.municipalities import Municipalities, UnitNode
from journal.patients import Patients
from journal.permissions import Permission
from journal.platform import clock
from journal.platform.errors import Conflict, Invalid
from journal.platform.language import gettext as _
from journal.web import current_work, render

Error = Invalid | Conflict | None


@dataclass(frozen=True)
class Form:
    """A form of a page: untouched, or with what was typed and a sentence at each field that is wrong (*again*)."""

    key: str
    again: bool = False
    typed: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)

    def id(self, name: str) -> str:
        """The id of a field: what the error summary links to in the form that went wrong, its own in every other."""
        return f"f-{name}" if self.again else f"f-{self.key}-{name}"


def tasks(patient_id: UUID, error: Error = None) -> str:
    care = Care(current_work())
    open_tasks = care.open_tasks(patient_id)
    # Hardly any task is raised: asked for only where one is late that can be.
    raised = care.told(patient_id) if any(task.overdue and task.kind in RAISED for task in open_tasks) else {}
    return _chart_page(
        "care/tasks.html",
        patient_id,
        error,
        open_tasks=open_tasks,
        told={entry_id: TOLD[how_far] for entry_id, how_far in raised.items()},
        of_opioids=care.of_opioids(patient_id, open_tasks),
        sedation=rules.SEDATION,
        closed_tasks=care.closed_tasks(patient_id),
        kinds=rules.TASKS,
        may_measure=current_work().actor.may(Permission.OBSERVATIONS_WRITE),
        may_prescribe=current_work().actor.may(Permission.MEDICATION_PRESCRIBE),
        answer_url=answer_url,
    )


def stay(patient_id: UUID, error: Error = None) -> str:
    care = Care(current_work())
    whereabouts = care.whereabouts([patient_id])[patient_id]
    return _chart_page(
        "care/stay.html",
        patient_id,
        error,
        where=whereabouts,
        stays=care.stays(patient_id),
        units=_own_units(),
        stay_kinds=list(rules.STAYS.items()),
        absence_kinds=list(rules.ABSENCES.items()),
        kinds=rules.STAYS | rules.ABSENCES,
        leave_url=_leave_url(patient_id, whereabouts.absence),
    )


def _leave_url(patient_id: UUID, absence: Stay | None) -> str | None:
    """The page of the medicines that go with her on leave, for whoever gives medicines."""
    if absence is None or absence.kind != "leave" or not current_work().actor.may(Permission.MEDICATION_ADMINISTER):
        return None
    ends_at = _typed_time(absence.expected_until) if absence.expected_until else None
    return url_for(
        "medication.leave", patient_id=patient_id, starts_at=_typed_time(absence.valid_from), ends_at=ends_at
    )


def _typed_time(at: datetime) -> str:
    return f"{clock.local(at):%d.%m.%Y %H.%M}"


def transfer(patient_id: UUID, error: Error = None) -> str:
    care = Care(current_work())
    where = care.whereabouts([patient_id])[patient_id]
    left = where.stay.ward_id if where.stay else None
    wards = [ward.id for ward in care.wards() if ward.id != left]
    return _chart_page("care/transfer.html", patient_id, error, where=where, wards=_choices(wards), kinds=rules.STAYS)


def hospital(patient_id: UUID, error: Error = None) -> str:
    """The form that sends the patient, and the button for when she is back."""
    work = current_work()
    where = Care(work).whereabouts([patient_id])[patient_id]
    after = Medication(work).list_after_crossing(patient_id)
    return _chart_page("care/hospital.html", patient_id, error, where=where, after=after)


def admission(patient_id: UUID, error: Error = None) -> str:
    """Shows nothing of the patient: whoever is here has no ground yet."""
    kinds = list(rules.STAYS.items())
    return render("care/admission.html", patient_id=patient_id, units=_own_units(), stay_kinds=kinds, **_after(error))


def services(patient_id: UUID, error: Error = None) -> str:
    found = Care(current_work()).services(patient_id)
    current = [service for service in found if service.current]
    earlier = [service for service in found if not service.current]
    return _chart_page("care/services.html", patient_id, error, current=current, earlier=earlier)


def grant(patient_id: UUID, error: Error = None) -> str:
    return _service(patient_id, None, {}, error)


def change(patient_id: UUID, entry_id: UUID, error: Error = None) -> str:
    was = Care(current_work()).service(patient_id, entry_id)
    stored = {
        "provider_unit_id": str(was.provider_unit_id),
        "decision_on": clock.norwegian_date(was.decision_on),
        "decision_number": was.decision_number or "",
    }
    return _service(patient_id, was, stored, error)


def incidents(patient_id: UUID, error: Error = None) -> str:
    found = Care(current_work()).incidents(patient_id)
    return _chart_page("care/incidents.html", patient_id, error, incidents=found, **_incident_texts())


def report(patient_id: UUID, error: Error = None) -> str:
    return _incident(patient_id, None, {}, error)


def correct(patient_id: UUID, entry_id: UUID, error: Error = None) -> str:
    was = Care(current_work()).incident(patient_id, entry_id)
    stored = {
        "kind": was.kind,
        "severity": was.severity,
        "text": was.text,
        "measures": was.measures,
        "effective_at": clock.moment(was.effective_at),
    }
    return _incident(patient_id, was, stored, error)


def _service(patient_id: UUID, was: GrantedService | None, stored: dict[str, str], error: Error) -> str:
    """The form for a decision on a new service, or on another way to give *was*."""
    below = [unit.id for unit in Municipalities(current_work()).units() if unit.depth > 0]
    offered = [(f"{system}-{code}", text) for (system, code), text in rules.SERVICES.items()]
    units = _choices(below)
    return _chart_page("care/service.html", patient_id, error, was=was, stored=stored, offered=offered, units=units)


def _incident(patient_id: UUID, was: Incident | None, stored: dict[str, str], error: Error) -> str:
    """The form for what happened, or for a correction of *was*."""
    return _chart_page("care/incident.html", patient_id, error, was=was, stored=stored, **_incident_texts())


def _incident_texts() -> dict[str, Any]:
    return {"kinds": rules.INCIDENTS, "severities": rules.SEVERITIES}


def _chart_page(template: str, patient_id: UUID, error: Error, **shown: Any) -> str:
    work = current_work()
    return render(
        template,
        patient_id=patient_id,
        banner_of=Patients(work).banner(patient_id),
        may_admit=work.actor.may(Permission.PATIENTS_ADMIT),
        may_grant=work.actor.may(Permission.CARE_GRANT),
        may_write=work.actor.may(Permission.CARE_WRITE),
        **shown,
        **_after(error),
    )


def _after(error: Error) -> dict[str, Any]:
    """What the error says, and *form*(view, row): the form of that view, about that row when a page has several."""
    found = error.errors if isinstance(error, Invalid) else {}
    errors = {name: sentences[0] for name, sentences in found.items()}
    args = request.view_args or {}

    def form(view: str, row: UUID | None = None) -> Form:
        key = view if row is None else f"{view}-{row}"
        if error is None or request.endpoint != f"care.{view}" or row not in (None, *args.values()):
            return Form(key)
        return Form(key, True, request.form.to_dict(), errors)

    said = _("Vi fikk ikke lagret. %(why)s", why=error.detail) if error and error.detail else ""
    return {"form": form, "errors": errors, "said": said}


def _own_units() -> list[tuple[UUID, str]]:
    return _choices(current_work().actor.units)


def _choices(ids: Collection[UUID]) -> list[tuple[UUID, str]]:
    """These units of the municipality in reading order, each with the house it lies in: wards of two houses are named alike."""
    units = Municipalities(current_work()).units()
    return [(unit.id, _with_house(unit, units)) for unit in units if unit.id in ids]


def _with_house(unit: UnitNode, units: Iterable[UnitNode]) -> str:
    house = next((other.name for other in units if other.id == unit.parent_id and other.depth > 0), "")
    return f"{house} · {unit.name}" if house else unit.name
