"""What the browser tests share: a running desk, Chromium, and a page that a test can set up.

A test parametrizes `javascript`, `color_scheme`, `locale`, `viewport` and `scale` to have its page
otherwise than they say here; it need not name them as arguments.
"""

from typing import Iterator, List, Literal, Tuple

import pytest
from playwright.sync_api import Browser, Page

from tests.browser import chromium
from tests.browser.watch import watch
from tests.support import live
from tests.support.databases import NOWHERE, SQLiteDatabases

ColorScheme = Literal["light", "dark"]

# A page of loopback is there at once; whoever waits this long waits for nothing.
PATIENCE_MILLISECONDS = 10_000


@pytest.fixture(scope="session")
def desk(sqlite: SQLiteDatabases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[live.Desk]:
    """A running desk with the seed's data, for tests that leave them as they are."""
    url = sqlite.seeded()
    folder = tmp_path_factory.mktemp("desk")
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
    """The language that the browser asks for."""
    return "en-GB"


@pytest.fixture
def viewport() -> Tuple[int, int]:
    """Width and height of the window in CSS pixels."""
    return 1280, 800


@pytest.fixture
def scale() -> float:
    """Pixels of the screen in a CSS pixel. Zoomed to 200 % is half the viewport at a scale of 2."""
    return 1


@pytest.fixture
def complaints() -> Iterator[List[str]]:
    """What a page does that it must not: a test fails when any is left at its end.

    One that provokes some closes the page's context, lest more should come, and takes them out.
    """
    noted: List[str] = []
    yield noted
    assert not noted, "the page " + "\nthe page ".join(noted)


@pytest.fixture
def page(
    *,
    desk: live.Desk,
    browser: Browser,
    complaints: List[str],
    javascript: bool,
    color_scheme: ColorScheme,
    locale: str,
    viewport: Tuple[int, int],
    scale: float,
) -> Iterator[Page]:
    """An empty page of a browser that has never been at the desk; addresses are the desk's."""
    width, height = viewport
    context = browser.new_context(
        base_url=desk.url,
        java_script_enabled=javascript,
        color_scheme=color_scheme,
        locale=locale,
        viewport={"width": width, "height": height},
        device_scale_factor=scale,
    )
    context.set_default_timeout(PATIENCE_MILLISECONDS)
    watch(context, desk.url, complaints)
    yield context.new_page()
    context.close()
