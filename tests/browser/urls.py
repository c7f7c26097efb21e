"""The pages of the service in each of their states: empty, with results and with errors."""

from __future__ import annotations

from urllib.parse import urlencode

CALCULATION = "/indexation?" + urlencode({"amount": "1.250,50", "year": "2013", "from": "01/2020"})

URLS = {
    "lookup": "/",
    "results": "/?zipcode=9000&year=2013",
    "several places": "/?zipcode=antwerpen",
    "no place": "/?zipcode=gentt&year=2020",
    "unused zipcode": "/?zipcode=1001",
    "zipcode": "/zipcode/9000",
    "index": "/index",
    "all months": "/index?year=2025&period=all",
    "indexation": "/indexation",
    "calculation": CALCULATION,
    "invalid calculation": "/indexation?amount=1,250&from=1990&to=x",
    "list": "/list",
    "risk tables": "/risk-tables",
    "risk table": "/risk-tables/1",
    "about": "/about",
    "api": "/api/v1/",
    "not found": "/nowhere",
}

LANGUAGES = ("nl", "fr", "de", "en")


def in_language(url: str, language: str) -> str:
    return f"{url}{'&' if '?' in url else '?'}lang={language}"
