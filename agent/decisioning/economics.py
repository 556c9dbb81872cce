"""What one candidate could earn and would cost: the inputs of its score, from playbook, signals and outcomes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from agent.domain.action import Action
from agent.domain.customer import Channel, Goal
from agent.domain.facts import Foreseen, Omen
from agent.domain.money import MICROS
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


def readiness(situation: Situation) -> float:
    """How much likelier than the average customer this one buys, as a factor on the odds.

    Products of ratios only: no transcendental function, whose last bit differs between scalar and vector code.
    """
    return _live(situation.signals) * habit(situation)


def habit(situation: Situation) -> float:
    """What the past says of it: the fitted chance of buying unasked against the average customer's, where there is one;
    else a rule of thumb on orders and the time since."""
    fitted = situation.snapshot.foresees(Omen.RETURN)
    if fitted is not None and fitted.fitted:
        return _odds_ratio(fitted)
    value = situation.signals.value
    if value is None:
        return 1.0
    return (1.0 + min(value.orders, 20) / 10.0) / (1.0 + value.recency_days / 120.0)


def leaning(action: Action, channel: Channel, situation: Situation) -> float:
    """How much likelier than everybody this customer takes up this action on this channel beyond being ready to buy: a
    factor on the odds, 1 where no response was fitted."""
    name = f"{action.name}:{channel}"
    for omen in situation.snapshot.foreseen:
        if omen.omen is Omen.RESPONSE and omen.entity == name and omen.fitted:
            return _odds_ratio(omen) / habit(situation)
    return 1.0


def _odds_ratio(omen: Foreseen) -> float:
    """Own odds by everybody's, between 1/20 and 20: beyond that no fit is to be believed."""
    own, all_ = (min(max(chance, 1_000), 999_000) for chance in (omen.chance, omen.number))
    return min(max(own * (1_000_000 - all_) / ((1_000_000 - own) * all_), 0.05), 20.0)


def _live(signals: Signals) -> float:
    factor = 1.0
    live = signals.live
    if live is not None:
        if live.purchased:
            factor *= 0.25
        if live.cart:
            factor *= 1.0 + 3.0 / (1.0 + live.cart_age_minutes / 720.0)
        if live.dwell_seconds > 0:
            factor *= 1.0 + min(live.dwell_seconds, 300.0) / 300.0
    return factor


def row(action: Action, terms: Terms, channel: Channel, at: datetime, situation: Situation, playbook: Playbook) -> Row:
    """The parts of the score of doing `action` on `channel` at `at`."""
    trials, successes = next(
        ((a.trials, a.successes) for a in situation.snapshot.arms if a.action == action.name and a.channel is channel),
        (0, 0),
    )
    basket = _basket(situation, playbook)
    discount, face = _discount(action, situation, basket)
    margin = (
        float(terms.value) if terms.value is not None else playbook.economy.margin * _worth(action, situation, basket)
    )
    delay_hours = max(0.0, (at - situation.now).total_seconds() / 3600.0)
    return Row(
        act_rate=_moved(posterior(terms.response, trials, successes), leaning(action, channel, situation)),
        hold_rate=playbook.baseline.rate,
        readiness=readiness(situation),
        value=min(max(0.0, margin - discount), GREATEST_VALUE),
        weight=action.weight(situation) / (1.0 + delay_hours / action.half_life_hours),
        lever=terms.lever,
        cost=float(terms.cost),
        fatigue=float(playbook.economy.fatigue_price) * situation.signals.pressure.contacts_7d,
        shadow=playbook.economy.budget_price * face,
    )


def _basket(situation: Situation, playbook: Playbook) -> float:
    """What an order of this customer is worth: the cart at hand, else as fitted, else the own mean, else the playbook's
    basket."""
    signals, currency = situation.signals, playbook.brand.currency
    if signals.live is not None and signals.live.cart_value is not None:
        return float(signals.live.cart_value.amount)
    fitted = situation.snapshot.foresees(Omen.BASKET)
    if fitted is not None and fitted.fitted and fitted.number > 0:
        return fitted.number / MICROS
    if (
        signals.value is not None
        and signals.value.mean_order.currency == currency
        and signals.value.mean_order.amount > 0
    ):
        return float(signals.value.mean_order.amount)
    return float(playbook.economy.basket)


def _worth(action: Action, situation: Situation, basket: float) -> float:
    """What is won by it: an order; of somebody who would leave, all that they would spend, if that is more."""
    spends = situation.snapshot.foresees(Omen.VALUE) if action.goal is Goal.CHURN_AVERTED else None
    return max(basket, spends.number / MICROS) if spends is not None and spends.fitted else basket


def _moved(rate: float, factor: float) -> float:
    """A rate whose odds are multiplied by the factor; itself, to the last bit, where that is 1."""
    if factor == 1.0:
        return rate
    odds = rate / (1.0 - rate) * factor
    return odds / (1.0 + odds)


def _discount(action: Action, situation: Situation, basket: float) -> tuple[float, float]:
    """(what the coupon takes off this basket, what it may take at most); zero without a campaign."""
    campaign = situation.snapshot.campaign(situation.now) if action.uses_campaign else None
    if campaign is None:
        return 0.0, 0.0
    face = float(campaign.face_value.amount)
    return min(face, basket * campaign.percent / 100.0), face
