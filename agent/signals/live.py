"""Live context: what the running session shows. Each event moves it on by itself; nothing is read twice."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from agent.domain.customer import Event, Product, Snapshot, price_of
from agent.domain.signals import LiveContext

SESSION_GAP = timedelta(minutes=30)
"""A session ends after half an hour of silence, as in web analytics."""
CART_LIFE = timedelta(days=14)
CONVERTED = timedelta(hours=24)
"""For a day after a purchase the earlier interest counts as served."""
PRICE_NEWS = timedelta(days=7)
"""A price that has held longer than this is no news."""
LEAVING = re.compile(
    r"cancel|unsubscrib|close-?account|delete-?account|terminat|switch-?from|competitor|해지|탈퇴|구독.?취소",
    re.IGNORECASE,
)
"""Names of pages that whoever means to leave looks at."""

_CHAT = {"chat_accepted": True, "chat_declined": False}


class Session:
    """What a customer's events amount to so far. `take` wants them oldest first, and costs the same for each."""

    __slots__ = ("answer", "at", "bought_at", "cart", "dwell", "earlier", "leaving", "looked_at", "searched", "views")

    def __init__(self) -> None:
        self.at: datetime | None = None
        self.bought_at: datetime | None = None
        self.cart: Event | None = None
        self.looked_at: dict[str, datetime] = {}
        self.earlier: set[str] = set()
        self._begin()

    def _begin(self) -> None:
        self.dwell: dict[str, float] = {}
        self.views: dict[str, int] = {}
        self.searched = ""
        self.leaving = False
        self.answer: bool | None = None

    def take(self, event: Event) -> None:
        """Moves on by one event; after half an hour of silence it begins a session."""
        if self.at is not None and event.at - self.at > SESSION_GAP:
            self.earlier |= self.views.keys()
            self._begin()
        self.at = event.at
        kind = event.kind
        if kind == "product_viewed":
            self.dwell[event.entity] = self.dwell.get(event.entity, 0.0) + event.number("dwell_seconds")
            self.views[event.entity] = self.views.get(event.entity, 0) + 1
            self.looked_at[event.entity] = event.at
        elif kind == "purchased":
            self.bought(event.at)
        elif kind == "cart_updated":
            self.cart = event
        elif kind == "cart_cleared":
            self.cart = None
        elif kind == "searched":
            self.searched = event.entity
        elif kind == "page_viewed":
            self.leaving = self.leaving or LEAVING.search(event.entity) is not None
        elif kind in _CHAT:
            self.answer = _CHAT[kind]

    def bought(self, at: datetime) -> None:
        """A purchase, by event or by invoice: what was looked at or carted before it is served."""
        self.bought_at = at if self.bought_at is None else max(self.bought_at, at)
        self.dwell, self.views, self.cart = {}, {}, None

    def most_looked_at(self) -> tuple[str, float, int]:
        """(product, seconds, views) of the product looked at longest, then most often."""
        if not self.views:
            return "", 0.0, 0
        best = max(self.views, key=lambda product: (self.dwell[product], self.views[product], product))
        return best, self.dwell[best], self.views[best]


def read(snapshot: Snapshot, now: datetime, currency: str) -> LiveContext:
    """The live context at `now`. Events may stand in any order."""
    session = Session()
    invoiced = snapshot.history.last_at if snapshot.history is not None else None
    for event in sorted((e for e in snapshot.events if e.at <= now), key=lambda e: (e.at, e.kind, e.entity)):
        if invoiced is not None and event.at > invoiced:
            session.bought(invoiced)
            invoiced = None
        session.take(event)
    if invoiced is not None:
        session.bought(invoiced)
    return context(session, snapshot, now, currency)


def context(session: Session, snapshot: Snapshot, now: datetime, currency: str) -> LiveContext:
    """What the session shows at `now`."""
    open_ = session.at is not None and now - session.at <= SESSION_GAP
    product, dwell, views = session.most_looked_at() if open_ else ("", 0.0, 0)
    cart = session.cart if session.cart is not None and now - session.cart.at <= CART_LIFE else None
    worth = cart.number("value") if cart and cart.properties.get("currency", currency) == currency else 0.0
    return LiveContext(
        in_session=open_,
        product=product,
        dwell_seconds=dwell,
        views=views,
        cart=cart.entity if cart else "",
        cart_value=price_of(worth, currency) if worth else None,
        cart_age_minutes=(now - cart.at).total_seconds() / 60 if cart else 0.0,
        chat_accepted=open_ and session.answer is True,
        chat_declined=open_ and session.answer is False,
        purchased=session.bought_at is not None and now - session.bought_at <= CONVERTED,
        searched=session.searched if open_ else "",
        returned=bool(product) and product in session.earlier,
        leaving=open_ and session.leaving,
        reduced=_reduced(session, snapshot, now - PRICE_NEWS),
        near=snapshot.stores[0].store_id if snapshot.stores else "",
    )


def _reduced(session: Session, snapshot: Snapshot, since: datetime) -> str:
    """The product they looked at last, of those whose price has fallen since then, and lately."""
    seen = ((at, product) for name, at in session.looked_at.items() if (product := snapshot.product(name)))
    fell = ((at, product.product_id) for at, product in seen if _fell(product, max(at, since)))
    return max(fell, default=(since, ""))[1]


def _fell(product: Product, since: datetime) -> bool:
    changed, price, before = product.more.price_changed_at, product.price, product.lowest_price
    if changed is None or changed <= since or price is None or before is None:
        return False
    return price.currency == before.currency and price.micros < before.micros
