"""Static files: hashed names, caching headers, and no file outside the folder."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from urllib.robotparser import RobotFileParser

import pytest
from flask import Flask, url_for
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from webapp.config import ROOT
from webapp.http import static_files

STATIC = ROOT / "static"
NAMES = sorted(path.name for path in STATIC.iterdir())

IMMUTABLE = {"public", "max-age=31536000", "immutable"}

# Two points, a digit in the suffix, no suffix.
OTHER_NAMES = ["style.css", "chart.min.js", "letters.woff2", "LICENSE"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of static files beside a file that must not be served."""
    (tmp_path / "secret.css").write_text("secret", encoding="utf-8")
    folder = tmp_path / "static"
    folder.mkdir()
    for name in OTHER_NAMES:
        (folder / name).write_text(f"this is {name}", encoding="utf-8")
    return folder


def serve(folder: Path) -> FlaskClient:
    """Return a client of an app that serves the folder alone."""
    app = Flask("served", static_folder=None)
    app.url_map.merge_slashes = False  # as in create_app()
    static_files.register(app, folder)
    return app.test_client()


def hashed_url(client: FlaskClient, name: str) -> str:
    """Return the URL under which pages link to a file."""
    with client.application.test_request_context():
        return url_for("static", filename=name)


def get(client: FlaskClient, path: str, **headers: str) -> TestResponse:
    """Return a response after reading it, so that no file stays open."""
    return client.get(path, headers=headers, buffered=True)


def cache_control(response: TestResponse) -> set[str]:
    return set(response.headers["Cache-Control"].split(", "))


# Hashed names


@pytest.mark.parametrize("name", NAMES)
def test_url_contains_the_hash_of_the_file(reader: FlaskClient, name: str) -> None:
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()
    stem, _, suffix = name.rpartition(".")
    assert hashed_url(reader, name) == f"/static/{stem}.{digest[:12]}.{suffix}"


@pytest.mark.parametrize("name", OTHER_NAMES)
def test_file_with_a_hashed_name_may_be_cached_for_a_year(folder: Path, name: str) -> None:
    client = serve(folder)
    path = hashed_url(client, name)
    response = get(client, path)
    assert re.search(r"\.[0-9a-f]{12}(\.|$)", path)
    assert (response.status_code, response.text) == (200, f"this is {name}")
    assert cache_control(response) == IMMUTABLE


def test_hashed_name_is_the_same_in_every_process(folder: Path) -> None:
    assert hashed_url(serve(folder), "style.css") == hashed_url(serve(folder), "style.css")


def test_changed_file_has_another_hashed_name(folder: Path) -> None:
    before = hashed_url(serve(folder), "style.css")
    (folder / "style.css").write_text("this is style.cst", encoding="utf-8")
    assert hashed_url(serve(folder), "style.css") != before


# Other names of the same file


@pytest.mark.parametrize("name", NAMES)
def test_plain_name_is_revalidated_each_time(reader: FlaskClient, name: str) -> None:
    response = get(reader, f"/static/{name}")
    assert (response.status_code, response.data) == (200, (STATIC / name).read_bytes())
    assert cache_control(response) == {"no-cache"}


def test_outdated_hash_gets_the_current_file(folder: Path) -> None:
    before = hashed_url(serve(folder), "style.css")
    (folder / "style.css").write_text("new", encoding="utf-8")
    response = get(serve(folder), before)
    assert (response.status_code, response.text) == (200, "new")
    assert cache_control(response) == {"no-cache"}


@pytest.mark.parametrize(
    ("name", "mimetypes"),
    [
        ("style.css", {"text/css"}),
        ("app.js", {"text/javascript", "application/javascript"}),  # the latter before Python 3.12
        ("favicon.svg", {"image/svg+xml"}),
    ],
)
def test_file_has_its_media_type(reader: FlaskClient, name: str, mimetypes: set[str]) -> None:
    assert get(reader, hashed_url(reader, name)).mimetype in mimetypes


def test_crawlers_find_their_rules_and_the_pages(reader: FlaskClient) -> None:
    response = get(reader, "/robots.txt")
    assert (response.status_code, response.mimetype) == (200, "text/plain")
    rules = RobotFileParser()
    rules.parse(response.text.splitlines())
    assert all(rules.can_fetch("*", url) for url in ("/", "/index", "/indexation", "/list", "/about"))
    assert not rules.can_fetch("*", "/api/v1/zipcodes/9000")
    assert "Disallow: /*?" in response.text.splitlines()  # a pattern, which Python does not read


