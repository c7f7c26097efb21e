"""Redirects of URLs with a slash at the end."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

URLS = [
    "/index",
    "/index/2020-01",
    "/index.csv",
    "/indexation",
    "/list",
    "/risk-tables",
    "/risk-tables/1",
    "/about",
    "/zipcode/9000",
    "/zipcode/a%0D%0Ab:%20c",
    "/api/v1/health-index",
    "/readyz",
]


@pytest.mark.parametrize("url", URLS)
@pytest.mark.parametrize("query", ["", "?format=text", "?a=1&a=%26&lang=nl"])
def test_slash_at_the_end_redirects_with_the_query(reader: FlaskClient, url: str, query: str) -> None:
    response = reader.get(f"{url}/{query}")
    assert (response.status_code, response.headers["Location"]) == (301, f"{url}{query}")


@pytest.mark.parametrize("url", ["/nowhere/", "/index//", "/zipcode/", "/static/nothing.css/"])
def test_slash_at_the_end_of_no_route_is_not_found(reader: FlaskClient, url: str) -> None:
    response = reader.get(url)
    assert (response.status_code, response.json) == (404, {"detail": "NOT_FOUND"})


@pytest.mark.parametrize("url", ["/list/", "/index/"])
def test_post_is_not_redirected(reader: FlaskClient, url: str) -> None:
    assert reader.post(url).status_code == 404
