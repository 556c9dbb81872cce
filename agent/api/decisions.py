"""Decide, tell what came of it, look back: `/v1/decisions`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.encoders import jsonable_encoder
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from agent.api.access import SCHEMES, Caller, DecidingCaller, ReadingCaller
from agent.api.customers import external_name
from agent.api.links import links
from agent.api.problems import Refused, documented
from agent.api.repeats import Answer, IdempotencyKey, once
from agent.api.shapes import Decided, DecisionRequest, Id, Open, OutcomeRequest, Ranked, Recorded, Replayed
from agent.asking import Ask, Asked
from agent.domain.access import Scope
from agent.domain.action import Candidate, Fate
from agent.domain.bundle import Delivery, Effect, EffectState
from agent.domain.customer import Event
from agent.domain.decision import Decision
from agent.domain.errors import NotFound
from agent.domain.ids import CustomerId, TriggerKey, digest
from agent.domain.money import Money
from agent.service import Tactful

LED_TO = tuple(f"decisions_{name}" for name in ("show", "explain", "replay", "why", "outcome"))
router = APIRouter(prefix="/v1/decisions", tags=["decisions"], dependencies=SCHEMES)


@router.post(
    "",
    responses={
        200: {
            "model": Decided,
            "description": "The decision",
            **links("decision", "$response.body#/decision", *LED_TO),
        },
        **documented(401, 403, 404, 409, 422),
    },
    response_model=None,
)
async def decide(request: Request, caller: DecidingCaller, body: DecisionRequest, key: IdempotencyKey) -> Response:
    """The next-best action for a customer, who may just have done something (`event`).

    The first result is worded, committed and counted, or it is `hold` with its reason; the others are ranked, unworded
    and free of side effects. With `dry_run` nothing is kept at all. `delivery: caller` leaves the message to you.
    """

    async def work() -> Answer:
        tactful = caller.tactful
        customer = _find(caller, body, key)
        if body.event is not None and not body.dry_run:
            await run_in_threadpool(_happened, tactful, body, key)
        ask = Ask(
            customer=customer,
            trigger=TriggerKey("api:" + digest(key, size=16)),
            delivery=body.delivery,
            deadline=body.deadline_ms / 1000 if body.deadline_ms else None,
            rehearse=body.dry_run,
            event=_event(tactful, body),
        )
        asked = await tactful.asking.ask(ask)
        chosen = asked.decision.chosen
        if not body.dry_run and not asked.repeated:
            request.app.state.metrics.decision(chosen.action if chosen else "hold", asked.decision.degraded)
        said = _decided(caller, body, asked)
        return 200, said.model_dump(mode="json"), customer

    return await once(request, caller, key, work)


@router.get("/{decision}", responses=documented(401, 403, 404, 422))
def show(caller: ReadingCaller, decision: Id) -> Open:
    """A recorded decision: pseudonymous, complete, with the effects it had and how they stand."""
    tactful = caller.tactful
    found = _decision(tactful, decision)
    effects = [_effect(effect, caller.may(Scope.PERSONAL)) for effect in tactful.effects(found)]
    return Open(**jsonable_encoder({**_without(asdict(found)), "effects": effects}))


@router.get("/{decision}/explain", responses=documented(401, 403, 404, 422))
def explain(caller: ReadingCaller, decision: Id, lang: Annotated[str, Query(pattern="^(ko|en)$")] = "en") -> Open:
    """What was known, considered, removed and why, scored and said, and which rule spoke; in words."""
    tactful = caller.tactful
    return Open(**explained(tactful, _decision(tactful, decision), lang, caller.may(Scope.PERSONAL)))


@router.post("/{decision}/replay", responses=documented(401, 403, 404, 410, 422))
def replay(caller: ReadingCaller, decision: Id) -> Replayed:
    """Decides again on what was recorded, and says whether the same comes out. 410: the inputs were erased."""
    tactful = caller.tactful
    found = tactful.replay(_decision(tactful, decision).decision_id)
    return Replayed(same=found.same, differences=list(found.differences))


@router.get("/{decision}/why", responses=documented(401, 403, 404, 422))
def why(caller: ReadingCaller, decision: Id, lang: Annotated[str | None, Query(pattern="^(ko|en)$")] = None) -> Open:
    """The customer's answer to "why do I get this?": reasons, the data used, and how to end it."""
    tactful = caller.tactful
    found = _decision(tactful, decision)
    if not found.effects:
        raise NotFound("nothing was said to the customer")
    told = asdict(tactful.telling.why(found.effects[0], lang))
    if not caller.may(Scope.CUSTOMERS_WRITE):  # whoever holds the link can change what the customer agreed to
        told["off_url"] = tactful.playbook.brand.optout_url
    return Open(**jsonable_encoder(told))


@router.post("/{decision}/outcome", responses=documented(401, 403, 404, 422))
def outcome(caller: DecidingCaller, decision: Id, body: OutcomeRequest) -> Recorded:
    """What came of it: viewed, clicked, accepted, converted, declined, ... Each kind counts once."""
    tactful = caller.tactful
    found = _decision(tactful, decision)
    if not found.effects or (body.effect is not None and body.effect not in found.effects):
        raise NotFound("the decision has no such effect")
    effect = body.effect or found.effects[0]
    try:
        worth = Money(body.value.amount, body.value.currency) if body.value else None
    except ValueError:
        raise Refused(422, "value: no such amount or currency") from None
    return Recorded(effect=effect, kind=body.kind, new=tactful.outcome(effect, body.kind, worth))


