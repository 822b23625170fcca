"""What every table of the journal needs, in one line each, so that a policy is never half of it.

``chart_table`` for a patient's rows, ``unit_table`` for rows that a unit may see while charts are closed,
``municipality_table`` for a tenant's own rows, ``platform_table`` for the rest. A chart table also says what goes at an erasure,
by ``erasable``, and of each other column with words why it ``stays``: tests/audit/test_erasable.py finds the one that is forgotten.
"""

from alembic import op

# Filled by PostgreSQL from who asks (audit.who); the application may not insert or change them.
STAMPED = (
    "municipality_id",
    "unit_id",
    "recorded_by",
    "recorded_by_name",
    "recorded_as",
    "recorded_role",
    "recorded_at",
    "in_error_at",
    "in_error_by",
    "erasure_id",
)

RECORD = """
    municipality_id uuid NOT NULL DEFAULT audit.acting_for(),
    unit_id uuid DEFAULT audit.acting_unit(),
    recorded_by uuid NOT NULL DEFAULT audit.acting_person(),
    recorded_by_name text NOT NULL DEFAULT audit.acting_name(),
    recorded_as uuid DEFAULT audit.acting_as(),
    recorded_role text NOT NULL DEFAULT audit.acting_role(),
    recorded_at timestamptz NOT NULL DEFAULT now(),
    source_id uuid,
    in_error_at timestamptz,
    in_error_by uuid,
    in_error_reason text,
    erasure_id uuid REFERENCES audit.erasure (id),
    CHECK ((in_error_at IS NULL) = (in_error_by IS NULL)),
    CHECK ((in_error_at IS NULL) = (in_error_reason IS NULL) OR erasure_id IS NOT NULL)
"""

# What a row says of who wrote it, and the function that knew it when each was a default of its own.
STAMPS = {
    "municipality_id": "acting_for",
    "unit_id": "acting_unit",
    "recorded_by": "acting_person",
    "recorded_by_name": "acting_name",
    "recorded_as": "acting_as",
    "recorded_role": "acting_role",
}

ENTRY = """
    entry_id uuid NOT NULL,
    version integer NOT NULL DEFAULT 1 CHECK (version > 0)
"""


def opened(category: str) -> str:
    """The condition for rows of a chart that the log says is open for this part of it.

    Not ``patient_id = ANY (…)``: the planner would take that and the query's own ``patient_id = …`` for two conditions, think
    that one row is left of the patient, and then read her whole history where an index knew the day.
    """
    return f"array_position((SELECT audit.opened_charts('{category}'))::uuid[], patient_id) IS NOT NULL"


def stamp(table: str) -> None:
    """Has a trigger say who wrote a row, in the place of RECORD's defaults: each of them checks a signature anew."""
    dropped = ", ".join(f"ALTER {column} DROP DEFAULT" for column in STAMPS)
    op.execute(f"ALTER TABLE {table} {dropped}")
    # The first of the triggers, by its name: what the others look at is there.
    op.execute(f"CREATE TRIGGER a_stamp BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION audit.stamp()")


def guard(table: str) -> None:
    """The owner's table, with row-level security on and forced: until a policy says otherwise, nobody sees a row."""
    op.execute(f"ALTER TABLE {table} OWNER TO journal_owner")
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")


def grant_insert(table: str) -> None:
    """INSERT on every column but the stamped ones: who, where and when cannot be forged or forgotten."""
    stamped = ", ".join(f"'{name}'" for name in STAMPED)
    op.execute(
        f"""
        DO $$ BEGIN EXECUTE (
            SELECT format('GRANT INSERT (%s) ON {table} TO journal_app', string_agg(quote_ident(attname), ', '))
            FROM pg_attribute
            WHERE attrelid = '{table}'::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
              AND attname NOT IN ({stamped}));
        END $$"""
    )


def grant_unit(table: str) -> None:
    """In a tenant's own table the unit is what the row is about, not where its author sat."""
    op.execute(
        f"""
        DO $$ BEGIN
            IF EXISTS (SELECT FROM pg_attribute WHERE attrelid = '{table}'::regclass AND attname = 'unit_id') THEN
                GRANT INSERT (unit_id) ON {table} TO journal_app;
            END IF;
        END $$"""
    )


