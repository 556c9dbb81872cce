"""An import: read, key, sort out, hand over in batches, count. Running it again changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from hashlib import blake2b
from itertools import islice
from pathlib import Path

from agent.domain.errors import ImportFileError
from agent.domain.ids import CustomerId, ExternalId, TenantId
from agent.domain.imports import Line, Quarantined, Row, RowOutcome, Tally
from agent.domain.ports import ImportSink
from agent.importing.fields import BadField
from agent.importing.files import open_source
from agent.importing.formats import FORMATS, PRESETS, Format, mapped
from agent.importing.mapping import FileMap
from agent.importing.records import Source

BATCH = 5_000
PLACES = 3

Progress = Callable[[int, int, Tally], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileImport:
    """What is to be imported: a kind of file in our own columns, a published set, or a file with a map."""

    path: Path
    what: str | None = None
    preset: str | None = None
    map: FileMap | None = None


def run(
    sink: ImportSink, tenant: TenantId, wanted: FileImport, today: date, progress: Progress = lambda *_: None
) -> Tally:
    """Imports one file. Each row gets one outcome; a row's key is its content and how often it stood before.

    Raises ImportFileError where the file as a whole cannot be read; what was taken until then stays, and is skipped
    when the file is imported again.
    """
    what, chosen, check = _chosen(wanted, today)
    tally, since = Tally(unknown=chosen.unknown), sink.now()
    met: dict[ExternalId, CustomerId] = {}
    with open_source(wanted.path, wanted.map.layout if wanted.map else None) as source:
        columns = () if chosen.records else source.columns()
        check(source, columns)
        tally.unused = chosen.unused(columns) if source.has_header else ()
        rows = _rows(source, columns, chosen, what, tally)
        while batch := list(islice(rows, BATCH)):
            tally.new += sink.take(tenant, batch, met)
            progress(source.position(), source.size, tally)
        if tally.rows == 0:
            raise ImportFileError("no row below the header", place=wanted.path.name, next_step="Export it again.")
    sink.finish(tenant, what, tally, _printable(wanted.path.name)[:120], since)
    return tally


def _chosen(wanted: FileImport, today: date) -> tuple[str, Format, Callable[[Source, tuple[str, ...]], None]]:
    """What the file holds, how it is read, and what has to be true of its columns. Raises ImportFileError."""
    if wanted.map is not None:
        what: str = wanted.map.what
        chosen, translator = mapped(wanted.map, today)

        def check(source: Source, columns: tuple[str, ...]) -> None:
            translator.check(columns if source.has_header else None, source.path.name)

    else:
        what, chosen = _format(wanted)

        def check(source: Source, columns: tuple[str, ...]) -> None:
            _check_columns(source, columns, chosen)

    if wanted.what not in (None, what):
        raise ImportFileError(
            f"the {'map' if wanted.map else 'preset'} is for {what}, not for {wanted.what}",
            place="WHAT",
            next_step=f"Leave {wanted.what} out, or name another one.",
        )
    return what, chosen, check


def _format(wanted: FileImport) -> tuple[str, Format]:
    if wanted.preset is not None:
        if wanted.preset not in PRESETS:
            raise ImportFileError(
                "no preset of this name", place="--preset", next_step=f"Known: {', '.join(sorted(PRESETS))}."
            )
        return PRESETS[wanted.preset]
    if wanted.what not in FORMATS:
        raise ImportFileError(
            "what does the file hold?",
            place="WHAT",
            next_step=f"Say one of {', '.join(FORMATS)}; or draft a map: tactful import --guess FILE.",
        )
    return wanted.what, FORMATS[wanted.what]


def _check_columns(source: Source, columns: tuple[str, ...], chosen: Format) -> None:
    place = source.path.name
    if chosen.records is not None:
        return
    if not source.has_header:
        if chosen.csv_only:
            raise ImportFileError("this preset reads CSV files", place=place, next_step="Export it as CSV.")
        return
    if chosen.lines_only:
        raise ImportFileError("this preset reads JSONL files", place=f"{place}:1", next_step="Export it as JSON lines.")
    missing = [name for name in chosen.columns if name not in columns]
    if missing:
        raise ImportFileError(
            f"column {missing[0]!r} is missing",
            place=f"{place}:1",
            next_step=f"Needed: {', '.join(chosen.columns)}. If your columns have other names, draft a map:"
            f" tactful import --guess {place}",
        )


def _rows(source: Source, columns: tuple[str, ...], chosen: Format, what: str, tally: Tally) -> Iterator[Row]:
    """Rows of the store for every record, and the count of what became of each."""
    seen: dict[int, int] = {}
    head = "\x1f".join((what, *columns))
    for record in (chosen.records or (lambda s: s.records(columns)))(source):
        key = _key(head, record.raw, seen)
        tally.rows += 1
        try:
            if record.fault:
                raise BadField(record.fault)
            rows = chosen.read(key, record)
        except BadField as bad:
            reason = str(bad)
            tally.outcomes[RowOutcome.QUARANTINED] += 1
            tally.reasons[reason] += 1
            if len(places := tally.places.setdefault(reason, [])) < PLACES:
                places.append(record.line)
            yield Quarantined(key=key, place=f"{_printable(source.path.name)[:120]}:{record.line}", reason=reason)
            yield from bad.saved
            continue
        first = rows[0]
        tally.outcomes[first.outcome if isinstance(first, Line) else RowOutcome.TAKEN] += 1
        yield from rows


def _printable(name: str) -> str:
    """A file's name as a database takes it, whatever bytes it is made of."""
    return name.encode("utf-8", "replace").decode()


def _key(head: str, raw: str, seen: dict[int, int]) -> str:
    """Content, under the file's header, and ordinal: the n-th row of the same content has the same key in every run."""
    hashed = blake2b(f"{head}\x1e{raw}".encode("utf-8", "surrogatepass"), digest_size=15)
    short = int.from_bytes(hashed.digest()[:8], "big")
    ordinal = seen.get(short, 0)
    seen[short] = ordinal + 1
    return f"{hashed.hexdigest()}-{ordinal}" if ordinal else hashed.hexdigest()
