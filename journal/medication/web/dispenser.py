"""Dispenser: whether it suits the patient, what lies in it, what its device told; and the unit's list of them."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from werkzeug.wrappers import Response

from journal.medication import dispenser_forms
from journal.medication.pages.dispenser import DispenserPage, dispenser_page, dispenser_rows
from journal.medication.pages.prepared import NOT_COMPARED, box_to_lay, picks
from journal.medication.rules.dispenser import EVENTS, SUITABILITIES
from journal.medication.rules.prepared import PreparedKind
from journal.medication.service import DispenserSaid, Medication
from journal.medication.web.section import Refused, bp, draws_again, page
from journal.patients import Patients
from journal.permissions import Permission
from journal.platform.clock import local_date, norwegian_date
from journal.web import current_work, form_body, query_body, render, see_other
from journal.web.shell import MenuEntry

MENU = MenuEntry("medication.dispensers", "clock", "Dispensere", Permission.MEDICATION_RECEIVE, seldom=True)
MOST_SHOWN = 60
"""Only the patients that are shown are opened and logged."""

_PAGE = "/patients/<uuid:patient_id>/dispenser"
_WEEK = timedelta(days=6)


@bp.page("/dispensers", Permission.MEDICATION_READ)
def dispensers() -> str:
    work = current_work()
    medication = Medication(work)
    patients = medication.patients_with_dispenser()
    shown = patients[:MOST_SHOWN]
    found = medication.dispensers(shown) if shown else {}
    names = Patients(work).listed(found) if found else {}
    rows = dispenser_rows(found.values(), names, work.now)
    return render("medication/dispensers.html", rows=rows, more=len(patients) - len(shown))


@bp.page(_PAGE, Permission.MEDICATION_READ)
def dispenser(patient_id: UUID) -> str:
    return _dispenser(patient_id)


@bp.page(f"{_PAGE}/edit", Permission.MEDICATION_RECEIVE)
def dispenser_form(patient_id: UUID) -> str:
    current_work().open(Permission.MEDICATION_RECEIVE, [patient_id])
    return _form(patient_id)


@bp.act(_PAGE, Permission.MEDICATION_RECEIVE)
def set_dispenser(patient_id: UUID) -> Response:
    work = current_work()
    # Before the form: what is wrong with it is not for whoever has no ground.
    work.open(Permission.MEDICATION_RECEIVE, [patient_id])
    form = form_body(dispenser_forms.SetDispenser)
    of = {name: form.pop(name) for name in ("entry_id", "version", "reason")}
    Medication(work).set_dispenser(patient_id, DispenserSaid(**form), **of)
    return see_other(".dispenser", patient_id=patient_id)


@bp.page(f"{_PAGE}/load", Permission.MEDICATION_RECEIVE)
def load_form(patient_id: UUID) -> str:
    asked = query_body(dispenser_forms.LoadDays)
    return _load(patient_id, asked["starts_on"], asked["ends_on"])


@bp.act(f"{_PAGE}/load", Permission.MEDICATION_RECEIVE)
def load_dispenser(patient_id: UUID) -> Response:
    work = current_work()
    work.open(Permission.MEDICATION_RECEIVE, [patient_id])
    said = form_body(dispenser_forms.Load)
    days = said["starts_on"], said["ends_on"]
    Medication(work).load_dispenser(patient_id, *days, seen=dict(said["seen"]), left_out=said["left_out"])
    return see_other(".dispenser", patient_id=patient_id)


@bp.act(f"{_PAGE}/load/<uuid:prepared_id>/control", Permission.MEDICATION_ADMINISTER)
def control_load(patient_id: UUID, prepared_id: UUID) -> Response:
    Medication(current_work()).control(patient_id, prepared_id)
    return see_other(".dispenser", patient_id=patient_id)


@bp.act(f"{_PAGE}/<uuid:dispenser_id>/told", Permission.MEDICATION_ADMINISTER)
def device_told(patient_id: UUID, dispenser_id: UUID) -> Response:
    work = current_work()
    work.open(Permission.MEDICATION_ADMINISTER, [patient_id])
    form = form_body(dispenser_forms.DeviceTells)
    Medication(work).device_told(patient_id, dispenser_id, form.pop("kind"), **form)
    return see_other(".dispenser", patient_id=patient_id)


@draws_again("control_load", "device_told")
def _told_refused(refusal: Refused) -> str:
    return _dispenser(refusal.where["patient_id"], said=refusal.said, errors=refusal.errors, typed=refusal.typed)


@draws_again("set_dispenser")
def _set_refused(refusal: Refused) -> str:
    said = refusal.said if not refusal.errors else None
    return _form(refusal.where["patient_id"], said=said, errors=refusal.errors, typed=refusal.typed)


@draws_again("load_dispenser")
def _load_refused(refusal: Refused) -> str:
    days = dispenser_forms.LoadDays(unknown="exclude")
    typed = {name: refusal.typed.get(name, "") for name in ("starts_on", "ends_on") if name not in refusal.errors}
    asked = days.load(typed)
    more = {"said": refusal.said, "left_out": refusal.typed.get("left_out[]", [])}
    return _load(refusal.where["patient_id"], asked["starts_on"], asked["ends_on"], **more)


def _shown(patient_id: UUID) -> DispenserPage | None:
    work = current_work()
    medication, today = Medication(work), local_date(work.now)
    of = medication.dispensers([patient_id]).get(patient_id)
    if of is None:
        return None
    ahead = max(of.loaded_until or today, today) - today
    wanted = medication.to_lay_in(patient_id, today, kind=PreparedKind.DISPENSER, days=ahead)
    return dispenser_page(of, wanted, work.actor.person_id, work.now)


def _dispenser(patient_id: UUID, **more: Any) -> str:
    work = current_work()
    return page(
        "medication/dispenser.html",
        patient_id,
        d=_shown(patient_id),
        kinds=[(each.value, text) for each, text in EVENTS.items()],
        may_prepare=work.actor.may(Permission.MEDICATION_RECEIVE),
        may_tell=work.actor.may(Permission.MEDICATION_ADMINISTER),
        **({"said": None, "errors": {}, "typed": {}} | more),
    )


def _form(patient_id: UUID, *, said: str | None = None, errors: Any = None, typed: Any = None) -> str:
    work = current_work()
    of = Medication(work).dispensers([patient_id]).get(patient_id)
    shown = _shown(patient_id) if of is not None and of.in_use(local_date(work.now)) else None
    usual = {"starts_on": norwegian_date(local_date(work.now)), "assessed_by": work.actor.name}
    return page(
        "medication/dispenser_form.html",
        patient_id,
        d=shown,
        suitabilities=[(each.value, text) for each, text in SUITABILITIES.items()],
        typed=typed or (shown.said if shown else usual),
        errors=errors or {},
        said=said,
    )


def _load(patient_id: UUID, starts_on: date | None, ends_on: date | None, **more: Any) -> str:
    work = current_work()
    first = starts_on or local_date(work.now) + timedelta(days=1)
    last = ends_on if ends_on is not None and first <= ends_on <= first + 4 * _WEEK else first + _WEEK
    lines = Medication(work).to_lay_in(patient_id, first, kind=PreparedKind.DISPENSER, days=last - first)
    return page(
        "medication/dispenser_load.html",
        patient_id,
        starts_on=norwegian_date(first),
        ends_on=norwegian_date(last),
        box=box_to_lay(lines, NOT_COMPARED, first, (last - first).days + 1),
        picks=picks(lines),
        **({"said": None, "left_out": []} | more),
    )
