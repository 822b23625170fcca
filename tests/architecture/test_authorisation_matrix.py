"""Every route, asked by everybody about everybody, through the real application.

What must come out is worked out from two things alone: which permissions the role has, and whether there is a ground.
Run with -s to see the number of cells.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

import pytest
from werkzeug.test import TestResponse

from journal.permissions import Permission, permissions_of
from journal.platform.clock import local_date, norwegian_date
from journal.platform.ids import new_id
from tests import factories
from tests.architecture import routes
from tests.architecture.charts import Connection, Marked, mark, marked_chart, national_id
from tests.conftest import Browser, World
from tests.factories import Staff
from tests.pdf_reading import words

ClientFor = Callable[[Staff | None], Browser]
LINES = [line.split() for line in routes.written() if line.split()[2] not in ("static", "healthz")]
CELLS: Counter[str] = Counter()
# What each page leaves in the log of the one patient there is, when whoever may has opened it; none for the others.
LOGGED = dict(
    line.split(": ", 1)
    for line in Path(__file__).with_name("log_lines.txt").read_text(encoding="utf-8").splitlines()
    if line
)

_DOSAGE = {"amount": "1", "unit": "tablett", "pattern": "daily", "times": "08"}
_CLOCKS = {"morning": "8", "forenoon": "10", "midday": "12", "afternoon": "16", "evening": "20", "night": "22"}
_MINUTES = {"ready_minutes": "60", "late_minutes": "60", "critical_ready_minutes": "30", "critical_late_minutes": "30"}
_SETTINGS = {**_CLOCKS, **_MINUTES, "version": "0"}
_STATUS = {"version": "1", "reason": "prøve"}
_INCIDENT = {"kind": "fall", "severity": "none", "text": "Falt ved sengen."}
_UNORDERED = {"medicine": "Adrenalin", "amount": "1", "unit": "ml", "cause": "emergency", "reason": "113 er ringt"}
_NOTE = {"kind": "general", "title": "Prøve", "body": "En prøve."}

# What a good form holds, by endpoint; every other form is a button.
_BY_MOUTH = {
    "prescriber_name": "Lise Vakt",
    "hpr_number": "7654321",
    "service": "Legevakten",
    "read_back": "true",
}
_REVIEW = {"reviewed_on": "01.03.2026", "took_part": "prøve", "result": "prøve", "changes": "ingenting"}
_SAID_BY = {"item": "{new}", "indication": "prøve", **_BY_MOUTH}
_LIMITS = {"most_per_day": "2", "before_doctor": "3", "roles[]": "nurse"}
_LINE = {"version": "0", "item": "{new}", "amount": "1", "indication": "prøve", **_LIMITS}
_RENEWAL = {"orders[]": "{new}.1", "last_day": "31.12.2999"}
_BAG = {"at": "2026-11-22T08:00:00+00:00", "doses[]": "{new}.1"}
_ROLL = {
    "pharmacy": "Apoteket",
    "starts_on": "01.03.2100",
    "ends_on": "07.03.2100",
    "lines": "Paracet 500 mg; 1 tablett; 08",
}
_DISPENSER = {
    "device": "Pilly",
    "serial": "A-1",
    "starts_on": "01.03.2026",
    "suitability": "suitable",
    "assessed_by": "Siri",
    "assessed_on": "01.03.2026",
    "evaluate_on": "01.03.2100",
}
_GAP = {"began_day": "20.11.2025", "began_time": "08", "ended_day": "20.11.2025", "ended_time": "09"}
FORMS: dict[str, dict[str, str]] = {
    "medication.set_dispenser": _DISPENSER,
    "medication.load_dispenser": {"starts_on": "01.03.2100", "ends_on": "07.03.2100"},
    "medication.device_told": {"kind": "fault", "device_at": "01.03.2026 08.04"},
    "medication.give_bag": _BAG,
    "medication.not_give_bag": {**_BAG, "reason": "refused"},
    "medication.all_but": {**_BAG, "reason": "refused", "but[]": "{new}.1"},
    "medication.take_out": {"at": _BAG["at"], "lines[]": "{new}"},
    "medication.give_up_bag": {"at": _BAG["at"], "reason": "prøve"},
    "medication.undo_bag": {"at": _BAG["at"]},
    "medication.give_bag_supervised": _BAG,
    "medication.not_give_bag_supervised": {**_BAG, "reason": "refused"},
    "medication.all_but_supervised": {**_BAG, "reason": "refused", "but[]": "{new}.1"},
    "medication.undo_bag_supervised": {"at": _BAG["at"]},
    "medication.lay_in": {"starts_on": "23.11.2026"},
    "medication.receive_roll": _ROLL,
    "medication.accept_roll": {"reason": "prøve"},
    "medication.send_roll_back": {"reason": "prøve"},
    "sources.propose_grace": {"hours": "24", "version": "0", "reason": "vedtatt"},
    "grounds.ask_for": {"ground": "referral", "to": "{elsewhere}"},
    "access.color_scheme": {"color_scheme": "dark"},
    "access.set_language": {"language": "nn"},
    "danger.rescue": {"text": "{number}"},
    "justified.open": {"reason": "emergency"},
    "justified.go_on": {"reason": "same-name"},
    "justified.open_closed": {"reason": "closed-life"},
    "justified.open_rest": {"reason": "rest-care", "part": "notes"},
    "justified.tell": {"how": "letter"},
    "justified.decide": {"outcome": "explained", "version": "0"},
    "justified.propose": {
        "reason": "vedtatt",
        "emergency_hours": "4",
        "other_hours": "24",
        "review_hours": "72",
        "most_in_an_hour": "5",
        "version": "0",
    },
    "devices.enrol": {"name": "PC", "kind": "ward_pc"},
    "lock.unlock": {"session_id": "{new}", "pin": "480264"},
    "lock.question": {"session_id": "{new}"},
    "lock.add_passkey": {"credential": "none"},
    "lock.set_pin": {"pin": "480264", "again": "480264"},
    "restrictions.register": {
        "category": "notes",
        "unit_id": "{elsewhere}",
        "asked_by": "Pasienten",
        "asked_on": "01.03.2026",
    },
    "downtime.enrol": {"name": "PC", "public_key": "aGVp"},
    "downtime.report_use": {
        "what": "opened",
        "at": "2026-11-22T08:00:00+01:00",
        "by": "Nina",
        "event": "{new}",
        "parts[]": "{new}",
    },
    "care.add_task": {"what": "Ring pårørende"},
    "care.complete_task": {"outcome": "Gjort"},
    "care.answer_effect": {"score": "3"},
    "care.task_in_error": {"reason": "feil pasient"},
    "care.admit": {"kind": "long_term", "unit_id": "{unit}"},
    "care.take_in": {"kind": "long_term", "unit_id": "{unit}"},
    "care.leave": {"kind": "leave"},
    "care.send_to_hospital": {"place": "Ullevål"},
    "care.transfer": {"unit_id": "{elsewhere}"},
    "care.stay_in_error": {"reason": "feil pasient"},
    "care.grant_service": {"service": "9151-15", "provider_unit_id": "{unit}"},
    "care.change_service": {"provider_unit_id": "{unit}", **_STATUS},
    "care.service_in_error": {"reason": "feil pasient"},
    "care.report_incident": _INCIDENT,
    "care.correct_incident": {**_INCIDENT, **_STATUS},
    "care.incident_in_error": {"reason": "feil pasient"},
    "no_answer.take_step": {"did": "call-kin.no-answer", "seen": "1"},
    "no_answer.end": {"ending": "safe", "note": "Hjemme", "seen": "1"},
    "no_answer.choose": {
        "call-patient": "0",
        "call-kin": "10",
        "call-nurse": "15",
        "key": "30",
        "call-113": "45",
        "version": "0",
    },
    "medication.given": {"request_version": "1"},
    "medication.not_given": {"request_version": "1", "reason": "refused"},
    "medication.also_given": {"request_version": "1"},
    "medication.stand_beside": {"doses[]": "{new}.1"},
    "medication.given_supervised": {"request_version": "1"},
    "medication.not_given_supervised": {"request_version": "1", "reason": "refused"},
    "medication.correct": {"reason": "feil"},
    "medication.choose_critical": {"version": "0", "atc_codes": "H02AB"},
    "medication.record_without_order": _UNORDERED,
    "medication.without_order_in_error": {"reason": "feil pasient"},
    "medication.start_leave": {
        "starts_at": "01.03.2100 08.00",
        "ends_at": "02.03.2100 08.00",
        "handed_to": "prøve",
        "how[]": "sent.{new}.1",
    },
    "medication.tell_of_leave": {"of[]": "{new}", "outcome[]": "taken", "came_back[]": ""},
    "medication.say_downtime": {**_GAP, "why": "prøve"},
    "medication.answer_downtime": {**_GAP, "version": "1", "status": "confirmed"},
    "medication.all_given_by_paper": {"giver_id": "{new}", "doses[]": "{new}"},
    "medication.as_needed_by_paper": {"giver_id": "{new}", "given_time": "08"},
    "medication.write_in": {"outcome": "unknown", "text": "prøve"},
    "medication.settle": {"request_version": "1", "outcome": "unknown"},
    "medication.hand_on": {"request_version": "1", "to_person_id": "{new}"},
    "medication.give_as_needed": {"request_version": "1"},
    "medication.remove_patches": {"old_patch": "removed"},
    "medication.prescribe": {**_DOSAGE, "item": "{new}", "indication": "prøve"},
    "medication.prescribe_beside": {**_DOSAGE, "item": "{new}", "indication": "prøve"},
    "medication.review_beside": {**_DOSAGE, "item": "{new}", "indication": "prøve"},
    "medication.change": {**_DOSAGE, **_STATUS, "seen": "1\N{NO-BREAK SPACE}tablett kl.\N{NO-BREAK SPACE}08"},
    "medication.review_change": {**_DOSAGE, **_STATUS},
    "medication.review_prescription": {**_DOSAGE, "item": "{new}", "indication": "prøve"},
    "medication.match": {**_DOSAGE, "item": "{new}", "version": "1"},
    "medication.source_in_error": {"reason": "feil pasient"},
    "medication.record_told": {"kind": "told_by_patient", "lines": "Paracet"},
    "medication.record_review": _REVIEW,
    "medication.review_in_error": {"reason": "feil pasient"},
    "medication.choose_review_limit": {"version": "0", "most_months": "12"},
    "medication.preview_prescription": {**_DOSAGE, "item": "{new}", "indication": "prøve"},
    "medication.remove_favourite": {"version": "1"},
    "medication.change_supply": {**_STATUS, "supply": "dosett", "given_by": "patient"},
    "medication.write_procedure": _LINE,
    "medication.strike_procedure": {"version": "1"},
    "medication.sign_procedures": {"version": "1", "valid_until": "01.12.2027"},
    "medication.withdraw_procedures": {"version": "1"},
    "medication.give_by_procedure": {"line": "{new}", "version": "1"},
    "medication.choose_carried": {"version": "0"},
    "medication.choose_shifts": {"unit_id": "{unit}", "version": "0", "changes": "07.30"},
    "medication.choose_settings": _SETTINGS,
    "medication.choose_catalogue_age": {"version": "0", "most_days": "30"},
    "medication.choose_door_hours": {"version": "0", "within_hours": "24"},
    "medication.choose_ledger": {"version": "0", "group_b": "true"},
    "medication.keep_in_stock": {"item": "{new}", "lowest": "10"},
    "medication.receive_stock": {"amount": "10", "batch": "A1", "expires_on": "01.12.2027"},
    "medication.count_stock": {"counted": "10"},
    "medication.discard_stock": {"batch": "A1", "expires_on": "01.12.2027"},
    "medication.want_in_stock": {"version": "1", "lowest": "10"},
    "medication.sign_alone": {"reason": "night"},
    "medication.check_alone": {"counted": ""},
    "medication.open_place": {"kind": "safe", "name": "Safe"},
    "medication.start_ledger": {"item": "{new}", "counted": "1"},
    "medication.count": {"ledger[]": "{new}", "counted[]": "1"},
    "medication.enter": {"kind": "delivery", "amount": "1", "reason": ""},
    "medication.take_back": {"number": "1"},
    "medication.witness_entry": {"number": "1"},
    "medication.explain_count": {"number": "1", "cause": "spilled"},
    "medication.withdraw_for": {"ledger": "{new}"},
    "medication.choose_signing_rule": {"version": "0", "within_hours": "24", "stand_in_id": ""},
    "medication.receive": {**_DOSAGE, **_SAID_BY},
    "medication.review_verbal": {**_DOSAGE, **_SAID_BY},
    "medication.refuse_verbal": _STATUS,
    "medication.receive_change": {
        **_DOSAGE,
        **_STATUS,
        **_BY_MOUTH,
        "seen": "1\N{NO-BREAK SPACE}tablett kl.\N{NO-BREAK SPACE}08",
    },
    "medication.review_verbal_change": {**_DOSAGE, **_STATUS, **_BY_MOUTH},
    "medication.receive_hold": {**_STATUS, **_BY_MOUTH},
    "medication.receive_resume": {**_STATUS, **_BY_MOUTH},
    "medication.receive_stop": {**_STATUS, **_BY_MOUTH},
    "medication.refuse_change": {**_STATUS, "after": "restore"},
    "medication.review_renewal": _RENEWAL,
    "medication.renew": _RENEWAL,
    "medication.stop": _STATUS,
    "medication.hold": _STATUS,
    "medication.resume": _STATUS,
    "municipalities.add_unit": {"name": "Nytt sykehjem", "kind": "nursing_home", "parent_id": "{top}"},
    "municipalities.add_staff": {
        "name": "Ny Ansatt",
        "role": "health_assistant",
        "unit_id": "{top}",
        "hpr_number": "9900001",
        "authorisation": "HF",
    },
    "roles.lend": {"unit_id": "{unit}", "agreement_id": "{new}"},
    "roles.end_lent": {"unit_id": "{unit}"},
    "roles.name_leader": {"unit_id": "{unit}", "practitioner_id": "{new}", "last_day": "01.03.2100"},
    "roles.name_substitute": {
        "unit_id": "{unit}",
        "name": "Vikar Vigdis",
        "role": "nurse",
        "hpr_number": "9900002",
        "authorisation": "SP",
        "last_day": "{today}",
    },
    "roles.end_agreement": {"unit_id": "{unit}"},
    "roles.take_student": {
        "unit_id": "{unit}",
        "name": "Stine Student",
        "supervisor_id": "{new}",
        "last_day": "01.03.2100",
    },
    "roles.end_authorisation": {"unit_id": "{unit}", "practitioner_id": "{new}", "code": "SP"},
    "roles.propose": {"role": "auditor", "unit_id": "{top}", "name": "Ny Revisor", "reason": "slutter til jul"},
    "roles.answer": {"outcome": "approved"},
    "rule_proposals.answer": {"outcome": "approved"},
    "rule_proposals.propose_unit": {"unit_id": "{top}", "sensitive": "true", "reason": "vedtatt"},
    "notes.sign": {**_NOTE, "draft_id": "{new}"},
    "notes.correct": {**_NOTE, "draft_id": "{new}", **_STATUS},
    "notes.keep_draft": {**_NOTE, "draft_id": "{new}"},
    "notes.open_drawer": {"reason": "care-now"},
    "notes.keep_correction": {**_NOTE, "draft_id": "{new}", "version": "1"},
    "notes.mark_in_error": {"reason": "feil pasient"},
    "observations.record": {"code": "pulse", "value": "72"},
    "observations.mark_in_error": {"reason": "feil"},
    "oversight.search": {"text": "Nordmann"},
    "log_report.make": {"language": "nb"},
    "log_report.ask": {"at": "2026-11-22T08:00:00+00:00", "look": "{new}", "question": "prøve"},
    "log_report.answer": {"text": "prøve"},
    "simulator.ask": {"name": "Nordmann"},
    "unusual.decide": {"actor": "{new}", "day": "2026-01-02", "kind": "explained", "text": "prøve"},
    "unusual.add_step": {"kind": "note", "text": "prøve"},
    "unusual.answer": {"text": "prøve"},
    "unusual.propose_rule": {"threshold": "1", "reason": "vedtatt"},
    "unusual.mark": {"marked": "true"},
    "requests.receive": {
        "kind": "1",
        "received_on": "02.01.2026",
        "asker": "patient",
        "checked": "prøve",
        "text": "prøve",
    },
    "requests.add": {"kind": "note", "text": "prøve"},
    "erasures.propose": {
        "table": "notes.note",
        "row_id": "{new}",
        "paragraph": "hpl. § 43",
        "decision": "prøve",
    },
    "patients.find": {"text": "Nordmann"},
    "patients.register": {"family_name": "Nordmann", "given_name": "{word}", "sex": "female"},
    "patients.record_allergy": {"kind": "allergy", "substance": "nøtter"},
    "patients.refute_allergy": _STATUS,
    "patients.allergy_in_error": {"reason": "feil"},
    "patients.add_related_person": {"name": "Ola Nordmann"},
    "patients.correct_related_person": {"name": "Ola Nordmann", "version": "1"},
    "patients.related_person_in_error": {"reason": "feil"},
    "patients.raise_flag": {"kind": "infection", "text": "MRSA"},
    "patients.lower_flag": _STATUS,
    "patients.flag_in_error": {"reason": "feil"},
    # The chart has one change already.
    "patients.correct_identity": {"family_name": "Nordmann", "given_name": "Kari", "sex": "female", "version": "2"},
    "patients.update_contact": {"phone": "68 05 00 01", "version": "2"},
    "patients.add_identifier": {"national_id": "{number}"},
    "patients.identifier_in_error": {"reason": "feil"},
    "patients.propose_link": {"other": "{new}", "reason": "samme person"},
    "patients.unlink": {"reason": "to søstre"},
}

# Commands that cannot succeed on the chart the tests make, and what is in the way: the rest must, the first time.
IN_THE_WAY = {
    "address.show": "nobody is named",
    "address.name": "nobody is chosen",
    "address.end": "nobody has this id",
    "danger.rescue": "nobody has this number",
    "unusual.decide": "no rule finds this look",
    "unusual.add_step": "no inquiry has this id",
    "unusual.answer": "no question has this id",
    "requests.add": "no request has this id",
    "unusual.propose_rule": "no rule has this code",
    "restrictions.end": "no restriction has this id",
    "restrictions.register": "another municipality has other units",
    "unusual.try_rule": "no rule has this code",
    "unusual.case": "no inquiry has this id",
    "requests.one": "no request has this id",
    "requests.letter": "no request has this id",
    "requests.new_deadline": "no request has this id",
    "erasures.propose": "nothing has this id",
    "erasures.confirm": "no proposal has this id",
    "unusual.export_case": "no inquiry has this id",
    "medication.take_away": "nothing with this id lies there",
    "medication.start_leave": "a leave is open already",
    "medication.tell_of_leave": "no leave has this id",
    "access.start": "a role must be chosen",
    "at_work.take_visit": "no visit is to be taken",
    "grounds.withdraw": "nobody asked for it",
    "sign_in.begin": "no provider is chosen",
    "sign_in.again": "no provider is chosen",
    "sign_in.callback": "no provider has this name",
    "sign_in.left": "no provider has this name",
    "sign_in.logged_out": "no provider has this name",
    "sign_in.take": "a role must be chosen",
    "care.admit": "she has a stay",
    "care.take_in": "she has a stay",
    "care.return_from_leave": "she is not away",
    "devices.end": "no device has this id",
    "lock.unlock": "nobody is locked",
    "lock.add_passkey": "what is sent is no passkey",
    "lock.new_question": "she has no PIN",
    "downtime.enrol": "what is sent is no key",
    "justified.decide": "no access has this id",
    "justified.open_rest": "nothing lies in the drawer for her",
    "downtime.end": "no device has this id",
    "downtime.parts": "no device asks",
    "downtime.report_use": "no device asks",
    "care.answer_effect": "the task asks for no effect",
    "no_answer.start": "she has a stay",
    "medication.all_but": "no bag is for that time",
    "medication.give_bag": "no bag is for that time",
    "medication.give_up_bag": "no bag is for that time",
    "medication.not_give_bag": "no bag is for that time",
    "medication.take_out": "no bag is for that time",
    "medication.undo_bag": "no bag is for that time",
    "medication.control": "what lies ready is a roll",
    "medication.lay_in": "no order is of a dosett",
    "medication.set_dispenser": "she has one already",
    "medication.load_dispenser": "nobody has trained her",
    "medication.control_load": "what lies ready is a roll",
    "medication.send_roll_back": "the roll is accepted",
    "care.deny_paper": "the task asks about no dose",
    "medication.answer_downtime": "no downtime has this id",
    "medication.all_given_by_paper": "nobody of the unit has this id",
    "medication.as_needed_by_paper": "nobody of the unit has this id",
    "medication.write_in": "the dose is of no downtime",
    "medication.also_given": "the dose can be signed as usual",
    "medication.choose_carried": "nobody would carry any act",
    "medication.hand_on": "nobody of the unit has this id",
    "medication.confirm_lines": "no order waits",
    "medication.delegate": "nobody is chosen",
    "medication.withdraw_authority": "nobody is chosen",
    "medication.settle_list": "a list that came is not compared with ours",
    "medication.give_as_needed": "the order is no medicine as needed",
    "medication.import_source": "there is no file in the form",
    "medication.give_by_procedure": "no list is signed",
    "medication.strike_procedure": "no list is written",
    "medication.sign_procedures": "no list is written",
    "medication.withdraw_procedures": "no list is written",
    "medication.write_procedure": "the catalogue of the test is empty",
    "medication.match": "the catalogue of the test is empty",
    "medication.keeping_place": "nothing is kept there",
    "medication.count_form": "nothing is kept there",
    "medication.ledger": "nothing is kept there",
    "medication.start_ledger": "nothing is kept there",
    "medication.count": "nothing is kept there",
    "medication.enter": "nothing is kept there",
    "medication.take_back": "nothing is kept there",
    "medication.close_place": "nothing is kept there",
    "medication.witness_entry": "nothing is kept there",
    "medication.explain_count": "nothing is kept there",
    "medication.withdraw_for": "nothing is kept that it could be taken from",
    "medication.check_lines": "the list is not the one they began with",
    "medication.take_in_equal": "no line is alike",
    "medication.reconcile": "her order is in no row of the form",
    "medication.prescribe": "the catalogue of the test is empty",
    "medication.prescribe_beside": "the catalogue of the test is empty",
    "medication.review_beside": "the catalogue of the test is empty",
    "medication.review_prescription": "the catalogue of the test is empty",
    "medication.receive": "the catalogue of the test is empty",
    "medication.refuse_verbal": "somebody has signed it",
    "medication.refuse_change": "what was received is a new order",
    "medication.renew": "the order ends on no day",
    "medication.preview_prescription": "the catalogue of the test is empty",
    "medication.remove_favourite": "nothing is saved",
    "medication.remove_patches": "no patch is on",
    "medication.resume": "the order is not on hold",
    "medication.receive_resume": "the order is not on hold",
    "medication.choose_signing_rule": "an hour would have nobody who stands in",
    "medication.review_verbal": "the catalogue of the test is empty",
    "medication.sign_verbal": "somebody has signed it",
    "medication.witness": "the order wants one signature",
    "medication.stand_beside": "nobody else is signed in on the device",
    "medication.given_supervised": "nobody supervises her",
    "medication.not_given_supervised": "nobody supervises her",
    "medication.undo_supervised": "nobody supervises her",
    "medication.give_bag_supervised": "no bag is for that time",
    "medication.not_give_bag_supervised": "no bag is for that time",
    "medication.all_but_supervised": "no bag is for that time",
    "medication.undo_bag_supervised": "no bag is for that time",
    "medication.witness_beside": "nobody else is signed in on the device",
    "medication.stock_line": "nothing is in stock",
    "medication.keep_in_stock": "the catalogue of the test is empty",
    "medication.receive_stock": "nothing is in stock",
    "medication.count_stock": "nothing is in stock",
    "medication.discard_stock": "nothing is in stock",
    "medication.want_in_stock": "nothing is in stock",
    "medication.sign_alone": "the order wants one signature",
    "medication.check_alone": "another has looked at it",
    "log_report.question_form": "no line is asked about",
    "log_report.paper": "no report has this id",
    "log_report.question": "no question has this id",
    "log_report.ask": "no line has this id",
    "log_report.answer": "no question has this id",
    "notes.keep_draft": "there is a draft of hers already",
    "roles.lend": "nobody is agreed on",
    "roles.end_lent": "nobody was given a role for a shift",
    "roles.name_leader": "nobody of the unit has this id",
    "roles.end_agreement": "nobody is agreed on",
    "roles.take_student": "nobody of the unit has this id",
    "roles.end_authorisation": "nobody has this id",
    "roles.propose": "the municipality has no second administrator",
    "roles.answer": "nothing is proposed",
    "rule_proposals.answer": "nothing is proposed",
    "rule_proposals.propose_unit": "the municipality has no second administrator",
    "sources.propose_grace": "the municipality has no second administrator",
    "justified.propose": "the municipality has no second administrator",
    "justified.open_closed": "nothing is closed to her",
    "patients.no_known_allergies": "she has an allergy",
    "patients.propose_link": "the other record is not open",
    "patients.confirm_link": "there is no link",
    "patients.unlink": "there is no link",
}

# The way in for whoever has no ground: taking somebody in, or saying why, is itself the ground, and the pages that ask show nothing
# of her.
WAYS_IN = {"care.admission", "care.take_in", "care.admit", "justified.open", "justified.who_knows"}


class Who(NamedTuple):
    name: str
    staff: Staff | None
    browser: Browser


@dataclass(frozen=True)
class Country:
    """Two municipalities, somebody of each role, and patients near and far; each with a mark of their own."""

    people: list[Who]
    patients: dict[str, Marked]
    wards: dict[str, UUID | None]
    municipality_marks: dict[UUID, str]
    role_id: UUID
    top_id: UUID
    elsewhere_id: UUID

    def ground(self, who: Staff | None, patient: str) -> bool:
        return who is not None and self.wards.get(patient) in who.actor.units

    def must_not_show(self, who: Staff | None, taken_in: str | None = None) -> set[str]:
        """The marks of everybody else: patients without a ground, and the other municipality's own rows."""
        closed = {c.token for name, c in self.patients.items() if not self.ground(who, name) and name != taken_in}
        foreign = {
            m for owner, m in self.municipality_marks.items() if who is None or owner != who.actor.municipality_id
        }
        return closed | foreign


