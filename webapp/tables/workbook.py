"""Stream Excel workbooks (.xlsx), with limits checked before parsing.

openpyxl builds trees of whole parts and rows, so each part is first scanned while unpacked: its size, its
tags, and the tags between two rows.
"""

from __future__ import annotations

import re
import time
import warnings
import zipfile
from datetime import date, datetime, timedelta
from datetime import time as time_of_day
from typing import IO, Any, Iterable, Iterator, List, NamedTuple, Optional, Union

from webapp.errors import CsvNotValid, TooLarge
from webapp.i18n.messages import N_
from webapp.tables.chunks import MEGABYTE
from webapp.tables.csv_list import MAX_COLUMNS

MAX_FILE_BYTES = 16 * MEGABYTE
MAX_UNPACKED_BYTES = 256 * MEGABYTE
MAX_PARTS = 2_000
MAX_ROWS = 100_000
MAX_CELLS = 2_000_000

# Between two rows or shared strings: tags, and bytes without a tag.
MAX_TAGS = 200_000
MAX_TEXT_BYTES = MEGABYTE
# Shared strings and rows of all sheets, including empty rows.
MAX_STRINGS = 1_000_000

SCAN_BYTES = MEGABYTE // 4

# Rows between yields to other threads.
ROWS_IN_A_TURN = 100

# Rejected before XML parsing. EBCDIC encodings, for example, would hide all tags from the scan.
PROLOG = re.compile(rb"(?:\xef\xbb\xbf)?\s*<")
ENCODING = re.compile(
    rb"""<\?xml[^>]*\sencoding\s*=\s*["'](?!(?:utf-?8|us-ascii|iso-8859-1)["'])""", re.IGNORECASE
)
UNIT = re.compile(rb"<(?:\w+:)?(?:row|si)[\s/>]")
MEDIA = re.compile(r"(?i).*\.(?:png|jpe?g|gif|bmp|tiff?|emf|wmf|wdp|bin|dat)")

GENERAL = "General"

CellValue = Union[str, int, float, bool, datetime, date, time_of_day, timedelta]


class SheetCell(NamedTuple):
    value: CellValue
    number_format: str = GENERAL

    @property
    def text(self) -> str:
        """Return the value as text: numbers unformatted, dates as 2026-08-14."""
        value = self.value
        if isinstance(value, str):
            return value
        if isinstance(value, bool):
            return str(value).upper()
        if isinstance(value, float):
            return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
        if isinstance(value, datetime):
            return value.isoformat(" ") if value.time() != time_of_day(0) else value.date().isoformat()
        return str(value)


class SheetRow(NamedTuple):
    """A row and its sheet number, without trailing empty cells."""

    number: int
    cells: List[Optional[SheetCell]]


class Workbook:
    """A workbook within limits. Raises CsvNotValid and TooLarge."""

    def __init__(self, file: IO[bytes]) -> None:
        # Imported here because it takes 50 ms.
        import openpyxl

        # openpyxl warns about features it drops, such as input validation.
        warnings.filterwarnings("ignore", category=UserWarning, module="openpyxl")
        try:
            with zipfile.ZipFile(file) as archive:
                _check(archive)
            self._workbook: Any = openpyxl.load_workbook(
                file, read_only=True, data_only=True, keep_links=False
            )
        except (CsvNotValid, TooLarge):
            raise
        except Exception as error:  # openpyxl raises all kinds of errors
            raise _broken() from error

    def sheets(self) -> list[str]:
        """Return the names of the visible sheets."""
        return [sheet.title for sheet in self._workbook.worksheets if sheet.sheet_state == "visible"]

    def rows(self, sheet: str) -> Iterator[SheetRow]:
        """Yield non-empty rows. Raises CsvNotValid and TooLarge."""
        found = self._workbook[sheet]
        found.reset_dimensions()  # the dimensions in the file may be wrong
        cells = 0
        try:
            for number, row in enumerate(found.iter_rows(), start=1):
                if number % ROWS_IN_A_TURN == 0:
                    time.sleep(0)
                kept = [
                    None if cell.value is None else SheetCell(cell.value, cell.number_format) for cell in row
                ]
                while kept and kept[-1] is None:
                    kept.pop()
                if not kept:
                    continue
                cells += len(kept)
                _refuse_too_large(number, len(kept), cells)
                yield SheetRow(number, kept)
        except (CsvNotValid, TooLarge, GeneratorExit):
            raise
        except Exception as error:
            raise _broken() from error

    def close(self) -> None:
        self._workbook.close()


