"""Ikke avklart på vakta: each dose that is neither given nor said not to be is settled, or handed on by name."""

from typing import Any
from uuid import UUID

from werkzeug.wrappers import Response

from journal.medication import schemas, settle_forms
from journal.medication.errors import ConfirmationMissing
from journal.medication.rules import Caution, Reason
from journal.medication.rules.patches import PATCH
from journal.medication.service import Medication, UnsettledDose
from journal.medication.service.near import Agreed
from journal.medication.settle_forms import Outcome
from journal.medication.web.section import Refused, bp, draws_again
from journal.patients import Patients
from journal.permissions import Permission
from journal.web import current_work, form_body, render, see_other

MOST_SHOWN = 40
"""Only the patients that are shown are opened and logged."""

_DOSE = "/patients/<uuid:patient_id>/doses/<uuid:dose_id>"
_UNKNOWN = "Ingen vet om dosen ble gitt"


@bp.page("/round/unsettled", Permission.MEDICATION_ADMINISTER)
def unsettled() -> str:
    return _page()


@bp.act(f"{_DOSE}/settle", Permission.MEDICATION_ADMINISTER)
def settle(patient_id: UUID, dose_id: UUID) -> Response:
    work = current_work()
    # Before the form: what is wrong with it is not for whoever has no ground.
    work.open(Permission.MEDICATION_ADMINISTER, [patient_id])
    form = form_body(settle_forms.Settle)
    medication, version = Medication(work), form["request_version"]
    if form["outcome"] is Outcome.GIVEN:
        given_at = schemas.with_given_at(form, work.now)["given_at"]
        said = {"given_at": given_at, "confirmed": form["confirmed"], "afterwards": True}
        # What was given too near another dose was given: there is nobody to ask any more, and an incident says it.
        near = Agreed(fact=Caution.TOO_NEAR in form["confirmed"])
        medication.sign_given(patient_id, dose_id, request_version=version, agreed=near, **said)
    elif form["outcome"] is Outcome.NOT_GIVEN:
        medication.sign_not_given(patient_id, dose_id, request_version=version, reason=form["reason"])
    else:
        medication.sign_not_given(patient_id, dose_id, request_version=version, reason=Reason.OTHER, text=_UNKNOWN)
    return see_other(".unsettled")


@bp.act(f"{_DOSE}/hand-on", Permission.MEDICATION_ADMINISTER)
def hand_on(patient_id: UUID, dose_id: UUID) -> Response:
    work = current_work()
    work.open(Permission.MEDICATION_ADMINISTER, [patient_id])
    Medication(work).hand_on(patient_id, dose_id, **form_body(settle_forms.HandOn))
    return see_other(".unsettled")


@draws_again("settle", "hand_on")
def _refused(refusal: Refused) -> str:
    cautions = refusal.error.fields["cautions"] if isinstance(refusal.error, ConfirmationMissing) else []
    return _page(
        wrong=refusal.where["dose_id"],
        said=refusal.said,
        errors=refusal.errors,
        typed=refusal.typed,
        confirm=[code for code, _ in cautions],
    )


def _page(**drawn: Any) -> str:
    work = current_work()
    medication, me = Medication(work), work.actor.person_id
    patients = medication.patients_unsettled()
    shown = patients[:MOST_SHOWN]
    found = medication.unsettled(shown) if shown else {}
    rows = [(patient_id, each) for patient_id in shown for each in found[patient_id]]
    names = Patients(work).listed({patient_id for patient_id, _ in rows}) if rows else {}
    groups = (
        [row for row in rows if _is_with(row[1], me)],
        [row for row in rows if row[1].handed is None],
        [row for row in rows if row[1].handed and not _is_with(row[1], me)],
    )
    listed: dict[str, Any] = {"mine": groups[0], "open": groups[1], "others": groups[2], "names": names}
    listed |= {"more": len(patients) - len(shown), "colleagues": medication.colleagues(), "now": work.now}
    listed |= {"reasons": [(each.value, each.text) for each in settle_forms.REASONS], "patch": PATCH}
    form: dict[str, Any] = {"wrong": None, "said": None, "errors": {}, "typed": {}, "confirm": []}
    return render("medication/unsettled.html", **listed, **(form | drawn))


def _is_with(each: UnsettledDose, person_id: UUID) -> bool:
    return each.handed is not None and each.handed.to_person_id == person_id
