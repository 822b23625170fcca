"""What comes in as forms: a schema is named after the act."""

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validate

from journal.patients import rules
from journal.platform.fields import StrictInteger, Text

_DATE = re.compile(r"([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4})")
# Empty passes: then nothing is said.
_PHONE = validate.Regexp(r"(\+?[0-9 ]{5,20})?\Z", error="Skriv telefonnummeret med sifre, for eksempel 68 05 12 34.")
_POSTAL_CODE = validate.Regexp(r"([0-9]{4})?\Z", error="Et postnummer har fire sifre.")


class TypedDate(fields.Field[date | None]):
    """A date as people write it: `14.03.1938`. Empty is None."""

    def _deserialize(
        self, value: object, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> date | None:
        written = value.strip() if isinstance(value, str) else ""
        if not written:
            return None
        found = _DATE.fullmatch(written)
        try:
            return date(int(found[3]), int(found[2]), int(found[1])) if found else _refuse()
        except ValueError as error:
            raise ValidationError("Datoen finnes ikke. Skriv den som 14.03.1938.") from error


def _refuse() -> date:
    raise ValidationError("Skriv datoen som 14.03.1938.")


class _Form(Schema):
    @post_load
    def _empty_is_none(self, data: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
        """A field left empty says nothing; the database keeps no empty text."""
        return {name: None if value == "" else value for name, value in data.items()}


class Search(Schema):
    """The search form: words of a name, a whole number, or full name and date of birth."""

    text = Text(120, required=True)


class Register(_Form):
    """The form for a person who is not in the journal."""

    family_name = Text(120, required=True)
    given_name = Text(120, required=True)
    birth_date = TypedDate(load_default=None)
    birth_date_estimated = fields.Boolean(load_default=False)
    sex = fields.String(required=True, validate=validate.OneOf(list(rules.SEXES), error="Velg ett av alternativene."))
    national_id = Text(20, load_default=None)
    issuer = Text(120, load_default=None)
    address_line_1 = Text(120, load_default=None)
    postal_code = Text(4, load_default=None, validate=_POSTAL_CODE)
    city = Text(80, load_default=None)
    phone = Text(21, load_default=None, validate=_PHONE)
    confidentiality = fields.String(
        load_default="none", validate=validate.OneOf(list(rules.CONFIDENTIALITY), error="Velg ett av alternativene.")
    )
    is_another_person = fields.Boolean(load_default=False)

    @post_load
    def _precision(self, data: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
        estimated = data.pop("birth_date_estimated")
        data["birth_date_precision"] = (
            "unknown" if data["birth_date"] is None else "estimated" if estimated else "exact"
        )
        return data


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


class Refute(Schema):
    """The patient does not have it after all: which version was seen, and how one knows."""

    version = StrictInteger(required=True, least=1)
    reason = Text(200, required=True)


class EnteredInError(Schema):
    reason = Text(200, required=True)


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
