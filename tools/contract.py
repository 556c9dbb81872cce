"""What every tool is made of. A tool is pure: it returns a draft, and nothing has happened yet."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from langchain_core.tools import BaseTool, InjectedToolArg, tool

from agent.domain.action import Action, Candidate
from agent.domain.bundle import NAMELESS, Draft, Payload, SlotKind, SlotValue, Words
from agent.domain.customer import Channel, Product
from agent.domain.facts import Duty, in_one_go
from agent.domain.money import Money
from agent.domain.packet import channels_of
from agent.domain.playbook import Playbook
from agent.domain.signals import Situation
from agent.domain.timers import TimerKind

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
Finish = Callable[[Task, Draft], Draft]
MESSAGE = "The message. Facts only as the typed slots that the candidate lists."


@dataclass(frozen=True, slots=True)
class Tool:
    """One file of `tools/`: the catalogue entry, the typed facts its words may use, the LangChain tool itself, and the
    window in which the same is said once."""

    action: Action
    facts: Facts
    call: BaseTool
    window: Callable[[Task], str]


def day_of(task: Task) -> str:
    """Once a day about the same thing (the date it is due, in UTC)."""
    return task.candidate.treatment.at.date().isoformat()


def once(task: Task) -> str:
    """Once about the same thing, ever."""
    return "once"


def as_it_is(task: Task, draft: Draft) -> Draft:
    return draft


def message(
    action: Action,
    facts: Facts,
    says: str,
    *,
    window: Callable[[Task], str] = day_of,
    required: tuple[str, ...] = (),
    finish: Finish = as_it_is,
    body: str = MESSAGE,
) -> Tool:
    """The tool of a message, with the arguments that all of them take.

    `says` tells a model in one line what it is for, `body` what the message has to be; `required` names the slots that
    the words must show; `finish` adds what is reserved, or what goes with it. It expires with the action's patience.
    """

    def call(
        candidate: str,
        body: str,
        subject: str = "",
        cites: list[str] | None = None,
        *,
        task: Annotated[Task, InjectedToolArg],
    ) -> Draft:
        treatment = task.candidate.treatment
        draft = Draft(
            treatment=treatment,
            kind=action.kind,
            payload=Payload(words=Words(subject=subject, body=body), slots=facts(task)),
            window=window(task),
            expires_at=treatment.at + timedelta(hours=action.expires_hours),
            required=required,
        )
        return finish(task, draft)

    call.__doc__ = f"""{says}

    Args:
        candidate: The reference of one offered candidate, for example c1.
        body: {body}
        subject: {_subject(action)}
        cites: The ids of the guideline passages that the wording follows.
    """
    return Tool(action=action, facts=facts, call=tool(action.name, parse_docstring=True)(call), window=window)


def _subject(action: Action) -> str:
    if Channel.PUSH in action.channels:
        return "The subject of an e-mail or the title of a push; empty elsewhere."
    if Channel.EMAIL in action.channels:
        return "The subject of an e-mail; empty elsewhere."
    return "Leave empty: these channels have no subject."


def owed(situation: Situation) -> float:
    """The weight of a reply or a duty: what is owed is never weighed."""
    return 1.0


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


def named(task: Task) -> dict[str, SlotValue]:
    """Who it is for, who speaks, and the product's name without its price."""
    return person(task) | {name: slot for name, slot in about(task).items() if name == "product.name"}


def shown(task: Task) -> dict[str, SlotValue]:
    """Who it is for, who speaks, and the product with its price."""
    return person(task) | about(task)


def moment(task: Task, at: datetime) -> SlotValue:
    """An instant, as the customer's clock shows it."""
    return SlotValue(kind=SlotKind.MOMENT, value=at.isoformat(), unit=zone_of(task))


def zone_of(task: Task) -> str:
    return task.situation.snapshot.zone or task.playbook.brand.zone


def text(value: str) -> SlotValue:
    return SlotValue(kind=SlotKind.TEXT, value=value)


def money(value: Money) -> SlotValue:
    return SlotValue(kind=SlotKind.MONEY, value=str(value.amount), unit=value.currency)


def day(task: Task, at: datetime) -> SlotValue:
    """The date of an instant where the customer is."""
    local = at.astimezone(ZoneInfo(zone_of(task)))
    return SlotValue(kind=SlotKind.DATE, value=local.date().isoformat())


def consent_facts(task: Task) -> dict[str, SlotValue]:
    """On which day the customer agreed or refused, and to which channels."""
    form = stated(task)
    if not form:
        return person(task)
    channels = channels_of(form, task.situation.snapshot.locale)
    return person(task) | {"consent.on": day(task, form[0].given_at), "consent.channel": text(channels)}


def stated(task: Task) -> tuple[Duty, ...]:
    """What is told in one go with the statement that the message is about."""
    return in_one_go(task.situation.snapshot.duties, task.candidate.treatment.entity)


def settling(*kinds: TimerKind) -> Finish:
    """The message sees to the duties of these kinds about all that was stated in one go."""

    def finish(task: Task, draft: Draft) -> Draft:
        return replace(draft, settles=tuple((kind, d.subject) for d in stated(task) for kind in kinds))

    return finish
