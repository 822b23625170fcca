"""The tenants: municipalities, their units, staff and roles, and how one joins."""

from journal.municipalities.directory import KnownMunicipality, municipalities
from journal.municipalities.role_rules import CAN_DO, PROVES_NUMBER
from journal.municipalities.second import Answering, Asked, Proposing, is_alone, partner
from journal.municipalities.service import Employee, Municipalities, StaffMember, UnitNode

__all__ = [
    "CAN_DO",
    "PROVES_NUMBER",
    "Answering",
    "Asked",
    "Employee",
    "KnownMunicipality",
    "Municipalities",
    "Proposing",
    "StaffMember",
    "UnitNode",
    "is_alone",
    "municipalities",
    "partner",
]
