"""A chart is opened with a reason where nothing else gives a ground: for a while, told to the patient and looked over afterwards.

Only adds: the version before this makes no such relationship, and reads those that are there as any other.

Revision ID: 0047
Revises: 0046
"""

from alembic import op

from migrations.helpers import (
    RECORD,
    STAMPS,
    chart_table,
    define,
    erasable,
    let_read,
    municipality_table,
    other_words_of_check,
    stamp,
    stays,
    unit_table,
)

revision, down_revision, branch_labels, depends_on = "0047", "0046", None, None

RELATIONSHIP = "access.care_relationship"
ACCESS, WORDS, NOTICE = "access.justified_access", "access.justified_words", "access.notice"
REVIEW, SETTING = "access.justified_review", "access.justified_setting"
REASONS = "('emergency', 'alarm', 'shared-care', 'assessment', 'referral', 'patient-asks', 'own-learning', 'quality', 'other')"
# What a check says as PostgreSQL writes it, and what it is to say.
GROUND = ("'emergency'::text", "'emergency'::text, 'justified'::text")
PURPOSE = ("'BTG'::text", "'BTG'::text, 'PATRQT'::text, 'HQUALIMP'::text")
OF_CHART = f"""
    patient_id uuid NOT NULL REFERENCES patients.patient (patient_id), id uuid NOT NULL,
    {", ".join(f"{name} {'text' if name in ('recorded_by_name', 'recorded_role') else 'uuid'} NOT NULL" for name in STAMPS)},
    recorded_at timestamptz NOT NULL DEFAULT now()
"""


def upgrade() -> None:
    other_words_of_check(RELATIONSHIP, "care_relationship_ground_check", *GROUND)
    other_words_of_check(RELATIONSHIP, "care_relationship_purpose_check", *PURPOSE)
    # Never open-ended: what somebody took for herself ends by itself, whatever the program believes.
    op.execute(
        f"""ALTER TABLE {RELATIONSHIP} ADD CONSTRAINT justified_ends CHECK (ground NOT IN ('emergency', 'justified')
            OR valid_until IS NOT NULL AND valid_until <= valid_from + interval '72 hours' AND grace_until IS NULL)"""
    )
    _access()
    _review()
    _setting()
    _functions()


def _access() -> None:
    op.execute(
        f"""CREATE TABLE {ACCESS} (
            {OF_CHART},
            relationship_id uuid NOT NULL,
            reason text NOT NULL CHECK (reason IN {REASONS}),
            valid_until timestamptz NOT NULL, review_before timestamptz NOT NULL,
            in_an_hour integer NOT NULL CHECK (in_an_hour > 0), too_many boolean NOT NULL,
            PRIMARY KEY (patient_id, id), UNIQUE (id, recorded_by),
            FOREIGN KEY (patient_id, relationship_id) REFERENCES {RELATIONSHIP} (patient_id, id))"""
    )
    op.execute(f"CREATE INDEX justified_access_of_unit ON {ACCESS} (unit_id, recorded_at)")
    op.execute(f"CREATE INDEX justified_access_at ON {ACCESS} (recorded_at)")
    unit_table(ACCESS)
    stamp(ACCESS)
    stays(ACCESS, "a code, and whose reading it was", "reason")
    op.execute(
        f"""CREATE TABLE {WORDS} (
            patient_id uuid NOT NULL REFERENCES patients.patient (patient_id), id uuid NOT NULL,
            {RECORD},
            access_id uuid NOT NULL,
            text text NOT NULL CHECK (length(text) BETWEEN 10 AND 200),
            PRIMARY KEY (patient_id, id), UNIQUE (patient_id, access_id),
            FOREIGN KEY (patient_id, access_id) REFERENCES {ACCESS} (patient_id, id))"""
    )
    op.execute(
        f"""CREATE TABLE {NOTICE} (
            {OF_CHART},
            access_id uuid NOT NULL,
            told_at timestamptz,
            PRIMARY KEY (patient_id, id), UNIQUE (patient_id, access_id),
            FOREIGN KEY (patient_id, access_id) REFERENCES {ACCESS} (patient_id, id))"""
    )
    for table in (WORDS, NOTICE):
        chart_table(table, projection=table == NOTICE)
        stamp(table)
    erasable(WORDS, "text")


