"""What the pages of this context share: the section, and how a page is drawn again when what came from it is refused."""

from collections.abc import Callable
from typing import Any, TypeVar

from flask import request

from journal.patients.service import Patients
from journal.permissions import Permission
from journal.platform.errors import Conflict, Invalid
from journal.platform.language import gettext as _
from journal.web import Section, current_work

bp = Section("patients", "journal.patients")

Refusal = Invalid | Conflict
Page = TypeVar("Page", bound=Callable[..., str])
_PAGES: dict[str, Callable[..., str]] = {}


def page_of(*acts: str) -> Callable[[Page], Page]:
    """The page with the forms of these acts. It takes patient_id, where there is one, and *error*."""

    def remember(page: Page) -> Page:
        _PAGES.update(dict.fromkeys(acts, page))
        return page

    return remember


@bp.errorhandler(Invalid)
@bp.errorhandler(Conflict)
def draw_again(error: Refusal) -> tuple[str, int]:
    """The same page with what was typed, a sentence at each field, and what others have done in the meantime."""
    patient = {name: value for name, value in (request.view_args or {}).items() if name == "patient_id"}
    return _PAGES[act()](**patient, error=error), error.status


def act() -> str:
    """The name of the view that was asked for."""
    return (request.endpoint or "").removeprefix("patients.")


def patients() -> Patients:
    return Patients(current_work())


def told(error: Refusal | None) -> dict[str, Any]:
    """What every page is drawn with. After an error: what was typed and is wrong, for the form it was typed in.

    *form* is the name of its view, *form_id* the entry, number or link it is about, where a page has several.
    """
    errors = error.errors if isinstance(error, Invalid) else {}
    args = request.view_args or {}
    return {
        "may_write": current_work().actor.may(Permission.PATIENTS_WRITE),
        "form": act() if error else "",
        "form_id": next((value for name, value in args.items() if name != "patient_id"), None) if error else None,
        "typed": request.form.to_dict() if error else {},
        "errors": {field: sentences[0] for field, sentences in errors.items()},
        "said": _("Vi fikk ikke lagret. %(why)s", why=error.detail) if error and error.detail else "",
    }
