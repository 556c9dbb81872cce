"""Approvals, the catalogue, and webhooks out."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from agent.api.access import SCHEMES, Approver, Caller, CatalogueWriter, WebhooksWriter
from agent.api.links import links
from agent.api.problems import Refused, documented
from agent.api.repeats import Answer, IdempotencyKey, once
from agent.api.shapes import (
    Again,
    ApprovalAnswer,
    ApprovalRequest,
    DeliveryAnswer,
    Id,
    Items,
    ReplayRequest,
    Taken,
    WebhookAnswer,
    WebhookRequest,
)
from agent.domain.access import Scope
from agent.domain.approval import Approval
from agent.domain.ids import digest
from agent.domain.imports import Row
from agent.domain.notice import TASKS, TYPES, Subscription
from agent.importing.fields import BadField
from agent.importing.formats import FORMATS
from agent.importing.records import Record

router = APIRouter(prefix="/v1", dependencies=SCHEMES)
KNOWN = documented(401, 403, 404, 422)
LED_TO = tuple(f"webhooks_{name}" for name in ("end", "rotate", "deliveries", "replay"))
Catalogued = Literal["products", "prices", "stock", "stores", "orders", "shipments"]


@router.get("/approvals", tags=["approvals"], responses=documented(401, 403))
def waiting(caller: Approver) -> list[ApprovalAnswer]:
    """Messages that wait for a person's word, soonest to expire first."""
    return [_approval(caller, found) for found in caller.tactful.sending.requests()]


@router.get("/approvals/{effect}", tags=["approvals"], responses=KNOWN)
def show(caller: Approver, effect: Id) -> ApprovalAnswer:
    """One request, whatever became of it, with the words that would be sent."""
    return _approval(caller, caller.tactful.sending.request(effect))


@router.post(
    "/approvals/{effect}",
    tags=["approvals"],
    responses={200: {"model": ApprovalAnswer, "description": "Its state"}, **documented(401, 403, 404, 409, 422)},
    response_model=None,
)
async def answer(
    request: Request, caller: Approver, effect: Id, body: ApprovalRequest, key: IdempotencyKey
) -> Response:
    """Says yes or no to exactly what was shown, once."""

    async def work() -> Answer:
        yes = body.answer == "approve"
        found = await run_in_threadpool(caller.tactful.sending.answer, effect, body.hash, yes, body.by)
        return 200, _approval(caller, found).model_dump(mode="json"), found.effect.customer

    return await once(request, caller, key, work)


@router.put("/catalogue/{kind}", tags=["catalogue"], responses=documented(401, 403, 422))
def catalogue(caller: CatalogueWriter, kind: Catalogued, body: Items) -> Taken:
    """Products, prices, stock, stores, orders, shipments: rows as in the file of this name. Each stands by itself: one
    that cannot be read does not hold up the others."""
    rows: list[Row] = []
    refused: list[str] = []
    for number, item in enumerate(body.items):
        key = digest("api", kind, repr(sorted(item.items(), key=str)))
        try:
            rows += FORMATS[kind].read(key, Record(line=number, fields=dict(item), raw=""))
        except BadField as bad:
            refused.append(f"items.{number}: {bad}"[:200])
    new = caller.tactful.take(rows) if rows else 0
    return Taken(taken=len(body.items) - len(refused), new=new, refused=refused)


@router.post(
    "/webhooks",
    tags=["webhooks"],
    status_code=201,
    responses={
        201: {"description": "It is told from now on", **links("webhook", "$response.body#/webhook", *LED_TO)},
        **documented(401, 403, 422),
    },
)
def subscribe(caller: WebhooksWriter, body: WebhookRequest) -> WebhookAnswer:
    """Has an address of yours told of decisions, messages, journeys, consents and tasks: signed, as Standard Webhooks
    asks."""
    types = body.types or [name for name in TYPES if name != TASKS or caller.may(Scope.PERSONAL)]
    if TASKS in types and not caller.may(Scope.PERSONAL):
        raise Refused(403, "the key lacks personal:read", next_step="Tasks say what customers wrote.")
    found, secret = caller.tactful.notifying.subscribe(body.url, types)
    return _webhook(found, secret)


@router.get("/webhooks", tags=["webhooks"], responses=documented(401, 403))
def webhooks(caller: WebhooksWriter) -> list[WebhookAnswer]:
    """Your addresses, and whether they are told."""
    return [_webhook(found) for found in caller.tactful.notifying.all()]


@router.delete("/webhooks/{webhook}", tags=["webhooks"], status_code=204, responses=KNOWN)
def end(caller: WebhooksWriter, webhook: Id) -> Response:
    """This address is told nothing more."""
    caller.tactful.notifying.end(webhook)
    return Response(status_code=204)


@router.post("/webhooks/{webhook}/secret", tags=["webhooks"], responses=KNOWN)
def rotate(caller: WebhooksWriter, webhook: Id) -> WebhookAnswer:
    """A new secret. The old one signs beside it for a day, so that you can change over."""
    secret = caller.tactful.notifying.rotate(webhook)
    found = next(w for w in caller.tactful.notifying.all() if w.endpoint_id == webhook)
    return _webhook(found, secret)


@router.get("/webhooks/{webhook}/deliveries", tags=["webhooks"], responses=KNOWN)
def deliveries(
    caller: WebhooksWriter, webhook: Id, limit: Annotated[int, Query(ge=1, le=1_000)] = 100
) -> list[DeliveryAnswer]:
    """What an address was told, newest first, and what came of it."""
    return [
        DeliveryAnswer(message=d.message_id, state=d.state, attempts=d.attempts, next_at=d.next_at, detail=d.detail)
        for d in caller.tactful.notifying.deliveries(webhook, limit)
    ]


@router.post("/webhooks/{webhook}/replay", tags=["webhooks"], responses=KNOWN)
def replay(caller: WebhooksWriter, webhook: Id, body: ReplayRequest) -> Again:
    """Tells again, under the same ids; an address that had switched itself off with 410 is switched on again."""
    caller.tactful.notifying.resume(webhook)
    return Again(again=caller.tactful.notifying.replay(webhook, body.since, body.failed))


def _approval(caller: Caller, found: Approval) -> ApprovalAnswer:
    effect = found.effect
    said = caller.tactful.rendered(effect) if caller.may(Scope.PERSONAL) else (None, None)
    return ApprovalAnswer(
        effect=effect.effect_id,
        action=effect.action,
        channel=str(effect.channel),
        state=found.state,
        hash=found.hash,
        asked_at=found.asked_at,
        expires_at=found.expires_at,
        by=found.by,
        subject=said[0],
        body=said[1],
    )


def _webhook(found: Subscription, secret: str | None = None) -> WebhookAnswer:
    return WebhookAnswer(
        webhook=found.endpoint_id,
        url=found.url,
        types=list(found.types),
        state=found.state,
        made_at=found.made_at,
        secret=secret,
    )
