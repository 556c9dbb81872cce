"""The guard: runs each clause once per case of its grain, and merges what they say. Whatever breaks, denies.

It is asked three times: by grain before ranking (`removal`, `lawful_from`), on the finished bundle (`judge`), and once
more in the transaction that claims an effect for sending (`claim`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from agent.domain.action import Action, Aim, HoldReason, Kind, Stage
from agent.domain.bundle import Draft, Envelope
from agent.domain.customer import Channel, Snapshot
from agent.domain.guideline import Binding, Passage
from agent.domain.ids import RuleId
from agent.domain.playbook import Playbook
from agent.domain.signals import Situation
from agent.domain.verdict import Ruling, Verdict, VerdictKind
from agent.guardrails.cases import (
    ActionCase,
    Breach,
    ChannelCase,
    CustomerCase,
    EnvelopeCase,
    TextCase,
    TreatmentCase,
    draft_of,
)
from agent.guardrails.pack import Clause, Grain
from agent.guardrails.rulebook import UNKNOWN, RuleBook
from agent.guardrails.rules.text import Shape, facts_in_slots
from agent.guardrails.ruling import first, merged, needed
from agent.guardrails.words import amend, finish

NO_PACK = RuleId("tactful-no-pack")
NO_RULES = RuleId("tactful-no-rules")
OTHER_KIND = RuleId("tactful-other-kind")
LINE_MISSING = RuleId("tactful-line-missing")
FACTS = facts_in_slots.__name__
"""Without this rule no text leaves, whatever else is loaded."""
FAILED = "the rule failed"
MOST_STEPS = 8
"""Deferrals that push each other this often have no fixpoint: the treatment is denied."""


@dataclass(slots=True)
class Screen:
    """The guard's view of one customer during one decision: what rules of the wider grains found is kept and reused."""

    situation: Situation
    clauses: tuple[Clause, ...]
    covered: bool
    own: frozenset[str] = frozenset()
    """The packs of the customer's own country: what they add always stands."""
    breaches: dict[tuple[str, str], Breach | str | None] = field(default_factory=dict)
    wide: dict[tuple[Kind, Channel], Verdict | None] = field(default_factory=dict)
    clock: dict[tuple[Kind, Channel, datetime], tuple[datetime, Verdict | None]] = field(default_factory=dict)
    narrow: dict[str, list[tuple[Clause, Verdict]]] = field(default_factory=dict)


