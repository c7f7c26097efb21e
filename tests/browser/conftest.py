"""Fixtures of the browser tests: a running service, Chromium and a page.

Parametrize `javascript`, `color_scheme`, `locale`, `viewport` or `scale` to configure the page; a test need
not take them as arguments.
"""

from __future__ import annotations

from typing import Iterator, Literal

import pytest
from playwright.sync_api import Browser, Page

from tests.browser import chromium
from tests.browser.watch import watch
from tests.support import live
from tests.support.databases import NOWHERE, SQLiteDatabases

ColorScheme = Literal["light", "dark"]

TIMEOUT_MILLISECONDS = 10_000


@pytest.fixture(scope="session")
def service(sqlite: SQLiteDatabases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[live.Server]:
    """A running service with the seed, for tests that only read."""
    url = sqlite.seeded()
    folder = tmp_path_factory.mktemp("service")
    with live.running(folder, DATABASE_URL=url, RATE_LIMIT="0", **NOWHERE) as running:
        yield running
    sqlite.drop(url)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    try:
        with chromium.running() as running:
            yield running
    except chromium.NoChromium as error:
        pytest.exit(f"The browser tests need Chromium: {error}", returncode=1)


@pytest.fixture
def javascript() -> bool:
    return True


@pytest.fixture
def color_scheme() -> ColorScheme:
    return "light"


@pytest.fixture
def locale() -> str:
    """The preferred language of the browser."""
    return "en-GB"


@pytest.fixture
def viewport() -> tuple[int, int]:
    """Width and height in CSS pixels."""
    return 1280, 800


@pytest.fixture
def scale() -> float:
    """Screen pixels per CSS pixel. Half the viewport at a scale of 2 is a zoom of 200 %."""
    return 1


@pytest.fixture
def page_errors() -> Iterator[list[str]]:
    """Errors of the page, which fail the test at its end.

    A test that provokes errors closes the page's context, so that no more follow, and clears the list.
    """
    errors: list[str] = []
    yield errors
    assert not errors, "the page " + "\nthe page ".join(errors)


@pytest.fixture
def page(
    *,
    service: live.Server,
    browser: Browser,
    page_errors: list[str],
    javascript: bool,
    color_scheme: ColorScheme,
    locale: str,
    viewport: tuple[int, int],
    scale: float,
) -> Iterator[Page]:
    """An empty page in a new browser context; URLs are relative to the service."""
    width, height = viewport
    context = browser.new_context(
        base_url=service.url,
        java_script_enabled=javascript,
        color_scheme=color_scheme,
        locale=locale,
        viewport={"width": width, "height": height},
        device_scale_factor=scale,
    )
    context.set_default_timeout(TIMEOUT_MILLISECONDS)
    watch(context, service.url, page_errors)
    yield context.new_page()
    context.close()
