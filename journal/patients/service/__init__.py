"""Patients: who the patient is, and what everybody must know before they act."""

from journal.patients.service.alerts import Alerting
from journal.patients.service.identity import Identity
from journal.patients.service.kin import Kinship
from journal.patients.service.links import Linking


class Patients(Identity, Alerting, Kinship, Linking):
    """What the rest of the journal may ask about, or do to, a patient's identity, kin, allergies, flags and links."""


__all__ = ["Patients"]
