"""Reads an operator's CSV file as it comes: whichever encoding and delimiter its spreadsheet program chose."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_CHUNK = 1 << 20
_DELIMITERS = ";,\t"
MAX_FIELD = 10_000  # characters: a forgotten quotation mark must not swallow the rest of the file


class Unreadable(ValueError):
    """The file as a whole cannot be read; the message is a sentence for the operator."""


@dataclass(frozen=True, slots=True)
class Record:
    """One record: the line that it begins on (the header's is 1) and its fields, or what is wrong with it."""

    line: int
    fields: dict[str, str]
    fault: str = ""


@dataclass(frozen=True, slots=True)
class CsvSource:
    """A file whose encoding, delimiter and header are known. It can be read any number of times."""

    path: Path
    encoding: str
    delimiter: str
    header: tuple[str, ...]

    @classmethod
    def open(cls, path: Path) -> CsvSource:
        """Raises Unreadable."""
        encoding = _encoding(path)
        with path.open(encoding=encoding, newline="") as file:
            first = file.readline()
        if not first.strip():
            raise Unreadable("The file is empty: its first line must name the columns.")
        delimiter = max(_DELIMITERS, key=first.count)
        header = tuple(name.strip().lower() for name in next(csv.reader([first], delimiter=delimiter)))
        twice = sorted({name for name in header if name and header.count(name) > 1})
        if twice:
            raise Unreadable(f"The first line names the column {twice[0]!r} twice.")
        return cls(path, encoding, delimiter, header)

    def records(self) -> Iterator[Record]:
        """All records after the header; empty lines are passed over. A fault ends nothing but its own record."""
        with self.path.open(encoding=self.encoding, newline="") as file:
            reader = csv.reader(file, delimiter=self.delimiter)
            next(reader)
            while True:
                line = reader.line_num + 1
                try:
                    values = next(reader)
                except StopIteration:
                    return
                except csv.Error as error:
                    yield Record(line, {}, f"The line cannot be read: {error}.")
                    continue
                if any(value.strip() for value in values):
                    yield self._record(line, values)

    def _record(self, line: int, values: list[str]) -> Record:
        if len(values) != len(self.header):
            return Record(
                line, {}, f"The line has {len(values)} fields; the first line names {len(self.header)} columns."
            )
        if any(len(value) > MAX_FIELD for value in values):
            return Record(line, {}, "A field is too long: a quotation mark may be missing.")
        if any("\0" in value for value in values):
            return Record(line, {}, "A field holds a zero byte.")
        return Record(line, {name: value.strip() for name, value in zip(self.header, values, strict=True)})


def _encoding(path: Path) -> str:
    """UTF-8 where the whole file is, Windows-1251 otherwise: text in the latter is never valid UTF-8 by chance."""
    with path.open("rb") as file:
        start = file.read(4)
        if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            raise Unreadable("The file is in UTF-16. Save it as CSV in UTF-8.")
        if start.startswith(b"PK\x03\x04"):
            raise Unreadable("This is an Excel workbook, not CSV. Save it as CSV in UTF-8.")
        for encoding in ("utf-8-sig", "cp1251"):
            file.seek(0)
            decoder = codecs.getincrementaldecoder(encoding)()
            try:
                while chunk := file.read(_CHUNK):
                    decoder.decode(chunk)
                decoder.decode(b"", final=True)
            except UnicodeDecodeError:
                continue
            return encoding
    raise Unreadable("The file is neither in UTF-8 nor in Windows-1251.")
