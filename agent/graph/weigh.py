"""Weigh: every treatment of one customer gets exactly one disposition; what is left is scored, drawn and ranked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from agent.decisioning import silence
from agent.decisioning.arbitration import rank
from agent.decisioning.choice import seed_of
from agent.decisioning.economics import Row, row
from agent.decisioning.features import blind
from agent.domain.action import Aim, Candidate, Fate, HoldReason, Kind, Score, Stage
from agent.domain.customer import Channel
from agent.domain.decision import Draws, Hold
from agent.domain.ids import RuleId
from agent.domain.money import MICROS
from agent.domain.signals import Situation
from agent.domain.verdict import Verdict
from agent.graph.environment import Environment
from agent.graph.treatments import Treatments
from agent.guardrails.judge import Screen

HOLDOUT = RuleId("tactful-holdout")
REPLY_ORDER = (Channel.CHAT, Channel.PAGE, Channel.EMAIL, Channel.KAKAO, Channel.SMS, Channel.PUSH, Channel.DESK)


@dataclass(frozen=True, slots=True)
class Survey:
    """One customer's treatments before scoring: `settled` have their disposition, `open` have a row to score."""

    situation: Situation
    screen: Screen
    aims: Mapping[str, Aim]
    settled: tuple[Candidate, ...]
    owed: tuple[Candidate, ...]
    open: tuple[Candidate, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Weighing:
    """`ranked`: the allowed offers or the owed replies, best first. `chosen`: what code would do, None for a hold."""

    survey: Survey
    ranked: tuple[Candidate, ...]
    removed: tuple[Candidate, ...]
    chosen: Candidate | None
    fixed: bool
    draws: Draws
    reason: HoldReason | None


def survey(env: Environment, situation: Situation) -> Survey:
    """Enumerates action x channel x {now, next lawful minute, best hour} and removes what may or need not be done."""
    screen = env.guard.screen(situation)
    aims: dict[str, Aim] = {}
    candidates: list[Candidate] = []
    seen = blind(situation)
    treatments = Treatments(env, screen)
    for action in env.toolset.actions():
        aim = action.aim(seen)
        if aim is not None:
            aims[action.name] = aim
        candidates += treatments.of(action, aim)
    open_ones = [c for c in candidates if c.fate is Fate.LOST and c.kind is Kind.OFFER]
    owed = sorted(
        (c for c in candidates if c.fate is Fate.LOST and c.kind is not Kind.OFFER),
        key=lambda c: (REPLY_ORDER.index(c.treatment.channel), c.treatment.key),
    )
    actions = {action.name: action for action in env.toolset.actions()}
    rows = tuple(
        row(
            actions[c.treatment.action],
            env.playbook.actions[c.treatment.action],
            c.treatment.channel,
            c.treatment.at,
            seen,
            env.playbook,
        )
        for c in open_ones
    )
    settled = tuple(c for c in candidates if c.fate is not Fate.LOST)
    return Survey(situation, screen, aims, settled, tuple(owed), tuple(open_ones), rows)


def settle(env: Environment, survey: Survey, scores: Sequence[Score], taken_back: Mapping[str, Verdict]) -> Weighing:
    """Ranks and draws. `taken_back` names treatments that guard or commit refused after an earlier choice."""
    scored = [replace(c, score=s) for c, s in zip(survey.open, scores, strict=True)]
    refused = [
        _refused(c, taken_back[c.treatment.key]) for c in (*scored, *survey.owed) if c.treatment.key in taken_back
    ]
    owed = [c for c in survey.owed if c.treatment.key not in taken_back]
    removed = (*survey.settled, *refused)
    seed = seed_of(survey.situation.snapshot)
    open_ones = [c for c in scored if c.treatment.key not in taken_back]
    if owed:
        lost = tuple(rank(open_ones))
        return Weighing(
            survey, tuple(owed), (*removed, *lost), owed[0], True, Draws(arm="none", propensity=MICROS, seed=seed), None
        )
    share = env.playbook.limits.holdout_percent
    ranked, choice = env.arbitrate(open_ones, survey.situation.snapshot, share, env.rng)
    why = None if choice.candidate else silence.reason(removed, ranked, choice.draws)
    return Weighing(survey, tuple(ranked), removed, choice.candidate, choice.fixed, choice.draws, why)


def dispositions(weighing: Weighing, chosen: Candidate | None) -> tuple[Candidate, ...]:
    """Every candidate with its final fate: one won, or none where silence did."""
    held_out = weighing.draws.arm == "holdout"
    final = []
    for candidate in weighing.ranked:
        if chosen is not None and candidate.treatment.key == chosen.treatment.key:
            final.append(replace(candidate, fate=Fate.WON, stage=Stage.ARBITRATION))
        elif held_out:
            final.append(
                replace(candidate, fate=Fate.REMOVED, stage=Stage.HOLDOUT, rule=HOLDOUT, hold=HoldReason.HOLDOUT)
            )
        else:
            final.append(candidate)
    return (*final, *weighing.removed)


def hold_of(weighing: Weighing, chosen: Candidate | None, reason: HoldReason | None) -> Hold:
    scored = next((c.score for c in weighing.ranked if c.score is not None), None)
    fate = Fate.LOST if chosen is not None else Fate.WON
    return Hold(fate=fate, reason=reason, p_buy=scored.p_hold if scored else 0)


def _refused(candidate: Candidate, verdict: Verdict) -> Candidate:
    return replace(candidate, fate=Fate.REMOVED, stage=Stage.GUARD, rule=verdict.rule, hold=verdict.hold)
