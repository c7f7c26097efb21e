"""Which language a page is in, and where its words come from."""

from __future__ import annotations

import io
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any, Dict, NamedTuple, Union
from urllib.parse import quote, urlencode

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from flask import Flask, Response, g, request
from flask_babel import Babel, Domain, gettext

from webapp.i18n import formatting
from webapp.i18n.messages import Message, is_large

CATALOGS = Path(__file__).resolve().parent / "translations"


class Language(NamedTuple):
    """A language: its name in itself, and the locale by whose habits it writes figures and days."""

    name: str
    locale: str


# By the code that `lang` and `hreflang` take. English has no Belgian habits of its own that its
# readers would expect, so it has those of Britain.
LANGUAGES = {
    "nl": Language("Nederlands", "nl_BE"),
    "fr": Language("Français", "fr_BE"),
    "de": Language("Deutsch", "de_BE"),
    "en": Language("English", "en_GB"),
}

# The language in which the program is written, for whoever asks for none of the four.
SOURCE_LANGUAGE = "en"

COOKIE = "lang"
COOKIE_SECONDS = 365 * 24 * 3600


class _Catalogs(Domain):  # type: ignore[misc]  # flask-babel has no types
    """Gives Flask-Babel the catalog of the chosen language, straight from its .po file.

    Flask-Babel itself reads .mo files, which would have to be compiled wherever the desk runs.
    """

    def get_translations(self) -> Union[Translations, NullTranslations]:
        return catalog(chosen())


class _DeskBabel(Babel):  # type: ignore[misc]
    domain_instance = _Catalogs()


def register(app: Flask) -> None:
    """Give the application its languages, and its templates all that depends on them."""
    locale = LANGUAGES[SOURCE_LANGUAGE].locale
    _DeskBabel().init_app(app, default_locale=locale, locale_selector=lambda: LANGUAGES[chosen()].locale)
    app.jinja_env.policies["ext.i18n.trimmed"] = True  # as `make messages` extracts {% trans %} blocks
    formatting.register_filters(app)
    app.add_template_filter(translate, "translated")
    app.add_template_filter(gettext, "in_language")
    app.context_processor(_for_pages)
    app.after_request(_mark)


def chosen() -> str:
    """The language of this request: as `?lang=` says, else as it was kept, else as the browser prefers."""
    if "language" not in g:
        g.language = _choose()
    return str(g.language)


def _choose() -> str:
    for wish in (request.args.get("lang"), request.cookies.get(COOKIE)):
        if wish in LANGUAGES:
            return str(wish)
    # Werkzeug's best_match would take nl before fr-BE;q=1, because it looks for whole tags first.
    for tag, quality in request.accept_languages:
        language = tag.partition("-")[0].lower()
        if quality and language in LANGUAGES:
            return language
    return SOURCE_LANGUAGE


@lru_cache(maxsize=None)
def catalog(language: str) -> Union[Translations, NullTranslations]:
    """The translations into a language; English is what is translated."""
    if language == SOURCE_LANGUAGE:
        return NullTranslations()
    with (CATALOGS / f"{language}.po").open("rb") as file:
        messages = read_po(file, locale=language)
    compiled = io.BytesIO()
    write_mo(compiled, messages)
    compiled.seek(0)
    return Translations(compiled)


def translate(message: Message) -> str:
    """A message in the language of this request, with its figures as that language writes them."""
    figures = {name: _written(figure) for name, figure in message.figures.items()}
    return str(gettext(message.text, **figures))


def _written(figure: object) -> object:
    if isinstance(figure, date):
        return formatting.month(figure)
    return formatting.whole_number(figure) if isinstance(figure, int) and is_large(figure) else figure


def _for_pages() -> Dict[str, Any]:
    return {"language": chosen(), "languages": LANGUAGES, "query_in": _query_in, "address_in": _address_in}


def _query_in(language: str) -> str:
    """What leads from this page to the same one in a language. What was asked for stays in it."""
    asked = [(name, value) for name, value in request.args.items(multi=True) if name != "lang"]
    return f"?{urlencode([*asked, ('lang', language)])}"


def _address_in(language: str) -> str:
    """The whole address of this page in a language."""
    path = quote(request.script_root + request.path)
    return f"{request.host_url.rstrip('/')}{path}{_query_in(language)}"


def _mark(response: Response) -> Response:
    """Say of an answer that depended on the language which one it is, and keep one that was asked for."""
    if "language" not in g:
        return response
    language = chosen()
    response.headers["Content-Language"] = language
    response.vary.update(("Accept-Language", "Cookie"))
    if request.args.get("lang") == language != request.cookies.get(COOKIE):
        response.set_cookie(
            COOKIE, language, COOKIE_SECONDS, secure=request.is_secure, httponly=True, samesite="Lax"
        )
        # A shared cache would hand the cookie to others; and a browser that need not ask again would, on
        # the way back to a language, show the page as it kept it, without the cookie.
        if response.cache_control.public:
            response.headers["Cache-Control"] = "private, no-cache"
    return response
