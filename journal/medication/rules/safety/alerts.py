"""What a rule has to say to a prescriber, and how loud.

Three tiers (UX plan, D2): a mark in the list; a card with actions of one tap; a stop that wants a reason. Only a stop
interrupts, and at most one prescription in twenty may: of 23 studies, between half and nearly all alerts were overridden,
the gravest as often as the others, and what is overridden unread protects nobody.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import IntEnum, StrEnum

from journal.platform.language import phrase, phrases


class Tier(IntEnum):
    """How loud. The order is that of severity."""

    MARK = 1
    CARD = 2
    STOP = 3


class Rule(StrEnum):
    """Which rule speaks. Of alerts that are equally loud the rule that stands first here is shown first."""

    WEEKLY = "weekly"
    ALLERGY = "allergy"
    DAILY_MAXIMUM = "daily-maximum"
    DOSE_SIZE = "dose-size"
    DUPLICATE_GROUP = "duplicate-group"
    DUPLICATE_SUBSTANCE = "duplicate-substance"
    INTERACTION = "interaction"
    LAST_GIVEN = "last-given"
    NOT_CHECKED = "not-checked"


MARKS = phrases(
    {
        Rule.WEEKLY: "For ofte",
        Rule.ALLERGY: "Allergi",
        Rule.DAILY_MAXIMUM: "Døgndose",
        Rule.DOSE_SIZE: "Uvanlig dose",
        Rule.DUPLICATE_GROUP: "Samme slag",
        Rule.DUPLICATE_SUBSTANCE: "Samme virkestoff",
        Rule.INTERACTION: "Interaksjon",
        Rule.LAST_GIVEN: "Nylig gitt",
        Rule.NOT_CHECKED: "Ikke kontrollert",
    }
)
"""The word beside the icon, on a hit before it is chosen."""


class Action(StrEnum):
    """What one tap on a card can do; who draws the card decides how."""

    CHOOSE_OTHER = "choose-other"
    REDUCE_DOSE = "reduce-dose"
    CHECK_DOSE = "check-dose"
    STOP_OTHER = "stop-other"
    MAKE_WEEKLY = "make-weekly"
    FOLLOW_UP = "follow-up"
    ASK_PATIENT = "ask-patient"
    KNOWN_CONTINUE = "known-continue"
    GIVE_REASON = "give-reason"


ACTIONS = phrases(
    {
        Action.CHOOSE_OTHER: "Velg et annet legemiddel",
        Action.REDUCE_DOSE: "Sett ned dosen",
        Action.CHECK_DOSE: "Se over dosen",
        Action.STOP_OTHER: "Seponer det andre",
        Action.MAKE_WEEKLY: "Gjør om til én fast ukedag",
        Action.FOLLOW_UP: "Lag oppfølging",
        Action.ASK_PATIENT: "Spør om allergier",
        Action.KNOWN_CONTINUE: "Kjent, fortsett",
        Action.GIVE_REASON: "Skriv begrunnelse, og fortsett",
    }
)
"""The words on the buttons."""


class Kept(StrEnum):
    """Why a prescriber goes on past a stop, in one tap."""

    TOLERATED = "tolerated"
    BENEFIT = "benefit"
    FOLLOWED = "followed"
    AGREED = "agreed"
    OTHER = "other"


KEPT = phrases(
    {
        Kept.TOLERATED: "Pasienten har tålt det før",
        Kept.BENEFIT: "Nytten er større enn risikoen",
        Kept.FOLLOWED: "Følges opp med målinger eller tilsyn",
        Kept.AGREED: "Avtalt med sykehus eller spesialist",
        Kept.OTHER: "Annet, skriv under",
    }
)
"""The words on the choices, and of all but the last what is kept and shown to the nurse."""


@dataclass(frozen=True, slots=True)
class Alert:
    """One thing to know before the order is signed.

    `key`: the same for the same rule about the same medicines, whichever order and whatever doses.
    `basis`: changes with the doses it rests on; what was known is known only as long as it stays.
    `about`: names, for whoever lists alerts. `nurse`: what the nurse's card says when the prescriber went on.
    `overridable` False: no reason helps, the order must be changed. `other`: the key of the one order in use that it is
    about, where stopping that is an answer.
    """

    tier: Tier
    rule: Rule
    key: str
    text: str
    source: str
    nurse: str
    about: tuple[str, ...] = ()
    actions: tuple[Action, ...] = ()
    basis: str = ""
    overridable: bool = True
    other: str = ""
    weight: int = 0
    """Among alerts of one tier and rule the heavier stands first."""

    def __post_init__(self) -> None:
        if not self.overridable and self.tier is not Tier.STOP:
            raise ValueError("what cannot be overridden is a stop")


Known = tuple[str, str]
"""The key and basis of an alert that the prescriber has answered with "Kjent, fortsett" or a reason."""


@dataclass(frozen=True, slots=True)
class Overridden:
    """What follows an order whose prescriber went on: for the nurse's card, and for the monthly list of stops."""

    rule: Rule
    tier: Tier
    key: str
    basis: str
    said: str
    nurse: str
    reason: str

    @property
    def card_text(self) -> str:
        """`Allergi mot penicillin … Legens begrunnelse: tålte amoksicillin i 2024.`"""
        if not self.reason:
            return self.nurse
        return phrase("%(said)s Legens begrunnelse: %(reason)s", said=self.nurse, reason=self.reason)


class ReasonMissing(ValueError):
    """A stop was overridden without a reason. The message is for the prescriber."""


class NotOverridable(ValueError):
    """The order must be changed. The message is for the prescriber."""


def overridden(alert: Alert, reason: str = "") -> Overridden:
    """What is kept when the prescriber goes on. Raises NotOverridable, and ReasonMissing for a stop without a reason."""
    if not alert.overridable:
        raise NotOverridable("Dette stoppet kan ikke overstyres. Endre ordinasjonen.")
    if alert.tier is Tier.STOP and not reason.strip():
        raise ReasonMissing("Skriv hvorfor du fortsetter.")
    return Overridden(alert.rule, alert.tier, alert.key, alert.basis, alert.text, alert.nurse, reason.strip())


def worst_first(alerts: Iterable[Alert]) -> tuple[Alert, ...]:
    """In the order they are shown, whatever order they came in; of two with one key and basis the louder alone."""
    loudest: dict[Known, Alert] = {}
    for alert in sorted(alerts, key=_place):
        loudest.setdefault((alert.key, alert.basis), alert)
    return tuple(loudest.values())


def not_known(alerts: Iterable[Alert], known: Collection[Known]) -> tuple[Alert, ...]:
    """Those the prescriber has not answered for these doses. What cannot be overridden cannot be known either."""
    return tuple(alert for alert in alerts if not alert.overridable or (alert.key, alert.basis) not in known)


def interrupts(alerts: Iterable[Alert]) -> bool:
    """Whether the prescriber is stopped. Counted: at most one prescription in twenty."""
    return any(alert.tier is Tier.STOP for alert in alerts)


def may_be_signed(alerts: Iterable[Alert]) -> bool:
    """Whether reasons are enough; False when the order must be changed."""
    return all(alert.overridable for alert in alerts)


def _place(alert: Alert) -> tuple[int, int, int, str, str, str]:
    return -alert.tier, list(Rule).index(alert.rule), -alert.weight, alert.key, alert.basis, alert.text
