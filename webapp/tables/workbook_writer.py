"""Stream an Excel workbook (.xlsx) with one sheet.

openpyxl takes twice as long to write as to read, and uses a temporary file, where client lists must not be.
"""

from __future__ import annotations

import re
import zipfile
from datetime import datetime
from typing import IO, Iterable, List
from xml.sax.saxutils import escape, quoteattr

from webapp.tables.workbook import GENERAL, SheetCell, SheetRow

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

# Rows compressed at a time.
BATCH_ROWS = 500

DAY_FORMAT = "yyyy-mm-dd"
# Lower numbers are Excel's built-in formats.
FIRST_CUSTOM_FORMAT = 164

# Characters that XML 1.0 cannot represent; Excel escapes them (ECMA-376, ST_Xstring).
UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0d\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
UNESCAPED = re.compile("[&<>\x00-\x1f\ufffe\uffff\ud800-\udfff]")

XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONSHIPS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml"

PARTS = {
    "[Content_Types].xml": (
        f'<Types xmlns="{PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{KIND}.sheet.main+xml"/>'
        f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{KIND}.worksheet+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{KIND}.styles+xml"/></Types>'
    ),
    "_rels/.rels": (
        f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="rId1" '
        f'Type="{RELATIONSHIPS}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
    ),
    "xl/_rels/workbook.xml.rels": (
        f'<Relationships xmlns="{PACKAGE}/relationships">'
        f'<Relationship Id="rId1" Type="{RELATIONSHIPS}/worksheet" Target="worksheets/sheet1.xml"/>'
        f'<Relationship Id="rId2" Type="{RELATIONSHIPS}/styles" Target="styles.xml"/></Relationships>'
    ),
}


def write(file: IO[bytes], sheet: str, rows: Iterable[SheetRow]) -> None:
    formats = _Formats()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as archive:
        for name, body in PARTS.items():
            archive.writestr(name, XML + body)
        workbook = (
            f'<workbook xmlns="{MAIN}" xmlns:r="{RELATIONSHIPS}"><sheets>'
            f'<sheet name={quoteattr(_writable(sheet))} sheetId="1" r:id="rId1"/></sheets></workbook>'
        )
        archive.writestr("xl/workbook.xml", XML + workbook)
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as part:
            part.write(f'{XML}<worksheet xmlns="{MAIN}"><sheetData>'.encode())
            batch: List[str] = []
            for row in rows:
                batch.append(_row(row, formats))
                if len(batch) >= BATCH_ROWS:
                    part.write("".join(batch).encode())
                    batch.clear()
            part.write("".join([*batch, "</sheetData></worksheet>"]).encode())
        archive.writestr("xl/styles.xml", XML + formats.styles())


class _Formats:
    """Number formats and their style numbers."""

    def __init__(self) -> None:
        self._styles = {GENERAL: 0}

    def style(self, number_format: str) -> int:
        return self._styles.setdefault(number_format, len(self._styles))

    def styles(self) -> str:
        from openpyxl.styles.numbers import BUILTIN_FORMATS_REVERSE

        numbers = {
            number_format: BUILTIN_FORMATS_REVERSE.get(number_format, FIRST_CUSTOM_FORMAT + style)
            for number_format, style in self._styles.items()
        }
        custom = [
            f'<numFmt numFmtId="{number}" formatCode={quoteattr(_writable(number_format))}/>'
            for number_format, number in numbers.items()
            if number >= FIRST_CUSTOM_FORMAT
        ]
        cells = "".join(
            f'<xf numFmtId="{number}" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
            for number in numbers.values()
        )
        number_formats = f'<numFmts count="{len(custom)}">{"".join(custom)}</numFmts>' if custom else ""
        return (
            f'<styleSheet xmlns="{MAIN}">{number_formats}'
            '<fonts count="1"><font><sz val="11"/><name val="Calibri"/></font></fonts>'
            '<fills count="2"><fill><patternFill patternType="none"/></fill>'
            '<fill><patternFill patternType="gray125"/></fill></fills>'
            '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
            '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
            f'<cellXfs count="{len(numbers)}">{cells}</cellXfs>'
            '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles>'
            "</styleSheet>"
        )


def _row(row: SheetRow, formats: _Formats) -> str:
    cells = "".join(
        [
            _cell(cell, f"{_letters(column)}{row.number}", formats)
            for column, cell in enumerate(row.cells)
            if cell is not None
        ]
    )
    return f'<row r="{row.number}">{cells}</row>'


def _cell(cell: SheetCell, reference: str, formats: _Formats) -> str:
    value, number_format = cell
    if isinstance(value, str):
        style = "" if number_format == GENERAL else f' s="{formats.style(number_format)}"'
        text = _escaped(value) if UNESCAPED.search(value) else value
        return f'<c r="{reference}"{style} t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'
    if isinstance(value, bool):
        return f'<c r="{reference}" t="b"><v>{int(value)}</v></c>'
    if not isinstance(value, (int, float)):
        from openpyxl.utils.datetime import to_excel

        if number_format == GENERAL:
            number_format = DAY_FORMAT if not isinstance(value, datetime) else f"{DAY_FORMAT} hh:mm:ss"
        value = to_excel(value)  # type: ignore[no-untyped-call]
    style = "" if number_format == GENERAL else f' s="{formats.style(number_format)}"'
    return f'<c r="{reference}"{style}><v>{value!r}</v></c>'


def _escaped(text: str) -> str:
    return escape(_writable(text))


def _writable(text: str) -> str:
    return UNWRITABLE.sub(lambda found: f"_x{ord(found[0]):04X}_", text)


def _letters(column: int) -> str:
    """Return the letters of a column, from 0: A, Z, AA."""
    if column < 26:
        return chr(65 + column)
    return _letters(column // 26 - 1) + chr(65 + column % 26)
