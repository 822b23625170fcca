"""What the patients context may refuse with."""

from uuid import UUID

from journal.platform.errors import Conflict


class AlreadyRegistered(Conflict):
    """The number belongs to somebody in the journal; the text says how to find her, and never the number."""

    type, title = "patient-already-registered", "Personen finnes allerede i journalen"

    def __init__(self, patient_id: UUID | None = None, *, just_now: bool = False) -> None:
        super().__init__(
            "Personen ble nettopp registrert av noen andre. Søk på fødselsnummeret og åpne journalen derfra."
            if just_now
            else "Nummeret er registrert på en person fra før. Søk på fødselsnummeret og åpne journalen derfra.",
            patient_id=str(patient_id) if patient_id else None,
        )


class NumberElsewhere(Conflict):
    """Another record has the number, or has had it: the way on is to link the records, or to find the slip."""

    type, title = "number-elsewhere", "Nummeret står i en annen journal"

    def __init__(self, patient_id: UUID | None) -> None:
        super().__init__(
            "Er det samme person, kan du koble journalene. Er det en annen, må du sjekke nummeret.",
            patient_id=str(patient_id) if patient_id else None,
        )


class PossibleDuplicate(Conflict):
    """Somebody of the same full name and date of birth is here: the registrar must say that this is another person."""

    type, title = "patient-possible-duplicate", "Kanskje finnes personen fra før"

    def __init__(self, patient_id: UUID | None) -> None:
        super().__init__(
            "Det finnes en person med samme navn og fødselsdato. Åpne journalen, eller kryss av for at dette er en annen.",
            patient_id=str(patient_id) if patient_id else None,
        )


class AllergiesAreRecorded(Conflict):
    type, title = "allergies-are-recorded", "Det er registrert allergi på pasienten"


class Changed(Conflict):
    type, title = "entry-changed", "Noen har endret opplysningen i mellomtiden"
