"""The patient's restrictions: what she has closed, to whom, and the form for one more."""

from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

from flask import request
from marshmallow import Schema, fields
from werkzeug.wrappers import Response

from journal.access import (
    PARTS,
    REASON_TEXTS,
    AskedToClose,
    Justifying,
    NoteRestriction,
    Reason,
    RestrictionRow,
    Restrictions,
)
from journal.chart.restriction_forms import Restrict
from journal.municipalities import Municipalities
from journal.patients import Patients
from journal.permissions import Permission
from journal.platform.clock import local_date, moment, norwegian_date
from journal.platform.errors import Conflict, Invalid
from journal.platform.language import gettext as _
from journal.web import Section, current_work, form_body, query_body, render, see_other, typed
from journal.web.shell import Tab, role_text

bp = Section("restrictions", __name__)
TAB = Tab("restrictions.overview", "Sperringer", Permission.ACCESS_RESTRICT)


class OneNote(Schema):
    """The note that the form is about; none for what is chosen in it."""

    note = fields.UUID(load_default=None, allow_none=True)


@bp.page("/patients/<uuid:patient_id>/restrictions", Permission.ACCESS_RESTRICT)
def overview(patient_id: UUID) -> str:
    return _page(patient_id, note_id=query_body(OneNote)["note"])


@bp.act("/patients/<uuid:patient_id>/restrictions", Permission.ACCESS_RESTRICT)
def register(patient_id: UUID) -> Response:
    Restrictions(current_work()).register(patient_id, cast(AskedToClose, form_body(Restrict)))
    return see_other(".overview", patient_id=patient_id)


@bp.act("/patients/<uuid:patient_id>/restrictions/<uuid:restriction_id>/end", Permission.ACCESS_RESTRICT)
def end(patient_id: UUID, restriction_id: UUID) -> Response:
    Restrictions(current_work()).end(patient_id, restriction_id)
    return see_other(".overview", patient_id=patient_id)


@bp.page("/patients/<uuid:patient_id>/closed", Permission.ACCESS_JUSTIFY)
def closed(patient_id: UUID) -> str:
    """The weighty grounds that open what is closed to the reader (access.justified_web.open_closed)."""
    work = current_work()
    ways, limits = Justifying(work).for_closed(patient_id), Justifying(work).limits()
    return render(
        "chart/closed.html",
        patient_id=patient_id,
        banner_of=Patients(work).banner(patient_id),
        ways=[(reason.value, REASON_TEXTS[reason]) for reason in ways],
        by_name=bool(ways) and Reason.CLOSED_HARM not in ways,
        hours=limits.hours(Reason.CLOSED_LIFE),
    )


@bp.errorhandler(Invalid)
@bp.errorhandler(Conflict)
def draw_again(error: Invalid | Conflict) -> tuple[str, int]:
    """The same page with what was typed and a sentence at each field."""
    return _page((request.view_args or {})["patient_id"], error), error.status


def _page(patient_id: UUID, error: Invalid | Conflict | None = None, note_id: UUID | None = None) -> str:
    work = current_work()
    found, banner = Restrictions(work).all(patient_id), Patients(work).banner(patient_id)
    units, staff = Municipalities(work).units(), Municipalities(work).staff()
    names = {unit.id: unit.name for unit in units} | {one.practitioner_id: one.name for one in staff}
    inner = {unit.parent_id for unit in units}
    single = [row.note_id for row in found if isinstance(row, NoteRestriction) and row.note_id]
    written = Restrictions(work).written(patient_id, single)
    over = [row for row in found if row.valid_until is not None and row.valid_until <= work.now]
    return render(
        "chart/restrictions.html",
        patient_id=patient_id,
        banner_of=banner,
        holding=[_shown(row, names, written) for row in found if row not in over],
        over=[_shown(row, names, written) for row in over],
        parts=list(PARTS.items()),
        persons=[(one.practitioner_id, f"{one.name}, {role_text(one.role)}, {one.unit_name}") for one in staff],
        units=[(unit.id, unit.name) for unit in units if unit.id not in inner],
        typed=typed() if error else {"category": "notes", "note_id": note_id} if note_id else {},
        errors={name: said[0] for name, said in error.errors.items()} if isinstance(error, Invalid) else {},
        said=_("Vi fikk ikke lagret. %(why)s", why=error.detail) if error and error.detail else "",
    )


def _shown(
    row: RestrictionRow | NoteRestriction, names: dict[UUID, str], written: dict[UUID, tuple[datetime, UUID]]
) -> dict[str, Any]:
    part = _which(row, names, written) if isinstance(row, NoteRestriction) else PARTS.get(row.category, row.category)
    return {"row": row, "part": part, "against": _against(row, names)}


def _against(row: RestrictionRow | NoteRestriction, names: dict[UUID, str]) -> str:
    if row.against_everyone:
        return _("alle") if isinstance(row, NoteRestriction) else _("alle utenom dem som gir helsehjelp")
    against = row.against_person_id or row.against_unit_id
    return names.get(against, _("en som ikke lenger er ansatt")) if against else ""


def _which(row: NoteRestriction, names: dict[UUID, str], written: dict[UUID, tuple[datetime, UUID]]) -> str:
    """Which notes, in words: "Notater skrevet av Avdeling 2, fra 01.03.2026 til 31.03.2026"; of one that is closed to the reader
    no more than that it is one."""
    if row.note_id and row.note_id in written:
        at, unit_id = written[row.note_id]
        return _("Notatet %(time)s, %(unit)s", time=moment(at), unit=names.get(unit_id, _("en annen kommune")))
    if row.note_id:
        return _("Ett notat")
    said = [_("Notater skrevet av %(unit)s", unit=names.get(row.written_by, "")) if row.written_by else _("Notater")]
    said += [_("fra %(day)s", day=norwegian_date(local_date(row.since)))] if row.since else []
    said += [_("til %(day)s", day=norwegian_date(local_date(row.until) - timedelta(days=1)))] if row.until else []
    return ", ".join(said)
