"""The tenants: municipalities, their units, staff and roles, and how one joins."""

from journal.municipalities.directory import KnownMunicipality, municipalities
from journal.municipalities.rules import ROLES_WITH_HPR
from journal.municipalities.service import Employee, Municipalities, StaffMember, UnitNode

__all__ = [
    "ROLES_WITH_HPR",
    "Employee",
    "KnownMunicipality",
    "Municipalities",
    "StaffMember",
    "UnitNode",
    "municipalities",
]
