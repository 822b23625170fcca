"""The round as its page shows it: which hours, which patients, and the cards of the one that is chosen."""

from journal.medication.pages.alerts import BETWEEN, Judged, judged, marks
from journal.medication.pages.bags import BAG_REASONS, bag_cards, last_of_bag
from journal.medication.pages.card import (
    REASONS,
    Card,
    Trouble,
    Value,
    asked,
    asked_of,
    card,
    confirmations,
    hand_of,
    last_of,
    product_warnings,
    value_of,
)
from journal.medication.pages.door import crossing_said, door_lines
from journal.medication.pages.glucose import glucose_of
from journal.medication.pages.go_live import go_live, lines_checked
from journal.medication.pages.leave import leave_paper
from journal.medication.pages.paper import on_paper
from journal.medication.pages.patches import worn
from journal.medication.pages.product import ProductFields, product_fields
from journal.medication.pages.reconciling import comparison, last_reconciled, source_title, understood
from journal.medication.pages.round import (
    Period,
    chosen_slot,
    counts,
    given_before,
    in_pane,
    patient_rows,
    shown_rows,
    slots,
)
from journal.medication.pages.since import changes_of, since_of
from journal.medication.pages.supervised import (
    REASONS_BESIDE,
    beside_fields,
    on_screen,
    students_bag,
    students_card,
    students_doses,
)
from journal.medication.pages.supply import SupplyFields, supply_fields
from journal.medication.pages.timeline import curves, lanes
from journal.medication.pages.transfer import transfer_sheet
from journal.medication.pages.week import ChartRow, week_heading, week_rows

__all__ = [
    "BAG_REASONS",
    "BETWEEN",
    "REASONS",
    "REASONS_BESIDE",
    "Card",
    "ChartRow",
    "Judged",
    "Period",
    "ProductFields",
    "SupplyFields",
    "Trouble",
    "Value",
    "asked",
    "asked_of",
    "bag_cards",
    "beside_fields",
    "card",
    "changes_of",
    "chosen_slot",
    "comparison",
    "confirmations",
    "counts",
    "crossing_said",
    "curves",
    "door_lines",
    "given_before",
    "glucose_of",
    "go_live",
    "hand_of",
    "in_pane",
    "judged",
    "lanes",
    "last_of",
    "last_of_bag",
    "last_reconciled",
    "leave_paper",
    "lines_checked",
    "marks",
    "on_paper",
    "on_screen",
    "patient_rows",
    "product_fields",
    "product_warnings",
    "shown_rows",
    "since_of",
    "slots",
    "source_title",
    "students_bag",
    "students_card",
    "students_doses",
    "supply_fields",
    "transfer_sheet",
    "understood",
    "value_of",
    "week_heading",
    "week_rows",
    "worn",
]
