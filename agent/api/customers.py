"""Customers: facts, consents, timeline, export, erasure: `/v1/customers`; cases: `/v1/cases`."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.encoders import jsonable_encoder

from agent.api.access import (
    SCHEMES,
    Caller,
    CustomersReader,
    CustomersWriter,
    PersonalReader,
)
from agent.api.links import links
from agent.api.problems import Refused, documented
from agent.api.shapes import (
    CaseAnswer,
    CaseRequest,
    ConsentRequest,
    CustomerAnswer,
    CustomerPath,
    CustomerRequest,
    Entity,
    Erased,
    Id,
    Open,
)
from agent.consenting import Terms
from agent.domain.access import Scope
from agent.domain.consent import Proof, Receipt
from agent.domain.customer import PER_CHANNEL, Channel, Consent, ConsentStatus, Purpose
from agent.domain.errors import NotFound
from agent.domain.ids import CustomerId, digest
from agent.domain.imports import EventRow
from agent.importing import people
from agent.importing.fields import BadField
from agent.importing.records import Record
from agent.service import Tactful

router = APIRouter(prefix="/v1", dependencies=SCHEMES)
LED_TO = (
    *(f"customers_{name}" for name in ("show", "erase", "timeline", "signals", "export")),
    *(f"consents_{name}" for name in ("consents", "record")),
)
KNOWN = documented(401, 403, 404, 422)


@router.put(
    "/customers/{customer}",
    tags=["customers"],
    responses={
        200: {"description": "As it is now", **links("customer", "$response.body#/customer", *LED_TO)},
        **documented(401, 403, 422),
    },
)
def upsert(caller: CustomersWriter, customer: CustomerPath, body: CustomerRequest) -> CustomerAnswer:
    """Sets facts of a customer, who is made if unknown. What is left out stays as it is."""
    tactful = caller.tactful
    named, now = external_name(tactful, customer), tactful.now()
    stated = body.model_dump(exclude_none=True, exclude={"also"})
    try:
        read = people.customer(
            digest("upsert", named, now.isoformat()),
            Record(line=0, fields={"customer": named, **stated, "also": ";".join(body.also)}, raw=""),
        )
    except BadField as bad:
        raise Refused(422, str(bad)) from None
    tactful.take([replace(read, stated_at=now)])
    return _answer(caller, customer)


@router.get("/customers/{customer}", tags=["customers"], responses=KNOWN)
def show(caller: CustomersReader, customer: CustomerPath) -> CustomerAnswer:
    """What is known of a customer, as decisions see it; name and numbers only with `personal:read`."""
    return _answer(caller, customer)


@router.delete("/customers/{customer}", tags=["customers"], responses=KNOWN)
def erase(caller: CustomersWriter, customer: CustomerPath) -> Erased:
    """Erases the person for good, at once; what was still to be sent is not. Their addresses stay barred as hashes."""
    tactful = caller.tactful
    return Erased(erased=True, handed_over=tactful.erase(tactful.find(customer)))


@router.get("/customers/{customer}/consents", tags=["consents"], responses=KNOWN)
def consents(caller: CustomersReader, customer: CustomerPath) -> list[Open]:
    """The whole ledger of a customer, oldest first, each entry with its receipt."""
    return [_receipt(found) for found in caller.tactful.consents.history(customer)]


@router.post(
    "/customers/{customer}/consents",
    tags=["consents"],
    responses={
        200: {"description": "Receipts", **links("receipt", "$response.body#/0/receipt_id", "consents_receipt")},
        **KNOWN,
    },
)
def record(caller: CustomersWriter, customer: CustomerPath, body: ConsentRequest) -> list[Open]:
    """Records a consent or its withdrawal, from this moment on; gives a receipt for each entry that is new."""
    books = caller.tactful.consents
    proof = Proof(method="api", wording=body.wording, evidence=body.evidence)
    if body.status == "withdrawn":
        entries = _withdrawn(body)
        found = books.record(customer, ConsentStatus.WITHDRAWN, entries, "api", proof=proof)
        return [_receipt(receipt) for receipt in found]
    if body.purpose is None:
        raise Refused(422, "purpose: needed for a consent")
    terms = Terms(
        basis=body.basis,
        conditions=tuple(sorted(set(body.conditions))),
        deal_ended_at=body.deal_ended_at,
        expires_at=body.expires_at,
    )
    found = books.record(customer, ConsentStatus.GRANTED, [(body.purpose, body.channel)], "api", terms, proof)
    return [_receipt(receipt) for receipt in found]


@router.get("/receipts/{receipt}", tags=["consents"], responses=KNOWN)
def receipt(caller: CustomersReader, receipt: Id) -> Open:
    """The receipt of one statement, as the person may have it."""
    return _receipt(caller.tactful.consents.receipt(receipt))


@router.get("/customers/{customer}/timeline", tags=["customers"], responses=KNOWN)
def timeline(caller: CustomersReader, customer: CustomerPath, limit: Annotated[int, Query(ge=1, le=400)] = 100) -> Open:
    """What happened, what was decided and sent, what came of it, and what comes next."""
    return Open(**told(caller.tactful, customer, limit, personal=caller.may(Scope.PERSONAL)))


@router.get("/customers/{customer}/signals", tags=["customers"], responses=KNOWN)
def signals(caller: CustomersReader, customer: CustomerPath) -> Open:
    """What is foretold of the customer: chance and interval in millionths, reasons, from when until when, by which
    model. Nothing of whoever has not agreed to profiling."""
    from agent.console.foretold import plain

    agreed, foretold = caller.tactful.foreseeing.told(customer)
    return Open(**jsonable_encoder({"profiling": agreed, "foretold": [plain(one) for one in foretold]}))


@router.get("/customers/{customer}/export", tags=["customers"], responses=KNOWN)
def export(caller: PersonalReader, customer: CustomerPath) -> Open:
    """All that is held about a person, table by table (GDPR art. 15 and 20)."""
    tactful = caller.tactful
    return Open(**jsonable_encoder(tactful.stores.export.of(tactful.tenant, tactful.find(customer))))


@router.post(
    "/cases",
    tags=["cases"],
    responses={
        200: {"description": "It is open", **links("case", "$response.body#/case", "cases_close_case")},
        **KNOWN,
    },
)
def open_case(caller: CustomersWriter, body: CaseRequest) -> CaseAnswer:
    """Opens a case. While it is open nothing is sold to this customer."""
    caller.tactful.find(body.customer)
    _case(caller.tactful, body.customer, body.case, "case_opened", {"kind": str(body.kind)})
    return CaseAnswer(case=body.case, state="open")


@router.delete("/cases/{case}", tags=["cases"], responses=KNOWN)
def close_case(caller: CustomersWriter, case: Entity, customer: Annotated[str, Query(max_length=120)]) -> CaseAnswer:
    """Closes a case of a customer."""
    tactful = caller.tactful
    if case not in _open_cases(tactful, tactful.find(customer)):
        raise NotFound("no open case of this number")
    _case(tactful, customer, case, "case_closed", {})
    return CaseAnswer(case=case, state="closed")


def told(tactful: Tactful, customer: str, limit: int, *, personal: bool) -> dict[str, Any]:
    """The timeline as data. What customers wrote in their own words is personal. Raises NotFound."""
    who, stores = tactful.find(customer), tactful.stores
    happened = [asdict(h) for h in stores.happenings.of(tactful.tenant, who, tactful.now(), limit)]
    decided = stores.records.of_customer(tactful.tenant, who, limit)
    effects = stores.journeys.effects(tactful.tenant, who)[-limit:]
    found = {
        "customer": who,
        "happened": [h | {"words": h["words"] if personal else ""} for h in happened],
        "decisions": [
            {
                "decision": d.decision_id,
                "at": d.as_of,
                "action": d.chosen.action if d.chosen else "hold",
                "channel": d.chosen.channel if d.chosen else None,
                "reason": d.hold.reason,
            }
            for d in decided
        ],
        "messages": [
            {
                "effect": s.effect.effect_id,
                "decision": s.effect.decision,
                "action": s.effect.action,
                "channel": s.effect.channel,
                "state": s.effect.state,
                "due_at": s.effect.due_at,
                "why": s.why,
                "outcomes": [{"kind": kind, "at": at} for kind, at in s.outcomes],
            }
            for s in effects
        ],
        "journeys": [asdict(chapter) for chapter in stores.journeys.chapters(tactful.tenant, who)],
        "ahead": [
            {"kind": timer.kind, "due_at": timer.due_at} for timer in tactful.consents.timers.of(tactful.tenant, who)
        ],
    }
    plain: dict[str, Any] = jsonable_encoder(found)
    return plain


def _answer(caller: Caller, customer: str) -> CustomerAnswer:
    tactful = caller.tactful
    who = tactful.find(customer)
    snapshot = next(tactful.stores.snapshots.snapshots(tactful.tenant, [who], tactful.now()))
    found = CustomerAnswer(
        customer=customer,
        pseudonym=who,
        country=snapshot.country,
        zone=snapshot.zone,
        locale=snapshot.locale,
        age=snapshot.age,
        channels=[str(reach.channel) for reach in snapshot.reach],
        consents=[_standing(consent) for consent in snapshot.consents],
        open_cases=_open_cases(tactful, who),
    )
    if not caller.may(Scope.PERSONAL):
        return found
    customers = tactful.stores.customers
    name, names = customers.first_name(tactful.tenant, who), customers.external(tactful.tenant, who)
    return found.model_copy(update={"first_name": name, "known_as": list(names)})


def _open_cases(tactful: Tactful, who: CustomerId) -> list[str]:
    snapshot = next(tactful.stores.snapshots.snapshots(tactful.tenant, [who], tactful.now()))
    return [case.case_id for case in snapshot.cases if case.closed_at is None]


def _standing(consent: Consent) -> dict[str, Any]:
    found: dict[str, Any] = jsonable_encoder(asdict(consent))
    return found


def _receipt(receipt: Receipt) -> Open:
    return Open(**jsonable_encoder(asdict(receipt)))


def _withdrawn(body: ConsentRequest) -> list[tuple[Purpose, Channel | None]]:
    """What a withdrawal names; a purpose alone on all its channels, a channel alone for all that goes by it."""
    from agent.domain.consent import everything

    def meant(purpose: Purpose, channel: Channel | None) -> bool:
        if body.purpose is not None and purpose is not body.purpose:
            return False
        return body.channel is None or channel is body.channel

    found = [pair for pair in everything() if meant(*pair)]
    if not found:
        on = "a channel of its own" if body.purpose in PER_CHANNEL else "no channel"
        raise Refused(422, f"channel: this purpose is agreed to for {on}")
    return found


def _case(tactful: Tactful, customer: str, case: str, kind: str, properties: dict[str, str | int | float]) -> None:
    now = tactful.now()
    tactful.take(
        [
            EventRow(
                key=digest("case", kind, customer, case, now.isoformat()),
                external_id=external_name(tactful, customer),
                kind=kind,
                occurred_at=now,
                received_at=now,
                entity=case,
                properties=properties,
            )
        ]
    )


def external_name(tactful: Tactful, name: str) -> str:
    """The caller's own number, also where the pseudonym was given; the number itself of somebody unknown."""
    try:
        names = tactful.stores.customers.external(tactful.tenant, tactful.find(name))
    except NotFound:
        return name
    return name if name in names or not names else names[0]
