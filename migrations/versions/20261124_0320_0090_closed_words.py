"""A task or an incident that tells of a medicine is closed with the medicines; where a protected person has gone is hidden too; and what
waits for somebody about a medicine waits on her list also where the patient has closed something else to her.

Only adds: the version before this is shown no such row or word either.

Revision ID: 0090
Revises: 0089
"""

from alembic import op

from migrations.helpers import define, in_place

revision, down_revision, branch_labels, depends_on = "0090", "0089", None, None

TASK, INCIDENT, LEAVE = "care.task", "care.incident", "medication.leave"
# Where she is for now, who ordered by telephone and from where, and who sent or packed what she has: free words, as they are written.
PLACES = {
    "care.stay": ("place",),
    "care.no_answer": ("place",),
    "medication.crossing": ("place",),
    "medication.medication_request": ("prescriber_name",),
    "medication.verbal_order": ("prescriber_name", "prescriber_service"),
    "medication.source_document": ("sender",),
    "medication.source_entry": ("prescriber_name",),
    "medication.prepared": ("prepared_by",),
}
LAST = "UNION SELECT l.actor_name FROM looked l)"
KNOWS = (
    "access.words_of_protected(uuid[])",
    LAST,
    LAST[:-1]
    + "".join(
        f"\n                UNION SELECT t.{column} FROM {table} t WHERE t.patient_id = ANY (ids)"
        for table, columns in PLACES.items()
        for column in columns
    )
    + ")",
)
# A list of medicines leaves out those to whom these are closed: notes and tasks keep nobody from an order that waits or ends.
OF_MEDICINES = "{*,patients,medication,observations}"
LISTS = ("go_live_lists()", "orders_ending(timestamptz)", "reviews_due(date)", "verbal_orders()")
KEPT = "SELECT k.asked FROM linked k JOIN access.restriction r ON r.patient_id = k.id"
KEPT_OF_MEDICINES = f"{KEPT} AND r.category = ANY ('{OF_MEDICINES}')"
PERSON = "person uuid := audit.acting_person();"
DISPENSERS = "medication.patients_with_dispenser()"
DISPENSERS_KNOW = (
    (PERSON, f"{PERSON}\n            hidden uuid[] := access.closed_to(person, units, '{OF_MEDICINES}');"),
    (
        """AND NOT EXISTS (
                  SELECT FROM access.restriction k
                  WHERE k.patient_id = r.patient_id AND k.valid_from <= now() AND (k.valid_until IS NULL OR k.valid_until > now())
                    AND (k.against_person_id = person OR k.against_unit_id = ANY (units)
                         OR k.against_everyone AND NOT access.gives_to(k.patient_id, person, units, now())))""",
        "AND r.patient_id <> ALL (hidden)",
    ),
)
# A visit is of one person, on whichever of her records she has closed something; of those that others took, hers who hides is not told.
VISITS = (
    "access.visits_to_take()",
    "SELECT FROM access.restriction x WHERE x.patient_id = r.patient_id AND",
    """SELECT FROM access.restriction x WHERE x.patient_id IN (SELECT r.patient_id UNION SELECT o.id FROM patients.link l
                    JOIN patients.link s ON s.patient_id = l.patient_id AND s.valid_until IS NULL AND s.confirmed_at IS NOT NULL
                    CROSS JOIN LATERAL (VALUES (s.patient_id), (s.linked_patient_id)) o (id)
                    WHERE r.patient_id IN (l.patient_id, l.linked_patient_id) AND l.valid_until IS NULL AND l.confirmed_at IS NOT NULL) AND""",
)
TAKEN = (
    "access.visits_taken()",
    "AND u.id = ANY (units)",
    "AND u.id = ANY (units)\n              AND r.patient_id <> ALL (access.closed_to((w ->> 'person_id')::uuid, units, '{*,patients}'))",
)
HELD = "entry_id <> ALL ((SELECT care.kept_back())::uuid[])"


