"""Settings: valid values, defaults, and errors."""

import os
import re
from pathlib import Path
from typing import Dict, Optional

import pytest
from click import ClickException
from hypothesis import example, given, settings
from hypothesis import strategies as st
from redis import Redis
from sqlalchemy import create_engine
from sqlalchemy.engine import make_url

from webapp import config
from webapp.config import DEFAULTS, ROOT, ConfigurationError, Settings
from webapp.http.rate_limit import redis_options


def test_settings_have_defaults() -> None:
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
        ("sqlite:////data/desk.sqlite3?timeout=0.5", "sqlite:////data/desk.sqlite3?timeout=0.5"),
        ("sqlite:///file:/desk?mode=ro&uri=true", "sqlite:///file:/desk?mode=ro&uri=true"),
        ("postgresql://u:p@a:1,b/d", "postgresql+psycopg2://u:p@/d?host=a,b&port=1,5432"),
        (
            "postgresql://[::1]:1,b/d?target_session_attrs=read-write",
            "postgresql+psycopg2:///d?target_session_attrs=read-write&host=::1,b&port=1,5432",
        ),
    ],
)
def test_database_url_is_accepted(text: str, expected: str) -> None:
    assert Settings.of({"DATABASE_URL": text}).database_url == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (" redis://:secret@h:6379/1 ", "redis://:secret@h:6379/1"),
        ("rediss://h", "rediss://h"),
        ("unix:///run/redis", "unix:///run/redis"),
        (" ", None),
        ("redis://h:6379?db=2", "redis://h:6379?db=2"),
        (
            "redis://h/0?socket_timeout=0.1&client_name=desk",
            "redis://h/0?socket_timeout=0.1&client_name=desk",
        ),
        ("rediss://h/0?ssl_cert_reqs=required", "rediss://h/0?ssl_cert_reqs=required"),
        ("unix:///run/redis?db=1", "unix:///run/redis?db=1"),
    ],
)
def test_redis_url_is_accepted(text: str, expected: Optional[str]) -> None:
    assert Settings.of({"REDIS_URL": text}).redis_url == expected


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


