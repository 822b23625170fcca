"""Medication: what the rest of the journal may ask about, or do to, a patient's medication."""

from journal.medication.service.administration import Administration
from journal.medication.service.beside import Beside
from journal.medication.service.catalogue import Catalogue, CatalogueHit, CatalogueHits, Imported, import_catalogue
from journal.medication.service.due import Due
from journal.medication.service.expected import Expected
from journal.medication.service.lists import Lists
from journal.medication.service.prescribing import Medicine, Prescribing
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


class Medication(Prescribing, Administration, Beside, Due, Lists, Expected, Catalogue, MunicipalSettings):
    """The use cases of medication, each guarded: orders, signatures, lists, doses to come, the catalogue, settings."""


__all__ = [
    "AsNeededMedicine",
    "CatalogueHit",
    "CatalogueHits",
    "Choice",
    "DueDose",
    "Imported",
    "Medication",
    "MedicationList",
    "Medicine",
    "MedicineInUse",
    "RequestVersion",
    "Signed",
    "WorklistRow",
    "import_catalogue",
]
