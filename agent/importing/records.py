"""What a file gives, whatever it is written in: raw records under named columns."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from agent.domain.errors import ImportFileError

MOST_COLUMNS = 1_000


@dataclass(frozen=True, slots=True)
class Record:
    """One row as it stands in the file. `fault` says why it could not be split; then `fields` is empty."""

    line: int
    fields: dict[str, object]
    raw: str
    fault: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """What a file does not say of itself; None: see what it looks like."""

    encoding: str | None = None
    delimiter: str | None = None


class Source(Protocol):
    """An open file. `position()` is how much of it is read, of `size`: for the progress bar. `has_header` where its
    columns are named once, in front."""

    path: Path
    size: int
    has_header: bool

    @property
    def layout(self) -> Layout:
        """What the file turned out to be written in."""

    def position(self) -> int: ...

    def columns(self) -> tuple[str, ...]:
        """The names of the columns; empty without a header. To be asked before `records`."""

    def records(self, columns: tuple[str, ...]) -> Iterator[Record]:
        """Every row with its line number. Raises ImportFileError where the file itself breaks off."""


def checked(path: Path, names: Sequence[str]) -> tuple[str, ...]:
    """Columns that a person may have meant, their names on one line. Raises ImportFileError."""
    place = f"{path.name}:1"
    columns = tuple(one_line(name) for name in names)
    if len(columns) > MOST_COLUMNS:
        raise ImportFileError(
            f"{len(columns):,} columns; at most {MOST_COLUMNS:,} are read",
            place=place,
            next_step="Export only the columns that are needed (docs/files.md), one record a row.",
        )
    if len(set(columns)) != len(columns):
        twice = next(name for name in columns if columns.count(name) > 1)
        raise ImportFileError(f"column {twice[:40]!r} stands twice", place=place, next_step="Rename one of them.")
    return columns


def one_line(name: str) -> str:
    """A name without breaks and hidden characters: it is printed, and written into maps."""
    return " ".join(re.sub("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]", " ", name).split())
