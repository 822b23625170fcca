"""The ward's stock: what is low, what goes out of date, what to order; deliveries, counts and what is thrown away."""

from typing import Any
from uuid import UUID

from werkzeug.wrappers import Response

from journal.medication import stock_forms as forms
from journal.medication.rules.stock import KINDS, Expiry, State
from journal.medication.service import Medication
from journal.medication.web.section import Refused, bp, draws_again, item_of
from journal.permissions import Permission
from journal.web import current_work, form_body, query_body, render, see_other
from journal.web.shell import MenuEntry

MENU = MenuEntry("medication.stock", "import", "Lager", Permission.MEDICATION_READ, seldom=True)
_BLANK: dict[str, Any] = {"errors": {}, "typed": {}, "said": None}


@bp.page("/stock", Permission.MEDICATION_READ)
def stock() -> str:
    return _stock(**query_body(forms.StockQuery))


@bp.act("/stock", Permission.MEDICATION_KEEP)
def keep_in_stock() -> Response:
    form, medication = form_body(forms.KeepInStock), Medication(current_work())
    item_id = medication.keep_in_stock(medication.catalogue_item(form["item"]), form["lowest"])
    return see_other(".stock_line", item_id=item_id)


@bp.page("/stock/<uuid:item_id>", Permission.MEDICATION_READ)
def stock_line(item_id: UUID) -> str:
    return _line(item_id)


@bp.act("/stock/<uuid:item_id>/receive", Permission.MEDICATION_ADMINISTER)
def receive_stock(item_id: UUID) -> Response:
    Medication(current_work()).receive_stock(item_id, **form_body(forms.ReceiveStock))
    return see_other(".stock_line", item_id=item_id)


@bp.act("/stock/<uuid:item_id>/count", Permission.MEDICATION_ADMINISTER)
def count_stock(item_id: UUID) -> Response:
    Medication(current_work()).count_stock(item_id, **form_body(forms.CountStock))
    return see_other(".stock_line", item_id=item_id)


@bp.act("/stock/<uuid:item_id>/discard", Permission.MEDICATION_ADMINISTER)
def discard_stock(item_id: UUID) -> Response:
    Medication(current_work()).discard_stock(item_id, **form_body(forms.OfBatch))
    return see_other(".stock_line", item_id=item_id)


@bp.act("/stock/<uuid:item_id>/lowest", Permission.MEDICATION_KEEP)
def want_in_stock(item_id: UUID) -> Response:
    Medication(current_work()).want_in_stock(item_id, **form_body(forms.WantInStock))
    return see_other(".stock_line", item_id=item_id)


def _stock(*, q: str = "", item: UUID | None = None, **more: Any) -> str:
    medication, actor = Medication(current_work()), current_work().actor
    lines = medication.stock()
    return render(
        "medication/stock.html",
        lines=lines,
        to_count=[line for line in lines if line.state is State.COUNT_IT],
        low=[line for line in lines if line.state is State.LOW],
        expiring=[(line, batch, expiry) for line in lines for batch, expiry in line.batches if expiry],
        Expiry=Expiry,
        q=q,
        hit=medication.catalogue_item(item) if item else None,
        found=medication.search_catalogue(q) if q and not item else None,
        may_keep=actor.may(Permission.MEDICATION_KEEP),
        **(_BLANK | more),
    )


def _line(item_id: UUID, **more: Any) -> str:
    actor = current_work().actor
    line, moves = Medication(current_work()).stock_line(item_id)
    return render(
        "medication/stock_line.html",
        line=line,
        moves=moves,
        kinds=KINDS,
        State=State,
        Expiry=Expiry,
        may_give=actor.may(Permission.MEDICATION_ADMINISTER),
        may_keep=actor.may(Permission.MEDICATION_KEEP),
        **(_BLANK | more),
    )


def _again(refusal: Refused) -> dict[str, Any]:
    return {"errors": refusal.errors, "typed": refusal.typed, "said": refusal.said}


@draws_again("keep_in_stock")
def _stock_refused(refusal: Refused) -> str:
    return _stock(item=item_of(refusal.typed), **_again(refusal))


@draws_again("receive_stock", "count_stock", "discard_stock", "want_in_stock")
def _line_refused(refusal: Refused) -> str:
    """The page the form was on; the whole stock when the medicine is not in it."""
    item_id = refusal.where["item_id"]
    if all(line.id != item_id for line in Medication(current_work()).stock()):
        return _stock(said=refusal.said)
    return _line(item_id, **_again(refusal))
