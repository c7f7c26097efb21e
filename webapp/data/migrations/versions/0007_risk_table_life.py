"""Add names, notes, authors and cancellations of risk tables, and an audit log.

Triggers keep risk tables and the log from being changed: a planned table may be cancelled, once, and nothing
else. On SQLite, which knows no time zones, they let a table that has been in force be cancelled; the program
refuses that.

The previous release reads and adds risk tables as before. It knows no cancellation, so it must not run on a
day on which a cancelled table would have come into force, unless the schema is downgraded: that deletes
cancelled tables.

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

instant = sa.DateTime(timezone=True)
BUMP = "UPDATE data_version SET version = version + 1"
ADDED_COLUMNS = ("name", "note", "loaded_by", "open_beginning", "cancelled_at")
FIXED_COLUMNS = (
    "id", "source", "effective_from", "imported_at", "sha256", "range_count",
    "name", "note", "loaded_by", "open_beginning",
)  # fmt: skip
TODAY = "CAST(now() AT TIME ZONE 'Europe/Brussels' AS date)"

KEPT = "a risk table never changes: load another one"
NOT_PLANNED = "only a planned risk table can be cancelled, once"
LOG_KEPT = "the audit log never changes"


def upgrade() -> None:
    # Not as a batch: on SQLite that would recreate the table, and so delete its ranges and triggers.
    op.add_column("risk_table", sa.Column("name", sa.String(100), server_default="", nullable=False))
    op.add_column("risk_table", sa.Column("note", sa.String(500), server_default="", nullable=False))
    op.add_column("risk_table", sa.Column("loaded_by", sa.String(100), server_default="", nullable=False))
    op.add_column(
        "risk_table", sa.Column("open_beginning", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    op.add_column("risk_table", sa.Column("cancelled_at", instant, nullable=True))
    op.create_table(
        "audit_log",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", instant, nullable=False),
        sa.Column("by", sa.String(100), nullable=False),
        sa.Column("action", sa.String(20), nullable=False),
        sa.Column("risk_table_id", sa.Integer(), nullable=False),
        sa.Column("details", sa.String(500), nullable=False),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_log"),
    )
    _complete_old_tables()
    if op.get_context().dialect.name == "postgresql":
        _protect_on_postgresql()
    else:
        _protect_on_sqlite()


def _complete_old_tables() -> None:
    """Until now, only `flask init-db` loaded tables, and the first one counted from the beginning."""
    op.execute("UPDATE risk_table SET loaded_by = 'flask init-db', name = substr(source, 1, 100)")
    op.execute(
        "UPDATE risk_table SET open_beginning = true WHERE id = (SELECT min(id) FROM risk_table)"
        " AND effective_from = (SELECT min(effective_from) FROM risk_table)"
    )
    op.execute(
        'INSERT INTO audit_log (at, "by", action, risk_table_id, details, reason) '
        "SELECT imported_at, 'flask init-db', 'load', id, source, '' FROM risk_table ORDER BY id"
    )


def _protect_on_postgresql() -> None:
    same = " AND ".join(f"NEW.{column} IS NOT DISTINCT FROM OLD.{column}" for column in FIXED_COLUMNS)
    _add_function("refuse_change_of_risk_table", f"RAISE EXCEPTION '{KEPT}'")
    _add_function("refuse_change_of_audit_log", f"RAISE EXCEPTION '{LOG_KEPT}'")
    _add_function(
        "allow_cancellation_of_risk_table",
        f"IF NOT ({same}) THEN RAISE EXCEPTION '{KEPT}'; END IF; "
        f"IF OLD.cancelled_at IS NOT NULL OR OLD.effective_from <= {TODAY} THEN "
        f"RAISE EXCEPTION '{NOT_PLANNED}'; END IF; RETURN NEW",
    )
    _add_function(
        "refuse_range_of_complete_risk_table",
        "IF EXISTS (SELECT 1 FROM risk_table WHERE id IN (SELECT risk_table_id FROM added) AND range_count < "  # noqa: S608
        "(SELECT count(*) FROM risk_range WHERE risk_table_id = risk_table.id)) "
        f"THEN RAISE EXCEPTION '{KEPT}'; END IF; RETURN NULL",
    )
    for table in ("risk_table", "risk_range", "audit_log"):
        kept = "audit_log" if table == "audit_log" else "risk_table"
        events = "DELETE OR TRUNCATE" if table == "risk_table" else "UPDATE OR DELETE OR TRUNCATE"
        op.execute(
            f"CREATE TRIGGER keep_{table} BEFORE {events} ON {table} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_{kept}()"
        )
    op.execute(
        "CREATE TRIGGER keep_risk_table_columns BEFORE UPDATE ON risk_table "
        "FOR EACH ROW EXECUTE FUNCTION allow_cancellation_of_risk_table()"
    )
    op.execute(
        "CREATE TRIGGER keep_complete_risk_table AFTER INSERT ON risk_range "
        "REFERENCING NEW TABLE AS added FOR EACH STATEMENT "
        "EXECUTE FUNCTION refuse_range_of_complete_risk_table()"
    )
    op.execute(
        "CREATE TRIGGER bump_data_version AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON audit_log "
        "FOR EACH STATEMENT EXECUTE FUNCTION bump_data_version()"
    )


def _add_function(name: str, body: str) -> None:
    op.execute(f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body}; END $$")


def _protect_on_sqlite() -> None:
    for table in ("risk_table", "risk_range", "audit_log"):
        message = LOG_KEPT if table == "audit_log" else KEPT
        columns = f" OF {', '.join(FIXED_COLUMNS)}" if table == "risk_table" else ""
        for name, event in (("update", f"UPDATE{columns}"), ("delete", "DELETE")):
            op.execute(
                f"CREATE TRIGGER keep_{table}_{name} BEFORE {event} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{message}'); END"
            )
    op.execute(
        "CREATE TRIGGER keep_risk_table_cancelled BEFORE UPDATE OF cancelled_at ON risk_table "
        f"WHEN OLD.cancelled_at IS NOT NULL BEGIN SELECT RAISE(ABORT, '{NOT_PLANNED}'); END"
    )
    for event in ("insert", "update", "delete"):
        op.execute(
            f"CREATE TRIGGER audit_log_{event}_bumps_data_version AFTER {event} ON audit_log "
            f"BEGIN {BUMP}; END"
        )


def downgrade() -> None:
    if op.get_context().dialect.name == "postgresql":
        for function in (
            "refuse_change_of_risk_table",
            "refuse_change_of_audit_log",
            "allow_cancellation_of_risk_table",
            "refuse_range_of_complete_risk_table",
        ):
            op.execute(f"DROP FUNCTION {function}() CASCADE")
    else:
        for table in ("risk_table", "risk_range"):
            for event in ("update", "delete"):
                op.execute(f"DROP TRIGGER keep_{table}_{event}")
        op.execute("DROP TRIGGER keep_risk_table_cancelled")
    op.drop_table("audit_log")
    _keep_order_of_risk_tables()
    for column in ADDED_COLUMNS:
        op.execute(f"ALTER TABLE risk_table DROP COLUMN {column}")


def _keep_order_of_risk_tables() -> None:
    """Keep the order in which tables count without the columns that are dropped."""
    cancelled = "SELECT id FROM risk_table WHERE cancelled_at IS NOT NULL"
    op.execute(f"DELETE FROM risk_range WHERE risk_table_id IN ({cancelled})")  # noqa: S608  # our own text
    op.execute("DELETE FROM risk_table WHERE cancelled_at IS NOT NULL")
    # A table with an open beginning counts before a backdated one. `upgrade` finds it by its first day.
    op.execute(
        "UPDATE risk_table SET effective_from = (SELECT min(effective_from) FROM risk_table) "
        "WHERE open_beginning"
    )
