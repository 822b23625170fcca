"""From what supply an order comes, and who gives it: changed on the order's page."""

from uuid import UUID

from werkzeug.wrappers import Response

from journal.medication import supply_schemas
from journal.medication.service import Medication
from journal.medication.web.order import draw_order
from journal.medication.web.section import Refused, bp, draws_again
from journal.permissions import Permission
from journal.web import current_work, form_body, see_other


@bp.act("/patients/<uuid:patient_id>/medication/<uuid:request_entry_id>/supply", Permission.MEDICATION_PRESCRIBE)
def change_supply(patient_id: UUID, request_entry_id: UUID) -> Response:
    said = form_body(supply_schemas.ChangeSupply)
    Medication(current_work()).change_supply(patient_id, request_entry_id, **said)
    return see_other(".history", patient_id=patient_id, request_entry_id=request_entry_id)


@draws_again("change_supply")
def _refused(refusal: Refused) -> str:
    return draw_order(refusal)
