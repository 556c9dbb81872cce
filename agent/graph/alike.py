"""What becomes of treatments, and the candidates that many customers of one instant have alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from agent.domain.action import Action, Candidate, Fate, HoldReason, Stage, Treatment, When
from agent.domain.customer import Channel
from agent.domain.ids import RuleId


@dataclass(frozen=True, slots=True)
class Disposition:
    """What becomes of a treatment, whichever action it belongs to."""

    when: When
    at: datetime
    fate: Fate
    stage: Stage
    rule: RuleId | None = None
    hold: HoldReason | None = None


Fates = tuple[Disposition, ...]
Made = dict[tuple[str, Channel], list[Candidate]]


class Alike:
    """Candidates that many customers of one instant have alike, as nothing calls for them: each is made once."""

    def __init__(self) -> None:
        self._now: datetime | None = None
        self._made: dict[Fates, Made] = {}

    def of(self, now: datetime, fates: Fates) -> Made:
        """What was made so far of these fates, by action and channel."""
        if now != self._now:
            self._now, self._made = now, {}
        return self._made.setdefault(fates, {})


def candidates(action: Action, channel: Channel, fates: Sequence[Disposition], entity: str) -> list[Candidate]:
    """The candidates that stand for these fates."""
    return [
        Candidate(
            treatment=Treatment(action=action.name, channel=channel, when=x.when, at=x.at, entity=entity),
            kind=action.kind,
            fate=x.fate,
            stage=x.stage,
            rule=x.rule,
            hold=x.hold,
        )
        for x in fates
    ]
