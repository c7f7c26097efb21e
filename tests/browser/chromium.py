"""The Chromium that is installed, without a window, and with nothing but loopback within its reach."""

import contextlib
import shutil
from typing import Iterator

from playwright.sync_api import Browser, sync_playwright

# Besides what Playwright gives itself, such as --disable-background-networking and --disable-sync.
# The rule lets no name be looked up and no other address be reached, whoever asks for it: a page or
# Chromium's own services.
FLAGS = ["--disable-gpu", "--disable-quic", "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1"]


class NoChromium(Exception):
    """Chromium is not installed. The message tells how to get it."""


@contextlib.contextmanager
def running() -> Iterator[Browser]:
    """Start Chromium, and stop it afterwards."""
    # Playwright's own builds would have to be downloaded from its makers.
    program = shutil.which("chromium")
    if program is None:
        raise NoChromium("no `chromium` on the PATH; on Debian: apt-get install chromium fonts-dejavu-core")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS, chromium_sandbox=False)
        yield browser
        browser.close()
