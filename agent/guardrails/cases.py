"""What a rule looks at. The type of a rule's first argument is its grain: the rule runs once per such case."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from agent.domain.action import Action, Aim, Treatment, When
from agent.domain.bundle import Draft, Effect, Envelope
from agent.domain.customer import Channel
from agent.domain.guideline import Binding
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
    """`at` is when the message would leave: what permits it must still stand then."""

    situation: Situation
    playbook: Playbook
    channel: Channel
    at: datetime


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
    """The finished words, the facts behind them, and what the brand's guidelines demand of them."""

    situation: Situation
    playbook: Playbook
    channel: Channel
    action: Action
    aim: Aim | None
    draft: Draft
    finished: Finished
    bindings: tuple[Binding, ...] = ()


@dataclass(frozen=True, slots=True)
class EnvelopeCase:
    """The final bytes of an effect that is being claimed, and the customer as they are known at that moment."""

    situation: Situation
    playbook: Playbook
    action: Action
    envelope: Envelope


@dataclass(frozen=True, slots=True)
class Nothing:
    """The parameters of a rule that has none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """A rule applies. What follows (deny, review, defer, amend) stands in the pack.

    `until` is the next minute worth trying, for rules about time; `amendments` the text that the law puts in;
    `too_long_by` the characters by which a text exceeds its channel.
    """

    detail: str = ""
    until: datetime | None = None
    amendments: tuple[Amendment, ...] = ()
    too_long_by: int = 0


def draft_of(effect: Effect, now: datetime) -> Draft:
    """The committed effect as a draft again, so that its words are judged once more."""
    treatment = Treatment(action=effect.action, channel=effect.channel, when=When.NOW, at=now, entity=effect.entity)
    return Draft(
        treatment=treatment,
        kind=effect.kind,
        payload=effect.payload,
        window="",
        expires_at=effect.expires_at,
        generated=effect.payload.generated,
    )
