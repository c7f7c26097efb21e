"""Add index values that an operator withdrew, and months that one locked.

A withdrawn value leaves `index_value`. Triggers keep it out, and prevent changes of locked months, so that no
reader or writer of that table, such as the previous release, has to know about decisions.

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

index_number = sa.Numeric(7, 2).with_variant(sa.String(8), "sqlite")
instant = sa.DateTime(timezone=True)

# True for a row that the triggers reject.
REFUSED = (
    "EXISTS (SELECT 1 FROM index_lock AS held"
    " WHERE held.base_year = NEW.base_year AND held.month = NEW.month)"
    " OR EXISTS (SELECT 1 FROM withdrawn_index_value AS held"
    " WHERE held.base_year = NEW.base_year AND held.month = NEW.month"
    " AND CAST(held.value AS NUMERIC) = CAST(NEW.value AS NUMERIC))"
)


def upgrade() -> None:
    op.create_table(
        "withdrawn_index_value",
        sa.Column("base_year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("value", index_number, nullable=False),
        sa.Column("status", sa.String(10), nullable=False),
        sa.Column("source", sa.String(20), nullable=False),
        sa.Column("fetched_at", instant, nullable=False),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("decided_by", sa.String(100), nullable=False),
        sa.Column("decided_at", instant, nullable=False),
        sa.PrimaryKeyConstraint("base_year", "month", "value", name="pk_withdrawn_index_value"),
    )
    op.create_table(
        "index_lock",
        sa.Column("base_year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("decided_by", sa.String(100), nullable=False),
        sa.Column("decided_at", instant, nullable=False),
        sa.PrimaryKeyConstraint("base_year", "month", name="pk_index_lock"),
    )
    if op.get_context().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION keep_index_decisions() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN IF {REFUSED} THEN RETURN NULL; END IF; RETURN NEW; END $$"
        )
        op.execute(
            "CREATE TRIGGER keep_index_decisions BEFORE INSERT OR UPDATE ON index_value "
            "FOR EACH ROW EXECUTE FUNCTION keep_index_decisions()"
        )
    else:
        for change in ("insert", "update"):
            op.execute(
                f"CREATE TRIGGER index_value_{change}_keeps_decisions BEFORE {change} ON index_value "
                f"WHEN {REFUSED} BEGIN SELECT RAISE(IGNORE); END"
            )


def downgrade() -> None:
    if op.get_context().dialect.name == "postgresql":
        op.execute("DROP FUNCTION keep_index_decisions() CASCADE")
    else:
        for change in ("insert", "update"):
            op.execute(f"DROP TRIGGER index_value_{change}_keeps_decisions")
    for table in ("index_lock", "withdrawn_index_value"):
        op.drop_table(table)
