"""Options in the query of a URL."""

from __future__ import annotations

import re
from typing import Mapping

from webapp.config.checks import close_match
from webapp.config.errors import ConfigurationError

# Patterns of values.
WHOLE = "[0-9]{1,9}"
DECIMAL = r"[0-9]{1,9}(\.[0-9]{1,9})?"
YES_OR_NO = "(?i:true|false|yes|no|1|0)"
TEXT = ".+"


def check_option(setting: str, name: str, value: str, known: Mapping[str, str]) -> None:
    """Raise ConfigurationError unless an option is known, and matches its pattern."""
    if name not in known:
        hint = close_match(name, known) or f"Known are {', '.join(sorted(known))}."
        raise ConfigurationError(f"{setting} has the unknown option {name[:40]!r}. {hint}")
    if not re.fullmatch(known[name], value):  # without the value, which may be a password
        raise ConfigurationError(f"{setting} has an invalid value for the option {name}.")
