"""Files as streams of raw records: CSV, CSV.gz, JSONL, JSONL.gz. Nothing is read whole."""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TextIO

import orjson

from agent.domain.errors import ImportFileError

LONGEST_FIELD = 1_000_000
"""Characters. A longer CSV field is a missing quote."""


@dataclass(frozen=True, slots=True)
class Record:
    """One row as it stands in the file. `fault` says why it could not be split; then `fields` is empty."""

    line: int
    fields: dict[str, object]
    raw: str
    fault: str = ""


class Source:
    """An open file. `position()` is how many bytes of it are read, of `size`: for the progress bar."""

    def __init__(self, path: Path, binary: BinaryIO, text: TextIO, size: int) -> None:
        self.path = path
        self.size = size
        self.jsonl = path.name.removesuffix(".gz").endswith((".jsonl", ".ndjson"))
        self._binary = binary
        self._text = text

    def position(self) -> int:
        return self._binary.tell()

    def columns(self) -> tuple[str, ...]:
        """The header of a CSV file; empty for JSONL. To be read before `records`."""
        if self.jsonl:
            return ()
        try:
            header = next(csv.reader(self._text), None)
        except (UnicodeDecodeError, csv.Error, EOFError, OSError, zlib.error) as error:
            raise self._broken(error) from error
        if not header or not any(name.strip() for name in header):
            raise ImportFileError(
                "the file is empty", place=self.path.name, next_step="Export it again, with a header line."
            )
        return tuple(name.strip() for name in header)

    def records(self, columns: tuple[str, ...]) -> Iterator[Record]:
        """Every row with its line number. Raises ImportFileError where the file itself breaks off."""
        try:
            yield from self._json_lines() if self.jsonl else self._csv_rows(columns)
        except (UnicodeDecodeError, EOFError, OSError, zlib.error) as error:
            raise self._broken(error) from error

    def _csv_rows(self, columns: tuple[str, ...]) -> Iterator[Record]:
        reader = csv.reader(self._text)
        width = len(columns)
        while True:
            try:
                row = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield Record(reader.line_num + 1, {}, f"{reader.line_num}", f"not readable as CSV ({error})")
                continue
            line = reader.line_num + 1
            if not row:
                continue
            raw = "\x1f".join(row)
            if len(row) != width:
                yield Record(line, {}, raw, f"{len(row)} fields instead of {width}")
            else:
                yield Record(line, dict(zip(columns, row, strict=True)), raw)

    def _json_lines(self) -> Iterator[Record]:
        for line, text in enumerate(self._text, start=1):
            raw = text.strip()
            if not raw:
                continue
            try:
                value = orjson.loads(raw)
            except orjson.JSONDecodeError:
                yield Record(line, {}, raw, "not valid JSON")
                continue
            if isinstance(value, dict):
                yield Record(line, value, raw)
            else:
                yield Record(line, {}, raw, "not a JSON object")

    def _broken(self, error: Exception) -> ImportFileError:
        if isinstance(error, UnicodeDecodeError):
            return ImportFileError(
                "not UTF-8 text",
                place=self.path.name,
                next_step="Save the file as UTF-8 and import it again: rows already taken are skipped.",
            )
        if isinstance(error, EOFError | OSError | zlib.error):
            return ImportFileError(
                "the compressed file breaks off or is damaged",
                place=self.path.name,
                next_step="Fetch it again, then import it again: rows already taken are skipped.",
            )
        return ImportFileError(
            f"not readable as CSV ({error})", place=self.path.name, next_step="Export it again as CSV."
        )


@contextmanager
def open_source(path: Path) -> Iterator[Source]:
    """Opens a file to import. Raises ImportFileError for what is no such file."""
    if path.is_dir():
        raise ImportFileError("a folder, not a file", place=str(path), next_step="Name one file inside it.")
    name = path.name.removesuffix(".gz")
    if not name.endswith((".csv", ".jsonl", ".ndjson", ".txt")):
        raise ImportFileError(
            "the name does not end in .csv, .jsonl or .ndjson (or one of them and .gz)",
            place=path.name,
            next_step="Rename the file or export it in one of these formats.",
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
        csv.field_size_limit(LONGEST_FIELD)
        unpacked: BinaryIO = gzip.GzipFile(fileobj=binary) if path.name.endswith(".gz") else binary  # type: ignore[assignment]
        text = io.TextIOWrapper(unpacked, encoding="utf-8-sig", newline="")
        yield Source(path, binary, text, size)
