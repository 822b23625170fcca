"""The access log: append-only, written by one function of the database; read by auditors and, about themselves, by patients."""

from journal.audit.erasure import PARAGRAPHS, RECORDS, Erasable, Erasures, Proposal
from journal.audit.judging import barred_from
from journal.audit.questions import LogQuestions
from journal.audit.report_rules import ANSWER_WITHIN
from journal.audit.rules import ACTIONS, GROUNDS, OUTCOMES
from journal.audit.seal import make_seal_key
from journal.audit.selecting import LogLines
from journal.audit.service import AccessLog, LogLine

__all__ = [
    "ACTIONS",
    "ANSWER_WITHIN",
    "GROUNDS",
    "OUTCOMES",
    "PARAGRAPHS",
    "RECORDS",
    "AccessLog",
    "Erasable",
    "Erasures",
    "LogLine",
    "LogLines",
    "LogQuestions",
    "Proposal",
    "barred_from",
    "make_seal_key",
]
