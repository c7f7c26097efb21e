"""`POST /api/v1/zipcodes/lookup`: many zipcodes at once, in JSON and in CSV."""

from __future__ import annotations

import gzip
import io
import tempfile
import time
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from openpyxl import Workbook, load_workbook

from webapp.tables.workbook_writer import MEDIA_TYPE as WORKBOOK

PATH = "/api/v1/zipcodes/lookup"
CSV = {"Content-Type": "text/csv"}


def result(zipcode: str, risk_factor: Any = None, error: Any = None) -> dict[str, Any]:
    return {"zipcode": zipcode, "risk_factor": risk_factor, "error": error}


def test_json_gets_one_result_for_each_zipcode_in_order(reader: FlaskClient) -> None:
    response = reader.post(PATH, json={"zipcodes": ["9000", "2000", "999", "1311", "9000", ""]})
    assert (response.status_code, response.content_type) == (200, "application/json")
    assert response.json == {
        "results": [
            result("9000", "B"),
            result("2000", "C"),
            result("999", error="ZIPCODE_NOT_VALID"),
            result("1311", error="ZIPCODE_NOT_FOUND"),
            result("9000", "B"),
            result("", error="ZIPCODE_NOT_VALID"),
        ]
    }
    assert response.headers["Cache-Control"] == "no-store"


def test_get_is_rejected_with_the_allowed_methods(reader: FlaskClient) -> None:
    response = reader.get(PATH)
    assert (response.status_code, (response.json or {})["code"]) == (405, "METHOD_NOT_ALLOWED")
    assert set(response.headers["Allow"].split(", ")) == {"OPTIONS", "POST"}


def test_empty_list_has_no_results(reader: FlaskClient) -> None:
    assert reader.post(PATH, json={"zipcodes": []}).json == {"results": []}


def test_json_takes_ten_thousand_zipcodes(reader: FlaskClient) -> None:
    response = reader.post(PATH, json={"zipcodes": ["9000"] * 10_000})
    assert response.json == {"results": [result("9000", "B")] * 10_000}


def test_csv_gets_the_columns_risk_factor_and_error(reader: FlaskClient) -> None:
    response = reader.post(PATH, data="zipcode;client\r\n9000;Élise\r\n1311;x\r\n".encode(), headers=CSV)
    assert (response.status_code, response.content_type) == (200, "text/csv; charset=utf-8")
    assert response.data.decode() == (
        "zipcode;client;risk_factor;error\r\n9000;Élise;B;\r\n1311;x;;ZIPCODE_NOT_FOUND\r\n"
    )
    assert response.headers["Content-Length"] == str(len(response.data))
    assert response.headers["Cache-Control"] == "no-store"


def test_csv_in_windows_1252_keeps_its_encoding(reader: FlaskClient) -> None:
    response = reader.post(
        PATH, data=b"9000,\xc9lise\n", headers={"Content-Type": "text/csv; charset=cp1252"}
    )
    assert (response.content_type, response.data) == ("text/csv; charset=windows-1252", b"9000,\xc9lise,B,\n")


