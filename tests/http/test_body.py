"""The content of a request, read in parts."""

import io
from contextlib import contextmanager
from typing import Iterator

import pytest
from flask import Flask
from werkzeug.exceptions import ClientDisconnected

from webapp.http import body as module
from webapp.http.body import Content


@contextmanager
def content_of(body: bytes, announced: int, most_bytes: int = 1000) -> Iterator[Content]:
    """What a server hands on of a request that announced so many bytes."""
    environment = {"wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(announced)}
    with Flask(__name__).test_request_context(method="POST", environ_overrides=environment):
        yield Content(most_bytes)


def test_it_comes_in_parts_and_ends_with_none() -> None:
    with content_of(b"abc", 3) as content:
        assert [content.read(2), content.read(2), content.read(2)] == [b"ab", b"c", b""]


def test_all_of_it_is_read_unless_it_is_more_than_was_asked_for() -> None:
    with content_of(b"abc", 3) as content:
        assert content.read_up_to(3) == b"abc"
    with content_of(b"x" * 1_000_000, 1_000_000) as content:
        assert 10 < len(content.read_up_to(10)) < 1_000_000


def test_what_is_cut_short_is_an_error_of_the_client() -> None:
    with content_of(b"abc", 4) as content:
        with pytest.raises(ClientDisconnected):
            content.read_up_to(99)
        content.skip()  # nobody is there to wait for


def test_whatever_the_server_raises_is_an_error_of_the_client(monkeypatch: pytest.MonkeyPatch) -> None:
    with content_of(b"", 4) as content:
        monkeypatch.setattr(content._stream, "read", raise_what_no_stream_should)
        with pytest.raises(ClientDisconnected):
            content.read(4)
        content.skip()


def raise_what_no_stream_should(size: int) -> bytes:
    raise LookupError(size)


def test_the_rest_is_dropped_up_to_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    with content_of(b"x" * 100, 100) as content:
        content.read(10)
        content.skip()
        assert content.read(1) == b""
    monkeypatch.setattr(module, "PIECE_BYTES", 10)
    with content_of(b"x" * 100, 100, most_bytes=50) as content:
        content.skip()
        assert len(content.read(100)) == 50
