"""INSERT … ON CONFLICT, which SQLAlchemy has per dialect only."""

from __future__ import annotations

from typing import Type, Union

from sqlalchemy.dialects import postgresql, sqlite

from webapp.data.database import Model, db

Insert = Union[postgresql.Insert, sqlite.Insert]


def insert(model: Type[Model]) -> Insert:
    """Return an INSERT that supports ON CONFLICT."""
    if db.engine.dialect.name == "postgresql":
        return postgresql.insert(model)
    return sqlite.insert(model)
