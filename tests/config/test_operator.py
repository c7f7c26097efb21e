"""Contact of the operator, and notes about risk factors."""

import pytest

from webapp.config import ConfigurationError, Settings


@pytest.mark.parametrize(
    ("contact", "href"),
    [
        ("desk@example.be", "mailto:desk@example.be"),
        (" o'neill+desk@mail.example.be ", "mailto:o'neill+desk@mail.example.be"),
        ("+32 2 555 01 23", "tel:+3225550123"),
        ("+32 (0)2 555.01.23", "tel:+3225550123"),
        ("02/555-01-23", "tel:025550123"),
        ("https://example.be/desk?x=1", "https://example.be/desk?x=1"),
        ("http://intranet/desk", "http://intranet/desk"),
        ("", ""),
    ],
)
def test_contact_of_the_operator_becomes_a_link(contact: str, href: str) -> None:
    operator = Settings.of({"OPERATOR_NAME": " Desk of Ghent ", "OPERATOR_CONTACT": contact}).operator
    assert operator == ("Desk of Ghent", contact.strip(), href)


def test_risk_factor_note_stands_for_each_language_without_its_own() -> None:
    notes = {"RISK_FACTOR_NOTE": " See the\n manual. ", "RISK_FACTOR_NOTE_NL": "Zie het handboek."}
    assert Settings.of(notes).risk_factor_notes == {
        **dict.fromkeys(("fr", "de", "en"), "See the manual."),
        "nl": "Zie het handboek.",
    }
    assert Settings.of({}).risk_factor_notes == {}


def test_long_risk_factor_note_is_rejected() -> None:
    with pytest.raises(ConfigurationError, match="RISK_FACTOR_NOTE_FR must have up to 300 printable"):
        Settings.of({"RISK_FACTOR_NOTE_FR": "x" * 301})
