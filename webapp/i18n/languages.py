"""Languages of the pages: negotiation, catalogs and links."""

from __future__ import annotations

import io
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from flask import Flask, Response, g, request
from flask_babel import Babel, Domain, gettext

from webapp.i18n import formatting
from webapp.i18n.locales import LANGUAGES
from webapp.i18n.messages import Message, is_large

CATALOGS = Path(__file__).resolve().parent / "translations"

# The language of the message ids, and the default.
SOURCE_LANGUAGE = "en"

# Fetched by programs again and again, or a letter to someone of another language: no choice is stored.
NOT_FOR_PAGES = ("application/atom+xml", "text/calendar", "text/plain")

COOKIE = "lang"
COOKIE_SECONDS = 365 * 24 * 3600


class _Catalogs(Domain):  # type: ignore[misc]  # flask-babel has no types
    """Loads .po files, because the .mo files of Flask-Babel need a build step."""

    def get_translations(self) -> Translations | NullTranslations:
        return catalog(current_language())


class _PoBabel(Babel):  # type: ignore[misc]
    domain_instance = _Catalogs()


def register(app: Flask) -> None:
    locale = LANGUAGES[SOURCE_LANGUAGE].locale
    _PoBabel().init_app(
        app, default_locale=locale, locale_selector=lambda: LANGUAGES[current_language()].locale
    )
    app.jinja_env.policies["ext.i18n.trimmed"] = True  # as `make messages` extracts {% trans %} blocks
    formatting.register_filters(app)
    app.add_template_filter(translate, "translated")
    app.add_template_filter(gettext, "in_language")
    app.context_processor(_template_context)
    app.after_request(_set_headers)


def current_language() -> str:
    """Return the language of the request, from `?lang=`, the cookie or Accept-Language."""
    if "language" not in g:
        g.language = _negotiate()
    return str(g.language)


def _negotiate() -> str:
    for code in (request.args.get("lang"), request.cookies.get(COOKIE)):
        if code in LANGUAGES:
            return str(code)
    # Werkzeug's best_match prefers whole tags: nl;q=0.1 would win over fr-BE;q=1.
    for tag, quality in request.accept_languages:
        language = tag.partition("-")[0].lower()
        if quality and language in LANGUAGES:
            return language
    return SOURCE_LANGUAGE


@lru_cache(maxsize=None)
def catalog(language: str) -> Translations | NullTranslations:
    """Load the catalog of a language; that of the source language is empty."""
    if language == SOURCE_LANGUAGE:
        return NullTranslations()
    with (CATALOGS / f"{language}.po").open("rb") as file:
        messages = read_po(file, locale=language)
    compiled = io.BytesIO()
    write_mo(compiled, messages)
    compiled.seek(0)
    return Translations(compiled)


def translate(message: Message) -> str:
    params = {name: _formatted(value) for name, value in message.params.items()}
    text = str(gettext(message.text, **params))
    return f"{text} {translate(message.advice)}" if message.advice else text


def _formatted(value: object) -> object:
    if isinstance(value, date):
        return formatting.month(value)
    return formatting.whole_number(value) if isinstance(value, int) and is_large(value) else value


def _template_context() -> dict[str, Any]:
    return {
        "language": current_language(),
        "languages": LANGUAGES,
        "query_in": _query_in,
        "url_in": _url_in,
    }


def _query_in(language: str) -> str:
    params = [(name, value) for name, value in request.args.items(multi=True) if name != "lang"]
    return f"?{urlencode([*params, ('lang', language)])}"


def _url_in(language: str) -> str:
    """Return the URL of this page in another language."""
    path = quote(request.script_root + request.path)
    return f"{request.host_url.rstrip('/')}{path}{_query_in(language)}"


def _set_headers(response: Response) -> Response:
    """Add Content-Language and Vary, and store a choice of language."""
    if "language" not in g:
        return response
    language = current_language()
    response.headers["Content-Language"] = language
    response.vary.update(("Accept-Language", "Cookie"))
    if response.mimetype in NOT_FOR_PAGES:
        return response
    if request.args.get("lang") == language != request.cookies.get(COOKIE):
        response.set_cookie(
            COOKIE, language, COOKIE_SECONDS, secure=request.is_secure, httponly=True, samesite="Lax"
        )
        # A shared cache would send the cookie to other clients; a browser's would not set it again.
        if response.cache_control.public:
            response.headers["Cache-Control"] = "private, no-cache"
    return response
