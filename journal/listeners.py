"""Who listens, in the transaction, to what a context tells: the facts of medication become the tasks and incidents of care."""

import contextlib
from typing import Any

from journal.access import GiverShutOut, RestrictionLifted
from journal.care import (
    ALONE_CHECKED,
    ALONE_UNDONE,
    BACK_FROM_LEAVE,
    BAG_TO_REPLACE,
    LAID_IN_UNACCOUNTED,
    LOST_PATCH,
    WITHDRAWAL_MISSING,
    Against,
    Care,
    DispenserTask,
    FollowUp,
    ForPrescriber,
    NotGiven,
)
from journal.medication import (
    AdministrationCorrected,
    AloneChecked,
    AsNeededCleared,
    AsNeededGiven,
    AsNeededPastLimit,
    BagGivenUp,
    CriticalDosesMissed,
    DispenserFailed,
    DispenserGaveOutdated,
    DispenserLowOnPower,
    DispenserNotEmptied,
    DispenserOrderChanged,
    DispenserSilent,
    DispenserToEvaluate,
    DispenserToFill,
    DispenserToReload,
    DispenserToSee,
    DoctorToCall,
    DoorPassed,
    DoseGivenAfterStop,
    DoseGivenTooNear,
    DoseGivenTwice,
    DoseGivenWithoutAuthority,
    DoseLaidOut,
    DoseSignedAlone,
    EvaluationPlanned,
    GivenToWrongPatient,
    GivenWithoutOrder,
    HoldingClosed,
    HoldingDiffers,
    InrPlanned,
    LaidInUnaccounted,
    LaidOutSettled,
    LeaveSettled,
    LeaveStarted,
    ListTakenOver,
    Medication,
    MedicineStopped,
    NurseToTell,
    PaperDenied,
    PatchNotFound,
    PatchToRemove,
    PatientAbsent,
    PauseEndPlanned,
    QuestionAsked,
    QuestionDropped,
    RefusedForDays,
    ReplacementWanted,
    UnorderedCorrected,
    WithdrawalMissing,
    WrittenFromPaper,
)
from journal.platform.errors import Denied
from journal.platform.outbox import Listeners
from journal.platform.work import Work


def _ask_for_effect(work: Work, fact: AsNeededGiven) -> None:
    """In the transaction, so that no dose lacks its question: a record needs somebody who answers for it, and the worker is
    nobody. A restriction that closes the patient's tasks to her must not keep her from signing what she gave."""
    with contextlib.suppress(Denied):
        Care(work).ask_for_effect(fact.patient_id, fact.administration_id, fact.effective_at)


def _ask_to_confirm(work: Work, fact: AsNeededCleared) -> None:
    with contextlib.suppress(Denied):
        Care(work).ask_to_confirm(fact.patient_id, fact.administration_id)


def _ask_giver(work: Work, fact: WrittenFromPaper) -> None:
    with contextlib.suppress(Denied):
        Care(work).ask_giver(fact.patient_id, fact.administration_id)


def _withdraw_task(work: Work, fact: Any) -> None:
    with contextlib.suppress(Denied):
        Care(work).withdraw_effect(fact.patient_id, fact.administration_id)


_NEXT_STEPS = {NurseToTell: NotGiven.TELL_NURSE, DoctorToCall: NotGiven.CALL_DOCTOR}
_FOR_PRESCRIBER = {RefusedForDays: ForPrescriber.REFUSED, CriticalDosesMissed: ForPrescriber.MISSED}


def _follow_up_dose(work: Work, fact: Any) -> None:
    with contextlib.suppress(Denied):
        Care(work).follow_up_dose(fact.patient_id, fact.administration_id, _NEXT_STEPS[type(fact)])


def _tell_prescriber(work: Work, fact: Any) -> None:
    with contextlib.suppress(Denied):
        Care(work).tell_prescriber(fact.patient_id, fact.request_entry_id, _FOR_PRESCRIBER[type(fact)])


_AGAINST = {
    DoseGivenTwice: Against.TWICE,
    DoseGivenAfterStop: Against.AFTER_STOP,
    GivenToWrongPatient: Against.WRONG_PATIENT,
    GivenWithoutOrder: Against.WITHOUT_ORDER,
    DoseGivenWithoutAuthority: Against.WITHOUT_AUTHORITY,
    PaperDenied: Against.PAPER_DENIED,
    AsNeededPastLimit: Against.PAST_LIMIT,
    DoseGivenTooNear: Against.TOO_NEAR,
}


