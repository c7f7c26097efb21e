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
from urllib3 import encode_multipart_formdata
from werkzeug.test import TestResponse

from tests.pages.reading import text
from tests.support.databases import settings_for
from tests.support.fake_statbel import FakeStatbel
from tests.support.live import running
from webapp.config import Settings
from webapp.tables.excel import plain
from webapp.zipcodes.bulk import MEGABYTE

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


def kept(answer: TestResponse) -> str:
    """What a browser finds in the form, and sends again."""
    page = answer.text.replace("\r\n", "\n").replace("\r", "\n")
    found = re.search(r"<textarea[^>]*>\n?(.*?)</textarea>", page, re.DOTALL)
    assert found
    return html.unescape(found.group(1)).replace("\n", "\r\n")


def unseen(answer: TestResponse) -> Optional[str]:
    """What the form carries of a list that is too long to be shown; None when it carries none."""
    found = re.search('<input type="hidden" name="kept" value="([^"]*)">', answer.text)
    return found and html.unescape(found.group(1))


def cells(answer: TestResponse) -> List[List[str]]:
    """What Excel shows of the file."""
    assert answer.content_type == "text/csv; charset=utf-8"
    lines = io.StringIO(answer.data.decode("utf-8-sig"), newline="")
    return [[plain(cell) for cell in row] for row in csv.reader(lines, delimiter=";")]


def test_the_form_takes_a_file_or_a_text(reader: FlaskClient) -> None:
    answer = reader.get("/list", headers=PAGE)
    assert answer.status_code == 200
    assert re.search('<form [^>]*action="/list" method="post" enctype="multipart/form-data"', answer.text)
    assert re.search(r'<input type="file" id="file" name="file"', answer.text)
    assert re.findall(r'name="action" value="(\w+)"', answer.text) == ["show", "download"]
    assert kept(answer) == ""
    assert "max-age=60" in answer.headers["Cache-Control"]
    assert reader.head("/list").status_code == 200


def test_pasted_zipcodes_are_shown_with_their_factors(reader: FlaskClient) -> None:
    answer = send(reader, zipcodes="9000, 9170\n1311 12", action="show")
    page = text(answer.text)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert "4 rows" in page
    assert "1 9000 B 2 9170 A 3 1311 No risk factor for this zipcode 4 12 Invalid zipcode" in page
    assert "2 rows with a problem" in page


def test_totals_are_a_chart_without_inline_styles(reader: FlaskClient) -> None:
    page = send(reader, zipcodes="9000 9000 9170 12").text
    assert re.findall(r'<rect width="([\d.]+)%"', page) == ["25.0", "50.0", "0.0", "25.0"]
    assert " style=" not in page


def test_a_file_is_shown_by_its_rows_as_a_spreadsheet_numbers_them(reader: FlaskClient) -> None:
    page = text(send(reader, file=FILE, action="show").text)
    assert "2 9000 B Élise, 0475123456" in page
    assert "3 1311 No risk factor for this zipcode Jan, =1+1" in page


def test_what_was_sent_stays_in_the_form_and_gives_the_same_file(reader: FlaskClient) -> None:
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


def test_the_file_is_one_to_save_and_not_to_keep_on_the_way(reader: FlaskClient) -> None:
    answer = send(reader, zipcodes="9000", action="download")
    assert answer.headers["Content-Disposition"] == "attachment; filename=risk-factors.csv"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Length"] == str(len(answer.data))
    assert answer.data == b"\xef\xbb\xbf9000;B\r\n"


def test_line_ends_and_markup_in_what_was_pasted_are_kept(reader: FlaskClient) -> None:
    pasted = '\r\n\r\n</textarea><script>;"a\r\nb"\r\n9000;&amp;\r\n'
    assert kept(send(reader, zipcodes=pasted)) == pasted


def test_a_file_wins_over_what_was_pasted(reader: FlaskClient) -> None:
    assert kept(send(reader, zipcodes="9000", file=b"2000\n1000\n")) == "2000\r\n1000\r\n"


def test_a_field_without_a_file_is_none(reader: FlaskClient) -> None:
    content, content_type = encode_multipart_formdata({"file": ("", b""), "zipcodes": "9000"})
    answer = reader.post("/list", data=content, content_type=content_type, headers=PAGE)
    assert (answer.status_code, kept(answer)) == (200, "9000")


def test_a_column_that_was_only_guessed_is_told_as_a_warning(reader: FlaskClient) -> None:
    page = send(reader, zipcodes="Klantnr;PC\n1000;9000\n").text
    (note,) = re.findall('<p class="note">(.*?)</p>', page, re.DOTALL)
    assert (
        "Zipcodes read from the first column, “Klantnr”, because no column is called zipcode or postcode."
        in text(note)
    )


def test_a_column_with_a_name_for_zipcodes_is_told_without_a_warning(reader: FlaskClient) -> None:
    page = send(reader, zipcodes="Klantnr;Postnummer\n1000;9000\n").text
    assert "Zipcodes read from the column “Postnummer”." in text(page)
    assert 'class="note"' not in page


