"""Fixtures of tests of the watcher."""

from __future__ import annotations

import pytest
from flask import Flask

from tests.data.watcher.changes import watcher_of
from webapp.data.watcher import Watcher


@pytest.fixture
def watcher(app: Flask) -> Watcher:
    found = watcher_of(app)
    found.poll()
    return found
