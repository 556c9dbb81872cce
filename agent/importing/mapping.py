"""Maps: a small file that says what the columns of somebody's export mean."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, ClassVar, Literal
from zoneinfo import ZoneInfo

from annotated_types import Len

from agent import strict_yaml
from agent.domain.customer import PER_CHANNEL, AgeAssurance, Basis, Channel, Purpose
from agent.domain.errors import ImportFileError
from agent.importing import values as v
from agent.importing.fields import REFUSALS, BadField, text
from agent.importing.records import Layout, Record

MOMENTS = frozenset(
    [
        "occurred_at",
        "received_at",
        "at",
        "placed_at",
        "deliver_by",
        "opened_at",
        "closed_at",
        "given_at",
        "deal_ended_at",
        "expires_at",
        "copied_at",
        "due_at",
        "ends_at",
    ]
)
DAYS = frozenset({"born_on", "launch_on"})
NUMBERS = frozenset(
    [
        "price",
        "total",
        "quantity",
        "units",
        "value",
        "dwell_seconds",
        "latitude",
        "longitude",
        "chance",
        "number",
        "rating",
    ]
)
Kind = Literal[
    "transactions",
    "customers",
    "consents",
    "suppressions",
    "events",
    "products",
    "prices",
    "stock",
    "stores",
    "orders",
    "shipments",
    "cases",
    "reviews",
    "signals",
]
MAJORITY = {
    "KR": 19,
    **dict.fromkeys(
        ["GB", "US", "DE", "FR", "IT", "ES", "NL", "BE", "IE", "AT", "PT", "SE", "FI", "DK", "PL", "JP"], 18
    ),
}
"""Years. Korea: Civil Act art. 4 (19); the others 18."""
OLDEST_MAJORITY = 19
EXTRA = {"customers": ("born_on",)}
"""Columns that only a map knows: they are read into others."""
Column = Annotated[str, Len(1, 200)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreed:
    """A column that records what a customer agreed to. An empty cell says nothing; a no counts however it is spelt.

    `given_at` names the column with the day of the agreement; a yes without a day is no proof, a no counts at once.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}
    column: Column
    purpose: Purpose
    channels: tuple[Channel, ...] = ()
    granted: tuple[str, ...] = ()
    withdrawn: tuple[str, ...] = ()
    given_at: Column | None = None
    basis: Basis = Basis.CONSENT

    def is_yes(self, cell: str) -> bool:
        return cell.casefold() in {word.strip().casefold() for word in self.granted}

    def is_no(self, cell: str) -> bool:
        named = {word.strip().casefold() for word in self.withdrawn}
        return not self.is_yes(cell) and cell.casefold() in named | REFUSALS

    def __post_init__(self) -> None:
        if bool(self.channels) != (self.purpose in PER_CHANNEL):
            raise ValueError(f"channels: {'needed' if self.purpose in PER_CHANNEL else 'not used'} for {self.purpose}")
        if not self.granted and not self.withdrawn:
            raise ValueError("granted or withdrawn: name the cells that say yes, or no")
        if set(self.granted) & set(self.withdrawn):
            raise ValueError("granted and withdrawn share a cell")
        if self.granted and self.given_at is None:
            raise ValueError("given_at: name the column that says when; a consent without a date is no proof")