@pytest.mark.parametrize(
    ("content", "media_type", "expected"),
    [
        (b"{", "application/json", (400, "NOT_VALID", None)),
        (b"", "application/json", (400, "NOT_VALID", None)),
        (b"\xff", "application/json", (400, "NOT_VALID", None)),
        (b'{"zipcodes": ["\\ud800"]}', "application/json", (400, "NOT_VALID", None)),
        (b'{"\\ud800": 1}', "application/json", (400, "NOT_VALID", None)),
        (b"[" * 100_000, "application/json", (400, "NOT_VALID", None)),
        (b"[]", "application/json", (400, "NOT_VALID", {"content": ["Send a JSON object."]})),
        (b"{}", "application/json", (400, "NOT_VALID", {"zipcodes": ["Must be a list of zipcodes."]})),
        (
            b'{"zipcodes": "9000"}',
            "application/json",
            (400, "NOT_VALID", {"zipcodes": ["Must be a list of zipcodes."]}),
        ),
        (
            b'{"zipcodes": [], "zip": 1}',
            "application/json",
            (400, "NOT_VALID", {"zip": ["Unknown parameter."]}),
        ),
        (b"", "text/csv", (400, "CSV_NOT_VALID", None)),
        (b'9000,"', "text/csv", (400, "CSV_NOT_VALID", None)),
        (b"9000", "text/plain", (415, "MEDIA_TYPE_NOT_SUPPORTED", None)),
        (b"9000", "", (415, "MEDIA_TYPE_NOT_SUPPORTED", None)),
        (b"zipcodes=9000", "application/x-www-form-urlencoded", (415, "MEDIA_TYPE_NOT_SUPPORTED", None)),
        (b'{"zipcodes": [' + b'"9000",' * 10_000 + b'"9000"]}', "application/json", (413, "TOO_LARGE", None)),
        (b'{"zipcodes": []}' + b" " * 1_100_000, "application/json", (413, "TOO_LARGE", None)),
        (b"9000\n" * 1_000_001, "text/csv", (413, "TOO_LARGE", None)),
    ],
    ids=lambda value: value[:24].decode("latin-1") if isinstance(value, bytes) else None,
)
def test_invalid_body_is_a_problem(
    reader: FlaskClient, content: bytes, media_type: str, expected: Any
) -> None:
    response = reader.post(PATH, data=content, headers={"Content-Type": media_type})
    problem = response.json or {}
    assert (response.status_code, problem["code"], problem.get("errors")) == expected
    assert response.content_type == "application/problem+json"
    assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("content", "media_type", "limit"),
    [
        (b'{"zipcodes": [' + b'"9000",' * 10_000 + b'"9000"]}', "application/json", "10,000 zipcodes"),
        (b"9000\n" * 1_000_001, "text/csv", "1,000,000 rows"),
    ],
    ids=["json", "csv"],
)
def test_too_many_zipcodes_are_rejected_with_the_limit(
    reader: FlaskClient, content: bytes, media_type: str, limit: str
) -> None:
    response = reader.post(PATH, data=content, headers={"Content-Type": media_type})
    assert limit in (response.json or {})["detail"]


def test_json_element_in_any_form_is_read_and_an_invalid_one_costs_itself_only(reader: FlaskClient) -> None:
    elements = [
        9000,
        9000.0,
        "B-2000",
        "9000 Antwerpen",
        "L-9620",
        None,
        True,
        {"zip": 9000},
        ["9000"],
        1e300,
    ]
    response = reader.post(PATH, json={"zipcodes": elements})
    assert response.status_code == 200
    assert (response.json or {})["results"] == [
        result("9000", "B"),
        {**result("9000.0", "B"), "read_as": "9000"},
        {**result("B-2000", "C"), "read_as": "2000"},
        {**result("9000 Antwerpen", "B", "PLACE_DIFFERS"), "read_as": "9000"},
        result("L-9620", error="ZIPCODE_NOT_VALID"),
        result("null", error="ZIPCODE_NOT_VALID"),
        result("true", error="ZIPCODE_NOT_VALID"),
        result('{"zip": 9000}', error="ZIPCODE_NOT_VALID"),
        result('["9000"]', error="ZIPCODE_NOT_VALID"),
        result("1e+300", error="ZIPCODE_NOT_VALID"),
    ]


def test_column_that_was_read_is_named_in_a_header(reader: FlaskClient) -> None:
    def header(body: str, column: str = "") -> str:
        response = reader.post(PATH, data=body.encode(), headers=CSV, query_string={"column": column})
        assert response.status_code == 200
        return response.headers["Zipcode-Column"]

    assert header("nr;Postcode / Ort\n1;9000\n") == "Postcode / Ort"
    assert header("Code postal à 100%\n9000\n") == "Code postal %C3%A0 100%25"
    assert header("A;9000\nB;2000\n") == "2"
    assert header("a;b\n9000;2000\n", "b") == "b"
    asked = {"Origin": "https://broker.example", **CSV}
    response = reader.post(PATH, data=b"zip\n9000\n", headers=asked)
    assert "Zipcode-Column" in response.headers["Access-Control-Expose-Headers"]


