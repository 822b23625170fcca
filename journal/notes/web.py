"""Pages of notes: the list with its versions, and the form where a note is written or corrected."""

from typing import Any
from uuid import UUID

from flask import request
from werkzeug.wrappers import Response

from journal.access import DRAWER_REASONS, Drawers, rest_of
from journal.notes import rules, schemas
from journal.notes.service import Note, Notes
from journal.patients import Patients
from journal.permissions import Permission
from journal.platform import clock
from journal.platform.errors import Conflict, Invalid
from journal.platform.ids import new_id
from journal.platform.language import gettext as _
from journal.web import Section, current_work, form_body, query_body, render, see_other, wants_fragment
from journal.web.shell import Tab

bp = Section("notes", __name__)
TAB = Tab("notes.overview", "Notater", Permission.NOTES_READ)


@bp.page("/patients/<uuid:patient_id>/notes", Permission.NOTES_READ)
def overview(patient_id: UUID) -> str:
    return _list(patient_id, words=query_body(schemas.Search)["q"])


@bp.page("/patients/<uuid:patient_id>/notes/write", Permission.NOTES_WRITE)
def write(patient_id: UUID) -> str:
    kind = query_body(schemas.NewNote)["kind"]
    draft = Notes(current_work()).draft_of(patient_id)
    typed: dict[str, Any] = {"draft_id": new_id(), "kind": kind or "general", "body": rules.template(kind)}
    if draft is not None:
        typed = _typed(draft)
        if kind and rules.unwritten(draft.body, draft.kind):
            typed |= {"kind": kind, "body": rules.template(kind)}
    return _form(patient_id, typed)


@bp.act("/patients/<uuid:patient_id>/notes/write", Permission.NOTES_WRITE)
def sign(patient_id: UUID) -> Response:
    Notes(current_work()).sign(patient_id, **form_body(schemas.WriteNote))
    return see_other(".overview", patient_id=patient_id)


@bp.page("/patients/<uuid:patient_id>/notes/<uuid:entry_id>/correct", Permission.NOTES_WRITE)
def correction(patient_id: UUID, entry_id: UUID) -> str:
    notes = Notes(current_work())
    note, draft = notes.entry(patient_id, entry_id), notes.draft_of(patient_id, entry_id)
    typed = _typed(draft) if draft else {**_typed(note), "draft_id": new_id(), "reason": ""}
    return _form(patient_id, typed, note)


@bp.act("/patients/<uuid:patient_id>/notes/<uuid:entry_id>/correct", Permission.NOTES_WRITE)
def correct(patient_id: UUID, entry_id: UUID) -> Response:
    Notes(current_work()).correct(patient_id, entry_id, **form_body(schemas.CorrectNote))
    return see_other(".overview", patient_id=patient_id)


@bp.act("/patients/<uuid:patient_id>/notes/draft", Permission.NOTES_WRITE, repeatable=True)
def keep_draft(patient_id: UUID) -> str:
    return _kept(patient_id)


@bp.act("/patients/<uuid:patient_id>/notes/<uuid:entry_id>/draft", Permission.NOTES_WRITE, repeatable=True)
def keep_correction(patient_id: UUID, entry_id: UUID) -> str:
    return _kept(patient_id, entry_id)


@bp.act("/patients/<uuid:patient_id>/notes/<uuid:entry_id>/in-error", Permission.NOTES_WRITE)
def mark_in_error(patient_id: UUID, entry_id: UUID) -> Response:
    Notes(current_work()).mark_entered_in_error(patient_id, entry_id, **form_body(schemas.MarkInError))
    return see_other(".overview", patient_id=patient_id)


@bp.page("/patients/<uuid:patient_id>/notes/drawer", Permission.NOTES_DRAWER)
def drawer(patient_id: UUID) -> str:
    work = current_work()
    until = Drawers(work).open_until(patient_id)
    return render(
        "notes/drawer.html",
        patient_id=patient_id,
        banner_of=Patients(work).banner(patient_id),
        notes=Notes(work).in_drawer(patient_id) if until else None,
        until=clock.hhmm(until) if until else "",
        kinds=rules.KINDS,
        marks=rules.SENSITIVE,
        reasons=list(DRAWER_REASONS.items()),
        may_write=work.actor.may(Permission.NOTES_WRITE),
        may_restrict=work.actor.may(Permission.ACCESS_RESTRICT),
    )


