"""Decisions about medicines as plain functions: no database, no clock, no web.

dosage    how a medicine is to be taken          schedule   when its doses are due
sentence  how a dosage is said                   status     ready, late, missed, given
as_needed whether there is room for one more     reasons    why a dose was not given
rounds    which doses belong to one walk         picture    36 hours at a glance
settings  what each municipality decides of it    strength   a strength in words
caution   when one tap is too little             insulin   which insulin it is, in words
course_doses  courses that end by the doses given   first_dose  the first dose of a course at once
words, steps, steps_said  the parts of them         safety     what a prescriber is told before she signs
supply    where the hand finds it, and who gives it
favourites what of an order holds for anybody
week      the days of a dose chart              timeline   many days on one picture
"""

from journal.medication.rules.as_needed import Given, Room, as_needed_room
from journal.medication.rules.caution import Caution, caution_text, cautions
from journal.medication.rules.course_doses import Slot, SoFar, is_made_up, number_text, so_far, so_far_text
from journal.medication.rules.dosage import (
    Dosage,
    daily,
    every_days,
    every_hours,
    in_cycle,
    in_steps,
    on_weekdays,
    weekly,
    when_needed,
)
from journal.medication.rules.favourites import Reusable, reusable
from journal.medication.rules.first_dose import beginning_at, begun_as, without_first
from journal.medication.rules.insulin import insulin_text
from journal.medication.rules.once import MAY_HAVE_PASSED, once, once_at
from journal.medication.rules.parts import (
    MOST_COUNTED,
    AmountRange,
    AsNeeded,
    Course,
    Cycle,
    EveryDays,
    EveryHours,
    InrControl,
    InvalidDosage,
    Kind,
    Moment,
    Step,
    TimedDose,
    TimeOfDay,
    Weekday,
)
from journal.medication.rules.picture import Mark, Strip, StripDose, Tick, Window, strip, window_around
from journal.medication.rules.reasons import (
    OFFERED,
    ImplausibleValue,
    Reason,
    Result,
    Suggestion,
    ValueRequirement,
    glucose,
    outside_limit_text,
    pulse,
    respiration,
    suggested_reason,
    systolic,
    temperature,
)
from journal.medication.rules.rounds import slot_of
from journal.medication.rules.schedule import (
    DEFAULT_CLOCK_TIMES,
    ClockTimes,
    ExpectedDose,
    expected_times,
    is_day_of,
    own_clock_times,
    safe_distance,
)
from journal.medication.rules.sentence import (
    HandAction,
    MedicationLine,
    Verb,
    dose_sentence,
    hand_sentence,
    medication_line,
)
from journal.medication.rules.settings import Chosen, DoseSettings, PlannedDose, in_force, planned_doses
from journal.medication.rules.status import (
    ORDINARY,
    TIME_CRITICAL,
    DoseStatus,
    OrderStatus,
    OwnTolerance,
    SignedState,
    TimeInFuture,
    Tolerance,
    describe,
    dose_status,
    effective_time,
    missed_at,
    tolerance_for,
)
from journal.medication.rules.steps_said import changed_today, inr_text, no_dose_decided
from journal.medication.rules.strength import strength_in_words
from journal.medication.rules.supply import (
    GIVERS,
    SUPPLIES,
    GivenBy,
    Supply,
    must_be_told_text,
    supply_flags,
    take_out_text,
    usual_supply,
)
from journal.medication.rules.timeline import EACH_DOSE, SPANS, DateTick, date_ticks, drawn_first, window_of, worst
from journal.medication.rules.week import Week, day_heading, said_in_column
from journal.medication.rules.words import TIMES_OF_DAY, say

__all__ = [
    "DEFAULT_CLOCK_TIMES",
    "EACH_DOSE",
    "GIVERS",
    "MAY_HAVE_PASSED",
    "MOST_COUNTED",
    "OFFERED",
    "ORDINARY",
    "SPANS",
    "SUPPLIES",
    "TIMES_OF_DAY",
    "TIME_CRITICAL",
    "AmountRange",
    "AsNeeded",
    "Caution",
    "Chosen",
    "ClockTimes",
    "Course",
    "Cycle",
    "DateTick",
    "Dosage",
    "DoseSettings",
    "DoseStatus",
    "EveryDays",
    "EveryHours",
    "ExpectedDose",
    "Given",
    "GivenBy",
    "HandAction",
    "ImplausibleValue",
    "InrControl",
    "InvalidDosage",
    "Kind",
    "Mark",
    "MedicationLine",
    "Moment",
    "OrderStatus",
    "OwnTolerance",
    "PlannedDose",
    "Reason",
    "Result",
    "Reusable",
    "Room",
    "SignedState",
    "Slot",
    "SoFar",
    "Step",
    "Strip",
    "StripDose",
    "Suggestion",
    "Supply",
    "Tick",
    "TimeInFuture",
    "TimeOfDay",
    "TimedDose",
    "Tolerance",
    "ValueRequirement",
    "Verb",
    "Week",
    "Weekday",
    "Window",
    "as_needed_room",
    "beginning_at",
    "begun_as",
    "caution_text",
    "cautions",
    "changed_today",
    "daily",
    "date_ticks",
    "day_heading",
    "describe",
    "dose_sentence",
    "dose_status",
    "drawn_first",
    "effective_time",
    "every_days",
    "every_hours",
    "expected_times",
    "glucose",
    "hand_sentence",
    "in_cycle",
    "in_force",
    "in_steps",
    "inr_text",
    "insulin_text",
    "is_day_of",
    "is_made_up",
    "medication_line",
    "missed_at",
    "must_be_told_text",
    "no_dose_decided",
    "number_text",
    "on_weekdays",
    "once",
    "once_at",
    "outside_limit_text",
    "own_clock_times",
    "planned_doses",
    "pulse",
    "respiration",
    "reusable",
    "safe_distance",
    "said_in_column",
    "say",
    "slot_of",
    "so_far",
    "so_far_text",
    "strength_in_words",
    "strip",
    "suggested_reason",
    "supply_flags",
    "systolic",
    "take_out_text",
    "temperature",
    "tolerance_for",
    "usual_supply",
    "weekly",
    "when_needed",
    "window_around",
    "window_of",
    "without_first",
    "worst",
]
