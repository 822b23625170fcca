"""Which looks an auditor is shown, and the sentence that says why. Not a score: each rule stands alone, and says what it saw.

Pasientjournalloven § 16 forbids to look without a professional need, and Normen asks that the log is followed up in a planned
way. A rule finds what should be explained; whether it was wrong, a human decides.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from journal.access import REASON_TEXTS, Reason
from journal.platform.language import phrase

REFUSED = "refused"


@dataclass(frozen=True, kw_only=True)
class Look:
    """What one person did in one chart in one day, and what the registers say of the two: ids, counts and times, no content.

    *patient_id* is None for a crowd of charts (*patients* within an hour). *written*: how many of the looks wrote
    something. *ended_days*: whole days since the ground that was used ended, None while it holds; *away_days* since
    the patient's last ground with the municipality did; *dead_days* since the death, negative before. *bearers*: how
    many of the patients of the period bear the family name they share. *hour_others*: how many others of the unit
    read at that hour in the last month, None where there are too few lines to say. *others*: how many others of the
    unit wrote in the chart that day. *standing*: grounds of the unit or person. *warned*: what she said when she was told that
    the patient seems to be near to her (access.Reason).
    """

    actor_id: UUID
    patient_id: UUID | None
    day: date
    actor_name: str
    actor_role: str
    unit_name: str
    first_at: datetime
    last_at: datetime
    looks: int
    unit_id: UUID | None = None
    written: int = 0
    refused: int = 0
    grounds: tuple[str, ...] = ()
    unsupported: bool = False
    ended_days: int | None = None
    away_days: int | None = None
    dead_days: int | None = None
    bearers: int | None = None
    same_address: bool = False
    named_kin: bool = False
    namesake: bool = False
    employee: bool = False
    hour_others: int | None = None
    marked: bool = False
    others: int = 0
    standing: tuple[str, ...] = ()
    warned: Reason | None = None
    patients: int = 1

    @property
    def idle(self) -> bool:
        """Nothing was written in the chart that day: whoever works with a patient mostly writes something."""
        return self.written == 0


def _since(days: int | None, least: int) -> bool:
    return days is not None and days >= least


@dataclass(frozen=True)
class Rule:
    """*holds(look, threshold)*; *title* for the list of rules, *sentence(look)* for one look. *source*: what asks for it.

    *thresholds*: up to 5 000 inhabitants, up to 20 000, and above: where everybody knows everybody, names say less.
    *measured*: what the threshold counts; empty where there is nothing to choose.
    """

    code: str
    title: str
    measured: str
    thresholds: tuple[int, int, int]
    holds: Callable[[Look, int], bool]
    sentence: Callable[[Look], str]
    source: str

    def threshold(self, population: int) -> int:
        """What is used until the municipality chooses."""
        return self.thresholds[0 if population <= 5000 else 1 if population <= 20000 else 2]


_NEED = "pasientjournalloven § 16"
_FOLLOW_UP = "pasientjournalforskriften § 14"

_RULES = (
    Rule(
        "no_ground",
        phrase("Grunnen i loggen finnes ikke"),
        "",
        (0, 0, 0),
        lambda look, _: look.unsupported,
        lambda _: phrase("Grunnen som står i loggen, finnes ikke blant pasientens opphold, tjenester og oppgaver."),
        _NEED,
    ),
    Rule(
        REFUSED,
        phrase("Prøvde flere ganger uten å ha grunn"),
        phrase("avviste forsøk på en dag"),
        (2, 2, 2),
        lambda look, least: look.refused >= max(least, 1),
        lambda look: phrase("Ble avvist %(count)s ganger i samme journal.", count=look.refused),
        _NEED,
    ),
    Rule(
        "expired",
        phrase("Grunnen var avsluttet"),
        phrase("døgn etter at grunnen tok slutt"),
        (1, 1, 1),
        lambda look, least: look.idle and _since(look.ended_days, least),
        lambda look: phrase("Grunnen tok slutt %(days)s døgn før, og ingenting ble skrevet.", days=look.ended_days),
        _NEED,
    ),
    Rule(
        "moved_out",
        phrase("Pasienten hadde ikke lenger noe tilbud i kommunen"),
        phrase("døgn etter det siste tilbudet"),
        (7, 7, 7),
        lambda look, least: look.idle and _since(look.away_days, least),
        lambda look: phrase("Pasientens siste tilbud i kommunen tok slutt %(days)s døgn før.", days=look.away_days),
        _NEED,
    ),
    Rule(
        "dead",
        phrase("Pasienten var død"),
        phrase("døgn etter dødsfallet"),
        (14, 14, 14),
        lambda look, least: look.idle and _since(look.dead_days, least),
        lambda look: phrase("Pasienten døde %(days)s døgn før, og ingenting ble skrevet.", days=look.dead_days),
        _NEED,
    ),
    Rule(
        "surname",
        phrase("Samme etternavn"),
        phrase("pasienter med navnet, eller færre"),
        (2, 3, 4),
        lambda look, most: look.idle and look.bearers is not None and look.bearers <= most,
        lambda look: phrase(
            "Pasienten har samme etternavn som den som leste (%(count)s i kommunen har navnet), og ingenting ble skrevet.",
            count=look.bearers,
        ),
        _FOLLOW_UP,
    ),
    Rule(
        "address",
        phrase("Samme adresse"),
        "",
        (0, 0, 0),
        lambda look, _: look.same_address,
        lambda _: phrase("Pasienten bor på samme adresse som en med leserens navn."),
        _FOLLOW_UP,
    ),
    Rule(
        "kin",
        phrase("Står som pårørende"),
        "",
        (0, 0, 0),
        lambda look, _: look.named_kin,
        lambda _: phrase("En med leserens navn står som pårørende eller verge i journalen."),
        _FOLLOW_UP,
    ),
    Rule(
        "oneself",
        phrase("Leste trolig sin egen journal"),
        "",
        (0, 0, 0),
        lambda look, _: look.namesake,
        lambda _: phrase("Pasienten har samme navn som den som leste, og er i arbeidsfør alder."),
        _NEED,
    ),
    Rule(
        "colleague",
        phrase("Pasienten er trolig ansatt i kommunen"),
        "",
        (0, 0, 0),
        lambda look, _: look.idle and look.employee,
        lambda _: phrase("Pasienten har samme navn som en som er ansatt i kommunen, og ingenting ble skrevet."),
        _FOLLOW_UP,
    ),
    Rule(
        "warned",
        phrase("Gikk videre etter spørsmål om familie eller kollega"),
        "",
        (0, 0, 0),
        lambda look, _: look.warned is not None,
        lambda look: phrase(
            "Fikk spørsmål om pasienten er i nær familie eller en kollega, og svarte: %(said)s.",
            said=look.warned and REASON_TEXTS[look.warned],
        ),
        _FOLLOW_UP,
    ),
    Rule(
        "hours",
        phrase("Uvanlig tid for enheten"),
        phrase("andre på enheten som leste i den timen siste måned, eller færre"),
        (0, 0, 1),
        lambda look, most: look.idle and look.hour_others is not None and look.hour_others <= most,
        lambda look: phrase(
            "%(count)s andre på enheten leste på den tiden av døgnet siste måned, og ingenting ble skrevet.",
            count=look.hour_others,
        ),
        _FOLLOW_UP,
    ),
    Rule(
        "volume",
        phrase("Svært mange journaler på en time"),
        phrase("journaler på en time, eller flere"),
        (60, 80, 100),
        lambda look, least: look.patient_id is None and look.patients >= max(least, 2),
        lambda look: phrase("Åpnet %(count)s ulike journaler innen en time.", count=look.patients),
        _FOLLOW_UP,
    ),
    Rule(
        "marked",
        phrase("Journalen er merket eller adressen er vernet"),
        "",
        (0, 0, 0),
        lambda look, _: look.idle and look.marked,
        lambda _: phrase("Journalen er merket for oppfølging eller har vernet adresse, og ingenting ble skrevet."),
        _FOLLOW_UP,
    ),
)
RULES: Mapping[str, Rule] = {rule.code: rule for rule in _RULES}


@dataclass(frozen=True)
class Choice:
    """What a municipality has chosen for a rule."""

    active: bool
    threshold: int


Choices = Mapping[str, Choice]


def defaults(population: int) -> dict[str, Choice]:
    """For a municipality with so many inhabitants that has chosen nothing: every rule."""
    return {code: Choice(True, rule.threshold(population)) for code, rule in RULES.items()}


def reasons(look: Look, choices: Choices) -> tuple[str, ...]:
    """The codes of the rules that find this look; of those that are switched on."""
    return tuple(
        code for code, choice in choices.items() if choice.active and RULES[code].holds(look, choice.threshold)
    )
