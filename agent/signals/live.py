"""Live context: what the running session shows. One pass over the recent events."""

from __future__ import annotations

from datetime import datetime, timedelta

from agent.domain.customer import Event, Snapshot, price_of
from agent.domain.signals import LiveContext

SESSION_GAP = timedelta(minutes=30)
"""A session ends after half an hour of silence, as in web analytics."""
CART_LIFE = timedelta(days=14)
CONVERTED = timedelta(hours=24)
"""For a day after a purchase the earlier interest counts as served."""

_CHAT = {"chat_accepted": True, "chat_declined": False}


def read(snapshot: Snapshot, now: datetime, currency: str) -> LiveContext:
    """The live context at `now`. Events may stand in any order."""
    events = sorted((e for e in snapshot.events if e.at <= now), key=lambda e: (e.at, e.kind, e.entity))
    bought_at = _last_purchase(events, snapshot)
    session = _session(events, now)
    product, dwell, views = _most_looked_at(session, bought_at)
    cart = _open_cart(events, bought_at, now)
    answer = next((_CHAT[e.kind] for e in reversed(session) if e.kind in _CHAT), None)
    cart_worth = cart.number("value") if cart and cart.properties.get("currency", currency) == currency else 0.0
    return LiveContext(
        in_session=bool(session),
        product=product,
        dwell_seconds=dwell,
        views=views,
        cart=cart.entity if cart else "",
        cart_value=price_of(cart_worth, currency) if cart_worth else None,
        cart_age_minutes=(now - cart.at).total_seconds() / 60 if cart else 0.0,
        chat_accepted=answer is True,
        chat_declined=answer is False,
        purchased=bought_at is not None and now - bought_at <= CONVERTED,
    )


def _last_purchase(events: list[Event], snapshot: Snapshot) -> datetime | None:
    """By event or by invoice, whichever is newer."""
    times = [e.at for e in events if e.kind == "purchased"]
    if snapshot.history is not None:
        times.append(snapshot.history.last_at)
    return max(times, default=None)


def _session(events: list[Event], now: datetime) -> list[Event]:
    """The events of the session that is still open at `now`, oldest first; none if it has ended."""
    session: list[Event] = []
    border = now
    for event in reversed(events):
        if border - event.at > SESSION_GAP:
            break
        session.append(event)
        border = event.at
    return session[::-1]


def _most_looked_at(session: list[Event], bought_at: datetime | None) -> tuple[str, float, int]:
    dwell: dict[str, float] = {}
    views: dict[str, int] = {}
    for event in session:
        if event.kind == "product_viewed" and (bought_at is None or event.at > bought_at):
            dwell[event.entity] = dwell.get(event.entity, 0.0) + event.number("dwell_seconds")
            views[event.entity] = views.get(event.entity, 0) + 1
    if not views:
        return "", 0.0, 0
    best = max(views, key=lambda product: (dwell[product], views[product], product))
    return best, dwell[best], views[best]


def _open_cart(events: list[Event], bought_at: datetime | None, now: datetime) -> Event | None:
    """The newest cart event, unless it emptied the cart, was bought, or is older than `CART_LIFE`."""
    cart = next((e for e in reversed(events) if e.kind in ("cart_updated", "cart_cleared")), None)
    if cart is None or cart.kind == "cart_cleared" or (bought_at is not None and bought_at >= cart.at):
        return None
    return cart if now - cart.at <= CART_LIFE else None
