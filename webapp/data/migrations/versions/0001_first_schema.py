"""Create the first schema: risk tables with ranges, places, index values, upstream check.

Revision ID: 0001
Revises:
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ExcludeConstraint

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

instant = sa.DateTime(timezone=True)
index_number = sa.Numeric(7, 2).with_variant(sa.String(8), "sqlite")


def upgrade() -> None:
    op.create_table(
        "risk_table",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(200), nullable=False),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.Column("imported_at", instant, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("range_count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_risk_table"),
    )
    op.create_index("ix_risk_table_effective_from", "risk_table", ["effective_from"])
    op.create_table(
        "risk_range",
        sa.Column("risk_table_id", sa.Integer(), nullable=False),
        sa.Column("first", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.Column("factor", sa.String(1), nullable=False),
        sa.CheckConstraint("first BETWEEN 1000 AND 9999", name=op.f("ck_risk_range_first_in_bounds")),
        sa.CheckConstraint("last BETWEEN 1000 AND 9999", name=op.f("ck_risk_range_last_in_bounds")),
        sa.CheckConstraint("first <= last", name=op.f("ck_risk_range_first_up_to_last")),
        sa.CheckConstraint("factor IN ('A', 'B', 'C')", name=op.f("ck_risk_range_factor_is_known")),
        ExcludeConstraint(
            (sa.text("int4range(risk_table_id, risk_table_id, '[]')"), "&&"),
            (sa.text("int4range(first, last, '[]')"), "&&"),
            name="ex_risk_range_no_overlap",
        ).ddl_if(dialect="postgresql"),
        sa.ForeignKeyConstraint(
            ["risk_table_id"],
            ["risk_table.id"],
            name="fk_risk_range_risk_table_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("risk_table_id", "first", name="pk_risk_range"),
    )
    op.create_table(
        "place",
        sa.Column("zipcode", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("name_nl", sa.String(100), nullable=False),
        sa.Column("name_fr", sa.String(100), nullable=False),
        sa.Column("name_de", sa.String(100), nullable=False),
        sa.Column("municipality_nl", sa.String(100), nullable=False),
        sa.Column("municipality_fr", sa.String(100), nullable=False),
        sa.Column("municipality_de", sa.String(100), nullable=False),
        sa.Column("nis", sa.String(5), nullable=False),
        sa.Column("province_nl", sa.String(50), nullable=False),
        sa.Column("province_fr", sa.String(50), nullable=False),
        sa.Column("region", sa.String(20), nullable=False),
        sa.Column("language", sa.String(10), nullable=False),
        sa.Column("lat", sa.Double(), nullable=False),
        sa.Column("lon", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("zipcode", "name", name="pk_place"),
    )
    op.create_table(
        "index_value",
        sa.Column("base_year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("value", index_number, nullable=False),
        sa.Column("status", sa.String(10), nullable=False),
        sa.Column("source", sa.String(20), nullable=False),
        sa.Column("fetched_at", instant, nullable=False),
        sa.CheckConstraint("CAST(value AS NUMERIC) > 0", name=op.f("ck_index_value_value_is_positive")),
        sa.CheckConstraint(
            "status IN ('published', 'converted')", name=op.f("ck_index_value_status_is_known")
        ),
        sa.PrimaryKeyConstraint("base_year", "month", name="pk_index_value"),
    )
    op.create_table(
        "upstream_check",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("attempted_at", instant, nullable=False),
        sa.Column("succeeded_at", instant, nullable=True),
        sa.Column("failure", sa.String(500), nullable=True),
        sa.CheckConstraint("id = 1", name=op.f("ck_upstream_check_one_row")),
        sa.PrimaryKeyConstraint("id", name="pk_upstream_check"),
    )


def downgrade() -> None:
    for table in ("upstream_check", "index_value", "place", "risk_range", "risk_table"):
        op.drop_table(table)
