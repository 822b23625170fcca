"""What every mapping to FHIR R4 needs: code systems as Norwegian profiles name them, instants, and a resource as JSON.

A mapping is a plain function from what a service answered to a resource as nested dicts. It looks nothing up.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

Resource = dict[str, Any]

ATC = "http://www.whocc.no/atc"
FEST = "http://ehelse.no/fhir/CodeSystem/FEST"
UCUM = "http://unitsofmeasure.org"
NO_BASIS = "http://hl7.no/fhir/StructureDefinition"
OWN = "urn:akson:fhir"
"""Of what neither FHIR nor a Norwegian profile has an element for."""


def volven(code_list: int) -> str:
    """The system of a national code list (volven.no), as the profiles write it."""
    return f"urn:oid:2.16.578.1.12.4.1.1.{code_list}"


def coding(system: str, code: str | None, display: str | None = None) -> Resource | None:
    """A Coding; None where there is no code."""
    return written(system=system, code=code, display=display) if code else None


def concept(*codings: Resource | None, text: str | None = None) -> Resource | None:
    """A CodeableConcept of the codings there are; None where nothing is said."""
    return written(coding=[each for each in codings if each], text=text) or None


def reference(kind: str, id: UUID | str) -> Resource:
    """A Reference to a resource of this journal."""
    return {"reference": f"{kind}/{id}"}


def instant(at: datetime | None) -> str | None:
    """A FHIR instant or dateTime, to the second in UTC. Raises ValueError for a time without a zone."""
    if at is None:
        return None
    if at.tzinfo is None:
        raise ValueError("an instant must carry a time zone")
    return at.astimezone(UTC).replace(microsecond=0).isoformat().replace("+00:00", "Z")


def written(**elements: Any) -> Resource:
    """The elements that say something: FHIR has no null, no empty text and no empty list."""
    return {name: value for name, value in elements.items() if value not in (None, "", [], {})}


def as_json(resource: Mapping[str, Any]) -> str:
    """The resource as JSON, its decimals as numbers with the digits they have."""
    return json.dumps(resource, ensure_ascii=False, default=_number)


def _number(value: object) -> int | float:
    """An amount has at most eleven digits here: JSON's number shows them all, and reads back as the same."""
    if not isinstance(value, Decimal):
        raise TypeError(f"{type(value).__name__} has no place in a resource")
    return int(value) if value == value.to_integral_value() else float(value)
