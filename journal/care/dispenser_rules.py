"""The tasks of an electronic dispenser: which kind each is, and what it says. No database, no clock, no web."""

from datetime import datetime
from enum import StrEnum

from journal.platform.clock import moment
from journal.platform.language import phrase, phrases


class DispenserTask(StrEnum):
    """What somebody must see to. What must be answered is passed on by the kind of its task when nobody does."""

    EVALUATE = "evaluate"
    REFILL = "refill"
    RELOAD = "reload"
    BATTERY = "battery"
    OUTDATED_TAKEN = "outdated-taken"
    NOT_TAKEN = "dispenser-not-taken"
    NO_CONTACT = "dispenser-no-contact"
    FAULT = "dispenser-fault"


KINDS = {
    DispenserTask.NOT_TAKEN: "dispenser-not-taken",
    DispenserTask.NO_CONTACT: "dispenser-no-contact",
    DispenserTask.FAULT: "dispenser-fault",
    # The patient may have taken what she should not: nobody may leave it lying.
    DispenserTask.OUTDATED_TAKEN: "dispenser-fault",
}
"""The kind of the task (rules.TASKS); what is not here is of the kind "dispenser"."""

RENEWED = frozenset({DispenserTask.EVALUATE, DispenserTask.REFILL})
"""A new date takes the place of the one before."""

_TEXTS = phrases(
    {
        DispenserTask.EVALUATE: "Evaluer medisindispenseren: passer den fortsatt for pasienten? Skriv ny vurdering.",
        DispenserTask.REFILL: "Dispenseren er snart tom. Legg i på nytt.",
        DispenserTask.RELOAD: "Legemidlene er endret, og dispenseren er utdatert. Ta ut og legg i som siden Dispenser sier.",
        DispenserTask.BATTERY: "Dispenseren har lite strøm. Lad den, eller bytt batteri.",
        DispenserTask.OUTDATED_TAKEN: "Dosen %(time)s ble tatt ut av en utdatert dispenser. Finn ut hva pasienten tok. Spør legen.",
        DispenserTask.NOT_TAKEN: "Dosen %(time)s er ikke tatt ut av dispenseren. Ring eller besøk pasienten.",
        DispenserTask.NO_CONTACT: "Ingen kontakt med dispenseren. Ring pasienten, og se om dosene blir tatt ut.",
        DispenserTask.FAULT: "Feil på dispenseren. Se at pasienten får legemidlene sine, og få den rettet.",
    }
)
SETTLED = phrase("Gjort, eller ikke lenger nødvendig etter det som er skrevet på siden Dispenser.")


def dispenser_text(what: DispenserTask, dose_at: datetime | None) -> str:
    """What the task says. `dose_at`: the compartment it is about."""
    return phrase(_TEXTS[what], time=moment(dose_at)) if dose_at else phrase(_TEXTS[what])