class Guard:
    """All rules of a playbook's packs, ready to judge candidates and finished bundles.

    `passages` are all of the brand's: those with front matter that binds are held, whether retrieved or not.
    """

    def __init__(self, book: RuleBook, playbook: Playbook, passages: Iterable[Passage] = ()) -> None:
        self._book = book.tightened(playbook.tighten)
        self._playbook = playbook
        self._binding = tuple(p for p in passages if p.binds is not None)
        self._places = cache(self._clauses_for)
        self._at_claim = cache(lambda clauses: tuple(c for c in clauses if c.entry.at_claim))
        self._of_kind: dict[tuple[int, Kind], tuple[Clause, ...]] = {}
        self._selected: dict[tuple[int, Grain, Kind, Channel], tuple[Clause, ...]] = {}

    @property
    def version(self) -> str:
        return self._book.version

    @property
    def clauses(self) -> tuple[Clause, ...]:
        return self._book.clauses

    def _select(self, clauses: tuple[Clause, ...], grain: Grain, kind: Kind, channel: Channel) -> tuple[Clause, ...]:
        """The clauses of one grain for one kind and channel, by stage; `clauses` is a tuple that `_places` keeps."""
        key = (id(clauses), grain, kind, channel)
        found = self._selected.get(key)
        if found is None:
            mine = [c for c in clauses if c.grain is grain and kind in c.kinds and channel in c.channels]
            if grain is not TextCase:  # what the law adds stands in the packs' order, the customer's own first
                mine.sort(key=lambda clause: clause.stage)
            found = self._selected[key] = tuple(mine)
        return found

    def _clauses_for(self, country: str | None, regions: frozenset[str]) -> tuple[tuple[Clause, ...], bool]:
        """Clauses of the customer's own state and country, then the brand's; covered only if both have a pack."""
        countries = tuple(dict.fromkeys(place for place in (country, self._playbook.brand.country) if place))
        covered = country is not None and all(self._book.covers(place) for place in countries)
        for place in countries:
            if self._book.has_regions(place) and not any(region.startswith(f"{place}-") for region in regions):
                regions |= {f"{place}-{UNKNOWN}"}
        return self._book.for_places((*sorted(regions), *countries)), covered

    def screen(self, situation: Situation) -> Screen:
        clauses, covered = self._places(situation.snapshot.country, _regions(situation.snapshot))
        own = self._book.packs_of(situation.snapshot.country)
        return Screen(situation=situation, clauses=clauses, covered=covered, own=own)

    def may_ask_model(self, screen: Screen) -> Verdict | None:
        """What keeps a customer's situation from being shown to a model; None where nothing does."""
        case = CustomerCase(screen.situation, self._playbook)
        about = [c for c in screen.clauses if c.entry.surface == "model"]
        return first(v for c in about if (v := run(c, case)))

    def closed(self, screen: Screen, kind: Kind, channel: Channel) -> Verdict | None:
        """The first stage that removes every action of this kind on this channel, whatever the hour."""
        if not screen.clauses:
            return _no_rules()
        if not screen.covered and kind is Kind.OFFER:
            return _own(NO_PACK, Stage.IDENTITY, HoldReason.INELIGIBLE, "no pack for the customer's country")
        key = (kind, channel)
        if key not in screen.wide:
            screen.wide[key] = first(self._wide(screen, *key, only_first=True))
        return screen.wide[key]

    def removal(self, screen: Screen, action: Action, channel: Channel, aim: Aim | None) -> Verdict | None:
        """The first stage that removes the action on this channel, whatever the hour; None if none does."""
        key = (action.kind, channel)
        wide = self.closed(screen, *key)
        later = self._select(screen.clauses, ActionCase, *key)
        if wide is not None and (not later or wide.stage <= later[0].stage):
            return wide
        narrow = self._narrow(screen, action, channel, aim, only_first=True)
        return first([wide, *narrow] if wide else narrow)

    def lawful_from(
        self, screen: Screen, kind: Kind, channel: Channel, at: datetime
    ) -> tuple[datetime, Verdict | None]:
        """The first minute from `at` on at which every clock rule agrees, and the verdict that moved it.

        A denial (an unknown zone, no fixpoint, a consent that ends before) comes back as a DENY verdict with the
        instant unchanged.
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
            verdicts = [verdict for clause in clauses if (verdict := run(clause, case))]
            denied = next((v for v in verdicts if v.kind is VerdictKind.DENY), None)
            if denied:
                return at, denied
            later = [v for v in verdicts if v.until and v.until > when]
            if not later:
                ended = self._ended_by(screen, kind, channel, when)
                return (at, ended) if ended else (when, first)
            first = first or later[0]
            when = max(v.until for v in later if v.until)
        rule = first.rule if first else NO_RULES
        return at, _own(rule, Stage.CLOCK, HoldReason.QUIET_HOURS, "no lawful minute found")

    def _ended_by(self, screen: Screen, kind: Kind, channel: Channel, when: datetime) -> Verdict | None:
        """What permits the channel now may have ended by the time the message would leave."""
        if when <= screen.situation.now:
            return None
        case = ChannelCase(screen.situation, self._playbook, channel, when)
        return first(v for c in self._select(screen.clauses, ChannelCase, kind, channel) if (v := run(c, case)))

    def judge(self, screen: Screen, action: Action, draft: Draft, aim: Aim | None) -> Ruling:
        """The finished bundle: every grain once more, reviews included, then the text."""
        channel = draft.treatment.channel
        removed = self.removal(screen, action, channel, aim)
        verdicts = [removed] if removed else []
        if draft.treatment.action != action.name or not _catalogued(action, draft.kind, channel):
            verdicts.append(_own(OTHER_KIND, Stage.CLASS, HoldReason.INELIGIBLE, "not what the catalogue says it is"))
        said = [*self._wide(screen, action.kind, channel), *self._narrow(screen, action, channel, aim)]
        verdicts += [v for v in said if v is not removed]
        due, moved = self.lawful_from(screen, action.kind, channel, draft.treatment.at)
        if moved and (due > draft.treatment.at or moved.kind is VerdictKind.DENY):
            verdicts.append(moved)
        return merged([*verdicts, *self._text(screen, action, draft, aim)], screen.own)

    def claim(self, screen: Screen, action: Action, envelope: Envelope) -> Ruling:
        """Once more, when claimed: `screen` is of a snapshot read in that transaction, `envelope` has the final bytes.

        The effect's own contact does not count against it, and what it has reserved already is not asked for again.
        """
        effect = envelope.effect
        fresh = Screen(
            situation=_without_own_contact(screen.situation, effect.effect_id),
            clauses=self._at_claim(screen.clauses),
            covered=screen.covered,
            own=screen.own,
        )
        aim = action.aim(fresh.situation) or Aim(entity=effect.entity, because="")
        removed = self.removal(fresh, action, effect.channel, replace(aim, entity=effect.entity))
        verdicts = [removed] if removed else []
        if effect.action != action.name or not _catalogued(action, effect.kind, effect.channel):
            verdicts.append(_own(OTHER_KIND, Stage.CLASS, HoldReason.INELIGIBLE, "not what the catalogue says it is"))
        due, moved = self.lawful_from(fresh, action.kind, effect.channel, fresh.situation.now)
        if moved and (due > fresh.situation.now or moved.kind is VerdictKind.DENY):
            verdicts.append(moved)
        case = EnvelopeCase(fresh.situation, self._playbook, action, envelope)
        clauses = self._select(fresh.clauses, EnvelopeCase, effect.kind, effect.channel)
        verdicts += [v for clause in clauses if (v := run(clause, case))]
        if not clauses:
            verdicts.append(_no_rules(Stage.GUARD))
        text = self._text(fresh, action, draft_of(effect, fresh.situation.now), aim)
        standing = {(a.place, a.text) for a in effect.payload.amendments}
        if any((a.place, a.text) not in standing for a in needed(text, fresh.own)):
            verdicts.append(_own(LINE_MISSING, Stage.GUARD, HoldReason.INELIGIBLE, "a line that the law asks for now"))
        return merged([*verdicts, *(v for v in text if v.kind is not VerdictKind.AMEND)], fresh.own)

    def _wide(self, screen: Screen, kind: Kind, channel: Channel, only_first: bool = False) -> list[Verdict]:
        """Verdicts of the grains above the action; `only_first` stops at what removes, in the order of stages."""
        situation, brand = screen.situation, self._playbook
        of_customer, of_channel = CustomerCase(situation, brand), ChannelCase(situation, brand, channel, situation.now)
        found = self._verdicts(screen, CustomerCase, kind, channel, "", of_customer, only_first)
        if only_first and found and found[-1].removes and found[-1].stage <= Stage.IDENTITY:
            return found
        return found + self._verdicts(screen, ChannelCase, kind, channel, channel, of_channel, only_first)

    def _narrow(
        self, screen: Screen, action: Action, channel: Channel, aim: Aim | None, only_first: bool = False
    ) -> list[Verdict]:
        """Verdicts on the action itself, found once for all its channels; `only_first` stops at what removes."""
        found = screen.narrow.get(action.name)
        if found is None:
            case = ActionCase(screen.situation, self._playbook, action, aim)
            key = (id(screen.clauses), action.kind)
            clauses = self._of_kind.get(key)
            if clauses is None:
                clauses = self._of_kind[key] = _about_actions(screen.clauses, action.kind)
            found = [(clause, verdict) for clause in clauses if (verdict := run(clause, case))]
            screen.narrow[action.name] = found
        said: list[Verdict] = []
        for clause, verdict in found:
            if channel in clause.channels:
                said.append(verdict)
                if only_first and verdict.removes:
                    break
        return said

    def _text(self, screen: Screen, action: Action, draft: Draft, aim: Aim | None) -> list[Verdict]:
        """What the rules say of the words, and whether they still fit once the law's lines stand beside them."""
        channel = draft.treatment.channel
        clauses = self._select(screen.clauses, TextCase, draft.kind, channel)
        if not any(clause.entry.rule == FACTS for clause in clauses):
            return [_no_rules(Stage.GUARD)]
        snapshot = screen.situation.snapshot
        finished = finish(draft.payload.words, draft.payload.slots, snapshot.locale)
        bindings = self._bindings(snapshot, draft, screen.situation.now)
        case = TextCase(screen.situation, self._playbook, channel, action, aim, draft, finished, bindings)
        verdicts = [verdict for clause in clauses if (verdict := run(clause, case))]
        whole = amend(finished.subject, finished.body, needed(verdicts, screen.own))[1]
        for clause in clauses:
            if isinstance(clause.parameters, Shape):
                over = clause.parameters.over(channel, whole)
                if over:
                    verdicts.append(_verdict(clause, VerdictKind.DENY, over))
        return verdicts

    def _bindings(self, snapshot: Snapshot, draft: Draft, now: datetime) -> tuple[Binding, ...]:
        if not self._binding:
            return ()
        day = now.astimezone(ZoneInfo(snapshot.zone or self._playbook.brand.zone)).date()
        treatment = draft.treatment
        return tuple(
            p.binds
            for p in self._binding
            if p.binds is not None and p.holds(snapshot.locale, day, treatment.action, treatment.channel)
        )

    def _verdicts(
        self, screen: Screen, grain: Grain, kind: Kind, channel: Channel, name: str, case: Any, only_first: bool
    ) -> list[Verdict]:
        """Verdicts of one grain on one channel; each rule runs once per case of its grain, which `name` names."""
        found = []
        known = screen.breaches
        for clause in self._select(screen.clauses, grain, kind, channel):
            key = (clause.twin, name)
            if key not in known:
                known[key] = _breach(clause, case)
            breach = known[key]
            if breach is not None:
                verdict = _said(clause, breach)
                assert verdict is not None
                found.append(verdict)
                if only_first and verdict.removes:
                    break
        return found


