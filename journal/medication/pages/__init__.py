"""The round as its page shows it: which hours, which patients, and the cards of the one that is chosen."""

from journal.medication.pages.alerts import BETWEEN, Judged, judged, marks
from journal.medication.pages.card import (
    REASONS,
    Card,
    Trouble,
    Value,
    asked,
    asked_of,
    card,
    confirmations,
    last_of,
    value_of,
)
from journal.medication.pages.round import Period, chosen_slot, counts, in_pane, patient_rows, shown_rows, slots

__all__ = [
    "BETWEEN",
    "REASONS",
    "Card",
    "Judged",
    "Period",
    "Trouble",
    "Value",
    "asked",
    "asked_of",
    "card",
    "chosen_slot",
    "confirmations",
    "counts",
    "in_pane",
    "judged",
    "last_of",
    "marks",
    "patient_rows",
    "shown_rows",
    "slots",
    "value_of",
]
