"""What comes in as forms: a schema is named after the act."""

from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validate, validates_schema

from journal.patients import person, rules
from journal.platform.fields import StrictInteger, Text
from journal.platform.moment_field import DayField

# Empty passes: then nothing is said.
_PHONE = validate.Regexp(r"(\+?[0-9 ]{5,20})?\Z", error="Skriv telefonnummeret med sifre, for eksempel 68 05 12 34.")
_POSTAL_CODE = validate.Regexp(r"([0-9]{4})?\Z", error="Et postnummer har fire sifre.")


class _Form(Schema):
    @post_load
    def _empty_is_none(self, data: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
        """A field left empty says nothing; the database keeps no empty text."""
        return {name: None if value == "" else value for name, value in data.items()}


class Search(Schema):
    """The search form: words of a name, a whole number, or full name and date of birth."""

    text = Text(120, required=True)


class _Identity(_Form):
    """Who somebody is; the precision of the date of birth follows from what is filled in."""

    family_name = Text(120, required=True)
    given_name = Text(120, required=True)
    birth_date = DayField(load_default=None)
    birth_date_estimated = fields.Boolean(load_default=False)
    sex = fields.String(required=True, validate=validate.OneOf(list(rules.SEXES), error="Velg ett av alternativene."))
    confidentiality = fields.String(
        load_default="none", validate=validate.OneOf(list(rules.CONFIDENTIALITY), error="Velg ett av alternativene.")
    )

    @post_load
    def _precision(self, data: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
        estimated = data.pop("birth_date_estimated")
        data["birth_date_precision"] = (
            "unknown" if data["birth_date"] is None else "estimated" if estimated else "exact"
        )
        return data


class _Contact(_Form):
    """How to reach somebody."""

    address_line_1 = Text(120, load_default=None)
    address_line_2 = Text(120, load_default=None)
    postal_code = Text(4, load_default=None, validate=_POSTAL_CODE)
    city = Text(80, load_default=None)
    phone = Text(21, load_default=None, validate=_PHONE)
    language = fields.String(
        load_default=None, validate=validate.OneOf(["", *person.LANGUAGES], error="Velg fra listen.")
    )
    general_practitioner_name = Text(120, load_default=None)


class Register(_Identity, _Contact):
    """The form for a person who is not in the journal."""

    national_id = Text(20, load_default=None)
    issuer = Text(120, load_default=None)
    is_another_person = fields.Boolean(load_default=False)


class CorrectIdentity(_Identity):
    version = StrictInteger(required=True, least=1)


class UpdateContact(_Contact):
    version = StrictInteger(required=True, least=1)


class AddIdentifier(_Form):
    national_id = Text(20, required=True)
    issuer = Text(120, load_default=None)


class ProposeLink(_Form):
    """The other record: the one that was found by its number just now, or a number to find it by."""

    other = fields.UUID(load_default=None, error_messages={"invalid_uuid": "Skriv nummeret i stedet."})
    number = Text(20, load_default=None)
    reason = Text(200, required=True)

    @validates_schema
    def _one_of_them(self, data: dict[str, Any], **kwargs: Any) -> None:
        if not (data["other"] or data["number"]):
            raise ValidationError("Skriv et nummer som den andre journalen har.", "number")


class OtherRecord(Schema):
    """The address of the page: the record that a number led to."""

    other = fields.UUID(load_default=None)


class WithReason(Schema):
    """Something is ended, undone or marked as a mistake, and why."""

    reason = Text(200, required=True)


class NoLongerHolds(WithReason):
    """An allergy the patient does not have, a flag that is over: which version was seen, and how one knows."""

    version = StrictInteger(required=True, least=1)


class RaiseFlag(_Form):
    kind = fields.String(required=True, validate=validate.OneOf(list(rules.FLAGS), error="Velg fra listen."))
    text = Text(80, required=True)
    sub = Text(120, load_default=None)
    decided_by_name = Text(120, load_default=None)


class RecordAllergy(_Form):
    """The form for an allergy or intolerance; reaction and source in the codes of Volven 7497 and 7498."""

    kind = fields.String(
        required=True, validate=validate.OneOf(["allergy", "intolerance"], error="Velg allergi eller intoleranse.")
    )
    substance = Text(200, required=True)
    reaction = Text(200, load_default=None)
    reaction_code = fields.String(
        load_default=None, validate=validate.OneOf(["", *rules.REACTIONS], error="Velg fra listen.")
    )
    source_code = fields.String(
        load_default=None, validate=validate.OneOf(["", *rules.SOURCES], error="Velg fra listen.")
    )
    severity = fields.String(
        load_default=None, validate=validate.OneOf(["", "mild", "moderate", "severe"], error="Velg fra listen.")
    )
    criticality = fields.String(
        load_default=None, validate=validate.OneOf(["", "low", "high", "unable-to-assess"], error="Velg fra listen.")
    )


class NoKnownAllergies(_Form):
    """Who said that there are none."""

    source_code = fields.String(
        load_default=None, validate=validate.OneOf(["", *rules.SOURCES], error="Velg fra listen.")
    )


class AddRelatedPerson(_Form):
    name = Text(120, required=True)
    relation = Text(60, load_default=None)
    phone = Text(21, load_default=None, validate=_PHONE)
    is_next_of_kin = fields.Boolean(load_default=False)
    role = fields.String(
        load_default="relative", validate=validate.OneOf(["relative", "guardian"], error="Velg fra listen.")
    )


class CorrectRelatedPerson(AddRelatedPerson):
    version = StrictInteger(required=True, least=1)


class Nothing(Schema):
    """A button."""
