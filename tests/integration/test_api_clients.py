"""Clients that nobody here wrote speak to the API over a real socket."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import httpx2
import pytest
from cloudevents.core.bindings.http import to_binary_event, to_structured_event
from cloudevents.core.v1.event import CloudEvent
from mcp.client import Client
from mcp.client.streamable_http import streamable_http_client
from segment.analytics import Client as Segment
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from agent.api.house import Work
from agent.domain.access import Scope
from agent.domain.ids import TenantId
from agent.store.database import Database
from tests.support.api import Api, api, served
from tests.support.brand import regular

SCRIPT = """
import sys
import rudderstack.analytics as rudder
rudder.write_key, rudder.dataPlaneUrl, rudder.gzip, rudder.sync_mode = sys.argv[1], sys.argv[2], True, True
rudder.identify("r-1", {"email": "r@mail.example", "firstName": "Rui"})
rudder.track("r-1", "Product Viewed", {"product_id": "lamp"})
rudder.flush()
"""


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Api]:
    database = Database(f"sqlite:///{tmp_path / 'api.db'}")
    yield api(tmp_path, database, webhooks_own_network=True)
    database.close()


@pytest.fixture
def url(house: Api) -> Iterator[str]:
    with served(house.app) as found:
        yield found


def happened(house: Api, customer: str) -> list[tuple[str, str]]:
    tactful = house.tactful
    found = tactful.stores.happenings.of(tactful.tenant, tactful.find(customer), tactful.now() + timedelta(days=2), 50)
    return [(h.kind, h.entity) for h in found]


def test_segments_library_delivers_its_events(house: Api, url: str) -> None:
    errors: list[Any] = []
    segment = Segment(house.key([Scope.EVENTS]), host=url, sync_mode=True, on_error=lambda e, _: errors.append(e))
    segment.identify("s-1", {"email": "s@mail.example", "firstName": "Sam", "address": {"country": "GB"}})
    segment.track("s-1", "Product Viewed", {"product_id": "lamp"})
    line = {"product_id": "lamp", "price": 30, "quantity": 1}
    segment.track("s-1", "Order Completed", {"order_id": "o-9", "currency": "GBP", "products": [line]})
    segment.page("s-1", "shop", "home", {})
    segment.alias("visitor-9", "s-1")
    segment.group("s-1", "company-1", {})
    segment.flush()
    assert errors == []
    found = happened(house, "s-1")
    assert ("product_viewed", "lamp") in found
    assert ("ordered", "lamp") in found
    said = house.call("GET", "/v1/customers/s-1").json()
    assert (said["first_name"], said["country"], said["channels"]) == ("Sam", "GB", ["email"])
    assert "visitor-9" in said["known_as"]


def test_rudderstacks_library_delivers_its_events(house: Api, url: str) -> None:
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", SCRIPT, house.key([Scope.EVENTS]), url],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert ("product_viewed", "lamp") in happened(house, "r-1")
    assert house.call("GET", "/v1/customers/r-1").json()["first_name"] == "Rui"


@pytest.mark.parametrize("write", [to_structured_event, to_binary_event])
def test_cloudevents_arrive_structured_and_binary(house: Api, url: str, write: Any) -> None:
    event = CloudEvent(
        attributes={
            "id": "e-1",
            "source": "/shop",
            "type": "com.shop.product_viewed",
            "specversion": "1.0",
            "subject": "ce-1",
            "time": datetime.now(UTC) - timedelta(minutes=1),
            "datacontenttype": "application/json",
        },
        data={"product_id": "vase"},
    )
    message = write(event)
    headers = {**message.headers, "authorization": f"Bearer {house.key([Scope.EVENTS])}"}
    answers = [httpx.post(f"{url}/v1/events", content=message.body, headers=headers).json() for _ in range(2)]
    assert [(a["accepted"], a["duplicates"]) for a in answers] == [(1, 0), (0, 1)]
    assert happened(house, "ce-1") == [("product_viewed", "vase")]


def test_a_signed_webhook_counts_once_and_only_with_its_signature(house: Api, url: str) -> None:
    key, secret = house.house.keys.make(TenantId("acme"), "shop", [Scope.EVENTS], None, signing=True)
    body = json.dumps(
        {"type": "track", "userId": "h-1", "event": "Product Viewed", "properties": {"product_id": "lamp"}}
    )
    now = datetime.now(UTC)
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(secret).sign("msg_1", now, body),
        "content-type": "application/json",
    }
    place = f"{url}/v1/hooks/{key.key_id}"
    answers = [httpx.post(place, content=body, headers=headers).json() for _ in range(2)]
    assert [(a["accepted"], a["duplicates"]) for a in answers] == [(1, 0), (0, 1)]
    assert httpx.post(place, content=body.replace("lamp", "vase"), headers=headers).status_code == 401
    assert happened(house, "h-1") == [("product_viewed", "lamp")]


@pytest.fixture
def receiver() -> Iterator[tuple[list[tuple[dict[str, str], bytes]], str]]:
    taken: list[tuple[dict[str, str], bytes]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            taken.append(({k.lower(): v for k, v in self.headers.items()}, body))
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield taken, f"http://127.0.0.1:{server.server_port}/hook"
    server.shutdown()
    server.server_close()


def test_webhooks_out_verify_with_the_standards_library_also_across_a_rotation(
    house: Api, receiver: tuple[list[tuple[dict[str, str], bytes]], str]
) -> None:
    taken, place = receiver
    made = house.call("POST", "/v1/webhooks", json={"url": place}).json()
    house.tactful.take(regular("w-1"))
    assert house.decide("w-1", "k-1").status_code == 200
    house.call("POST", "/v1/customers/w-1/consents", json={"status": "withdrawn"})
    work = Work(house.house)
    while work.round(house.tactful):
        pass
    told = [Webhook(made["secret"]).verify(body, headers) for headers, body in taken]
    assert {"decision.made", "consent.changed"} <= {one["type"] for one in told}
    assert all(one["data"]["customer"] == "w-1" for one in told)
    newer = house.call("POST", f"/v1/webhooks/{made['webhook']}/secret").json()["secret"]
    taken.clear()
    house.call("POST", f"/v1/webhooks/{made['webhook']}/replay", json={"failed": False})
    while work.round(house.tactful):
        pass
    assert len(taken) == len(told)
    for headers, body in taken:
        for secret in (newer, made["secret"]):
            Webhook(secret).verify(body, headers)
        with pytest.raises(WebhookVerificationError):
            Webhook(newer).verify(body + b" ", headers)


def test_the_mcp_client_looks_and_changes_nothing(house: Api, url: str) -> None:
    house.tactful.take(regular("m-1"))
    decided = house.decide("m-1", "k-m").json()["decision"]
    before = len(list(house.tactful.decisions()))
    reader = house.key([Scope.READ, Scope.CUSTOMERS_READ])

    async def look() -> list[Any]:
        async with (
            httpx2.AsyncClient(headers={"authorization": f"Bearer {reader}"}) as http,
            Client(streamable_http_client(f"{url}/mcp", http_client=http)) as client,
        ):
            tools = (await client.list_tools()).tools
            answers = [
                await client.call_tool("timeline", {"customer": "m-1"}),
                await client.call_tool("dry_run_decision", {"customer": "m-1"}),
                await client.call_tool("explain", {"decision": decided, "lang": "ko"}),
            ]
            return [tools, *answers]

    tools, timeline, rehearsed, explained = asyncio.run(look())
    assert {tool.name for tool in tools} == {"timeline", "dry_run_decision", "explain"}
    assert all(tool.annotations.read_only_hint for tool in tools)
    assert "Ann" not in timeline.model_dump_json()
    assert rehearsed.structured_content["action"]
    assert explained.structured_content["decision_id"] == decided
    assert len(list(house.tactful.decisions())) == before
    assert httpx.post(f"{url}/mcp", json={}).status_code == 401
