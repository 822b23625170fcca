"""Etter nedetid: the doses that nobody knows of, written in from the paper list, and when the journal was away."""

from datetime import datetime
from typing import Any
from uuid import UUID

from flask import url_for
from werkzeug.wrappers import Response

from journal.medication import downtime_forms, schemas
from journal.medication.downtime_forms import Outcome
from journal.medication.rules.downtime import Known
from journal.medication.rules.patches import PATCH
from journal.medication.service import Medication
from journal.medication.settle_forms import REASONS
from journal.medication.web.section import Refused, bp, draws_again, page
from journal.patients import Patients
from journal.permissions import Permission, Role
from journal.platform.clock import hhmm, local_date, norwegian_date
from journal.platform.language import gettext as _
from journal.platform.language import ngettext
from journal.platform.work import Work
from journal.web import Notice, current_work, form_body, query_body, render, see_other
from journal.web.shell import MenuEntry

MENU = MenuEntry("medication.downtimes", "clock", "Nedetid", Permission.MEDICATION_DOWNTIME, seldom=True)
MOST_SHOWN = 40
"""Only the patients that are shown are opened and logged."""

_PATIENT = "/patients/<uuid:patient_id>/after-downtime"


@bp.page("/round/after-downtime", Permission.MEDICATION_ADMINISTER)
def after_downtime() -> str:
    return _list()


@bp.act(f"{_PATIENT}/all", Permission.MEDICATION_ADMINISTER)
def all_given_by_paper(patient_id: UUID) -> Response:
    work = current_work()
    # Before the form: what is wrong with it is not for whoever has no ground.
    work.open(Permission.MEDICATION_ADMINISTER, [patient_id])
    form, medication = form_body(downtime_forms.AllGiven), Medication(work)
    for dose_id in form["doses"]:
        medication.given_by_paper(patient_id, dose_id, giver_id=form["giver_id"])
    return see_other(".after_downtime")


@bp.page(_PATIENT, Permission.MEDICATION_ADMINISTER)
def paper(patient_id: UUID) -> str:
    return _paper(patient_id, query_body(downtime_forms.Asked)["giver"])


@bp.act("/patients/<uuid:patient_id>/doses/<uuid:dose_id>/paper", Permission.MEDICATION_ADMINISTER)
def write_in(patient_id: UUID, dose_id: UUID) -> Response:
    work = current_work()
    work.open(Permission.MEDICATION_ADMINISTER, [patient_id])
    form, medication = schemas.with_given_at(form_body(downtime_forms.WriteIn), work.now), Medication(work)
    outcome, giver = form["outcome"], form["giver_id"]
    if outcome in (Outcome.ON_TIME, Outcome.AT):
        at = form["given_at"] if outcome is Outcome.AT else None
        medication.given_by_paper(patient_id, dose_id, giver_id=giver, given_at=at)
    else:
        reason = form["reason"] if outcome is Outcome.NOT_GIVEN else None
        medication.not_given_by_paper(patient_id, dose_id, reason=reason, text=form["text"])
    return see_other(".paper", patient_id=patient_id, giver=giver)


@bp.act(f"{_PATIENT}/as-needed/<uuid:request_entry_id>", Permission.MEDICATION_ADMINISTER)
def as_needed_by_paper(patient_id: UUID, request_entry_id: UUID) -> Response:
    work = current_work()
    work.open(Permission.MEDICATION_ADMINISTER, [patient_id])
    form = schemas.with_given_at(form_body(downtime_forms.AsNeededByPaper), work.now)
    Medication(work).as_needed_by_paper(patient_id, request_entry_id, **form)
    return see_other(".paper", patient_id=patient_id, giver=form["giver_id"])


@bp.page("/downtimes", Permission.MEDICATION_DOWNTIME)
def downtimes() -> str:
    return _downtimes()


