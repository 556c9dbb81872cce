"""Two versions of a policy on the same customers at the same instant: who gets what else, and who loses by it.

A version is a brand's folder, its playbook, or one pack; beside a playbook a folder `packs` may hold packs that replace
those of the same name. Decisions are compared as the engine makes them, with the words of its templates.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar

from annotated_types import Ge, Le

from agent.bootstrap import environment_of
from agent.domain.action import Kind
from agent.domain.bundle import Draft
from agent.domain.customer import Snapshot
from agent.domain.errors import InputError, PackError
from agent.domain.ids import CustomerId, TenantId
from agent.domain.money import MICROS
from agent.domain.playbook import Playbook
from agent.domain.ports import Snapshots
from agent.guardrails.rulebook import RuleBook, shipped_names, shipped_texts
from agent.playbooks import load_playbook
from agent.strict_yaml import YamlFault, read

if TYPE_CHECKING:
    from agent.graph.environment import Environment
    from agent.graph.weigh import Weighing

BATCH = 250
LEAST_SEGMENT = 30
"""Smaller groups are not judged: a few customers are no segment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A playbook with its packs, and the name under which it is spoken of."""

    name: str
    path: Path
    playbook: Playbook
    book: RuleBook


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """Shares of all customers (of a segment, for the last) from which on a change is too large."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}
    changed: Annotated[float, Ge(0), Le(1)] = 1.0
    newly_denied: Annotated[float, Ge(0), Le(1)] = 1.0
    newly_allowed: Annotated[float, Ge(0), Le(1)] = 1.0
    fewer_offers: Annotated[float, Ge(0), Le(1)] = 1.0
    segment_loses: Annotated[float, Ge(0), Le(1)] = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """Customers alike in something; the shares of them that are made an offer, and the mean score of it per customer
    in main units."""

    attribute: str
    value: str
    customers: int
    offered_before: float
    offered_after: float
    worth_before: float
    worth_after: float

    @property
    def loses(self) -> float:
        """How much of their offers go; 0 where none do."""
        return max(0.0, 1.0 - self.offered_after / self.offered_before) if self.offered_before else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Diff:
    old: str
    new: str
    customers: int
    changed: int
    newly_denied: int
    newly_allowed: int
    offered_before: int
    offered_after: int
    moves: list[tuple[str, str, int]]
    denied_by: dict[str, int]
    allowed_by: dict[str, int]
    segments: list[Segment]
    exceeded: list[tuple[str, float, float]] = field(default_factory=list)


def read_version(path: Path, own: Path) -> Version:
    """A folder, a playbook or a pack; for a pack the playbook is the tenant's `own`. Raises InputError."""
    if not path.exists():
        raise InputError(
            "no such file or folder", place=str(path), next_step="Name a brand's folder, a playbook or a pack."
        )
    if path.is_file() and path.stem in shipped_names():
        playbook = load_playbook(own)
        return Version(name=str(path), path=own, playbook=playbook, book=_book(playbook, {path.stem: _text(path)}))
    playbook = load_playbook(path)
    folder = (path if path.is_dir() else path.parent) / "packs"
    own_packs = {file.stem: _text(file) for file in sorted(folder.glob("*.yaml"))} if folder.is_dir() else {}
    return Version(name=str(path), path=path, playbook=playbook, book=_book(playbook, own_packs))


def read_thresholds(path: Path) -> Thresholds:
    """Raises InputError with file, line and field."""
    try:
        return read(path, Thresholds)
    except OSError as error:
        raise InputError(
            (error.strerror or "cannot be read").lower(), place=str(path), next_step="Check the path."
        ) from error
    except YamlFault as fault:
        what = f"{fault.field}: {fault.what}" if fault.field else fault.what
        raise InputError(what, place=f"{path}:{fault.line}", next_step="Mend the thresholds.") from fault


def compare(
    old: Version,
    new: Version,
    tenant: TenantId,
    customers: Sequence[CustomerId],
    snapshots: tuple[Snapshots, Snapshots],
    at: datetime,
    thresholds: Thresholds,
) -> Diff:
    """`snapshots` read the same store by the old and the new playbook."""
    envs = tuple(environment_of(tenant, v.path, v.playbook, v.book) for v in (old, new))
    count = _Count()
    for start in range(0, len(customers), BATCH):
        some = customers[start : start + BATCH]
        pairs = zip(*(reader.snapshots(tenant, some, at) for reader in snapshots), strict=True)
        for before, after in pairs:
            count.add(before, *_both(envs, (before, after), at))
    return _judged(count.diff(old.name, new.name), thresholds)


@dataclass(frozen=True, slots=True)
class _Choice:
    action: str
    channel: str
    why: str
    score: int
    refused_by_other: str


