"""Services granted, stays, tasks and incidents: what gives a unit its ground, and what it has to do."""

from journal.care.dispenser_rules import DispenserTask
from journal.care.raising import TOLD, is_told
from journal.care.rules import (
    ALONE_CHECKED,
    ALONE_UNDONE,
    BACK_FROM_LEAVE,
    BAG_TO_REPLACE,
    LAID_IN_UNACCOUNTED,
    LOST_PATCH,
    SERVICES,
    WITHDRAWAL_MISSING,
    Against,
    FollowUp,
    ForPrescriber,
    NotGiven,
    opioid_alarm,
)
from journal.care.service import Account, Care, ClosedTask, GrantedService, Incident, Stay, Whereabouts

__all__ = [
    "ALONE_CHECKED",
    "ALONE_UNDONE",
    "BACK_FROM_LEAVE",
    "BAG_TO_REPLACE",
    "LAID_IN_UNACCOUNTED",
    "LOST_PATCH",
    "SERVICES",
    "TOLD",
    "WITHDRAWAL_MISSING",
    "Account",
    "Against",
    "Care",
    "ClosedTask",
    "DispenserTask",
    "FollowUp",
    "ForPrescriber",
    "GrantedService",
    "Incident",
    "NotGiven",
    "Stay",
    "Whereabouts",
    "is_told",
    "opioid_alarm",
]
