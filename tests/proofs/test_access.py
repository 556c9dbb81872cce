"""T38: every operation, by eight principals, on ids of ours, of others and of nobody: nothing is read, written or even
confirmed that is not the caller's."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import Table, event, select

from agent.api.house import Work
from agent.domain.access import Scope
from agent.domain.ids import TenantId
from agent.store import schema as t
from agent.store.database import Database
from tests.conftest import SOAK, CountingIds, StoppedClock
from tests.support.api import Api, api
from tests.support.brand import regular

IDS = 25 if SOAK else 3
"""Ids of each kind that are tried; in CI three of the same sort."""
BODIES: dict[str, Any] = {
    "decisions_decide": {"customer": "{customer}"},
    "decisions_outcome": {"kind": "viewed"},
    "customers_upsert": {"country": "GB"},
    "consents_record": {"status": "withdrawn"},
    "cases_open_case": {"customer": "{customer}", "case": "case-1"},
    "approvals_answer": {"answer": "reject", "hash": "0" * 12, "by": "Mallory"},
    "catalogue_catalogue": {"items": [{"product": "lamp", "name": "Lamp", "price": "1", "currency": "GBP"}]},
    "webhooks_subscribe": {"url": "https://hook.example/x"},
    "webhooks_replay": {"failed": True},
    "segment_batch": {"batch": []},
}
OPEN = {"operations_healthz", "operations_readyz", "signed_webhook"}
MAKES = {"customers_upsert", "catalogue_catalogue", "webhooks_subscribe"}
"""Operations that make something of the caller's own under a name that is free with them."""


@dataclass(frozen=True)
class Operation:
    name: str
    method: str
    path: str

    @property
    def writes(self) -> bool:
        return self.method != "GET" and self.name != "decisions_replay"

    @property
    def named(self) -> bool:
        return "{" in self.path or "customer" in json.dumps(BODIES.get(self.name, {}))


@pytest.fixture
def house(tmp_path: Path, clock: StoppedClock, ids: CountingIds) -> Iterator[Api]:
    database = Database(f"sqlite:///{tmp_path / 'api.db'}")
    found = api(tmp_path, database, clock, ids)
    found.tactful.take([row for n in range(IDS) for row in regular(f"c-{n}")])
    found.house.tactful(TenantId("rival")).take(regular("r-1"))
    yield found
    database.close()


def operations(house: Api) -> list[Operation]:
    paths = house.call("GET", "/v1/openapi.json", key="").json()["paths"]
    return [Operation(o["operationId"], m.upper(), path) for path, ops in paths.items() for m, o in ops.items()]


def ours(house: Api) -> list[dict[str, str]]:
    """Ids of things that are really there, of the tenant `acme`."""
    hook = house.call("POST", "/v1/webhooks", json={"url": "https://hook.example/x"}).json()["webhook"]
    found = []
    for n in range(IDS):
        decided = house.decide(f"c-{n}", f"k-{n}").json()
        receipt = house.call("GET", f"/v1/customers/c-{n}/consents").json()[0]["receipt_id"]
        house.call("POST", "/v1/cases", json={"customer": f"c-{n}", "case": f"case-{n}"})
        effect = decided["results"][0]["effect"] if decided["results"] else "e_none"
        ids = {"customer": f"c-{n}", "decision": decided["decision"], "effect": effect, "receipt": receipt}
        found.append(ids | {"case": f"case-{n}", "webhook": hook, "kind": "products", "source": "abc"})
    return found


def nobodys(ids: dict[str, str]) -> dict[str, str]:
    """Names of the same form that are nobody's."""
    swap = {"customer": "x-404", "decision": "d_" + "0" * 20, "effect": "e_" + "0" * 20, "receipt": "r_" + "0" * 20}
    return ids | swap | {"case": "x-404", "webhook": "w_" + "0" * 20}


async def call(client: httpx.AsyncClient, operation: Operation, ids: dict[str, str], number: int) -> httpx.Response:
    path = operation.path.format(**ids)
    query = {"customer": ids["customer"]} if operation.name == "cases_close_case" else {}
    text = json.dumps(BODIES.get(operation.name, {}))
    body = text.replace("{customer}", ids["customer"]) if operation.method in ("POST", "PUT") else None
    headers = {"idempotency-key": f"a-{number}", "content-type": "application/json"}
    return await client.request(operation.method, path, params=query, content=body, headers=headers)


def rows(database: Database, tenant: str) -> dict[str, list[Any]]:
    """All that the store holds of a tenant, but the audit of refused keys."""
    with database.reading() as connection:
        return {name: _rows(connection, table, tenant) for name, table in t.metadata.tables.items()}


def _rows(connection: Any, table: Table, tenant: str) -> list[Any]:
    query = select(table).where(table.c.tenant == tenant).order_by(*table.primary_key.columns)
    return [tuple(row) for row in connection.execute(query)]


