"""The page where a device is made a ward's, and where it is taken away."""

from base64 import urlsafe_b64encode
from uuid import UUID

from werkzeug.wrappers import Response

from journal.access.devices import KINDS, Devices
from journal.access.held import device_cookie, settings
from journal.access.lock_schemas import EnrolDevice
from journal.permissions import Permission
from journal.web import Section, current_work, form_body, render, see_other
from journal.web.shell import MenuEntry

MENU = MenuEntry("devices.listed", "device", "PC-er og nettbrett", Permission.ACCESS_ENROL, seldom=True)
_LIFE_SECONDS = 400 * 24 * 3600  # as long as browsers keep one

bp = Section("devices", __name__)


@bp.page("/devices", Permission.ACCESS_ENROL)
def listed() -> str:
    chosen = settings()
    idle = {"ward_pc": chosen.idle_ward_pc_minutes, "tablet": chosen.idle_tablet_minutes}
    return render("access/devices.html", devices=Devices(current_work()).listed(), kinds=KINDS, idle=idle)


@bp.act("/devices", Permission.ACCESS_ENROL)
def enrol() -> Response:
    token = Devices(current_work()).enrol(**form_body(EnrolDevice))
    answer = see_other(".listed")
    secure = settings().public_url.startswith("https://")
    answer.set_cookie(
        device_cookie(),
        urlsafe_b64encode(token).decode(),
        max_age=_LIFE_SECONDS,
        path="/",
        httponly=True,
        samesite="Lax",
        secure=secure,
    )
    return answer


@bp.act("/devices/<uuid:device_id>/end", Permission.ACCESS_ENROL)
def end(device_id: UUID) -> Response:
    Devices(current_work()).end(device_id)
    return see_other(".listed")
