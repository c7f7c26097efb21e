"""Forms that carry files (multipart/form-data), read in memory: no file of a sender is put on disk.

Werkzeug's own parser keeps larger files on disk, and where a text of megabytes may come, headers of
megabytes may come too, which take it hundreds of them. So its decoder is used without it, as Quart does.
"""

from __future__ import annotations

from typing import Dict, Iterator, List, NamedTuple, Union

from flask import request
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.sansio.multipart import Data, Epilogue, Event, Field, File, MultipartDecoder, NeedData

from webapp.errors import RequestNotValid, TooLarge
from webapp.http.body import Content
from webapp.i18n.messages import N_

# What is read at a time; and what may come before the first part, between two, or as the headers of one.
PIECE_BYTES = 64 * 1024
MOST_BETWEEN = 2 * PIECE_BYTES

MOST_PARTS = 10


class SentForm(NamedTuple):
    """What a form carried: texts, and the content of files that were chosen; each by the name of its field.

    Of several with one name it is the first.
    """

    texts: Dict[str, str]
    files: Dict[str, bytes]


def read_form(content: Content, most_bytes: int, too_large: TooLarge) -> SentForm:
    """Read the form that the content of the request is.

    Raises `too_large` when it has more bytes, RequestNotValid when it is no such form.
    """
    if (request.content_length or 0) > most_bytes:
        raise too_large
    form = SentForm({}, {})
    part: Union[Field, File]
    value: List[bytes]
    try:
        for event in _events(content, most_bytes, too_large):
            if isinstance(event, (Field, File)):
                part, value = event, []
            elif isinstance(event, Data):
                value.append(event.data)
                if not event.more_data:
                    _keep(form, part, b"".join(value))
    except (ValueError, RequestEntityTooLarge):
        raise RequestNotValid(N_("The form cannot be read. Please send it again from this page.")) from None
    return form


def _keep(form: SentForm, part: Union[Field, File], value: bytes) -> None:
    if isinstance(part, Field):
        form.texts.setdefault(part.name, value.decode(errors="replace"))
    elif part.filename:  # else no file was chosen
        form.files.setdefault(part.name, value)


def _events(content: Content, most_bytes: int, too_large: TooLarge) -> Iterator[Event]:
    boundary = request.mimetype_params.get("boundary", "").encode("ascii")
    if not boundary:
        raise ValueError(request.mimetype)
    decoder = MultipartDecoder(boundary, MOST_BETWEEN, max_parts=MOST_PARTS)
    received = 0
    event: Event = NeedData()
    while not isinstance(event, Epilogue):
        piece = content.read(PIECE_BYTES)
        received += len(piece)
        if received > most_bytes:
            raise too_large
        decoder.receive_data(piece or None)
        event = decoder.next_event()
        while not isinstance(event, (Epilogue, NeedData)):
            yield event
            event = decoder.next_event()
