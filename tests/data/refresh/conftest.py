"""Fixtures of tests of the refresh."""

import pytest
from flask import Flask

from tests.conftest import SetClock
from tests.data.refresh.steps import GONE, PUBLICATION, MakeApp
from tests.support.databases import settings_for
from tests.support.fake_statbel import FakeStatbel


@pytest.fixture(autouse=True)
def gone(statbel: FakeStatbel) -> None:
    """Both sources fail without retries, unless a test replaces them."""
    statbel.bestat = statbel.open_data = GONE


@pytest.fixture
def due(set_clock: SetClock) -> None:
    """Set the clock to the day on which September 2026 is published."""
    set_clock(PUBLICATION)


@pytest.fixture
def hasty(make_app: MakeApp, database_url: str, statbel: FakeStatbel) -> Flask:
    """An app with a timeout of less than a second."""
    return make_app(settings_for(database_url, **statbel.addresses, HEALTH_INDEX_TIMEOUT="0.2,0.6"))