@pytest.mark.parametrize("option", ["foot=1", "dbs=2", "Client_Name=desk", "password"])
def test_error_of_a_redis_option_does_not_show_the_password(option: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        Settings.of({"REDIS_URL": f"redis://:secret@h/0?{option}&password=secret"})
    assert "secret" not in error.value.message


REDIS_VALUES = {config.WHOLE: "1", config.DECIMAL: "0.5", config.YES_OR_NO: "yes"}
SPECIAL_VALUES = {"protocol": "3", "ssl_cert_reqs": "none", "max_connections": "5"}


@pytest.mark.parametrize("scheme", ["redis://h/0", "rediss://h/0", "unix:///run/redis"])
def test_accepted_options_of_redis_are_known_to_its_client(scheme: str) -> None:
    names = {**config.REDIS_OPTIONS, **config.REDIS_TLS_OPTIONS}
    accepted = 0
    for name, pattern in names.items():
        url = f"{scheme}?{name}={SPECIAL_VALUES.get(name) or REDIS_VALUES.get(pattern, 'x')}"
        try:
            Settings.of({"REDIS_URL": url})
        except ConfigurationError:
            continue
        accepted += 1
        Redis.from_url(url, **redis_options(1)).connection_pool.make_connection()
    assert accepted >= 8


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


@pytest.mark.parametrize(
    ("contact", "href"),
    [
        ("desk@example.be", "mailto:desk@example.be"),
        (" o'neill+desk@mail.example.be ", "mailto:o'neill+desk@mail.example.be"),
        ("+32 2 555 01 23", "tel:+3225550123"),
        ("+32 (0)2 555.01.23", "tel:+3225550123"),
        ("02/555-01-23", "tel:025550123"),
        ("https://example.be/desk?x=1", "https://example.be/desk?x=1"),
        ("http://intranet/desk", "http://intranet/desk"),
        ("", ""),
    ],
)
def test_contact_of_the_operator_becomes_a_link(contact: str, href: str) -> None:
    operator = Settings.of({"OPERATOR_NAME": " Desk of Ghent ", "OPERATOR_CONTACT": contact}).operator
    assert operator == ("Desk of Ghent", contact.strip(), href)


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
@example("postgresql://u:p@a:1,b:2/d?x=1")
@example("postgresql://[::1],[a]:2/d?")
def test_accepted_database_url_is_valid_for_sqlalchemy(text: str) -> None:
    try:
        found = Settings.of({"DATABASE_URL": text})
    except ConfigurationError:
        return
    url = make_url(found.database_url)
    assert (url.get_backend_name() == "sqlite") == found.is_embedded
    assert url.database
    # Of several hosts, SQLAlchemy's syntax differs from libpq's.
    if "," not in text:
        assert url == make_url(text.strip()).set(drivername=url.drivername)


def connect_arguments(url: str) -> Dict[str, object]:
    """Return what psycopg2 or sqlite3 is called with."""
    found = Settings.of({"DATABASE_URL": url})
    engine = create_engine(found.database_url, **found.for_flask()["SQLALCHEMY_ENGINE_OPTIONS"])
    _arguments, by_name = engine.dialect.create_connect_args(engine.url)
    return {**by_name, **config.engine_options(found.database_url)["connect_args"]}


OURS = {
    "connect_timeout": 3,
    "application_name": "belgian-desk",
    "client_encoding": "utf8",
    "tcp_user_timeout": 6000,
}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", {"host": "h", **OURS}),
        ("?connect_timeout=9", {"host": "h", **OURS, "connect_timeout": "9"}),
        ("?application_name=desk-1", {"host": "h", **OURS, "application_name": "desk-1"}),
        ("?tcp_user_timeout=0", {"host": "h", **OURS, "tcp_user_timeout": "0"}),
        (
            "?sslmode=verify-full&sslrootcert=/run/ca.pem",
            {"host": "h", **OURS, "sslmode": "verify-full", "sslrootcert": "/run/ca.pem"},
        ),
        ("?options=-c%20a.b%3D1&options=-c+c.d%3D2", {"host": "h", **OURS, "options": "-c a.b=1 -c c.d=2"}),
        ("?sslmode=require&sslmode=disable", {"host": "h", **OURS, "sslmode": "disable"}),
        (
            "?keepalives_idle=5&gssencmode=disable",
            {"host": "h", **OURS, "keepalives_idle": "5", "gssencmode": "disable"},
        ),
    ],
)
def test_options_of_the_database_url_are_merged_with_ours(query: str, expected: Dict[str, object]) -> None:
    assert connect_arguments(f"postgresql://h/d{query}") == {"dbname": "d", **expected}


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://a:1,b:2/d?target_session_attrs=any",
        "postgresql:///d?host=a:1&host=b:2&target_session_attrs=any",
        "postgresql:///d?host=a,b&port=1,2&target_session_attrs=any",
    ],
)
def test_several_hosts_are_passed_on(text: str) -> None:
    expected = {"dbname": "d", "host": "a,b", "port": "1,2", "target_session_attrs": "any", **OURS}
    assert connect_arguments(text) == expected


def test_timeout_of_a_sqlite_url_takes_precedence() -> None:
    assert connect_arguments("sqlite:////data/desk.sqlite3")["timeout"] == 3
    assert connect_arguments("sqlite:////data/desk.sqlite3?timeout=20")["timeout"] == 20


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://user:se?cret@h:5432/d?password=secret", "postgresql://h:5432/d"),
        ("postgresql://user:secret@a:1,b:2/d", "postgresql://a,b/d"),
        ("postgresql:///d?host=/run/postgresql&user=secret", "postgresql:///run/postgresql/d"),
        ("sqlite:////data/desk.sqlite3", "sqlite:////data/desk.sqlite3"),
    ],
)
def test_place_of_the_database_is_shown_without_user_and_options(url: str, shown: str) -> None:
    assert config.database_place(Settings.of({"DATABASE_URL": url}).database_url) == shown


