"""What is said of the same substance twice, and of two of a kind."""

from journal.medication.rules.safety import Ordered, Rule
from tests.medication.safety_cases import CARD, MARK, STOP, Case, says
from tests.medication.safety_orders import dosage, noon, of

MORPHINE_LONG, MORPHINE_DROPS = (
    of("Dolcontin depottab 10 mg", "1 x 2"),
    of("Oramorph mikst 2 mg/ml", "2,5 ved behov x 6"),
)
OXYCODONE_LONG, OXYCODONE_SHORT = of("OxyContin depottab 10 mg", "1 x 2"), of("OxyNorm kaps 5 mg", "1 ved behov x 6")
FENTANYL = of("Durogesic depotplaster 25 mikrog/time", "1 hver 3. dag")
RAPID, LONG = of("NovoRapid inj 100 E/ml", "6 x 3"), of("Lantus inj 100 E/ml", "16 x 1")

DUPLICATES = [
    Case(
        "the same medicine ordered twice",
        of("Norvasc tab 5 mg", key="new"),
        says(Rule.DUPLICATE_SUBSTANCE, CARD),
        (of("Norvasc tab 5 mg"),),
    ),
    Case(
        "an order that is changed is no double of itself",
        of("Norvasc tab 5 mg", key="1"),
        beside=(of("Norvasc tab 10 mg", key="1"),),
    ),
    Case(
        "an order that ended is no double",
        of("Norvasc tab 5 mg", starts_at=noon(22)),
        beside=(of("Norvasc tab 10 mg", ends_at=noon(22)),),
    ),
    Case(
        "an order that ends as the other begins is no double",
        of("Norvasc tab 5 mg", ends_at=noon(22)),
        beside=(of("Norvasc tab 10 mg", starts_at=noon(22)),),
    ),
    Case(
        "a substance alone and in a combination",
        of("Glucophage tab 500 mg", "1 x 2"),
        says(Rule.DUPLICATE_SUBSTANCE, CARD),
        (of("Janumet tab 850 mg/50 mg", "1 x 2"),),
    ),
    Case(
        "two combinations that share one substance",
        of("Cozaar Comp tab 50 mg/12,5 mg"),
        says(Rule.DUPLICATE_GROUP, CARD),
        (of("Renitec Comp tab 20 mg/12,5 mg"),),
    ),
    Case(
        "a tablet and a gel of the same",
        of("Voltarol gel 11,6 mg/g", "1 x 2"),
        says(Rule.DUPLICATE_SUBSTANCE, MARK),
        (of("Voltaren enterotab 50 mg", "1 x 2"),),
    ),
    Case(
        "paracetamol regularly and as needed, within the limit",
        of("Panodil brusetab 500 mg", "1 ved behov x 2"),
        says(Rule.DUPLICATE_SUBSTANCE, MARK),
        (of("Paracet tab 500 mg", "2 x 3"),),
    ),
    Case(
        "two anticoagulants",
        of("Eliquis tab 5 mg", "1 x 2"),
        says(Rule.DUPLICATE_GROUP, STOP),
        (of("Marevan tab 2,5 mg"),),
    ),
    Case(
        "an anticoagulant and an injection against clots",
        of("Fragmin inj 5000 IE"),
        says(Rule.DUPLICATE_GROUP, STOP),
        (of("Eliquis tab 5 mg", "1 x 2"),),
    ),
    Case(
        "an anticoagulant and acetylsalicylic acid are two groups",
        of("Albyl-E enterotab 75 mg"),
        beside=(of("Eliquis tab 5 mg", "1 x 2"),),
    ),
    Case(
        "two against platelets are often planned",
        of("Plavix tab 75 mg"),
        says(Rule.DUPLICATE_GROUP, MARK),
        (of("Albyl-E enterotab 75 mg"),),
    ),
    Case("a long opioid regularly, and a short of the same as needed", MORPHINE_DROPS, beside=(MORPHINE_LONG,)),
    Case("a long opioid regularly, and a short of another as needed", OXYCODONE_SHORT, beside=(FENTANYL,)),
    Case("two long opioids", OXYCODONE_LONG, says(Rule.DUPLICATE_GROUP, STOP), (FENTANYL,)),
    Case(
        "the old strength was not stopped when the new was ordered",
        of("OxyContin depottab 20 mg", "1 x 2"),
        says(Rule.DUPLICATE_GROUP, STOP),
        (OXYCODONE_LONG,),
    ),
    Case("two short opioids as needed", OXYCODONE_SHORT, says(Rule.DUPLICATE_GROUP, STOP), (MORPHINE_DROPS,)),
    Case(
        "codeine in a combination is an opioid",
        of("Paralgin forte tab 30 mg/400 mg", "1 ved behov x 4"),
        says(Rule.DUPLICATE_GROUP, STOP),
        (of("Nobligan kaps 50 mg", "1 ved behov x 4"),),
    ),
    Case(
        "morphine as needed by mouth, or as an injection",
        of("Morfin inj 10 mg/ml", "0,5 ved behov x 6"),
        says(Rule.DUPLICATE_GROUP, CARD),
        (MORPHINE_DROPS,),
    ),
    Case(
        "oxycodone as needed by mouth, and morphine as an injection",
        OXYCODONE_SHORT,
        says(Rule.DUPLICATE_GROUP, STOP),
        (of("Morfin inj 10 mg/ml", "0,5 ved behov x 6"),),
    ),
    Case(
        "morphine put on a wound is no second opioid",
        of("Oramorph mikst 2 mg/ml", "2,5 ved behov x 6", route_code="8"),
        beside=(OXYCODONE_SHORT,),
    ),
    Case("lithium beside an antipsychotic", of("Lithionit depottab 42 mg", "1 x 2"), beside=(of("Zyprexa tab 5 mg"),)),
    Case("rapid and long-acting insulin", RAPID, beside=(LONG,)),
    Case("two rapid insulins", of("Humalog inj 100 E/ml", "6 x 3"), says(Rule.DUPLICATE_GROUP, CARD), (RAPID,)),
    Case("two long-acting insulins", of("Tresiba inj 100 E/ml", "16 x 1"), says(Rule.DUPLICATE_GROUP, CARD), (LONG,)),
    Case(
        "two NSAIDs, one of them as needed",
        of("Ibux tab 400 mg", "1 ved behov x 3"),
        says(Rule.DUPLICATE_GROUP, CARD),
        (of("Napren-E enterotab 250 mg", "1 x 2"),),
    ),
    Case(
        "two proton pump inhibitors",
        of("Somac enterotab 40 mg"),
        says(Rule.DUPLICATE_GROUP, CARD),
        (of("Nexium enterotab 20 mg"),),
    ),
    Case(
        "an SSRI and an SNRI",
        of("Efexor Depot depotkaps 75 mg"),
        says(Rule.DUPLICATE_GROUP, CARD),
        (of("Zoloft tab 50 mg"),),
    ),
    Case(
        "a sleeping pill regularly and a sedative as needed",
        of("Sobril tab 10 mg", "1 ved behov x 2"),
        says(Rule.DUPLICATE_GROUP, MARK),
        (of("Imovane tab 5 mg"),),
    ),
    Case(
        "an ACE inhibitor and an angiotensin blocker",
        of("Cozaar tab 50 mg"),
        says(Rule.DUPLICATE_GROUP, CARD),
        (of("Triatec tab 5 mg"),),
    ),
    Case("two of one ATC group", of("Norvasc tab 5 mg"), says(Rule.DUPLICATE_GROUP, CARD), (of("Zanidip tab 10 mg"),)),
    Case(
        "two laxatives are ordinary", of("Movicol pulver til mikst"), beside=(of("Duphalac mikst 667 mg/ml", "15 x 1"),)
    ),
    Case(
        "nitroglycerin as needed beside isosorbide",
        of("Nitroglycerin sublingvaltab 0,5 mg", "1 ved behov x 3"),
        beside=(of("Imdur depottab 60 mg"),),
    ),
    Case(
        "levodopa by day and its depot by night",
        of("Sinemet Depot depottab 200 mg/50 mg"),
        beside=(of("Sinemet tab 100 mg/25 mg", "1 x 4"),),
    ),
    Case(
        "calcium with vitamin D beside vitamin D",
        of("Divisun tab 800 IE"),
        says(Rule.DUPLICATE_SUBSTANCE, MARK),
        (of("Calcigran Forte tyggetab 500 mg/400 IE", "1 x 2"),),
    ),
    Case(
        "a diuretic with potassium beside the diuretic alone: the potassium excuses nothing",
        of("Centyl med kaliumklorid tab 2,5 mg/573 mg"),
        says(Rule.DUPLICATE_SUBSTANCE, CARD),
        (Ordered(key="2", name="bendroflumetiazid", atc_code="C03AA01", dosage=dosage("1 x 1", "tablett", None)),),
    ),
    Case(
        "methotrexate as tablets and as injection",
        of("Metex inj 50 mg/ml", "0,3 mandag"),
        says(Rule.DUPLICATE_GROUP, STOP),
        (of("Methotrexate Orion tab 2,5 mg", "6 mandag"),),
    ),
]
