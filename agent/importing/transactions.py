"""Transactions: one line of an invoice per row."""

from __future__ import annotations

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
    try:
        price = Money(f.amount(fields, "price"), f.required(fields, "currency", most=3))
    except ValueError as error:
        raise f.BadField(str(error)) from error
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
        occurred = datetime.fromisoformat(fields["InvoiceDate"]).replace(tzinfo=_LONDON).astimezone(UTC)
    except ValueError as error:
        raise f.BadField("InvoiceDate: not a date and time") from error
    try:
        quantity = int(fields["Quantity"])
        price = Decimal(fields["UnitPrice"])
    except (ValueError, InvalidOperation) as error:
        raise f.BadField("Quantity or UnitPrice: not a number") from error
    if not price.is_finite() or abs(price) > 10**9 or abs(quantity) > 2**31 - 1:
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
    who = fields["CustomerID"].removesuffix(".0")[:120] or None
    return Line(
        key=key,
        order=fields["InvoiceNo"],
        external_id=who,
        country=_COUNTRIES.get(fields["Country"].lower()),
        occurred_at=occurred,
        received_at=occurred,
        product_id=fields["StockCode"],
        product_name=fields["Description"].strip()[:400],
        quantity=quantity,
        price=Money(price, "GBP"),
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