# Revalidation


@pytest.mark.parametrize("hashed", [True, False])
def test_unchanged_file_is_not_sent_again(reader: FlaskClient, hashed: bool) -> None:
    path = hashed_url(reader, "style.css") if hashed else "/static/style.css"
    first = get(reader, path)
    again = get(reader, path, **{"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert cache_control(again) == cache_control(first)


def test_changed_file_is_sent_again(folder: Path) -> None:
    known = get(serve(folder), "/static/style.css").headers["ETag"]
    (folder / "style.css").write_text("new", encoding="utf-8")
    response = get(serve(folder), "/static/style.css", **{"If-None-Match": known})
    assert (response.status_code, response.text) == (200, "new")


def test_head_has_the_headers_of_get(reader: FlaskClient) -> None:
    path = hashed_url(reader, "style.css")
    head, response = reader.head(path, buffered=True), get(reader, path)
    assert (head.status_code, head.data) == (200, b"")
    for name in ("Cache-Control", "Content-Length", "Content-Type", "ETag"):
        assert head.headers[name] == response.headers[name]


def test_file_does_not_depend_on_the_language(reader: FlaskClient) -> None:
    response = get(reader, f"{hashed_url(reader, 'style.css')}?lang=nl", **{"Accept-Language": "fr"})
    assert cache_control(response) == IMMUTABLE
    assert not {"Content-Language", "Set-Cookie"} & set(response.headers.keys())
    assert response.headers["Vary"] == "Accept-Encoding"


# Paths that are not served


@pytest.mark.parametrize(
    "path",
    [
        "/static",
        "/static/",
        "/static/.",
        "/static/unknown.css",
        "/static/unknown.0123456789ab.css",
        "/static/style",
        "/static/STYLE.css",
        "/static/style.css.",
        "/static/style.css%00",
        "/static/style.css%0A",
        "/static/style.0123456789ab.css%0A",
        "/static/style.0123456789a.css",
        "/static/style.0123456789abc.css",
        "/static/style.0123456789AB.css",
        "/static/style.0123456789xy.css",
        "/static/.0123456789ab.css",
        "/static/sub/style.css",
        pytest.param(f"/static/{'a' * 5000}.css", id="long"),
    ],
)
def test_other_names_are_not_found(reader: FlaskClient, path: str) -> None:
    response = get(reader, path)
    assert (response.status_code, response.json) == (404, {"detail": "NOT_FOUND"})
    assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "path", ["..", "%2e%2e", "./..", "a/../..", "..%2f.", "..//", "..\\", "..%5c.", "..%00/..", "%2f.."]
)
def test_file_outside_the_folder_is_not_found(reader: FlaskClient, folder: Path, path: str) -> None:
    assert (folder / ".." / "secret.css").is_file()
    for name in ("secret.css", "secret.0123456789ab.css"):
        assert get(serve(folder), f"/static/{path}/{name}").status_code == 404
    assert get(reader, f"/static/{path}/wsgi.py").status_code == 404


def test_absolute_path_is_not_found(reader: FlaskClient, folder: Path) -> None:
    for path in (folder / "style.css", folder.parent / "secret.css"):
        assert get(serve(folder), f"/static/{path}").status_code == 404
        assert get(serve(folder), f"/static/%2f{str(path)[1:]}").status_code == 404
    assert get(reader, "/static//etc/passwd").status_code == 404


def test_put_is_not_allowed(reader: FlaskClient) -> None:
    assert reader.put("/static/style.css", data="p {}").status_code == 405


# The pages


def linked_files(page: str) -> set[str]:
    return set(re.findall(r'(?:href|src)="(/static/[^"]*)"', page))


def test_pages_link_to_hashed_names_that_exist(reader: FlaskClient) -> None:
    browser = {"Accept": "text/html"}
    for path in (
        "/",
        "/list",
        "/index",
        "/indexation",
        "/about",
        "/api/v1/",
        "/zipcode/99x",
        "/no-such-page",
    ):
        files = linked_files(get(reader, path, **browser).text)
        assert {hashed_url(reader, name) for name in ("style.css", "app.js", "favicon.svg")} <= files, path
        for file in files:
            assert cache_control(get(reader, file)) == IMMUTABLE, (path, file)


def test_files_in_the_stylesheet_exist(reader: FlaskClient) -> None:
    for name in re.findall(r"url\(['\"]?(?!data:)([^'\")]+)", (STATIC / "style.css").read_text("utf-8")):
        assert get(reader, f"/static/{name}").status_code == 200
