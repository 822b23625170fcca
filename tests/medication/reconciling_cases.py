"""What two lists say of one patient, and what a prescriber is shown of it: a table a pharmacist can read."""

from datetime import date, time
from decimal import Decimal
from typing import NamedTuple

from journal.medication.rules import Dosage, TimeOfDay, Weekday, daily, weekly, when_needed
from journal.medication.rules.reconciling import Line
from journal.platform.quantity import Quantity

ONE, TWO = (Quantity(Decimal(n), "tablett") for n in (1, 2))
MORNING, EVENING = daily(ONE, [TimeOfDay.MORNING]), daily(ONE, [TimeOfDay.EVENING])
NEEDED, SELDOM = (when_needed(ONE, max_doses=most) for most in (4, 3))


class Case(NamedTuple):
    """`shown`: for each row its kind, and its differences in words."""

    told: str
    ours: list[Line]
    theirs: list[Line]
    shown: list[tuple[str, str]]
    complete: bool = True


def line(
    key: str,
    atc: str | None = "C07AB02",
    strength: str | None = "50 mg",
    dosage: Dosage | None = MORNING,
    *,
    form: str | None = "depottablett",
    route: str | None = "peroralt",
    text: str | None = None,
    ends_on: date | None = None,
    stopped: bool = False,
    ready: bool = True,
    multidose: bool = False,
) -> Line:
    return Line(
        key=key,
        name="metoprolol" if atc == "C07AB02" else f"legemiddel {atc or key}",
        atc_code=atc,
        strength=strength,
        form=form,
        route=route,
        dosage=dosage,
        dosage_text=text,
        ends_on=ends_on,
        stopped=stopped,
        ready=ready,
        multidose=multidose,
    )


