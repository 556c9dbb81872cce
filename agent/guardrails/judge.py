"""The guard: runs each clause once per case of its grain, and merges what they say. Whatever breaks, denies."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

from agent.domain.action import Action, Aim, HoldReason, Kind, Stage
from agent.domain.bundle import Draft
from agent.domain.customer import Channel
from agent.domain.ids import RuleId
from agent.domain.playbook import Playbook
from agent.domain.signals import Situation
from agent.domain.verdict import Ruling, Verdict, VerdictKind
from agent.guardrails.cases import ActionCase, ChannelCase, CustomerCase, TextCase, TreatmentCase
from agent.guardrails.rulebook import Clause, Grain, RuleBook
from agent.guardrails.rules.text import facts_in_slots
from agent.guardrails.words import finish

NO_PACK = RuleId("tactful-no-pack")
NO_RULES = RuleId("tactful-no-rules")
FACTS = facts_in_slots.__name__
"""Without this rule no text leaves, whatever else is loaded."""
MOST_STEPS = 8
"""Deferrals that push each other this often have no fixpoint: the treatment is denied."""


@dataclass(slots=True)
class Screen:
    """The guard's view of one customer during one decision: verdicts of the wider grains are kept and reused."""

    situation: Situation
    clauses: tuple[Clause, ...]
    covered: bool
    verdicts: dict[tuple[RuleId, str], Verdict | None] = field(default_factory=dict)
    wide: dict[tuple[Kind, Channel], Verdict | None] = field(default_factory=dict)
    clock: dict[tuple[Kind, Channel, datetime], tuple[datetime, Verdict | None]] = field(default_factory=dict)


class Guard:
    """All rules of a playbook's packs, ready to judge candidates and finished bundles."""

    def __init__(self, book: RuleBook, playbook: Playbook) -> None:
        self._book = book
        self._playbook = playbook
        self._places = cache(self._clauses_for)
        self._selected: dict[tuple[int, Grain, Kind, Channel], tuple[Clause, ...]] = {}

    @property
    def version(self) -> str:
        return self._book.version

    @property
    def clauses(self) -> tuple[Clause, ...]:
        return self._book.clauses

    def _select(self, clauses: tuple[Clause, ...], grain: Grain, kind: Kind, channel: Channel) -> tuple[Clause, ...]:
        """The clauses of one grain for one kind and channel; `clauses` is one of the few tuples kept by `_places`."""
        key = (id(clauses), grain, kind, channel)
        found = self._selected.get(key)
        if found is None:
            found = self._selected[key] = tuple(
                c for c in clauses if c.grain is grain and kind in c.kinds and channel in c.channels
            )
        return found

    def _clauses_for(self, country: str | None) -> tuple[tuple[Clause, ...], bool]:
        """Clauses of the customer's and the brand's country; covered only if both have a pack."""
        places = frozenset(place for place in (country, self._playbook.brand.country) if place)
        covered = country is not None and all(self._book.covers(place) for place in places)
        return self._book.for_places(places), covered

    def screen(self, situation: Situation) -> Screen:
        clauses, covered = self._places(situation.snapshot.country)
        return Screen(situation=situation, clauses=clauses, covered=covered)

    def removal(self, screen: Screen, action: Action, channel: Channel, aim: Aim | None) -> Verdict | None:
        """The first stage that removes the action on this channel, whatever the hour; None if none does."""
        if not screen.clauses:
            return _no_rules()
        if not screen.covered and action.kind is Kind.OFFER:
            return _own(NO_PACK, Stage.IDENTITY, HoldReason.INELIGIBLE, "no pack for the customer's country")
        key = (action.kind, channel)
        if key not in screen.wide:
            screen.wide[key] = _first(
                [
                    *self._verdicts(screen, CustomerCase, *key, "", CustomerCase(screen.situation, self._playbook)),
                    *self._verdicts(
                        screen, ChannelCase, *key, channel, ChannelCase(screen.situation, self._playbook, channel)
                    ),
                ]
            )
        wide = screen.wide[key]
        later = self._select(screen.clauses, ActionCase, *key)
        if wide is not None and all(wide.stage <= clause.stage for clause in later):
            return wide
        case = ActionCase(screen.situation, self._playbook, action, aim)
        narrow = self._verdicts(screen, ActionCase, *key, action.name, case)
        return _first([wide, *narrow] if wide else narrow)

    def lawful_from(
        self, screen: Screen, kind: Kind, channel: Channel, at: datetime
    ) -> tuple[datetime, Verdict | None]:
        """The first minute from `at` on at which every clock rule agrees, and the verdict that moved it.

        A denial (an unknown zone, no fixpoint) comes back as a DENY verdict with the instant unchanged.
        """
        key = (kind, channel, at)
        if key not in screen.clock:
            screen.clock[key] = self._lawful_from(screen, kind, channel, at)
        return screen.clock[key]

    def _lawful_from(
        self, screen: Screen, kind: Kind, channel: Channel, at: datetime
    ) -> tuple[datetime, Verdict | None]:
        clauses = self._select(screen.clauses, TreatmentCase, kind, channel)
        first: Verdict | None = None
        when = at
        for _ in range(MOST_STEPS):
            case = TreatmentCase(screen.situation, self._playbook, channel, when)
            verdicts = [verdict for clause in clauses if (verdict := _run(clause, case))]
            denied = next((v for v in verdicts if v.kind is VerdictKind.DENY), None)
            if denied:
                return at, denied
            later = [v for v in verdicts if v.until and v.until > when]
            if not later:
                return when, first
            first = first or later[0]
            when = max(v.until for v in later if v.until)
        return at, _own(
            first.rule if first else NO_RULES, Stage.CLOCK, HoldReason.QUIET_HOURS, "no lawful minute found"
        )

    def judge(self, screen: Screen, action: Action, draft: Draft, aim: Aim | None) -> Ruling:
        """The finished bundle: every grain once more, reviews included, then the text."""
        channel = draft.treatment.channel
        removed = self.removal(screen, action, channel, aim)
        verdicts = [removed] if removed else []
        verdicts += [v for v in self._said(screen, action, channel, aim) if v is not removed]
        due, moved = self.lawful_from(screen, action.kind, channel, draft.treatment.at)
        if moved and (due > draft.treatment.at or moved.kind is VerdictKind.DENY):
            verdicts.append(moved)
        verdicts += self._text(screen, draft)
        verdicts.sort(key=lambda verdict: (-verdict.kind, verdict.stage))
        kind = verdicts[0].kind if verdicts else VerdictKind.ALLOW
        amendments = tuple(a for v in verdicts for a in v.amendments)
        return Ruling(kind=kind, verdicts=tuple(verdicts), amendments=amendments)

    def _said(self, screen: Screen, action: Action, channel: Channel, aim: Aim | None) -> list[Verdict]:
        """All verdicts of the grains above the treatment, whatever they lead to."""
        situation, brand = screen.situation, self._playbook
        key = (action.kind, channel)
        return [
            *self._verdicts(screen, CustomerCase, *key, "", CustomerCase(situation, brand)),
            *self._verdicts(screen, ChannelCase, *key, channel, ChannelCase(situation, brand, channel)),
            *self._verdicts(screen, ActionCase, *key, action.name, ActionCase(situation, brand, action, aim)),
        ]

    def _text(self, screen: Screen, draft: Draft) -> Iterable[Verdict]:
        clauses = self._select(screen.clauses, TextCase, draft.kind, draft.treatment.channel)
        if not any(clause.entry.rule == FACTS for clause in clauses):
            return [_no_rules()]
        finished = finish(draft.payload.words, draft.payload.slots, screen.situation.snapshot.locale)
        case = TextCase(screen.situation, self._playbook, draft.treatment.channel, draft, finished)
        return [verdict for clause in clauses if (verdict := _run(clause, case))]

    def _verdicts(
        self, screen: Screen, grain: Grain, kind: Kind, channel: Channel, name: str, case: Any
    ) -> list[Verdict]:
        """Verdicts of one grain on one channel; each clause runs once per case of its grain, which `name` names."""
        found = []
        for clause in self._select(screen.clauses, grain, kind, channel):
            key = (clause.rule_id, name)
            if key not in screen.verdicts:
                screen.verdicts[key] = _run(clause, case)
            verdict = screen.verdicts[key]
            if verdict is not None:
                found.append(verdict)
        return found


