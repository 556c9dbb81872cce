"""What must never be given twice, on both stores: coupons, places in a calendar, credits."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from icalendar import Calendar
from sqlalchemy import select

from agent.domain.bundle import Reservation
from agent.domain.delivery import Claim, Sent
from agent.domain.errors import InputError, NotFound
from agent.domain.money import Money
from agent.journeys.calendars import openings
from agent.service import Tactful
from agent.store import schema as t
from agent.store.database import Database
from agent.store.resources import allocate, release
from agent.store.rows import Pseudonyms
from tests.conftest import CountingIds, StoppedClock
from tests.support.brand import database_of, event, order, regular
from tests.support.people import NOON, playbook
from tests.support.sending import ALL, Sink, house

CART = timedelta(hours=2)


@pytest.fixture
def sink() -> Sink:
    return Sink()


@pytest.fixture
def tactful(tmp_path: Path, database: Database, clock: StoppedClock, ids: CountingIds, sink: Sink) -> Tactful:
    return house(tmp_path, database, clock, ids, [(sink, ALL)])


def wanted(kind: str, number: int = 0) -> Reservation:
    pound = Money(Decimal(1), "GBP")
    if kind == "slot":
        return Reservation(kind="slot", resource="Maya@1", starts_at=NOON, ends_at=NOON + CART)
    return Reservation(kind="coupon", resource="spring", amount=pound, budget=Money(Decimal(3), "GBP"), share=9)


def take(tactful: Tactful, kind: str, times: int) -> list[str | None]:
    tactful.take(list(regular("ann")))
    asyncio.run(tactful.decide("ann"))
    (effect,) = tactful.effects(tactful.decision("ann"))
    database = database_of(tactful)
    names = Pseudonyms(database, tactful.tenant, CountingIds(), StoppedClock())
    found = []
    for number in range(times):
        mine = replace(effect, effect_id=f"e_{number}")  # type: ignore[arg-type]
        with database.writing() as connection:
            found.append(allocate(connection, tactful.tenant, names, wanted(kind), mine, NOON))
    return found


def test_a_budget_is_never_overspent(tactful: Tactful) -> None:
    codes = take(tactful, "coupon", 5)
    assert [code is not None for code in codes] == [True, True, True, False, False]
    assert len(set(codes[:3])) == 3


def test_what_is_given_back_can_be_given_again(tactful: Tactful) -> None:
    take(tactful, "coupon", 3)
    database = database_of(tactful)
    with database.writing() as connection:
        release(connection, tactful.tenant, ["e_1"])
        release(connection, tactful.tenant, ["e_1"])
    with database.reading() as connection:
        (row,) = connection.execute(select(t.campaigns)).all()
    assert row.spent_micros == 2_000_000


def test_a_place_is_never_given_twice(tactful: Tactful) -> None:
    assert take(tactful, "slot", 3) == ["Maya@1", None, None]
    with database_of(tactful).writing() as connection:
        release(connection, tactful.tenant, ["e_0"])
    with database_of(tactful).reading() as connection:
        assert connection.execute(select(t.slots.c.state)).scalar_one() == "released"


def test_a_code_is_good_once(tactful: Tactful, sink: Sink, clock: StoppedClock) -> None:
    tactful.take([*regular("ann"), event("ann", "cart_updated", NOON - CART, "cart-1", value=90)])
    found = asyncio.run(tactful.decide("ann"))
    assert found.chosen is not None
    with database_of(tactful).writing() as connection:
        row = {
            "tenant": tactful.tenant,
            "code": "ABCD-2345",
            "campaign": "spring",
            "customer": found.customer,
            "effect": "e_x",
            "face_micros": 8_000_000,
            "currency": "GBP",
            "state": "issued",
            "at": NOON,
            "minimum_micros": 30_000_000,
            "ends_at": NOON + timedelta(days=9),
        }
        ours = [row | {"code": f"TENP-{order}", "campaign": "welcome-back"} for order in ("0040", "0400")]
        connection.execute(t.coupons.insert(), [row, *ours])
    assert tactful.reserving.redeem("TENP-0040", "o-40", Decimal(40)) == Money(Decimal(4), "GBP")
    assert tactful.reserving.redeem("TENP-0400", "o-400", Decimal(400)) == Money(Decimal(8), "GBP")
    with pytest.raises(InputError, match="needs an order of"):
        tactful.reserving.redeem("abcd-2345", "o-1", Decimal(29))
    assert tactful.reserving.redeem("abcd-2345", "o-1", Decimal(30)) == Money(Decimal(8), "GBP")
    assert tactful.reserving.redeem("ABCD-2345", "o-1", Decimal(30)) == Money(Decimal(8), "GBP")
    with pytest.raises(InputError, match="used before"):
        tactful.reserving.redeem("ABCD-2345", "o-2", Decimal(30))
    with pytest.raises(NotFound):
        tactful.reserving.redeem("NONE-0000", "o-1", Decimal(30))


def test_a_demo_is_held_booked_told_moved_and_called_off(tactful: Tactful, sink: Sink, clock: StoppedClock) -> None:
    clock.at = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
    tactful.take([*regular("ann"), order(None, "c", NOON - timedelta(days=300), product_id="lamp")])
    views = [event("ann", "product_viewed", clock.at - timedelta(minutes=n), "lamp", dwell_seconds=90) for n in (9, 4)]
    tactful.take([*views, event("ann", "chat_accepted", clock.at - timedelta(minutes=1), "chat-1")])
    found = asyncio.run(tactful.decide("ann"))
    assert found.chosen is not None
    assert found.chosen.action == "book_demo"
    booking = tactful.reserving.book(found.effects[0])
    assert tactful.reserving.book(found.effects[0]) == booking
    files: list[str] = []

    def keeps(claim: Claim) -> Sent:
        files.append(claim.attachments[0].content)
        return Sent()

    sink.answer = keeps
    asyncio.run(tactful.decide("ann"))
    tactful.sending.drain()
    tactful.reserving.move(booking, datetime(2026, 11, 23, 14, 0, tzinfo=UTC))
    asyncio.run(tactful.decide("ann"))
    tactful.sending.drain()
    tactful.reserving.cancel(booking)
    asyncio.run(tactful.decide("ann"))
    tactful.sending.drain()
    assert [("METHOD:REQUEST" in f, "SEQUENCE:" + f.partition("SEQUENCE:")[2][:1]) for f in files] == [
        (True, "SEQUENCE:0"),
        (True, "SEQUENCE:1"),
        (False, "SEQUENCE:2"),
    ]
    assert "METHOD:CANCEL" in files[2]
    for file in files:
        (made,) = Calendar.from_ical(file).walk("VEVENT")
        assert made["organizer"] == "mailto:hello@harbourandpine.example"
        assert made["organizer"].params["CN"] == "Harbour & Pine"
        assert made["attendee"] == "mailto:ann@mail.example"
    assert len({Calendar.from_ical(file).walk("VEVENT")[0]["uid"] for file in files}) == 1
    assert "DTSTART:20261123T140000Z" in files[1]
    with pytest.raises(InputError, match="called off"):
        tactful.reserving.cancel(booking)


def test_no_demo_is_offered_on_a_weekend_or_a_public_holiday() -> None:
    calendars = playbook("en").calendars
    before = datetime(2026, 12, 24, 18, 0, tzinfo=UTC)  # Christmas Eve; the 25th is a Friday, the 28th a substitute day
    first = openings(calendars, "GB", before, frozenset())[0]
    assert first.starts_at.date().isoformat() == "2026-12-29"
    calendars = playbook("ko").calendars
    before = datetime(2026, 2, 15, 18, 0, tzinfo=UTC)  # the lunar new year is 16 to 18 February 2026
    assert openings(calendars, "KR", before, frozenset())[0].starts_at.date().isoformat() == "2026-02-19"


def test_a_place_that_nobody_takes_is_free_again(tactful: Tactful, clock: StoppedClock) -> None:
    clock.at = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
    tactful.take([*regular("ann"), order(None, "c", NOON - timedelta(days=300), product_id="lamp")])
    views = [event("ann", "product_viewed", clock.at - timedelta(minutes=n), "lamp", dwell_seconds=90) for n in (9, 4)]
    tactful.take([*views, event("ann", "chat_accepted", clock.at - timedelta(minutes=1), "chat-1")])
    asyncio.run(tactful.decide("ann"))
    clock.at += timedelta(hours=3)
    tactful.sending.drain()
    with database_of(tactful).reading() as connection:
        assert connection.execute(select(t.slots.c.state)).scalar_one() == "released"