def _catalogued(action: Action, kind: Kind, channel: Channel) -> bool:
    """The kind and a channel of the catalogue's; beside what is owed a note may go to the staff, never an offer."""
    note = channel is Channel.DESK and kind is not Kind.OFFER
    return kind is action.kind and (channel in action.channels or note)


def _about_actions(clauses: tuple[Clause, ...], kind: Kind) -> tuple[Clause, ...]:
    """The clauses about actions of a kind, on whatever channel, by stage."""
    found = [c for c in clauses if c.grain is ActionCase and kind in c.kinds]
    return tuple(sorted(found, key=lambda clause: clause.stage))


def _regions(snapshot: Snapshot) -> frozenset[str]:
    """The states that may claim the customer: where they live, and what their telephone says."""
    return frozenset(region for region in (snapshot.region, *(reach.region for reach in snapshot.reach)) if region)


def _without_own_contact(situation: Situation, own: str) -> Situation:
    kept = tuple(c for c in situation.snapshot.contacts if c.contact_id != own)
    return replace(situation, snapshot=replace(situation.snapshot, contacts=kept))


def run(clause: Clause, case: Any) -> Verdict | None:
    """The clause's verdict on the case; a rule that raises has denied."""
    return _said(clause, _breach(clause, case))


def _breach(clause: Clause, case: Any) -> Breach | str | None:
    """What the rule finds, or how it failed."""
    try:
        return clause.run(case, clause.parameters)
    except Exception as error:  # noqa: BLE001 - fail closed, whatever broke
        return f"{FAILED} ({type(error).__name__})"


