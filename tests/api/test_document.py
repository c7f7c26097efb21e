"""The OpenAPI document and its page: both are complete, and their examples work."""

from __future__ import annotations

import html
import re
import shlex
from typing import Any, Tuple

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from webapp.errors import codes

PAGE = {"Accept": "text/html"}
DOCUMENT = "/api/v1/openapi.json"

# Routes that the document leaves out.
UNDOCUMENTED = {"/api/v1/", DOCUMENT}

Route = Tuple[str, str]


def document(client: FlaskClient) -> Any:
    return client.get(DOCUMENT).json


def routes(app: Flask) -> set[Route]:
    """Return method and path of every route of the API, in the notation of the document."""
    found = set()
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/api/v1/") and rule.rule not in UNDOCUMENTED:
            path = re.sub(r"<(?:[^<>]*:)?([^<>]+)>", r"{\1}", rule.rule)
            found |= {(method, path) for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}}
    return found


def sections(page: str) -> list[tuple[str, str, str]]:
    """Return method, path and HTML of each route on the page."""
    found = re.findall(r"<h3><code>([A-Z]+) (.+?)</code></h3>(.*?)</section>", page, re.DOTALL)
    return [(method, html.unescape(path), html.unescape(rest)) for method, path, rest in found]


# The document


def test_document_is_valid_openapi(reader: FlaskClient) -> None:
    validator = pytest.importorskip("openapi_spec_validator", reason="needs Python 3.10")
    validator.validate(document(reader))


def test_document_has_every_route_and_no_other(reader: FlaskClient, shared_app: Flask) -> None:
    documented = {
        (method.upper(), path)
        for path, methods in document(reader)["paths"].items()
        for method in methods
        if method != "parameters"
    }
    assert documented == routes(shared_app)
    assert ("GET", "/api/v1/health-index/{base}/{month}") in documented


def test_every_route_has_summary_tags_examples_and_described_parameters(reader: FlaskClient) -> None:
    for methods in document(reader)["paths"].values():
        for operation in (found for method, found in methods.items() if method != "parameters"):
            assert operation["summary"]
            assert operation["tags"]
            assert operation["x-codeSamples"]
            assert all(parameter["description"] for parameter in operation.get("parameters", []))


