"""Detect the format of CSV or pasted text, then stream it."""

from __future__ import annotations

import re
from collections import Counter
from itertools import chain
from typing import Iterable, Iterator, NamedTuple

from webapp.errors import CsvNotValid, DeskError, TooLarge
from webapp.i18n.messages import N_
from webapp.tables.chunks import Chunks, Read
from webapp.tables.csv_rows import CsvRows, Dialect, decoded, lines_of

# In order of precedence when several split the rows alike.
DELIMITERS = (";", "\t", "|", ",")

# Limits of the sample from which the format is detected.
SAMPLE_ROWS = 200
SAMPLE_BYTES = 256 * 1024

MAX_COLUMNS = 1_000

# The line that tells Excel the delimiter, possibly quoted.
SEPARATOR_LINE = re.compile(rb'(?i)("?)sep=([\x21-\x7e\t ])\1[;,\t|]*(?:\r\n|\n|\r|\Z)')

SEPARATOR_BEGINNINGS = (b"sep=", b'"sep=')
MAX_SEPARATOR_BYTES = 32

# A comma inside a number, not a delimiter: 9,000 or 9000,0 alone on a line.
NUMBER_LINE = re.compile(r'\s*"?(?:[0-9]{1,3},[0-9]{3}|[0-9]{4},0{1,2})"?\s*')

# Spaces and zero-width marks from copied text, in UTF-8; \xa0 below is Windows-1252.
_COPIED = "\u00a0|\u2007|\u2009|\u202f|\u200b|\u200c|\u200d|\u200e|\u200f|\u2060|\ufeff".encode()
NUMBERS_ALONE = re.compile(rb"(?:[0-9,;|\s]|\xa0|%s)*" % _COPIED)
BETWEEN_NUMBERS = re.compile(rb"(?:[,;|\t\f\v ]|\xa0|%s)+" % _COPIED)
SEVERAL_NUMBERS = re.compile(rb"[0-9](?:[,;|\t\f\v ]|\xa0|%s)+[0-9]" % _COPIED)
THOUSANDS = re.compile(rb"\s*[0-9][., ][0-9]{3}\s*")


class Row(NamedTuple):
    """A row and its number in the spreadsheet, from 1."""

    number: int
    fields: list[str]


class CsvList:
    """A list whose first rows have been read.

    The constructor and the iterators raise CsvNotValid and TooLarge, naming the row.

    Args:
        max_rows: limit on leading blank rows.
        is_pasted: put bare numbers on one line each.

    Attributes:
        preface: bytes to copy before the first row: the `sep=` line and blank lines.
        line_end: line ending of the first row.
        sample: decoded first rows, including blank ones.
    """

    def __init__(self, read: Read, max_bytes: int, max_rows: int, *, is_pasted: bool = False) -> None:
        self.chunks = Chunks(read, max_bytes)
        separator_line, delimiter, first = _take_separator_line(self.chunks)
        blank, self.preface_rows, first = _take_blank_lines(chain([first], self.chunks), max_rows)
        self.preface = separator_line + blank
        self._held: list[bytes] = []
        self._chunks: Iterator[bytes] = chain([first], self.chunks)
        if is_pasted and not delimiter:
            self._put_numbers_on_lines()
        self.dialect = self._sniff(delimiter)
        self.sample, self.line_end = self._read_sample()
        if not self.sample:
            raise CsvNotValid(N_("The file has no rows."))
        if max(len(row.fields) for row in self.sample) > MAX_COLUMNS:
            raise TooLarge(N_("A file can have at most %(columns)s columns."), columns=MAX_COLUMNS)

    @property
    def charset(self) -> str:
        """Return the encoding, final once all bytes are read."""
        return self.chunks.charset

    def body(self) -> Iterator[bytes]:
        """Iterate over all bytes after the preface, once."""
        return chain(self._held, self._chunks)

    def rows(self) -> Iterator[Row]:
        """Iterate over all rows, including blank ones, once."""
        yield from (Row(number, []) for number in range(1, self.preface_rows + 1))
        for row in CsvRows(lines_of(self.body()), self.dialect, self.preface_rows + 1):
            yield Row(row.number, row.fields if row.raw.isascii() else list(map(decoded, row.fields)))

    def _from_first_row(self) -> Iterator[bytes]:
        yield from self._held
        for chunk in self._chunks:
            self._held.append(chunk)
            yield chunk

    def _put_numbers_on_lines(self) -> None:
        """Put each number on its own line, unless the text is a table."""
        head = b""
        for chunk in self._from_first_row():
            if not NUMBERS_ALONE.fullmatch(chunk):
                return
            head += chunk
            if len(head) >= SAMPLE_BYTES:
                break
        if _is_line_of_numbers(head[:SAMPLE_BYTES]):
            self._chunks = _one_a_line(chain(self._held, self._chunks))
            self._held = []

    def _sniff(self, delimiter: str) -> Dialect:
        lines = _Replay(lines_of(self._from_first_row()))
        candidates = (delimiter,) if delimiter else DELIMITERS
        samples = {each: _sample(iter(lines), Dialect(each)) for each in candidates}
        scores = {each: samples[each].consistency for each in candidates}
        best = max(candidates, key=lambda each: scores[each])
        if not delimiter and not any(scores.values()):
            # One column whose numbers may have commas, or only delimiters.
            has_commas = any(NUMBER_LINE.fullmatch(line) for line in lines.seen)
            best = next((each for each in DELIMITERS if not samples[each].rows), ";" if has_commas else ",")
        quoted_after_space = f'{best} "'
        texts = [line for line in lines.seen if line.strip()]
        return Dialect(best, bool(texts) and all(quoted_after_space in line for line in texts))

    def _read_sample(self) -> tuple[list[Row], bytes]:
        sample: list[Row] = []
        line_end, size = b"\n", 0
        rows = CsvRows(lines_of(self._from_first_row()), self.dialect, self.preface_rows + 1)
        for row in rows:
            if not sample and row.raw.endswith(("\r\n", "\r")):
                line_end = b"\r\n"
            sample.append(Row(row.number, list(map(decoded, row.fields))))
            size += len(row.raw)
            if len(sample) >= SAMPLE_ROWS or size >= SAMPLE_BYTES:
                break
        if not any(field.strip(" ;,|\t") for row in sample for field in row.fields) and size < SAMPLE_BYTES:
            return [], line_end
        return sample, line_end


