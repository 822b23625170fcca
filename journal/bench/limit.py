"""The limit: Flask and one hand-written statement a job, with what the law asks and nothing more.

Row-level security (the municipality's rows), a line in the access log for each patient that is shown, one durable commit.
No session, no ground, no restriction, no page: JSON as PostgreSQL made it. It shows what the same data costs at the least.
"""

import os
import threading
from typing import Any, LiteralString
from uuid import UUID, uuid4

import psycopg
from flask import Flask, Response, request

from journal.bench import limit_giving

ADDRESS = "AKSON_BENCH_LIMIT_DATABASE"
MUNICIPALITY = "AKSON_BENCH_MUNICIPALITY"

_LOG: LiteralString = """
    looked AS (
        INSERT INTO audit.access_log (municipality_id, unit_id, unit_name, actor_id, actor_name, actor_role, patient_id, action,
            categories, ground, purpose, outcome)
        SELECT %(municipality)s::uuid, %(unit)s::uuid, 'Avdeling', %(unit)s::uuid, 'Sykepleier', 'nurse', s.patient_id, 'read',
            '{chart}', 'stay', 'TREAT', 'success'
        FROM shown s)"""

_ORDERS: LiteralString = """
    (SELECT json_agg(o) FROM (
        SELECT DISTINCT ON (r.entry_id) r.entry_id, r.version, r.status, r.generic_name, r.brand_name, r.form, r.strength, r.route,
            r.dosage, r.indication, r.use, r.effective_at, r.recorded_by_name,
            (SELECT json_agg(d) FROM (
                SELECT d.due_at, d.state, d.ready_from, d.late_after, a.result, a.effective_at
                FROM medication.dose d
                LEFT JOIN medication.medication_administration a ON a.patient_id = d.patient_id AND a.dose_id = d.id
                    AND a.in_error_at IS NULL AND a.kind = 'signature'
                WHERE d.patient_id = r.patient_id AND d.request_entry_id = r.entry_id
                  AND d.due_at >= now() - interval '24 hours' AND d.due_at < now() + interval '12 hours') d) AS doses
        FROM medication.medication_request r
        WHERE r.patient_id = %(patient)s AND r.in_error_at IS NULL
        ORDER BY r.entry_id, r.version DESC) o WHERE o.status IN ('active', 'on-hold'))"""

_BANNER: LiteralString = """
    'patient', (SELECT row_to_json(p) FROM (
        SELECT patient_id, family_name, given_name, birth_date, sex, died_at, confidentiality, city
        FROM patients.patient WHERE patient_id = %(patient)s) p),
    'numbers', (SELECT json_agg(i) FROM (
        SELECT kind, value FROM patients.identifier
        WHERE patient_id = %(patient)s AND valid_until IS NULL AND in_error_at IS NULL) i),
    'allergies', (SELECT json_agg(a) FROM (
        SELECT substance, kind, reaction, verification_status FROM patients.allergy_intolerance
        WHERE patient_id = %(patient)s AND in_error_at IS NULL) a),
    'flags', (SELECT json_agg(f) FROM (
        SELECT kind, text, sub FROM patients.flag
        WHERE patient_id = %(patient)s AND status = 'active' AND in_error_at IS NULL) f),
    'room', (SELECT room FROM access.care_relationship
        WHERE patient_id = %(patient)s AND valid_until IS NULL AND in_error_at IS NULL LIMIT 1)"""

