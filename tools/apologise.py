"""Apologise for an open case, once, and say that a person is looking into it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from agent.domain.action import Action, Aim, Kind
from agent.domain.bundle import Draft, Reservation, SlotValue
from agent.domain.customer import Channel, Goal
from agent.domain.facts import CREDITS, CreditLeft
from agent.domain.signals import Situation
from tools.contract import Task, message, money, once, owed, person

FAULTS = ("complaint", "refund", "outage")
"""Cases in which something went wrong on our side; to a bereavement, a debt or a fraud a person answers."""


def _aim(situation: Situation) -> Aim | None:
    """A complaint, refund or outage that nobody apologised for yet; with a credit while its budget lasts."""
    case = situation.signals.case
    if case is None or case.kind not in FAULTS:
        return None
    told = any(c.action == "apologise" and c.entity == case.case_id for c in situation.snapshot.contacts)
    because = "compensation" if _credit(situation) else "case"
    return None if told else Aim(entity=case.case_id, because=because)


def _credit(situation: Situation) -> CreditLeft | None:
    """What the brand gives for trouble of this kind, while its budget lasts."""
    case = situation.signals.case
    return next(
        (
            c
            for c in situation.snapshot.credits
            if case is not None and c.case_kind == case.kind and c.budget_left.micros >= c.amount.micros
        ),
        None,
    )


def _facts(task: Task) -> Mapping[str, SlotValue]:
    credit = _credit(task.situation)
    return person(task) | ({"credit.amount": money(credit.amount)} if credit else {})


ACTION = Action(
    name="apologise",
    kind=Kind.REPLY,
    channels=(Channel.CHAT, Channel.EMAIL, Channel.KAKAO, Channel.SMS),
    aim=_aim,
    weight=owed,
    half_life_hours=24.0,
    expires_hours=72.0,
    goal=Goal.COMPLAINT_SOLVED,
)


def _with_credit(task: Task, draft: Draft) -> Draft:
    credit = _credit(task.situation)
    if credit is None:
        return draft
    reservation = Reservation(kind="credit", resource=CREDITS, amount=credit.amount, budget=credit.budget)
    return replace(draft, reservations=(reservation,), required=("credit.amount",))


TOOL = message(
    ACTION,
    _facts,
    "Apologise for the customer's open case and say what happens next. Sells nothing; gives back only what is offered.",
    window=once,
    finish=_with_credit,
)
