"""A small drug catalogue for demo and tests: medicines used in municipal care, written out as a real FEST M30.

The medicines are real, so that the lists look right to those who work with them; packages, item numbers and ids are
made up and stable. It is no source for treating anybody. `data/mini_fest.csv` holds one medicine and form a line:

* strengths: `2,5 mg|5 mg` are two products, the most used first; `50 mg+12,5 mg` is one product of two substances;
* route and unit are empty where the form gives them;
* dose: `1@08,20` one at 08 and 20; `/ma` on Mondays, `/7d` each 7th day, `/3m` each 3rd month; `x7` a course of 7 days;
  `1?4` as needed, at most 4 times in 24 hours; `1!` once;
* flags: H high risk, T time-critical, V driving warning, K neither crush nor open, M may be crushed, O may be opened,
  D may be halved, S black triangle, X withdrawn, N interactions not assessed.
"""

from datetime import datetime
from typing import BinaryIO

from journal.medication.mini_fest import m30
from journal.medication.mini_fest.codes import Form
from journal.medication.mini_fest.table import (
    MiniInteraction,
    MiniMedicine,
    MiniProduct,
    MiniWarning,
    UsualDose,
    interactions,
    rows,
    warnings,
)

__all__ = [
    "Form",
    "MiniInteraction",
    "MiniMedicine",
    "MiniProduct",
    "MiniWarning",
    "UsualDose",
    "interactions",
    "rows",
    "warnings",
    "write",
]


def write(out: BinaryIO, *, fetched: datetime | None = None) -> None:
    """Write the catalogue as M30, version 2014-12-01; the same bytes each time. `fetched`: when it says that it was taken."""
    m30.write(out, rows(), interactions(), warnings(), fetched)
