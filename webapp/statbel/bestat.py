"""Parser of a be.STAT view, the first source."""

from __future__ import annotations

import json
from decimal import Decimal, InvalidOperation
from typing import Any

from webapp.statbel.parsing import Columns, ParsedResponse, UpstreamError, parse


def read_bestat(body: bytes) -> ParsedResponse:
    """Parse the JSON of a view. Raises UpstreamError."""
    facts = _facts(body)
    # In the order of their first row.
    names = dict.fromkeys(name for row in facts if isinstance(row, dict) for name in row)
    return parse(((f"row {number}", row) for number, row in enumerate(facts, 1)), Columns.among(names))


def _facts(body: bytes) -> list[Any]:
    if not body.strip():
        raise UpstreamError("empty response")
    try:
        # Values have float noise, such as 119.59000000000043.
        document = json.loads(_decode(body), parse_float=_number, parse_int=_number, parse_constant=_number)
    except (ValueError, RecursionError):
        raise UpstreamError("response is not JSON") from None
    facts = document.get("facts") if isinstance(document, dict) else None
    if not isinstance(facts, list) or not any(isinstance(row, dict) for row in facts):
        raise UpstreamError("no list of facts in the response")
    return facts


def _decode(body: bytes) -> str:
    """Decode UTF-8, UTF-16 or Latin-1."""
    try:
        return body.decode(json.detect_encoding(body))
    except UnicodeDecodeError:
        return body.decode("latin-1")


def _number(text: str) -> Decimal:
    """Parse a number; NaN if out of Decimal's range."""
    try:
        return Decimal(text)
    except InvalidOperation:
        return Decimal("NaN")
