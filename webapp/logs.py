"""Where the log goes: to standard error, as the container's operator expects it."""

from __future__ import annotations

import logging


def configure(level: str) -> None:
    """Log the application at `level`, and of the libraries only what asks for attention."""
    logging.basicConfig(format="[%(asctime)s] [%(process)d] [%(levelname)s] %(name)s: %(message)s")
    logging.getLogger("webapp").setLevel(level.upper())
    # Each retry would be a line of its own; the outcome is logged once, by the service.
    logging.getLogger("urllib3").setLevel(logging.ERROR)
