"""Lookup of zipcodes in CSV and Excel workbooks."""

from __future__ import annotations

import io
import logging
import tempfile
from contextlib import ExitStack
from datetime import date
from typing import IO, Any, Callable, Iterator
from urllib.parse import quote

from flask import Response

from webapp.data import reads
from webapp.errors import CsvNotValid, StorageFull
from webapp.http import facts
from webapp.http.body import RequestBody
from webapp.http.negotiation import no_store
from webapp.logs import Outage
from webapp.tables import kinds, workbook
from webapp.tables.chunks import CHUNK_BYTES
from webapp.tables.workbook_writer import MEDIA_TYPE as WORKBOOK
from webapp.zipcodes import bulk
from webapp.zipcodes.bulk import CsvResult
from webapp.zipcodes.columns import ListColumns
from webapp.zipcodes.opened_list import look_up_workbook

disk_outage = Outage(logging.getLogger(__name__), "writing a temporary file", logging.ERROR)

COLUMN_HEADER = "Zipcode-Column"


def respond_to_csv(body: RequestBody, column: str, on: date | None) -> Response:
    """Look up CSV, or a workbook that the client sent as text/csv."""
    found = reads.lookup(on)
    head = body.read(len(kinds.ZIP))
    while head and len(head) < len(kinds.ZIP):
        chunk = body.read(len(kinds.ZIP) - len(head))
        if not chunk:
            break
        head += chunk
    if kinds.is_workbook(head):
        return respond_to_workbook(body, column, on, head)
    unread = [head]

    def read(size: int) -> bytes:
        return unread.pop() if unread and unread[0] else body.read(size)

    def look_up(output: IO[bytes]) -> CsvResult:
        return bulk.look_up_csv(read, output.write, found, column)

    result, file = _in_file(look_up)
    facts.record(facts.ROWS, result.rows)
    return _file(file, f"text/csv; charset={result.charset}", result.columns)


def respond_to_workbook(body: RequestBody, column: str, on: date | None, head: bytes = b"") -> Response:
    found = reads.lookup(on)
    file = io.BytesIO(head + body.read_up_to(workbook.MAX_FILE_BYTES))
    if len(file.getvalue()) > workbook.MAX_FILE_BYTES:
        raise workbook.too_large_file()
    if not kinds.is_workbook(file.getvalue()):
        kinds.refuse_other_kinds(file.getvalue()[: kinds.HEAD_BYTES])
        raise CsvNotValid("This is no Excel workbook (.xlsx). Send CSV as text/csv.")
    result, output = _in_file(lambda output: look_up_workbook(file, output, found, column))
    facts.record(facts.ROWS, result.rows)
    return _file(output, WORKBOOK, result.columns)


def _in_file(look_up: Callable[[IO[bytes]], Any]) -> tuple[Any, IO[bytes]]:
    """Write a response to a temporary file until the request body is read.

    A client that sends everything before it reads would block the process, and too long a list can still be
    refused with a status. Raises StorageFull.
    """
    try:
        with ExitStack() as on_error:
            output = on_error.enter_context(tempfile.TemporaryFile())
            result = look_up(output)
            output.flush()
            on_error.pop_all()
    except OSError as error:
        disk_outage.failed(str(error))
        raise StorageFull("The response does not fit on the disk. Please try again in a minute.") from None
    disk_outage.ended()
    return result, output


def _file(file: IO[bytes], content_type: str, columns: ListColumns) -> Response:
    file.seek(0, io.SEEK_END)
    response = Response(_chunks(file), content_type=content_type)
    response.call_on_close(file.close)  # before the first chunk, too
    response.content_length = file.tell()
    name = quote(columns.name, safe=" !#$&'()*+,/:;=?@[]\"<>^`{|}~")
    response.headers[COLUMN_HEADER] = name or str(columns.column + 1)
    return no_store(response)


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    """Yield the whole file, then close it."""
    with file:
        file.seek(0)
        yield from iter(lambda: file.read(CHUNK_BYTES), b"")
