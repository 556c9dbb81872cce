"""Events: what customers did. Our own columns, or Segment's messages."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson

from agent.domain.imports import EventRow, Line
from agent.domain.money import Money
from agent.importing import fields as f
from agent.importing.files import Record
from agent.importing.transactions import outcome_of

COLUMNS = ("customer", "kind", "occurred_at")
KINDS = frozenset(
    [
        "page_viewed",
        "product_viewed",
        "cart_updated",
        "cart_cleared",
        "purchased",
        "chat_accepted",
        "chat_declined",
        "demo_booked",
        "searched",
        "case_opened",
        "case_closed",
    ]
)
_OWN = frozenset({"customer", "kind", "occurred_at", "received_at", "entity"})
_TRACKED = {
    "Product Viewed": "product_viewed",
    "Product Added": "cart_updated",
    "Cart Viewed": "cart_updated",
    "Checkout Started": "cart_updated",
    "Products Searched": "searched",
    "Order Completed": "purchased",
}
"""Segment's e-commerce events (its spec, version 2) and what they are here; others are page views."""


def event(key: str, record: Record) -> list[EventRow | Line]:
    """Columns: customer, kind, occurred_at, received_at, entity; all others become properties. Raises BadField."""
    fields = record.fields
    kind = f.required(fields, "kind", most=40)
    if kind not in KINDS:
        raise f.BadField(f"kind: not one of {', '.join(sorted(KINDS))}")
    occurred = f.moment(fields, "occurred_at")
    nested = fields.get("properties")
    others: dict[str, object] = {
        name: value for name, value in fields.items() if name not in _OWN and name != "properties"
    }
    if isinstance(nested, str) and nested.strip():
        try:
            nested = orjson.loads(nested)
        except orjson.JSONDecodeError as error:
            raise f.BadField("properties: not a JSON object") from error
    if isinstance(nested, dict):
        others |= nested
    return [
        EventRow(
            key=key,
            external_id=f.customer(fields),
            kind=kind,
            occurred_at=occurred,
            received_at=f.maybe_moment(fields, "received_at") or occurred,
            entity=f.text(fields, "entity", most=120),
            properties=plain(others),
        )
    ]


def segment(key: str, record: Record) -> list[EventRow | Line]:
    """A Segment message (`type`, `userId`, `timestamp`, `event`, `properties`). Raises BadField.

    `originalTimestamp` and `timestamp` say when it happened, `receivedAt` when it was known. An order's products become
    invoice lines as well.
    """
    fields = record.fields
    kind = f.required(fields, "type", most=20)
    who = f.customer(fields, "userId") if f.text(fields, "userId") else ""
    if not who:
        raise f.BadField("userId: empty, anonymous messages are not kept yet")
    if kind not in ("track", "page", "screen"):
        raise f.BadField(f"type: {kind[:20]} messages are not imported, only track, page and screen")
    occurred = f.maybe_moment(fields, "timestamp") or f.moment(fields, "originalTimestamp")
    received = f.maybe_moment(fields, "receivedAt") or occurred
    said: Mapping[str, Any] = fields["properties"] if isinstance(fields.get("properties"), dict) else {}  # type: ignore[assignment]
    name = _TRACKED.get(f.text(fields, "event"), "page_viewed") if kind == "track" else "page_viewed"
    entity = _entity(name, said)
    row = EventRow(
        key=key,
        external_id=who,
        kind=name,
        occurred_at=occurred,
        received_at=received,
        entity=entity,
        properties=plain(said),
    )
    return [row, *_lines(key, who, entity, said, occurred, received)] if name == "purchased" else [row]


def plain(values: Mapping[str, object]) -> dict[str, str | int | float]:
    """Flat values of bounded size; everything else is dropped, since no signal reads it."""
    kept: dict[str, str | int | float] = {}
    for name, value in list(values.items())[:40]:
        if isinstance(value, bool) or not isinstance(value, str | int | float) or value == "":
            continue
        if isinstance(value, str):
            number = _number(value)
            kept[name[:60]] = number if number is not None else value[:LONGEST]
        elif value == value and abs(value) < 1e15:
            kept[name[:60]] = value
    return kept


LONGEST = 200


def _number(text: str) -> float | int | None:
    """CSV knows only text: numbers of plain form become numbers."""
    body = text.strip()
    if (
        not body.replace(".", "", 1).isdigit()
        or not body.isascii()
        or len(body) > 15
        or (body[0] == "0" and body.isdigit() and len(body) > 1)
    ):
        return None
    return float(body) if "." in body else int(body)


def _entity(kind: str, said: Mapping[str, Any]) -> str:
    name = {"purchased": "order_id", "cart_updated": "cart_id"}.get(kind, "product_id")
    value = said.get(name) or said.get("product_id") or ""
    return str(value)[:120] if isinstance(value, str | int) else ""


def _lines(
    key: str, who: str, order: str, said: Mapping[str, Any], occurred: datetime, received: datetime
) -> list[EventRow | Line]:
    products = said.get("products")
    currency = said.get("currency")
    if not isinstance(products, list) or not isinstance(currency, str):
        return []
    found: list[EventRow | Line] = []
    for number, product in enumerate(p for p in products[:500] if isinstance(p, dict)):
        quantity = f.whole(product, "quantity") if f.text(product, "quantity") else 1
        try:
            price = Money(f.amount(product, "price"), currency.upper())
        except ValueError as error:
            raise f.BadField(f"products.{number}: {error}") from error
        found.append(
            Line(
                key=f"{key}.{number}",
                order=order[:64] or key,
                external_id=who,
                country=None,
                occurred_at=occurred,
                received_at=received,
                product_id=f.required(product, "product_id", most=120),
                product_name=f.text(product, "name"),
                quantity=quantity,
                price=price,
                outcome=outcome_of(who, quantity),
            )
        )
    return found
