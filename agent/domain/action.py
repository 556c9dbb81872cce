"""What can be done, and what became of each possibility."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum

from agent.domain.customer import Channel, Goal, Purpose
from agent.domain.ids import RuleId
from agent.domain.signals import Situation

HOLD = "hold"
WAIT = "wait_until"
"""Silence with a date: look again then."""


class Kind(StrEnum):
    """`duty` and `reply` are owed and never weighed against profit; `offer` is arbitrated, hold included."""

    DUTY = "duty"
    REPLY = "reply"
    OFFER = "offer"


class When(StrEnum):
    NOW = "now"
    NEXT_LAWFUL = "next_lawful"
    BEST_HOUR = "best_hour"


class HoldReason(StrEnum):
    NO_CONSENT = "no_consent"
    QUIET_HOURS = "quiet_hours"
    FATIGUE = "fatigue"
    LOW_VALUE = "low_value"
    NO_SIGNAL = "no_signal"
    OPEN_COMPLAINT = "open_complaint"
    WOULD_BUY_ANYWAY = "would_buy_anyway"
    BUDGET = "budget"
    HOLDOUT = "holdout"
    CONFLICT = "conflict"
    INELIGIBLE = "ineligible"


class Stage(IntEnum):
    """The order in which a candidate can be removed; the first stage that removes it names its disposition."""

    SCOPE = 0
    IDENTITY = 1
    BAN = 2
    SUPPRESSION = 3
    CLASS = 4
    CONSENT = 5
    CLOCK = 6
    FREQUENCY = 7
    SIGNAL = 8
    HOLDOUT = 9
    ARBITRATION = 10
    GUARD = 11
    """The finished words or the commit took it back after arbitration."""


class Fate(StrEnum):
    WON = "won"
    LOST = "lost"
    REMOVED = "removed"
    OUT_OF_SCOPE = "out_of_scope"


@dataclass(frozen=True, slots=True, kw_only=True)
class Aim:
    """What an action is about for this customer: the entity (cart, product, case), and why in one typed word."""

    entity: str
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One entry of the catalogue, as its tool declares it.

    `aim` says what it would be about, or None where its signal is absent; `weight` is the context weight
    (0.25 to 4, 1 is neutral); a promise made later than `half_life_hours` counts half.
    `expires_hours` after it is due the effect may no longer be sent; `best_hour` allows waiting for it.
    `aim` and `weight` see a situation without protected attributes. `significant` marks a decision with legal or
    similarly significant effect (credit, access); `asks` the consent that the action asks for; `goal` what its journey
    is after.
    """

    name: str
    kind: Kind
    channels: tuple[Channel, ...]
    aim: Callable[[Situation], Aim | None]
    weight: Callable[[Situation], float]
    half_life_hours: float
    expires_hours: float
    best_hour: bool = False
    uses_campaign: bool = False
    uses_location: bool = False
    significant: bool = False
    asks: Purpose | None = None
    goal: Goal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Treatment:
    """An action on a channel at a time, about an entity."""

    action: str
    channel: Channel
    when: When
    at: datetime
    entity: str

    @property
    def key(self) -> str:
        return f"{self.action}/{self.channel}/{self.when}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """Every part of `(p_act - p_hold) x value x weight x lever - cost - fatigue - shadow`.

    Probabilities, weight and lever in millionths; money in micro-units of the playbook's currency.
    The lift counts from zero upwards: an action that lowers the chance of a purchase earns nothing.
    """

    p_act: int
    p_hold: int
    value: int
    weight: int
    lever: int
    cost: int
    fatigue: int
    shadow: int
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A treatment with exactly one disposition: won, lost, removed by `rule` at `stage`, or out of scope."""

    treatment: Treatment
    kind: Kind
    fate: Fate
    stage: Stage
    rule: RuleId | None = None
    hold: HoldReason | None = None
    score: Score | None = None
