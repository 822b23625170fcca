"""FHIR R4 (4.0.1) as far as this journal writes it: which elements there are, how many, of what type, with which codes.

No validator of R4 itself comes as a package for Python, and R4B differs. A line is `element min..max type`, `*` for
many, `a|b` where the type is chosen (`name[x]`), `code=a,b` for a required binding. What is not in a line does not exist.
"""

import re
from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from typing import Any, NamedTuple

_ANY_RESOURCE = """
    id 0..1 id; meta 0..1 Meta; implicitRules 0..1 uri; language 0..1 code; text 0..1 Narrative;
    contained 0..* Resource; extension 0..* Extension; modifierExtension 0..* Extension
"""
_UNITS_OF_TIME = "code=s,min,h,d,wk,mo,a"
_WHEN = (
    "code=MORN,MORN.early,MORN.late,NOON,AFT,AFT.early,AFT.late,EVE,EVE.early,EVE.late,NIGHT,PHS,HS,WAKE,C,CM,CD,CV,"
    "AC,ACM,ACD,ACV,PC,PCM,PCD,PCV"
)
R4 = {
    "MedicationRequest": _ANY_RESOURCE
    + """; identifier 0..* Identifier;
    status 1..1 code=active,on-hold,cancelled,completed,entered-in-error,stopped,draft,unknown;
    statusReason 0..1 CodeableConcept;
    intent 1..1 code=proposal,plan,order,original-order,reflex-order,filler-order,instance-order,option;
    category 0..* CodeableConcept; priority 0..1 code=routine,urgent,asap,stat; doNotPerform 0..1 boolean;
    reported[x] 0..1 boolean|Reference; medication[x] 1..1 CodeableConcept|Reference; subject 1..1 Reference;
    encounter 0..1 Reference; supportingInformation 0..* Reference; authoredOn 0..1 dateTime; requester 0..1 Reference;
    performer 0..1 Reference; performerType 0..1 CodeableConcept; recorder 0..1 Reference;
    reasonCode 0..* CodeableConcept; reasonReference 0..* Reference; instantiatesCanonical 0..* canonical;
    instantiatesUri 0..* uri; basedOn 0..* Reference; groupIdentifier 0..1 Identifier;
    courseOfTherapyType 0..1 CodeableConcept; insurance 0..* Reference; note 0..* Annotation;
    dosageInstruction 0..* Dosage; dispenseRequest 0..1 BackboneElement; substitution 0..1 BackboneElement;
    priorPrescription 0..1 Reference; detectedIssue 0..* Reference; eventHistory 0..* Reference
    """,
    "MedicationStatement": _ANY_RESOURCE
    + """; identifier 0..* Identifier; basedOn 0..* Reference; partOf 0..* Reference;
    status 1..1 code=active,completed,entered-in-error,intended,stopped,on-hold,unknown,not-taken;
    statusReason 0..* CodeableConcept; category 0..1 CodeableConcept; medication[x] 1..1 CodeableConcept|Reference;
    subject 1..1 Reference; context 0..1 Reference; effective[x] 0..1 dateTime|Period; dateAsserted 0..1 dateTime;
    informationSource 0..1 Reference; derivedFrom 0..* Reference; reasonCode 0..* CodeableConcept;
    reasonReference 0..* Reference; note 0..* Annotation; dosage 0..* Dosage
    """,
    "Medication": _ANY_RESOURCE
    + """; identifier 0..* Identifier; code 0..1 CodeableConcept; status 0..1 code=active,inactive,entered-in-error;
    manufacturer 0..1 Reference; form 0..1 CodeableConcept; amount 0..1 Ratio; ingredient 0..* Ingredient;
    batch 0..1 BackboneElement
    """,
    "MedicationAdministration": _ANY_RESOURCE
    + """; identifier 0..* Identifier; instantiates 0..* uri; partOf 0..* Reference;
    status 1..1 code=in-progress,not-done,on-hold,completed,entered-in-error,stopped,unknown;
    statusReason 0..* CodeableConcept; category 0..1 CodeableConcept; medication[x] 1..1 CodeableConcept|Reference;
    subject 1..1 Reference; context 0..1 Reference; supportingInformation 0..* Reference;
    effective[x] 1..1 dateTime|Period; performer 0..* Performer; reasonCode 0..* CodeableConcept;
    reasonReference 0..* Reference; request 0..1 Reference; device 0..* Reference; note 0..* Annotation;
    dosage 0..1 GivenDosage; eventHistory 0..* Reference
    """,
    "MedicationDispense": _ANY_RESOURCE
    + """; identifier 0..* Identifier; partOf 0..* Reference;
    status 1..1 code=preparation,in-progress,cancelled,on-hold,completed,entered-in-error,stopped,declined,unknown;
    statusReason[x] 0..1 CodeableConcept|Reference; category 0..1 CodeableConcept;
    medication[x] 1..1 CodeableConcept|Reference; subject 0..1 Reference; context 0..1 Reference;
    supportingInformation 0..* Reference; performer 0..* Performer; location 0..1 Reference;
    authorizingPrescription 0..* Reference; type 0..1 CodeableConcept; quantity 0..1 Quantity; daysSupply 0..1 Quantity;
    whenPrepared 0..1 dateTime; whenHandedOver 0..1 dateTime; destination 0..1 Reference; receiver 0..* Reference;
    note 0..* Annotation; dosageInstruction 0..* Dosage; substitution 0..1 BackboneElement; detectedIssue 0..* Reference;
    eventHistory 0..* Reference
    """,
    "Performer": "function 0..1 CodeableConcept; actor 1..1 Reference",
    "GivenDosage": """extension 0..* Extension; text 0..1 string; site 0..1 CodeableConcept; route 0..1 CodeableConcept;
    method 0..1 CodeableConcept; dose 0..1 Quantity; rate[x] 0..1 Ratio|Quantity""",
    "Annotation": "author[x] 0..1 Reference|string; time 0..1 dateTime; text 1..1 string",
    "DetectedIssue": _ANY_RESOURCE
    + """; identifier 0..* Identifier;
    status 1..1 code=registered,preliminary,final,amended,corrected,cancelled,entered-in-error,unknown;
    code 0..1 CodeableConcept; severity 0..1 code=high,moderate,low; patient 0..1 Reference;
    identified[x] 0..1 dateTime|Period; author 0..1 Reference; implicated 0..* Reference;
    evidence 0..* BackboneElement; detail 0..1 string; reference 0..1 uri; mitigation 0..* Mitigation
    """,
    "AllergyIntolerance": _ANY_RESOURCE
    + """; identifier 0..* Identifier; clinicalStatus 0..1 CodeableConcept; verificationStatus 0..1 CodeableConcept;
    type 0..1 code=allergy,intolerance; category 0..* code=food,medication,environment,biologic;
    criticality 0..1 code=low,high,unable-to-assess; code 0..1 CodeableConcept; patient 1..1 Reference;
    encounter 0..1 Reference; onset[x] 0..1 dateTime|Age|Period|Range|string; recordedDate 0..1 dateTime;
    recorder 0..1 Reference; asserter 0..1 Reference; lastOccurrence 0..1 dateTime; note 0..* Annotation;
    reaction 0..* Reaction
    """,
    "Reaction": """extension 0..* Extension; substance 0..1 CodeableConcept; manifestation 1..* CodeableConcept;
    description 0..1 string; onset 0..1 dateTime; severity 0..1 code=mild,moderate,severe;
    exposureRoute 0..1 CodeableConcept; note 0..* Annotation""",
    "Mitigation": "action 1..1 CodeableConcept; date 0..1 dateTime; author 0..1 Reference",
    "Ingredient": "item[x] 1..1 CodeableConcept|Reference; isActive 0..1 boolean; strength 0..1 Ratio",
    "Dosage": """extension 0..* Extension; modifierExtension 0..* Extension; sequence 0..1 integer; text 0..1 string;
    additionalInstruction 0..* CodeableConcept; patientInstruction 0..1 string; timing 0..1 Timing;
    asNeeded[x] 0..1 boolean|CodeableConcept; site 0..1 CodeableConcept; route 0..1 CodeableConcept;
    method 0..1 CodeableConcept; doseAndRate 0..* DoseAndRate; maxDosePerPeriod 0..1 Ratio;
    maxDosePerAdministration 0..1 Quantity; maxDosePerLifetime 0..1 Quantity""",
    "DoseAndRate": "type 0..1 CodeableConcept; dose[x] 0..1 Range|Quantity; rate[x] 0..1 Ratio|Range|Quantity",
    "Timing": "extension 0..* Extension; event 0..* dateTime; repeat 0..1 Repeat; code 0..1 CodeableConcept",
    "Repeat": f"""extension 0..* Extension; bounds[x] 0..1 Duration|Range|Period; count 0..1 positiveInt;
    countMax 0..1 positiveInt; duration 0..1 decimal; durationMax 0..1 decimal; durationUnit 0..1 {_UNITS_OF_TIME};
    frequency 0..1 positiveInt; frequencyMax 0..1 positiveInt; period 0..1 decimal; periodMax 0..1 decimal;
    periodUnit 0..1 {_UNITS_OF_TIME}; dayOfWeek 0..* code=mon,tue,wed,thu,fri,sat,sun; timeOfDay 0..* time;
    when 0..* {_WHEN}; offset 0..1 unsignedInt""",
    "Extension": """extension 0..* Extension; url 1..1 uri;
    value[x] 0..1 string|boolean|date|time|code|positiveInt|CodeableConcept|Duration""",
    "Meta": "versionId 0..1 id; lastUpdated 0..1 instant; source 0..1 uri; profile 0..* canonical",
    "CodeableConcept": "coding 0..* Coding; text 0..1 string",
    "Coding": "system 0..1 uri; version 0..1 string; code 0..1 code; display 0..1 string; userSelected 0..1 boolean",
    "Reference": "reference 0..1 string; type 0..1 uri; identifier 0..1 Identifier; display 0..1 string",
    "Quantity": "value 0..1 decimal; comparator 0..1 code=<,<=,>=,>; unit 0..1 string; system 0..1 uri; code 0..1 code",
    "Duration": "value 0..1 decimal; comparator 0..1 code=<,<=,>=,>; unit 0..1 string; system 0..1 uri; code 0..1 code",
    "Range": "low 0..1 Quantity; high 0..1 Quantity",
    "Ratio": "numerator 0..1 Quantity; denominator 0..1 Quantity",
    "Period": "start 0..1 dateTime; end 0..1 dateTime",
}
_DAY = r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
_CLOCK = r"([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
_TEXTS = {
    "id": r"[A-Za-z0-9\-.]{1,64}",
    "code": r"[^\s]+(\s[^\s]+)*",
    "uri": r"\S+",
    "canonical": r"\S+",
    "string": r"(?s)[\s\S]*\S[\s\S]*",
    "date": _DAY,
    "time": _CLOCK,
    "dateTime": rf"{_DAY}T{_CLOCK}(\.[0-9]+)?(Z|[+-][0-9]{{2}}:[0-9]{{2}})",
    "instant": rf"{_DAY}T{_CLOCK}(\.[0-9]+)?(Z|[+-][0-9]{{2}}:[0-9]{{2}})",
}
_NUMBERS = {"integer": -(2**31), "positiveInt": 1, "unsignedInt": 0}


