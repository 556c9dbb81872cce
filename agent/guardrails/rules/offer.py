"""Rules about what kind of thing it is: a channel never used, a promotion in disguise, goods that may not be sold."""

from __future__ import annotations

from agent.domain.action import Kind
from agent.domain.bundle import SlotKind
from agent.guardrails.cases import ActionCase, Breach, ChannelCase, Nothing, TextCase
from agent.guardrails.lexicon import Families


def channel_banned(case: ChannelCase, rule: Nothing) -> Breach | None:
    """This channel is not used at all."""
    return Breach(detail=f"{case.channel} is never used")


def coupon_is_offer(case: ActionCase, rule: Nothing) -> Breach | None:
    """A coupon, points or a gift is advertising, whatever the tool calls it."""
    return (
        Breach(detail="a coupon is an offer")
        if case.action.uses_campaign and case.action.kind is not Kind.OFFER
        else None
    )


PROMOTIONAL = ("coupon.", "product.")


def promotion_in_reply(case: TextCase, rule: Families) -> Breach | None:
    """Any promotion makes the whole message an offer: a receipt or an apology may hold none.

    Money back for trouble had is no promotion: it is owed, and asks for nothing.
    """
    slots = case.draft.payload.slots
    if any(r.kind != "credit" for r in case.draft.reservations) or any(
        slot.kind is SlotKind.PERCENT or name.startswith(PROMOTIONAL) for name, slot in slots.items()
    ):
        return Breach(detail="a promotion in an owed message")
    return Breach(detail="a promotion in an owed message") if rule.found_in(case.finished.free) else None


def coupon_is_real(case: TextCase, rule: Families) -> Breach | None:
    """A coupon is named only where one is reserved for this very message."""
    if any(reservation.kind == "coupon" for reservation in case.draft.reservations):
        return None
    return Breach(detail="no coupon stands behind it") if rule.found_in(case.finished.free) else None


def significant_effect(case: ActionCase, rule: Nothing) -> Breach | None:
    """No decision with legal or similarly significant effect (credit, access) is taken by code alone."""
    return Breach(detail="significant effect") if case.action.significant else None


def illegal_goods(case: ActionCase, rule: Nothing) -> Breach | None:
    """What no law allows to be sold is not advertised, even with consent."""
    illegal = case.aim is not None and case.aim.entity in case.playbook.goods.illegal
    return Breach(detail="goods that may not be advertised") if illegal else None
