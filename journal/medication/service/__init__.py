"""Medication: what the rest of the journal may ask about, or do to, a patient's medication."""

from journal.medication.service.administration import Administration
from journal.medication.service.beside import Beside
from journal.medication.service.catalogue import Catalogue, CatalogueHit, CatalogueHits
from journal.medication.service.due import Due
from journal.medication.service.expected import Expected
from journal.medication.service.favourites import FavouriteDose, Favourites
from journal.medication.service.interactions import (
    Asked,
    Assessed,
    Facts,
    FoundInteraction,
    FoundWarning,
    Interactions,
    Side,
)
from journal.medication.service.judging import Answers
from journal.medication.service.lists import Lists
from journal.medication.service.medicine import Medicine
from journal.medication.service.pausing import Pause
from journal.medication.service.prescribing import Prescribing
from journal.medication.service.preview import Preview, Previewing
from journal.medication.service.procedures import OfProcedure, ProcedureList, Procedures
from journal.medication.service.reconciling import Reconciling
from journal.medication.service.renewing import Ending, EndingSoon, Renewal, Renewing
from journal.medication.service.settings import Choice, MunicipalSettings
from journal.medication.service.shown import (
    AsNeededMedicine,
    DueDose,
    MedicationList,
    MedicineInUse,
    RequestVersion,
    Signed,
    WorklistRow,
)
from journal.medication.service.sources import Reconciled, Source, SourceMedicine
from journal.medication.service.spans import OrderSpan, Outcome, SpanFact, Spans
from journal.medication.service.stand_in import SigningRule
from journal.medication.service.supply import Supplying
from journal.medication.service.verbal import Prescriber, Queue, Received, Verbal
from journal.medication.service.version import AgeChoice, CatalogueVersion, Version
from journal.medication.service.whole import Whole, WholeOrder


class Medication(
    Verbal,
    Renewing,
    Reconciling,
    Supplying,
    Procedures,
    Prescribing,
    Previewing,
    Favourites,
    Administration,
    Beside,
    Due,
    Lists,
    Spans,
    Whole,
    Expected,
    Assessed,
    Catalogue,
    Version,
    MunicipalSettings,
):
    """The use cases of medication, each guarded: orders, signatures, lists, doses to come, the catalogue, settings."""


__all__ = [
    "AgeChoice",
    "Answers",
    "AsNeededMedicine",
    "Asked",
    "CatalogueHit",
    "CatalogueHits",
    "CatalogueVersion",
    "Choice",
    "DueDose",
    "Ending",
    "EndingSoon",
    "Facts",
    "FavouriteDose",
    "FoundInteraction",
    "FoundWarning",
    "Interactions",
    "Medication",
    "MedicationList",
    "Medicine",
    "MedicineInUse",
    "OfProcedure",
    "OrderSpan",
    "Outcome",
    "Pause",
    "Prescriber",
    "Preview",
    "ProcedureList",
    "Queue",
    "Received",
    "Reconciled",
    "Renewal",
    "RequestVersion",
    "Side",
    "Signed",
    "SigningRule",
    "Source",
    "SourceMedicine",
    "SpanFact",
    "WholeOrder",
    "WorklistRow",
]
