"""The door: the ways in for whoever has no ground, and what comes of them; the leader's list, and the settings."""

from dataclasses import asdict
from functools import cache
from importlib import resources
from typing import Any, NamedTuple
from uuid import UUID

from flask import g, render_template, request, url_for
from werkzeug.wrappers import Response

from journal.access import justified_rules as rules
from journal.access import justified_schemas as schemas
from journal.access import near_rules
from journal.access.held import page_of_ours
from journal.access.justified import JustifiedSettings, Justifying
from journal.access.notice_letter import notice_page
from journal.access.reviewing import Reviews
from journal.municipalities import is_alone
from journal.permissions import Permission
from journal.platform import clock
from journal.platform.errors import Conflict, Invalid, JournalError, NoGround, TooMany
from journal.platform.language import LANGUAGES, ngettext
from journal.platform.language import gettext as _
from journal.platform.pdf import pdf
from journal.platform.work import Ground, Work
from journal.web import Notice, Section, current_work, errors, form_body, query_body, render, see_other, typed
from journal.web.shell import MenuEntry, front

bp = Section("justified", __name__)
MENU = MenuEntry("justified.reviews", "eye", "Begrunnet tilgang", Permission.ACCESS_REVIEW)
SETTINGS_MENU = MenuEntry(
    "justified.settings", "clock", "Tider for begrunnet tilgang", Permission.ACCESS_MANAGE, seldom=True
)
_LIST = "medication.medication_list"


class Way(NamedTuple):
    """A button of the door page: a reason, in its words, and how far it goes and for how many hours."""

    code: str
    text: str
    lets: str
    hours: int


class Door(NamedTuple):
    """Where the reasons are sent, with the words of each; the same for every patient without a ground."""

    url: str
    who_url: str
    emergency: list[Way]
    others: list[Way]


class Asked(NamedTuple):
    """Why the patient seems to be near to whoever asks, in words, and what she may answer: code and words of each."""

    signs: list[str]
    ways: list[tuple[str, str]]
    url: str
    oneself: bool
    hours: int


class Left(NamedTuple):
    """The time that is left of a chart that one opened with a reason, and where it is ended, or made an assignment of the
    unit's."""

    text: str
    until: str
    url: str
    admit_url: str | None
    grant_url: str | None


def door() -> Door | None:
    """For the page that refuses a patient's own address; None for whoever may give no reason."""
    patient_id = (request.view_args or {}).get("patient_id")
    work: Work | None = g.get("work")
    if patient_id is None or work is None or not work.signed_in or not work.actor.may(Permission.ACCESS_JUSTIFY):
        return None
    limits = Justifying(work).limits()
    ways = [
        (opens.emergency, Way(reason.value, opens.text, rules.HOW_FAR[opens.lets], limits.hours(reason)))
        for reason, opens in rules.AT_THE_DOOR.items()
    ]
    return Door(
        url_for("justified.open", patient_id=patient_id),
        url_for("justified.who_knows", patient_id=patient_id),
        [way for emergency, way in ways if emergency],
        [way for emergency, way in ways if not emergency],
    )


def seems_near() -> Asked:
    """For the page that stops at the chart of somebody near; no way on for whoever opens nothing on a reason of her own."""
    work, patient_id = current_work(), (request.view_args or {})["patient_id"]
    near = work.standings[patient_id].near
    ways = near_rules.ways_on(near) if work.actor.may(Permission.ACCESS_JUSTIFY) else ()
    return Asked(
        [_(text) for sign, text in near_rules.SIGNS.items() if sign in near],
        [(reason.value, _(rules.TEXTS[reason])) for reason in ways],
        url_for("justified.go_on", patient_id=patient_id),
        near_rules.Near.ONESELF in near,
        rules.SHIFT_HOURS,
    )


def _front() -> str:
    return front(current_work().actor.role)