class Element(NamedTuple):
    least: int
    many: bool
    types: tuple[str, ...]
    codes: tuple[str, ...]


@cache
def elements(of: str) -> dict[str, Element]:
    """The elements of a type, each by the name it has in JSON."""
    found = {}
    for line in R4[of].split(";"):
        name, occurs, said = line.strip().split(maxsplit=2)
        types, _, codes = said.partition("=")
        element = Element(
            int(occurs[0]), occurs.endswith("*"), tuple(types.split("|")), tuple(filter(None, codes.split(",")))
        )
        found[name] = element
    return found


def faults(resource: dict[str, Any]) -> list[str]:
    """What is against R4 in a resource, as read from its JSON with decimals as Decimal; none for a valid one."""
    kind = resource.get("resourceType", "")
    if kind not in R4:
        return [f"no such resource: {kind!r}"]
    return [*_of(kind, {k: v for k, v in resource.items() if k != "resourceType"}, kind), *_invariants(resource)]


def _of(kind: str, value: Any, path: str) -> Iterator[str]:
    if not isinstance(value, dict) or not value:
        yield f"{path}: no {kind}"
        return
    by_json_name = {
        (name.replace("[x]", each[:1].upper() + each[1:]) if name.endswith("[x]") else name): (name, each, element)
        for name, element in elements(kind).items()
        for each in element.types
    }
    seen: dict[str, int] = {}
    for name, inside in value.items():
        if name not in by_json_name:
            yield f"{path}.{name}: no such element"
            continue
        element_name, each, element = by_json_name[name]
        seen[element_name] = seen.get(element_name, 0) + 1
        if element.many is not isinstance(inside, list) or inside == []:
            yield f"{path}.{name}: one or many"
            continue
        for one in inside if element.many else [inside]:
            yield from _value(each, one, f"{path}.{name}", element.codes)
    for name, element in elements(kind).items():
        if seen.get(name, 0) < element.least:
            yield f"{path}.{name}: missing"
        if name.endswith("[x]") and seen.get(name, 0) > 1:
            yield f"{path}.{name}: only one type"


