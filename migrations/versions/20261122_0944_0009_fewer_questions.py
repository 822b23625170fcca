"""Who asks is asked once where it was asked twice, and a dose that is to be signed is locked and read in one call.

Revision ID: 0009
Revises: 0008
"""

from alembic import op

revision, down_revision, branch_labels, depends_on = "0009", "0008", None, None

# To say who asks is to check a signature (audit.who), and these three are called at every page.
TWICE = """units uuid[] := audit.acting_units();
            person uuid := audit.acting_person();"""
FROM_WHO = """units uuid[] := translate(w ->> 'units', '[]" ', '{}')::uuid[];
            person uuid := (w ->> 'person_id')::uuid;"""
ONCE = f"w jsonb := audit.who();\n            {FROM_WHO}"
CALLED = {
    "access.standing(uuid[])": ONCE,
    "medication.worklist(timestamptz, timestamptz)": ONCE,
    "patients.find(text, text)": FROM_WHO,
}


def upgrade() -> None:
    for function, once in CALLED.items():
        _say(function, TWICE, once)
    _dose_to_sign()


def _say(function: str, old: str, new: str) -> None:
    """The same function, owner and grants, with some words of it changed."""
    op.execute(
        f"""DO $do$
        DECLARE told text := pg_get_functiondef('{function}'::regprocedure);
        BEGIN
            ASSERT position($old${old}$old$ IN told) > 0;
            EXECUTE replace(told, $old${old}$old$, $new${new}$new$);
        END $do$"""
    )


def _dose_to_sign() -> None:
    """With the rights of whoever calls it, so that row-level security holds as in any statement.

    VOLATILE: the second statement sees what was committed while the first one waited for the lock.
    """
    op.execute(
        """CREATE FUNCTION medication.dose_to_sign(charts uuid[], dose uuid) RETURNS TABLE (
            patient_id uuid, id uuid, request_id uuid, request_version integer, due_at timestamptz, ready_from timestamptz,
            late_after timestamptz, amount numeric, unit text, state text,
            version integer, status text, generic_name text, atc_code text, prescription_group text, time_critical boolean,
            required_value jsonb, recorded_by_name text, recorded_at timestamptz,
            signed_by text, signed_at timestamptz, result text)
        LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
        #variable_conflict use_column
        BEGIN
            PERFORM FROM medication.dose d WHERE d.patient_id = ANY (charts) AND d.id = dose FOR NO KEY UPDATE;
            RETURN QUERY
            SELECT d.patient_id, d.id, d.request_id, d.request_version, d.due_at, d.ready_from, d.late_after, d.amount, d.unit, d.state,
                r.version, r.status, r.generic_name, r.atc_code, r.prescription_group, r.time_critical, r.required_value,
                r.recorded_by_name, r.recorded_at, a.recorded_by_name, a.recorded_at, a.result
            FROM medication.dose d
            JOIN medication.medication_request r
                ON r.patient_id = ANY (charts) AND r.entry_id = d.request_entry_id AND r.in_error_at IS NULL
            LEFT JOIN medication.medication_administration a
                ON a.patient_id = ANY (charts) AND a.dose_id = d.id AND a.in_error_at IS NULL AND a.kind = 'signature'
            WHERE d.patient_id = ANY (charts) AND d.id = dose
            ORDER BY r.version DESC LIMIT 1;
        END $$"""
    )
    op.execute("ALTER FUNCTION medication.dose_to_sign(uuid[], uuid) OWNER TO journal_owner")
    op.execute("REVOKE ALL ON FUNCTION medication.dose_to_sign(uuid[], uuid) FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION medication.dose_to_sign(uuid[], uuid) TO journal_app")


def downgrade() -> None:
    op.execute("DROP FUNCTION medication.dose_to_sign(uuid[], uuid)")
    for function, once in CALLED.items():
        _say(function, once, TWICE)
