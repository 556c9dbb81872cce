"""Events in: Segment's and RudderStack's calls, CloudEvents 1.0, signed webhooks. They arm triggers and do no more."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Annotated, Any

import orjson
from cloudevents.core.bindings.http import HTTPMessage, from_http_event
from fastapi import APIRouter, Body, Path, Request
from pydantic import AwareDatetime
from standardwebhooks.webhooks import Webhook, WebhookVerificationError
from starlette.concurrency import run_in_threadpool

from agent.api.access import SCHEMES, Caller, EventsCaller, address_of, house_of
from agent.api.problems import Refused, documented
from agent.api.shapes import Messages
from agent.domain.access import Scope
from agent.importing.messages import TYPES

MOST = 1_000
"""Messages in one batch."""
_JSON = "^application/json(; ?charset=utf-8)?$"
CLOUDEVENT: dict[str, Any] = {
    "type": "object",
    "required": ["specversion", "id", "source", "type"],
    "properties": {
        "specversion": {"const": "1.0"},
        **{name: {"type": "string", "minLength": 1, "pattern": "^[!-~]+$"} for name in ("id", "source", "type")},
        "subject": {
            "type": "string",
            "pattern": "^[!-~]+$",
            "description": "The customer; without: quarantine.",
        },
        "time": {"type": "string", "format": "date-time"},
        "datacontenttype": {"type": "string", "pattern": _JSON},
        "data": {
            "type": "object",
            "description": "An object with what the kind of event has: product_id, value, currency, ...",
        },
    },
}
"""CloudEvents 1.0, structured; the binary form has the same attributes as ce- headers and `data` as its body."""
_NAME = re.compile("[!-~]+")
router = APIRouter(prefix="/v1", tags=["events"], responses=documented(401, 403, 422))
Body_ = Annotated[dict[str, Any], Body()]


@router.post("/batch", dependencies=SCHEMES)
def batch(request: Request, caller: EventsCaller, body: Body_) -> Messages:
    """Segment's and RudderStack's batch: `{"batch": [message, ...], "sentAt": ...}`."""
    found = body.get("batch")
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise Refused(422, "batch: a list of messages", next_step='Send {"batch": [{"type": "track", ...}]}.')
    if len(found) > MOST:
        raise Refused(413, f"more than {MOST:,} messages", next_step="Send them in several batches.")
    shared = body.get("context") if isinstance(body.get("context"), dict) else None
    messages = [{"context": shared, **one} if shared else one for one in found]
    return _take(request, caller, messages, _moment(body.get("sentAt")))


def _call(name: str) -> Callable[..., Messages]:
    def one_message(request: Request, caller: EventsCaller, body: Body_) -> Messages:
        return _take(request, caller, [{**body, "type": name}], _moment(body.get("sentAt")))

    one_message.__doc__ = f"One `{name}` message, as Segment's HTTP API takes it."
    return one_message


for _name in TYPES:
    router.post(f"/{_name}", dependencies=SCHEMES, operation_id=f"segment_{_name}")(_call(_name))


@router.post(
    "/events",
    dependencies=SCHEMES,
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "application/cloudevents+json": {"schema": CLOUDEVENT},
                "application/cloudevents-batch+json": {"schema": {"type": "array", "items": CLOUDEVENT}},
            },
        }
    },
)
async def cloudevents(request: Request, caller: EventsCaller) -> Messages:
    """CloudEvents 1.0: structured, batched or binary. The last part of `type` is the kind of event, `subject` the
    customer, `data` its properties; or `data` is a whole message in Segment's form."""
    raw = await request.body()
    try:
        found = [_message(event) for event in _events(dict(request.headers), raw)]
    except Exception:  # noqa: BLE001 - whatever the reader stumbles over, it is the sender's to mend
        raise Refused(
            400, "not a CloudEvent 1.0", next_step="Needed are specversion, id, source and type; data as JSON."
        ) from None
    if len(found) > MOST:
        raise Refused(413, f"more than {MOST:,} events", next_step="Send them in several batches.")
    return await run_in_threadpool(_take, request, caller, found, None)


