"""Lists of clients give the same results on the page, the API and in the terminal, or the same error."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path
from typing import Any, NamedTuple

import click
import pytest
from flask import Flask
from openpyxl import Workbook, load_workbook
from urllib3 import encode_multipart_formdata

from webapp.cli import zipcode_lookup
from webapp.tables.workbook_writer import MEDIA_TYPE as WORKBOOK

LISTS = Path(__file__).parent / "zipcodes" / "data" / "lists"

NOT_FOUND, NOT_VALID, DIFFERS = "ZIPCODE_NOT_FOUND", "ZIPCODE_NOT_VALID", "PLACE_DIFFERS"
TITLES = {"No risk factor for this zipcode": NOT_FOUND, "Invalid zipcode": NOT_VALID}


class Expected(NamedTuple):
    """The column that is read, from 1, with its name; and the factor or error by the number of the row."""

    column: int
    name: str
    results: dict[int, str]


CLIENTS = {2: "B", 3: "C", 4: NOT_FOUND}

FILES = {
    "client-number-read-as-zipcode.csv": Expected(3, "PC", {2: "B", 3: "C", 4: "C"}),
    "supplier-number-read-as-zipcode.csv": Expected(3, "Post code/Plaats", {2: "B"}),
    "excel-unicode-text-utf-16le-bom-tab.csv": Expected(3, "Postcode", CLIENTS),
    "tab.csv": Expected(1, "Postcode", {2: "B"}),
    "pipe-delimited.csv": Expected(3, "Postcode", CLIENTS),
    "sep-quoted.csv": Expected(3, "Postcode", CLIENTS),
    "sep-line-zipcode-first.csv": Expected(1, "Postcode", {2: "B"}),
    "header-post-code-klant.csv": Expected(2, "Postcode klant", {2: "B", 3: "C"}),
    "header-postal-code-salesforce-billing-zip-postal-c.csv": Expected(
        3, "Billing Zip/Postal Code", {2: "B"}
    ),
    "google-contacts-address-1-postal-code.csv": Expected(3, "Address 1 - Postal Code", {2: "B"}),
    "insurer-code-post.csv": Expected(2, "Code post.", {2: "B"}),
    "post-code.csv": Expected(2, "Post-code", {2: "B"}),
    "no-header-zip-second.csv": Expected(2, "", {1: "B", 2: "C"}),
    "zip-9000-0-pandas.csv": Expected(2, "zipcode", {2: "B", 3: "C"}),
    "zip-nbsp.csv": Expected(1, "zipcode", {2: "B", 3: "C"}),
    "zip-b-9000.csv": Expected(1, "zipcode", {2: "B", 3: "C"}),
    "zip-9000-gent-column.csv": Expected(1, "postcode", {2: "B", 3: "C"}),
    "header-not-in-first-row-title.csv": Expected(3, "Postcode", {4: "B", 5: "C"}),
    "trailing-empty-lines-of-delimiters.csv": Expected(3, "Postcode", CLIENTS),
}

# More of the same kinds, written here.
TEXTS = {
    "two-line header": ("Klant;;Adres\nNr;Naam;Postcode\n2001;A;9000\n", Expected(3, "Postcode", {3: "B"})),
    "name over two lines": ("Klant;Post-\nnr;code\n2001;9000\n", Expected(2, "Post- code", {3: "B"})),
    "line under the header": ("PLZ / Ort;x\n---;---\n9000 Gent;1\n", Expected(1, "PLZ / Ort", {3: "B"})),
    "title without delimiters": ("Klanten 2024\n\nnr;NPA\n1;9000\n", Expected(2, "NPA", {4: "B"})),
    "header without a name": ("Klantnr;Stad\n2001;9000\n3002;2000\n", Expected(2, "Stad", {2: "B", 3: "C"})),
    "no header, numbers": (
        "2002;9000\n3003;2000\n4004;1000\n5005;9000\n6006;2000\n",
        Expected(2, "", {1: "B", 2: "C", 3: "C", 4: "B", 5: "C"}),
    ),
    "one empty of two": ("Home Zip,Work Zip\n,9000\n,2000\n", Expected(2, "Work Zip", {2: "B", 3: "C"})),
    "addresses": ('adr;zip\nx;"Kaai 1000, 2000 Antwerpen"\n', Expected(2, "zip", {2: "C"})),
    "numbers of a spreadsheet": (
        'x;cp\n1;9.000\n2;9 000\n3;"9,000"\n4;\'9000\n',
        Expected(2, "cp", {2: "B", 3: "B", 4: "B", 5: "B"}),
    ),
    "foreign": (
        "x;cp\n1;9000\n2;L-9620\n3;9000 GE\n4;F-59000\n5;2000\n6;1000\n",
        Expected(2, "cp", {2: "B", 3: NOT_VALID, 4: NOT_VALID, 5: NOT_VALID, 6: "C", 7: "C"}),
    ),
    "countries": (
        "x;cp;Land\n1;9000;BE\n2;8000;CH\n3;2000;Luxembourg\n4;1000;België\n5;2000;\n6;9000;CH\n",
        Expected(2, "cp", {2: "B", 3: NOT_VALID, 4: NOT_VALID, 5: "C", 6: "C", 7: NOT_VALID}),
    ),
    "another place": ("x;cp\n1;9000 Antwerpen\n2;2000\n", Expected(2, "cp", {2: "B", 3: "C"})),
    "quotes and line ends": ('n;cp\n"a\nb";9000\n\n"c;d";2000\n', Expected(2, "cp", {2: "B", 4: "C"})),
    "lines in a name": ('x;"Code\npostal"\n1;9000\n', Expected(2, "Code postal", {2: "B"})),
    "rows of whitespace": ("x;cp\n1;9000\n ; \n\u00a0;\n2;2000\n", Expected(2, "cp", {2: "B", 5: "C"})),
    "semicolons in a comma file": ("name,zip\nA; B,9000\nC; D,2000\n", Expected(2, "zip", {2: "B", 3: "C"})),
}

ERRORS = {
    "json": (b'[{"zipcode": "9000"}]', "CSV_NOT_VALID", "This is JSON, not CSV."),
    "json lines": (b'{"zipcode": "9000"}\n{"zipcode": "2000"}\n', "CSV_NOT_VALID", "This is JSON"),
    "html": (b"\n<!DOCTYPE html><table>", "CSV_NOT_VALID", "This is a web page (HTML)"),
    "xml": (b'<?xml version="1.0"?><Workbook/>', "CSV_NOT_VALID", "This is XML"),
    "pdf": (b"%PDF-1.7\n", "CSV_NOT_VALID", "This is a PDF"),
    "vcard": (b"BEGIN:VCARD\r\nVERSION:3.0\r\n", "CSV_NOT_VALID", "This is an address book"),
    "png": (b"\x89PNG\r\n\x1a\n\0\0", "CSV_NOT_VALID", "This is a picture"),
    "compressed": (b"7z\xbc\xaf\x27\x1c", "CSV_NOT_VALID", "This file is compressed."),
    "pdf after a blank line": (b"\n%PDF-1.7\n", "CSV_NOT_VALID", "This is a PDF"),
    "symbolic link": (b'ID;PWXL;N;E\nC;Y1;X1;K"zip"\n', "CSV_NOT_VALID", "of the old kind (.slk)"),
    "web archive": (b"MIME-Version: 1.0\r\n", "CSV_NOT_VALID", "This is a web page (HTML)"),
    "xls": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "CSV_NOT_VALID", "Save it as .xlsx or CSV UTF-8"),
    "code page 850": ("cp;n\n9000;Zoé\n".encode("cp850"), "CSV_NOT_VALID", "Save the file as “CSV UTF-8”"),
    "mac roman": ("cp;n\n9000;René\n".encode("mac-roman"), "CSV_NOT_VALID", "Row 2 is not UTF-8"),
    "utf-16 without mark": ("cp\n9000\n".encode("utf-16-le"), "CSV_NOT_VALID", "Row 1 is not UTF-8"),
    "two columns": (
        b"Business Postal Code,Home Postal Code\n9000,2000\n",
        "COLUMN_NOT_CLEAR",
        "1 “Business Postal Code”, 2 “Home Postal Code”. Give the name or number of one as “column”.",
    ),
    "amounts": (b"Budget;x\n2000;a\n3000;b\n", "COLUMN_NOT_CLEAR", "1 “Budget”, 2 “x”"),
    "no column": (b"Klantnr;Bedrag\n2001;1500\n3001;2000\n", "COLUMN_NOT_CLEAR", "1 “Klantnr”, 2 “Bedrag”"),
    "client numbers": (
        b"Postcode;Plaats\n2001;9000 Gent\n3001;2000 Antwerpen\n",
        "COLUMN_NOT_CLEAR",
        "The column with that name has something else than zipcodes.",
    ),
    "clients above the header": (b"9000;A\n2000;B\nPostcode;n\n", "COLUMN_NOT_CLEAR", "row 1 looks like a"),
}  # fmt: skip


class Outcome(NamedTuple):
    """The error, or the column and the results by the number of the row."""

    error: str
    column: str
    results: dict[int, str]


def as_workbook(text: str) -> bytes:
    """Return the same list in Excel, with numbers as numbers."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in csv.reader(io.StringIO(text, newline=""), delimiter=";"):
        sheet.append([int(cell) if re.fullmatch("[1-9][0-9]*", cell) else cell or None for cell in row])
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def table(body: bytes, content_type: str) -> list[list[str]]:
    """Return the rows of a response in CSV or Excel."""
    if body.startswith(b"PK"):
        rows = load_workbook(io.BytesIO(body)).worksheets[0].iter_rows(values_only=True)
        return [["" if cell is None else str(cell) for cell in row] for row in rows]
    text = body.decode(content_type.partition("charset=")[2]).lstrip("\ufeff")
    separator = re.match('"?sep=(.)"?\r?\n', text)
    text = text[separator.end() :] if separator else text
    counts = {each: text.splitlines()[0].count(each) for each in ";\t|,"}
    delimiter = separator[1] if separator else max(counts, key=lambda each: counts[each])
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))


