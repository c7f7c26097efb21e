"""Add a data version that every change increments, so that one cheap statement detects changes.

Triggers increment it, so that manual corrections and older releases do so too. The columns for the search of
places get a default, because this release no longer writes them; 0005 drops them.

Revision ID: 0003
Revises: 0002
"""

import random
from typing import Optional

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TABLES = ("risk_table", "risk_range", "place", "index_value", "upstream_check")
BUMP = "UPDATE data_version SET version = version + 1"
SEARCH_COLUMNS = ("search_names", "search_municipality")


def upgrade() -> None:
    _default_search_columns("")
    op.create_table(
        "data_version",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_data_version_one_row")),
        sa.PrimaryKeyConstraint("id", name="pk_data_version"),
    )
    # Start at random, so that two databases behind the same name have different versions.
    op.execute(f"INSERT INTO data_version (id, version) VALUES (1, {random.getrandbits(48)})")  # noqa: S608
    if op.get_context().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION bump_data_version() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN {BUMP}; RETURN NULL; END $$"
        )
        for table in TABLES:
            op.execute(
                f"CREATE TRIGGER bump_data_version AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON {table} "
                "FOR EACH STATEMENT EXECUTE FUNCTION bump_data_version()"
            )
    else:
        for table in TABLES:
            for change in ("insert", "update", "delete"):
                op.execute(
                    f"CREATE TRIGGER {table}_{change}_bumps_data_version AFTER {change} ON {table} "
                    f"BEGIN {BUMP}; END"
                )


def downgrade() -> None:
    if op.get_context().dialect.name == "postgresql":
        op.execute("DROP FUNCTION bump_data_version() CASCADE")
    else:
        for table in TABLES:
            for change in ("insert", "update", "delete"):
                op.execute(f"DROP TRIGGER {table}_{change}_bumps_data_version")
    op.drop_table("data_version")
    _default_search_columns(None)


def _default_search_columns(default: Optional[str]) -> None:
    with op.batch_alter_table("place") as table:
        for column in SEARCH_COLUMNS:
            table.alter_column(column, server_default=default)
