"""What was ordered and what happened, over time: the dose chart of a week, and the timeline."""

from collections.abc import Mapping
from datetime import date
from uuid import UUID

from flask import request

from journal.medication import pages, schemas
from journal.medication.rules import EACH_DOSE, SPANS, Week, date_ticks, day_heading, window_of
from journal.medication.service import Medication
from journal.medication.web.section import Refused, bp, draws_again, page
from journal.observations import Observations
from journal.patients import Patients
from journal.permissions import Permission
from journal.platform.clock import local_date, norwegian_date
from journal.platform.statement import together
from journal.web import current_work, query_body

_NOTHING: Mapping[str, str] = {}


@bp.page("/patients/<uuid:patient_id>/medication/chart", Permission.MEDICATION_READ)
def dose_chart(patient_id: UUID) -> str:
    """The week of a day; this week where no day is said."""
    return _dose_chart(patient_id, query_body(schemas.WeekQuery)["day"])


@draws_again("dose_chart")
def _no_such_day(refusal: Refused) -> str:
    """This week, with what was typed."""
    return _dose_chart(refusal.where["patient_id"], None, typed=request.args.get("day", ""), errors=refusal.errors)


def _dose_chart(patient_id: UUID, day: date | None, typed: str = "", errors: Mapping[str, str] = _NOTHING) -> str:
    work = current_work()
    today = local_date(work.now)
    week = Week.of(day or today)
    work.open(Permission.MEDICATION_READ, [patient_id])
    medication, span = Medication(work), {"start": week.start, "end": week.end}
    with together(work.db):
        orders = medication.ask_orders_between(patient_id, **span)
        doses = medication.ask_doses_due([patient_id], **span)
        facts = medication.ask_facts_between(patient_id, **span)
        banner = Patients(work).ask_banner(patient_id)
    rows = pages.week_rows(week, orders.answer(), doses.answer()[patient_id], facts.answer(), work.now)
    return page(
        "medication/dose_chart.html",
        patient_id,
        banner_of=banner.answer(),
        week=week,
        groups=rows,
        today=today,
        heading=pages.week_heading(week),
        days=[(day_heading(day), day == today) for day in week.days],
        previous=norwegian_date(week.previous.monday),
        following=norwegian_date(week.following.monday),
        typed=typed,
        errors=errors,
    )


@bp.page("/patients/<uuid:patient_id>/medication/timeline", Permission.MEDICATION_READ)
def timeline(patient_id: UUID) -> str:
    """Orders, doses and measurements of the last days on one picture."""
    work, days = current_work(), query_body(schemas.TimelineQuery)["days"]
    window = window_of(days, work.now)
    work.open(Permission.MEDICATION_READ, [patient_id])
    medication, span = Medication(work), {"start": window.start, "end": window.end}
    with together(work.db):
        orders = medication.ask_orders_between(patient_id, **span)
        outcomes = medication.ask_outcomes_between(patient_id, **span)
        facts = medication.ask_facts_between(patient_id, **span)
        series = Observations(work).ask_series(patient_id, days=days)
        banner = Patients(work).ask_banner(patient_id)
    return page(
        "medication/timeline.html",
        patient_id,
        banner_of=banner.answer(),
        days=days,
        spans=SPANS,
        by_day=days > EACH_DOSE,
        groups=pages.lanes(window, days, orders.answer(), outcomes.answer(), facts.answer()),
        curves=pages.curves(window, series.answer()),
        ticks=date_ticks(days, work.now),
        now_x=window.x(work.now),
    )