def test_json_with_a_column_is_rejected(reader: FlaskClient) -> None:
    response = reader.post(f"{PATH}?column=1", json={"zipcodes": []})
    assert (response.status_code, (response.json or {})["code"]) == (400, "NOT_VALID")


def test_column_that_is_not_clear_is_a_problem(reader: FlaskClient) -> None:
    response = reader.post(PATH, data=b"Zip A,Zip B\n9000,2000\n", headers=CSV)
    assert (response.status_code, (response.json or {})["code"]) == (400, "COLUMN_NOT_CLEAR")


@pytest.mark.parametrize("media_type", [WORKBOOK, "text/csv"])
def test_workbook_under_any_media_type_returns_a_workbook(reader: FlaskClient, media_type: str) -> None:
    book = Workbook()
    for row in (["Postcode", "Polis"], [9000, "00123"], ["1311", "x"]):
        book.worksheets[0].append(row)
    file = io.BytesIO()
    book.save(file)
    response = reader.post(PATH, data=file.getvalue(), content_type=media_type)
    assert (response.status_code, response.content_type) == (200, WORKBOOK)
    assert response.headers["Zipcode-Column"] == "Postcode"
    assert response.headers["Content-Length"] == str(len(response.data))
    rows = load_workbook(io.BytesIO(response.data)).worksheets[0].iter_rows(values_only=True)
    assert list(rows) == [
        ("Postcode", "Polis", "risk_factor", "error"),
        (9000, "00123", "B", None),
        ("1311", "x", None, "ZIPCODE_NOT_FOUND"),
    ]


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        (b"zip\n9000\n", 400, "This is no Excel workbook"),
        (b"%PDF-1.7", 400, "This is a PDF"),
        (b"PK\3\4" + b"x" * 17_000_000, 413, "An Excel file can have at most 16 MB."),
    ],
    ids=["csv", "pdf", "large"],
)
def test_body_other_than_a_workbook_is_a_problem(
    reader: FlaskClient, body: bytes, status: int, message: str
) -> None:
    response = reader.post(PATH, data=body, content_type=WORKBOOK)
    assert response.status_code == status
    assert message in (response.json or {})["detail"]


def test_page_of_any_origin_is_allowed(reader: FlaskClient) -> None:
    asked = {"Origin": "https://broker.example", "Access-Control-Request-Method": "POST",
             "Access-Control-Request-Headers": "content-type"}  # fmt: skip
    allowed = reader.options(PATH, headers=asked)
    assert allowed.headers["Access-Control-Allow-Origin"] == "*"
    assert "POST" in allowed.headers["Access-Control-Allow-Methods"]
    assert allowed.headers["Access-Control-Allow-Headers"] == "content-type"
    assert reader.post(PATH, json={"zipcodes": []}).headers["Access-Control-Allow-Origin"] == "*"


def test_unknown_parameter_is_rejected(reader: FlaskClient) -> None:
    response = reader.post(f"{PATH}?format=csv", json={"zipcodes": []})
    assert (response.status_code, list((response.json or {})["errors"])) == (400, ["format"])


@pytest.mark.slow
def test_json_with_many_members_is_rejected_at_once(reader: FlaskClient) -> None:
    started = time.monotonic()
    response = reader.post(PATH, json={f"k{number}": 1 for number in range(60_000)})
    assert (response.status_code, (response.json or {})["code"]) == (400, "NOT_VALID")
    assert len(response.data) < 1000
    assert time.monotonic() - started < 3


def test_compressed_body_is_rejected(reader: FlaskClient) -> None:
    headers = {**CSV, "Content-Encoding": "gzip"}
    response = reader.post(PATH, data=gzip.compress(b"9000\n"), headers=headers)
    assert (response.status_code, (response.json or {})["code"]) == (415, "MEDIA_TYPE_NOT_SUPPORTED")


def test_full_disk_makes_the_route_unavailable(
    reader: FlaskClient, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    response = reader.post(PATH, data=b"9000\n", headers=CSV)
    assert (response.status_code, (response.json or {})["code"]) == (503, "STORAGE_FULL")
    assert response.headers["Retry-After"] == "60"
