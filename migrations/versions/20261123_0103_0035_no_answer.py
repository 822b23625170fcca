"""Nobody answers at a home visit: what is done, step by step, and tasks that pass up when nobody acts.

Only adds: the version before this starts no ladder, and reads a task of the new kind as any other.

Revision ID: 0035
Revises: 0034
"""

from alembic import op

from migrations.helpers import (
    RECORD,
    chart_table,
    define,
    erasable,
    let_read,
    municipality_table,
    stamp,
    task_kinds,
    with_other_words,
)

revision, down_revision, branch_labels, depends_on = "0035", "0034", None, None

LADDER, STEP, RAISED = "care.no_answer", "care.no_answer_step", "care.task_raise"
KEY = "patient_id uuid NOT NULL REFERENCES patients.patient (patient_id), id uuid NOT NULL"
WORKLIST = "medication.worklist_by_patient(timestamptz, timestamptz)"
# Two columns in the middle: what others add, they add at the end.
WORKLIST_KNOWS = (
    (
        "reconcile_before timestamp with time zone,",
        "reconcile_before timestamp with time zone, no_answer_since timestamp with time zone, told smallint,",
    ),
    (
        ", c.kind, c.reconcile_before",
        f""", c.kind, c.reconcile_before,
                (SELECT min(n.recorded_at) FROM linked k JOIN {LADDER} n ON n.patient_id = k.id
                 WHERE k.asked = m.patient_id AND n.ended_at IS NULL AND n.in_error_at IS NULL),
                (SELECT max(w.told) FROM linked k JOIN {RAISED} w ON w.patient_id = k.id
                 JOIN care.task t ON (t.patient_id, t.id) = (w.patient_id, w.task_id)
                 WHERE k.asked = m.patient_id AND t.in_error_at IS NULL AND t.erasure_id IS NULL AND NOT EXISTS (
                     SELECT FROM care.task later WHERE (later.patient_id, later.entry_id) = (t.patient_id, t.entry_id)
                       AND later.version > t.version))""",
    ),
)
KINDS = ("'general'::text", "'general'::text, 'no-answer'::text")


def upgrade() -> None:
    _ladder()
    _settings()
    task_kinds(*KINDS)
    _raised()
    with_other_words(WORKLIST, "journal_finder", *WORKLIST_KNOWS)


def _ladder() -> None:
    op.execute(
        f"""CREATE TABLE {LADDER} (
            {KEY}, {RECORD},
            administration_id uuid,
            place text CHECK (length(place) BETWEEN 1 AND 120),
            why text CHECK (length(why) BETWEEN 1 AND 300),
            minutes smallint[] NOT NULL CHECK (cardinality(minutes) = 5),
            ended_at timestamptz,
            PRIMARY KEY (patient_id, id))"""
    )
    # Two who start it at once meet here.
    op.execute(
        f"CREATE UNIQUE INDEX one_ladder_at_a_time ON {LADDER} (patient_id) WHERE ended_at IS NULL AND in_error_at IS NULL"
    )
    op.execute(
        f"""CREATE TABLE {STEP} (
            {KEY}, {RECORD},
            no_answer_id uuid NOT NULL,
            number smallint NOT NULL CHECK (number > 0),
            step text NOT NULL CHECK (step IN ('bell', 'call-patient', 'call-kin', 'call-nurse', 'key', 'call-113', 'ended')),
            outcome text NOT NULL CHECK (outcome IN ('no-answer', 'answered', 'knows', 'knows-not', 'told', 'nobody', 'no-entry',
                'safe', 'hurt', 'called', 'elsewhere', 'ill', 'handed-113', 'mistake')),
            note text CHECK (length(note) BETWEEN 1 AND 300),
            PRIMARY KEY (patient_id, id),
            UNIQUE (patient_id, no_answer_id, number),
            FOREIGN KEY (patient_id, no_answer_id) REFERENCES {LADDER} (patient_id, id),
            CHECK (step <> 'ended' OR note IS NOT NULL OR erasure_id IS NOT NULL))"""
    )
    chart_table(LADDER, updates=("ended_at",))
    chart_table(STEP)
    for table in (LADDER, STEP):
        stamp(table)
    erasable(LADDER, "place", "why")
    erasable(STEP, "note", key="no_answer_id", within=LADDER)


