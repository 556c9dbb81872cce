"""T6: many dispatchers on one outbox, many triggers for one customer, many hands on one budget. Both stores."""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path

from sqlalchemy import func, select

from agent.domain.bundle import Effect, Reservation
from agent.domain.ids import CustomerId, EffectId, TenantId, TriggerKey
from agent.domain.money import Money
from agent.store import schema as t
from agent.store.database import Database
from agent.store.resources import allocate
from agent.store.rows import Pseudonyms
from tests.conftest import SOAK, StoppedClock
from tests.proofs.dispatching import PLAIN, RandomIds, Wire, crowd, open_house, side_by_side
from tests.support.brand import regular
from tests.support.people import NOON

EFFECTS = 100_000 if SOAK else 5_000
CUSTOMERS = 5_000 if SOAK else 200
WORKERS, FILLERS = 8, 2
AT_ONCE = 8 if SOAK else 4


@contextmanager
def opened(url: str) -> Iterator[Database]:
    database = Database(url)
    try:
        yield database
    finally:
        database.close()


def test_eight_dispatchers_on_one_outbox_send_each_message_once(
    tmp_path: Path, new_database: Callable[[], str]
) -> None:
    url = new_database()
    wire = Wire(tmp_path / "arrived", PLAIN)
    each = EFFECTS // FILLERS

    def fill(number: int) -> None:
        with opened(url) as mine:
            crowd(open_house(tmp_path / str(number), mine, wire), each, number * each)

    def work(number: int) -> None:
        with opened(url) as mine:
            open_house(tmp_path / str(number), mine, wire).sending.drain()

    side_by_side([partial(fill, number) for number in range(FILLERS)])
    side_by_side([partial(work, number) for number in range(WORKERS)])
    arrived = wire.arrived()
    assert len(arrived) == EFFECTS
    assert set(arrived.values()) == {1}


def test_the_messages_of_one_customer_leave_in_the_order_in_which_they_are_due(
    tmp_path: Path, database: Database
) -> None:
    clock = StoppedClock(NOON)
    wire = Wire(tmp_path / "arrived", PLAIN)
    tactful = open_house(tmp_path, database, wire, clock)
    crowd(tactful, 40)
    with database.writing() as connection:  # three more for each, due at other moments
        rows = [dict(row._mapping) for row in connection.execute(select(t.effects))]
        for number in (3, 1, 2):
            due = NOON + timedelta(minutes=number)
            connection.execute(
                t.effects.insert(),
                [
                    row
                    | {
                        "effect": f"{row['effect']}{number}",
                        "key": f"{row['key']}{number}",
                        "due_at": due,
                        "not_before": due,
                        "kind": "reply",
                        "action": "apologise",
                        "journey": "",
                    }
                    for row in rows
                ],
            )
    clock.at = NOON + timedelta(minutes=10)
    workers = [threading.Thread(target=tactful.sending.dispatcher().drain) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    tactful.sending.drain()
    seen: dict[str, list[str]] = defaultdict(list)
    for line in wire.lines():
        _, customer, due_at = line.split()
        seen[customer].append(due_at)
    assert all(times == sorted(times) for times in seen.values())
    assert len(seen) == 40


def test_twenty_simultaneous_triggers_make_one_contact_where_the_cap_is_one(
    tmp_path: Path, new_database: Callable[[], str]
) -> None:
    url = new_database()
    wire = Wire(tmp_path / "arrived", PLAIN)
    names = [f"n{number}" for number in range(CUSTOMERS)]
    capped = ("weekly_contacts: 3", "weekly_contacts: 1")
    with opened(url) as database:
        tactful = open_house(tmp_path, database, wire, None, capped)
        tactful.take([row for name in names for row in regular(name)])
        everyone = [tactful.find(name) for name in names]

    def triggers(first: int) -> None:
        """The same customers at the same time, each trigger another one."""
        with opened(url) as mine:
            house = open_house(tmp_path / str(first), mine, wire, None, capped)
            for number in range(first, 20, AT_ONCE):
                list(house._decide_many(dict.fromkeys(everyone, TriggerKey(f"t{number}")), NOON))

    side_by_side([partial(triggers, number) for number in range(AT_ONCE)])
    with opened(url) as database, database.reading() as connection:
        contacts = Counter(connection.execute(select(t.contacts.c.customer)).scalars())
        asked = connection.execute(select(func.count()).select_from(t.decisions)).scalar_one()
    assert asked == 20 * CUSTOMERS
    assert len(contacts) == CUSTOMERS
    assert set(contacts.values()) == {1}


def test_two_hundred_hands_on_a_budget_of_a_thousand_take_exactly_a_thousand(
    tmp_path: Path, new_database: Callable[[], str]
) -> None:
    url = new_database()
    Database(url).close()

    def work(number: int) -> None:
        with opened(url) as mine:
            threads = [threading.Thread(target=grab, args=(mine, f"{number}-{n}")) for n in range(25)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()

    side_by_side([partial(work, number) for number in range(WORKERS)])
    with opened(url) as database, database.reading() as connection:
        codes = list(connection.execute(select(t.coupons.c.code)).scalars())
        (row,) = connection.execute(select(t.campaigns)).all()
    assert len(codes) == len(set(codes)) == row.given == 1_000
    assert row.spent_micros == 1_000_000_000


def grab(database: Database, name: str) -> None:
    """Asks for seven coupons of one pound each, one after another."""
    tenant = TenantId("acme")
    names = Pseudonyms(database, tenant, RandomIds(), StoppedClock())
    pound = Money.from_micros(1_000_000, "GBP")
    wanted = Reservation(
        kind="coupon", resource="spring", amount=pound, budget=Money.from_micros(1_000_000_000, "GBP"), share=100
    )
    for number in range(7):
        effect = object.__new__(Effect)
        object.__setattr__(effect, "customer", CustomerId(f"c-{name}"))
        object.__setattr__(effect, "effect_id", EffectId(f"e-{name}-{number}"))
        with database.writing() as connection:
            allocate(connection, tenant, names, wanted, effect, NOON)
