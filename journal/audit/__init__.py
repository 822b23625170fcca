"""The access log: append-only, written by one function of the database; read by auditors and, about themselves, by patients."""

from journal.audit.erasure import PARAGRAPHS, Erasures
from journal.audit.rules import ACTIONS, GROUNDS, OUTCOMES
from journal.audit.seal import make_seal_key
from journal.audit.selecting import LogLines
from journal.audit.service import AccessLog, LogLine

__all__ = [
    "ACTIONS",
    "GROUNDS",
    "OUTCOMES",
    "PARAGRAPHS",
    "AccessLog",
    "Erasures",
    "LogLine",
    "LogLines",
    "make_seal_key",
]
