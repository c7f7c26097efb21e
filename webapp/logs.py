"""Logging to standard error."""

from __future__ import annotations

import logging


def configure(level: str) -> None:
    """Set the log level of the application; libraries only log warnings."""
    logging.basicConfig(format="[%(asctime)s] [%(process)d] [%(levelname)s] %(name)s: %(message)s")
    logging.getLogger("webapp").setLevel(level.upper())
    # urllib3 warns of each retry; the refresh logs the outcome once.
    logging.getLogger("urllib3").setLevel(logging.ERROR)
