"""Requests of tests of `/api/v1/health-index`."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from flask.testing import FlaskClient

ROOT = "/api/v1/health-index"


def get(client: FlaskClient, query: dict[str, str], path: str = "") -> Any:
    response = client.get(f"{ROOT}{path}", query_string=query)
    assert response.status_code == 200
    return response.json


def problem(client: FlaskClient, path: str, query: dict[str, str]) -> tuple[int, str, dict[str, list[str]]]:
    """Return the status, the code and the messages by parameter."""
    response = client.get(f"{ROOT}{path}", query_string=query)
    body = response.json
    assert body is not None
    return response.status_code, body["code"], body["errors"]


def at(day: str, time: str = "12:00:00") -> datetime:
    """Return an instant in UTC."""
    return datetime.strptime(f"{day} {time}", "%Y-%m-%d %H:%M:%S").replace(tzinfo=timezone.utc)


def published(month: str, value: float, smoothed: float | None) -> dict[str, Any]:
    """Return the entry of a published value."""
    return {
        "month": month,
        "value": value,
        "smoothed": smoothed,
        "status": "published",
        "coefficient": None,
        "coefficient_source": None,
    }
