"""What a world tells, as the rows that an import would bring: people, consents, orders, visits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from agent.domain.consent import Entry, Proof
from agent.domain.customer import Channel, Consent, ConsentStatus, Purpose
from agent.domain.facts import Omen
from agent.domain.imports import ConsentRow, CustomerRow, EventRow, FactRow, Line, Row, RowOutcome
from agent.domain.money import Money
from agent.simulation.lives import Happening, Purchase
from agent.simulation.worlds.world import Goods, Person, Setting, Visit

AGREED_BEFORE = timedelta(days=200)
KNOWN_BEFORE = timedelta(days=900)
NEWS_BEFORE = timedelta(days=1)
FIRST_NAMES = {"en": ("Alex", "Sam", "Robin", "Jo", "Kit"), "ko": ("지우", "서연", "민준", "하은", "도윤")}


def goods_rows(goods: Sequence[Goods], setting: Setting) -> list[Row]:
    """The catalogue, known since long."""
    at = setting.begins - KNOWN_BEFORE
    rows: list[Row] = []
    for item in goods:
        named = {"product": item.name, "name": item.title, "experience": "", "launch_on": ""}
        price = {"product": item.name, "price_micros": _micros(item.price), "currency": setting.currency}
        rows.append(FactRow(key=f"product-{item.name}", table="products", at=at, values=named))
        rows.append(FactRow(key=f"price-{item.name}", table="prices", at=at, values=price))
    return rows


def person_rows(person: Person, number: int, goods: dict[str, str], setting: Setting) -> Iterator[Row]:
    """Somebody as the seller knows them when it begins."""
    names = FIRST_NAMES[person.locale]
    yield CustomerRow(
        key=f"who-{person.name}",
        external_id=person.name,
        first_name=names[number % len(names)],
        country=person.country,
        zone=person.zone,
        locale=person.locale,
        age=person.age,
        addresses={channel: _address(channel, person.name) for channel in person.channels},
    )
    at = setting.begins - AGREED_BEFORE
    for purpose, channel in person.agreed:
        yield ConsentRow(
            key=f"{person.name}-{purpose}-{channel}", external_id=person.name, entry=_entry(purpose, channel, at)
        )
    for count, order in enumerate(person.bought):
        name = f"{person.name}-before-{count}"
        yield _line(name, name, person, order.at, order.product, goods, order.value, 1, setting.currency)
    for signal in person.foretold:
        values = {"omen": Omen(signal.omen), "entity": signal.entity, "value": "", "chance": round(signal.chance * 1e6)}
        more = {"number": 0, "due_at": None, "source": "model", "ends_at": None}
        key = f"{person.name}-{signal.omen}-{signal.entity}"
        yield FactRow(
            key=key, table="foreseen", external_id=person.name, at=setting.begins - NEWS_BEFORE, values=values | more
        )


def rows_of(what: Happening, goods: dict[str, str], currency: str) -> Iterator[Row]:
    """What a seller's systems would write down of it: events of a visit or a demo, an order, what came back of one."""
    if what.what in ("visited", "held"):
        yield from event_rows(what)
    elif what.what in ("bought", "returned"):
        yield order_row(what, goods, currency)


def event_rows(what: Happening) -> Iterator[Row]:
    """What a visit leaves behind."""
    visit: Visit = what.detail
    name = f"{visit.person}-{what.at:%y%m%d%H%M%S}"
    for number, doing in enumerate(visit.doings):
        at = what.at + timedelta(seconds=doing.after)
        yield EventRow(
            key=f"{name}-{number}",
            external_id=visit.person,
            kind=doing.kind,
            occurred_at=at,
            received_at=at,
            entity=doing.entity,
            properties=doing.properties,
        )


def order_row(what: Happening, goods: dict[str, str], currency: str) -> Line:
    """An order, or what comes back of one."""
    bought: Purchase = what.detail
    worth, quantity = abs(bought.value - bought.off), 1 if bought.value > 0 else -1
    return _line(bought.number, bought.number, what.person, what.at, bought.product, goods, worth, quantity, currency)


def _line(
    key: str,
    order: str,
    person: Person,
    at: datetime,
    product: str,
    goods: dict[str, str],
    worth: float,
    quantity: int,
    currency: str,
) -> Line:
    return Line(
        key=key,
        order=order,
        external_id=person.name,
        country=person.country,
        occurred_at=at,
        received_at=at,
        product_id=product,
        product_name=goods.get(product, product),
        quantity=quantity,
        price=Money(Decimal(str(worth)), currency),
        outcome=RowOutcome.TAKEN if quantity > 0 else RowOutcome.RETURN,
    )


def _entry(purpose: Purpose, channel: Channel | None, at: datetime) -> Entry:
    said = Consent(purpose=purpose, channel=channel, status=ConsentStatus.GRANTED, given_at=at)
    return Entry(consent=said, proof=Proof(method="form", evidence="simulated"))


def _address(channel: Channel, name: str) -> str:
    return f"{name}@simulated.example" if channel is Channel.EMAIL else f"{channel}:{name}"


def _micros(amount: float) -> int:
    return Money(Decimal(str(amount)), "XXX").micros
