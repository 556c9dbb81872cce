"""Weigh: every treatment of one customer gets exactly one disposition; what is left is scored, drawn and ranked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from agent.decisioning import silence
from agent.decisioning.arbitration import rank
from agent.decisioning.choice import choose
from agent.decisioning.economics import Row, row
from agent.domain.action import Action, Aim, Candidate, Fate, HoldReason, Kind, Score, Stage, Treatment, When
from agent.domain.customer import IN_SESSION, Channel
from agent.domain.decision import Draws, Hold
from agent.domain.ids import RuleId
from agent.domain.money import MICROS
from agent.domain.playbook import Terms
from agent.domain.signals import Situation
from agent.domain.verdict import Verdict, VerdictKind
from agent.graph.environment import Environment
from agent.guardrails.judge import Screen

NO_SIGNAL = RuleId("tactful-no-signal")
HOLDOUT = RuleId("tactful-holdout")
UNREACHABLE = RuleId("tactful-unreachable")
NOT_IN_PLAYBOOK = RuleId("tactful-not-in-playbook")
REPLY_ORDER = (Channel.CHAT, Channel.PAGE, Channel.EMAIL, Channel.KAKAO, Channel.SMS, Channel.PUSH)
SOON = timedelta(minutes=30)
"""A best hour nearer than this is now."""


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
    """`ranked` are the allowed offers (or the owed replies), best first; `chosen` what code would do, None for a hold."""

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
    reach = {reach.channel for reach in situation.snapshot.reach}
    live = situation.signals.live
    in_session = live is not None and live.in_session
    for action in env.toolset.actions():
        aim = action.aim(situation)
        if aim is not None:
            aims[action.name] = aim
        terms = env.playbook.actions.get(action.name)
        for channel in action.channels:
            reachable = in_session if channel in IN_SESSION else channel in reach
            candidates += _on_channel(env, screen, action, channel, aim, terms, reachable)
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
            situation,
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
    seed = f"{survey.situation.snapshot.customer}:{survey.situation.snapshot.ordinal}"
    ranked = rank([c for c in scored if c.treatment.key not in taken_back])
    if owed:
        lost = tuple(ranked)
        return Weighing(
            survey, tuple(owed), (*removed, *lost), owed[0], True, Draws(arm="none", propensity=MICROS, seed=seed), None
        )
    choice = choose(ranked, survey.situation.snapshot, env.playbook.limits.holdout_percent, env.rng)
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


def _on_channel(
    env: Environment,
    screen: Screen,
    action: Action,
    channel: Channel,
    aim: Aim | None,
    terms: Terms | None,
    reachable: bool,
) -> list[Candidate]:
    """The candidates of one action on one channel."""
    now = screen.situation.now
    entity = aim.entity if aim else ""

    def at(
        when: When,
        instant: datetime,
        fate: Fate,
        stage: Stage,
        rule: RuleId = RuleId(""),
        hold: HoldReason | None = None,
    ) -> Candidate:
        treatment = Treatment(action=action.name, channel=channel, when=when, at=instant, entity=entity)
        return Candidate(treatment=treatment, kind=action.kind, fate=fate, stage=stage, rule=rule, hold=hold)

    if terms is None or (terms.channels is not None and channel not in terms.channels):
        return [at(When.NOW, now, Fate.OUT_OF_SCOPE, Stage.SCOPE, NOT_IN_PLAYBOOK)]
    if channel in IN_SESSION and not reachable:
        return [at(When.NOW, now, Fate.OUT_OF_SCOPE, Stage.SCOPE, UNREACHABLE)]
    verdict = env.guard.removal(screen, action, channel, aim)
    if verdict is not None and verdict.stage < Stage.CLOCK:
        return [at(When.NOW, now, Fate.REMOVED, verdict.stage, verdict.rule, verdict.hold)]
    if not reachable:
        return [at(When.NOW, now, Fate.OUT_OF_SCOPE, Stage.SCOPE, UNREACHABLE)]
    due, moved = env.guard.lawful_from(screen, action.kind, channel, now)
    if moved is not None and moved.kind is VerdictKind.DENY:
        return [at(When.NOW, now, Fate.REMOVED, moved.stage, moved.rule, moved.hold)]
    found: list[Candidate] = []
    times = [(When.NOW, now)]
    if moved is not None and due > now:
        found.append(at(When.NOW, now, Fate.REMOVED, moved.stage, moved.rule, moved.hold))
        times = [(When.NEXT_LAWFUL, due)]
    best = _best_hour(env, screen, action, channel)
    if best is not None and best > times[0][1] + SOON:
        times.append((When.BEST_HOUR, best))
    for when, instant in times:
        if verdict is not None:
            found.append(at(when, instant, Fate.REMOVED, verdict.stage, verdict.rule, verdict.hold))
        elif aim is None:
            found.append(at(when, instant, Fate.REMOVED, Stage.SIGNAL, NO_SIGNAL, HoldReason.NO_SIGNAL))
        else:
            found.append(at(when, instant, Fate.LOST, Stage.ARBITRATION))
    return found


def _best_hour(env: Environment, screen: Screen, action: Action, channel: Channel) -> datetime | None:
    """The next time the customer's clock shows the channel's best hour, if that is lawful; None where none is known."""
    hour, zone = env.playbook.best_hours.get(channel), screen.situation.snapshot.zone
    if not action.best_hour or hour is None or zone is None:
        return None
    now = screen.situation.now
    local = now.astimezone(ZoneInfo(zone))
    day = local.date() if local.hour < hour else local.date() + timedelta(days=1)
    best = datetime.combine(day, time(hour), ZoneInfo(zone)).astimezone(now.tzinfo)
    due, moved = env.guard.lawful_from(screen, action.kind, channel, best)
    return None if moved is not None and (moved.kind is VerdictKind.DENY or due != best) else best


def _refused(candidate: Candidate, verdict: Verdict) -> Candidate:
    return replace(candidate, fate=Fate.REMOVED, stage=Stage.GUARD, rule=verdict.rule, hold=verdict.hold)
