"""When waiting is wiser than silence for good: rules of thumb that need no model."""

from __future__ import annotations

from agent.domain.bundle import Wait
from agent.domain.signals import Situation

FILLED_AFTER_MINUTES = 30.0
"""A cart that has rested so long is no longer being filled."""
SHORTEST_HOURS = 0.25


def still_filling(situation: Situation) -> Wait | None:
    """Look again when a cart of this very session has rested, unless it is bought by then."""
    live = situation.signals.live
    if live is None or not live.in_session or not live.cart or live.purchased:
        return None
    rest = (FILLED_AFTER_MINUTES - live.cart_age_minutes) / 60
    return Wait(hours=max(rest, SHORTEST_HOURS), unless="purchased") if rest > 0 else None
