"""The Alembic environment.

`flask init-db` passes its connection, so that schema and seed are one transaction. `flask db` passes none.
"""

from __future__ import annotations

from alembic import context
from alembic.util import CommandError
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from webapp.data.database import Model, db, explain


def migrate(connection: Connection) -> None:
    context.configure(connection=connection, target_metadata=Model.metadata, compare_type=True)
    with context.begin_transaction():
        context.run_migrations()


passed = context.config.attributes.get("connection")
if passed is not None:
    migrate(passed)
else:
    try:
        with db.engine.connect() as own:
            migrate(own)
    except DBAPIError as error:
        raise CommandError(explain(error)) from None  # Flask-Migrate prints it as one line