def chart_table(table: str, *, category: str = "", projection: bool = False, updates: tuple[str, ...] = ()) -> None:
    """A patient's rows: readable only in a transaction whose access log says that this chart is open.

    *projection*: planned rows, which have a state that changes and which any unit with the open chart may move.
    *updates*: the columns that the application may change (none in a record but the mark of a mistake).
    """
    category = category or table.split(".")[0]
    seen = opened(category)
    check = seen if projection else f"{seen} AND municipality_id = (SELECT audit.acting_for())"
    guard(table)
    op.execute(f"CREATE POLICY chart ON {table} TO journal_app USING ({seen}) WITH CHECK ({check})")
    op.execute(f"GRANT SELECT ON {table} TO journal_app")
    grant_insert(table)
    if not projection:
        op.execute(f"GRANT UPDATE (in_error_reason) ON {table} TO journal_app")
        op.execute(
            f"CREATE TRIGGER entered_in_error BEFORE UPDATE OF in_error_reason ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION audit.stamp_error()"
        )
    if updates:
        op.execute(f"GRANT UPDATE ({', '.join(updates)}) ON {table} TO journal_app")


def unit_table(table: str, *, category: str = "patients", updates: tuple[str, ...] = ()) -> None:
    """Rows with ids, times and counts that the unit sees while charts are closed; whoever has the chart open sees them too."""
    own = "municipality_id = (SELECT audit.acting_for())"
    guard(table)
    # Seen while the chart is closed, written only while it is open: nobody gives herself a ground unlogged.
    op.execute(
        f"CREATE POLICY unit ON {table} TO journal_app"
        f" USING (({own} AND unit_id = ANY ((SELECT audit.acting_units())::uuid[])) OR {opened(category)})"
        f" WITH CHECK ({own} AND {opened(category)})"
    )
    op.execute(f"GRANT SELECT ON {table} TO journal_app")
    grant_insert(table)
    if updates:
        op.execute(f"GRANT UPDATE ({', '.join(updates)}) ON {table} TO journal_app")


def municipality_table(table: str, *, updates: tuple[str, ...] = (), inserts: bool = True) -> None:
    """A tenant's own rows (units, staff, what it has chosen): seen and written by those who act for it."""
    own = "municipality_id = (SELECT audit.acting_for())"
    guard(table)
    op.execute(f"CREATE POLICY municipality ON {table} TO journal_app USING ({own}) WITH CHECK ({own})")
    op.execute(f"GRANT SELECT ON {table} TO journal_app")
    if inserts:
        grant_insert(table)
        grant_unit(table)
    if updates:
        op.execute(f"GRANT UPDATE ({', '.join(updates)}) ON {table} TO journal_app")


def reference_table(table: str, *, writes: str = "") -> None:
    """Facts that belong to nobody (the municipalities of the country, the catalogue of medicines): everybody reads."""
    guard(table)
    op.execute(
        f"CREATE POLICY everybody ON {table} TO journal_app USING (true) WITH CHECK ({'true' if writes else 'false'})"
    )
    op.execute(f"GRANT SELECT ON {table} TO journal_app")
    if writes:
        op.execute(f"GRANT {writes} ON {table} TO journal_app")


def define(function: str, body: str, *, owner: str) -> None:
    """A SECURITY DEFINER function with a pinned search path, that only the application may call.

    *function* is its signature with return type and volatility, *body* its PL/pgSQL text. Each statement in it is planned
    once for a connection, for any patient, and by the indexes: also when it was planned while the tables were empty, or in
    the first minutes of a month. Nothing is compiled: before PostgreSQL 18 a sequential scan that cannot be avoided, of a
    table of one row, is reckoned so dear when they are off that each call would be compiled first, for 50 ms.
    """
    op.execute(
        f"CREATE FUNCTION {function} LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp"
        f" SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET jit = off AS $body${body}$body$"
    )
    signature = function.split(" RETURNS ")[0]
    name, _, arguments = signature.partition("(")
    types = ", ".join(
        argument.strip().split(" ", 1)[1] for argument in arguments.rstrip(") ").split(",") if argument.strip()
    )
    op.execute(f"ALTER FUNCTION {name}({types}) OWNER TO {owner}")
    op.execute(f"REVOKE ALL ON FUNCTION {name}({types}) FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION {name}({types}) TO journal_app, journal_owner, journal_door, journal_finder")


