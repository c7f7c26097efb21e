"""Which language a page is in and how it can be changed, and that nothing is left untranslated."""

import re
import subprocess
import sys
from datetime import date
from html import unescape
from html.parser import HTMLParser
from typing import Any, Callable, Dict, FrozenSet, List, Optional, Sequence, Set, Tuple
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from babel.dates import get_month_names
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po
from babel.support import NullTranslations
from flask import Flask, render_template_string
from flask.testing import FlaskClient
from hypothesis import example, given, settings
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

from tests.pages.reading import text as read
from tests.support.databases import settings_for
from webapp.config import ROOT, Settings
from webapp.errors import DeskError, MediaTypeNotSupported
from webapp.i18n import languages
from webapp.i18n.languages import catalog, chosen, translate
from webapp.i18n.messages import Message

LANGUAGES = ("nl", "fr", "de", "en")
TRANSLATED = ("nl", "fr", "de")

# Messages that really are the same in a language as in English.
SAME: Dict[str, FrozenSet[str]] = {
    "nl": frozenset({"API", "Index"}),
    "fr": frozenset({"API", "Indexation", "Licences", "Organisation", "Site", "Source"}),
    "de": frozenset({"API", "Index", "Organisation"}),
}

PAGE = {"Accept": "text/html"}
PAGES = ["/", "/?zipcode=9000&year=2013", "/zipcode/9000", "/index", "/indexation", "/list", "/about"]
ERROR_PAGES = ["/no-such-page", "/zipcode/999", "/zipcode/1311", "/index?year=2020", "/index?period=3"]


@pytest.fixture
def browser(sqlite_app: Flask) -> FlaskClient:
    """A client that keeps its cookies, and has none yet."""
    return sqlite_app.test_client()


def page(client: FlaskClient, path: str, **headers: str) -> TestResponse:
    return client.get(path, headers={**PAGE, **headers})


def post_list(client: FlaskClient, path: str, zipcodes: str) -> TestResponse:
    """The page that answers the form of the list."""
    kind = "multipart/form-data"
    return client.post(path, data={"zipcodes": zipcodes}, content_type=kind, headers=PAGE)


def accepting(wish: str) -> Dict[str, str]:
    return {"Accept-Language": wish}


def chosen_for(app: Flask, path: str = "/", cookie: Optional[str] = None, wish: Optional[str] = None) -> str:
    """The language of a request with a cookie, and with what the browser prefers."""
    headers = {} if wish is None else accepting(wish)
    if cookie is not None:
        headers["Cookie"] = f"lang={cookie}"
    with app.test_request_context(path, headers=headers):
        return chosen()


# Which language it is


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_address_wins_over_the_cookie_and_that_over_the_browser(sqlite_app: Flask, language: str) -> None:
    for other in set(LANGUAGES) - {language}:
        assert chosen_for(sqlite_app, f"/?lang={language}", other, other) == language
        assert chosen_for(sqlite_app, "/", language, other) == language
    assert chosen_for(sqlite_app, "/", None, language) == language


def test_who_asks_for_nothing_gets_english(sqlite_app: Flask) -> None:
    assert chosen_for(sqlite_app) == "en"


@pytest.mark.parametrize(
    "unknown", ["", "xx", "es", "NL", "nl-BE", "nl ", "nl,fr", "../nl", "nederlands", "é"]
)
def test_an_unknown_language_counts_for_nothing(sqlite_app: Flask, unknown: str) -> None:
    path = "/?" + urlencode({"lang": unknown})
    assert chosen_for(sqlite_app, path, "nl", "fr") == "nl"
    assert chosen_for(sqlite_app, path, None, "fr") == "fr"
    assert chosen_for(sqlite_app, path) == "en"


@pytest.mark.parametrize("unknown", ["", "xx", "NL", "nl-BE", '"', "nl/../fr"])
def test_an_unknown_language_in_the_cookie_counts_for_nothing(sqlite_app: Flask, unknown: str) -> None:
    assert chosen_for(sqlite_app, "/", unknown, "fr") == "fr"
    assert chosen_for(sqlite_app, "/", unknown) == "en"


