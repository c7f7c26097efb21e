"""Foreign countries by name and code."""

from __future__ import annotations

import pytest

from webapp.i18n.countries import is_abroad


@pytest.mark.parametrize(
    "text",
    [
        "NL",
        "nl",
        "Nederland",
        "Pays-Bas",
        "Niederlande",
        "Zwitserland",
        "L",
        "FRA",
        "Royaume-Uni",
        "Österreich",
    ],
)
def test_country_other_than_belgium_is_abroad(text: str) -> None:
    assert is_abroad(text)


@pytest.mark.parametrize(
    "text", ["BE", "B", "BEL", "België", "belgique", "Belgien", "Belgium", "", "-", "Vlaanderen", "1"]
)
def test_belgium_and_other_texts_are_not_abroad(text: str) -> None:
    assert not is_abroad(text)