CASES = [
    Case("the same in everything is folded", [line("o")], [line("t")], [("equal", "")]),
    Case("1 g is 1000 mg", [line("o", strength="1 g")], [line("t", strength="1000 mg")], [("equal", "")]),
    Case("2.5 is 2,5", [line("o", strength="2,5 mg")], [line("t", strength="2.5 mg")], [("equal", "")]),
    Case("0,25 mg is 250 micrograms", [line("o", strength="0,25 mg")], [line("t", strength="250 mikrog")], [("equal", "")]),
    Case(
        "what a unit holds is no part of the dosage",
        [line("o", dosage=daily(ONE, [TimeOfDay.MORNING], strength_per_unit=Quantity(Decimal(50), "mg")))],
        [line("t")],
        [("equal", "")],
    ),
    Case(
        "another strength", [line("o")], [line("t", strength="100 mg")],
        [("different", "Styrke 50 mg → 100 mg.")],
    ),
    Case(
        "a strength that is not said is not the same", [line("o")], [line("t", strength=None)],
        [("different", "Styrke 50 mg → ikke sagt.")],
    ),
    Case(
        "a tenfold strength", [line("o", strength="2,5 mg")], [line("t", strength="25 mg")],
        [("different", "Styrke 2,5 mg → 25 mg.")],
    ),
    Case(
        "another form", [line("o")], [line("t", form="tablett")],
        [("different", "Form depottablett → tablett.")],
    ),
    Case(
        "a route that is not said is not the same", [line("o")], [line("t", route=None)],
        [("different", "Gis peroralt → ikke sagt.")],
    ),
    Case(
        "twice the dose", [line("o")], [line("t", dosage=daily(TWO, [TimeOfDay.MORNING]))],
        [("different", "Dosering 1 tablett morgen → 2 tabletter morgen.")],
    ),
    Case(
        "another time of the day", [line("o")], [line("t", dosage=EVENING)],
        [("different", "Dosering 1 tablett morgen → 1 tablett kveld.")],
    ),
    Case(
        "a clock time is not a time of day", [line("o")], [line("t", dosage=daily(ONE, [time(8)]))],
        [("different", "Dosering 1 tablett morgen → 1 tablett kl. 08.")],
    ),
    Case(
        "a weekly medicine that is daily elsewhere",
        [line("o", "L04AX03", "2,5 mg", weekly(ONE, Weekday.MONDAY, TimeOfDay.MORNING))],
        [line("t", "L04AX03", "2,5 mg")],
        [("different", "Dosering 1 tablett hver mandag morgen → 1 tablett morgen.")],
    ),
    Case(
        "words are never read as a dosage",
        [line("o")],
        [line("t", dosage=None, text="1 tabl. om morgenen", ready=False)],
        [("different", "Dosering 1 tablett morgen → «1 tabl. om morgenen». Kilden har bare tekst: sammenlign selv.")],
    ),
    Case(
        "a dosage that is not said",
        [line("o")], [line("t", dosage=None, ready=False)],
        [("different", "Dosering 1 tablett morgen → ikke sagt.")],
    ),
    Case(
        "a last day that we do not have",
        [line("o")], [line("t", ends_on=date(2026, 12, 1))],
        [("different", "Siste dag ikke sagt → 01.12.2026.")],
    ),
    Case(
        "stopped there, in use here", [line("o")], [line("t", stopped=True)], [("different", "Avsluttet i kilden.")],
    ),
    Case("stopped there, not in use here", [], [line("t", stopped=True)], [("equal", "")]),
    Case("not in the source", [line("o")], [], [("only_ours", "Står ikke i kilden.")]),
    Case("not with us", [], [line("t")], [("only_theirs", "Mangler hos oss.")]),
    Case(
        "a single prescription says nothing of the rest",
        [line("o"), line("p", "B01AA03")], [line("t")], [("equal", "")], complete=False,
    ),
    Case(
        "free text is matched with nothing, whatever it is called",
        [line("o")],
        [line("t", None, ready=False)],
        [
            ("unmatched", "Legemidlet står som fritekst. Finn det i katalogen før det kan tas inn."),
            ("only_ours", "Står ikke i kilden."),
        ],
    ),
    Case(
        "fixed and as needed of one substance are two orders",
        [line("o", dosage=MORNING), line("p", dosage=NEEDED)],
        [line("s", dosage=NEEDED), line("t", dosage=MORNING)],
        [("equal", ""), ("equal", "")],
    ),
    Case(
        "a fixed one that is as needed elsewhere",
        [line("o")], [line("t", dosage=NEEDED)],
        [("different", "Dosering 1 tablett morgen → 1 tablett ved behov, inntil 4 ganger per døgn.")],
    ),
    Case(
        "two of one substance, of which nobody can say which is which",
        [line("o", strength="25 mg"), line("p", strength="50 mg")],
        [line("s", strength="100 mg"), line("t", strength="200 mg")],
        [
            ("only_theirs", "Mangler hos oss."), ("only_theirs", "Mangler hos oss."),
            ("only_ours", "Står ikke i kilden."), ("only_ours", "Står ikke i kilden."),
        ],
    ),
    Case(
        "the equal pair is found first",
        [line("o", strength="25 mg"), line("p", strength="50 mg")],
        [line("s", strength="50 mg"), line("t", strength="100 mg")],
        [("different", "Styrke 25 mg → 100 mg."), ("equal", "")],
    ),
    Case(
        "the times of two of one substance do not say which is which where their strengths differ",
        [line("o", strength="25 mg"), line("p", strength="50 mg", dosage=EVENING)],
        [line("s", strength="100 mg"), line("t", strength="200 mg", dosage=EVENING)],
        [
            ("only_theirs", "Mangler hos oss."), ("only_theirs", "Mangler hos oss."),
            ("only_ours", "Står ikke i kilden."), ("only_ours", "Står ikke i kilden."),
        ],
    ),
    Case(
        "nor does a strength, where one is fixed and the other as needed",
        [line("o", strength="25 mg"), line("p", strength="50 mg")],
        [line("s", strength="50 mg", dosage=NEEDED), line("t", strength="100 mg", dosage=NEEDED)],
        [
            ("only_theirs", "Mangler hos oss."), ("only_theirs", "Mangler hos oss."),
            ("only_ours", "Står ikke i kilden."), ("only_ours", "Står ikke i kilden."),
        ],
    ),
    *(
        Case(
            f"a fixed one that has changed is not one as needed, with {said}",
            [line("o", strength="25 mg"), line("p", strength="25 mg", dosage=NEEDED)],
            [line("s", strength=theirs, dosage=EVENING), line("t", strength=theirs, dosage=SELDOM)],
            [
                ("different", f"{strength}Dosering 1 tablett morgen → 1 tablett kveld."),
                (
                    "different",
                    f"{strength}Dosering 1 tablett ved behov, inntil 4 ganger per døgn "
                    "→ 1 tablett ved behov, inntil 3 ganger per døgn.",
                ),
            ],
        )
        for said, theirs, strength in (
            ("its strength", "25 mg", ""),
            ("another strength", "50 mg", "Styrke 25 mg → 50 mg. "),
        )
    ),
    Case(
        "in packed bags there, and not here",
        [line("o")], [line("t", multidose=True)], [("different", "Ligger i multidose.")],
    ),
    Case("in packed bags both here and there", [line("o", multidose=True)], [line("t", multidose=True)], [("equal", "")]),
    Case("in packed bags here, of which the source says nothing", [line("o", multidose=True)], [line("t")], [("equal", "")]),
    Case(
        "another medicine of the same group is another medicine",
        [line("o")], [line("t", "C07AB07")],
        [("only_theirs", "Mangler hos oss."), ("only_ours", "Står ikke i kilden.")],
    ),
    Case(
        "everything that differs is said",
        [line("o")],
        [line("t", strength="100 mg", dosage=EVENING, ends_on=date(2026, 12, 1))],
        [("different", "Styrke 50 mg → 100 mg. Dosering 1 tablett morgen → 1 tablett kveld. Siste dag ikke sagt → 01.12.2026.")],
    ),
]  # fmt: skip