def time_left(patient_id: UUID) -> Left | None:
    """For every page of a chart that is open by a reason of one's own; asks the database nothing."""
    work: Work | None = g.get("work")
    ground: Ground | None = work.grounded(patient_id) if work is not None and work.signed_in else None
    if work is None or ground is None or ground.code not in rules.SELF_TAKEN or ground.until is None:
        return None
    hours, minutes = rules.left(ground.until, work.now)
    parts = [ngettext("%(num)s time", "%(num)s timer", hours)] if hours else []
    parts += [ngettext("%(num)s minutt", "%(num)s minutter", minutes)] if minutes or not hours else []
    admit, grant = (
        work.actor.may(way) and rules.lets(ground.decision_ref, way)
        for way in (Permission.PATIENTS_ADMIT, Permission.CARE_GRANT)
    )
    return Left(
        " ".join(parts),
        clock.spoken(ground.until, work.now),
        url_for("justified.end", patient_id=patient_id),
        url_for("care.admission", patient_id=patient_id) if admit else None,
        url_for("care.grant_form", patient_id=patient_id) if grant else None,
    )


@bp.act("/patients/<uuid:patient_id>/justified-access", Permission.ACCESS_JUSTIFY)
def open(patient_id: UUID) -> Response:
    form = form_body(schemas.Justify)
    opened = Justifying(current_work()).open(patient_id, form["reason"], form["reason_text"])
    medicines = opened.how_far is rules.Lets.MEDICINES and current_work().actor.may(Permission.MEDICATION_READ)
    return see_other(_LIST if medicines else _front(), patient_id=patient_id)


@bp.act("/patients/<uuid:patient_id>/near", Permission.ACCESS_JUSTIFY)
def go_on(patient_id: UUID) -> Response:
    justifying = Justifying(current_work())
    # Before the form is looked at: whoever has no ground is told the same whatever she sends.
    justifying.answers(patient_id)
    form = form_body(schemas.GoOn)
    justifying.go_on(patient_id, form["reason"])
    answer = see_other(_front(), patient_id=patient_id)
    answer.headers["Location"] = page_of_ours(form["page"]) or answer.headers["Location"]
    return answer


@bp.act("/patients/<uuid:patient_id>/closed", Permission.ACCESS_JUSTIFY, fresh=True)
def open_closed(patient_id: UUID) -> Response:
    justifying = Justifying(current_work())
    # Before the form is looked at: whoever has no ground is told the same whatever she sends.
    justifying.for_closed(patient_id)
    justifying.open_closed(patient_id, **form_body(schemas.OpenClosed))
    return see_other(_front(), patient_id=patient_id)


@bp.act("/patients/<uuid:patient_id>/rest", Permission.ACCESS_JUSTIFY)
def open_rest(patient_id: UUID) -> Response:
    justifying = Justifying(current_work())
    # Before the form is looked at, as above.
    justifying.for_rest(patient_id)
    form = form_body(schemas.OpenRest)
    justifying.open_rest(patient_id, form["reason"])
    return see_other(f"{form['part']}.overview", patient_id=patient_id)


@bp.act("/patients/<uuid:patient_id>/justified-access/end", Permission.ACCESS_JUSTIFY)
def end(patient_id: UUID) -> Response:
    form_body(schemas.Nothing)
    Justifying(current_work()).end(patient_id)
    return see_other("chart.home")


@bp.page("/patients/<uuid:patient_id>/who-knows", Permission.ACCESS_JUSTIFY)
def who_knows(patient_id: UUID) -> str:
    """Opens no chart: the question is a line in the log."""
    units = Justifying(current_work()).who_knows(patient_id)
    back = url_for(_front(), patient_id=patient_id)
    return render("access/who_knows.html", units=units, back=back, municipality=current_work().actor.municipality_name)


@bp.page("/justified-access", Permission.ACCESS_REVIEW)
def reviews() -> str:
    return _reviews(None)


@bp.act("/justified-access/<uuid:access_id>/review", Permission.ACCESS_REVIEW)
def decide(access_id: UUID) -> Response:
    Reviews(current_work()).decide(access_id, **form_body(schemas.Decide))
    return see_other(".reviews")


@bp.page("/patients/<uuid:patient_id>/justified-access/<uuid:access_id>", Permission.ACCESS_REASON)
def why(patient_id: UUID, access_id: UUID) -> str:
    return _why(patient_id, access_id)


