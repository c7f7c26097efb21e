"""The parts of a page: their errors by field, and failures of the service."""

from __future__ import annotations

import gc
import weakref
from functools import partial

from webapp.errors import CsvNotValid, DatabaseUnavailable, WrongYear
from webapp.pages.parts import PageParts


class Upload:
    """Stands for megabytes that were sent."""


def test_error_of_a_part_keeps_nothing_else_in_memory() -> None:
    """Else a rejected upload would stay in memory until the next garbage collection."""

    def read(upload: Upload) -> None:
        raise ValueError(upload)

    def reject(upload: Upload) -> None:
        try:
            read(upload)
        except ValueError:
            raise CsvNotValid("no") from None

    parts, upload = PageParts({}), Upload()
    reference = weakref.ref(upload)
    gc.disable()
    try:
        assert parts.attempt(partial(reject, upload), "file") is None
        del upload
        assert reference() is None
    finally:
        gc.enable()
    assert str(parts.errors["file"]) == "no"


def test_failure_of_the_service_belongs_to_no_field_and_is_listed_once() -> None:
    def fail() -> None:
        raise DatabaseUnavailable("later")

    parts = PageParts({})
    parts.attempt(fail, "amount")
    parts.attempt(fail, "from")
    assert parts.errors == {}
    assert [str(failure) for failure in parts.failures] == ["later"]


def test_error_without_a_field_is_a_failure() -> None:
    parts = PageParts({})
    parts.record(CsvNotValid("no"))
    assert (parts.errors, [str(failure) for failure in parts.failures]) == ({}, ["no"])


def test_first_of_two_errors_of_a_field_is_shown() -> None:
    parts = PageParts({})
    parts.record(WrongYear("first"), "year")
    parts.record(WrongYear("second"), "year")
    assert str(parts.errors["year"]) == "first"


def test_other_parts_go_on_after_an_error() -> None:
    def reject() -> str:
        raise WrongYear("no")

    parts = PageParts({})
    assert [parts.attempt(reject, "year"), parts.attempt(lambda: "found")] == [None, "found"]
