"""Negotiation of the language, its cookie and headers, and the links between languages."""

from __future__ import annotations

import re
from datetime import date
from html import unescape
from html.parser import HTMLParser
from time import monotonic
from typing import Sequence
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from flask import Flask, render_template_string
from flask.testing import FlaskClient
from hypothesis import example, given, settings
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

from tests.i18n.client import LANGUAGES, PAGE, PAGES, TRANSLATED, accepting, page, post_list, with_lang
from tests.pages.reading import text as read
from webapp.data import watcher
from webapp.i18n.languages import current_language, translate
from webapp.i18n.messages import Message

PUBLIC = "public, max-age=60, stale-while-revalidate=60"


@pytest.fixture
def browser(sqlite_app: Flask) -> FlaskClient:
    """A client that stores cookies, without any yet."""
    return sqlite_app.test_client()


def negotiated(app: Flask, path: str = "/", cookie: str | None = None, header: str | None = None) -> str:
    headers = {} if header is None else accepting(header)
    if cookie is not None:
        headers["Cookie"] = f"lang={cookie}"
    with app.test_request_context(path, headers=headers):
        return current_language()


# Negotiation


def test_parameter_wins_over_cookie_and_cookie_over_browser(sqlite_app: Flask) -> None:
    assert negotiated(sqlite_app, "/?lang=de", "fr", "nl") == "de"
    assert negotiated(sqlite_app, "/", "fr", "nl") == "fr"
    assert negotiated(sqlite_app, "/", None, "nl") == "nl"
    assert negotiated(sqlite_app) == "en"


@pytest.mark.parametrize("unknown", ["", "es", "NL", "nl-BE", "../nl"])
def test_unknown_language_is_ignored(sqlite_app: Flask, unknown: str) -> None:
    path = "/?" + urlencode({"lang": unknown})
    assert negotiated(sqlite_app, path, "nl", "fr") == "nl"
    assert negotiated(sqlite_app, path, unknown, "fr") == "fr"


def test_first_of_two_parameters_wins(sqlite_app: Flask) -> None:
    assert negotiated(sqlite_app, "/?lang=nl&lang=fr") == "nl"


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("nl", "nl"),
        ("NL-be", "nl"),
        ("de-CH-1996", "de"),
        ("nl-BE,en-US;q=0.7,en;q=0.3", "nl"),
        ("fr-BE;q=0.5, nl;q=0.8", "nl"),
        ("es, fr;q=0.1", "fr"),
        ("fr;q=0, de;q=0.1", "de"),
        ("fr;q=0", "en"),
        ("fr, *;q=0.5", "fr"),
        ("*", "en"),
        ("", "en"),
        (";;;", "en"),
        ("nlx", "en"),
    ],
)
def test_accept_language_is_negotiated(sqlite_app: Flask, header: str, language: str) -> None:
    assert negotiated(sqlite_app, header=header) == language


@settings(deadline=None, database=None, max_examples=50)
@given(header=st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=60))
@example("nl;q=x")
@example("nl;q=-1")
@example("nl;q=1e9")
@example(",".join(["es"] * 1000))
def test_any_accept_language_gives_a_language(sqlite_app: Flask, header: str) -> None:
    assert negotiated(sqlite_app, header=header) in LANGUAGES


@pytest.mark.parametrize("path", [*PAGES, "/no-such-page"])
def test_page_is_labelled_with_its_language(browser: FlaskClient, path: str) -> None:
    for language in LANGUAGES:
        response = page(browser, path, **accepting(language))
        assert response.headers["Content-Language"] == language
        assert re.findall("<html[^>]*>", response.text) == [f'<html lang="{language}">']


def test_cached_pages_keep_their_languages_apart(browser: FlaskClient) -> None:
    for language, day in [
        ("nl", "14 september 2026"),
        ("fr", "14 septembre 2026"),
        ("de", "14. September 2026"),
    ] * 2:
        assert day in read(page(browser, "/zipcode/9000?on=2026-09-14", **accepting(language)).text)


def test_error_is_in_the_language_of_the_page(browser: FlaskClient) -> None:
    texts = {language: page(browser, "/zipcode/1311", **accepting(language)).text for language in LANGUAGES}
    assert "Zipcode 1311 is in no range of the risk table" in texts["en"]
    assert not any("no range of the risk table" in texts[language] for language in TRANSLATED)


