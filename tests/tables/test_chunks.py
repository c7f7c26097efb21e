"""Text in each encoding, in chunks of any size; and bytes that are no text, with their row."""

from __future__ import annotations

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from webapp.errors import CsvNotValid, TooLarge
from webapp.tables import chunks
from webapp.tables.chunks import MEGABYTE, Chunks, text_of

TEXT = "cp;naam\r\n9000;Zoé Cœur\r\n2000;l’été – 5 €\r\n"


def read(body: bytes, max_bytes: int = MEGABYTE) -> Chunks:
    found = Chunks(io.BytesIO(body).read, max_bytes)
    for _ in found:
        pass
    return found


@pytest.mark.parametrize(
    ("body", "charset"),
    [
        (b"", "utf-8"),
        (TEXT.encode(), "utf-8"),
        (TEXT.encode("utf-8-sig"), "utf-8"),
        (TEXT.encode("cp1252"), "windows-1252"),
        (b"\xff\xfe" + TEXT.encode("utf-16-le"), "utf-16"),
        (b"\xfe\xff" + TEXT.encode("utf-16-be"), "utf-16"),
        ("é\n".encode() * 300_000, "utf-8"),  # cut in two where chunks meet
    ],
    ids=ascii,
)
def test_text_is_decoded_from_each_encoding(body: bytes, charset: str) -> None:
    assert text_of(body) in ("", TEXT, "é\n" * 300_000)
    assert read(body).charset == charset


@pytest.mark.parametrize(
    ("body", "row"),
    [
        (b"9000\n2000\n\0", 3),
        (b"9000\r2000\r\0", 3),
        (b"cp\n\x81\xe9", 2),
        ("9000\n2000".encode("utf-16-le"), 1),
        ("cp\n\n9000\n".encode("utf-16") + b"\x00\xd8", 4),
        ("cp\n9000;Liège\n".encode("cp850"), 2),
        ("cp\n9000;Zoë\n".encode("cp850"), 2),
        ("cp\n9000;Élise\n".encode("mac-roman"), 2),
        ("cp\n9000;Noël\n".encode("mac-roman"), 2),
    ],
    ids=ascii,
)
def test_bytes_that_are_no_text_are_rejected_with_their_row(body: bytes, row: int) -> None:
    with pytest.raises(CsvNotValid) as raised:
        read(body)
    assert str(raised.value) == (
        f"Row {row} is not UTF-8 or Windows-1252 text. Save the file as “CSV UTF-8”."
    )


@pytest.mark.parametrize("text", ["Šimek – Žák", "l’œuvre", "5 € …", "„Haus“", "Liège–Bruxelles é"])
def test_signs_of_windows_1252_are_text(text: str) -> None:
    assert text_of(text.encode("cp1252")) == text


def test_file_above_its_limit_is_rejected() -> None:
    read(b"x" * MEGABYTE)
    with pytest.raises(TooLarge, match="A file can have at most 1 MB"):
        read(b"x" * (MEGABYTE + 1))


@settings(deadline=None, database=None)
@given(
    st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=60),
    st.integers(1, 7),
)
def test_chunks_make_no_difference(text: str, size: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chunks, "CHUNK_BYTES", size)
        for encoding in ("utf-8-sig", "utf-16"):
            try:
                assert text_of(text.encode(encoding)) == text
            except CsvNotValid as error:
                assert "This is" in str(error)  # it begins like XML, say
