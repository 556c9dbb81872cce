"""What files may hold: which columns each kind has, which published sets there are, and how their rows are read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from agent.domain.ids import digest
from agent.domain.imports import Row
from agent.importing import catalogue, events, people, published, transactions
from agent.importing.fields import BadField
from agent.importing.mapping import FileMap, Translator
from agent.importing.records import Record, Source

Reader = Callable[[str, Record], Sequence[Row]]


@dataclass(frozen=True, slots=True)
class Format:
    """How rows of one kind of file are read: the columns that must be there, the reader, and the columns that may be
    there (None: any). `records` cuts a file of its own make into rows; `unknown` names what such files never say."""

    columns: tuple[str, ...]
    read: Reader
    more: str | None = None
    csv_only: bool = False
    lines_only: bool = False
    records: Callable[[Source], Iterator[Record]] | None = None
    unknown: tuple[str, ...] = ()

    @property
    def known(self) -> tuple[str, ...] | None:
        """All columns that are read, None where any are."""
        return None if self.more is None else (*self.columns, *self.more.split())

    def unused(self, columns: tuple[str, ...]) -> tuple[str, ...]:
        """Columns of a file that nothing reads: misspelt perhaps."""
        known = self.known
        return () if known is None else tuple(name for name in columns if name not in known)


def _one(read: Callable[[str, Record], Row]) -> Reader:
    return lambda key, record: (read(key, record),)


FORMATS: dict[str, Format] = {
    "transactions": Format(transactions.COLUMNS, _one(transactions.line), transactions.MORE),
    "customers": Format(people.CUSTOMER_COLUMNS, _one(people.customer), people.MORE_OF_CUSTOMERS),
    "consents": Format(people.CONSENT_COLUMNS, people.consents, people.MORE_OF_CONSENTS),
    "suppressions": Format(people.SUPPRESSION_COLUMNS, _one(people.suppression), ""),
    "events": Format(events.COLUMNS, events.event),
    "products": Format(catalogue.PRODUCTS, _one(catalogue.product), "experience launch_on at"),
    "prices": Format(catalogue.PRICES, _one(catalogue.price), ""),
    "stock": Format(catalogue.STOCK, _one(catalogue.stock), "store"),
    "stores": Format(catalogue.STORES, _one(catalogue.store), "at"),
    "orders": Format(catalogue.ORDERS, _one(catalogue.order), "deliver_by at"),
    "shipments": Format(catalogue.SHIPMENTS, _one(catalogue.shipment), "deliver_by"),
    "cases": Format(catalogue.CASES, catalogue.case, "closed_at"),
    "reviews": Format(catalogue.REVIEWS, _one(catalogue.review), "rating words"),
    "signals": Format(catalogue.SIGNALS, _one(catalogue.signal), catalogue.MORE_OF_SIGNALS),
}

PRESETS: dict[str, tuple[str, Format]] = {
    "online-retail": (
        "transactions",
        Format(published.ONLINE_RETAIL, _one(published.online_retail), csv_only=True),
    ),
    "cdnow": (
        "transactions",
        Format(
            published.CDNOW,
            _one(published.cdnow),
            records=published.cdnow_records,
            unknown=("hours", "consents", "addresses", "ages"),
        ),
    ),
    "otto": (
        "events",
        Format((), published.otto, lines_only=True, unknown=("people", "prices", "consents")),
    ),
    "tau2-retail": (
        "shop",
        Format((), published.tau2_retail, records=published.tau2_records, unknown=published.TAU2_UNKNOWN),
    ),
    "segment": ("events", Format((), events.segment, lines_only=True)),
    "rudderstack": ("events", Format((), events.segment, lines_only=True)),
}
"""By name: what the set holds, and how it is read. A `shop` is products, customers and orders in one."""


def _consents(key: str, record: Record, fields: dict[str, object]) -> Sequence[Row]:
    name = digest(key, *(str(fields[part]) for part in ("purpose", "channel", "status")), size=4)
    return people.consents(f"{key}.{name}", Record(record.line, fields, ""))


def mapped(said: FileMap, today: date) -> tuple[Format, Translator]:
    """The format of a file that a map describes: our own, with each row put into our columns first.

    A refusal counts whatever else is wrong with its row.
    """
    own = FORMATS[said.what]
    translator = Translator(said, own.columns, own.known, today)

    def read(key: str, record: Record) -> Sequence[Row]:
        refused = [row for fields in translator.refusals(record) for row in _consents(key, record, fields)]
        kept: list[Row] = []
        try:
            kept += own.read(key, translator.record(record))
            for fields in translator.grants(record):
                kept += _consents(key, record, fields)
        except BadField as bad:
            raise bad.saving(*kept, *refused) from None
        return [*kept, *refused]

    return Format((), read), translator
