"""INSERT … ON CONFLICT, which PostgreSQL and SQLite both have, each under its own import."""

from __future__ import annotations

from typing import Type, Union

from sqlalchemy.dialects import postgresql, sqlite

from webapp.data.database import Model, db

Insert = Union[postgresql.Insert, sqlite.Insert]


def insert(model: Type[Model]) -> Insert:
    """Begin an INSERT into the table of `model` that may say what happens on a conflict."""
    if db.engine.dialect.name == "postgresql":
        return postgresql.insert(model)
    return sqlite.insert(model)
