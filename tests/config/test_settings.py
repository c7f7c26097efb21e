"""Defaults of settings, and errors of invalid ones."""

import pytest
from click import ClickException
from hypothesis import example, given, settings
from hypothesis import strategies as st

from webapp.config import DEFAULTS, ConfigurationError, Settings
from webapp.config.defaults import BESTAT_URL, OPEN_DATA_URL


def test_settings_have_defaults() -> None:
    loaded = Settings.of({})
    assert (loaded.database_url, loaded.is_embedded) == ("sqlite:///desk.sqlite3", True)
    assert loaded.redis_url is None
    assert loaded.health_index_url == BESTAT_URL
    assert loaded.health_index_fallback_url == OPEN_DATA_URL
    assert loaded.health_index_timeout == (3.05, 5.0)
    assert (loaded.web_threads, loaded.log_level) == (4, "info")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("DATABASE_URL", "   "),
        ("DATABASE_URL", "desk.sqlite3"),
        ("DATABASE_URL", "postgresql://h:port/d"),
        ("DATABASE_URL", "postgresql://u:p@host:/d"),
        ("DATABASE_URL", "mysql://h/d"),
        ("DATABASE_URL", "sqlite://"),
        ("DATABASE_URL", "postgresql://user@host"),
        ("DATABASE_URL", "sqlite:///:memory:"),
        ("DATABASE_URL", "postgresql://a:1,b:port/d"),
        ("DATABASE_URL", "postgresql://a,,b/d"),
        ("DATABASE_URL", "postgresql://a,b&user=c/d"),
        ("DATABASE_URL", "postgresql://a,b/d?host=c"),
        ("DATABASE_URL", "postgresql://user@ho st/d"),
        ("DATABASE_URL", "postgresql://host/d?port=abc"),
        ("DATABASE_URL", "sqlite:////data/desk.sqlite3?timeout=soon"),
        ("DATABASE_URL", "sqlite:////data/desk.sqlite3?time_out=5"),
        ("DATABASE_URL", "sqlite:////data/desk.sqlite3?mode=ro"),
        ("DATABASE_URL", "sqlite:///file:/data/desk.sqlite3?mode=ro&uri=perhaps"),
        ("DATABASE_URL_FILE", "no-such-file"),
        ("DATABASE_URL_FILE", "/"),
        ("DATABASE_URL_FILE", "a\0b"),
        ("DATABASE_URL_FILE", "/dev/null"),
        ("REDIS_URL_FILE", "no-such-file"),
        ("REDIS_URL", "localhost:6379"),
        ("REDIS_URL", "http://localhost:6379"),
        ("REDIS_URL", "redis://localhost:port"),
        ("REDIS_URL", "redis://localhost?foo=bar"),
        ("REDIS_URL", "redis://localhost/0?foo"),
        ("REDIS_URL", "redis://localhost/0?db=x"),
        ("REDIS_URL", "redis://localhost/name"),
        ("REDIS_URL", "rediss://localhost/name"),
        ("REDIS_URL", "redis://localhost/0?socket_timeout=soon"),
        ("REDIS_URL", "redis://localhost/0?ssl_cert_reqs=required"),
        ("REDIS_URL", "unix:///run/redis?socket_keepalive=1"),
        ("METRICS_BIND", "9100"),
        ("METRICS_BIND", ":9100"),
        ("METRICS_BIND", "127.0.0.1"),
        ("METRICS_BIND", "127.0.0.1:0"),
        ("METRICS_BIND", "127.0.0.1:65536"),
        ("METRICS_BIND", "127.0.0.256:9100"),
        ("METRICS_BIND", "::1:9100"),
        ("METRICS_BIND", "example.be:9100"),
        ("METRICS_BIND", "http://127.0.0.1:9100"),
        ("LOG_FORMAT", "xml"),
        ("PORT", "0"),
        ("PORT", "65536"),
        ("MAX_INDEX_LAG_DAYS", "-1"),
        ("HEALTH_INDEX_URL", ""),
        ("HEALTH_INDEX_URL", "ftp://statbel.fgov.be/"),
        ("HEALTH_INDEX_URL", "http://"),
        ("HEALTH_INDEX_URL", "http://[::1"),
        ("HEALTH_INDEX_URL", "http://:80/"),
        ("HEALTH_INDEX_URL", "http://statbel .be/"),
        ("HEALTH_INDEX_URL", "http://statbel.be\n/"),
        ("REDIS_URL", "unix://"),
        ("DATABASE_URL", "postgresql://user@host:65536/name"),
        ("DATABASE_URL", "postgresql://user@host:0/name"),
        ("DATABASE_URL", "postgresql://user@one:5432,two:65536/name"),
        ("RISK_FACTOR_NOTE", "red\x1b[31m"),
        ("HEALTH_INDEX_FALLBACK_URL", "file:///etc/passwd"),
        ("HEALTH_INDEX_WORKBOOK_URL", "file:///etc/passwd"),
        ("HEALTH_INDEX_TIMEOUT", "5"),
        ("HEALTH_INDEX_TIMEOUT", "1,2,3"),
        ("HEALTH_INDEX_TIMEOUT", "0,5"),
        ("HEALTH_INDEX_TIMEOUT", "5,-1"),
        ("HEALTH_INDEX_TIMEOUT", "61,5"),
        ("HEALTH_INDEX_TIMEOUT", "nan,5"),
        ("HEALTH_INDEX_TIMEOUT", "5,inf"),
        ("HEALTH_INDEX_TIMEOUT", "five,5"),
        ("WEB_THREADS", ""),
        ("WEB_THREADS", "2.5"),
        ("WEB_THREADS", "٤"),
        pytest.param("WEB_THREADS", "9" * 5000, id="WEB_THREADS-5000 digits"),
        ("LOG_LEVEL", "verbose"),
        ("OPERATOR_NAME", "Desk\nof Ghent"),
        pytest.param("OPERATOR_NAME", "x" * 101, id="OPERATOR_NAME-101 letters"),
        ("OPERATOR_CONTACT", "the front desk"),
        ("OPERATOR_CONTACT", "desk@localhost"),
        ("OPERATOR_CONTACT", "desk@example.be, boss@example.be"),
        ("OPERATOR_CONTACT", "desk@example.be?subject=x"),
        ("OPERATOR_CONTACT", "5550123"),
        ("OPERATOR_CONTACT", "javascript:alert(1)"),
        ("OPERATOR_CONTACT", "www.example.be"),
        ("OPERATOR_CONTACT", "https://"),
        ("OPERATOR_CONTACT", "https://example.be/a b"),
        pytest.param("OPERATOR_CONTACT", f"https://example.be/{'x' * 100}", id="OPERATOR_CONTACT-long URL"),
    ],
)
def test_invalid_setting_is_rejected_by_name_in_one_line(name: str, text: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        Settings.of({name: text})
    assert error.value.message.startswith(name)
    assert len(error.value.message.splitlines()) == 1


# URLs of special characters.
URLS = st.tuples(
    st.sampled_from(["", "http", "https", "redis", "postgresql", "postgres", "sqlite", "x"]),
    st.text("://[]@?#%.,;1a\n", max_size=12),
).map("".join)


@settings(deadline=None, database=None, max_examples=150)
@given(name=st.sampled_from(sorted(DEFAULTS)), text=st.one_of(st.text(), URLS))
@example(name="HEALTH_INDEX_URL", text="http://[")
def test_any_text_is_accepted_or_rejected_by_name(name: str, text: str) -> None:
    try:
        Settings.of({name: text})
    except ConfigurationError as error:
        assert error.message.startswith(name)


def test_configuration_error_is_printed_by_flask_in_one_line() -> None:
    assert issubclass(ConfigurationError, ClickException)
