"""The municipality's procedure list: where doctors keep and sign it, and where a nurse gives by it."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from werkzeug.wrappers import Response

from journal.medication import pages, procedure_schemas
from journal.medication.errors import AlertsFound
from journal.medication.rules.procedures import ROLES, ListStatus, ProcedureLine
from journal.medication.rules.safety import Judgement
from journal.medication.service import Answers, Medication, OfProcedure
from journal.medication.web.section import Refused, bp, draws_again, item_of, judged, page
from journal.permissions import Permission
from journal.platform.errors import Invalid, NotFound
from journal.platform.ids import new_id
from journal.platform.language import gettext as _
from journal.platform.quantity import Quantity
from journal.web import current_work, form_body, query_body, render, see_other
from journal.web.shell import MenuEntry

MENU = MenuEntry("medication.procedures", "note", "Prosedyrer", Permission.MEDICATION_PRESCRIBE, seldom=True)


@bp.page("/medication/procedures", Permission.MEDICATION_CATALOGUE)
def procedures() -> str:
    return _list(**query_body(procedure_schemas.ProcedureQuery))


@bp.act("/medication/procedures", Permission.MEDICATION_PRESCRIBE)
def write_procedure() -> Response:
    form, medication = form_body(procedure_schemas.WriteProcedure), Medication(current_work())
    hit = medication.catalogue_item(form["item"])
    if hit.dose_unit is None:
        raise Invalid(errors={"amount": [_("Katalogen sier ikke hva dosen måles i. Velg et annet legemiddel.")]})
    line = ProcedureLine(
        new_id(),
        hit.id,
        f"{hit.medicine.generic_name} {hit.name}",
        Quantity(form["amount"], hit.dose_unit),
        form["indication"],
        form["most_per_day"],
        form["before_doctor"],
        tuple(role for role in ROLES if role in form["roles"]),
    )
    medication.write_procedure(line, version=form["version"])
    return see_other(".procedures")


@bp.act("/medication/procedures/<uuid:line_id>/strike", Permission.MEDICATION_PRESCRIBE)
def strike_procedure(line_id: UUID) -> Response:
    Medication(current_work()).strike_procedure(line_id, **form_body(procedure_schemas.Seen))
    return see_other(".procedures")


@bp.act("/medication/procedures/sign", Permission.MEDICATION_PRESCRIBE)
def sign_procedures() -> Response:
    Medication(current_work()).sign_procedures(**form_body(procedure_schemas.SignProcedures))
    return see_other(".procedures")


@bp.act("/medication/procedures/withdraw", Permission.MEDICATION_PRESCRIBE)
def withdraw_procedures() -> Response:
    Medication(current_work()).withdraw_procedures(**form_body(procedure_schemas.Seen))
    return see_other(".procedures")


@draws_again("write_procedure", "strike_procedure", "sign_procedures", "withdraw_procedures")
def _list_refused(refusal: Refused) -> str:
    more: dict[str, Any] = {"errors": refusal.errors, "typed": refusal.typed, "said": refusal.error.detail}
    return _list(item=item_of(refusal.typed), **more)


def _list(*, q: str = "", all: bool = False, item: UUID | None = None, **more: Any) -> str:
    work = current_work()
    medication = Medication(work)
    versions = medication.procedure_lists()
    form = {"errors": {}, "typed": {}, "said": None} | more
    return render(
        "medication/procedures.html",
        q=q,
        written=versions[0] if versions else None,
        holds=next((one for one in versions if one.status is not ListStatus.DRAFT), None),
        signed=[one for one in versions if one.status is not ListStatus.DRAFT],
        hit=medication.catalogue_item(item) if item else None,
        found=medication.search_catalogue(q, everything=all) if q and not item else None,
        roles=ROLES,
        may_write=work.actor.may(Permission.MEDICATION_PRESCRIBE),
        **form,
    )


@bp.page("/patients/<uuid:patient_id>/medication/procedure", Permission.MEDICATION_ADMINISTER)
def procedure(patient_id: UUID) -> str:
    """What may be given; with a line chosen, what the safety rules say of it for this patient."""
    return _procedure(patient_id, query_body(procedure_schemas.OfLine)["line"])


@bp.act("/patients/<uuid:patient_id>/medication/procedure", Permission.MEDICATION_ADMINISTER)
def give_by_procedure(patient_id: UUID) -> Response:
    form = form_body(procedure_schemas.GiveByProcedure)
    Medication(current_work()).give_by_procedure(
        patient_id, form["line"], version=form["version"], answers=Answers(form["seen_alerts"])
    )
    return see_other(".round", patient=patient_id)


@draws_again("give_by_procedure")
def _refused(refusal: Refused) -> str:
    error = refusal.error
    # What the rules say stands on the page itself; a page without a line has no other place for the sentence.
    said = None if isinstance(error, AlertsFound) else refusal.said
    return _procedure(refusal.where["patient_id"], _line_of(refusal.typed), said=said)


def _line_of(typed: Mapping[str, Any]) -> UUID | None:
    return item_of({"item": typed.get("line")})


def _procedure(patient_id: UUID, line_id: UUID | None, *, said: str | None = None) -> str:
    medication = Medication(current_work())
    found, lines = medication.procedures_for(patient_id)
    chosen = next((one for one in lines if one.line.id == line_id), None) if line_id else None
    if line_id and chosen is None and said is None:
        raise NotFound(_("Legemidlet står ikke i prosedyrelisten for din rolle."))
    judgement = _judgement(patient_id, chosen)
    return page(
        "medication/procedure.html",
        patient_id,
        holds=found,
        lines=lines,
        chosen=chosen,
        said=said,
        **_for_nurse(judged(judgement)),
    )


def _judgement(patient_id: UUID, chosen: OfProcedure | None) -> Judgement | None:
    if chosen is None or chosen.hit is None or chosen.dosage is None:
        return None
    ask = Medication(current_work()).judge_procedure
    return ask(patient_id, medicine=chosen.hit.medicine, dosage=chosen.dosage)


def _for_nurse(shown: dict[str, Any]) -> dict[str, Any]:
    """No reason is asked for: who gives by procedure goes past no stop."""
    found: pages.Judged | None = shown["judged"]
    return shown | {"judged": found._replace(reasons=()) if found else None}
