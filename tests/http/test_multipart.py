"""Parsing of multipart/form-data, valid and invalid."""

from __future__ import annotations

import io
import tracemalloc
from typing import Any

import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st
from urllib3 import encode_multipart_formdata

from webapp.errors import RequestNotValid, TooLarge
from webapp.http.body import RequestBody
from webapp.http.multipart import MAX_HEADER_BYTES, SentForm, read_form

FORM = "multipart/form-data; boundary=x"
TOO_LARGE = TooLarge("It is too large.")
MEGABYTE = 1024 * 1024
FIELD = b'--x\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n'
END = b"--x--\r\n"

FRAGMENTS = [
    *(b"--x", b"--", b"\r\n", b"\n", b"\r", b" ", b":", b"a", b"Content-Disposition: form-data; "),
    *(b'name="a"', b'; filename="b"', b"name*=utf-8''%FF", b"Content-Type: text/plain; charset=utf-16"),
    *(b"Content-Length: -1", FIELD % (b"a", b"1"), END),
]

names = st.text("abcdé", min_size=1, max_size=4)
values = st.one_of(
    st.text(st.characters(blacklist_categories=["Cs"]), max_size=50),
    st.tuples(st.just("file.csv"), st.binary(max_size=50)),
    st.tuples(st.just("file.csv"), st.binary(min_size=1).map(lambda part: part * (200_000 // len(part)))),
)


def read(body: bytes, content_type: str = FORM, max_bytes: int = 99 * MEGABYTE, **extra: Any) -> SentForm:
    environ = {
        "wsgi.input": io.BytesIO(body),
        "CONTENT_LENGTH": str(len(body)),
        "CONTENT_TYPE": content_type,
        **extra,
    }
    with Flask(__name__).test_request_context(method="POST", environ_overrides=environ):
        return read_form(RequestBody(99 * MEGABYTE), max_bytes, TOO_LARGE)


def test_fields_without_a_file_name_are_texts() -> None:
    body, content_type = encode_multipart_formdata(
        {"zipcodes": "é\r\n", "empty": "", "file": ("a.csv", b"\xff\r\n\r\n--"), "none": ("", b"")}
    )
    assert read(body, content_type) == SentForm(
        {"zipcodes": "é\r\n", "empty": ""}, {"file": b"\xff\r\n\r\n--"}
    )


def test_first_of_several_fields_with_the_same_name_counts() -> None:
    assert read(FIELD % (b"a", b"1") + FIELD % (b"a", b"2") + END).texts == {"a": "1"}


def test_invalid_utf_8_in_a_text_is_replaced() -> None:
    assert read(FIELD % (b"a", b"\xffx") + END).texts == {"a": "�x"}


@settings(deadline=None, database=None, max_examples=40)
@given(st.dictionaries(names, values, max_size=5))
def test_any_texts_and_files_are_read_as_sent(fields: dict[str, Any]) -> None:
    body, content_type = encode_multipart_formdata(fields)
    form = read(body, content_type)
    assert form.texts == {name: value for name, value in fields.items() if isinstance(value, str)}
    assert form.files == {name: value[1] for name, value in fields.items() if not isinstance(value, str)}


@pytest.mark.parametrize("extra", [{}, {"CONTENT_LENGTH": "", "wsgi.input_terminated": True}], ids=str)
def test_form_that_is_too_large_is_rejected_with_and_without_a_length(extra: dict[str, Any]) -> None:
    body = FIELD % (b"a", b"x" * MEGABYTE) + END
    assert len(read(body, max_bytes=len(body), **extra).texts["a"]) == MEGABYTE
    with pytest.raises(TooLarge) as raised:
        read(body, max_bytes=len(body) - 1, **extra)
    assert raised.value is TOO_LARGE


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"a=1", "application/x-www-form-urlencoded"),
        (b"", ""),
        (FIELD % (b"a", b"1") + END, "multipart/form-data"),
        (FIELD % (b"a", b"1") + END, "multipart/form-data; boundary="),
        (FIELD % (b"a", b"1") + END, "multipart/form-data; boundary=é"),
        (FIELD % (b"a", b"1") + END, "multipart/form-data; boundary=y"),
        (b"", FORM),
        (FIELD % (b"a", b"1"), FORM),
        (b"--x\r\n\r\n1\r\n--x--", FORM),
        (b"--x\r\nContent-Disposition: form-data; name=\xff\r\n\r\n1\r\n--x--", FORM),
        (FIELD % (b"a", b"1") * 11 + END, FORM),
        (b"x" * (MAX_HEADER_BYTES + 1) + FIELD % (b"a", b"1") + END, FORM),
        (FIELD % (b"a", b"1") + END + b"x" * (MAX_HEADER_BYTES + 1), FORM),
    ],
    ids=str,
)  # fmt: skip
def test_invalid_form_is_rejected(body: bytes, content_type: str) -> None:
    with pytest.raises(RequestNotValid, match="The form cannot be read"):
        read(body, content_type)


@settings(deadline=None, database=None, max_examples=150)
@given(st.lists(st.one_of(st.sampled_from(FRAGMENTS), st.binary(max_size=4)), max_size=30))
def test_any_bytes_are_a_form_or_rejected(fragments: list[bytes]) -> None:
    try:
        form = read(b"".join(fragments))
    except RequestNotValid:
        return
    assert set(map(type, form.texts.values())) <= {str}
    assert set(map(type, form.files.values())) <= {bytes}


def test_part_headers_of_megabytes_take_little_memory() -> None:
    body = b"--x\r\n" + b"a:\n" * (5 * MEGABYTE) + FIELD[5:] % (b"a", b"1") + END
    tracemalloc.start()
    try:
        with pytest.raises(RequestNotValid):
            read(body)
        _size, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 5 * MEGABYTE