def test_of_two_languages_in_the_address_the_first_counts(sqlite_app: Flask) -> None:
    assert chosen_for(sqlite_app, "/?lang=nl&lang=fr") == "nl"


@pytest.mark.parametrize(
    ("wish", "language"),
    [
        ("nl", "nl"),
        ("nl-BE", "nl"),
        ("NL-be", "nl"),
        ("fr-BE", "fr"),
        ("de-BE", "de"),
        ("en-GB", "en"),
        ("en-US,en;q=0.9", "en"),
        ("nl-BE,nl;q=0.9,en-US;q=0.8,en;q=0.7", "nl"),
        ("fr-BE;q=0.9, nl;q=0.8", "fr"),
        ("nl-BE,en-US;q=0.7,en;q=0.3", "nl"),
        ("de-AT, en;q=0.5", "de"),
        ("fr-BE;q=0.5, nl;q=0.8", "nl"),
        ("en;q=0.1, de;q=0.9", "de"),
        ("de-CH-1996", "de"),
        ("es, fr;q=0.1", "fr"),
        ("es-ES, es;q=0.9", "en"),
        ("fr;q=0, de;q=0.1", "de"),
        ("fr;q=0", "en"),
        ("fr, *;q=0.5", "fr"),
        ("*", "en"),
        ("es, *;q=0.5", "en"),
        ("", "en"),
        (";;;", "en"),
        ("nlx", "en"),
    ],
)
def test_the_browser_gets_what_it_prefers_of_the_four(sqlite_app: Flask, wish: str, language: str) -> None:
    assert chosen_for(sqlite_app, wish=wish) == language


@settings(deadline=None, database=None)
@given(wish=st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=60))
@example("nl;q=x")
@example("nl;q=-1")
@example("nl;q=1e9")
@example(",".join(["es"] * 1000))
def test_whatever_the_browser_says_the_page_has_a_language(sqlite_app: Flask, wish: str) -> None:
    assert chosen_for(sqlite_app, wish=wish) in LANGUAGES


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("path", [*PAGES, *ERROR_PAGES])
def test_a_page_says_which_language_it_is_in(browser: FlaskClient, path: str, language: str) -> None:
    answer = page(browser, path, **accepting(language))
    assert answer.headers["Content-Language"] == language
    assert re.findall("<html[^>]*>", answer.text) == [f'<html lang="{language}">']


def test_each_page_is_in_its_own_language_whoever_asked_before(browser: FlaskClient) -> None:
    for language, day in [("nl", "14 augustus 2026"), ("fr", "14 août 2026"), ("de", "14. August 2026")] * 2:
        assert day in read(page(browser, "/zipcode/9000", **accepting(language)).text)


def test_an_error_is_told_in_the_language_of_each_page(browser: FlaskClient) -> None:
    said = {language: page(browser, "/zipcode/1311", **accepting(language)).text for language in LANGUAGES}
    assert "No range of the risk table holds zipcode 1311" in said["en"]
    assert not any("No range of the risk table" in said[language] for language in TRANSLATED)


def test_a_spreadsheet_is_written_as_its_reader_writes(browser: FlaskClient) -> None:
    for language, index in [("nl", ";103,24;"), ("fr", ";103,24;"), ("de", ";103,24;"), ("en", ";103.24;")]:
        answer = browser.get("/index.csv?year=2025", headers=accepting(language))
        assert answer.headers["Content-Language"] == language
        assert index in answer.text


# The cookie


def set_cookies(answer: TestResponse) -> List[str]:
    return answer.headers.getlist("Set-Cookie")


def cookie_parts(answer: TestResponse) -> Set[str]:
    """The parts of the one cookie that is set, but for its date, which says what Max-Age says."""
    (cookie,) = set_cookies(answer)
    return {part for part in cookie.split("; ") if not part.startswith("Expires=")}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("path", ["/", "/zipcode/9000", "/index", "/about", "/index.csv"])
