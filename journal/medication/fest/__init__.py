"""Reads FEST, the national drug catalogue, from its message M30 (HIS 3020:2018), and product blocks of e-prescriptions.

The reader is pure: bytes in, frozen dataclasses out; no database, no clock, no network. A real file is some 100 MB, so
it is streamed: what is read is let go, and only the strengths and the names of brands are kept, since packages point to
them. `store` takes what is read into use.

FEST never changes an entry. A change is a new entry (a new `listing_id`) about the same thing (the same `fest_id`), and
the old one turns to withdrawn: one file may hold both. What is in use is what has an active entry. An entry may be
withdrawn without saying what it was about; then `fest_id` is empty and `listing_id` tells.
"""

from journal.medication.fest.elements import BrokenCatalogue
from journal.medication.fest.entries import (
    Amount,
    AuthorityWarning,
    CatalogueEntry,
    Coded,
    Entry,
    EntryKind,
    Ingredient,
    Interaction,
    InteractionNotAssessed,
    Reference,
    Strength,
    Substance,
    SubstanceGroup,
    SubstitutionGroup,
)
from journal.medication.fest.reader import read, read_all, read_interactions, read_product
from journal.medication.fest.stream import fetched_at

__all__ = [
    "Amount",
    "AuthorityWarning",
    "BrokenCatalogue",
    "CatalogueEntry",
    "Coded",
    "Entry",
    "EntryKind",
    "Ingredient",
    "Interaction",
    "InteractionNotAssessed",
    "Reference",
    "Strength",
    "Substance",
    "SubstanceGroup",
    "SubstitutionGroup",
    "fetched_at",
    "read",
    "read_all",
    "read_interactions",
    "read_product",
]
