"""Transactions: one line of an invoice per row."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo

from agent.domain.imports import Line, RowOutcome
from agent.domain.money import Money
from agent.importing import fields as f
from agent.importing.files import Record

COLUMNS = ("order", "customer", "occurred_at", "product", "name", "quantity", "price", "currency")
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

Read = Callable[[str, Record], Line]

_CURRENCY = re.compile(r"[A-Z]{3}")
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


def bounded(price: Money, quantity: int) -> Money:
    """The price, if the line is worth less than a billion: else sums would overflow. Raises BadField."""
    if abs(price.amount * quantity) >= 10**9:
        raise f.BadField("price x quantity: a billion or more")
    return price


def outcome_of(customer: str | None, quantity: int) -> RowOutcome:
    if customer is None:
        return RowOutcome.WITHOUT_CUSTOMER
    return RowOutcome.RETURN if quantity < 0 else RowOutcome.TAKEN


def line(key: str, record: Record) -> Line:
    """A row in our own columns; `received_at` and `country` may follow. Raises BadField."""
    fields = record.fields
    who = f.customer(fields) if f.text(fields, "customer") else None
    occurred = f.moment(fields, "occurred_at")
    quantity = f.whole(fields, "quantity")
    amount, currency = f.amount(fields, "price"), f.required(fields, "currency", most=40)
    if not _CURRENCY.fullmatch(currency):
        raise f.BadField("currency: not an ISO 4217 code such as GBP")
    price = bounded(Money(amount, currency), quantity)
    return Line(
        key=key,
        order=f.required(fields, "order", most=64),
        external_id=who,
        country=country(fields),
        occurred_at=occurred,
        received_at=f.maybe_moment(fields, "received_at") or occurred,
        product_id=f.required(fields, "product", most=120),
        product_name=f.text(fields, "name"),
        quantity=quantity,
        price=price,
        outcome=outcome_of(who, quantity),
    )


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


def country(fields: dict[str, object]) -> str | None:
    """ISO 3166-1 alpha-2, or nothing. Raises BadField."""
    found = f.text(fields, "country", most=60)
    if not found:
        return None
    if len(found) == 2 and found.isascii() and found.isalpha():
        return found.upper()
    raise f.BadField("country: not a two-letter ISO code")