def test_a_language_that_is_asked_for_is_kept_for_a_year(
    browser: FlaskClient, path: str, language: str
) -> None:
    answer = page(browser, f"{path}?lang={language}")
    assert cookie_parts(answer) == {
        f"lang={language}",
        "Max-Age=31536000",
        "Path=/",
        "HttpOnly",
        "SameSite=Lax",
    }
    assert page(browser, "/", **accepting("es")).headers["Content-Language"] == language


def test_over_https_the_cookie_stays_there(browser: FlaskClient) -> None:
    answer = browser.get("/?lang=nl", base_url="https://desk.example", headers=PAGE)
    assert "Secure" in cookie_parts(answer)


def test_another_language_replaces_the_one_that_was_kept(browser: FlaskClient) -> None:
    page(browser, "/?lang=nl")
    assert "lang=fr" in cookie_parts(page(browser, "/?lang=fr"))
    assert page(browser, "/").headers["Content-Language"] == "fr"


def test_what_is_kept_already_is_not_kept_again(browser: FlaskClient) -> None:
    page(browser, "/?lang=nl")
    answer = page(browser, "/?lang=nl")
    assert set_cookies(answer) == []
    assert answer.headers["Cache-Control"] == "public, max-age=60, stale-while-revalidate=60"


@pytest.mark.parametrize("path", ["/", "/?lang=", "/?lang=xx", "/?lang=NL", "/?lang=xx&lang=nl"])
def test_nothing_is_kept_that_was_not_asked_for(browser: FlaskClient, path: str) -> None:
    answer = page(browser, path, **accepting("nl"))
    assert set_cookies(answer) == []
    assert answer.headers["Cache-Control"] == "public, max-age=60, stale-while-revalidate=60"


@pytest.mark.parametrize("path", ["/", "/zipcode/9000", "/index", "/index.csv"])
def test_an_answer_with_a_cookie_is_for_one_reader_alone(browser: FlaskClient, path: str) -> None:
    answer = page(browser, f"{path}?lang=nl")
    assert set(answer.headers["Cache-Control"].split(", ")) == {"private", "no-cache"}


@pytest.mark.parametrize("path", ERROR_PAGES)
def test_an_error_with_a_cookie_is_kept_by_nobody(browser: FlaskClient, path: str) -> None:
    answer = page(browser, path + ("&" if "?" in path else "?") + "lang=nl")
    assert "lang=nl" in cookie_parts(answer)
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_page_that_has_not_changed_brings_its_cookie_too(browser: FlaskClient, sqlite_app: Flask) -> None:
    known = page(browser, "/?lang=nl").headers["ETag"]
    again = page(sqlite_app.test_client(), "/?lang=nl", **{"If-None-Match": known})
    assert again.status_code == 304
    assert "lang=nl" in cookie_parts(again)
    assert set(again.headers["Cache-Control"].split(", ")) == {"private", "no-cache"}


def test_a_language_that_was_chosen_before_is_kept_when_it_is_chosen_again(browser: FlaskClient) -> None:
    """A browser that need not ask again would show the page as it kept it, without its cookie."""
    for language in ("fr", "nl", "fr", "nl"):
        answer = page(browser, f"/about?lang={language}")
        assert answer.cache_control.max_age is None
        assert answer.cache_control.no_cache
        assert f"lang={language}" in cookie_parts(answer)


# What caches are told


@pytest.mark.parametrize("path", [*PAGES, *ERROR_PAGES, "/index.csv", "/index.csv?period=3"])
def test_what_depends_on_the_language_says_so(browser: FlaskClient, path: str) -> None:
    for asked in (path, path + ("&" if "?" in path else "?") + "lang=de"):
        answer = page(browser, asked)
        assert {"accept-language", "cookie"} <= set(answer.vary.as_set())
        assert answer.headers["Content-Language"] in LANGUAGES