def test_every_operation_keeps_strangers_out_and_tells_them_nothing(house: Api, clock: StoppedClock) -> None:
    mine, everything = ours(house), operations(house)
    gone, revoked = house.house.keys.make(TenantId("acme"), "gone", list(Scope), None)
    house.house.keys.end(TenantId("acme"), gone.key_id, clock.at)
    _, expired = house.house.keys.make(TenantId("acme"), "old", list(Scope), clock.at - timedelta(days=1))
    whole = house.key()
    strangers = {"none": "", "revoked": revoked, "expired": expired, "cut": whole[:-1], "made up": "tk_0_" + "0" * 64}
    before = rows(house.house.database, "acme")
    calls = asyncio.run(_strangers(house, everything, mine, strangers))
    assert {name: codes for name, codes in calls.items() if codes != {401}} == {}
    rival = house.key(tenant="rival")
    differing = asyncio.run(_rival(house, everything, mine, rival))
    assert differing == []
    reader = house.key([Scope.READ, Scope.CUSTOMERS_READ])
    narrow = house.key([Scope.OPERATE])
    wrong = asyncio.run(_wrong_scope(house, everything, mine, {"reader": reader, "narrow": narrow}))
    assert wrong == []
    after = rows(house.house.database, "acme")
    noted = {"api_keys", "audit", "unsubscribe_tokens"}  # the keys of this test; links in answers to "why this?"
    assert [name for name in before if name not in noted and before[name] != after[name]] == []


async def _strangers(
    house: Api, everything: list[Operation], mine: list[dict[str, str]], strangers: dict[str, str]
) -> dict[str, set[int]]:
    found: dict[str, set[int]] = {}
    for who, key in strangers.items():
        async with house.client(key) as client:
            for number, ids in enumerate(mine):
                for operation in (o for o in everything if o.name not in OPEN):
                    answer = await call(client, operation, ids, number)
                    found.setdefault(f"{who} {operation.name}", set()).add(answer.status_code)
    return found


async def _rival(
    house: Api, everything: list[Operation], mine: list[dict[str, str]], key: str
) -> list[tuple[str, int, int]]:
    """Another tenant's whole key gets the same answer for what is ours as for what is nobody's."""
    differing, number = [], 1_000
    async with house.client(key) as client:
        for ids in mine:
            for operation in (o for o in everything if o.name not in OPEN | MAKES and o.named):
                number += 2
                one = await call(client, operation, ids, number)
                other = await call(client, operation, nobodys(ids), number + 1)
                same = one.status_code == other.status_code and one.content == other.content
                if not same or one.status_code not in (403, 404, 422):
                    differing.append((operation.name, one.status_code, other.status_code))
    return differing


async def _wrong_scope(
    house: Api, everything: list[Operation], mine: list[dict[str, str]], keys: dict[str, str]
) -> list[tuple[str, str, int]]:
    wrong = []
    for who, key in keys.items():
        async with house.client(key) as client:
            for number, ids in enumerate(mine):
                for operation in (o for o in everything if o.name not in OPEN):
                    if who == "narrow" and operation.name == "operations_metrics":
                        continue
                    answer = await call(client, operation, ids, 5_000 + number)
                    if (operation.writes or who == "narrow") and answer.status_code != 403:
                        wrong.append((who, operation.name, answer.status_code))
                    if not operation.writes and who == "reader" and answer.status_code >= 500:
                        wrong.append((who, operation.name, answer.status_code))
    return wrong


def test_without_the_scope_for_it_no_answer_holds_personal_data(house: Api) -> None:
    """The reader reads everything it may; nothing of it names a person."""
    mine = ours(house)
    reader = house.key([Scope.READ, Scope.CUSTOMERS_READ, Scope.APPROVE, Scope.OPERATE, Scope.WEBHOOKS])

    async def read() -> str:
        texts = []
        async with house.client(reader) as client:
            for operation in (o for o in operations_ if o.method == "GET"):
                texts.append((await call(client, operation, mine[0], 1)).text)
        return "".join(texts)

    operations_ = operations(house)
    text = asyncio.run(read())
    for personal in ("Ann", "mail.example", "+447700900000"):
        assert personal not in text


def test_every_table_has_its_tenant_and_no_query_crosses_it() -> None:
    assert [name for name, table in t.metadata.tables.items() if "tenant" not in table.c] == []


EVERYBODYS = re.compile(
    r"^(BEGIN|PRAGMA|SAVEPOINT|RELEASE|ROLLBACK)|alembic_version|sqlite_master|WHERE api_keys.key_id"
)
"""Statements that concern no tenant: the database's own, and finding out by its id whose key a key is."""
BY_PLACE = re.compile(
    r"^(UPDATE audit SET position|SELECT tenants.tenant FROM tenants UNION|DELETE FROM answers WHERE answers.at <)"
)
"""The chain's own places, by row; which tenants there are; what is forgotten of all after seven days."""


def test_every_statement_of_the_store_names_its_tenant(house: Api) -> None:
    """Whatever the API does, nothing is read or written without saying whose it is."""
    said: set[str] = set()

    def heard(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        said.add(" ".join(statement.split()))

    event.listen(house.house.database.engine, "before_cursor_execute", heard)
    mine, everything = ours(house), operations(house)

    async def all_of_it() -> None:
        async with house.client() as client:
            for operation in sorted(everything, key=lambda o: o.method == "DELETE"):
                await call(client, operation, mine[0], 77)

    asyncio.run(all_of_it())
    house.tactful.receiving.take([{"type": "identify", "userId": "c-1", "traits": {"country": "GB"}}])
    Work(house.house).round(house.tactful)
    house.tactful.erase(house.tactful.find("c-1"))
    house.house.answers.forget()
    nameless = [x for x in said if not EVERYBODYS.search(x) and not BY_PLACE.search(x) and not _tenanted(x)]
    assert len(said) > 150
    assert nameless == []


def _tenanted(statement: str) -> bool:
    """A row is written with its tenant, or found by it."""
    if statement.startswith("INSERT"):
        return "tenant" in statement.partition("VALUES")[0]
    return re.search(r"tenant\"? ?=", statement) is not None or "tenant IN" in statement
