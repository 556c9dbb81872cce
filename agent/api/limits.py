"""What every request passes through: bounds on its body, a name, a line in the log, a count, a span."""

from __future__ import annotations

import logging
import time
import zlib
from typing import Any

import orjson
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from agent.api import problems
from agent.api.metrics import Metrics
from agent.domain.ports import Ids

LARGEST = 1_048_576
"""Bytes of a body, unpacked. Segment's libraries send half of it at most."""
DEEPEST = 32
log = logging.getLogger("tactful.api")


class Door:
    """ASGI middleware: reads the whole body, refuses what is too much of it, and tells of each request afterwards."""

    def __init__(self, app: ASGIApp, metrics: Metrics, ids: Ids, spans: Any = None) -> None:
        self._app = app
        self._metrics = metrics
        self._ids = ids
        self._spans = spans

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, status, name = time.perf_counter(), 500, self._ids.new()

        async def tell(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), (b"x-request-id", name.encode()), *_PLAIN]
            await send(message)

        try:
            refusal, body = await _body(scope, receive)
            if refusal is not None:
                await refusal(scope, receive, tell)
            else:
                await self._app(scope, _again(body, receive), tell)
        except Exception as error:  # noqa: BLE001 - told without a word of it
            problems.report(error, getattr(scope.get("route"), "path", ""))
            await _FAILED(scope, receive, tell)
        finally:
            self._told(scope, status, time.perf_counter() - started, name)

    def _told(self, scope: Scope, status: int, seconds: float, name: str) -> None:
        route = getattr(scope.get("route"), "path", "") or "unknown"
        self._metrics.request(scope["method"], route, status, seconds)
        facts = {
            "request": name,
            "method": scope["method"],
            "route": route,
            "status": status,
            "ms": round(seconds * 1000, 1),
            "tenant": scope.get("state", {}).get("tenant", ""),
        }
        if self._spans is not None:
            self._spans.request(facts, seconds)
        log.info("request", extra={"facts": facts})


_PLAIN = ((b"x-content-type-options", b"nosniff"), (b"cache-control", b"no-store"))


_FAILED = problems.problem(500, "something went wrong on our side", "Try again; the request id names it in our log.")


async def _body(scope: Scope, receive: Receive) -> tuple[Any, bytes]:
    """The body as the application is to see it; or the answer where it cannot be taken."""
    headers = {name.lower(): value for name, value in scope["headers"]}
    parts, size = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            break
        size += len(message.get("body", b""))
        if size > LARGEST:
            return problems.problem(413, f"more than {LARGEST:,} bytes", "Send less at once."), b""
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            break
    body = b"".join(parts)
    if headers.get(b"content-encoding", b"").lower() == b"gzip" and body:
        unpacked = _unpacked(body)
        if unpacked is None:
            return problems.problem(400, "not gzip, or too large when unpacked"), b""
        body = unpacked
        kept = [(n, v) for n, v in scope["headers"] if n.lower() not in (b"content-encoding", b"content-length")]
        scope["headers"] = [*kept, (b"content-length", str(len(body)).encode())]
    if body and b"json" in headers.get(b"content-type", b"").lower():
        fault = _fault(body)
        if fault:
            return problems.problem(400, fault), b""
    return None, body


def _unpacked(body: bytes) -> bytes | None:
    machine = zlib.decompressobj(31)
    try:
        found = machine.decompress(body, LARGEST + 1)
    except zlib.error:
        return None
    return found if machine.eof and len(found) <= LARGEST else None


def _fault(body: bytes) -> str:
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        return "not JSON"
    if body.count(b"{") + body.count(b"[") <= DEEPEST:
        return ""
    level: list[Any] = [found]
    for _ in range(DEEPEST):
        level = [x for node in level for x in _children(node) if isinstance(x, dict | list)]
        if not level:
            return ""
    return f"nested deeper than {DEEPEST} levels"


def _children(node: Any) -> Any:
    return node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()


def _again(body: bytes, receive: Receive) -> Receive:
    """The body that was read, once more; after it whatever comes."""
    given = False

    async def read() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return read
