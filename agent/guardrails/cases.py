"""What a rule looks at. The type of a rule's first argument is its grain: the rule runs once per such case."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from agent.domain.action import Action, Aim
from agent.domain.bundle import Draft
from agent.domain.customer import Channel
from agent.domain.playbook import Playbook
from agent.domain.signals import Situation
from agent.domain.verdict import Amendment
from agent.guardrails.words import Finished


@dataclass(frozen=True, slots=True)
class CustomerCase:
    situation: Situation
    playbook: Playbook


@dataclass(frozen=True, slots=True)
class ChannelCase:
    situation: Situation
    playbook: Playbook
    channel: Channel


@dataclass(frozen=True, slots=True)
class ActionCase:
    situation: Situation
    playbook: Playbook
    action: Action
    aim: Aim | None


@dataclass(frozen=True, slots=True)
class TreatmentCase:
    """`at` is when the message would leave."""

    situation: Situation
    playbook: Playbook
    channel: Channel
    at: datetime


@dataclass(frozen=True, slots=True)
class TextCase:
    """The finished words and the facts behind them."""

    situation: Situation
    playbook: Playbook
    channel: Channel
    draft: Draft
    finished: Finished


@dataclass(frozen=True, slots=True)
class Nothing:
    """The parameters of a rule that has none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """A rule applies. What follows (deny, review, defer, amend) stands in the pack.

    `until` is the next minute worth trying, for rules about time; `amendments` the text that the law puts in.
    """

    detail: str = ""
    until: datetime | None = None
    amendments: tuple[Amendment, ...] = ()
