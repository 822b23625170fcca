"""What an order is of, and how the safety rules see it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from journal.medication.rules import Dosage
from journal.medication.rules.safety import Ordered, ingredients_of


@dataclass(frozen=True)
class Medicine:
    """What the order is of, as the catalogue had it on the day; `catalogue_item_id` None for what is in no catalogue.

    `form` and `route` are the words on the screen (depottablett, peroralt), the codes are 7448 and 7477.
    """

    generic_name: str
    brand_name: str | None = None
    form: str | None = None
    form_code: str | None = None
    strength: str | None = None
    route: str | None = None
    route_code: str | None = None
    atc_code: str | None = None
    prescription_group: str | None = None
    catalogue_item_id: UUID | None = None
    high_risk: bool = False
    time_critical: bool = False


def as_ordered(
    of: Any, dosage: Dosage | None, *, key: str, starts_at: datetime | None, ends_at: datetime | None
) -> Ordered:
    """A Medicine, or an order or a row of one, as the safety rules take it."""
    return Ordered(
        key=key,
        name=of.generic_name,
        brand=of.brand_name,
        atc_code=of.atc_code,
        dosage=dosage,
        ingredients=ingredients_of(of.generic_name, of.strength),
        form=of.form,
        form_code=of.form_code,
        route_code=of.route_code,
        starts_at=starts_at,
        ends_at=ends_at,
    )
