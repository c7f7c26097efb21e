"""Name and contact of the operator, and notes about risk factors, as pages show them."""

from __future__ import annotations

import re
from typing import Mapping, NamedTuple

from webapp.config.checks import is_url
from webapp.config.errors import ConfigurationError
from webapp.i18n.locales import LANGUAGES

# Limit of a name or contact that the pages show.
MAX_OPERATOR_CHARACTERS = 100

# Any address that a mail program accepts unquoted; % would be decoded in a mailto URL.
EMAIL_ADDRESS = re.compile(r"[A-Za-z0-9.!#$'*+/=^_`{|}~-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
PHONE_NUMBER = re.compile(r"\+?[0-9(][0-9 ()./-]*[0-9]")
MIN_PHONE_DIGITS = 8

MAX_NOTE_CHARACTERS = 300


class Operator(NamedTuple):
    """Publisher of the pages.

    Attributes:
        name: empty if unknown, as is contact.
        contact: an email address, a phone number or a URL.
        href: link to `contact`.
    """

    name: str
    contact: str
    href: str


def parse_operator(name: str, contact: str) -> Operator:
    name, contact = name.strip(), contact.strip()
    if len(name) > MAX_OPERATOR_CHARACTERS or not name.isprintable():
        raise ConfigurationError(
            f"OPERATOR_NAME must be one line of up to {MAX_OPERATOR_CHARACTERS} characters."
        )
    return Operator(name, contact, _contact_url(contact) if contact else "")


def _contact_url(contact: str) -> str:
    """Return a URL for an email address, a phone number or a URL."""
    if len(contact) <= MAX_OPERATOR_CHARACTERS and contact.isprintable():
        if EMAIL_ADDRESS.fullmatch(contact):
            return f"mailto:{contact}"
        if PHONE_NUMBER.fullmatch(contact) and len(re.findall("[0-9]", contact)) >= MIN_PHONE_DIGITS:
            return "tel:" + re.sub("[^+0-9]", "", contact.replace("(0)", ""))
        if is_url(contact, "http", "https"):
            return contact
    raise ConfigurationError(
        "OPERATOR_CONTACT must be an email address (desk@example.be), a phone number (+32 2 555 01 23) "
        "or a URL that begins with http:// or https://."
    )


def parse_risk_factor_notes(values: Mapping[str, str]) -> dict[str, str]:
    """Return the notes by language. One without a language stands for the languages without their own."""
    notes = {}
    for language in LANGUAGES:
        name = f"RISK_FACTOR_NOTE_{language.upper()}"
        name = name if values[name].strip() else "RISK_FACTOR_NOTE"
        note = " ".join(values[name].split())
        if len(note) > MAX_NOTE_CHARACTERS or not note.isprintable():
            raise ConfigurationError(f"{name} must have up to {MAX_NOTE_CHARACTERS} printable characters.")
        if note:
            notes[language] = note
    return notes
