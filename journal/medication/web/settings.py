"""The municipality's own clock times and limits, and how old the catalogue may be."""

from typing import Any

from werkzeug.wrappers import Response

from journal.medication import critical_forms, door_forms, keeping_schemas, schemas, source_forms
from journal.medication.rules import TIMES_OF_DAY, DoseSettings
from journal.medication.service import Medication
from journal.medication.web.section import Refused, bp, draws_again
from journal.permissions import Permission
from journal.platform.clock import norwegian_date
from journal.web import current_work, form_body, render, see_other
from journal.web.shell import MenuEntry

MENU = MenuEntry("medication.settings", "settings", "Innstillinger", Permission.MUNICIPALITIES_MANAGE, seldom=True)


@bp.page("/municipality/medication", Permission.MUNICIPALITIES_MANAGE)
def settings() -> str:
    return _settings()


@bp.act("/municipality/medication", Permission.MUNICIPALITIES_MANAGE)
def choose_settings() -> Response:
    form = form_body(schemas.ChooseSettings)
    chosen = schemas.settings_from(form)
    Medication(current_work()).choose_dose_settings(chosen, version=form["version"])
    return see_other(".settings")


@bp.act("/municipality/medication/catalogue", Permission.MUNICIPALITIES_MANAGE)
def choose_catalogue_age() -> Response:
    Medication(current_work()).choose_catalogue_age(**form_body(schemas.ChooseCatalogueAge))
    return see_other(".settings")


@bp.act("/municipality/medication/door", Permission.MUNICIPALITIES_MANAGE)
def choose_door_hours() -> Response:
    Medication(current_work()).choose_door_hours(**form_body(door_forms.ChooseDoorHours))
    return see_other(".settings")


@bp.act("/municipality/medication/reviews", Permission.MUNICIPALITIES_MANAGE)
def choose_review_limit() -> Response:
    Medication(current_work()).choose_review_limit(**form_body(source_forms.ChooseReviewLimit))
    return see_other(".settings")


@bp.act("/municipality/medication/ledger", Permission.MUNICIPALITIES_MANAGE)
def choose_ledger() -> Response:
    Medication(current_work()).choose_ledger(**form_body(keeping_schemas.ChooseLedger))
    return see_other(".settings")


@bp.act("/municipality/medication/critical", Permission.MUNICIPALITIES_MANAGE)
def choose_critical() -> Response:
    Medication(current_work()).choose_critical(**form_body(critical_forms.ChooseCritical))
    return see_other(".settings")


def _settings(**more: Any) -> str:
    medication = Medication(current_work())
    choices = medication.dose_settings()
    now = schemas.settings_typed(choices[0].settings if choices else DoseSettings())
    words = [(at.name.lower(), word) for at, word in TIMES_OF_DAY.items()]
    form = {"errors": {}, "typed": now, "said": None} | more
    shown = {"choices": choices, "times": words, "describe": schemas.settings_typed, "day": norwegian_date}
    shown |= {
        "age": medication.catalogue_age(),
        "door": medication.door_choice(),
        "review": medication.review_limit(),
        "ledger": medication.ledger_choice(),
        "critical": medication.critical_choice(),
    }
    return render("medication/settings.html", **shown, **form)


@draws_again("choose_settings")
def _settings_refused(refusal: Refused) -> str:
    return _settings(errors=refusal.errors, typed=refusal.typed, said=refusal.error.detail)


@draws_again("choose_catalogue_age")
def _age_refused(refusal: Refused) -> str:
    return _settings(errors=refusal.errors, most_days=refusal.typed.get("most_days"), said=refusal.error.detail)


@draws_again("choose_door_hours")
def _door_refused(refusal: Refused) -> str:
    return _settings(errors=refusal.errors, within_hours=refusal.typed.get("within_hours"), said=refusal.error.detail)


@draws_again("choose_ledger")
def _ledger_refused(refusal: Refused) -> str:
    return _settings(errors=refusal.errors, said=refusal.error.detail)


@draws_again("choose_review_limit")
def _limit_refused(refusal: Refused) -> str:
    return _settings(errors=refusal.errors, most_months=refusal.typed.get("most_months"), said=refusal.error.detail)


@draws_again("choose_critical")
def _critical_refused(refusal: Refused) -> str:
    return _settings(errors=refusal.errors, atc_codes=refusal.typed.get("atc_codes"), said=refusal.error.detail)
