"""An import: read, key, sort out, hand over in batches, count. Running it again changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import islice
from pathlib import Path

from agent.domain.errors import ImportFileError
from agent.domain.ids import TenantId
from agent.domain.imports import Line, Quarantined, Row, RowOutcome, Tally
from agent.domain.ports import ImportSink
from agent.importing import catalogue, events, people, transactions
from agent.importing.fields import BadField
from agent.importing.files import Record, Source, open_source

BATCH = 5_000
PLACES = 3

Reader = Callable[[str, Record], Sequence[Row]]
Progress = Callable[[int, int, Tally], None]


@dataclass(frozen=True, slots=True)
class Format:
    """How rows of one kind of file are read: the columns that must be there, the reader, and the columns that may be
    there (None: any)."""

    columns: tuple[str, ...]
    read: Reader
    more: str | None = None
    csv_only: bool = False

    def unused(self, columns: tuple[str, ...]) -> tuple[str, ...]:
        """Columns of a file that nothing reads: misspelt perhaps."""
        if self.more is None:
            return ()
        return tuple(name for name in columns if name not in (*self.columns, *self.more.split()))


def _one(read: Callable[[str, Record], Row]) -> Reader:
    return lambda key, record: (read(key, record),)


FORMATS: dict[tuple[str, str | None], Format] = {
    ("transactions", None): Format(transactions.COLUMNS, _one(transactions.line), "country received_at"),
    ("transactions", "online-retail"): Format(
        transactions.ONLINE_RETAIL, _one(transactions.online_retail), csv_only=True
    ),
    ("customers", None): Format(people.CUSTOMER_COLUMNS, _one(people.customer), people.MORE_OF_CUSTOMERS),
    ("consents", None): Format(people.CONSENT_COLUMNS, people.consents, people.MORE_OF_CONSENTS),
    ("suppressions", None): Format(people.SUPPRESSION_COLUMNS, _one(people.suppression), ""),
    ("products", None): Format(catalogue.PRODUCTS, _one(catalogue.product), "experience launch_on at"),
    ("prices", None): Format(catalogue.PRICES, _one(catalogue.price), ""),
    ("stock", None): Format(catalogue.STOCK, _one(catalogue.stock), "store"),
    ("stores", None): Format(catalogue.STORES, _one(catalogue.store), "at"),
    ("orders", None): Format(catalogue.ORDERS, _one(catalogue.order), "deliver_by at"),
    ("shipments", None): Format(catalogue.SHIPMENTS, _one(catalogue.shipment), "deliver_by"),
    ("cases", None): Format(catalogue.CASES, catalogue.case, "closed_at"),
    ("signals", None): Format(catalogue.SIGNALS, _one(catalogue.signal), catalogue.MORE_OF_SIGNALS),
    ("events", None): Format(events.COLUMNS, events.event),
    ("events", "segment"): Format((), events.segment),
    ("events", "rudderstack"): Format((), events.segment),
}


def run(
    sink: ImportSink, tenant: TenantId, what: str, path: Path, preset: str | None, progress: Progress = lambda *_: None
) -> Tally:
    """Imports one file. Each row gets one outcome; a row's key is its content and how often it stood before.

    Raises ImportFileError where the file as a whole cannot be read; what was taken until then stays, and is skipped
    when the file is imported again.
    """
    chosen = FORMATS.get((what, preset))
    if chosen is None:
        known = sorted(p for kind, p in FORMATS if kind == what and p)
        raise ImportFileError(
            f"no preset of this name for {what}",
            place="--preset",
            next_step=f"Known: {', '.join(known)}." if known else "Leave --preset out.",
        )
    tally = Tally()
    with open_source(path) as source:
        columns = source.columns()
        _check_columns(source, columns, chosen)
        tally.unused = () if source.jsonl else chosen.unused(columns)
        rows = _rows(source, columns, chosen, what, tally)
        while batch := list(islice(rows, BATCH)):
            tally.new += sink.take(tenant, batch)
            progress(source.position(), source.size, tally)
        if tally.rows == 0:
            raise ImportFileError("no row below the header", place=path.name, next_step="Export it again.")
    sink.finish(tenant, what, tally.rows, tally.new)
    return tally


def _check_columns(source: Source, columns: tuple[str, ...], chosen: Format) -> None:
    if source.jsonl:
        if chosen.csv_only:
            raise ImportFileError("this preset reads CSV files", place=source.path.name, next_step="Export it as CSV.")
        return
    missing = [name for name in chosen.columns if name not in columns]
    if missing or not chosen.columns:
        raise ImportFileError(
            f"column {missing[0]!r} is missing" if missing else "this preset reads JSONL files",
            place=f"{source.path.name}:1",
            next_step=f"Needed: {', '.join(chosen.columns)}. Rename the file's columns or choose a --preset."
            if missing
            else "",
        )
    if len(set(columns)) != len(columns):
        twice = next(name for name in columns if columns.count(name) > 1)
        raise ImportFileError(
            f"column {twice[:40]!r} stands twice", place=f"{source.path.name}:1", next_step="Rename one of them."
        )


def _rows(source: Source, columns: tuple[str, ...], chosen: Format, what: str, tally: Tally) -> Iterator[Row]:
    """Rows of the store for every record, and the count of what became of each."""
    seen: dict[int, int] = {}
    head = "\x1f".join((what, *columns))
    for record in source.records(columns):
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
            yield Quarantined(key=key, place=f"{source.path.name[:120]}:{record.line}", reason=reason)
            yield from bad.saved
            continue
        first = rows[0]
        tally.outcomes[first.outcome if isinstance(first, Line) else RowOutcome.TAKEN] += 1
        yield from rows


def _key(head: str, raw: str, seen: dict[int, int]) -> str:
    """Content, under the file's header, and ordinal: the n-th row of the same content has the same key in every run."""
    hashed = blake2b(f"{head}\x1e{raw}".encode("utf-8", "surrogatepass"), digest_size=15)
    short = int.from_bytes(hashed.digest()[:8], "big")
    ordinal = seen.get(short, 0)
    seen[short] = ordinal + 1
    return f"{hashed.hexdigest()}-{ordinal}" if ordinal else hashed.hexdigest()
