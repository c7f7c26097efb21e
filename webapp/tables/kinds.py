"""Recognize files other than CSV by their first bytes."""

from __future__ import annotations

import re

from webapp.errors import CsvNotValid
from webapp.i18n.messages import N_

HEAD_BYTES = 1024

ZIP = b"PK\x03\x04"

# By the first bytes of the file.
SIGNATURES = (
    (
        b"\xd0\xcf\x11\xe0",
        N_(
            "This is an Excel file of the old kind (.xls), or one with a password. "
            "Save it as .xlsx or CSV UTF-8."
        ),
    ),
    (
        b"%PDF",
        N_("This is a PDF, not a list. Save the list as .xlsx or CSV UTF-8 in the program it comes from."),
    ),
    (b"{\\rtf", N_("This is a text document (RTF), not a list. Save the list as .xlsx or CSV UTF-8.")),
    *(
        (archive, N_("This file is compressed. Unpack it, and send the list in it."))
        for archive in (
            b"\x1f\x8b",
            b"7z\xbc\xaf",
            b"BZh",
            b"\xfd7zXZ",
            b"\x28\xb5\x2f\xfd",
            b"Rar!",
            b"PK\x05\x06",
        )
    ),
    *(
        (symbolic_link, N_("This is a spreadsheet of the old kind (.slk). Save it as .xlsx or CSV UTF-8."))
        for symbolic_link in (b"ID;PWXL", b"ID;PCALC")
    ),
    *(
        (image, N_("This is a picture, not a list. Save the list as .xlsx or CSV UTF-8."))
        for image in (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"II*\0", b"MM\0*")
    ),
)

# By the beginning of the text, in any encoding.
MARKUP = (
    (
        re.compile(rb"\s*(?:\[\s*(?:[\[{\"\]]|-?[0-9]+\s*[,\]])|\{\s*[\"}])"),
        N_(
            "This is JSON, not CSV. Programs send JSON to POST /api/v1/zipcodes/lookup, with the media type "
            "application/json."
        ),
    ),
    (
        re.compile(
            rb"\s*(?:<(?:!doctype html|html|head|body|table|meta|div)\b|mime-version:)", re.IGNORECASE
        ),
        N_("This is a web page (HTML), not a list. Open it in Excel, and save it as .xlsx or CSV UTF-8."),
    ),
    (
        re.compile(rb"\s*<(?:\?xml|!doctype|!--|[a-z][\w:]*[\s>])", re.IGNORECASE),
        N_("This is XML, not a list. Open it in Excel, and save it as .xlsx or CSV UTF-8."),
    ),
    (
        re.compile(rb"\s*BEGIN:V(?:CARD|CALENDAR)", re.IGNORECASE),
        N_("This is an address book or calendar (vCard), not a list. Export it as CSV."),
    ),
)


def is_workbook(head: bytes) -> bool:
    """True for a ZIP file, the container of an Excel workbook."""
    return head.startswith(ZIP)


def refuse_other_kinds(head: bytes) -> None:
    """Raise CsvNotValid, naming the kind, for known binary files."""
    head = head.lstrip()
    for signature, message in SIGNATURES:
        if head.startswith(signature):
            raise CsvNotValid(message)


def refuse_markup(head: bytes) -> None:
    """Raise CsvNotValid, naming the kind, for JSON, HTML, XML or a vCard."""
    for pattern, message in MARKUP:
        if pattern.match(head):
            raise CsvNotValid(message)
