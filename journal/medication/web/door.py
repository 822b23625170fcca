"""The list at the hospital door: what waits, who answers for it, and what is confirmed."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from werkzeug.wrappers import Response

from journal.medication import door_forms, pages
from journal.medication.service import Medication
from journal.medication.web.section import Refused, bp, draws_again, page
from journal.permissions import Permission
from journal.web import current_work, form_body, see_other

_NOTHING: Mapping[str, Any] = {}
_DOOR = "/patients/<uuid:patient_id>/medication/door"


@bp.page(_DOOR, Permission.MEDICATION_READ)
def door(patient_id: UUID) -> str:
    return _door(patient_id)


@bp.act(f"{_DOOR}/<uuid:crossing_id>/confirm", Permission.MEDICATION_IMPORT)
def confirm_lines(patient_id: UUID, crossing_id: UUID) -> Response:
    work = current_work()
    # Before the form: what is wrong with it is not for whoever has no ground.
    work.open(Permission.MEDICATION_IMPORT, [patient_id])
    said = form_body(door_forms.ConfirmLines)
    Medication(work).confirm_lines(patient_id, crossing_id, **(said | {"lines": dict(said["lines"])}))
    return see_other(".door", patient_id=patient_id)


@bp.act(f"{_DOOR}/<uuid:crossing_id>/take-over", Permission.MEDICATION_IMPORT)
def take_over_list(patient_id: UUID, crossing_id: UUID) -> Response:
    Medication(current_work()).take_over_list(patient_id, crossing_id)
    return see_other(".door", patient_id=patient_id)


@bp.act(f"{_DOOR}/<uuid:crossing_id>/settle", Permission.MEDICATION_IMPORT)
def settle_list(patient_id: UUID, crossing_id: UUID) -> Response:
    Medication(current_work()).settle_list(patient_id, crossing_id)
    return see_other(".medication_list", patient_id=patient_id)


@draws_again("confirm_lines", "take_over_list", "settle_list")
def _refused(refusal: Refused) -> str:
    drawn: dict[str, Any] = {"said": refusal.said, "errors": refusal.errors, "typed": refusal.typed}
    return _door(refusal.where["patient_id"], **drawn)


def _door(patient_id: UUID, **drawn: Any) -> str:
    """What waits, beside the newest list that came, where there is one."""
    work = current_work()
    medication = Medication(work)
    after = medication.list_after_crossing(patient_id)
    came = medication.lists_that_came(patient_id, after.looks_back_to) if after else []
    newest = next((source for source in came if not source.is_settled), None)
    equal = medication.lines_alike(patient_id, newest.id) if newest else None
    shown = {
        "after": after,
        "after_text": pages.crossing_said(after) if after else "",
        "lines": pages.door_lines(medication.waiting_lines(patient_id), equal),
        "newest": newest,
        "newest_title": pages.source_title(newest) if newest else "",
        "may_confirm": work.actor.may(Permission.MEDICATION_IMPORT),
        "mine": after is not None and after.owner == work.actor.name,
    }
    form = {"said": None, "errors": {}, "typed": _NOTHING} | drawn
    return page("medication/door.html", patient_id, **shown, **form)
