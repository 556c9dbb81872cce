"""Other ways of choosing among what the guard allows: ablations, to see what the product's own way is worth."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from agent.decisioning.arbitration import rank
from agent.decisioning.choice import Choice, seed_of
from agent.domain.action import Candidate, Score
from agent.domain.customer import Snapshot
from agent.domain.decision import Draws
from agent.domain.money import MICROS
from agent.domain.ports import Rng


def random_allowed(
    scored: Sequence[Candidate], snapshot: Snapshot, holdout_percent: float, rng: Rng
) -> tuple[list[Candidate], Choice]:
    """Any allowed offer, or silence, with equal chances."""
    ranked, seed = rank(scored), seed_of(snapshot)
    each = round(MICROS / (len(ranked) + 1))
    draws = Draws(arm="near_tie" if ranked else "none", propensity=each if ranked else MICROS, seed=seed)
    drawn = int(rng.uniform(snapshot.tenant, snapshot.customer, str(snapshot.ordinal), "any") * (len(ranked) + 1))
    chosen = ranked[drawn] if drawn < len(ranked) else None
    return ranked, Choice(chosen, draws, fixed=chosen is not None)


def propensity_only(
    scored: Sequence[Candidate], snapshot: Snapshot, holdout_percent: float, rng: Rng
) -> tuple[list[Candidate], Choice]:
    """Whatever is likeliest to be followed by an order, whether it causes one, and whatever it costs."""
    return _by(scored, snapshot, lambda score: score.p_act)


def no_levers(
    scored: Sequence[Candidate], snapshot: Snapshot, holdout_percent: float, rng: Rng
) -> tuple[list[Candidate], Choice]:
    """The whole score, but for the marketer's levers."""
    return _by(scored, snapshot, _without_lever)


def _by(
    scored: Sequence[Candidate], snapshot: Snapshot, total: Callable[[Score], int]
) -> tuple[list[Candidate], Choice]:
    again = [replace(c, score=replace(c.score, total=total(c.score))) for c in scored if c.score is not None]
    ranked = rank(again)
    best = ranked[0] if ranked and ranked[0].score is not None and ranked[0].score.total > 0 else None
    draws = Draws(arm="best" if best else "none", propensity=MICROS, seed=seed_of(snapshot))
    return ranked, Choice(best, draws, fixed=best is not None)


def _without_lever(score: Score) -> int:
    gained = max(score.p_act - score.p_hold, 0) * score.value / MICROS * score.weight / MICROS
    return round(gained) - score.cost - score.fatigue - score.shadow