WARDS = ("own", "other unit", "other municipality", "no relation")


def settle(world: World, migrator: Connection, client_for: ClientFor, wanted: tuple[str, ...]) -> Country:
    """The two municipalities with their people, and the patients that are wanted."""
    b, marks = world.builder, {world.oslo["id"]: mark(), world.bodo["id"]: mark()}
    elsewhere = factories.unit(b, world.oslo, "Et annet sykehjem", "ward")
    tops = {
        of["id"]: {"id": factories.top_unit_id(of["number"]), "name": of["name"]} for of in (world.oslo, world.bodo)
    }
    for of in (world.oslo, world.bodo):
        factories.unit(b, of, f"Enhet {marks[of['id']]}", "ward")
        factories.staff(b, of, tops[of["id"]], f"Ansatt {marks[of['id']]}", "nurse")
    administrator = factories.staff(b, world.bodo, tops[world.bodo["id"]], "Britt Bodø", "tenant_administrator")
    leaving = factories.staff(b, world.oslo, tops[world.oslo["id"]], "Sluttende Sverre", "nurse")
    far = factories.staff(b, world.oslo, elsewhere, "Fjern Frida", "nurse")
    assistant = factories.staff(b, world.oslo, world.ward, "Arne Assistent", "assistant")
    kitchen = factories.staff(b, world.oslo, world.ward, "Kåre Kokk", "kitchen")
    officer = factories.staff(b, world.oslo, world.ward, "Signe Saksbehandler", "case_officer")
    named = {
        "anonymous": None, "nurse": world.nina, "health_assistant": world.siri, "assistant": assistant,
        "doctor": world.lars, "unit_manager": world.mona, "kitchen": kitchen, "case_officer": officer,
        "tenant_administrator": world.tora, "auditor": world.rolf, "nurse of Bodø": world.bodil,
        "administrator of Bodø": administrator,
    }  # fmt: skip
    wards: dict[str, UUID | None] = dict(
        zip(WARDS, (world.ward["id"], elsewhere["id"], world.bodo_ward["id"], None), strict=True)
    )
    writers = dict(zip(WARDS, (world.nina, far, world.bodil, far), strict=True))
    with migrator.transaction():
        world.store()
        patients = {name: marked_chart(migrator, writers[name], ward_id=wards[name]) for name in wanted}
        people = [Who(name, staff, client_for(staff)) for name, staff in named.items()]
    return Country(people, patients, wards, marks, leaving.actor.role_id, tops[world.oslo["id"]]["id"], elsewhere["id"])