CHART: LiteralString = (
    "WITH shown AS (SELECT %(patient)s::uuid AS patient_id), "
    + _LOG
    + " SELECT json_build_object("
    + _BANNER
    + ", 'orders', "
    + _ORDERS
    + """,
    'measurements', (SELECT json_agg(m) FROM (
        SELECT code, display, effective_at, value, value2, unit FROM observations.observation
        WHERE patient_id = %(patient)s AND effective_at > now() - interval '14 days' AND in_error_at IS NULL
        ORDER BY effective_at) m),
    'notes', (SELECT json_agg(n) FROM (
        SELECT entry_id, title, body, effective_at, recorded_by_name, recorded_role FROM notes.note
        WHERE patient_id = %(patient)s AND in_error_at IS NULL ORDER BY effective_at DESC LIMIT 10) n),
    'tasks', (SELECT json_agg(t) FROM (
        SELECT entry_id, what, due_at FROM care.task
        WHERE patient_id = %(patient)s AND done_at IS NULL AND in_error_at IS NULL) t))::text"""
)

MEDICATION: LiteralString = (
    "WITH shown AS (SELECT %(patient)s::uuid AS patient_id), "
    + _LOG
    + " SELECT json_build_object("
    + _BANNER
    + ", 'orders', "
    + _ORDERS
    + ")::text"
)

SEARCH: LiteralString = (
    """WITH shown AS (
        SELECT p.patient_id, p.family_name, p.given_name, p.birth_date, r.room
        FROM access.care_relationship r
        JOIN patients.patient p ON p.patient_id = r.patient_id AND p.confidentiality = 'none'
        WHERE r.unit_id = %(unit)s AND r.valid_until IS NULL AND r.in_error_at IS NULL
          AND EXISTS (SELECT FROM patients.name_word n WHERE n.patient_id = r.patient_id AND n.live
              AND n.word OPERATOR(pg_catalog.~>=~) %(prefix)s
              AND n.word OPERATOR(pg_catalog.~<~) (%(prefix)s || chr(1114111)))
        ORDER BY p.sort_key LIMIT 25), """
    + _LOG
    + " SELECT coalesce(json_agg(s), '[]')::text FROM shown s"
)

ROUND: LiteralString = (
    """WITH shown AS (
        SELECT r.patient_id, r.room FROM access.care_relationship r
        WHERE r.unit_id = %(unit)s AND r.valid_until IS NULL AND r.in_error_at IS NULL), """
    + _LOG
    + """,
    due AS (
        SELECT d.patient_id, d.id, d.request_id, d.due_at, d.state, d.amount, d.unit, d.late_after, a.result, a.effective_at,
            a.recorded_by_name
        FROM shown s
        JOIN medication.dose d ON d.patient_id = s.patient_id AND d.due_at >= now() - interval '12 hours'
            AND d.due_at < now() + interval '12 hours'
        LEFT JOIN medication.medication_administration a ON a.patient_id = d.patient_id AND a.dose_id = d.id
            AND a.in_error_at IS NULL AND a.kind = 'signature')
    SELECT json_build_object(
        'patients', (SELECT json_agg(w) FROM (
            SELECT s.patient_id, s.room, p.family_name, p.given_name,
                EXISTS (SELECT FROM patients.allergy_intolerance x WHERE x.patient_id = s.patient_id) AS has_allergy,
                (SELECT json_build_object('total', count(*), 'signed', count(d.result),
                    'late', count(*) FILTER (WHERE d.result IS NULL AND d.late_after < now()))
                 FROM due d WHERE d.patient_id = s.patient_id) AS doses
            FROM shown s JOIN patients.patient p ON p.patient_id = s.patient_id ORDER BY s.room) w),
        'doses', (SELECT json_agg(c) FROM (
            SELECT d.*, o.generic_name, o.form, o.strength, o.route, o.dosage, o.indication, o.instruction
            FROM due d JOIN medication.medication_request o ON o.patient_id = d.patient_id AND o.id = d.request_id
            WHERE d.patient_id = (SELECT s.patient_id FROM shown s ORDER BY s.room LIMIT 1) ORDER BY d.due_at) c))::text"""
)