class _Replay:
    """Lines that can be iterated over repeatedly."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self.seen: list[str] = []

    def __iter__(self) -> Iterator[str]:
        position = 0
        while True:
            if position == len(self.seen):
                line = next(self._lines, None)
                if line is None:
                    return
                self.seen.append(line)
            yield self.seen[position]
            position += 1


class _Sample(NamedTuple):
    """First rows up to an error, without blank rows."""

    rows: list[list[str]]
    has_error: bool

    @property
    def consistency(self) -> float:
        """Return the share of rows with the most common width above 1, halved after an error."""
        widths = Counter(map(len, self.rows))
        split = [count for width, count in widths.items() if width > 1]
        return max(split) / len(self.rows) / (1 + self.has_error) if split else 0.0


def _sample(lines: Iterator[str], dialect: Dialect) -> _Sample:
    rows: list[list[str]] = []
    size = 0
    try:
        for row in CsvRows(lines, dialect, 1):
            size += len(row.raw)
            if any(map(str.strip, row.fields)):
                if dialect.delimiter == "," and NUMBER_LINE.fullmatch(row.raw):
                    rows.append([row.raw])
                else:
                    rows.append(row.fields)
            if len(rows) >= SAMPLE_ROWS or size >= SAMPLE_BYTES:
                break
    except DeskError:
        return _Sample(rows, has_error=True)
    return _Sample(rows, has_error=False)


def _take_separator_line(chunks: Iterator[bytes]) -> tuple[bytes, str, bytes]:
    """Return the `sep=` line, its delimiter and the bytes after it."""
    head = b""
    for chunk in chunks:
        head += chunk
        may_be_separator = any(each.startswith(head[: len(each)].lower()) for each in SEPARATOR_BEGINNINGS)
        if len(head) >= MAX_SEPARATOR_BYTES or not may_be_separator:
            break
    match = SEPARATOR_LINE.match(head)
    if match is None:
        return b"", "", head
    if match.end() == len(head):  # the \n may be in the next chunk
        head += next(chunks, b"")
        match = SEPARATOR_LINE.match(head) or match
    return match[0], match[2].decode("ascii"), head[match.end() :]


def _take_blank_lines(chunks: Iterable[bytes], max_rows: int) -> tuple[bytes, int, bytes]:
    """Return the leading blank lines, their count and the next chunk."""
    blank: list[bytes] = []
    count, last = 0, b""
    for chunk in chunks:
        row = chunk.lstrip(b"\r\n")
        ends = chunk[: len(chunk) - len(row)]
        blank.append(ends)
        # Count \r\n once, even across chunks.
        count += len(ends) - (last + ends).count(b"\r\n")
        if row or count > max_rows:
            return b"".join(blank), count, row
        last = ends[-1:] or last
    return b"".join(blank), count, b""


def _is_line_of_numbers(numbers: bytes) -> bool:
    """True if lines have several numbers but form no table."""
    if not SEVERAL_NUMBERS.search(numbers):
        return False
    several = [
        line.strip() for line in numbers.splitlines() if len(BETWEEN_NUMBERS.sub(b" ", line).split()) > 1
    ]
    if not several or all(map(THOUSANDS.fullmatch, several)):
        return False
    lines = filter(None, map(bytes.strip, numbers.splitlines()))
    separators = [sum(map(line.count, (b",", b";", b"|", b"\t"))) for line in lines]
    return len(separators) < 2 or separators[0] == 0 or len(set(separators)) > 1


def _one_a_line(chunks: Iterable[bytes]) -> Iterator[bytes]:
    pending = b""
    is_first = True
    for chunk in chunks:
        text = pending + chunk
        end = max(text.rfind(b"\n"), text.rfind(b","), text.rfind(b" "), text.rfind(b";"))
        # A separator may continue in the next chunk.
        while 0 <= end < len(text) and text[end : end + 1] in b",; \n\r\t":
            end -= 1
        end += 1
        pending, text = text[end:], text[:end]
        yield _separated(text, is_first)
        is_first = is_first and not text
    yield _separated(pending, is_first).rstrip(b"\n") + b"\n"


def _separated(text: bytes, is_first: bool) -> bytes:
    text = BETWEEN_NUMBERS.sub(b" ", text).replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    text = text.replace(b" \n", b"\n").replace(b"\n ", b"\n").replace(b" ", b"\n")
    return text.lstrip(b"\n") if is_first else text