@pytest.fixture
def country(world: World, migrator: Connection, client_for: ClientFor) -> Country:
    return settle(world, migrator, client_for, WARDS)


@pytest.fixture
def ward(world: World, migrator: Connection, client_for: ClientFor) -> Country:
    """The same with one patient alone."""
    return settle(world, migrator, client_for, ("own",))


def _to_sign_in(answer: TestResponse) -> bool:
    """With the page one was on the way to, which holds nothing but what was asked for."""
    return answer.headers["Location"] in ("/sign-in", f"/sign-in?next={answer.request.path}")


def form_of(endpoint: str, who: Staff | None, country: Country) -> dict[str, str]:
    unit = who.actor.unit_id if who else country.top_id
    top = country.top_id
    elsewhere = country.elsewhere_id
    words: dict[str, object] = {
        "new": new_id(),
        "unit": unit,
        "top": top,
        "elsewhere": elsewhere,
    }
    if any("{number}" in value for value in FORMS.get(endpoint, {}).values()):
        words["number"] = national_id()  # there are some thousands, and attacks fill in many more forms
    words["today"] = norwegian_date(local_date(datetime.now(UTC)))
    words["word"] = f"Kari{new_id().hex[-6:]}"
    letters = str.maketrans("0123456789", "ghijklmnop")
    words["word"] = str(words["word"]).translate(letters)
    return {
        name: value.format(**words) if value.startswith("{") else value
        for name, value in FORMS.get(endpoint, {}).items()
    }


