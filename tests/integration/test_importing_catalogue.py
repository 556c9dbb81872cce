"""Goods, prices, stock, shops, orders, shipments, cases and signals: from files into what decisions see."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from agent.domain.customer import Purpose, Snapshot
from agent.domain.imports import RowOutcome
from agent.domain.money import Money
from agent.service import Tactful
from agent.store.database import Database
from tests.conftest import CountingIds, StoppedClock
from tests.support.brand import agreed, consent, event, person, product
from tests.support.people import NOON

DAY = timedelta(days=1)
FILES = {
    "products": "product,name,experience,launch_on\nlamp,Blue Lamp,try-on,2026-12-01\n",
    "prices": "product,price,currency,at\n"
    "lamp,50,GBP,2026-09-01T00:00Z\nlamp,60,GBP,2026-10-01T00:00Z\nlamp,45,GBP,2026-11-19T00:00Z\n",
    "stock": "product,units,at,store\n"
    "lamp,0,2026-11-10T00:00Z,\nlamp,4,2026-11-19T00:00Z,\nlamp,2,2026-11-19T00:00Z,s1\n",
    "stores": "store,name,latitude,longitude\ns1,Quay Street,51.4500,-2.5950\ns2,Far Away,52.5,-2.5\n",
    "orders": "customer,order,placed_at,deliver_by\nann,o1,2026-11-18T09:00Z,2026-11-22T18:00Z\n",
    "shipments": "shipment,order,state,at,deliver_by\np1,o1,shipped,2026-11-19T09:00Z,2026-11-21T18:00Z\n",
    "cases": "customer,case,kind,opened_at,closed_at\nann,k1,refund,2026-11-01T09:00Z,2026-11-02T09:00Z\n",
    "signals": "customer,signal,entity,value,chance,due_at,at\n"
    "ann,replenishment,lamp,,0.7,2026-11-22T00:00Z,2026-11-19T00:00Z\n",
}


@pytest.fixture
def tactful(tmp_path: Path, database: Database, clock: StoppedClock, ids: CountingIds) -> Tactful:
    made = product(tmp_path, database, clock, ids)
    made.take([person("ann"), *agreed("ann"), consent("ann", Purpose.LOCATION, None)])
    made.take([event("ann", "order_asked", NOON - timedelta(minutes=9), "o1")])
    made.take([event("ann", "product_viewed", NOON - 5 * DAY, "lamp")])
    here = event("ann", "located", NOON - timedelta(minutes=3), latitude=51.4505, longitude=-2.5950)
    made.take([here])
    return made


def load(tactful: Tactful, folder: Path, what: str, text: str) -> tuple[int, int]:
    """(rows taken, rows that were new)."""
    path = folder / f"{what}.csv"
    path.write_text(text, encoding="utf-8")
    tally = tactful.import_file(what, path)
    return tally.outcomes[RowOutcome.TAKEN], tally.new


def seen(tactful: Tactful) -> Snapshot:
    (found,) = tactful.stores.snapshots.snapshots(tactful.tenant, [tactful.find("ann")], NOON)
    return found


def test_every_file_is_taken_and_a_second_time_changes_nothing(tactful: Tactful, tmp_path: Path) -> None:
    for what, text in FILES.items():
        rows = text.count("\n") - 1
        taken, new = load(tactful, tmp_path, what, text)
        assert (taken, new > 0) == (rows, True), what
    for what, text in FILES.items():
        assert load(tactful, tmp_path, what, text)[1] == 0, what


def test_what_the_files_say_is_what_a_decision_sees(tactful: Tactful, tmp_path: Path) -> None:
    for what, text in FILES.items():
        load(tactful, tmp_path, what, text)
    found = seen(tactful)
    lamp = found.product("lamp")
    assert lamp is not None
    assert (lamp.name, lamp.price) == ("Blue Lamp", Money(Decimal(45), "GBP"))
    assert lamp.lowest_price == Money(Decimal(60), "GBP")
    assert (lamp.more.experience, lamp.more.launch_on) == ("try-on", date(2026, 12, 1))
    assert (lamp.more.units, lamp.more.gone_at) == (4, datetime(2026, 11, 10, tzinfo=UTC))
    assert lamp.more.back_at == datetime(2026, 11, 19, tzinfo=UTC)
    (order,) = found.orders
    assert (order.state, order.deliver_by) == ("shipped", datetime(2026, 11, 21, 18, tzinfo=UTC))
    (case,) = found.cases
    assert (case.kind, case.closed_at is not None) == ("refund", True)
    (omen,) = found.foreseen
    assert (omen.omen, omen.entity, omen.chance, omen.source) == ("replenishment", "lamp", 700_000, "imported")


def test_shops_are_looked_up_only_with_consent_to_the_use_of_location(tactful: Tactful, tmp_path: Path) -> None:
    for what in ("products", "prices", "stock", "stores"):
        load(tactful, tmp_path, what, FILES[what])
    (store,) = seen(tactful).stores
    assert (store.name, store.metres, store.units) == ("Quay Street", 60, {"lamp": 2})
    tactful.consents.withdraw_all("ann", "call")
    assert seen(tactful).stores == ()
    assert not any(e.kind == "located" for e in seen(tactful).events)


def test_nothing_is_foreseen_of_whoever_does_not_agree_to_profiling(tactful: Tactful, tmp_path: Path) -> None:
    load(tactful, tmp_path, "signals", FILES["signals"])
    tactful.consents.withdraw_all("ann", "call")
    assert seen(tactful).foreseen == ()


def test_older_news_does_not_undo_newer_news(tactful: Tactful, tmp_path: Path) -> None:
    load(tactful, tmp_path, "products", FILES["products"])
    load(tactful, tmp_path, "stock", "product,units,at\nlamp,4,2026-11-19T00:00Z\n")
    assert load(tactful, tmp_path, "stock", "product,units,at\nlamp,0,2026-11-10T00:00Z\n")[1] == 0
    lamp = seen(tactful).product("lamp")
    assert lamp is not None
    assert lamp.more.units == 4


@pytest.mark.parametrize(
    ("what", "row", "reason"),
    [
        ("prices", "lamp,-1,GBP,2026-11-19T00:00Z", "price: not above zero"),
        ("prices", "lamp,1,pounds,2026-11-19T00:00Z", "currency: longer than 3 characters"),
        ("stock", "lamp,-3,2026-11-19T00:00Z,", "units: below zero"),
        ("stock", "lamp,few,2026-11-19T00:00Z,", "units: not a number"),
        ("stores", "s3,X,99,0", "latitude, longitude: not on this earth"),
        ("shipments", "p9,o1,lost,2026-11-19T00:00Z,", "state: not one of preparing, shipped, delivered"),
        ("signals", "ann,doom,lamp,,0.7,,2026-11-19T00:00Z", "signal: not one of"),
        ("signals", "ann,churn,,,1.7,,2026-11-19T00:00Z", "chance: not between 0 and 1"),
        ("products", "lamp,Lamp,,soon", "launch_on: not a date"),
    ],
)
def test_a_row_that_makes_no_sense_is_set_aside_with_its_reason(
    tactful: Tactful, tmp_path: Path, what: str, row: str, reason: str
) -> None:
    path = tmp_path / "bad.csv"
    path.write_text(FILES[what].splitlines()[0] + "\n" + row + "\n", encoding="utf-8")
    tally = tactful.import_file(what, path)
    assert tally.outcomes[RowOutcome.QUARANTINED] == 1
    (said,) = tally.reasons
    assert said.startswith(reason)
