"""Linking two records of one person, and undoing it."""

from uuid import UUID

from werkzeug.wrappers import Response

from journal.patients.schemas import Nothing, OtherRecord, ProposeLink, WithReason
from journal.patients.web.section import Refusal, act, bp, draw_again, page_of, patients, told
from journal.permissions import Permission
from journal.platform.errors import Conflict, NoGround
from journal.platform.language import gettext as _
from journal.web import errors, form_body, query_body, render, see_other


@bp.page("/patients/<uuid:patient_id>/links", Permission.PATIENTS_READ)
def links(patient_id: UUID) -> str:
    return _links(patient_id, other=query_body(OtherRecord)["other"])


@bp.act("/patients/<uuid:patient_id>/links", Permission.PATIENTS_WRITE)
def propose_link(patient_id: UUID) -> Response:
    body = form_body(ProposeLink)
    patients().propose_link(patient_id, body["other"] or body["number"], reason=body["reason"])
    return see_other(".links", patient_id=patient_id)


@bp.act("/patients/<uuid:patient_id>/links/<uuid:link_id>/confirm", Permission.PATIENTS_WRITE)
def confirm_link(patient_id: UUID, link_id: UUID) -> Response:
    form_body(Nothing)
    patients().confirm_link(patient_id, link_id)
    return see_other(".links", patient_id=patient_id)


@bp.act("/patients/<uuid:patient_id>/links/<uuid:link_id>/undo", Permission.PATIENTS_WRITE)
def unlink(patient_id: UUID, link_id: UUID) -> Response:
    patients().unlink(patient_id, link_id, **form_body(WithReason))
    return see_other(".links", patient_id=patient_id)


@bp.errorhandler(NoGround)
def one_is_closed(error: NoGround) -> tuple[str, int] | Response:
    """Who has the page open, but not the other record, is told so; whoever may open neither is refused as ever, below."""
    if act() not in ("propose_link", "confirm_link"):
        return errors.answer(error)
    closed = Conflict(
        _(
            "Du må kunne åpne begge journalene for å koble dem. Har du ansvar for begge, åpner du den andre først."
            " Ellers må en som har tilgang til begge, gjøre det."
        )
    )
    return draw_again(closed)


@page_of("links", "propose_link", "confirm_link", "unlink")
def _links(patient_id: UUID, *, other: UUID | None = None, error: Refusal | None = None) -> str:
    """*other*: the record that a number led here."""
    service, again = patients(), told(error)
    return render(
        "patients/links.html",
        **again,
        banner=service.banner(patient_id),
        links=service.links(patient_id),
        other=other or again["typed"].get("other"),
    )