def call_api(app: Flask, body: bytes, column: str = "") -> tuple[Outcome, bytes]:
    media_type = WORKBOOK if body.startswith(b"PK") else "text/csv"
    response = app.test_client().post(
        "/api/v1/zipcodes/lookup", data=body, content_type=media_type, query_string={"column": column}
    )
    if response.status_code != 200:
        problem = response.json or {}
        assert response.status_code == 400
        return Outcome(f"{problem['code']}: {problem['detail']}", "", {}), b""
    rows = table(response.data, response.content_type)
    if media_type == WORKBOOK:  # in which empty cells at the end are left out
        width = load_workbook(io.BytesIO(body)).worksheets[0].max_column
        rows = [[*row, "", ""][: width + 2] for row in rows]
    results = {
        number: row[-2] or row[-1]
        for number, row in enumerate(rows, start=1)
        if any(row[-2:]) and "risk_factor" not in row and row[-1] in ("", NOT_FOUND, NOT_VALID, DIFFERS)
        and row[-2] in ("", "A", "B", "C")
    }  # fmt: skip
    return Outcome("", response.headers["Zipcode-Column"], results), response.data


def run_command(
    app: Flask, body: bytes, folder: Path, capture: pytest.CaptureFixture[bytes], column: str = ""
) -> tuple[str, bytes, str]:
    """Return the error, and what went to standard output and standard error."""
    file = folder / "list.csv"
    file.write_bytes(body)
    capture.readouterr()
    with app.app_context():
        try:
            zipcode_lookup.command.main(["--csv", str(file), "--column", column], standalone_mode=False)
        except click.ClickException as error:
            assert error.exit_code == 1
            return error.format_message(), b"", ""
    printed = capture.readouterr()
    return "", printed.out, printed.err.decode()


