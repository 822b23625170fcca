"""What medication may refuse with. The detail is a sentence for whoever stands at the bedside."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from journal.medication.rules.safety import Alert, Judgement, may_be_signed
from journal.platform.errors import Conflict, Invalid
from journal.platform.language import phrase


class DoseAlreadySigned(Conflict):
    """Somebody signed the dose first. Fields: signed_at (ISO), signed_by (name)."""

    type, title = "dose-already-signed", "Dosen er allerede signert"


class AlreadyLaidOut(Conflict):
    """The dose lies before the patient already. Fields: laid_at (ISO), laid_by (name)."""

    type, title = "dose-already-laid-out", "Dosen er alt lagt fram"


class OrderChanged(Conflict):
    """The order was changed, paused or stopped since the user saw it. Fields: status, changed_at (ISO), changed_by (name)."""

    type, title = "order-changed", "Ordinasjonen er endret i mellomtiden"


class NotReconciled(OrderChanged):
    """The order waits at the hospital door: nobody has confirmed it since the patient came."""

    type, title = "not-reconciled", "Legemidlet er ikke samstemt"


class GivenTooNear(Conflict):
    """Something in a bag is too near the dose before it: it is signed by itself, where a prescriber can be named."""

    type, title = "given-too-near", "For nær forrige dose"


class CourseComplete(OrderChanged):
    """So many doses as the course has are given: none of those that were missed is to be given any more. Fields: given."""

    type, title = "course-complete", "Kuren er ferdig"


class NoAuthority(Conflict):
    """She who signs may not give this dose, or make it ready, in this unit now. Fields: acts she lacks, and who may."""

    type, title = "no-authority", "Du har ikke fullmakt til dette"


class NotWatched(Conflict):
    """A student signs what her supervisor has not said that she stands beside for, on that screen and just now."""

    type, title = "supervisor-not-beside", "Veilederen må stå ved siden av"


class SupervisorSigns(Conflict):
    """A dose that takes more than a student and her supervisor beside: the supervisor signs it herself."""

    type, title = "supervisor-signs", "Veilederen signerer denne"


class OrdinarySignature(Conflict):
    """Nothing stands in the way of an ordinary signature any more, so a fact beside the dose would hide that it is open."""

    type, title = "ordinary-signature", "Dosen kan signeres som vanlig"


class VerbalOrderAnswered(Conflict):
    """Somebody signed or refused the order first."""

    type, title = "verbal-order-answered", "Ordinasjonen er allerede signert eller avvist"


class AlreadyCorrected(Conflict):
    """The signature is marked as a mistake already."""

    type, title = "already-corrected", "Signaturen er allerede rettet"


class NoRoom(Conflict):
    """A medicine as needed has no room for another dose yet. Fields: next_at (ISO, or None)."""

    type, title = "no-room", "Dosen kan ikke gis ennå"


class JudgedOrder(NamedTuple):
    """One of several orders: the key of its row, its name, what the rules say of it, and of that what wants an answer.

    `unseen`: some of it has none. `unexplained`: a stop lacks its reason.
    """

    key: str
    medicine: str
    judgement: Judgement
    loud: tuple[Alert, ...]
    unseen: bool
    unexplained: bool

    @property
    def is_answered(self) -> bool:
        return not self.unseen and not self.unexplained


class AlertsFound(Conflict):
    """The safety rules say something of the order that the prescriber has not answered for these doses.

    `judgement` is all they say. Fields: alerts, each with its tier, rule, key, basis, text and source; errors, by field.
    """

    type, title = "alerts-found", "Les advarslene før du signerer"

    def __init__(self, detail: str, judgement: Judgement, *, reason_missing: bool = False) -> None:
        errors = {"override_reason": [phrase("Skriv hvorfor du fortsetter.")]} if reason_missing else {}
        super().__init__(detail, alerts=_said(judgement), errors=errors)
        self.judgement = judgement


class AlertsFoundTogether(Conflict):
    """As AlertsFound, of several orders that are signed together: each with its key, its name and its judgement.

    Fields: orders, each with key, medicine and alerts; errors, by field, for the orders that lack a reason.
    """

    type, title = "alerts-found", "Les advarslene før du signerer"

    def __init__(self, orders: Sequence[JudgedOrder]) -> None:
        final = not all(may_be_signed(order.loud) for order in orders)
        detail = (
            "Noe av dette kan ikke signeres. Velg annerledes for det legemidlet."
            if final
            else "Les advarslene, og signer om du vil fortsette."
        )
        told = [{"key": of.key, "medicine": of.medicine, "alerts": _said(of.judgement)} for of in orders]
        # Before she has seen them she cannot say why.
        known = [of for of in orders if of.unexplained and not of.unseen]
        missing = {f"override_reason-{of.key}": ["Skriv hvorfor du fortsetter."] for of in known}
        super().__init__(detail, orders=told, errors=missing)
        self.orders = tuple(orders)


class ValueMissing(Invalid):
    """The order wants a measured value, and what came is none."""

    type, title = "value-missing", "Skriv inn verdien før du signerer"


class ConfirmationMissing(Invalid):
    """One tap is too little for this dose. Fields: cautions, pairs of the code to confirm and its sentence."""

    type, title = "confirmation-missing", "Bekreft før du signerer"


class WitnessIsSigner(Invalid):
    """The second signature must be another person's than the first."""

    type, title = "witness-is-signer", "Du har selv signert dosen"


