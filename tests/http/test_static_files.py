"""Files under a name that carries their hash: how long browsers keep them, and what else is served."""

import hashlib
import re
from pathlib import Path
from typing import Set

import pytest
from flask import Flask, url_for
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from webapp.config import ROOT
from webapp.http import static_files

STATIC = ROOT / "static"
NAMES = sorted(path.name for path in STATIC.iterdir())

FOR_GOOD = {"public", "max-age=31536000", "immutable"}

# What a release may have besides: two points in a name, figures in its end, none at all.
OTHER_NAMES = ["style.css", "chart.min.js", "letters.woff2", "LICENSE"]


@pytest.fixture
def client(sqlite_app: Flask) -> FlaskClient:
    return sqlite_app.test_client()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of another release, beside a file that nobody is to have."""
    (tmp_path / "secret.css").write_text("secret", encoding="utf-8")
    made = tmp_path / "static"
    made.mkdir()
    for name in OTHER_NAMES:
        (made / name).write_text(f"this is {name}", encoding="utf-8")
    return made


def serve(folder: Path) -> FlaskClient:
    """A client of a small application that serves a folder."""
    app = Flask("served", static_folder=None)
    app.url_map.merge_slashes = False  # as in ours
    static_files.register(app, folder)
    return app.test_client()


def address(client: FlaskClient, name: str) -> str:
    """Where the pages of the client's application link to a file."""
    with client.application.test_request_context():
        return url_for("static", filename=name)


def get(client: FlaskClient, path: str, **headers: str) -> TestResponse:
    """The answer, read to its end, so that no file stays open."""
    return client.get(path, headers=headers, buffered=True)


def cache_control(answer: TestResponse) -> Set[str]:
    return set(answer.headers["Cache-Control"].split(", "))


# The name with the hash


@pytest.mark.parametrize("name", NAMES)
def test_pages_link_to_a_file_by_the_hash_of_what_is_in_it(client: FlaskClient, name: str) -> None:
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()
    stem, _, suffix = name.rpartition(".")
    assert address(client, name) == f"/static/{stem}.{digest[:12]}.{suffix}"


@pytest.mark.parametrize("name", NAMES)
def test_under_the_name_with_its_hash_browsers_may_keep_a_file_for_a_year(
    client: FlaskClient, name: str
) -> None:
    answer = get(client, address(client, name))
    assert (answer.status_code, answer.data) == (200, (STATIC / name).read_bytes())
    assert cache_control(answer) == FOR_GOOD


@pytest.mark.parametrize("name", OTHER_NAMES)
def test_every_file_of_the_folder_has_a_name_with_its_hash(folder: Path, name: str) -> None:
    client = serve(folder)
    path = address(client, name)
    answer = get(client, path)
    assert re.search(r"\.[0-9a-f]{12}(\.|$)", path)
    assert (answer.status_code, answer.text) == (200, f"this is {name}")
    assert cache_control(answer) == FOR_GOOD


def test_the_same_content_has_the_same_address_in_every_process(folder: Path) -> None:
    assert address(serve(folder), "style.css") == address(serve(folder), "style.css")


def test_other_content_has_another_address(folder: Path) -> None:
    before = address(serve(folder), "style.css")
    (folder / "style.css").write_text("this is style.cst", encoding="utf-8")
    assert address(serve(folder), "style.css") != before


# Other names of the same file


@pytest.mark.parametrize("name", NAMES)
def test_under_its_plain_name_a_file_is_asked_for_again_each_time(client: FlaskClient, name: str) -> None:
    answer = get(client, f"/static/{name}")
    assert (answer.status_code, answer.data) == (200, (STATIC / name).read_bytes())
    assert cache_control(answer) == {"no-cache"}


@pytest.mark.parametrize("name", NAMES)
def test_a_hash_of_an_older_release_gets_the_file_as_it_is_now(client: FlaskClient, name: str) -> None:
    stem, _, suffix = name.rpartition(".")
    answer = get(client, f"/static/{stem}.0123456789ab.{suffix}")
    assert (answer.status_code, answer.data) == (200, (STATIC / name).read_bytes())
    assert cache_control(answer) == {"no-cache"}


def test_a_page_from_before_a_release_gets_the_file_of_the_release(folder: Path) -> None:
    before = address(serve(folder), "style.css")
    (folder / "style.css").write_text("new", encoding="utf-8")
    answer = get(serve(folder), before)
    assert (answer.status_code, answer.text) == (200, "new")
    assert cache_control(answer) == {"no-cache"}


