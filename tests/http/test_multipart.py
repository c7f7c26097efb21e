"""A form with files, read in memory: what browsers send, and what others might."""

import io
import tracemalloc
from typing import Any, Dict, List

import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st
from urllib3 import encode_multipart_formdata

from webapp.errors import RequestNotValid, TooLarge
from webapp.http.body import Content
from webapp.http.multipart import MOST_BETWEEN, SentForm, read_form

FORM = "multipart/form-data; boundary=x"
TOO_LARGE = TooLarge("It is too large.")
MEGABYTE = 1024 * 1024
FIELD = b'--x\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n'
END = b"--x--\r\n"

SCRAPS = [
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


def read(content: bytes, content_type: str = FORM, most: int = 99 * MEGABYTE, **further: Any) -> SentForm:
    environment = {
        "wsgi.input": io.BytesIO(content),
        "CONTENT_LENGTH": str(len(content)),
        "CONTENT_TYPE": content_type,
        **further,
    }
    with Flask(__name__).test_request_context(method="POST", environ_overrides=environment):
        return read_form(Content(99 * MEGABYTE), most, TOO_LARGE)


def test_texts_and_files_are_told_apart() -> None:
    content, content_type = encode_multipart_formdata(
        {"zipcodes": "é\r\n", "empty": "", "file": ("a.csv", b"\xff\r\n\r\n--"), "none": ("", b"")}
    )
    assert read(content, content_type) == SentForm(
        {"zipcodes": "é\r\n", "empty": ""}, {"file": b"\xff\r\n\r\n--"}
    )


def test_of_several_with_one_name_the_first_counts() -> None:
    assert read(FIELD % (b"a", b"1") + FIELD % (b"a", b"2") + END).texts == {"a": "1"}


def test_a_text_that_is_not_utf_8_is_read_as_far_as_it_goes() -> None:
    assert read(FIELD % (b"a", b"\xffx") + END).texts == {"a": "�x"}


@settings(deadline=None, database=None, max_examples=100)
@given(st.dictionaries(names, values, max_size=5))
def test_whatever_a_browser_sends_is_what_is_read(fields: Dict[str, Any]) -> None:
    content, content_type = encode_multipart_formdata(fields)
    form = read(content, content_type)
    assert form.texts == {name: value for name, value in fields.items() if isinstance(value, str)}
    assert form.files == {name: value[1] for name, value in fields.items() if not isinstance(value, str)}


@pytest.mark.parametrize("further", [{}, {"CONTENT_LENGTH": "", "wsgi.input_terminated": True}], ids=str)
def test_what_is_too_large_is_refused_whether_its_size_was_announced_or_not(further: Dict[str, Any]) -> None:
    content = FIELD % (b"a", b"x" * MEGABYTE) + END
    assert len(read(content, most=len(content), **further).texts["a"]) == MEGABYTE
    with pytest.raises(TooLarge) as raised:
        read(content, most=len(content) - 1, **further)
    assert raised.value is TOO_LARGE


@pytest.mark.parametrize(
    ("content", "content_type"),
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
        (b"x" * (MOST_BETWEEN + 1) + FIELD % (b"a", b"1") + END, FORM),
        (FIELD % (b"a", b"1") + END + b"x" * (MOST_BETWEEN + 1), FORM),
    ],
    ids=str,
)  # fmt: skip
def test_what_is_no_such_form_is_refused(content: bytes, content_type: str) -> None:
    with pytest.raises(RequestNotValid, match="The form cannot be read"):
        read(content, content_type)


@settings(deadline=None, database=None, max_examples=300)
@given(st.lists(st.one_of(st.sampled_from(SCRAPS), st.binary(max_size=4)), max_size=30))
def test_anything_is_a_form_or_refused(parts: List[bytes]) -> None:
    try:
        form = read(b"".join(parts))
    except RequestNotValid:
        return
    assert set(map(type, form.texts.values())) <= {str}
    assert set(map(type, form.files.values())) <= {bytes}


def test_headers_of_megabytes_take_no_memory() -> None:
    content = b"--x\r\n" + b"a:\n" * (5 * MEGABYTE) + FIELD[5:] % (b"a", b"1") + END
    tracemalloc.start()
    try:
        with pytest.raises(RequestNotValid):
            read(content)
        _size, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 5 * MEGABYTE
