"""A change of an access rule takes two persons: one proposes it, and another, an administrator, answers.

The hours of grace, the limits of the door and the rules of unusual access are written by access.answer_rule alone. The version
before this one may no longer write them itself: its three forms answer that they could not be stored, until it is replaced.

Revision ID: 0083
Revises: 0082
"""

from alembic import op

from migrations.helpers import define, guard, let_read

revision, down_revision, branch_labels, depends_on = "0083", "0082", None, None

SETTINGS = {
    "access.grace_setting": "version, hours",
    "access.justified_setting": "version, emergency_hours, other_hours, review_hours, most_in_an_hour",
    "oversight.rule_choice": "id, rule, active, threshold",
}
RECORDED = """
    recorded_at timestamptz NOT NULL DEFAULT now(), recorded_by uuid NOT NULL DEFAULT audit.acting_person(),
    recorded_by_name text NOT NULL DEFAULT audit.acting_name()"""


def upgrade() -> None:
    _proposals()
    _settings()
    _answering()


def downgrade() -> None:
    op.execute("DROP FUNCTION access.answer_rule(uuid, text, text)")
    for table, columns in SETTINGS.items():
        op.execute(f"ALTER TABLE {table} DROP COLUMN proposal_id")
        op.execute(f"REVOKE INSERT ON {table} FROM journal_finder")
        op.execute(f"GRANT INSERT ({columns}) ON {table} TO journal_app")
    for table in ("access.justified_setting", "oversight.rule_choice"):
        op.execute(f"DROP POLICY journal_finder ON {table}")
        op.execute(f"REVOKE SELECT ON {table} FROM journal_finder")
    op.execute("DROP TABLE access.rule_answer, access.rule_proposal")


def _proposals() -> None:
    """What was proposed and what the other said. Neither is ever changed."""
    op.execute(
        f"""CREATE TABLE access.rule_proposal (
            municipality_id uuid NOT NULL DEFAULT audit.acting_for() REFERENCES municipalities.municipality (id),
            id uuid NOT NULL UNIQUE,
            kind text NOT NULL CHECK (kind IN ('grace', 'limits', 'unusual')),
            value jsonb NOT NULL CHECK (jsonb_typeof(value) = 'object' AND length(value::text) < 1000),
            before jsonb NOT NULL CHECK (jsonb_typeof(before) = 'object' AND length(before::text) < 1000),
            version integer NOT NULL CHECK (version >= 0),
            reason text NOT NULL CHECK (length(reason) BETWEEN 5 AND 500),
            approver_id uuid REFERENCES municipalities.practitioner (id), approver_name text,
            expires_at timestamptz NOT NULL DEFAULT now() + interval '7 days', {RECORDED},
            PRIMARY KEY (municipality_id, id),
            CHECK (approver_id <> recorded_by), CHECK ((approver_id IS NULL) = (approver_name IS NULL)))"""
    )
    op.execute(
        f"""CREATE TABLE access.rule_answer (
            municipality_id uuid NOT NULL, proposal_id uuid NOT NULL,
            outcome text NOT NULL CHECK (outcome IN ('approved', 'refused')), note text CHECK (length(note) BETWEEN 1 AND 500),
            {RECORDED}, answered_for uuid NOT NULL DEFAULT audit.acting_for(),
            PRIMARY KEY (municipality_id, proposal_id),
            FOREIGN KEY (municipality_id, proposal_id) REFERENCES access.rule_proposal (municipality_id, id))"""
    )
    for table in ("rule_proposal", "rule_answer"):
        guard(f"access.{table}")
        let_read("journal_finder", f"access.{table}")
        op.execute(f"GRANT SELECT ON access.{table} TO journal_app")
    own = "municipality_id = (SELECT audit.acting_for())"
    # What finds the auditors' unusual looks is theirs to propose, the rest the administrators'; who it is, the answer asks anew.
    op.execute(
        f"""CREATE POLICY municipality ON access.rule_proposal TO journal_app
            USING ({own} OR approver_id = (SELECT audit.acting_person()))
            WITH CHECK ({own} AND (SELECT audit.acting_role())
                = CASE kind WHEN 'unusual' THEN 'auditor' ELSE 'tenant_administrator' END)"""
    )
    op.execute(
        f"""CREATE POLICY municipality ON access.rule_answer FOR SELECT TO journal_app
            USING ({own} OR recorded_by = (SELECT audit.acting_person()))"""
    )
    op.execute(
        "GRANT INSERT (id, kind, value, before, version, reason, approver_id, approver_name) ON access.rule_proposal TO journal_app"
    )
    op.execute("GRANT INSERT ON access.rule_answer TO journal_finder")


