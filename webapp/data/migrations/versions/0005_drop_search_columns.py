"""Drop the columns with which the previous release searched places.

Unused since 0003. `flask init-db` of that release stopped before this revision, because containers of the
release before it still read the columns.

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

COLUMNS = ("search_names", "search_municipality")


def upgrade() -> None:
    # Not as a batch: on SQLite that would recreate the table without its triggers.
    for column in COLUMNS:
        op.execute(f"ALTER TABLE place DROP COLUMN {column}")


def downgrade() -> None:
    """Add empty columns: `flask init-db` of the previous release fills them."""
    search_text = sa.String(500).with_variant(sa.String(500, collation="C"), "postgresql")
    for column in COLUMNS:
        op.add_column("place", sa.Column(column, search_text, nullable=False, server_default=""))
