"""Logging to standard error."""

from __future__ import annotations

import logging


def configure(level: str) -> None:
    """Set the log level of the application; libraries log warnings only."""
    logging.basicConfig(format="[%(asctime)s] [%(process)d] [%(levelname)s] %(name)s: %(message)s")
    logging.getLogger("webapp").setLevel(level.upper())
    # It logs each retry as a warning; the refresh logs the outcome once.
    logging.getLogger("urllib3").setLevel(logging.ERROR)
