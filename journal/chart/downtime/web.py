"""Nødlisten: the page where a device is made to hold it, and what the device itself asks for."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from pathlib import Path
from typing import Any, cast
from uuid import UUID

from flask import Response as FlaskResponse
from flask import current_app, jsonify, request, send_from_directory
from werkzeug.wrappers import Response

from journal.chart.downtime.schemas import AskForParts, EnrolDevice, ReportUse
from journal.chart.downtime.service import Downtime, parts_of, report
from journal.permissions import Permission
from journal.platform.errors import NotFound
from journal.platform.language import gettext as _
from journal.web import Section, current_work, form_body, query_body, render, security, see_other
from journal.web.shell import MenuEntry

MENU = MenuEntry("downtime.devices", "print", "Nødliste", Permission.CHART_DOWNTIME, seldom=True)
HELD_AT = "/downtime/list/"
"""Where the device reaches its list, with the journal or without: the worker that keeps the page has this and no more."""
COOKIE = "akson-downtime"
_YEAR_SECONDS = 365 * 24 * 3600

bp = Section("downtime", __name__)


@bp.page("/downtime", Permission.CHART_DOWNTIME)
def devices() -> str:
    work = current_work()
    return render("chart/downtime_devices.html", devices=Downtime(work).devices(), now=work.now)


@bp.act("/downtime/devices", Permission.CHART_DOWNTIME)
def enrol() -> Response:
    body = form_body(EnrolDevice)
    token = Downtime(current_work()).enrol(body["name"], body["public_key"])
    answer = see_other(".devices")
    # For nothing but the list: it opens no page of the journal, and no script reads it.
    secure = cast(Any, current_app).settings.public_url.startswith("https://")
    value = urlsafe_b64encode(token).decode()
    answer.set_cookie(
        COOKIE, value, max_age=_YEAR_SECONDS, path=HELD_AT, httponly=True, samesite="Strict", secure=secure
    )
    return answer


@bp.act("/downtime/devices/<uuid:device_id>/end", Permission.CHART_DOWNTIME)
def end(device_id: UUID) -> Response:
    Downtime(current_work()).end(device_id)
    return see_other(".devices")


@bp.page(HELD_AT, None)
def held() -> str:
    """The page that the device keeps. There is nothing of a patient in it: that is laid in by the device, from what it holds."""
    return render("chart/downtime_list.html")


@bp.page(f"{HELD_AT}worker.js", None)
def worker() -> Response:
    """From here, since a worker may not reach above where it came from."""
    folder = Path(current_app.static_folder or "")
    return send_from_directory(folder, "downtime-worker.js", mimetype="text/javascript")


@bp.page(f"{HELD_AT}parts", None)
def parts() -> FlaskResponse:
    work, app = current_work(), cast(Any, current_app)
    held = parts_of(work, _token(), query_body(AskForParts)["since"])
    return jsonify(**held, csrf_token=security.csrf_token(app.settings, work))


@bp.act(f"{HELD_AT}report", None, repeatable=True)
def report_use() -> FlaskResponse:
    """The same use told twice is written once."""
    return jsonify(logged=report(current_work(), _token(), **form_body(ReportUse)))


def _token() -> bytes:
    try:
        return urlsafe_b64decode(request.cookies.get(COOKIE, ""))
    except ValueError:
        raise NotFound(_("PC-en eller nettbrettet har ingen nødliste lenger.")) from None
