"""When the journal was away: the doses of that time are unknown until somebody has settled them, and what was given by the paper
list is stored with who gave it, when, and who wrote it in.

Only adds: the version before this reads an unknown dose as late or missed, and signs as before.

Revision ID: 0039
Revises: 0038
"""

from alembic import op

from migrations.helpers import (
    RECORD,
    chart_table,
    define,
    let_read,
    municipality_table,
    stamp,
    stays,
    task_kinds,
    with_other_words,
)

revision, down_revision, branch_labels, depends_on = "0039", "0038", None, None

DOWNTIME, ANSWER = "medication.downtime", "medication.paper_answer"
GIVEN = "medication.medication_administration"
SIGN = "medication.dose_to_sign(uuid[], uuid)"
WORKLIST = "medication.worklist_by_patient(timestamptz, timestamptz)"
SIGN_KNOWS = (
    ("TABLE(patient_id uuid, ", "TABLE(patient_id uuid, downtime_id uuid, "),
    ("SELECT d.patient_id, ", "SELECT d.patient_id, d.downtime_id, "),
    (
        " a.recorded_by_name, a.recorded_at, a.result",
        " coalesce(a.performer_name, a.recorded_by_name), a.recorded_at, a.result",
    ),
)
# What nobody knows of is not late. Hardly anybody has any: counted by an index of those alone.
WORKLIST_KNOWS = (
    ("prepared boolean)", "prepared boolean, unknown integer)"),
    ("a.id IS NULL AND d.late_after < now()", "a.id IS NULL AND d.downtime_id IS NULL AND d.late_after < now()"),
    (
        "WHERE k.asked = m.patient_id AND l.due_at >= since AND l.due_at < before)",
        f"""WHERE k.asked = m.patient_id AND l.due_at >= since AND l.due_at < before),
                (SELECT count(*)::integer FROM linked k JOIN medication.dose u ON u.patient_id = k.id
                    AND u.downtime_id IS NOT NULL AND u.due_at >= since AND u.due_at < before
                 WHERE k.asked = m.patient_id AND NOT EXISTS (
                    SELECT FROM {GIVEN} g WHERE g.patient_id = u.patient_id AND g.dose_id = u.id
                        AND g.in_error_at IS NULL AND g.kind = 'signature'))""",
    ),
)


def upgrade() -> None:
    op.execute(
        f"""CREATE TABLE {DOWNTIME} (
            municipality_id uuid NOT NULL DEFAULT audit.acting_for() REFERENCES municipalities.municipality (id),
            entry_id uuid NOT NULL,
            version integer NOT NULL DEFAULT 1 CHECK (version > 0),
            unit_id uuid,
            status text NOT NULL CHECK (status IN ('proposed', 'confirmed', 'dismissed')),
            began_at timestamptz NOT NULL,
            ended_at timestamptz CHECK (ended_at > began_at),
            why text CHECK (length(why) BETWEEN 1 AND 300),
            recorded_by uuid NOT NULL DEFAULT audit.acting_person(),
            recorded_by_name text NOT NULL DEFAULT audit.acting_name(),
            recorded_at timestamptz NOT NULL DEFAULT now(),
            PRIMARY KEY (municipality_id, entry_id, version),
            FOREIGN KEY (municipality_id, unit_id) REFERENCES municipalities.unit (municipality_id, id))"""
    )
    municipality_table(DOWNTIME)
    let_read("journal_finder", DOWNTIME)
    op.execute(f"GRANT INSERT ON {DOWNTIME} TO journal_finder")
    op.execute("ALTER TABLE medication.dose ADD COLUMN downtime_id uuid")
    op.execute("CREATE INDEX dose_unknown ON medication.dose (patient_id, due_at) WHERE downtime_id IS NOT NULL")
    op.execute("CREATE INDEX dose_of_downtime ON medication.dose (downtime_id) WHERE downtime_id IS NOT NULL")
    op.execute("GRANT INSERT (downtime_id), UPDATE (downtime_id) ON medication.dose TO journal_app")
    op.execute("GRANT UPDATE (downtime_id) ON medication.dose TO journal_finder")
    _paper()
    _marks()
    _declared()
    with_other_words(SIGN, "journal_owner", *SIGN_KNOWS)
    with_other_words(WORKLIST, "journal_finder", *WORKLIST_KNOWS)
    task_kinds("'general'::text", "'general'::text, 'paper'::text")
    _second("s.recorded_by <>", "coalesce(s.performer_id, s.recorded_by) <>")