@pytest.mark.parametrize("path", ["/zipcode/9000", "/index", "/zipcode/999", "/no-such-page"])
def test_what_is_a_page_only_for_who_wants_one_says_that_as_well(browser: FlaskClient, path: str) -> None:
    assert set(page(browser, path).vary.as_set()) == {"accept", "accept-language", "cookie"}


def json_paths(app: Flask) -> List[str]:
    """Every address without a variable part that answers with JSON, and some others."""
    rules = [
        rule for rule in app.url_map.iter_rules() if not rule.arguments and "GET" in (rule.methods or ())
    ]
    paths = {rule.rule for rule in rules}
    answers = {path: app.test_client().get(path) for path in paths}
    found = {path for path, answer in answers.items() if "json" in str(answer.mimetype)}
    assert {"/index", "/healthz", "/readyz", "/api/v1/openapi.json"} <= found
    return sorted(found | {"/index?year=2020", "/zipcode/9000", "/zipcode/999", "/zipcode/1311", "/no-such"})


def headers_of(answer: TestResponse) -> List[Tuple[str, str]]:
    """The headers, but for those that tell when and by whom the answer was made."""
    told_by_the_cache = {"Date", "Age", "Cache-Status"}
    return [(name, value) for name, value in answer.headers if name not in told_by_the_cache]


def test_for_json_the_language_makes_no_difference_at_all(sqlite_app: Flask) -> None:
    for path in json_paths(sqlite_app):
        plain = sqlite_app.test_client().get(path)
        asked = sqlite_app.test_client().get(path, headers={**accepting("nl"), "Cookie": "lang=fr"})
        assert (asked.status_code, asked.data) == (plain.status_code, plain.data), path
        assert headers_of(asked) == headers_of(plain), path
        assert not {"Content-Language", "Set-Cookie"} & set(plain.headers.keys()), path
        assert not {"accept-language", "cookie"} & set(plain.vary.as_set()), path


@pytest.mark.parametrize("path", ["/index", "/index?year=2020", "/zipcode/9000", "/zipcode/999", "/no-such"])
def test_a_language_in_the_address_of_json_makes_no_difference_either(
    browser: FlaskClient, path: str
) -> None:
    plain = browser.get(path)
    asked = browser.get(path + ("&" if "?" in path else "?") + "lang=nl")
    assert (asked.status_code, asked.data, headers_of(asked)) == (
        plain.status_code,
        plain.data,
        headers_of(plain),
    )


# The links to the other languages