def with_other_words(function: str, owner: str, *changes: tuple[str, str]) -> None:
    """Makes a function of define() anew with some words of it changed, whatever else stands in it by now.

    *function* is its name with the types it takes, *changes* what stands there and what is to. Fails when something does not
    stand there. It is dropped first, since what it answers with may change.
    """
    said = "told"
    for old, new in changes:
        said = f"replace({said}, $old${old}$old$, $new${new}$new$)"
    checks = "".join(f"ASSERT position($old${old}$old$ IN told) > 0;\n" for old, _ in changes)
    op.execute(
        f"""DO $do$
        DECLARE told text := pg_get_functiondef('{function}'::regprocedure);
        BEGIN
            {checks}
            DROP FUNCTION {function};
            EXECUTE {said};
        END $do$"""
    )
    op.execute(f"ALTER FUNCTION {function} OWNER TO {owner}")
    op.execute(f"REVOKE ALL ON FUNCTION {function} FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION {function} TO journal_app, journal_owner, journal_door, journal_finder")


def in_place(function: str, old: str, new: str) -> None:
    """Some words of a function, without dropping it: for those that policies and triggers stand on. Fails as with_other_words()."""
    op.execute(
        f"""DO $do$
        DECLARE told text := pg_get_functiondef('{function}'::regprocedure);
        BEGIN
            ASSERT position($old${old}$old$ IN told) > 0;
            EXECUTE replace(told, $old${old}$old$, $new${new}$new$);
        END $do$"""
    )


def task_kinds(old: str, new: str) -> None:
    """Some kinds of care.task more or less among those that there are, whichever they are by now, as other_words_of_check()."""
    other_words_of_check("care.task", "task_kind_check", old, new)


def other_words_of_check(table: str, name: str, old: str, new: str) -> None:
    """Some words of a check among those that stand there by now.

    *old* is a piece of the check as PostgreSQL writes it (`'general'::text`), *new* what is to stand there. Fails when it does not.
    """
    op.execute(
        f"""DO $do$
        DECLARE told text := (SELECT pg_get_constraintdef(oid) FROM pg_constraint
                              WHERE conrelid = '{table}'::regclass AND conname = '{name}');
        BEGIN
            ASSERT position($old${old}$old$ IN told) > 0;
            ALTER TABLE {table} DROP CONSTRAINT {name};
            EXECUTE 'ALTER TABLE {table} ADD CONSTRAINT {name} ' || replace(told, $old${old}$old$, $new${new}$new$);
        END $do$"""
    )


def let_read(role: str, *tables: str) -> None:
    """Lets the role behind a SECURITY DEFINER function read these tables; row-level security holds for it too, so a policy of its own."""
    for table in tables:
        op.execute(f"GRANT USAGE ON SCHEMA {table.split('.')[0]} TO {role}")
        op.execute(f"GRANT SELECT ON {table} TO {role}")
        op.execute(f"CREATE POLICY {role} ON {table} TO {role} USING (true) WITH CHECK (true)")


def erasable(
    table: str, *content: str, key: str = "id", within: str = "", kept_while: tuple[str, ...] = (), hidden: bool = True
) -> None:
    """What is emptied at an erasure (audit.erase): these columns, of every row with the same *key*. Again for later columns.

    *within*: a table whose rows these go with: *key* then holds the key or the id of what is erased there. *kept_while*: it is not
    erased while the newest version has one of these statuses. *hidden*: the application sees no erased row, and needs no words
    for one; else each page must have them. A row that goes alone has RECORD's columns; a draft may lack them.
    """
    columns = ", ".join(f"'{column}'" for column in content)
    statuses = ", ".join(f"'{status}'" for status in kept_while)
    op.execute(
        f"""INSERT INTO audit.erasable AS e (table_name, key, within, kept_while, columns)
            VALUES ('{table}', '{key}', nullif('{within}', ''), ARRAY[{statuses}]::text[], ARRAY[{columns}]::text[])
            ON CONFLICT (table_name) DO UPDATE SET columns = e.columns || excluded.columns"""
    )
    op.execute(_LET_ERASE.format(table=table, hidden=str(hidden).lower()))