def _said(clause: Clause, breach: Breach | str | None) -> Verdict | None:
    if breach is None:
        return None
    if isinstance(breach, str):
        return _verdict(clause, VerdictKind.DENY, Breach(detail=breach))
    kind = clause.verdict
    if (kind is VerdictKind.DEFER and breach.until is None) or (kind is VerdictKind.AMEND and not breach.amendments):
        kind = VerdictKind.DENY
    return _verdict(clause, kind, breach)


def _verdict(clause: Clause, kind: VerdictKind, breach: Breach) -> Verdict:
    return Verdict(
        kind=kind,
        rule=clause.rule_id,
        pack=clause.pack,
        stage=clause.stage,
        hold=clause.hold,
        source=clause.entry.source,
        detail=breach.detail,
        until=breach.until,
        amendments=breach.amendments,
        too_long_by=breach.too_long_by,
    )


def _own(rule: RuleId, stage: Stage, hold: HoldReason, detail: str) -> Verdict:
    return Verdict(
        kind=VerdictKind.DENY, rule=rule, pack="tactful", stage=stage, hold=hold, source="DESIGN 1", detail=detail
    )


def _no_rules(stage: Stage = Stage.IDENTITY) -> Verdict:
    return _own(NO_RULES, stage, HoldReason.INELIGIBLE, "no rule is loaded for this")