class Links(HTMLParser):
    """Reads the links of a page to itself in each language: those of its head, and those to click."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.head: Dict[str, str] = {}
        self.switch: Dict[str, str] = {}
        self.current: List[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: Sequence[Tuple[str, Optional[str]]]) -> None:
        given: Dict[str, str] = {name: value or "" for name, value in attrs}
        language = given.get("hreflang", "")
        if tag == "link" and given.get("rel") == "alternate":
            self.head[language] = given["href"]
        elif tag == "a" and language:
            self.switch[language] = given["href"]
            if given.get("aria-current") == "true":
                self.current.append(language)


def address_in(app: Flask, path: str, language: str = "nl") -> str:
    with app.test_request_context(path):
        return unescape(render_template_string("{{ address_in(language) }}", language=language))


@pytest.mark.parametrize(
    ("path", "before"),
    [
        ("/", "/?"),
        ("/?lang=de", "/?"),
        ("/about", "/about?"),
        ("/list", "/list?"),
        ("/zipcode/9000", "/zipcode/9000?"),
        ("/zipcode/9000?format=html", "/zipcode/9000?format=html&"),
        ("/?zipcode=9000&year=2013", "/?zipcode=9000&year=2013&"),
        ("/index?year=1996&period=all&lang=en", "/index?year=1996&period=all&"),
        ("/indexation?amount=1250%2C50&year=2004&from=01%2F2020&to=", None),
        ("/no-such-page", "/no-such-page?"),
        ("/no-such-page?x=1&y=", "/no-such-page?x=1&y=&"),
        ("/caf%C3%A9/%22", "/caf%C3%A9/%22?"),
        ("/zipcode/999", "/zipcode/999?"),
    ],
)
def test_a_page_links_to_itself_in_every_language(
    browser: FlaskClient, path: str, before: Optional[str]
) -> None:
    links = Links(page(browser, path).text)
    assert list(links.head) == list(links.switch) == list(LANGUAGES)
    assert [urlsplit(address).query for address in links.head.values()] == [
        address[1:] for address in links.switch.values()
    ]
    assert all(address.startswith("?") for address in links.switch.values())  # whatever Host a proxy sent
    if before is not None:
        assert links.head == {language: f"http://localhost{before}lang={language}" for language in LANGUAGES}


def test_the_link_leads_to_the_same_page_in_that_language(browser: FlaskClient) -> None:
    path = "/indexation?amount=1250%2C50&year=2004&from=01%2F2020&to="
    for language, address in Links(page(browser, path).text).switch.items():
        answer = page(browser, f"/indexation{address}")
        assert (answer.status_code, answer.headers["Content-Language"]) == (200, language)
        assert 'value="1250,50"' in answer.text
        assert 'value="01/2020"' in answer.text


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_language_of_the_page_is_marked_among_the_links(browser: FlaskClient, language: str) -> None:
    assert Links(page(browser, "/", **accepting(language)).text).current == [language]


def test_each_link_names_its_language_in_that_language(browser: FlaskClient) -> None:
    links = re.findall('<a [^>]*hreflang="(..)"[^>]*title="([^"]*)"', page(browser, "/").text)
    assert links == [("nl", "Nederlands"), ("fr", "Français"), ("de", "Deutsch"), ("en", "English")]


def test_the_links_have_scheme_and_host_of_the_request(browser: FlaskClient) -> None:
    answer = browser.get("/about", base_url="https://desk.example", headers=PAGE)
    assert Links(answer.text).head["nl"] == "https://desk.example/about?lang=nl"


def test_a_page_that_answers_a_form_links_to_the_form(browser: FlaskClient) -> None:
    answer = post_list(browser, "/list?lang=fr", "9000")
    assert answer.status_code == 200
    assert Links(answer.text).head["nl"] == "http://localhost/list?lang=nl"
    refused = browser.post("/about", headers=PAGE)
    assert (refused.status_code, Links(refused.text).head["nl"]) == (405, "http://localhost/about?lang=nl")


@pytest.mark.parametrize("name", ["endpoint", "_anchor", "_external", "_method", "_scheme", "self", "values"])
def test_a_parameter_may_have_any_name(browser: FlaskClient, name: str) -> None:
    answer = page(browser, f"/about?{name}=1")
    assert answer.status_code == 200
    assert Links(answer.text).head["nl"] == f"http://localhost/about?{name}=1&lang=nl"


def test_a_parameter_that_is_called_like_a_part_of_the_address_does_not_replace_it(
    browser: FlaskClient,
) -> None:
    links = Links(page(browser, "/zipcode/9000?zipcode=1000").text)
    assert urlsplit(links.head["nl"]).path == "/zipcode/9000"


names = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)


@settings(deadline=None, database=None)
@given(parameters=st.lists(st.tuples(names, names), max_size=6))
@example([("zipcode", "a&b"), ("zipcode", "c=d"), ("x", "")])
@example([("lang", "fr"), ("q", "é %2B+#?\"'<>")])
@example([("a", "1"), ("b", "2"), ("a", "3")])
def test_the_link_keeps_all_other_parameters(sqlite_app: Flask, parameters: List[Tuple[str, str]]) -> None:
    address = urlsplit(address_in(sqlite_app, f"/?{urlencode(parameters)}"))
    found = MultiDict(parse_qsl(address.query, keep_blank_values=True))
    expected = MultiDict([pair for pair in parameters if pair[0] != "lang"])
    assert (address.scheme, address.netloc, address.path, address.fragment) == ("http", "localhost", "/", "")
    assert found.poplist("lang") == ["nl"]
    assert found == expected


@pytest.mark.parametrize("path", ['/"><script>alert(1)</script>', '/?q="><script>alert(1)</script>'])
def test_what_is_in_the_address_is_no_html_in_the_links(browser: FlaskClient, path: str) -> None:
    assert "<script>alert" not in page(browser, path).text


# Messages with figures


def test_a_message_has_its_figures_as_the_language_writes_them(sqlite_app: Flask) -> None:
    figures = {"year": 2025, "most": 1_000_000, "text": "1000000 %s", "zipcode": 9999}
    with sqlite_app.test_request_context(headers=accepting("nl")):
        assert translate(Message("%(year)s, %(most)s, %(text)s, %(zipcode)s", figures)) == (
            "2025, 1.000.000, 1000000 %s, 9999"
        )


@pytest.mark.parametrize(
    ("language", "month"),
    [("nl", "maart 2026"), ("fr", "mars 2026"), ("de", "März 2026"), ("en", "March 2026")],
)
def test_a_day_in_a_message_stands_for_its_month(sqlite_app: Flask, language: str, month: str) -> None:
    with sqlite_app.test_request_context(headers=accepting(language)):
        assert translate(Message("<%(first)s>", {"first": date(2026, 3, 31)})) == f"<{month}>"


def test_a_message_without_figures_is_translated_as_it_stands(sqlite_app: Flask) -> None:
    with sqlite_app.test_request_context(headers=accepting("nl")):
        assert translate(Message("100 % unknown", {})) == "100 % unknown"


# The catalogs


def messages(read: Catalog) -> Dict[Tuple[str, ...], Any]:
    """The messages of a catalog by their English text, singular and plural."""
    return {_ids(message.id): message for message in read if message.id}


def _ids(given: Any) -> Tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given)


def read_catalog(language: str) -> Catalog:
    with (languages.CATALOGS / f"{language}.po").open("rb") as file:
        return read_po(file, locale=language)


@pytest.fixture(scope="module")
def extracted(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """All messages of the program, found as `make messages` finds them."""
    template = tmp_path_factory.mktemp("messages") / "messages.pot"
    extract = ["extract", "--mapping=pyproject.toml", "--keywords=N_", f"--output={template}", "."]
    subprocess.run(
        [sys.executable, "-m", "babel.messages.frontend", "--quiet", *extract], cwd=ROOT, check=True
    )
    with template.open("rb") as file:
        return read_po(file)


def figures(text: str) -> Set[str]:
    return set(re.findall(r"%\(\w+\)s", text))


def around(text: str) -> Tuple[str, str]:
    """The white space at both ends."""
    return text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]


def wrong_with(english: str, translation: str, same: FrozenSet[str]) -> Optional[str]:
    """What is wrong with one form of a translation, if anything is."""
    bare = [re.sub(r"%\(\w+\)s", "", text) for text in (english, translation)]
    complaints = {
        "is not translated": not translation.strip(),
        "is still English": translation == english and english not in same,
        "has other figures": figures(translation) != figures(english),
        "has a % that would be taken for a figure": bare[1].count("%") != bare[0].count("%"),
        "has other white space around it": around(translation) != around(english),
        "has signs that would be taken for HTML": re.search("[<>&]", translation) is not None,
    }
    return next((complaint for complaint, holds in complaints.items() if holds), None)


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_message_is_translated_and_nothing_else(extracted: Catalog, language: str) -> None:
    translated = read_catalog(language)
    needed, present = messages(extracted), messages(translated)
    wrong = [f"{ids[0]!r} is missing: run `make messages`" for ids in needed.keys() - present.keys()]
    wrong += [f"{ids[0]!r} is used nowhere" for ids in present.keys() - needed.keys()]
    wrong += [f"{message.id!r} is obsolete" for message in translated.obsolete.values()]
    for ids, message in present.items():
        forms = _ids(message.string or "")
        if message.fuzzy:
            wrong.append(f"{ids[0]!r} is fuzzy")
        if len(ids) > 1 and len(forms) != translated.num_plurals:
            wrong.append(f"{ids[0]!r} has not all its plural forms")
        for number, form in enumerate(forms):
            complaint = wrong_with(ids[min(number, len(ids) - 1)], form, SAME[language])
            if complaint:
                wrong.append(f"{ids[0]!r}: {form!r} {complaint}")
    assert not wrong, "\n".join(sorted(wrong))


def test_the_program_has_messages_of_every_kind(extracted: Catalog) -> None:
    """Else nothing would be found missing: one of a template, one with a plural, one marked with N_."""
    ids = messages(extracted).keys()
    assert len(ids) > 100
    assert {("Health index",), ("Place", "Places"), ("Too many requests",)} <= ids


@pytest.mark.parametrize(
    ("english", "translation", "complaint"),
    [
        ("Look up", "Opzoeken", None),
        ("API", "API", None),
        ("%(a)s of %(b)s", "%(b)s: %(a)s", None),
        ("Look up", "", "is not translated"),
        ("Look up", " ", "is not translated"),
        ("Look up", "Look up", "is still English"),
        ("%(a)s rows", "Zeilen", "has other figures"),
        ("%(a)s rows", "%(b)s Zeilen", "has other figures"),
        ("rows", "%(b)s Zeilen", "has other figures"),
        ("%(a)s rows", "%(a)s (%) Zeilen", "has a % that would be taken for a figure"),
        ("Error: ", "Fehler:", "has other white space around it"),
        ("Error:", "\nFehler:", "has other white space around it"),
        ("Error", "<b>Fehler</b>", "has signs that would be taken for HTML"),
        ("A and B", "A & B", "has signs that would be taken for HTML"),
    ],
)
def test_a_wrong_translation_is_noticed(english: str, translation: str, complaint: Optional[str]) -> None:
    assert wrong_with(english, translation, frozenset({"API"})) == complaint


@pytest.mark.parametrize("language", TRANSLATED)
def test_the_catalog_of_a_language_gives_what_is_in_its_file(language: str) -> None:
    read = catalog(language)
    for ids, message in messages(read_catalog(language)).items():
        forms = _ids(message.string or "")
        if len(ids) == 1:
            assert read.ugettext(ids[0]) == (forms[0] or ids[0])
        else:
            given = [read.ungettext(ids[0], ids[1], number) for number in (1, 5)]
            assert given == [form or english for form, english in zip(forms, ids)]


def places(language: str, number: int) -> str:
    return str(catalog(language).ungettext("Place", "Places", number))


@pytest.mark.parametrize("language", ["nl", "de", "en"])
def test_none_is_written_as_many(language: str) -> None:
    assert places(language, 0) == places(language, 2) != places(language, 1)


def test_in_french_none_is_written_as_one() -> None:
    assert places("fr", 0) == places("fr", 1) != places("fr", 2)


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_in_no_catalog_stays_english(language: str) -> None:
    assert catalog(language).ugettext("Nobody says this") == "Nobody says this"
    assert catalog(language).ungettext("one cow", "two cows", 1) == "one cow"
    assert catalog(language).ungettext("one cow", "two cows", 2) == "two cows"


def test_english_is_what_is_translated() -> None:
    assert catalog("en").ugettext("Health index") == "Health index"


def test_a_catalog_is_read_once() -> None:
    assert catalog("nl") is catalog("nl")


# What the program says that is in no catalog


class Marking(NullTranslations):
    """Puts every message that is to be translated between brackets."""

    def __init__(self, known: Catalog) -> None:
        super().__init__()
        self._known = {text for ids in messages(known) for text in ids}

    def ugettext(self, message: str) -> str:
        return f"⟦{message}⟧" if message in self._known else message

    def ungettext(self, msgid1: str, msgid2: str, num: int) -> str:
        return self.ugettext(msgid1 if num == 1 else msgid2)


@pytest.fixture
def marking(
    extracted: Catalog,
    monkeypatch: pytest.MonkeyPatch,
    make_app: Callable[[Settings], Flask],
    sqlite_url: str,
) -> FlaskClient:
    """A browser of a desk whose messages are in English in every language, and between brackets."""
    monkeypatch.setattr(languages, "catalog", lambda _language: Marking(extracted))
    return make_app(settings_for(sqlite_url)).test_client()


class Words(HTMLParser):
    """Gathers all that is read on a page or said of it, and finds the words outside the brackets."""

    ATTRIBUTES = ("alt", "aria-label", "data-done", "data-found", "data-too-large", "placeholder", "title")

    def __init__(self, text: str) -> None:
        super().__init__()
        self._said: List[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: Sequence[Tuple[str, Optional[str]]]) -> None:
        given = dict(attrs)
        is_said = tag != "meta" or given.get("name") == "description"
        self._said += [value or "" for name, value in attrs if name in self.ATTRIBUTES]
        self._said += [given["content"] or ""] if "content" in given and is_said else []

    def handle_data(self, data: str) -> None:
        self._said.append(data)

    def unmarked(self) -> Set[str]:
        text, count = " ".join(self._said), 1
        while count:
            text, count = re.subn("⟦[^⟦⟧]*⟧", " ", text)  # figures may have brackets of their own
        return set(re.findall(r"[^\W\d_]{2,}", text))


# Names, which need no catalog: of the languages, of places, and of months, which Babel knows.
NAMES = {
    "NL",
    "FR",
    "DE",
    "EN",
    "Nederlands",
    "Français",
    "Deutsch",
    "English",
    "Gent",
    "Zele",
}
MONTHS = {
    name for width in ("wide", "abbreviated") for name in get_month_names(width, locale="en_GB").values()
}


@pytest.mark.parametrize(
    "path",
    [
        *PAGES,
        *ERROR_PAGES,
        "/?zipcode=gentt&year=1",
        "/?zipcode=zele",
        "/zipcode/9999?lang=en",
        "/index?year=2013&period=all",
        "/indexation?amount=1250&year=2004&from=01%2F2020",
        "/indexation?amount=x&year=1&from=y&to=z",
    ],
)
def test_a_page_says_nothing_that_is_not_to_be_translated(marking: FlaskClient, path: str) -> None:
    text = page(marking, path).text
    without_places = re.sub('<ul class="places">.*?</ul>', "", text, flags=re.DOTALL)  # names alone
    assert Words(without_places).unmarked() - NAMES - MONTHS == set()


def test_the_page_of_a_list_says_nothing_that_is_not_to_be_translated(marking: FlaskClient) -> None:
    for zipcodes in ("9000\n1311\n99\n", "", "a;b\n9000;c\n", "a;c.p.\nb;9000\n", "9" * 100_001 + '"'):
        assert Words(post_list(marking, "/list", zipcodes).text).unmarked() - NAMES == set()


def test_the_head_of_a_spreadsheet_says_nothing_that_is_not_to_be_translated(marking: FlaskClient) -> None:
    assert Words(marking.get("/index.csv?period=all").text).unmarked() == set()


def test_what_is_not_marked_for_translation_is_noticed() -> None:
    assert Words("<p>⟦From ⟦May⟧ on⟧ <b title='sometimes'>never</b> 12 A</p>").unmarked() == {
        "sometimes",
        "never",
    }


def test_the_title_of_every_error_that_a_page_can_show_is_translated(extracted: Catalog) -> None:
    on_pages = [error for error in DeskError.__subclasses__() if error is not MediaTypeNotSupported]
    ids = messages(extracted).keys()
    assert [error.title for error in on_pages if (error.title,) not in ids] == []
