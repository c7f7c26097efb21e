"""The list page, as an agent with a spreadsheet sees it."""

import csv
import html
import io
import os
import re
import sys
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Optional, Tuple

import pytest
import requests
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook
from urllib3 import encode_multipart_formdata
from werkzeug.test import TestResponse

from tests.pages.reading import text
from tests.support.databases import settings_for
from tests.support.fake_statbel import FakeStatbel
from tests.support.live import running
from webapp.config import Settings
from webapp.tables.chunks import MEGABYTE
from webapp.tables.excel import plain

PAGE = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
FILE = b"naam;postcode;tel\r\n\xc9lise;9000;0475123456\r\nJan;1311;=1+1\r\nPiet;2000;\r\n"


def send(client: FlaskClient, language: str = "en", **fields: Any) -> TestResponse:
    """Send the form; a file is given as its content."""
    # Not with the client's own means, which put larger content in a temporary file.
    content, content_type = encode_multipart_formdata(
        {
            name: ("clients.csv", value) if isinstance(value, bytes) else value
            for name, value in fields.items()
        }
    )
    return client.post(f"/list?lang={language}", data=content, content_type=content_type, headers=PAGE)


def kept(response: TestResponse) -> str:
    """Return the text of the form that a browser would send again."""
    page = response.text.replace("\r\n", "\n").replace("\r", "\n")
    found = re.search(r"<textarea[^>]*>\n?(.*?)</textarea>", page, re.DOTALL)
    assert found
    return html.unescape(found.group(1)).replace("\n", "\r\n")


def cells(response: TestResponse) -> List[List[str]]:
    """Return the cells as Excel shows them."""
    assert response.content_type == "text/csv; charset=utf-8"
    lines = io.StringIO(response.data.decode("utf-8-sig"), newline="")
    return [[plain(cell) for cell in row] for row in csv.reader(lines, delimiter=";")]


def test_form_has_a_file_and_a_text(reader: FlaskClient) -> None:
    response = reader.get("/list", headers=PAGE)
    assert response.status_code == 200
    assert re.search('<form [^>]*action="/list" method="post" enctype="multipart/form-data"', response.text)
    assert re.search(r'<input type="file" id="file" name="file"', response.text)
    assert re.findall(r'name="action" value="(\w+)"', response.text) == ["show", "download"]
    assert kept(response) == ""
    assert "max-age=60" in response.headers["Cache-Control"]
    assert reader.head("/list").status_code == 200


def test_pasted_zipcodes_are_shown_with_their_factors(reader: FlaskClient) -> None:
    response = send(reader, zipcodes="9000, 9170\n1311 12", action="show")
    page = text(response.text)
    assert response.status_code == 200
    assert response.headers["Cache-Control"] == "no-store"
    assert "4 rows" in page
    assert "1 9000 B 2 9170 A 3 1311 No risk factor for this zipcode 4 12 Invalid zipcode" in page
    assert "2 rows with a problem" in page


def test_totals_are_a_chart_without_inline_styles(reader: FlaskClient) -> None:
    page = send(reader, zipcodes="9000 9000 9170 12").text
    assert re.findall(r'<rect width="([\d.]+)%"', page) == ["25.0", "50.0", "0.0", "25.0"]
    assert " style=" not in page


def test_rows_of_a_file_are_numbered_as_in_a_spreadsheet(reader: FlaskClient) -> None:
    page = text(send(reader, file=FILE, action="show").text)
    assert "2 9000 B Élise, 0475123456" in page
    assert "3 1311 No risk factor for this zipcode Jan, =1+1" in page


def test_sent_list_stays_in_the_form_and_gives_the_same_file(reader: FlaskClient) -> None:
    shown = send(reader, file=FILE, action="show")
    assert kept(shown) == FILE.decode("cp1252")
    direct, later = (
        send(reader, file=FILE, action="download"),
        send(reader, zipcodes=kept(shown), action="download"),
    )
    assert direct.data == later.data
    assert cells(later) == [
        ["naam", "postcode", "tel", "Risk factor"],
        ["Élise", "9000", "0475123456", "B"],
        ["Jan", "1311", "'=1+1", "No risk factor for this zipcode"],
        ["Piet", "2000", "", "C"],
    ]


def test_download_is_an_attachment_and_not_stored(reader: FlaskClient) -> None:
    response = send(reader, zipcodes="9000", action="download")
    assert response.headers["Content-Disposition"] == "attachment; filename=risk-factors.csv"
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Content-Length"] == str(len(response.data))
    assert response.data == b"\xef\xbb\xbf9000;B\r\n"


def test_pasted_line_ends_and_markup_are_kept(reader: FlaskClient) -> None:
    pasted = '\r\n\r\n</textarea><script>;"a\r\nb"\r\n9000;&amp;\r\n'
    assert kept(send(reader, zipcodes=pasted)) == pasted


