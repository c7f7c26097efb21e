"""Excel workbooks (.xlsx), read as a stream, with bounds that hold before anything is parsed.

openpyxl reads them. It builds trees of whole parts, such as styles, and of whole rows, so each part is
looked through first, while it is unpacked: its size, its tags, and those between two rows.
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

# In a part, between two rows or shared strings: tags, and bytes without a tag.
MAX_TAGS = 200_000
MAX_TEXT_BYTES = MEGABYTE
# Shared strings of a workbook; and rows, of all sheets and with those that are empty.
MAX_STRINGS = 1_000_000

SCAN_BYTES = MEGABYTE // 4

# Rows after which other threads get the interpreter.
ROWS_IN_A_TURN = 100

# What no parser of XML gets to see. Encodings of EBCDIC, for one, would hide all tags from the look above.
PROLOG = re.compile(rb"(?:\xef\xbb\xbf)?\s*<")
ENCODING = re.compile(
    rb"""<\?xml[^>]*\sencoding\s*=\s*["'](?!(?:utf-?8|us-ascii|iso-8859-1)["'])""", re.IGNORECASE
)
UNIT = re.compile(rb"<(?:\w+:)?(?:row|si)[\s/>]")
MEDIA = re.compile(r"(?i).*\.(?:png|jpe?g|gif|bmp|tiff?|emf|wmf|wdp|bin|dat)")

GENERAL = "General"

CellValue = Union[str, int, float, bool, datetime, date, time_of_day, timedelta]


class SheetCell(NamedTuple):
    """A cell that is not empty: its value, and the number format in which it is shown."""

    value: CellValue
    number_format: str = GENERAL

    @property
    def text(self) -> str:
        """The value as text. Numbers have no format, days are written 2026-08-14."""
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
    """A row with its number in the sheet. Empty cells at its end are left out."""

    number: int
    cells: List[Optional[SheetCell]]


class Workbook:
    """A workbook whose bounds were checked.

    Raises CsvNotValid for what is no workbook, and TooLarge.
    """

    def __init__(self, file: IO[bytes]) -> None:
        # 50 ms that only those pay who send a workbook.
        import openpyxl

        # What it cannot keep, such as the validation of input, it tells with warnings.
        warnings.filterwarnings("ignore", category=UserWarning, module="openpyxl")
        try:
            with zipfile.ZipFile(file) as archive:
                _check(archive)
            self._workbook: Any = openpyxl.load_workbook(
                file, read_only=True, data_only=True, keep_links=False
            )
        except (CsvNotValid, TooLarge):
            raise
        except Exception as error:  # openpyxl raises whatever its parts do
            raise _broken() from error

    def sheets(self) -> list[str]:
        """The names of the sheets that can be seen."""
        return [sheet.title for sheet in self._workbook.worksheets if sheet.sheet_state == "visible"]

    def rows(self, sheet: str) -> Iterator[SheetRow]:
        """The rows of a sheet that are not empty. Raises CsvNotValid and TooLarge on the way."""
        found = self._workbook[sheet]
        found.reset_dimensions()  # the file may not tell the truth
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
    """Return the error of a workbook with more than MAX_FILE_BYTES."""
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
    """Refuse what is no workbook, and what would take too much to read."""
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
    """Unpack a part without keeping it; return the number of its rows and strings. Raises TooLarge."""
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
        # In comments and the like, a row may be none.
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
    """The cells of a row as texts; an empty one is empty."""
    return ["" if cell is None else cell.text for cell in cells]
