"""Changes of access rules that wait for the second of two, and how the others ended: for administrators, whoever proposed them."""

from typing import Any
from uuid import UUID

from flask import request, url_for
from marshmallow import fields
from werkzeug.wrappers import Response

from journal.access import RuleChange, RuleKind, RuleProposals
from journal.municipalities import Answering, Municipalities, Proposing, is_alone
from journal.oversight import rules
from journal.permissions import Permission
from journal.platform.errors import Conflict, Invalid
from journal.platform.language import gettext as _
from journal.platform.language import ngettext, phrase, phrases
from journal.platform.work import Work
from journal.web import Notice, Section, current_work, form_body, render, see_other, typed
from journal.web.shell import MenuEntry

bp = Section("rule_proposals", __name__)
MENU = MenuEntry("rule_proposals.overview", "lock", "Forslag om tilgangsregler", Permission.ACCESS_MANAGE, seldom=True)

_TITLES = {RuleKind.GRACE: phrase("Etterarbeid"), RuleKind.LIMITS: phrase("Tider for begrunnet tilgang")}
_SENSITIVE = {
    True: phrase("Ingen uten tilgang får vite at enheten kjenner en pasient."),
    False: phrase("Ansatte i kommunen uten tilgang kan få vite at enheten kjenner en pasient."),
}
_LABELS = phrases(
    {
        "hours": "Timer med etterarbeid",
        "emergency_hours": "Timer en øyeblikkelig hjelp åpner journalen",
        "other_hours": "Timer andre grunner åpner journalen",
        "review_hours": "Timer lederen har på å gå gjennom",
        "most_in_an_hour": "Så mange kan en person åpne på en time",
    }
)


class MarkUnit(Proposing):
    """Which unit, and whether it is to be sensitive."""

    unit_id = fields.UUID(required=True)
    sensitive = fields.Boolean(required=True)


@bp.page("/access/rule-proposals", Permission.ACCESS_MANAGE)
def overview() -> str:
    return _page(None)


@bp.act("/access/rule-proposals", Permission.ACCESS_MANAGE)
def propose_unit() -> Response:
    RuleProposals(current_work()).propose_unit(**form_body(MarkUnit))
    return see_other(".overview")


@bp.act("/access/rule-proposals/<uuid:proposal_id>/answer", Permission.ACCESS_MANAGE)
def answer(proposal_id: UUID) -> Response:
    RuleProposals(current_work()).answer(proposal_id, **form_body(Answering))
    return see_other(".overview")


@bp.errorhandler(Conflict)
@bp.errorhandler(Invalid)
def draw_again(error: Conflict | Invalid) -> tuple[str, int]:
    """The list as it is now, and why it was not answered."""
    return _page(error), error.status


def notice(work: Work) -> Notice | None:
    """For the page where an administrator begins: somebody waits for her answer."""
    if not work.actor.may(Permission.ACCESS_MANAGE):
        return None
    if not (waiting := sum(one.mine for one in RuleProposals(work).changes())):
        return None
    said = ngettext(
        "%(num)s forslag om tilgangsregler venter på svar fra deg.",
        "%(num)s forslag om tilgangsregler venter på svar fra deg.",
        waiting,
    )
    return Notice(said, url_for("rule_proposals.overview"), _("Svar på forslagene"))


def title(one: RuleChange) -> str:
    """What is to be changed."""
    if one.kind is RuleKind.UNIT:
        return _("Skjermet enhet: %(unit)s", unit=one.value["unit_name"])
    if one.kind is not RuleKind.UNUSUAL:
        return str(_TITLES[one.kind])
    return _("Uvanlig tilgang: %(rule)s", rule=rules.RULES[one.value["rule"]].title)


def told_rule(one: RuleChange) -> str:
    """A rule of unusual access: how it is to be, and how it was."""
    new, old = (_use(one.value["rule"], each) for each in (one.value, one.before))
    return _("%(new)s (før: %(old)s)", new=new, old=old)


def _told(one: RuleChange) -> list[str]:
    """What is to be changed, a sentence each, with what held when it was proposed."""
    if one.kind is RuleKind.UNUSUAL:
        return [told_rule(one)]
    if one.kind is RuleKind.UNIT:
        return [str(_SENSITIVE[one.value["sensitive"]])]
    changed = (name for name in one.value if one.value[name] != one.before[name])
    return [
        _("%(what)s: %(new)s (før: %(old)s)", what=_LABELS[name], new=one.value[name], old=one.before[name])
        for name in changed
    ]


def _use(code: str, value: dict[str, Any]) -> str:
    rule = rules.RULES[code]
    if not value["active"]:
        return _("ikke i bruk")
    if not rule.measured:
        return _("i bruk")
    return _("i bruk fra %(threshold)s %(measured)s", threshold=value["threshold"], measured=rule.measured)


def _page(error: Conflict | Invalid | None) -> str:
    proposals, units = RuleProposals(current_work()), Municipalities(current_work()).units()
    found = [(one, title(one), _told(one)) for one in proposals.changes()]
    # What was sent is drawn again where it was typed: an answer has no fields to correct.
    sent = typed() if error and request.endpoint == "rule_proposals.propose_unit" else {}
    return render(
        "oversight/rule_proposals.html",
        units=[(unit.id, unit.name) for unit in units],
        hidden_units=[unit.name for unit in units if unit.sensitive],
        alone=is_alone(proposals),
        typed=sent,
        errors={name: said[0] for name, said in error.errors.items()} if isinstance(error, Invalid) else {},
        waiting=[each for each in found if each[0].waits],
        over=[each for each in found if not each[0].waits],
        detail=error.detail if error and error.detail != error.title else "",
    )
