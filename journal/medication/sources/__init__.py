"""Lists of medicines that others have written: read from their messages into one plain shape. Nothing here is in use."""

from journal.medication.sources.entries import (
    LISTS,
    SOURCE_NAMES,
    BrokenSource,
    SourceDocument,
    SourceEntry,
    SourceKind,
)
from journal.medication.sources.reader import LARGEST, read
from journal.medication.sources.told import TOLD, WHO_TOLD, told_entries

__all__ = [
    "LARGEST",
    "LISTS",
    "SOURCE_NAMES",
    "TOLD",
    "WHO_TOLD",
    "BrokenSource",
    "SourceDocument",
    "SourceEntry",
    "SourceKind",
    "read",
    "told_entries",
]
