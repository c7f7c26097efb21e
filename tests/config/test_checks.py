"""Checks of single values."""

import pytest

from webapp.config import ConfigurationError, Settings


@pytest.mark.parametrize(("text", "expected"), [(" 1 , 2.5 ", (1.0, 2.5)), ("60,60", (60.0, 60.0))])
def test_timeout_is_accepted(text: str, expected: object) -> None:
    assert Settings.of({"HEALTH_INDEX_TIMEOUT": text}).health_index_timeout == expected


@pytest.mark.parametrize(
    ("name", "minimum", "maximum"),
    [
        ("WEB_THREADS", 1, 64),
        ("HTTP_CACHE_MB", 0, 1024),
        ("RATE_LIMIT", 0, 1_000_000),
        ("TRUSTED_PROXIES", 0, 9),
        ("PIN_WORKER", False, True),
        ("MAX_INDEX_LAG_DAYS", 0, 1000),
        ("PORT", 1, 65_535),
    ],
)
def test_whole_number_is_accepted_within_its_bounds(name: str, minimum: int, maximum: int) -> None:
    for number in (minimum, maximum):
        found = getattr(Settings.of({name: str(int(number))}), name.lower())
        assert (found, type(found)) == (number, type(number))
    for number in (minimum - 1, maximum + 1):
        with pytest.raises(ConfigurationError, match=f"^{name} is "):
            Settings.of({name: str(number)})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("127.0.0.1:9100", ("127.0.0.1", 9100)),
        (" 0.0.0.0:1 ", ("0.0.0.0", 1)),
        ("[::1]:65535", ("::1", 65535)),
        ("localhost:9100", ("127.0.0.1", 9100)),
        ("", None),
    ],
)
def test_address_of_the_metrics_is_accepted(text: str, expected: object) -> None:
    assert Settings.of({"METRICS_BIND": text}).metrics_bind == expected


@pytest.mark.parametrize("text", ["debug", "Warning", "CRITICAL"])
def test_log_level_is_accepted_in_any_case(text: str) -> None:
    assert Settings.of({"LOG_LEVEL": text}).log_level == text.lower()