def _given_against(work: Work, fact: Any) -> None:
    with contextlib.suppress(Denied):
        Care(work).given_against(fact.patient_id, fact.administration_id, _AGAINST[type(fact)], fact.effective_at)


_FOLLOW_UPS = {
    InrPlanned: FollowUp.INR,
    EvaluationPlanned: FollowUp.EVALUATION,
    PatchToRemove: FollowUp.PATCH_OFF,
    PauseEndPlanned: FollowUp.PAUSE,
    ReplacementWanted: FollowUp.REPLACEMENT,
}


def _follow_up_order(work: Work, fact: Any) -> None:
    with contextlib.suppress(Denied):
        Care(work).follow_up_order(fact.patient_id, fact.request_entry_id, _FOLLOW_UPS[type(fact)], fact.due_at)


def _see_whether_taken(work: Work, fact: DoseLaidOut) -> None:
    with contextlib.suppress(Denied):
        Care(work).see_whether_taken(fact.patient_id, fact.laying_id, fact.settle_before)


def _seen_whether_taken(work: Work, fact: LaidOutSettled) -> None:
    with contextlib.suppress(Denied):
        Care(work).seen_whether_taken(fact.patient_id, fact.laying_id)


def _expect_back(work: Work, fact: LeaveStarted) -> None:
    with contextlib.suppress(Denied):
        Care(work).add_task(fact.patient_id, BACK_FROM_LEAVE, due_at=fact.ends_at, about_id=fact.leave_id)


def _back_from_leave(work: Work, fact: LeaveSettled) -> None:
    with contextlib.suppress(Denied):
        Care(work).seen_whether_taken(fact.patient_id, fact.leave_id)


def _look_for_patch(work: Work, fact: PatchNotFound) -> None:
    with contextlib.suppress(Denied):
        Care(work).add_task(fact.patient_id, LOST_PATCH, due_at=work.now)


def _replace_bag(work: Work, fact: BagGivenUp) -> None:
    with contextlib.suppress(Denied):
        Care(work).add_task(fact.patient_id, BAG_TO_REPLACE, due_at=work.now)


_DISPENSERS = {
    DispenserToEvaluate: DispenserTask.EVALUATE,
    DispenserToFill: DispenserTask.REFILL,
    DispenserToReload: DispenserTask.RELOAD,
    DispenserLowOnPower: DispenserTask.BATTERY,
    DispenserGaveOutdated: DispenserTask.OUTDATED_TAKEN,
    DispenserNotEmptied: DispenserTask.NOT_TAKEN,
    DispenserSilent: DispenserTask.NO_CONTACT,
    DispenserFailed: DispenserTask.FAULT,
}


def _see_to_dispenser(work: Work, fact: DispenserToSee) -> None:
    what = _DISPENSERS[type(fact)]
    with contextlib.suppress(Denied):
        Care(work).dispenser_task(fact.patient_id, fact.dispenser_id, what, fact.due_at, dose_at=fact.dose_at)


def _reload_dispenser(work: Work, fact: DispenserOrderChanged) -> None:
    with contextlib.suppress(Denied):
        if dispenser_id := Medication(work).loaded_dispenser(fact.patient_id):
            Care(work).dispenser_task(fact.patient_id, dispenser_id, DispenserTask.RELOAD, work.now)


def _list_taken_over(work: Work, fact: ListTakenOver) -> None:
    with contextlib.suppress(Denied):
        Care(work).list_taken_over(fact.patient_id, fact.crossing_id)


def _door_passed(work: Work, fact: DoorPassed) -> None:
    with contextlib.suppress(Denied):
        Care(work).door_passed(fact.patient_id, fact.crossing_id)


def _ask_about_medicine(work: Work, fact: QuestionAsked) -> None:
    with contextlib.suppress(Denied):
        Care(work).ask_about_medicine(fact.patient_id, fact.question_id)


def _drop_question(work: Work, fact: QuestionDropped) -> None:
    with contextlib.suppress(Denied):
        Care(work).drop_question(fact.patient_id, fact.question_id)


