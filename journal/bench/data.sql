-- A municipality of :patients patients in wards of thirty, made inside PostgreSQL. Everybody is invented.
-- Ids follow from numbers, so that whoever measures knows them without asking.
CREATE SCHEMA bench;

CREATE FUNCTION bench.id(kind int, n bigint, k int DEFAULT 0) RETURNS uuid LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT ('0190' || lpad(to_hex(kind), 4, '0') || '-' || lpad(to_hex(k), 4, '0') || '-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid $$;

CREATE FUNCTION bench.mixed(n bigint, salt int) RETURNS int LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT hashint8(n * 1009 + salt) & 2147483647 $$;

CREATE FUNCTION bench.dosage(times text, strength int) RETURNS jsonb LANGUAGE sql AS $$
    SELECT ('{"kind": "daily", "amount": {"value": "1", "unit": "tablett"}, "strength_per_unit": {"value": "' || strength
        || '", "unit": "mg"}, ' || times || '}')::jsonb $$;

CREATE TABLE bench.clock AS SELECT date_trunc('hour', now()) AS hour, now() - interval '60 days' AS start;

INSERT INTO municipalities.municipality (id, number, name, county, population, latitude, longitude, valid_from, joined_at)
VALUES (bench.id(1, 0), '4999', 'Måleprøven', 'Prøvefylket', 100000, 60, 10, '2024-01-01', now());

INSERT INTO municipalities.unit (municipality_id, id, parent_id, name, kind, valid_from)
VALUES (bench.id(1, 0), bench.id(2, 0), NULL, 'Måleprøven kommune', 'municipality', now() - interval '90 days');

INSERT INTO municipalities.unit (municipality_id, id, parent_id, name, kind, valid_from)
SELECT bench.id(1, 0), bench.id(3, w), bench.id(2, 0), 'Avdeling ' || w, 'ward', now() - interval '90 days'
FROM generate_series(0, (:patients - 1) / 30) w;

-- One nurse in each ward, and what is copied of her into each row that she writes.
INSERT INTO municipalities.practitioner (id, name, registered_for)
SELECT bench.id(4, w), 'Sykepleier ' || w, bench.id(1, 0) FROM generate_series(0, (:patients - 1) / 30) w;

INSERT INTO municipalities.qualification (id, practitioner_id, code, valid_from, recorded_for)
SELECT bench.id(5, w), bench.id(4, w), 'SP', now() - interval '90 days', bench.id(1, 0)
FROM generate_series(0, (:patients - 1) / 30) w;

INSERT INTO municipalities.practitioner_role (municipality_id, id, practitioner_id, unit_id, role, valid_from)
SELECT bench.id(1, 0), bench.id(5, w), bench.id(4, w), bench.id(3, w), 'nurse', now() - interval '90 days'
FROM generate_series(0, (:patients - 1) / 30) w;

-- And one doctor.
INSERT INTO municipalities.practitioner (id, name, registered_for)
SELECT bench.id(17, w), 'Lege ' || w, bench.id(1, 0) FROM generate_series(0, (:patients - 1) / 30) w;

INSERT INTO municipalities.qualification (id, practitioner_id, code, valid_from, recorded_for)
SELECT bench.id(18, w), bench.id(17, w), 'LE', now() - interval '90 days', bench.id(1, 0)
FROM generate_series(0, (:patients - 1) / 30) w;

INSERT INTO municipalities.practitioner_role (municipality_id, id, practitioner_id, unit_id, role, valid_from)
SELECT bench.id(1, 0), bench.id(18, w), bench.id(17, w), bench.id(3, w), 'doctor', now() - interval '90 days'
FROM generate_series(0, (:patients - 1) / 30) w;

CREATE VIEW bench.stamp AS
SELECT n, bench.id(6, n) AS patient_id, bench.id(1, 0) AS municipality_id, bench.id(3, n / 30) AS unit_id,
    bench.id(4, n / 30) AS recorded_by, 'Sykepleier ' || n / 30 AS recorded_by_name, bench.id(5, n / 30) AS recorded_as,
    'nurse'::text AS recorded_role, c.hour, c.start
FROM generate_series(0::bigint, :patients - 1) n, bench.clock c;

CREATE TABLE bench.person AS
SELECT n,
    (ARRAY['Hansen', 'Johansen', 'Olsen', 'Larsen', 'Andersen', 'Pedersen', 'Nilsen', 'Kristiansen', 'Jensen', 'Karlsen',
        'Johnsen', 'Pettersen', 'Eriksen', 'Berg', 'Haugen', 'Hagen', 'Johannessen', 'Andreassen', 'Jacobsen', 'Dahl',
        'Henriksen', 'Lund', 'Halvorsen', 'Jakobsen', 'Moen', 'Gundersen', 'Iversen', 'Strand', 'Solberg', 'Svendsen',
        'Eide', 'Knutsen', 'Martinsen', 'Paulsen', 'Bakken', 'Kristoffersen', 'Mathisen', 'Lie', 'Amundsen', 'Nguyen'])
        [1 + bench.mixed(n, 1) % 40] AS family_name,
    (ARRAY['Anne', 'Inger', 'Kari', 'Marit', 'Ingrid', 'Liv', 'Eva', 'Astrid', 'Solveig', 'Berit', 'Randi', 'Jan', 'Per',
        'Ole', 'Lars', 'Kjell', 'Knut', 'Svein', 'Arne', 'Thomas', 'Geir', 'Hans', 'Tor', 'Morten', 'Odd', 'Erik', 'Terje',
        'Unni', 'Gerd', 'Turid', 'Wenche', 'Rolf'])[1 + bench.mixed(n, 2) % 32] AS given_name
FROM generate_series(0::bigint, :patients - 1) n;

INSERT INTO patients.patient (patient_id, municipality_id, unit_id, recorded_by, recorded_by_name, recorded_as, recorded_role,
    recorded_at, family_name, given_name, birth_date, sex)
SELECT s.patient_id, s.municipality_id, s.unit_id, s.recorded_by, s.recorded_by_name, s.recorded_as, s.recorded_role, s.start,
    p.family_name, p.given_name, date '1930-01-01' + bench.mixed(s.n, 3) % 9000, CASE WHEN s.n % 2 = 0 THEN 'female' ELSE 'male' END
FROM bench.stamp s JOIN bench.person p USING (n);

INSERT INTO patients.identifier (patient_id, id, municipality_id, unit_id, recorded_by, recorded_by_name, recorded_as,
    recorded_role, recorded_at, kind, value, valid_from)
SELECT s.patient_id, bench.id(7, s.n), s.municipality_id, s.unit_id, s.recorded_by, s.recorded_by_name, s.recorded_as,
    s.recorded_role, s.start, 'FHN', lpad((80000000000 + s.n)::text, 11, '0'), s.start
FROM bench.stamp s;

INSERT INTO patients.name_word (patient_id, word)
SELECT bench.id(6, n), lower(family_name) FROM bench.person UNION SELECT bench.id(6, n), lower(given_name) FROM bench.person;

INSERT INTO patients.allergy_intolerance (patient_id, id, entry_id, version, municipality_id, unit_id, recorded_by,
    recorded_by_name, recorded_as, recorded_role, recorded_at, kind, substance)
SELECT s.patient_id, bench.id(8, s.n), bench.id(8, s.n), 1, s.municipality_id, s.unit_id, s.recorded_by, s.recorded_by_name,
    s.recorded_as, s.recorded_role, s.start, 'allergy', 'penicillin'
FROM bench.stamp s WHERE s.n % 5 = 0;

INSERT INTO access.care_relationship (patient_id, id, municipality_id, unit_id, recorded_by, recorded_by_name, recorded_as,
    recorded_role, recorded_at, ground, room, valid_from)
SELECT s.patient_id, bench.id(9, s.n), s.municipality_id, s.unit_id, s.recorded_by, s.recorded_by_name, s.recorded_as,
    s.recorded_role, s.start, 'stay', (100 + s.n % 30)::text, s.start
FROM bench.stamp s;

CREATE TABLE bench.medicine (k int PRIMARY KEY, generic_name text, atc_code text, form text, strength text, use text, dosage jsonb, hours int[]);
INSERT INTO bench.medicine VALUES
    (0, 'metoprolol', 'C07AB02', 'depottablett', '50 mg', '1', bench.dosage('"times": ["08:00"]', 50), '{0}'),
    (1, 'apiksaban', 'B01AF02', 'tablett', '5 mg', '1', bench.dosage('"times": ["08:00"]', 5), '{0}'),
    (2, 'ramipril', 'C09AA05', 'tablett', '5 mg', '1', bench.dosage('"times": ["08:00"]', 5), '{0}'),
    (3, 'levotyroksin', 'H03AA01', 'tablett', '100 mcg', '1', bench.dosage('"times": ["08:00"]', 100), '{0}'),
    (4, 'metformin', 'A10BA02', 'tablett', '500 mg', '1', bench.dosage('"times": ["08:00", "20:00"]', 500), '{0,12}'),
    (5, 'paracetamol', 'N02BE01', 'tablett', '500 mg', '1', bench.dosage('"times": ["14:00", "22:00"]', 500), '{-6,6}'),
    (6, 'gabapentin', 'N02BF01', 'kapsel', '300 mg', '1', bench.dosage('"times": ["08:00", "16:00", "22:00"]', 300), '{0,8,16}'),
    (7, 'oksazepam', 'N05BA04', 'tablett', '10 mg', '3',
        '{"kind": "as_needed", "amount": {"value": "1", "unit": "tablett"}, "as_needed": {"max_doses": 4}}', '{}');

INSERT INTO medication.medication_request (patient_id, id, entry_id, version, municipality_id, unit_id, recorded_by,
    recorded_by_name, recorded_as, recorded_role, recorded_at, status, generic_name, atc_code, form, strength, route, dosage, indication,
    supply, use, as_needed, starts_at, prescriber_name, effective_at, change)
SELECT s.patient_id, bench.id(10, s.n, m.k), bench.id(10, s.n, m.k), 1, s.municipality_id, s.unit_id, s.recorded_by,
    s.recorded_by_name, s.recorded_as, s.recorded_role, s.start, 'active', m.generic_name, m.atc_code, m.form, m.strength, 'peroralt',
    m.dosage, 'mot plager', CASE WHEN m.k < 4 AND s.n % 3 = 1 THEN 'dosett' END, m.use, m.use = '3', s.start, 'Lars Lege', s.start, 'prescribe'
FROM bench.stamp s CROSS JOIN bench.medicine m;

INSERT INTO medication.request_plan (patient_id, request_entry_id, municipality_id, planned_until)
SELECT s.patient_id, bench.id(10, s.n, m.k), s.municipality_id, CASE WHEN m.use <> '3' THEN s.hour + interval '7 days' END
FROM bench.stamp s CROSS JOIN bench.medicine m;

-- Yesterday's doses and today's, counted from this hour: whenever it is measured, it is in the middle of a round.
INSERT INTO medication.dose (patient_id, id, municipality_id, request_entry_id, request_id, request_version, due_at, next_due_at,
    ready_from, late_after, missed_from, amount, unit, slot, given_by)
SELECT s.patient_id, bench.id(11, s.n, m.k * 100 + d.day * 10 + o.number::int), s.municipality_id, bench.id(10, s.n, m.k),
    bench.id(10, s.n, m.k), 1, d.due_at, d.due_at + interval '1 day', d.due_at - interval '1 hour', d.due_at + interval '1 hour',
    d.due_at + interval '12 hours', 1, 'tablett', to_char(d.due_at AT TIME ZONE 'Europe/Oslo', 'HH24'), 'municipality_unit'
FROM bench.stamp s
CROSS JOIN bench.medicine m
CROSS JOIN LATERAL unnest(m.hours) WITH ORDINALITY o (hours, number)
CROSS JOIN LATERAL (
    SELECT day, s.hour + day * interval '1 day' - interval '1 day' + o.hours * interval '1 hour' AS due_at FROM generate_series(0, 1) day) d;

INSERT INTO medication.medication_administration (patient_id, id, municipality_id, unit_id, recorded_by, recorded_by_name,
    recorded_as, recorded_role, recorded_at, dose_id, request_id, request_version, status, result, effective_at, amount, unit)
SELECT s.patient_id, bench.id(12, s.n, ('x' || substr(d.id::text, 10, 4))::bit(16)::int), s.municipality_id, s.unit_id, s.recorded_by,
    s.recorded_by_name, s.recorded_as, s.recorded_role, d.due_at + interval '7 minutes', d.id, d.request_id, 1, 'completed', '1',
    d.due_at + interval '5 minutes', 1, 'tablett'
FROM bench.stamp s JOIN medication.dose d ON d.patient_id = s.patient_id AND d.due_at < s.hour;

-- Every third patient has a dosett for this week, with four of her medicines in the compartment of this hour.
INSERT INTO medication.prepared (patient_id, id, entry_id, version, municipality_id, unit_id, recorded_by, recorded_by_name,
    recorded_as, recorded_role, recorded_at, kind, starts_on, ends_on, prepared_by)
SELECT s.patient_id, bench.id(20, s.n), bench.id(20, s.n), 1, s.municipality_id, s.unit_id, s.recorded_by, s.recorded_by_name,
    s.recorded_as, s.recorded_role, s.hour, 'dosett', d.day - 3, d.day + 3, s.recorded_by_name
FROM bench.stamp s CROSS JOIN LATERAL (SELECT (s.hour AT TIME ZONE 'Europe/Oslo')::date AS day) d WHERE s.n % 3 = 1;

INSERT INTO medication.prepared_line (patient_id, id, prepared_id, municipality_id, unit_id, recorded_by, recorded_by_name,
    recorded_as, recorded_role, recorded_at, due_at, medicine, amount, unit, request_entry_id, request_version)
SELECT s.patient_id, bench.id(21, s.n, m.k), bench.id(20, s.n), s.municipality_id, s.unit_id, s.recorded_by, s.recorded_by_name,
    s.recorded_as, s.recorded_role, s.hour, s.hour, m.generic_name, 1, 'tablett', bench.id(10, s.n, m.k), 1
FROM bench.stamp s JOIN bench.medicine m ON m.k < 4 WHERE s.n % 3 = 1;

INSERT INTO medication.prepared_check (patient_id, id, prepared_id, municipality_id, unit_id, recorded_by, recorded_by_name,
    recorded_as, recorded_role, recorded_at, outcome)
SELECT s.patient_id, bench.id(22, s.n), bench.id(20, s.n), s.municipality_id, s.unit_id, s.recorded_by, s.recorded_by_name,
    s.recorded_as, s.recorded_role, s.hour, 'controlled'
FROM bench.stamp s WHERE s.n % 3 = 1;

-- A cabinet in each ward, with the accounts of three strengths.
INSERT INTO medication.keeping_place (id, municipality_id, unit_id, recorded_by, recorded_by_name, recorded_at, kind, name)
SELECT bench.id(23, s.n), s.municipality_id, bench.id(3, s.n), bench.id(4, s.n), 'Sykepleier', s.start, 'cabinet', 'Narkotikaskap'
FROM bench.stamp s WHERE s.n <= (:patients - 1) / 30;

INSERT INTO medication.ledger (id, place_id, municipality_id, unit_id, recorded_by, recorded_by_name, recorded_at,
    catalogue_item_id, generic_name, unit)
SELECT bench.id(24, s.n, k), bench.id(23, s.n), s.municipality_id, bench.id(3, s.n), bench.id(4, s.n), 'Sykepleier', s.start,
    bench.id(24, k), 'oksykodon', 'tablett'
FROM bench.stamp s CROSS JOIN generate_series(1, 3) k WHERE s.n <= (:patients - 1) / 30;

INSERT INTO medication.ledger_entry (place_id, number, municipality_id, unit_id, recorded_by, recorded_by_name, recorded_at,
    ledger_id, kind, amount, balance, counted)
SELECT bench.id(23, s.n), k, s.municipality_id, bench.id(3, s.n), bench.id(4, s.n), 'Sykepleier', s.start, bench.id(24, s.n, k),
    'opening', 100, 100, 100
FROM bench.stamp s CROSS JOIN generate_series(1, 3) k WHERE s.n <= (:patients - 1) / 30;

INSERT INTO observations.observation (patient_id, id, municipality_id, unit_id, recorded_by, recorded_by_name, recorded_as,
    recorded_role, recorded_at, code, loinc, display, value, value2, unit, effective_at)
SELECT s.patient_id, bench.id(13, s.n, k), s.municipality_id, s.unit_id, s.recorded_by, s.recorded_by_name, s.recorded_as,
    s.recorded_role, s.hour - k * interval '1 day', o.code, o.loinc, o.display, o.value + bench.mixed(s.n, k) % 10, o.value2, o.unit,
    s.hour - k * interval '1 day'
FROM bench.stamp s CROSS JOIN generate_series(0, 9) k
JOIN (VALUES (0, 'pulse', '8867-4', 'Puls', 68, NULL, '/min'), (1, 'blood_pressure', '85354-9', 'Blodtrykk', 130, 75, 'mm[Hg]'),
    (2, 'temperature', '8310-5', 'Temperatur', 36, NULL, 'Cel'), (3, 'weight', '29463-7', 'Vekt', 70, NULL, 'kg'))
    o (number, code, loinc, display, value, value2, unit) ON o.number = k % 4;

INSERT INTO notes.note (patient_id, id, entry_id, version, municipality_id, unit_id, recorded_by, recorded_by_name, recorded_as,
    recorded_role, recorded_at, kind, title, body, effective_at)
SELECT s.patient_id, bench.id(14, s.n, k), bench.id(14, s.n, k), 1, s.municipality_id, s.unit_id, s.recorded_by,
    s.recorded_by_name, s.recorded_as, s.recorded_role, s.hour - k * interval '20 hours', 'general', 'Rapport',
    'Pasienten har hatt en rolig natt. Spist godt til frokost, vært oppe i stol og deltatt i samtale. Ingen smerter i dag.',
    s.hour - k * interval '20 hours'
FROM bench.stamp s CROSS JOIN generate_series(1, 5) k;

INSERT INTO care.task (patient_id, id, entry_id, version, municipality_id, unit_id, recorded_by, recorded_by_name, recorded_as,
    recorded_role, recorded_at, kind, for_unit_id, what, due_at)
SELECT s.patient_id, bench.id(15, s.n), bench.id(15, s.n), 1, s.municipality_id, s.unit_id, s.recorded_by, s.recorded_by_name,
    s.recorded_as, s.recorded_role, s.start, 'general', s.unit_id, 'Ta vekt', s.hour + interval '1 day'
FROM bench.stamp s WHERE s.n % 3 = 0;

-- The log of a month of work: an empty one would be read from end to end by plans that were made while it was empty.
INSERT INTO audit.access_log (at, municipality_id, unit_id, unit_name, actor_id, actor_name, actor_role, acting_as, patient_id, action,
    categories, ground, purpose, origin, outcome)
SELECT now() - k * interval '2 days' - s.n % 86400 * interval '1 second', s.municipality_id, s.unit_id, 'Avdeling', s.recorded_by,
    s.recorded_by_name, s.recorded_role, s.recorded_as, s.patient_id, 'chart:read',
    '{patients,medication,observations,notes,care}', 'stay', 'TREAT', 'web', 'success'
FROM bench.stamp s CROSS JOIN generate_series(0, 9) k;

-- The contestant that only does what the law asks: a role with the simplest row-level security there is, and a plain log row.
GRANT USAGE ON SCHEMA patients, medication, observations, notes, care, access, audit TO bench_limit;
GRANT SELECT ON ALL TABLES IN SCHEMA patients, medication, observations, notes, care, access TO bench_limit;
GRANT INSERT ON medication.medication_administration, medication.medication_request, medication.request_plan, medication.dose,
    medication.prepared, medication.prepared_line, medication.ledger_entry, audit.access_log TO bench_limit;
-- An entry of an account holds its place until it is committed.
GRANT UPDATE (closed_at) ON medication.keeping_place TO bench_limit;
