"""Events: what customers did. Our own columns, or Segment's messages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson

from agent.domain.customer import CASE_EVENTS
from agent.domain.imports import BannerRow, EventRow, Line
from agent.domain.money import Money
from agent.importing import fields as f
from agent.importing.records import Record
from agent.importing.transactions import bounded, outcome_of

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
        "order_asked",
        "human_asked",
        "located",
        "demo_held",
        "reorder_requested",
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
    """Columns: customer, kind, occurred_at, received_at, entity, dwell_seconds, value, currency. Raises BadField.

    For `case_opened` the column `properties` may hold {"kind": "refund"}; a case needs its number as `entity`.
    """
    fields = record.fields
    kind = f.required(fields, "kind", most=40)
    if kind not in KINDS:
        raise f.BadField(f"kind: not one of {', '.join(sorted(KINDS))}")
    if kind in CASE_EVENTS:
        f.required(fields, "entity", most=120)
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
            properties=read_properties(kind, others),
        )
    ]


def segment(key: str, record: Record) -> list[EventRow | Line | BannerRow]:
    """A Segment message (`type`, `userId`, `timestamp`, `event`, `properties`). Raises BadField.

    `originalTimestamp` and `timestamp` say when it happened, `receivedAt` when it was known. An order's products become
    invoice lines as well, and a consent object in the context becomes entries of the ledger, also where the rest of the
    message cannot be used.
    """
    fields = record.fields
    kind = f.required(fields, "type", most=20)
    who = f.customer(fields, "userId") if f.text(fields, "userId") else ""
    if not who:
        raise f.BadField("userId: empty, anonymous messages are not kept yet")
    occurred = f.maybe_moment(fields, "timestamp") or f.moment(fields, "originalTimestamp")
    banner = read_banner(key, who, occurred, fields.get("context"))
    kept = [banner] if banner else []
    if kind == "identify" and banner:
        return [banner]
    try:
        return [*_message(key, kind, who, occurred, fields), *kept]
    except f.BadField as bad:
        raise bad.saving(*kept) from None


def _message(
    key: str, kind: str, who: str, occurred: datetime, fields: dict[str, object]
) -> list[EventRow | Line | BannerRow]:
    if kind not in ("track", "page", "screen"):
        raise f.BadField("type: only track, page and screen messages are imported")
    received = f.maybe_moment(fields, "receivedAt") or occurred
    said: Mapping[str, Any] = fields["properties"] if isinstance(fields.get("properties"), dict) else {}  # type: ignore[assignment]
    name = _kind(f.text(fields, "event")) if kind == "track" else "page_viewed"
    entity = _entity(name, said)
    row = EventRow(
        key=key,
        external_id=who,
        kind=name,
        occurred_at=occurred,
        received_at=received,
        entity=entity,
        properties=read_properties(name, _worth(name, said)),
    )
    lines = _lines(key, who, entity, said, occurred, received) if name == "purchased" else []
    return [row, *lines]


def _kind(event: str) -> str:
    """Segment's name of an event, or ours, as one of our kinds."""
    return event if event in KINDS else _TRACKED.get(event, "page_viewed")


def read_banner(key: str, who: str, at: datetime, context: object) -> BannerRow | None:
    """The consent object of a message's context, as Segment or RudderStack write it; None where there is none.

    Only plain yes and no count; a missing object or category means no change.
    """
    if not isinstance(context, dict):
        return None
    choices, method = _choices(context)
    gpc = context.get("globalPrivacyControl", context.get("gpc")) in (True, 1, "1")
    if not choices and not gpc:
        return None
    return BannerRow(key=f"{key}.c", external_id=who, at=at, method=method, choices=choices, gpc=gpc)


def _choices(context: Mapping[str, Any]) -> tuple[dict[str, bool], str]:
    segment, rudder = context.get("consent"), context.get("consentManagement")
    found: dict[str, bool] = {}
    if isinstance(segment, dict) and isinstance(segment.get("categoryPreferences"), dict):
        said = segment["categoryPreferences"]
        found |= {name[:80]: value for name, value in said.items() if isinstance(name, str) and isinstance(value, bool)}
    if isinstance(rudder, dict):
        for field, allowed in (("allowedConsentIds", True), ("deniedConsentIds", False)):
            ids = rudder.get(field)
            for name in ids[:200] if isinstance(ids, list) else ():
                if isinstance(name, str):
                    found[name[:80]] = allowed
    return found, "rudderstack" if isinstance(rudder, dict) else "segment"


def read_properties(kind: str, values: Mapping[str, object]) -> dict[str, str | int | float]:
    """Only what a signal reads, in bounds; everything else is dropped at the door: it could be anybody's data."""
    kept: dict[str, str | int | float] = {}
    for name in NUMBERS.get(kind, ()):
        number = _number(values.get(name))
        if number is not None:
            kept[name] = number
    currency = values.get("currency")
    if kind in NUMBERS and isinstance(currency, str) and _CURRENCY.fullmatch(currency):
        kept["currency"] = currency
    if kind == "case_opened":
        said = values.get("kind")
        kept["kind"] = said if isinstance(said, str) and said in CASES else "other" if said else "complaint"
    return kept


NUMBERS: Mapping[str, tuple[str, ...]] = {
    "product_viewed": ("dwell_seconds",),
    "cart_updated": ("value",),
    "purchased": ("value",),
}
CASES = frozenset({"complaint", "refund", "outage", "fraud", "bereavement", "debt", "vulnerability"})
_CURRENCY = re.compile(r"[A-Z]{3}")


def _number(value: object) -> float | int | None:
    """A number of zero or more, also as CSV writes it."""
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,10}(\.[0-9]{1,6})?", value.strip()):
        return float(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if 0 <= value < 1e10 else None


def _worth(kind: str, said: Mapping[str, Any]) -> Mapping[str, Any]:
    """Segment's carts name products and prices, not always a value: their sum."""
    if kind != "cart_updated" or "value" in said:
        return said
    products = said["products"] if isinstance(said.get("products"), list) else [said]
    total = 0.0
    for product in products[:500]:
        price = _number(product.get("price")) if isinstance(product, dict) else None
        quantity = _number(product.get("quantity", 1)) if isinstance(product, dict) else None
        total += (price or 0) * (quantity or 1)
    return {**said, "value": round(total, 6)}


def _entity(kind: str, said: Mapping[str, Any]) -> str:
    name = {"purchased": "order_id", "cart_updated": "cart_id", "order_asked": "order_id"}.get(kind, "product_id")
    if kind in CASE_EVENTS:
        f.required(said, "case_id", most=120)  # type: ignore[arg-type]
        name = "case_id"
    for key in (name, "entity", "product_id"):
        if isinstance(said.get(key), str | int) and not isinstance(said.get(key), bool):
            return f.text({key: said[key]}, key, most=120)
    return ""


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
            price = bounded(Money(f.amount(product, "price"), currency.upper()), quantity)
        except f.BadField:
            raise
        except ValueError as error:
            raise f.BadField("products: a price or currency that is none") from error
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
