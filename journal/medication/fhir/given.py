"""What was given as FHIR R4: MedicationAdministration; and what was laid in or packed: MedicationDispense.

What a receiver who reads half of it would do decides the form here too: a dose that was not given has no dosage at all, so that
nobody counts it; what is entered in error says so in its status and keeps the rest; a dose whose amount nobody knows has none.
"""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from uuid import UUID

from journal.medication.fhir.dosage import quantity
from journal.medication.fhir.orders import medication_to_fhir
from journal.medication.rules import Result, say
from journal.medication.rules.patches import SITES, Site
from journal.medication.rules.prepared import BAGS, Outcome
from journal.medication.service.prepared_shown import BagLine, PreparedThing
from journal.medication.service.whole_given import WholeGiven
from journal.platform.fhir import OWN, UCUM, Resource, coding, concept, instant, reference, volven, written
from journal.platform.quantity import Quantity

_PRODUCT = "product"
BESIDE = f"{OWN}:beside"
"""A fact beside the dose, never its signature: given by another too, or after the order was stopped."""
RESULT = f"{OWN}:administration-result"
"""Volven 9083: R4 has no element for a dose that was taken in part."""
_RESULTS = {
    Result.TAKEN: "Inntatt i sin helhet",
    Result.PARTLY_TAKEN: "Delvis inntatt",
    Result.REFUSED: "Nektet inntatt",
    Result.NOT_GIVEN: "Ikke gitt",
}
"""Spelt as the list spells it."""
_FUNCTIONS = "http://terminology.hl7.org/CodeSystem/med-admin-perform-function"
_CHECKS = "http://terminology.hl7.org/CodeSystem/medicationdispense-performer-function"
_STATUSES = {
    None: "preparation",
    Outcome.CONTROLLED: "completed",
    Outcome.ACCEPTED: "completed",
    Outcome.SENT_BACK: "declined",
}
"""What nobody else has looked at is not ready."""


def administration_to_fhir(given: WholeGiven) -> Resource:
    """MedicationAdministration. Its id is the signature's own: a correction is another signature."""
    done = given.result in (Result.TAKEN, Result.PARTLY_TAKEN)
    status = "entered-in-error" if given.in_error_at else "completed" if done else "not-done"
    strength = given.dosage.strength_per_unit
    held = (strength, Quantity(Decimal(1), given.dosage.unit)) if strength else None
    product = medication_to_fhir(
        given.medicine, id=_PRODUCT, fest_id=str(given.fest_id) if given.fest_id else None, strength_per_unit=held
    )
    result = {
        "url": RESULT,
        "valueCodeableConcept": concept(coding(volven(9083), given.result, _RESULTS[given.result])),
    }
    beside = {"url": BESIDE, "valueCode": given.kind} if given.kind != "signature" else None
    return written(
        resourceType="MedicationAdministration",
        id=str(given.id),
        meta=written(lastUpdated=instant(given.in_error_at or given.recorded_at)),
        extension=[each for each in (result, beside) if each],
        contained=[product],
        status=status,
        statusReason=[_why(given)] if given.reason else None,
        medicationReference={"reference": f"#{_PRODUCT}"},
        subject=reference("Patient", given.patient_id),
        supportingInformation=[reference("MedicationDispense", _dispense_id(given.prepared_id, given.request_entry_id))]
        if given.prepared_id
        else None,
        effectiveDateTime=instant(given.effective_at),
        performer=_performers(given),
        request=reference("MedicationRequest", given.request_entry_id),
        note=[{"text": text} for text in _notes(given)],
        dosage=_dosage(given) if done and given.amount else None,
    )


def main_substance(given: WholeGiven) -> Quantity | None:
    """How much of the main substance was taken (1 tablett à 50 mg: 50 mg); None when the order does not say its strength."""
    strength, amount = given.dosage.strength_per_unit, given.amount
    if strength is None or amount is None or amount.unit != given.dosage.unit:
        return None
    return Quantity(amount.value * strength.value, strength.unit)


