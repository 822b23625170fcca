"""What is said by word of mouth of an order in use: the nurse's form, and the page where a doctor refuses it."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from werkzeug.wrappers import Response

from journal.medication import dosage_form, order_schemas, schemas
from journal.medication.errors import AlertsFound
from journal.medication.rules import Dosage, dose_sentence
from journal.medication.rules.safety import Judgement
from journal.medication.rules.verbal import ACTS, Act, AfterRefusal
from journal.medication.service import Medication, Prescriber
from journal.medication.web.order import new_dosage
from journal.medication.web.section import Refused, bp, choices, draws_again, judged, page
from journal.permissions import Permission
from journal.platform.errors import Invalid
from journal.platform.language import gettext as _
from journal.platform.language import phrase, phrases
from journal.web import current_work, form_body, query_body, see_other, typed

_READ_BACK = phrases(
    {
        Act.HOLD: "Pause %(medicine)s. Ingen doser gis før legen sier fra.",
        Act.RESUME: "Gi %(medicine)s igjen fra neste dose: %(dosage)s.",
        Act.STOP: "Seponer %(medicine)s. Ingen flere doser gis.",
    }
)
_AFTER = phrases(
    {
        AfterRefusal.RESTORE: "Det som gjaldt før, skal gjelde igjen",
        AfterRefusal.STOP: "Legemidlet skal seponeres",
        AfterRefusal.LEAVE: "Det som gjelder nå, skal stå",
    }
)
_OF_ORDER = "/patients/<uuid:patient_id>/medication/<uuid:request_entry_id>/verbal"
_REFUSE = "/patients/<uuid:patient_id>/verbal-orders/<uuid:verbal_order_id>"


@bp.page(_OF_ORDER, Permission.MEDICATION_RECEIVE)
def verbal_change_form(patient_id: UUID, request_entry_id: UUID) -> str:
    return _form(patient_id, request_entry_id, query_body(order_schemas.VerbalQuery)["act"])


@bp.act(f"{_OF_ORDER}/change", Permission.MEDICATION_RECEIVE)
def receive_change(patient_id: UUID, request_entry_id: UUID) -> Response:
    medication = Medication(current_work())
    form = form_body(order_schemas.ReceiveChange)
    dosage = new_dosage(medication.history(patient_id, request_entry_id), form)
    if form["seen"] != dose_sentence(dosage):
        raise Invalid(_("Doseringen er endret etter at du så over den. Se over og les tilbake på nytt."))
    answers = schemas.answers_from(form)
    medication.receive_change(patient_id, request_entry_id, dosage=dosage, answers=answers, **_said(form))
    return see_other(".medication_list", patient_id=patient_id)


@bp.act(f"{_OF_ORDER}/change/review", Permission.MEDICATION_RECEIVE, repeatable=True)
def review_verbal_change(patient_id: UUID, request_entry_id: UUID) -> str:
    """The same form with what is to be read back, and what the safety rules say of it. Nothing is stored."""
    medication = Medication(current_work())
    new = new_dosage(medication.history(patient_id, request_entry_id), form_body(order_schemas.ReceiveChange))
    judgement = medication.judge_verbal_change(patient_id, request_entry_id, dosage=new)
    return _form(patient_id, request_entry_id, Act.CHANGE, new, judgement, typed=typed())


@bp.act(f"{_OF_ORDER}/hold", Permission.MEDICATION_RECEIVE)
def receive_hold(patient_id: UUID, request_entry_id: UUID) -> Response:
    form = form_body(order_schemas.ReceiveStatus)
    Medication(current_work()).receive_hold(patient_id, request_entry_id, **_said(form))
    return see_other(".medication_list", patient_id=patient_id)


@bp.act(f"{_OF_ORDER}/resume", Permission.MEDICATION_RECEIVE)
def receive_resume(patient_id: UUID, request_entry_id: UUID) -> Response:
    form = form_body(order_schemas.ReceiveStatus)
    Medication(current_work()).receive_resume(patient_id, request_entry_id, **_said(form))
    return see_other(".medication_list", patient_id=patient_id)


@bp.act(f"{_OF_ORDER}/stop", Permission.MEDICATION_RECEIVE)
def receive_stop(patient_id: UUID, request_entry_id: UUID) -> Response:
    form = form_body(order_schemas.ReceiveStatus)
    Medication(current_work()).receive_stop(patient_id, request_entry_id, code=form["code"], **_said(form))
    return see_other(".medication_list", patient_id=patient_id)


@draws_again("receive_change", "review_verbal_change")
def _change_refused(refusal: Refused) -> str:
    """What was to be read back stays, where the safety rules or a missing tick refused it."""
    ids = refusal.where["patient_id"], refusal.where["request_entry_id"]
    medication, new, judgement = Medication(current_work()), None, None
    if isinstance(refusal.error, AlertsFound) or "read_back" in refusal.errors:
        new = new_dosage(medication.history(*ids), form_body(order_schemas.ReceiveChange))
        judgement = medication.judge_verbal_change(*ids, dosage=new)
    return _form(*ids, Act.CHANGE, new, judgement, **_wrong(refusal))


@draws_again("receive_hold")
def _hold_refused(refusal: Refused) -> str:
    return _form(refusal.where["patient_id"], refusal.where["request_entry_id"], Act.HOLD, **_wrong(refusal))


@draws_again("receive_resume")
def _resume_refused(refusal: Refused) -> str:
    return _form(refusal.where["patient_id"], refusal.where["request_entry_id"], Act.RESUME, **_wrong(refusal))


@draws_again("receive_stop")
def _stop_refused(refusal: Refused) -> str:
    return _form(refusal.where["patient_id"], refusal.where["request_entry_id"], Act.STOP, **_wrong(refusal))


@bp.page(f"{_REFUSE}/refuse", Permission.MEDICATION_PRESCRIBE)
def refuse_form(patient_id: UUID, verbal_order_id: UUID) -> str:
    return _refusing(patient_id, verbal_order_id)


@bp.act(f"{_REFUSE}/refuse-change", Permission.MEDICATION_PRESCRIBE)
def refuse_change(patient_id: UUID, verbal_order_id: UUID) -> Response:
    work = current_work()
    # Before the form: what is wrong with it is not for whoever has no ground.
    work.open(Permission.MEDICATION_PRESCRIBE, [patient_id])
    form = form_body(order_schemas.RefuseChange)
    said = {name: form[name] for name in ("version", "reason", "after")}
    Medication(work).refuse_change(patient_id, verbal_order_id, answers=schemas.answers_from(form), **said)
    return see_other(".signing")


@draws_again("refuse_change")
def _refusal_refused(refusal: Refused) -> str:
    judgement = refusal.error.judgement if isinstance(refusal.error, AlertsFound) else None
    where = refusal.where["patient_id"], refusal.where["verbal_order_id"]
    return _refusing(*where, judgement, **_wrong(refusal))


def _said(form: Mapping[str, Any]) -> dict[str, Any]:
    prescriber = Prescriber(form["prescriber_name"], form["hpr_number"], form["service"])
    return {"prescriber": prescriber} | {name: form[name] for name in ("read_back", "version", "reason")}


def _wrong(refusal: Refused) -> dict[str, Any]:
    return {"typed": refusal.typed, "errors": refusal.errors, "said": refusal.error.detail}


def _form(
    patient_id: UUID,
    request_entry_id: UUID,
    act: Act,
    new: Dosage | None = None,
    judgement: Judgement | None = None,
    **more: Any,
) -> str:
    """`new`: the dosage it would be changed to, which is read back before it is received."""
    medication = Medication(current_work())
    newest = medication.history(patient_id, request_entry_id)[0]
    form = {"typed": {}, "errors": {}, "said": None} | more | judged(judgement, patient_id, request_entry_id)
    if act is Act.CHANGE:
        form |= choices(newest.dosage.unit, follows_inr=newest.follows_inr)
        form["dosage"] = form["typed"] or dosage_form.to_change(newest.dosage)
        form["says_all"] = dosage_form.says_all(newest.dosage)
    else:
        form["read_back"] = phrase(_READ_BACK[act], medicine=newest.line.generic, dosage=dose_sentence(newest.dosage))
    return page(
        "medication/verbal_change.html",
        patient_id,
        act=act,
        title=ACTS[act],
        now_is=newest,
        before=dose_sentence(newest.dosage),
        new=dose_sentence(new) if new else None,
        **form,
    )


def _refusing(patient_id: UUID, verbal_order_id: UUID, judgement: Judgement | None = None, **more: Any) -> str:
    shown = Medication(current_work()).refusable(patient_id, verbal_order_id)
    form = {"typed": {}, "errors": {}, "said": None} | more | judged(judgement)
    after = [(each.value, _AFTER[each]) for each in shown.received.after_refusal]
    return page("medication/refuse_change.html", patient_id, shown=shown, after=after, acts=ACTS, **form)