def test_spreadsheet_is_formatted_in_the_language_of_the_page(browser: FlaskClient) -> None:
    for language, index in [("nl", ";103,24;"), ("en", ";103.24;")]:
        response = browser.get("/index.csv?year=2025", headers=accepting(language))
        assert response.headers["Content-Language"] == language
        assert index in response.text


# The cookie


def set_cookies(response: TestResponse) -> list[str]:
    return response.headers.getlist("Set-Cookie")


def cookie_parts(response: TestResponse) -> set[str]:
    """Return the parts of the only cookie that is set, without its date, which repeats Max-Age."""
    (cookie,) = set_cookies(response)
    return {part for part in cookie.split("; ") if not part.startswith("Expires=")}


@pytest.mark.parametrize("path", ["/", "/zipcode/9000", "/index.csv"])
def test_choice_of_a_language_is_stored_for_a_year(browser: FlaskClient, path: str) -> None:
    response = page(browser, f"{path}?lang=fr")
    assert cookie_parts(response) == {"lang=fr", "Max-Age=31536000", "Path=/", "HttpOnly", "SameSite=Lax"}
    assert set(response.headers["Cache-Control"].split(", ")) == {"private", "no-cache"}
    assert page(browser, "/", **accepting("es")).headers["Content-Language"] == "fr"


def test_cookie_over_https_is_secure(browser: FlaskClient) -> None:
    response = browser.get("/?lang=nl", base_url="https://desk.example", headers=PAGE)
    assert "Secure" in cookie_parts(response)


def test_stored_choice_is_not_stored_again(browser: FlaskClient) -> None:
    page(browser, "/?lang=nl")
    response = page(browser, "/?lang=nl")
    assert set_cookies(response) == []
    assert response.headers["Cache-Control"] == PUBLIC


@pytest.mark.parametrize("path", ["/", "/?lang=", "/?lang=xx", "/?lang=xx&lang=nl"])
def test_negotiated_language_is_not_stored(browser: FlaskClient, path: str) -> None:
    response = page(browser, path, **accepting("nl"))
    assert set_cookies(response) == []
    assert response.headers["Cache-Control"] == PUBLIC


def test_error_with_a_cookie_is_not_cacheable(browser: FlaskClient) -> None:
    response = page(browser, "/zipcode/999?lang=nl")
    assert "lang=nl" in cookie_parts(response)
    assert response.headers["Cache-Control"] == "no-store"


def test_unmodified_page_sets_the_cookie_too(browser: FlaskClient, sqlite_app: Flask) -> None:
    known = page(browser, "/?lang=nl").headers["ETag"]
    again = page(sqlite_app.test_client(), "/?lang=nl", **{"If-None-Match": known})
    assert again.status_code == 304
    assert "lang=nl" in cookie_parts(again)
    assert set(again.headers["Cache-Control"].split(", ")) == {"private", "no-cache"}


def test_returning_to_a_language_replaces_the_cookie(browser: FlaskClient) -> None:
    """A browser that does not revalidate would show a stored page without setting the cookie."""
    for language in ("fr", "nl", "fr"):
        response = page(browser, f"/about?lang={language}")
        assert response.cache_control.max_age is None
        assert response.cache_control.no_cache
        assert f"lang={language}" in cookie_parts(response)


# Caching


@pytest.mark.parametrize("path", ["/", "/about", "/no-such-page", "/zipcode/999", "/index.csv"])
def test_response_in_a_language_varies_on_it(browser: FlaskClient, path: str) -> None:
    for url in (path, with_lang(path, "de")):
        response = page(browser, url)
        assert {"accept-language", "cookie"} <= set(response.vary.as_set())
        assert response.headers["Content-Language"] in LANGUAGES


@pytest.mark.parametrize("path", ["/zipcode/9000", "/index", "/no-such-page"])
def test_negotiated_page_varies_on_accept_as_well(browser: FlaskClient, path: str) -> None:
    assert set(page(browser, path).vary.as_set()) == {
        "accept",
        "accept-encoding",
        "accept-language",
        "cookie",
    }