@bp.act("/patients/<uuid:patient_id>/notes/drawer", Permission.NOTES_DRAWER)
def open_drawer(patient_id: UUID) -> Response:
    Drawers(current_work()).open(patient_id, **form_body(schemas.OpenDrawer))
    return see_other(".drawer", patient_id=patient_id)


@bp.errorhandler(Invalid)
@bp.errorhandler(Conflict)
def draw_again(error: Invalid | Conflict) -> tuple[str, int]:
    """The same form with what was typed, a sentence at each field, and, after a conflict, the text somebody else wrote."""
    args = request.view_args or {}
    patient_id, entry_id = args["patient_id"], args.get("entry_id")
    if wants_fragment():
        said = error.detail or next((said[0] for said in getattr(error, "errors", {}).values()), "")
        return render("notes/_saved.html", problem=said), error.status
    if request.endpoint not in ("notes.sign", "notes.correct"):
        return _list(patient_id, error=error, entry_id=entry_id), error.status
    typed: dict[str, Any] = {"draft_id": new_id(), **request.form.to_dict()}
    note = Notes(current_work()).entry(patient_id, entry_id) if entry_id else None
    if note is not None and isinstance(error, Conflict):
        typed["version"] = note.version
    return _form(patient_id, typed, note, error), error.status


def _kept(patient_id: UUID, entry_id: UUID | None = None) -> str:
    at = Notes(current_work()).save_draft(patient_id, entry_id=entry_id, **form_body(schemas.KeepDraft))
    return render("notes/_saved.html", saved_at=clock.hhmm(at))


def _typed(source: Any) -> dict[str, Any]:
    """A draft or a note as the fields of the form."""
    return {
        "draft_id": source.id,
        "kind": source.kind,
        "title": source.title,
        "body": source.body,
        "effective_at": clock.moment(source.effective_at) if source.effective_at else "",
        "version": source.version,
        "reason": source.change_reason or "",
        "sensitive": source.sensitive or "",
        "saved_at": clock.hhmm(source.saved_at) if hasattr(source, "saved_at") else "",
    }


def _form(
    patient_id: UUID, typed: dict[str, Any], note: Note | None = None, error: Invalid | Conflict | None = None
) -> str:
    """*note*: the note that is corrected; None for a new one."""
    changed = note is not None and (isinstance(error, Conflict) or str(typed.get("version")) != str(note.version))
    if changed and note is not None:
        typed = {**typed, "version": note.version}
    return render(
        "notes/write.html",
        patient_id=patient_id,
        banner_of=Patients(current_work()).banner(patient_id),
        note=note,
        changed=changed,
        typed=typed,
        kinds=list(rules.KINDS.items()),
        marks=list(rules.SENSITIVE.items()),
        fresh=note is None and rules.unwritten(typed.get("body", ""), typed.get("kind", "")),
        again=error is not None,
        **_said(error),
    )


def _list(
    patient_id: UUID, *, words: str = "", error: Invalid | Conflict | None = None, entry_id: UUID | None = None
) -> str:
    """*entry_id*: the note whose own form went wrong."""
    work = current_work()
    notes = Notes(work)
    drawer = notes.drawer_holds(patient_id)
    until = Drawers(work).open_until(patient_id) if drawer else None
    return render(
        "notes/overview.html",
        rest=rest_of(work, patient_id, "notes", holds=notes.rest_holds(patient_id)),
        some_closed=notes.some_closed(patient_id),
        may_open_closed=work.actor.may(Permission.ACCESS_JUSTIFY),
        may_restrict=work.actor.may(Permission.ACCESS_RESTRICT),
        patient_id=patient_id,
        banner_of=Patients(work).banner(patient_id),
        notes=notes.entries(patient_id, words=words),
        drafts=notes.drafts(patient_id),
        words=words,
        kinds=rules.KINDS,
        drawer=drawer,
        drawer_until=clock.hhmm(until) if until else "",
        reasons=list(DRAWER_REASONS.items()),
        may_open_drawer=work.actor.may(Permission.NOTES_DRAWER),
        in_error_id=entry_id,
        typed=request.form.to_dict() if error else {},
        may_write=work.actor.may(Permission.NOTES_WRITE),
        **_said(error),
    )


def _said(error: Invalid | Conflict | None) -> dict[str, Any]:
    errors = error.errors if isinstance(error, Invalid) else {}
    said = _("Vi fikk ikke lagret. %(why)s", why=error.detail) if error and error.detail else ""
    return {"errors": {field: sentences[0] for field, sentences in errors.items()}, "said": said}
