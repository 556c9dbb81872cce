"""Transactions: one line of an invoice per row."""

from __future__ import annotations

import re

from agent.domain.imports import Line, RowOutcome
from agent.domain.money import Money
from agent.importing import fields as f
from agent.importing.records import Record

COLUMNS = ("order", "customer", "occurred_at", "product", "quantity", "price", "currency")
MORE = "name total country received_at"
_CURRENCY = re.compile(r"[A-Z]{3}")


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
    """A row in our own columns; `name`, `total`, `received_at` and `country` may follow. Raises BadField."""
    fields = record.fields
    who = f.customer(fields) if f.text(fields, "customer") else None
    occurred = f.moment(fields, "occurred_at")
    quantity = f.whole(fields, "quantity")
    currency = f.required(fields, "currency", most=40)
    if not _CURRENCY.fullmatch(currency):
        raise f.BadField("currency: not an ISO 4217 code such as GBP")
    price, total = _worth(fields, currency, quantity)
    return Line(
        key=key,
        order=f.required(fields, "order", most=64),
        external_id=who,
        country=country(fields),
        occurred_at=occurred,
        received_at=f.maybe_moment(fields, "received_at") or occurred,
        product_id=f.required(fields, "product", most=120),
        product_name=f.name(fields, "name") if f.text(fields, "name") else "",
        quantity=quantity,
        price=price,
        total=total,
        outcome=outcome_of(who, quantity),
    )


def _worth(fields: dict[str, object], currency: str, quantity: int) -> tuple[Money, Money | None]:
    """(price of one piece, what the line came to where the file says only that)."""
    if f.text(fields, "price") or not f.text(fields, "total"):
        return bounded(Money(f.amount(fields, "price"), currency), quantity), None
    total = Money(f.amount(fields, "total"), currency)
    if quantity == 0 or (total.micros < 0) != (quantity < 0 and total.micros != 0):
        raise f.BadField("total: its sign is not that of the quantity")
    return bounded(Money.from_micros(total.micros // quantity, currency), quantity), total


def country(fields: dict[str, object]) -> str | None:
    """ISO 3166-1 alpha-2, or nothing. Raises BadField."""
    found = f.text(fields, "country", most=60)
    if not found:
        return None
    if len(found) == 2 and found.isascii() and found.isalpha():
        return found.upper()
    raise f.BadField("country: not a two-letter ISO code")
