"""Who may be the second of two: another administrator of the municipality, or where there is none, a named one of another's."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from marshmallow import Schema, fields, post_load, validate

from journal.municipalities.models import PractitionerRole
from journal.permissions import Role
from journal.platform.errors import Invalid
from journal.platform.fields import NAME, Text
from journal.platform.service import Service

_NAMED = sa.text("SELECT municipalities.administrator_named(:number, :name)")


@dataclass(frozen=True)
class Asked:
    """Why, and who is to answer: nobody named where one's own municipality has a second, else an administrator of another."""

    reason: str
    partner_number: str = ""
    partner_name: str = ""


class Proposing(Schema):
    """Asked, beside what is proposed."""

    reason = Text(500, required=True, validate=validate.Length(min=5, error="Skriv minst fem tegn om hvorfor."))
    partner_number = fields.String(
        load_default="", validate=validate.Regexp(r"^([0-9]{4})?\Z", error="Kommunenummeret er fire sifre.")
    )
    partner_name = Text(120, load_default="", validate=NAME)

    @post_load
    def asked(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        said = {name: data.pop(name) for name in ("reason", "partner_number", "partner_name")}
        return {**data, "asked": Asked(**said)}


class Answering(Schema):
    """What the second says."""

    outcome = fields.String(required=True, validate=validate.OneOf(["approved", "refused"]))
    note = Text(500, load_default="")


def is_alone(service: Service, but: UUID | None = None) -> bool:
    """Whether nobody but who acts, and *but*, administers the municipality: then a partner's administrator must be named."""
    administers = sa.select(PractitionerRole.id).where(
        PractitionerRole.role == Role.TENANT_ADMINISTRATOR,
        PractitionerRole.municipality_id == service.work.actor.municipality_id,
        PractitionerRole.valid_from <= service.work.now,
        PractitionerRole.valid_until.is_(None) | (PractitionerRole.valid_until > service.work.now),
        PractitionerRole.practitioner_id.not_in([p for p in (service.work.actor.person_id, but) if p]),
    )
    return service.db.scalar(administers.limit(1)) is None


def partner(service: Service, asked: Asked, but: UUID | None = None) -> UUID | None:
    """The administrator with this full name in the municipality with this number; None where one's own has a second.

    *but*: whom it is about, who cannot answer. Raises Invalid when one is named and not needed, needed and not named, or nobody.
    """
    number, name = asked.partner_number, asked.partner_name
    if not is_alone(service, but):
        if number or name:
            raise Invalid(errors={"partner_name": ["Kommunen har en annen som kan godkjenne. La feltet stå tomt."]})
        return None
    if not (number and name):
        said = "Ingen andre i kommunen kan godkjenne. Skriv hvem i en samarbeidskommune som skal gjøre det."
        raise Invalid(errors={"partner_name": [said]})
    found = service.db.scalar(_NAMED, {"number": number, "name": name})
    if found is None or found in (but, service.work.actor.person_id):
        raise Invalid(errors={"partner_name": ["Ingen administrator i den kommunen har dette navnet."]})
    return UUID(str(found))