class WitnessedAlready(Conflict):
    """Somebody was the second to sign already."""

    type, title = "witnessed-already", "Dosen har to signaturer"


class ProductMissing(Invalid):
    """The pack that the dose is given from was not named, or is none that may be given."""

    type, title = "product-missing", "Velg pakningen før du signerer"


class WhichPlace(Invalid):
    """The unit keeps the medicine in several places. Fields: places, pairs of a ledger's id and the place's name."""

    type, title = "which-place", "Velg hvor du tok dosen"


class TooLittleLeft(Conflict):
    """The account says that there is less in the place than what is taken out of it."""

    type, title = "too-little-left", "Det er for lite igjen"


class BagChanged(Conflict):
    """A dosett, or a bag, or what it is made from, is another than the user saw."""

    type, title = "bag-changed", "Innholdet er endret i mellomtiden"


class BagOutdated(Conflict):
    """Something lies in the bag that is not to be given any more, and nobody has taken it out."""

    type, title = "bag-outdated", "Dosetten eller posen er utdatert"


class NotFromBag(Conflict):
    """Nothing of the bag is to be given: it is given up, or its roll was never compared with the list."""

    type, title = "not-from-bag", "Bruk originalpakning"


class AlreadyPrepared(Conflict):
    """Something lies ready for some of these days already."""

    type, title = "already-prepared", "Det ligger alt noe klart for disse dagene"


class PreparedChecked(Conflict):
    """Somebody has controlled it, accepted it or sent it back already."""

    type, title = "prepared-checked", "Den er alt kontrollert"


class DispenserChanged(Conflict):
    """Another wrote of the patient's dispenser since the user saw it, or she has one already."""

    type, title = "dispenser-changed", "Dispenseren er endret i mellomtiden"


class PreparedByYourself(Invalid):
    """A dosett is controlled by another than who laid it in."""

    type, title = "prepared-by-yourself", "Du har selv lagt opp denne"


class ValueBelowLimit(Invalid):
    """The value is outside the order's limits: the dose shall not be given. Fields: reason, the code that fits."""

    type, title = "value-below-limit", "Verdien er utenfor grensen"


def _said(judgement: Judgement) -> list[dict[str, object]]:
    named = ("tier", "rule", "key", "basis", "text", "source", "overridable")
    return [{name: getattr(alert, name) for name in named} for alert in judgement.alerts]


@contextmanager
def refusing(field: str, error: type[Invalid]) -> Iterator[None]:
    """Makes what a rule refuses (a ValueError with a sentence for the user) a refusal of the journal, at this field."""
    try:
        yield
    except ValueError as refused:
        raise error(errors={field: [refused.args[0]]}) from refused
