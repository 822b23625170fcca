"""Opening the record of somebody whose life is in danger, by her number alone: also where it is closed to who asks.

Nobody learns that a record is there, or closed, before she has said that life is in danger: it is logged, told and looked over.
"""

from marshmallow import Schema
from werkzeug.wrappers import Response

from journal.access import Justifying, Reason
from journal.patients import Patients
from journal.permissions import Permission
from journal.platform.errors import Invalid, TooMany
from journal.platform.fields import Text
from journal.platform.language import phrase
from journal.web import Section, current_work, form_body, render, see_other, typed

bp = Section("danger", __name__)


class Number(Schema):
    """The number that is looked for; it stands in no address."""

    text = Text(40, required=True)


@bp.page("/danger", Permission.ACCESS_RESCUE)
def ask() -> str:
    current_work().admit(Permission.ACCESS_RESCUE)
    return _page()


@bp.act("/danger", Permission.ACCESS_RESCUE)
def rescue() -> Response:
    work, number = current_work(), form_body(Number)["text"]
    patient_id = Patients(work).find_in_danger(number)
    if patient_id is None:
        raise Invalid(errors={"text": [phrase("Vi fant ingen med dette nummeret.")]})
    Justifying(work).open_in_danger(patient_id)
    return see_other("chart.front_page", patient_id=patient_id)


@bp.errorhandler(Invalid)
@bp.errorhandler(TooMany)
def draw_again(error: Invalid | TooMany) -> tuple[str, int]:
    """The same page with the number as it was typed, and what is wrong."""
    return _page(error), error.status


def _page(error: Invalid | TooMany | None = None) -> str:
    limits = Justifying(current_work()).limits()
    errors = error.errors if isinstance(error, Invalid) else {}
    return render(
        "chart/danger.html",
        hours=limits.hours(Reason.EMERGENCY),
        text=typed().get("text", "") if error else "",
        wrong=errors.get("text", [error.detail if error else ""])[0],
    )
