"""Who may: sessions, care relationships, restrictions, and the gate that decides per patient and permission."""

from journal.access.addresses import AddressReaders
from journal.access.asked_for import AskedFor, HeldGround
from journal.access.at_work import AtWork
from journal.access.drawer_rules import REASONS as DRAWER_REASONS
from journal.access.drawer_rules import Why as WhyDrawer
from journal.access.drawers import Drawers
from journal.access.explaining import REASONS, Part, explain, ways_in
from journal.access.facts import GiverShutOut, RestrictionLifted
from journal.access.gate import AccessGate, warn
from journal.access.grounds_rules import ASKED, GROUNDS, LEAST_GRACE_HOURS, MOST_GRACE_HOURS
from journal.access.held import people_beside
from journal.access.justified import Justifying
from journal.access.justified_rules import TEXTS as REASON_TEXTS
from journal.access.justified_rules import Reason, is_given
from journal.access.locking import Times, require_proof
from journal.access.openid import providers
from journal.access.own import OwnCharts, Whose
from journal.access.purpose import MAP as PURPOSES
from journal.access.purpose import NARROW, Line
from journal.access.rest import Rest, rest_of
from journal.access.restricting import AskedToClose, Restrictions, SomeNotes
from journal.access.restriction_rules import PARTS, WHOLE, stands_without
from journal.access.restriction_tables import NoteRestriction, RestrictionRow
from journal.access.rule_proposals import RuleChange, RuleKind, RuleProposals, propose_rule, rule_changes
from journal.access.rules import gives_care
from journal.access.service import CareRelationships
from journal.access.sessions import (
    SessionCookie,
    demo_people,
    end_session,
    set_color_scheme,
    set_language,
    start_session,
)
from journal.access.sources import Amiss, Sources

__all__ = [
    "ASKED",
    "DRAWER_REASONS",
    "GROUNDS",
    "LEAST_GRACE_HOURS",
    "MOST_GRACE_HOURS",
    "NARROW",
    "PARTS",
    "PURPOSES",
    "REASONS",
    "REASON_TEXTS",
    "WHOLE",
    "AccessGate",
    "AddressReaders",
    "Amiss",
    "AskedFor",
    "AskedToClose",
    "AtWork",
    "CareRelationships",
    "Drawers",
    "GiverShutOut",
    "HeldGround",
    "Justifying",
    "Line",
    "NoteRestriction",
    "OwnCharts",
    "Part",
    "Reason",
    "Rest",
    "RestrictionLifted",
    "RestrictionRow",
    "Restrictions",
    "RuleChange",
    "RuleKind",
    "RuleProposals",
    "SessionCookie",
    "SomeNotes",
    "Sources",
    "Times",
    "Whose",
    "WhyDrawer",
    "demo_people",
    "end_session",
    "explain",
    "gives_care",
    "is_given",
    "people_beside",
    "propose_rule",
    "providers",
    "require_proof",
    "rest_of",
    "rule_changes",
    "set_color_scheme",
    "set_language",
    "stands_without",
    "start_session",
    "warn",
    "ways_in",
]
