"""Recognize column names in Dutch, French, German and English."""

from __future__ import annotations

import re

from webapp.i18n.folding import fold

# Longer texts are not column names.
MAX_NAME_LETTERS = 80

# All patterns apply to normalized names.
ZIPCODE = re.compile(
    r"\b(?:"
    r"\w*(?:po?st|zip) ?[ck]odes?\w*"  # postcode, Zip Code, klantpostcode, postcodes
    r"|zips?|zip ?city|zip ?cd|\w*po?st ?cd|postal ?cd|postc"
    r"|\w*postal ?code\w*"
    r"|co?de?s? ?post(?:al|aux|ale?s?)?|codepost\w*|cpostal"  # code postal, Code post.
    r"|(?:klant|kunden)?post ?(?:nr|nummers?|num|number|no)"  # postnummer, Post nr.; not Kostenpost nr.
    r"|(?:numero|num|no|nr|n) postal"
    r"|\w*postleit ?z(?:ahl(?:en)?)?|\w*plz|pstlz"  # the last is SAP's
    r")\b"
)
# Ambiguous abbreviations: they count only if the values are zipcodes.
ABBREVIATED = re.compile(r"\b(?:cp|c p|pc|p c|npa|n p a|postal|p ?code)\b")

# Words for something about zipcodes, not zipcodes themselves.
ABOUT_ZIPCODES = re.compile(
    r"\b(?:id|ids|key|aantal|nombre|anzahl|count|number of|type|soort|geldig|valide?|gultig|check|status|"
    r"datum|date|score|land|pays|country|laptop|computer|naam pc|name pc|afstand|distance|entfernung|"
    r"file|bestand|fichier|datei|url|link|attachment|bijlage|geboorte\w*|birth|naissance|geburts?|"
    r"oude?|vorige?|old|former|previous|ancien(?:ne)?|alte?)\b"
)
NUMBERED = re.compile(r"\b\w*(?:nr|nummer|number|numero)\b")

# A name that only means zipcodes.
ALONE = re.compile(
    r"(?:post ?code|zip ?codes?|zip|code postal|postal ?code|postleitzahl|plz|post ?nr|postnummer)"
)

# Other numbers: clients, contracts, years, dates, amounts, houses, telephones.
OTHER = re.compile(
    r"\b(?:\w*(?:nr|nummer|nummers|numero|number|nrs)|num|no|nos|n|id|ids|\w*id|code|\w*codes?|key|index|"
    r"\w*klant\w*|klanten|clients?|\w*kunden?\w*|customers?|relatie\w*|dossiers?|\w*polis\w*|police|policy|contra[ck]t\w*|"
    r"vertrag\w*|factuur\w*|facture|rechnung\w*|invoice|\w*bedrag\w*|amount|montant|betrag|\w*premies?|primes?|"
    r"premiums?|pramie|\w*prij[sz]\w*|prix|\w*price|preis|omzet|chiffre|umsatz|turnover|revenue|sales|\w*jaar|"
    r"jaren|years?|annees?|\w*jahr|geboorte\w*|\w*birth\w*|naissance|geburt\w*|huis\w*|house|maison|\w*haus\w*|bus|box|boite|bte|"
    r"\w*tel|\w*telefoon\w*|\w*phone|telephone|telefon|gsm|mobile?|mobiel|fax|btw|tva|vat|mwst|iban|rekening\w*|"
    r"compte|konto|account|datum|\w*date|date|aantal|quantity|qty|quantite|nombre|anzahl|stuks?|count|ref|"
    r"refer\w*|artikel\w*|articles?|sku|barcode|ean|saldo|balance|solde|loon|salar\w*|salaire|gehalt|"
    r"inkomen|revenus?|einkommen|km|m2|oppervlakte|surface|flache|score|leeftijd|age|alter|lat|lon|latitude|"
    r"longitude|kapitaal|capital|kapital|waarde|valeur|wert|value|totaal|total|summe|som|som(?:me)?|"
    r"insee|nis\w*|ins|ssin|rrn|kbo|bce|kvk|siret|\w*onderneming\w*|matricule|agent\w*|makelaar\w*|courtier|"
    r"broker|fsma|supplier|fournisseur|lieferant\w*|leverancier\w*|personeel\w*|lid|membre|mitglied|"
    r"volgorde|rang|order|ordre|kosten|cout|cost|vermogen|puissance|power|kw|kva|cc|huur|loyer|miete|rent)\b"
)