@pytest.mark.parametrize("pasted", ["9000\n2000\n", "klanten\n9000\n", "9000;Jan\n2000;Piet\n"])
def test_of_one_column_or_without_a_header_none_is_told(reader: FlaskClient, pasted: str) -> None:
    assert "Zipcodes read from" not in text(send(reader, zipcodes=pasted).text)


def test_the_name_of_a_column_is_shown_as_text_and_not_as_a_page(reader: FlaskClient) -> None:
    for header in ("<b>x</b>;y", "<b>x</b>;zip"):
        assert "<b>x" not in send(reader, zipcodes=f"{header}\n1000;9000\n").text


def test_many_problems_are_shown_in_part(reader: FlaskClient) -> None:
    page = text(send(reader, zipcodes="1\n" * 12_000).text)
    assert "12,000 rows with a problem" in page
    assert "Only the first 50 are shown." in page


WRONG: List[Tuple[Any, int, str, str]] = [
    ({"zipcodes": " \n"}, 400, "zipcodes", "Paste zipcodes or choose a file."),
    ({}, 400, "zipcodes", "Paste zipcodes or choose a file."),
    (
        {"zipcodes": 'cp;x\n9000;"a'},
        400,
        "zipcodes",
        "Row 2 is not valid CSV: a quote is never closed.",
    ),
    ({"file": b'cp\n"9"x'}, 400, "file", "Row 2 is not valid CSV: text follows a closing quote."),
    ({"file": b""}, 400, "file", "The file has no rows."),
    ({"file": b"postcode;naam\r\n"}, 400, "file", "The list has a header but no rows."),
    ({"zipcodes": "clients"}, 400, "zipcodes", "The list has a header but no rows."),
    ({"file": b"PK\3\4\0\0"}, 400, "file", "Row 1 is not UTF-8 or Windows-1252 text."),
    ({"file": b"cp\n\x81"}, 400, "file", "Row 2 is not UTF-8 or Windows-1252 text."),
    ({"file": b"a" + b"," * 1_000_000}, 413, "file", "A file can have at most 1000 columns."),
    ({"file": b"9" * (5 * MEGABYTE + 1)}, 413, "file", "A list can have at most 5 MB."),
    ({"zipcodes": "9" * (5 * MEGABYTE + 1)}, 413, "zipcodes", "A list can have at most 5 MB."),
    ({"file": b"9" * 22 * MEGABYTE}, 413, "file", "A list can have at most 5 MB."),
]


@pytest.mark.parametrize("action", ["show", "download"])
@pytest.mark.parametrize("wrong", WRONG, ids=[f"{case[2]}-{case[3]}" for case in WRONG])
def test_what_is_wrong_is_said_at_its_field_and_in_the_summary(
    sqlite_app: Flask, action: str, wrong: Tuple[Any, int, str, str]
) -> None:
    fields, status, field, message = wrong
    answer = send(sqlite_app.test_client(), **fields, action=action)
    assert answer.status_code == status
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.text.count(html.escape(message)) == 2
    assert f'<a href="#{field}">' in answer.text
    assert f'id="{field}-error"' in answer.text


def test_after_an_error_what_was_given_is_still_there(reader: FlaskClient) -> None:
    assert kept(send(reader, zipcodes='9000;"a')) == '9000;"a'
    assert kept(send(reader, file=b'9000;"\xe9')) == '9000;"é'
    assert kept(send(reader, zipcodes="9000", file=b"PK\0")) == "9000"


def test_a_wrong_file_does_not_take_the_place_of_what_was_pasted(reader: FlaskClient) -> None:
    assert kept(send(reader, zipcodes="9000", file=b'2000;"a')) == "9000"


# A list with an error in its last row, too long to be laid out by a browser.
LONG = '9000;"x"\r\n' * 12_000 + '2000;"y'


def test_a_long_file_that_is_wrong_is_left_out_of_the_page(reader: FlaskClient) -> None:
    answer = send(reader, file=LONG.encode())
    assert (answer.status_code, kept(answer), unseen(answer)) == (400, "", None)
    assert "Row 12,001 is not valid CSV: a quote is never closed." in text(answer.text)
    answer = send(reader, zipcodes="9000", file=LONG.encode())
    assert (answer.status_code, kept(answer), unseen(answer)) == (400, "9000", None)


def test_a_long_text_that_is_wrong_is_kept_unseen_beside_an_empty_field(reader: FlaskClient) -> None:
    answer = send(reader, zipcodes=LONG)
    assert (answer.status_code, kept(answer), unseen(answer)) == (400, "", LONG)
    assert "The form still contains it, and uses it as long as this field is empty" in text(answer.text)
    again = send(reader, zipcodes=" \r\n", kept=LONG)
    assert (again.status_code, kept(again), unseen(again)) == (400, "", LONG)
    beside_a_file = send(reader, zipcodes="", kept=LONG, file=b"PK\0")
    assert (beside_a_file.status_code, unseen(beside_a_file)) == (400, LONG)


