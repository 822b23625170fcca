"""Medication: what the rest of the journal may ask about, or do to, a patient's medication."""

from journal.medication.service.administration import Administration
from journal.medication.service.alone import Alone, AloneDose, SigningAlone
from journal.medication.service.authority import Authorities, Delegation, Held, Member
from journal.medication.service.bags import Bags
from journal.medication.service.beside import Beside
from journal.medication.service.catalogue import Catalogue, CatalogueHit, CatalogueHits
from journal.medication.service.changed import ChangedOrder, ChangedSince, SinceLast
from journal.medication.service.critical_setting import CriticalChoice, CriticalSettings
from journal.medication.service.dispenser_shown import DeviceTold, DispenserSaid, PatientDispenser
from journal.medication.service.dispensers import Dispensers
from journal.medication.service.door import Door, ListAfterCrossing, WaitingLine
from journal.medication.service.door_setting import DoorChoice
from journal.medication.service.downtime import DowntimeEntry, Downtimes
from journal.medication.service.equal import EqualLine, EqualLines
from journal.medication.service.expected import Expected
from journal.medication.service.favourites import FavouriteDose, Favourites
from journal.medication.service.from_paper import FromPaper, Paper
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
from journal.medication.service.keeping import Balance, Entry, Keeping, Place
from journal.medication.service.laying_out import LayingOut
from journal.medication.service.leaves import ForLeave, Leaves, OpenLeave, SentMedicine
from journal.medication.service.lists import Lists
from journal.medication.service.medicine import Medicine
from journal.medication.service.opioids import Opioids
from journal.medication.service.overridden_stops import MonthOfStops, OverriddenStops
from journal.medication.service.own import OwnSignatures
from journal.medication.service.patches import NO_PATCHES, PatchesOf
from journal.medication.service.pausing import Pause
from journal.medication.service.prepared_shown import Bag, BagLine, PreparedThing
from journal.medication.service.preparing import ToLayIn
from journal.medication.service.prescribing import Prescribing
from journal.medication.service.preview import Preview, Previewing
from journal.medication.service.procedures import OfProcedure, ProcedureList, Procedures
from journal.medication.service.received import Prescriber, Queue, Received
from journal.medication.service.reconciling_ledger import LedgerChoice, ReconcilingLedger, ToWithdraw, Unmatched
from journal.medication.service.registry import ForRegistry, LackingMedicine
from journal.medication.service.renewing import Ending, EndingSoon, Renewal, Renewing
from journal.medication.service.reviewing import Review, ReviewDue, Reviewing
from journal.medication.service.rota import WeekOfStandIns
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
from journal.medication.service.stock import Stock, StockLine, StockMove
from journal.medication.service.supervised import Supervised, WatchedDoses
from journal.medication.service.supply import Supplying
from journal.medication.service.transfer import GivenAsNeeded, SheetLine, Transfer
from journal.medication.service.undecided import Undecided, UndecidedDose
from journal.medication.service.unsettled import Handed, Unsettled, UnsettledDose
from journal.medication.service.verbal_change import Given, Refusable, VerbalChanges
from journal.medication.service.version import AgeChoice, CatalogueVersion, Version
from journal.medication.service.whole import Whole, WholeOrder
from journal.medication.service.whole_given import WholeGiven, WhollyGiven
from journal.medication.service.without_order import Unordered, WithoutOrder


class Medication(
    VerbalChanges,
    Renewing,
    Door,
    EqualLines,
    Reviewing,
    Supplying,
    Procedures,
    Prescribing,
    Previewing,
    Favourites,
    Dispensers,
    Supervised,
    Bags,
    Paper,
    Downtimes,
    Administration,
    LayingOut,
    Leaves,
    SigningAlone,
    Stock,
    Keeping,
    ReconcilingLedger,
    Opioids,
    Beside,
    WithoutOrder,
    Unsettled,
    Undecided,
    Lists,
    ChangedSince,
    Spans,
    Whole,
    WhollyGiven,
    ForRegistry,
    Transfer,
    Expected,
    Assessed,
    Catalogue,
    Version,
    MunicipalSettings,
    CriticalSettings,
    OverriddenStops,
    Authorities,
):
    """The use cases of medication, each guarded: orders, signatures, lists, doses to come, the catalogue, settings."""


__all__ = [
    "NO_PATCHES",
    "AgeChoice",
    "Alone",
    "AloneDose",
    "Answers",
    "AsNeededMedicine",
    "Asked",
    "Bag",
    "BagLine",
    "Balance",
    "CatalogueHit",
    "CatalogueHits",
    "CatalogueVersion",
    "ChangedOrder",
    "Choice",
    "CriticalChoice",
    "Delegation",
    "DeviceTold",
    "DispenserSaid",
    "DoorChoice",
    "DowntimeEntry",
    "DueDose",
    "Ending",
    "EndingSoon",
    "Entry",
    "EqualLine",
    "Facts",
    "FavouriteDose",
    "ForLeave",
    "FoundInteraction",
    "FoundWarning",
    "FromPaper",
    "Given",
    "GivenAsNeeded",
    "Handed",
    "Held",
    "Interactions",
    "LackingMedicine",
    "LedgerChoice",
    "ListAfterCrossing",
    "Medication",
    "MedicationList",
    "Medicine",
    "MedicineInUse",
    "Member",
    "MonthOfStops",
    "OfProcedure",
    "OpenLeave",
    "OrderSpan",
    "Outcome",
    "OwnSignatures",
    "PatchesOf",
    "PatientDispenser",
    "Pause",
    "Place",
    "PreparedThing",
    "Prescriber",
    "Preview",
    "ProcedureList",
    "Queue",
    "Received",
    "Reconciled",
    "Refusable",
    "Renewal",
    "RequestVersion",
    "Review",
    "ReviewDue",
    "SentMedicine",
    "SheetLine",
    "Side",
    "Signed",
    "SigningRule",
    "SinceLast",
    "Source",
    "SourceMedicine",
    "SpanFact",
    "StockLine",
    "StockMove",
    "ToLayIn",
    "ToWithdraw",
    "UndecidedDose",
    "Unmatched",
    "Unordered",
    "UnsettledDose",
    "WaitingLine",
    "WatchedDoses",
    "WeekOfStandIns",
    "WholeGiven",
    "WholeOrder",
    "WorklistRow",
]
