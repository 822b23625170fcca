"""A bag or compartment in the round: given, all but some, not given, undone, and what is taken out of it."""

from typing import Any
from uuid import UUID

from werkzeug.wrappers import Response

from journal.medication import prepared_schemas, schemas
from journal.medication.service import Medication
from journal.medication.web.section import bp
from journal.permissions import Permission
from journal.platform.errors import Invalid
from journal.platform.language import phrase
from journal.web import current_work, form_body, query_body, see_other

_BAG = "/patients/<uuid:patient_id>/prepared/<uuid:prepared_id>"


def _back(patient_id: UUID) -> Response:
    return see_other(".round", patient=patient_id, slot=query_body(schemas.InRound)["slot"])


def _whole() -> dict[str, Any]:
    said = form_body(prepared_schemas.GiveBag)
    return {"due_at": said["at"], "seen": dict(said["doses"]), "confirmed": said["confirmed"]}


def _nothing() -> dict[str, Any]:
    said = form_body(prepared_schemas.NotGiveBag)
    return {"due_at": said["at"], "seen": dict(said["doses"]), "reason": said["reason"]}


def _some() -> dict[str, Any]:
    said = form_body(prepared_schemas.AllBut)
    if not said["but"]:
        raise Invalid("Kryss av for det som ikke ble gitt.")
    of = {"due_at": said["at"], "seen": dict(said["doses"]), "confirmed": said["confirmed"]}
    return of | {"but": dict(said["but"]), "reason": said["reason"]}


@bp.act(f"{_BAG}/given", Permission.MEDICATION_ADMINISTER)
def give_bag(patient_id: UUID, prepared_id: UUID) -> Response:
    Medication(current_work()).sign_bag(patient_id, prepared_id, **_whole())
    return _back(patient_id)


@bp.act(f"{_BAG}/not-given", Permission.MEDICATION_ADMINISTER)
def not_give_bag(patient_id: UUID, prepared_id: UUID) -> Response:
    Medication(current_work()).sign_bag(patient_id, prepared_id, **_nothing())
    return _back(patient_id)


@bp.act(f"{_BAG}/all-but", Permission.MEDICATION_ADMINISTER)
def all_but(patient_id: UUID, prepared_id: UUID) -> Response:
    Medication(current_work()).sign_bag(patient_id, prepared_id, **_some())
    return _back(patient_id)


@bp.act(f"{_BAG}/given-supervised", Permission.MEDICATION_GIVE)
def give_bag_supervised(patient_id: UUID, prepared_id: UUID) -> Response:
    Medication(current_work()).sign_bag_supervised(patient_id, prepared_id, **_whole())
    return _back(patient_id)


@bp.act(f"{_BAG}/not-given-supervised", Permission.MEDICATION_GIVE)
def not_give_bag_supervised(patient_id: UUID, prepared_id: UUID) -> Response:
    Medication(current_work()).sign_bag_supervised(patient_id, prepared_id, **_nothing())
    return _back(patient_id)


@bp.act(f"{_BAG}/all-but-supervised", Permission.MEDICATION_GIVE)
def all_but_supervised(patient_id: UUID, prepared_id: UUID) -> Response:
    Medication(current_work()).sign_bag_supervised(patient_id, prepared_id, **_some())
    return _back(patient_id)


@bp.act(f"{_BAG}/undo-supervised", Permission.MEDICATION_GIVE)
def undo_bag_supervised(patient_id: UUID, prepared_id: UUID) -> Response:
    at = form_body(prepared_schemas.UndoBag)["at"]
    Medication(current_work()).undo_bag_supervised(patient_id, prepared_id, due_at=at)
    return _back(patient_id)


@bp.act(f"{_BAG}/undo", Permission.MEDICATION_ADMINISTER)
def undo_bag(patient_id: UUID, prepared_id: UUID) -> Response:
    at = form_body(prepared_schemas.UndoBag)["at"]
    Medication(current_work()).undo_bag(patient_id, prepared_id, due_at=at, reason=phrase("Angret"))
    return _back(patient_id)


@bp.act(f"{_BAG}/take-out", Permission.MEDICATION_ADMINISTER)
def take_out(patient_id: UUID, prepared_id: UUID) -> Response:
    said = form_body(prepared_schemas.TakeOut)
    Medication(current_work()).take_out(patient_id, prepared_id, due_at=said["at"], lines=said["lines"])
    return _back(patient_id)


@bp.act(f"{_BAG}/give-up", Permission.MEDICATION_ADMINISTER)
def give_up_bag(patient_id: UUID, prepared_id: UUID) -> Response:
    said = form_body(prepared_schemas.GiveUp)
    Medication(current_work()).give_up_bag(patient_id, prepared_id, due_at=said["at"], reason=said["reason"])
    return _back(patient_id)
