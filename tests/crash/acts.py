"""What a ward does besides signing one dose at a time: bags, second signatures, controlled drugs, and the offline list's reports.

Each is a form, and what must be stored once when it is answered.
"""

import base64
import hashlib
import hmac
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import psycopg

from journal.chart.downtime.models import DowntimePart
from journal.medication import Medicine
from journal.medication.fest.tables import CatalogueItem
from journal.medication.ledger_tables import KeepingPlace, Ledger, LedgerEntry
from journal.medication.prepared_tables import Prepared, PreparedLine
from journal.medication.rules import Caution, every_hours
from journal.medication.rules.prepared import UNCONTROLLED
from journal.platform.clock import hhmm, local_date, norwegian_date
from journal.platform.ids import new_id
from journal.platform.quantity import Quantity
from journal.platform.settings import Settings
from tests import factories
from tests.factories import Builder, Staff

HOURLY = every_hours(Quantity(Decimal(1), "tablett"), 1)
OPENING = 1_000_000
"""Tablets in the cabinet at the start."""
OXYCODONE = Medicine(
    "oksykodon", "OxyNorm", form="tablett", strength="5 mg", atc_code="N02AA05", prescription_group="A"
)
SEEN = [caution.value for caution in Caution]
"""All that may be special about a dose, which she has seen."""


@dataclass(frozen=True)
class Act:
    """One form. `things`: what is stored once by it; `by_device`: nobody is signed in, and it may be told twice."""

    kind: str
    path: str
    form: dict[str, Any]
    things: tuple[UUID, ...]
    by_device: bool = False


@dataclass(frozen=True)
class Person:
    """Somebody, or something, that is known: its cookie, and the token of its forms."""

    cookie: str
    csrf_token: str


def said_at(due_at: datetime) -> dict[str, str]:
    """The fields that say a dose was given when it was due."""
    return {"given_time": hhmm(due_at), "given_day": norwegian_date(local_date(due_at))}


def open_orders(
    b: Builder, unit: dict[str, Any], by: Staff, now: datetime, doses: int, **order: Any
) -> Iterator[tuple[dict[str, Any], list[dict[str, Any]]]]:
    """A patient with two orders, each with this many doses or one more that nobody has signed, due each hour until now."""
    patient_id, since = (
        factories.patient(b, by),
        now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=doses),
    )
    factories.care_relationship(b, patient_id, by, unit, since=since)
    while True:
        made = factories.medication_request(
            b, patient_id, by, **{"dosage": HOURLY, "starts_at": since, "planned_until": now} | order
        )
        yield made, factories.doses(b, made, HOURLY, since, now)


def bags(b: Builder, unit: dict[str, Any], by: Staff, doses: int) -> list[Act]:
    """For as many patients the compartment of this hour, with two medicines: a bag is given now, so one is enough for each."""
    return [_bag(b, unit, by) for _ in range(doses)]


def _bag(b: Builder, unit: dict[str, Any], by: Staff) -> Act:
    now = datetime.now(UTC)
    orders = open_orders(b, unit, by, now, 0, supply="dosett")
    made = [(order, of[0]) for order, of in (next(orders), next(orders))]
    (one, other), id = (dose for _, dose in made), new_id()
    patient_id, at = one["patient_id"], one["due_at"]
    said = {"kind": "dosett", "prepared_by": "Ansatt", "starts_on": local_date(at), "ends_on": local_date(now)}
    b.add(Prepared, **by.stamp, patient_id=patient_id, id=id, entry_id=id, version=1, **said)
    for order, dose in made:
        of_dose = {name: dose[name] for name in ("patient_id", "due_at", "amount", "unit", "request_entry_id")}
        of = {"id": new_id(), "prepared_id": id, "request_version": 1, "medicine": order["generic_name"]}
        b.add(PreparedLine, **by.stamp, **of_dose, **of)
    form = {"doses[]": [f"{one['id']}.1", f"{other['id']}.1"], "confirmed[]": [*SEEN, UNCONTROLLED]}
    path = f"/patients/{patient_id}/prepared/{id}/given"
    return Act("bag", path, {"at": at.isoformat(), **form}, (one["id"], other["id"]))


