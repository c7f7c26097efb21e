"""Security headers, and the limit on request bodies."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

LARGE_BODY = b"x" * (64 * 1024 + 1)


@pytest.mark.parametrize("path", ["/list", "/index", "/nowhere", "/api/v1/zipcodes/9000"])
def test_large_body_is_rejected_where_none_is_read(reader: FlaskClient, path: str) -> None:
    assert reader.get(path, data=LARGE_BODY).status_code == 413
    assert reader.put(path, data=LARGE_BODY).status_code == 413


@pytest.mark.parametrize(
    ("path", "content_type"),
    [("/list", "multipart/form-data; boundary=x"), ("/api/v1/zipcodes/lookup", "text/csv")],
)
def test_large_list_is_accepted(reader: FlaskClient, path: str, content_type: str) -> None:
    body = b'--x\r\nContent-Disposition: form-data; name="zipcodes"\r\n\r\n9000' + b"\r\n2000" * 20_000
    response = reader.post(path, data=body + b"\r\n--x--\r\n", content_type=content_type)
    assert response.status_code == 200


@pytest.mark.parametrize("path", ["/", "/index", "/nowhere", "/healthz", "/static/style.css"])
def test_every_response_has_the_security_headers(reader: FlaskClient, path: str) -> None:
    with reader.get(path) as response:
        headers = response.headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