# What a table needs to be on the list: rights for the eraser, columns that may be empty, and no erased row on a page.
_LET_ERASE = """
    DO $$ DECLARE
        e audit.erasable := (SELECT l FROM audit.erasable l WHERE l.table_name = '{table}');
        held text[] := ARRAY(
            SELECT quote_ident(a.attname) FROM pg_attribute a WHERE a.attrelid = '{table}'::regclass AND NOT a.attisdropped
            AND a.attname = ANY (ARRAY['patient_id', 'id', e.key, 'municipality_id', 'in_error_at', 'erasure_id']));
        marked boolean := 'erasure_id' = ANY (held);
        seen text := (SELECT pg_get_expr(p.polqual, p.polrelid) FROM pg_policy p
                      WHERE p.polrelid = '{table}'::regclass AND p.polname = 'chart');
        named text;
        bound record;
    BEGIN
        EXECUTE format('GRANT USAGE ON SCHEMA %I TO journal_eraser', split_part('{table}', '.', 1));
        EXECUTE format('GRANT SELECT (%s) ON {table} TO journal_eraser', array_to_string(held, ', '));
        IF NOT EXISTS (SELECT FROM pg_policy WHERE polrelid = '{table}'::regclass AND polname = 'journal_eraser') THEN
            CREATE POLICY journal_eraser ON {table} TO journal_eraser USING (true) WITH CHECK (true);
        END IF;
        FOREACH named IN ARRAY e.columns LOOP
            EXECUTE format('GRANT UPDATE (%I) ON {table} TO journal_eraser', named);
            IF (SELECT a.attnotnull FROM pg_attribute a WHERE a.attrelid = '{table}'::regclass AND a.attname = named) THEN
                EXECUTE format('ALTER TABLE {table} ALTER %I DROP NOT NULL', named);
                IF marked THEN
                    EXECUTE format('ALTER TABLE {table} ADD CHECK (%I IS NOT NULL OR erasure_id IS NOT NULL)', named);
                END IF;
            END IF;
        END LOOP;
        -- A check of several columns knows nothing of one that is emptied.
        FOR bound IN
            SELECT k.conname, pg_get_expr(k.conbin, k.conrelid) AS said FROM pg_constraint k
            WHERE marked AND k.conrelid = '{table}'::regclass AND k.contype = 'c' AND cardinality(k.conkey) > 1
              AND pg_get_constraintdef(k.oid) !~ 'erasure_id' AND EXISTS (
                SELECT FROM pg_attribute a
                WHERE a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey) AND a.attname = ANY (e.columns))
        LOOP
            EXECUTE format('ALTER TABLE {table} DROP CONSTRAINT %I', bound.conname);
            EXECUTE format('ALTER TABLE {table} ADD CONSTRAINT %I CHECK (%s OR erasure_id IS NOT NULL)', bound.conname, bound.said);
        END LOOP;
        IF marked THEN
            GRANT UPDATE (in_error_reason, erasure_id) ON {table} TO journal_eraser;
            IF {hidden} AND seen !~ 'erasure_id' THEN
                EXECUTE format('ALTER POLICY chart ON {table} USING (%s AND erasure_id IS NULL)', seen);
            END IF;
        END IF;
    END $$"""


def stays(table: str, why: str, *columns: str) -> None:
    """These hold words or codes, and stand when the row is erased; *why* is said in the catalogue, beside the column."""
    for column in columns:
        op.execute(f"COMMENT ON COLUMN {table}.{column} IS 'stays when erased: {why}'")
