"""The two JSON contracts that never change: the short routes of docs/api.md.

Responses with status 503 are tested in tests/pages and tests/test_requests.py.
"""

from __future__ import annotations

import json

import pytest
from flask import Flask
from flask.testing import FlaskClient

CONTRACT = [
    ("/index", 200, {"index": 165.08}),
    ("/index?year=1988", 200, {"index": 226.44}),
    ("/index?year=1996", 200, {"index": 187.81}),
    ("/index?year=2004", 200, {"index": 165.08}),
    ("/index?year=2013", 200, {"index": 140.3}),
    ("/index?year=2025", 200, {"index": 103.49}),
    ("/index?year=2020", 400, {"detail": "WRONG_YEAR"}),
    ("/index?year=abc", 400, {"detail": "WRONG_YEAR"}),
    ("/index?year=", 400, {"detail": "WRONG_YEAR"}),
    ("/zipcode/9000", 200, {"risk_factor": "B"}),
    ("/zipcode/9170", 200, {"risk_factor": "A"}),
    ("/zipcode/9200", 200, {"risk_factor": "A"}),
    ("/zipcode/9240", 200, {"risk_factor": "A"}),
    ("/zipcode/999", 400, {"detail": "ZIPCODE_NOT_VALID"}),
    ("/zipcode/10000", 400, {"detail": "ZIPCODE_NOT_VALID"}),
    ("/zipcode/abc", 400, {"detail": "ZIPCODE_NOT_VALID"}),
    ("/zipcode/-1", 400, {"detail": "ZIPCODE_NOT_VALID"}),
    ("/zipcode/1311", 404, {"detail": "ZIPCODE_NOT_FOUND"}),
]


def assert_contract(client: FlaskClient, path: str, status: int, body: object) -> None:
    response = client.get(path)
    text = json.dumps(body, separators=(",", ":")) + "\n"
    assert (response.status_code, response.data) == (status, text.encode()), path
    assert response.content_type == "application/json"


@pytest.mark.parametrize(("path", "status", "body"), CONTRACT)
def test_contract(reader: FlaskClient, path: str, status: int, body: object) -> None:
    assert_contract(reader, path, status, body)


def test_contract_on_postgresql(postgresql_app: Flask) -> None:
    for path, status, body in CONTRACT:
        assert_contract(postgresql_app.test_client(), path, status, body)