@bp.act("/patients/<uuid:patient_id>/justified-access/<uuid:access_id>/told", Permission.ACCESS_REASON)
def tell(patient_id: UUID, access_id: UUID) -> Response:
    Reviews(current_work()).tell(patient_id, access_id, **form_body(schemas.Tell))
    return see_other(".reviews")


@bp.page("/patients/<uuid:patient_id>/justified-access/<uuid:access_id>/letter", Permission.ACCESS_REASON)
def letter(patient_id: UUID, access_id: UUID) -> Response:
    """What the patient is told, on paper. The name of the file says nothing of her."""
    work, language = current_work(), query_body(schemas.Letter)["language"]
    filled = notice_page(work, Reviews(work).why(patient_id, access_id), language)
    work.conclude()
    headers = {"Content-Disposition": "inline; filename=brev.pdf"}
    return Response(pdf(template(), filled, work.now, work.shield), mimetype="application/pdf", headers=headers)


@bp.page("/justified-access/settings", Permission.ACCESS_MANAGE)
def settings() -> str:
    return _settings(None)


@bp.act("/justified-access/settings", Permission.ACCESS_MANAGE)
def propose() -> Response:
    JustifiedSettings(current_work()).propose(**form_body(schemas.ChooseLimits))
    return see_other(".settings")


@bp.errorhandler(Invalid)
@bp.errorhandler(Conflict)
@bp.errorhandler(TooMany)
def draw_again(error: Invalid | Conflict | TooMany) -> tuple[str, int] | Response:
    """The same page with what was typed and why it was not done. Redrawing opens no chart."""
    if request.endpoint == "justified.tell":
        return _why(**request.view_args or {}, error=error), error.status
    if request.endpoint == "justified.propose":
        return _settings(error), error.status
    if request.endpoint == "justified.decide":
        return _reviews(error), error.status
    if request.endpoint != "justified.open":
        return errors.answer(error)
    problem = errors.shown(NoGround())
    return render_template("refused.html", problem=problem, typed=typed(), **_after(error)), error.status


def review_notice(work: Work) -> Notice | None:
    """For the front page of a leader: somebody opened a chart with a reason."""
    if not work.actor.may(Permission.ACCESS_REVIEW) or not (waiting := Reviews(work).waiting()):
        return None
    said = ngettext(
        "%(num)s begrunnet tilgang venter på at du går gjennom den.",
        "%(num)s begrunnede tilganger venter på at du går gjennom dem.",
        waiting,
    )
    return Notice(said, url_for("justified.reviews"), _("Gå gjennom"))


def _reviews(error: JournalError | None) -> str:
    work = current_work()
    found = Reviews(work).queue()
    elsewhere = Reviews(work).elsewhere() if work.actor.may(Permission.AUDIT_READ) else []
    return render(
        "access/reviews.html",
        waiting=[one for one in found if one.waits],
        settled=[one for one in found if not one.waits],
        elsewhere=elsewhere,
        told=rules.TOLD,
        may_see_why=work.actor.may(Permission.ACCESS_REASON),
        reads_log=work.actor.may(Permission.AUDIT_READ),
        **_words(),
        **_after(error),
    )


def _why(patient_id: UUID, access_id: UUID, error: JournalError | None = None) -> str:
    found = Reviews(current_work()).why(patient_id, access_id)
    return render("access/why.html", found=found, told=rules.TOLD, languages=LANGUAGES, **_words(), **_after(error))


@cache
def template() -> bytes:
    return (resources.files("journal.access") / "data/notice.typ").read_bytes()


def _settings(error: JournalError | None) -> str:
    settings = JustifiedSettings(current_work())
    chosen = settings.chosen()
    values = asdict(chosen) | (typed() if error else {}) | {"version": chosen.version}
    return render(
        "access/justified_settings.html",
        chosen=chosen,
        typed=values,
        alone=is_alone(settings),
        waiting=sum(one.waits for one in settings.changes()),
        **_after(error),
    )


def _words() -> dict[str, Any]:
    return {"reasons": rules.TEXTS, "kinds": rules.KINDS, "outcomes": rules.OUTCOMES}


def _after(error: JournalError | None) -> dict[str, Any]:
    invalid = {name: said[0] for name, said in error.errors.items()} if isinstance(error, Invalid) else {}
    return {"errors": invalid, "said": error.detail if error else ""}
