"""`/zipcode/<zipcode>`: every range of the seed, what is refused, and what the headers tell."""

import uuid
from typing import Callable, List, Tuple

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, select
from sqlalchemy.exc import OperationalError

from tests.conftest import ORDINARY_DAY
from tests.databases import settings_for
from tests.pages.reading import links, text
from tests.zipcodes.seed import GAPS, RANGES
from webapp.config import Settings
from webapp.data.extensions import db
from webapp.data.risk_table_file import Range, RiskFile
from webapp.data.zipcode_models import RiskTable
from webapp.pages import zipcode as views
from webapp.zipcodes import service


@pytest.mark.parametrize("seed_range", RANGES, ids=lambda seed_range: f"{seed_range[0]}-{seed_range[1]}")
def test_both_ends_and_the_middle_of_a_range_have_its_factor(
    reader: FlaskClient, seed_range: Tuple[int, int, str]
) -> None:
    first, last, factor = seed_range
    answers = [reader.get(f"/zipcode/{zipcode}") for zipcode in (first, (first + last) // 2, last)]
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert [answer.json for answer in answers] == [{"risk_factor": factor}] * 3
    assert {answer.headers["Risk-Range"] for answer in answers} == {f"{first}-{last}"}


@pytest.mark.parametrize("gap", GAPS, ids=lambda gap: f"{gap[0]}-{gap[1]}")
def test_both_ends_of_a_gap_are_not_found(reader: FlaskClient, gap: Tuple[int, int]) -> None:
    answers = [reader.get(f"/zipcode/{zipcode}") for zipcode in gap]
    assert [(answer.status_code, answer.json) for answer in answers] == [
        (404, {"detail": "ZIPCODE_NOT_FOUND"})
    ] * 2


@pytest.mark.parametrize(
    "given",
    [
        "999",
        "10000",
        "0999",
        "0000",
        "-1",
        "+9000",
        "abc",
        "90 00",
        " 9000",
        "9000%0A",
        "9000.0",
        "9e3",
        "٩٠٠٠",
        "９０００",
        "9000'--",
        "B-9000",
        "%00000",
        pytest.param("9" * 2000, id="2000 digits"),
    ],
)
def test_what_is_not_four_digits_is_not_valid(reader: FlaskClient, given: str) -> None:
    answer = reader.get(f"/zipcode/{given}")
    assert (answer.status_code, answer.json) == (400, {"detail": "ZIPCODE_NOT_VALID"})


def test_the_headers_tell_range_table_and_since_when(reader: FlaskClient) -> None:
    headers = reader.get("/zipcode/9200").headers
    assert (headers["Risk-Range"], headers["Risk-Table"], headers["Risk-Table-Effective-From"]) == (
        "9170-9240",
        "1",
        "2026-08-14",
    )


def test_a_page_tells_the_factor_as_well(reader: FlaskClient) -> None:
    answer = reader.get("/zipcode/9000", headers={"Accept": "text/html"})
    assert (answer.status_code, answer.mimetype) == (200, "text/html")
    assert "Gent" in answer.text


PAGE = {"Accept": "text/html"}


@pytest.mark.parametrize(
    ("path", "status", "near"),
    [
        ("/zipcode/1311", 404, "1310 La Hulpe"),
        ("/zipcode/90000", 400, "9000 Gent"),
        ("/zipcode/gentt", 400, "9000 Gent"),
    ],
)
def test_the_page_of_what_has_no_factor_offers_the_nearest(
    reader: FlaskClient, path: str, status: int, near: str
) -> None:
    answer = reader.get(path, headers=PAGE)
    assert answer.status_code == status
    assert "Did you mean one of these?" in text(answer.text)
    assert near in text(answer.text)


def test_for_what_is_like_no_place_nothing_is_offered(reader: FlaskClient) -> None:
    assert "Did you mean" not in reader.get("/zipcode/qqqqqqqq", headers=PAGE).text


def test_without_the_nearest_an_error_stays_what_it_is(
    reader: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def out_of_reach(_text: str) -> None:
        raise OperationalError("SELECT", {}, Exception("gone"))

    monkeypatch.setattr(views, "nearest", out_of_reach)
    page = reader.get("/zipcode/1311", headers=PAGE)
    assert page.status_code == 404
    assert "No range of the risk table holds zipcode 1311" in page.text


def test_without_a_database_what_is_not_valid_is_told_so(
    make_app: Callable[[Settings], Flask], unreachable_url: str
) -> None:
    page = make_app(settings_for(unreachable_url)).test_client().get("/zipcode/abc", headers=PAGE)
    assert page.status_code == 400
    assert "A zipcode has four digits" in page.text


def test_for_json_nobody_looks_for_the_nearest(reader: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: List[str] = []
    monkeypatch.setattr(views, "nearest", asked.append)
    assert reader.get("/zipcode/1311").json == {"detail": "ZIPCODE_NOT_FOUND"}
    assert not asked


def test_a_page_does_not_link_to_itself(reader: FlaskClient) -> None:
    assert "/zipcode/4700" not in links(reader.get("/zipcode/4700", headers=PAGE).text)


def test_an_answer_may_be_kept_for_a_minute(reader: FlaskClient) -> None:
    assert (
        reader.get("/zipcode/9000").headers["Cache-Control"]
        == "public, max-age=60, stale-while-revalidate=60"
    )


def test_two_slashes_are_not_one(reader: FlaskClient) -> None:
    assert reader.get("/zipcode//9000").json == {"detail": "NOT_FOUND"}


def test_without_a_risk_table_the_desk_says_when_to_try_again(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        db.session.execute(delete(RiskTable))
        db.session.commit()
    answer = client.get("/zipcode/9000")
    assert (answer.status_code, answer.json) == (503, {"detail": "RISK_TABLE_UNAVAILABLE"})
    assert int(answer.headers["Retry-After"]) > 0


@pytest.mark.parametrize("path", ["/zipcode/9000", "/zipcode/1311", "/index", "/index?year=1996"])
def test_without_tables_the_desk_is_unavailable_and_not_broken(shared_empty_app: Flask, path: str) -> None:
    answer = shared_empty_app.test_client().get(path)
    assert (answer.status_code, answer.json) == (503, {"detail": "DATABASE_UNAVAILABLE"})
    assert int(answer.headers["Retry-After"]) > 0


def test_a_new_table_counts_at_once_for_a_zipcode_that_was_not_found(app: Flask, client: FlaskClient) -> None:
    assert client.get("/zipcode/1311").status_code == 404
    with app.app_context():
        file = RiskFile("new.csv", uuid.uuid4().hex * 2, [Range(1311, 1311, "A")])
        service.import_table(db.session(), file, "new.csv", ORDINARY_DAY.date())
        db.session.commit()
        newest = db.session.scalars(select(RiskTable.id).order_by(RiskTable.id.desc())).first()
    answer = client.get("/zipcode/1311")
    assert (answer.status_code, answer.json) == (200, {"risk_factor": "A"})
    assert answer.headers["Risk-Table"] == str(newest)
