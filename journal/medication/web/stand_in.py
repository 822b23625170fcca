"""How long an order by word of mouth may stand unsigned in the unit, and who stands in."""

from typing import Any

from flask import url_for
from werkzeug.wrappers import Response

from journal.medication import order_schemas
from journal.medication.service import Medication
from journal.medication.web.section import Refused, bp, draws_again
from journal.permissions import Permission
from journal.platform.language import gettext as _
from journal.platform.work import Work
from journal.web import Notice, current_work, form_body, render, see_other
from journal.web.shell import MenuEntry

MENU = MenuEntry("medication.stand_in", "clock", "Frist for signering", Permission.MEDICATION_APPOINT)


@bp.page("/signing/stand-in", Permission.MEDICATION_APPOINT)
def stand_in() -> str:
    return _stand_in()


@bp.act("/signing/stand-in", Permission.MEDICATION_APPOINT)
def choose_signing_rule() -> Response:
    Medication(current_work()).choose_signing_rule(**form_body(order_schemas.ChooseSigningRule))
    return see_other(".stand_in")


def notice(work: Work) -> Notice | None:
    """For the front page of who can mend it: the units where nobody stands in. None for everybody else, and where all is well."""
    if not work.actor.may(Permission.MEDICATION_APPOINT):
        return None
    if not (units := Medication(work).units_without_stand_in()):
        return None
    said = _(
        "Ingen er stedfortreder for %(units)s, på noen tid av døgnet. Muntlige ordinasjoner som ikke er signert i tide, ligger da"
        " hos alle leger i enheten.",
        units=", ".join(units),
    )
    return Notice(said, url_for("medication.stand_in"), _("Velg en stedfortreder"))


@draws_again("choose_signing_rule")
def _refused(refusal: Refused) -> str:
    return _stand_in(errors=refusal.errors, typed=refusal.typed, said=refusal.error.detail)


def _stand_in(**more: Any) -> str:
    work = current_work()
    medication = Medication(work)
    rule = medication.signing_rule()
    now = {"within_hours": rule.within_hours, "stand_in_id": rule.stand_in_id or ""}
    unsigned, overdue = medication.unsigned_count()
    shown = {"rule": rule, "doctors": medication.doctors(), "unsigned": unsigned, "overdue": overdue}
    form = {"errors": {}, "typed": now, "said": None} | more
    return render("medication/stand_in.html", unit=work.actor.unit_name, **shown, **form)
