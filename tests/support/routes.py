"""Requests to every route, successful and failing."""

from __future__ import annotations

from typing import Any, Iterable, Mapping, NamedTuple

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.exceptions import HTTPException

LOOKUP = "/api/v1/zipcodes/lookup"


class Case(NamedTuple):
    """A request and its status.

    Attributes:
        unavailable: status before the first snapshot, unless it follows from `status`.
        in_text: status as plain text, if it differs.
        options: arguments of the test client.
    """

    url: str
    status: int = 200
    unavailable: int | None = None
    in_text: int | None = None
    method: str = "GET"
    options: Mapping[str, Any] = {}

    def status_in(self, representation: str) -> int:
        return (self.in_text if representation == "text" else None) or self.status

    def status_before_snapshot(self, representation: str) -> int:
        """Status before the first snapshot: invalid input stays 400, everything else is 503."""
        is_text = representation == "text" and self.in_text is not None
        status = self.status_in(representation)
        return (not is_text and self.unavailable) or (status if status == 400 else 503)


def _csv(body: bytes) -> Mapping[str, Any]:
    return {"data": body, "content_type": "text/csv"}


def _form(**fields: str) -> Mapping[str, Any]:
    return {"data": fields, "content_type": "multipart/form-data"}


PLAIN = {"data": b"x", "content_type": "text/plain"}


# By rule; a test fails until a new route is listed.
CASES: Mapping[str, Iterable[Case]] = {
    "/": [
        Case("/", unavailable=200),
        Case("/?zipcode=9000&year=2013"),
        Case("/?zipcode=antwerpen"),
        Case("/?zipcode=9001"),
        Case("/?zipcode=1311", 404),
        Case("/?zipcode=gentt", 404),
        Case("/?zipcode=999", 400),
        Case("/?zipcode=&year=x", 400),
        Case("/?year=2020", 400),
        Case("/?zipcode=9000&on=2026-03-15"),
        Case("/?zipcode=9000&on=x", 400),
    ],
    "/about": [Case("/about")],
    "/healthz": [Case("/healthz", unavailable=200)],
    "/readyz": [Case("/readyz")],
    "/index": [
        Case("/index"),
        Case("/index?year=2013&period=all"),
        Case("/index?year=2020", 400),
        Case("/index?year=", 400),
        Case("/index?year=2013&format=text"),
        Case("/index?year=2020&format=text", 400),
    ],
    "/index.csv": [
        Case("/index.csv?year=2025&period=1"),
        Case("/index.csv?period=7", 400, unavailable=503),
        Case("/index.csv?year=x", 400),
    ],
    "/index.atom": [
        Case("/index.atom"),
        Case("/index.atom?period=7", 400, unavailable=503),
    ],
    "/index.ics": [
        Case("/index.ics?period=1"),
        Case("/index.ics?period=7", 400, unavailable=503),
    ],
    "/index/<month>": [
        Case("/index/2020-01"),
        Case("/index/2020-01?year=2013&format=text"),
        Case("/index/2026-08", in_text=404),
        Case("/index/1993-12", 404),
        Case("/index/2020-13", 400),
        Case("/index/2020-01?year=2020", 400),
    ],
    "/indexation": [
        Case("/indexation", unavailable=200, in_text=400),
        Case("/indexation?amount=1250,50&year=2013&from=01/2020"),
        Case("/indexation?amount=1250,50&year=2013&from=01/2020&to=12/2025"),
        Case("/indexation?amount=1250&year=2013&from=01/1990", 404),
        Case("/indexation?amount=x&year=x&from=x&to=x", 400),
        Case("/indexation?amount=1250,50&year=2013&from=01/2020&format=text"),
        Case("/indexation?format=text", 400),
    ],
    "/indexation/letter": [
        Case("/indexation/letter?amount=1250,50&year=2013&from=01/2020"),
        Case("/indexation/letter?amount=1250&year=2013&from=01/1990", 404),
        Case("/indexation/letter", 400),
    ],
    "/list": [
        Case("/list", unavailable=200),
        Case("/list", method="POST", options=_form(zipcodes="9000 12")),
        Case("/list", method="POST", options=_form(zipcodes="9000", action="download")),
        Case("/list", 400, method="POST", options=_form(zipcodes="")),
        Case("/list", 400, method="POST", options=PLAIN),
    ],
    "/risk-tables": [Case("/risk-tables")],
    "/risk-tables/<int:table_id>": [
        Case("/risk-tables/1"),
        Case("/risk-tables/7", 404),
    ],
    "/zipcode/<zipcode>": [
        Case("/zipcode/9000"),
        Case("/zipcode/9001"),
        Case("/zipcode/1311", 404),
        Case("/zipcode/999", 400),
        Case("/zipcode/gentt", 400),
        Case("/zipcode/9000?format=text"),
        Case("/zipcode/1311?format=text", 404),
        Case("/zipcode/9000?on=2026-03-15"),
        Case("/zipcode/9000?on=2026-02-30", 400),
    ],
    "/static/<path:filename>": [
        Case("/static/style.css", unavailable=200),
        Case("/static/nothing.css", 404, unavailable=404),
    ],
    "/favicon.ico": [Case("/favicon.ico", unavailable=200)],
    "/robots.txt": [Case("/robots.txt", unavailable=200)],
    "/api/v1/": [Case("/api/v1/", unavailable=200)],
    "/api/v1/openapi.json": [Case("/api/v1/openapi.json", unavailable=200)],
    "/api/v1/health-index": [
        Case("/api/v1/health-index?base=2013"),
        Case("/api/v1/health-index?base=2020", 400),
        Case("/api/v1/health-index?year=2013", 400),
    ],
    "/api/v1/health-index/<month>": [
        Case("/api/v1/health-index/2020-01"),
        Case("/api/v1/health-index/1993-12", 404),
        Case("/api/v1/health-index/2020", 400),
    ],
    "/api/v1/health-index/<base>/<month>": [
        Case("/api/v1/health-index/2013/2020-01"),
        Case("/api/v1/health-index/2013/1993-12", 404),
        Case("/api/v1/health-index/2020/2020-13", 400),
    ],
    "/api/v1/health-index/base-years": [
        Case("/api/v1/health-index/base-years"),
        Case("/api/v1/health-index/base-years?x=1", 400),
    ],
    "/api/v1/health-index/series": [
        Case("/api/v1/health-index/series?base=2013&from=2025-01"),
        Case("/api/v1/health-index/series?base=2013&format=csv"),
        Case("/api/v1/health-index/series?base=2013&to=x", 400),
    ],
    "/api/v1/indexation": [
        Case("/api/v1/indexation?amount=1250.50&base=2013&from=2020-01"),
        Case("/api/v1/indexation?amount=1250.50&base=2013&from=1990-01", 404),
        Case("/api/v1/indexation?amount=1.250&base=2013&from=2020-01", 400),
    ],
    "/api/v1/zipcodes": [
        Case("/api/v1/zipcodes?q=gen&limit=3"),
        Case("/api/v1/zipcodes?q=zzz"),
        Case("/api/v1/zipcodes?risk_factor=A&cursor=4000"),
        Case("/api/v1/zipcodes?risk_factor=A&on=2026-03-15"),
        Case("/api/v1/zipcodes", 400),
    ],
    "/api/v1/zipcodes/<zipcode>": [
        Case("/api/v1/zipcodes/9000"),
        Case("/api/v1/zipcodes/1311", 404),
        Case("/api/v1/zipcodes/999", 400),
        Case("/api/v1/zipcodes/9000?on=2026-03-15"),
        Case("/api/v1/zipcodes/9000?on=x", 400),
    ],
    "/api/v1/risk-tables": [Case("/api/v1/risk-tables"), Case("/api/v1/risk-tables?x=1", 400)],
    "/api/v1/risk-tables/<id>": [
        Case("/api/v1/risk-tables/1?limit=2"),
        Case("/api/v1/risk-tables/1?format=csv"),
        Case("/api/v1/risk-tables/7", 404),
        Case("/api/v1/risk-tables/x", 400),
    ],
    "/api/v1/risk-tables/<id>/diff": [
        Case("/api/v1/risk-tables/1/diff"),
        Case("/api/v1/risk-tables/1/diff?against=7", 404),
        Case("/api/v1/risk-tables/1/diff?against=", 400),
    ],
    LOOKUP: [
        Case(LOOKUP, method="POST", options={"json": {"zipcodes": ["9000", "1311"]}}),
        Case(LOOKUP, method="POST", options=_csv(b"zipcode\n9000\n")),
        Case(LOOKUP, 400, method="POST", options={"json": {"zipcodes": "9000"}}),
        Case(LOOKUP, 400, unavailable=503, method="POST", options=_csv(b"")),
        Case(LOOKUP, 415, unavailable=415, method="POST", options=PLAIN),
    ],
}

