"""What lies ready for a patient: a dosett is laid in and controlled, a multidose roll is taken in and compared with the list."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from werkzeug.wrappers import Response

from journal.medication import prepared_schemas
from journal.medication.pages.prepared import box_to_lay, changes_since, picks, ready
from journal.medication.rules.authority import Act
from journal.medication.rules.prepared import PreparedKind
from journal.medication.rules.roll import EXAMPLE
from journal.medication.service import Medication
from journal.medication.web.section import Refused, bp, draws_again, page
from journal.permissions import Permission
from journal.platform.clock import local_date, norwegian_date
from journal.web import current_work, form_body, query_body, see_other

_READY = "/patients/<uuid:patient_id>/prepared"


@bp.page(_READY, Permission.MEDICATION_READ)
def prepared(patient_id: UUID) -> str:
    return _prepared(patient_id)


@bp.page(f"{_READY}/dosett", Permission.MEDICATION_ADMINISTER)
def lay_in_form(patient_id: UUID) -> str:
    if said := Medication(current_work()).lacked_text(patient_id, {Act.PREPARE}):
        return _prepared(patient_id, said=said)
    return _lay_in(patient_id, query_body(prepared_schemas.StartsOn)["starts_on"])


@bp.act(f"{_READY}/dosett", Permission.MEDICATION_ADMINISTER)
def lay_in(patient_id: UUID) -> Response:
    said = form_body(prepared_schemas.LayIn)
    Medication(current_work()).lay_in(patient_id, said["starts_on"], seen=dict(said["seen"]), left_out=said["left_out"])
    return see_other(".prepared", patient_id=patient_id)


@bp.act(f"{_READY}/<uuid:prepared_id>/control", Permission.MEDICATION_ADMINISTER)
def control(patient_id: UUID, prepared_id: UUID) -> Response:
    Medication(current_work()).control(patient_id, prepared_id)
    return see_other(".prepared", patient_id=patient_id)


@bp.page(f"{_READY}/roll", Permission.MEDICATION_RECEIVE)
def receive_roll_form(patient_id: UUID) -> str:
    current_work().open(Permission.MEDICATION_RECEIVE, [patient_id])
    return _receive_roll(patient_id, {}, {})


@bp.act(f"{_READY}/roll", Permission.MEDICATION_RECEIVE)
def receive_roll(patient_id: UUID) -> Response:
    work = current_work()
    # Before the form: what is wrong with it is not for whoever has no ground.
    work.open(Permission.MEDICATION_RECEIVE, [patient_id])
    said = form_body(prepared_schemas.ReceiveRoll)
    Medication(work).receive_roll(patient_id, said.pop("starts_on"), said.pop("ends_on"), **said)
    return see_other(".prepared", patient_id=patient_id)


@bp.act(f"{_READY}/<uuid:prepared_id>/accept", Permission.MEDICATION_RECEIVE)
def accept_roll(patient_id: UUID, prepared_id: UUID) -> Response:
    Medication(current_work()).accept_roll(patient_id, prepared_id, **form_body(prepared_schemas.AcceptRoll))
    return see_other(".prepared", patient_id=patient_id)


@bp.act(f"{_READY}/<uuid:prepared_id>/send-back", Permission.MEDICATION_RECEIVE)
def send_roll_back(patient_id: UUID, prepared_id: UUID) -> Response:
    Medication(current_work()).send_roll_back(patient_id, prepared_id, **form_body(prepared_schemas.SendBack))
    return see_other(".prepared", patient_id=patient_id)


@draws_again("control", "accept_roll", "send_roll_back")
def _check_refused(refusal: Refused) -> str:
    where = refusal.where
    return _prepared(where["patient_id"], said=refusal.said, wrong=where["prepared_id"], typed=refusal.typed)


@draws_again("lay_in")
def _laying_refused(refusal: Refused) -> str:
    typed = refusal.typed.get("starts_on", "")
    day = (
        prepared_schemas.StartsOn().load({"starts_on": typed})["starts_on"]
        if "starts_on" not in refusal.errors
        else None
    )
    return _lay_in(refusal.where["patient_id"], day, said=refusal.said, left_out=refusal.typed.get("left_out[]", []))


@draws_again("receive_roll")
def _roll_refused(refusal: Refused) -> str:
    said = refusal.error.detail if not refusal.errors else None
    return _receive_roll(refusal.where["patient_id"], refusal.typed, refusal.errors, said)


def _prepared(patient_id: UUID, **more: Any) -> str:
    work = current_work()
    medication = Medication(work)
    things = medication.prepared(patient_id)
    shown = [ready(thing, work.actor.person_id, work.now) for thing in reversed(things)]
    may = work.actor.may(Permission.MEDICATION_ADMINISTER)
    lacked = medication.lacked(patient_id, {Act.PREPARE, Act.CONTROL}) if may else frozenset()
    unlike = {
        thing.id: medication.roll_differences(patient_id, thing)
        for thing in things
        if thing.kind is PreparedKind.MULTIDOSE and thing.outcome is None
    }
    return page(
        "medication/prepared.html",
        patient_id,
        things=shown,
        unlike=unlike,
        may_prepare=may and Act.PREPARE not in lacked,
        may_receive=work.actor.may(Permission.MEDICATION_RECEIVE),
        may_control=may and Act.CONTROL not in lacked,
        others_may=medication.lacked_text(patient_id, lacked) if lacked else None,
        **({"said": None, "wrong": None, "typed": {}} | more),
    )


def _lay_in(patient_id: UUID, starts_on: date | None, *, said: str | None = None, left_out: Any = ()) -> str:
    work = current_work()
    medication, day = Medication(work), starts_on or local_date(work.now) + timedelta(days=1)
    lines = medication.to_lay_in(patient_id, day)
    earlier = [
        thing
        for thing in medication.prepared(patient_id)
        if thing.kind is PreparedKind.DOSETT and thing.starts_on < day
    ]
    changes = changes_since(lines, earlier[-1] if earlier else None)
    return page(
        "medication/lay_in.html",
        patient_id,
        starts_on=norwegian_date(day),
        box=box_to_lay(lines, changes, day),
        picks=picks(lines),
        changes=changes,
        never=medication.never_laid_in(patient_id),
        said=said,
        left_out=left_out,
    )


def _receive_roll(patient_id: UUID, typed: Any, errors: Any, said: str | None = None) -> str:
    return page("medication/receive_roll.html", patient_id, typed=typed, errors=errors, said=said, example=EXAMPLE)
