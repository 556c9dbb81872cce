"""T5: one effect per Idempotency-Key, whatever repeats, crosses or dies on its way."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select

from agent.domain.access import Kept
from agent.domain.doors import Answers
from agent.domain.ids import CustomerId, TenantId
from agent.store import schema as t
from agent.store.database import Database
from tests.conftest import SOAK, CountingIds, StoppedClock
from tests.support.api import Api, api
from tests.support.brand import regular

KEYS, POSTS = (1_000, 50) if SOAK else (50, 20)


class Dying:
    """Keeps answers, but for every third key the process dies between the effect and the reply, once."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers
        self.died: set[str] = set()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._answers, name)

    def finish(self, tenant: TenantId, key: str, lease: str, answer: Kept, customer: CustomerId | None) -> None:
        if int(key.rpartition("-")[2]) % 3 == 0 and key not in self.died:
            self.died.add(key)
            raise SystemError("killed")
        self._answers.finish(tenant, key, lease, answer, customer)


@pytest.fixture
def house(tmp_path: Path, clock: StoppedClock, ids: CountingIds) -> Api:
    database = Database(f"sqlite:///{tmp_path / 'api.db'}")
    found = api(tmp_path, database, clock, ids)
    found.tactful.take([row for n in range(KEYS) for row in regular(f"i-{n}")])
    return found


def test_a_key_has_one_effect_however_often_it_is_posted_and_killed(house: Api, clock: StoppedClock) -> None:
    dying = Dying(house.house.answers)
    house.house.answers = dying
    answers: dict[str, list[httpx.Response]] = defaultdict(list)

    async def post(client: httpx.AsyncClient, number: int, gate: asyncio.Semaphore) -> None:
        key = f"key-{number}"
        async with gate:
            found = await client.post(
                "/v1/decisions", json={"customer": f"i-{number}"}, headers={"idempotency-key": key}
            )
        answers[key].append(found)

    async def storm() -> None:
        gate = asyncio.Semaphore(64)
        async with house.client() as client:
            await asyncio.gather(*(post(client, n, gate) for _ in range(POSTS // 2) for n in range(KEYS)))
            clock.at += timedelta(seconds=61)  # what a dead process held is free again
            await asyncio.gather(*(post(client, n, gate) for _ in range(POSTS - POSTS // 2) for n in range(KEYS)))
            clock.at += timedelta(seconds=61)
            await asyncio.gather(*(post(client, n, gate) for n in range(KEYS)))

    asyncio.run(storm())
    assert len(dying.died) == len([n for n in range(KEYS) if n % 3 == 0])
    for found in answers.values():
        assert {r.status_code for r in found} <= {200, 409, 500}
        assert len({r.content for r in found if r.status_code == 200}) == 1
        assert found[-1].status_code == 200
    decided = list(house.tactful.decisions())
    acted = sum(d.chosen is not None for d in decided)
    assert len(decided) == KEYS
    assert acted > KEYS * 0.8
    with house.house.database.reading() as connection:
        for table in (t.effects, t.contacts):
            assert connection.execute(select(func.count()).select_from(table)).scalar_one() == acted


def test_other_payloads_are_refused_and_a_missing_key_is_named(house: Api) -> None:
    async def refused() -> tuple[list[int], int]:
        async with house.client() as client:
            codes = []
            for n in range(KEYS):
                headers = {"idempotency-key": f"other-{n}"}
                await client.post("/v1/decisions", json={"customer": "i-1", "dry_run": True}, headers=headers)
                found = await client.post("/v1/decisions", json={"customer": "i-2", "dry_run": True}, headers=headers)
                codes.append(found.status_code)
            return codes, (await client.post("/v1/decisions", json={"customer": "i-1"})).status_code

    codes, missing = asyncio.run(refused())
    assert codes == [422] * KEYS
    assert missing == 400


def test_keys_are_each_tenants_own_and_are_kept_for_seven_days(house: Api, clock: StoppedClock) -> None:
    house.house.tactful(TenantId("other")).take(regular("i-1"))
    foreign = house.key(tenant="other")
    body, headers = {"customer": "i-1"}, {"idempotency-key": "shared-1"}
    first = house.call("POST", "/v1/decisions", json=body, headers=headers)
    theirs = house.call("POST", "/v1/decisions", key=foreign, json=body, headers=headers)
    assert (first.status_code, theirs.status_code) == (200, 200)
    assert first.json()["decision"] != theirs.json()["decision"]
    clock.at += timedelta(days=6, hours=23)
    again = house.call("POST", "/v1/decisions", json=body, headers=headers)
    assert again.content == first.content
    assert again.headers["idempotent-replayed"] == "true"