def test_file_wins_over_pasted_text(reader: FlaskClient) -> None:
    assert kept(send(reader, zipcodes="9000", file=b"2000\n1000\n")) == "2000\r\n1000\r\n"


def test_file_field_without_a_file_is_ignored(reader: FlaskClient) -> None:
    content, content_type = encode_multipart_formdata({"file": ("", b""), "zipcodes": "9000"})
    response = reader.post("/list", data=content, content_type=content_type, headers=PAGE)
    assert (response.status_code, kept(response)) == (200, "9000")


@pytest.mark.parametrize(
    ("pasted", "told"),
    [
        ("Klantnr;Postnummer\n1000;9000\n", "Zipcodes read from the column “Postnummer”."),
        ("klanten\n9000\n", "Zipcodes read from the column “klanten”."),
        (
            "A;9000\nB;2000\n",
            "Zipcodes read from column 2, because its values are zipcodes. There is no header.",
        ),
    ],
)
def test_column_that_was_read_is_always_named(reader: FlaskClient, pasted: str, told: str) -> None:
    assert told in text(send(reader, zipcodes=pasted).text)


def test_column_that_is_not_clear_is_chosen_on_the_page(reader: FlaskClient) -> None:
    pasted = "Home zip;Work zip;x;x\r\n9000;2000;1;2\r\n"
    response = send(reader, zipcodes=pasted)
    assert (response.status_code, kept(response)) == (400, pasted)
    assert 'id="column-error"' in response.text
    options = re.findall(r'<option value="([^"]*)">([^<]*)</option>', response.text)
    assert options == [
        ("", "Choose a column"),
        ("Home zip", "1: Home zip"),
        ("Work zip", "2: Work zip"),
        ("3", "3: x"),
        ("4", "4: x"),
    ]
    chosen = send(reader, zipcodes=pasted, column="Work zip")
    assert "Zipcodes read from the column “Work zip”." in text(chosen.text)
    assert '<input type="hidden" name="column" form="list" value="Work zip">' in chosen.text
    assert cells(send(reader, zipcodes=pasted, column="Work zip", action="download"))[1][-1] == "C"


def test_script_gets_errors_in_the_form_with_status_200(reader: FlaskClient) -> None:
    content, content_type = encode_multipart_formdata({"zipcodes": " "})
    headers = {**PAGE, "X-Background": "1"}
    response = reader.post("/list", data=content, content_type=content_type, headers=headers)
    assert (response.status_code, 'id="zipcodes-error"' in response.text) == (200, True)


def test_zipcode_in_another_form_is_shown_as_read(reader: FlaskClient) -> None:
    page = text(send(reader, zipcodes="cp;x\nB-9000;a\n9000 Antwerpen;b\n9170;c\n1311;d\n").text)
    assert "2 B-9000 Read as 9000 B a" in page
    assert "3 9000 Antwerpen Read as 9000 B The name belongs to another zipcode b" in page
    assert "To be checked The name belongs to another zipcode: 1 row Row numbers: 3" in page
    assert "2 zipcodes are written in another way" in page
    assert page.index("First rows") < page.index("To be checked") < page.index("1 row with a problem")


def test_shares_have_percentages(reader: FlaskClient) -> None:
    assert "B 2 66.7% C 1 33.3%" in text(send(reader, zipcodes="9000 9000 2000").text)


def workbook(*rows: List[Any]) -> bytes:
    book = Workbook()
    for row in rows:
        book.worksheets[0].append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def test_workbook_is_shown_and_comes_back(reader: FlaskClient) -> None:
    file = workbook(["Postcode", "Naam"], [9000, "A"], ["B-2000", "B"])
    shown = send(reader, file=file)
    assert "2 9000 B A 3 B-2000 Read as 2000 C B" in text(shown.text)
    assert kept(shown) == ""
    response = send(reader, file=file, action="download")
    assert response.headers["Content-Disposition"] == "attachment; filename=risk-factors.xlsx"
    rows = load_workbook(io.BytesIO(response.data)).worksheets[0].iter_rows(values_only=True)
    assert list(rows) == [
        ("Postcode", "Naam", "Risk factor", "Note"),
        (9000, "A", "B", None),
        ("B-2000", "B", "C", "Read as 2000"),
    ]


def test_markup_in_a_column_name_is_escaped(reader: FlaskClient) -> None:
    for header in ("<b>x</b>;y", "<b>x</b>;zip"):
        assert "<b>x" not in send(reader, zipcodes=f"{header}\n1000;9000\n").text


