"""The application: its rooms, its door, and the work behind it."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio.to_thread
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.routing import Route

from agent.api import books, customers, decisions, events, logs, mcp, operations, preferences, problems
from agent.api.access import Pace
from agent.api.house import House, Work, open_house
from agent.api.limits import Door
from agent.api.links import operation_id
from agent.api.metrics import Metrics
from agent.bootstrap import load_settings

SWITCH = 0.001
"""Seconds after which the work behind the API lets a waiting request go first."""
THREADS = 8
"""Requests that may be in the store at the same time."""
DESCRIPTION = """Decides the next-best action for each customer, silence included.

Keys: `tactful keys create`, as Bearer token or as the user of HTTP Basic. Decisions and approvals need an
`Idempotency-Key`, whose answer is kept for 7 days; events never do: their `messageId` counts once within 7 days.
Errors are problem+json (RFC 9457)."""


def create_app(house: House, *, work: bool = True) -> FastAPI:
    """The API over a house. Without `work` nothing goes on behind it: for tests and for processes that only answer."""
    spans = None
    if house.settings.otlp_endpoint:
        from agent.api.spans import Spans

        spans = Spans.to(house.settings.otlp_endpoint, house.clock)
    worker, tools = Work(house), mcp.Tools(house)

    @asynccontextmanager
    async def life(_: FastAPI) -> AsyncIterator[None]:
        anyio.to_thread.current_default_thread_limiter().total_tokens = THREADS
        await anyio.to_thread.run_sync(house.warm)
        if work:
            worker.start()
        async with tools.running():
            yield
        worker.stop()
        if spans is not None:
            spans.close()

    app = FastAPI(
        title="Tactful",
        version="1",
        description=DESCRIPTION,
        lifespan=life,
        docs_url=None,
        redoc_url=None,
        openapi_url="/v1/openapi.json",
        redirect_slashes=False,
        generate_unique_id_function=operation_id,
    )
    app.state.work = worker
    app.state.house, app.state.pace, app.state.metrics = house, Pace(house.settings.requests_per_second), Metrics()
    problems.install(app)
    for room in (decisions, customers, books, events, operations, preferences):
        app.include_router(room.router)
    app.router.routes.append(Route("/mcp", tools, methods=["GET", "POST", "DELETE"]))
    app.add_middleware(Door, metrics=app.state.metrics, ids=house.ids, spans=spans)
    app.openapi = lambda: _openapi(app)  # type: ignore[method-assign]
    return app


def _openapi(app: FastAPI) -> dict[str, Any]:
    """FastAPI's document, with our problems in place of its own errors."""
    if app.openapi_schema is None:
        found = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
        schemas = found["components"]["schemas"]
        for name in ("HTTPValidationError", "ValidationError"):
            schemas.pop(name, None)
        schemas["Problem"] = problems.Problem.model_json_schema()
        app.openapi_schema = found
    return app.openapi_schema


def served() -> FastAPI:
    """For servers that start processes of their own: under the settings of the process."""
    logs.install()
    sys.setswitchinterval(SWITCH)
    return create_app(open_house(load_settings()))