def dispenses_to_fhir(thing: PreparedThing) -> list[Resource]:
    """MedicationDispense for each medicine of a dosett or a roll: how much was laid in for when, by whom, and who checked it.

    What matched no order has no prescription, and its name in words.
    """
    lines = [(bag.due_at, line) for bag in thing.bags for line in bag.lines]
    by_order = sorted(lines, key=lambda each: (str(each[1].request_entry_id), each[1].medicine, each[0]))
    return [
        _dispense(thing, list(of)) for _, of in groupby(by_order, key=lambda x: (x[1].request_entry_id, x[1].medicine))
    ]


def _dispense(thing: PreparedThing, lines: list[tuple[datetime, BagLine]]) -> Resource:
    one = lines[0][1]
    total = sum((line.amount.value for _, line in lines), Decimal(0))
    days = (thing.ends_on - thing.starts_on).days + 1
    checker = concept(coding(_CHECKS, "checker", "Checker"))
    checked = [{"function": checker, "actor": {"display": thing.checked_by}}] if thing.checked_by else []
    order = one.request_entry_id
    return written(
        resourceType="MedicationDispense",
        id=_dispense_id(thing.id, order or one.id),
        meta=written(versionId=str(thing.version), lastUpdated=instant(thing.recorded_at)),
        status=_STATUSES[thing.outcome],
        category={"text": str(BAGS[thing.kind])},
        medicationCodeableConcept={"text": one.medicine},
        subject=reference("Patient", thing.patient_id),
        performer=[{"actor": {"display": thing.prepared_by}}, *checked],
        authorizingPrescription=[reference("MedicationRequest", order)] if order else None,
        quantity=quantity(Quantity(total, one.amount.unit)),
        daysSupply={"value": days, "unit": "dager", "system": UCUM, "code": "d"},
        whenPrepared=instant(thing.recorded_at),
        dosageInstruction=list(_laid(lines)),
    )


def _laid(lines: Iterable[tuple[datetime, BagLine]]) -> Iterable[Resource]:
    """What lies there at which times, a dosage for each amount: the times themselves, never a rule worked out from them."""
    by_amount = sorted(lines, key=lambda each: (each[1].amount.value, each[0]))
    for number, (_, of) in enumerate(groupby(by_amount, key=lambda each: each[1].amount.value), start=1):
        here = list(of)
        amount = here[0][1].amount
        yield {
            "sequence": number,
            "text": str(say(amount)),
            "timing": {"event": [instant(at) for at, _ in here]},
            "doseAndRate": [{"doseQuantity": quantity(amount)}],
        }


def _dispense_id(prepared_id: UUID, of: UUID) -> str:
    """Within 64 letters: the thing's own id, and enough of the order's to tell its medicines apart."""
    return f"{prepared_id}-{of.hex[-20:]}"


def _performers(given: WholeGiven) -> list[Resource]:
    """Who gave it first; then the supervisor beside a student, who answers for it, and who signed as number two."""
    gave = reference("Practitioner", given.recorded_by) | {"display": given.recorded_by_name}
    performers = [written(function=concept(coding(_FUNCTIONS, "performer", "Performer")), actor=gave)]
    if given.supervised_by:
        supervisor = reference("Practitioner", given.supervised_by) | {"display": given.supervised_by_name}
        beside = concept(coding(_FUNCTIONS, "witness", "Witness"), text="Veileder")
        performers.append(written(function=beside, actor=supervisor))
    if given.second:
        also = reference("Practitioner", given.second[0]) | {"display": given.second[1]}
        performers.append(written(function=concept(coding(_FUNCTIONS, "verifier", "Verifier")), actor=also))
    return performers


def _why(given: WholeGiven) -> Resource | None:
    assert given.reason is not None
    return concept(coding(f"{OWN}:not-given-reason", given.reason.value), text=str(given.reason.text))


def _notes(given: WholeGiven) -> list[str]:
    return [text for text in (given.reason_text, given.in_error_reason) if text]


def _dosage(given: WholeGiven) -> Resource:
    """The amount of the main substance where the order says the strength, as the registry asks for; else of what the hand gave."""
    assert given.amount is not None
    medicine, site = given.medicine, given.site
    return written(
        text=str(say(given.amount)),
        site=concept(coding(f"{OWN}:patch-site", site), text=str(SITES[Site(site)])) if site else None,
        route=concept(coding(volven(7477), medicine.route_code, medicine.route), text=medicine.route),
        dose=quantity(main_substance(given) or given.amount),
    )