def test_problems_are_grouped_with_counts_and_row_numbers(reader: FlaskClient) -> None:
    page = text(send(reader, zipcodes="1\n1311\n" * 6_000).text)
    assert "12,000 rows with a problem" in page
    assert "Invalid zipcode: 6,000 rows Row numbers: 1, 3, 5," in page
    assert "No risk factor for this zipcode: 6,000 rows Row numbers: 2, 4, 6," in page


WRONG: List[Tuple[Any, int, str, str]] = [
    ({"zipcodes": " \n"}, 400, "zipcodes", "Paste zipcodes or choose a file."),
    ({}, 400, "zipcodes", "Paste zipcodes or choose a file."),
    ({"zipcodes": 'cp;x\n9000;"a'}, 400, "zipcodes", "Row 2 is not valid CSV: a quote is never closed."),
    ({"file": b'cp\n"9"x'}, 400, "file", "Row 2 is not valid CSV: text follows a closing quote."),
    ({"file": b""}, 400, "file", "The file has no rows."),
    ({"file": b"postcode;naam\r\n"}, 400, "file", "The list has a header but no rows."),
    ({"zipcodes": "clients"}, 400, "zipcodes", "The list has a header but no rows."),
    ({"file": b"PK\3\4\0\0"}, 400, "file", "This Excel file cannot be read."),
    ({"file": b"cp\n\x81"}, 400, "file", "Row 2 is not UTF-8 or Windows-1252 text."),
    ({"file": b"a" + b"," * 1_000_000}, 413, "file", "A file can have at most 1000 columns."),
    ({"file": b"9" * (5 * MEGABYTE + 1)}, 413, "file", "A list can have at most 5 MB."),
    ({"zipcodes": "9" * (5 * MEGABYTE + 1)}, 413, "zipcodes", "A list can have at most 5 MB."),
    ({"file": b"9" * 22 * MEGABYTE}, 413, "file", "A list can have at most 5 MB."),
]


@pytest.mark.parametrize("action", ["show", "download"])
@pytest.mark.parametrize("wrong", WRONG, ids=[f"{case[2]}-{case[3]}" for case in WRONG])
def test_error_stands_at_its_field(sqlite_app: Flask, action: str, wrong: Tuple[Any, int, str, str]) -> None:
    fields, status, field, message = wrong
    response = send(sqlite_app.test_client(), **fields, action=action)
    assert response.status_code == status
    assert response.headers["Cache-Control"] == "no-store"
    assert response.text.count(html.escape(message)) == 1
    assert f'id="{field}-error"' in response.text


def test_rejected_text_stays_in_the_form(reader: FlaskClient) -> None:
    assert kept(send(reader, zipcodes='9000;"a')) == '9000;"a'
    assert kept(send(reader, file=b'9000;"\xe9')) == '9000;"é'
    assert kept(send(reader, zipcodes="9000", file=b"PK\0")) == "9000"


def test_rejected_file_does_not_replace_the_pasted_text(reader: FlaskClient) -> None:
    assert kept(send(reader, zipcodes="9000", file=b'2000;"a')) == "9000"


# A list with an error in its last row, too long to be laid out by a browser.
LONG = '9000;"x"\r\n' * 12_000 + '2000;"y'


def test_form_to_edit_in_another_language_keeps_its_text(reader: FlaskClient) -> None:
    pasted = "9000\r\n" * 20_000  # longer than beside a result
    page = send(reader, "nl", edit="1", zipcodes=pasted, on="2026-10-01")
    assert 'value="2026-10-01"' in page.text
    assert (page.status_code, kept(page)) == (200, pasted)
    assert 'lang="nl"' in page.text
    assert kept(send(reader, edit="1", file=FILE)) == FILE.decode("windows-1252")
    for fields in ({"zipcodes": "9000"}, {}):
        both = send(reader, edit="1", file=b"9000\n" * 100_000, **fields)
        assert both.status_code == 200
        assert "Please choose it again." in both.text
        assert kept(both) == fields.get("zipcodes", "")


def test_long_list_is_left_out_of_the_page(reader: FlaskClient) -> None:
    for fields in ({"file": LONG.encode()}, {"zipcodes": LONG}):
        response = send(reader, **fields)
        assert (response.status_code, kept(response)) == (400, "")
        assert "Row 12,001 is not valid CSV: a quote is never closed." in text(response.text)
    shown = send(reader, file=LONG.encode() + b'"')
    assert (shown.status_code, kept(shown)) == (200, "")
    assert "<noscript>" in shown.text  # without a script, the list is to be sent again


@pytest.mark.parametrize("language", ["nl", "fr", "de", "en"])
def test_page_and_errors_are_in_every_language(reader: FlaskClient, language: str) -> None:
    assert f'<html lang="{language}">' in send(reader, language, zipcodes="9000 12").text
    assert send(reader, language, zipcodes='9000;"a').status_code == 400
    assert len(cells(send(reader, language, zipcodes="cp\n9000\n12", action="download"))) == 3