def _both(envs: Sequence[Environment], snapshots: Sequence[Snapshot], at: datetime) -> Iterator[_Choice]:
    from agent.graph import nodes
    from agent.graph.bulk import lawful_best
    from agent.graph.weigh import survey

    situations = [nodes.sense(env, snapshot, at) for env, snapshot in zip(envs, snapshots, strict=True)]
    for mine in (0, 1):
        weighing, draft = lawful_best(envs[mine], situations[mine])
        refused = ""
        if draft is not None:
            other = envs[1 - mine]
            action = other.action(draft.treatment.action)
            found = survey(other, situations[1 - mine])
            verdict = other.guard.judge(found.screen, action, draft, action.aim(situations[1 - mine])).forbidding
            refused = str(verdict.rule) if verdict is not None else ""
        yield _choice(weighing, draft, refused)


def _choice(weighing: Weighing, draft: Draft | None, refused: str) -> _Choice:
    if draft is None:
        return _Choice("hold", "", str(weighing.reason), 0, "")
    chosen = weighing.chosen
    score = chosen.score.total if chosen is not None and chosen.score is not None else 0
    offer = draft.kind is Kind.OFFER
    return _Choice(draft.treatment.action, str(draft.treatment.channel), "offer" if offer else "owed", score, refused)


class _Count:
    def __init__(self) -> None:
        self.customers = self.changed = 0
        self.offered = [0, 0]
        self.moves: Counter[tuple[str, str]] = Counter()
        self.refused: tuple[Counter[str], Counter[str]] = (Counter(), Counter())
        self.groups: dict[tuple[str, str], list[list[float]]] = defaultdict(list)

    def add(self, snapshot: Snapshot, before: _Choice, after: _Choice) -> None:
        self.customers += 1
        both = (before, after)
        offered = [float(c.why == "offer") for c in both]
        if (before.action, before.channel) != (after.action, after.channel):
            self.changed += 1
            self.moves[_named(before), _named(after)] += 1
        for at, choice in enumerate(both):
            self.offered[at] += int(offered[at])
            if choice.refused_by_other:
                self.refused[at][choice.refused_by_other] += 1
        for attribute, value in _attributes(snapshot):
            self.groups[attribute, value].append([*offered, *(max(c.score, 0) / MICROS for c in both)])

    def diff(self, old: str, new: str) -> Diff:
        return Diff(
            old=old,
            new=new,
            customers=self.customers,
            changed=self.changed,
            newly_denied=self.refused[0].total(),
            newly_allowed=self.refused[1].total(),
            offered_before=self.offered[0],
            offered_after=self.offered[1],
            moves=[(one, other, n) for (one, other), n in self.moves.most_common(12)],
            denied_by=dict(self.refused[0].most_common(8)),
            allowed_by=dict(self.refused[1].most_common(8)),
            segments=sorted(self._segments(), key=lambda s: (-s.loses * s.customers, s.attribute, s.value)),
        )

    def _segments(self) -> Iterator[Segment]:
        for (attribute, value), rows in self.groups.items():
            if len(rows) >= LEAST_SEGMENT:
                means = [sum(row[at] for row in rows) / len(rows) for at in range(4)]
                yield Segment(
                    attribute=attribute,
                    value=value,
                    customers=len(rows),
                    offered_before=means[0],
                    offered_after=means[1],
                    worth_before=means[2],
                    worth_after=means[3],
                )


def _named(choice: _Choice) -> str:
    return f"{choice.action} · {choice.channel}" if choice.channel else f"hold: {choice.why}"


def _attributes(snapshot: Snapshot) -> Iterator[tuple[str, str]]:
    orders = snapshot.history.orders if snapshot.history is not None else 0
    yield "orders", "0" if orders == 0 else "1-2" if orders < 3 else "3+"
    yield "language", snapshot.locale
    yield "country", snapshot.country or "?"
    yield "age", str(snapshot.age)
    yield "channels", "+".join(sorted(reach.channel for reach in snapshot.reach)) or "none"


def _judged(diff: Diff, thresholds: Thresholds) -> Diff:
    from dataclasses import replace

    n = max(diff.customers, 1)
    fewer = max(0, diff.offered_before - diff.offered_after)
    worst = max((s.loses for s in diff.segments), default=0.0)
    shares = {
        "changed": diff.changed / n,
        "newly_denied": diff.newly_denied / n,
        "newly_allowed": diff.newly_allowed / n,
        "fewer_offers": fewer / diff.offered_before if diff.offered_before else 0.0,
        "segment_loses": worst,
    }
    over = [(name, share, getattr(thresholds, name)) for name, share in shares.items()]
    return replace(diff, exceeded=[x for x in over if x[1] > x[2]])


def _book(playbook: Playbook, own: dict[str, str]) -> RuleBook:
    texts = shipped_texts(tuple(name for name in playbook.packs if name in shipped_names()))
    unknown = [name for name in playbook.packs if name not in texts and name not in own]
    if unknown:
        raise PackError(
            f"no such pack: {unknown[0]}",
            place="playbook.yaml: packs",
            next_step=f"Choose from: {', '.join(shipped_names())}.",
        )
    return RuleBook(texts | {name: text for name, text in own.items() if name in playbook.packs or name in texts})


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PackError("cannot be read", place=str(path), next_step="Check the file; packs are UTF-8.") from error
