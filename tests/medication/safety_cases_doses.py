"""What is said of doses: too much in 24 hours, ten times too much at once, too often."""

from datetime import timedelta
from decimal import Decimal

from journal.medication.rules.safety import Person, Rule
from tests.medication.safety_cases import CARD, MARK, STOP, Case, says
from tests.medication.safety_orders import noon, of

THREE_OF_PARACETAMOL = (
    of("Paralgin forte tab 30 mg/400 mg", "1 ved behov x 4"),
    of("Panodil brusetab 500 mg", "1 én gang"),
)

MAXIMUM = [
    Case("4 g of paracetamol is the limit itself", of("Paracet tab 500 mg", "2 x 4")),
    Case(
        "4,5 g of paracetamol",
        of("Paracet tab 500 mg", "3 x 3"),
        says(Rule.DAILY_MAXIMUM, STOP) + says(Rule.DOSE_SIZE, CARD),
    ),
    Case(
        "paracetamol regularly, in a combination as needed, and once: 3 g + 1,6 g + 0,5 g",
        of("Paracet tab 500 mg", "2 x 3"),
        says(Rule.DAILY_MAXIMUM, STOP) + says(Rule.DUPLICATE_SUBSTANCE, MARK, CARD),
        THREE_OF_PARACETAMOL,
    ),
    Case(
        "1 g tablets and 500 mg tablets are counted together",
        of("Paracetamol Zentiva tab 1 g", "1 x 3"),
        says(Rule.DAILY_MAXIMUM, STOP) + says(Rule.DUPLICATE_SUBSTANCE, CARD),
        (of("Paracet mikst 24 mg/ml", "40 x 2"),),
    ),
    Case(
        "4 g of paracetamol at 48 kg",
        of("Paracet tab 500 mg", "2 x 4"),
        says(Rule.DAILY_MAXIMUM, CARD),
        person=Person(weight_kg=Decimal(48)),
    ),
    Case("40 mg of citalopram at 65", of("Cipramil tab 20 mg", "2 x 1"), person=Person(age=65)),
    Case(
        "40 mg of citalopram above 65",
        of("Cipramil tab 20 mg", "2 x 1"),
        says(Rule.DAILY_MAXIMUM, CARD),
        person=Person(age=66),
    ),
    Case("40 mg of citalopram at an age nobody knows", of("Cipramil tab 20 mg", "2 x 1")),
    Case(
        "as needed counts as its tightest limit: 600 mg each 4th hour, at most 4 times",
        of("Ibux tab 600 mg", "1 ved behov x 4 hver 4. time"),
    ),
    Case(
        "as needed with an interval alone counts as often as it fits: 600 mg each 4th hour",
        of("Ibux tab 600 mg", "1 ved behov hver 4. time"),
        says(Rule.DAILY_MAXIMUM, STOP),
    ),
    Case("each 7th hour fits four times into 24", of("Paracet tab 500 mg", "2 hver 7. time")),
    Case("each 5th hour fits five times", of("Paracet tab 500 mg", "2 hver 5. time"), says(Rule.DAILY_MAXIMUM, STOP)),
    Case(
        "an order that was replaced does not count",
        of("Paracet tab 500 mg", "2 x 4", starts_at=noon(22)),
        beside=(of("Panodil brusetab 500 mg", "2 x 4", ends_at=noon(22)),),
    ),
    Case(
        "one that ends an hour later counts",
        of("Paracet tab 500 mg", "2 x 4", starts_at=noon(22)),
        says(Rule.DAILY_MAXIMUM, STOP) + says(Rule.DUPLICATE_SUBSTANCE, CARD),
        (of("Panodil brusetab 500 mg", "2 x 4", ends_at=noon(22) + timedelta(hours=1)),),
    ),
    Case(
        "what is put on the skin does not count",
        of("Voltaren enterotab 50 mg", "1 x 3"),
        says(Rule.DUPLICATE_SUBSTANCE, MARK),
        (of("Voltarol gel 11,6 mg/g", "1 x 2"),),
    ),
    Case(
        "an order nobody knows the dose of cannot be counted",
        of("Paracet tab 500 mg", "2 x 3"),
        says(Rule.DAILY_MAXIMUM, MARK) + says(Rule.DUPLICATE_SUBSTANCE, CARD),
        (of("Panodil brusetab 500 mg", None),),
    ),
]

