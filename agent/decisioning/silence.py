"""Why nothing is said: one reason for each hold."""

from __future__ import annotations

from collections.abc import Sequence

from agent.domain.action import Candidate, Fate, HoldReason, Kind
from agent.domain.decision import Draws

LIKELY = 500_000
"""From this chance of buying without contact on (in millionths), a worthless offer is one that nobody needs."""


def reason(candidates: Sequence[Candidate], ranked: Sequence[Candidate], draws: Draws) -> HoldReason:
    """The holdout, else the price of the best offer, else what stopped the offer that came furthest."""
    if draws.arm == "holdout":
        return HoldReason.HOLDOUT
    if ranked:
        score = ranked[0].score
        return HoldReason.WOULD_BUY_ANYWAY if score is not None and score.p_hold >= LIKELY else HoldReason.LOW_VALUE
    removed = [c for c in candidates if c.fate is Fate.REMOVED and c.kind is Kind.OFFER and c.hold is not None]
    if not removed:
        return HoldReason.INELIGIBLE
    furthest = max(removed, key=lambda c: (c.stage, c.hold is not HoldReason.NO_SIGNAL))
    assert furthest.hold is not None
    return furthest.hold
