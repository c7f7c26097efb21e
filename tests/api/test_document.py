"""The OpenAPI document and the page that shows it: both complete, and what they show works."""

import html
import re
import shlex
from typing import Any, List, Set, Tuple

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from webapp.errors import codes

PAGE = {"Accept": "text/html"}
DOCUMENT = "/api/v1/openapi.json"

# The document's own two routes are not in it.
OWN = {"/api/v1/", DOCUMENT}

Route = Tuple[str, str]


def document(client: FlaskClient) -> Any:
    return client.get(DOCUMENT).json


def routes(app: Flask) -> Set[Route]:
    """Method and path of every route of the API, as the document writes them."""
    found = set()
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/api/v1/") and rule.rule not in OWN:
            path = re.sub(r"<(?:[^<>]*:)?([^<>]+)>", r"{\1}", rule.rule)
            found |= {(method, path) for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}}
    return found


def sections(page: str) -> List[Tuple[str, str, str]]:
    """Method, path and the rest of each route on the page."""
    found = re.findall(r"<h3><code>([A-Z]+) (.+?)</code></h3>(.*?)</section>", page, re.DOTALL)
    return [(method, html.unescape(path), html.unescape(rest)) for method, path, rest in found]


# For programs


def test_the_document_is_valid_openapi(reader: FlaskClient) -> None:
    validator = pytest.importorskip("openapi_spec_validator", reason="it is for Python 3.10 and later")
    validator.validate(document(reader))


def test_the_document_names_every_route_and_no_other(reader: FlaskClient, shared_app: Flask) -> None:
    named = {
        (method.upper(), path)
        for path, methods in document(reader)["paths"].items()
        for method in methods
        if method != "parameters"
    }
    assert named == routes(shared_app)
    assert ("GET", "/api/v1/health-index/{base}/{month}") in named


def test_every_route_says_what_it_is_for_and_how_to_ask(reader: FlaskClient) -> None:
    for methods in document(reader)["paths"].values():
        for operation in (found for method, found in methods.items() if method != "parameters"):
            assert operation["summary"]
            assert operation["tags"]
            assert operation["x-codeSamples"]
            assert all(parameter["description"] for parameter in operation.get("parameters", []))


def test_every_route_says_which_errors_there_are(reader: FlaskClient) -> None:
    month = document(reader)["paths"]["/api/v1/health-index/{base}/{month}"]["get"]["responses"]
    assert {status: re.findall("[A-Z_]{6,}", about["description"]) for status, about in month.items()} == {
        "200": [],
        "304": [],
        "400": ["MONTH_NOT_VALID", "NOT_VALID", "WRONG_YEAR"],
        "404": ["MONTH_NOT_FOUND"],
        "413": ["TOO_LARGE"],
        "429": ["RATE_LIMITED"],
        "500": ["INTERNAL_ERROR"],
        "503": ["DATABASE_UNAVAILABLE", "INDEX_UNAVAILABLE"],
    }
    for status in set(month) - {"200", "304"}:
        assert list(month[status]["content"]) == ["application/problem+json"]


def test_a_series_is_documented_as_json_and_csv(reader: FlaskClient) -> None:
    series = document(reader)["paths"]["/api/v1/health-index/series"]["get"]["responses"]["200"]
    assert set(series["content"]) == {"application/json", "text/csv"}


@pytest.mark.parametrize("accept", ["*/*", "application/json", "image/png"])
def test_a_program_gets_the_document_from_the_page_as_well(reader: FlaskClient, accept: str) -> None:
    response = reader.get("/api/v1/", headers={"Accept": accept})
    assert response.content_type == "application/json"
    assert response.json == document(reader)


def test_the_document_is_json_whatever_is_accepted(reader: FlaskClient) -> None:
    assert reader.get(DOCUMENT, headers=PAGE).content_type == "application/json"


# For people


def test_the_page_shows_every_route_once(reader: FlaskClient, shared_app: Flask) -> None:
    response = reader.get("/api/v1/", headers=PAGE)
    assert response.content_type == "text/html; charset=utf-8"
    found = [(method, path) for method, path, _rest in sections(response.text)]
    assert sorted(found) == sorted(routes(shared_app))


def test_the_page_names_every_parameter(reader: FlaskClient) -> None:
    shown = {
        (method, path): rest for method, path, rest in sections(reader.get("/api/v1/", headers=PAGE).text)
    }
    rest = shown["GET", "/api/v1/indexation"]
    for name in ("amount", "base", "from", "to"):
        assert f"<dt><code>{name}</code></dt>" in rest
    assert len(re.findall(r"Required\.", rest)) == 3


