"""The pages of the desk, each as it may be found: empty, answered, and with what went wrong."""

from urllib.parse import urlencode

CALCULATION = "/indexation?" + urlencode({"amount": "1.250,50", "year": "2013", "from": "01/2020"})

ADDRESSES = {
    "lookup": "/",
    "answer": "/?zipcode=9000&year=2013",
    "several places": "/?zipcode=antwerpen",
    "no place": "/?zipcode=gentt&year=2020",
    "unused zipcode": "/?zipcode=1001",
    "zipcode": "/zipcode/9000",
    "index": "/index",
    "all months": "/index?year=2025&period=all",
    "indexation": "/indexation",
    "calculation": CALCULATION,
    "wrong calculation": "/indexation?amount=1,250&from=1990&to=x",
    "list": "/list",
    "about": "/about",
    "api": "/api/v1/",
    "nowhere": "/nowhere",
}

LANGUAGES = ("nl", "fr", "de", "en")


def in_language(address: str, language: str) -> str:
    return f"{address}{'&' if '?' in address else '?'}lang={language}"
