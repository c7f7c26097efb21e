"""Settings: every variable, what it may hold, and what is said when it holds something else."""

import os
import re
from pathlib import Path
from typing import Dict

import pytest
from click import ClickException
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sqlalchemy.engine import make_url

from webapp import config
from webapp.config import DEFAULTS, ROOT, ConfigurationError, Settings


def test_without_variables_the_defaults_count() -> None:
    loaded = Settings.of({})
    assert (loaded.database_url, loaded.is_embedded) == ("sqlite:///desk.sqlite3", True)
    assert loaded.redis_url is None
    assert loaded.health_index_url == config.BESTAT_URL
    assert loaded.health_index_fallback_url == config.OPEN_DATA_URL
    assert loaded.health_index_timeout == (3.05, 5.0)
    assert (loaded.web_threads, loaded.log_level) == (4, "info")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("postgresql://u:p@h:5432/d", "postgresql+psycopg2://u:p@h:5432/d"),
        ("postgres://u:p@h:5432/d", "postgresql+psycopg2://u:p@h:5432/d"),
        ("postgresql+psycopg2://u:p@h/d", "postgresql+psycopg2://u:p@h/d"),
        ("postgresql:///d?host=/run/postgresql", "postgresql+psycopg2:///d?host=/run/postgresql"),
        ("postgresql://u:p@[::1]:5432/d", "postgresql+psycopg2://u:p@[::1]:5432/d"),
        ("postgresql://u:#/?:@h/d", "postgresql+psycopg2://u:#/?:@h/d"),
        (" postgresql://h/d \n", "postgresql+psycopg2://h/d"),
        ("postgresql://u:p%40ss@h/d?sslmode=require", "postgresql+psycopg2://u:p%40ss@h/d?sslmode=require"),
        ("sqlite:////data/desk.sqlite3", "sqlite:////data/desk.sqlite3"),
        ("sqlite:///desk.sqlite3", "sqlite:///desk.sqlite3"),
    ],
)
def test_a_database_address_is_understood(text: str, expected: str) -> None:
    assert Settings.of({"DATABASE_URL": text}).database_url == expected


@pytest.mark.parametrize("text", ["redis://h", "redis://:secret@h:6379/1", "rediss://h", "unix:///run/redis"])
def test_a_redis_address_is_understood(text: str) -> None:
    assert Settings.of({"REDIS_URL": f" {text} "}).redis_url == text


@pytest.mark.parametrize("text", ["", "  "])
def test_an_empty_redis_address_means_none(text: str) -> None:
    assert Settings.of({"REDIS_URL": text}).redis_url is None


@pytest.mark.parametrize(
    ("text", "expected"), [("3.05,5", (3.05, 5.0)), (" 1 , 2 ", (1.0, 2.0)), ("60,60", (60.0, 60.0))]
)
def test_deadlines_are_understood(text: str, expected: object) -> None:
    assert Settings.of({"HEALTH_INDEX_TIMEOUT": text}).health_index_timeout == expected


@pytest.mark.parametrize(("text", "expected"), [("1", 1), ("16", 16), ("64", 64)])
def test_a_number_of_threads_is_understood(text: str, expected: int) -> None:
    assert Settings.of({"WEB_THREADS": text}).web_threads == expected


@pytest.mark.parametrize(("text", "expected"), [("0", False), ("1", True)])
def test_whether_to_pin_the_worker_is_understood(text: str, expected: bool) -> None:
    assert Settings.of({"PIN_WORKER": text}).pin_worker is expected


@pytest.mark.parametrize(("text", "expected"), [("0", 0), ("16", 16), ("1024", 1024)])
def test_a_size_of_the_http_cache_is_understood(text: str, expected: int) -> None:
    assert Settings.of({"HTTP_CACHE_MB": text}).http_cache_mb == expected


@pytest.mark.parametrize(("text", "expected"), [("0", 0), ("60", 60), ("1000000", 1_000_000)])
def test_a_rate_limit_is_understood(text: str, expected: int) -> None:
    assert Settings.of({"RATE_LIMIT": text}).rate_limit == expected


@pytest.mark.parametrize(("text", "expected"), [("0", 0), ("2", 2)])
def test_a_number_of_proxies_is_understood(text: str, expected: int) -> None:
    assert Settings.of({"TRUSTED_PROXIES": text}).trusted_proxies == expected