def ask(
    line: list[str], who: Who, country: Country, patient: str | None, form: dict[str, str] | None = None
) -> TestResponse:
    method, rule, endpoint, *_ = line
    chart = country.patients.get(patient or "")
    path = routes.address(
        rule, chart, role_id=country.role_id, actor_id=who.staff.actor.person_id if who.staff else None
    )
    if method == "GET":
        return who.browser.get(path)
    return who.browser.act(path, form_of(endpoint, who.staff, country) if form is None else form)


def statuses(
    endpoint: str, permission: Permission | None, who: Staff | None, patient: str | None, country: Country
) -> tuple[str, set[int]]:
    """What the rules say, worked out anew here: the role has the permission, and there is a ground for the patient."""
    through, closed = ("allowed", {200, 303, 404, 409, 422, 429}), ("denied", {403, 404})
    if permission is None:
        return through
    if who is None:
        return "sign in", {303}
    if permission not in permissions_of(who.actor.role):
        return closed
    if patient is None or permission is Permission.AUDIT_READ or country.ground(who, patient):
        return through
    if endpoint not in WAYS_IN:
        return closed
    # Whoever is not taken in after all may not see the page that would say why.
    return "way in", {200, 303, 403, 409, 422}


def without_ids(answer: TestResponse) -> str:
    """The bytes that a reader sees, with ids (of the address, of fresh commands) made alike."""
    return re.sub(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "ID", words(answer))


