"""`?on=` of a zipcode: the factor that counted, or will count, on a day."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.conftest import ORDINARY_DAY, SetClock
from tests.pages.reading import text
from tests.support.commands import run
from tests.support.risk_tables import load_table
from webapp.zipcodes.risk_table import Range

FORM = "multipart/form-data"
PAGE = {"Accept": "text/html"}
TODAY = ORDINARY_DAY.date()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A client with the seed's B for 9000, then C from today, and A planned from 2035."""
    load_table(app, [Range(9000, 9000, "C")], TODAY)
    load_table(app, [Range(9000, 9000, "A")], date(2035, 1, 1))
    return app.test_client()


def api(client: FlaskClient, on: str) -> Any:
    return client.get("/api/v1/zipcodes/9000", query_string={"on": on}).json


DAYS = [
    ("0001-01-01", "B", 1),
    (str(TODAY - timedelta(days=1)), "B", 1),
    (str(TODAY), "C", 2),
    ("2034-12-31", "C", 2),
    ("2035-01-01", "A", 3),
    ("9999-12-31", "A", 3),
]


@pytest.mark.parametrize(("on", "factor", "table"), DAYS)
def test_factor_of_a_day_is_that_of_its_table(client: FlaskClient, on: str, factor: str, table: int) -> None:
    found = api(client, on)
    assert (found["risk_factor"], found["risk_table"]["id"]) == (factor, table)
    response = client.get(f"/zipcode/9000?on={on}")
    assert (response.json, response.headers["Risk-Table"]) == ({"risk_factor": factor}, str(table))
    page = text(client.get(f"/zipcode/9000?on={on}", headers=PAGE).text)
    assert f"Risk factor {factor}" in page
    assert f"Risk factor {factor}" in text(client.get(f"/?zipcode=9000&on={on}").text)


@pytest.mark.parametrize(("on", "factor", "table"), DAYS)
def test_bulk_lookup_of_a_day_uses_its_table(client: FlaskClient, on: str, factor: str, table: int) -> None:
    url = f"/api/v1/zipcodes/lookup?on={on}"
    found = client.post(url, json={"zipcodes": ["9000"]}).json or {}
    assert found["results"] == [{"zipcode": "9000", "risk_factor": factor, "error": None}]
    names = ("Risk-Table", "Risk-Table-Effective-From", "Risk-Table-Effective-Until")
    single = client.get(f"/zipcode/9000?on={on}").headers
    for sent in ({"json": {"zipcodes": ["9000"]}}, {"data": b"zipcode\n9000\n", "content_type": "text/csv"}):
        headers = client.post(url, **sent, buffered=True).headers
        assert [headers.get(name) for name in names] == [single.get(name) for name in names]
        assert headers["Risk-Table"] == str(table)
    response = client.post(url, data=b"zipcode\n9000\n", content_type="text/csv")
    assert response.data == f"zipcode,risk_factor,error\n9000,{factor},\n".encode()


@pytest.mark.parametrize(("on", "factor", "table"), DAYS)
def test_list_and_command_of_a_day_use_its_table(
    app: Flask, client: FlaskClient, on: str, factor: str, table: int
) -> None:
    form = {"zipcodes": "9000", "on": on}
    shown = client.post("/list", data={**form, "action": "show"}, content_type=FORM).text
    assert f"<b>{factor}</b>" in shown
    assert f'name="on" value="{on}"' in shown
    file = client.post("/list", data={**form, "action": "download"}, content_type=FORM)
    assert f"9000;{factor}" in file.text
    assert run(app, "lookup", "9000", "--on", on).output == f"9000\t{factor}\n"


def test_list_says_its_day_and_without_one_counts_today(client: FlaskClient) -> None:
    assert "On 15 March 2026." in text(
        client.post("/list", data={"zipcodes": "9000", "on": "2026-03-15"}, content_type=FORM).text
    )
    shown = client.post("/list", data={"zipcodes": "9000", "on": " "}, content_type=FORM).text
    assert ("<b>C</b>" in shown, "On 1" in text(shown)) == (True, False)


def test_list_of_an_invalid_date_is_rejected_and_kept(reader: FlaskClient) -> None:
    response = reader.post(
        "/list", data={"zipcodes": "9000\n2000", "on": "2026-02-30", "action": "download"}, content_type=FORM
    )
    assert response.status_code == 400
    assert "Enter a date as year, month and day" in text(response.text)
    assert 'id="on-error"' in response.text
    assert "9000\n2000</textarea>" in response.text


def test_command_with_an_invalid_date_is_rejected(app: Flask) -> None:
    result = run(app, "lookup", "9000", "--on", "2026-02-30")
    assert (result.exit_code, result.output.splitlines()[-1]) == (
        2,
        "Error: Invalid value for '--on': '2026-02-30' is not a date such as 2027-01-01.",
    )