@router.post(
    "/hooks/{source}",
    operation_id="signed_webhook",
    openapi_extra={
        "requestBody": {"required": True, "content": {"application/json": {"schema": {"type": "object"}}}},
        "security": [{"StandardWebhooks": []}],
    },
)
async def signed(request: Request, source: Annotated[str, Path(pattern=r"^[0-9a-z]{1,40}$")]) -> Messages:
    """A webhook signed as Standard Webhooks 1.0 asks, by the secret of `tactful keys create --signing`: one message in
    Segment's form, or a batch. The same `webhook-id` counts once."""
    house, raw = house_of(request), await request.body()
    pace, found = request.app.state.pace, house.keys.signing(source)
    if found is None or not any(_is_signed(secret, raw, request.headers) for secret in found[1]):
        pace.check(address_of(request))
        raise Refused(401, "the signature does not hold", headers={"www-authenticate": "StandardWebhooks"})
    key = found[0]
    pace.check(key.key_id)
    if Scope.EVENTS not in key.scopes:
        raise Refused(403, "the key lacks events:write")
    request.state.tenant = key.tenant
    body = await request.json()
    name = request.headers["webhook-id"]
    data = body.get("data") if isinstance(body, dict) and isinstance(body.get("data"), dict) else body
    batch_ = data.get("batch") if isinstance(data, dict) else None
    messages: list[Any] = batch_ if isinstance(batch_, list) else [data]
    if not all(isinstance(one, dict) for one in messages) or len(messages) > MOST:
        raise Refused(422, "one message, or a batch of them")
    named = [{**one, "messageId": f"{source}:{name}:{number}"} for number, one in enumerate(messages)]
    caller = Caller(key, house.tactful(key.tenant))
    return await run_in_threadpool(_take, request, caller, named, None)


def _is_signed(secret: str, raw: bytes, headers: Mapping[str, str]) -> bool:
    try:
        Webhook(secret).verify(raw, dict(headers))
    except (WebhookVerificationError, ValueError, TypeError, UnicodeDecodeError):
        return False
    return True


def _take(request: Request, caller: Caller, messages: list[dict[str, Any]], sent_at: datetime | None) -> Messages:
    received, reasons = caller.tactful.receiving.take(messages, sent_at)
    metrics = request.app.state.metrics
    for outcome in ("accepted", "duplicates", "waiting", "quarantined"):
        metrics.messages(outcome, getattr(received, outcome))
    return Messages(
        accepted=received.accepted,
        duplicates=received.duplicates,
        waiting=received.waiting,
        quarantined=received.quarantined,
        reasons=reasons[:20],
    )


def _moment(found: object) -> datetime | None:
    from pydantic import TypeAdapter, ValidationError

    try:
        return TypeAdapter(AwareDatetime).validate_python(found) if found is not None else None
    except ValidationError:
        return None


def _events(headers: Mapping[str, str], raw: bytes) -> list[Any]:
    kind = headers.get("content-type", "").split(";")[0].strip().lower()
    if kind == "application/cloudevents-batch+json":
        structured, batch_ = {"content-type": "application/cloudevents+json"}, orjson.loads(raw)
        if not isinstance(batch_, list):
            raise ValueError("not a batch")
        return [_read(structured, orjson.dumps(one)) for one in batch_]
    return [_read(headers, raw)]


def _read(headers: Mapping[str, str], raw: bytes) -> Any:
    """Raises ValueError where one of the required attributes is missing: the reader would make some of them up."""
    structured = headers.get("content-type", "").lower().startswith("application/cloudevents")
    said = orjson.loads(raw) if structured else {name.removeprefix("ce-"): value for name, value in headers.items()}
    for name in ("specversion", "id", "source", "type"):
        if not isinstance(said.get(name), str) or not _NAME.fullmatch(said[name]):
            raise ValueError(f"{name} is missing")
    if structured and not (isinstance(said.get("data", {}), dict) and _is_json(said.get("datacontenttype"))):
        raise ValueError("data is no JSON object")
    if structured:  # extensions are let through to nobody
        raw = orjson.dumps({name: value for name, value in said.items() if name in CLOUDEVENT["properties"]})
    return from_http_event(HTTPMessage(headers=dict(headers), body=raw))


def _is_json(kind: object) -> bool:
    return kind is None or (isinstance(kind, str) and re.fullmatch(_JSON, kind) is not None)


def _message(event: Any) -> dict[str, Any]:
    """A CloudEvent in Segment's form; source and id together name it."""
    data = event.get_data()
    said = data if isinstance(data, dict) else {}
    name = f"{event.get_source()}\x1f{event.get_id()}"
    common: dict[str, Any] = {"messageId": "ce:" + _digest(name)}
    if event.get_time() is not None:
        common["timestamp"] = event.get_time().isoformat()
    if isinstance(said.get("type"), str) and (said.get("userId") or said.get("anonymousId")):
        return {**said, **common}
    kind = str(event.get_type()).rpartition(".")[2]
    return {"type": "track", "userId": event.get_subject(), "event": kind, "properties": said, **common}


def _digest(text: str) -> str:
    from agent.domain.ids import digest

    return digest(text, size=16)