SIGN: LiteralString = (
    """WITH shown AS (
        INSERT INTO medication.medication_administration (patient_id, id, municipality_id, unit_id, recorded_by, recorded_by_name,
            recorded_as, recorded_role, dose_id, request_id, request_version, status, result, effective_at, amount, unit)
        SELECT d.patient_id, gen_random_uuid(), %(municipality)s::uuid, %(unit)s::uuid, %(unit)s::uuid, 'Sykepleier',
            %(unit)s::uuid, 'nurse', d.id, d.request_id, d.request_version, 'completed', '1', now(), d.amount, d.unit
        FROM medication.dose d WHERE d.patient_id = %(patient)s AND d.id = %(dose)s AND d.state = 'open'
        RETURNING patient_id, id), """
    + _LOG
    + " SELECT json_build_object('id', s.id)::text FROM shown s"
)

_OF_HER: LiteralString = "WITH shown AS (SELECT %(patient)s::uuid AS patient_id), " + _LOG + ", "

# What the rules ask about is read and answered as it is, for nobody to judge: other orders, allergies, the weight, interactions.
PRESCRIBE: LiteralString = (
    "WITH shown AS (SELECT %(patient)s::uuid AS patient_id), "
    + _LOG
    + """,
    item AS (SELECT * FROM medication.catalogue_item WHERE id = %(item)s),
    others AS (
        SELECT DISTINCT ON (r.entry_id) r.entry_id, r.status, r.generic_name, r.atc_code, r.strength, r.dosage, r.starts_at,
            r.ends_at
        FROM medication.medication_request r WHERE r.patient_id = %(patient)s AND r.in_error_at IS NULL
        ORDER BY r.entry_id, r.version DESC),
    codes AS (
        SELECT c.atc_code, left(c.atc_code, n) AS start FROM (
            SELECT atc_code FROM others UNION SELECT atc_code FROM item) c, generate_series(1, 7) n),
    ordered AS (
        INSERT INTO medication.medication_request (patient_id, id, entry_id, version, municipality_id, unit_id, recorded_by,
            recorded_by_name, recorded_as, recorded_role, status, generic_name, brand_name, form, strength, route, atc_code,
            catalogue_item_id, dosage, indication, use, as_needed, starts_at, prescriber_name, effective_at, change)
        SELECT %(patient)s, %(entry)s, %(entry)s, 1, %(municipality)s, %(unit)s, %(unit)s, 'Lege', %(unit)s, 'doctor', 'active',
            i.generic_name, i.brand_name, i.form, i.strength, i.route, i.atc_code, i.id,
            '{"kind": "daily", "times": ["08:00"], "amount": {"unit": "tablett", "value": "1"}}', 'mot plager', '1', false,
            now(), 'Lege', now(), 'prescribe'
        FROM item i RETURNING id),
    plan AS (
        INSERT INTO medication.request_plan (patient_id, request_entry_id, municipality_id, planned_until)
        SELECT %(patient)s, o.id, %(municipality)s, now() + interval '8 days' FROM ordered o),
    planned AS (
        INSERT INTO medication.dose (patient_id, id, municipality_id, request_entry_id, request_id, request_version, due_at,
            next_due_at, ready_from, late_after, missed_from, amount, unit, slot, given_by)
        SELECT %(patient)s, gen_random_uuid(), %(municipality)s, o.id, o.id, 1, d.due_at, d.due_at + interval '1 day',
            d.due_at - interval '1 hour', d.due_at + interval '1 hour', d.due_at + interval '12 hours', 1, 'tablett', '08',
            'municipality_unit'
        FROM ordered o, (SELECT date_trunc('day', now()) + n * interval '1 day' + interval '7 hours' AS due_at
            FROM generate_series(1, 8) n) d)
    SELECT json_build_object('id', o.id,
        'others', (SELECT json_agg(x) FROM others x WHERE x.status IN ('active', 'on-hold')),
        'allergies', (SELECT json_agg(a) FROM (
            SELECT substance, code, kind, reaction, severity, criticality FROM patients.allergy_intolerance
            WHERE patient_id = %(patient)s AND in_error_at IS NULL) a),
        'weight', (SELECT value FROM observations.observation WHERE patient_id = %(patient)s AND code = 'weight'
            AND in_error_at IS NULL ORDER BY effective_at DESC LIMIT 1),
        'interactions', (SELECT json_agg(i) FROM (
            SELECT DISTINCT i.fest_id, i.relevance, i.consequence, i.handling
            FROM codes a JOIN medication.catalogue_interaction_substance x ON x.atc_code = a.start
            JOIN medication.catalogue_interaction_substance y ON y.fest_id = x.fest_id AND y.side > x.side
            JOIN codes b ON b.start = y.atc_code AND b.atc_code <> a.atc_code
            JOIN medication.catalogue_interaction i ON i.fest_id = x.fest_id AND i.active) i))::text
    FROM ordered o"""
)


