"""Files as streams of raw records: CSV, JSON lines, each also gzipped, and Parquet. No table is read whole."""

from __future__ import annotations

import csv
import gzip
import io
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, TextIO

import orjson

from agent.domain.errors import ImportFileError
from agent.importing.records import Layout, Record, Source, checked

LONGEST_FIELD = 1_000_000
"""Characters. A longer CSV field is a missing quote."""
LONGEST_LINE = 10_000_000
MOST_LINES = 200
"""Lines of one row of a CSV file: long reviews have some, a forgotten quote swallows all that follow."""
GREATEST_DOCUMENT = 256_000_000
"""Bytes of a JSON file that is one document: such a file has to be read whole."""
SNIFFED = 262_144
"""Bytes that tell the encoding."""
ENDINGS = (".csv", ".tsv", ".txt", ".jsonl", ".ndjson", ".json", ".parquet")
DELIMITERS = ",;\t|"
_AGAIN = "rows already taken are skipped"


class TextSource:
    """CSV or JSON lines."""

    def __init__(self, path: Path, binary: BinaryIO, layout: Layout, size: int) -> None:
        self.path = path
        self.size = size
        name = path.name.lower().removesuffix(".gz")
        self.has_header = not name.endswith((".jsonl", ".ndjson", ".json"))
        self._document = name.endswith(".json")
        self._binary = binary
        self._delimiter = layout.delimiter
        unpacked: BinaryIO = gzip.GzipFile(fileobj=binary) if path.name.lower().endswith(".gz") else binary  # type: ignore[assignment]
        buffered: Any = io.BufferedReader(unpacked, SNIFFED)
        self._encoding = layout.encoding or self._sniffed(buffered)
        self._text: TextIO = io.TextIOWrapper(buffered, encoding=self._encoding, newline="")
        self.line = 0

    @property
    def layout(self) -> Layout:
        return Layout(encoding=self._encoding, delimiter=self._delimiter)

    def position(self) -> int:
        return self._binary.tell()

    def lines(self) -> Iterator[str]:
        """Lines of a bearable length; `line` counts them."""
        while text := self._text.readline(LONGEST_LINE):
            self.line += 1
            if len(text) == LONGEST_LINE and not text.endswith("\n"):
                raise ImportFileError(
                    f"a line of over {LONGEST_LINE:,} characters",
                    place=f"{self.path.name}:{self.line}",
                    next_step="Export it again with one record a line.",
                )
            yield text

    def columns(self) -> tuple[str, ...]:
        if not self.has_header:
            return ()
        try:
            first = next(self.lines(), "")
            if match := re.fullmatch(r"sep=(.)\s*", first.removeprefix("\ufeff")):  # Excel's own first line
                self._delimiter, first = match.group(1), next(self.lines(), "")
            while first.count('"') % 2 and (more := next(self.lines(), "")):  # a name that goes over several lines
                first += more
            header = next(csv.reader([first], delimiter=self._delimited(first)), None)
        except (UnicodeError, csv.Error, EOFError, OSError, zlib.error) as error:
            raise self._broken(error) from error
        if not header or not any(name.strip() for name in header):
            raise ImportFileError(
                "the file is empty", place=self.path.name, next_step="Export it again, with a header line."
            )
        return checked(self.path, header)

    def records(self, columns: tuple[str, ...]) -> Iterator[Record]:
        try:
            yield from self._csv_rows(columns) if self.has_header else self._json_lines()
        except (UnicodeError, EOFError, OSError, zlib.error) as error:
            raise self._broken(error) from error

    def document(self) -> object:
        """A file that is one JSON document. Raises ImportFileError."""
        try:
            text = self._text.read(GREATEST_DOCUMENT + 1)
            if len(text) > GREATEST_DOCUMENT:
                raise ImportFileError(
                    f"one document of over {GREATEST_DOCUMENT:,} characters",
                    place=self.path.name,
                    next_step="Export it as JSON lines, one record a line.",
                )
            return orjson.loads(text)
        except orjson.JSONDecodeError as error:
            raise ImportFileError(
                f"not valid JSON ({error.msg})",
                place=f"{self.path.name}:{error.lineno}",
                next_step="Export it again, or fetch it again.",
            ) from None
        except (UnicodeError, EOFError, OSError, zlib.error) as error:
            raise self._broken(error) from error

    def _delimited(self, header: str) -> str:
        if self._delimiter is None:
            self._delimiter = max(DELIMITERS, key=header.count)
        return self._delimiter

    def _csv_rows(self, columns: tuple[str, ...]) -> Iterator[Record]:
        reader = csv.reader(self.lines(), delimiter=self._delimiter or ",", strict=True)
        width = len(columns)
        while True:
            begins = self.line + 1
            try:
                row = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                if self.line - begins >= MOST_LINES:
                    raise self._unclosed(begins) from None
                for line in range(begins, self.line + 1):  # a quote may have swallowed rows: none is passed over
                    yield Record(
                        line, {}, f"{line}", f"not readable as CSV ({error}; the quote opens in line {begins})"
                    )
                continue
            if self.line - begins >= MOST_LINES:
                raise self._unclosed(begins)
            if not row:
                continue
            raw = "\x1f".join(row)
            if len(row) != width:
                yield Record(self.line, {}, raw, f"{len(row)} fields instead of {width}")
            else:
                yield Record(self.line, dict(zip(columns, row, strict=True)), raw)

    def _json_lines(self) -> Iterator[Record]:
        if self._document:
            raise ImportFileError(
                "one JSON document, where lines are wanted",
                place=self.path.name,
                next_step="Export it as JSON lines (.jsonl), or choose the --preset that it belongs to.",
            )
        for text in self.lines():
            raw = text.strip()
            if not raw:
                continue
            try:
                value = orjson.loads(raw)
            except orjson.JSONDecodeError:
                yield Record(self.line, {}, raw, "not valid JSON")
                continue
            if isinstance(value, dict):
                yield Record(self.line, value, raw)
            else:
                yield Record(self.line, {}, raw, "not a JSON object")

    def _sniffed(self, buffered: Any) -> str:
        try:
            head: bytes = buffered.peek(SNIFFED)
        except (EOFError, OSError, zlib.error) as error:
            raise self._broken(error) from error
        if head.startswith(b"PK\x03\x04"):
            raise ImportFileError(
                "an Excel workbook under another name", place=self.path.name, next_step="In Excel: Save as, CSV UTF-8."
            )
        found = encoding_of(head)
        if found is None:
            raise ImportFileError(
                "neither UTF-8 nor CP949 text",
                place=self.path.name,
                next_step="Save it as CSV UTF-8, or name its encoding in a map (tactful import --guess FILE).",
            )
        return found

    def _unclosed(self, line: int) -> ImportFileError:
        """The rows behind it would vanish into one field."""
        return ImportFileError(
            f"the row goes on for over {MOST_LINES} lines: a quote opens in it and does not close",
            place=f"{self.path.name}:{line}",
            next_step=f"Mend that line and import the file again: {_AGAIN}.",
        )

    def _broken(self, error: Exception) -> ImportFileError:
        if isinstance(error, UnicodeError):
            return ImportFileError(
                f"not {self._encoding.removesuffix('-sig').upper()} text after line {self.line:,}",
                place=self.path.name,
                next_step=f"Save it as CSV UTF-8, or name its encoding in a map, and import it again: {_AGAIN}.",
            )
        if isinstance(error, EOFError | OSError | zlib.error):
            return ImportFileError(
                "the compressed file breaks off or is damaged",
                place=self.path.name,
                next_step=f"Fetch it again, then import it again: {_AGAIN}.",
            )
        return ImportFileError(
            f"not readable as CSV ({error})", place=self.path.name, next_step="Export it again as CSV."
        )


