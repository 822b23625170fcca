"""The account of controlled drugs: places, ledgers, the count, and what does not fit with the doses."""

from typing import Any
from uuid import UUID

from flask import request
from werkzeug.wrappers import Response

from journal.medication import keeping_schemas as schemas
from journal.medication.rules.ledger import BY_HAND, CAUSES, ENTRIES, PLACES, WASTES
from journal.medication.service import Medication
from journal.medication.web.section import Refused, bp, draws_again, item_of, page
from journal.permissions import Permission
from journal.web import current_work, form_body, query_body, render, see_other
from journal.web.shell import MenuEntry

MENU = MenuEntry("medication.keeping", "lock", "A- og B-regnskap", Permission.MEDICATION_READ)
_BLANK: dict[str, Any] = {"errors": {}, "typed": {}, "said": None}


@bp.page("/keeping", Permission.MEDICATION_READ)
def keeping() -> str:
    return _keeping()


@bp.act("/keeping", Permission.MEDICATION_KEEP)
def open_place() -> Response:
    place_id = Medication(current_work()).open_place(**form_body(schemas.OpenPlace))
    return see_other(".keeping_place", place_id=place_id)


@bp.page("/keeping/<uuid:place_id>", Permission.MEDICATION_READ)
def keeping_place(place_id: UUID) -> str:
    return _place(place_id, **query_body(schemas.PlaceQuery))


@bp.act("/keeping/<uuid:place_id>/ledgers", Permission.MEDICATION_ADMINISTER)
def start_ledger(place_id: UUID) -> Response:
    form, medication = form_body(schemas.StartLedger), Medication(current_work())
    medication.start_ledger(place_id, medication.catalogue_item(form["item"]), form["counted"])
    return see_other(".keeping_place", place_id=place_id)


@bp.act("/keeping/<uuid:place_id>/close", Permission.MEDICATION_KEEP)
def close_place(place_id: UUID) -> Response:
    Medication(current_work()).close_place(place_id)
    return see_other(".keeping")


@bp.page("/keeping/<uuid:place_id>/count", Permission.MEDICATION_READ)
def count_form(place_id: UUID) -> str:
    return _count(place_id)


@bp.act("/keeping/<uuid:place_id>/count", Permission.MEDICATION_ADMINISTER)
def count(place_id: UUID) -> Response:
    """Back to the list of what differs when something does, else to the place, which says when it was counted."""
    differ = Medication(current_work()).count(place_id, schemas.counted_of(form_body(schemas.Count)))
    return see_other(".keeping") if differ else see_other(".keeping_place", place_id=place_id)


@bp.page("/keeping/<uuid:place_id>/ledgers/<uuid:ledger_id>", Permission.MEDICATION_READ)
def ledger(place_id: UUID, ledger_id: UUID) -> str:
    return _ledger(place_id, ledger_id)


@bp.act("/keeping/<uuid:place_id>/ledgers/<uuid:ledger_id>", Permission.MEDICATION_ADMINISTER)
def enter(place_id: UUID, ledger_id: UUID) -> Response:
    Medication(current_work()).enter(place_id, ledger_id, **form_body(schemas.Enter))
    return see_other(".ledger", place_id=place_id, ledger_id=ledger_id)


@bp.act("/keeping/<uuid:place_id>/ledgers/<uuid:ledger_id>/take-back", Permission.MEDICATION_ADMINISTER)
def take_back(place_id: UUID, ledger_id: UUID) -> Response:
    Medication(current_work()).take_back(place_id, **form_body(schemas.OfEntry))
    return see_other(".ledger", place_id=place_id, ledger_id=ledger_id)


@bp.act("/keeping/<uuid:place_id>/witness", Permission.MEDICATION_ADMINISTER, fresh=True)
def witness_entry(place_id: UUID) -> Response:
    Medication(current_work()).witness_entry(place_id, **form_body(schemas.OfEntry))
    return see_other(".keeping")


@bp.act("/keeping/<uuid:place_id>/explain", Permission.MEDICATION_KEEP)
def explain_count(place_id: UUID) -> Response:
    Medication(current_work()).explain(place_id, **form_body(schemas.Explain))
    return see_other(".keeping")


@bp.page("/patients/<uuid:patient_id>/holding", Permission.MEDICATION_READ)
def holding(patient_id: UUID) -> str:
    """Her own controlled drugs in the unit's keeping."""
    return page("medication/holding.html", patient_id, place=Medication(current_work()).holding(patient_id))


@bp.act("/patients/<uuid:patient_id>/holding", Permission.MEDICATION_ADMINISTER)
def open_holding(patient_id: UUID) -> Response:
    return see_other(".keeping_place", place_id=Medication(current_work()).open_holding(patient_id))


