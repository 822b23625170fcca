"""The hand-written statements of a nurse's other jobs, as limit.py has them: a bag, a dosett's week, and a count."""

from typing import LiteralString

BAG: LiteralString = """
    given AS (
        INSERT INTO medication.medication_administration (patient_id, id, municipality_id, unit_id, recorded_by, recorded_by_name,
            recorded_as, recorded_role, dose_id, request_id, request_version, status, result, effective_at, amount, unit,
            prepared_line_id)
        SELECT d.patient_id, gen_random_uuid(), %(municipality)s::uuid, %(unit)s::uuid, %(unit)s::uuid, 'Sykepleier',
            %(unit)s::uuid, 'nurse', d.id, d.request_id, d.request_version, 'completed', '1', now(), d.amount, d.unit, l.id
        FROM medication.prepared_line l
        JOIN medication.dose d ON d.patient_id = l.patient_id AND d.request_entry_id = l.request_entry_id
            AND d.due_at = l.due_at AND d.state = 'open'
        WHERE l.patient_id = %(patient)s AND l.prepared_id = %(prepared)s AND l.due_at = %(at)s
        RETURNING patient_id, id)
    SELECT json_agg(g.id)::text FROM given g"""

LAY_IN: LiteralString = """
    thing AS (
        INSERT INTO medication.prepared (patient_id, id, entry_id, version, municipality_id, unit_id, recorded_by,
            recorded_by_name, recorded_as, recorded_role, kind, starts_on, ends_on, prepared_by)
        SELECT %(patient)s, n.id, coalesce(b.entry_id, n.id), coalesce(b.version, 0) + 1, %(municipality)s, %(unit)s, %(unit)s,
            'Sykepleier', %(unit)s, 'nurse', 'dosett', %(day)s, %(day)s::date + 6, 'Sykepleier'
        FROM (SELECT gen_random_uuid() AS id) n
        LEFT JOIN LATERAL (
            SELECT p.entry_id, p.version FROM medication.prepared p
            WHERE p.patient_id = %(patient)s AND p.starts_on = %(day)s ORDER BY p.version DESC LIMIT 1) b ON true
        RETURNING patient_id, id),
    laid AS (
        INSERT INTO medication.prepared_line (patient_id, id, prepared_id, municipality_id, unit_id, recorded_by,
            recorded_by_name, recorded_as, recorded_role, due_at, medicine, amount, unit, request_entry_id, request_version)
        SELECT t.patient_id, gen_random_uuid(), t.id, %(municipality)s, %(unit)s, %(unit)s, 'Sykepleier', %(unit)s, 'nurse',
            (%(day)s::date + n + time '08:00') AT TIME ZONE 'Europe/Oslo', o.generic_name, 1, 'tablett', o.entry_id, o.version
        FROM thing t CROSS JOIN generate_series(0, 6) n
        JOIN (SELECT DISTINCT ON (r.entry_id) r.entry_id, r.version, r.status, r.supply, r.generic_name
              FROM medication.medication_request r WHERE r.patient_id = %(patient)s AND r.in_error_at IS NULL
              ORDER BY r.entry_id, r.version DESC) o ON o.status = 'active' AND o.supply = 'dosett')
    SELECT json_build_object('id', t.id)::text FROM thing t"""

COUNT: LiteralString = """
    WITH counted AS (
        INSERT INTO medication.ledger_entry (place_id, ledger_id, municipality_id, unit_id, recorded_by, recorded_by_name, kind,
            counted)
        SELECT l.place_id, l.id, l.municipality_id, l.unit_id, %(unit)s, 'Sykepleier', 'count', 100
        FROM medication.ledger l WHERE l.place_id = %(place)s
        RETURNING number, balance)
    SELECT json_agg(c)::text FROM counted c"""
