"""When whoever asks was last at work here, and how many orders of each patient are changed since; a municipality's own
tolerances for single medicines and groups; who signs beside another, by her PIN; whose
doses lack something the report to the drug registry needs.

Only adds: the version before this asks the worklist for its own columns.

Revision ID: 0054
Revises: 0053
"""

from alembic import op

from migrations.helpers import define, with_other_words

revision, down_revision, branch_labels, depends_on = "0054", "0053", None, None

WORKLIST = "medication.worklist_by_patient(timestamptz, timestamptz)"
WORKLIST_KNOWS = (
    ("withheld boolean)", "withheld boolean, last_here timestamp with time zone, changed integer)"),
    ("person uuid :=", "here timestamptz := access.last_here();\n            person uuid :="),
    (
        "FROM people m LEFT JOIN due d",
        """, here,
                (SELECT count(DISTINCT r.entry_id)::integer FROM medication.medication_request r
                 WHERE r.patient_id = ANY (m.dosed) AND r.recorded_at > greatest(here, now() - interval '14 days') AND here IS NOT NULL)
            FROM people m LEFT JOIN due d""",
    ),
)


def upgrade() -> None:
    _last_here()
    _beside()
    _registry()
    with_other_words(WORKLIST, "journal_finder", *WORKLIST_KNOWS)
    # By ATC code, minutes before and after: {"N04BA": [15, 15]}.
    op.execute(
        """ALTER TABLE medication.dose_setting ADD COLUMN own jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(own) = 'object')"""
    )
    op.execute("GRANT INSERT (own) ON medication.dose_setting TO journal_app")


def _last_here() -> None:
    """Her sessions in this employment, newest first, for as long as there are less than six hours between them: before those she
    was last here. None for who never was.
    """
    define(
        "access.last_here() RETURNS timestamptz STABLE",
        """
        DECLARE
            w jsonb := audit.who();
            began timestamptz := now();
            s record;
        BEGIN
            FOR s IN
                SELECT x.created_at, x.seen_at FROM access.session x
                WHERE x.person_id = (w ->> 'person_id')::uuid AND x.role_id = (w ->> 'role_id')::uuid AND x.created_at <= now()
                ORDER BY x.created_at DESC LIMIT 100
            LOOP
                IF s.seen_at < began - interval '6 hours' THEN RETURN s.seen_at; END IF;
                began := least(began, s.created_at);
            END LOOP;
            RETURN NULL;
        END""",
        owner="journal_door",
    )


def _beside() -> None:
    """After try_pin has answered and the PIN was right: who she is that signs beside the one whose screen it is. Her session stays
    as it was, locked or open, and no browser gets its secret.
    """
    define(
        "access.person_beside(call text, mac text) RETURNS jsonb VOLATILE",
        """
        DECLARE
            c jsonb;
            s access.session;
        BEGIN
            IF mac IS DISTINCT FROM audit.mac(call) THEN
                RAISE EXCEPTION 'forged call' USING ERRCODE = 'insufficient_privilege';
            END IF;
            c := call::jsonb;
            IF (c ->> 'at')::timestamptz IS DISTINCT FROM now() THEN
                RAISE EXCEPTION 'call of another transaction' USING ERRCODE = 'insufficient_privilege';
            END IF;
            SELECT * INTO s FROM access.session x WHERE x.id = (c ->> 'session_id')::uuid AND x.ended_at IS NULL;
            IF NOT FOUND THEN RETURN NULL; END IF;
            UPDATE access.pin n SET failures = 0 WHERE n.person_id = s.person_id;
            UPDATE access.device v SET tries = greatest(v.tries - 1, 0) WHERE v.id = s.device_id;
            RETURN access.identity(s.role_id, s.id, s.color_scheme, s.language) || jsonb_build_object(
                'proved_at', now(), 'warned_at', NULL, 'device_id', s.device_id, 'idle_seconds', 0);
        END""",
        owner="journal_door",
    )


def _registry() -> None:
    # Ids alone: what lacks is read in the opened chart. `substance`: the units in which an amount is of the substance itself.
    define(
        "medication.lacking_for_registry(since timestamptz, substance text[]) RETURNS TABLE (patient_id uuid) STABLE",
        """
        #variable_conflict use_column
        DECLARE
            units uuid[] := audit.acting_units();
            person uuid := audit.acting_person();
            hidden uuid[] := access.closed_to(person, units, '{*,patients,medication}');
        BEGIN
            RETURN QUERY
            SELECT DISTINCT r.patient_id FROM access.care_relationship r
            WHERE r.patient_id <> ALL (hidden) AND (r.unit_id = ANY (units) OR r.practitioner_id = person)
              AND r.ground IN ('stay', 'service', 'route', 'task')
              AND r.valid_from <= now() AND (r.valid_until IS NULL OR r.valid_until > now()) AND r.in_error_at IS NULL
              AND EXISTS (
                  SELECT FROM medication.medication_administration a
                  JOIN medication.medication_request q ON q.patient_id = a.patient_id AND q.id = a.request_id
                  WHERE a.patient_id = r.patient_id AND a.effective_at > since AND a.status = 'completed'
                    AND a.in_error_at IS NULL AND a.kind <> 'witness'
                    AND (a.amount IS NULL OR q.catalogue_item_id IS NULL
                         OR a.unit <> ALL (substance) AND q.dosage ->> 'strength_per_unit' IS NULL))
            ORDER BY r.patient_id;
        END""",
        owner="journal_finder",
    )


def downgrade() -> None:
    op.execute("ALTER TABLE medication.dose_setting DROP COLUMN own")
    with_other_words(WORKLIST, "journal_finder", *((new, old) for old, new in reversed(WORKLIST_KNOWS)))
    op.execute("DROP FUNCTION medication.lacking_for_registry(timestamptz, text[])")
    op.execute("DROP FUNCTION access.person_beside(text, text)")
    op.execute("DROP FUNCTION access.last_here()")
