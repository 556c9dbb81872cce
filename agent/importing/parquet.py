"""Parquet files, read by Arrow a batch at a time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow
from pyarrow.parquet import ParquetFile

from agent.domain.errors import ImportFileError
from agent.importing.records import Layout, Record, checked

BATCH = 5_000


class ParquetSource:
    has_header = True

    def __init__(self, path: Path, binary: BinaryIO) -> None:
        self.path = path
        try:
            self._file = ParquetFile(binary)
        except (pyarrow.ArrowException, OSError) as error:
            raise self._broken() from error
        self.size = self._file.metadata.num_rows
        self._row = 0

    @property
    def layout(self) -> Layout:
        return Layout()

    def position(self) -> int:
        return self._row

    def columns(self) -> tuple[str, ...]:
        return checked(self.path, self._file.schema_arrow.names)

    def records(self, columns: tuple[str, ...]) -> Iterator[Record]:
        try:
            for batch in self._file.iter_batches(BATCH):
                for row in _to_the_microsecond(batch).to_pylist():
                    self._row += 1
                    fields = {name: _plain(value) for name, value in zip(columns, row.values(), strict=True)}
                    yield Record(self._row, fields, "\x1f".join(str(value) for value in fields.values()))
        except (pyarrow.ArrowException, OSError, ValueError, OverflowError) as error:
            raise self._broken() from error

    def _broken(self) -> ImportFileError:
        return ImportFileError(
            "not readable as Parquet: it breaks off, is damaged, or holds a value that no cell can have",
            place=self.path.name,
            next_step="Fetch it again, then import it again: rows already taken are skipped.",
        )


def _to_the_microsecond(batch: Any) -> Any:
    """Times finer than ours, cut."""
    columns = [
        column.cast(pyarrow.timestamp("us", column.type.tz), safe=False)
        if pyarrow.types.is_timestamp(column.type)
        else column
        for column in batch.columns
    ]
    return pyarrow.RecordBatch.from_arrays(columns, names=batch.schema.names)


def _plain(value: object) -> object:
    """As CSV would have it: the readers know one form of each thing."""
    if value is None or value != value:  # NaN, the empty cell of a column of numbers
        return ""
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal | bytes):
        return str(value)
    return value
