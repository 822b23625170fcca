"""Which devices are a ward's: enrolled by name, with a kind, until somebody takes them away."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from journal.access.device_tables import SharedDevice
from journal.permissions import Permission
from journal.platform.errors import NotFound
from journal.platform.language import phrase, phrases
from journal.platform.service import Service, without_patient

KINDS = phrases({"ward_pc": "PC på vaktrommet", "tablet": "nettbrett til runden"})


@dataclass(frozen=True)
class Device:
    """A device that is enrolled."""

    id: UUID
    name: str
    kind: str
    recorded_by_name: str
    recorded_at: datetime


class Devices(Service):
    """Those of the unit one acts in."""

    @without_patient(Permission.ACCESS_ENROL)
    def listed(self) -> list[Device]:
        """Of the unit one acts in and of the units below it, by name."""
        here = sa.select(SharedDevice).where(
            SharedDevice.ended_at.is_(None), SharedDevice.unit_id.in_(self.work.actor.units)
        )
        rows = self.db.scalars(here.order_by(SharedDevice.name))
        return [Device(**{name: getattr(row, name) for name in Device.__dataclass_fields__}) for row in rows]

    @without_patient(Permission.ACCESS_ENROL)
    def enrol(self, name: str, kind: str) -> bytes:
        """Makes it the device of the unit one acts in; answers with its secret (32 bytes), stored nowhere but there."""
        self.work.note(Permission.ACCESS_ENROL)
        token, unit_id = secrets.token_bytes(32), self.work.actor.unit_id
        self.db.add(SharedDevice(unit_id=unit_id, name=name, kind=kind, token_hash=hashlib.sha256(token).digest()))
        return token

    @without_patient(Permission.ACCESS_ENROL)
    def end(self, device_id: UUID) -> None:
        """It is nobody's device any more, and whoever is signed in on it is signed out. Raises NotFound."""
        self.work.note(Permission.ACCESS_ENROL)
        device = self.db.scalar(sa.select(SharedDevice).where(SharedDevice.id == device_id))
        if device is None or device.unit_id not in self.work.actor.units:
            raise NotFound(phrase("PC-en eller nettbrettet finnes ikke."))
        device.ended_at = self.work.now
        self.db.flush()
        self.db.execute(sa.text("SELECT access.end_on_device(:device)"), {"device": device_id})
