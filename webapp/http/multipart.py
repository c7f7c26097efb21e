"""Parse multipart/form-data in memory.

Only Werkzeug's decoder is used: its form parser writes large files to disk, and allows part headers of
megabytes, which take hundreds of megabytes to parse.
"""

from __future__ import annotations

from typing import Iterator, NamedTuple

from flask import request
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.sansio.multipart import Data, Epilogue, Event, Field, File, MultipartDecoder, NeedData

from webapp.errors import RequestNotValid, TooLarge
from webapp.http.body import RequestBody
from webapp.i18n.messages import N_

CHUNK_BYTES = 64 * 1024

# Of the headers of a part, and of bytes before or between parts.
MAX_HEADER_BYTES = 2 * CHUNK_BYTES

MAX_PARTS = 10


class SentForm(NamedTuple):
    """Text fields and files by name; of a repeated name, the first."""

    texts: dict[str, str]
    files: dict[str, bytes]


def read_form(body: RequestBody, max_bytes: int, too_large: TooLarge) -> SentForm:
    """Parse a form. Raises `too_large`, or RequestNotValid if it is not multipart/form-data."""
    if (request.content_length or 0) > max_bytes:
        raise too_large
    form = SentForm({}, {})
    part: Field | File
    value: list[bytes]
    try:
        for event in _events(body, max_bytes, too_large):
            if isinstance(event, (Field, File)):
                part, value = event, []
            elif isinstance(event, Data):
                value.append(event.data)
                if not event.more_data:
                    _add(form, part, b"".join(value))
    except (ValueError, RequestEntityTooLarge):
        raise RequestNotValid(N_("The form cannot be read. Please send it again from this page.")) from None
    return form


def _add(form: SentForm, part: Field | File, value: bytes) -> None:
    if isinstance(part, Field):
        form.texts.setdefault(part.name, value.decode(errors="replace"))
    elif part.filename:  # empty when no file was chosen
        form.files.setdefault(part.name, value)


def _events(body: RequestBody, max_bytes: int, too_large: TooLarge) -> Iterator[Event]:
    boundary = request.mimetype_params.get("boundary", "").encode("ascii")
    if not boundary:
        raise ValueError(request.mimetype)
    decoder = MultipartDecoder(boundary, MAX_HEADER_BYTES, max_parts=MAX_PARTS)
    received = 0
    event: Event = NeedData()
    while not isinstance(event, Epilogue):
        chunk = body.read(CHUNK_BYTES)
        received += len(chunk)
        if received > max_bytes:
            raise too_large
        decoder.receive_data(chunk or None)
        event = decoder.next_event()
        while not isinstance(event, (Epilogue, NeedData)):
            yield event
            event = decoder.next_event()
