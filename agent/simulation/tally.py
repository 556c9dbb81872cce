"""What is counted of decisions as they are committed: what was done, what removed the others, which factor mattered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from statistics import fmean

from agent.domain.action import Candidate, Fate, Kind, Score
from agent.domain.bundle import Bundle, Committed, Delivery, Effect, EffectState, Outcome
from agent.domain.decision import Decision
from agent.domain.money import MICROS
from agent.domain.ports import Commit

Total = Callable[[Score, "_Means"], float]


@dataclass(frozen=True, slots=True)
class _Means:
    lift: float
    value: float


def _total(
    s: Score, *, lift: float | None = None, value: float | None = None, weight: int = 0, lever: int = 0
) -> float:
    """The score with some parts replaced; all in main units."""
    gained = (max(s.p_act - s.p_hold, 0) / MICROS) if lift is None else lift
    worth = s.value / MICROS if value is None else value
    return gained * worth * (weight or s.weight) / MICROS * (lever or s.lever) / MICROS


def _price(s: Score, *, without: str = "") -> float:
    parts = {"cost": s.cost, "fatigue": s.fatigue, "shadow": s.shadow}
    return sum(part for name, part in parts.items() if name != without) / MICROS


FACTORS: dict[str, Total] = {
    "response": lambda s, m: _total(s, lift=m.lift) - _price(s),
    "anyway": lambda s, m: _total(s, lift=s.p_act / MICROS) - _price(s),
    "value": lambda s, m: _total(s, value=m.value) - _price(s),
    "context": lambda s, m: _total(s, weight=MICROS) - _price(s),
    "lever": lambda s, m: _total(s, lever=MICROS) - _price(s),
    "cost": lambda s, m: _total(s) - _price(s, without="cost"),
    "fatigue": lambda s, m: _total(s) - _price(s, without="fatigue"),
    "budget": lambda s, m: _total(s) - _price(s, without="shadow"),
}
"""The score without one of its factors: response and value alike for all, `anyway` without what comes by itself."""


@dataclass(slots=True)
class Tally:
    """`removed`: by (action, stage); `rules` by what spoke; `changed`: winners that another factor's absence moves."""

    decisions: int = 0
    acted: Counter[str] = field(default_factory=Counter)
    held: Counter[str] = field(default_factory=Counter)
    arms: Counter[str] = field(default_factory=Counter)
    removed: Counter[tuple[str, int]] = field(default_factory=Counter)
    open: Counter[str] = field(default_factory=Counter)
    rules: Counter[str] = field(default_factory=Counter)
    weighed: int = 0
    changed: Counter[str] = field(default_factory=Counter)
    offered: set[str] = field(default_factory=set)

    def add(self, decision: Decision) -> None:
        self.decisions += 1
        self.arms[decision.draws.arm] += 1
        if decision.chosen is not None:
            self.acted[decision.chosen.action] += 1
            self.offered.add(decision.customer)
        else:
            self.held[str(decision.hold.reason)] += 1
        for c in decision.candidates:
            if c.fate is Fate.REMOVED:
                self.removed[c.treatment.action, c.stage] += 1
                self.rules[str(c.rule)] += 1
        scored = [c for c in decision.candidates if c.score is not None and c.fate in (Fate.WON, Fate.LOST)]
        self.open.update(c.treatment.action for c in scored)
        if scored and decision.draws.arm in ("best", "none"):
            self._weigh(scored, decision)

    def _weigh(self, scored: Sequence[Candidate], decision: Decision) -> None:
        """Who would have won, silence included, had one factor not counted."""
        won = decision.chosen.key if decision.chosen is not None else ""
        if decision.chosen is not None and not any(c.treatment.key == won and c.kind is Kind.OFFER for c in scored):
            return
        self.weighed += 1
        scores = [(c.treatment.key, c.score) for c in scored if c.score is not None]
        lift = fmean(max(s.p_act - s.p_hold, 0) for _, s in scores) / MICROS
        means = _Means(lift, fmean(s.value for _, s in scores) / MICROS)
        for factor, total in FACTORS.items():
            best = max(scores, key=lambda pair: total(pair[1], means))
            other = best[0] if total(best[1], means) > 0 else ""
            self.changed[factor] += other != won


class LookingOn:
    """The commit port, with somebody who looks on: counts what is decided, keeps what the caller is to show."""

    def __init__(self, commit: Commit, tally: Tally, told: Collection[str]) -> None:
        """Of customers whose story may be `told` the whole record is kept, of others what was done."""
        self._commit = commit
        self._tally = tally
        self._told = told
        self.shown: list[Effect] = []
        self.asks: list[str] = []

    def commit(self, bundles: Sequence[Bundle]) -> list[Outcome]:
        outcomes = self._commit.commit([self._kept(bundle) for bundle in bundles])
        for bundle, outcome in zip(bundles, outcomes, strict=True):
            if isinstance(outcome, Committed) and not outcome.repeated:
                self._tally.add(bundle.decision)
                self.shown += [e for e in bundle.effects if e.delivery is Delivery.CALLER]
                self.asks += [e.effect_id for e in bundle.effects if e.state is EffectState.HELD]
        return outcomes

    def _kept(self, bundle: Bundle) -> Bundle:
        if bundle.decision.customer in self._told:
            return bundle
        return replace(bundle, decision=replace(bundle.decision, candidates=(), findings=()))
