"""What the guard says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum

from agent.domain.action import HoldReason, Stage
from agent.domain.ids import RuleId


class VerdictKind(IntEnum):
    """Ordered by strength: the strongest speaks, amendments all apply together."""

    ALLOW = 0
    AMEND = 1
    DEFER = 2
    REVIEW = 3
    DENY = 4


class Place(StrEnum):
    """Where an amendment goes, in the order a medium is read."""

    SUBJECT_START = "subject_start"
    BODY_START = "body_start"
    BODY_END = "body_end"


@dataclass(frozen=True, slots=True, kw_only=True)
class Amendment:
    """Text that the law puts in; `order` sorts amendments at one place.

    `need` names what it answers (label, sender, opt_out, ...): one answer is enough where several laws ask alike, but
    words that a law prescribes (`exact`) always stand.
    """

    place: Place
    order: int
    text: str
    need: str = ""
    exact: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One rule's finding. `detail` is a short fact (a number, a time, a word), never personal data."""

    kind: VerdictKind
    rule: RuleId
    pack: str
    stage: Stage
    hold: HoldReason
    source: str
    detail: str = ""
    until: datetime | None = None
    amendments: tuple[Amendment, ...] = ()
    too_long_by: int = 0

    @property
    def removes(self) -> bool:
        """True where the treatment cannot be done as it stands."""
        return self.kind is VerdictKind.DENY or self.kind is VerdictKind.DEFER


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """All verdicts on one bundle, merged: deny > review > defer > all amendments together > allow."""

    kind: VerdictKind
    verdicts: tuple[Verdict, ...]
    amendments: tuple[Amendment, ...] = ()
    too_long_by: int = 0
    """Characters that the words exceed the channel by once everything is added; they go back to be shortened."""

    @property
    def forbidding(self) -> Verdict | None:
        """The verdict that keeps the bundle back; None where it may be committed (held, for a review)."""
        return next((v for v in self.verdicts if v.removes), None)
