"""One address, two representations: which one a caller gets, and how it may be kept."""

from typing import Dict

import pytest
from flask.testing import FlaskClient

FIREFOX = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"

NEGOTIATIONS = [
    ({}, "", "application/json"),
    ({"Accept": "*/*"}, "", "application/json"),
    ({"Accept": "application/json"}, "", "application/json"),
    ({"Accept": "text/html"}, "", "text/html; charset=utf-8"),
    ({"Accept": FIREFOX}, "", "text/html; charset=utf-8"),
    ({"Accept": "text/html;q=0.5, application/json"}, "", "application/json"),
    ({"Accept": "image/png"}, "", "application/json"),
    ({"Accept": ";;nonsense"}, "", "application/json"),
    ({"Accept": FIREFOX}, "format=json", "application/json"),
    ({"Accept": "application/json"}, "format=html", "text/html; charset=utf-8"),
    ({}, "format=html", "text/html; charset=utf-8"),
    ({"Accept": FIREFOX}, "format=pdf", "text/html; charset=utf-8"),
]


@pytest.mark.parametrize("path", ["/zipcode/9000", "/index", "/zipcode/1311", "/index?year=x"])
@pytest.mark.parametrize(("headers", "query", "content_type"), NEGOTIATIONS)
def test_accept_and_format_decide(
    reader: FlaskClient, path: str, headers: Dict[str, str], query: str, content_type: str
) -> None:
    separator = "&" if "?" in path else "?"
    response = reader.get(f"{path}{separator}{query}", headers=headers)
    assert response.content_type == content_type
    assert "Accept" in response.headers["Vary"]


@pytest.mark.parametrize("path", ["/zipcode/9000", "/index?year=2013", "/zipcode/9000?format=html", "/"])
def test_an_answer_may_be_kept_and_asked_for_again(reader: FlaskClient, path: str) -> None:
    first = reader.get(path)
    assert first.headers["Cache-Control"] == "public, max-age=60, stale-while-revalidate=60"
    again = reader.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    other = reader.get(path, headers={"If-None-Match": '"something else"'})
    assert other.status_code == 200


def test_page_and_json_have_different_tags(reader: FlaskClient) -> None:
    page = reader.get("/zipcode/9000?format=html")
    assert page.headers["ETag"] != reader.get("/zipcode/9000").headers["ETag"]


@pytest.mark.parametrize("path", ["/zipcode/9000", "/index", "/", "/zipcode/9000?format=html"])
def test_head_is_get_without_a_body(reader: FlaskClient, path: str) -> None:
    got, headed = reader.get(path), reader.head(path)
    assert headed.data == b""
    assert headed.headers["Content-Length"] == str(len(got.data))
    assert headed.headers["ETag"] == got.headers["ETag"]