@dataclass(frozen=True, slots=True, kw_only=True)
class FileMap:
    """`columns` leads from our names to the file's; `fixed` is the same in every row; `values` translates cells.

    `dates` is the order of day and month in dates of figures, `decimal` the decimal sign, `zone` that of times which
    name none, `country` (ISO 3166-1) that of telephone numbers which name none.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}
    what: Kind
    columns: Mapping[str, Column]
    fixed: Mapping[str, Column] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    consents: tuple[Agreed, ...] = ()
    encoding: str | None = None
    delimiter: Annotated[str, Len(1, 1)] | None = None
    zone: str | None = None
    country: Annotated[str, Len(2, 2)] | None = None
    dates: v.DateOrder = "ymd"
    decimal: v.DecimalSign = "."

    def __post_init__(self) -> None:
        if self.zone is not None:
            try:
                ZoneInfo(self.zone)
            except (KeyError, ValueError, OSError) as error:
                raise ValueError("zone: not an IANA zone such as Asia/Seoul") from error
        if self.encoding is not None:
            try:
                known = "".encode(self.encoding) is not None
            except LookupError:
                known = False
            if not known:
                raise ValueError("encoding: not one of text that Python knows, such as cp949 or windows-1252")
        twice = set(self.columns) & set(self.fixed)
        if twice:
            raise ValueError(f"{min(twice)}: stands in columns and in fixed")
        if self.consents and self.what != "customers":
            raise ValueError("consents: only in a map of customers; others have a file of their own")

    @property
    def layout(self) -> Layout:
        return Layout(encoding=self.encoding, delimiter=self.delimiter)

    def wanted(self) -> dict[str, str]:
        """Every column of the file that the map speaks of, with the place where it does."""
        found = {theirs: f"columns.{ours}" for ours, theirs in self.columns.items()}
        for number, agreed in enumerate(self.consents):
            found[agreed.column] = f"consents.{number}.column"
            if agreed.given_at:
                found[agreed.given_at] = f"consents.{number}.given_at"
        return found


def read_map(path: Path) -> FileMap:
    """Raises ImportFileError with file, line and field."""
    try:
        return strict_yaml.read(path, FileMap)
    except OSError as error:
        raise ImportFileError(
            (error.strerror or "cannot be read").lower(),
            place=str(path),
            next_step="Draft one with `tactful import --guess FILE`.",
        ) from error
    except strict_yaml.YamlFault as fault:
        what = f"{fault.field}: {fault.what}" if fault.field else fault.what
        raise ImportFileError(what, place=f"{path.name}:{fault.line}", next_step="Mend the map.") from fault


class Translator:
    """Records of somebody's file into records in our own columns, of which some are `needed`. `known` are all, or None.

    Pure: `today` is the day that ages are told by.
    """

    def __init__(self, said: FileMap, needed: tuple[str, ...], known: tuple[str, ...] | None, today: date) -> None:
        self._said = said
        self._needed = needed
        self._known = (*known, *EXTRA.get(said.what, ())) if known is not None else None
        self._zone = ZoneInfo(said.zone) if said.zone else None
        self._today = today

    def check(self, columns: tuple[str, ...] | None, name: str) -> None:
        """Raises ImportFileError for a map that misspells a column of ours or lacks one, or names one the file lacks.
        `columns` is None for a file that names them row by row."""
        for ours in (*self._said.columns, *self._said.fixed, *self._said.values):
            if self._known is not None and ours not in self._known:
                alike = get_close_matches(ours, self._known, 1)
                raise ImportFileError(
                    f"the map names {ours[:40]!r}, and {self._said.what} have no such column",
                    place=f"{name}:1",
                    next_step=f"Did you mean {alike[0]}?" if alike else f"Known: {', '.join(self._known)}.",
                )
        given = {*self._said.columns, *self._said.fixed} | ({"price"} if "total" in self._said.columns else set())
        missing = [ours for ours in self._needed if ours not in given]
        if missing:
            raise ImportFileError(
                f"the map does not say where {missing[0]!r} stands",
                place=f"{name}:1",
                next_step=f"Add it under `columns`, or under `fixed` if it is the same in every row. Needed:"
                f" {', '.join(self._needed)}.",
            )
        for theirs, place in self._said.wanted().items():
            if columns is not None and theirs not in columns:
                near = ", ".join(repr(column[:40]) for column in columns[:12])
                raise ImportFileError(
                    f"the map names {theirs[:40]!r} ({place}), and the file has no such column",
                    place=f"{name}:1",
                    next_step=f"The file has: {near}{' ...' if len(columns) > 12 else ''}. Mend the map.",
                )

    def record(self, record: Record) -> Record:
        """The row in our columns. Raises BadField."""
        said = self._said
        fields: dict[str, object] = dict(said.fixed)
        for ours, theirs in said.columns.items():
            value = record.fields.get(theirs)
            if ours in said.values:
                value = said.values[ours].get(_cell(record, theirs), value)
            fields[ours] = self._value(ours, value)
        country = text(fields, "country") or said.country
        if phone := text(fields, "phone"):
            fields["phone"] = v.phone("phone", phone, country)
        if born := text(fields, "born_on"):
            fields["age"] = self._age(date.fromisoformat(born), country)
        return Record(record.line, fields, record.raw)

    def refusals(self, record: Record) -> list[dict[str, object]]:
        """What the row takes back, as fields of a file of consents."""
        return [
            self._statement(record, agreed, channel, "withdrawn", "")
            for agreed in self._said.consents
            if agreed.is_no(_cell(record, agreed.column)) and self._customer(record)
            for channel in agreed.channels or ("",)
        ]

    def grants(self, record: Record) -> Iterator[dict[str, object]]:
        """What the row agrees to. Raises BadField for a yes without a day, and for a cell that says neither."""
        for agreed in self._said.consents:
            cell = _cell(record, agreed.column)
            if not cell or agreed.is_no(cell):
                continue
            if not agreed.is_yes(cell):
                raise BadField(f"{agreed.column[:40]}: a cell that the map names neither under granted nor withdrawn")
            when = self._value("given_at", record.fields.get(agreed.given_at or ""))
            if not when:
                raise BadField(f"{agreed.column[:40]}: agreed, but nobody knows when")
            for channel in agreed.channels or ("",):
                yield self._statement(record, agreed, channel, "granted", when)

    def _customer(self, record: Record) -> object:
        return self._said.fixed.get("customer") or record.fields.get(self._said.columns.get("customer", ""))

    def _statement(self, record: Record, agreed: Agreed, channel: str, status: str, when: object) -> dict[str, object]:
        return {
            "customer": self._customer(record),
            "purpose": agreed.purpose.value,
            "channel": str(channel),
            "status": status,
            "given_at": when,
            "basis": agreed.basis.value,
            "method": "import",
            "evidence": f"column {agreed.column}"[:200],
        }

    def _age(self, born: date, country: str | None) -> str:
        """What a stated day of birth says: an adult, or not yet one. Raises BadField for one to come."""
        if born > self._today:
            raise BadField("born_on: lies ahead")
        years = self._today.year - born.year - ((self._today.month, self._today.day) < (born.month, born.day))
        grown = years >= MAJORITY.get(country or "", OLDEST_MAJORITY)
        return (AgeAssurance.ATTESTED if grown else AgeAssurance.MINOR).value

    def _value(self, ours: str, value: object) -> object:
        if value is None or isinstance(value, dict | list):
            return value
        found = str(value).strip()
        if not found or ours not in MOMENTS | DAYS | NUMBERS:
            return found
        if ours in MOMENTS:
            return v.moment(ours, found, self._zone, self._said.dates)
        if ours in DAYS:
            return v.day(ours, found, self._said.dates)
        return v.amount(ours, found, self._said.decimal)


def _cell(record: Record, column: str) -> str:
    """A cell as one would write it in a map: true and false as words."""
    value = record.fields.get(column)
    return "" if value is None or isinstance(value, dict | list) else str(value).strip()
