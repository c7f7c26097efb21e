"""Settings from `.env` and the environment."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from webapp.config import DEFAULTS, ROOT, ConfigurationError, Settings, files


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for .env, and an environment without settings."""
    monkeypatch.setattr(files, "ROOT", tmp_path)
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


def names_in_example() -> dict[str, str]:
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    return dict(re.findall(r"^#?\s?([A-Z][A-Z_]+)=(.*)$", text, re.MULTILINE))


def test_example_file_has_all_settings_and_no_other() -> None:
    assert set(names_in_example()) == set(DEFAULTS)


def test_example_file_is_valid(folder: Path) -> None:
    (folder / ".env").write_text((ROOT / ".env.example").read_text(encoding="utf-8"), encoding="utf-8")
    assert isinstance(Settings.load(), Settings)


def test_values_of_the_example_file_are_valid() -> None:
    assert isinstance(Settings.of(names_in_example()), Settings)


def test_binary_file_is_rejected_by_name(folder: Path) -> None:
    (folder / ".env").write_bytes(b"LOG_LEVEL=\xff\n")
    with pytest.raises(ConfigurationError, match=r"The file \.env cannot be read"):
        Settings.load()
