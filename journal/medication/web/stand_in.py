"""How long an order by word of mouth may stand unsigned in the unit, and who stands in at which hour."""

from typing import Any

from flask import url_for
from werkzeug.wrappers import Response

from journal.medication import order_schemas, rota_form
from journal.medication.pages import rota
from journal.medication.rules.rota import in_words, rows_of
from journal.medication.service import Medication
from journal.medication.web.section import Refused, bp, draws_again
from journal.permissions import Permission
from journal.platform.language import gettext as _
from journal.platform.work import Work
from journal.web import Notice, current_work, form_body, render, see_other
from journal.web.shell import MenuEntry

MENU = MenuEntry("medication.stand_in", "clock", "Frist for signering", Permission.MEDICATION_APPOINT, seldom=True)

MOST_SAID = 3
"""So many hours without anybody are named on the front page; the page itself shows them all."""


@bp.page("/signing/stand-in", Permission.MEDICATION_APPOINT)
def stand_in() -> str:
    return _stand_in()


@bp.act("/signing/stand-in", Permission.MEDICATION_APPOINT)
def choose_signing_rule() -> Response:
    form = form_body(order_schemas.ChooseSigningRule)
    said = {name: form[name] for name in ("version", "within_hours", "stand_in_id")}
    Medication(current_work()).choose_signing_rule(**said, rows=rota_form.rows_from(form))
    return see_other(".stand_in")


def notice(work: Work) -> Notice | None:
    """For the front page of who can mend it: the units where nobody stands in. None for everybody else, and where all is well."""
    if not work.actor.may(Permission.MEDICATION_APPOINT):
        return None
    gaps = Medication(work).stand_in_gaps()
    said = [
        _(
            "Ingen er stedfortreder for %(unit)s %(hours)s. Muntlige ordinasjoner som ikke er signert i tide, ligger da hos alle"
            " leger i enheten.",
            unit=gap.unit,
            hours=in_words(gap.hours[:MOST_SAID]),
        )
        for gap in gaps
        if gap.hours
    ]
    said += [
        _(
            "%(names)s står i vaktplanen for stedfortreder i %(unit)s, men arbeider ikke lenger som lege i kommunen.",
            names=", ".join(gap.left),
            unit=gap.unit,
        )
        for gap in gaps
        if gap.left
    ]
    return Notice(" ".join(said), url_for("medication.stand_in"), _("Velg en stedfortreder")) if said else None


@draws_again("choose_signing_rule")
def _refused(refusal: Refused) -> str:
    return _stand_in(errors=refusal.errors, typed=refusal.typed, said=refusal.error.detail)


def _stand_in(**more: Any) -> str:
    work = current_work()
    medication = Medication(work)
    rule, week = medication.signing_rule(), medication.week_of_stand_ins()
    own = week.rotas[0]
    now = {"within_hours": rule.within_hours, "stand_in_id": own.otherwise or ""}
    unsigned, overdue = medication.unsigned_count()
    form = {"errors": {}, "typed": now | rota_form.typed_of(rows_of(own.windows)), "said": None} | more
    return render(
        "medication/stand_in.html",
        unit=work.actor.unit_name,
        rule=rule,
        week=week,
        open_hours=in_words(week.open) if week.open else "",
        picture=rota.picture(week),
        hours=rota.HOURS,
        days=rota.SHORT_DAYS,
        day_choices=rota_form.DAY_CHOICES,
        doctors=[(id, name) for id, name in week.names.items() if id in week.working],
        unsigned=unsigned,
        overdue=overdue,
        **form,
    )
