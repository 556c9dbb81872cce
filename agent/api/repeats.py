"""Idempotency-Key: the first answer is given again, byte by byte; another request under the same key is refused."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from hashlib import sha256
from typing import Annotated, Any

import orjson
from fastapi import Header, Request
from fastapi.responses import Response

from agent.api.access import Caller, house_of
from agent.api.problems import Refused
from agent.domain.access import Busy, Kept, Reused
from agent.domain.ids import CustomerId

LONGEST = 255
IdempotencyKey = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=LONGEST,
        pattern=r"^[\x21-\x7e]+$",
        description="Your own name for this request, for example a UUID; the answer is kept for 7 days.",
    ),
]
Answer = tuple[int, Any, CustomerId | None]
"""Status, body, and the customer it tells of."""


async def once(request: Request, caller: Caller, key: str, work: Callable[[], Awaitable[Answer]]) -> Response:
    """Answers by `work`, or with what was answered before. Raises Refused: 409, 422."""
    house = house_of(request)
    may = " ".join(sorted(caller.key.scopes))  # what one key may read is not another's to have repeated
    head = f"{request.method} {request.url.path}\n{may}\n".encode()
    fingerprint = sha256(head + await request.body()).hexdigest()
    tenant = caller.tactful.tenant
    try:
        found = house.answers.begin(tenant, key, fingerprint)
    except Busy:
        raise Refused(
            409,
            "a request with this Idempotency-Key is being answered",
            next_step="Ask again in a moment.",
            headers={"retry-after": "1"},
        ) from None
    except Reused:
        raise Refused(
            422, "this Idempotency-Key was used for another request", next_step="Use a new key for a new request."
        ) from None
    if isinstance(found, Kept):
        return _response(found, replayed=True)
    try:
        status, body, customer = await work()
    except (Exception, asyncio.CancelledError):
        house.answers.drop(tenant, key, found)
        raise
    kept = Kept(status=status, body=orjson.dumps(body, default=str))
    house.answers.finish(tenant, key, found, kept, customer)
    return _response(kept)


def _response(kept: Kept, replayed: bool = False) -> Response:
    headers = {"idempotent-replayed": "true"} if replayed else {}
    return Response(kept.body, kept.status, headers=headers, media_type="application/json")