def _settings() -> None:
    op.execute(
        """CREATE TABLE care.no_answer_setting (
            municipality_id uuid NOT NULL DEFAULT audit.acting_for() REFERENCES municipalities.municipality (id),
            unit_id uuid NOT NULL,
            version integer NOT NULL CHECK (version > 0),
            minutes smallint[] NOT NULL CHECK (cardinality(minutes) = 5 AND 0 <= ALL (minutes) AND 240 >= ALL (minutes)),
            nurse_phone text CHECK (length(nurse_phone) BETWEEN 3 AND 21),
            recorded_by uuid NOT NULL DEFAULT audit.acting_person(),
            recorded_by_name text NOT NULL DEFAULT audit.acting_name(),
            recorded_at timestamptz NOT NULL DEFAULT now(),
            PRIMARY KEY (municipality_id, unit_id, version),
            FOREIGN KEY (municipality_id, unit_id) REFERENCES municipalities.unit (municipality_id, id))"""
    )
    municipality_table("care.no_answer_setting")


def _raised() -> None:
    op.execute(
        f"""CREATE TABLE {RAISED} (
            patient_id uuid NOT NULL, task_id uuid NOT NULL,
            told smallint NOT NULL CHECK (told BETWEEN 1 AND 3),
            raised_at timestamptz NOT NULL DEFAULT now(),
            PRIMARY KEY (patient_id, task_id, told),
            FOREIGN KEY (patient_id, task_id) REFERENCES care.task (patient_id, id))"""
    )
    chart_table(RAISED, projection=True)
    op.execute(f"REVOKE INSERT ON {RAISED} FROM journal_app")
    let_read("journal_finder", RAISED, LADDER)
    op.execute(f"GRANT INSERT ON {RAISED} TO journal_finder")
    op.execute("CREATE INDEX task_limit ON care.task (kind, due_at) WHERE done_at IS NULL AND due_at IS NOT NULL")
    # What stands still for a month is raised no more: it has reached the last one long ago.
    define(
        "care.raise_overdue(rungs jsonb, most integer) RETURNS TABLE (patient_id uuid, entry_id uuid, told smallint) VOLATILE",
        f"""
        #variable_conflict use_column
        BEGIN
            IF audit.acting_role() IS DISTINCT FROM 'system' THEN
                RAISE EXCEPTION 'the worker alone' USING ERRCODE = 'insufficient_privilege';
            END IF;
            RETURN QUERY
            WITH late AS (
                SELECT t.patient_id, t.id, t.entry_id, r.told
                FROM jsonb_to_recordset(rungs) AS r (kind text, minutes integer, told smallint)
                JOIN care.task t ON t.kind = r.kind AND t.done_at IS NULL AND t.due_at IS NOT NULL
                    AND t.due_at <= now() - make_interval(mins => r.minutes) AND t.due_at > now() - interval '31 days'
                WHERE t.in_error_at IS NULL AND t.erasure_id IS NULL
                  AND NOT EXISTS (SELECT FROM care.task later
                                  WHERE (later.patient_id, later.entry_id) = (t.patient_id, t.entry_id) AND later.version > t.version)
                  AND NOT EXISTS (SELECT FROM {RAISED} w WHERE (w.patient_id, w.task_id, w.told) = (t.patient_id, t.id, r.told))
                ORDER BY t.due_at, r.told LIMIT most),
            raised AS (
                INSERT INTO {RAISED} (patient_id, task_id, told) SELECT l.patient_id, l.id, l.told FROM late l
                ON CONFLICT DO NOTHING RETURNING patient_id, task_id, told)
            SELECT l.patient_id, l.entry_id, l.told FROM late l
            JOIN raised w ON (w.patient_id, w.task_id, w.told) = (l.patient_id, l.id, l.told);
        END""",
        owner="journal_finder",
    )


def downgrade() -> None:
    with_other_words(WORKLIST, "journal_finder", *((new, old) for old, new in reversed(WORKLIST_KNOWS)))
    op.execute("DROP FUNCTION care.raise_overdue(jsonb, integer)")
    op.execute("DROP INDEX care.task_limit")
    op.execute(f"DELETE FROM audit.erasable WHERE table_name IN ('{STEP}', '{LADDER}')")
    for table in (RAISED, STEP, LADDER, "care.no_answer_setting"):
        op.execute(f"DROP TABLE {table}")
    task_kinds(*reversed(KINDS))
