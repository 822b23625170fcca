"""Who the patient is: numbers, names, address, kin, linked records; allergies and flags; the banner; the search."""

from journal.patients.banner import Alerts, Banner, FlagView
from journal.patients.errors import AlreadyRegistered, PossibleDuplicate
from journal.patients.facts import AllergyRecorded, PatientRegistered
from journal.patients.listed import Listed
from journal.patients.person import Contact, NewPatient, Person, PersonIdentity
from journal.patients.rules import ALLERGY_TEXTS, Allergy, AllergyState, name_words
from journal.patients.service import Patients
from journal.patients.service.alerts import NewAllergy, NewFlag
from journal.patients.service.kin import NewRelative, Relative
from journal.patients.service.searching import Found, Hit

__all__ = [
    "ALLERGY_TEXTS",
    "Alerts",
    "Allergy",
    "AllergyRecorded",
    "AllergyState",
    "AlreadyRegistered",
    "Banner",
    "Contact",
    "FlagView",
    "Found",
    "Hit",
    "Listed",
    "NewAllergy",
    "NewFlag",
    "NewPatient",
    "NewRelative",
    "PatientRegistered",
    "Patients",
    "Person",
    "PersonIdentity",
    "PossibleDuplicate",
    "Relative",
    "name_words",
]