def test_route_documents_its_errors(reader: FlaskClient) -> None:
    month = document(reader)["paths"]["/api/v1/health-index/{base}/{month}"]["get"]["responses"]
    assert {
        status: re.findall("[A-Z_]{6,}", response["description"]) for status, response in month.items()
    } == {
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


def test_series_is_documented_as_json_and_csv(reader: FlaskClient) -> None:
    series = document(reader)["paths"]["/api/v1/health-index/series"]["get"]["responses"]["200"]
    assert set(series["content"]) == {"application/json", "text/csv"}


def test_root_returns_the_document_unless_html_is_accepted(reader: FlaskClient) -> None:
    response = reader.get("/api/v1/")
    assert response.content_type == "application/json"
    assert response.json == document(reader)


def test_document_is_json_whatever_the_accept_header(reader: FlaskClient) -> None:
    assert reader.get(DOCUMENT, headers=PAGE).content_type == "application/json"


# The page


def test_page_shows_every_route_once(reader: FlaskClient, shared_app: Flask) -> None:
    response = reader.get("/api/v1/", headers=PAGE)
    assert response.content_type == "text/html; charset=utf-8"
    found = [(method, path) for method, path, _rest in sections(response.text)]
    assert sorted(found) == sorted(routes(shared_app))


def test_page_shows_every_parameter(reader: FlaskClient) -> None:
    shown = {
        (method, path): rest for method, path, rest in sections(reader.get("/api/v1/", headers=PAGE).text)
    }
    rest = shown["GET", "/api/v1/indexation"]
    for name in ("amount", "base", "from", "to"):
        assert f"<dt><code>{name}</code></dt>" in rest
    assert len(re.findall(r"Required\.", rest)) == 3


def run(client: FlaskClient, command: str) -> TestResponse:
    """Send the request of a command on the page: curl, or printf piped into curl."""
    *piped, curl = html.unescape(command).split(" | ")
    words = shlex.split(curl)
    url = words[-1].replace("http://localhost", "")
    if "-H" not in words:
        assert words[:-1] == ["curl", "-s"]
        return client.get(url)
    name, value = words[words.index("-H") + 1].split(": ")
    data = shlex.split(piped[0])[1].replace("\\n", "\n") if piped else words[words.index("-d") + 1]
    return client.post(url, data=data, headers={name: value})


def test_every_example_of_the_page_works(reader: FlaskClient, shared_app: Flask) -> None:
    page = reader.get("/api/v1/", headers=PAGE).text
    routes_with_examples = set()
    for method, path, rest in sections(page):
        for command in re.findall("<pre tabindex=.0.><code>(.*?)</code></pre>", rest):
            routes_with_examples |= {(method, path)}
            response = run(reader, command)
            assert (response.status_code, bool(response.data)) == (200, True), command
    assert routes_with_examples == routes(shared_app)


def test_page_has_examples_of_json_and_csv_requests(reader: FlaskClient) -> None:
    page = reader.get("/api/v1/", headers=PAGE).text
    commands = [command for command in re.findall("<code>(.*?)</code></pre>", page) if "lookup" in command]
    media_types = [run(reader, command).mimetype for command in commands]
    assert media_types == ["application/json", "text/csv"]


def test_every_api_link_of_the_page_works(reader: FlaskClient) -> None:
    links = re.findall(r'href="(/api/[^"]*)"', reader.get("/api/v1/", headers=PAGE).text)
    assert DOCUMENT in links
    assert {link: reader.get(html.unescape(link)).status_code for link in links} == dict.fromkeys(links, 200)


def test_examples_have_the_host_of_the_page(reader: FlaskClient) -> None:
    page = reader.get("/api/v1/", headers=PAGE, base_url="https://desk.example:8443").text
    assert "curl -s &#39;https://desk.example:8443/api/v1/health-index?base=2013&#39;" in page


def test_page_explains_every_code(reader: FlaskClient) -> None:
    page = reader.get("/api/v1/", headers=PAGE).text
    expected = [(entry.code, entry.status) for entry in codes()]
    explained = re.findall(
        r'<tr id="([A-Z_]+)"><td>(\d+)</td><td><code>([A-Z_]+)</code></td><td>[^<]+</td></tr>', page
    )
    assert sorted((anchor, int(status)) for anchor, status, _code in explained) == sorted(expected)
    assert all(anchor == code for anchor, _status, code in explained)


def test_type_of_a_problem_links_to_its_explanation(reader: FlaskClient) -> None:
    problem = reader.get("/api/v1/health-index/2013/1993-12").json
    assert problem is not None
    url, _, anchor = problem["type"].partition("#")
    page = reader.get(url, headers=PAGE)
    assert (page.status_code, page.text.count(f'id="{anchor}"')) == (200, 1)


# Caching


@pytest.mark.parametrize(
    ("path", "accept"), [(DOCUMENT, "*/*"), ("/api/v1/", "*/*"), ("/api/v1/", "text/html")]
)
def test_document_and_page_are_cacheable(reader: FlaskClient, path: str, accept: str) -> None:
    first = reader.get(path, headers={"Accept": accept})
    assert first.headers["Cache-Control"] == "public, max-age=60, stale-while-revalidate=60"
    page = accept == "text/html"
    languages = ["Accept-Language", "Cookie"] if page else []
    assert first.headers["Vary"].split(", ") == ["Accept", *languages, "Accept-Encoding"]
    assert first.headers["Access-Control-Allow-Origin"] == "*"
    for name, header in (("If-None-Match", "ETag"), ("If-Modified-Since", "Last-Modified")):
        again = reader.get(path, headers={"Accept": accept, name: first.headers[header]})
        assert (again.status_code, again.data) == (304, b"")


def test_page_and_document_have_different_etags(reader: FlaskClient) -> None:
    page, plain = reader.get("/api/v1/", headers=PAGE), reader.get("/api/v1/")
    assert page.headers["ETag"] != plain.headers["ETag"]