def refused_rows(migrator: Connection, who: Staff, patient_id: UUID, outcome: str = "refused") -> int:
    found = migrator.execute(
        "SELECT count(*) FROM audit.access_log WHERE patient_id = %s AND actor_id = %s AND outcome = %s",
        (patient_id, who.actor.person_id, outcome),
    ).fetchone()
    assert found is not None
    return int(found[0])


def cells(line: list[str], country: Country) -> Iterator[tuple[Who, str | None]]:
    subjects: list[str | None] = (
        ["own", "other unit", "other municipality", "no relation", "missing"]
        if "<uuid:patient_id>" in line[1]
        else [None]
    )
    for who in country.people:
        for patient in subjects:
            yield who, patient


@pytest.fixture(scope="module", autouse=True)
def counted() -> Iterator[None]:
    CELLS.clear()
    yield
    print(f"\nauthorisation matrix: {sum(CELLS.values())} cells over {len(LINES)} routes: {dict(CELLS)}")  # noqa: T201


@pytest.mark.parametrize("line", LINES, ids=[f"{line[0]} {line[2]}" for line in LINES])
def test_everybody_gets_what_role_and_ground_say(country: Country, migrator: Connection, line: list[str]) -> None:
    method, _rule, endpoint, said, *_ = line
    permission = None if said == "open" else Permission(said)
    wrong: list[str] = []
    closed: dict[str, set[tuple[int, str]]] = {}
    for who, patient in cells(line, country):
        chart, has = (
            country.patients.get(patient or ""),
            who.staff is not None and permission in permissions_of(who.staff.actor.role),
        )
        before = refused_rows(migrator, who.staff, chart.patient_id) if who.staff and chart else 0
        answer = ask(line, who, country, patient)
        kind, right = statuses(endpoint, permission, who.staff, patient, country)
        CELLS[kind] += 1
        cell = f"{who.name} × {patient}: {answer.status_code}"
        if answer.status_code not in right or (kind == "sign in" and not _to_sign_in(answer)):
            wrong.append(cell)
        if endpoint != "access.sign_in":  # the demo's list of everybody one can be
            hidden = country.must_not_show(who.staff, patient if kind == "way in" else None)
            wrong += [f"{cell} shows {token}" for token in hidden if token in words(answer)]
        if kind == "denied" and method == "POST" and (has or patient in (None, "own")):
            empty = ask(line, who, country, patient, {})
            wrong += [] if empty.status_code in right else [f"{cell}, with an empty form {empty.status_code}"]
        if kind == "denied" and has and who.staff is not None:
            closed.setdefault(who.name, set()).add((answer.status_code, without_ids(answer)))
            if chart and refused_rows(migrator, who.staff, chart.patient_id) == before:
                wrong.append(f"{cell}, and the log says nothing")
    wrong += [f"{name}: a closed chart differs from a missing one" for name, told in closed.items() if len(told) > 1]

    assert not wrong, "\n".join(wrong)