def _value(kind: str, value: Any, path: str, codes: tuple[str, ...]) -> Iterator[str]:
    if kind == "Resource":
        yield from (f"{path}/{fault}" for fault in faults(value))
    elif kind in R4:
        yield from _of(kind, value, path)
    elif not _primitive(kind, value) or (codes and value not in codes):
        yield f"{path}: {value!r} is no {kind}"


def _primitive(kind: str, value: Any) -> bool:
    if kind == "boolean":
        return isinstance(value, bool)
    if kind == "decimal":
        return isinstance(value, int | Decimal) and not isinstance(value, bool)
    if kind in _NUMBERS:
        return isinstance(value, int) and not isinstance(value, bool) and _NUMBERS[kind] <= value < 2**31
    return isinstance(value, str) and re.fullmatch(_TEXTS[kind], value) is not None


def _invariants(resource: dict[str, Any]) -> Iterator[str]:
    """The constraints of R4 that are more than a type, for what we write."""
    if resource["resourceType"] == "AllergyIntolerance":
        verified = resource.get("verificationStatus", {}).get("coding", [{}])[0].get("code")
        if (verified != "entered-in-error") != ("clinicalStatus" in resource):
            yield "ait-1, ait-2: clinicalStatus"
    contained = {each.get("id") for each in resource.get("contained", ())}
    pointed = {ref[1:] for ref in _references(resource) if ref.startswith("#")}
    if contained != pointed:
        yield "dom-3: what is contained is referred to, and what is referred to is contained"
    given = resource.get("dosage", ())
    if isinstance(given, dict):
        if "dose" not in given and not {"rateRatio", "rateQuantity"} & given.keys():
            yield "mad-1: a dosage has a dose or a rate"
        given = ()
    for dosage in [*resource.get("dosageInstruction", ()), *given]:
        repeat = dosage.get("timing", {}).get("repeat", {})
        if ("period" in repeat) != ("periodUnit" in repeat):
            yield "tim-2: period with its unit"
        if "timeOfDay" in repeat and "when" in repeat:
            yield "tim-10: timeOfDay or when"
        bounds = repeat.get("boundsPeriod", {})
        if "end" in bounds and bounds["start"] > bounds["end"]:
            yield "per-1: start before end"


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("reference"), str):
            yield value["reference"]
        for inside in value.values():
            yield from _references(inside)
    elif isinstance(value, list):
        for inside in value:
            yield from _references(inside)
