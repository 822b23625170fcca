"""The medication round: what is due, and the signatures."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask import request
from werkzeug.wrappers import Response

from journal.access import people_beside
from journal.medication import pages, schemas
from journal.medication.rules import DoseStatus, Reason
from journal.medication.rules.authority import Act
from journal.medication.rules.patches import PATCH
from journal.medication.rules.since import MARKS
from journal.medication.service import Bag, ChangedOrder, DueDose, Medication
from journal.medication.web import near
from journal.medication.web.product import NONE_AT_HAND, AtHand, at_hand_of
from journal.medication.web.section import Refused, bp, draws_again, page, trouble
from journal.observations import Observations
from journal.patients import Patients
from journal.permissions import Permission
from journal.platform.language import phrase
from journal.platform.statement import together
from journal.web import current_work, form_body, query_body, render, see_other, wants_fragment
from journal.web.shell import MenuEntry

MENU = MenuEntry("medication.round", "pill", "Medisinrunde", Permission.MEDICATION_GIVE)


@bp.page("/round", Permission.MEDICATION_GIVE)
def round() -> str:
    """The medication round; for htmx the chosen patient's pane alone, and only her chart is opened."""
    asked = query_body(schemas.RoundQuery)
    return _round(asked["patient"], asked["slot"], at_hand={asked["dose"]: asked["scan"]})


def _round(patient_id: UUID | None, slot: str | None, wrong: pages.Trouble | None = None, **more: Any) -> str:
    work = current_work()
    medication, period = Medication(work), pages.Period.around(work.now)
    rows = medication.worklist(start=period.start, end=period.end)
    slot = pages.chosen_slot(rows, slot, work.now)
    of_slot = pages.patient_rows(rows, slot, patient_id)
    waiting = [p for p, row in of_slot.items() if row.late or row.ready or row.signed < row.total]
    chosen = patient_id or next(iter([*waiting, *of_slot]), None)
    whole, following = not wants_fragment(), _next(waiting, chosen)
    listed = list(of_slot) if whole else [p for p in (chosen, following) if p in of_slot]
    shown: list[Any] = []
    if chosen is not None:
        # At two times: PostgreSQL finds the doses while the many lines of the log are worked out.
        with together(work.db):
            due = medication.ask_doses_due([chosen], start=period.start, end=period.end)
        with together(work.db):
            people, banner = Patients(work).ask_listed(listed), Patients(work).ask_banner(chosen)
    context: dict[str, Any] = {
        "slot": slot,
        "counts": pages.counts(of_slot),
        "slots": pages.slots(rows, slot, work.now),
        "unknown": sum(row.unknown for row in rows),
        # Never silently left out: somebody else must see to them.
        "closed": [row.room for row in rows if row.withheld and not row.total],
        "since": pages.since_of(rows, work.now),
        "gives": work.actor.may(Permission.MEDICATION_ADMINISTER),
    }
    if chosen is not None:
        # Hardly anybody has one or the other: asked for those the worklist says so of, and who is on another unit's list.
        row = of_slot.get(chosen)
        bags = [] if row and not row.prepared else medication.bags(chosen, start=period.start, end=period.end)
        changed = medication.changed_since_last(chosen).orders if row and row.changed else ()
        context |= _pane(chosen, due.answer()[chosen], bags, slot, wrong, changed, **more)
        context |= {"banner_of": banner.answer(), "changed": pages.changes_of(changed, work.now)}
        context["undecided"] = [] if row and not row.undecided else medication.undecided(chosen)
        shown = pages.shown_rows([of_slot[p] for p in listed], people.answer(), slot, chosen)
    context |= {
        "crossing": of_slot[chosen].crossing if chosen in of_slot else None,
        "no_answer_since": of_slot[chosen].no_answer_since if chosen in of_slot else None,
        "patients": shown,
        "patient": chosen,
        "next": next((row for row in shown if row.patient_id == following), None),
    }
    return render("medication/round.html" if whole else "medication/_answer.html", **context)


