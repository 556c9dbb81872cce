"""T43: whoever is erased under load is gone from everywhere within a minute, and stays uncontacted on coming back."""

from __future__ import annotations

import asyncio
import io
import logging
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from agent.api.house import Work
from agent.api.logs import JsonLines
from agent.domain.bundle import EffectState
from agent.domain.customer import PUSHED
from agent.domain.ids import digest
from agent.domain.imports import Row
from agent.guidelines.index import connect
from agent.store import schema as t
from agent.store.database import Database
from agent.store.erasure import BEHAVIOUR
from agent.store.exporting import BY_CUSTOMER, personal_tables
from tests.conftest import SOAK
from tests.support.api import Api, api
from tests.support.brand import agreed, event, order, person

ERASED = 1_000 if SOAK else 20
OTHERS = 20


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    text = io.StringIO()
    handler = logging.StreamHandler(text)
    handler.setFormatter(JsonLines())
    log = logging.getLogger("tactful")
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    yield text
    log.removeHandler(handler)


def test_the_erased_are_gone_everywhere_and_stay_uncontacted(
    new_database: Any, tmp_path: Path, logged: io.StringIO
) -> None:
    database = Database(new_database())
    house = api(tmp_path, database)
    names = [f"gone-canary-{n}" for n in range(ERASED)]
    for name in [*names, *(f"stays-{n}" for n in range(OTHERS))]:
        house.tactful.take(_customer(house, name))
    slowest = asyncio.run(_erase_under_load(house, names))
    assert slowest <= 60
    work = Work(house.house)
    while work.round(house.tactful):
        pass
    kept = {name: text for name, text in logical_dump(database) if "gone-canary" in text}
    assert kept == {}
    dump = "\n".join(text for _, text in logical_dump(database)).encode()
    for place in (dump, in_chroma(tmp_path / "chroma"), logged.getvalue().encode()):
        assert b"gone-canary" not in place
    assert b"stays-1" in dump  # the dump would show it
    assert house.tactful.auditing.verify().breaks == ()
    _come_back(house, names)
    database.close()


async def _erase_under_load(house: Api, names: list[str]) -> float:
    """Each is erased while others, and they themselves, are at it; the slowest erasure in seconds."""
    slowest, stop = 0.0, asyncio.Event()
    async with house.client() as client:

        async def load(number: int) -> None:
            while not stop.is_set():
                who = f"stays-{number % OTHERS}"
                seen = {"type": "track", "userId": who, "event": "Product Viewed", "properties": {"product_id": "lamp"}}
                await client.post("/v1/batch", json={"batch": [seen]})
                await client.post(
                    "/v1/decisions",
                    json={"customer": who},
                    headers={"idempotency-key": f"l-{number}-{time.monotonic_ns()}"},
                )

        async def erase(name: str) -> float:
            at = house.tactful.now().isoformat()
            seen = {"type": "track", "userId": name, "event": "Product Viewed", "timestamp": at}
            decision = client.post("/v1/decisions", json={"customer": name}, headers={"idempotency-key": f"g-{name}"})
            began = time.monotonic()
            _, _, gone = await asyncio.gather(
                client.post("/v1/batch", json={"batch": [seen]}), decision, client.delete(f"/v1/customers/{name}")
            )
            assert gone.status_code == 200
            late = await client.post("/v1/batch", json={"batch": [seen | {"messageId": f"late-{name}"}]})
            assert late.json()["accepted"] == 0
            return time.monotonic() - began

        loads = [asyncio.create_task(load(n)) for n in range(4)]
        for start in range(0, len(names), 5):
            took = await asyncio.gather(*(erase(name) for name in names[start : start + 5]))
            slowest = max(slowest, *took)
        stop.set()
        await asyncio.gather(*loads)
    return slowest


def logical_dump(database: Database) -> Iterator[tuple[str, str]]:
    """Every value of every table, bodies unpacked: what a dump of the database would hold."""
    from agent.store.rows import unpack

    with database.reading() as connection:
        for table in t.metadata.sorted_tables:
            for row in connection.execute(select(table)):
                for name, value in row._mapping.items():
                    text = unpack(value).decode() if isinstance(value, bytes) else str(value)
                    yield f"{table.name}.{name}", text


def in_chroma(folder: Path) -> bytes:
    """All documents and what is noted of them."""
    collections = connect(folder).list_collections()
    found = [c.get(include=["documents", "metadatas"]) for c in collections]
    assert any(one["ids"] for one in found)
    return repr(found).encode()


def _customer(house: Api, name: str) -> list[Row]:
    """Somebody who agreed to offers, has bought, and has a cart; keys as an import makes them."""
    now = house.tactful.now()
    bought = replace(order(name, f"o-{name}", now - timedelta(days=60)), key=digest("line", name))
    cart = replace(event(name, "cart_updated", now, f"cart-{name}", value=50), key=digest("cart", name))
    return [person(name), *agreed(name), bought, cart]


def _come_back(house: Api, names: list[str]) -> None:
    """The next import brings them again, with the agreements of long ago: nothing is sent to them."""
    for name in names:
        house.tactful.take(_customer(house, name))
        found = house.decide(name, f"back-{name}").json()
        assert not [r for r in found["results"] if r["committed"] and r["channel"] in PUSHED and r["kind"] == "offer"]
    house.tactful.dispatch()
    customers = {house.tactful.find(name) for name in names}
    with house.house.database.reading() as connection:
        e = t.effects.c
        sent = connection.execute(select(e.customer, e.kind).where(e.state == EffectState.SENT)).all()
    assert [row for row in sent if row.customer in customers and row.kind == "offer"] == []


def test_no_table_that_names_a_person_is_forgotten() -> None:
    """Each is erased, or shown in an export with what stays under the pseudonym; or neither is needed, and why."""
    told = {table.name for table in (*BEHAVIOUR, *BY_CUSTOMER)} | {"persons"}
    assert {table.name for table in personal_tables()} - told == set()