@pytest.mark.parametrize("text", ["debug", "INFO", "Warning", "error", "critical"])
def test_a_log_level_is_understood_in_either_case(text: str) -> None:
    assert Settings.of({"LOG_LEVEL": text}).log_level == text.lower()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("DATABASE_URL", ""),
        ("DATABASE_URL", "   "),
        ("DATABASE_URL", "desk.sqlite3"),
        ("DATABASE_URL", "postgresql://h:port/d"),
        ("DATABASE_URL", "postgresql://u:p@host:/d"),
        ("DATABASE_URL", "mysql://h/d"),
        ("DATABASE_URL", "oracle://h/d"),
        ("DATABASE_URL", "sqlite://"),
        ("DATABASE_URL", "postgresql://"),
        ("DATABASE_URL", "postgresql://user@host"),
        ("DATABASE_URL", "sqlite:///:memory:"),
        ("REDIS_URL", "localhost:6379"),
        ("REDIS_URL", "http://localhost:6379"),
        ("REDIS_URL", "redis://localhost:port"),
        ("REDIS_URL", "redis://[::1"),
        ("HEALTH_INDEX_URL", ""),
        ("HEALTH_INDEX_URL", "bestat.statbel.fgov.be"),
        ("HEALTH_INDEX_URL", "ftp://statbel.fgov.be/"),
        ("HEALTH_INDEX_URL", "http://"),
        ("HEALTH_INDEX_URL", "http://[::1"),
        ("HEALTH_INDEX_FALLBACK_URL", ""),
        ("HEALTH_INDEX_FALLBACK_URL", "file:///etc/passwd"),
        ("HEALTH_INDEX_FALLBACK_URL", "https://[::1"),
        ("HEALTH_INDEX_TIMEOUT", ""),
        ("HEALTH_INDEX_TIMEOUT", "5"),
        ("HEALTH_INDEX_TIMEOUT", "1,2,3"),
        ("HEALTH_INDEX_TIMEOUT", "0,5"),
        ("HEALTH_INDEX_TIMEOUT", "5,-1"),
        ("HEALTH_INDEX_TIMEOUT", "61,5"),
        ("HEALTH_INDEX_TIMEOUT", "nan,5"),
        ("HEALTH_INDEX_TIMEOUT", "5,inf"),
        ("HEALTH_INDEX_TIMEOUT", "five,5"),
        ("WEB_THREADS", ""),
        ("WEB_THREADS", "0"),
        ("WEB_THREADS", "-1"),
        ("WEB_THREADS", "65"),
        ("WEB_THREADS", "2.5"),
        ("WEB_THREADS", "²"),
        ("WEB_THREADS", "many"),
        pytest.param("WEB_THREADS", "9" * 5000, id="WEB_THREADS-5000 digits"),
        ("PIN_WORKER", "yes"),
        ("PIN_WORKER", "2"),
        ("HTTP_CACHE_MB", ""),
        ("HTTP_CACHE_MB", "-1"),
        ("HTTP_CACHE_MB", "1025"),
        ("HTTP_CACHE_MB", "16 MB"),
        ("RATE_LIMIT", ""),
        ("RATE_LIMIT", "-1"),
        ("RATE_LIMIT", "6000/minute"),
        ("RATE_LIMIT", "1000001"),
        ("TRUSTED_PROXIES", ""),
        ("TRUSTED_PROXIES", "10"),
        ("TRUSTED_PROXIES", "all"),
        ("LOG_LEVEL", ""),
        ("LOG_LEVEL", "verbose"),
    ],
)
def test_a_value_that_cannot_be_used_is_refused_by_name_in_one_line(name: str, text: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        Settings.of({name: text})
    assert error.value.message.startswith(name)
    assert len(error.value.message.splitlines()) == 1


# Addresses made of their special characters, which is where a parser stumbles.
ADDRESSES = st.tuples(
    st.sampled_from(["", "http", "https", "redis", "postgresql", "postgres", "sqlite", "x"]),
    st.text("://[]@?#%.,;1a\n", max_size=12),
).map("".join)


@settings(deadline=None, database=None, max_examples=300)
@given(name=st.sampled_from(sorted(DEFAULTS)), text=st.one_of(st.text(), ADDRESSES))
@example(name="HEALTH_INDEX_URL", text="http://[")
def test_any_text_is_a_setting_or_refused_by_name(name: str, text: str) -> None:
    try:
        Settings.of({name: text})
    except ConfigurationError as error:
        assert error.message.startswith(name)


@settings(deadline=None, database=None, max_examples=300)
@given(
    st.tuples(st.sampled_from(list(config.DRIVERS)), st.text("://[]@?#%.,;1a\n²", max_size=12)).map(
        "://".join
    )
)
@example("postgresql://u:p#/@h:1/d?sslmode=require")
@example("postgresql://:/1")
@example("postgresql://[a]a/x")
@example("postgresql://a:1/d@[b]c")
def test_what_is_taken_for_a_database_is_one_to_sqlalchemy(text: str) -> None:
    try:
        found = Settings.of({"DATABASE_URL": text})
    except ConfigurationError:
        return
    url = make_url(found.database_url)
    assert (url.get_backend_name() == "sqlite") == found.is_embedded
    assert url.database


def test_a_password_is_not_repeated_in_an_error() -> None:
    with pytest.raises(ConfigurationError) as error:
        Settings.of({"DATABASE_URL": "postgresql://user:secret@host:port/name"})
    assert "secret" not in error.value.message


def test_an_error_is_one_that_the_flask_command_prints_as_one_line() -> None:
    assert issubclass(ConfigurationError, ClickException)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The project's folder, as far as .env is concerned, and an environment without settings."""
    monkeypatch.setattr(config, "ROOT", tmp_path)
    for name in DEFAULTS:
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def test_a_file_of_settings_is_read(folder: Path) -> None:
    (folder / ".env").write_text("# a comment\nWEB_THREADS=7\nexport LOG_LEVEL='debug'\n")
    loaded = Settings.load()
    assert (loaded.web_threads, loaded.log_level) == (7, "debug")


def test_the_real_environment_wins_over_the_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / ".env").write_text("WEB_THREADS=7\nLOG_LEVEL=debug\n")
    monkeypatch.setenv("WEB_THREADS", "9")
    loaded = Settings.load()
    assert (loaded.web_threads, loaded.log_level) == (9, "debug")


