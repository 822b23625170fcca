"""Orders as FHIR R4. A resource's id is the entry's: it stays through all changes, and `meta.versionId` counts them.

What the order is of is a contained Medication: the copy that the order has of the catalogue from the day it was written.
"""

from datetime import datetime, timedelta
from decimal import Decimal

from journal.medication.fhir.dosage import dosages_to_fhir, quantity
from journal.medication.rules import GIVERS, SUPPLIES, GivenBy, OrderStatus, Supply, ValueRequirement
from journal.medication.rules.safety import Overridden, Rule, Tier
from journal.medication.rules.supply import CODES
from journal.medication.service.medicine import Medicine
from journal.medication.service.whole import WholeOrder
from journal.platform.fhir import (
    ATC,
    FEST,
    NO_BASIS,
    OWN,
    Resource,
    coding,
    concept,
    instant,
    reference,
    volven,
    written,
)
from journal.platform.language import joined, phrase
from journal.platform.quantity import Quantity, show

_PRODUCT = "product"
_USES = {"1": "Fast", "2": "Kur", "3": "Ved behov"}
_COURSES = {"1": ("continuous", "Continuous long term therapy"), "2": ("acute", "Short course (acute) therapy")}
_COURSE_SYSTEM = "http://terminology.hl7.org/CodeSystem/medicationrequest-course-of-therapy"
_STOPPED = {
    "A": "Avsluttet behandling",
    "I": "Interaksjon med annet legemiddel",
    "L": "Legemiddelreaksjon",
    "M": "Manglende effekt",
    "S": "Pasienten har selv sluttet med legemiddelet",
    "X": "Annen årsak",
}
"""Volven 7494."""
_GIVEN_BY = {
    GivenBy.PATIENT: ("2", "Pasient (egenadminstrering)"),
    GivenBy.UNIT: ("9", "Annet helsepersonell"),
}
"""Volven 9074, spelt as the list spells it. Who is neither is said in words."""
SUPPLY = f"{OWN}:supply"
"""From what supply it is given: R4 has an element for what is dispensed, and none for where the hand finds it."""
_SEVERITIES = {Tier.STOP: "high", Tier.CARD: "moderate", Tier.MARK: "low"}
_ISSUES = {
    Rule.ALLERGY: ("ALGY", "Allergy Alert"),
    Rule.DUPLICATE_GROUP: ("DUPTHPY", "Duplicate Therapy Alert"),
    Rule.DUPLICATE_SUBSTANCE: ("DUPTHPY", "Duplicate Therapy Alert"),
}
_ACT = "http://terminology.hl7.org/CodeSystem/v3-ActCode"


def request_to_fhir(order: WholeOrder) -> Resource:
    """MedicationRequest. The prescriber is a name, not a reference: it may be a doctor who has no account here."""
    stopped = order.status in (OrderStatus.STOPPED, OrderStatus.ON_HOLD)
    given_by = GivenBy(order.given_by)
    return written(
        resourceType="MedicationRequest",
        id=str(order.entry_id),
        meta=_meta(order),
        extension=_supply(order.supply),
        contained=[_contained(order)],
        status=order.status.value,
        statusReason=_why(order) if stopped else None,
        intent=order.intent,
        medicationReference={"reference": f"#{_PRODUCT}"},
        subject=reference("Patient", order.patient_id),
        authoredOn=instant(order.effective_at),
        requester={"display": order.prescriber_name},
        performer=reference("Patient", order.patient_id) if given_by is GivenBy.PATIENT else None,
        performerType=concept(
            coding(volven(9074), *_GIVEN_BY.get(given_by, (None,))),
            text=None if given_by in _GIVEN_BY else GIVERS[given_by],
        ),
        recorder=reference("Practitioner", order.recorded_by) | {"display": order.recorded_by_name},
        reasonCode=[{"text": order.indication}] if order.indication else None,
        instantiatesUri=[f"urn:uuid:{order.procedure_list_id}"] if order.procedure_list_id else None,
        courseOfTherapyType=_course(order.use),
        dosageInstruction=_dosages(order),
        detectedIssue=[reference("DetectedIssue", _issue_id(order, n)) for n in range(len(order.overridden))],
    )


def statement_to_fhir(order: WholeOrder, now: datetime) -> Resource:
    """MedicationStatement: the order as a line of what the patient uses at `now`."""
    status = order.status.value
    if order.status is OrderStatus.ACTIVE and order.starts_at > now:
        status = "intended"
    elif order.status is OrderStatus.ACTIVE and order.ends_at is not None and order.ends_at <= now:
        status = "completed"
    reason = _why(order) if order.status in (OrderStatus.STOPPED, OrderStatus.ON_HOLD) else None
    return written(
        resourceType="MedicationStatement",
        id=str(order.entry_id),
        meta=_meta(order),
        contained=[_contained(order)],
        basedOn=[reference("MedicationRequest", order.entry_id)],
        status=status,
        statusReason=[reason] if reason else None,
        medicationReference={"reference": f"#{_PRODUCT}"},
        subject=reference("Patient", order.patient_id),
        effectivePeriod=written(start=instant(order.starts_at), end=instant(_last(order))),
        dateAsserted=instant(order.recorded_at),
        informationSource=reference("Practitioner", order.recorded_by) | {"display": order.recorded_by_name},
        reasonCode=[{"text": order.indication}] if order.indication else None,
        dosage=_dosages(order),
    )