def _settings() -> None:
    let_read("journal_finder", "access.justified_setting", "oversight.rule_choice")
    for table, columns in SETTINGS.items():
        op.execute(f"REVOKE INSERT ({columns}) ON {table} FROM journal_app")
        op.execute(f"GRANT INSERT ON {table} TO journal_finder")
        # None where one person chose it, before this.
        op.execute(
            f"""ALTER TABLE {table} ADD proposal_id uuid,
                ADD FOREIGN KEY (municipality_id, proposal_id) REFERENCES access.rule_proposal (municipality_id, id)"""
        )


def _answering() -> None:
    # The only way to such a rule. FALSE: not hers to answer, answered already, too late, or changed by another since.
    define(
        "access.answer_rule(proposal uuid, outcome text, note text) RETURNS boolean VOLATILE",
        """
        DECLARE
            w jsonb := audit.who();
            person uuid := (w ->> 'person_id')::uuid;
            p access.rule_proposal;
        BEGIN
            SELECT * INTO p FROM access.rule_proposal x WHERE x.id = proposal;
            IF w ->> 'role' IS DISTINCT FROM 'tenant_administrator' OR p.id IS NULL OR p.expires_at <= now()
                OR person = p.recorded_by
                OR NOT (CASE WHEN p.approver_id IS NULL THEN p.municipality_id = (w ->> 'municipality_id')::uuid
                             ELSE p.approver_id = person END)
            THEN RETURN false; END IF;
            INSERT INTO access.rule_answer (municipality_id, proposal_id, outcome, note)
            VALUES (p.municipality_id, p.id, answer_rule.outcome, answer_rule.note) ON CONFLICT DO NOTHING;
            IF NOT FOUND OR outcome = 'refused' THEN RETURN FOUND; END IF;
            IF p.kind = 'grace' THEN
                INSERT INTO access.grace_setting (municipality_id, version, hours, proposal_id)
                SELECT p.municipality_id, p.version + 1, v.hours, p.id
                FROM jsonb_to_record(p.value) v (hours smallint) ON CONFLICT DO NOTHING;
            ELSIF p.kind = 'limits' THEN
                INSERT INTO access.justified_setting
                    (municipality_id, version, emergency_hours, other_hours, review_hours, most_in_an_hour, proposal_id)
                SELECT p.municipality_id, p.version + 1, v.emergency_hours, v.other_hours, v.review_hours, v.most_in_an_hour, p.id
                FROM jsonb_to_record(p.value) v (emergency_hours smallint, other_hours smallint,
                    review_hours smallint, most_in_an_hour smallint) ON CONFLICT DO NOTHING;
            ELSE
                -- The proposal is the row's own id: it is made once.
                INSERT INTO oversight.rule_choice (municipality_id, id, rule, active, threshold, proposal_id)
                SELECT p.municipality_id, p.id, v.rule, v.active, v.threshold, p.id
                FROM jsonb_to_record(p.value) v (rule text, active boolean, threshold integer) ON CONFLICT DO NOTHING;
            END IF;
            RETURN FOUND;
        END""",
        owner="journal_finder",
    )
