"""The page «Kontroller loggen». While a check runs it asks for counts, and for nothing of any patient."""

from werkzeug.wrappers import Response

from journal.audit.checks import LogChecks
from journal.permissions import Permission
from journal.web import Section, current_work, render, see_other, wants_fragment

bp = Section("log_check", __name__)


@bp.page("/audit/integrity", Permission.AUDIT_READ)
def integrity() -> str:
    template = "audit/_integrity.html" if wants_fragment() else "audit/integrity.html"
    return render(template, checks=LogChecks(current_work()).newest())


@bp.act("/audit/integrity", Permission.AUDIT_READ, repeatable=True)
def check() -> Response:
    LogChecks(current_work()).ask()
    return see_other(".integrity")