def test_a_new_text_counts_instead_of_the_one_that_was_kept(reader: FlaskClient) -> None:
    answer = send(reader, zipcodes="9000", kept=LONG)
    assert (answer.status_code, kept(answer), unseen(answer)) == (200, "9000", None)


def test_a_long_list_that_is_right_is_kept_to_be_downloaded(reader: FlaskClient) -> None:
    shown = send(reader, file=LONG.encode() + b'"')
    assert (shown.status_code, unseen(shown)) == (200, LONG + '"')
    assert "<textarea" not in shown.text
    assert len(cells(send(reader, kept=LONG + '"', action="download"))) == 12_001


@pytest.mark.parametrize("language", ["nl", "fr", "de", "en"])
def test_the_page_and_its_errors_are_there_in_every_language(reader: FlaskClient, language: str) -> None:
    assert f'<html lang="{language}">' in send(reader, language, zipcodes="9000 12").text
    assert send(reader, language, zipcodes='9000;"a').status_code == 400
    assert len(cells(send(reader, language, zipcodes="cp\n9000\n12", action="download"))) == 3


@pytest.mark.parametrize("action", ["show", "download"])
def test_without_the_database_the_form_is_kept(
    make_app: Callable[[Settings], Flask], unreachable_url: str, action: str
) -> None:
    answer = send(make_app(settings_for(unreachable_url)).test_client(), zipcodes="9000", action=action)
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "10"
    assert "Service temporarily unavailable" in answer.text
    assert kept(answer) == "9000"


def test_without_the_database_a_long_list_is_kept_too(
    make_app: Callable[[Settings], Flask], unreachable_url: str
) -> None:
    answer = send(make_app(settings_for(unreachable_url)).test_client(), zipcodes=LONG)
    assert (answer.status_code, kept(answer), unseen(answer)) == (503, "", LONG)


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
def test_what_is_no_such_form_is_refused_on_the_page(
    reader: FlaskClient, content_type: str, content: bytes
) -> None:
    answer = reader.post("/list", data=content, content_type=content_type, headers=PAGE)
    assert answer.status_code == 400
    assert answer.text.count("The form cannot be read.") == 2


@settings(max_examples=100, deadline=None, database=None)
@given(
    st.one_of(st.fixed_dictionaries({"file": st.binary(max_size=60)}), st.just({})),
    st.text(max_size=40),
    st.sampled_from(["show", "download"]),
)
def test_nothing_that_is_sent_breaks_it(
    sqlite_app: Flask, file: Dict[str, Any], pasted: str, action: str
) -> None:
    answer = send(sqlite_app.test_client(), zipcodes=pasted, action=action, **file)
    assert answer.status_code in (200, 400)


@pytest.fixture(scope="session")
def opened_for_writing() -> Iterator[List[str]]:
    """The files that this process opens to write in, from now on. (An audit hook cannot be taken away.)"""
    opened: List[str] = []

    def note(event: str, arguments: Tuple[Any, ...]) -> None:
        if event == "open" and arguments[2] & (os.O_WRONLY | os.O_RDWR):
            opened.append(str(arguments[0]))

    sys.addaudithook(note)
    yield opened


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


@pytest.mark.parametrize("size", [6 * MEGABYTE, 40 * MEGABYTE])
@pytest.mark.parametrize(("field", "name"), [("file", "clients.csv"), ("zipcodes", None)])
def test_a_client_that_sends_everything_first_sees_that_it_was_too_much(
    desk_url: str, field: str, name: Optional[str], size: int
) -> None:
    sent = [(field, (name, b"9000\n" * (size // 5)))]
    answer = requests.post(f"{desk_url}/list", files=sent, headers=PAGE, timeout=30)
    assert answer.status_code == 413
    assert "A list can have at most 5 MB." in answer.text
    assert 'enctype="multipart/form-data"' in answer.text


def test_a_file_of_five_megabytes_goes_there_and_back(desk_url: str) -> None:
    file = b"".join(b"%d;\xe9\n" % (1000 + row % 9000) for row in range(5 * MEGABYTE // 7))
    shown = requests.post(f"{desk_url}/list", files={"file": ("x.csv", file)}, headers=PAGE, timeout=60)
    assert shown.status_code == 200
    assert "<textarea" not in shown.text  # which would take a browser a minute
    start = shown.text.index('<input type="hidden" name="kept" value="') + 40
    kept = shown.text[start : shown.text.index('">', start)]
    again = [("kept", (None, kept.replace("\n", "\r\n").encode())), ("action", (None, b"download"))]
    answer = requests.post(f"{desk_url}/list", files=again, headers=PAGE, timeout=60)
    assert answer.status_code == 200
    assert answer.content.count(b"\r\n") == file.count(b"\n")
