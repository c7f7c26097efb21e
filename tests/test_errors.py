"""Errors: codes, messages and meanings."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from datetime import date

import pytest

from tests.support.databases import NOWHERE
from webapp.config import ROOT
from webapp.errors import HTTP_ERRORS, DeskError, MonthNotFound, TooLarge, codes
from webapp.i18n.messages import Message

ERRORS = DeskError.__subclasses__()

API_PAGE = """
from webapp.app import create_app
response = create_app().test_client().get("/api/v1/?format=html")
print(response.text)
"""


def python(*arguments: str, **variables: str) -> str:
    """Run Python in a new process, and return its output."""
    environment = {**os.environ, **NOWHERE, **variables}
    return subprocess.check_output([sys.executable, *arguments], cwd=ROOT, env=environment).decode()


@pytest.mark.parametrize("error", ERRORS)
def test_error_is_complete(error: type[DeskError]) -> None:
    assert re.fullmatch("[A-Z_]+", error.code)
    assert 400 <= error.status < 600
    assert error.title
    assert re.fullmatch(r"[A-Z][^.]+\.", error.meaning)
    assert (error.retry_after is not None) == (error.status in (429, 503))


def test_error_as_str_is_its_message_in_english() -> None:
    error = MonthNotFound("No index of %(month)s, of %(count)s.", month=date(2020, 1, 1), count=20_000)
    assert error.message == Message(
        "No index of %(month)s, of %(count)s.", {"month": date(2020, 1, 1), "count": 20_000}
    )
    assert str(error) == str(error.message) == "No index of 2020-01, of 20,000."


def test_codes_are_complete_and_unique() -> None:
    expected = {(error.status, error.code) for error in ERRORS}
    expected |= {(status, error.code) for status, error in HTTP_ERRORS.items()}
    found = [(entry.status, entry.code) for entry in codes()]
    assert found == sorted(expected)
    assert all(entry.meaning.endswith(".") for entry in codes())


def test_meaning_of_a_shared_code_is_that_of_the_exception() -> None:
    assert [entry.meaning for entry in codes() if entry.code == TooLarge.code] == [TooLarge.meaning]


def test_errors_import_neither_flask_nor_jinja() -> None:
    program = "import sys, webapp.errors; print(*{name.partition('.')[0] for name in sys.modules})"
    assert not {"flask", "jinja2", "werkzeug", "sqlalchemy"} & set(python("-c", program).split())


@pytest.mark.slow
def test_api_page_explains_every_code_even_without_docstrings(sqlite_url: str) -> None:
    page = python("-OO", "-c", API_PAGE, DATABASE_URL=sqlite_url)
    for status, code, meaning in codes():
        row = f'<tr id="{code}"><td>{status}</td><td><code>{code}</code></td><td>{meaning}</td></tr>'
        assert row in page, code
    assert "None" not in page
