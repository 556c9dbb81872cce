"""The treatments of one action on one channel, at {now, next lawful minute, best hour}, each with its disposition."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from agent.domain.action import Action, Aim, Candidate, Fate, HoldReason, Stage, Treatment, When
from agent.domain.customer import IN_SESSION, Channel
from agent.domain.ids import RuleId
from agent.domain.playbook import Terms
from agent.domain.verdict import Verdict, VerdictKind
from agent.graph.environment import Environment
from agent.guardrails.judge import Screen
from agent.journeys.course import refusal

NO_SIGNAL = RuleId("tactful-no-signal")
UNREACHABLE = RuleId("tactful-unreachable")
NOT_IN_PLAYBOOK = RuleId("tactful-not-in-playbook")
SOON = timedelta(minutes=30)
"""A best hour nearer than this is now."""


@dataclass(frozen=True, slots=True)
class Spot:
    """One action on one channel, for one customer. `aim` is None where nothing calls for the action."""

    env: Environment
    screen: Screen
    action: Action
    channel: Channel
    aim: Aim | None
    terms: Terms | None
    reachable: bool

    def candidates(self) -> list[Candidate]:
        """Every treatment once. What is still open stands as LOST at arbitration until the winner is known.

        A removal that no hour can change comes before reachability, so that a missing consent is named as such.
        """
        if self.terms is None or (self.terms.channels is not None and self.channel not in self.terms.channels):
            return [self._out(NOT_IN_PLAYBOOK)]
        if self.channel in IN_SESSION and not self.reachable:
            return [self._out(UNREACHABLE)]
        verdict = self.env.guard.removal(self.screen, self.action, self.channel, self.aim)
        if verdict is not None and verdict.stage < Stage.CLOCK:
            return [self._removed(verdict)]
        if verdict is None and self.aim is not None:
            situation = self.screen.situation
            verdict = refusal(
                self.action,
                self.channel,
                self.aim.entity,
                situation.snapshot,
                self.env.playbook,
                situation.now,
            )
        if not self.reachable:
            return [self._out(UNREACHABLE)]
        return self._at_each_time(verdict)

    def _at_each_time(self, verdict: Verdict | None) -> list[Candidate]:
        """`verdict`: what removes the treatment at any hour, at a stage after the clock."""
        now = self.screen.situation.now
        due, moved = self.env.guard.lawful_from(self.screen, self.action.kind, self.channel, now)
        if moved is not None and moved.kind is VerdictKind.DENY:
            return [self._removed(moved)]
        if moved is not None and due > now:
            found, times = [self._removed(moved)], [(When.NEXT_LAWFUL, due)]
        else:
            found, times = [], [(When.NOW, now)]
        best = self._best_hour()
        if best is not None and best > times[0][1] + SOON:
            times.append((When.BEST_HOUR, best))
        for when, instant in times:
            if verdict is not None:
                found.append(self._removed(verdict, when, instant))
            elif self.aim is None:
                found.append(self._put(when, instant, Fate.REMOVED, Stage.SIGNAL, NO_SIGNAL, HoldReason.NO_SIGNAL))
            else:
                found.append(self._put(when, instant, Fate.LOST, Stage.ARBITRATION))
        return found

    def _best_hour(self) -> datetime | None:
        """The next time the customer's clock shows the channel's best hour, if that is lawful and known."""
        hour, zone = self.env.playbook.best_hours.get(self.channel), self.screen.situation.snapshot.zone
        if not self.action.best_hour or hour is None or zone is None:
            return None
        now = self.screen.situation.now
        local = now.astimezone(ZoneInfo(zone))
        day = local.date() if local.hour < hour else local.date() + timedelta(days=1)
        best = datetime.combine(day, time(hour), ZoneInfo(zone)).astimezone(now.tzinfo)
        due, moved = self.env.guard.lawful_from(self.screen, self.action.kind, self.channel, best)
        return None if moved is not None and (moved.kind is VerdictKind.DENY or due != best) else best

    def _out(self, rule: RuleId) -> Candidate:
        return self._put(When.NOW, self.screen.situation.now, Fate.OUT_OF_SCOPE, Stage.SCOPE, rule)

    def _removed(self, verdict: Verdict, when: When = When.NOW, at: datetime | None = None) -> Candidate:
        instant = at or self.screen.situation.now
        return self._put(when, instant, Fate.REMOVED, verdict.stage, verdict.rule, verdict.hold)

    def _put(
        self,
        when: When,
        at: datetime,
        fate: Fate,
        stage: Stage,
        rule: RuleId | None = None,
        hold: HoldReason | None = None,
    ) -> Candidate:
        entity = self.aim.entity if self.aim else ""
        treatment = Treatment(action=self.action.name, channel=self.channel, when=when, at=at, entity=entity)
        return Candidate(treatment=treatment, kind=self.action.kind, fate=fate, stage=stage, rule=rule, hold=hold)