def send_form(app: Flask, body: bytes, column: str = "") -> Outcome:
    fields: dict[str, Any] = {"file": ("clients.csv", body), "column": column, "action": "show"}
    form, content_type = encode_multipart_formdata(fields)
    response = app.test_client().post("/list", data=form, content_type=content_type)
    if response.status_code != 200:
        assert response.status_code == 400
        (error,) = re.findall(r'-error"><span class="visually-hidden">Error: </span>(.*?)</p>', response.text)
        return Outcome(error, "", {})
    first = response.text.split('id="first"')[1].split("</section>")[0]
    rows = re.findall(r'<th scope="row">(\d+)</th>.*?<b>(.*?)</b>', first, re.DOTALL)
    read = re.search(r"Zipcodes read from (?:the column “(.*?)”|column (\d+))", response.text)
    assert read
    results = {int(number): TITLES.get(result, result) for number, result in rows}
    return Outcome("", read[1] or read[2], results)


BODIES = {
    **{name: ((LISTS / name).read_bytes(), expected) for name, expected in FILES.items()},
    **{name: (text.encode(), expected) for name, (text, expected) in TEXTS.items()},
    **{
        f"{name} in Excel": (as_workbook(TEXTS[name][0]), TEXTS[name][1])
        for name in (
            "two-line header",
            "header without a name",
            "no header, numbers",
            "foreign",
            "countries",
            "rows of whitespace",
        )
    },
}