def json_paths(app: Flask) -> list[str]:
    """Return all paths without variables that respond with JSON, and some others."""
    rules = [
        rule for rule in app.url_map.iter_rules() if not rule.arguments and "GET" in (rule.methods or ())
    ]
    responses = {rule.rule: app.test_client().get(rule.rule, buffered=True) for rule in rules}
    found = {path for path, response in responses.items() if "json" in str(response.mimetype)}
    assert {"/index", "/healthz", "/readyz", "/api/v1/openapi.json"} <= found
    return sorted(found | {"/index?year=2020", "/zipcode/9000", "/zipcode/999", "/zipcode/1311", "/no-such"})


def headers_of(response: TestResponse) -> list[tuple[str, str]]:
    """Return the headers, without those of each request."""
    added = {"Date", "Age", "Cache-Status", "X-Request-ID"}
    return [(name, value) for name, value in response.headers if name not in added]


def test_json_ignores_the_language(sqlite_app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    now = monotonic()
    monkeypatch.setattr(watcher, "monotonic", lambda: now)  # /readyz has the age of the snapshot
    for path in json_paths(sqlite_app):
        plain = sqlite_app.test_client().get(path)
        localized = sqlite_app.test_client().get(path, headers={**accepting("nl"), "Cookie": "lang=fr"})
        assert (localized.status_code, localized.data) == (plain.status_code, plain.data), path
        assert headers_of(localized) == headers_of(plain), path
        assert not {"Content-Language", "Set-Cookie"} & set(plain.headers.keys()), path
        assert not {"accept-language", "cookie"} & set(plain.vary.as_set()), path


@pytest.mark.parametrize("path", ["/index", "/index?year=2020", "/no-such"])
def test_json_ignores_the_parameter(browser: FlaskClient, path: str) -> None:
    plain, localized = browser.get(path), browser.get(with_lang(path, "nl"))
    assert (localized.status_code, localized.data) == (plain.status_code, plain.data)
    assert headers_of(localized) == headers_of(plain)


# Links between languages


class Links(HTMLParser):
    """The links of a page to itself in each language, in its head and in its menu."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.head: dict[str, str] = {}
        self.switch: dict[str, str] = {}
        self.current: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        values: dict[str, str] = {name: value or "" for name, value in attrs}
        language = values.get("hreflang", "")
        if tag == "link" and values.get("rel") == "alternate" and "type" not in values:
            self.head[language] = values["href"]
        elif tag == "a" and language:
            self.switch[language] = values["href"]
            if values.get("aria-current") == "true":
                self.current.append(language)


def url_in(app: Flask, path: str, language: str = "nl") -> str:
    with app.test_request_context(path):
        return unescape(render_template_string("{{ url_in(language) }}", language=language))


@pytest.mark.parametrize(
    ("path", "before"),
    [
        ("/", "/?"),
        ("/index?year=1996&period=all&lang=en", "/index?year=1996&period=all&"),
        ("/indexation?amount=1250%2C50&year=2004&from=01%2F2020&to=", None),
        ("/no-such-page?x=1&y=", "/no-such-page?x=1&y=&"),
        ("/caf%C3%A9/%22", "/caf%C3%A9/%22?"),
        ("/zipcode/999", "/zipcode/999?"),
    ],
)
def test_page_links_to_itself_in_every_language(browser: FlaskClient, path: str, before: str | None) -> None:
    links = Links(page(browser, path).text)
    assert list(links.head) == list(links.switch) == list(LANGUAGES)
    assert [urlsplit(address).query for address in links.head.values()] == [
        address[1:] for address in links.switch.values()
    ]
    assert all(address.startswith("?") for address in links.switch.values())  # whatever Host a proxy sent
    if before is not None:
        assert links.head == {language: f"http://localhost{before}lang={language}" for language in LANGUAGES}


def test_link_leads_to_the_same_page_in_another_language(browser: FlaskClient) -> None:
    path = "/indexation?amount=1250%2C50&year=2004&from=01%2F2020&to="
    for language, address in Links(page(browser, path).text).switch.items():
        response = page(browser, f"/indexation{address}")
        assert (response.status_code, response.headers["Content-Language"]) == (200, language)
        assert 'value="1250,50"' in response.text
        assert 'value="01/2020"' in response.text


def test_current_language_is_marked(browser: FlaskClient) -> None:
    assert Links(page(browser, "/", **accepting("de")).text).current == ["de"]


def test_links_are_named_in_their_own_languages(browser: FlaskClient) -> None:
    links = re.findall('<a [^>]*hreflang="(..)"[^>]*title="([^"]*)"', page(browser, "/").text)
    assert links == [("nl", "Nederlands"), ("fr", "Français"), ("de", "Deutsch"), ("en", "English")]


def test_links_have_the_scheme_and_host_of_the_request(browser: FlaskClient) -> None:
    response = browser.get("/about", base_url="https://desk.example", headers=PAGE)
    assert Links(response.text).head["nl"] == "https://desk.example/about?lang=nl"


def test_result_of_a_form_links_to_the_form(browser: FlaskClient) -> None:
    response = post_list(browser, "/list?lang=fr", "9000")
    assert response.status_code == 200
    assert Links(response.text).head["nl"] == "http://localhost/list?lang=nl"
    rejected = browser.post("/about", headers=PAGE)
    assert (rejected.status_code, Links(rejected.text).head["nl"]) == (405, "http://localhost/about?lang=nl")


@pytest.mark.parametrize("name", ["endpoint", "_external", "self", "values"])
def test_parameter_of_any_name_is_kept(browser: FlaskClient, name: str) -> None:
    response = page(browser, f"/about?{name}=1")
    assert response.status_code == 200
    assert Links(response.text).head["nl"] == f"http://localhost/about?{name}=1&lang=nl"


def test_parameter_does_not_replace_the_variable_of_the_path(browser: FlaskClient) -> None:
    links = Links(page(browser, "/zipcode/9000?zipcode=1000").text)
    assert urlsplit(links.head["nl"]).path == "/zipcode/9000"


names = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)


@settings(deadline=None, database=None, max_examples=50)
@given(parameters=st.lists(st.tuples(names, names), max_size=6))
@example([("zipcode", "a&b"), ("zipcode", "c=d"), ("x", "")])
@example([("lang", "fr"), ("q", "é %2B+#?\"'<>")])
@example([("a", "1"), ("b", "2"), ("a", "3")])
def test_links_keep_all_other_parameters(sqlite_app: Flask, parameters: list[tuple[str, str]]) -> None:
    address = urlsplit(url_in(sqlite_app, f"/?{urlencode(parameters)}"))
    found = MultiDict(parse_qsl(address.query, keep_blank_values=True))
    expected = MultiDict([pair for pair in parameters if pair[0] != "lang"])
    assert (address.scheme, address.netloc, address.path, address.fragment) == ("http", "localhost", "/", "")
    assert found.poplist("lang") == ["nl"]
    assert found == expected


@pytest.mark.parametrize("path", ['/"><script>alert(1)</script>', '/?q="><script>alert(1)</script>'])
def test_markup_in_the_url_is_escaped_in_links(browser: FlaskClient, path: str) -> None:
    assert "<script>alert" not in page(browser, path).text


# Messages with parameters


def test_parameters_are_formatted_in_the_language_of_the_page(sqlite_app: Flask) -> None:
    params = {"year": 2025, "most": 1_000_000, "text": "1000000 %s", "zipcode": 9999}
    with sqlite_app.test_request_context(headers=accepting("nl")):
        assert translate(Message("%(year)s, %(most)s, %(text)s, %(zipcode)s", params)) == (
            "2025, 1.000.000, 1000000 %s, 9999"
        )


@pytest.mark.parametrize(
    ("language", "month"),
    [("nl", "maart 2026"), ("en", "March 2026")],
)
def test_date_in_a_message_stands_for_its_month(sqlite_app: Flask, language: str, month: str) -> None:
    with sqlite_app.test_request_context(headers=accepting(language)):
        assert translate(Message("<%(first)s>", {"first": date(2026, 3, 31)})) == f"<{month}>"


def test_percent_sign_in_a_message_without_parameters_is_kept(sqlite_app: Flask) -> None:
    with sqlite_app.test_request_context(headers=accepting("nl")):
        assert translate(Message("100 % unknown", {})) == "100 % unknown"
