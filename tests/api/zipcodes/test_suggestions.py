"""Suggestions for a text."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from tests.api.zipcodes.client import BRUSSELS, GENT, PATH, get


def test_suggestions_start_with_the_text(reader: FlaskClient) -> None:
    assert get(reader, q="bruxe", limit="2") == {
        "results": [
            {"zipcode": "1000", **BRUSSELS},
            {
                "zipcode": "1130",
                **BRUSSELS,
                "name": "Haren",
                "names": {"nl": "Haren", "fr": "Haren"},
            },
        ],
        "matches": 6,
    }


@pytest.mark.parametrize("text", ["GAND", "90 gen", "\0gent%"], ids=ascii)
def test_place_is_suggested_for_its_zipcode_its_names_or_both(reader: FlaskClient, text: str) -> None:
    assert get(reader, q=text)["results"][0] == {"zipcode": "9000", **GENT}


@pytest.mark.parametrize(("limit", "count"), [({}, 20), ({"limit": "1"}, 1), ({"limit": "100"}, 100)])
def test_limit_is_20_by_default(reader: FlaskClient, limit: dict[str, str], count: int) -> None:
    assert len(get(reader, q="a", **limit)["results"]) == count
    assert len(get(reader, risk_factor="A", **limit)["results"]) == count


@pytest.mark.parametrize("text", ["zzz", " ", "北", "x" * 100], ids=ascii)
def test_text_without_match_has_no_suggestions(reader: FlaskClient, text: str) -> None:
    assert get(reader, q=text) == {"results": [], "matches": 0}


def test_invalid_utf_8_has_no_suggestions(reader: FlaskClient) -> None:
    assert reader.get(f"{PATH}?q=%ff%fe").json == {"results": [], "matches": 0}


def test_text_of_100_characters_is_accepted(reader: FlaskClient) -> None:
    assert get(reader, q="gent" + " " * 96)["results"][0]["zipcode"] == "9000"
