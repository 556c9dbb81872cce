"""The course of a journey, as pure functions of what was tried and what the playbook allows."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from agent.domain.action import Action, HoldReason, Kind, Stage, Treatment
from agent.domain.customer import Channel, Goal, Journey, Snapshot, Touch
from agent.domain.ids import RuleId, digest
from agent.domain.journey import Course
from agent.domain.playbook import JourneyTerms, Playbook
from agent.domain.verdict import Verdict, VerdictKind

ENOUGH = RuleId("tactful-journey-enough")
SPACING = RuleId("tactful-journey-spacing")
TRIED = RuleId("tactful-journey-tried")


def terms(playbook: Playbook, goal: Goal) -> JourneyTerms:
    return playbook.journeys.get(goal, JourneyTerms())


def under_way(snapshot: Snapshot, goal: Goal | None, entity: str) -> Journey | None:
    """The customer's journey with this goal about this entity."""
    return next((j for j in snapshot.journeys if j.goal is goal and j.entity == entity), None)


def refusal(
    action: Action, channel: Channel, entity: str, snapshot: Snapshot, playbook: Playbook, now: datetime
) -> Verdict | None:
    """What keeps a journey from another touch of this kind now: enough touches, too soon, or tried already."""
    journey = under_way(snapshot, action.goal, entity) if action.goal else None
    if journey is None or action.goal is None or action.kind is not Kind.OFFER:
        return None  # what is owed is said, however often
    mine = terms(playbook, action.goal)
    if len(journey.tried) >= mine.touches:
        return _verdict(ENOUGH, f"{len(journey.tried)} of {mine.touches} touches")
    if any(touch.action == action.name and touch.channel is channel for touch in journey.tried):
        return _verdict(TRIED, f"{action.name} by {channel} was tried")
    if channel not in mine.channels and mine.channels:
        return _verdict(TRIED, f"{channel} is not a channel of this journey")
    if now < journey.tried[-1].at + timedelta(hours=mine.spacing_hours):
        return _verdict(SPACING, f"less than {mine.spacing_hours:g} hours since the last touch")
    return None


def course(
    action: Action, treatment: Treatment, snapshot: Snapshot, playbook: Playbook, now: datetime
) -> Course | None:
    """The journey after this touch: begun by this decision, or gone on. None for actions without a goal."""
    if action.goal is None:
        return None
    mine = terms(playbook, action.goal)
    touch = Touch(action=action.name, channel=treatment.channel, at=treatment.at)
    next_at = treatment.at + timedelta(hours=mine.spacing_hours)
    known = under_way(snapshot, action.goal, treatment.entity)
    if known is not None:
        return Course(journey=replace(known, tried=(*known.tried, touch), next_at=next_at), new=False)
    name = digest(snapshot.tenant, snapshot.customer, action.goal, treatment.entity, str(snapshot.ordinal))
    journey = Journey(
        journey_id="j_" + name,
        goal=action.goal,
        entity=treatment.entity,
        tried=(touch,),
        started_at=now,
        next_at=next_at,
        ends_at=max(treatment.at + timedelta(days=mine.days), next_at),
    )
    return Course(journey=journey, new=True)


def is_over(journey: Journey, playbook: Playbook, now: datetime) -> bool:
    """No touch is left, or no time."""
    return len(journey.tried) >= terms(playbook, journey.goal).touches or now >= journey.ends_at


def look_again(journey: Journey, playbook: Playbook, decided_at: datetime) -> datetime | None:
    """When to decide once more after a decision to hold; None where the journey's time is over by then."""
    at = decided_at + timedelta(hours=terms(playbook, journey.goal).spacing_hours)
    return at if at < journey.ends_at else None


def _verdict(rule: RuleId, detail: str) -> Verdict:
    return Verdict(
        kind=VerdictKind.DENY,
        rule=rule,
        pack="tactful",
        stage=Stage.FREQUENCY,
        hold=HoldReason.FATIGUE,
        source="DESIGN 3",
        detail=detail,
    )
