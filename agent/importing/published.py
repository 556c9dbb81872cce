"""Published data sets, each read as its authors wrote it: Online Retail, CDNOW, OTTO sessions, tau2-bench's shop."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from agent.domain.customer import Channel
from agent.domain.errors import ImportFileError
from agent.domain.imports import CustomerRow, EventRow, FactRow, Line, Row, RowOutcome
from agent.domain.instants import ALWAYS
from agent.domain.money import Money
from agent.importing import fields as f
from agent.importing.files import TextSource
from agent.importing.records import Record, Source
from agent.importing.transactions import bounded, outcome_of

ONLINE_RETAIL = (
    "InvoiceNo",
    "StockCode",
    "Description",
    "Quantity",
    "InvoiceDate",
    "UnitPrice",
    "CustomerID",
    "Country",
)

_NO_PRODUCT = re.compile(r"[A-Za-z ]+|C2")
"""Stock codes of postage, charges and corrections."""
_LONDON = ZoneInfo("Europe/London")
_COUNTRIES = {
    "united kingdom": "GB",
    "germany": "DE",
    "france": "FR",
    "eire": "IE",
    "spain": "ES",
    "netherlands": "NL",
    "belgium": "BE",
    "switzerland": "CH",
    "portugal": "PT",
    "australia": "AU",
    "norway": "NO",
    "italy": "IT",
    "finland": "FI",
    "cyprus": "CY",
    "sweden": "SE",
    "austria": "AT",
    "denmark": "DK",
    "japan": "JP",
    "poland": "PL",
    "israel": "IL",
    "usa": "US",
    "hong kong": "HK",
    "singapore": "SG",
    "iceland": "IS",
    "canada": "CA",
    "greece": "GR",
    "malta": "MT",
    "united arab emirates": "AE",
    "rsa": "ZA",
    "lebanon": "LB",
    "lithuania": "LT",
    "brazil": "BR",
    "czech republic": "CZ",
    "bahrain": "BH",
    "saudi arabia": "SA",
    "channel islands": "JE",
}
"""Country names of the set; `Unspecified` and `European Community` stay unknown."""


def online_retail(key: str, record: Record) -> Line:
    """A row of the UCI Online Retail set: pounds, London time, returns as negative quantities. Raises BadField."""
    fields: dict[str, str] = record.fields  # type: ignore[assignment]
    try:
        local = datetime.fromisoformat(fields["InvoiceDate"])
    except ValueError as error:
        raise f.BadField("InvoiceDate: not a date and time") from error
    try:
        quantity = int(fields["Quantity"])
        price = Decimal(fields["UnitPrice"])
    except (ValueError, InvalidOperation) as error:
        raise f.BadField("Quantity or UnitPrice: not a number") from error
    occurred = (local if local.tzinfo else local.replace(tzinfo=_LONDON)).astimezone(UTC)
    if not price.is_finite() or price.adjusted() > 9 or abs(quantity) > 2**31 - 1:
        raise f.BadField("Quantity or UnitPrice: out of range")
    if (
        not fields["InvoiceNo"]
        or not fields["StockCode"]
        or len(fields["InvoiceNo"]) > 64
        or len(fields["StockCode"]) > 120
    ):
        raise f.BadField("InvoiceNo or StockCode: empty or too long")
    if f.hidden(fields["Description"]) or f.hidden(fields["StockCode"]) or f.hidden(fields["CustomerID"]):
        raise f.BadField("Description, StockCode or CustomerID: holds a control or hidden character")
    code = fields["StockCode"]
    who = fields["CustomerID"].removesuffix(".0")[:120] or None
    return Line(
        key=key,
        order=fields["InvoiceNo"],
        external_id=who,
        country=_COUNTRIES.get(fields["Country"].lower()),
        occurred_at=occurred,
        received_at=occurred,
        product_id=fields["StockCode"],
        product_name="" if _NO_PRODUCT.fullmatch(code) else fields["Description"].strip()[:400],
        quantity=quantity,
        price=bounded(Money(price, "GBP"), quantity),
        outcome=outcome_of(who, quantity),
    )


CDNOW = ("customer_id", "date", "number_of_cds", "dollar_value")
_NEW_YORK = ZoneInfo("America/New_York")


def cdnow_records(source: Source) -> Iterator[Record]:
    """Columns with spaces between them; the 1/10 sample counts its customers anew in a second column."""
    if not isinstance(source, TextSource):
        raise _other(source, "the text file CDNOW_master.txt or CDNOW_sample.txt")
    for text in source.lines():
        parts = text.split()
        if not parts or parts[0] == CDNOW[0]:
            continue
        kept = [parts[0], *parts[-3:]]
        fault = "" if len(parts) in (4, 5) else f"{len(parts)} fields instead of 4 or 5"
        yield Record(source.line, {} if fault else dict(zip(CDNOW, kept, strict=True)), "\x1f".join(parts), fault)


def cdnow(key: str, record: Record) -> Line:
    """One purchase (Fader and Hardie 2001): a day without a clock, how many CDs, and what they came to in dollars.

    All purchases of a customer on one day are one order. Raises BadField.
    """
    fields = record.fields
    who, on = f.customer(fields, "customer_id"), f.required(fields, "date", most=8)
    try:
        day = datetime.strptime(on, "%Y%m%d").date()  # noqa: DTZ007 - a day
    except ValueError as error:
        raise f.BadField("date: not a day such as 19970101") from error
    occurred = datetime.combine(day, time(12), _NEW_YORK).astimezone(UTC)
    number, total = f.whole(fields, "number_of_cds"), Money(f.amount(fields, "dollar_value"), "USD")
    if number <= 0:
        raise f.BadField("number_of_cds: not above zero")
    return Line(
        key=key,
        order=f"{who}-{on}",
        external_id=who,
        country="US",
        occurred_at=occurred,
        received_at=occurred,
        product_id="cd",
        product_name="CD",
        quantity=number,
        price=bounded(Money.from_micros(total.micros // number, "USD"), number),
        total=total,
        outcome=RowOutcome.TAKEN,
    )


_OTTO = {"clicks": "product_viewed", "carts": "cart_updated", "orders": "purchased"}


def otto(key: str, record: Record) -> list[Row]:
    """A session of the OTTO challenge (2022): `session` and `events` of `aid`, `ts` (milliseconds) and `type`.

    The session stands for the customer; what is ordered at one instant is one purchase. Prices are unknown.
    Raises BadField.
    """
    who = f.customer(record.fields, "session")
    events = record.fields.get("events")
    if not isinstance(events, list) or not events:
        raise f.BadField("events: not a list with something in it")
    found: dict[tuple[str, str, int], EventRow] = {}
    for number, said in enumerate(events):
        kind, aid, at = _otto_event(said)
        entity = {"cart_updated": f"cart-{who}", "purchased": f"order-{who}-{at}"}.get(kind, aid)
        occurred = datetime.fromtimestamp(at / 1000, UTC)
        row = EventRow(
            key=f"{key}.{number}",
            external_id=who,
            kind=kind,
            occurred_at=occurred,
            received_at=occurred,
            entity=entity,
            properties={},
        )
        found.setdefault((kind, entity, at), row)
    return list(found.values())


def _otto_event(said: object) -> tuple[str, str, int]:
    """(kind, product, milliseconds). Raises BadField."""
    event: Mapping[str, Any] = said if isinstance(said, dict) else {}
    kind, aid, at = _OTTO.get(str(event.get("type"))), event.get("aid"), event.get("ts")
    if kind is None or not isinstance(aid, int) or not isinstance(at, int) or not 0 < at < 4_102_444_800_000:
        raise f.BadField("events: one without a known type, an aid or a ts in milliseconds")
    return kind, str(aid), at


TAU2_UNKNOWN = ("dates", "zones", "ages", "consents", "stock")
_TAU2_STATES = {"pending": "preparing", "processed": "preparing", "delivered": "delivered"}


def tau2_records(source: Source) -> Iterator[Record]:
    """One document with `products`, `users` and `orders`: products first, so that orders find them. `line` counts."""
    if not isinstance(source, TextSource) or not isinstance(db := source.document(), dict):
        raise _other(source, "the db.json of tau2-bench's retail domain")
    line = 0
    for kind in ("products", "users", "orders"):
        part = db.get(kind)
        if not isinstance(part, dict):
            raise _other(source, "the db.json of tau2-bench's retail domain")
        for name, said in part.items():
            line += 1
            fields = {"kind": kind, "said": said}
            yield Record(
                line, fields, f"{kind}\x1f{name}\x1f{said!r}", "" if isinstance(said, dict) else "not an object"
            )


def tau2_retail(key: str, record: Record) -> Sequence[Row]:
    """A product with its variants, a user, or an order (Yao et al. 2024). It tells no dates: see TAU2_UNKNOWN.

    Raises BadField.
    """
    said: Any = record.fields["said"]
    return {"products": _tau2_product, "users": _tau2_user, "orders": _tau2_order}[str(record.fields["kind"])](
        key, said
    )


def _tau2_product(key: str, said: dict[str, Any]) -> list[Row]:
    name, variants = f.name(said, "name", most=120), said.get("variants")
    if not isinstance(variants, dict):
        raise f.BadField("variants: not an object")
    found: list[Row] = []
    for item, variant in variants.items():
        options = variant.get("options") if isinstance(variant, dict) else None
        if not isinstance(options, dict):
            raise f.BadField("variants: one without options")
        which = ", ".join(str(value) for value in options.values())
        what = {"product": str(item)[:120], "name": f"{name} ({which})"[:200] if which else name}
        price = bounded(Money(f.amount(variant, "price"), "USD"), 1).micros
        found.append(_fact(f"{key}.{item}", "products", what | {"experience": "", "launch_on": ""}))
        priced = {"product": what["product"], "price_micros": price, "currency": "USD"}
        found.append(_fact(f"{key}.{item}.price", "prices", priced))
        if variant.get("available") is False:
            stock = {"product": what["product"], "place": "", "units": 0}
            found.append(_fact(f"{key}.{item}.stock", "stock", stock))
    return found


def _tau2_user(key: str, said: dict[str, Any]) -> list[Row]:
    name, address = said.get("name"), said.get("address")
    if not isinstance(name, dict) or not isinstance(address, dict):
        raise f.BadField("name or address: not an object")
    american = address.get("country") == "USA"
    state = f.text(address, "state", most=3).upper()
    return [
        CustomerRow(
            key=key,
            external_id=f.customer(said, "user_id"),
            first_name=f.person(name),
            addresses={Channel.EMAIL: f.email(said)} if f.text(said, "email") else {},
            country="US" if american else None,
            region=f"US-{state}" if american and re.fullmatch(r"[A-Z]{2}", state) else None,
        )
    ]


def _tau2_order(key: str, said: dict[str, Any]) -> list[Row]:
    """The order and its parcels. A cancelled one is no order any more, what goes back was delivered."""
    who, number = f.customer(said, "user_id"), f.required(said, "order_id", most=60)
    status = f.required(said, "status", most=60)
    values = {"order_id": number, "placed_at": ALWAYS, "deliver_by": None}
    found: list[Row] = [_fact(key, "orders", values, who)]
    state = "delivered" if status.startswith(("return", "exchange")) else _TAU2_STATES.get(status.split(" ")[0])
    if state is None:
        if status != "cancelled":
            raise f.BadField("status: not one that this set is known to have")
        return [_fact(key, "orders", values, who)]
    parcels = said.get("fulfillments")
    for parcel in parcels if isinstance(parcels, list) else ():
        tracked = parcel.get("tracking_id") if isinstance(parcel, dict) else None
        for tracking in tracked if isinstance(tracked, list) else ():
            what = {"shipment": str(tracking)[:120], "order_id": number, "state": state, "deliver_by": None}
            found.append(_fact(f"{key}.{tracking}", "shipments", what))
    return found


def _fact(key: str, table: Any, values: dict[str, Any], who: str | None = None) -> FactRow:
    return FactRow(key=key, table=table, at=ALWAYS, values=values, external_id=who)


def _other(source: Source, wanted: str) -> ImportFileError:
    return ImportFileError(
        f"this preset reads {wanted}", place=source.path.name, next_step="Name that file, or leave --preset out."
    )
