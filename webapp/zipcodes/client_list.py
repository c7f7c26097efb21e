"""The zipcodes of an agent's clients, pasted or in a file: their risk factors, to read and as a spreadsheet.

What counts as a row, a header, a delimiter or a zipcode is for bulk to say: here its answer is read.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from typing import Dict, Iterator, List, Mapping, NamedTuple, Sequence, Tuple

from webapp.errors import CsvNotValid, TooLarge
from webapp.i18n.messages import N_
from webapp.tables import excel
from webapp.zipcodes import bulk
from webapp.zipcodes.bulk import MEGABYTE, Layout, Result
from webapp.zipcodes.risk_table import FACTORS

# A file has so many bytes at most. A text has so many characters, so that one that was read from a file
# is taken as well when a page sends it back.
MOST_BYTES = 5 * MEGABYTE

# A form may carry a file, and a text as a browser writes it: in UTF-8, where a byte of Windows-1252 becomes
# up to three, with \r\n at the end of each row.
MOST_FORM_BYTES = MOST_BYTES + 3 * MOST_BYTES + bulk.MOST_ROWS + MEGABYTE // 4

# Rows that are shorter than the first are filled up, so the answer may be much longer than the text.
MOST_ANSWER_BYTES = 32 * MEGABYTE

MOST_FIRST = 10
MOST_PROBLEMS = 50
MOST_SHOWN_CHARACTERS = 80

# What comes with text that is copied from pages and documents: no-break, figure, thin and narrow no-break
# space, and marks of no width.
COPIED_SPACES = "\u00a0\u2007\u2009\u202f\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"
SPACES = " \t\f\v" + COPIED_SPACES
ONLY_NUMBERS = re.compile(f"[0-9\n,;{SPACES}]*")
BETWEEN_NUMBERS = str.maketrans(dict.fromkeys(",;" + SPACES, " "))
# The line by which Excel learns the delimiter.
SEPARATOR_LINE = re.compile("sep=.\n", re.IGNORECASE)
EMPTY_ROWS = re.compile(f"(?:[,;{SPACES}]*\n)+")
LINE = re.compile("[^\n]+\n?|\n")


class ListRow(NamedTuple):
    """A row with its number in a spreadsheet, and with either a factor or the code of an error.

    `others` are the other fields, to recognise the client by. Long texts are cut short.
    """

    number: int
    zipcode: str
    others: str
    factor: str
    error: str


class ClientList(NamedTuple):
    """A list with its risk factors. Of its `total` rows, each has a factor or a problem.

    `first` are the first rows, `problems` the first of those with a problem. `column` is the name of the
    one that was read; empty when the list has no header, or no other column. When it `is_named`, that is a
    name for zipcodes; else it was read because it is the first.
    """

    total: int
    totals: Dict[str, int]
    problem_total: int
    first: List[ListRow]
    problems: List[ListRow]
    column: str
    is_named: bool


# The number of a row, its fields as they were given, and its result. A header and a blank line have none.
_Row = Tuple[int, List[str], Result]
NO_RESULT: Result = ("", "")


def too_large() -> TooLarge:
    """The error of a list that is too large, or comes with a form that is."""
    return TooLarge(N_("A list can have at most %(megabytes)s MB."), megabytes=MOST_BYTES // MEGABYTE)


def decode(content: bytes) -> str:
    """The text of a file: UTF-8, with a byte order mark or without, else Windows-1252; or UTF-16 with one.

    Raises TooLarge, and CsvNotValid with the row that is no text.
    """
    if len(content) > MOST_BYTES:
        raise too_large()
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _decoded(content, "utf-16")  # what Excel calls Unicode text
    if b"\0" in content:
        raise bulk.not_text(bulk.line_ends(content[: content.index(b"\0")]) + 1)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return _decoded(content, "windows-1252")


def _decoded(content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        raise bulk.not_text(bulk.line_ends(content[: error.start]) + 1) from None


def read(text: str, known: Mapping[str, Result]) -> ClientList:
    """The factors and problems of a list.

    Args:
        known: see bulk.results.

    Raises TooLarge or CsvNotValid, naming the row.
    """
    layout, rows = _answer(text, known)
    totals = dict.fromkeys(FACTORS, 0)
    problem_total = 0
    first: List[ListRow] = []
    problems: List[ListRow] = []
    column = ""
    for number, fields, (factor, error) in rows:
        if factor:
            totals[factor] += 1
        elif error:
            problem_total += 1
        else:  # the header, or a blank line
            column = fields[layout.column] if fields else column
            continue
        if len(first) < MOST_FIRST:
            first.append(_shown(layout, number, fields, factor, error))
        if error and len(problems) < MOST_PROBLEMS:
            problems.append(_shown(layout, number, fields, factor, error))
    column = _short(column.strip(SPACES)) if layout.width > 1 else ""
    total = sum(totals.values()) + problem_total
    return ClientList(total, totals, problem_total, first, problems, column, layout.is_named)


def spreadsheet(
    text: str, known: Mapping[str, Result], column_name: str, problem_words: Mapping[str, str]
) -> Iterator[bytes]:
    """The list with one column added, as Excel opens it: the factor, or the problem in words.

    Args:
        known: see bulk.results.
        column_name: for the header, where the list has one.
        problem_words: what to write for the code of an error.

    Raises what `read` raises, before the first piece is asked for.
    """
    layout, rows = _answer(text, known)
    return excel.write(_with_one_column(layout, rows, column_name, problem_words))


def _with_one_column(
    layout: Layout, rows: Iterator[_Row], column_name: str, problem_words: Mapping[str, str]
) -> Iterator[Sequence[str]]:
    for _number, fields, (factor, error) in rows:
        if fields:
            fields.insert(layout.width, problem_words[error] if error else factor or column_name)
        yield fields


def _answer(text: str, known: Mapping[str, Result]) -> Tuple[Layout, Iterator[_Row]]:
    """How a list is written, and its rows one by one. Whatever is wrong with it is raised here."""
    content = _csv(text)
    answer = io.BytesIO()
    layout = bulk.answer_csv(io.BytesIO(content.encode()).read, answer.write, known, MOST_ANSWER_BYTES)
    answered = answer.getvalue()
    if all(result == NO_RESULT for _number, _fields, result in _rows(layout, answered)):
        raise CsvNotValid(N_("The list has a header but no rows."))  # one word is taken for a header too
    rows = _rows(layout, answered)
    is_plain = not any(sign in content for sign in ('="', *COPIED_SPACES))
    return layout, rows if is_plain else _with_plain_fields(layout, rows, known)


def _rows(layout: Layout, answer: bytes) -> Iterator[_Row]:
    lines = io.TextIOWrapper(io.BytesIO(answer), "utf-8", newline="\n")
    header_is_due = layout.has_header
    end = layout.width + len(bulk.RESULT_COLUMNS)
    for number, fields in enumerate(csv.reader(lines, delimiter=layout.delimiter), start=1):
        if not fields:
            yield number, fields, NO_RESULT
            continue
        factor, error = fields[layout.width : end]
        del fields[layout.width : end]
        yield number, fields, NO_RESULT if header_is_due else (factor, error)
        header_is_due = False


def _with_plain_fields(layout: Layout, rows: Iterator[_Row], known: Mapping[str, Result]) -> Iterator[_Row]:
    """The rows of a list that comes out of a spreadsheet of ours or of others who guard numbers so, or out
    of a page with spaces of its own beside its zipcodes.
    """
    for number, fields, result in rows:
        plain = [excel.plain(field) for field in fields]
        has_result = result != NO_RESULT
        yield number, plain, bulk.result(known, plain[layout.column].strip(SPACES)) if has_result else result


def _shown(layout: Layout, number: int, fields: List[str], factor: str, error: str) -> ListRow:
    others = [field for place, field in enumerate(fields) if field.strip() and place != layout.column]
    return ListRow(number, _short(fields[layout.column]), _short(", ".join(others)), factor, error)


def _short(text: str) -> str:
    return text if len(text) <= MOST_SHOWN_CHARACTERS else f"{text[: MOST_SHOWN_CHARACTERS - 1]}…"


def _csv(text: str) -> str:
    """What was given, as the CSV that bulk reads. Line ends are \\n: a browser sends them back as \\r\\n."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").lstrip("\ufeff")
    if len(text) > MOST_BYTES:
        raise too_large()
    if '"' not in text and text.count("\n") > bulk.MOST_ROWS + 1:
        raise bulk.too_many_rows()  # at once, and not after seconds of work
    text = _without_empty_beginning(text)
    if ONLY_NUMBERS.fullmatch(text) and not _has_columns(text):
        return _one_a_line(text)
    return _from_tabs(text) if _has_tabs_between_columns(text) else text


