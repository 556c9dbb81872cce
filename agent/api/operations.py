"""Whether it lives, whether it can work, and its figures."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse, Response

from agent.api.access import SCHEMES, Operator, house_of
from agent.api.problems import Refused, documented
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
    if not request.app.state.work.is_alive():
        raise Refused(503, "the work behind the API has stopped", next_step="Start the process again.")
    return Status(status="ready")


@router.get("/metrics", dependencies=SCHEMES, response_class=PlainTextResponse, responses=documented(401, 403))
def metrics(request: Request, caller: Operator) -> Response:
    """Figures of this process, for Prometheus; and the caller's own effects by state."""
    tactful = caller.tactful
    own = tactful.stores.records.states(tactful.tenant)
    return Response(
        request.app.state.metrics.text(tactful.tenant, own), media_type="text/plain; version=0.0.4; charset=utf-8"
    )
