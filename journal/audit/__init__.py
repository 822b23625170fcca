"""The access log: append-only, written by one function of the database; read by auditors and, about themselves, by patients."""

from journal.audit.erasure import PARAGRAPHS, Erasures
from journal.audit.seal import make_seal_key
from journal.audit.service import AccessLog, LogLine

__all__ = ["PARAGRAPHS", "AccessLog", "Erasures", "LogLine", "make_seal_key"]
