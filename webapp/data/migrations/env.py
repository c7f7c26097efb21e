"""The Alembic environment.

`flask init-db` passes its connection, so that schema and seed are one transaction. `flask db` passes none.
"""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection

from webapp.data.database import Model, db


def migrate(connection: Connection) -> None:
    context.configure(connection=connection, target_metadata=Model.metadata, compare_type=True)
    with context.begin_transaction():
        context.run_migrations()


passed = context.config.attributes.get("connection")
if passed is not None:
    migrate(passed)
else:
    with db.engine.connect() as own:
        migrate(own)
