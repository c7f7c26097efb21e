"""Settings from a file of their own."""

from __future__ import annotations

from pathlib import Path

import pytest

from webapp.config import ConfigurationError, Settings


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
def test_unreadable_file_is_rejected_in_one_line(tmp_path: Path, content: bytes | None, reason: str) -> None:
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
