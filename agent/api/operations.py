"""Whether it lives, whether it can work, and its figures."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse, Response

from agent.api.access import SCHEMES, Operator, house_of
from agent.api.problems import documented
from agent.api.shapes import Status

router = APIRouter(tags=["operations"])


@router.get("/healthz")
def healthz() -> Status:
    """The process answers."""
    return Status(status="ok")


@router.get("/readyz", responses=documented())
def readyz(request: Request) -> Status:
    """The store can be used. Raises StoreError, which is told as 503."""
    house_of(request).keys.tenants()
    return Status(status="ready")


@router.get("/metrics", dependencies=SCHEMES, response_class=PlainTextResponse, responses=documented(401, 403))
def metrics(request: Request, caller: Operator) -> Response:
    """Figures of this process, for Prometheus; and the caller's own effects by state."""
    found = request.app.state.metrics
    tactful = caller.tactful
    found.effects(tactful.tenant, tactful.stores.records.states(tactful.tenant))
    return Response(found.text(), media_type="text/plain; version=0.0.4; charset=utf-8")
