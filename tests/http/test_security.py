"""What is refused before any view: much content, where little or none is taken."""

import pytest
from flask.testing import FlaskClient

MUCH = b"x" * (64 * 1024 + 1)


@pytest.mark.parametrize(
    "path", ["/", "/list", "/index", "/zipcode/9000", "/nowhere", "/api/v1/zipcodes/9000"]
)
def test_much_content_is_refused_where_none_is_taken(reader: FlaskClient, path: str) -> None:
    assert reader.get(path, data=MUCH).status_code == 413
    assert reader.put(path, data=MUCH).status_code == 413


@pytest.mark.parametrize(
    ("path", "content_type"),
    [("/list", "multipart/form-data; boundary=x"), ("/api/v1/zipcodes/lookup", "text/csv")],
)
def test_where_lists_are_taken_the_view_decides(reader: FlaskClient, path: str, content_type: str) -> None:
    content = b'--x\r\nContent-Disposition: form-data; name="zipcodes"\r\n\r\n9000' + b"\r\n2000" * 20_000
    answer = reader.post(path, data=content + b"\r\n--x--\r\n", content_type=content_type)
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "path", ["/", "/index", "/nowhere", "/healthz", "/static/style.css", "/api/v1/nowhere"]
)
def test_every_response_has_the_security_headers(reader: FlaskClient, path: str) -> None:
    with reader.get(path) as response:
        headers = response.headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