def _first(verdicts: Iterable[Verdict]) -> Verdict | None:
    """The verdict of the earliest stage that removes: deny or defer. A review comes with the text."""
    removing = [v for v in verdicts if v.kind in (VerdictKind.DENY, VerdictKind.DEFER)]
    return min(removing, key=lambda verdict: verdict.stage, default=None)


def _run(clause: Clause, case: Any) -> Verdict | None:
    """The clause's verdict on the case; a rule that raises has denied."""
    try:
        breach = clause.run(case, clause.parameters)
    except Exception as error:  # noqa: BLE001 - fail closed, whatever broke
        return _verdict(clause, VerdictKind.DENY, f"the rule failed ({type(error).__name__})")
    if breach is None:
        return None
    kind = clause.verdict
    if (kind is VerdictKind.DEFER and breach.until is None) or (kind is VerdictKind.AMEND and not breach.amendments):
        kind = VerdictKind.DENY
    return _verdict(clause, kind, breach.detail, breach.until, breach.amendments)


def _verdict(
    clause: Clause, kind: VerdictKind, detail: str, until: datetime | None = None, amendments: Any = ()
) -> Verdict:
    return Verdict(
        kind=kind,
        rule=clause.rule_id,
        pack=clause.pack,
        stage=clause.stage,
        hold=clause.hold,
        source=clause.entry.source,
        detail=detail,
        until=until,
        amendments=amendments,
    )


def _own(rule: RuleId, stage: Stage, hold: HoldReason, detail: str) -> Verdict:
    return Verdict(
        kind=VerdictKind.DENY, rule=rule, pack="tactful", stage=stage, hold=hold, source="DESIGN 1", detail=detail
    )


def _no_rules() -> Verdict:
    return _own(NO_RULES, Stage.IDENTITY, HoldReason.INELIGIBLE, "no rule is loaded for this")
