"""The doses that the invented wards have saved as their favourites."""

from datetime import datetime

from journal.medication.models import Favourite
from journal.medication.rules import reusable
from journal.platform.clock import local_date
from tests.builder import Builder, Staff
from tests.demo_medicines import Catalogue, usual_order

BRANDS = (
    *("Paracet/tab", "Panodil", "OxyNorm/kaps", "Movicol", "Duphalac", "Afipran/tab", "Imovane", "Sobril"),
    *("Selexid", "Apocillin", "Selo-Zok", "Diural/tab", "Somac", "Eliquis", "Levaxin", "Nitroglycerin"),
)
"""What is often begun in a nursing home."""


def save(builder: Builder, doctor: Staff, catalogue: Catalogue, at: datetime) -> None:
    """The favourites of the unit this doctor works in, saved by her at this time."""
    stamp = doctor.at(at)
    said_by = {
        name: stamp[name] for name in ("municipality_id", "unit_id", "recorded_by", "recorded_by_name", "recorded_at")
    }
    for brand in BRANDS:
        order = usual_order(brand, catalogue, local_date(at))
        dose = reusable(order.dosage, local_date(at))
        assert dose is not None, brand
        builder.add(
            Favourite,
            entry_id=builder.new_id(),
            version=1,
            active=True,
            catalogue_item_id=order.medicine.catalogue_item_id,
            dosage=dose.dosage.to_json(),
            course_days=dose.course_days,
            indication=order.indication,
            instruction=order.instruction,
            required_value=order.required_value.to_json() if order.required_value else None,
            **said_by,
        )