@bp.page(
    "/patients/<uuid:patient_id>/administrations/<uuid:administration_id>/withdrawal", Permission.MEDICATION_ADMINISTER
)
def withdrawal(patient_id: UUID, administration_id: UUID) -> str:
    return _withdrawal(patient_id, administration_id)


@bp.act(
    "/patients/<uuid:patient_id>/administrations/<uuid:administration_id>/withdrawal",
    Permission.MEDICATION_ADMINISTER,
    fresh=True,
)
def withdraw_for(patient_id: UUID, administration_id: UUID) -> Response:
    said = form_body(schemas.WithdrawFor)
    Medication(current_work()).withdraw_for(patient_id, administration_id, said["ledger"])
    return see_other(".keeping")


@bp.act(
    "/patients/<uuid:patient_id>/administrations/<uuid:administration_id>/withdrawal/outside",
    Permission.MEDICATION_ADMINISTER,
    fresh=True,
)
def taken_outside(patient_id: UUID, administration_id: UUID) -> Response:
    Medication(current_work()).taken_outside(patient_id, administration_id)
    return see_other(".keeping")


def _keeping(**more: Any) -> str:
    medication, actor = Medication(current_work()), current_work().actor
    return render(
        "medication/keeping.html",
        places=medication.keeping_places(),
        kinds=PLACES.items(),
        differ=medication.unexplained_counts(),
        causes=CAUSES.items(),
        waiting=medication.awaiting_witness(),
        entries=ENTRIES,
        undosed=medication.withdrawals_without_dose(),
        unwithdrawn=medication.doses_without_withdrawal(),
        me=actor.person_id,
        may_give=actor.may(Permission.MEDICATION_ADMINISTER),
        may_keep=actor.may(Permission.MEDICATION_KEEP),
        **(_BLANK | more),
    )


def _place(place_id: UUID, *, q: str = "", item: UUID | None = None, **more: Any) -> str:
    medication, actor = Medication(current_work()), current_work().actor
    return render(
        "medication/keeping_place.html",
        place=medication.keeping_place(place_id),
        q=q,
        hit=medication.catalogue_item(item) if item else None,
        found=medication.search_catalogue(q) if q and not item else None,
        may_give=actor.may(Permission.MEDICATION_ADMINISTER),
        may_keep=actor.may(Permission.MEDICATION_KEEP),
        **(_BLANK | more),
    )


def _count(place_id: UUID, **more: Any) -> str:
    medication = Medication(current_work())
    expected = medication.ledger_choice().show_expected
    place = medication.keeping_place(place_id)
    return render("medication/count.html", place=place, expected=expected, **(_BLANK | more))


def _ledger(place_id: UUID, ledger_id: UUID, **more: Any) -> str:
    work = current_work()
    balance, entries = Medication(work).ledger(place_id, ledger_id)
    return render(
        "medication/ledger.html",
        place=Medication(work).keeping_place(place_id),
        balance=balance,
        lines=entries,
        entries=ENTRIES,
        kinds=[(kind.value, ENTRIES[kind]) for kind in BY_HAND],
        wastes=WASTES,
        causes=CAUSES,
        me=work.actor.person_id,
        may_give=work.actor.may(Permission.MEDICATION_ADMINISTER),
        **(_BLANK | more),
    )


def _withdrawal(patient_id: UUID, administration_id: UUID, said: str | None = None) -> str:
    dose = Medication(current_work()).to_withdraw(patient_id, administration_id)
    return page("medication/withdrawal.html", patient_id, dose=dose, said=said)


def _again(refusal: Refused) -> dict[str, Any]:
    return {"errors": refusal.errors, "typed": refusal.typed, "said": refusal.error.detail}


@draws_again("open_place", "witness_entry", "explain_count")
def _keeping_refused(refusal: Refused) -> str:
    return _keeping(**_again(refusal))


@draws_again("start_ledger", "close_place", "count", "enter", "take_back")
def _place_refused(refusal: Refused) -> str:
    """The page the form was on; the list of places when there is no such place any more."""
    place_id, act, again = refusal.where["place_id"], request.endpoint, _again(refusal)
    if all(place.id != place_id for place in Medication(current_work()).keeping_places()):
        return _keeping(said=refusal.said)
    if act == "medication.count":
        both = zip(refusal.typed.get("ledger[]", ()), refusal.typed.get("counted[]", ()), strict=False)
        return _count(place_id, **again | {"typed": dict(both)})
    if "ledger_id" in refusal.where:
        return _ledger(place_id, refusal.where["ledger_id"], **again)
    return _place(place_id, item=item_of(refusal.typed), **again)


@draws_again("withdraw_for")
def _withdrawal_refused(refusal: Refused) -> str:
    return _withdrawal(refusal.where["patient_id"], refusal.where["administration_id"], refusal.said)
