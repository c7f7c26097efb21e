"""Requests for pages in a language."""

from __future__ import annotations

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

LANGUAGES = ("nl", "fr", "de", "en")
TRANSLATED = ("nl", "fr", "de")

PAGE = {"Accept": "text/html"}
PAGES = ["/", "/?zipcode=9000&year=2013", "/zipcode/9000", "/index", "/indexation", "/list", "/about"]


def page(client: FlaskClient, path: str, **headers: str) -> TestResponse:
    return client.get(path, headers={**PAGE, **headers})


def post_list(client: FlaskClient, path: str, zipcodes: str) -> TestResponse:
    kind = "multipart/form-data"
    return client.post(path, data={"zipcodes": zipcodes}, content_type=kind, headers=PAGE)


def accepting(header: str) -> dict[str, str]:
    return {"Accept-Language": header}


def with_lang(path: str, language: str) -> str:
    return f"{path}{'&' if '?' in path else '?'}lang={language}"
