"""Clients of an app with a rate limit."""

from __future__ import annotations

from typing import Callable

from flask import Flask
from flask.testing import FlaskClient

from webapp.config import Settings

MakeApp = Callable[[Settings], Flask]
Limited = Callable[..., FlaskClient]


def statuses(client: FlaskClient, path: str, count: int, **headers: str) -> list[int]:
    return [client.get(path, headers=headers, buffered=True).status_code for _ in range(count)]