def test_password_is_not_in_an_error() -> None:
    with pytest.raises(ConfigurationError) as error:
        Settings.of({"DATABASE_URL": "postgresql://user:secret@host:port/name"})
    assert "secret" not in error.value.message


@pytest.mark.parametrize("text", ["{url}", "{url}\n", " {url}\r\n\n", "\N{BYTE ORDER MARK}{url}\n"])
@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("DATABASE_URL", "postgresql+psycopg2://u:p%40ss@h/d?sslmode=require"),
        ("REDIS_URL", "redis://:secret@h:6379/1"),
    ],
)
def test_url_is_read_from_a_file(tmp_path: Path, name: str, url: str, text: str) -> None:
    file = tmp_path / "secret"
    file.write_bytes(text.format(url=url).encode())
    # The image sets an empty DATABASE_URL.
    assert getattr(Settings.of({name: "", f"{name}_FILE": f" {file} "}), name.lower()) == url


@pytest.mark.parametrize("name", ["DATABASE_URL", "REDIS_URL"])
def test_url_beside_a_file_is_rejected(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigurationError, match=f"^{name}_FILE and {name} are both set. Remove one"):
        Settings.of({name: "redis://h/0", f"{name}_FILE": str(tmp_path / "secret")})


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b" \n", "is empty"), (b"\xff", "it is not text in UTF-8"), (None, "No such file")],
)
def test_unreadable_file_is_rejected_in_one_line(
    tmp_path: Path, content: Optional[bytes], reason: str
) -> None:
    file = tmp_path / "secret"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ConfigurationError) as error:
        Settings.of({"DATABASE_URL_FILE": str(file)})
    assert error.value.message.startswith(f"DATABASE_URL_FILE names '{file}', which ")
    assert reason in error.value.message
    assert len(error.value.message.splitlines()) == 1