def _review() -> None:
    """Holds no patient: whoever looks over who read opens no chart. Nobody looks over her own."""
    op.execute(
        f"""CREATE TABLE {REVIEW} (
            municipality_id uuid NOT NULL DEFAULT audit.acting_for() REFERENCES municipalities.municipality (id),
            access_id uuid NOT NULL, reader_id uuid NOT NULL,
            version integer NOT NULL CHECK (version > 0),
            outcome text NOT NULL CHECK (outcome IN ('explained', 'ask-manager', 'case')),
            recorded_by uuid NOT NULL DEFAULT audit.acting_person(),
            recorded_by_name text NOT NULL DEFAULT audit.acting_name(),
            recorded_role text NOT NULL DEFAULT audit.acting_role(),
            recorded_at timestamptz NOT NULL DEFAULT now(),
            PRIMARY KEY (access_id, version),
            FOREIGN KEY (access_id, reader_id) REFERENCES {ACCESS} (id, recorded_by),
            CONSTRAINT reviewed_by_another CHECK (recorded_by <> reader_id))"""
    )
    municipality_table(REVIEW)


def _setting() -> None:
    op.execute(
        f"""CREATE TABLE {SETTING} (
            municipality_id uuid NOT NULL DEFAULT audit.acting_for() REFERENCES municipalities.municipality (id),
            version integer NOT NULL CHECK (version > 0),
            emergency_hours smallint NOT NULL CHECK (emergency_hours BETWEEN 1 AND 24),
            other_hours smallint NOT NULL CHECK (other_hours BETWEEN 1 AND 72),
            review_hours smallint NOT NULL CHECK (review_hours BETWEEN 24 AND 336),
            most_in_an_hour smallint NOT NULL CHECK (most_in_an_hour BETWEEN 1 AND 50),
            recorded_by uuid NOT NULL DEFAULT audit.acting_person(),
            recorded_by_name text NOT NULL DEFAULT audit.acting_name(),
            recorded_at timestamptz NOT NULL DEFAULT now(),
            PRIMARY KEY (municipality_id, version))"""
    )
    municipality_table(SETTING)


def _functions() -> None:
    let_read("journal_door", ACCESS)
    # How many looks there were into each part of the chart by these, told to who may see that they are; of content nothing.
    define(
        "access.opened_kinds(asked uuid[]) RETURNS TABLE (access_id uuid, category text, looks bigint) STABLE",
        f"""
        DECLARE
            mine uuid := audit.acting_for();
            units uuid[] := audit.acting_units();
        BEGIN
            RETURN QUERY
            SELECT j.id, k.category, count(*)
            FROM {ACCESS} j
            JOIN audit.access_log l ON l.patient_id = j.patient_id AND l.at >= j.recorded_at AND l.at <= j.valid_until
                AND l.relationship_id = j.relationship_id AND l.outcome = 'success'
            CROSS JOIN LATERAL unnest(l.categories) k (category)
            WHERE j.id = ANY (asked) AND j.municipality_id = mine AND j.unit_id = ANY (units)
            GROUP BY j.id, k.category;
        END""",
        owner="journal_door",
    )
    # What others than us opened of people we write about: ids, codes and times, for whoever reads our log in this transaction.
    define(
        "access.justified_elsewhere(since timestamptz) RETURNS TABLE (id uuid, patient_id uuid, municipality_name text,"
        " role text, reason text, at timestamptz, until timestamptz) STABLE",
        f"""
        DECLARE mine uuid := audit.acting_for();
        BEGIN
            IF NOT audit.reading_log() THEN RETURN; END IF;
            RETURN QUERY
            SELECT j.id, j.patient_id, m.name, j.recorded_role, j.reason, j.recorded_at, j.valid_until
            FROM {ACCESS} j
            JOIN municipalities.municipality m ON m.id = j.municipality_id
            WHERE j.recorded_at >= since AND j.municipality_id <> mine AND EXISTS (
                SELECT FROM {RELATIONSHIP} r
                WHERE r.municipality_id = mine AND r.in_error_at IS NULL AND r.ground NOT IN ('emergency', 'justified')
                  AND r.patient_id = ANY (j.patient_id
                      || ARRAY(SELECT k.linked_patient_id FROM patients.link k WHERE k.patient_id = j.patient_id
                               AND k.confirmed_at IS NOT NULL AND k.valid_until IS NULL)
                      || ARRAY(SELECT k.patient_id FROM patients.link k WHERE k.linked_patient_id = j.patient_id
                               AND k.confirmed_at IS NOT NULL AND k.valid_until IS NULL)))
            ORDER BY j.recorded_at DESC LIMIT 500;
        END""",
        owner="journal_door",
    )
    _who_knows()


