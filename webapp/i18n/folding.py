"""Folding of names: the form in which names are compared and searched."""

from __future__ import annotations

import re
import unicodedata

# Letters that stand for two, and that Unicode does not decompose.
LIGATURES = str.maketrans({"œ": "oe", "æ": "ae"})

# Abbreviations on envelopes: St-Vith, St-Truiden, Ste-Cécile, O.L.V.-Waver.
ABBREVIATIONS = {
    "st": ("saint", "sint", "sankt"),
    "ste": ("sainte",),
    "o l v": ("onze lieve vrouw",),
    "o l vrouw": ("onze lieve vrouw",),
    "olv": ("onze lieve vrouw",),
}

NOT_ALPHANUMERIC = re.compile("[^0-9a-z]+")


def fold(text: str) -> str:
    """Reduce a name to lower-case letters and digits, with single spaces between words.

    Case, accents, hyphens and apostrophes make no difference: Saint-Éloi is "saint eloi". Only digits
    count as such: ², ② and ½, which NFKD would turn into digits, do not.
    """
    if text.isascii():
        return NOT_ALPHANUMERIC.sub(" ", text.lower()).strip()
    without_numbers = "".join(" " if unicodedata.category(char) == "No" else char for char in text)
    decomposed = unicodedata.normalize("NFKD", without_numbers)
    bare = "".join(char for char in decomposed if not unicodedata.combining(char))
    letters = bare.casefold().translate(LIGATURES)
    return " ".join("".join(char if char.isalnum() else " " for char in letters).split())


def spellings(folded: str) -> list[str]:
    """Spell out an abbreviation in a folded name, in each language; empty without one."""
    for short, words in ABBREVIATIONS.items():
        if re.search(rf"\b{short} ", folded):
            return [re.sub(rf"\b{short}(?= )", word, folded) for word in words]
    return []
