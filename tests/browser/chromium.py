"""The installed Chromium, headless and without access to any host but loopback."""

from __future__ import annotations

import contextlib
import shutil
from typing import Iterator

from playwright.sync_api import Browser, sync_playwright

# In addition to Playwright's own, such as --disable-background-networking and --disable-sync. The resolver
# rule blocks every other host for pages and for Chromium's own services.
FLAGS = ["--disable-gpu", "--disable-quic", "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1"]


class NoChromium(Exception):
    """Chromium is not installed; the message says how to install it."""


@contextlib.contextmanager
def running() -> Iterator[Browser]:
    """Run Chromium within the context."""
    # Not Playwright's own build, which would have to be downloaded.
    program = shutil.which("chromium")
    if program is None:
        raise NoChromium("no `chromium` on the PATH; on Debian: apt-get install chromium fonts-dejavu-core")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS, chromium_sandbox=False)
        yield browser
        browser.close()
