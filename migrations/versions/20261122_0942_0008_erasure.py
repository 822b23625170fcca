"""Erasure after a decision: one proposes, another confirms, and what was written is gone; that it was, stands.

Revision ID: 0008
Revises: 0007
"""

from alembic import op

from migrations.helpers import define, guard, let_read, opened

revision, down_revision, branch_labels, depends_on = "0008", "0007", None, None

# Table: what makes rows one record (an entry goes with all its versions), and the columns that hold what was written.
CONTENT = {
    "notes.note": ("entry_id", ("title", "body", "change_reason")),
    "observations.observation": ("id", ("value", "value2")),
    "medication.medication_administration": ("id", ("reason_text",)),
    "patients.allergy_intolerance": (
        "entry_id",
        (
            "substance", "code_system", "code", "reaction", "reaction_code", "source_code", "severity", "criticality",
            "refuted_reason",
        ),
    ),
    "patients.related_person": ("entry_id", ("name", "relation", "phone")),
    "patients.flag": ("entry_id", ("text", "sub", "decided_by_name", "ended_reason")),
    "care.task": ("entry_id", ("what", "outcome")),
    "care.incident": ("entry_id", ("text", "measures", "change_reason")),
}  # fmt: skip
DRAFT = ("kind", "title", "body", "effective_at", "change_reason", "signed_at")
PARAGRAPHS = "paragraph IN ('hpl. § 43', 'hpl. § 44')"
POLICED = (*CONTENT, "notes.draft", "platform.outbox", "audit.erasure")


def upgrade() -> None:
    _proposal()
    _eraser()
    _erase()


def _proposal() -> None:
    tables = ", ".join(f"'{table}'" for table in CONTENT)
    op.execute(
        f"""CREATE TABLE audit.erasure_proposal (
            id uuid PRIMARY KEY, patient_id uuid NOT NULL REFERENCES patients.patient (patient_id),
            table_name text NOT NULL CHECK (table_name IN ({tables})), row_id uuid NOT NULL,
            paragraph text NOT NULL CHECK ({PARAGRAPHS}),
            decision text NOT NULL CHECK (length(decision) BETWEEN 1 AND 4000),
            municipality_id uuid NOT NULL DEFAULT audit.acting_for(),
            proposed_by uuid NOT NULL DEFAULT audit.acting_person(),
            proposed_by_name text NOT NULL DEFAULT audit.acting_name(),
            proposed_at timestamptz NOT NULL DEFAULT now(), settled_at timestamptz)"""
    )
    op.execute("CREATE INDEX erasure_proposal_patient ON audit.erasure_proposal (patient_id)")
    guard("audit.erasure_proposal")
    # The decision speaks of a patient: the municipality's own, and only while her chart is open.
    seen = f"municipality_id = (SELECT audit.acting_for()) AND {opened('patients')}"
    op.execute(
        f"CREATE POLICY municipality ON audit.erasure_proposal TO journal_app USING ({seen}) WITH CHECK ({seen})"
    )
    op.execute(
        "GRANT SELECT, INSERT (id, patient_id, table_name, row_id, paragraph, decision) ON audit.erasure_proposal TO journal_app"
    )


def _eraser() -> None:
    """The role may find rows by their keys and empty the columns listed; it cannot read a word of what it empties."""
    op.execute("GRANT CREATE ON SCHEMA audit TO journal_eraser")
    op.execute("GRANT EXECUTE ON FUNCTION audit.who(), audit.mac(text), audit.opened_charts(text) TO journal_eraser")
    let_read("journal_eraser", "audit.mac_key", "audit.erasure_proposal")
    op.execute("GRANT UPDATE (settled_at) ON audit.erasure_proposal TO journal_eraser")
    for table in POLICED:
        op.execute(f"GRANT USAGE ON SCHEMA {table.split('.')[0]} TO journal_eraser")
        op.execute(f"CREATE POLICY journal_eraser ON {table} TO journal_eraser USING (true) WITH CHECK (true)")
    for table, (key, columns) in CONTENT.items():
        keys = ", ".join(dict.fromkeys(("patient_id", "id", key, "municipality_id", "in_error_at", "erasure_id")))
        op.execute(f"GRANT SELECT ({keys}) ON {table} TO journal_eraser")
        op.execute(f"GRANT UPDATE ({', '.join(columns)}, in_error_reason, erasure_id) ON {table} TO journal_eraser")
    op.execute(
        f"GRANT SELECT (patient_id, entry_id, signed_at), UPDATE ({', '.join(DRAFT)}) ON notes.draft TO journal_eraser"
    )
    op.execute("GRANT SELECT (patient_id, body), UPDATE (body) ON platform.outbox TO journal_eraser")
    op.execute("GRANT INSERT ON audit.erasure TO journal_eraser")


