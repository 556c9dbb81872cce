"""One customer's story for a page: what happened, what was foreseen, considered, said, and what became of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING, Any, Literal
from zoneinfo import ZoneInfo

from agent.console import phrases
from agent.console.foretold import movers
from agent.console.labels import LABELS, REASONS
from agent.domain.bundle import Effect
from agent.domain.customer import ConsentStatus, Happening
from agent.domain.decision import Decision
from agent.domain.ids import CustomerId
from agent.domain.timers import Timer
from agent.guardrails.words import compose, links_of, money
from agent.telling import Why
from prompts.loading import words

if TYPE_CHECKING:
    from agent.service import Tactful

MOST_DECISIONS = 200
MOST_HAPPENINGS = 400
SHOWN_SCORES = 5
EntryKind = Literal["happened", "consent", "silence", "said", "began", "ended", "ahead"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What was said, without the name that is filled in at sending, and what became of it."""

    effect_id: str
    channel: str
    state: str
    subject: str
    body: str
    due: str
    outcomes: tuple[str, ...]
    answered: bool
    why: Why


@dataclass(frozen=True, slots=True, kw_only=True)
class Considered:
    """One candidate that was weighed: chances in percent, what it would earn as money."""

    name: str
    when: str
    channel: str
    chance: str
    without: str
    earns: str
    won: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Thought:
    """A decision laid open. `silent` is the reason for silence, '' where something was said."""

    decision_id: str
    at: str
    headline: str
    silent: str
    foreseen: tuple[str, ...]
    moved: tuple[str, ...]
    considered: tuple[Considered, ...]
    left_out: tuple[str, ...]
    rules: tuple[str, ...]
    passages: tuple[str, ...]
    drawn: str
    versions: tuple[tuple[str, str], ...]
    degraded: str
    messages: tuple[Message, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the timeline. `times` is how often in a row the same was seen, `until` when it was seen last."""

    at: datetime
    kind: EntryKind
    title: str
    detail: str = ""
    times: int = 1
    until: datetime | None = None
    thought: Thought | None = None


Line = tuple[str, str, Entry]
"""An entry with its hour, and the day until which the same was seen, '' for once."""
Day = tuple[str, tuple[Line, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """Days in their order, each with its entries; and what is ahead."""

    customer: CustomerId
    zone: str
    days: tuple[Day, ...]
    ahead: tuple[tuple[str, str], ...]
    counts: tuple[tuple[str, str], ...]
    consents: tuple[tuple[str, bool], ...]


def story(tactful: Tactful, customer: str, lang: str) -> Story:
    """Raises NotFound."""
    return _Teller(tactful, tactful.find(customer), lang).story()


def thought(tactful: Tactful, decision: Decision, lang: str) -> Thought:
    """One decision for a page of its own."""
    return _Teller(tactful, decision.customer, lang).thought(decision, alone=True)


class _Teller:
    def __init__(self, tactful: Tactful, customer: CustomerId, lang: str) -> None:
        self._tactful = tactful
        self._customer = customer
        self._lang = lang
        self._said = words("page", lang)
        self._zone = tactful.where(customer)[1]
        sent = tactful.stores.journeys.effects(tactful.tenant, customer)
        self._came = {item.effect.effect_id: item for item in sent}

    def story(self) -> Story:
        tactful, now = self._tactful, self._tactful.now()
        decisions = tactful.stores.records.of_customer(tactful.tenant, self._customer, MOST_DECISIONS)
        happened = tactful.stores.happenings.of(tactful.tenant, self._customer, now, MOST_HAPPENINGS)
        entries = [
            *(self._happened(h) for h in _folded(happened, ZoneInfo(self._zone))),
            *self._consents(),
            *(self._decided(d) for d in decisions),
            *self._journeys(),
        ]
        entries.sort(key=lambda entry: entry.at)
        entries = list(_in_a_row(entries))
        said = [message for entry in entries if entry.thought for message in entry.thought.messages]
        counts = (
            (self._said["count.said"], str(len(said))),
            (self._said["count.silent"], str(sum(e.times for e in entries if e.kind == "silence"))),
            (self._said["count.answered"], str(sum(message.answered for message in said))),
        )
        return Story(
            customer=self._customer,
            zone=self._zone,
            days=self._by_day(entries),
            ahead=self._ahead(),
            counts=counts,
            consents=self._standing(),
        )

    def thought(self, found: Decision, alone: bool = False) -> Thought:
        """`alone`: on a page of its own, with what moved it."""
        tactful, lang = self._tactful, self._lang
        labels = LABELS[lang]
        reason = found.hold.reason or "ineligible"
        v = found.versions
        versions = (
            ("packs", v.packs), ("playbook", v.playbook), ("guidelines", v.guidelines), ("tools", v.tools),
            ("signals", v.signals), ("model", v.model), ("prompt", v.prompt),
        )  # fmt: skip
        return Thought(
            decision_id=found.decision_id,
            at=phrases.moment(found.as_of, self._zone, lang),
            headline=self._headline(found),
            silent=REASONS[lang][reason] if found.chosen is None else "",
            foreseen=found.findings,
            moved=tuple(movers(tactful, found, lang)) if alone else (),
            considered=self._considered(found),
            left_out=tuple(phrases.removed(found, tactful, lang, full=False)),
            rules=tuple(
                f"{verdict.rule}: {phrases.why(tactful, verdict.rule, lang) or verdict.kind.name.lower()}"
                for verdict in found.verdicts
            ),
            passages=found.passages,
            drawn=phrases.drawn(found, lang),
            versions=tuple((name, value) for name, value in versions if value),
            degraded=f"{labels['degraded']}: {found.cause}" if found.degraded else "",
            messages=tuple(self._message(effect, found) for effect in tactful.effects(found)),
        )

    def _headline(self, found: Decision) -> str:
        if found.chosen is None:
            return self._said["silence"]
        return f"{self._action(found.chosen.action)} · {self._channel(found.chosen.channel)}"

    def _action(self, name: str) -> str:
        return self._said.get(f"action.{name}", name)

    def _channel(self, name: str) -> str:
        return self._said.get(f"channel.{name}", name)

    def _considered(self, found: Decision) -> tuple[Considered, ...]:
        currency, lang = self._tactful.playbook.brand.currency, self._lang
        ranked = sorted(
            ((c, c.score) for c in found.candidates if c.score is not None), key=lambda pair: -pair[1].total
        )
        return tuple(
            Considered(
                name=self._action(candidate.treatment.action),
                when=self._said[f"when.{candidate.treatment.when.value}"],
                channel=self._channel(candidate.treatment.channel),
                chance=f"{score.p_act / 10_000:.1f} %",
                without=f"{score.p_hold / 10_000:.1f} %",
                earns=phrases.part(score.total, "total", currency, lang),
                won=candidate.fate.value == "won",
            )
            for candidate, score in ranked[:SHOWN_SCORES]
        )

    def _message(self, effect: Effect, found: Decision) -> Message:
        tactful, lang = self._tactful, self._lang
        locale = tactful.where(effect.customer)[0]
        subject, body = compose(effect.payload, locale, {}, links_of(effect, tactful.playbook.brand.home))
        item = self._came.get(effect.effect_id)
        came = [kind for kind, _ in item.outcomes] if item else []
        expired = tactful.is_expired(effect) and effect.state.value in ("pending", "held")
        return Message(
            effect_id=effect.effect_id,
            channel=self._channel(effect.channel),
            state=LABELS[lang]["expired"] if expired else phrases.standing(effect.state, lang),
            subject=subject,
            body=body,
            due=phrases.moment(effect.due_at, self._zone, lang),
            outcomes=tuple(self._said.get(f"outcome.{kind}", kind) for kind in came),
            answered=any(kind not in ("ignored", "bounced") for kind in came),
            why=tactful.telling.of(effect, found, lang, self._zone),
        )

    def _decided(self, found: Decision) -> Entry:
        told = self.thought(found)
        kind: EntryKind = "silence" if found.chosen is None else "said"
        return Entry(at=found.as_of, kind=kind, title=told.headline, detail=told.silent, thought=told)

    def _happened(self, what: Happening) -> Entry:
        title = self._said.get(f"did.{what.kind}", what.kind)
        named = what.name or (what.entity if what.kind not in ("cart_updated", "purchased") else "")
        order = what.kind in ("ordered", "returned")
        if order and what.count > 1:
            named = self._said["and_more"].format(name=named, n=what.count - 1)
        parts = [named]
        if what.worth is not None:
            parts.append(money(what.worth.amount, what.worth.currency, self._lang))
        if what.kind == "reviewed":
            parts += ["★" * what.count, what.words[:300]]
        elif what.count > 1 and not order:
            parts.append(self._said["times"].format(n=what.count))
        return Entry(at=what.at, kind="happened", title=title, detail=" · ".join(filter(None, parts)))

    def _consents(self) -> list[Entry]:
        entries = []
        for receipt in self._tactful.consents.history(self._customer):
            consent = receipt.consent
            title = self._said[f"consent.{consent.status.value}"]
            entries.append(Entry(at=consent.given_at, kind="consent", title=title, detail=self._purpose(consent)))
        return entries

    def _purpose(self, consent: Any) -> str:
        name = self._said[f"purpose.{consent.purpose.value}"]
        return f"{name} · {self._channel(consent.channel)}" if consent.channel else name

    def _standing(self) -> tuple[tuple[str, bool], ...]:
        tactful = self._tactful
        (found,) = tactful.stores.snapshots.snapshots(tactful.tenant, [self._customer], tactful.now())
        return tuple((self._purpose(c), c.status is not ConsentStatus.WITHDRAWN) for c in found.consents)

    def _journeys(self) -> list[Entry]:
        entries = []
        for chapter in self._tactful.stores.journeys.chapters(self._tactful.tenant, self._customer):
            journey, goal = chapter.journey, self._said[f"goal.{chapter.journey.goal.value}"]
            entries.append(Entry(at=journey.started_at, kind="began", title=self._said["began"], detail=goal))
            if chapter.ended_at is not None:
                end = self._said[f"exit.{chapter.exit.value if chapter.exit else 'expired'}"]
                entries.append(Entry(at=chapter.ended_at, kind="ended", title=end, detail=goal))
        return entries

    def _ahead(self) -> tuple[tuple[str, str], ...]:
        timers = self._tactful.consents.timers.of(self._tactful.tenant, self._customer)
        found = [
            (phrases.moment(timer.due_at, self._zone, self._lang), self._planned(timer))
            for timer in sorted(timers, key=lambda timer: timer.due_at)
        ]
        return tuple(dict.fromkeys(found))

    def _planned(self, timer: Timer) -> str:
        what = self._said[f"ahead.{timer.kind.value}"]
        return what if timer.due_at >= self._tactful.now() else f"{what} ({self._said['overdue']})"

    def _by_day(self, entries: Sequence[Entry]) -> tuple[Day, ...]:
        zone = ZoneInfo(self._zone)
        days = groupby(entries, key=lambda entry: entry.at.astimezone(zone).date())
        return tuple(
            (phrases.day(day, self._lang), tuple(self._line(entry, zone) for entry in some)) for day, some in days
        )

    def _line(self, entry: Entry, zone: ZoneInfo) -> Line:
        until = ""
        if entry.until is not None:
            until = self._said["until"].format(day=phrases.day(entry.until.astimezone(zone).date(), self._lang))
        return f"{entry.at.astimezone(zone):%H:%M}", until, entry


def _folded(happened: Iterable[Happening], zone: ZoneInfo) -> list[Happening]:
    """Views of one thing in a row on one day of the customer's count as one entry with their number."""
    found: list[Happening] = []
    for what in happened:
        last = found[-1] if found else None
        viewed = what.kind in ("page_viewed", "product_viewed")
        if last and viewed and _same(last, what, zone):
            found[-1] = replace(last, count=last.count + 1)
        else:
            found.append(what)
    return found


def _same(one: Happening, other: Happening, zone: ZoneInfo) -> bool:
    same_day = one.at.astimezone(zone).date() == other.at.astimezone(zone).date()
    return same_day and (one.kind, one.entity) == (other.kind, other.entity)


def _in_a_row(entries: Iterable[Entry]) -> Iterable[Entry]:
    """Silence for one reason in a row is told once, with its last decision."""
    held: Entry | None = None
    for entry in entries:
        if held is not None and entry.kind == "silence" and entry.detail == held.detail:
            held = replace(held, times=held.times + 1, until=entry.at, thought=entry.thought)
            continue
        if held is not None:
            yield held
            held = None
        if entry.kind == "silence":
            held = entry
        else:
            yield entry
    if held is not None:
        yield held
