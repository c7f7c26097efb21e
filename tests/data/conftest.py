"""Fixtures of tests that touch SQL: they run on both kinds of database."""

from __future__ import annotations

from typing import Iterator

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from webapp.data.database import db


@pytest.fixture(params=["sqlite", "postgresql"])
def kind(request: pytest.FixtureRequest) -> str:
    """Each kind of database in turn."""
    chosen: str = request.param
    return chosen


@pytest.fixture
def session(shared_app: Flask) -> Iterator[Session]:
    """A session on a shared seeded database, rolled back after the test."""
    with shared_app.app_context():
        yield db.session()
        db.session.rollback()
