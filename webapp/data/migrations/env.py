"""How Alembic reaches the database: over the connection it is handed, or the application's own.

`flask init-db` hands over its connection, so that schema and seed are one transaction. The
commands of `flask db`, for developers, hand over none.
"""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection

from webapp.data.database import Model, db


def migrate(connection: Connection) -> None:
    context.configure(connection=connection, target_metadata=Model.metadata, compare_type=True)
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    migrate(given)
else:
    with db.engine.connect() as own:
        migrate(own)