def _pane(
    patient_id: UUID,
    doses: list[DueDose],
    bags: list[Bag],
    slot: str | None,
    wrong: pages.Trouble | None,
    changed: Sequence[ChangedOrder],
    at_hand: AtHand = NONE_AT_HAND,
) -> dict[str, Any]:
    work = current_work()
    may_sign, me = work.actor.may(Permission.MEDICATION_ADMINISTER), work.actor.person_id
    # Hardly any dose is held: asked for only where one is, and a student signs none of them.
    held = [dose.id for dose in doses if may_sign and dose.status is DoseStatus.UNRECONCILED]
    since = Medication(work).held_from(patient_id, held) if held else {}
    of_pane = pages.in_pane(pages.given_before(doses, since), slot, work.now)
    watched = None if may_sign else Medication(work).watched(patient_id, doses)
    ready = pages.bag_cards(
        bags,
        doses,
        of_pane,
        slot=slot,
        # Hardly any bag is outdated: asked for only where one is.
        taken_out_by=Medication(work).lacked_text(patient_id, {Act.TAKE_OUT})
        if may_sign and any(bag.outdated for bag in bags)
        else None,
        trouble=wrong,
        now=work.now,
    )
    whole = [dose for dose in of_pane if dose.id not in ready.covered]
    shown = pages.students_doses(whole, watched) if watched else whole
    codes = {code for dose in shown for code in pages.asked(dose)}
    latest = Observations(work).latest([patient_id], codes)[patient_id] if codes else {}
    has_patch = any(dose.amount.unit == PATCH and dose.can_sign for dose in shown)
    patches = Medication(work).ask_patches(patient_id).answer() if has_patch else {}
    others = _who_may(patient_id, shown)
    products = at_hand_of(patient_id, shown, slot, wrong, at_hand)
    prescribers = Medication(work).prescribers() if wrong and near.is_near(wrong) else None
    marks = {order.request_entry_id: MARKS[order.what] for order in changed if order.what in MARKS}
    # Only where something waits for it, on a device that is enrolled.
    beside = people_beside(work) if any(dose.awaits_witness for dose in shown) else ()
    cards = [
        pages.card(
            dose,
            slot=slot,
            person_id=me,
            may_sign=may_sign,
            latest=latest,
            patches=patches,
            trouble=wrong if wrong and wrong.dose_id in _about(dose) else None,
            may_be_given_by=others.get(dose.id),
            prescribers=prescribers,
            now=work.now,
            held_from=since.get(dose.id) if dose.can_sign else None,
            product=products.get(dose.id),
            changed=marks.get(dose.request_entry_id),
            beside=beside,
        )
        for dose in shown
    ]
    undo = ("undo_bag", "undo") if may_sign else ("undo_bag_supervised", "undo_supervised")
    last = pages.last_of_bag(bags, doses, me, slot, work.now, undo=undo[0]) or pages.last_of(
        doses, me, slot, work.now, undo=undo[1]
    )
    in_bags, asked = ready.cards, None
    if watched:
        cards = [pages.students_card(card, dose, watched, slot) for card, dose in zip(cards, shown, strict=True)]
        in_bags = tuple(pages.students_bag(bag, watched, patient_id, slot) for bag in ready.cards)
        last = last if watched.until else None
        on_screen = pages.on_screen(whole, doses, ready.cards)
        asked = pages.beside_fields(patient_id, on_screen, watched, people_beside(work), work.actor, slot)
    said = any(bag.error or bag.ask_now for bag in ready.cards)
    placed = {id for dose in shown for id in _about(dose)} | ({wrong.dose_id} if wrong and said else set())
    return {
        "cards": cards,
        "bags": in_bags,
        "reasons": pages.REASONS if may_sign else pages.REASONS_BESIDE,
        "bag_reasons": pages.BAG_REASONS,
        "last": last,
        "beside": asked,
        "trouble": wrong if wrong and wrong.dose_id not in placed else None,
    }


def _about(dose: DueDose) -> tuple[UUID, ...]:
    """What an act on its card may be about: the dose, or its signature."""
    return (dose.id, dose.signed.id) if dose.signed else (dose.id,)


def _who_may(patient_id: UUID, shown: list[DueDose]) -> dict[UUID, str]:
    """Who gives those of the doses that whoever asks has no authority for. No statement where she has it for all."""
    refused = [dose for dose in shown if dose.can_sign and dose.needs_other]
    work = current_work()
    if not refused or not work.actor.may(Permission.MEDICATION_ADMINISTER):
        return {}
    ids = tuple(work.ids(patient_id))
    said = Medication(work).who_may([(dose.needs_other, ids) for dose in refused])
    return {dose.id: names for dose, names in zip(refused, said, strict=True)}


def _next(waiting: list[UUID], chosen: UUID | None) -> UUID | None:
    after = waiting[waiting.index(chosen) + 1 :] if chosen in waiting else waiting
    return next((p for p in [*after, *waiting] if p != chosen), None)


def back_to(patient_id: UUID) -> Response:
    """Where an act on a dose was done: in the round, or among the medicines as needed."""
    if "as_needed" in request.args:
        return see_other(".as_needed", patient_id=patient_id)
    return see_other(".round", patient=patient_id, slot=query_body(schemas.InRound)["slot"])