def second_signatures(b: Builder, unit: dict[str, Any], by: Staff, doses: int) -> list[Act]:
    """Doses that somebody else has signed, and that want two."""
    now = datetime.now(UTC)
    _, made = next(open_orders(b, unit, by, now, doses, two_signatures=True))
    signed = [factories.administration(b, dose, by, at=now) for dose in made]
    return [
        Act("second", f"/patients/{one['patient_id']}/administrations/{one['id']}/witness", {}, (one["id"],))
        for one in signed
    ]


def controlled_doses(b: Builder, unit: dict[str, Any], by: Staff, doses: int) -> list[Act]:
    """Doses that are taken out of the cabinet's account, all of the same."""
    _, made = next(open_orders(b, unit, by, datetime.now(UTC), doses, medicine=OXYCODONE))
    form = {"request_version": "1", "confirmed[]": SEEN}
    return [
        Act(
            "controlled",
            f"/patients/{dose['patient_id']}/doses/{dose['id']}/given",
            form | said_at(dose["due_at"]),
            (dose["id"],),
        )
        for dose in made
    ]


def cabinet(b: Builder, by: Staff) -> None:
    """With more than anybody will take."""
    item, place, ledger = new_id(), new_id(), new_id()
    product = {
        name: getattr(OXYCODONE, name)
        for name in ("generic_name", "form", "strength", "atc_code", "prescription_group")
    }
    fest = {"fest_id": item, "kind": "brand", "prescribable": True, "dose_unit": "tablett", "active": True}
    b.add(CatalogueItem, id=item, name_form_strength="OxyNorm tab 5 mg", **fest, **product)
    of_unit = {name: by.stamp[name] for name in ("municipality_id", "unit_id", "recorded_by", "recorded_by_name")}
    b.add(KeepingPlace, **of_unit, id=place, kind="cabinet", name="Narkotikaskap")
    b.add(Ledger, **of_unit, **product, id=ledger, place_id=place, catalogue_item_id=item, unit="tablett")
    b.add(LedgerEntry, **of_unit, place_id=place, ledger_id=ledger, kind="opening", counted=OPENING)


def device(connection: psycopg.Connection[Any], settings: Settings, by: Staff) -> tuple[UUID, Person]:
    """One that holds the list, with its secret as its browser keeps it."""
    id, token = new_id(), new_id().bytes * 2
    of = {name: by.stamp[name] for name in ("municipality_id", "unit_id", "recorded_by", "recorded_by_name")}
    connection.execute(
        """INSERT INTO chart.downtime_device
               (id, name, public_key, token_hash, municipality_id, unit_id, recorded_by, recorded_by_name)
           VALUES (%(id)s, 'PC på vaktrommet', %(key)s, sha256(%(token)s), %(municipality_id)s, %(unit_id)s, %(recorded_by)s,
               %(recorded_by_name)s)""",
        {"id": id, "token": token, "key": bytes(400), **of},
    )
    csrf = hmac.new(settings.secret_key, b"csrf:nobody", hashlib.sha256).hexdigest()
    return id, Person(f"akson-downtime={base64.urlsafe_b64encode(token).decode()}", csrf)


def reports(b: Builder, patients: Sequence[UUID], device_id: UUID, count: int) -> list[Act]:
    """The list was opened, so many times, of one of these patients each time; each is told until it is answered."""
    now, parts = datetime.now(UTC), {patient_id: new_id() for patient_id in patients}
    for patient_id, part in parts.items():
        b.add(DowntimePart, patient_id=patient_id, device_id=device_id, id=part, built_at=now, seen="1:1:", sealed="-")
    told = {"what": "opened", "at": now.isoformat(), "by": "Ansatt på natt"}
    ids, events = list(parts.values()), [new_id() for _ in range(count)]
    return [
        Act(
            "report",
            "/downtime/list/report",
            told | {"event": str(event), "parts[]": [str(ids[n % len(ids)])]},
            (event,),
            True,
        )
        for n, event in enumerate(events)
    ]


MAKERS: tuple[Callable[[Builder, dict[str, Any], Staff, int], list[Act]], ...] = (
    bags,
    second_signatures,
    controlled_doses,
)
