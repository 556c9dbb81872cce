"""What every tool is made of. A tool is pure: it returns a draft, and nothing has happened yet."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from langchain_core.tools import BaseTool

from agent.domain.action import Action, Candidate
from agent.domain.bundle import NAMELESS, Draft, Payload, Reservation, SlotKind, SlotValue, Words
from agent.domain.customer import Product
from agent.domain.money import Money
from agent.domain.packet import CHANNEL_NAMES
from agent.domain.playbook import Playbook
from agent.domain.signals import Situation

MOMENTS_OF_INTEREST = 60.0
"""Seconds on one product that count as lingering."""
SEVERAL_VIEWS = 3
FRESH_CART_MINUTES = 30.0
"""A cart younger than this is still being filled."""


@dataclass(frozen=True, slots=True)
class Task:
    """What a tool knows while it runs: the candidate chosen, and the facts read in this decision."""

    candidate: Candidate
    situation: Situation
    playbook: Playbook


Facts = Callable[[Task], Mapping[str, SlotValue]]


@dataclass(frozen=True, slots=True)
class Tool:
    """One file of `tools/`: the catalogue entry, the typed facts its words may use, and the LangChain tool itself."""

    action: Action
    facts: Facts
    call: BaseTool


def drafted(
    action: Action,
    task: Task,
    facts: Mapping[str, SlotValue],
    body: str,
    subject: str,
    window: str,
    reservations: tuple[Reservation, ...] = (),
    required: tuple[str, ...] = (),
    ends_at: datetime | None = None,
) -> Draft:
    """The draft of a message about the candidate's entity; it expires with the action's patience, or at `ends_at`."""
    treatment = task.candidate.treatment
    expires_at = treatment.at + timedelta(hours=action.expires_hours)
    return Draft(
        treatment=treatment,
        kind=action.kind,
        payload=Payload(words=Words(subject=subject, body=body), slots=facts),
        window=window,
        expires_at=min(expires_at, ends_at) if ends_at else expires_at,
        reservations=reservations,
        required=required,
    )


def person(task: Task) -> dict[str, SlotValue]:
    """The slots every message has: who it is for and who speaks."""
    locale = task.situation.snapshot.locale
    return {
        "customer.name": SlotValue(kind=SlotKind.LATE, value=NAMELESS[locale]),
        "brand.name": SlotValue(kind=SlotKind.TEXT, value=task.playbook.brand.name),
    }


def product_slots(product: Product | None) -> dict[str, SlotValue]:
    """Name and, where known at the instant, price of a catalogue product."""
    if product is None:
        return {}
    slots = {"product.name": SlotValue(kind=SlotKind.TEXT, value=product.name)}
    if product.price is not None and product.price.amount > 0:
        slots["product.price"] = money(product.price)
    return slots


def about(task: Task) -> dict[str, SlotValue]:
    """The product the candidate is about, if it is about one."""
    return product_slots(task.situation.snapshot.product(task.candidate.treatment.entity))


def product_name(task: Task) -> dict[str, SlotValue]:
    """The product's name alone, where no price is spoken of."""
    return {name: slot for name, slot in about(task).items() if name == "product.name"}


def text(value: str) -> SlotValue:
    return SlotValue(kind=SlotKind.TEXT, value=value)


def money(value: Money) -> SlotValue:
    return SlotValue(kind=SlotKind.MONEY, value=str(value.amount), unit=value.currency)


def day(task: Task, at: datetime) -> SlotValue:
    """The date of an instant where the customer is."""
    zone = ZoneInfo(task.situation.snapshot.zone or task.playbook.brand.zone)
    return SlotValue(kind=SlotKind.DATE, value=at.astimezone(zone).date().isoformat())


def consent_facts(task: Task) -> dict[str, SlotValue]:
    """On which day the customer agreed or refused, and to which channel."""
    subject = task.candidate.treatment.entity
    duty = next((d for d in task.situation.snapshot.duties if d.subject == subject), None)
    if duty is None:
        return person(task)
    channel = CHANNEL_NAMES[task.situation.snapshot.locale].get(duty.channel, duty.channel)
    return person(task) | {"consent.on": day(task, duty.given_at), "consent.channel": text(channel)}


def day_of(task: Task) -> str:
    """The window of an offer that may be made once a day: the date it is due, in UTC."""
    return task.candidate.treatment.at.date().isoformat()
