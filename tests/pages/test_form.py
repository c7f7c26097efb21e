"""What a page keeps of what went wrong with a part of it."""

import gc
import weakref
from functools import partial

from flask import Flask

from webapp.errors import CsvNotValid, DatabaseUnavailable, WrongYear
from webapp.pages.form import Form


class Upload:
    """Stands for megabytes that were sent."""


def test_nothing_of_a_part_is_kept_with_its_error(sqlite_app: Flask) -> None:
    """Else a refused upload would stay in memory until the garbage collector comes by."""

    def read(upload: Upload) -> None:
        raise ValueError(upload)

    def refuse(upload: Upload) -> None:
        try:
            read(upload)
        except ValueError:
            raise CsvNotValid("no") from None

    with sqlite_app.test_request_context():
        form, upload = Form({}), Upload()
        is_kept = weakref.ref(upload)
        gc.disable()
        try:
            form.attempt(partial(refuse, upload), "file")
            del upload
            assert is_kept() is None
        finally:
            gc.enable()
        assert str(form.errors["file"]) == "no"


def test_an_error_that_is_not_the_readers_belongs_to_no_field(sqlite_app: Flask) -> None:
    def fail() -> None:
        raise DatabaseUnavailable("later")

    with sqlite_app.test_request_context():
        form = Form({})
        form.attempt(fail, "amount")
        form.attempt(fail, "from")
    assert form.errors == {}
    assert [failure.message for failure in form.failures] == ["later"]


def test_of_two_errors_of_a_field_the_first_is_told(sqlite_app: Flask) -> None:
    with sqlite_app.test_request_context():
        form = Form({})
        form.refuse(WrongYear("first"))
        form.refuse(WrongYear("second"))
    assert str(form.errors["year"]) == "first"
