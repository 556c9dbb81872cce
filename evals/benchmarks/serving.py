"""The API under load from a process of its own: decisions, ingestion, start-up, memory; beside an empty graph."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import httpx

from agent.bootstrap import SystemClock, open_access, open_database, open_tactful
from agent.domain.access import Scope
from agent.domain.consent import Entry
from agent.domain.customer import AgeAssurance, Channel, Consent, ConsentStatus, Purpose
from agent.domain.ids import TenantId
from agent.domain.imports import ConsentRow, CustomerRow, EventRow, Row
from agent.settings import Settings

CONNECTIONS = 8
PEOPLE = 3_000
AGREED = ((Purpose.PROFILING, None), (Purpose.MARKETING_PROCESSING, None), (Purpose.AD_SENDING, Channel.EMAIL))


@dataclass(frozen=True, slots=True)
class Measured:
    """Answers a second, and how long they took in milliseconds."""

    rate: float
    p50: float
    p99: float


def crowd(home: Path, database_url: str | None = None) -> str:
    """A house full of customers who have just left a cart; a key to it."""
    settings = Settings(home=home, model_name=None, database_url=database_url)
    database = open_database(settings)
    tactful, now = open_tactful(settings, database=database), SystemClock().now()
    for start in range(0, PEOPLE, 500):
        tactful.take([row for n in range(start, start + 500) for row in _person(f"b-{n}", now)])
    keys, _ = open_access(database)
    secret = keys.make(TenantId("default"), "bench", list(Scope), None)[1]
    database.close()
    return secret


def _person(name: str, now: datetime) -> list[Row]:
    who = CustomerRow(
        key=f"who-{name}",
        external_id=name,
        first_name="Ann",
        country="GB",
        zone="Europe/London",
        locale="en",
        age=AgeAssurance.ATTESTED,
        addresses={Channel.EMAIL: f"{name}@mail.example"},
    )
    consents = [
        ConsentRow(
            key=f"consent-{name}-{purpose}",
            external_id=name,
            entry=Entry(
                consent=Consent(
                    purpose=purpose,
                    channel=channel,
                    status=ConsentStatus.GRANTED,
                    given_at=now - timedelta(days=30),
                )
            ),
        )
        for purpose, channel in AGREED
    ]
    at = now - timedelta(hours=3)
    cart = EventRow(
        key=f"cart-{name}",
        external_id=name,
        kind="cart_updated",
        occurred_at=at,
        received_at=at,
        entity=f"cart-{name}",
        properties={"value": 120, "currency": "GBP"},
    )
    return [who, *consents, cart]


@contextmanager
def serving(home: Path, *command: str, **env: str) -> Iterator[tuple[str, subprocess.Popen[bytes], float]]:
    """A server in a process of its own: its URL, the process, and how many seconds it took to answer."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, *command, "--port", str(port)],
        env={**os.environ, "TACTFUL_HOME": str(home), "TACTFUL_REQUESTS_PER_SECOND": "100000", **env},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        while True:
            try:
                if httpx.get(f"{url}/readyz", timeout=1).status_code == 200:
                    break
            except httpx.HTTPError:
                time.sleep(0.02)
        yield url, process, time.perf_counter() - started
    finally:
        process.terminate()
        process.wait(timeout=30)


def tactful_serve(home: Path, **env: str) -> AbstractContextManager[tuple[str, subprocess.Popen[bytes], float]]:
    """The product's own command."""
    return serving(home, "-m", "agent.cli.app", "serve", **env)


async def closed(ask: Callable[[int], Awaitable[object]], count: int) -> Measured:
    """As fast as so many connections go."""
    took: list[float] = []
    numbers = iter(range(count))

    async def one() -> None:
        for number in numbers:
            began = time.perf_counter()
            await ask(number)
            took.append(time.perf_counter() - began)

    started = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(CONNECTIONS)))
    return _measured(took, time.perf_counter() - started)


async def paced(ask: Callable[[int], Awaitable[object]], count: int, rate: float) -> Measured:
    """At a rate of its own, whether or not earlier answers have come (open loop)."""
    took: list[float] = []

    async def one(number: int, due: float) -> None:
        await ask(number)
        took.append(time.perf_counter() - due)

    started, waiting = time.perf_counter(), []
    for number in range(count):
        due = started + number / rate
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        waiting.append(asyncio.create_task(one(number, due)))
    await asyncio.gather(*waiting)
    return _measured(took, time.perf_counter() - started)


def _measured(took: list[float], seconds: float) -> Measured:
    took.sort()
    return Measured(rate=len(took) / seconds, p50=took[len(took) // 2] * 1000, p99=took[int(len(took) * 0.99)] * 1000)


def asker(client: httpx.AsyncClient, first: int = 0) -> Callable[[int], Awaitable[object]]:
    async def ask(number: int) -> None:
        name = first + number
        answer = await client.post(
            "/v1/decisions",
            json={"customer": f"b-{name % PEOPLE}"},
            headers={"idempotency-key": f"bench-{name}"},
        )
        assert answer.status_code == 200, answer.text

    return ask


async def ingest(client: httpx.AsyncClient, batches: int, size: int = 100) -> float:
    """Events a second, in batches."""

    measured = await closed(lambda number: post_events(client, number, size), batches)
    return measured.rate * size


async def post_events(client: httpx.AsyncClient, number: int, size: int) -> None:
    """One batch of views, by so many customers."""
    batch = [
        {
            "type": "track",
            "userId": f"b-{(number * size + n) % PEOPLE}",
            "event": "Product Viewed",
            "messageId": f"m-{number}-{n}",
            "properties": {"product_id": f"p{n % 50}"},
        }
        for n in range(size)
    ]
    answer = await client.post("/v1/batch", json={"batch": batch})
    assert answer.json()["accepted"] == size, answer.text


def memory(process: subprocess.Popen[bytes]) -> float:
    """Resident megabytes."""
    text = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) / 1024 for line in text.splitlines() if line.startswith("VmRSS"))
