"""The favourites of a unit: seen together, and taken away."""

from uuid import UUID

from werkzeug.wrappers import Response

from journal.medication import schemas
from journal.medication.service import Medication
from journal.medication.web.section import bp
from journal.permissions import Permission
from journal.web import current_work, form_body, render, see_other


@bp.page("/medication/favourites", Permission.MEDICATION_PRESCRIBE)
def favourites() -> str:
    return render("medication/favourites.html", favourites=Medication(current_work()).favourites())


@bp.act("/medication/favourites/<uuid:favourite_id>/remove", Permission.MEDICATION_PRESCRIBE)
def remove_favourite(favourite_id: UUID) -> Response:
    Medication(current_work()).remove_favourite(favourite_id, **form_body(schemas.RemoveFavourite))
    return see_other(".favourites")
