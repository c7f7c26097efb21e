"""Many zipcodes at once: a CSV file in, the same file with a risk factor on each row out.

The file is never held whole, and it is worked on as bytes, so that whatever stands in the other
columns comes out as it went in, in its own encoding. Rows of a plain piece of the file, which has
no quotes, take a short way: to split such a row and to look its zipcode up takes a fraction of
what reading and writing CSV does. From the first piece on that is not plain, the csv module
reads and writes the rest.
"""

from __future__ import annotations

import codecs
import csv
import re
from itertools import chain
from typing import Callable, Dict, Iterable, Iterator, List, Mapping, NamedTuple, Tuple

from webapp.errors import CsvNotValid, DeskError, TooLarge, ZipcodeNotFound, ZipcodeNotValid
from webapp.i18n.messages import N_
from webapp.tables.csv_file import LONGEST_FIELD
from webapp.zipcodes.risk_table import RiskTable
from webapp.zipcodes.zipcode import MAX_ZIPCODE, MIN_ZIPCODE

MEGABYTE = 1024 * 1024

# Short rows are filled up to the width of the first, so that a few bytes could become any number. The result
# makes a row of a digit and a line end 11 times as long.
MOST_ROWS = 1_000_000
MOST_COLUMNS = 1_000
MOST_BYTES = 128 * MEGABYTE
MOST_ANSWER_BYTES = 2 * MOST_BYTES
MAX_EXPANSION = 32

# Bytes read at a time, and in a row without its line end: both bound the memory of a file.
PIECE_BYTES = MEGABYTE // 4
LONGEST_ROW = LONGEST_FIELD

# How many rows are answered before they are written: filled up, they may be much longer than they were.
BATCH_ROWS = 4096

# What the column is called in the files of agents. Of several such columns, the name that comes first here
# counts. Case makes no difference, nor do points, nor - and _ for a space.
ZIPCODE_COLUMNS = (
    "zipcode",
    "zip code",
    "postal code",
    "postalcode",
    "postcode",
    "post code",
    "code postal",
    "codepostal",
    "postnummer",
    "postleitzahl",
    "zip",
    "postnr",
    "plz",
    "cp",
)
RESULT_COLUMNS = ["risk_factor", "error"]

# A risk factor and an error code, of which one is empty.
Result = Tuple[str, str]
NOT_VALID: Result = ("", ZipcodeNotValid.code)

# What csv.writer ends rows with, so that it quotes both of these inside of a field.
CSV_LINE_END = "\r\n"

Read = Callable[[int], bytes]
Write = Callable[[bytes], object]


class Layout(NamedTuple):
    """How a file is written: its encoding, utf-8 or windows-1252, and what its first row tells.

    The zipcode stands in `column`, counted from 0: because of its name, when it `is_named`, else it is the
    first. The answer has the result after `width` columns.
    """

    charset: str
    delimiter: str
    line_end: bytes
    column: int
    width: int
    has_header: bool
    is_named: bool


def results(table: RiskTable) -> Dict[str, Result]:
    """Return the result for every valid zipcode; for other texts it is NOT_VALID."""
    factors = table.factors
    return {
        str(zipcode): (factors[zipcode], "") if zipcode in factors else ("", ZipcodeNotFound.code)
        for zipcode in range(MIN_ZIPCODE, MAX_ZIPCODE + 1)
    }


def result(known: Mapping[str, Result], zipcode: str) -> Result:
    """Look up one zipcode, ignoring surrounding whitespace."""
    return known.get(zipcode.strip(), NOT_VALID)


