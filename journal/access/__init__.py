"""Who may: sessions, care relationships, restrictions, and the gate that decides per patient and permission."""

from journal.access.gate import AccessGate
from journal.access.restricting import AskedFor, Restrictions
from journal.access.restriction_rules import PARTS
from journal.access.restriction_tables import RestrictionRow
from journal.access.service import CareRelationships
from journal.access.sessions import (
    SessionCookie,
    demo_people,
    end_session,
    set_color_scheme,
    set_language,
    start_session,
)

__all__ = [
    "PARTS",
    "AccessGate",
    "AskedFor",
    "CareRelationships",
    "RestrictionRow",
    "Restrictions",
    "SessionCookie",
    "demo_people",
    "end_session",
    "set_color_scheme",
    "set_language",
    "start_session",
]