def _find(caller: Caller, body: DecisionRequest, key: str) -> CustomerId:
    """Whoever does something for the first time is met by that, if the key may write events."""
    tactful = caller.tactful
    try:
        return tactful.find(body.customer)
    except NotFound:
        if body.event is None or body.dry_run or not caller.may(Scope.EVENTS):
            raise
        _happened(tactful, body, key)
        return tactful.find(body.customer)


def _happened(tactful: Tactful, body: DecisionRequest, key: str) -> None:
    event = body.event
    assert event is not None
    properties: dict[str, Any] = {"entity": event.entity} if event.entity else {}
    properties |= _properties(body)
    message = {
        "type": "track",
        "userId": external_name(tactful, body.customer),
        "event": str(event.kind),
        "properties": properties,
        "messageId": event.message_id or f"decision:{digest(key, size=16)}",
    }
    tactful.receiving.take([message], arm=False)


def _properties(body: DecisionRequest) -> dict[str, str | int | float]:
    event = body.event
    found: dict[str, str | int | float] = {}
    if event is not None and event.value is not None:
        found["value"] = float(event.value)
    if event is not None and event.currency is not None:
        found["currency"] = event.currency
    if event is not None and event.dwell_seconds is not None:
        found["dwell_seconds"] = event.dwell_seconds
    return found


def _event(tactful: Tactful, body: DecisionRequest) -> Event | None:
    if body.event is None or not body.dry_run:
        return None
    return Event(
        kind=str(body.event.kind), at=tactful.now(), entity=body.event.entity or "", properties=_properties(body)
    )


def _decided(caller: Caller, body: DecisionRequest, asked: Asked) -> Decided:
    decision = asked.decision
    results = _results(caller, decision, asked.effects, committed=not body.dry_run)[: body.max_results]
    return Decided(
        decision=decision.decision_id,
        customer=body.customer,
        pseudonym=decision.customer,
        as_of=decision.as_of,
        action=decision.chosen.action if decision.chosen else "hold",
        reason=decision.hold.reason,
        degraded=decision.degraded,
        dry_run=body.dry_run,
        results=results,
        debug=jsonable_encoder(_without(asdict(decision))) if body.debug else None,
    )


def _results(caller: Caller, decision: Decision, effects: tuple[Effect, ...], committed: bool) -> list[Ranked]:
    won = [c for c in decision.candidates if c.fate is Fate.WON]
    lost = [c for c in decision.candidates if c.fate is Fate.LOST and c.score is not None and c.score.total > 0]
    lost.sort(key=lambda c: -c.score.total if c.score else 0)
    ranked = [_ranked(n, c) for n, c in enumerate([*won, *lost], start=1)]
    if won and effects:
        effect = effects[0]
        said = {}
        theirs = effect.delivery is Delivery.CALLER and effect.state is not EffectState.HELD
        if theirs or caller.may(Scope.PERSONAL):
            said = dict(zip(("subject", "body"), caller.tactful.rendered(effect), strict=True))
        more = {"effect": effect.effect_id if committed else None, "expires_at": effect.expires_at}
        stands = {"delivery": str(effect.delivery), "state": str(effect.state), "committed": committed}
        ranked[0] = ranked[0].model_copy(update={**said, **more, **stands})
    return ranked


def _ranked(rank: int, candidate: Candidate) -> Ranked:
    treatment = candidate.treatment
    return Ranked(
        rank=rank,
        action=treatment.action,
        channel=str(treatment.channel),
        kind=str(candidate.kind),
        about=treatment.entity,
        at=treatment.at,
        score=candidate.score.total / 1_000_000 if candidate.score else None,
        committed=False,
    )


def _decision(tactful: Tactful, name: str) -> Decision:
    """By its id alone: a customer's number is no name for a decision here. Raises NotFound."""
    if not name.startswith("d_"):
        raise NotFound("no decision of this id")
    return tactful.decision(name)


def _effect(effect: Effect, personal: bool) -> dict[str, Any]:
    """How it stands. The words are those of the record: names are filled in at sending only."""
    hidden = ("address_ref", "approved", "key", *(() if personal else ("payload",)))
    return {name: value for name, value in asdict(effect).items() if name not in hidden}


def explained(tactful: Tactful, decision: Decision, lang: str, personal: bool) -> dict[str, Any]:
    """The decision in words; what was said to the customer only for who may read that. The links of their own page go
    to nobody here."""
    from agent.console import timeline

    told = asdict(timeline.thought(tactful, decision, lang))
    for message in told["messages"]:
        message.pop("why")
        if not personal:
            message |= {"subject": "", "body": ""}
    plain: dict[str, Any] = jsonable_encoder(told)
    return plain


def _without(found: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in found.items() if name not in ("tenant", "policy", "inputs")}