def test_without_a_file_the_defaults_count(folder: Path) -> None:
    assert Settings.load() == Settings.of({})


def test_a_name_without_a_value_in_the_file_counts_as_unset(folder: Path) -> None:
    (folder / ".env").write_text("WEB_THREADS\n")
    assert Settings.load().web_threads == 4


def test_a_database_that_is_set_but_empty_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / ".env").write_text("DATABASE_URL=postgresql://h/d\n")
    monkeypatch.setenv("DATABASE_URL", "")
    with pytest.raises(ConfigurationError, match="DATABASE_URL is empty"):
        Settings.load()


def test_reading_the_file_leaves_the_environment_alone(folder: Path) -> None:
    before = dict(os.environ)
    (folder / ".env").write_text("WEB_THREADS=7\n")
    Settings.load()
    assert dict(os.environ) == before


def names_in_example() -> Dict[str, str]:
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    return dict(re.findall(r"^#?\s?([A-Z][A-Z_]+)=(.*)$", text, re.MULTILINE))


def test_the_example_file_holds_every_setting_and_no_other() -> None:
    assert set(names_in_example()) == set(DEFAULTS)


def test_the_example_file_as_it_is_can_be_used(folder: Path) -> None:
    (folder / ".env").write_text((ROOT / ".env.example").read_text(encoding="utf-8"), encoding="utf-8")
    assert isinstance(Settings.load(), Settings)


def test_each_value_in_the_example_file_can_be_used() -> None:
    assert isinstance(Settings.of(names_in_example()), Settings)


@pytest.mark.parametrize("threads", [1, 64])
def test_pool_has_a_connection_for_a_look_and_one_for_a_refresh(threads: int) -> None:
    variables = {"DATABASE_URL": "postgresql://host/name", "WEB_THREADS": str(threads)}
    options = Settings.of(variables).for_flask()["SQLALCHEMY_ENGINE_OPTIONS"]
    assert (options["pool_size"], options["max_overflow"]) == (2, 0)


def test_a_file_that_is_not_text_is_named(folder: Path) -> None:
    (folder / ".env").write_bytes(b"LOG_LEVEL=\xff\n")
    with pytest.raises(ConfigurationError, match=r"The file \.env cannot be read"):
        Settings.load()
