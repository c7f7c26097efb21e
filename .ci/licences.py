"""List the packages of requirements.txt with their licences in docs/licences.md, for `make licences`.

Licences come from the metadata of installed packages. A package that only another Python needs keeps its row:
run this with the Python of the image, too.
"""

import re
import sys
from importlib import metadata
from pathlib import Path
from typing import Dict, List

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
FILE = ROOT / "docs" / "licences.md"

# The image's Python and a newer one, on Alpine.
PYTHONS = ("3.8", "3.13")
LINUX = {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix", "extra": ""}

# A longer text in the field "License" is the licence itself.
MAX_NAME_CHARACTERS = 60

HEAD = """# Licences

What the image ships besides this program ([MIT](../LICENSE)). `make licences` writes this list from the
metadata of the installed packages; a test compares it with `requirements.txt`. A package with several
versions has one for each range of Pythons.

The base image adds CPython (PSF-2.0) and Alpine Linux, each of whose packages names its own licence. The
wheel of psycopg2 brings libpq (PostgreSQL), OpenSSL (Apache-2.0), and libraries of Kerberos, OpenLDAP and
Cyrus SASL. The pages have no script, font or style of others. The data and their licences:
[seed](../seed/README.md).

| package | versions | licence |
|---|---|---|
"""


def pins() -> Dict[str, List[str]]:
    """Return the pinned versions of each package that Linux needs."""
    found: Dict[str, List[str]] = {}
    for line in re.findall(r"^[a-z0-9].*(?= \\$)", (ROOT / "requirements.txt").read_text(), re.MULTILINE):
        wanted = Requirement(line)
        environments = [
            {**LINUX, "python_version": version, "python_full_version": f"{version}.20"}
            for version in PYTHONS
        ]
        if wanted.marker is None or any(wanted.marker.evaluate(env) for env in environments):
            found.setdefault(wanted.name, []).append(str(wanted.specifier)[2:])
    return found


def licence(name: str) -> str:
    """Return the licence that the installed package names; empty if it is not installed."""
    try:
        about = metadata.metadata(name)
    except metadata.PackageNotFoundError:
        return ""
    fields = [about.get("License-Expression"), about.get("License")]
    for text in fields:
        if text and text != "UNKNOWN" and len(text) <= MAX_NAME_CHARACTERS and "\n" not in text:
            return str(text)
    classifiers = [line for line in about.get_all("Classifier") or [] if line.startswith("License :: ")]
    return ", ".join(line.rpartition(" :: ")[2] for line in classifiers)


def rows() -> Dict[str, List[str]]:
    """Return the cells of the present list by package."""
    if not FILE.exists():
        return {}
    lines = re.findall(
        r"^\| ([a-z0-9-]+) \| (.*) \| (.*) \|$", FILE.read_text(encoding="utf-8"), re.MULTILINE
    )
    return {name: [versions, text] for name, versions, text in lines if name != "package"}


def main() -> None:
    known = rows()
    keeps = sys.version_info < (3, 9)  # older metadata is less exact
    lines = []
    for name, versions in sorted(pins().items(), key=lambda pin: canonicalize_name(pin[0])):
        old = known.get(name, ["", ""])[1]
        text = (old or licence(name)) if keeps else (licence(name) or old)
        lines.append(f"| {name} | {', '.join(versions)} | {text} |\n")
    FILE.write_text(HEAD + "".join(lines), encoding="utf-8")
    missing = [line.split()[1] for line in lines if line.endswith("|  |\n")]
    if missing:
        sys.exit(f"No licence known of {', '.join(missing)}: run this with the other Python, too.")


if __name__ == "__main__":
    main()
