"""T39: what is forged, stale, ahead of its time, replayed or truncated is never accepted; what is genuine is, once."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from standardwebhooks.webhooks import Webhook

from agent.domain.access import Scope
from agent.domain.ids import TenantId
from agent.store.database import Database
from tests.conftest import SOAK
from tests.support.api import api

CALLS, GENUINE = (20_000, 5_000) if SOAK else (1_000, 250)
Call = tuple[dict[str, str], bytes]


def genuine(secret: str, number: int, at: datetime) -> Call:
    body = json.dumps({"type": "track", "userId": f"u-{number % 7}", "event": "Product Viewed"})
    name = f"msg_{number}"
    headers = {
        "webhook-id": name,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign(name, at, body),
        "content-type": "application/json",
    }
    return headers, body.encode()


def forged(draw: random.Random, secret: str, other: str, number: int) -> Call:
    """One call that must not be accepted, in one of nine ways."""
    now = datetime.now(UTC)
    headers, body = genuine(secret, 10_000_000 + number, now)
    lost = draw.choice(list(headers)[:3])
    ways: list[Callable[[], Call]] = [
        lambda: genuine(other, number, now),
        lambda: genuine(secret, number, now - timedelta(minutes=6)),
        lambda: genuine(secret, number, now + timedelta(minutes=6)),
        lambda: (headers, body[: draw.randrange(1, len(body))]),
        lambda: (headers, body + b" "),
        lambda: (headers, json.dumps(json.loads(body), separators=(",", ":")).encode()),
        lambda: ({**headers, "webhook-id": "msg_other"}, body),
        lambda: ({**headers, "webhook-signature": headers["webhook-signature"][: draw.randrange(0, 40)]}, body),
        lambda: ({name: value for name, value in headers.items() if name != lost}, body),
    ]
    return draw.choice(ways)()


def test_no_forged_call_is_accepted_and_every_genuine_one_is_once(tmp_path: Path) -> None:
    house = api(tmp_path, Database(f"sqlite:///{tmp_path / 'api.db'}"))
    key, secret = house.house.keys.make(TenantId("acme"), "shop", [Scope.EVENTS], None, signing=True)
    _, other = house.house.keys.make(TenantId("acme"), "other", [Scope.EVENTS], None, signing=True)
    draw = random.Random(39)
    calls = [(forged(draw, secret, other, n), False) for n in range(CALLS)]
    calls += [(genuine(secret, n, datetime.now(UTC)), True) for n in range(GENUINE) for _ in range(2)]
    draw.shuffle(calls)

    async def post_all() -> tuple[int, int]:
        wrong = right = 0
        async with house.client("") as client:
            for (headers, body), true in calls:
                found = await client.post(f"/v1/hooks/{key.key_id}", content=body, headers=headers)
                taken = found.json().get("accepted", 0) if found.status_code == 200 else 0
                if true:
                    right += taken
                else:
                    assert found.status_code in (400, 401)  # what is truncated may be no JSON any more
                    wrong += taken
        return wrong, right

    assert asyncio.run(post_all()) == (0, GENUINE)