def _empty(table: str) -> str:
    """The statements for one table. Lock first, look after: a look in the same statement would not see what we waited for."""
    key, columns = CONTENT[table]
    rows = f"FROM {table} t WHERE t.patient_id = p.patient_id AND t.{key} = entry"
    emptied = ", ".join(f"{column} = NULL" for column in columns)
    # The reason of a mistake is set apart: its trigger would mark as a mistake a row that is none.
    return f"""
        WHEN '{table}' THEN
            entry := (SELECT t.{key} FROM {table} t WHERE t.patient_id = p.patient_id AND t.id = p.row_id);
            PERFORM {rows} FOR UPDATE;
            SELECT array_agg(t.id), bool_and(t.municipality_id = p.municipality_id) AND bool_or(t.erasure_id IS NULL)
                INTO ids, ours {rows};
            IF ours THEN
                UPDATE {table} t SET erasure_id = p.id, {emptied}
                    WHERE t.patient_id = p.patient_id AND t.{key} = entry AND t.erasure_id IS NULL;
                UPDATE {table} t SET in_error_reason = NULL
                    WHERE t.patient_id = p.patient_id AND t.{key} = entry AND t.erasure_id = p.id AND t.in_error_at IS NOT NULL;
            END IF;"""


def _erase() -> None:
    # call: {"at", "proposal_id"}. No name in a statement comes from the call or the proposal: each table has its own, below.
    # The erasure takes the proposal's id, so that a proposal is carried out once.
    define(
        "audit.erase(call text, mac text) RETURNS uuid VOLATILE",
        f"""
        DECLARE
            c jsonb;
            w jsonb := audit.who();
            p audit.erasure_proposal;
            entry uuid;
            ids uuid[];
            ours boolean;
        BEGIN
            IF mac IS DISTINCT FROM audit.mac(call) THEN
                RAISE EXCEPTION 'forged call' USING ERRCODE = 'insufficient_privilege';
            END IF;
            c := call::jsonb;
            IF w IS NULL OR (c ->> 'at')::timestamptz IS DISTINCT FROM now() THEN
                RAISE EXCEPTION 'call of another transaction' USING ERRCODE = 'insufficient_privilege';
            END IF;
            SELECT * INTO p FROM audit.erasure_proposal q WHERE q.id = (c ->> 'proposal_id')::uuid FOR UPDATE;
            IF p.id IS NULL OR p.settled_at IS NOT NULL THEN
                RAISE EXCEPTION 'no such proposal' USING ERRCODE = 'integrity_constraint_violation';
            END IF;
            IF p.municipality_id IS DISTINCT FROM (w ->> 'municipality_id')::uuid THEN
                RAISE EXCEPTION 'the proposal of another municipality' USING ERRCODE = 'insufficient_privilege';
            END IF;
            IF coalesce(p.proposed_by = (w ->> 'person_id')::uuid, true) THEN
                RAISE EXCEPTION 'whoever proposed may not confirm' USING ERRCODE = 'insufficient_privilege';
            END IF;
            IF p.patient_id <> ALL (audit.opened_charts(split_part(p.table_name, '.', 1))) THEN
                RAISE EXCEPTION 'the chart is not open' USING ERRCODE = 'insufficient_privilege';
            END IF;
            INSERT INTO audit.erasure (id, patient_id, table_name, row_id, paragraph, decision, municipality_id,
                decided_by, decided_by_name, confirmed_by, confirmed_by_name)
            VALUES (p.id, p.patient_id, p.table_name, p.row_id, p.paragraph, p.decision, p.municipality_id,
                p.proposed_by, p.proposed_by_name, (w ->> 'person_id')::uuid, w ->> 'name');
            CASE p.table_name {"".join(_empty(table) for table in CONTENT)}
            END CASE;
            IF ours IS NOT TRUE THEN
                RAISE EXCEPTION 'another municipality answers for it, or it is gone' USING ERRCODE = 'insufficient_privilege';
            END IF;
            IF p.table_name = 'notes.note' THEN
                UPDATE notes.draft d SET kind = NULL, title = NULL, body = NULL, effective_at = NULL, change_reason = NULL,
                    signed_at = coalesce(d.signed_at, now())
                WHERE d.patient_id = p.patient_id AND d.entry_id = entry;
            END IF;
            UPDATE platform.outbox o SET body = '{{}}'
            WHERE o.patient_id = p.patient_id
              AND EXISTS (SELECT FROM jsonb_each_text(o.body) f WHERE f.value = ANY ((ids || entry)::text[]));
            UPDATE audit.erasure_proposal q SET settled_at = now() WHERE q.id = p.id;
            RETURN p.id;
        END""",
        owner="journal_eraser",
    )


def downgrade() -> None:
    op.execute("DROP FUNCTION audit.erase(text, text)")
    op.execute("DROP TABLE audit.erasure_proposal")
    for table in (*POLICED, "audit.mac_key"):
        op.execute(f"DROP POLICY journal_eraser ON {table}")
        op.execute(f"REVOKE ALL ON {table} FROM journal_eraser")
    op.execute("REVOKE ALL ON FUNCTION audit.who(), audit.mac(text), audit.opened_charts(text) FROM journal_eraser")
    for schema in {table.split(".")[0] for table in POLICED}:
        op.execute(f"REVOKE ALL ON SCHEMA {schema} FROM journal_eraser")
