"""Logs: one line for each record, without passwords, and one for each outage."""

from __future__ import annotations

import json
import logging
import re
import sys
from typing import Any

import pytest

from webapp import logs
from webapp.logs import Outage, formatter, mask, request_id

LINE = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (?P<level>[A-Z]+) (?P<id>\S+) (?P<name>\S+): (?P<text>.*)"
)


def record(text: str, *arguments: object, exc_info: Any = None) -> logging.LogRecord:
    return logging.LogRecord("webapp.test", logging.WARNING, "", 0, text, arguments, exc_info)


def failure() -> Any:
    try:
        int("first line\nsecond line of postgresql://u:secret@h/d")
    except ValueError:
        return sys.exc_info()


@pytest.fixture
def known_id() -> Any:
    token = request_id.set("abc-1")
    yield "abc-1"
    request_id.reset(token)


def test_text_has_time_level_request_and_logger(known_id: str) -> None:
    line = LINE.fullmatch(formatter("text").format(record("%s failed", "it")))
    assert line
    assert (line["level"], line["id"], line["name"], line["text"]) == (
        "WARNING",
        known_id,
        "webapp.test",
        "it failed",
    )


def test_json_has_the_same_members(known_id: str) -> None:
    found = json.loads(formatter("json").format(record("%s failed", "it")))
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", found.pop("time"))
    assert found == {
        "level": "warning",
        "request_id": known_id,
        "logger": "webapp.test",
        "message": "it failed",
    }


@pytest.mark.parametrize("log_format", ["text", "json"])
@pytest.mark.parametrize("text", ["a\nb", "a\r\nb", "a\x1b[31mb", "a\u2028b", "a\x00b"])
def test_record_is_one_line_of_printable_characters(log_format: str, text: str) -> None:
    line = formatter(log_format).format(record(text, exc_info=failure()))
    assert line.isprintable()
    assert len(line.splitlines()) == 1
    assert "ValueError" in line


def test_traceback_is_a_member_of_its_own() -> None:
    found = json.loads(formatter("json").format(record("it failed", exc_info=failure())))
    assert found["message"] == "it failed"
    assert found["traceback"].splitlines()[0] == "Traceback (most recent call last):"


def test_fields_of_an_access_log_are_members() -> None:
    atoms = {"h": "127.0.0.1", "s": "200", "a": 'a "quoted" client of redis://:secret@h'}
    entry = logging.LogRecord("gunicorn.access", logging.INFO, "", 0, "%(h)s %(s)s", (atoms,), None)
    found = json.loads(formatter("json").format(entry))
    assert (found["client"], found["status"]) == ("127.0.0.1", "200")
    assert found["user_agent"] == 'a "quoted" client of redis://:***@h'


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://user:{}@host:5432/name",
        "at redis://:{}@host/0, again",
        "rediss://user:{}@[::1]:6380/1",
        "https://user:{}@proxy.be/path?query",
        "'postgresql+psycopg2://user:{}@host/name'",
        "postgresql://host/name?user=u&password={}&sslmode=require",
        "connection to host=h password={} failed",
        "{{'password': '{}'}}",
    ],
)
@pytest.mark.parametrize("password", ["secret", "se:cret", "se@cret", "se/c?r#et", "s%40t"])
def test_password_is_masked(text: str, password: str) -> None:
    assert password not in mask(text.format(password))
    for log_format in ("text", "json"):
        assert password not in formatter(log_format).format(record(text.format(password), exc_info=failure()))
        assert "secret@" not in formatter(log_format).format(record("", exc_info=failure()))


@pytest.mark.parametrize(
    "text", ["GET /?q=a@b 200", "see https://statbel.fgov.be/nl", "password authentication failed"]
)
def test_text_without_a_password_is_unchanged(text: str) -> None:
    assert mask(text) == text


@pytest.fixture
def seconds(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The clock of outages, which the test sets."""
    now = [1000.0]
    monkeypatch.setattr(logs, "monotonic", lambda: now[0])
    return now


@pytest.fixture
def outage() -> Outage:
    return Outage(logging.getLogger("webapp.test"), "reading")


def test_outage_has_a_line_at_its_beginning_and_one_with_a_count_at_its_end(
    outage: Outage, seconds: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    outage.ended()
    for reason in ("timeout", "refused", "refused"):
        outage.failed(reason)
        seconds[0] += 5
    assert caplog.messages == ["reading failed: timeout"]
    for _ in range(3):
        outage.ended()
    assert caplog.messages[1:] == ["reading works again after 3 failures in 15 s, the last: refused"]


def test_outage_of_one_failure_is_counted_in_the_singular(
    outage: Outage, seconds: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    outage.failed("timeout")
    outage.ended()
    assert caplog.messages[1:] == ["reading works again after 1 failure in 0 s"]


def test_flapping_is_one_outage(
    outage: Outage, seconds: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(100):
        outage.failed("full")
        seconds[0] += 5
        outage.ended()
        seconds[0] += 5
    assert len(caplog.messages) == 3  # the first outage, and the beginning of one that lasts
    seconds[0] += logs.QUIET_SECONDS
    outage.ended()
    assert re.fullmatch(r"reading works again after 99 failures in \d+ s", caplog.messages[3])


def test_short_outage_after_another_is_counted_in_silence(
    outage: Outage, seconds: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    outage.failed("full")
    outage.ended()
    seconds[0] += 10
    outage.failed("full")
    assert len(caplog.messages) == 2


def test_long_outage_soon_after_another_is_logged(
    outage: Outage, seconds: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    outage.failed("full")
    outage.ended()
    for _ in range(8):
        seconds[0] += 10
        outage.failed("full")
    assert caplog.messages[2:] == ["reading failed: full"]