def upgrade() -> None:
    for table, columns in ((INCIDENT, "patient_id, entry_id, kind, about_id"), (LEAVE, "patient_id, id")):
        op.execute(f"GRANT SELECT ({columns}) ON {table} TO journal_finder")
        op.execute(f"CREATE POLICY journal_finder ON {table} TO journal_finder USING (true) WITH CHECK (true)")
    for table, columns in PLACES.items():
        op.execute(f"GRANT USAGE ON SCHEMA {table.split('.')[0]} TO journal_door")
        op.execute(f"GRANT SELECT (patient_id, {', '.join(columns)}) ON {table} TO journal_door")
        op.execute(f"CREATE POLICY journal_door ON {table} TO journal_door USING (true) WITH CHECK (true)")
    in_place(*KNOWS)
    in_place(*VISITS)
    in_place(*TAKEN)
    for listed in LISTS:
        in_place(f"medication.{listed}", KEPT, KEPT_OF_MEDICINES)
    for words in DISPENSERS_KNOW:
        in_place(DISPENSERS, *words)
    _kept_back()
    for table in (TASK, INCIDENT):
        op.execute(
            f"""DO $do$ BEGIN EXECUTE (SELECT format('ALTER POLICY chart ON {table} USING ((%s) AND {HELD})', pg_get_expr(polqual, polrelid))
                FROM pg_policy WHERE polrelid = '{table}'::regclass AND polname = 'chart'); END $do$"""
        )


def _kept_back() -> None:
    """Of the charts whose tasks are open, the entries that name a medicine or what came of one, where those are closed to who acts.

    What is about a crossing of the hospital's door, a leave or a restriction names none. The journal itself is kept from nothing.
    """
    define(
        "care.kept_back() RETURNS uuid[] STABLE",
        f"""
        DECLARE
            open uuid[] := audit.opened_charts('care');
            closed uuid[];
        BEGIN
            IF NOT EXISTS (SELECT FROM access.restriction r
                    WHERE r.patient_id = ANY (open) AND r.category IN ('medication', 'observations'))
               OR audit.who() ->> 'role' = 'system' THEN
                RETURN '{{}}';
            END IF;
            closed := access.closed_to(audit.acting_person(), audit.acting_units(), '{{medication,observations}}');
            closed := ARRAY(SELECT unnest(closed) INTERSECT SELECT unnest(open));
            RETURN ARRAY(
                SELECT t.entry_id FROM {TASK} t WHERE t.patient_id = ANY (closed)
                  AND (t.kind IN ('effect_follow_up', 'clearing', 'paper', 'next_step', 'prescriber', 'alone', 'medicine_question')
                       OR t.kind = 'general' AND t.about_id IS NOT NULL
                          AND NOT EXISTS (SELECT FROM access.restriction r WHERE (r.patient_id, r.id) = (t.patient_id, t.about_id))
                          AND NOT EXISTS (SELECT FROM medication.crossing c WHERE (c.patient_id, c.id) = (t.patient_id, t.about_id))
                          AND NOT EXISTS (SELECT FROM {LEAVE} l WHERE (l.patient_id, l.id) = (t.patient_id, t.about_id)))
                UNION
                SELECT i.entry_id FROM {INCIDENT} i WHERE i.patient_id = ANY (closed)
                  AND (i.about_id IS NOT NULL OR i.kind IN ('medication', 'double_registered', 'given_after_stop')));
        END""",
        owner="journal_finder",
    )


def downgrade() -> None:
    for table in (TASK, INCIDENT):
        op.execute(
            f"""DO $do$ BEGIN EXECUTE (SELECT format('ALTER POLICY chart ON {table} USING (%s)',
                    regexp_replace(pg_get_expr(polqual, polrelid), ' AND \\(entry_id <> ALL.*$', ')'))
                FROM pg_policy WHERE polrelid = '{table}'::regclass AND polname = 'chart'); END $do$"""
        )
    op.execute("DROP FUNCTION care.kept_back()")
    for old, new in reversed(DISPENSERS_KNOW):
        in_place(DISPENSERS, new, old)
    for listed in LISTS:
        in_place(f"medication.{listed}", KEPT_OF_MEDICINES, KEPT)
    for function, old, new in (TAKEN, VISITS, KNOWS):
        in_place(function, new, old)
    for table, columns in PLACES.items():
        op.execute(f"DROP POLICY journal_door ON {table}")
        op.execute(f"REVOKE SELECT (patient_id, {', '.join(columns)}) ON {table} FROM journal_door")
    for table, columns in ((INCIDENT, "patient_id, entry_id, kind, about_id"), (LEAVE, "patient_id, id")):
        op.execute(f"DROP POLICY journal_finder ON {table}")
        op.execute(f"REVOKE SELECT ({columns}) ON {table} FROM journal_finder")
