"""The form of a zipcode."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from webapp.errors import ZipcodeNotValid
from webapp.zipcodes.zipcode import ADVICE, MAX_ZIPCODE, MIN_ZIPCODE, is_zipcode, parse_zipcode


def test_every_number_from_1000_to_9999_is_a_zipcode() -> None:
    zipcodes = range(MIN_ZIPCODE, MAX_ZIPCODE + 1)
    assert (zipcodes[0], zipcodes[-1]) == (1000, 9999)
    assert [parse_zipcode(str(zipcode)) for zipcode in zipcodes] == list(zipcodes)


@pytest.mark.parametrize(
    "text",
    [
        # Another length or number
        *("", "999", "90000", "0999", "9" * 10_000),
        # Other digits: Arabic, full width, superscript, circled, mathematical
        *("٩٠٠٠", "９０００", "900²", "900①", "𝟗𝟎𝟎𝟎"),
        # Whitespace, line ends, and marks of no width
        *(" 9000", "9000\n", "9000\r\n", "90 00", "9000\u00a0", "9000\x1c", "9000\u200b", "9000\0"),
        # Signs, and other ways to write a number
        *("+9000", "-9000", "9_000", "9.000", "9000.0", "9e3", "0x2328"),
        # Anything else
        *("abc", "B-9000", "9000GE", "\ud800"),
    ],
    ids=lambda text: ascii(text)[:16],
)
def test_text_of_another_form_is_no_zipcode(text: str) -> None:
    assert not is_zipcode(text)
    with pytest.raises(ZipcodeNotValid) as error:
        parse_zipcode(text)
    assert str(error.value) == ADVICE == "A zipcode has four digits, from 1000 to 9999, for example 9000."


@settings(deadline=None, database=None)
@given(text=st.one_of(st.text(max_size=6), st.from_regex(r"\s?\d{3,5}\s?"), st.integers(0, 99_999).map(str)))
@example("9000\n")
def test_zipcode_is_four_ascii_digits_and_nothing_else(text: str) -> None:
    characters = list(text)
    is_one = len(characters) == 4 and set(characters) <= set("0123456789") and characters[0] != "0"
    assert is_zipcode(text) is is_one
    assert not is_one or str(parse_zipcode(text)) == text