@pytest.mark.parametrize(("on", "factor", "table"), DAYS)
def test_zipcodes_with_a_factor_on_a_day_are_those_of_its_table(
    client: FlaskClient, on: str, factor: str, table: int
) -> None:
    query = {"risk_factor": factor, "on": on, "cursor": "8999", "limit": "1"}
    response = client.get("/api/v1/zipcodes", query_string=query)
    found = response.json or {}
    assert (found["results"][0]["zipcode"], found["total"]) == ("9000", 436 if table == 1 else 1)
    assert response.headers["Last-Modified"] == "Mon, 14 Sep 2026 12:00:00 GMT"


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("q=gen&on=2026-03-15", "NOT_VALID"),
        ("risk_factor=A&on=x", "DATE_NOT_VALID"),
        ("on=2026-03-15", "NOT_VALID"),
    ],
)
def test_directory_with_an_invalid_date_is_rejected(reader: FlaskClient, query: str, code: str) -> None:
    response = reader.get(f"/api/v1/zipcodes?{query}")
    assert (response.status_code, (response.json or {})["code"]) == (400, code)


def test_bulk_lookup_with_an_invalid_date_is_rejected(reader: FlaskClient) -> None:
    response = reader.post("/api/v1/zipcodes/lookup?on=2026-02-30", json={"zipcodes": ["9000"]})
    assert (response.status_code, (response.json or {})["code"]) == (400, "DATE_NOT_VALID")


def test_members_name_table_days_and_plans(client: FlaskClient) -> None:
    planned = [{"effective_from": "2035-01-01", "risk_factor": "A", "risk_table": 3}]
    found = client.get("/api/v1/zipcodes/9000").json or {}
    assert found["risk_table"] == {"id": 2, "effective_from": "2026-09-14", "effective_until": "2034-12-31"}
    assert found["planned"] == planned
    found = api(client, "2026-03-15")
    assert found["risk_table"] == {"id": 1, "effective_from": None, "effective_until": "2026-09-13"}
    assert found["planned"] == planned
    assert api(client, "2035-06-01")["planned"] == []


@pytest.mark.parametrize(
    "on", ["2026-02-30", "2026-3-15", "15/03/2026", "20260315", "２026-03-15", "2026-03-15\n"]
)
def test_invalid_date_is_rejected(reader: FlaskClient, on: str) -> None:
    response = reader.get("/zipcode/9000", query_string={"on": on})
    assert (response.status_code, response.json) == (400, {"detail": "DATE_NOT_VALID"})
    response = reader.get("/api/v1/zipcodes/9000", query_string={"on": on})
    assert (response.status_code, (response.json or {})["code"]) == (400, "DATE_NOT_VALID")


def test_empty_date_is_rejected_but_in_the_form(reader: FlaskClient) -> None:
    assert reader.get("/zipcode/9000?on=").json == {"detail": "DATE_NOT_VALID"}
    assert reader.get("/api/v1/zipcodes/9000?on=").status_code == 400
    assert "Risk factor B" in text(reader.get("/?zipcode=9000&on=").text)


def test_page_shows_plans_and_days(client: FlaskClient) -> None:
    page = text(client.get("/zipcode/9000", headers=PAGE).text)
    assert "No. 2, from 14 September 2026 to 31 December 2034" in page
    assert "From 1 January 2035: A" in page
    page = text(client.get("/zipcode/9000?on=2026-03-15", headers=PAGE).text)
    assert "On 15 March 2026" in page
    assert "No. 1, until 13 September 2026" in page
    page = text(client.get("/zipcode/9000?on=2035-06-01", headers=PAGE).text)
    assert "No. 3, from 1 January 2035" in page
    assert "From 1 January 2035: " not in page


def test_page_says_that_a_zipcode_will_have_no_factor(app: Flask, client: FlaskClient) -> None:
    load_table(app, [Range(1000, 1000, "A")], date(2036, 1, 1))
    assert "From 1 January 2036: no risk factor" in text(client.get("/zipcode/9000", headers=PAGE).text)


def test_seed_shows_no_day_of_installation(reader: FlaskClient, set_clock: SetClock) -> None:
    set_clock(ORDINARY_DAY + timedelta(days=1))  # pages say on which day they are printed
    for path in ("/zipcode/9000", "/?zipcode=9000", "/about"):
        page = text(reader.get(path, headers=PAGE).text)
        assert "14 September 2026" not in page.replace("14 September 2026 at", ""), path


def test_lookup_page_keeps_the_date_in_form_and_links(client: FlaskClient) -> None:
    page = client.get("/?zipcode=9000&on=2026-03-15").text
    assert 'name="on" value="2026-03-15"' in page
    assert "/zipcode/9000?on=2026-03-15" in page


def test_lookup_page_explains_an_invalid_date_and_shows_no_factor(reader: FlaskClient) -> None:
    response = reader.get("/?zipcode=9000&on=x")
    page = text(response.text)
    assert response.status_code == 400
    assert "Enter a date as year, month and day, for example 2026-03-15." in page
    assert "Risk factor B" not in page


def test_error_page_of_an_invalid_date_names_it_and_keeps_the_zipcode(reader: FlaskClient) -> None:
    response = reader.get("/zipcode/9000?on=2027-02-30", headers=PAGE)
    assert response.status_code == 400
    assert 'name="zipcode" value="9000"' in response.text
    assert 'name="on" value="2027-02-30"' in response.text
    assert "Enter a date as year, month and day" in text(response.text)