def _has_tabs_between_columns(text: str) -> bool:
    """Whether it is tabs that separate, and not one that somebody typed in the name of a column.

    More commas than tabs may be in amounts and addresses, but then there are tabs in the next line as well.
    """
    lines = (line for line in _lines(text) if line.strip())
    first = next(lines, "")
    tabs = first.count("\t")
    return tabs > first.count(";") and (tabs > first.count(",") or "\t" in next(lines, first))


def _without_empty_beginning(text: str) -> str:
    """The text without what Excel does not show, and with blank lines for rows of empty cells at the top.

    These would be taken for the header. Blank lines count as rows, so that the others keep their numbers.
    """
    text = SEPARATOR_LINE.sub("", text, count=1) if SEPARATOR_LINE.match(text) else text
    empty = EMPTY_ROWS.match(text)
    rows = empty[0].count("\n") if empty else 0
    rest = text[empty.end() :] if empty else text
    if not rest.strip(SPACES + ",;\n"):
        raise CsvNotValid(N_("The file has no rows."))
    return "\n" * rows + rest


def _has_columns(numbers: str) -> bool:
    """Whether these are the rows of a table: several, and each with as many separators."""
    separators = (sum(map(line.count, ",;\t")) for line in _lines(numbers) if line.strip())
    first, second = next(separators, 0), next(separators, 0)
    return first == second > 0 and all(further == first for further in separators)


def _one_a_line(numbers: str) -> str:
    """Each number on a line of its own. Made so that no list of them is needed: there may be a million."""
    numbers = numbers.translate(BETWEEN_NUMBERS)
    while "  " in numbers:
        numbers = numbers.replace("  ", " ")
    return numbers.replace(" \n", "\n").replace("\n ", "\n").strip(" ").replace(" ", "\n")


def _from_tabs(text: str) -> str:
    """Rows as a spreadsheet copies them, or saves them as Unicode text."""
    output = io.StringIO()
    writer = csv.writer(output, delimiter=";", lineterminator="\n")
    read = 0
    try:
        for row, fields in enumerate(csv.reader(_lines(text), delimiter="\t", strict=True), start=1):
            writer.writerow(fields)
            read = row
    except csv.Error as error:
        raise bulk.not_csv(read + 1, error) from None
    return output.getvalue()


def _lines(text: str) -> Iterator[str]:
    """The lines with their ends; str.splitlines would end them at many other characters too."""
    return (line[0] for line in LINE.finditer(text))