def encoding_of(head: bytes) -> str | None:
    """What the first bytes of a text are written in: UTF-8 or UTF-16 by their marks or by fitting, CP949 where they
    spell Korean; None for what cannot be told."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if b"\x00" in head:
        return None
    if _fits(head, "utf-8"):
        return "utf-8-sig"
    if _fits(head, "cp949"):
        strange = [ch for ch in head.decode("cp949", "ignore") if not ch.isascii()]
        if sum("가" <= ch <= "힣" for ch in strange) >= 0.6 * len(strange):
            return "cp949"
    return None


def _fits(head: bytes, encoding: str) -> bool:
    """True where the bytes decode, but for a character that the end may have cut."""
    for cut in range(4):
        try:
            head[: len(head) - cut].decode(encoding)
        except UnicodeDecodeError:
            continue
        return True
    return False


@contextmanager
def open_source(path: Path, layout: Layout | None = None) -> Iterator[Source]:
    """Opens a file to import. Raises ImportFileError for what is no such file."""
    if path.is_dir():
        raise ImportFileError("a folder, not a file", place=str(path), next_step="Name one file inside it.")
    name = path.name.lower().removesuffix(".gz")
    if not name.endswith(ENDINGS):
        excel = name.endswith((".xlsx", ".xls"))
        raise ImportFileError(
            "an Excel workbook" if excel else f"the name does not end in {', '.join(ENDINGS)} (or one of them and .gz)",
            place=path.name,
            next_step="In Excel: Save as, CSV UTF-8."
            if excel
            else "Rename the file or export it in one of these formats.",
        )
    try:
        size = path.stat().st_size
        binary = path.open("rb")
    except OSError as error:
        raise ImportFileError(
            (error.strerror or "cannot be opened").lower(),
            place=str(path),
            next_step="Check the path and its permissions.",
        ) from error
    with binary:
        if size == 0:
            raise ImportFileError("the file is empty", place=path.name, next_step="Export it again.")
        if name.endswith(".parquet"):
            from agent.importing.parquet import ParquetSource  # lazily: only Parquet needs Arrow

            yield ParquetSource(path, binary)
            return
        csv.field_size_limit(LONGEST_FIELD)
        yield TextSource(path, binary, layout or Layout(), size)
