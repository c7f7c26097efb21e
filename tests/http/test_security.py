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
