"""Read a file in chunks of UTF-8 or Windows-1252."""

from __future__ import annotations

import codecs
import io
import re
from typing import Callable, Iterator, NamedTuple

from webapp.errors import CsvNotValid, TooLarge
from webapp.i18n.messages import N_
from webapp.tables.kinds import HEAD_BYTES, refuse_markup, refuse_other_kinds

MEGABYTE = 1024 * 1024
CHUNK_BYTES = MEGABYTE // 4

Read = Callable[[int], bytes]

UTF16 = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}

# Undefined in Windows-1252. In code page 850 and Mac Roman these are ü, ì, Å, É, Ø and å, ç, è, ê, ù.
UNDEFINED = re.compile(rb"[\x81\x8d\x8f\x90\x9d]")

# Windows-1252 signs in implausible positions: "Zo‚" is Zoé in code page 850, "RenŽ" is René in Mac Roman.
IMPLAUSIBLE = re.compile(
    rb"(?<=[A-Za-z])[\x82-\x84\x88\x89\x8b\x98]|[\x83\x88\x98\x99\x9b\x80](?=[A-Za-z])"
    rb"|(?<=[a-z])[\x8a\x8c\x8e\x91\x9f]|(?<=[a-z])\x96(?=[a-z])"
    rb"|(?<=[A-Za-z])[\x85-\x87\x93-\x95\x97\xa1-\xa5](?=[A-Za-z])"
)
LETTER = re.compile(rb"[\xc0-\xd6\xd8-\xf6\xf8-\xff]")


class Mark(NamedTuple):
    """A byte order mark and its encoding, or empty."""

    mark: bytes
    encoding: str


def not_text(row: int) -> CsvNotValid:
    return CsvNotValid(
        N_("Row %(row)s is not UTF-8 or Windows-1252 text. Save the file as “CSV UTF-8”."), row=row
    )


class Chunks:
    """Iterate over a file without its byte order mark, with UTF-16 converted to UTF-8.

    Raises TooLarge above `max_bytes`, and CsvNotValid for other encodings and binary files.

    Attributes:
        mark: encoding is empty for Windows-1252 and UTF-8 without a mark.
        bytes: read so far.
    """

    def __init__(self, read: Read, max_bytes: int) -> None:
        self._read = read
        self._max_bytes = max_bytes
        self.bytes = self._newlines = self._returns = 0
        self._utf8 = codecs.getincrementaldecoder("utf-8")()
        self._is_utf8 = True
        self._letters = self._implausible = self._implausible_row = self._undefined_row = 0
        head = b"".join(self._until_full(max(HEAD_BYTES, 2)))
        refuse_other_kinds(head)
        self.mark = _mark(head)
        self._head = head[len(self.mark.mark) :]
        self.bytes = len(self.mark.mark)
        encoding = self.mark.encoding if self.mark.mark in UTF16 else "utf-8"
        if encoding != "utf-8":
            text = self._head[: len(self._head) // 2 * 2].decode(encoding, "replace")
            refuse_markup(text.encode("utf-8", "replace"))
        else:
            refuse_markup(self._head)
        self._utf16 = codecs.getincrementaldecoder(encoding)() if encoding != "utf-8" else None

    @property
    def charset(self) -> str:
        """Return the IANA name of the encoding, as far as read."""
        if self.mark.mark in UTF16:
            return "utf-16"  # the mark tells the byte order (RFC 2781)
        return "utf-8" if self._is_utf8 else "windows-1252"

    def __iter__(self) -> Chunks:
        return self

    def __next__(self) -> bytes:
        chunk = self._next_bytes()
        self.bytes += len(chunk)
        if self.bytes > self._max_bytes:
            raise TooLarge(
                N_("A file can have at most %(megabytes)s MB."), megabytes=self._max_bytes // MEGABYTE
            )
        is_last = not chunk
        if self._utf16:
            chunk = self._from_utf16(chunk)
        self._refuse_binary(chunk, is_last)
        self._newlines += chunk.count(b"\n")
        if not self._newlines:  # lines may end with \r alone
            self._returns += chunk.count(b"\r")
        if is_last:
            raise StopIteration
        return chunk

    def _next_bytes(self) -> bytes:
        if self._head:
            chunk, self._head = self._head[:CHUNK_BYTES], self._head[CHUNK_BYTES:]
            return chunk
        return b"".join(self._until_full(CHUNK_BYTES))

    def _until_full(self, missing: int) -> Iterator[bytes]:
        while missing > 0:
            part = self._read(missing)
            if not part:
                return
            missing -= len(part)
            yield part

    def _from_utf16(self, chunk: bytes) -> bytes:
        try:
            return self._utf16.decode(chunk, final=not chunk).encode()  # type: ignore[union-attr]
        except UnicodeError:
            raise not_text(self._row) from None

    @property
    def _row(self) -> int:
        return (self._newlines or self._returns) + 1

    def _row_at(self, chunk: bytes, position: int) -> int:
        before = chunk[:position]
        newlines = self._newlines + before.count(b"\n")
        return (newlines or self._returns + before.count(b"\r")) + 1

    def _refuse_binary(self, chunk: bytes, is_last: bool) -> None:
        nul = chunk.find(b"\0")
        if nul >= 0:
            raise not_text(self._row_at(chunk, nul))
        if self._is_utf8:
            try:
                self._utf8.decode(chunk, final=is_last)
            except UnicodeDecodeError:
                self._is_utf8 = False
        if not chunk.isascii():
            self._note_other_code_pages(chunk)
        if not self._is_utf8:
            if self._undefined_row:
                raise not_text(self._undefined_row)
            if is_last and self._implausible > self._letters:
                raise not_text(self._implausible_row)

    def _note_other_code_pages(self, chunk: bytes) -> None:
        """Count signs of other code pages."""
        if not self._undefined_row:
            undefined = UNDEFINED.search(chunk)
            self._undefined_row = self._row_at(chunk, undefined.start()) if undefined else 0
        implausible = [match.start() for match in IMPLAUSIBLE.finditer(chunk)]
        if implausible and not self._implausible:
            self._implausible_row = self._row_at(chunk, implausible[0])
        self._implausible += len(implausible)
        self._letters += len(LETTER.findall(chunk))


def text_of(body: bytes) -> str:
    """Decode a whole file. Raises CsvNotValid if it is not text."""
    chunks = Chunks(io.BytesIO(body).read, len(body))
    text = b"".join(chunks)
    return text.decode("windows-1252" if chunks.charset == "windows-1252" else "utf-8")


def _mark(head: bytes) -> Mark:
    if head.startswith(codecs.BOM_UTF8):
        return Mark(codecs.BOM_UTF8, "utf-8")
    for mark, encoding in UTF16.items():
        if head.startswith(mark):
            return Mark(mark, encoding)
    return Mark(b"", "")