@bp.act("/patients/<uuid:patient_id>/doses/<uuid:dose_id>/given", Permission.MEDICATION_ADMINISTER)
def given(patient_id: UUID, dose_id: UUID) -> Response:
    work = current_work()
    said = near.with_agreed(schemas.with_given_at(form_body(schemas.SignGiven), work.now), work.now)
    Medication(work).sign_given(patient_id, dose_id, **said)
    return back_to(patient_id)


@bp.act("/patients/<uuid:patient_id>/doses/<uuid:dose_id>/not-given", Permission.MEDICATION_ADMINISTER)
def not_given(patient_id: UUID, dose_id: UUID) -> Response:
    said = form_body(schemas.SignNotGiven)
    if said["reason"] is Reason.LAID_OUT:
        Medication(current_work()).lay_out(patient_id, dose_id, request_version=said["request_version"])
        return back_to(patient_id)
    Medication(current_work()).sign_not_given(patient_id, dose_id, text=said.pop("reason_text"), **said)
    return back_to(patient_id)


@bp.act("/patients/<uuid:patient_id>/doses/<uuid:dose_id>/also-given", Permission.MEDICATION_ADMINISTER)
def also_given(patient_id: UUID, dose_id: UUID) -> Response:
    Medication(current_work()).also_given(patient_id, dose_id, **form_body(schemas.AlsoGiven))
    return back_to(patient_id)


@bp.act(
    "/patients/<uuid:patient_id>/administrations/<uuid:administration_id>/witness",
    Permission.MEDICATION_ADMINISTER,
    fresh=True,
)
def witness(patient_id: UUID, administration_id: UUID) -> Response:
    form_body(schemas.Nothing)
    Medication(current_work()).witness(patient_id, administration_id)
    return back_to(patient_id)


@bp.act(
    "/patients/<uuid:patient_id>/administrations/<uuid:administration_id>/witness-beside",
    Permission.MEDICATION_ADMINISTER,
    beside=True,
)
def witness_beside(patient_id: UUID, administration_id: UUID) -> Response:
    """The second signature on the screen of the first: the Work is of who signs with her PIN, and so is everything it asks."""
    form_body(schemas.Nothing)
    Medication(current_work()).witness(patient_id, administration_id)
    return back_to(patient_id)


@bp.act("/patients/<uuid:patient_id>/administrations/<uuid:administration_id>/undo", Permission.MEDICATION_ADMINISTER)
def undo(patient_id: UUID, administration_id: UUID) -> Response:
    Medication(current_work()).correct(patient_id, administration_id, reason=phrase("Angret"))
    return back_to(patient_id)


@bp.act("/patients/<uuid:patient_id>/laid-out/<uuid:laying_id>/take-away", Permission.MEDICATION_ADMINISTER)
def take_away(patient_id: UUID, laying_id: UUID) -> Response:
    form_body(schemas.Nothing)
    Medication(current_work()).take_away(patient_id, laying_id, reason=phrase("Tatt bort"))
    return back_to(patient_id)


@bp.page(
    "/patients/<uuid:patient_id>/administrations/<uuid:administration_id>/correct", Permission.MEDICATION_ADMINISTER
)
def correct_form(patient_id: UUID, administration_id: UUID) -> str:
    slot = query_body(schemas.InRound)["slot"]
    return page(
        "medication/correct.html", patient_id, administration_id=administration_id, slot=slot, errors={}, typed={}
    )


@bp.act(
    "/patients/<uuid:patient_id>/administrations/<uuid:administration_id>/correct", Permission.MEDICATION_ADMINISTER
)
def correct(patient_id: UUID, administration_id: UUID) -> Response:
    Medication(current_work()).correct(patient_id, administration_id, **form_body(schemas.Correct))
    return back_to(patient_id)


@draws_again("give_bag", "not_give_bag", "all_but", "take_out", "give_up_bag", "undo_bag")
@draws_again("give_bag_supervised", "not_give_bag_supervised", "all_but_supervised", "undo_bag_supervised")
def _bag_refused(refusal: Refused) -> str:
    wrong = trouble(refusal.where["prepared_id"], refusal)
    return _round(refusal.where["patient_id"], request.args.get("slot"), wrong)


@draws_again("given", "not_given", "also_given", "witness", "witness_beside", "take_away")
def signature_refused(refusal: Refused) -> str:
    """The round again, with what was wrong on the card it was about."""
    where = refusal.where
    patient_id = where["patient_id"]
    wrong = trouble(where.get("dose_id") or where.get("administration_id", patient_id), refusal)
    return _round(patient_id, request.args.get("slot"), wrong)


@draws_again("correct")
def _correction_refused(refusal: Refused) -> str:
    return page(
        "medication/correct.html",
        refusal.where["patient_id"],
        administration_id=refusal.where["administration_id"],
        slot=request.args.get("slot"),
        errors=refusal.errors,
        typed=refusal.typed,
        said=refusal.said,
    )
