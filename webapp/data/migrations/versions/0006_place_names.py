"""Special zipcodes, and other names of places.

The release before reads neither table. The first `flask init-db` of this one fills them.

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

instant = sa.DateTime(timezone=True)
TABLES = ("special_zipcode", "place_name")
BUMP = "UPDATE data_version SET version = version + 1"


def upgrade() -> None:
    op.create_table(
        "special_zipcode",
        sa.Column("zipcode", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("name_nl", sa.String(100), nullable=False),
        sa.Column("name_fr", sa.String(100), nullable=False),
        sa.Column("name_de", sa.String(100), nullable=False),
        sa.Column("name_en", sa.String(100), nullable=False),
        sa.Column("region", sa.String(20), nullable=False),
        sa.Column("language", sa.String(10), nullable=False),
        sa.Column("loaded_at", instant, nullable=False),
        sa.PrimaryKeyConstraint("zipcode", name="pk_special_zipcode"),
    )
    op.create_table(
        "place_name",
        sa.Column("zipcode", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("place", sa.String(100), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("source", sa.String(100), nullable=False),
        sa.Column("loaded_at", instant, nullable=False),
        sa.PrimaryKeyConstraint("zipcode", "place", "name", name="pk_place_name"),
    )
    for table in TABLES:
        if op.get_context().dialect.name == "postgresql":
            op.execute(
                f"CREATE TRIGGER bump_data_version AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON {table} "
                "FOR EACH STATEMENT EXECUTE FUNCTION bump_data_version()"
            )
        else:
            for change in ("insert", "update", "delete"):
                op.execute(
                    f"CREATE TRIGGER {table}_{change}_bumps_data_version AFTER {change} ON {table} "
                    f"BEGIN {BUMP}; END"
                )


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)
