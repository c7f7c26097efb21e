"""`/list`: the risk factors of many clients, pasted or in a file: to read, and as a spreadsheet."""

from __future__ import annotations

from functools import partial
from typing import Mapping, Optional, Union

from flask import Response, request
from flask_babel import gettext

from webapp.data import reads
from webapp.errors import RequestNotValid, ZipcodeNotFound, ZipcodeNotValid
from webapp.http.body import RequestBody
from webapp.http.multipart import SentForm, read_form
from webapp.http.negotiation import download
from webapp.i18n.messages import N_
from webapp.pages.blueprint import bp
from webapp.pages.parts import PageParts
from webapp.zipcodes.bulk import MEGABYTE, Result
from webapp.zipcodes.client_list import (
    MOST_BYTES,
    MOST_FORM_BYTES,
    ClientList,
    decode,
    read,
    spreadsheet,
    too_large,
)

# Who sends a file that is too large is told so up to this size; a larger one is cut off.
MOST_SKIPPED_BYTES = 128 * MEGABYTE

# Characters of a list that a page shows for correction. A longer one is in it unseen, as `kept`: a text
# field of 800,000 lines takes Chromium 40 seconds, hidden or not.
LONGEST_SHOWN = 100_000

FILE_NAME = "risk-factors.csv"

# What is wrong with a row, in words, by the code of the error.
PROBLEMS = {error.code: error.title for error in (ZipcodeNotValid, ZipcodeNotFound)}


@bp.route("/list", methods=["GET", "POST"])
def client_list() -> Response:
    """The form; once it was sent, what came of it: on the page, or with `action=download` as a file.

    The page has all that was sent in its form, so that nothing is kept here until it is downloaded.
    """
    if request.method != "POST":
        return _page(PageParts({"zipcodes": ""}), None)
    content = RequestBody(MOST_SKIPPED_BYTES)
    try:
        response = _answer(content)
    finally:
        content.skip()
    response.headers["Cache-Control"] = "no-store"
    return response


def _answer(content: RequestBody) -> Response:
    parts = PageParts({"zipcodes": ""})
    result = None
    sent = parts.attempt(lambda: read_form(content, MOST_FORM_BYTES, too_large()), "file")
    if sent is not None:
        result = parts.attempt(partial(_look_up, parts, sent), "file" if "file" in sent.files else "zipcodes")
    return result if isinstance(result, Response) else _page(parts, result)


def _page(parts: PageParts, found: Optional[ClientList]) -> Response:
    limits = {"most_bytes": MOST_BYTES, "megabytes": MOST_BYTES // MEGABYTE, "longest": LONGEST_SHOWN}
    return parts.respond(parts.render("list.html", found=found, problems=PROBLEMS, **limits))


def _look_up(parts: PageParts, sent: SentForm) -> Union[ClientList, Response]:
    """What the page shows, or the file. A file that was sent wins over what was pasted."""
    text = pasted = _pasted(sent)
    parts.values = {"zipcodes": pasted}
    if "file" in sent.files:
        text = decode(sent.files["file"])
        # If it is wrong, it is shown for correction. But what was pasted may be nowhere else.
        if not pasted and len(text) <= LONGEST_SHOWN:
            parts.values = {"zipcodes": text}
    elif not pasted:
        raise RequestNotValid(N_("Paste zipcodes or choose a file."))
    known = reads.bulk_results()
    answer = _download(text, known) if sent.texts.get("action") == "download" else read(text, known)
    parts.values = {"zipcodes": text}
    return answer


def _pasted(sent: SentForm) -> str:
    """What was pasted: now, or before into a page that keeps it unseen."""
    texts = (sent.texts.get(field, "") for field in ("zipcodes", "kept"))
    return next((text for text in texts if text.strip()), "")


def _download(text: str, known: Mapping[str, Result]) -> Response:
    words = {code: gettext(problem) for code, problem in PROBLEMS.items()}
    return download(spreadsheet(text, known, gettext("Risk factor"), words), FILE_NAME)
