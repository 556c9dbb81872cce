"""What one candidate could earn and would cost: the inputs of its score, from playbook, signals and outcomes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from agent.domain.action import Action
from agent.domain.customer import Channel
from agent.domain.playbook import Playbook, Prior, Terms
from agent.domain.signals import Signals, Situation

GREATEST_VALUE = 1e10
"""Main units. Beyond it a score would leave the range of whole micro-units in 64 bits."""


@dataclass(frozen=True, slots=True)
class Row:
    """The parts of one score. `readiness` multiplies the odds of buying, with and without the action.

    Rates lie in (0, 1); money is in main units of the playbook's currency.
    """

    act_rate: float
    hold_rate: float
    readiness: float
    value: float
    weight: float
    lever: float
    cost: float
    fatigue: float
    shadow: float


def posterior(prior: Prior, trials: int = 0, successes: int = 0) -> float:
    """The mean of the Beta posterior: the prior counts as `strength` observations at its rate."""
    return (prior.rate * prior.strength + successes) / (prior.strength + trials)


def readiness(signals: Signals) -> float:
    """How much likelier than the average customer this one buys, as a factor on the odds.

    Products of ratios only: no transcendental function, whose last bit differs between scalar and vector code.
    """
    factor = 1.0
    live = signals.live
    if live is not None:
        if live.purchased:
            factor *= 0.25
        if live.cart:
            factor *= 1.0 + 3.0 / (1.0 + live.cart_age_minutes / 720.0)
        if live.dwell_seconds > 0:
            factor *= 1.0 + min(live.dwell_seconds, 300.0) / 300.0
    if signals.value is not None:
        loyal = min(signals.value.orders, 20) / 10.0
        factor *= (1.0 + loyal) / (1.0 + signals.value.recency_days / 120.0)
    return factor


def row(action: Action, terms: Terms, channel: Channel, at: datetime, situation: Situation, playbook: Playbook) -> Row:
    """The parts of the score of doing `action` on `channel` at `at`."""
    trials, successes = next(
        ((a.trials, a.successes) for a in situation.snapshot.arms if a.action == action.name and a.channel is channel),
        (0, 0),
    )
    basket = _basket(situation, playbook)
    discount, face = _discount(action, situation, basket)
    margin = float(terms.value) if terms.value is not None else playbook.economy.margin * basket
    delay_hours = max(0.0, (at - situation.now).total_seconds() / 3600.0)
    return Row(
        act_rate=posterior(terms.response, trials, successes),
        hold_rate=playbook.baseline.rate,
        readiness=readiness(situation.signals),
        value=min(max(0.0, margin - discount), GREATEST_VALUE),
        weight=action.weight(situation) / (1.0 + delay_hours / action.half_life_hours),
        lever=terms.lever,
        cost=float(terms.cost),
        fatigue=float(playbook.economy.fatigue_price) * situation.signals.pressure.contacts_7d,
        shadow=playbook.economy.budget_price * face,
    )


def _basket(situation: Situation, playbook: Playbook) -> float:
    """What an order of this customer is worth: the cart at hand, else the own mean, else the playbook's basket."""
    signals, currency = situation.signals, playbook.brand.currency
    if signals.live is not None and signals.live.cart_value is not None:
        return float(signals.live.cart_value.amount)
    if (
        signals.value is not None
        and signals.value.mean_order.currency == currency
        and signals.value.mean_order.amount > 0
    ):
        return float(signals.value.mean_order.amount)
    return float(playbook.economy.basket)


def _discount(action: Action, situation: Situation, basket: float) -> tuple[float, float]:
    """(what the coupon takes off this basket, what it may take at most); zero without a campaign."""
    campaign = situation.snapshot.campaign(situation.now) if action.uses_campaign else None
    if campaign is None:
        return 0.0, 0.0
    face = float(campaign.face_value.amount)
    return min(face, basket * campaign.percent / 100.0), face
