"""Messages of callers, on both stores: each once, in any order; the future waits, the erased stay out."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from agent.domain.ids import TenantId
from agent.service import Tactful
from agent.store import schema as t
from agent.store.database import Database
from tests.conftest import CountingIds, StoppedClock
from tests.support.brand import database_of, product
from tests.support.people import NOON


@pytest.fixture
def tactful(database: Database, tmp_path: Path, clock: StoppedClock, ids: CountingIds) -> Tactful:
    return product(tmp_path, database, clock, ids)


def track(number: int, at: datetime, event: str = "Product Viewed", **properties: Any) -> dict[str, Any]:
    return {
        "type": "track",
        "userId": "c-1",
        "messageId": f"m-{number}",
        "timestamp": at.isoformat(),
        "event": event,
        "properties": properties,
    }


def identify(number: int, at: datetime, **traits: Any) -> dict[str, Any]:
    return {
        "type": "identify",
        "userId": "c-1",
        "messageId": f"i-{number}",
        "timestamp": at.isoformat(),
        "traits": traits,
    }


def messages() -> list[dict[str, Any]]:
    """A morning of one customer, in the order in which it happened."""
    at = [NOON - timedelta(hours=6) + timedelta(minutes=10 * n) for n in range(12)]
    return [
        identify(1, at[0], firstName="Ann", country="GB", email="old@mail.example"),
        track(2, at[1], product_id="lamp"),
        identify(3, at[2], firstName="Anna", email="new@mail.example"),
        track(4, at[3], "cart_updated", cart_id="k-1", value=40, currency="GBP"),
        track(5, at[4], "case_opened", case_id="case-1", kind="refund"),
        track(6, at[5], "case_closed", case_id="case-1"),
        identify(7, at[6], country="DE", timezone="Europe/Berlin"),
        track(
            8, at[7], "Order Completed", order_id="o-1", currency="GBP", products=[{"product_id": "lamp", "price": 9}]
        ),
        {
            "type": "alias",
            "userId": "c-1",
            "previousId": "visitor-1",
            "messageId": "a-1",
            "timestamp": at[8].isoformat(),
        },
        track(9, at[9], product_id="vase"),
        identify(10, at[9], firstName="Annie"),
    ]


def state(tactful: Tactful) -> dict[str, Any]:
    """What decisions see, and what is held of the person; times of arrival left out."""
    customer = tactful.find("c-1")
    snapshot = next(tactful.stores.snapshots.snapshots(tactful.tenant, [customer], NOON))
    with database_of(tactful).reading() as connection:
        a, p = t.addresses.c, t.persons.c
        return {
            "facts": (snapshot.country, snapshot.zone, snapshot.locale),
            "events": sorted((e.kind, e.at, e.entity) for e in snapshot.events),
            "cases": [(c.case_id, c.kind, c.closed_at) for c in snapshot.cases],
            "history": snapshot.history,
            "addresses": sorted(connection.execute(select(a.value)).scalars()),
            "names": sorted(connection.execute(select(p.first_name)).scalars()),
            "known_as": sorted(tactful.stores.customers.external(tactful.tenant, customer)),
        }


@pytest.mark.parametrize("seed", range(6))
def test_late_doubled_and_shuffled_messages_end_in_the_same_state(
    new_database: Callable[[], str], tmp_path: Path, clock: StoppedClock, seed: int
) -> None:
    first, second = Database(new_database()), Database(new_database())
    once = product(tmp_path / "a", first, clock, CountingIds())
    for message in messages():
        once.receiving.take([message])
    draw, shuffled = random.Random(seed), messages() * 3
    draw.shuffle(shuffled)
    other = product(tmp_path / "b", second, clock, CountingIds())
    while shuffled:
        size = draw.randint(1, 5)
        other.receiving.take(shuffled[:size])
        del shuffled[:size]
    assert state(other) == state(once)
    assert state(once)["names"] == ["", "Annie"]
    assert state(once)["addresses"] == ["new@mail.example"]
    assert state(once)["facts"][0] == "DE"
    first.close()
    second.close()


def test_a_message_counts_once_within_seven_days(tactful: Tactful, clock: StoppedClock) -> None:
    first, _ = tactful.receiving.take([track(1, NOON, product_id="lamp")])
    again, _ = tactful.receiving.take([track(1, NOON, product_id="vase"), track(1, NOON, product_id="lamp")])
    assert (first.accepted, again.accepted, again.duplicates) == (1, 0, 2)
    clock.at += timedelta(days=6)
    assert tactful.stores.inbox.forget(tactful.tenant) == 0
    clock.at += timedelta(days=1, seconds=1)
    assert tactful.stores.inbox.forget(tactful.tenant) == 1


def test_what_lies_ahead_waits_and_what_lies_far_ahead_is_put_aside(tactful: Tactful, clock: StoppedClock) -> None:
    soon, far = track(1, NOON + timedelta(hours=2), product_id="lamp"), track(2, NOON + timedelta(days=2))
    received, _ = tactful.receiving.take([soon, far])
    assert (received.accepted, received.waiting, received.quarantined) == (0, 1, 1)
    assert tactful.receiving.due() == 0
    clock.at += timedelta(hours=2)
    assert tactful.receiving.due() == 1
    assert tactful.receiving.due() == 0
    found = tactful.stores.happenings.of(tactful.tenant, tactful.find("c-1"), clock.at, 9)
    assert [(h.kind, h.entity) for h in found] == [("product_viewed", "lamp")]


def test_a_senders_clock_that_is_ahead_is_put_right(tactful: Tactful) -> None:
    sent = NOON + timedelta(hours=3)
    received, _ = tactful.receiving.take([track(1, sent - timedelta(minutes=1), product_id="lamp")], sent_at=sent)
    assert received.accepted == 1
    found = tactful.stores.happenings.of(tactful.tenant, tactful.find("c-1"), NOON, 9)
    assert [h.at for h in found] == [NOON - timedelta(minutes=1)]


def test_an_event_arms_one_decision_put_off_while_more_comes_in(tactful: Tactful, clock: StoppedClock) -> None:
    def fires() -> list[datetime]:
        found = tactful.consents.timers.of(tactful.tenant, tactful.find("c-1"))
        return [timer.fires_at for timer in found if timer.kind == "arrival" and timer.fires_at]

    tactful.receiving.take([track(1, NOON, product_id="lamp")])
    assert fires() == [NOON + timedelta(seconds=2)]
    for number in range(2, 40):
        clock.at = NOON + timedelta(seconds=number)
        tactful.receiving.take([track(number, clock.at, product_id="lamp")])
    assert fires() == [NOON + timedelta(seconds=30)]
    assert list(tactful.decisions()) == []
    tactful.wake()
    (decision,) = tactful.decisions()
    assert decision.trigger.startswith("timer:t_")
    assert fires() == []
    tactful.receiving.take([track(99, clock.at - timedelta(days=3))])
    assert fires() == []


def test_what_an_erased_person_did_before_is_refused_however_late_it_comes(
    tactful: Tactful, clock: StoppedClock
) -> None:
    tactful.receiving.take([track(1, NOON, product_id="lamp")])
    tactful.erase(tactful.find("c-1"))
    late, _ = tactful.receiving.take([track(2, NOON - timedelta(minutes=1)), identify(3, NOON, firstName="Ann")])
    assert (late.accepted, late.quarantined) == (0, 2)
    with database_of(tactful).reading() as connection:
        for table in (t.identities, t.events, t.persons):
            assert connection.execute(select(func.count()).select_from(table)).scalar_one() == 0


def test_one_bad_trait_does_not_take_the_others_with_it(tactful: Tactful) -> None:
    received, _ = tactful.receiving.take([identify(1, NOON, firstName="Ann", email="nowhere", country="GB")])
    assert received.accepted == 1
    assert tactful.stores.customers.first_name(tactful.tenant, tactful.find("c-1")) == "Ann"
    with database_of(tactful).reading() as connection:
        reasons = list(connection.execute(select(t.quarantine.c.reason)).scalars())
    assert reasons == ["email: not an address"]


def test_one_tenants_messages_are_not_anothers(
    tactful: Tactful, database: Database, tmp_path: Path, clock: StoppedClock, ids: CountingIds
) -> None:
    other = product(tmp_path, database, clock, ids, tenant="rival")
    tactful.receiving.take([track(1, NOON, product_id="lamp")])
    received, _ = other.receiving.take([track(1, NOON, product_id="lamp")])
    assert received.accepted == 1
    assert other.tenant == TenantId("rival")
