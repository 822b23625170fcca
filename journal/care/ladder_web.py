"""The page of a visit that nobody answers: one thing to do next, the numbers to call, and what has been done."""

from collections.abc import Mapping
from typing import Any, NamedTuple
from uuid import UUID

from flask import request
from werkzeug.wrappers import Response

from journal.care import ladder_rules as rules
from journal.care import ladder_schemas as schemas
from journal.care.ladder_rules import Outcome, Step
from journal.care.raising import TOLD
from journal.care.service import Care, Ladder, LadderChoice
from journal.patients import Patients
from journal.permissions import Permission
from journal.platform.errors import Conflict, Invalid
from journal.platform.language import gettext as _
from journal.web import Section, current_work, form_body, render, see_other, typed
from journal.web.shell import MenuEntry

bp = Section("no_answer", __name__)
MENU = MenuEntry("no_answer.settings", "clock", "Når ingen åpner", Permission.CARE_APPOINT, seldom=True)
_PAGE = "/patients/<uuid:patient_id>/no-answer"
_NOTHING: Mapping[str, Any] = {}
_EMERGENCY = "113"


class Number(NamedTuple):
    """Whom to call: who it is, the number as it was written, and as a telephone takes it."""

    who: str
    number: str

    @property
    def url(self) -> str:
        return f"tel:{self.number.replace(' ', '')}"


class Choice(NamedTuple):
    """A button: what is sent, and what it says."""

    did: str
    text: str


class StepForm(NamedTuple):
    """A step that can be taken: what to do, whom to call, and a button for each thing that may come of it."""

    step: Step
    text: str
    numbers: list[Number]
    choices: list[Choice]


@bp.page(_PAGE, Permission.CARE_READ)
def ladder(patient_id: UUID) -> str:
    return _page(patient_id)


@bp.act(_PAGE, Permission.CARE_WRITE)
def start(patient_id: UUID) -> Response:
    Care(current_work()).start_ladder(patient_id, **form_body(schemas.StartLadder))
    return see_other(".ladder", patient_id=patient_id)


@bp.act(f"{_PAGE}/<uuid:ladder_id>/step", Permission.CARE_WRITE)
def take_step(patient_id: UUID, ladder_id: UUID) -> Response:
    Care(current_work()).take_step(patient_id, ladder_id, **form_body(schemas.TakeStep))
    return see_other(".ladder", patient_id=patient_id)


@bp.act(f"{_PAGE}/<uuid:ladder_id>/end", Permission.CARE_WRITE)
def end(patient_id: UUID, ladder_id: UUID) -> Response:
    Care(current_work()).end_ladder(patient_id, ladder_id, **form_body(schemas.EndLadder))
    return see_other(".ladder", patient_id=patient_id)


@bp.page("/no-answer/settings", Permission.CARE_APPOINT)
def settings() -> str:
    return _settings(None)


@bp.act("/no-answer/settings", Permission.CARE_APPOINT)
def choose() -> Response:
    Care(current_work()).choose_ladder(**form_body(schemas.ChooseLadder))
    return see_other(".settings")


@bp.errorhandler(Invalid)
@bp.errorhandler(Conflict)
def draw_again(error: Invalid | Conflict) -> tuple[str, int]:
    """The same page as it stands now, with what was typed and why it was not stored."""
    args = request.view_args or {}
    return (_page(args["patient_id"], error) if "patient_id" in args else _settings(error)), error.status


def _page(patient_id: UUID, error: Invalid | Conflict | None = None) -> str:
    work = current_work()
    care = Care(work)
    found = care.ladders(patient_id)
    running = next((one for one in found if one.running), None)
    told = [TOLD[how_far] for how_far in care.told(patient_id).values()] if running else []
    after_hospital = care.not_waited_for(patient_id) if running else None
    return render(
        "care/no_answer.html",
        patient_id=patient_id,
        banner_of=Patients(work).banner(patient_id),
        running=running,
        clock=rules.clock_text(running.next.due_at, work.now) if running else "",
        over=running is not None and running.next.due_at < work.now,
        told=told,
        steps=_forms(patient_id, running, care.ladder_choice()) if running else {},
        refused=None if running else care.not_waited_for(patient_id),
        elsewhere=after_hospital,
        earlier=[one for one in found if not one.running],
        endings=list(rules.ENDINGS.items()),
        may_write=work.actor.may(Permission.CARE_WRITE),
        **_after(error),
    )


def _after(error: Invalid | Conflict | None) -> dict[str, Any]:
    errors = {name: said[0] for name, said in error.errors.items()} if isinstance(error, Invalid) else {}
    said = _("Vi fikk ikke lagret. %(why)s", why=error.detail) if error and error.detail else ""
    return {"errors": errors, "said": said, "typed": typed() if error else _NOTHING}


def _forms(patient_id: UUID, running: Ladder, choice: LadderChoice) -> dict[Step, StepForm]:
    """Every step with its numbers. The next of kin's are shown here, in the opened chart, and nowhere else of care."""
    patients = Patients(current_work())
    phone = patients.person(patient_id).contact.phone
    kin = [one for one in patients.related_persons(patient_id) if one.phone]
    numbers = {
        Step.CALL_PATIENT: [Number(_("Pasienten"), phone)] if phone else [],
        Step.CALL_KIN: [
            Number(f"{one.name}{f', {one.relation}' if one.relation else ''}", one.phone or "") for one in kin
        ],
        Step.CALL_NURSE: [Number(_("Ansvarlig sykepleier"), choice.nurse_phone)] if choice.nurse_phone else [],
        Step.CALL_113: [Number(_("Medisinsk nødtelefon"), _EMERGENCY)],
    }
    return {
        step: StepForm(
            step,
            running.next.text if step is running.next.step else rules.TO_DO[step],
            numbers.get(step, []),
            [Choice(f"{step}.{Outcome(outcome)}", text) for outcome, text in outcomes.items()],
        )
        for step, outcomes in rules.OUTCOMES.items()
    }


def _settings(error: Invalid | Conflict | None) -> str:
    work = current_work()
    choice = Care(work).ladder_choice()
    stored = {step.value: minutes for step, minutes in choice.minutes.items()} | {"nurse_phone": choice.nurse_phone}
    after = _after(error)
    return render(
        "care/no_answer_settings.html",
        unit=work.actor.unit_name,
        choice=choice,
        steps=[(step.value, rules.TO_DO[step]) for step in choice.minutes],
        **(after | {"typed": stored | dict(after["typed"])}),
    )