@pytest.mark.parametrize("action", ["show", "download"])
def test_without_the_database_the_form_is_kept(
    make_app: Callable[[Settings], Flask], unreachable_url: str, action: str
) -> None:
    response = send(make_app(settings_for(unreachable_url)).test_client(), zipcodes="9000", action=action)
    assert response.status_code == 503
    assert response.headers["Retry-After"] == "10"
    assert "Service temporarily unavailable" in response.text
    assert kept(response) == "9000"


@pytest.mark.parametrize(
    ("content_type", "content"),
    [
        ("application/x-www-form-urlencoded", b"zipcodes=9000"),
        ("multipart/form-data", b"--x\r\n"),
        ("multipart/form-data; boundary=x", b"--x\r\nno headers"),
        ("multipart/form-data; boundary=x", b"a:\n" * MEGABYTE),
        ("multipart/form-data; boundary=x", b"--x\r\n" + b"a:\n" * MEGABYTE),
        ("text/csv", b"9000"),
        ("", b"9000"),
    ],
)
def test_invalid_form_is_rejected_on_the_page(reader: FlaskClient, content_type: str, content: bytes) -> None:
    response = reader.post("/list", data=content, content_type=content_type, headers=PAGE)
    assert response.status_code == 400
    assert response.text.count("The form cannot be read.") == 1


@settings(max_examples=100, deadline=None, database=None)
@given(
    st.one_of(st.fixed_dictionaries({"file": st.binary(max_size=60)}), st.just({})),
    st.text(max_size=40),
    st.sampled_from(["show", "download"]),
)
def test_any_form_succeeds_or_is_rejected(
    sqlite_app: Flask, file: Dict[str, Any], pasted: str, action: str
) -> None:
    response = send(sqlite_app.test_client(), zipcodes=pasted, action=action, **file)
    assert response.status_code in (200, 400)


@pytest.fixture(scope="session")
def opened_for_writing() -> Iterator[List[str]]:
    """The files that this process opens to write in, from now on. (An audit hook cannot be taken away.)"""
    opened: List[str] = []

    def note(event: str, arguments: Tuple[Any, ...]) -> None:
        if event == "open" and arguments[2] & (os.O_WRONLY | os.O_RDWR):
            opened.append(str(arguments[0]))

    sys.addaudithook(note)
    yield opened


@pytest.mark.slow
def test_nothing_is_kept_on_disk(sqlite_app: Flask, opened_for_writing: List[str], tmp_path: Path) -> None:
    (tmp_path / "proof").touch()
    assert str(tmp_path / "proof") in opened_for_writing
    client = sqlite_app.test_client()
    send(client, file=FILE)  # what the first request imports is not the list's doing
    del opened_for_writing[:]
    file = b"9000;x\n" * (5 * MEGABYTE // 7)
    for action in ("show", "download"):
        assert send(client, file=file, action=action).status_code == 200
        assert send(client, zipcodes=file.decode(), action=action).status_code == 200
        assert send(client, file=file + b"9000;x\n", action=action).status_code == 413
    assert opened_for_writing == []


@pytest.fixture
def desk_url(sqlite_url: str, statbel: FakeStatbel, tmp_path: Path) -> Iterator[str]:
    with running(tmp_path, DATABASE_URL=sqlite_url, **statbel.addresses) as desk:
        yield desk.url


@pytest.mark.slow
@pytest.mark.parametrize("size", [6 * MEGABYTE, 40 * MEGABYTE])
@pytest.mark.parametrize(("field", "name"), [("file", "clients.csv"), ("zipcodes", None)])
def test_client_that_sends_too_much_at_once_gets_the_reason(
    desk_url: str, field: str, name: Optional[str], size: int
) -> None:
    sent = [(field, (name, b"9000\n" * (size // 5)))]
    response = requests.post(f"{desk_url}/list", files=sent, headers=PAGE, timeout=30)
    assert response.status_code == 413
    assert "A list can have at most 5 MB." in response.text
    assert 'enctype="multipart/form-data"' in response.text


@pytest.mark.slow
def test_response_to_five_megabytes_is_small_and_the_file_may_be_sent_again(desk_url: str) -> None:
    file = b"".join(b"%d;\xe9\n" % (1000 + row % 9000) for row in range(5 * MEGABYTE // 7))
    files = {"file": ("x.csv", b"zip;n\n" + file[7:])}
    shown = requests.post(f"{desk_url}/list", files=files, headers=PAGE, timeout=60)
    assert shown.status_code == 200
    assert len(shown.content) < 100_000
    data = {"action": "download"}
    response = requests.post(f"{desk_url}/list", files=files, data=data, headers=PAGE, timeout=60)
    assert response.status_code == 200
    assert response.content.count(b"\r\n") == file.count(b"\n")
