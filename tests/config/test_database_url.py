"""The URL of the database."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sqlalchemy.engine import make_url

from webapp.config import ConfigurationError, Settings, database_place
from webapp.config.database_url import DRIVERS


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


@settings(deadline=None, database=None, max_examples=300)
@given(st.tuples(st.sampled_from(list(DRIVERS)), st.text("://[]@?#%.,;1a\n²", max_size=12)).map("://".join))
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
    assert database_place(Settings.of({"DATABASE_URL": url}).database_url) == shown


def test_password_is_not_in_an_error() -> None:
    with pytest.raises(ConfigurationError) as error:
        Settings.of({"DATABASE_URL": "postgresql://user:secret@host:port/name"})
    assert "secret" not in error.value.message
