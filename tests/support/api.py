"""The API over a real database: called in process, or over a real socket by clients that nobody here wrote."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from fastapi import FastAPI

from agent.api.app import create_app
from agent.api.house import House, open_house
from agent.domain.access import Scope
from agent.domain.ids import TenantId
from agent.domain.ports import Clock, Ids
from agent.service import Tactful
from agent.settings import Settings
from agent.store.database import Database

EVERYTHING = tuple(Scope)


@dataclass
class Api:
    """One house with its application. Requests run in one event loop of their own."""

    house: House
    app: FastAPI
    tenant: str = "acme"
    secrets: dict[str, str] = field(default_factory=dict)

    def key(self, scopes: Sequence[Scope] = EVERYTHING, tenant: str = "") -> str:
        name = f"{tenant or self.tenant}:{' '.join(sorted(scopes))}"
        if name not in self.secrets:
            _, self.secrets[name] = self.house.keys.make(TenantId(tenant or self.tenant), "test", scopes, None)
        return self.secrets[name]

    @property
    def tactful(self) -> Tactful:
        return self.house.tactful(TenantId(self.tenant))

    def client(self, key: str | None = None, **more: Any) -> httpx.AsyncClient:
        headers = {"authorization": f"Bearer {self.key() if key is None else key}"} if key != "" else {}
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        return httpx.AsyncClient(transport=transport, base_url="http://api.test", headers=headers, timeout=60, **more)

    def call(self, method: str, path: str, key: str | None = None, **more: Any) -> httpx.Response:
        """One request, in process."""

        async def one() -> httpx.Response:
            async with self.client(key) as client:
                return await client.request(method, path, **more)

        return asyncio.run(one())

    def decide(self, customer: str, key: str, **more: Any) -> httpx.Response:
        body = {"customer": customer, **more}
        return self.call("POST", "/v1/decisions", json=body, headers={"idempotency-key": key})


def api(home: Path, database: Database, clock: Clock | None = None, ids: Ids | None = None, **settings: Any) -> Api:
    settings = {"requests_per_second": 100_000, **settings}
    house = open_house(Settings(home=home, model_name=None, **settings), clock=clock, ids=ids, database=database)
    found = Api(house, create_app(house, work=False))
    found.key()
    return found


@contextmanager
def served(app: FastAPI) -> Iterator[str]:
    """The application on a real socket; its URL."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(app, "127.0.0.1", port, log_config=None, access_log=False))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    ends = time.monotonic() + 30
    while not server.started and time.monotonic() < ends:
        time.sleep(0.02)
    assert server.started
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(timeout=30)