def logged(migrator: Connection, patient_id: UUID) -> str:
    """The lines of the log about this patient: how many, which act, by which ground, of which parts of the chart."""
    found = migrator.execute(
        """SELECT count(*), concat_ws(' ', action, nullif(outcome, 'success'), 'by', coalesce(ground, 'none'), 'of',
               array_to_string(categories, '+'))
           FROM audit.access_log WHERE patient_id = %s GROUP BY 2 ORDER BY 2""",
        (patient_id,),
    ).fetchall()
    return "; ".join(f"{count} {told.strip()}" for count, told in found)


def test_every_page_that_is_pinned_with_lines_of_the_log_exists() -> None:
    assert LOGGED.keys() <= {endpoint for method, _rule, endpoint, *_ in LINES if method == "GET"}


@pytest.mark.parametrize("line", LINES, ids=[f"{line[0]} {line[2]}" for line in LINES])
def test_whoever_may_and_has_a_ground_gets_through(ward: Country, migrator: Connection, line: list[str]) -> None:
    """Were everybody refused everything, the matrix would be green: so each route is used once in earnest.

    And each page leaves exactly the lines in the log that log_lines.txt has: a change of them is read by somebody.
    """
    method, rule, endpoint, said, *_ = line
    by_role = {who.staff.actor.role: who for who in reversed(ward.people) if who.staff}
    able = [who for role, who in by_role.items() if said == "open" or Permission(said) in permissions_of(role)]
    who = next((who for who in able if who.name in ("doctor", "nurse")), able[0])
    patient = "own" if "<uuid:patient_id>" in rule else None
    answer = ask(line, who, ward, patient)
    if method == "GET":
        lines = logged(migrator, ward.patients["own"].patient_id)
        assert lines == LOGGED.get(endpoint, ""), f"log_lines.txt: {endpoint}: {lines}"
        assert lines or ward.patients["own"].token not in words(answer), "nobody is shown without a line in the log"
    leads_on = endpoint in ("chart.home", "lock.locked", "sign_in.kept_form", "sign_in.leave")
    expected = {200, 303} if method == "POST" or leads_on else {200}

    assert answer.status_code in (expected | {409, 422, 404} if IN_THE_WAY.get(endpoint) else expected), words(answer)[
        -600:
    ]
    if (
        patient
        and method == "GET"
        and who.staff
        and answer.status_code == 200
        and said != "audit:read"
        and endpoint not in ("care.admission", "justified.who_knows")
    ):
        assert refused_rows(migrator, who.staff, ward.patients["own"].patient_id, "success") > 0
        assert ward.patients["own"].token in words(answer) or endpoint.startswith("medication."), (
            "the page does show her"
        )


