"""A protected address: shown to one of the few who are named for it, and named by somebody who leads them."""

from uuid import UUID

from flask import request
from marshmallow import Schema, fields
from werkzeug.wrappers import Response

from journal.access import AddressReaders, Justifying, Reason
from journal.municipalities import Municipalities
from journal.patients import Patients
from journal.permissions import Permission
from journal.platform.errors import Conflict, Invalid
from journal.web import Section, current_work, form_body, render, see_other
from journal.web.shell import role_text

bp = Section("address", __name__)


class Name(Schema):
    """Who may see it from now on."""

    practitioner_id = fields.UUID(
        required=True, error_messages={"required": "Velg hvem.", "invalid_uuid": "Velg hvem."}
    )


class Nothing(Schema):
    """A button alone."""


@bp.page("/patients/<uuid:patient_id>/address", Permission.PATIENTS_READ)
def overview(patient_id: UUID) -> str:
    return _page(patient_id)


@bp.act("/patients/<uuid:patient_id>/address", Permission.ACCESS_JUSTIFY, fresh=True)
def show(patient_id: UUID) -> Response:
    form_body(Nothing)
    Justifying(current_work()).open_address(patient_id)
    return see_other(".overview", patient_id=patient_id)


@bp.act("/patients/<uuid:patient_id>/address/readers", Permission.ACCESS_ENTRUST)
def name(patient_id: UUID) -> Response:
    AddressReaders(current_work()).name(patient_id, form_body(Name)["practitioner_id"])
    return see_other(".overview", patient_id=patient_id)


@bp.act("/patients/<uuid:patient_id>/address/readers/<uuid:reader_id>/end", Permission.ACCESS_ENTRUST)
def end(patient_id: UUID, reader_id: UUID) -> Response:
    form_body(Nothing)
    AddressReaders(current_work()).end(patient_id, reader_id)
    return see_other(".overview", patient_id=patient_id)


@bp.errorhandler(Invalid)
@bp.errorhandler(Conflict)
def draw_again(error: Invalid | Conflict) -> tuple[str, int]:
    """The same page with what is wrong."""
    return _page((request.view_args or {})["patient_id"], error), error.status


def _page(patient_id: UUID, error: Invalid | Conflict | None = None) -> str:
    work = current_work()
    patients, readers = Patients(work), AddressReaders(work)
    named, until = readers.all(patient_id), readers.open_until(patient_id)
    hers = any(one.practitioner_id == work.actor.person_id for one in named)
    staff = {one.practitioner_id: f"{one.name}, {role_text(one.role)}" for one in Municipalities(work).staff()}
    may_name = work.actor.may(Permission.ACCESS_ENTRUST)
    return render(
        "chart/address.html",
        patient_id=patient_id,
        banner_of=patients.banner(patient_id),
        protected=patients.person(patient_id).protected,
        named=[(one, staff.get(one.practitioner_id)) for one in named],
        hers=hers,
        until=until if hers else None,
        contact=patients.address(patient_id) if hers and until else None,
        hours=Justifying(work).limits().hours(Reason.ADDRESS),
        may_name=may_name,
        choices=_choices(readers, patient_id) if may_name else [],
        errors={name: said[0] for name, said in error.errors.items()} if isinstance(error, Invalid) else {},
        said=error.detail if error else "",
    )


def _choices(readers: AddressReaders, patient_id: UUID) -> list[tuple[UUID, str]]:
    choices = readers.choices(patient_id)
    return [(one.practitioner_id, f"{one.name}, {role_text(one.role)}, {one.unit_name}") for one in choices]