def _withdrawal_missing(work: Work, fact: WithdrawalMissing) -> None:
    with contextlib.suppress(Denied):
        Care(work).add_task(fact.patient_id, WITHDRAWAL_MISSING, due_at=work.now, about_id=fact.administration_id)


def _laid_in_unaccounted(work: Work, fact: LaidInUnaccounted) -> None:
    with contextlib.suppress(Denied):
        Care(work).add_task(fact.patient_id, LAID_IN_UNACCOUNTED, due_at=work.now, about_id=fact.prepared_id)


def _settle_holding(work: Work, fact: MedicineStopped) -> None:
    with contextlib.suppress(Denied):
        if place_id := Medication(work).holding_of_order(fact.patient_id, fact.request_entry_id):
            Care(work).settle_holding(fact.patient_id, place_id)


def _holding_differs(work: Work, fact: HoldingDiffers) -> None:
    with contextlib.suppress(Denied):
        Care(work).holding_differs(fact.patient_id, fact.place_id)


def _holding_closed(work: Work, fact: HoldingClosed) -> None:
    with contextlib.suppress(Denied):
        Care(work).holding_closed(fact.patient_id, fact.place_id)


def _patient_absent(work: Work, fact: PatientAbsent) -> None:
    with contextlib.suppress(Denied):
        Care(work).patient_absent(fact.patient_id, fact.administration_id)


def _ask_to_check(work: Work, fact: DoseSignedAlone) -> None:
    with contextlib.suppress(Denied):
        Care(work).ask_to_check(fact.patient_id, fact.administration_id, fact.due_at)


def _alone_checked(work: Work, fact: AloneChecked) -> None:
    with contextlib.suppress(Denied):
        Care(work).alone_settled(fact.patient_id, fact.administration_id, ALONE_CHECKED)


def _alone_undone(work: Work, fact: AdministrationCorrected) -> None:
    with contextlib.suppress(Denied):
        Care(work).alone_settled(fact.patient_id, fact.administration_id, ALONE_UNDONE)


def _given_by_another(work: Work, fact: GiverShutOut) -> None:
    with contextlib.suppress(Denied):
        Care(work).given_by_another(fact.patient_id, fact.restriction_id, fact.unit_id)


def _restriction_lifted(work: Work, fact: RestrictionLifted) -> None:
    with contextlib.suppress(Denied):
        Care(work).restriction_lifted(fact.patient_id, fact.restriction_id)


# Who listens in the transaction to what others tell.
LISTENERS: Listeners = {
    AsNeededCleared: (_ask_to_confirm,),
    AsNeededGiven: (_ask_for_effect,),
    AdministrationCorrected: (_withdraw_task, _alone_undone),
    DoseSignedAlone: (_ask_to_check,),
    AloneChecked: (_alone_checked,),
    WrittenFromPaper: (_ask_giver,),
    UnorderedCorrected: (_withdraw_task,),
    **dict.fromkeys(_AGAINST, (_given_against,)),
    **dict.fromkeys(_NEXT_STEPS, (_follow_up_dose,)),
    **dict.fromkeys(_FOR_PRESCRIBER, (_tell_prescriber,)),
    **dict.fromkeys(_FOLLOW_UPS, (_follow_up_order,)),
    DoseLaidOut: (_see_whether_taken,),
    LaidOutSettled: (_seen_whether_taken,),
    LeaveStarted: (_expect_back,),
    LeaveSettled: (_back_from_leave,),
    ListTakenOver: (_list_taken_over,),
    DoorPassed: (_door_passed,),
    QuestionAsked: (_ask_about_medicine,),
    QuestionDropped: (_drop_question,),
    PatchNotFound: (_look_for_patch,),
    BagGivenUp: (_replace_bag,),
    **dict.fromkeys(_DISPENSERS, (_see_to_dispenser,)),
    DispenserOrderChanged: (_reload_dispenser,),
    PatientAbsent: (_patient_absent,),
    LaidInUnaccounted: (_laid_in_unaccounted,),
    WithdrawalMissing: (_withdrawal_missing,),
    MedicineStopped: (_settle_holding,),
    HoldingDiffers: (_holding_differs,),
    HoldingClosed: (_holding_closed,),
    GiverShutOut: (_given_by_another,),
    RestrictionLifted: (_restriction_lifted,),
}
