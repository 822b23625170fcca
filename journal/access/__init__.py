"""Who may: sessions, care relationships, restrictions, and the gate that decides per patient and permission."""

from journal.access.gate import AccessGate
from journal.access.locking import Times, require_proof
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
    "AccessGate",
    "CareRelationships",
    "SessionCookie",
    "Times",
    "demo_people",
    "end_session",
    "require_proof",
    "set_color_scheme",
    "set_language",
    "start_session",
]