def answer_csv(
    read: Read, write: Write, known: Mapping[str, Result], most_answer_bytes: int = MOST_ANSWER_BYTES
) -> Layout:
    """Copy a CSV file row by row, with the columns risk_factor and error added.

    The zipcode stands in the column that the first row calls so, with a name of ZIPCODE_COLUMNS, else
    in the first column. The first row is a header when it names that column, or when its first field
    is a text without a digit; an empty one is a zipcode that is missing. The delimiter is `;` when the
    first row has one, else `,`. A row that is too short gets empty fields before the result; in one that
    is too long the result stands in its column all the same, before what is too much. Blank lines stay as
    they are, and count as rows.

    Args:
        read: gives up to so many bytes, none at the end.
        known: what `results` gives.

    Raises CsvNotValid, naming the row, for what is not CSV; TooLarge for too many rows or bytes.
    """
    pieces = _Pieces(read)
    first = next(pieces, b"")
    output = _Output(write, most_answer_bytes, pieces)
    if first.startswith(codecs.BOM_UTF8):
        output.write(codecs.BOM_UTF8)
        first = first[len(codecs.BOM_UTF8) :]
    blank_lines, first = _skip_blank_lines(chain([first], pieces))
    layout, all_pieces = _read_layout(chain([first], pieces), blank_lines)
    rows = _Rows(layout, known, output)
    rows.copy_blank_lines(blank_lines)
    rest = rows.answer_plain(all_pieces)
    rows.answer_rest(_lines(chain([rest], all_pieces)))
    output.flush()
    return layout._replace(charset=pieces.charset)  # which only the last piece decides


def not_text(row: int) -> CsvNotValid:
    """The error of a file in which that row holds what is no text."""
    return CsvNotValid(
        N_("Row %(row)s is not UTF-8 or Windows-1252 text. Save the file as “CSV UTF-8”."), row=row
    )


def not_csv(row: int, error: csv.Error) -> DeskError:
    """The error of a file whose row the csv module cannot read, in words that can be translated."""
    reason = str(error)
    if "field limit" in reason:
        return row_too_long(row)
    if "unexpected end" in reason:
        return CsvNotValid(N_("Row %(row)s is not valid CSV: a quote is never closed."), row=row)
    if "expected after" in reason:
        return CsvNotValid(N_("Row %(row)s is not valid CSV: text follows a closing quote."), row=row)
    return CsvNotValid(N_("Row %(row)s is not valid CSV."), row=row)


def row_too_long(row: int) -> TooLarge:
    """The error of a file in which that row is too long."""
    text = N_("Row %(row)s is too long or has an unclosed quote. A row can have at most %(bytes)s bytes.")
    return TooLarge(text, row=row, bytes=LONGEST_ROW)


def too_many_rows() -> TooLarge:
    """The error of a file with more than MOST_ROWS rows."""
    return TooLarge(N_("A list can have at most %(rows)s rows."), rows=MOST_ROWS)


def line_ends(text: bytes) -> int:
    """How many lines end in a part of a file."""
    return text.count(b"\n") or text.count(b"\r")