def test_a_chart_that_is_blocked_for_one_looks_like_one_that_is_not_there(
    world: World, migrator: Connection, client_for: ClientFor
) -> None:
    """That there is a restriction against her is not for her to learn: neither status nor a word may differ."""
    blocked = marked_chart(migrator, world.nina, ward_id=world.ward["id"], blocked=world.nina)
    closed = marked_chart(migrator, world.bodil, ward_id=world.bodo_ward["id"])
    nina = client_for(world.nina)
    told = {
        (answer.status_code, without_ids(answer))
        for answer in (
            nina.get(f"/patients/{asked}/notes") for asked in (blocked.patient_id, closed.patient_id, new_id())
        )
    }

    assert len(told) == 1
    assert client_for(world.siri).get(f"/patients/{blocked.patient_id}/notes").status_code == 200, (
        "it is against Nina alone"
    )


def test_ids_near_a_real_one_find_nobody(world: World, migrator: Connection, client_for: ClientFor) -> None:
    """A hundred neighbours of a real id, and that id itself: the same answer for each."""
    chart = marked_chart(migrator, world.bodil, ward_id=world.bodo_ward["id"])
    nina = client_for(world.nina)
    guesses = [UUID(int=chart.patient_id.int + step) for step in range(-50, 51)]
    told = {
        (answer.status_code, without_ids(answer))
        for answer in (nina.get(f"/patients/{guess}/allergies") for guess in guesses)
    }

    assert len(told) == 1