class Limit:
    """A connection for each thread, and one transaction for each request."""

    def __init__(self, address: str, municipality: str) -> None:
        self._address, self._municipality = address, municipality
        self._own = threading.local()

    def ask(self, statement: LiteralString, **values: Any) -> Response:
        """What PostgreSQL answers, as it is."""
        connection: psycopg.Connection[Any] | None = getattr(self._own, "connection", None)
        if connection is None:
            connection = self._own.connection = psycopg.connect(self._address, autocommit=True, prepare_threshold=0)
        with connection.transaction():
            connection.execute("SELECT set_config('bench.municipality', %s, true)", (self._municipality,))
            answer = connection.execute(statement, {"municipality": self._municipality, **values}).fetchone()
        return Response(answer[0] if answer else "{}", 200 if answer else 404, mimetype="application/json")


def application() -> Flask:
    """The WSGI application of this environment."""
    app, limit = Flask("limit", static_folder=None), Limit(os.environ[ADDRESS], os.environ[MUNICIPALITY])
    at = "/<uuid:unit>"

    @app.get(at + "/chart/<uuid:patient>")
    def chart(unit: UUID, patient: UUID) -> Response:
        return limit.ask(CHART, unit=unit, patient=patient)

    @app.get(at + "/medication/<uuid:patient>")
    def medication(unit: UUID, patient: UUID) -> Response:
        return limit.ask(MEDICATION, unit=unit, patient=patient)

    @app.post(at + "/search")
    def search(unit: UUID) -> Response:
        return limit.ask(SEARCH, unit=unit, prefix=request.form["text"])

    @app.get(at + "/round")
    def round_of_ward(unit: UUID) -> Response:
        return limit.ask(ROUND, unit=unit)

    @app.post(at + "/given/<uuid:patient>/<uuid:dose>")
    def given(unit: UUID, patient: UUID, dose: UUID) -> Response:
        return limit.ask(SIGN, unit=unit, patient=patient, dose=dose)

    @app.post(at + "/prescribed/<uuid:patient>")
    def prescribed(unit: UUID, patient: UUID) -> Response:
        return limit.ask(PRESCRIBE, unit=unit, patient=patient, item=request.form["item"], entry=uuid4())

    @app.post(at + "/bag/<uuid:patient>/<uuid:prepared>")
    def bag(unit: UUID, patient: UUID, prepared: UUID) -> Response:
        values = {"unit": unit, "patient": patient, "prepared": prepared, "at": request.form["at"]}
        return limit.ask(_OF_HER + limit_giving.BAG, **values)

    @app.post(at + "/laid/<uuid:patient>")
    def laid(unit: UUID, patient: UUID) -> Response:
        return limit.ask(_OF_HER + limit_giving.LAY_IN, unit=unit, patient=patient, day=request.form["day"])

    @app.post(at + "/counted/<uuid:place>")
    def counted(unit: UUID, place: UUID) -> Response:
        return limit.ask(limit_giving.COUNT, unit=unit, place=place)

    return app