def answer_to(client: FlaskClient, command: str) -> TestResponse:
    """What a command answers that the page shows: curl, or printf into curl."""
    *piped, curl = html.unescape(command).split(" | ")
    words = shlex.split(curl)
    address = words[-1].replace("http://localhost", "")
    if "-H" not in words:
        assert words[:-1] == ["curl", "-s"]
        return client.get(address)
    name, value = words[words.index("-H") + 1].split(": ")
    data = shlex.split(piped[0])[1].replace("\\n", "\n") if piped else words[words.index("-d") + 1]
    return client.post(address, data=data, headers={name: value})


def test_what_the_page_shows_works(reader: FlaskClient, shared_app: Flask) -> None:
    page = reader.get("/api/v1/", headers=PAGE).text
    asked = set()
    for method, path, rest in sections(page):
        for command in re.findall("<pre tabindex=.0.><code>(.*?)</code></pre>", rest):
            asked |= {(method, path)}
            answer = answer_to(reader, command)
            assert (answer.status_code, bool(answer.data)) == (200, True), command
    assert asked == routes(shared_app)


def test_both_kinds_of_content_are_shown(reader: FlaskClient) -> None:
    page = reader.get("/api/v1/", headers=PAGE).text
    commands = [command for command in re.findall("<code>(.*?)</code></pre>", page) if "lookup" in command]
    answers = [answer_to(reader, command).mimetype for command in commands]
    assert answers == ["application/json", "text/csv"]


def test_every_link_of_the_page_into_the_api_works(reader: FlaskClient) -> None:
    links = re.findall(r'href="(/api/[^"]*)"', reader.get("/api/v1/", headers=PAGE).text)
    assert DOCUMENT in links
    assert {link: reader.get(html.unescape(link)).status_code for link in links} == dict.fromkeys(links, 200)


def test_the_page_shows_its_own_address(reader: FlaskClient) -> None:
    page = reader.get("/api/v1/", headers=PAGE, base_url="https://desk.example:8443").text
    assert "curl -s &#39;https://desk.example:8443/api/v1/health-index?base=2013&#39;" in page


def test_the_page_explains_every_code_where_problems_point(reader: FlaskClient) -> None:
    page = reader.get("/api/v1/", headers=PAGE).text
    expected = [(entry.code, entry.status) for entry in codes()]
    explained = re.findall(
        r'<tr id="([A-Z_]+)"><td>(\d+)</td><td><code>([A-Z_]+)</code></td><td>[^<]+</td></tr>', page
    )
    assert sorted((anchor, int(status)) for anchor, status, _code in explained) == sorted(expected)
    assert all(anchor == code for anchor, _status, code in explained)


@pytest.mark.parametrize(
    "path", ["/api/v1/nowhere", "/api/v1/health-index", "/api/v1/health-index/2013/1993-12"]
)
def test_the_type_of_a_problem_leads_to_its_explanation(reader: FlaskClient, path: str) -> None:
    problem = reader.get(path).json
    assert problem is not None
    address, _, anchor = problem["type"].partition("#")
    page = reader.get(address, headers=PAGE)
    assert (page.status_code, page.text.count(f'id="{anchor}"')) == (200, 1)


# How both are kept


@pytest.mark.parametrize(
    ("path", "accept"), [(DOCUMENT, "*/*"), ("/api/v1/", "*/*"), ("/api/v1/", "text/html")]
)
def test_document_and_page_may_be_kept_and_asked_for_again(
    reader: FlaskClient, path: str, accept: str
) -> None:
    first = reader.get(path, headers={"Accept": accept})
    assert first.headers["Cache-Control"] == "public, max-age=60, stale-while-revalidate=60"
    page = accept == "text/html"
    assert first.headers["Vary"] == ("Accept, Accept-Language, Cookie" if page else "Accept")
    assert first.headers["Access-Control-Allow-Origin"] == "*"
    for name, known in (("If-None-Match", "ETag"), ("If-Modified-Since", "Last-Modified")):
        again = reader.get(path, headers={"Accept": accept, name: first.headers[known]})
        assert (again.status_code, again.data) == (304, b"")


def test_page_and_document_have_different_tags(reader: FlaskClient) -> None:
    page, plain = reader.get("/api/v1/", headers=PAGE), reader.get("/api/v1/")
    assert page.headers["ETag"] != plain.headers["ETag"]