def test_an_ended_role_and_an_ended_session_are_nobody(
    world: World, migrator: Connection, client_for: ClientFor
) -> None:
    chart = marked_chart(migrator, world.nina, ward_id=world.ward["id"])
    nina, siri = client_for(world.nina), client_for(world.siri)
    path = f"/patients/{chart.patient_id}/notes"
    assert nina.get(path).status_code == siri.get(path).status_code == 200
    migrator.execute(
        "UPDATE municipalities.practitioner_role SET valid_until = now() WHERE id = %s", (world.nina.actor.role_id,)
    )
    siri.act("/switch-user")
    old = Browser(siri.app, siri.token, siri.session_id)

    assert [(answer.status_code, answer.headers["Location"]) for answer in (nina.get(path), old.get(path))] == [
        (303, f"/sign-in?next={path}")
    ] * 2


def test_the_canary_is_seen_where_it_sings(country: Country) -> None:
    """The marks are in the pages of those who may see them: an absent one is absent for a reason."""
    nurse = next(who for who in country.people if who.name == "nurse")
    page = nurse.browser.get(f"/patients/{country.patients['own'].patient_id}/notes").text

    assert country.patients["own"].token in page
    assert nurse.staff is not None and country.patients["own"].token not in country.must_not_show(nurse.staff)
    assert len(country.must_not_show(None)) == len(WARDS) + 2


def test_every_form_that_is_filled_in_here_exists() -> None:
    endpoints = {endpoint for _m, _r, endpoint, *_ in LINES}

    assert set(FORMS) | set(IN_THE_WAY) <= endpoints
