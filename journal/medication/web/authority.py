"""Who may give in the unit: the register, and what each role carries in the municipality."""

from typing import Any
from uuid import UUID

from flask import url_for
from werkzeug.wrappers import Response

from journal.medication import authority_forms as forms
from journal.medication.pages import authority as shown
from journal.medication.pages.round import Period
from journal.medication.rules.authority import ACTS, CARRYING_ROLES, GIVING
from journal.medication.service import Medication, Member
from journal.medication.web.section import Refused, bp, draws_again
from journal.patients import Listed, Patients
from journal.permissions import Permission, Role
from journal.platform.clock import local_date, norwegian_date
from journal.platform.language import gettext as _
from journal.platform.language import ngettext
from journal.platform.work import Work
from journal.web import Notice, current_work, form_body, query_body, render, see_other
from journal.web.shell import MenuEntry, role_text

MENU = MenuEntry("medication.authorities", "person", "Fullmakter", Permission.MEDICATION_DELEGATE, seldom=True)


@bp.page("/authorities", Permission.MEDICATION_DELEGATE)
def authorities() -> str:
    """Who may do what in a unit, and the form for one of those who work there."""
    return _register(**query_body(forms.RegisterQuery))


@bp.act("/authorities/delegate", Permission.MEDICATION_DELEGATE)
def delegate() -> Response:
    form = form_body(forms.Delegate)
    Medication(current_work()).delegate(form["unit_id"], form["practitioner_id"], forms.delegation_from(form))
    return see_other(".authorities", unit=form["unit_id"])


@bp.act("/authorities/withdraw", Permission.MEDICATION_DELEGATE)
def withdraw_authority() -> Response:
    form = form_body(forms.Withdraw)
    unit_id = form.pop("unit_id")
    Medication(current_work()).withdraw_authority(unit_id, form.pop("practitioner_id"), form.pop("entry_id"), **form)
    return see_other(".authorities", unit=unit_id)


@bp.act("/authorities/shifts", Permission.MEDICATION_APPOINT)
def choose_shifts() -> Response:
    form = form_body(forms.ChooseShifts)
    unit_id = form.pop("unit_id")
    Medication(current_work()).choose_shifts(unit_id, form.pop("changes"), **form)
    return see_other(".authorities", unit=unit_id)


@bp.page("/municipality/authorities", Permission.MUNICIPALITIES_MANAGE)
def carried() -> str:
    """What each role carries by itself."""
    return _carried()


@bp.act("/municipality/authorities", Permission.MUNICIPALITIES_MANAGE)
def choose_carried() -> Response:
    form = form_body(forms.ChooseCarried)
    Medication(current_work()).choose_carried(forms.carried_from(form["carried"]), version=form["version"])
    return see_other(".carried")


def expiring_notice(work: Work) -> Notice | None:
    """For the front page of who can renew them: how many authorities end within 30 days, and when the first does."""
    if work.actor.role != Role.UNIT_MANAGER:
        return None
    found, first = Medication(work).expiring()
    if first is None:
        return None
    said = ngettext(
        "%(num)s fullmakt går ut innen 30 dager, %(day)s.",
        "%(num)s fullmakter går ut innen 30 dager, den første %(day)s.",
        found,
        day=norwegian_date(local_date(first)),
    )
    return Notice(said, url_for("medication.authorities"), _("Se hvilke og forny"))


@draws_again("delegate")
def _delegation_refused(refusal: Refused) -> str:
    return _drawn_again(refusal, named=refusal.typed.get("named") == "true", act="delegate")


@draws_again("withdraw_authority")
def _withdrawal_refused(refusal: Refused) -> str:
    return _drawn_again(refusal, act="withdraw")


@draws_again("choose_shifts")
def _shifts_refused(refusal: Refused) -> str:
    return _drawn_again(refusal, act="shifts")


@draws_again("choose_carried")
def _carried_refused(refusal: Refused) -> str:
    return _carried(said=refusal.said, ticked=refusal.typed.get("carried[]", []))


_ADDRESS = {"unit": "unit_id", "person": "practitioner_id", "entry": "entry_id"}


def _drawn_again(refusal: Refused, *, act: str, named: bool = False) -> str:
    ids = {name: _id(refusal.typed.get(field)) for name, field in _ADDRESS.items()}
    return _register(**ids, named=named, refusal=refusal, act=act)


def _id(text: str | None) -> UUID | None:
    try:
        return UUID(text or "")
    except ValueError:
        return None


def _register(
    unit: UUID | None,
    person: UUID | None,
    entry: UUID | None,
    named: bool,
    refusal: Refused | None = None,
    act: str = "delegate",
) -> str:
    """`act`: which of the forms was refused, where one was."""
    work = current_work()
    medication = Medication(work)
    units = medication.authority_units()
    chosen = unit or next((id for id, _name in units), work.actor.unit_id)
    members = medication.authorities(chosen)
    may = medication.may_delegate()
    form = _form(members, person, entry, named, refusal) if may and act == "delegate" else None
    context = {
        "units": units,
        "unit": chosen,
        "unit_name": dict(units).get(chosen, work.actor.unit_name),
        "columns": shown.columns(),
        "rows": shown.register_rows(members, work.now),
        "endings": shown.endings(members, work.now),
        "may": may,
        "me": work.actor.person_id,
        "may_choose": work.actor.may(Permission.MEDICATION_APPOINT),
        "shifts": (shifts := medication.shifts(chosen)),
        "changes": ", ".join(f"{at:%H.%M}" for at in shifts.changes),
        "wrong": act if refusal else None,
        "errors": refusal.errors if refusal else {},
        "said": refusal.said if refusal and not refusal.errors else None,
        "typed": refusal.typed if refusal else {},
    }
    return render("medication/authorities.html", **context, form=form)


def _form(
    members: list[Member], person: UUID | None, entry: UUID | None, named: bool, refusal: Refused | None
) -> dict[str, Any] | None:
    """What stands in the form for this person; None where nobody is chosen, or she may not be."""
    work = current_work()
    member = next((one for one in members if one.id == person and one.id != work.actor.person_id), None)
    if member is None:
        return None
    held = next((one for one in member.held if one.entry_id == entry), None)
    named = named or bool(held and held.patient_ids)
    return {
        "member": member,
        "entry": held.entry_id if held else None,
        "named": named,
        "patients": _patients(work) if named else [],
        "choices": shown.choices(may_let_delegate=work.actor.role == Role.UNIT_MANAGER and member.role == Role.NURSE),
        "typed": refusal.typed if refusal else shown.typed_of(held, work.now),
    }


def _patients(work: Work) -> list[tuple[UUID, Listed]]:
    """Those of the units one acts in, by name; asked for where an authority is for some of them alone."""
    period = Period.around(work.now)
    ids = [row.patient_id for row in Medication(work).worklist(start=period.start, end=period.end)]
    return sorted(Patients(work).listed(ids).items(), key=lambda one: (one[1].family_name, one[1].given_name))


def _carried(said: str | None = None, ticked: list[str] | None = None) -> str:
    now = Medication(current_work()).carried()
    usual = [f"{role}.{act.value}" for role, acts in now.by_role.items() for act in acts]
    return render(
        "medication/carried.html",
        now=now,
        roles=[(role, role_text(role)) for role in CARRYING_ROLES],
        acts=[(act.value, ACTS[act]) for act in GIVING],
        ticked=set(usual if ticked is None else ticked),
        said=said,
    )