@bp.act("/downtimes", Permission.MEDICATION_DOWNTIME)
def say_downtime() -> Response:
    form = downtime_forms.with_instants(form_body(downtime_forms.SayDowntime))
    Medication(current_work()).say_downtime(**form)
    return see_other(".downtimes")


@bp.act("/downtimes/<uuid:downtime_id>", Permission.MEDICATION_DOWNTIME)
def answer_downtime(downtime_id: UUID) -> Response:
    form = downtime_forms.with_instants(form_body(downtime_forms.AnswerDowntime))
    Medication(current_work()).answer_downtime(downtime_id, **form)
    return see_other(".downtimes")


@draws_again("all_given_by_paper")
def _all_refused(refusal: Refused) -> str:
    return _list(wrong=refusal.where["patient_id"], said=refusal.said, typed=refusal.typed)


@draws_again("write_in", "as_needed_by_paper")
def _paper_refused(refusal: Refused) -> str:
    wrong = refusal.where.get("dose_id") or refusal.where["request_entry_id"]
    drawn: dict[str, Any] = {"wrong": wrong, "said": refusal.said, "errors": refusal.errors, "typed": refusal.typed}
    return _paper(refusal.where["patient_id"], None, **drawn)


@draws_again("say_downtime", "answer_downtime")
def _downtime_refused(refusal: Refused) -> str:
    wrong = refusal.where.get("downtime_id")
    return _downtimes(wrong=wrong, said=refusal.said, errors=refusal.errors, typed=refusal.typed)


def downtime_notice(work: Work) -> Notice | None:
    """For the front page of a manager: the journal asks whether it was away."""
    if work.actor.role != Role.UNIT_MANAGER:
        return None
    asked = [each for each in Medication(work).downtimes() if each.status is Known.PROPOSED]
    if not asked:
        return None
    said = ngettext(
        "Journalen ser ut til å ha vært nede %(num)s gang. Doser fra da er ukjente.",
        "Journalen ser ut til å ha vært nede %(num)s ganger. Doser fra da er ukjente.",
        len(asked),
    )
    return Notice(said, url_for("medication.downtimes"), _("Bekreft eller avvis"))


def _list(**drawn: Any) -> str:
    work = current_work()
    medication = Medication(work)
    patients = list(medication.patients_after_downtime())
    shown = patients[:MOST_SHOWN]
    found = medication.after_downtime(shown) if shown else {}
    names = Patients(work).listed(shown) if shown else {}
    rows = [(names[id], id, found[id], [d for d in found[id] if d.amount.unit != PATCH]) for id in shown if found[id]]
    form: dict[str, Any] = {"wrong": None, "said": None, "typed": {}}
    context = {"rows": rows, "more": len(patients) - len(shown), "givers": medication.givers()}
    return render("medication/after_downtime.html", **context, **(form | drawn))


def _paper(patient_id: UUID, giver: UUID | None, **drawn: Any) -> str:
    medication = Medication(current_work())
    shown = {
        "doses": medication.after_downtime([patient_id])[patient_id],
        "as_needed": medication.as_needed(patient_id),
        "givers": medication.givers(),
        "giver": giver,
        "reasons": [(each.value, each.text) for each in REASONS],
        "patch": PATCH,
    }
    form: dict[str, Any] = {"wrong": None, "said": None, "errors": {}, "typed": {}}
    return page("medication/paper.html", patient_id, **shown, **(form | drawn))


def _downtimes(**drawn: Any) -> str:
    work = current_work()
    form: dict[str, Any] = {"wrong": None, "said": None, "errors": {}, "typed": {}}
    found = Medication(work).downtimes()
    times = {each.entry_id: (_fields(each.began_at), _fields(each.ended_at or work.now)) for each in found}
    context = {"found": found, "times_of": times, "unit": (work.actor.unit_id, work.actor.unit_name)}
    return render("medication/downtimes.html", **context, **(form | drawn))


def _fields(at: datetime) -> tuple[str, str]:
    return norwegian_date(local_date(at)), hhmm(at)