DOSE_SIZE = [
    Case("a usual dose", of("Levaxin tab 50 mikrog")),
    Case(
        "500 micrograms of levothyroxine where 50 was meant",
        of("Levaxin tab 50 mikrog", "10 x 1"),
        says(Rule.DOSE_SIZE, CARD),
    ),
    Case(
        "2,5 mg of digoxin is ten times the largest dose",
        of("Lanoxin tab 250 mikrog", "10 x 1"),
        says(Rule.DOSE_SIZE, STOP),
    ),
    Case("25 mg of warfarin where 2,5 was meant", of("Marevan tab 2,5 mg", "10 x 1"), says(Rule.DOSE_SIZE, CARD)),
    Case("a quarter tablet of haloperidol", of("Haldol tab 1 mg", "0,25 x 1")),
    Case("0,1 mg of haloperidol is less than usual", of("Haldol tab 1 mg", "0,1 x 1"), says(Rule.DOSE_SIZE, MARK)),
    Case("16 units of insulin", of("Lantus inj 100 E/ml", "16 x 1")),
    Case("160 units of insulin where 16 was meant", of("Lantus inj 100 E/ml", "160 x 1"), says(Rule.DOSE_SIZE, CARD)),
    Case("600 units of insulin", of("NovoRapid inj 100 E/ml", "600 x 1"), says(Rule.DOSE_SIZE, STOP)),
    Case(
        "a mixture is counted in what it holds: 50 ml of 2 mg",
        of("Oramorph mikst 2 mg/ml", "50 ved behov x 6"),
    ),
    Case(
        "500 ml of it is ten times the largest dose",
        of("Oramorph mikst 2 mg/ml", "500 ved behov x 6"),
        says(Rule.DOSE_SIZE, STOP),
    ),
    Case("an injection has other doses, and is not compared", of("Furix inj 10 mg/ml", "1 ved behov x 2")),
    Case(
        "a combination is compared by its substances",
        of("Paralgin forte tab 30 mg/400 mg", "10 x 1"),
        says(Rule.DOSE_SIZE, CARD, CARD) + says(Rule.DAILY_MAXIMUM, STOP),
    ),
]

METHOTREXATE, INJECTED = "Methotrexate Orion tab 2,5 mg", "Metex inj 50 mg/ml"

WEEKLY = [
    Case("methotrexate on Mondays", of(METHOTREXATE, "6 mandag")),
    Case("methotrexate each day", of(METHOTREXATE, "6 x 1"), says(Rule.WEEKLY, STOP)),
    Case("methotrexate as needed", of(METHOTREXATE, "1 ved behov x 1"), says(Rule.WEEKLY, STOP)),
    Case("methotrexate each 12th hour", of(METHOTREXATE, "1 hver 12. time"), says(Rule.WEEKLY, STOP)),
    Case("methotrexate each 7th day names no weekday", of(METHOTREXATE, "6 hver 7. dag"), says(Rule.WEEKLY, STOP)),
    Case("methotrexate each 6th day", of(METHOTREXATE, "6 hver 6. dag"), says(Rule.WEEKLY, STOP)),
    Case("methotrexate as injection each day", of(INJECTED, "0,3 x 1"), says(Rule.WEEKLY, STOP)),
    Case("methotrexate as injection on Mondays", of(INJECTED, "0,3 mandag")),
    Case("methotrexate nobody knows the dosage of", of(METHOTREXATE, None), says(Rule.WEEKLY, CARD)),
    Case("alendronate 70 mg each day", of("Fosamax tab 70 mg"), says(Rule.WEEKLY, STOP)),
    Case("alendronate 70 mg each 7th day", of("Fosamax tab 70 mg", "1 hver 7. dag")),
    Case("semaglutide injected each day", of("Ozempic inj 1,34 mg/ml", "0,5 x 1"), says(Rule.WEEKLY, STOP)),
    Case("semaglutide as a tablet each day", of("Rybelsus tab 3 mg")),
    Case("a fentanyl patch each day", of("Durogesic depotplaster 25 mikrog/time"), says(Rule.WEEKLY, STOP)),
    Case("a fentanyl patch each third day", of("Durogesic depotplaster 25 mikrog/time", "1 hver 3. dag")),
    Case("a buprenorphine patch each 7th day", of("Norspan depotplaster 10 mikrog/time", "1 hver 7. dag")),
    Case("buprenorphine under the tongue each day", of("Subutex sublingvaltab 8 mg")),
    Case("haloperidol as a tablet each day", of("Haldol tab 1 mg")),
    Case("zuclopenthixol depot each day", of("Cisordinol Depot depotinj 200 mg/ml"), says(Rule.WEEKLY, STOP)),
]
