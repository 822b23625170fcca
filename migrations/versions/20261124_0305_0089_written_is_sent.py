"""Who only opened a form, or the drawer, has written nothing: a look wrote when its transaction was a command, too.

A page that shows a form is logged by the permission that the form needs, as what is sent by it is. So whether something was written
is asked of the commands: each has the person and the instant of its transaction, as the line of the log has.

And the log of a person is of all her records: those that are linked to the one that is asked for were hers before they were linked.

And with what is erased go the tasks that the journal raised about it: they say what was given, and why it was not.

Only adds: the version before this asks the same of oversight.looks and audit.shielded, and hears of fewer who wrote.

Revision ID: 0089
Revises: 0088
"""

from alembic import op

from migrations.helpers import define, in_place, let_read, with_other_words

revision, down_revision, branch_labels, depends_on = "0089", "0088", None, None

LOOKS = "oversight.looks(timestamptz, timestamptz, jsonb)"
LOOKS_KNOW = (
    (
        "WITH line AS MATERIALIZED (",
        "WITH sent AS MATERIALIZED ("
        "SELECT DISTINCT c.person_id, c.at FROM platform.command c WHERE c.at >= since AND c.at < until), line AS MATERIALIZED (",
    ),
    ("count(*) AS n\n", "count(*) AS n, count(sent.at) AS sent\n"),
    (
        "FROM audit.access_log l\n",
        "FROM audit.access_log l LEFT JOIN sent ON sent.person_id = l.actor_id AND sent.at = l.at\n",
    ),
    (
        "sum(g.n) FILTER (WHERE g.outcome = 'success' AND g.action !~ '(:(read|list|print|find)|^access:justify)$')",
        "sum(g.sent) FILTER (WHERE g.outcome = 'success'"
        " AND g.action !~ '(:(read|list|print|find|drawer)|^access:(justify|rescue|reason|review))$')",
    ),
)
SHIELDED = "audit.shielded(uuid[])"
# Also where the address is protected in another record of the same person.
SHIELDED_KNOWS = (
    "SELECT p.patient_id FROM patients.patient p WHERE p.patient_id = ANY (asked) AND p.confidentiality <> 'none'",
    "SELECT a.id FROM unnest(asked) a (id) WHERE EXISTS (SELECT FROM patients.patient p"
    " WHERE p.patient_id = ANY (audit.records_of(a.id)) AND p.confidentiality <> 'none')",
)
DROP = "audit.drop_month(date, text[])"
# What is held of one record is held of those that are linked to it.
DROP_HOLDS = (
    "(h.patient_id IS NULL OR l.patient_id = h.patient_id)",
    "(h.patient_id IS NULL OR l.patient_id = h.patient_id OR EXISTS (SELECT FROM patients.link k"
    " WHERE (k.patient_id, k.linked_patient_id) IN ((h.patient_id, l.patient_id), (l.patient_id, h.patient_id))"
    " AND k.confirmed_at IS NOT NULL AND k.valid_until IS NULL))",
)
CARRY_OUT = "audit.carry_out(audit.erasure_proposal)"
CARRIES_OUT = (
    ("            keys uuid[];\n", "            keys uuid[];\n            about uuid[];\n"),
    (
        "keys := audit.empty(e, p, ARRAY[entry]);",
        """keys := audit.empty(e, p, ARRAY[entry]);
                about := ARRAY(SELECT t.entry_id FROM care.task t WHERE t.patient_id = p.patient_id AND t.about_id = ANY (keys)
                    GROUP BY t.entry_id HAVING bool_and(t.municipality_id = p.municipality_id) AND bool_or(t.erasure_id IS NULL));
                IF about <> '{}' THEN
                    SELECT * INTO e FROM audit.erasable l WHERE l.table_name = 'care.task';
                    keys := keys || audit.empty(e, p, about);
                END IF;""",
    ),
)


def upgrade() -> None:
    let_read("journal_door", "platform.command")
    # Rows come in the order of their time: a thousandth of what a tree would take, and next to nothing to keep.
    op.execute("CREATE INDEX command_at ON platform.command USING brin (at)")
    with_other_words(LOOKS, "journal_door", *LOOKS_KNOW)
    # For whoever reads the log in this transaction: the record that leads, and every other that is linked to it.
    define(
        "audit.records_of(asked uuid) RETURNS uuid[] STABLE",
        """
        DECLARE leads uuid;
        BEGIN
            IF NOT audit.reading_log() THEN RETURN '{}'; END IF;
            leads := coalesce((SELECT k.patient_id FROM patients.link k WHERE k.linked_patient_id = asked
                AND k.confirmed_at IS NOT NULL AND k.valid_until IS NULL LIMIT 1), asked);
            RETURN ARRAY(SELECT leads UNION SELECT asked UNION SELECT k.linked_patient_id FROM patients.link k
                WHERE k.patient_id = leads AND k.confirmed_at IS NOT NULL AND k.valid_until IS NULL);
        END""",
        owner="journal_door",
    )
    in_place(SHIELDED, *SHIELDED_KNOWS)
    # For whoever handles a request to erase: that something was, and how many records, and not what.
    let_read("journal_door", "audit.erasure")
    define(
        "audit.erased_since(asked uuid, since timestamptz) RETURNS integer STABLE",
        """
        BEGIN
            IF NOT audit.reading_log() THEN RETURN 0; END IF;
            RETURN (SELECT count(*) FROM audit.erasure z WHERE z.patient_id = ANY (audit.records_of(asked))
                AND z.municipality_id = audit.acting_for() AND z.at >= since);
        END""",
        owner="journal_door",
    )
    in_place(DROP, *DROP_HOLDS)
    op.execute("GRANT SELECT (about_id) ON care.task TO journal_eraser")
    for words in CARRIES_OUT:
        in_place(CARRY_OUT, *words)


def downgrade() -> None:
    op.execute("DROP FUNCTION audit.erased_since(uuid, timestamptz)")
    op.execute("DROP POLICY journal_door ON audit.erasure")
    op.execute("REVOKE SELECT ON audit.erasure FROM journal_door")
    for words in CARRIES_OUT[::-1]:
        in_place(CARRY_OUT, *words[::-1])
    op.execute("REVOKE SELECT (about_id) ON care.task FROM journal_eraser")
    in_place(DROP, *DROP_HOLDS[::-1])
    in_place(SHIELDED, *SHIELDED_KNOWS[::-1])
    op.execute("DROP FUNCTION audit.records_of(uuid)")
    with_other_words(LOOKS, "journal_door", *(words[::-1] for words in LOOKS_KNOW))
    op.execute("DROP INDEX platform.command_at")
    op.execute("DROP POLICY journal_door ON platform.command")
    op.execute("REVOKE SELECT ON platform.command FROM journal_door")
    op.execute("REVOKE USAGE ON SCHEMA platform FROM journal_door")