@pytest.mark.parametrize("name", BODIES)
def test_list_gives_the_right_factors_everywhere(
    sqlite_app: Flask, name: str, tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    body, expected = BODIES[name]
    column = expected.name or str(expected.column)
    outcome, output = call_api(sqlite_app, body)
    assert outcome == Outcome("", column, expected.results)
    assert send_form(sqlite_app, body) == outcome
    error, printed, note = run_command(sqlite_app, body, tmp_path, capsysbinary)
    assert error == ""
    assert table(printed, "charset=" + _charset(printed)) == table(output, "charset=" + _charset(output))
    assert note.startswith(f"Zipcodes read from column {expected.column}")
    assert expected.name in note


def _charset(body: bytes) -> str:
    return "utf-16" if body.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8"


@pytest.mark.parametrize("name", ["json-array-uploaded.csv", *ERRORS])
def test_list_that_cannot_be_read_gives_the_same_error_everywhere(
    sqlite_app: Flask, name: str, tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    if name in ERRORS:
        body, code, message = ERRORS[name]
    else:
        body, code, message = (LISTS / name).read_bytes(), "CSV_NOT_VALID", "POST /api/v1/zipcodes/lookup"
    outcome, _output = call_api(sqlite_app, body)
    assert outcome.error.startswith(f"{code}: ")
    assert message in outcome.error
    detail = outcome.error.partition(": ")[2]
    assert send_form(sqlite_app, body).error == detail
    assert run_command(sqlite_app, body, tmp_path, capsysbinary)[0] == detail


@pytest.mark.parametrize(
    ("body", "column", "results"),
    [
        (b"a;b\n9000;2000\n", "b", {2: "C"}),
        (b"a;b\n9000;2000\n", "1", {2: "B"}),
        (b"2;1\n9000;2000\n", "1", {2: "C"}),  # a name wins over a number
        (b"9000;2000\n1000;9000\n", "2", {1: "C", 2: "B"}),
        (b"Postcode A;Postcode B\n9000;2000\n", "postcode-b", {2: "C"}),
        (b"title;\n\nn;my zips\n1;9000\n", "my zips", {4: "B"}),
    ],
)
def test_column_may_be_chosen_everywhere(
    *,
    sqlite_app: Flask,
    body: bytes,
    column: str,
    results: dict[int, str],
    tmp_path: Path,
    capsysbinary: pytest.CaptureFixture[bytes],
) -> None:
    outcome, output = call_api(sqlite_app, body, column)
    assert outcome.results == results
    assert send_form(sqlite_app, body, column).results == results
    assert run_command(sqlite_app, body, tmp_path, capsysbinary, column)[1] == output


@pytest.mark.parametrize("column", ["3", "0", "c", "99999"])
def test_missing_column_is_rejected_with_the_known_ones(sqlite_app: Flask, column: str) -> None:
    outcome, _output = call_api(sqlite_app, b"a;b\n9000;2000\n", column)
    assert outcome.error == (
        "COLUMN_NOT_CLEAR: The list has no such column. "
        "Give the name or number of one as “column”: 1 “a”, 2 “b”."
    )
