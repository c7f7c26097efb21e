"""Add normalized names of places for the search, and the time at which places were loaded.

Deletes the places, from which the columns are derived: `flask init-db` loads them again in the same
transaction.

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

search_text = sa.String(500).with_variant(sa.String(500, collation="C"), "postgresql")


def upgrade() -> None:
    op.execute("DELETE FROM place")
    with op.batch_alter_table("place") as table:
        table.add_column(sa.Column("search_names", search_text, nullable=False))
        table.add_column(sa.Column("search_municipality", search_text, nullable=False))
        table.add_column(sa.Column("loaded_at", sa.DateTime(timezone=True), nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("place") as table:
        table.drop_column("loaded_at")
        table.drop_column("search_municipality")
        table.drop_column("search_names")