# Columns in which zipcodes may stand too.
PLACE = re.compile(
    r"\b(?:\w*(?:stad|gemeente|plaats|adres)|gemeenten|steden|plaatsen|locatie|address?e?s?|anschrift(?:en)?|"
    r"villes?|communes?|localites?|lieux?|domicile|city|cities|towns?|municipality|municipalities|location|"
    r"locality|places?|village|\w*orte?|\w*stadt|\w*gemeinden?|domizil|regio|regions?|zones?|wijk|quartier|"
    r"district|sect(?:or|eur)|gebied|gebiet|area)\b"
)
PERSON = re.compile(
    r"\b(?:\w*naam|\w*name|noms?|prenom|e ?mail|straat|street|rue|strasse|firma|societe|company|bedrijf)\b"
)
COUNTRY = re.compile(r"(?:\w+ ){0,3}(?:land|pays|country|lander)(?: ?(?:code|regio|region|[0-9]))?")
OTHER_COUNTRY = re.compile(
    r"\b(?:birth|geboorte|geburts?|naissance|herkomst|origine?|tax|fiscal|belasting)\b"
)
# Names that programs give to columns without one, and letters.
NOTHING = re.compile(
    r"(?:\w|(?:unnamed|kolom|column|col|colonne|spalte|veld|field|champ|feld|var|attribute?|c|f|v|x) ?[0-9]*|"
    r"data|gegevens|donnees|daten)?(?: level [0-9])?"
)

# The path of a field in Odoo: partner_id/zip.
OF_RECORD = re.compile(r"\w+_id/")

# A single column named after its clients may have any numbers.
PEOPLE = re.compile(r"(?:klant|klanten|clients?|kunde|kunden|customers?|agent|agenten|agents)")

# Missing values, which are not column names.
MISSING = re.compile(
    r"(?:onbekend|geen|nvt|n v t|n a|na|null|none|nihil|leeg|inconnue?|aucune?|vide|unbekannt|kein|leer|"
    r"unknown|missing|empty|nan|x+|tbc|tbd|te bevestigen|te bepalen|a confirmer|a completer|offen)?"
)


def normalized(name: str) -> str:
    """Fold a name to lower-case words without accents and signs.

    Splits before capitals (BillingPostalCode) and around digits (POST_CODE1).
    """
    name = name.strip()  # exports of fixed width pad it with any number of spaces
    if len(name) > MAX_NAME_LETTERS:
        return ""
    split = re.sub(
        r"(?<=[a-z])(?=[A-Z])|(?<=[A-Za-z])(?=[0-9])|(?<=[0-9])(?=[A-Za-z])", " ", OF_RECORD.sub("", name)
    )
    return fold(split.replace("°", " "))


def names_zipcodes(name: str) -> bool:
    """True for a name that contains a word for zipcodes."""
    words = normalized(name)
    return bool(ZIPCODE.search(words)) and not ABOUT_ZIPCODES.search(words)


def may_name_zipcodes(name: str) -> bool:
    """True for an ambiguous abbreviation: CP, PC, NPA."""
    words = normalized(name)
    return bool(ABBREVIATED.search(words)) and not (ABOUT_ZIPCODES.search(words) or NUMBERED.search(words))


def is_zipcode_alone(name: str) -> bool:
    """True for a name that is only a word for zipcodes."""
    return ALONE.fullmatch(normalized(name)) is not None


def says_other(name: str) -> bool:
    """True for a name of another kind of number."""
    words = normalized(name)
    return bool(OTHER.search(words) or ABOUT_ZIPCODES.search(words))


def says_place(name: str) -> bool:
    """True for a name of places or addresses."""
    return bool(PLACE.search(normalized(name)))


def names_country(name: str) -> bool:
    """True for the country of an address."""
    words = normalized(name)
    return bool(COUNTRY.fullmatch(words)) and not OTHER_COUNTRY.search(words)


def says_anything(name: str) -> bool:
    """True for a usual name of a column beside the zipcodes."""
    return says_other(name) or says_place(name) or bool(PERSON.search(normalized(name)))


def says_nothing(name: str) -> bool:
    """True for no name, or one that says nothing about its values."""
    return says_people(name) or NOTHING.fullmatch(normalized(name)) is not None


def says_people(name: str) -> bool:
    """True for a name that only means clients."""
    return PEOPLE.fullmatch(normalized(name)) is not None


def is_missing(text: str) -> bool:
    """True for a missing value: empty, -, n.v.t., onbekend."""
    return MISSING.fullmatch(normalized(text)) is not None
