"""`/list`: risk factors of pasted or uploaded client lists."""

from __future__ import annotations

from functools import partial
from http import HTTPStatus
from typing import Sequence

from flask import Response, request
from flask_babel import gettext

from webapp.data import reads
from webapp.errors import ColumnNotClear, DeskError, RequestNotValid, ZipcodeNotFound, ZipcodeNotValid
from webapp.http import facts
from webapp.http.body import RequestBody
from webapp.http.multipart import SentForm, read_form
from webapp.http.negotiation import download
from webapp.i18n.messages import N_, Message
from webapp.pages.blueprint import bp
from webapp.pages.parts import PageParts
from webapp.tables import kinds
from webapp.tables.chunks import MEGABYTE, text_of
from webapp.tables.workbook_writer import MEDIA_TYPE as WORKBOOK
from webapp.zipcodes.cell import WARNINGS
from webapp.zipcodes.client_list import (
    MAX_BYTES,
    MAX_FORM_BYTES,
    ClientList,
    Spreadsheet,
    Words,
    read,
    spreadsheet,
    too_large,
)
from webapp.zipcodes.timeline import parse_on

# Up to this size, a client gets an error for a large file; a larger upload is cut off.
MAX_SKIPPED_BYTES = 128 * MEGABYTE

# Text shown for correction. A text field of 800,000 lines takes Chromium 40 seconds.
MAX_SHOWN_LETTERS = 50_000

# Sent by the page's script, which gets form errors with status 200: browsers log each failed script request
# as an error of the page.
BACKGROUND = "X-Background"
CLIENT_ERRORS = (HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)

MEDIA_TYPES = {"csv": "text/csv", "xlsx": WORKBOOK}

# Titles of row errors and warnings, by code.
CODES = {**{error.code: error.title for error in (ZipcodeNotValid, ZipcodeNotFound)}, **WARNINGS}


@bp.route("/list", methods=["GET", "POST"])
def client_list() -> Response:
    """Show the form or, once submitted, its result.

    `action=download` returns a file, `edit` the form as it is, in another language.

    Lists are never stored: the browser sends the list again for the download.
    """
    if request.method != "POST":
        return _page(PageParts(_values("", "", "")), None)
    body = RequestBody(MAX_SKIPPED_BYTES)
    try:
        response = _respond(body)
    finally:
        body.skip()
    response.headers["Cache-Control"] = "no-store"
    if BACKGROUND in request.headers and HTTPStatus(response.status_code) in CLIENT_ERRORS:
        response.status_code = 200
    return response


def _respond(body: RequestBody) -> Response:
    parts = PageParts(_values("", "", ""))
    sent = parts.attempt(lambda: read_form(body, MAX_FORM_BYTES, too_large()), "file")
    if sent is None:
        return _page(parts, None)
    if "edit" in sent.texts:
        return _edit(parts, sent)
    field = "file" if "file" in sent.files else "zipcodes"
    result = parts.attempt(partial(_look_up, parts, sent), field)
    if isinstance(result, ColumnNotClear):
        parts.record(result, "column" if result.choices else field)
        return _page(parts, None, result.choices)
    if isinstance(result, Spreadsheet):
        return _download(result)
    return _page(parts, result)


def _edit(parts: PageParts, sent: SentForm) -> Response:
    """Show the form as it was sent. A page cannot keep a file, but a short text in it."""
    pasted, file = sent.texts.get("zipcodes", ""), sent.files.get("file", b"")
    text = pasted if pasted.strip() else _text(file)
    parts.values = {"zipcodes": text, "column": "", "on": sent.texts.get("on", "").strip()}
    if file and (pasted.strip() or not text):
        advice = N_("A browser keeps no file when the language changes. Please choose it again.")
        parts.errors["file"] = Message(advice, {})
    return _page(parts, None)


def _page(parts: PageParts, found: ClientList | None, choices: Sequence[tuple[int, str]] = ()) -> Response:
    names = [name for _number, name in choices]
    options = [
        # Prefer the name: in the next list, a number could mean another column.
        {"value": name if name and names.count(name) == 1 else str(number), "number": number, "name": name}
        for number, name in choices
    ]
    return parts.respond(
        parts.render(
            "list.html",
            found=found,
            on=parse_on(parts.values["on"]) if found and parts.values["on"] else None,
            options=options,
            codes=CODES,
            max_bytes=MAX_BYTES,
            megabytes=MAX_BYTES // MEGABYTE,
        )
    )


def _look_up(parts: PageParts, sent: SentForm) -> ClientList | Spreadsheet | ColumnNotClear | None:
    """Return the result for the page, the file, or the error that asks for a column.

    An uploaded file wins over pasted text. The result is None for an invalid date.
    """
    pasted = sent.texts.get("zipcodes", "")
    column = sent.texts.get("column", "").strip()
    day = sent.texts.get("on", "").strip()
    file = sent.files.get("file")
    # Show an invalid file for correction, unless it would replace pasted text that may exist nowhere else.
    text = pasted if file is None or pasted.strip() else _text(file)
    parts.values = _values(text, column, day)
    on = parts.attempt(lambda: parse_on(day), "on") if day else None
    if parts.errors:
        return None
    if file is None and not pasted.strip():
        raise RequestNotValid(N_("Paste zipcodes or choose a file."))
    body = pasted.encode() if file is None else file
    lookup = reads.lookup(on)
    try:
        if sent.texts.get("action") == "download":
            written = spreadsheet(body, lookup, _words(), column, is_pasted=file is None)
            facts.record(facts.ROWS, written.clients)
            return written
        found = read(body, lookup, column, is_pasted=file is None)
    except ColumnNotClear as error:
        return error
    facts.record(facts.ROWS, found.total)
    if file is not None:
        parts.values = _values(_text(file), column, day)
    return found


def _values(text: str, column: str, day: str) -> dict[str, str]:
    """Return the form values, without too long a text."""
    return {"zipcodes": text if len(text) <= MAX_SHOWN_LETTERS else "", "column": column, "on": day}


def _text(body: bytes) -> str:
    """Return a file's text, or "" if it is too long or binary."""
    if kinds.is_workbook(body) or len(body) > 4 * MAX_SHOWN_LETTERS:
        return ""
    try:
        return text_of(body)
    except DeskError:
        return ""


def _words() -> Words:
    return Words(
        factor=gettext("Risk factor"),
        note=gettext("Note"),
        read_as=gettext("Read as %(zipcode)s", zipcode="%s"),
        by_code={code: gettext(title) for code, title in CODES.items()},
    )


def _download(file: Spreadsheet) -> Response:
    response = Response(file.body, mimetype=MEDIA_TYPES[file.extension])
    return download(response, f"risk-factors.{file.extension}")
