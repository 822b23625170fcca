"""Downtime: which devices hold the list, what is laid in it, and what it was used for."""

import hashlib
import secrets
from base64 import b64decode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from journal.chart.downtime.content import AHEAD, BACK, content_of
from journal.chart.downtime.models import DowntimeDevice, DowntimePart
from journal.chart.downtime.sealing import public_key, seal
from journal.medication import Medication
from journal.patients import Patients
from journal.permissions import Permission
from journal.platform.errors import Invalid, NotFound
from journal.platform.ids import new_id
from journal.platform.language import gettext as _
from journal.platform.service import Service, on_patient, without_patient
from journal.platform.work import Work

_DUE = sa.text("SELECT patient_id, devices FROM chart.downtime_due(:most)")
# Before anything is read: what is stored meanwhile is not in it, and has the part built once more.
_SNAPSHOT = sa.text("SELECT CAST(pg_current_snapshot() AS text)")
_EMPTY = sa.text("SELECT chart.empty_downtime_parts()")
_PARTS = sa.text("SELECT device_name, unit_name, id, built_at, sealed FROM chart.downtime_parts(:token, :since)")
_REPORT = sa.text("SELECT chart.report_downtime(:token, :what, :at, :by, :event, :parts)").bindparams(
    sa.bindparam("parts", type_=sa.ARRAY(sa.Uuid))
)


@dataclass(frozen=True)
class Device:
    """A device that holds the unit's list. *fetched_at*: when it last asked for what is new; None before it ever did."""

    id: UUID
    name: str
    unit_id: UUID
    recorded_by_name: str
    recorded_at: datetime
    fetched_at: datetime | None


class Waiting(NamedTuple):
    """A patient who is to be laid in the list anew, and the devices it is for, each with its id and public key (base64)."""

    patient_id: UUID
    devices: list[dict[str, str]]


class Downtime(Service):
    """The list of the unit one acts in; the worker fills it."""

    @without_patient(Permission.CHART_DOWNTIME)
    def devices(self) -> list[Device]:
        """Those of the unit one acts in and of the units below it, by name."""
        device = DowntimeDevice
        here = sa.select(device).where(device.ended_at.is_(None), device.unit_id.in_(self.work.actor.units))
        columns = Device.__dataclass_fields__
        rows = self.db.scalars(here.order_by(device.name))
        return [Device(**{name: getattr(row, name) for name in columns}) for row in rows]

    @without_patient(Permission.CHART_DOWNTIME)
    def enrol(self, name: str, key: str) -> bytes:
        """Has a device hold the list of the unit one acts in; answers with its secret (32 bytes), stored nowhere but there.

        *key*: its public key, SubjectPublicKeyInfo as base64. Raises Invalid for another kind of key.
        """
        try:
            der = b64decode(key, validate=True)
            public_key(der)
        except ValueError as error:
            raise Invalid(
                _("Nettleseren sendte ikke en nøkkel som kan brukes. Last siden på nytt og prøv igjen.")
            ) from error
        self.work.note(Permission.CHART_DOWNTIME)
        token, unit_id = secrets.token_bytes(32), self.work.actor.unit_id
        hashed = hashlib.sha256(token).digest()
        self.db.add(DowntimeDevice(unit_id=unit_id, name=name, public_key=der, token_hash=hashed))
        return token

    @without_patient(Permission.CHART_DOWNTIME)
    def end(self, device_id: UUID) -> None:
        """Nothing more is laid ready for it, and what lies there is taken away. Raises NotFound."""
        self.work.note(Permission.CHART_DOWNTIME)
        device = self.db.scalar(sa.select(DowntimeDevice).where(DowntimeDevice.id == device_id))
        if device is None or device.unit_id not in self.work.actor.units:
            raise NotFound(_("PC-en eller nettbrettet finnes ikke."))
        device.ended_at = self.work.now

    @without_patient(Permission.CHART_PREPARE)
    def waiting(self, most: int) -> list[Waiting]:
        """Patients whose part of some device's list is lacking, old, or of a chart that has been written in since."""
        self.db.execute(_EMPTY)
        return [Waiting(*row) for row in self.db.execute(_DUE, {"most": most})]

    @on_patient(Permission.CHART_PREPARE)
    def lay_ready(self, patient_id: UUID, devices: Sequence[dict[str, str]]) -> None:
        """Builds a patient's part once, by one logged look, and seals it for each device."""
        now, patients, medication = self.work.now, Patients(self.work), Medication(self.work)
        seen = self.db.scalar(_SNAPSHOT)
        content = content_of(
            patients.banner(patient_id),
            patients.related_persons(patient_id),
            medication.doses_due([patient_id], start=now - BACK, end=now + AHEAD)[patient_id],
            medication.bags(patient_id, start=now - BACK, end=now + AHEAD),
            medication.as_needed(patient_id),
        )
        content["built_at"] = now.isoformat()
        for device in devices:
            sealed = seal(content, public_key(b64decode(device["public_key"])))
            values = {"built_at": now, "seen": seen, "sealed": sealed}
            part = insert(DowntimePart).values(
                patient_id=patient_id, device_id=UUID(device["id"]), id=new_id(), **values
            )
            self.db.execute(part.on_conflict_do_update(index_elements=["device_id", "patient_id"], set_=values))


def parts_of(work: Work, token: bytes, since: datetime | None) -> dict[str, Any]:
    """What a device holds: every part by its id, and what is sealed in those built after *since*. Raises NotFound.

    No chart is opened: nobody but the device can read what is in it.
    """
    rows = work.db.execute(_PARTS, {"token": token, "since": since}).all()
    if not rows:
        raise NotFound(_("PC-en eller nettbrettet har ingen nødliste lenger."))
    parts = [{"id": str(r.id), "built_at": r.built_at.isoformat(), "sealed": r.sealed} for r in rows if r.id]
    return {"device": rows[0].device_name, "unit": rows[0].unit_name, "at": work.now.isoformat(), "parts": parts}


def report(work: Work, token: bytes, *, what: str, at: datetime, by: str, event: UUID, parts: Sequence[UUID]) -> int:
    """Writes afterwards in the access log of each patient that the list was opened or printed; answers with how many lines.

    The same event is written once, however often it is told.
    """
    told = {"token": token, "what": what, "at": at, "by": by, "event": event, "parts": list(parts)}
    logged: int = work.db.execute(_REPORT, told).scalar_one()
    return logged