def medication_to_fhir(
    medicine: Medicine,
    *,
    id: str,
    fest_id: str | None = None,
    strength_per_unit: tuple[Quantity, Quantity] | None = None,
) -> Resource:
    """Medication. What is in no catalogue has its name in words; no code is guessed for it.

    `strength_per_unit`: what one unit of the hand holds, and that unit (50 mg in 1 tablett).
    """
    name = " ".join(filter(None, (medicine.brand_name, medicine.form, medicine.strength))) or medicine.generic_name
    group = coding(volven(7421), medicine.prescription_group, medicine.prescription_group)
    return written(
        resourceType="Medication",
        id=id,
        extension=[_group(group)] if group else None,
        code=concept(
            coding(FEST, fest_id, name),
            coding(ATC, medicine.atc_code, medicine.generic_name),
            text=medicine.generic_name,
        ),
        form=concept(coding(volven(7448), medicine.form_code, medicine.form), text=medicine.form),
        ingredient=[_ingredient(medicine, *strength_per_unit)] if strength_per_unit else None,
    )


def detected_issues_to_fhir(order: WholeOrder) -> list[Resource]:
    """A DetectedIssue for each alert that the prescriber went on with; the reason is what mitigates it."""
    return [_issue(order, n, issue) for n, issue in enumerate(order.overridden)]


def _issue(order: WholeOrder, number: int, issue: Overridden) -> Resource:
    said = {"action": {"text": issue.reason}, "date": instant(order.effective_at)} if issue.reason else None
    return written(
        resourceType="DetectedIssue",
        id=_issue_id(order, number),
        status="final",
        code=concept(
            coding(_ACT, *_ISSUES[issue.rule]) if issue.rule in _ISSUES else None,
            coding(f"{OWN}:safety-rule", issue.rule.value),
            text=issue.said,
        ),
        severity=_SEVERITIES[issue.tier],
        patient=reference("Patient", order.patient_id),
        identifiedDateTime=instant(order.effective_at),
        author={"display": order.prescriber_name},
        implicated=[reference("MedicationRequest", order.entry_id)],
        detail=issue.nurse,
        mitigation=[said | {"author": {"display": order.prescriber_name}}] if said else None,
    )


def _issue_id(order: WholeOrder, number: int) -> str:
    """Of the version: what was gone past then is not what is gone past after a change."""
    return f"{order.id}-{number + 1}"


def _meta(order: WholeOrder) -> Resource:
    return written(versionId=str(order.version), lastUpdated=instant(order.recorded_at))


def _contained(order: WholeOrder) -> Resource:
    strength = order.dosage.strength_per_unit
    held = (strength, Quantity(Decimal(1), order.dosage.unit)) if strength else None
    fest_id = str(order.fest_id) if order.fest_id else None
    return medication_to_fhir(order.medicine, id=_PRODUCT, fest_id=fest_id, strength_per_unit=held)


def _ingredient(medicine: Medicine, holds: Quantity, one: Quantity) -> Resource:
    strength = {"numerator": quantity(holds), "denominator": quantity(one)}
    return {"itemCodeableConcept": {"text": medicine.generic_name}, "strength": strength}


def _group(group: Resource) -> Resource:
    value = {"url": "prescriptiongroup", "valueCodeableConcept": {"coding": [group]}}
    return {"url": f"{NO_BASIS}/no-basis-prescriptiongroup", "extension": [value]}


def _supply(supply: str | None) -> list[Resource] | None:
    """The code list has one code for all that is no bag: which of them it is, is in the words."""
    if supply is None:
        return None
    code, display = CODES[Supply(supply)]
    said = concept(coding(volven(9135), code, display), text=str(SUPPLIES[Supply(supply)]))
    return [{"url": SUPPLY, "valueCodeableConcept": said}]


def _course(use: str) -> Resource | None:
    code = coding(_COURSE_SYSTEM, *_COURSES[use]) if use in _COURSES else None
    return concept(code, coding(volven(9101), use, _USES.get(use)))


def _why(order: WholeOrder) -> Resource | None:
    code = order.change_code or ""
    return concept(coding(volven(7494), code, _STOPPED.get(code)), text=order.change_reason)


def _dosages(order: WholeOrder) -> list[Resource]:
    wanted = _wanted(order.required_value) if order.required_value else None
    said = [{"text": text} for text in (order.condition_text, wanted, order.instruction) if text]
    medicine = order.medicine
    return dosages_to_fhir(
        order.dosage,
        starts_at=order.starts_at,
        ends_at=order.ends_at,
        indication=order.indication,
        route=concept(coding(volven(7477), medicine.route_code, medicine.route), text=medicine.route),
        also=said,
    )


def _wanted(value: ValueRequirement) -> str:
    """In words, since no element of FHIR stops a dose: `Mål puls før dosen. Ikke gi den under 55 slag per minutt.`"""
    what = str(value.text).lower()
    low, high = (f"{show(limit)} {value.unit}" if limit is not None else "" for limit in (value.minimum, value.maximum))
    said = [phrase("Mål %(what)s før dosen.", what=what)]
    said += [phrase("Ikke gi den under %(limit)s.", limit=low)] if low else []
    said += [phrase("Ikke gi den over %(limit)s.", limit=high)] if high else []
    return str(joined(" ", said))


def _last(order: WholeOrder) -> datetime | None:
    """FHIR's period has its last second in it. What was stopped ended when that was decided."""
    ends = [order.ends_at, order.effective_at if order.status is OrderStatus.STOPPED else None]
    known = [at for at in ends if at is not None]
    return min(known) - timedelta(seconds=1) if known else None