@pytest.mark.parametrize(
    ("name", "mimetypes"),
    [
        ("style.css", {"text/css"}),
        ("app.js", {"text/javascript", "application/javascript"}),  # the second on an older Python
        ("favicon.svg", {"image/svg+xml"}),
    ],
)
def test_a_browser_learns_what_kind_of_file_it_is(
    client: FlaskClient, name: str, mimetypes: Set[str]
) -> None:
    assert get(client, address(client, name)).mimetype in mimetypes


# Asking again


@pytest.mark.parametrize("hashed", [True, False])
def test_a_file_that_has_not_changed_is_not_sent_again(client: FlaskClient, hashed: bool) -> None:
    path = address(client, "style.css") if hashed else "/static/style.css"
    first = get(client, path)
    again = get(client, path, **{"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert cache_control(again) == cache_control(first)


def test_a_file_that_has_changed_is_sent_again(folder: Path) -> None:
    known = get(serve(folder), "/static/style.css").headers["ETag"]
    (folder / "style.css").write_text("new", encoding="utf-8")
    answer = get(serve(folder), "/static/style.css", **{"If-None-Match": known})
    assert (answer.status_code, answer.text) == (200, "new")


def test_the_head_of_a_file_tells_the_same(client: FlaskClient) -> None:
    path = address(client, "style.css")
    head, answer = client.head(path, buffered=True), get(client, path)
    assert (head.status_code, head.data) == (200, b"")
    for name in ("Cache-Control", "Content-Length", "Content-Type", "ETag"):
        assert head.headers[name] == answer.headers[name]


def test_a_file_is_the_same_in_every_language(client: FlaskClient) -> None:
    answer = get(client, f"{address(client, 'style.css')}?lang=nl", **{"Accept-Language": "fr"})
    assert cache_control(answer) == FOR_GOOD
    assert not {"Vary", "Content-Language", "Set-Cookie"} & set(answer.headers.keys())


# What is not served


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
def test_there_is_nothing_under_another_name(client: FlaskClient, path: str) -> None:
    answer = get(client, path)
    assert (answer.status_code, answer.json) == (404, {"detail": "NOT_FOUND"})
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "way",
    [
        *("..", "%2e%2e", ".%2e", "./..", "a/../..", "..%2f.", "..//", "0123456789ab/.."),
        *("..\\", "..%5c.", "%2e%2e%5c", "..%00/..", "//..", "%2f.."),
    ],
)
def test_no_way_leads_out_of_the_folder(client: FlaskClient, folder: Path, way: str) -> None:
    assert (folder / ".." / "secret.css").is_file()
    for name in ("secret.css", "secret.0123456789ab.css"):
        assert get(serve(folder), f"/static/{way}/{name}").status_code == 404
    assert get(client, f"/static/{way}/wsgi.py").status_code == 404


def test_the_whole_path_of_a_file_is_no_name_for_it(client: FlaskClient, folder: Path) -> None:
    for path in (folder / "style.css", folder.parent / "secret.css"):
        assert get(serve(folder), f"/static/{path}").status_code == 404
        assert get(serve(folder), f"/static/%2f{str(path)[1:]}").status_code == 404
    assert get(client, "/static//etc/passwd").status_code == 404


def test_nothing_can_be_written(client: FlaskClient) -> None:
    assert client.put("/static/style.css", data="p {}").status_code == 405


# The pages


def linked(page: str) -> Set[str]:
    """The files that a page links to."""
    return set(re.findall(r'(?:href|src)="(/static/[^"]*)"', page))


def test_every_file_that_a_page_links_to_has_its_hash_and_is_there(client: FlaskClient) -> None:
    browser = {"Accept": "text/html"}
    menus = re.findall('<nav class="main-menu".*?</nav>', get(client, "/", **browser).text, re.DOTALL)
    paths = re.findall('href="([^"]+)"', menus[0])
    assert {"/", "/index", "/indexation", "/about"} <= set(paths)
    for path in (*paths, "/?zipcode=9000&year=2013", "/zipcode/9000", "/zipcode/99x", "/no-such-page"):
        files = linked(get(client, path, **browser).text)
        assert {address(client, name) for name in ("style.css", "app.js", "favicon.svg")} <= files, path
        for file in files:
            assert cache_control(get(client, file)) == FOR_GOOD, (path, file)


def test_every_file_that_the_stylesheet_names_is_there(client: FlaskClient) -> None:
    for name in re.findall(r"url\(['\"]?(?!data:)([^'\")]+)", (STATIC / "style.css").read_text("utf-8")):
        assert get(client, f"/static/{name}").status_code == 200