def _paper() -> None:
    """Of what was given by the paper list: who gave it, where recorded_by is who wrote it in; and what the giver says herself."""
    op.execute(f"ALTER TABLE {GIVEN} ADD COLUMN performer_id uuid, ADD COLUMN performer_name text")
    op.execute(
        f"""ALTER TABLE {GIVEN} ADD CONSTRAINT performer_named
            CHECK ((performer_id IS NULL) = (performer_name IS NULL)) NOT VALID"""
    )
    op.execute(f"GRANT INSERT (performer_id, performer_name) ON {GIVEN} TO journal_app")
    stays(GIVEN, "who gave the dose, as who wrote it", "performer_name")
    op.execute(
        f"""CREATE TABLE {ANSWER} (
            patient_id uuid NOT NULL REFERENCES patients.patient (patient_id), id uuid NOT NULL,
            {RECORD},
            administration_id uuid NOT NULL,
            outcome text NOT NULL CHECK (outcome IN ('confirmed', 'denied')),
            PRIMARY KEY (patient_id, id),
            UNIQUE (patient_id, administration_id),
            FOREIGN KEY (patient_id, administration_id) REFERENCES {GIVEN} (patient_id, id))"""
    )
    chart_table(ANSWER)
    stamp(ANSWER)
    stays(ANSWER, "a code: whether she gave it", "outcome")
    op.execute(
        f"""CREATE FUNCTION medication.giver_answers() RETURNS trigger LANGUAGE plpgsql
        SET search_path = pg_catalog, pg_temp AS $$
        BEGIN
            IF NOT EXISTS (
                SELECT FROM {GIVEN} a
                WHERE a.patient_id = NEW.patient_id AND a.id = NEW.administration_id AND a.performer_id = NEW.recorded_by)
            THEN
                RAISE EXCEPTION 'only who gave a dose says whether she did' USING ERRCODE = 'check_violation';
            END IF;
            RETURN NEW;
        END $$"""
    )
    op.execute("ALTER FUNCTION medication.giver_answers() OWNER TO journal_owner")
    op.execute("REVOKE ALL ON FUNCTION medication.giver_answers() FROM PUBLIC")
    op.execute(
        f"CREATE TRIGGER giver_answers BEFORE INSERT ON {ANSWER} FOR EACH ROW EXECUTE FUNCTION medication.giver_answers()"
    )


def _marks() -> None:
    # The doses are held in the order in which whoever signs several holds them: nobody waits for another in a ring.
    define(
        "medication.mark_downtime(this uuid) RETURNS integer VOLATILE",
        f"""
        DECLARE
            t {DOWNTIME};
            held boolean;
            charts uuid[];
            marked uuid[];
            were uuid[];
        BEGIN
            SELECT n.* INTO t FROM {DOWNTIME} n WHERE n.entry_id = this ORDER BY n.version DESC LIMIT 1;
            IF t.entry_id IS NULL OR (t.municipality_id <> audit.acting_for() AND audit.acting_role() IS DISTINCT FROM 'system') THEN
                RAISE EXCEPTION 'no downtime of this municipality' USING ERRCODE = 'insufficient_privilege';
            END IF;
            held := t.status <> 'dismissed' AND t.ended_at IS NOT NULL;
            SELECT coalesce(array_agg(d.patient_id), '{{}}'), coalesce(array_agg(d.id), '{{}}') INTO charts, were
            FROM medication.dose d WHERE d.downtime_id = this;
                WITH RECURSIVE units AS (
                    SELECT u.id FROM municipalities.unit u
                    WHERE u.municipality_id = t.municipality_id AND (t.unit_id IS NULL OR u.id = t.unit_id)
                    UNION
                    SELECT u.id FROM units b JOIN municipalities.unit u ON u.municipality_id = t.municipality_id AND u.parent_id = b.id),
                people AS (
                    SELECT r.patient_id AS id FROM access.care_relationship r
                    WHERE r.unit_id IN (SELECT b.id FROM units b) AND r.ground IN ('stay', 'service', 'route')
                      AND r.in_error_at IS NULL AND r.valid_from < t.ended_at
                      AND (r.valid_until IS NULL OR r.valid_until > t.began_at)
                    UNION
                    SELECT CASE WHEN l.patient_id = p.id THEN l.linked_patient_id ELSE l.patient_id END
                    FROM people p JOIN patients.link l ON p.id IN (l.patient_id, l.linked_patient_id)
                        AND l.valid_until IS NULL AND l.confirmed_at IS NOT NULL)
                SELECT charts || coalesce(array_agg(d.patient_id), '{{}}'), coalesce(array_agg(d.id), '{{}}') INTO charts, marked
                FROM people p
                CROSS JOIN LATERAL (
                    SELECT n.* FROM medication.dose n
                    WHERE n.patient_id = p.id AND n.due_at > t.began_at - interval '1 day' AND n.due_at < t.ended_at + interval '1 day'
                    OFFSET 0) d
                WHERE held AND d.state = 'open' AND d.given_by = 'municipality_unit'
                  AND d.ready_from < t.ended_at AND d.late_after > t.began_at
                  AND (d.downtime_id IS NULL OR d.downtime_id = this)
                  AND NOT EXISTS (
                    SELECT FROM {GIVEN} a WHERE a.patient_id = d.patient_id AND a.dose_id = d.id
                      AND a.in_error_at IS NULL AND a.kind = 'signature');
            PERFORM FROM medication.dose d WHERE d.patient_id = ANY (charts) AND d.id = ANY (marked || were)
            ORDER BY d.course_of IS NULL, d.patient_id, d.request_entry_id, d.due_at, d.id FOR NO KEY UPDATE;
            UPDATE medication.dose d SET downtime_id = CASE WHEN d.id = ANY (marked) THEN this END
            WHERE d.patient_id = ANY (charts) AND d.id = ANY (marked || were)
              AND d.downtime_id IS DISTINCT FROM CASE WHEN d.id = ANY (marked) THEN this END;
            RETURN cardinality(marked);
        END""",
        owner="journal_finder",
    )


