"""What is said of allergies and intolerances."""

from journal.medication.rules.safety import Rule
from tests.medication.safety_cases import CARD, MARK, STOP, Case, allergy, says
from tests.medication.safety_orders import of

ANAPHYLAXIS, RASH, UNKNOWN = "1", "11", "20"
PENICILLIN = allergy("Penicillin", "J01C", reaction_code=ANAPHYLAXIS)
PENICILLIN_RASH = allergy("Penicillin", "J01C", reaction_code=RASH)
AMOXICILLIN, CEFALEXIN = of("Imacillin tab 500 mg", "1 x 3"), of("Cefalexin tab 500 mg", "1 x 3")
BACTRIM = of("Bactrim tab 400 mg/80 mg", "2 x 2")


ALLERGIES = [
    Case(
        "penicillin with anaphylaxis stops amoxicillin", AMOXICILLIN, says(Rule.ALLERGY, STOP), allergies=(PENICILLIN,)
    ),
    Case("penicillin with a rash is a card", AMOXICILLIN, says(Rule.ALLERGY, CARD), allergies=(PENICILLIN_RASH,)),
    Case(
        "penicillin without a word of what happened stops: it may have been anything",
        AMOXICILLIN,
        says(Rule.ALLERGY, STOP),
        allergies=(allergy("Penicillin", "J01C"),),
    ),
    Case(
        "swelling written in words alone is serious",
        AMOXICILLIN,
        says(Rule.ALLERGY, STOP),
        allergies=(allergy("Penicillin", "J01C", reaction="Hevelse i munn og svelg"),),
    ),
    Case(
        "itching written in words alone is not",
        AMOXICILLIN,
        says(Rule.ALLERGY, CARD),
        allergies=(allergy("Penicillin", "J01C", reaction="Kløe på magen"),),
    ),
    Case(
        "an unknown reaction (code 20) stops as well",
        AMOXICILLIN,
        says(Rule.ALLERGY, STOP),
        allergies=(allergy("Penicillin", "J01C", reaction_code=UNKNOWN),),
    ),
    Case(
        "penicillin written without a code is understood",
        AMOXICILLIN,
        says(Rule.ALLERGY, STOP),
        allergies=(allergy("penicillin (barndom)", reaction_code=ANAPHYLAXIS),),
    ),
    Case(
        "an intolerance is a card, also when nobody knows what happened",
        AMOXICILLIN,
        says(Rule.ALLERGY, CARD),
        allergies=(allergy("Amoksicillin", "J01CA04", kind="intolerance"),),
    ),
    Case(
        "an intolerance with a serious reaction stops",
        of("Zocor tab 20 mg"),
        says(Rule.ALLERGY, STOP),
        allergies=(allergy("Simvastatin", "C10AA01", kind="intolerance", reaction_code="17"),),
    ),
    Case(
        "a refuted one says nothing",
        AMOXICILLIN,
        allergies=(allergy("Penicillin", "J01C", verification_status="refuted"),),
    ),
    Case("one entered in error says nothing", AMOXICILLIN, allergies=(allergy("Penicillin", "J01C", in_error=True),)),
    Case(
        "an unconfirmed one is acted upon",
        AMOXICILLIN,
        says(Rule.ALLERGY, STOP),
        allergies=(allergy("Penicillin", "J01C", verification_status="unconfirmed", severity="severe"),),
    ),
    Case(
        "high criticality alone makes it serious",
        AMOXICILLIN,
        says(Rule.ALLERGY, STOP),
        allergies=(allergy("Penicillin", "J01C", reaction_code=RASH, criticality="high"),),
    ),
    Case("penicillin with anaphylaxis, a cephalosporin", CEFALEXIN, says(Rule.ALLERGY, CARD), allergies=(PENICILLIN,)),
    Case("penicillin with a rash, a cephalosporin", CEFALEXIN, says(Rule.ALLERGY, MARK), allergies=(PENICILLIN_RASH,)),
    Case("penicillin, erythromycin", of("Ery-Max enterokaps 250 mg", "2 x 2"), allergies=(PENICILLIN,)),
    Case(
        "sulfa and trimethoprim, trimethoprim alone",
        of("Trimetoprim tab 160 mg", "1 x 2"),
        says(Rule.ALLERGY, STOP),
        allergies=(allergy("Trimetoprim og sulfametoksazol", "J01EE01", reaction_code="10"),),
    ),
    Case(
        "trimethoprim, the combination",
        BACTRIM,
        says(Rule.ALLERGY, STOP),
        allergies=(allergy("Trimetoprim", "J01EA01"),),
    ),
    Case("sulfa without a code, the combination", BACTRIM, says(Rule.ALLERGY, STOP), allergies=(allergy("sulfa"),)),
    Case(
        "sulfa says nothing of trimethoprim alone", of("Trimetoprim tab 160 mg", "1 x 2"), allergies=(allergy("sulfa"),)
    ),
    Case(
        "acetylsalicylic acid against pain, the same against clots",
        of("Albyl-E enterotab 75 mg"),
        says(Rule.ALLERGY, STOP),
        allergies=(allergy("Acetylsalisylsyre", "N02BA01", reaction_code="5"),),
    ),
    Case(
        "a code says which substance it is, whatever brand was written",
        of("Albyl-E enterotab 75 mg"),
        says(Rule.ALLERGY, STOP),
        allergies=(allergy("Dispril", "N02BA01", reaction_code="5"),),
    ),
    Case(
        "acetylsalicylic acid with asthma, ibuprofen",
        of("Ibux tab 400 mg", "1 ved behov x 3"),
        says(Rule.ALLERGY, CARD),
        allergies=(allergy("Acetylsalisylsyre", "N02BA01", reaction_code="5"),),
    ),
    Case(
        "codeine with nausea, the combination with paracetamol",
        of("Paralgin forte tab 30 mg/400 mg", "1 ved behov x 4"),
        says(Rule.ALLERGY, CARD),
        allergies=(allergy("Kodein", "R05DA04", kind="intolerance", reaction_code="13"),),
    ),
    Case(
        "morphine with nausea, oxycodone",
        of("OxyNorm kaps 5 mg", "1 ved behov x 6"),
        says(Rule.ALLERGY, MARK),
        allergies=(allergy("Morfin", "N02AA01", kind="intolerance", reaction_code="13"),),
    ),
    Case(
        "a brand is understood of that brand",
        of("Ibux tab 400 mg", "1 ved behov x 3"),
        says(Rule.ALLERGY, STOP),
        allergies=(allergy("Ibux"),),
    ),
    Case(
        "swelling from one ACE inhibitor, another",
        of("Triatec tab 5 mg"),
        says(Rule.ALLERGY, CARD),
        allergies=(allergy("Enalapril", "C09AA02", reaction_code="9"),),
    ),
    Case(
        "swelling from an ACE inhibitor, sacubitril",
        of("Entresto tab 49 mg/51 mg", "1 x 2"),
        says(Rule.ALLERGY, CARD),
        allergies=(allergy("Enalapril", "C09AA02", reaction_code="9"),),
    ),
    Case(
        "a part of a combination that the table does not know",
        of("Sinemet tab 100 mg/25 mg", "1 x 4"),
        says(Rule.ALLERGY, STOP),
        allergies=(allergy("Karbidopa", reaction_code="10"),),
    ),
    Case("latex is no medicine, and is not compared", AMOXICILLIN, allergies=(allergy("Lateks"),)),
]