def _who_knows() -> None:
    """Which units of one's own municipality know the person: never of a protected one, of a service in *sensitive*, nor to whoever is
    shut out. Each question is a line in the log, also of somebody who is not there."""
    define(
        "access.who_knows(call text, mac text) RETURNS text[] VOLATILE",
        f"""
        DECLARE
            c jsonb;
            w jsonb := audit.who();
            asked uuid;
            ids uuid[];
            told text[];
        BEGIN
            IF mac IS DISTINCT FROM audit.mac(call) THEN
                RAISE EXCEPTION 'forged call' USING ERRCODE = 'insufficient_privilege';
            END IF;
            c := call::jsonb;
            IF w IS NULL OR (c ->> 'at')::timestamptz IS DISTINCT FROM now() THEN
                RAISE EXCEPTION 'call of another transaction' USING ERRCODE = 'insufficient_privilege';
            END IF;
            asked := (c ->> 'patient_id')::uuid;
            ids := asked || ARRAY(
                SELECT other.patient_id FROM patients.link l
                CROSS JOIN LATERAL (VALUES (l.patient_id), (l.linked_patient_id)) other (patient_id)
                WHERE (l.patient_id = asked OR l.linked_patient_id = asked) AND l.confirmed_at IS NOT NULL AND l.valid_until IS NULL);
            IF NOT EXISTS (SELECT FROM patients.patient p WHERE p.patient_id = ANY (ids) AND p.confidentiality <> 'none')
               AND NOT EXISTS (SELECT FROM access.restriction x
                   WHERE x.patient_id = ANY (ids) AND x.in_error_at IS NULL AND x.category IN ('*', 'patients')
                     AND x.valid_from <= now() AND (x.valid_until IS NULL OR x.valid_until > now())
                     AND (x.against_person_id = (w ->> 'person_id')::uuid OR x.against_unit_id = ANY (audit.acting_units()))) THEN
                told := ARRAY(SELECT DISTINCT u.name FROM {RELATIONSHIP} r
                    JOIN municipalities.unit u ON (u.municipality_id, u.id) = (r.municipality_id, r.unit_id)
                    WHERE r.patient_id = ANY (ids) AND r.municipality_id = (w ->> 'municipality_id')::uuid
                      AND r.in_error_at IS NULL AND r.valid_from <= now() AND (r.valid_until IS NULL OR r.valid_until > now())
                      AND NOT coalesce(c -> 'sensitive' ? r.service_code, false)
                    ORDER BY 1);
            END IF;
            INSERT INTO audit.access_log (
                municipality_id, unit_id, unit_name, actor_id, actor_name, actor_role, acting_as, origin, session_id, request_id,
                action, outcome, patient_id)
            VALUES ((w ->> 'municipality_id')::uuid, (w ->> 'unit_id')::uuid, w ->> 'unit_name', (w ->> 'person_id')::uuid,
                w ->> 'name', w ->> 'role', (w ->> 'role_id')::uuid, w ->> 'origin', (w ->> 'session_id')::uuid, c ->> 'request_id',
                'access:justify', 'search-hit', asked);
            RETURN coalesce(told, '{{}}');
        END""",
        owner="journal_door",
    )


def downgrade() -> None:
    for function in ("who_knows(text, text)", "justified_elsewhere(timestamptz)", "opened_kinds(uuid[])"):
        op.execute(f"DROP FUNCTION access.{function}")
    op.execute(f"DELETE FROM audit.erasable WHERE table_name = '{WORDS}'")
    for table in (REVIEW, SETTING, NOTICE, WORDS, ACCESS):
        op.execute(f"DROP TABLE {table}")
    # What was opened so is over within three days, and stays in the chart as the emergency access that it was nearest.
    op.execute(f"ALTER TABLE {RELATIONSHIP} DROP CONSTRAINT justified_ends")
    op.execute(f"UPDATE {RELATIONSHIP} SET ground = 'emergency' WHERE ground = 'justified'")
    op.execute(f"UPDATE {RELATIONSHIP} SET purpose = 'COC' WHERE purpose IN ('PATRQT', 'HQUALIMP')")
    other_words_of_check(RELATIONSHIP, "care_relationship_ground_check", *GROUND[::-1])
    other_words_of_check(RELATIONSHIP, "care_relationship_purpose_check", *PURPOSE[::-1])