def too_large_file() -> TooLarge:
    return TooLarge(
        N_("An Excel file can have at most %(megabytes)s MB."), megabytes=MAX_FILE_BYTES // MEGABYTE
    )


def _refuse_too_large(rows: int, columns: int, cells: int) -> None:
    if rows > MAX_ROWS:
        raise TooLarge(N_("An Excel file can have at most %(rows)s rows."), rows=MAX_ROWS)
    if columns > MAX_COLUMNS:
        raise TooLarge(N_("A file can have at most %(columns)s columns."), columns=MAX_COLUMNS)
    if cells > MAX_CELLS:
        raise TooLarge(N_("An Excel file can have at most %(cells)s cells."), cells=MAX_CELLS)


def _broken() -> CsvNotValid:
    return CsvNotValid(N_("This Excel file cannot be read. Open it in Excel, and save it again as .xlsx."))


def _check(archive: zipfile.ZipFile) -> None:
    """Raise CsvNotValid for other archives, and TooLarge above the limits."""
    parts = archive.infolist()
    _refuse_other_archives(archive, {part.filename for part in parts})
    if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED_BYTES:
        raise _too_much()
    if any(part.flag_bits & 1 for part in parts):
        raise _broken()
    units = 0
    for part in parts:
        with archive.open(part) as file:
            units += _scan(file, is_media=MEDIA.fullmatch(part.filename) is not None)
        if units > MAX_STRINGS + 2 * MAX_ROWS:
            raise _too_much()


def _refuse_other_archives(archive: zipfile.ZipFile, names: set[str]) -> None:
    if "xl/workbook.bin" in names:
        raise CsvNotValid(N_("This is a binary Excel file (.xlsb). Save it as .xlsx or CSV UTF-8."))
    if "[Content_Types].xml" in names and any(name.startswith("xl/") for name in names):
        return
    if "mimetype" in names and b"opendocument.spreadsheet" in archive.open("mimetype").read(100):
        raise CsvNotValid(N_("This is an OpenDocument spreadsheet (.ods). Save it as .xlsx or CSV UTF-8."))
    if any(name.endswith(".iwa") for name in names):
        raise CsvNotValid(N_("This is a spreadsheet of Numbers. Export it as .xlsx or CSV."))
    raise CsvNotValid(N_("This is a ZIP file or document, not a list. Send the list as .xlsx or CSV UTF-8."))


def _scan(file: IO[bytes], *, is_media: bool) -> int:
    """Unpack a part; return its count of rows and strings. Raises TooLarge."""
    units = tags = text = longest = 0
    tail = b""
    has_declarations = False
    chunk = file.read(SCAN_BYTES)
    is_xml = PROLOG.match(chunk) is not None
    if not is_xml:
        if is_media or not chunk.strip():
            return 0
        raise _broken()
    if ENCODING.match(chunk[:500]):
        raise _broken()
    while chunk:
        data = tail + chunk
        if re.search(rb"<!(?:DOCTYPE|ENTITY)", data):
            raise _broken()
        # In comments and the like, a row tag may not be a row.
        has_declarations = has_declarations or b"<!" in data
        position = 0
        for unit in UNIT.finditer(data, 0, max(len(data) - 64, 0)):
            units += 1
            if not has_declarations:
                tags = 0 if tags + data.count(b"<", position, unit.start()) <= MAX_TAGS else MAX_TAGS + 1
                position = unit.start()
            if tags > MAX_TAGS:
                raise _too_much()
        cut = max(len(data) - 64, position) if len(chunk) == SCAN_BYTES else len(data)
        tags += data.count(b"<", position, cut)
        text += chunk.find(b"<") if b"<" in chunk else len(chunk)
        longest = max(longest, text)
        text = len(chunk) - chunk.rfind(b"<") if b"<" in chunk else text
        if tags > MAX_TAGS or longest > MAX_TEXT_BYTES:
            raise _too_much()
        tail = data[cut:]
        chunk = file.read(SCAN_BYTES)
    return units


def _too_much() -> TooLarge:
    return TooLarge(
        N_("This Excel file unpacks to more than is read. Keep only the list in it, or save it as CSV.")
    )


def texts(cells: Iterable[Optional[SheetCell]]) -> list[str]:
    return ["" if cell is None else cell.text for cell in cells]
