"""T41: what names a person stands in no log, no metric, no trace and no error, also when every layer fails."""

from __future__ import annotations

import asyncio
import io
import logging
import random
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from agent.api.limits import Door
from agent.api.logs import JsonLines
from agent.api.spans import Spans
from agent.bootstrap import SystemClock
from agent.domain.errors import StoreError
from agent.store.database import Database
from tests.conftest import SOAK
from tests.support.api import Api, api

CUSTOMERS = 10_000 if SOAK else 500


def canaries(number: int) -> dict[str, str]:
    """One person in twelve formats."""
    n = f"{number:06d}"
    return {
        "name": f"Canary{''.join(chr(97 + int(d)) for d in n)}",
        "hangul": f"카나리{''.join(chr(0xAC00 + int(d)) for d in n)}",
        "email": f"canary{n}@mail.example",
        "phone": f"+4477{n}99",
        "rrn": f"900101-1{n}",
        "card": f"4111 1111 11{n[:2]} {n[2:]}",
        "iban": f"GB33BUKB2020{n}9999",
        "address": f"{n} Canary Lane",
        "passport": f"M{n}77Z",
        "ip": f"203.0.{n[:2]}.{n[2:4]}7",
        "token": f"push-canary-{n}",
        "number": f"cust-canary-{n}",
    }


SONG = re.compile(
    r"Canary[a-j]{6}|카나리[가-갉]{6}|canary\d{6}@mail\.example|\+4477\d{6}99|900101-1\d{6}|4111 1111 11\d\d \d{4}"
    r"|GB33BUKB2020\d{6}9999|\d{6} Canary Lane|M\d{6}77Z|203\.0\.\d\d\.\d\d7|push-canary-\d{6}|cust-canary-\d{6}"
)
"""What any of them looks like: texts are read once, however many people there are."""


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """Everything that this process logs, at every level, in the form in which it is served."""
    text = io.StringIO()
    handler = logging.StreamHandler(text)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    level, handlers = root.level, root.handlers[:]
    root.handlers[:] = [handler]
    root.setLevel(logging.DEBUG)
    yield text
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
def traced() -> tuple[Spans, InMemorySpanExporter]:
    kept = InMemorySpanExporter()
    return Spans(SimpleSpanProcessor(kept), SystemClock()), kept


def test_no_canary_sings_in_logs_metrics_traces_or_errors(
    tmp_path: Path, written: io.StringIO, traced: tuple[Spans, InMemorySpanExporter], monkeypatch: pytest.MonkeyPatch
) -> None:
    house = api(tmp_path, Database(f"sqlite:///{tmp_path / 'api.db'}"))
    (door,) = (m for m in house.app.user_middleware if getattr(m.cls, "__name__", "") == Door.__name__)
    door.kwargs["spans"] = traced[0]
    people = [canaries(n) for n in range(CUSTOMERS)]
    errors = asyncio.run(_live(house, people, monkeypatch))
    assert len(errors) > CUSTOMERS
    metrics = house.call("GET", "/metrics").text
    spans = " ".join(f"{s.name} {dict(s.attributes or {})}" for s in traced[1].get_finished_spans())
    assert "tactful_requests" in metrics
    assert "/v1/customers/{customer}" in spans
    assert '"route":"/v1/customers/{customer}"' in written.getvalue()
    heard = {"logs": written.getvalue(), "metrics": metrics, "traces": spans, "errors": "\n".join(errors)}
    values = {value for person in people for value in person.values()}
    assert {value for value in values if not SONG.fullmatch(value)} == set()
    singing = [(place, song) for place, text in heard.items() for song in SONG.findall(text) if song in values]
    assert singing == []


async def _live(house: Api, people: list[dict[str, str]], monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Each person comes in by every door, well and badly; then the store fails, then our own code."""
    errors: list[str] = []
    draw = random.Random(41)
    async with house.client() as client:
        for start in range(0, len(people), 100):
            batch = [m for p in people[start : start + 100] for m in _messages(p)]
            await client.post("/v1/batch", json={"batch": batch})
        for person in people:
            errors += await _badly(client, person, draw)
        failures: list[BaseException] = [StoreError(f"broken near {people[0]['email']}"), ValueError(people[1]["rrn"])]
        for failure in failures:
            with monkeypatch.context() as broken:
                broken.setattr(type(house.tactful.stores.customers), "find", _failing(failure))
                for person in people[:25]:
                    answer = await client.get(f"/v1/customers/{person['number']}")
                    assert answer.status_code in (500, 503)
                    errors.append(answer.text)
    return errors


def _messages(p: dict[str, str]) -> list[dict[str, Any]]:
    who, now = p["number"], datetime.now(UTC).isoformat()
    return [
        {
            "type": "identify",
            "userId": who,
            "traits": {"firstName": p["name"], "email": p["email"], "phone": p["phone"], "pushToken": p["token"]},
            "context": {"ip": p["ip"]},
        },
        {"type": "track", "userId": who, "event": p["address"], "timestamp": now, "properties": {"card": p["card"]}},
        {"type": "track", "userId": who, "event": "case_opened", "properties": {"kind": p["rrn"]}},
        {"type": p["hangul"], "userId": who},
    ]


async def _badly(client: httpx.AsyncClient, p: dict[str, str], draw: random.Random) -> list[str]:
    calls: list[tuple[str, str, Any]] = [
        ("PUT", f"/v1/customers/{p['number']}", {"country": p["iban"], "first_name": p["name"]}),
        ("PUT", f"/v1/customers/{p['number']}", {"email": p["address"], "zone": p["passport"]}),
        ("PUT", f"/v1/customers/{p['email']}", {p["hangul"]: p["card"]}),
        ("POST", f"/v1/customers/{p['number']}/consents", {"status": "granted", "purpose": p["rrn"]}),
        ("GET", f"/v1/customers/{p['phone']}", None),
        ("POST", "/v1/decisions", {"customer": p["email"], "event": {"kind": p["card"]}}),
        ("PUT", "/v1/catalogue/stock", {"items": [{"product": p["name"], "units": p["passport"]}]}),
        ("POST", "/v1/webhooks", {"url": f"https://{p['email']}/"}),
        ("GET", f"/v1/decisions/{p['token']}", None),
        ("DELETE", f"/v1/cases/{p['name']}?customer={p['number']}", None),
    ]
    found = []
    for method, path, body in draw.sample(calls, 4):
        answer = await client.request(method, path, json=body, headers={"idempotency-key": f"k-{p['name']}"})
        if answer.status_code >= 400 or "refused" in answer.text:
            found.append(answer.text)
    return found


def _failing(failure: BaseException) -> Any:
    def find(*_: Any) -> Any:
        raise failure

    return find
