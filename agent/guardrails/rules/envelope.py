"""Rules about the final bytes, in the moment an effect is claimed for sending."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated

from annotated_types import Len

from agent.domain.bundle import EffectState
from agent.domain.customer import PUSHED
from agent.domain.verdict import Place
from agent.guardrails.cases import Breach, EnvelopeCase, Nothing

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u2028\u2029\u202a-\u202e\u2066-\u2069\u200b\ufeff]")
_TOKEN_URL = re.compile(r"<https://[^\s<>?#]+/[0-9a-f]{32}>(?:, <mailto:[^\s<>]+>)?")
_UNSUBSCRIBE = "List-Unsubscribe"
_ONE_CLICK = "List-Unsubscribe-Post"


def own_recipient(case: EnvelopeCase, rule: Nothing) -> Breach | None:
    """The message goes to the customer it was decided for, of the same tenant, at an address that is theirs now."""
    envelope, snapshot = case.envelope, case.situation.snapshot
    if envelope.tenant != snapshot.tenant:
        return Breach(detail="another tenant's")
    if envelope.recipient != snapshot.customer or envelope.effect.customer != snapshot.customer:
        return Breach(detail="another customer's")
    if envelope.effect.channel in PUSHED and not any(
        r.channel is envelope.effect.channel and r.address_ref == envelope.effect.address_ref for r in snapshot.reach
    ):
        return Breach(detail="the address is no longer theirs")
    return None


def due_and_alive(case: EnvelopeCase, rule: Nothing) -> Breach | None:
    """Only what was approved or needed no approval, is due and has not expired."""
    effect, now = case.envelope.effect, case.situation.now
    if effect.state is not EffectState.PENDING:
        return Breach(detail=f"the effect is {effect.state}")
    if now < effect.due_at:
        return Breach(detail="not due yet")
    return Breach(detail="expired") if now >= effect.expires_at else None


def still_called_for(case: EnvelopeCase, rule: Nothing) -> Breach | None:
    """What called for the offer still does: the cart was not bought, the product still interests."""
    aim = case.action.aim(case.situation)
    if aim is None or aim.entity != case.envelope.effect.entity:
        return Breach(detail="nothing calls for it any more")
    return None


def facts_still_true(case: EnvelopeCase, rule: Nothing) -> Breach | None:
    """The price and name that the message states are the catalogue's of this moment."""
    slots, effect = case.envelope.effect.payload.slots, case.envelope.effect
    product = case.situation.snapshot.product(effect.entity)
    price, name = slots.get("product.price"), slots.get("product.name")
    if price is not None and (product is None or product.price is None or price.value != str(product.price.amount)):
        return Breach(detail="the price has changed")
    return Breach(detail="the name has changed") if name and (product is None or name.value != product.name) else None


def one_click(case: EnvelopeCase, rule: Nothing) -> Breach | None:
    """An e-mail carries an https link with an opaque token and says that one POST unsubscribes (RFC 8058 3.1)."""
    headers = case.envelope.headers
    if headers.get(_ONE_CLICK) != "List-Unsubscribe=One-Click":
        return Breach(detail=f"{_ONE_CLICK} missing")
    return None if _TOKEN_URL.fullmatch(headers.get(_UNSUBSCRIBE, "")) else Breach(detail=f"{_UNSUBSCRIBE} missing")


def clean_bytes(case: EnvelopeCase, rule: Nothing) -> Breach | None:
    """No header can be broken out of, and no hidden character steers a reader."""
    envelope = case.envelope
    lines = (envelope.subject, *envelope.headers, *envelope.headers.values())
    if any(_CONTROL.search(line) or "\n" in line for line in lines) or _CONTROL.search(envelope.body):
        return Breach(detail="a control character")
    return None


def added_text_stands(case: EnvelopeCase, rule: Nothing) -> Breach | None:
    """What the law added when the message was judged stands in the bytes, where it belongs."""
    subject, body = case.envelope.subject, case.envelope.body
    for added in case.envelope.effect.payload.amendments:
        where = subject if added.place is Place.SUBJECT_START else body
        at_start = added.place in (Place.SUBJECT_START, Place.BODY_START) and added.order == 0
        if added.text not in where or (at_start and not where.startswith(added.text)):
            return Breach(detail=f"{added.need} is gone")
    return None


@dataclass(frozen=True, slots=True)
class Mark:
    header: Annotated[str, Len(1, 60)]
    value: Annotated[str, Len(1, 60)]


def marked_as_generated(case: EnvelopeCase, rule: Mark) -> Breach | None:
    """What a model worded is marked as such for machines."""
    if not case.envelope.effect.payload.generated or case.envelope.headers.get(rule.header) == rule.value:
        return None
    return Breach(detail=f"{rule.header} missing")
