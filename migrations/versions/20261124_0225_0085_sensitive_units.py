"""A unit may be marked as sensitive: that it knows somebody tells what is the matter, so the door page says it to nobody.

The mark is changed by two, like any access rule. Only adds: the version before this marks none, and tells of those that are.

Revision ID: 0085
Revises: 0084
"""

from alembic import op

from migrations.helpers import in_place, other_words_of_check

revision, down_revision, branch_labels, depends_on = "0085", "0084", None, None

KIND = ("access.rule_proposal", "rule_proposal_kind_check")
KINDS = ("'unusual'::text", "'unusual'::text, 'unit'::text")
ANSWER = "access.answer_rule(uuid, text, text)"
LAST = """            ELSE
                -- The proposal"""
WITH_UNIT = """            ELSIF p.kind = 'unit' THEN
                UPDATE municipalities.unit u SET sensitive = (p.value ->> 'sensitive')::boolean
                WHERE (u.municipality_id, u.id) = (p.municipality_id, (p.value ->> 'unit_id')::uuid)
                  AND u.sensitive = (p.before ->> 'sensitive')::boolean;
            ELSE
                -- The proposal"""
KNOWS = "access.who_knows(text, text)"
TOLD = "AND NOT coalesce(c -> 'sensitive' ? r.service_code, false)"
TOLD_NOT = f"AND NOT u.sensitive {TOLD}"


def upgrade() -> None:
    op.execute("ALTER TABLE municipalities.unit ADD sensitive boolean NOT NULL DEFAULT false")
    op.execute("GRANT UPDATE (sensitive) ON municipalities.unit TO journal_finder")
    other_words_of_check(*KIND, *KINDS)
    in_place(ANSWER, LAST, WITH_UNIT)
    in_place(KNOWS, TOLD, TOLD_NOT)


def downgrade() -> None:
    in_place(KNOWS, TOLD_NOT, TOLD)
    in_place(ANSWER, WITH_UNIT, LAST)
    op.execute(
        "DELETE FROM access.rule_answer WHERE proposal_id IN (SELECT id FROM access.rule_proposal WHERE kind = 'unit')"
    )
    op.execute("DELETE FROM access.rule_proposal WHERE kind = 'unit'")
    other_words_of_check(*KIND, *KINDS[::-1])
    op.execute("ALTER TABLE municipalities.unit DROP COLUMN sensitive")