def test_secret_in_a_file_is_not_in_its_error(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("postgresql://user:secret@host:port/name")
    with pytest.raises(ConfigurationError) as error:
        Settings.of({"DATABASE_URL_FILE": str(file)})
    assert "user" not in error.value.message.replace("user:password", "")


def test_configuration_error_is_printed_by_flask_in_one_line() -> None:
    assert issubclass(ConfigurationError, ClickException)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for .env, and an environment without settings."""
    monkeypatch.setattr(config, "ROOT", tmp_path)
    for name in DEFAULTS:
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def test_file_is_read(folder: Path) -> None:
    (folder / ".env").write_text("# a comment\nWEB_THREADS=7\nexport LOG_LEVEL='debug'\n")
    loaded = Settings.load()
    assert (loaded.web_threads, loaded.log_level) == (7, "debug")


def test_environment_takes_precedence_over_the_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / ".env").write_text("WEB_THREADS=7\nLOG_LEVEL=debug\n")
    monkeypatch.setenv("WEB_THREADS", "9")
    loaded = Settings.load()
    assert (loaded.web_threads, loaded.log_level) == (9, "debug")


def test_settings_without_a_file_have_defaults(folder: Path) -> None:
    assert Settings.load() == Settings.of({})


def test_name_without_a_value_in_the_file_is_ignored(folder: Path) -> None:
    (folder / ".env").write_text("WEB_THREADS\n")
    assert Settings.load().web_threads == 4


def test_empty_database_url_is_rejected(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / ".env").write_text("DATABASE_URL=postgresql://h/d\n")
    monkeypatch.setenv("DATABASE_URL", "")
    with pytest.raises(ConfigurationError, match="DATABASE_URL is empty"):
        Settings.load()


@pytest.mark.parametrize(
    ("line", "note"),
    [
        ("RATE_LIMITS=1", "'RATE_LIMITS' is no setting, and is ignored. Did you mean RATE_LIMIT?"),
        ("rate_limit=1", "'rate_limit' is no setting, and is ignored. Did you mean RATE_LIMIT?"),
        ("DATABASE_URI=x", "'DATABASE_URI' is no setting, and is ignored. Did you mean DATABASE_URL?"),
        ("FAVOURITE=x", "'FAVOURITE' is no setting, and is ignored."),
    ],
)
def test_unknown_name_in_the_file_is_noted_with_a_close_one(folder: Path, line: str, note: str) -> None:
    (folder / ".env").write_text(f"WEB_THREADS=7\n{line}\n")
    loaded = Settings.load()
    assert (loaded.web_threads, loaded.notes) == (7, (f".env: {note}",))


@pytest.mark.parametrize("line", ["RATE_LIMIT", "RATE_LIMIT: 5", "RATE_LIMIT 5", "=5", "RATE_LIMIT='5"])
def test_line_of_the_file_without_a_value_is_noted(
    folder: Path, line: str, caplog: pytest.LogCaptureFixture
) -> None:
    (folder / ".env").write_text(f"WEB_THREADS=7\n\n{line}\n")
    loaded = Settings.load()
    assert (loaded.web_threads, loaded.rate_limit) == (7, 6000)
    assert loaded.notes == (".env: line 3 is not NAME=value, and is ignored.",)
    assert not caplog.records


def test_names_of_other_programs_in_the_file_are_not_noted(folder: Path) -> None:
    names = ("POSTGRES_PASSWORD", "FLASK_DEBUG", "GUNICORN_CMD_ARGS", "WEB_CONCURRENCY", "TZ", "PGSSLMODE")
    (folder / ".env").write_text("".join(f"{name}=1\n" for name in names))
    assert Settings.load().notes == ()


def test_names_in_the_environment_are_not_noted(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RATE_LIMITS", "1")
    assert Settings.load().notes == ()


def test_environment_is_not_changed_by_the_file(folder: Path) -> None:
    before = dict(os.environ)
    (folder / ".env").write_text("WEB_THREADS=7\n")
    Settings.load()
    assert dict(os.environ) == before


def names_in_example() -> Dict[str, str]:
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    return dict(re.findall(r"^#?\s?([A-Z][A-Z_]+)=(.*)$", text, re.MULTILINE))


def test_example_file_has_all_settings_and_no_other() -> None:
    assert set(names_in_example()) == set(DEFAULTS)


def test_example_file_is_valid(folder: Path) -> None:
    (folder / ".env").write_text((ROOT / ".env.example").read_text(encoding="utf-8"), encoding="utf-8")
    assert isinstance(Settings.load(), Settings)


def test_values_of_the_example_file_are_valid() -> None:
    assert isinstance(Settings.of(names_in_example()), Settings)


def test_pool_has_a_connection_for_the_watcher_and_one_for_a_refresh() -> None:
    variables = {"DATABASE_URL": "postgresql://host/name", "WEB_THREADS": "64"}
    options = Settings.of(variables).for_flask()["SQLALCHEMY_ENGINE_OPTIONS"]
    assert (options["pool_size"], options["max_overflow"]) == (2, 0)


def test_binary_file_is_rejected_by_name(folder: Path) -> None:
    (folder / ".env").write_bytes(b"LOG_LEVEL=\xff\n")
    with pytest.raises(ConfigurationError, match=r"The file \.env cannot be read"):
        Settings.load()


def test_risk_factor_note_stands_for_each_language_without_its_own() -> None:
    notes = {"RISK_FACTOR_NOTE": " See the\n manual. ", "RISK_FACTOR_NOTE_NL": "Zie het handboek."}
    assert Settings.of(notes).risk_factor_notes == {
        **dict.fromkeys(("fr", "de", "en"), "See the manual."),
        "nl": "Zie het handboek.",
    }
    assert Settings.of({}).risk_factor_notes == {}


def test_long_risk_factor_note_is_rejected() -> None:
    with pytest.raises(ConfigurationError, match="RISK_FACTOR_NOTE_FR must have up to 300 printable"):
        Settings.of({"RISK_FACTOR_NOTE_FR": "x" * 301})
