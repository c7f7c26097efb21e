"""Folding of names for comparison and search."""

from __future__ import annotations

import re
import unicodedata

# NFKD does not decompose these.
LIGATURES = str.maketrans({"œ": "oe", "æ": "ae"})

# Abbreviations on envelopes: St-Vith, St-Truiden, Ste-Cécile, O.L.V.-Waver.
ABBREVIATIONS = {
    "st": ("saint", "sint", "sankt"),
    "ste": ("sainte",),
    "o l v": ("onze lieve vrouw",),
    "o l vrouw": ("onze lieve vrouw",),
    "olv": ("onze lieve vrouw",),
    "n d": ("notre dame",),
    "nd": ("notre dame",),
    "les": ("lez",),
    # One language for another: Sint-Hubert, Saint-Truiden.
    "saint": ("sint", "sankt"),
    "sint": ("saint", "sankt"),
    "sankt": ("sint", "saint"),
}

# Articles may be written without the apostrophe: "Braine-lAlleud", "sGravenwezel".
ELISION = re.compile(r"(?:\b([dl])['’]|['’]([st])-)(?=\w)", re.IGNORECASE)

# Keyboards without umlauts: Bruegge.
UMLAUT = re.compile("[äöü]", re.IGNORECASE)
UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue"})

NOT_ALPHANUMERIC = re.compile("[^0-9a-z]+")


def fold(text: str) -> str:
    """Reduce a name to lower-case words of letters and digits: "saint eloi" for Saint-Éloi."""
    if text.isascii():
        return NOT_ALPHANUMERIC.sub(" ", text.lower()).strip()
    # NFKD would turn ², ② and ½ into digits.
    without_numbers = "".join(" " if unicodedata.category(char) == "No" else char for char in text)
    decomposed = unicodedata.normalize("NFKD", without_numbers)
    bare = "".join(char for char in decomposed if not unicodedata.combining(char))
    letters = bare.casefold().translate(LIGATURES)
    return " ".join("".join(char if char.isalnum() else " " for char in letters).split())


def folded_spellings(name: str) -> list[str]:
    """Fold a name as it is, without its apostrophes, and with its umlauts spelled out."""
    found = [fold(name)]
    if "'" in name or "’" in name:
        found.append(fold(ELISION.sub(r"\1\2", name)))
    if UMLAUT.search(name):
        found.append(fold(name.translate(UMLAUTS)))
    return found


def spellings(folded: str) -> list[str]:
    """Spell out an abbreviation in a folded name, in each language; [] if there is none."""
    for short, words in ABBREVIATIONS.items():
        if re.search(rf"\b{short} ", folded):
            return [re.sub(rf"\b{short}(?= )", word, folded) for word in words]
    return []