def _declared() -> None:
    """By whoever runs the journal, and found by the worker itself: for every municipality that has joined, at most once."""
    system = """IF audit.acting_role() IS DISTINCT FROM 'system' THEN
                RAISE EXCEPTION 'the journal itself alone' USING ERRCODE = 'insufficient_privilege';
            END IF;"""
    newest = f"SELECT DISTINCT ON (n.entry_id) n.* FROM {DOWNTIME} n WHERE n.municipality_id = of ORDER BY n.entry_id, n.version DESC"
    define(
        "medication.propose_downtime(began timestamptz, ended timestamptz, most integer) RETURNS integer VOLATILE",
        f"""
        DECLARE
            of uuid;
            this uuid;
            proposed integer := 0;
        BEGIN
            {system}
            FOR of IN SELECT DISTINCT u.municipality_id FROM municipalities.unit u ORDER BY 1 LOOP
                EXIT WHEN proposed = most;
                CONTINUE WHEN EXISTS (
                    SELECT FROM ({newest}) h WHERE h.unit_id IS NULL AND h.status <> 'dismissed'
                      AND h.began_at < ended AND coalesce(h.ended_at, 'infinity') > began);
                this := gen_random_uuid();
                INSERT INTO {DOWNTIME} (municipality_id, entry_id, status, began_at, ended_at)
                VALUES (of, this, 'proposed', began, ended);
                PERFORM medication.mark_downtime(this);
                proposed := proposed + 1;
            END LOOP;
            RETURN proposed;
        END""",
        owner="journal_finder",
    )
    define(
        "medication.declare_downtime(municipality_number text, ends boolean, reason text) RETURNS boolean VOLATILE",
        f"""
        DECLARE
            of uuid := (SELECT m.id FROM municipalities.municipality m WHERE m.number = municipality_number
                        AND EXISTS (SELECT FROM municipalities.unit u WHERE u.municipality_id = m.id));
            t {DOWNTIME};
        BEGIN
            {system}
            SELECT h.* INTO t FROM ({newest}) h
            WHERE h.unit_id IS NULL AND h.status = 'confirmed' AND h.ended_at IS NULL;
            IF of IS NULL OR ends <> (t.entry_id IS NOT NULL) THEN
                RETURN false;
            END IF;
            INSERT INTO {DOWNTIME} (municipality_id, entry_id, version, status, began_at, ended_at, why) VALUES (
                of, coalesce(t.entry_id, gen_random_uuid()), coalesce(t.version, 0) + 1, 'confirmed', coalesce(t.began_at, now()),
                CASE WHEN ends THEN now() END, coalesce(nullif(reason, ''), t.why));
            IF ends THEN
                PERFORM medication.mark_downtime(t.entry_id);
            END IF;
            RETURN true;
        END""",
        owner="journal_finder",
    )


def _second(old: str, new: str) -> None:
    """The second signature is by another than who gave the dose, whoever wrote it in; in place, since a trigger stands on it."""
    op.execute(
        f"""DO $do$
        DECLARE told text := pg_get_functiondef('medication.witness_is_another()'::regprocedure);
        BEGIN
            ASSERT position('{old}' IN told) > 0;
            EXECUTE replace(told, '{old}', '{new}');
        END $do$"""
    )


def downgrade() -> None:
    _second("coalesce(s.performer_id, s.recorded_by) <>", "s.recorded_by <>")
    task_kinds("'general'::text, 'paper'::text", "'general'::text")
    with_other_words(WORKLIST, "journal_finder", *((new, old) for old, new in reversed(WORKLIST_KNOWS)))
    with_other_words(SIGN, "journal_owner", *((new, old) for old, new in reversed(SIGN_KNOWS)))
    op.execute("DROP FUNCTION medication.declare_downtime(text, boolean, text)")
    op.execute("DROP FUNCTION medication.propose_downtime(timestamptz, timestamptz, integer)")
    op.execute("DROP FUNCTION medication.mark_downtime(uuid)")
    op.execute(f"DROP TABLE {ANSWER}")
    op.execute("DROP FUNCTION medication.giver_answers()")
    op.execute(f"ALTER TABLE {GIVEN} DROP COLUMN performer_id, DROP COLUMN performer_name")
    op.execute("ALTER TABLE medication.dose DROP COLUMN downtime_id")
    op.execute(f"DROP TABLE {DOWNTIME}")
