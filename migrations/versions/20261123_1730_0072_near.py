"""Whether a chart is of somebody near to the reader, and what she said of it: asked with the ground, before it is opened.

Only adds: the version before this asks nobody, and makes no such row.

Revision ID: 0072
Revises: 0071
"""

from alembic import op

from migrations.helpers import define, let_read, other_words_of_check, with_other_words

revision, down_revision, branch_labels, depends_on = "0072", "0071", None, None

ACCESS = "access.justified_access"
CODES = ("family-alone", "family-urgent", "family-agreed", "colleague", "same-name")
REASONS = "(" + ", ".join(f"'{code}'" for code in CODES) + ")"
CHECK = (ACCESS, "justified_access_reason_check")
WORDS = ("'closed-all'::text", ", ".join(f"'{code}'::text" for code in ("closed-all", *CODES)))
KINDS = "access.opened_kinds(uuid[])"
# The ground is her unit's here, and others read by it.
KINDS_KNOW = ("AND l.outcome = 'success'", "AND l.outcome = 'success' AND l.actor_id = j.recorded_by")
LOOKS = "oversight.looks(timestamptz, timestamptz, jsonb)"
# To say why one opens a chart is not to write in it.
LOOKS_KNOW = ("action !~ ':(read|list|print|find)$'", "action !~ '(:(read|list|print|find)|^access:justify)$'")
NAME = "lower(p.given_name || ' ' || p.family_name)"
WORKS = "p.birth_date BETWEEN current_date - interval '75 years' AND current_date - interval '16 years'"


def upgrade() -> None:
    other_words_of_check(*CHECK, *WORDS)
    with_other_words(KINDS, "journal_door", KINDS_KNOW)
    with_other_words(LOOKS, "journal_door", LOOKS_KNOW)
    # By the home, and not by the name: lower() of a name is no condition of an index where rows are shown by a policy.
    op.execute("CREATE INDEX patient_home ON patients.patient (postal_code, address_line_1) WHERE address_line_1 <> ''")
    op.execute("CREATE INDEX practitioner_name ON municipalities.practitioner (lower(name))")
    op.execute(f"CREATE INDEX justified_access_of_reader ON {ACCESS} (patient_id, recorded_by)")
    let_read("journal_finder", "patients.related_person")
    _nearness()
    _said()


def _nearness() -> None:
    """The same signs of kinship and employment as oversight.looks goes by; tests/access/test_near.py holds them together.

    Of a protected address nothing is said. It is asked of whom the reader has a ground for (access/sessions.py).
    """
    define(
        "access.nearness(asked uuid[]) RETURNS TABLE (near text[], near_reason text) STABLE",
        f"""
        DECLARE
            w jsonb;
            me uuid;
            reader text;
        BEGIN
            IF asked IS NULL THEN RETURN; END IF;
            w := audit.who();
            me := (w ->> 'person_id')::uuid;
            reader := (SELECT lower(s.name) FROM municipalities.practitioner s WHERE s.id = me);
            -- Read once and first: of a time of birth the planner believes too much.
            near := ARRAY(
                WITH them AS MATERIALIZED (
                    SELECT {NAME} AS name, {WORKS} AS works, p.confidentiality, p.postal_code, p.address_line_1
                    FROM patients.patient p WHERE p.patient_id = ANY (asked))
                SELECT 'oneself' FROM them t WHERE t.name = reader AND t.works
                UNION
                SELECT 'kin' FROM patients.related_person k
                WHERE k.patient_id = ANY (asked) AND k.in_error_at IS NULL AND lower(k.name) = reader
                UNION
                SELECT 'address' FROM them t
                CROSS JOIN LATERAL (SELECT o.given_name, o.family_name, o.birth_date FROM patients.patient o
                    WHERE (o.postal_code, o.address_line_1) = (t.postal_code, t.address_line_1) AND o.address_line_1 <> '' OFFSET 0) p
                WHERE t.confidentiality = 'none' AND t.name <> reader AND {NAME} = reader AND {WORKS}
                UNION
                SELECT 'colleague' FROM them t JOIN municipalities.practitioner s ON lower(s.name) = t.name
                JOIN municipalities.practitioner_role r ON r.practitioner_id = s.id
                WHERE t.name <> reader AND t.works AND r.unit_id = (w ->> 'unit_id')::uuid
                  AND r.valid_from <= now() AND (r.valid_until IS NULL OR r.valid_until > now())
                ORDER BY 1);
            IF cardinality(near) > 0 THEN
                near_reason := (SELECT j.reason FROM {ACCESS} j
                    WHERE j.patient_id = ANY (asked) AND j.recorded_by = me AND j.reason IN {REASONS} AND j.valid_until > now()
                    ORDER BY j.recorded_at DESC LIMIT 1);
            END IF;
            RETURN NEXT;
        END""",
        owner="journal_finder",
    )


def _said() -> None:
    """What somebody said when she was warned, told to whoever reads the log of her municipality in this transaction."""
    define(
        "oversight.warned(since timestamptz, until timestamptz) RETURNS TABLE (actor_id uuid, patient_id uuid, day date, reason text)"
        " STABLE",
        f"""
        DECLARE mine uuid := audit.acting_for();
        BEGIN
            IF mine IS NULL OR NOT audit.reading_log() THEN
                RAISE EXCEPTION 'the log is not being read' USING ERRCODE = 'insufficient_privilege';
            END IF;
            RETURN QUERY
            SELECT j.recorded_by, j.patient_id, (j.recorded_at AT TIME ZONE 'Europe/Oslo')::date, j.reason FROM {ACCESS} j
            WHERE j.recorded_at >= since AND j.recorded_at < until AND j.municipality_id = mine AND j.reason IN {REASONS}
              AND NOT oversight.barred(audit.acting_person(), j.recorded_by)
            ORDER BY j.recorded_at;
        END""",
        owner="journal_door",
    )


def downgrade() -> None:
    op.execute("DROP FUNCTION oversight.warned(timestamptz, timestamptz)")
    op.execute("DROP FUNCTION access.nearness(uuid[])")
    op.execute("DROP POLICY journal_finder ON patients.related_person")
    op.execute("REVOKE SELECT ON patients.related_person FROM journal_finder")
    for index in ("access.justified_access_of_reader", "municipalities.practitioner_name", "patients.patient_home"):
        op.execute(f"DROP INDEX {index}")
    with_other_words(LOOKS, "journal_door", LOOKS_KNOW[::-1])
    with_other_words(KINDS, "journal_door", KINDS_KNOW[::-1])
    # What was said so stays as what it was nearest; it opened nothing by itself.
    op.execute(f"UPDATE {ACCESS} SET reason = 'shared-care' WHERE reason IN {REASONS}")
    other_words_of_check(*CHECK, *WORDS[::-1])