class _Pieces:
    """The pieces of a file in order. Refuses what is too large, or is no text in a known encoding."""

    def __init__(self, read: Read) -> None:
        self._read = read
        self.bytes = self._newlines = self._returns = 0
        self._utf8 = codecs.getincrementaldecoder("utf-8")()
        self.charset = "utf-8"

    def __iter__(self) -> _Pieces:
        return self

    def __next__(self) -> bytes:
        piece = b"".join(self._until_full())
        self.bytes += len(piece)
        if self.bytes > MOST_BYTES:
            raise TooLarge(N_("A file can have at most %(megabytes)s MB."), megabytes=MOST_BYTES // MEGABYTE)
        text, nul, _ = piece.partition(b"\0")
        self._newlines += text.count(b"\n")
        if not self._newlines:  # lines may end with \r alone
            self._returns += text.count(b"\r")
        if nul:
            raise not_text((self._newlines or self._returns) + 1)
        if self.charset == "utf-8":
            try:
                self._utf8.decode(piece, final=not piece)
            except UnicodeDecodeError:
                self.charset = "windows-1252"
        if not piece:
            raise StopIteration
        return piece

    def _until_full(self) -> Iterator[bytes]:
        missing = PIECE_BYTES
        while missing > 0:
            part = self._read(missing)
            if not part:
                return
            missing -= len(part)
            yield part


class _Output:
    """Gathers rows and writes them in pieces; refuses to become too large."""

    def __init__(self, write: Write, most_bytes: int, pieces: _Pieces) -> None:
        self._write = write
        self._most_bytes = most_bytes
        self._pieces = pieces
        self._parts: List[bytes] = []
        self._gathered = self._written = 0

    def write(self, part: bytes) -> None:
        self._parts.append(part)
        self._gathered += len(part)
        if self._gathered > PIECE_BYTES:
            self.flush()

    def flush(self) -> None:
        self._written += self._gathered
        most_bytes = min(self._most_bytes, MEGABYTE + MAX_EXPANSION * self._pieces.bytes)
        if self._written > most_bytes:
            megabytes = most_bytes // MEGABYTE
            raise TooLarge(N_("The result would be larger than %(megabytes)s MB."), megabytes=megabytes)
        self._write(b"".join(self._parts))
        self._parts.clear()
        self._gathered = 0


class _CsvRows:
    """Rows as the csv module reads them. Raises CsvNotValid and TooLarge, naming the row.

    Args:
        row: the number of the first row in its file.

    Attributes:
        line: the last line that was read.
    """

    def __init__(self, lines: Iterable[str], delimiter: str, row: int, strict: bool = True) -> None:
        self._reader = csv.reader(self._measured(lines), delimiter=delimiter, strict=strict)
        self._row = row
        self._bytes = 0
        self.line = ""

    def __iter__(self) -> Iterator[List[str]]:
        try:
            for fields in self._reader:
                self._row += 1
                self._bytes = 0
                yield fields
        except csv.Error as error:
            raise not_csv(self._row, error) from None

    def _measured(self, lines: Iterable[str]) -> Iterator[str]:
        """The lines, while those that the fields of one row go on over are not too long."""
        for line in lines:
            self.line = line
            self._bytes += len(line)
            if self._bytes > LONGEST_ROW and self._bytes - len(line) + len(line.rstrip("\r\n")) > LONGEST_ROW:
                raise row_too_long(self._row)
            yield line


class _Rows:
    """Answers the rows of one file, and counts them."""

    def __init__(self, layout: Layout, known: Mapping[str, Result], output: _Output) -> None:
        self._layout = layout
        self._known = known
        self._output = output
        self._header_is_due = layout.has_header
        self._rows = 0
        # The ends of plain rows by their zipcodes, each made for its first row.
        self._tails: Dict[bytes, bytes] = {}

    def copy_blank_lines(self, count: int) -> None:
        """Write so many blank lines."""
        self._count(count)
        self._output.write(self._layout.line_end * count)

    def answer_plain(self, pieces: Iterable[bytes]) -> bytes:
        """Answer rows until a piece is not plain; return what is left of it."""
        line_end, delimiter = self._layout.line_end, self._layout.delimiter.encode()
        column, delimiters = self._layout.column, self._layout.width - 1
        tails = self._tails
        rest = b""
        for next_piece in pieces:
            piece = rest + next_piece
            end = piece.rfind(line_end) + len(line_end)
            if end < len(line_end) or not _is_plain(piece[:end], line_end):
                return piece
            lines, rest = piece[: end - len(line_end)].split(line_end), piece[end:]
            for start in range(0, len(lines), BATCH_ROWS):
                answers = []
                for line in lines[start : start + BATCH_ROWS]:
                    tail = None
                    if line.count(delimiter) == delimiters and not self._header_is_due:
                        tail = tails.get(line.split(delimiter, column + 1)[column])
                    answers.append(self._answer_line(line) if tail is None else line + tail)
                self._count(len(answers))
                self._output.write(b"".join(answers))
        return rest

    def answer_rest(self, lines: Iterable[str]) -> None:
        """Answer all rows that are left, quoted or not."""
        delimiter, line_end = self._layout.delimiter, self._layout.line_end
        writer = csv.writer(self, delimiter=delimiter, lineterminator=CSV_LINE_END)
        for fields in _CsvRows(lines, delimiter, self._rows + 1):
            self._count(1)
            if fields:
                self._answer(fields)
            row = delimiter.join(fields)
            # csv.writer looks at every character: it takes twice the time of all the rest.
            if '"' in row or "\n" in row or "\r" in row or row.count(delimiter) >= len(fields) > 0:
                writer.writerow(fields)
            else:
                self._output.write(row.encode("latin-1") + line_end)

    def write(self, row: str) -> None:
        """Take one row from csv.writer, which quotes a line end in a field only if it ends rows so."""
        self._output.write(row[: -len(CSV_LINE_END)].encode("latin-1") + self._layout.line_end)

    def _answer_line(self, line: bytes) -> bytes:
        if not line:
            return self._layout.line_end
        delimiter, line_end = self._layout.delimiter, self._layout.line_end
        fields = self._answer(line.decode("latin-1").split(delimiter))
        zipcode = fields[self._layout.column]
        if zipcode in self._known:  # of others there may be any number
            tail = delimiter.join(("", *self._known[zipcode]))
            self._tails[zipcode.encode()] = tail.encode() + line_end
        return delimiter.join(fields).encode("latin-1") + line_end

    def _answer(self, fields: List[str]) -> List[str]:
        """The fields of a row with its result in its place: the one rule for both ways."""
        column, width = self._layout.column, self._layout.width
        if len(fields) < width:
            fields += [""] * (width - len(fields))
        if self._header_is_due:
            self._header_is_due = False
            fields[width:width] = RESULT_COLUMNS
        else:
            fields[width:width] = self._known.get(fields[column].strip(), NOT_VALID)
        return fields

    def _count(self, rows: int) -> None:
        self._rows += rows
        if self._rows - self._layout.has_header > MOST_ROWS:
            raise too_many_rows()


def _skip_blank_lines(pieces: Iterator[bytes]) -> Tuple[int, bytes]:
    """Count the blank lines at the beginning of a file; return their number and the piece from there on."""
    blank_lines, last = 0, b""
    for piece in pieces:
        row = piece.lstrip(b"\r\n")
        blank = piece[: len(piece) - len(row)]
        # A \r and its \n are one, in two pieces too.
        blank_lines += len(blank) - (last + blank).count(b"\r\n")
        if row:
            return blank_lines, row
        if blank_lines > MOST_ROWS:
            raise too_many_rows()
        last = blank[-1:]
    return blank_lines, b""


def _read_layout(pieces: Iterator[bytes], blank_lines: int) -> Tuple[Layout, Iterator[bytes]]:
    """Read the layout of a file from its first row; return it, and all pieces from that row on.

    Args:
        blank_lines: their number before that row.
    """
    held: List[bytes] = []

    def from_first_row() -> Iterator[bytes]:
        yield from held
        for piece in pieces:
            held.append(piece)
            yield piece

    def first_row(delimiter: str, strict: bool) -> Tuple[List[str], str]:
        rows = _CsvRows(_lines(from_first_row()), delimiter, blank_lines + 1, strict)
        return next(iter(rows), []), rows.line

    delimiter = ";" if len(first_row(";", strict=False)[0]) > 1 else ","
    fields, last_line = first_row(delimiter, strict=True)
    if not fields:
        raise CsvNotValid(N_("The file has no rows."))
    if len(fields) > MOST_COLUMNS:
        raise TooLarge(N_("A file can have at most %(columns)s columns."), columns=MOST_COLUMNS)
    names = [_plain_name(field) for field in fields]
    named = [names.index(name) for name in ZIPCODE_COLUMNS if name in names]
    layout = Layout(
        charset="utf-8",
        delimiter=delimiter,
        line_end=b"\r\n" if last_line.endswith(("\r\n", "\r")) else b"\n",
        column=named[0] if named else 0,
        width=len(fields),
        has_header=bool(named) or re.fullmatch("[^0-9]+", names[0]) is not None,
        is_named=bool(named),
    )
    return layout, chain(held, pieces)


def _plain_name(field: str) -> str:
    """The name of a column as ZIPCODE_COLUMNS has it. No-break spaces come from pages and documents."""
    content = field.encode("latin-1")
    try:
        name = content.decode("utf-8")
    except UnicodeDecodeError:
        name = content.decode("windows-1252", "replace")
    return re.sub(r"[-_\s]", " ", name.replace(".", "").strip().lower())


def _is_plain(piece: bytes, line_end: bytes) -> bool:
    """Whether no field in a piece is quoted, and every line end is this one."""
    ends = piece.count(line_end)
    return (
        b'"' not in piece and piece.count(b"\n") == ends and piece.count(b"\r") == ends * (len(line_end) - 1)
    )


def _lines(pieces: Iterable[bytes]) -> Iterator[str]:
    """The lines in pieces of a file, with their ends; of one that is longer than a row, a part.

    Latin-1 gives each byte a letter of its own, whatever the encoding is, and gives it back.
    """
    pending = b""
    for piece in pieces:
        lines = (pending + piece).splitlines(keepends=True)
        # The last may go on in the next piece, even when it ends: with the \n after a \r.
        pending = lines.pop() if lines and len(lines[-1]) <= LONGEST_ROW + 1 else b""
        yield from (line.decode("latin-1") for line in lines)
    if pending:
        yield pending.decode("latin-1")
