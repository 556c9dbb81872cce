"""What chance decides, before any model: the holdout and the choice among near-ties, with their probabilities."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import blake2b

from agent.decisioning.arbitration import rank
from agent.domain.action import Candidate
from agent.domain.customer import Snapshot
from agent.domain.decision import Draws
from agent.domain.money import MICROS
from agent.domain.ports import Rng

EXPLORED = 0.02
"""The share of decisions that take a near-tie at random."""
NEAR = 0.05
"""A candidate within this share of the best score is a near-tie."""


class HashRng:
    """Draws from a keyed hash: no state, the same key gives the same number (the `Rng` port)."""

    def __init__(self, seed: str) -> None:
        self._key = blake2b(seed.encode(), digest_size=32).digest()

    def uniform(self, *key: str) -> float:
        hashed = blake2b("\x1f".join(key).encode(), key=self._key, digest_size=8).digest()
        return (int.from_bytes(hashed, "big") >> 11) / (1 << 53)


@dataclass(frozen=True, slots=True)
class Choice:
    """`candidate` is None for a hold. `fixed`: drawn by chance, a decider may only word it."""

    candidate: Candidate | None
    draws: Draws
    fixed: bool = False


Arbiter = Callable[[Sequence[Candidate], Snapshot, float, Rng], tuple[list[Candidate], Choice]]
"""Ranks what is scored and chooses, given the share (percent) that is held out. A simulation compares several."""


def arbitrate(
    scored: Sequence[Candidate], snapshot: Snapshot, holdout_percent: float, rng: Rng
) -> tuple[list[Candidate], Choice]:
    """By the whole score, with holdout and exploration: the product's own way."""
    ranked = rank(scored)
    return ranked, choose(ranked, snapshot, holdout_percent, rng)


def seed_of(snapshot: Snapshot) -> str:
    """What all draws of one decision are keyed by."""
    return f"{snapshot.customer}:{snapshot.ordinal}"


def choose(ranked: Sequence[Candidate], snapshot: Snapshot, holdout_percent: float, rng: Rng) -> Choice:
    """Draws among allowed offers, best first. Empty, or none above zero: a certain hold, holdout or not.

    The holdout is stable per customer; exploration is drawn anew for each decision.
    """
    seed = seed_of(snapshot)
    held_out = bool(ranked) and rng.uniform(snapshot.tenant, snapshot.customer, "holdout") < holdout_percent / 100.0
    best = ranked[0] if ranked and _total(ranked[0]) > 0 else None
    share = holdout_percent / 100.0
    if held_out:
        return Choice(None, Draws(arm="holdout", propensity=_micros(share) if best else MICROS, seed=seed))
    if best is None:
        return Choice(None, Draws(arm="none", propensity=MICROS, seed=seed))
    near = [c for c in ranked if _total(c) >= _total(best) * (1.0 - NEAR)]
    each = EXPLORED / len(near)
    explored = rng.uniform(snapshot.tenant, snapshot.customer, str(snapshot.ordinal), "explore") < EXPLORED
    if not explored:
        return Choice(best, Draws(arm="best", propensity=_micros((1 - share) * (1 - EXPLORED + each)), seed=seed))
    pick = near[int(rng.uniform(snapshot.tenant, snapshot.customer, str(snapshot.ordinal), "pick") * len(near))]
    chance = each + (1 - EXPLORED if pick is best else 0.0)
    return Choice(pick, Draws(arm="near_tie", propensity=_micros((1 - share) * chance), seed=seed), fixed=True)


def _total(candidate: Candidate) -> int:
    assert candidate.score is not None
    return candidate.score.total


def _micros(probability: float) -> int:
    return round(probability * MICROS)