# Errors of the router.
UNROUTED = [
    Case("/nowhere", 404, unavailable=404),
    Case("/api/v1/nowhere", 404, unavailable=404),
    Case("/zipcode//9000", 404, unavailable=404),
    Case("/index", 405, unavailable=405, method="POST"),
    Case("/api/v1/zipcodes", 405, unavailable=405, method="DELETE"),
    Case("/list", 200, unavailable=200, method="OPTIONS"),
]

REPRESENTATIONS = {
    "any": {},
    "page": {"Accept": "text/html"},
    "csv": {"Accept": "text/csv"},
    "text": {"Accept": "text/plain"},
}


def all_cases() -> list[Case]:
    """Return all cases, each GET also as HEAD."""
    cases = [case for found in CASES.values() for case in found] + UNROUTED
    return cases + [case._replace(method="HEAD") for case in cases if case.method == "GET"]


def send(client: FlaskClient, case: Case, headers: Mapping[str, str]) -> int:
    """Send a request, read the whole response, and return the status."""
    with client.open(case.url, method=case.method, headers=headers, **case.options) as response:
        _body = response.data
    return response.status_code


def rule_of(app: Flask, case: Case) -> str | None:
    """Return the rule of a request."""
    try:
        rule, _arguments = app.url_map.bind("localhost").match(
            case.url.partition("?")[0], case.method, return_rule=True
        )
    except HTTPException:
        return None
    return str(rule.rule)
