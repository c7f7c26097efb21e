"""Sample responses, recorded from the application on its seed; a test compares them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Dict, TypedDict, cast

FILE = Path(__file__).with_name("samples.json")


class Sample(TypedDict):
    """The beginning of a response, and the number of lines left out after it."""

    media_type: str
    lines: list[str]
    more_lines: int


def load() -> dict[str, Sample]:
    """Return the samples by command, with {server} for the URL of the service."""
    loaded: Any = json.loads(FILE.read_text(encoding="utf-8"))
    return cast(Dict[str, Sample], loaded)
