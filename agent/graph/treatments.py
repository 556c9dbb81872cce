"""The treatments of a customer: action x channel x {now, next lawful minute, best hour}, each with its disposition."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from agent.domain.action import Action, Aim, Candidate, Fate, HoldReason, Kind, Stage, When
from agent.domain.customer import IN_SESSION, Channel
from agent.domain.facts import Omen
from agent.domain.ids import RuleId
from agent.domain.verdict import Verdict, VerdictKind
from agent.graph.alike import Disposition, Fates, Made, candidates
from agent.graph.environment import Environment
from agent.guardrails.judge import Screen
from agent.journeys.course import refusal

NO_SIGNAL = RuleId("tactful-no-signal")
UPSET = RuleId("tactful-upset")
UNREACHABLE = RuleId("tactful-unreachable")
NOT_IN_PLAYBOOK = RuleId("tactful-not-in-playbook")
SOON = timedelta(minutes=30)
"""A best hour nearer than this is now."""


UPSET_CUSTOMER = Verdict(
    kind=VerdictKind.DENY,
    rule=UPSET,
    pack="tactful",
    stage=Stage.SIGNAL,
    hold=HoldReason.OPEN_COMPLAINT,
    source="DESIGN 3",
    detail="",
)
"""Whoever wrote an upset review these days is sold nothing meanwhile."""


class Treatments:
    """All treatments of one customer. What nothing calls for falls alike for every action of a kind on a channel: that
    is found once."""

    def __init__(self, env: Environment, screen: Screen) -> None:
        self._env = env
        self._screen = screen
        self._now = screen.situation.now
        self._reach = {reach.channel for reach in screen.situation.snapshot.reach}
        live = screen.situation.signals.live
        self._in_session = live is not None and live.in_session
        mood = screen.situation.snapshot.foresees(Omen.MOOD)
        self._upset = mood is not None and mood.fitted
        self._quiet: dict[tuple[Kind, Channel, bool], tuple[Fates, Made]] = {}

    def of(self, action: Action, aim: Aim | None) -> list[Candidate]:
        """Every treatment of the action once. What is still open stands as LOST at arbitration until the winner is
        known. `aim` is None where nothing calls for the action."""
        terms = self._env.playbook.actions.get(action.name)
        found: list[Candidate] = []
        for channel in action.channels:
            if terms is None or (terms.channels is not None and channel not in terms.channels):
                fates: Fates = (self._out(NOT_IN_PLAYBOOK),)
                found += candidates(action, channel, fates, aim.entity if aim else "")
            elif aim is None:
                found += self._uncalled(action, channel)
            else:
                found += candidates(action, channel, self._called(action, channel, aim), aim.entity)
        return found

    def _uncalled(self, action: Action, channel: Channel) -> list[Candidate]:
        key = (action.kind, channel, action.best_hour)
        known = self._quiet.get(key)
        if known is None:
            verdict = self._env.guard.closed(self._screen, action.kind, channel)
            fates = tuple(self._fates(action, channel, verdict, called=False))
            known = self._quiet[key] = (fates, self._env.alike.of(self._now, fates))
        fates, made = known
        mine = made.get((action.name, channel))
        if mine is None:
            mine = made[action.name, channel] = candidates(action, channel, fates, "")
        return mine

    def _called(self, action: Action, channel: Channel, aim: Aim) -> list[Disposition]:
        verdict = self._env.guard.removal(self._screen, action, channel, aim)
        if verdict is None and self._upset and action.kind is Kind.OFFER:
            verdict = UPSET_CUSTOMER
        if verdict is None:
            snapshot = self._screen.situation.snapshot
            verdict = refusal(action, channel, aim.entity, snapshot, self._env.playbook, self._now)
        return self._fates(action, channel, verdict, called=True)

    def _fates(self, action: Action, channel: Channel, verdict: Verdict | None, called: bool) -> list[Disposition]:
        """`verdict` removes the treatment at any hour. A missing consent is named before a missing address is."""
        reachable = channel in self._reach or channel is Channel.DESK
        if channel in IN_SESSION:
            reachable = self._in_session
            if not reachable:
                return [self._out(UNREACHABLE)]
        if verdict is not None and verdict.stage < Stage.CLOCK:
            return [self._removed(verdict)]
        if not reachable:
            return [self._out(UNREACHABLE)]
        return self._at_each_time(action, channel, verdict, called)

    def _at_each_time(
        self, action: Action, channel: Channel, verdict: Verdict | None, called: bool
    ) -> list[Disposition]:
        """`verdict`: what removes the treatment at any hour, at a stage after the clock."""
        now = self._now
        due, moved = self._env.guard.lawful_from(self._screen, action.kind, channel, now)
        if moved is not None and moved.kind is VerdictKind.DENY:
            return [self._removed(moved)]
        if moved is not None and due > now:
            found, times = [self._removed(moved)], [(When.NEXT_LAWFUL, due)]
        else:
            found, times = [], [(When.NOW, now)]
        best = self._best_hour(action, channel)
        if best is not None and best > times[0][1] + SOON:
            times.append((When.BEST_HOUR, best))
        for when, instant in times:
            if verdict is not None:
                found.append(self._removed(verdict, when, instant))
            elif called:
                found.append(Disposition(when, instant, Fate.LOST, Stage.ARBITRATION))
            else:
                no_signal = HoldReason.NO_SIGNAL
                found.append(Disposition(when, instant, Fate.REMOVED, Stage.SIGNAL, NO_SIGNAL, no_signal))
        return found

    def _best_hour(self, action: Action, channel: Channel) -> datetime | None:
        """The next time that the customer's own best hour comes, or by the customer's clock the channel's, if that is
        lawful and known."""
        snapshot, brand = self._screen.situation.snapshot, self._env.playbook.brand
        hour, zone = self._env.playbook.best_hours.get(channel), snapshot.zone
        own = snapshot.foresees(Omen.HOUR)
        if own is not None and own.fitted:
            hour, zone = own.number, brand.zone
        if not action.best_hour or hour is None or zone is None:
            return None
        now = self._now
        local = now.astimezone(ZoneInfo(zone))
        day = local.date() if local.hour < hour else local.date() + timedelta(days=1)
        best = datetime.combine(day, time(hour), ZoneInfo(zone)).astimezone(now.tzinfo)
        due, moved = self._env.guard.lawful_from(self._screen, action.kind, channel, best)
        return None if moved is not None and (moved.kind is VerdictKind.DENY or due != best) else best

    def _out(self, rule: RuleId) -> Disposition:
        return Disposition(When.NOW, self._now, Fate.OUT_OF_SCOPE, Stage.SCOPE, rule)

    def _removed(self, verdict: Verdict, when: When = When.NOW, at: datetime | None = None) -> Disposition:
        return Disposition(when, at or self._now, Fate.REMOVED, verdict.stage, verdict.rule, verdict.hold)
