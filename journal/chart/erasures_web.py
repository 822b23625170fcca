"""Erasure by decision: what is proposed, the second leader's confirmation, and the form for one more."""

from uuid import UUID

from flask import request
from marshmallow import Schema, fields, validate
from werkzeug.wrappers import Response

from journal.audit import PARAGRAPHS, RECORDS, Erasable, Erasures
from journal.patients import Patients
from journal.permissions import Permission
from journal.platform.clock import spoken
from journal.platform.errors import Conflict, Invalid
from journal.platform.fields import Text
from journal.platform.language import phrase
from journal.web import Section, current_work, form_body, query_body, render, see_other, typed
from journal.web.shell import Tab

bp = Section("erasures", __name__)
TAB = Tab("erasures.overview", "Sletting", Permission.RECORDS_ERASE)

_HERE = "/patients/<uuid:patient_id>/erasures"


class OfKind(Schema):
    """Which records are listed in the form."""

    table = fields.String(load_default=None, validate=validate.OneOf(list(RECORDS)))


class Propose(Schema):
    """What is to be erased, and by which decision."""

    table = fields.String(required=True, validate=validate.OneOf(list(RECORDS)))
    row_id = fields.UUID(required=True, error_messages={"required": "Velg hva som skal slettes."})
    paragraph = fields.String(required=True, validate=validate.OneOf(PARAGRAPHS))
    decision = Text(4000, required=True, multiline=True)


@bp.page(_HERE, Permission.RECORDS_ERASE)
def overview(patient_id: UUID) -> str:
    return _page(patient_id, query_body(OfKind)["table"])


@bp.act(_HERE, Permission.RECORDS_ERASE)
def propose(patient_id: UUID) -> Response:
    Erasures(current_work()).propose(patient_id, **form_body(Propose))
    return see_other(".overview", patient_id=patient_id)


@bp.act(f"{_HERE}/<uuid:proposal_id>/confirm", Permission.RECORDS_ERASE)
def confirm(patient_id: UUID, proposal_id: UUID) -> Response:
    Erasures(current_work()).confirm(patient_id, proposal_id)
    return see_other(".overview", patient_id=patient_id)


@bp.errorhandler(Invalid)
@bp.errorhandler(Conflict)
def draw_again(error: Invalid | Conflict) -> tuple[str, int]:
    """The same page with what was typed and a sentence at each field."""
    table = typed().get("table")
    return _page((request.view_args or {})["patient_id"], table if table in RECORDS else None, error), error.status


def _page(patient_id: UUID, table: str | None, error: Invalid | Conflict | None = None) -> str:
    work = current_work()
    erasures = Erasures(work)
    found = erasures.proposals(patient_id)

    def said(record: Erasable) -> str:
        return phrase("Skrevet %(when)s av %(who)s", when=spoken(record.at, work.now), who=record.by)

    return render(
        "chart/erasures.html",
        patient_id=patient_id,
        banner_of=Patients(work).banner(patient_id),
        me=work.actor.person_id,
        waiting=[each for each in found if each.settled_at is None],
        erased=[each for each in found if each.settled_at is not None],
        records=RECORDS,
        paragraphs=[(each, each) for each in PARAGRAPHS],
        table=table,
        choices=[(each.row_id, said(each)) for each in erasures.erasable(patient_id, table)] if table else [],
        written=said,
        typed=typed() if error else {},
        errors={name: why[0] for name, why in error.errors.items()} if isinstance(error, Invalid) else {},
        said=error.detail if error else "",
    )
